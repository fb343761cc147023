//! What was acknowledged is there after the server, or PostgreSQL, was killed with signal 9 at any moment; what was not is whole
//! or absent. The real program on a database of its own, under concurrent writes and imports.
#![allow(clippy::unwrap_used, missing_docs)]

mod running;

use std::time::{Duration, Instant};

use running::{Load, Server, a_while, check, home, project};

/// Proves REQ-34.1, REQ-34.2, REQ-34.4, REQ-7.3.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    let home = home();
    let data = home.path().join("data");
    let mut server = Server::start(&data).await;
    let project = project(&server.caller()).await;
    let load = Load::begin(server.caller(), &project);
    for _ in 0..4 {
        a_while().await;
        server.kill();
        server = Server::start(&data).await;
        load.turn_to(server.caller());
    }
    a_while().await;
    let acknowledged = load.end().await;
    assert!(!acknowledged.requirements.is_empty() && !acknowledged.imports.is_empty(), "there was load");
    check(&data, &acknowledged).await;
    server.stop().await;
}

/// Proves REQ-34.1, REQ-34.2, REQ-34.3, REQ-34.4.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_comes_back_under_the_running_server() {
    let home = home();
    let data = home.path().join("data");
    let server = Server::start(&data).await;
    let caller = server.caller();
    let project = project(&caller).await;
    let load = Load::begin(caller.clone(), &project);
    for _ in 0..3 {
        a_while().await;
        server.kill_postgres();
        let began = Instant::now();
        tokio::time::sleep(Duration::from_millis(50)).await;
        caller.until_it_serves(Duration::from_secs(10)).await;
        assert!(began.elapsed() < Duration::from_secs(10), "served only after {:?}", began.elapsed());
    }
    a_while().await;
    let acknowledged = load.end().await;
    assert!(!acknowledged.requirements.is_empty() && !acknowledged.imports.is_empty(), "there was load");
    check(&data, &acknowledged).await;
    server.stop().await;
}

/// The disk below the log may be the one that is full. What looks after PostgreSQL goes on when nothing it says is written down.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_takes_no_line_ends_nothing() {
    let home = home();
    let data = home.path().join("data");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let server = Server::start_logging(&data, &["up"], &[("THROUGHLINE_LOG", "info")], Some(full)).await;
    let caller = server.caller();
    assert!(caller.serves().await);
    server.kill_postgres();
    tokio::time::sleep(Duration::from_millis(50)).await;
    caller.until_it_serves(Duration::from_secs(30)).await;
    server.stop().await;
}
