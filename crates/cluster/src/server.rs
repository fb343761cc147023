//! One run of the `postgres` program as our child: made, started, waited for, stopped.
//!
//! Beside it runs a *guard*, a few lines of shell that wait on a pipe whose other end only we hold. When we die, however
//! we die, the kernel closes the pipe and the guard shuts the server down. (The kernel's own "signal me when my parent
//! dies" is tied to a thread rather than a process and needs unsafe code.) If the guard is killed as well, the next
//! start finds the orphan and stops it.

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{Doing, Error};
use crate::layout::{Layout, SUPERUSER, last_lines};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long the server may live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as this process, at most.
    Process,
    /// As long as something keeps touching `file`: the server ends when the file's last change is more than two
    /// minutes old. Dropping the [`crate::Cluster`] leaves the server running. For databases shared by many test processes.
    Heartbeat {
        /// The file whose modification time counts.
        file: PathBuf,
    },
}

/// Waits for its standard input to close, then shuts the server down, unless that is another server by now.
const GUARD_OF_PROCESS: &str = r#"
read -r _
"#;

/// Looks every few seconds whether the heartbeat is still fresh.
const GUARD_OF_HEARTBEAT: &str = r#"
while kill -0 "$1" 2>/dev/null; do
  [ -n "$(find "$3" -mmin -2 2>/dev/null)" ] || break
  sleep 2
done
"#;

/// Fast shutdown, and an immediate one after 20 seconds.
const GUARD_STOPS: &str = r#"
ours() { read -r pid 2>/dev/null <"$2/postmaster.pid" && [ "$pid" = "$1" ] && kill -0 "$1" 2>/dev/null; }
ours "$1" "$2" || exit 0
kill -INT "$1"
n=0
while [ $n -lt 200 ]; do
  ours "$1" "$2" || exit 0
  sleep 0.1
  n=$((n + 1))
done
kill -QUIT "$1"
"#;

/// A running `postgres`, its guard, and where in the log its messages begin.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    guard: Child,
    log_start: u64,
    dies_with_us: bool,
}

/// Makes the cluster's files in one step: a crash halfway leaves nothing that looks like data.
pub(crate) async fn make_cluster(
    binaries: &Binaries,
    account: &Account,
    layout: &Layout,
    sync: bool,
) -> Result<(), Error> {
    let unfinished = layout.root.join("postgres.unfinished");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).doing(|| format!("remove {}", unfinished.display()))?;
    }
    account.make_private(&unfinished)?;
    let mut command = account.command(&binaries.program("initdb"));
    command.arg("-D").arg(&unfinished).args([
        "-U",
        SUPERUSER,
        "--data-checksums",
        "--encoding=UTF8",
        "--no-instructions",
    ]);
    command.args(["--auth-local=peer", "--auth-host=reject"]);
    // Byte order everywhere: an update of the C library or of ICU can then never reorder an index. Case mapping
    // still knows Unicode. PostgreSQL 17 brings the same without the operating system's help.
    if binaries.version().major >= 17 {
        command.args(["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
    } else {
        let character_types = if cfg!(target_os = "macos") { "UTF-8" } else { "C.UTF-8" };
        command.args(["--locale=C", &format!("--lc-ctype={character_types}")]);
    }
    // Asking once for the whole file system is several times quicker than initdb's asking for each of a thousand files.
    if !sync || cfg!(target_os = "linux") {
        command.arg("--no-sync");
    }
    // The account may not be allowed into the directory that we were started in.
    command.current_dir("/");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .doing(|| "run initdb".to_owned())?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        return Err(Error::Program {
            program: "initdb",
            status: output.status.to_string(),
            output: last_lines(&String::from_utf8_lossy(&text)),
        });
    }
    if sync {
        sync_file_system(&unfinished)?;
    }
    std::fs::rename(&unfinished, &layout.pgdata)
        .doing(|| format!("move the new cluster to {}", layout.pgdata.display()))
}

/// Brings everything on the file system of `directory` to disk.
#[cfg(target_os = "linux")]
fn sync_file_system(directory: &Path) -> Result<(), Error> {
    let doing = || format!("bring {} to disk", directory.display());
    let file = std::fs::File::open(directory).doing(doing)?;
    nix::unistd::syncfs(file).map_err(std::io::Error::from).doing(doing)
}

/// Elsewhere initdb has already done it, file by file.
#[cfg(not(target_os = "linux"))]
fn sync_file_system(_directory: &Path) -> Result<(), Error> {
    Ok(())
}

impl Server {
    /// Starts the program and its guard; does not wait until it is ready. `settings` hold for this run alone.
    pub(crate) fn spawn(
        binaries: &Binaries,
        account: &Account,
        layout: &Layout,
        lifetime: &Lifetime,
        settings: &[(&str, String)],
    ) -> Result<Self, Error> {
        let (log, log_start) = layout.open_log()?;
        let doing = || format!("start {}", binaries.program("postgres").display());
        let mut child = account
            .command(&binaries.program("postgres"))
            .arg("-D")
            .arg(&layout.pgdata)
            .args(settings.iter().flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]))
            .current_dir("/")
            .stdout(log.try_clone().doing(doing)?)
            .stderr(log)
            .spawn()
            .doing(doing)?;
        match spawn_guard(account, &layout.pgdata, child.id(), lifetime) {
            Ok(guard) => Ok(Self { child, guard, log_start, dies_with_us: *lifetime == Lifetime::Process }),
            Err(error) => {
                // Better no server than one that nobody would stop.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// The process id of the postmaster.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has ended, and how. Ends the guard too, since there is nothing left to guard.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten()?;
        self.end_guard();
        Some(status)
    }

    /// Waits until the server takes connections. Crash recovery may take long: `patience` bounds the whole.
    pub(crate) async fn ready(
        &mut self,
        layout: &Layout,
        superuser: &tokio_postgres::Config,
        patience: Duration,
    ) -> Result<tokio_postgres::Client, Error> {
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(1);
        loop {
            if let Ok((client, connection)) = superuser.connect(tokio_postgres::NoTls).await {
                tokio::spawn(connection);
                return Ok(client);
            }
            if let Some(status) = self.ended() {
                return Err(Error::Program {
                    program: "postgres",
                    status: status.to_string(),
                    output: layout.log_tail(self.log_start),
                });
            }
            if Instant::now() > deadline {
                return Err(Error::NotReady {
                    seconds: patience.as_secs(),
                    log: layout.log.clone(),
                    output: layout.log_tail(self.log_start),
                });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Asks for a fast shutdown (open transactions are rolled back), then for an immediate one, then insists.
    pub(crate) async fn stop(mut self, patience: Duration) {
        for (signal, patience) in shutdown_steps(patience) {
            self.signal(signal);
            let deadline = Instant::now() + patience;
            while Instant::now() < deadline {
                if self.ended().is_some() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tracing::warn!(?signal, waited_ms = patience.as_millis() as u64, "PostgreSQL did not stop in time");
        }
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // The child is not reaped yet, so the id cannot belong to anybody else.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    fn end_guard(&mut self) {
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }
}

impl Drop for Server {
    /// The last resort when nobody called `stop`: the same, blocking, for a few seconds at most.
    fn drop(&mut self) {
        if !self.dies_with_us || self.ended().is_some() {
            return;
        }
        for (signal, patience) in shutdown_steps(Duration::from_secs(5)) {
            self.signal(signal);
            let deadline = Instant::now() + patience;
            while Instant::now() < deadline {
                if self.ended().is_some() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn shutdown_steps(patience: Duration) -> [(Signal, Duration); 3] {
    [(Signal::SIGINT, patience), (Signal::SIGQUIT, Duration::from_secs(5)), (Signal::SIGKILL, Duration::from_secs(2))]
}

fn spawn_guard(account: &Account, pgdata: &Path, postmaster: u32, lifetime: &Lifetime) -> Result<Child, Error> {
    let (waits, heartbeat) = match lifetime {
        Lifetime::Process => (GUARD_OF_PROCESS, Path::new("")),
        Lifetime::Heartbeat { file } => (GUARD_OF_HEARTBEAT, file.as_path()),
    };
    let mut command = account.command(Path::new("/bin/sh"));
    command.arg("-c").arg(format!("{waits}{GUARD_STOPS}")).arg("throughline-guard").arg(postmaster.to_string());
    command.arg(pgdata).arg(heartbeat).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    if *lifetime == Lifetime::Process {
        // Our end closes when we die; the standard library marks it so that no other child of ours inherits it.
        command.stdin(Stdio::piped());
    }
    command.spawn().doing(|| "start the guard of PostgreSQL (/bin/sh)".to_owned())
}
