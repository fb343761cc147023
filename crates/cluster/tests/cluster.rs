//! The private cluster: it starts, stops, starts again, and survives what is done to it.
#![allow(clippy::unwrap_used)]

mod common;

use cluster::{Cluster, Database, Error, External, Options, Role, State};
use common::{Holder, connect, eventually, home, options, owner, runs, signal, start};
use nix::sys::signal::Signal;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

#[tokio::test]
async fn data_outlive_a_stop_and_nothing_keeps_running() {
    let home = home();
    let data = home.path().join("data");
    let cluster = start(&data).await;
    let postmaster = i32::try_from(cluster.postmaster_pid().unwrap()).unwrap();
    owner(&cluster).await.batch_execute("create table kept (n int); insert into kept values (42)").await.unwrap();
    cluster.stop().await;
    assert!(!runs(postmaster), "the postmaster stopped");
    let guards =
        std::process::Command::new("pgrep").args(["-f", &format!("throughline-guard {postmaster} ")]).output().unwrap();
    assert!(guards.stdout.is_empty(), "the guard ended with it");

    let cluster = start(&data).await;
    assert_eq!(owner(&cluster).await.query_one("select n from kept", &[]).await.unwrap().get::<_, i32>(0), 42);
    cluster.stop().await;
}

/// Proves REQ-2.1.
#[tokio::test]
async fn the_cluster_is_private_durable_and_orders_text_by_bytes() {
    let home = home();
    let data = home.path().join("data");
    let cluster = Cluster::start(Options::new(&data)).await.unwrap();
    let client = owner(&cluster).await;
    let setting =
        async |name: &str| -> String { client.query_one("select current_setting($1)", &[&name]).await.unwrap().get(0) };
    assert_eq!(setting("listen_addresses").await, "");
    assert_eq!(setting("data_checksums").await, "on");
    assert_eq!(setting("server_encoding").await, "UTF8");
    assert_eq!((setting("fsync").await, setting("synchronous_commit").await), ("on".into(), "on".into()));
    assert_eq!(setting("jit").await, "off");
    let row =
        client.query_one("select array_agg(t order by t)::text, upper('é') from unnest(array['a','B','é','Z']) t", &[]);
    let row = row.await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("{B,Z,a,é}", "É"));
    let row = client
        .query_one("select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user", &[]);
    let row = row.await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (false, false, true));

    let mode = |path: &str| std::fs::metadata(data.join(path)).unwrap().mode() & 0o777;
    assert_eq!((mode("cluster.json"), mode("socket"), mode("postgres"), mode("lock")), (0o600, 0o700, 0o700, 0o600));
    drop(client);
    cluster.stop().await;
}

#[tokio::test]
async fn roles_need_their_password_and_only_the_owner_of_the_files_is_superuser() {
    let home = home();
    let cluster = start(&home.path().join("data")).await;
    let client = owner(&cluster).await;
    client.batch_execute("create role application_user login noinherit nobypassrls").await.unwrap();
    cluster.open_logins().await.unwrap();
    let application = connect(&cluster.connections().config(Role::Application)).await;
    assert!(application.batch_execute("create table public.mine ()").await.is_err(), "the application creates nothing");

    let mut wrong = cluster.connections().config(Role::Owner);
    wrong.password("guess");
    let refusal = wrong.connect(tokio_postgres::NoTls).await.err().unwrap();
    assert_eq!(refusal.code(), Some(&tokio_postgres::error::SqlState::INVALID_PASSWORD));

    let url: tokio_postgres::Config = cluster.connections().url(Role::Application).parse().unwrap();
    connect(&url).await.query_one("select 1", &[]).await.unwrap();
    drop((client, application));
    cluster.stop().await;
}

/// Proves REQ-2.4.
#[tokio::test]
async fn a_second_instance_is_refused_and_the_holder_is_named() {
    let home = home();
    let data = home.path().join("data");
    let holder = Holder::start(&data);
    let message = Cluster::start(options(&data)).await.unwrap_err().to_string();
    assert!(message.contains(&format!("(process {})", holder.process.id())), "{message}");
    assert!(message.contains("stop it first"), "{message}");
    assert!(runs(holder.postmaster), "the first instance is left alone");
    holder.kill();
}

#[tokio::test]
async fn when_we_are_killed_the_server_goes_down_by_itself() {
    let home = home();
    let data = home.path().join("data");
    let postmaster = Holder::start(&data).kill();
    eventually("the guard stops the server", Duration::from_secs(20), || !runs(postmaster)).await;
    // A clean shutdown removes the file; a crash would leave it.
    assert!(!data.join("postgres/postmaster.pid").exists());
}

/// Proves REQ-2.5.
#[tokio::test]
async fn killed_again_and_again_every_committed_row_is_there() {
    let home = home();
    let data = home.path().join("data");
    for round in 0..3 {
        let holder = Holder::start(&data);
        let client = connect(&cluster::Connections::read(&data).unwrap().config(Role::Owner)).await;
        client.batch_execute("create table if not exists kept (round int)").await.unwrap();
        client.execute("insert into kept values ($1)", &[&round]).await.unwrap();
        holder.kill();
    }
    // Started at once, while the guard may still be stopping the server before.
    let cluster = Cluster::start(Options::new(&data)).await.unwrap();
    let rows: i64 = owner(&cluster).await.query_one("select count(*) from kept", &[]).await.unwrap().get(0);
    assert_eq!(rows, 3);
    cluster.stop().await;
}

/// Proves REQ-2.5.
#[tokio::test]
async fn an_orphaned_server_without_a_guard_is_stopped_and_replaced() {
    let home = home();
    let data = home.path().join("data");
    let holder = Holder::start(&data);
    let guard = std::process::Command::new("pgrep")
        .args(["-f", &format!("throughline-guard {} ", holder.postmaster)])
        .output()
        .unwrap();
    let guard: i32 = String::from_utf8(guard.stdout).unwrap().trim().parse().unwrap();
    signal(guard, Signal::SIGKILL);
    let orphan = holder.kill();
    assert!(runs(orphan), "without a guard the orphan lives on");

    let cluster = start(&data).await;
    assert!(!runs(orphan));
    assert_ne!(cluster.postmaster_pid().unwrap(), orphan.unsigned_abs());
    owner(&cluster).await.query_one("select 1", &[]).await.unwrap();
    cluster.stop().await;
}

#[tokio::test]
async fn a_stale_pid_file_that_names_a_stranger_does_not_block() {
    let home = home();
    let data = home.path().join("data");
    start(&data).await.stop().await;
    // Process ids are given out again: here it is a process that has nothing to do with PostgreSQL.
    let mut stranger = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let file = data.join("postgres/postmaster.pid");
    std::fs::write(&file, format!("{}\n{}\n1\n5432\n", stranger.id(), data.join("postgres").display())).unwrap();
    let cluster = start(&data).await;
    owner(&cluster).await.query_one("select 1", &[]).await.unwrap();
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger is left alone");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    cluster.stop().await;
}

#[tokio::test]
async fn a_killed_postmaster_serves_again_within_ten_seconds() {
    let home = home();
    let cluster = Cluster::start(Options::new(home.path().join("data"))).await.unwrap().supervise();
    let client = owner(&cluster).await;
    client.batch_execute("create table kept (n int)").await.unwrap();
    for round in 0..3 {
        let client = owner(&cluster).await;
        client.execute("insert into kept values ($1)", &[&round]).await.unwrap();
        // A busy backend does not notice at once that its postmaster is gone, and keeps the shared memory.
        let busy = owner(&cluster).await;
        let busy = tokio::spawn(async move { busy.batch_execute("do $$ begin loop end loop; end $$").await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut state = cluster.state();
        state.mark_unchanged();
        let began = Instant::now();
        signal(i32::try_from(cluster.postmaster_pid().unwrap()).unwrap(), Signal::SIGKILL);
        let limit = Duration::from_secs(10);
        tokio::time::timeout(limit, state.wait_for(|state| *state == State::Recovering)).await.unwrap().unwrap();
        tokio::time::timeout(limit, state.wait_for(|state| *state == State::Serving)).await.unwrap().unwrap();
        assert!(began.elapsed() < limit);
        assert!(busy.await.unwrap().is_err());
        let rows: i64 = owner(&cluster).await.query_one("select count(*) from kept", &[]).await.unwrap().get(0);
        assert_eq!(rows, i64::from(round) + 1);
    }
    cluster.stop().await;
}

/// Proves REQ-2.3 as root.
#[tokio::test]
async fn started_as_root_it_becomes_somebody_else_without_roots_groups() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let home = home();
    let cluster =
        Cluster::start(Options { user: Some("nobody".into()), ..options(&home.path().join("data")) }).await.unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", cluster.postmaster_pid().unwrap())).unwrap();
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    assert_eq!(field("Uid:"), vec![nobody.uid.to_string(); 4]);
    assert_eq!(field("Gid:"), vec![nobody.gid.to_string(); 4]);
    assert!(field("Groups:").is_empty());
    cluster.stop().await;
}

#[tokio::test]
async fn a_link_planted_among_the_servers_files_is_not_written_through() {
    let home = home();
    let data = home.path().join("data");
    start(&data).await.stop().await;
    let precious = home.path().join("precious");
    std::fs::write(&precious, "kept").unwrap();
    for name in ["pg_hba.conf", "pg_hba.conf.new"] {
        let _ = std::fs::remove_file(data.join("postgres").join(name));
        std::os::unix::fs::symlink(&precious, data.join("postgres").join(name)).unwrap();
    }
    let cluster = start(&data).await;
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "kept");
    owner(&cluster).await.query_one("select 1", &[]).await.unwrap();
    cluster.stop().await;
}

#[tokio::test]
async fn a_closed_directory_on_the_way_is_named_with_what_to_do() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let home = home();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let message = Cluster::start(options(&home.path().join("data"))).await.unwrap_err().to_string();
    assert!(message.contains(&format!("may not enter {} (mode 0700)", home.path().display())), "{message}");
    assert!(message.contains("--data"), "{message}");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_a_short_private_one_that_is_remembered() {
    let home = home();
    let data = home.path().join("x".repeat(120));
    let holder = Holder::start(&data);
    let socket = |data: &std::path::Path| {
        let text = std::fs::read(data.join("cluster.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        std::path::PathBuf::from(json["socket_directory"].as_str().unwrap())
    };
    let first = socket(&data);
    assert!(!first.starts_with(&data) && first.as_os_str().len() < 80, "{first:?}");
    assert_eq!(std::fs::metadata(&first).unwrap().mode() & 0o777, 0o700);
    holder.kill();
    let cluster = start(&data).await;
    assert_eq!(socket(&data), first, "a crash does not leave directories behind one by one");
    owner(&cluster).await.query_one("select 1", &[]).await.unwrap();
    cluster.stop().await;
    assert!(!first.exists(), "a clean stop removes it");
}

/// Proves REQ-2.7.
#[tokio::test]
async fn a_server_that_is_managed_elsewhere_is_used_and_left_running() {
    let home = home();
    let cluster = start(&home.path().join("data")).await;
    let database =
        Database::open(Some(&cluster.connections().url(Role::Owner)), options(&home.path().join("unused"))).await;
    let database = database.unwrap();
    assert!(matches!(&database, Database::External(external) if external.version().is_suitable()));
    connect(database.way(Role::Application).config()).await.query_one("select 1", &[]).await.unwrap();
    database.stop().await;
    owner(&cluster).await.query_one("select 1", &[]).await.unwrap();
    assert!(!home.path().join("unused").exists(), "nothing was made");
    cluster.stop().await;
    assert!(matches!(External::connect("postgresql://nobody:secret@127.0.0.1:1/x").await, Err(Error::Connect { .. })));
}

/// What looks after a database works while somebody serves it, and leaves it running.
#[tokio::test]
async fn a_database_that_is_being_served_is_looked_after_beside_its_server() {
    let home = home();
    let data = home.path().join("data");
    let cluster = start(&data).await;
    assert!(matches!(Database::open(None, options(&data)).await, Err(Error::InUse { .. })));
    let database = Database::open_beside(None, options(&data)).await.unwrap();
    assert!(matches!(&database, Database::Beside(_)));
    connect(database.way(Role::Owner).config()).await.query_one("select 1", &[]).await.unwrap();
    database.stop().await;
    owner(&cluster).await.query_one("select 1", &[]).await.unwrap();
    cluster.stop().await;
    let alone = Database::open_beside(None, options(&data)).await.unwrap();
    assert!(matches!(&alone, Database::Embedded(_)), "with nobody there it starts the cluster itself");
    alone.stop().await;
}

#[tokio::test]
async fn dropping_the_cluster_stops_the_server() {
    let home = home();
    let cluster = start(&home.path().join("data")).await.supervise();
    let postmaster = i32::try_from(cluster.postmaster_pid().unwrap()).unwrap();
    drop(cluster);
    assert!(!runs(postmaster));
}
