//! What the tests of this crate share: directories that PostgreSQL's account can reach, and a process that can be killed.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use cluster::{Cluster, Durability, Options, Role};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A directory that is removed at the end, open for passing through.
pub fn home() -> tempfile::TempDir {
    let home = tempfile::Builder::new().prefix("throughline-test-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    home
}

/// Options for a cluster whose data are thrown away, which makes the tests quick; everything else is as in production.
pub fn options(data: &Path) -> Options {
    Options { durability: Durability::Throwaway, ..Options::new(data) }
}

pub async fn start(data: &Path) -> Cluster {
    Cluster::start(options(data)).await.unwrap()
}

pub async fn connect(config: &tokio_postgres::Config) -> tokio_postgres::Client {
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub async fn owner(cluster: &Cluster) -> tokio_postgres::Client {
    connect(&cluster.connections().config(Role::Owner)).await
}

/// Another process that holds a cluster, and the process id of its postmaster.
pub struct Holder {
    pub process: Child,
    pub postmaster: i32,
}

impl Holder {
    pub fn start(data: &Path) -> Self {
        let tests = std::env::current_exe().unwrap();
        let program: PathBuf = tests.parent().unwrap().parent().unwrap().join("examples/start");
        assert!(program.exists(), "build it first: cargo build -p cluster --example start");
        let mut process =
            Command::new(program).arg(data).arg("--hold").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let postmaster = line.trim().parse().unwrap_or_else(|_| panic!("the holder did not start: {line:?}"));
        Self { process, postmaster }
    }

    pub fn kill(mut self) -> i32 {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.postmaster
    }
}

/// Whether a process runs; a zombie does not.
pub fn runs(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

/// Waits until `done`, and fails with `what` after `limit`.
pub async fn eventually(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn signal(pid: i32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
}
