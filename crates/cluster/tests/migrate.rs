//! The migrator, on fixture steps in a throw-away cluster: what it does, and everything it refuses.
#![allow(clippy::unwrap_used)]

mod common;

use cluster::migrate::{Condition, Event, MigrateError, Migrator, Patience, Source, Target};
use cluster::{Cluster, Role};
use common::{connect, home, owner, start};
use std::time::Duration;
use tokio_postgres::Config;

/// Steps given as (up, down), numbered from 1.
fn source(steps: &[(&str, &str)]) -> Source {
    let files = steps.iter().enumerate().flat_map(|(index, (up, down))| {
        let number = index + 1;
        [(format!("V{number:03}__step.sql"), (*up).to_owned()), (format!("U{number:03}__step.sql"), (*down).to_owned())]
    });
    Source::from_files(files).unwrap()
}

const THREE: [(&str, &str); 3] = [
    ("create schema shop; create table shop.a (id int primary key);", "drop schema shop cascade;"),
    ("create table shop.b (id int references shop.a);", "drop table shop.b;"),
    (
        "alter table shop.a add column name text;\ncreate index on shop.a (name);",
        "alter table shop.a drop column name;",
    ),
];

/// Quick to give up, so that a test of giving up is quick.
fn impatient(source: Source) -> Migrator {
    let patience = Patience {
        lock_timeout: Duration::from_millis(100),
        attempts: 3,
        first_pause: Duration::from_millis(50),
        ..Patience::default()
    };
    Migrator::new(source).with_patience(patience)
}

async fn cluster() -> (tempfile::TempDir, Cluster, Config) {
    let home = home();
    let cluster = start(&home.path().join("data")).await;
    let config = cluster.connections().config(Role::Owner);
    (home, cluster, config)
}

fn quiet(_: Event<'_>) {}

async fn exists(cluster: &Cluster, table: &str) -> bool {
    owner(cluster).await.query_one("select to_regclass($1) is not null", &[&table]).await.unwrap().get(0)
}

/// Proves REQ-3.1.
#[tokio::test]
async fn steps_go_up_and_down_and_up_and_the_record_follows() {
    let (_home, cluster, config) = cluster().await;
    let migrator = Migrator::new(source(&THREE));
    let status = migrator.status(&config).await.unwrap();
    assert_eq!((status.current(), status.pending()), (0, 3));
    assert!(!exists(&cluster, "platform.schema_migrations").await, "asking changes nothing");

    let mut seen = Vec::new();
    let applied = migrator
        .up(&config, Target::To(2), &mut |event| {
            if let Event::Begin { file, number, of } = event {
                seen.push(format!("{file} {number}/{of}"));
            }
        })
        .await
        .unwrap();
    assert_eq!((applied, seen), (2, vec!["V001__step.sql 1/2".to_owned(), "V002__step.sql 2/2".to_owned()]));
    assert_eq!(migrator.up(&config, Target::Next, &mut quiet).await.unwrap(), 1);
    assert_eq!(migrator.up(&config, Target::Next, &mut quiet).await.unwrap(), 0, "again is fine");
    let client = owner(&cluster).await;
    let row = client
        .query_one("select schema_semver, applied_by::text, rolled_back_at is null from platform.schema_migrations where version = 3", &[])
        .await
        .unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (env!("CARGO_PKG_VERSION"), "throughline_owner", true));

    assert_eq!(migrator.down(&config, Target::Next, &mut quiet).await.unwrap(), 1, "down without a target is one step");
    let status = migrator.status(&config).await.unwrap();
    assert_eq!((status.current(), status.problems.len()), (2, 0));
    assert!(matches!(status.steps[2].condition, Condition::Undone { .. }), "an undone step keeps its row");
    assert_eq!(migrator.down(&config, Target::To(0), &mut quiet).await.unwrap(), 2);
    assert!(!exists(&cluster, "shop.a").await);
    assert_eq!(migrator.up(&config, Target::Next, &mut quiet).await.unwrap(), 3);
    let left: i64 = client
        .query_one("select count(*) from platform.schema_migrations where rolled_back_at is not null", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 0);
    let wrong = migrator.up(&config, Target::To(9), &mut quiet).await.unwrap_err();
    assert_eq!(wrong.to_string(), "there is no migration 9; the newest is 3");
    cluster.stop().await;
}

/// Proves REQ-3.4, REQ-3.5.
#[tokio::test]
async fn what_does_not_fit_the_record_is_refused_with_the_reason() {
    let (_home, cluster, config) = cluster().await;
    Migrator::new(source(&THREE[..2])).up(&config, Target::Next, &mut quiet).await.unwrap();
    let refusal = async |steps: &[(&str, &str)]| {
        let error = Migrator::new(source(steps)).up(&config, Target::Next, &mut quiet).await.unwrap_err();
        assert!(matches!(error, MigrateError::History(_)), "{error}");
        error.to_string()
    };
    let edited = [THREE[0], ("create table shop.b (id bigint);", THREE[1].1), THREE[2]];
    let message = refusal(&edited).await;
    assert!(
        message.contains("V002__step.sql was edited after it was applied") && message.contains("restore the file"),
        "{message}"
    );
    let edited_undo = [THREE[0], (THREE[1].0, "drop table if exists shop.b;"), THREE[2]];
    assert!(refusal(&edited_undo).await.contains("U002__step.sql was edited after it was applied"));
    let message = refusal(&THREE[..1]).await;
    assert!(message.contains("version 2 (step) is applied, but this program only knows versions up to 1"), "{message}");
    assert!(!exists(&cluster, "shop.c").await);

    // A lower version appears after a higher one was applied.
    owner(&cluster).await.batch_execute("delete from platform.schema_migrations where version = 1").await.unwrap();
    let message = refusal(&THREE).await;
    assert!(message.contains("V001__step.sql is not applied, but version 2 is"), "{message}");
    let status = Migrator::new(source(&THREE)).status(&config).await.unwrap();
    assert_eq!(status.problems.len(), 1, "status tells the same");
    cluster.stop().await;
}

#[tokio::test]
async fn line_ends_of_another_system_are_no_edit_and_an_undone_step_may_be_edited() {
    let (_home, cluster, config) = cluster().await;
    Migrator::new(source(&THREE)).up(&config, Target::Next, &mut quiet).await.unwrap();
    let windows = [
        THREE[0],
        THREE[1],
        ("alter table shop.a add column name text;\r\ncreate index on shop.a (name);", THREE[2].1),
    ];
    let migrator = Migrator::new(source(&windows));
    assert_eq!(migrator.up(&config, Target::Next, &mut quiet).await.unwrap(), 0);
    migrator.down(&config, Target::Next, &mut quiet).await.unwrap();
    let reworked = [THREE[0], THREE[1], ("create table shop.c ();", "drop table shop.c;")];
    assert_eq!(Migrator::new(source(&reworked)).up(&config, Target::Next, &mut quiet).await.unwrap(), 1);
    assert!(exists(&cluster, "shop.c").await);
    cluster.stop().await;
}

/// Proves REQ-3.1.
#[tokio::test]
async fn a_failing_step_is_rolled_back_whole_and_its_line_is_named() {
    let (_home, cluster, config) = cluster().await;
    let broken = [THREE[0], ("create table shop.half ();\n\ncreate table shop.half ();", "select;")];
    let error = Migrator::new(source(&broken)).up(&config, Target::Next, &mut quiet).await.unwrap_err();
    assert!(
        error.to_string().starts_with("V002__step.sql failed and was rolled back: relation \"half\" already exists"),
        "{error}"
    );
    assert!(exists(&cluster, "shop.a").await && !exists(&cluster, "shop.half").await);
    assert_eq!(Migrator::new(source(&broken)).status(&config).await.unwrap().current(), 1);

    let broken = [THREE[0], ("create table shop.c ();\n\nselect * from nowhere;", "select;")];
    let error = Migrator::new(source(&broken)).up(&config, Target::Next, &mut quiet).await.unwrap_err();
    assert!(error.to_string().starts_with("V002__step.sql line 3 failed"), "{error}");

    let sneaky = [THREE[0], ("create table shop.c (); commit; begin;", "select;")];
    let error = Migrator::new(source(&sneaky)).up(&config, Target::Next, &mut quiet).await.unwrap_err();
    assert!(matches!(error, MigrateError::OwnTransaction { .. }), "{error}");
    cluster.stop().await;
}

/// Proves REQ-3.2.
#[tokio::test]
async fn migrators_that_start_at_once_take_turns_and_all_succeed() {
    let (_home, cluster, config) = cluster().await;
    let slow = [
        ("select pg_sleep(0.3); create table one ();", "drop table one;"),
        ("create table two ();", "drop table two;"),
    ];
    let migrator = Migrator::new(source(&slow));
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (migrator, config) = (migrator.clone(), config.clone());
        runs.spawn(async move {
            let mut waited = 0;
            let applied = migrator
                .up(&config, Target::Next, &mut |event| waited += usize::from(event == Event::Waiting))
                .await
                .unwrap();
            (applied, waited)
        });
    }
    let results = runs.join_all().await;
    assert_eq!(results.iter().map(|(applied, _)| applied).sum::<usize>(), 2, "each step ran once: {results:?}");
    assert!(results.iter().any(|(_, waited)| *waited == 1), "{results:?}");
    cluster.stop().await;
}

/// Proves REQ-3.3.
#[tokio::test]
async fn a_step_waits_for_a_lock_in_short_tries_and_gets_it() {
    let (_home, cluster, config) = cluster().await;
    let migrator = impatient(source(&THREE));
    migrator.up(&config, Target::To(2), &mut quiet).await.unwrap();
    let blocker = owner(&cluster).await;
    blocker.batch_execute("begin; lock table shop.a in access share mode").await.unwrap();
    let (blocked, mut told) = tokio::sync::mpsc::unbounded_channel();
    let run = {
        let (migrator, config) = (migrator.clone(), config.clone());
        tokio::spawn(async move {
            let mut progress = |event: Event<'_>| {
                if let Event::Blocked { attempt, .. } = event {
                    blocked.send(attempt).unwrap();
                }
            };
            migrator.up(&config, Target::Next, &mut progress).await
        })
    };
    assert_eq!(told.recv().await, Some(1));
    blocker.batch_execute("commit").await.unwrap();
    assert_eq!(run.await.unwrap().unwrap(), 1);

    // And gives up with advice when the lock never comes free.
    blocker.batch_execute("begin; lock table shop.a in access share mode").await.unwrap();
    let error = migrator.down(&config, Target::Next, &mut quiet).await.unwrap_err();
    assert!(matches!(error, MigrateError::Locked { attempts: 3, .. }), "{error}");
    assert!(error.to_string().contains("Look for long transactions"));
    connect(&config).await.query("select name from shop.a", &[]).await.unwrap();
    drop(blocker);
    cluster.stop().await;
}

/// Proves REQ-3.6.
#[tokio::test]
async fn verify_proves_undo_and_shows_what_an_undo_forgot() {
    let (_home, cluster, config) = cluster().await;
    let admin = cluster.connections().superuser();
    let pg_dump = cluster.binaries().program("pg_dump");
    let verified = Migrator::new(source(&THREE)).verify(&admin, &config, &pg_dump).await.unwrap();
    assert_eq!(verified.steps, 3);
    assert!(verified.dump_lines > 20, "{verified:?}");
    // The owner alone may do it too, which is what a server that is managed elsewhere has.
    Migrator::new(source(&THREE)).verify(&config, &config, &pg_dump).await.unwrap();

    let forgetful = [("create table kept (id int);", "select;")];
    let error = Migrator::new(source(&forgetful)).verify(&admin, &config, &pg_dump).await.unwrap_err();
    assert!(matches!(error, MigrateError::Different { .. }));
    assert!(error.to_string().contains("public.kept"), "{error}");

    // What changes from run to run is found as well.
    let unsteady = [(
        "create sequence if not exists s; do $$ begin execute format('create table t (c%s int)', nextval('s')); end $$;",
        "drop table t; alter sequence s owned by none;",
    )];
    assert!(Migrator::new(source(&unsteady)).verify(&admin, &config, &pg_dump).await.is_err());

    let client = connect(&admin).await;
    let left: i64 = client
        .query_one("select count(*) from pg_database where datname like 'throughline_verify_%'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, 0, "scratch databases are dropped, also after a failure");
    assert!(!exists(&cluster, "shop.a").await, "the real database was not touched");
    drop(client);
    cluster.stop().await;
}

/// Some installations are the server and nothing else.
#[tokio::test]
async fn verify_asks_the_catalogue_where_there_is_no_pg_dump() {
    let (home, cluster, config) = cluster().await;
    let (admin, pg_dump) = (cluster.connections().superuser(), home.path().join("pg_dump"));
    let verified = Migrator::new(source(&THREE)).verify(&admin, &config, &pg_dump).await.unwrap();
    assert!(verified.dump_lines > 20, "{verified:?}");
    for (up, left) in [
        ("create table kept (id int);", "relation public.kept kind r"),
        ("create function kept() returns int language sql return 1;", "function public.kept()"),
        ("create type kept as enum ('a', 'b');", "type public.kept kind e"),
        ("create schema kept;", "schema kept"),
        ("grant usage on schema platform to public;", "schema platform"),
        ("comment on table platform.schema_migrations is 'kept';", ": kept"),
        ("alter table platform.schema_migrations alter version set default 1;", "default 1"),
        ("create index kept on platform.schema_migrations (name);", "index CREATE INDEX kept"),
    ] {
        let error = Migrator::new(source(&[(up, "select;")])).verify(&admin, &config, &pg_dump).await.unwrap_err();
        assert!(error.to_string().contains(left), "{up} is not noticed: {error}");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn a_directory_of_files_is_a_source() {
    let home = home();
    std::fs::write(home.path().join("V001__a.sql"), "select;").unwrap();
    std::fs::write(home.path().join("README.md"), "not a step").unwrap();
    let error = Source::directory(home.path()).unwrap_err();
    assert!(error.to_string().contains("V001__a.sql has no undo"), "{error}");
    std::fs::write(home.path().join("U001__a.sql"), "select;").unwrap();
    assert_eq!(Source::directory(home.path()).unwrap().newest(), 1);
    assert!(matches!(Source::directory(&home.path().join("none")), Err(MigrateError::Read { .. })));
}
