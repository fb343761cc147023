//! What keeps the database in order: partitions, retention, jobs, settings, and what no role may do.

use testkit::World;
use tokio_postgres::{Client, NoTls, error::SqlState};

use crate::world;

/// A connection of the role that owns the tables.
async fn owner(world: &World) -> Client {
    let (client, connection) = world.database().owner_config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The serving role inside the home organisation, in a transaction.
async fn inside(world: &World) -> Client {
    let client = world.application().await.unwrap();
    let (organization, person) = (world.home.id, world.home.owner.user_id);
    client
        .batch_execute(&format!(
            "begin; set local app.current_organization_id = '{organization}'; set local app.current_user_id = '{person}'; \
             set local app.project_access = 'all'"
        ))
        .await
        .unwrap();
    client
}

/// An identifier of a moment that lies this long ago.
fn id_of(ago: &str) -> String {
    format!(
        "(left(platform.uuid_v7_floor(now() - interval '{ago}')::text, 24) || substr(md5(random()::text), 1, 12))::uuid"
    )
}

async fn partition(world: &World, table: &str, ago: &str) -> Option<String> {
    let client = inside(world).await;
    let sql = format!("select platform.ensure_partition('{table}', now() - interval '{ago}')");
    let made = client.query_one(&sql, &[]).await.unwrap().get(0);
    client.batch_execute("commit").await.unwrap();
    made
}

#[tokio::test]
async fn retention_takes_what_is_due_and_leaves_the_rest() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let case = world.example(&world.home, "test-cases", 0).await.unwrap();
    let eight = "8 years";
    for table in [
        "audit.audit_logs",
        "audit.change_tracking",
        "audit.activity_logs",
        "platform.outbox_events",
        "platform.notifications",
    ] {
        assert!(partition(&world, table, eight).await.is_some(), "{table}");
    }
    partition(&world, "platform.notification_deliveries", eight).await;
    partition(&world, "audit.audit_logs", "9 years").await;
    assert!(partition(&world, "quality.test_results", "3 years").await.is_some());
    assert_eq!(partition(&world, "quality.test_results", "3 years").await, None, "it is there");

    let client = inside(&world).await;
    let (old, older, past) = (id_of(eight), id_of("9 years"), id_of("3 years"));
    let person = world.home.owner.user_id;
    client
        .batch_execute(&format!(
            "insert into audit.audit_logs (id, event_type, event_category, occurred_at)
               values ({old}, 'gone.away', 'x', now() - interval '8 years');
             insert into audit.audit_logs (id, event_type, event_category, occurred_at, retention_period_days)
               values ({older}, 'must.stay', 'x', now() - interval '9 years', 3650);
             insert into audit.change_sets (id, created_at) values ({old}, now() - interval '8 years');
             insert into audit.change_tracking (id, change_set_id, sequence_number, table_name, record_id, operation_type, column_name)
               select {old}, id, 1, 't', 'r', 'INSERT', 'c' from audit.change_sets where created_at < now() - interval '7 years';
             insert into audit.activity_logs (id, operation, entity_type, summary) values ({old}, 'a', 'project', 'Old');
             insert into platform.outbox_events (id, topic, aggregate_type, aggregate_id, event_type, payload)
               values ({old}, 't', 't', platform.uuid_v7(), 'waits.still', '{{}}');
             insert into platform.notifications (id, recipient_user_id, notification_type, title, created_at, expires_at)
               values ({old}, '{person}', 'a', 'Old', now() - interval '8 years', now() - interval '7 years'),
                      (platform.uuid_v7(), '{person}', 'a', 'New', now(), now() + interval '1 day');
             insert into platform.idempotency_keys (user_id, key, method, path, request_hash, created_at, expires_at)
               values ('{person}', 'old', 'POST', '/', decode(repeat('00', 32), 'hex'), now() - interval '3 days', now() - interval '2 days'),
                      ('{person}', 'new', 'POST', '/', decode(repeat('00', 32), 'hex'), now(), now() + interval '1 hour');
             insert into quality.test_results (id, project_id, test_case_id, status, executed_at)
               values ({past}, '{project}', '{case}', 'passed', now() - interval '3 years');
             insert into quality.defects (project_id, title, severity, test_result_id)
               select project_id, 'Found long ago', 'low', id from quality.test_results where executed_at < now() - interval '2 years';
             commit"
        ))
        .await
        .unwrap();

    let owner = owner(&world).await;
    let done: Vec<(String, String, i64, String)> = owner
        .query("select step, target, amount, note from platform.maintain_database()", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect();
    let said = |target: &str| -> Vec<&str> {
        done.iter().filter(|(_, about, ..)| about.starts_with(target)).map(|(.., note)| note.as_str()).collect()
    };
    assert!(said("audit.change_tracking_").iter().any(|note| note.starts_with("archived with 1 rows")), "{done:?}");
    assert!(said("quality.test_results_").contains(&"archived with 1 rows, 1 references cleared"), "{done:?}");
    assert!(said("audit.activity_logs_").contains(&"dropped with 1 rows"), "{done:?}");
    assert!(said("audit.audit_logs_").contains(&"kept: 1 of 1 rows are still needed"), "{done:?}");
    assert!(said("audit.audit_logs_").contains(&"archived with 1 rows"), "{done:?}");
    assert!(said("platform.outbox_events_").contains(&"kept: 1 of 1 rows are still needed"), "{done:?}");

    let all = world.superuser().await.unwrap();
    let count =
        async |sql: &str| -> i64 { all.query_one(&format!("select count(*) from {sql}"), &[]).await.unwrap().get(0) };
    assert_eq!(count("audit.audit_logs where event_type = 'gone.away'").await, 0);
    assert_eq!(count("audit.audit_logs where event_type = 'must.stay'").await, 1);
    assert_eq!(count("platform.outbox_events where event_type = 'waits.still'").await, 1);
    assert_eq!(count("platform.notifications where title = 'Old'").await, 0);
    assert_eq!(count("platform.notifications where title = 'New'").await, 1);
    assert_eq!(count("platform.idempotency_keys where key = 'old'").await, 0);
    assert_eq!(count("platform.idempotency_keys where key = 'new'").await, 1);
    assert_eq!(count("quality.defects where title = 'Found long ago' and test_result_id is null").await, 1);
    assert_eq!(count("archive.audit_change_sets").await, 1);
    assert_eq!(
        count("platform.operation_runs where kind = 'archive' and location_uri like 'table:archive.%'").await,
        3
    );
    assert_eq!(count("pg_class where relnamespace = 'archive'::regnamespace and relkind = 'r'").await, 4);

    // Once more finds nothing to do.
    let again = owner
        .query("select note from platform.maintain_database() where step in ('drop', 'archive') and amount > 0", &[])
        .await
        .unwrap();
    assert!(again.is_empty());
}

#[tokio::test]
async fn two_maintenances_at_once_do_the_work_once() {
    let world = world().await;
    let (first, second) = (owner(&world).await, owner(&world).await);
    first.batch_execute("begin").await.unwrap();
    let done = first.query("select step from platform.maintain_database()", &[]).await.unwrap();
    assert!(done.len() > 1);
    let refused = second.query("select step, note from platform.maintain_database()", &[]).await.unwrap();
    assert_eq!(refused.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["lock"]);
    first.batch_execute("commit").await.unwrap();
    let (one, other) = tokio::join!(
        first.query("select step from platform.maintain_database()", &[]),
        second.query("select step from platform.maintain_database()", &[])
    );
    assert!(!one.unwrap().is_empty() && !other.unwrap().is_empty());
}

#[tokio::test]
async fn a_filter_on_time_reads_only_the_partitions_of_that_time() {
    let world = world().await;
    partition(&world, "quality.test_results", "3 years").await;
    let client = inside(&world).await;
    let plan: Vec<String> = client
        .query(
            "explain (costs off) select * from quality.test_results
              where id >= platform.uuid_v7_floor(now() - interval '3 years') and id < platform.uuid_v7_floor(now() - interval '3 years' + interval '1 day')",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let plan = plan.join("\n");
    assert!(plan.contains("Subplans Removed"), "{plan}");
    assert!(!plan.contains("2026"), "{plan}");
}

#[tokio::test]
async fn partitions_are_made_for_partitioned_tables_and_known_times_only() {
    let world = world().await;
    for (sql, state) in [
        ("select platform.ensure_partition('work.projects', now())", SqlState::UNDEFINED_TABLE),
        ("select platform.ensure_partition('quality.test_results', '1990-01-01')", SqlState::DATETIME_FIELD_OVERFLOW),
        ("select platform.ensure_partition('quality.test_results', '2990-01-01')", SqlState::DATETIME_FIELD_OVERFLOW),
        ("select platform.maintain_database()", SqlState::INSUFFICIENT_PRIVILEGE),
        ("select platform.all_organizations()", SqlState::INSUFFICIENT_PRIVILEGE),
    ] {
        let client = inside(&world).await;
        let error = client.query(sql, &[]).await.unwrap_err();
        assert_eq!(error.code(), Some(&state), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_job_goes_to_one_worker_and_comes_back_from_a_dead_one() {
    let world = world().await;
    let client = inside(&world).await;
    client
        .batch_execute("insert into platform.jobs (kind, idempotency_key) values ('a', 'once'); commit")
        .await
        .unwrap();
    let twice = inside(&world).await;
    let error = twice
        .batch_execute("insert into platform.jobs (kind, idempotency_key) values ('a', 'once')")
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION));
    let (one, other) = (world.application().await.unwrap(), world.application().await.unwrap());
    let claim = "select j.status, j.attempts, j.locked_by from platform.claim_jobs('{default}', $1) j";
    one.batch_execute("begin").await.unwrap();
    assert_eq!(one.query(claim, &[&"first"]).await.unwrap().len(), 1);
    assert!(other.query(claim, &[&"second"]).await.unwrap().is_empty(), "it waits for nobody");
    one.batch_execute("commit").await.unwrap();
    let all = world.superuser().await.unwrap();
    all.batch_execute("update platform.jobs set locked_at = now() - interval '2 minutes'").await.unwrap();
    let again = other.query(claim, &[&"second"]).await.unwrap();
    assert_eq!((again[0].get::<_, i32>(1), again[0].get::<_, &str>(2)), (2, "second"));
    let client = inside(&world).await;
    let end = "update platform.jobs set status = 'completed', completed_at = now(), locked_at = null, locked_by = null";
    client.batch_execute(end).await.unwrap();
    let back = "update platform.jobs set status = 'queued', completed_at = null";
    assert_eq!(client.batch_execute(back).await.unwrap_err().code(), Some(&SqlState::CHECK_VIOLATION));
}

#[tokio::test]
async fn a_setting_keeps_its_type_and_its_rules_and_counts_its_versions() {
    let world = world().await;
    let client = inside(&world).await;
    client
        .batch_execute(
            r#"insert into platform.configuration_settings (config_key, config_value, value_type, validation_rules)
                 values ('limit', '5', 'number', '{"minimum": 1, "maximum": 10}');
               update platform.configuration_settings set config_value = '7', change_reason = 'more', version = 99;
               update platform.configuration_settings set description = 'nothing that counts', version = 99"#,
        )
        .await
        .unwrap();
    let row =
        client.query_one("select version, change_reason from platform.configuration_settings", &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, &str>(1)), (2, "more"));
    for (wrong, state) in [
        ("update platform.configuration_settings set config_value = '11'", SqlState::CHECK_VIOLATION),
        ("update platform.configuration_settings set config_value = 'many'", SqlState::CHECK_VIOLATION),
        ("update platform.configuration_settings set config_value_ciphertext = 'x'", SqlState::CHECK_VIOLATION),
        ("insert into platform.configuration_settings (config_key) values ('limit')", SqlState::UNIQUE_VIOLATION),
    ] {
        client.batch_execute("savepoint s").await.unwrap();
        assert_eq!(client.batch_execute(wrong).await.unwrap_err().code(), Some(&state), "{wrong}");
        client.batch_execute("rollback to s").await.unwrap();
    }
}

#[tokio::test]
async fn a_notification_goes_by_the_channels_its_recipient_wants() {
    let world = world().await;
    let client = inside(&world).await;
    let person = world.home.owner.user_id;
    client
        .batch_execute(&format!(
            "insert into platform.notification_preferences (notification_type, channel, is_enabled)
               values ('*', 'email', true), ('build.failed', 'email', false), ('build.failed', 'in_app', false), ('build.failed', 'push', true);
             insert into platform.notifications (recipient_user_id, notification_type, title)
               values ('{person}', 'build.failed', 'x'), ('{person}', 'task.due', 'x')"
        ))
        .await
        .unwrap();
    let sql =
        "select n.notification_type || ' ' || d.channel || ' ' || d.status from platform.notification_deliveries d
                 join platform.notifications n on n.id = d.notification_id order by 1";
    let sent: Vec<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(sent, ["build.failed push queued", "task.due email queued", "task.due in_app delivered"]);
}

#[tokio::test]
async fn readers_of_reports_see_people_masked() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let organization = world.home.id;
    client
        .batch_execute(&format!(
            "begin; set local role readonly_user; set local app.current_organization_id = '{organization}'"
        ))
        .await
        .unwrap();
    let rows = client.query("select email, display_name from identity.users_masked", &[]).await.unwrap();
    assert!(rows.len() >= 4);
    for row in rows {
        let (email, name): (Option<&str>, &str) = (row.get(0), row.get(1));
        assert!(email.is_none_or(|email| email[1..].starts_with("***@")), "{email:?}");
        assert!(name.ends_with("***") && name.len() <= 5, "{name}");
    }
    client.batch_execute("set local app.current_organization_id = ''").await.unwrap();
    assert!(client.query("select 1 from identity.users_masked", &[]).await.unwrap().is_empty());
}

/// What each role must not be able to do, tried as that role.
#[tokio::test]
async fn no_role_may_do_what_it_must_not() {
    let world = world().await;
    let organization = world.home.id;
    let forbidden: &[(&str, &[&str])] = &[
        (
            "application_user",
            &[
                "update audit.audit_logs set status = 'success'",
                "delete from audit.audit_logs",
                "update audit.change_tracking set new_value = 'x'",
                "delete from audit.change_sets",
                "delete from audit.activity_logs",
                "update audit.project_history set snapshot = '{}'",
                "update quality.test_results set status = 'passed'",
                "delete from platform.metric_samples",
                "insert into platform.operation_runs (kind, target) values ('x', 'x')",
                "insert into platform.metric_definitions (name, kind, unit, description) values ('x', 'gauge', 'x', 'x')",
                "update security.retention_policies set is_active = false",
                "truncate work.projects",
                "create table platform.mine (id int)",
                "create table archive.mine (id int)",
                "select * from audit.audit_logs_default",
                "alter table work.projects disable row level security",
                "drop table work.projects",
                "set role super_admin",
                "set role throughline_partitions",
                "set role throughline_auth",
                "select platform.maintain_database()",
                "select * from platform.v_connections",
            ],
        ),
        (
            "readonly_user",
            &[
                "select email from identity.users",
                "select username from identity.memberships",
                "select author_email from delivery.commits",
                "select ip_address from audit.audit_logs",
                "select config_value from platform.configuration_settings",
                "select body from platform.notifications",
                "select * from identity.user_credentials",
                "select * from identity.sessions",
                "select * from identity.api_tokens",
                "insert into work.projects (name, slug) values ('x', 'x')",
                "update work.projects set name = 'x'",
                "delete from work.requirements",
                "select platform.ensure_partition('quality.test_results', now())",
                "select platform.claim_jobs('{default}', 'x')",
                "create table public.mine (id int)",
                "set role application_user",
            ],
        ),
        (
            "super_admin",
            &[
                "update audit.audit_logs set status = 'success'",
                "delete from audit.change_tracking",
                "truncate work.projects",
                "drop table work.projects",
                "alter table work.projects disable row level security",
                "create table platform.mine (id int)",
                "select platform.maintain_database()",
            ],
        ),
        (
            "throughline_owner",
            &[
                "alter role throughline_owner bypassrls",
                "alter role throughline_owner superuser",
                "copy work.projects to program 'true'",
                "select * from pg_authid",
            ],
        ),
    ];
    let client = world.superuser().await.unwrap();
    let mut faults = Vec::new();
    for (role, statements) in forbidden {
        for statement in *statements {
            // Signed in as the role, not only acting as it: who is a superuser behind the role may set any other.
            let opening = format!(
                "begin; set local app.current_organization_id = '{organization}'; set session authorization {role}"
            );
            client.batch_execute(&opening).await.unwrap();
            let outcome = client.batch_execute(statement).await;
            client.batch_execute("rollback; reset session authorization").await.unwrap();
            match outcome.as_ref().map_err(|error| error.code()) {
                Err(Some(code)) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {}
                other => faults.push(format!("{role}: {statement}: {other:?}")),
            }
        }
    }
    // The owner is subject to row security like everybody else.
    client.batch_execute("begin; set session authorization throughline_owner").await.unwrap();
    let seen: i64 = client.query_one("select count(*) from identity.memberships", &[]).await.unwrap().get(0);
    client.batch_execute("rollback; reset session authorization").await.unwrap();
    assert_eq!(seen, 0, "the owner sees rows of organisations");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
