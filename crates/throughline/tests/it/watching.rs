//! The installation watches itself: what is measured is what the database says, and a target missed for long opens one alert.

use insight::watching::{self, Sample, Severity};
use jiff::SignedDuration;
use serde_json::json;
use testkit::World;
use tokio_postgres::{Client, NoTls};

use crate::{rows, world};

async fn owner(world: &World) -> Client {
    let (client, connection) = world.database().owner_config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Keeps one measurement five minutes after the last.
async fn measured(world: &World, metric: &str, subject: &str, value: f64) -> usize {
    world.clock.advance(SignedDuration::from_mins(5));
    let sample = Sample::of(metric, subject, value);
    watching::keep(&world.home.ctx(&world.kernel), vec![sample]).await.unwrap().len()
}

async fn alerts(world: &World) -> Vec<watching::Alert> {
    let tx = world.home.ctx(&world.kernel).begin_read().await.unwrap();
    let open = watching::open_alerts(&tx).await.unwrap();
    tx.commit().await.unwrap();
    open
}

/// What the owner was told of alerts, the oldest first.
async fn told(world: &World) -> Vec<String> {
    let answer = world.get("/v1/notifications?limit=200").by(&world.home.owner).send().await.expect(200).json();
    let mut told: Vec<String> = rows(&answer)
        .iter()
        .filter(|one| one["notification_type"].as_str().is_some_and(|kind| kind.starts_with("alert.")))
        .map(|one| format!("{} {}", one["notification_type"].as_str().unwrap(), one["title"].as_str().unwrap()))
        .collect();
    told.reverse();
    told
}

/// Each figure against the view or the count it comes from, on a database with something in it.
/// Proves REQ-77.1.
#[tokio::test]
async fn vitals_are_what_the_database_says() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let superuser = world.superuser().await.unwrap();
    superuser
        .batch_execute(&format!(
            "begin; set local app.current_organization_id = '{}'; set local app.project_access = 'all';
             insert into platform.jobs (kind) values ('example.work'), ('example.work');
             insert into platform.jobs (kind, run_after) values ('example.later', now() + interval '1 hour');
             insert into platform.imports (project_id, file_name, created_at) values ('{project}', 'a.xml', now() - interval '2 hours');
             commit;
             begin; set local app.current_organization_id = '{}';
             insert into platform.jobs (kind) values ('example.work');
             commit",
            world.home.id, world.abroad.id
        ))
        .await
        .unwrap();
    // Somebody has had a transaction open for a while; as the owner sees it, who is not a superuser.
    let busy = world.application().await.unwrap();
    busy.batch_execute("begin; select 1").await.unwrap();
    let owner = owner(&world).await;
    let vitals = owner.query("select metric, value, is_total from platform.take_vitals()", &[]).await.unwrap();
    let said = |name: &str| -> f64 {
        let row = vitals.iter().find(|row| row.get::<_, String>(0) == name);
        row.unwrap_or_else(|| panic!("{name} is not measured")).get(1)
    };
    let counted = async |sql: &str| -> f64 { superuser.query_one(sql, &[]).await.unwrap().get(0) };

    let size = counted("select pg_database_size(current_database())::float8").await;
    assert!((said("db.size") / size - 1.0).abs() < 0.05, "{} is not about {size}", said("db.size"));
    let taken = counted("select sum(connections)::float8 from platform.v_connections").await;
    assert!((said("db.connections") - taken).abs() <= 2.0 && taken >= 3.0, "{} of {taken}", said("db.connections"));
    let most = counted("select current_setting('max_connections')::float8").await;
    assert!((said("db.connections_used") - 100.0 * said("db.connections") / most).abs() < 1e-6);
    let longest = counted("select max(longest_transaction_seconds) from platform.v_connections").await;
    assert!(said("db.longest_transaction") > 0.0 && said("db.longest_transaction") <= longest);
    assert_eq!(said("db.partitions_missing"), 0.0);
    assert_eq!(said("jobs.waiting"), 3.0, "of every organisation, and only what is due");
    let waited = said("imports.oldest_waiting");
    assert!((7_200.0..7_300.0).contains(&waited), "{waited}");
    assert!(said("db.pages_found") > 0.0 && said("db.deadlocks") >= 0.0);
    busy.batch_execute("rollback").await.unwrap();

    let gone = "do $$ begin execute format('drop table audit.audit_logs_%s', platform.partition_suffix(now(), interval '1 month')); end $$";
    superuser.batch_execute(gone).await.unwrap();
    let row = owner
        .query_one("select value from platform.take_vitals() where metric = 'db.partitions_missing'", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, f64>(0), 1.0);
}

/// Proves REQ-77.3, REQ-77.4.
#[tokio::test]
async fn a_target_missed_three_times_opens_one_alert_and_met_three_times_closes_it() {
    let world = world().await;
    let (metric, server) = ("http.error_rate", "one:7400");
    for _ in 0..2 {
        assert_eq!(measured(&world, metric, server, 5.0).await, 1);
    }
    assert!(alerts(&world).await.is_empty(), "twice is not three times");
    measured(&world, metric, server, 0.0).await;
    for _ in 0..2 {
        measured(&world, metric, server, 5.0).await;
    }
    assert!(alerts(&world).await.is_empty(), "not in a row");
    for _ in 0..4 {
        measured(&world, metric, server, 6.0).await;
    }
    let open = alerts(&world).await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((open[0].metric.as_str(), open[0].subject.as_str()), (metric, server));
    assert_eq!((open[0].severity, open[0].target, open[0].latest), (Severity::Warning, 1.0, 6.0));
    assert_eq!(
        told(&world).await,
        ["alert.opened Warning: http.error_rate of one:7400"],
        "told once, not at each look"
    );
    assert_eq!(measured(&world, metric, "two:7400", 5.0).await, 1);
    assert_eq!(alerts(&world).await.len(), 1, "another server is another matter");

    // Worse is told once; better than that is not told, and a single good measurement closes nothing.
    for value in [50.0, 50.0, 50.0, 50.0, 5.0, 0.0, 0.0] {
        measured(&world, metric, server, value).await;
    }
    let open = alerts(&world).await;
    assert_eq!((open.len(), open[0].severity), (1, Severity::Critical), "it only rises, and is not closed yet");
    measured(&world, metric, server, 0.0).await;
    assert!(alerts(&world).await.is_empty());
    assert_eq!(
        told(&world).await,
        [
            "alert.opened Warning: http.error_rate of one:7400",
            "alert.raised Critical: http.error_rate of one:7400",
            "alert.closed Well again: http.error_rate of one:7400",
        ]
    );
    let all = world.get("/v1/metric-alerts").by(&world.home.owner).send().await.expect(200).json();
    assert_eq!(rows(&all).len(), 1);
    assert_eq!(rows(&all)[0]["outcome"], "well_again");
    let abroad = world.get("/v1/metric-alerts").by(&world.abroad.owner).send().await.expect(200).json();
    assert!(rows(&abroad).is_empty(), "other organisations hear nothing of it");
}

/// Proves REQ-77.5.
#[tokio::test]
async fn targets_are_rows_that_people_change() {
    let world = world().await;
    let (metric, server) = ("http.latency_p95", "one:7400");
    let strict = json!({"metric_name": metric, "target_operator": "<", "target_value": 10, "misses": 1});
    let target = world.post("/v1/metric-targets", &strict).by(&world.home.owner).send().await.expect(201).json();
    measured(&world, metric, server, 20.0).await;
    assert_eq!(alerts(&world).await.len(), 1, "one miss is enough where somebody said so");
    let path = format!("/v1/metric-targets/{}", target["id"].as_str().unwrap());
    let version = target["row_version"].to_string();
    world
        .patch(&path, &json!({"is_active": false}))
        .by(&world.home.owner)
        .header("if-match", &format!("\"{version}\""))
        .send()
        .await
        .expect(200);
    for _ in 0..4 {
        measured(&world, metric, server, 90_000.0).await;
    }
    assert!(alerts(&world).await.is_empty(), "switched off, it closes and opens no more");
    world.post("/v1/metric-targets", &strict).by(&world.home.owner).send().await.expect(409);
}

/// Whoever merely measures silences no alert, neither by a target nor by measurements in the server's place.
/// Proves REQ-77.5.
#[tokio::test]
async fn developers_silence_no_alerts() {
    let world = world().await;
    let lax = json!({"metric_name": "disk.free", "target_operator": ">", "target_value": 0});
    for (role, person) in [("developer", &world.home.developer), ("viewer", &world.home.viewer)] {
        let refused = world.post("/v1/metric-targets", &lax).by(person).send().await.expect(403).json();
        assert!(refused.to_string().contains("may create a metric target"), "{role}: {refused}");
    }
    let target = world.post("/v1/metric-targets", &lax).by(&world.home.admin).send().await.expect(201).json();
    let path = format!("/v1/metric-targets/{}", target["id"].as_str().unwrap());
    let off = json!({"is_active": false});
    world.patch(&path, &off).by(&world.home.developer).header("if-match", "\"1\"").send().await.expect(403);

    for metric in ["db.size", "disk.free", "http.error_rate", "backup.archive_lag", "dq.replication_lag"] {
        let made_up = json!({"metric_name": metric, "value": 1, "observed_at": world.clock.now()});
        for person in [&world.home.developer, &world.home.owner] {
            let refused = world.post("/v1/metric-samples", &made_up).by(person).send().await.expect(422).json();
            assert!(refused.to_string().contains("written by the server alone"), "{metric}: {refused}");
        }
    }
    let of_ours = json!({"metric_name": "service.availability", "value": 100});
    world.post("/v1/metric-samples", &of_ours).by(&world.home.developer).send().await.expect(201);
    assert_eq!(measured(&world, "db.size", "", 1e9).await, 1, "the server still keeps its own");
}

/// Whose grant has ended, has not begun or is for one thing only does not look after the installation.
#[tokio::test]
async fn owners_of_now_and_of_everything_are_told() {
    let world = world().await;
    let superuser = world.superuser().await.unwrap();
    let grants = [
        (&world.home.admin, "null", "-2 hours", "'-1 hour'"),
        (&world.home.developer, "null", "30 days", "null"),
        (
            &world.home.viewer,
            "(select max(id::text)::uuid from authz.resources where name = 'A requirement')",
            "-2 hours",
            "null",
        ),
    ];
    for (person, place, from, until) in grants {
        let sql = format!(
            "begin; set local app.current_organization_id = '{home}';
             insert into authz.resources (resource_type_id, external_id, name)
             select t.id, '{user}', 'A requirement' from authz.resource_types t where t.name = 'requirement';
             insert into authz.user_roles (user_id, role_id, resource_scope_id, valid_from, valid_until)
             select '{user}', r.id, {place}, timestamptz '{now}' + interval '{from}', timestamptz '{now}' + {until}::interval
               from authz.roles r where r.template_code = 'owner' and r.organization_id = '{home}';
             commit",
            home = world.home.id,
            user = person.user_id,
            now = world.clock.now(),
        );
        superuser.batch_execute(&sql).await.unwrap();
    }
    for _ in 0..3 {
        measured(&world, "http.error_rate", "one:7400", 9.0).await;
    }
    let told =
        "select array_agg(recipient_user_id) from platform.notifications where notification_type = 'alert.opened'";
    let told: Vec<uuid::Uuid> = superuser.query_one(told, &[]).await.unwrap().get(0);
    assert_eq!(told, [world.home.owner.user_id]);
}

/// Members bring their own figures, as many as they like; a page shows so many of them.
#[tokio::test]
async fn so_many_figures_are_told_and_that_there_are_more() {
    let world = world().await;
    let server = vec![Sample::of_all("jobs.waiting", 1.0)];
    watching::keep(&world.home.ctx(&world.kernel), server).await.unwrap();
    let told = async || {
        let ctx = world.home.ctx(&world.kernel);
        let tx = ctx.begin_read().await.unwrap();
        let told = watching::figures(&tx, ctx.now(), SignedDuration::from_hours(24), 300.0).await.unwrap();
        tx.commit().await.unwrap();
        told
    };
    let most = usize::try_from(watching::MOST).unwrap();
    let made_up = |from: usize, to: usize| {
        (from..to).map(|n| Sample::of("service.availability", &format!("{n:04}"), 100.0)).collect::<Vec<_>>()
    };
    watching::keep(&world.home.ctx(&world.kernel), made_up(1, most)).await.unwrap();
    let all = told().await;
    assert_eq!((all.first.len(), all.are_more), (most, false));
    watching::keep(&world.home.ctx(&world.kernel), made_up(most, most + 3)).await.unwrap();
    let some = told().await;
    assert_eq!((some.first.len(), some.are_more), (most, true));
    assert_eq!((some.first[0].metric.as_str(), some.first[0].latest), ("jobs.waiting", Some(1.0)));
    assert!(some.first.iter().all(|figure| figure.latest.is_some()));
}

/// A server that is gone leaves no alert behind.
#[tokio::test]
async fn what_is_no_longer_measured_is_closed() {
    let world = world().await;
    for _ in 0..3 {
        measured(&world, "http.error_rate", "gone:7400", 9.0).await;
    }
    assert_eq!(alerts(&world).await.len(), 1);
    world.clock.advance(SignedDuration::from_hours(25));
    measured(&world, "http.error_rate", "here:7400", 0.0).await;
    assert!(alerts(&world).await.is_empty());
    let superuser = world.superuser().await.unwrap();
    let row = superuser.query_one("select outcome from platform.metric_alerts", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "no_longer_measured");
}

/// Growth is told from measured sizes, and not from too few of them.
/// Proves REQ-77.6.
#[tokio::test]
async fn growth_and_the_days_left_follow_from_the_sizes_so_far() {
    let world = world().await;
    let gigabyte = 1e9;
    let day = |days: f64| 10.0 * gigabyte + days * gigabyte;
    let store = async |hours: i64| {
        let sql = "insert into platform.metric_samples (id, metric_name, value, observed_at)
                   select (left(platform.uuid_v7_floor(m)::text, 24) || substr(md5(random()::text), 1, 12))::uuid, 'db.size', $1, m
                     from (select now() - make_interval(hours => $2) as m) x";
        let hours = i32::try_from(hours).unwrap();
        let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
        tx.execute(sql, &[&day(-f64::from(hours) / 24.0), &hours]).await.unwrap();
        tx.commit().await.unwrap();
    };
    let look = async || {
        world.clock.advance(SignedDuration::from_mins(5));
        let samples = vec![Sample::of_all("db.size", day(0.0)), Sample::of_all("disk.free", 20.0 * gigabyte)];
        let kept = watching::keep(&world.home.ctx(&world.kernel), samples).await.unwrap();
        let of = |name: &str| kept.iter().find(|sample| sample.metric == name).map(|sample| sample.value);
        (of("db.growth"), of("disk.days_left"))
    };
    assert_eq!(look().await, (None, None), "one size tells nothing");
    for hours in 1..=20 {
        store(hours).await;
    }
    assert_eq!(look().await, (None, None), "nor does less than a day");
    for hours in 21..=72 {
        store(hours).await;
    }
    let (growth, left) = look().await;
    assert!((growth.unwrap() / gigabyte - 1.0).abs() < 0.1, "{growth:?} a day instead of a gigabyte");
    assert!((18.0..22.0).contains(&left.unwrap()), "{left:?} days until twenty gigabytes are full");
}

/// Proves REQ-77.7.
#[tokio::test]
async fn old_measurements_are_kept_by_the_hour() {
    let world = world().await;
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let partition = "select platform.ensure_partition('platform.metric_samples', now() - interval '40 days')";
    tx.query_one(partition, &[]).await.unwrap();
    tx.commit().await.unwrap();
    // Two hours at five-minute steps, forty days ago and yesterday, of two servers; and a measurement of quality that nobody thins.
    let sql = "insert into platform.metric_samples (id, metric_name, labels, value, observed_at)
               select (left(platform.uuid_v7_floor(m)::text, 24) || substr(md5(random()::text), 1, 12))::uuid, name, labels, 1, m
                 from (select date_trunc('hour', now() - age, 'UTC') + n * interval '5 minutes' as m
                         from unnest(array[interval '40 days', interval '1 day']) age, generate_series(0, 23) n) t
                cross join (values ('http.request_rate', '{\"of\": \"one\"}'::jsonb), ('http.request_rate', '{\"of\": \"two\"}'),
                                   ('dq.accuracy', '{}')) as k (name, labels)";
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let owner = owner(&world).await;
    let thin = "select platform.thin_metric_samples()";
    assert_eq!(
        owner.query_one(thin, &[]).await.unwrap().get::<_, i64>(0),
        2 * 22,
        "of 24 in two hours two stay, twice"
    );
    assert_eq!(owner.query_one(thin, &[]).await.unwrap().get::<_, i64>(0), 0, "once more finds nothing");
    let superuser = world.superuser().await.unwrap();
    let left = superuser
        .query(
            "select metric_name, count(*) filter (where observed_at < now() - interval '31 days'), count(*) filter (where observed_at > now() - interval '31 days')
               from platform.metric_samples group by 1 order by 1",
            &[],
        )
        .await
        .unwrap();
    let left: Vec<(String, i64, i64)> = left.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(left, [("dq.accuracy".into(), 24, 24), ("http.request_rate".into(), 4, 48)]);
}

/// A lock that nobody gives up, a statement without time, a table that is not there: each is counted once, as what it is; a key
/// that is taken is no failure.
#[tokio::test]
async fn failures_of_the_database_are_counted() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let troubles = || world.kernel.store.status().troubles;
    let before = troubles();
    let busy = world.superuser().await.unwrap();
    busy.batch_execute("begin; lock table platform.services in access exclusive mode").await.unwrap();
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.batch("set local lock_timeout = '10ms'").await.unwrap();
    assert!(tx.query("select 1 from platform.services", &[]).await.is_err());
    drop(tx);
    busy.batch_execute("rollback").await.unwrap();
    for wrong in ["select pg_sleep(10)", "select 1 from nowhere"] {
        let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
        tx.batch("set local statement_timeout = '10ms'").await.unwrap();
        assert!(tx.query(wrong, &[]).await.is_err());
    }
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let again = format!("insert into work.projects (id, name, slug) values ('{project}', 'again', 'again')");
    assert!(tx.execute(&again, &[]).await.is_err());
    drop(tx);
    let after = troubles();
    assert_eq!(after.lock_timeouts - before.lock_timeouts, 1);
    assert_eq!(after.statements - before.statements, 2);
    assert_eq!((after.connections, after.waits), (before.connections, before.waits));
}
