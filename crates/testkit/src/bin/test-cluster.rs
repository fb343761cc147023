//! `test-cluster stop` ends the PostgreSQL that the tests of this checkout share, and removes its data.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), testkit::Failure> {
    match std::env::args().nth(1).as_deref() {
        Some("stop") => testkit::stop_shared_cluster().await,
        _ => Err("usage: test-cluster stop".into()),
    }
}
