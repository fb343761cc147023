//! The demonstration: however often it is loaded it is there once, and it shows what is proven and what is not.

use kernel::Ctx;
use quality::Imports;
use throughline::demo::{self, Loaded};
use work::{Standing, Wanted};

use crate::world;

/// Rows of every table that the demonstration writes to, and the trail.
async fn rows(ctx: &Ctx) -> Vec<(&'static str, i64)> {
    const TABLES: [&str; 17] = [
        "work.projects",
        "work.requirements",
        "work.requirement_items",
        "work.requirement_dependencies",
        "work.features",
        "work.trace_links",
        "delivery.repositories",
        "delivery.commits",
        "delivery.builds",
        "delivery.build_commits",
        "delivery.environments",
        "delivery.deployments",
        "quality.test_cases",
        "quality.test_results",
        "quality.coverage_files",
        "platform.imports",
        "audit.audit_logs",
    ];
    let tx = ctx.begin_read().await.unwrap();
    let mut all = Vec::new();
    for table in TABLES {
        all.push((table, tx.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0)));
    }
    tx.commit().await.unwrap();
    all
}

/// Files say what was built and tested, and never who may do what.
#[tokio::test]
async fn an_import_makes_no_members_and_gives_no_rights() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let rights = async || {
        let tables = ["identity.memberships", "identity.team_members", "authz.roles", "authz.permissions"];
        let given = ["authz.role_permissions", "authz.user_roles", "authz.user_permissions", "authz.resources"];
        let tx = ctx.begin_read().await.unwrap();
        let mut all = Vec::new();
        for table in tables.into_iter().chain(given) {
            // Of a row all that it says: what is there already is not changed either.
            let sql =
                format!("select count(*), md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {table} t");
            let row = tx.query_one(&sql, &[]).await.unwrap();
            all.push((table, row.get::<_, i64>(0), row.get::<_, String>(1)));
        }
        tx.commit().await.unwrap();
        all
    };
    let before = rights().await;
    let spool = tempfile::tempdir().unwrap();
    let imports = Imports::new(world.kernel.clone(), spool.path(), 1);
    let loaded = demo::load(&ctx, &imports, spool.path()).await.unwrap();
    assert!(loaded.created["requirements"] > 0 && loaded.created["builds"] > 0);
    assert_eq!(rights().await, before);
}

/// Proves REQ-44.1, REQ-44.2, REQ-44.4, REQ-44.5.
#[tokio::test]
async fn the_demonstration_is_there_once_and_shows_proofs_and_gaps() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let spool = tempfile::tempdir().unwrap();
    let imports = Imports::new(world.kernel.clone(), spool.path(), 1);

    let first = demo::load(&ctx, &imports, spool.path()).await.unwrap();
    assert_eq!(first.rejected, []);
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/requirements");
    let files = std::fs::read_dir(directory).unwrap().count();
    assert_eq!(first.created["requirements"], files as u64, "one requirement a file");
    assert_eq!((first.created["builds"], first.created["deployments"]), (1, 1));
    assert!(first.to_string().contains(&format!("{files} requirements")), "{first}");
    assert!(std::fs::read_dir(spool.path()).unwrap().next().is_none(), "no file is left lying about");
    let there = rows(&ctx).await;
    assert!(there.iter().all(|(_, count)| *count > 0), "{there:?}");

    assert_eq!(demo::load(&ctx, &imports, spool.path()).await.unwrap(), Loaded::default());
    assert_eq!(rows(&ctx).await, there, "the second time changes nothing");

    let project = work::project(&ctx, "throughline").await.unwrap();
    let tx = ctx.begin_read().await.unwrap();
    let proofs =
        work::listed::<kernel::Read>(&ctx, &tx, &project, &Wanted::default(), "", usize::MAX).await.unwrap().proofs;
    tx.commit().await.unwrap();
    let with = |standing| proofs.iter().filter(|proof| proof.evidence.standing() == standing).count();
    let (gaps, proven) = (with(Standing::Gap), with(Standing::Partial) + with(Standing::Proven));
    assert!(gaps > 0 && proven > 0, "{gaps} gaps, {proven} proven");
    // Baselines are not built yet, so no test can have claimed to prove them.
    let baselines = proofs.iter().find(|proof| proof.key == "REQ-58").unwrap();
    assert_eq!((baselines.evidence.standing(), baselines.evidence.tests), (Standing::Gap, 0));
    // That the migrator is held to its undo is claimed by a test that ran.
    let migrations = proofs.iter().find(|proof| proof.key == "REQ-3").unwrap();
    assert!(migrations.evidence.proven > 0 && migrations.evidence.outcomes.passed > 0, "{:?}", migrations.evidence);
}

/// What somebody changed by hand is theirs: the demonstration does not take it back.
#[tokio::test]
async fn a_record_that_was_changed_since_is_left_as_it_is() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let spool = tempfile::tempdir().unwrap();
    let imports = Imports::new(world.kernel.clone(), spool.path(), 1);
    demo::load(&ctx, &imports, spool.path()).await.unwrap();
    let tx = ctx.begin().await.unwrap();
    tx.execute("update work.requirements set title = 'Mine' where key = 'REQ-1'", &[]).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(demo::load(&ctx, &imports, spool.path()).await.unwrap(), Loaded::default());
    let tx = ctx.begin_read().await.unwrap();
    let title: String =
        tx.query_one("select title from work.requirements where key = 'REQ-1'", &[]).await.unwrap().get(0);
    tx.commit().await.unwrap();
    assert_eq!(title, "Mine");
}
