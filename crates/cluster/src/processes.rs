//! Processes of an earlier server that may still use the data: an orphaned postmaster, backends whose postmaster was killed.
//!
//! A new server must not start beside them: PostgreSQL detects most cases through its shared memory and refuses, which
//! is safe but leaves the product down. So they are ended first. An orphaned postmaster is stopped, not adopted: it may
//! run with the settings or the program of an older release, and a server that is not our child could not be waited for.

use crate::error::Error;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a fast shutdown of an orphan may take before it becomes an immediate one.
const FAST: Duration = Duration::from_secs(10);
/// How long after SIGQUIT before SIGKILL, and how long after SIGKILL before giving up.
const IMMEDIATE: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(10);

/// Ends every process that still uses `pgdata`, and removes a `postmaster.pid` that would block a start for nothing.
///
/// Must only be called while nobody else may start a server on these data.
///
/// # Errors
/// [`Error::Leftover`] when a process does not end.
pub async fn clear(pgdata: &Path) -> Result<(), Error> {
    let recorded = postmaster_pid(pgdata);
    if let Some(postmaster) = recorded.filter(|pid| uses(*pid, pgdata)) {
        tracing::warn!(postmaster.pid = postmaster, "stopping the PostgreSQL that an earlier process left running");
        end(
            &[postmaster],
            pgdata,
            &[(Signal::SIGINT, FAST), (Signal::SIGQUIT, IMMEDIATE), (Signal::SIGKILL, IMMEDIATE)],
        )
        .await?;
    }
    let leftovers = users_of(pgdata);
    if !leftovers.is_empty() {
        tracing::warn!(processes = leftovers.len(), "ending server processes whose postmaster is gone");
        end(&leftovers, pgdata, &[(Signal::SIGQUIT, IMMEDIATE), (Signal::SIGKILL, IMMEDIATE)]).await?;
    }
    // What is recorded is either dead, which PostgreSQL notices itself, or it is a stranger that was given the same
    // process id (usual in containers) or garbage; PostgreSQL would refuse to start because of the latter two.
    let file = pgdata.join("postmaster.pid");
    if can_inspect() && file.exists() && recorded.is_none_or(is_alive) {
        tracing::warn!("removing a stale postmaster.pid");
        // If it cannot be removed, PostgreSQL's own message about it is the better one.
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}

/// Sends each signal in turn until all of `pids` are gone.
async fn end(pids: &[i32], pgdata: &Path, steps: &[(Signal, Duration)]) -> Result<(), Error> {
    for (signal, patience) in steps {
        for pid in pids.iter().filter(|pid| uses(**pid, pgdata)) {
            // Gone in the meantime is what we want.
            let _ = kill(Pid::from_raw(*pid), *signal);
        }
        let deadline = Instant::now() + *patience;
        while Instant::now() < deadline {
            if !pids.iter().any(|pid| uses(*pid, pgdata)) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    }
    match pids.iter().find(|pid| uses(**pid, pgdata)) {
        Some(pid) => Err(Error::Leftover { pid: *pid, directory: pgdata.to_path_buf() }),
        None => Ok(()),
    }
}

/// The process id in the first line of `postmaster.pid`.
pub(crate) fn postmaster_pid(pgdata: &Path) -> Option<i32> {
    let text = std::fs::read_to_string(pgdata.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok().filter(|pid| *pid > 0)
}

/// Whether the process exists (a zombie counts: its id is taken).
#[must_use]
pub fn is_alive(pid: i32) -> bool {
    !matches!(kill(Pid::from_raw(pid), None), Err(nix::errno::Errno::ESRCH))
}

/// Whether `/proc` tells where a process works.
fn can_inspect() -> bool {
    Path::new("/proc/self/cwd").exists()
}

/// Whether `pid` is a live server process of `pgdata`: PostgreSQL's processes work in their data directory. Without
/// `/proc`, a process of the recorded id with the right name has to do.
fn uses(pid: i32, pgdata: &Path) -> bool {
    if can_inspect() {
        let process = PathBuf::from(format!("/proc/{pid}"));
        return std::fs::read_link(process.join("cwd")).is_ok_and(|directory| directory == pgdata)
            && std::fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres");
    }
    std::process::Command::new("ps")
        .args(["-o", "comm=", "-p", &pid.to_string()])
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

/// Every server process of `pgdata`, where `/proc` can tell; elsewhere PostgreSQL's own check has to wait for them.
fn users_of(pgdata: &Path) -> Vec<i32> {
    if !can_inspect() {
        return Vec::new();
    }
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|pid| uses(*pid, pgdata)).collect()
}
