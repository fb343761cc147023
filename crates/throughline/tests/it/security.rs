//! Row security as PostgreSQL enforces it, whatever the program does: the list of `security.md`, as the role that serves.

use std::process::Command;

use testkit::{Organization, World};
use tokio_postgres::{Client, Config, config::Host, error::SqlState};
use uuid::Uuid;

use crate::world;

/// A connection of the serving role that works for one organisation until its transaction ends.
async fn inside(client: &Client, organization: &Organization) {
    let sql = format!(
        "begin; set local app.current_organization_id = '{}'; set local app.current_user_id = '{}'; \
         set local app.project_access = 'all'",
        organization.id, organization.owner.user_id
    );
    client.batch_execute(&sql).await.unwrap();
}

async fn count(client: &Client, table: &str) -> i64 {
    client.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0)
}

/// The tables of organisations, partitions left out.
async fn tenant_tables(client: &Client) -> Vec<String> {
    let sql = "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
                where c.relkind in ('r', 'p') and not c.relispartition and has_table_privilege(c.oid, 'select')
                  and n.nspname not in ('pg_catalog', 'information_schema') order by 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// A record of everything in both organisations.
async fn furnished() -> World {
    let world = world().await;
    for organization in [&world.home, &world.abroad] {
        for served in world.kernel.catalogue.resources() {
            world.example(organization, served.resource.name, 0).await.unwrap();
        }
    }
    world
}

#[tokio::test]
async fn each_organisation_sees_its_own_rows_and_nobody_sees_any_without_one() {
    let world = furnished().await;
    let client = world.application().await.unwrap();
    let all = world.superuser().await.unwrap();
    let mut furnished = 0;
    for table in tenant_tables(&client).await {
        assert_eq!(count(&client, &table).await, 0, "{table} without an organisation");
        client.batch_execute("begin; set local app.current_organization_id = ''").await.unwrap();
        assert_eq!(count(&client, &table).await, 0, "{table} with an empty organisation");
        client.batch_execute("rollback").await.unwrap();
        for organization in [&world.home, &world.abroad] {
            inside(&client, organization).await;
            let foreign: i64 = client
                .query_one(&format!("select count(*) from {table} where organization_id <> $1"), &[&organization.id])
                .await
                .unwrap()
                .get(0);
            let own = count(&client, &table).await;
            client.batch_execute("rollback").await.unwrap();
            let there: i64 = all
                .query_one(&format!("select count(*) from {table} where organization_id = $1"), &[&organization.id])
                .await
                .unwrap()
                .get(0);
            assert_eq!((foreign, own), (0, there), "{table}");
            furnished += usize::from(there > 0);
        }
    }
    assert!(furnished > 60, "only {furnished} tables had rows to hide");
    for table in ["identity.users", "identity.organizations", "identity.user_credentials"] {
        assert_eq!(count(&client, table).await, 0, "{table} without an organisation");
        inside(&client, &world.home).await;
        let seen = count(&client, table).await;
        client.batch_execute("rollback").await.unwrap();
        assert!(seen > 0 && seen < count(&all, table).await, "{table} shows {seen}");
    }
}

async fn refused(client: &Client, sql: &str, params: &[&(dyn postgres_types::ToSql + Sync)]) -> SqlState {
    client.batch_execute("savepoint before").await.unwrap();
    let outcome = client.execute(sql, params).await;
    client.batch_execute("rollback to savepoint before").await.unwrap();
    match outcome {
        Ok(rows) => panic!("it changed {rows} rows: {sql}"),
        Err(error) => error.code().cloned().unwrap_or_else(|| panic!("{sql}: {error}")),
    }
}

/// Proves REQ-4.3.
#[tokio::test]
async fn no_statement_writes_into_another_organisation() {
    let world = furnished().await;
    let client = world.application().await.unwrap();
    let (here, there) = (world.home.id, world.abroad.id);
    let project: Uuid = world.example(&world.home, "projects", 0).await.unwrap().parse().unwrap();
    let theirs: Uuid = world.example(&world.abroad, "projects", 0).await.unwrap().parse().unwrap();
    let priv_error = SqlState::INSUFFICIENT_PRIVILEGE;
    inside(&client, &world.home).await;
    let insert = "insert into reference.tags (organization_id, id, name) values ($1, platform.uuid_v7(), 'tag')";
    assert_eq!(refused(&client, insert, &[&there]).await, priv_error);
    let moved = "update work.projects set organization_id = $1 where id = $2";
    assert_eq!(refused(&client, moved, &[&there, &project]).await, priv_error);
    for action in
        ["do nothing", "do update set name = 'theirs'", "do update set organization_id = excluded.organization_id"]
    {
        let sql = format!(
            "insert into work.projects (organization_id, id, name, slug) values ($1, $2, 'x', 'x')
             on conflict (organization_id, id) {action}"
        );
        assert_eq!(refused(&client, &sql, &[&there, &theirs]).await, priv_error, "{action}");
    }
    let sql = "insert into work.projects (organization_id, id, name, slug) values ($1, $2, 'x', 'x')
               on conflict (organization_id, id) do update set organization_id = $3";
    assert_eq!(refused(&client, sql, &[&here, &project, &there]).await, priv_error);
    for sql in [
        "update work.projects set name = 'theirs' where id = $1",
        "update work.projects set deleted_at = now() where id = $1",
    ] {
        assert_eq!(client.execute(sql, &[&theirs]).await.unwrap(), 0, "{sql}");
    }
    // A reference carries the organisation, so another's record cannot be named.
    let sql = "insert into work.requirements (project_id, title) values ($1, 'x')";
    assert!([SqlState::FOREIGN_KEY_VIOLATION, priv_error.clone()].contains(&refused(&client, sql, &[&theirs]).await));
    let sql = "update work.projects set parent_project_id = $1 where id = $2";
    assert_eq!(refused(&client, sql, &[&theirs, &project]).await, SqlState::FOREIGN_KEY_VIOLATION);
    let sql = "update work.projects set owner_user_id = $1 where id = $2";
    assert_eq!(refused(&client, sql, &[&world.abroad.owner.user_id, &project]).await, SqlState::FOREIGN_KEY_VIOLATION);
    client.batch_execute("rollback").await.unwrap();
}

/// The same name in two organisations is no conflict: an error would confirm a stranger's value.
#[tokio::test]
async fn a_strangers_value_is_never_confirmed() {
    let world = world().await;
    let body = serde_json::json!({"name": "secret plan", "slug": "secret-plan"});
    world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201);
    world.post("/v1/projects", &body).by(&world.abroad.owner).send().await.expect(201);
}

/// Proves REQ-6.4.
#[tokio::test]
async fn the_serving_role_may_do_no_more_than_serve() {
    let world = furnished().await;
    let client = world.application().await.unwrap();
    let all = world.superuser().await.unwrap();
    inside(&client, &world.home).await;
    let denied = SqlState::INSUFFICIENT_PRIVILEGE;
    for sql in [
        "truncate work.requirements",
        "truncate audit.audit_logs",
        "delete from audit.audit_logs",
        "update audit.audit_logs set event_type = 'nothing.happened'",
        "update quality.test_results set status = 'passed'",
        "create table work.own (id int)",
        "create table public.own (id int)",
        "alter table work.projects no force row level security",
        "alter table work.projects disable row level security",
        "drop policy tenant_isolation on work.projects",
        "create policy wide on work.projects using (true)",
        "set role throughline_owner",
        "set session authorization postgres",
        "alter role application_user bypassrls",
        "select * from pg_authid",
        "copy work.projects to program 'cat'",
        "select pg_read_file('/etc/passwd')",
    ] {
        assert_eq!(refused(&client, sql, &[]).await, denied, "{sql}");
    }
    let partitions =
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                       where c.relispartition and c.relkind = 'r'";
    let partitions = all.query(partitions, &[]).await.unwrap();
    assert!(partitions.len() > 10);
    for row in partitions {
        let sql = format!("select * from {}", row.get::<_, String>(0));
        assert_eq!(refused(&client, &sql, &[]).await, denied, "{sql}");
    }
    client.batch_execute("rollback").await.unwrap();
}

/// A second permissive policy opens nothing, because the wall between organisations is a restrictive one.
#[tokio::test]
async fn one_more_policy_opens_no_hole() {
    let world = furnished().await;
    world
        .superuser()
        .await
        .unwrap()
        .batch_execute(
            "create policy careless on work.requirements as permissive for all using (true) with check (true)",
        )
        .await
        .unwrap();
    let client = world.application().await.unwrap();
    assert_eq!(count(&client, "work.requirements").await, 0);
    inside(&client, &world.home).await;
    let sql = "select count(distinct organization_id) from work.requirements";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
}

/// Two organisations take turns on a pool of a few connections, many at once, some giving up half way.
#[tokio::test]
async fn a_pooled_connection_keeps_nothing_of_the_one_before() {
    let world = furnished().await;
    let sql = "select coalesce(current_setting('app.current_organization_id', true), ''),
                      coalesce(current_setting('app.current_user_id', true), ''),
                      coalesce(current_setting('app.project_access', true), '')";
    let turns = (0..200).map(|turn| {
        let world = &world;
        async move {
            let organization = if turn % 2 == 0 { &world.home } else { &world.abroad };
            let ctx = organization.ctx(&world.kernel);
            let tx = ctx.begin().await.unwrap();
            let rows = tx.query("select distinct organization_id from work.requirements", &[]).await.unwrap();
            assert_eq!(rows.iter().map(|row| row.get::<_, Uuid>(0)).collect::<Vec<_>>(), [organization.id]);
            match turn % 3 {
                0 => tx.commit().await.unwrap(),
                1 => drop(tx),
                // A failed statement, and the transaction left to its fate.
                _ => assert!(tx.query("select 1 / 0", &[]).await.is_err()),
            }
            let outside = world.kernel.store.query_outside(sql, &[]).await.unwrap();
            for column in 0..3 {
                assert_eq!(outside[0].get::<_, String>(column), "", "turn {turn}");
            }
        }
    });
    let mut running = futures_util::stream::FuturesUnordered::new();
    let mut turns = turns.collect::<Vec<_>>().into_iter();
    running.extend(turns.by_ref().take(5));
    while futures_util::StreamExt::next(&mut running).await.is_some() {
        running.extend(turns.next());
    }
}

pub(crate) fn url(config: &Config, database: &str) -> String {
    let host = match &config.get_hosts()[0] {
        Host::Unix(path) => path.display().to_string(),
        Host::Tcp(name) => name.clone(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
    format!("host='{host}' port={port} user='{}' password='{password}' dbname='{database}'", config.get_user().unwrap())
}

#[tokio::test]
async fn the_server_refuses_a_role_that_row_security_does_not_hold_for() {
    let world = world().await;
    let database = world.database();
    let home = std::env::temp_dir().join(format!("throughline-strong-{}", std::process::id()));
    for (config, why) in [(database.superuser_config(), "is a superuser"), (&database.owner_config, "owns tables")] {
        let output = Command::new(env!("CARGO_BIN_EXE_throughline"))
            .args(["serve", "--port", "0"])
            .env("DATABASE_URL", url(config, &database.name))
            .env("THROUGHLINE_DATA", &home)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(why) && said.contains("application_user"), "{said}");
    }
    let _ = std::fs::remove_dir_all(home);
}
