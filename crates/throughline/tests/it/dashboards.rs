//! Dashboards: what is counted, who sees it, and that nobody reaches the views that hold every organisation.

use serde_json::{Value, json};
use testkit::World;
use tokio_postgres::NoTls;

use crate::{rows, world};

async fn count(world: &World) -> bool {
    let client = world.application().await.unwrap();
    client.query_one("select analytics.refresh_dashboards(interval '0')", &[]).await.unwrap().get(0)
}

async fn sql(world: &World, statements: &str) {
    let client = world.superuser().await.unwrap();
    let begin = format!(
        "begin; set local app.current_organization_id = '{}'; set local app.project_access = 'all';",
        world.home.id
    );
    client.batch_execute(&format!("{begin} {statements}; commit")).await.unwrap();
}

async fn project(world: &World, slug: &str, visibility: &str) -> String {
    let body = json!({"name": slug, "slug": slug, "visibility": visibility});
    let made = world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_project_is_counted_from_everything_in_it() {
    let world = world().await;
    let id = project(&world, "pay", "internal").await;
    sql(
        &world,
        &format!(
            "insert into work.requirements (project_id, title, status) select '{id}', 'r', s
               from unnest(array['draft', 'draft', 'approved', 'rejected']) s;
             insert into work.tasks (project_id, title, status, due_date, estimated_hours) values
               ('{id}', 'a', 'todo', current_date - 1, 3), ('{id}', 'b', 'done', current_date - 1, 4.5);
             insert into quality.test_cases (project_id, name, test_type) select '{id}', 't' || n, 'unit' from generate_series(1, 3) n;
             insert into delivery.builds (project_id, status, started_at, code_coverage_percent) values ('{id}', 'success', now() - interval '2 days', 81.5);
             insert into quality.test_results (project_id, test_case_id, build_id, status, duration_ms)
               select '{id}', c.id, b.id, case c.name when 't1' then 'failed' else 'passed' end, 10
                 from quality.test_cases c, delivery.builds b where c.name <> 't3'"
        ),
    )
    .await;
    assert!(count(&world).await);
    let path = format!("/v1/project-stats/{id}");
    let stats = world.get(&path).by(&world.home.viewer).send().await.expect(200).json();
    for (column, expected) in [
        ("requirements", json!(4)),
        ("requirements_draft", json!(2)),
        ("requirements_gap", json!(3)),
        ("requirements_rejected", json!(1)),
        ("tasks", json!(2)),
        ("tasks_overdue", json!(1)),
        ("test_cases_active", json!(3)),
        ("tests_failed", json!(1)),
        ("tests_never_run", json!(1)),
        ("builds", json!(1)),
    ] {
        assert_eq!(stats[column], expected, "{column} in {stats}");
    }
    let figure = |column: &str| match &stats[column] {
        Value::String(text) => text.parse::<f64>().unwrap(),
        other => other.as_f64().unwrap(),
    };
    assert!((figure("pass_rate_percent") - 50.0).abs() < 0.01 && (figure("coverage_percent") - 81.5).abs() < 0.01);
    assert!((figure("hours_planned") - 7.5).abs() < 0.01);

    let client = world.superuser().await.unwrap();
    let day = client
        .query_one(
            "select passed, failed, errors, skipped, duration_ms, day = ((now() - interval '2 days') at time zone 'UTC')::date
               from analytics.rollup_results_daily",
            &[],
        )
        .await
        .unwrap();
    let figures: [i64; 5] = std::array::from_fn(|at| day.get(at));
    assert_eq!((figures, day.get::<_, bool>(5)), ([1, 1, 0, 0, 20], true), "results count for the day of their build");
}

/// What a private project is made of is for those who see it; the other organisation's is for nobody here.
#[tokio::test]
async fn a_project_that_is_hidden_is_hidden_here_too() {
    let world = world().await;
    let (open, private) = (project(&world, "open", "internal").await, project(&world, "secret", "private").await);
    count(&world).await;
    for (person, sees) in [(&world.home.owner, 2), (&world.home.viewer, 1), (&world.abroad.owner, 0)] {
        let list = world.get("/v1/project-stats").by(person).send().await.expect(200).json();
        assert_eq!(rows(&list).len(), sees, "{} sees {list}", person.email);
    }
    world.get(format!("/v1/project-stats/{open}")).by(&world.home.viewer).send().await.expect(200);
    world.get(format!("/v1/project-stats/{private}")).by(&world.home.viewer).send().await.expect(404);
    world.get(format!("/v1/project-stats/{open}")).by(&world.abroad.owner).send().await.expect(404);
}

#[tokio::test]
async fn everybody_sees_what_they_have_to_do_and_administrators_see_it_of_all() {
    let world = world().await;
    let id = project(&world, "pay", "internal").await;
    let developer = world.home.developer.user_id;
    sql(
        &world,
        &format!(
            "insert into work.tasks (project_id, title, status, due_date, assignee_user_id) values
               ('{id}', 'late', 'todo', current_date - 1, '{developer}'), ('{id}', 'done', 'done', null, '{developer}'),
               ('{id}', 'next', 'todo', null, '{developer}');
             insert into quality.defects (project_id, title, severity, status, assigned_to_user_id)
               values ('{id}', 'd', 'low', 'assigned', '{developer}');
             insert into platform.notifications (recipient_user_id, notification_type, title) values ('{developer}', 'a', 'Look')"
        ),
    )
    .await;
    count(&world).await;
    let own = world.get("/v1/dashboards").by(&world.home.developer).send().await.expect(200).json();
    let [mine] = rows(&own) else { panic!("not one row: {own}") };
    for (column, expected) in
        [("open_tasks", 2), ("overdue_tasks", 1), ("assigned_defects", 1), ("unread_notifications", 1), ("projects", 0)]
    {
        assert_eq!(mine[column], json!(expected), "{column} in {mine}");
    }
    let all = world.get("/v1/dashboards").by(&world.home.admin).send().await.expect(200).json();
    assert!(rows(&all).len() >= 4, "{all}");
    // A private project shows in nobody's figures who may not see it, and in those of who may.
    sql(&world, "update work.projects set visibility = 'private'").await;
    count(&world).await;
    let own = world.get("/v1/dashboards").by(&world.home.developer).send().await.expect(200).json();
    assert_eq!((&rows(&own)[0]["open_tasks"], &rows(&own)[0]["unread_notifications"]), (&json!(0), &json!(1)), "{own}");
    sql(
        &world,
        &format!(
            "insert into work.project_members (project_id, user_id, role_id)
               select '{id}', '{developer}', r.id from authz.roles r
                where r.template_code = 'viewer' and r.organization_id = platform.current_organization()"
        ),
    )
    .await;
    count(&world).await;
    let own = world.get("/v1/dashboards").by(&world.home.developer).send().await.expect(200).json();
    assert_eq!((&rows(&own)[0]["open_tasks"], &rows(&own)[0]["projects"]), (&json!(2), &json!(1)), "{own}");
    let path = format!("/v1/dashboards/{developer}");
    assert_eq!(world.get(&path).by(&world.abroad.owner).send().await.status, 404);
}

/// Counting again too soon does nothing; maintenance counts as the owner of the tables.
#[tokio::test]
async fn figures_are_counted_again_when_they_are_old() {
    let world = world().await;
    project(&world, "first", "internal").await;
    assert!(count(&world).await);
    let client = world.application().await.unwrap();
    let again: bool = client.query_one("select analytics.refresh_dashboards()", &[]).await.unwrap().get(0);
    assert!(!again, "they are seconds old");

    let id = project(&world, "pay", "internal").await;
    let (owner, connection) = world.database().owner_config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let done = owner.query("select note from platform.maintain_database() where step = 'refresh'", &[]).await.unwrap();
    assert_eq!(done.len(), 2);
    world.get(format!("/v1/project-stats/{id}")).by(&world.home.viewer).send().await.expect(200);
}

/// A materialised view knows no row security, so it is nobody's to read.
#[tokio::test]
async fn nobody_reads_what_holds_every_organisation() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    for role in ["application_user", "readonly_user", "super_admin", "throughline_auth"] {
        for view in ["analytics.project_stats", "analytics.user_dashboard_stats"] {
            let may: bool =
                client.query_one("select has_table_privilege($1, $2, 'select')", &[&role, &view]).await.unwrap().get(0);
            assert!(!may, "{role} may read {view}");
        }
    }
    // Without an organisation, nothing is shown.
    let application = world.application().await.unwrap();
    count(&world).await;
    for view in ["analytics.v_project_stats", "analytics.v_user_dashboard_stats"] {
        assert!(application.query(&format!("select 1 from {view}"), &[]).await.unwrap().is_empty(), "{view}");
    }
}

/// Whoever counts and whoever maintains take the views in the same order, so that neither holds what the other one waits for.
#[tokio::test]
async fn counting_and_maintaining_at_once_wait_for_each_other_and_never_for_both() {
    let world = world().await;
    assert!(count(&world).await);
    let first = world.superuser().await.unwrap();
    first.batch_execute("begin; refresh materialized view concurrently analytics.project_stats").await.unwrap();
    for waiting in ["select analytics.refresh_dashboards(interval '0')", "select * from platform.maintain_database()"] {
        let second = world.superuser().await.unwrap();
        let pid: i32 = second.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        let waits = tokio::spawn(async move { second.batch_execute(waiting).await });
        let held =
            "select bool_or(not granted), bool_or(granted and relation = 'analytics.user_dashboard_stats'::regclass)
                      from pg_locks where pid = $1 and mode = 'ExclusiveLock' and locktype = 'relation'";
        let looks = std::time::Instant::now();
        loop {
            let row = first.query_one(held, &[&pid]).await.unwrap();
            if row.get::<_, Option<bool>>(0) == Some(true) {
                assert_eq!(row.get::<_, Option<bool>>(1), Some(false), "{waiting} holds the other view while it waits");
                break;
            }
            assert!(looks.elapsed().as_secs() < 20, "{waiting} waits for nothing");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        first.execute("select pg_cancel_backend($1)", &[&pid]).await.unwrap();
        assert!(waits.await.unwrap().is_err(), "it was ended while it waited");
    }
}
