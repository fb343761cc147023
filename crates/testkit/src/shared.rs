//! One throw-away PostgreSQL for all test processes of a workspace.
//!
//! Test runners start a process a test, so the server must belong to none of them. The first to come starts it, under a file
//! lock that makes the others wait; every process that uses it touches a heartbeat file; the server's guard ends it when the
//! heartbeat is two minutes old, or `test-cluster stop` does at the end of a run. An interrupted run leaves nothing for longer.

use cluster::{Cluster, Connections, Durability, Lifetime, Options};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;
use tokio_postgres::Client;

/// Why a test database could not be had.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Where the shared cluster of this workspace lives: a directory of its own for each checkout, outside of it because the
/// account that runs PostgreSQL may not be allowed in there.
pub(crate) fn directory() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checkout = checkout.canonicalize().unwrap_or(checkout);
    let digest = Sha256::digest(checkout.as_os_str().as_encoded_bytes());
    let key: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let user = nix::unistd::geteuid();
    room().join(format!("throughline-tests-{user}-{key}"))
}

/// What a run of all tests needs, several times over.
const ROOM_IN_MEMORY: u64 = 3 << 30;

/// `TMPDIR` when that is set, else memory where there is plenty, else the disk. A database is a few thousand small files, and a
/// file system on a disk takes longer and longer to make files where many were removed in the last minute: of a test's
/// second, most was that.
fn room() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = || nix::sys::statvfs::statvfs(memory).map_or(0, |room| room.blocks_available() * room.fragment_size());
    if std::env::var_os("TMPDIR").is_none() && cfg!(target_os = "linux") && free() >= ROOM_IN_MEMORY {
        return memory.to_owned();
    }
    std::env::temp_dir()
}

/// Connects to the shared cluster in `directory` as its superuser; starts it when it does not run.
pub(crate) async fn connect(directory: &Path) -> Result<(Connections, Client), Failure> {
    DirBuilder::new().recursive(true).mode(0o711).create(directory)?;
    beat(directory)?;
    if let Some(found) = answering(directory).await {
        return Ok(found);
    }
    let _turn = turn(directory).await?;
    // Whoever held the lock before us has probably started it.
    if let Some(found) = answering(directory).await {
        return Ok(found);
    }
    // Dropping the handle leaves the server running: it lives by the heartbeat.
    drop(Cluster::start(options(directory)).await?);
    answering(directory).await.ok_or_else(|| "the shared test server started and does not answer".into())
}

/// Stops the shared cluster of this workspace and removes its data. Nothing to stop is fine.
///
/// # Errors
/// When a process of the server does not end or the files cannot be removed.
pub async fn stop_shared_cluster() -> Result<(), Failure> {
    stop(&directory()).await
}

pub(crate) async fn stop(directory: &Path) -> Result<(), Failure> {
    if !directory.exists() {
        return Ok(());
    }
    let _turn = turn(directory).await?;
    cluster::end_processes(&directory.join("data/postgres")).await?;
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

fn options(directory: &Path) -> Options {
    Options {
        durability: Durability::Throwaway,
        lifetime: Lifetime::Heartbeat { file: directory.join("heartbeat") },
        ..Options::new(directory.join("data"))
    }
}

/// Waits for the lock that starting, stopping and making templates take turns with. The kernel frees it when its holder
/// dies, so an interrupted test blocks nobody.
pub(crate) async fn turn(directory: &Path) -> Result<File, Failure> {
    let path = directory.join("turn");
    let file = tokio::task::spawn_blocking(move || -> std::io::Result<File> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        Ok(file)
    });
    Ok(file.await??)
}

async fn answering(directory: &Path) -> Option<(Connections, Client)> {
    let connections = Connections::read(&directory.join("data")).ok()?;
    let (client, connection) = connections.superuser().connect(tokio_postgres::NoTls).await.ok()?;
    tokio::spawn(connection);
    Some((connections, client))
}

/// Touches the heartbeat now, and from now on every ten seconds for as long as this process lives.
fn beat(directory: &Path) -> Result<(), Failure> {
    static BEATING: Once = Once::new();
    let file = directory.join("heartbeat");
    let touch = move || std::fs::write(&file, []);
    touch()?;
    BEATING.call_once(|| {
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(10));
                // The directory is gone once the run is over.
                let _ = touch();
            }
        });
    });
    Ok(())
}
