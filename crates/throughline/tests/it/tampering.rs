//! Somebody with the database tampers with the audit trail behind the program's back, in each way there is, and is found out.
//! And what may go, by retention or because a person asks for it, goes without breaking a proof.

use std::{collections::BTreeSet, sync::Arc};

use assurance::sealing::{self, Heads, Inclusion, Keys, Kind, Verdict};
use kernel::{Catalogue, Kernel, Schema};
use tokio_postgres::Client;
use uuid::Uuid;
use vault::signing::{PublicKey, SigningKey};

use crate::{
    sealing::{Scene, owner, put_back, tamperer},
    world,
};

/// A trail under two heads, and the rows that were sealed by each.
struct Sealed {
    scene: Scene,
    old: Vec<Uuid>,
    new: Vec<Uuid>,
    sizes: [u64; 2],
}

impl Sealed {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let mut old = scene.happen(300).await;
        let first = scene.seal().await.unwrap().rows;
        let mut new = scene.happen(20).await;
        let second = scene.seal().await.unwrap().rows;
        old.sort();
        new.sort();
        Self { scene, old, new, sizes: [first, first + second] }
    }

    async fn verify(&self) -> Verdict {
        let outside = self.scene.heads.read(self.scene.world.home.id).await.unwrap();
        sealing::verify(&self.scene.ctx(), &self.scene.keys, &outside).await.unwrap()
    }

    /// What is found after something was done: kind, row and the size of the seal.
    async fn found(&self) -> BTreeSet<(String, Option<Uuid>, Option<u64>)> {
        let verdict = self.verify().await;
        let kind = |kind: Kind| serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned();
        verdict.findings.iter().map(|one| (kind(one.kind), one.audit_log_id, one.seal)).collect()
    }

    async fn index_of(&self, client: &Client, row: Uuid) -> i64 {
        client.query_one("select leaf_index from audit.leaves where audit_log_id = $1", &[&row]).await.unwrap().get(0)
    }
}

fn one(kind: &str, row: Option<Uuid>, seal: Option<u64>) -> (String, Option<Uuid>, Option<u64>) {
    (kind.to_owned(), row, seal)
}

/// Proves REQ-68.1.
#[tokio::test]
async fn a_changed_row_is_named_whatever_column_it_is() {
    let trail = Sealed::new().await;
    let verdict = trail.verify().await;
    assert!(verdict.is_sound(), "{:?}", verdict.findings);
    assert_eq!((verdict.sealed, verdict.seals, verdict.outside, verdict.waiting), (trail.sizes[1], 2, 2, 0));
    let client = tamperer(&trail.scene.world).await;
    for (row, seal) in [(trail.old[7], trail.sizes[0]), (trail.new[3], trail.sizes[1])] {
        for change in [
            "status = 'failure'",
            "user_id = null, on_behalf_of_user_id = organization_id",
            "occurred_at = occurred_at + interval '1 microsecond'",
            "risk_level = 'high'",
            "changed_fields = '{a}'",
            "new_values = '{\"n\": 9}'",
            "ip_address = '192.0.2.8'",
            "resource_name = resource_name || ' '",
            "additional_data = '{\"a\": null}'",
        ] {
            client.execute(&format!("update audit.audit_logs set {change} where id = $1"), &[&row]).await.unwrap();
            assert_eq!(trail.found().await, [one("changed", Some(row), Some(seal))].into(), "{change}");
            put_back(&client).await;
        }
    }
    // With its leaf recomputed the row fits, and the tree does not: the seal is named, and so are the leaves it covers.
    client
        .batch_execute("update audit.leaves set leaf_hash = sha256('made to fit'), payload_hash = sha256('x') where leaf_index = 301")
        .await
        .unwrap();
    let verdict = trail.verify().await;
    assert!(verdict.findings.iter().any(|one| one.what.contains("do not lead to its root")), "{:?}", verdict.findings);
    put_back(&client).await;
    assert!(trail.verify().await.is_sound(), "all is as it was");
}

/// Proves REQ-68.1.
#[tokio::test]
async fn removed_inserted_and_moved_rows_are_named() {
    let trail = Sealed::new().await;
    let client = tamperer(&trail.scene.world).await;
    let (row, other, seal) = (trail.old[7], trail.old[9], trail.sizes[0]);

    client.execute("delete from audit.audit_logs where id = $1", &[&row]).await.unwrap();
    assert_eq!(trail.found().await, [one("removed", Some(row), Some(seal))].into());
    put_back(&client).await;

    let index = trail.index_of(&client, row).await;
    client.execute("delete from audit.audit_logs where id = $1", &[&row]).await.unwrap();
    client.execute("delete from audit.leaves where leaf_index = $1", &[&index]).await.unwrap();
    let verdict = trail.verify().await;
    let gone = verdict.findings.iter().find(|one| one.kind == Kind::Removed).unwrap();
    assert_eq!((gone.leaf_index, gone.seal), (Some(u64::try_from(index).unwrap()), Some(seal)));
    put_back(&client).await;

    // A row with an identifier of three hours ago, whose time is sealed.
    let forged = base::id_at(trail.scene.world.clock.now() - jiff::SignedDuration::from_hours(3));
    let insert = "insert into audit.audit_logs (organization_id, id, event_type, event_category) values ($1, $2, 'was.always', 'data_change')";
    client.execute(insert, &[&trail.scene.world.home.id, &forged]).await.unwrap();
    assert_eq!(trail.found().await, [one("inserted", Some(forged), None)].into());
    trail.scene.seal().await.unwrap();
    let found = trail.found().await;
    assert_eq!(
        found,
        [one("inserted", Some(forged), Some(trail.sizes[1] + 1))].into(),
        "also once the sealer has come by"
    );
    client.execute("delete from audit.audit_logs where id = $1", &[&forged]).await.unwrap();
    assert!(trail.found().await.contains(&one("removed", Some(forged), Some(trail.sizes[1] + 1))));
    client.batch_execute("delete from audit.seals where tree_size > 0").await.unwrap();
    put_back(&client).await;
    std::fs::remove_file(trail.scene.heads.file(trail.scene.world.home.id)).unwrap();

    let spare = trail.scene.ctx().new_id();
    for (from, to) in [(row, spare), (other, row), (spare, other)] {
        client.execute("update audit.audit_logs set id = $2 where id = $1", &[&from, &to]).await.unwrap();
    }
    assert_eq!(
        trail.found().await,
        [one("reordered", Some(row), Some(seal)), one("reordered", Some(other), Some(seal))].into()
    );
    put_back(&client).await;

    let (at, to) = (trail.index_of(&client, row).await, trail.index_of(&client, other).await);
    for (from, until) in [(at, 1_000_000), (to, at), (1_000_000, to)] {
        let sql = "update audit.leaves set leaf_index = $2 where leaf_index = $1 and organization_id = $3";
        client.execute(sql, &[&from, &until, &trail.scene.world.home.id]).await.unwrap();
    }
    let found = trail.found().await;
    assert!(found.iter().any(|(kind, ..)| kind == "reordered"), "{found:?}");
    assert!(found.contains(&one("changed", None, Some(seal))), "and the leaves do not lead to the head: {found:?}");
}

/// Proves REQ-68.1.
#[tokio::test]
async fn a_tail_that_was_cut_off_is_missed() {
    let trail = Sealed::new().await;
    let client = tamperer(&trail.scene.world).await;
    let [first, second] = trail.sizes;
    let rows = "delete from audit.audit_logs a using audit.leaves l where l.audit_log_id = a.id and l.leaf_index >= (select min(tree_size) from audit.seals)";
    let leaves = "delete from audit.leaves where leaf_index >= (select min(tree_size) from audit.seals)";

    client.batch_execute(rows).await.unwrap();
    assert_eq!(trail.found().await, trail.new.iter().map(|row| one("removed", Some(*row), Some(second))).collect());
    client.batch_execute(leaves).await.unwrap();
    assert_eq!(trail.found().await, [one("truncated", None, Some(second))].into());
    client.batch_execute("delete from audit.seals where previous_tree_size > 0").await.unwrap();
    let verdict = trail.verify().await;
    assert_eq!((verdict.findings.len(), verdict.findings[0].kind), (1, Kind::Truncated));
    assert_eq!((verdict.findings[0].leaf_index, verdict.findings[0].seal), (Some(first), Some(second)));
    assert!(
        sealing::verify(&trail.scene.ctx(), &trail.scene.keys, &[]).await.unwrap().is_sound(),
        "nothing here knows better"
    );
}

/// Proves REQ-68.1.
#[tokio::test]
async fn whoever_rewrites_everything_without_the_key_or_with_it_is_found_out_from_outside() {
    let trail = Sealed::new().await;
    let world = &trail.scene.world;
    let client = tamperer(world).await;
    let rewriter = async |key: SigningKey| {
        let store = world.kernel.store.clone();
        let schema = Schema::read(&store).await.unwrap();
        let catalogue = Catalogue::new(throughline::resources(), throughline::operations(), schema).unwrap();
        let (clock, public) = (world.clock.clone(), key.public_key());
        let kernel = Arc::new(Kernel::new(store, catalogue).with_clock(move || clock.now()).with_signing_key(key));
        let place = tempfile::tempdir().unwrap();
        client
            .batch_execute(
                "delete from audit.leaves; delete from audit.tree_nodes; delete from audit.seals;
                 update audit.audit_logs set status = 'failure' where event_type = 'example.happened'",
            )
            .await
            .unwrap();
        sealing::seal(&world.home.ctx(&kernel), &Heads::within(place.path()), &Keys::of(public), None).await.unwrap();
    };

    rewriter(SigningKey::from_seed([9; 32])).await;
    let verdict = trail.verify().await;
    let said = |what: &str| verdict.findings.iter().any(|one| one.what.contains(what));
    assert!(
        said("has not signed it") && said("has another root") && said("that it does not have"),
        "{:?}",
        verdict.findings
    );
    let alone = sealing::verify(&trail.scene.ctx(), &trail.scene.keys, &[]).await.unwrap();
    assert_eq!(
        alone.findings.iter().map(|one| one.kind).collect::<Vec<_>>(),
        [Kind::Forged],
        "the signature alone says it"
    );
    put_back(&client).await;

    rewriter(SigningKey::from_seed([7; 32])).await;
    let alone = sealing::verify(&trail.scene.ctx(), &trail.scene.keys, &[]).await.unwrap();
    assert!(alone.is_sound(), "who has the key can write another past");
    let verdict = trail.verify().await;
    assert!(
        verdict.findings.iter().any(|one| one.what.contains("were rewritten")),
        "but not in the heads outside: {:?}",
        verdict.findings
    );
}

#[tokio::test]
async fn forged_heads_and_nodes_are_named() {
    let trail = Sealed::new().await;
    let client = tamperer(&trail.scene.world).await;
    let [first, second] = trail.sizes;
    for (tampering, expected) in [
        (
            "update audit.seals set sealed_at = sealed_at - interval '1 day' where previous_tree_size > 0",
            one("forged", None, Some(second)),
        ),
        (
            "update audit.seals set checkpoint = replace(checkpoint, 'sealed', 'dealed') where previous_tree_size = 0",
            one("forged", None, Some(first)),
        ),
        (
            "update audit.seals set newest_audit_log_id = 'ffffffff-ffff-7fff-8fff-ffffffffffff' where previous_tree_size > 0",
            one("forged", None, Some(second)),
        ),
        ("delete from audit.seals where previous_tree_size = 0", one("forged", None, Some(second))),
        ("update audit.tree_nodes set node_hash = sha256('x')", one("changed", None, None)),
        ("delete from audit.tree_nodes", one("changed", None, None)),
    ] {
        client.batch_execute(tampering).await.unwrap();
        let found = trail.found().await;
        assert!(found.contains(&expected), "{tampering}: {found:?}");
        put_back(&client).await;
    }
    assert!(trail.verify().await.is_sound());
}

/// Proves REQ-68.2.
#[tokio::test]
async fn a_proof_is_checked_with_the_public_key_alone() {
    let trail = Sealed::new().await;
    let (world, keys, home) = (&trail.scene.world, &trail.scene.keys, trail.scene.world.home.id);
    for row in [trail.old[0], trail.old[299], trail.new[19]] {
        let proof = world.get(format!("/v1/audit-logs/{row}/proof")).by(&world.home.admin).send().await.expect(200);
        let proof: Inclusion = serde_json::from_value(proof.json()).unwrap();
        assert_eq!(proof.check(home, keys).map(|head| head.size), Ok(trail.sizes[1]));
        assert_eq!(proof.key.parse::<PublicKey>().unwrap(), world.kernel.signing_key().unwrap().public_key());
        assert!(proof.check(home, &Keys::of(SigningKey::from_seed([9; 32]).public_key())).is_err());
        for wrong in [
            Inclusion { leaf_index: proof.leaf_index + 1, ..proof.clone() },
            Inclusion { entry: proof.entry.clone().map(|words| words.replace("success", "failure")), ..proof.clone() },
            Inclusion { hashes: proof.hashes[1..].to_vec(), ..proof.clone() },
            Inclusion { audit_log_id: trail.old[1], ..proof.clone() },
            Inclusion { tree_size: trail.sizes[0], ..proof.clone() },
        ] {
            assert!(wrong.check(home, keys).is_err(), "{wrong:?}");
        }
    }
    let [first, second] = trail.sizes;
    let path = format!("/v1/audit-seals/consistency?from={first}");
    let grown = world.get(&path).by(&world.home.admin).send().await.expect(200).json();
    let mut grown: sealing::Consistency = serde_json::from_value(grown).unwrap();
    assert_eq!((grown.from, grown.to, grown.check(home, keys)), (first, second, Ok(())));
    grown.from_checkpoint.clone_from(&grown.to_checkpoint);
    assert!(grown.check(home, keys).is_err());

    let waiting = trail.scene.happen(1).await[0];
    let proof = format!("/v1/audit-logs/{waiting}/proof");
    world.get(&proof).by(&world.home.admin).send().await.expect(409);
    world.get(&proof).by(&world.home.viewer).send().await.expect(404);
    world.get(&proof).by(&world.abroad.owner).send().await.expect(404);
    world.get(&proof).send().await.expect(401);
    world.get(format!("{proof}?a=b")).by(&world.home.admin).send().await.expect(400);
    world.get(&path).by(&world.home.viewer).send().await.expect(403);
    world.get(&path).by(&world.abroad.owner).send().await.expect(404);
    world.get(&path).send().await.expect(401);
    world.get("/v1/audit-seals/consistency").by(&world.home.admin).send().await.expect(400);
    world
        .get(format!("/v1/audit-seals/consistency?from={second}&to={first}"))
        .by(&world.home.admin)
        .send()
        .await
        .expect(422);
    world.get("/v1/audit-seals/consistency?from=2").by(&world.home.admin).send().await.expect(404);
}

/// Proves REQ-68.3.
#[tokio::test]
async fn a_person_is_taken_out_of_the_trail_and_every_proof_stays_valid() {
    let trail = Sealed::new().await;
    let (keys, home, row) = (&trail.scene.keys, trail.scene.world.home.id, trail.old[4]);
    let prove =
        async || sealing::prove(&trail.scene.ctx(), &trail.scene.ctx().begin_read().await.unwrap(), row).await.unwrap();
    let (before, payload) = prove().await;
    assert!(payload.is_some_and(|payload| payload.words.contains("192.0.2.7")));
    assert!(!before.entry.as_ref().unwrap().contains("192.0.2.7"), "what may be dropped is not in the words");
    let owner = owner(&trail.scene.world).await;
    owner.query_one("select audit.drop_payload($1, 'asked to be forgotten')", &[&row]).await.unwrap();
    trail.scene.seal().await.unwrap();

    let verdict = trail.verify().await;
    assert!(verdict.is_sound() && verdict.dropped == 1, "{:?}", verdict.findings);
    let (after, payload) = prove().await;
    assert!(payload.is_none());
    assert_eq!((&before.entry, &before.leaf_hash), (&after.entry, &after.leaf_hash));
    assert!(before.check(home, keys).is_ok() && after.check(home, keys).is_ok());

    // Who does the same past the function leaves no word of it, and is named.
    let client = tamperer(&trail.scene.world).await;
    let other = trail.old[5];
    let empty = "update audit.audit_logs set ip_address = null, new_values = null, resource_name = null where id = $1";
    client.execute(empty, &[&other]).await.unwrap();
    assert_eq!(trail.found().await, [one("changed", Some(other), Some(trail.sizes[0]))].into());
    client.execute("update audit.leaves set payload_salt = null where audit_log_id = $1", &[&other]).await.unwrap();
    assert_eq!(trail.found().await, [one("changed", Some(other), None)].into());
    put_back(&client).await;
    client.execute("update audit.audit_logs set resource_name = 'again' where id = $1", &[&row]).await.unwrap();
    assert_eq!(trail.found().await, [one("changed", Some(row), Some(trail.sizes[0]))].into());
}

/// Proves REQ-68.3.
#[tokio::test]
async fn retention_archives_rows_and_their_proofs_stay_valid() {
    let scene = Scene::new().await;
    let (ctx, home) = (scene.ctx(), scene.world.home.id);
    let long_ago = scene.world.clock.now() - jiff::SignedDuration::from_hours(24 * 365 * 8);
    let row = base::id_at(long_ago);
    let tx = ctx.begin().await.unwrap();
    tx.query_one("select platform.ensure_partition('audit.audit_logs', $1)", &[&long_ago]).await.unwrap();
    tx.commit().await.unwrap();
    let tx = ctx.begin().await.unwrap();
    let happening = "insert into audit.audit_logs (id, event_type, event_category, occurred_at) values ($1, 'long.ago', 'data_change', $2)";
    tx.execute(happening, &[&row, &long_ago]).await.unwrap();
    tx.commit().await.unwrap();
    scene.happen(3).await;
    scene.seal().await.unwrap();
    let prove = async || sealing::prove(&ctx, &ctx.begin_read().await.unwrap(), row).await.unwrap().0;
    let before = prove().await;

    let keeper = scene.world.database().owner_config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(keeper.1);
    let done = keeper
        .0
        .query("select note from platform.maintain_database() where target like 'audit.audit_logs_%'", &[])
        .await
        .unwrap();
    assert!(done.iter().any(|line| line.get::<_, String>(0) == "archived with 1 rows"));

    let outside = scene.heads.read(home).await.unwrap();
    let verdict = sealing::verify(&ctx, &scene.keys, &outside).await.unwrap();
    assert!(verdict.is_sound() && verdict.archived == 1, "{:?}", verdict.findings);
    let after = prove().await;
    assert_eq!((after.entry.as_ref(), &after.leaf_hash), (None, &before.leaf_hash));
    assert!(before.check(home, &scene.keys).is_ok(), "with the row from the archive");
    assert!(after.check(home, &scene.keys).is_ok(), "and without it");

    // That others were archived excuses no row that is younger.
    let client = tamperer(&scene.world).await;
    client.batch_execute("delete from audit.audit_logs where event_type = 'example.happened'").await.unwrap();
    let verdict = sealing::verify(&ctx, &scene.keys, &outside).await.unwrap();
    assert_eq!((verdict.found, verdict.archived), (3, 1));
}

#[tokio::test]
async fn an_empty_trail_is_sound() {
    let world = world().await;
    let keys = Keys::of(world.kernel.signing_key().unwrap().public_key());
    let verdict = sealing::verify(&world.abroad.ctx(&world.kernel), &keys, &[]).await.unwrap();
    assert!(verdict.is_sound() && verdict.sealed == 0 && verdict.waiting > 0);
}
