//! Sealing the audit trail: every row gets its leaf, whoever writes meanwhile, and nothing is signed on top of what somebody tampered with.

use std::collections::BTreeSet;

use assurance::sealing::{self, Heads, KEPT, Keys, PAYLOAD, Sealed};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use kernel::{Ctx, Error};
use tempfile::TempDir;
use testkit::World;
use tokio_postgres::{Client, NoTls, error::SqlState};
use uuid::Uuid;
use vault::{
    merkle::{Hash, root},
    signing::SigningKey,
};

use crate::{rows, world};

/// A world with a place for heads outside the database.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) heads: Heads,
    pub(crate) keys: Keys,
    // Removed when the scene ends.
    _place: TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let world = world().await;
        let place = tempfile::tempdir().unwrap();
        let keys = Keys::of(world.kernel.signing_key().unwrap().public_key());
        Self { world, heads: Heads::within(place.path()), keys, _place: place }
    }

    pub(crate) fn ctx(&self) -> Ctx {
        self.world.home.ctx(&self.world.kernel)
    }

    /// Seals everything that is not sealed.
    pub(crate) async fn seal(&self) -> Result<Sealed, Error> {
        sealing::seal(&self.ctx(), &self.heads, &self.keys, None).await
    }

    /// As many changes as one wants to see in the trail; answers their rows.
    pub(crate) async fn happen(&self, times: usize) -> Vec<Uuid> {
        let tx = self.ctx().begin().await.unwrap();
        let ids: Vec<Uuid> = (0..times).map(|_| self.ctx().new_id()).collect();
        let happening = "insert into audit.audit_logs (id, event_type, event_category, resource_name, ip_address, new_values, occurred_at)
             select i, 'example.happened', 'data_change', 'Ünïcode “name”', '192.0.2.7', jsonb_build_object('n', n, 'rate', 1.10), $2
               from unnest($1::uuid[]) with ordinality u (i, n)";
        tx.execute(happening, &[&ids, &self.ctx().now()]).await.unwrap();
        tx.commit().await.unwrap();
        ids
    }

    /// The leaves as the database has them.
    async fn leaves(&self) -> Vec<(Uuid, Hash)> {
        let client = self.world.superuser().await.unwrap();
        let sql = "select audit_log_id, leaf_hash from audit.leaves where organization_id = $1 order by leaf_index";
        let rows = client.query(sql, &[&self.world.home.id]).await.unwrap();
        rows.iter().map(|row| (row.get(0), Hash::try_from(row.get::<_, &[u8]>(1)).unwrap())).collect()
    }

    async fn trail(&self) -> BTreeSet<Uuid> {
        let client = self.world.superuser().await.unwrap();
        let sql = "select id from audit.audit_logs where organization_id = $1";
        client.query(sql, &[&self.world.home.id]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

/// Proves REQ-68.2.
#[tokio::test]
async fn every_row_of_the_trail_is_sealed_under_a_signed_head() {
    let scene = Scene::new().await;
    scene.happen(700).await;
    let sealed = scene.seal().await.unwrap();
    assert!(sealed.rows > 700 && sealed.heads == 1, "what founded the organisation is in the trail too: {sealed:?}");
    assert_eq!(scene.seal().await.unwrap(), Sealed::default(), "nothing is left");
    let late = scene.happen(1).await;
    assert_eq!(scene.seal().await.unwrap(), Sealed { rows: 1, heads: 1 });

    let leaves = scene.leaves().await;
    assert_eq!(leaves.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), scene.trail().await);
    assert_eq!(leaves.last().unwrap().0, late[0], "a leaf has its place by the order of sealing");
    let hashes: Vec<Hash> = leaves.iter().map(|(_, hash)| *hash).collect();
    let notes = scene.heads.read(scene.world.home.id).await.unwrap();
    assert_eq!(notes.len(), 2, "both heads lie outside the database");
    let head = scene.keys.open(scene.world.home.id, &notes[1]).unwrap();
    assert_eq!((head.size, head.root), (hashes.len() as u64, root(&hashes)));
    let before = scene.keys.open(scene.world.home.id, &notes[0]).unwrap();
    let after = format!("after {} {}", before.size, STANDARD.encode(before.root));
    assert!(head.extensions.contains(&after), "a head names the one before it: {head:?}");

    let seals = scene.world.get("/v1/audit-seals").by(&scene.world.home.admin).send().await.expect(200).json();
    assert_eq!(rows(&seals).len(), 2);
    let newest = rows(&seals).iter().max_by_key(|seal| seal["tree_size"].as_i64()).unwrap();
    assert_eq!(newest["checkpoint"], notes[1].as_str());
    scene.world.get("/v1/audit-seals").by(&scene.world.home.viewer).send().await.expect(403);
    let theirs = scene.world.get("/v1/audit-seals").by(&scene.world.abroad.admin).send().await.expect(200).json();
    assert!(rows(&theirs).is_empty());
}

#[tokio::test]
async fn a_row_that_is_committed_late_is_sealed_later() {
    let scene = Scene::new().await;
    let ctx = scene.ctx();
    let slow = ctx.begin().await.unwrap();
    let late = ctx.new_id();
    let happening = "insert into audit.audit_logs (id, event_type, event_category) values ($1, 'late', 'data_change')";
    slow.execute(happening, &[&late]).await.unwrap();
    scene.world.clock.advance(SignedDuration::from_secs(20));
    let quick = scene.happen(1).await;
    scene.seal().await.unwrap();
    slow.commit().await.unwrap();
    let near = |reach| sealing::seal(&ctx, &scene.heads, &scene.keys, Some(SignedDuration::from_secs(reach)));
    assert_eq!(near(10).await.unwrap().rows, 0, "it lies further back");
    assert_eq!(near(60).await.unwrap().rows, 1);
    let leaves = scene.leaves().await;
    assert_eq!([leaves[leaves.len() - 2].0, leaves[leaves.len() - 1].0], [quick[0], late]);
}

#[tokio::test]
async fn several_sealers_and_writers_at_once_leave_one_leaf_for_each_row() {
    let scene = Scene::new().await;
    let write = async {
        for _ in 0..12 {
            scene.happen(30).await;
        }
    };
    let again = async || {
        let mut sealed = 0;
        for _ in 0..12 {
            match scene.seal().await {
                Ok(one) => sealed += one.rows,
                Err(error) if error.is_busy() => {}
                Err(error) => panic!("{error}"),
            }
        }
        sealed
    };
    let ((), one, other, third) = tokio::join!(write, again(), again(), again());
    let rest = scene.seal().await.unwrap().rows;
    let leaves = scene.leaves().await;
    assert_eq!(leaves.len() as u64, one + other + third + rest);
    assert_eq!(leaves.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), scene.trail().await);
    let hashes: Vec<Hash> = leaves.iter().map(|(_, hash)| *hash).collect();
    let notes = scene.heads.read(scene.world.home.id).await.unwrap();
    let head = scene.keys.open(scene.world.home.id, notes.last().unwrap()).unwrap();
    assert_eq!((head.size, head.root), (hashes.len() as u64, root(&hashes)));
    let sizes: Vec<u64> = notes.iter().map(|note| scene.keys.open(scene.world.home.id, note).unwrap().size).collect();
    assert!(sizes.is_sorted_by(|one, next| one < next), "{sizes:?}");
}

#[tokio::test]
async fn the_server_finds_the_organisations_with_something_to_seal() {
    let scene = Scene::new().await;
    let waiting = async |all| sealing::to_seal(&scene.world.kernel, all).await.unwrap();
    let both = [scene.world.home.id, scene.world.abroad.id];
    let before = waiting(false).await;
    assert!(both.iter().all(|id| before.contains(id)), "{before:?}");
    scene.seal().await.unwrap();
    assert_eq!(waiting(false).await, [scene.world.abroad.id]);
    assert_eq!(waiting(true).await.len(), before.len());
    scene.world.clock.advance(SignedDuration::from_secs(1));
    scene.happen(1).await;
    assert_eq!(waiting(false).await.len(), before.len());
}

/// A superuser who keeps a copy of the seals, to put everything back.
pub(crate) async fn tamperer(world: &World) -> Client {
    let client = world.superuser().await.unwrap();
    let copies = ["audit_logs", "leaves", "tree_nodes", "seals"]
        .map(|table| format!("create temporary table kept_{table} as table audit.{table};"))
        .concat();
    // Triggers and rules do not hold for whoever may switch them off.
    client.batch_execute(&format!("{copies} set session_replication_role = replica")).await.unwrap();
    client
}

pub(crate) async fn put_back(client: &Client) {
    let back = ["audit_logs", "leaves", "tree_nodes", "seals"]
        .map(|table| {
            format!("delete from audit.{table}; insert into audit.{table} select * from pg_temp.kept_{table};")
        })
        .concat();
    client.batch_execute(&back).await.unwrap();
}

#[tokio::test]
async fn nothing_is_signed_on_top_of_what_somebody_tampered_with() {
    let scene = Scene::new().await;
    scene.happen(300).await;
    scene.seal().await.unwrap();
    let first = scene.heads.read(scene.world.home.id).await.unwrap();
    scene.happen(1).await;
    scene.seal().await.unwrap();
    scene.happen(1).await;
    let refused = async |keys: &Keys| -> String {
        sealing::seal(&scene.ctx(), &scene.heads, keys, None).await.unwrap_err().to_string()
    };
    let stranger = Keys::of(SigningKey::from_seed([9; 32]).public_key());
    assert!(refused(&stranger).await.contains("has not signed it"));

    let client = tamperer(&scene.world).await;
    for (tampering, complaint) in [
        ("update audit.leaves set leaf_hash = sha256('x') where leaf_index = 299", "do not lead to its last seal"),
        ("update audit.tree_nodes set node_hash = sha256('x')", "do not lead to its last seal"),
        ("delete from audit.leaves where leaf_index = 299", "are there"),
        ("update audit.seals set root = previous_root", "do not lead to its last seal"),
        ("update audit.seals set checkpoint = replace(checkpoint, 'sealed', 'dealed')", "does not fit the text"),
        ("delete from audit.seals where previous_tree_size > 0", "rows were cut off, or an older state was restored"),
        ("delete from audit.seals; delete from audit.leaves; delete from audit.tree_nodes", "the database 0"),
    ] {
        client.batch_execute(tampering).await.unwrap();
        let said = refused(&scene.keys).await;
        assert!(said.contains(complaint), "{tampering}: {said}");
        put_back(&client).await;
    }
    let file = scene.heads.file(scene.world.home.id);
    let other = scene.world.kernel.signing_key().unwrap();
    let mut head = scene.keys.open(scene.world.home.id, &first[0]).unwrap();
    head.root = [7; 32];
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, head.sign(other).unwrap()).unwrap();
    assert!(refused(&scene.keys).await.contains("has another head"));
    std::fs::write(&file, whole).unwrap();
    assert_eq!(scene.seal().await.unwrap().rows, 1, "all is as it was");
}

#[tokio::test]
async fn heads_are_written_again_when_the_file_is_gone() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        scene.happen(1).await;
        scene.seal().await.unwrap();
    }
    let file = scene.heads.file(scene.world.home.id);
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    scene.happen(1).await;
    scene.seal().await.unwrap();
    assert!(std::fs::read_to_string(&file).unwrap().starts_with(&whole));
}

/// A column that no form covers could be changed unnoticed.
#[tokio::test]
async fn every_column_of_the_trail_is_covered_by_its_leaf() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let sql = "select attname::text from pg_attribute where attrelid = 'audit.audit_logs'::regclass and attnum > 0 and not attisdropped";
    let there: BTreeSet<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let covered: BTreeSet<String> = KEPT.iter().chain(&PAYLOAD).map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(covered, there, "a new column needs a new form in crates/domains/assurance/src/sealing/entry.rs");
}

#[tokio::test]
async fn nobody_changes_what_is_sealed_not_even_the_owner() {
    let scene = Scene::new().await;
    scene.happen(300).await;
    scene.seal().await.unwrap();
    let client = scene.world.superuser().await.unwrap();
    for role in ["application_user", "super_admin", "readonly_user", "throughline_owner"] {
        for statement in [
            "update audit.leaves set leaf_hash = payload_hash",
            "update audit.leaves set payload_salt = null, leaf_index = leaf_index + 1000",
            "delete from audit.leaves",
            "truncate audit.leaves",
            "update audit.tree_nodes set node_hash = node_hash",
            "delete from audit.tree_nodes",
            "update audit.seals set sealed_at = now()",
            "delete from audit.seals",
            "truncate audit.seals",
        ] {
            let opening = format!(
                "begin; set local app.current_organization_id = '{}'; set session authorization {role}",
                scene.world.home.id
            );
            client.batch_execute(&opening).await.unwrap();
            let outcome = client.batch_execute(statement).await;
            client.batch_execute("rollback; reset session authorization").await.unwrap();
            let code = outcome.as_ref().map_err(|error| error.code());
            assert!(matches!(code, Err(Some(&SqlState::INSUFFICIENT_PRIVILEGE))), "{role}: {statement}: {code:?}");
        }
    }
}

/// The role that owns the tables, inside the home organisation.
pub(crate) async fn owner(world: &World) -> Client {
    let (client, connection) = world.database().owner_config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let inside = format!("set app.current_organization_id = '{}'; set app.project_access = 'all'", world.home.id);
    client.batch_execute(&inside).await.unwrap();
    client
}

#[tokio::test]
async fn a_payload_is_dropped_from_sealed_rows_only_and_leaves_a_row_that_says_so() {
    let scene = Scene::new().await;
    let row = scene.happen(1).await[0];
    let owner = owner(&scene.world).await;
    let drop = async |reason: &str| {
        let sql = "select audit.drop_payload($1, $2)";
        owner.query_one(sql, &[&row, &reason]).await.map(|answer| answer.get::<_, bool>(0))
    };
    let refused = drop("asked to be forgotten").await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE));
    scene.seal().await.unwrap();
    assert_eq!(drop("").await.unwrap_err().code(), Some(&SqlState::INVALID_PARAMETER_VALUE));
    assert!(drop("asked to be forgotten").await.unwrap());
    assert!(!drop("once more").await.unwrap(), "it was dropped before");
    let sql =
        "select resource_name is null and ip_address is null and new_values is null and event_type = 'example.happened'
                 from audit.audit_logs where id = $1";
    assert!(owner.query_one(sql, &[&row]).await.unwrap().get::<_, bool>(0));
    let sql = "select count(*) from audit.audit_logs where event_type = 'audit_log.payload_dropped' and resource_id = $1::uuid::text";
    assert_eq!(owner.query_one(sql, &[&row]).await.unwrap().get::<_, i64>(0), 1);
    assert_eq!(scene.seal().await.unwrap().rows, 1, "what was sealed stays, and the row about it is sealed too");
    let mut app = scene.world.application().await.unwrap();
    let tx = app.transaction().await.unwrap();
    let refused = tx.query("select audit.drop_payload($1, 'x')", &[&row]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}
