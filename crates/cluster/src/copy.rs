//! Copies of a private cluster: what it takes to make one while it serves, and how one becomes a cluster again.
//!
//! What a copy is stored in, and how, is not known here. A copy becomes a cluster under a name of its own
//! (`postgres.unfinished`) and is only moved to its place when PostgreSQL has replayed the log and promoted it, so that a
//! crash halfway leaves nothing that looks like data.

use crate::account::Account;
use crate::binaries::Binaries;
use crate::cluster::{Options, configure, connections, furnish};
use crate::error::{Doing, Error};
use crate::layout::{Connections, Layout, PORT, SUPERUSER, last_lines};
use crate::lock::InstanceLock;
use crate::server::{Lifetime, Server};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What belongs to the running cluster, or is made anew by a start: everything else in a data directory is worth keeping
/// beside the database. Names that begin with one of these.
const NOT_KEPT: [&str; 5] = ["postgres", "socket", "lock", "cluster.json", "restoring"];

/// `pg_basebackup` of the private cluster in `data_dir`, which must be running: one tar on standard output with all that is
/// needed to start from it, the log of its duration included; on standard error, where in the log it begins and ends.
///
/// # Errors
/// When there is no cluster in that directory, or its programs are not there.
pub fn base_copy(data_dir: &Path) -> Result<Command, Error> {
    let layout = Layout::prepare(data_dir)?;
    let connections = Connections::read(&layout.root)?;
    let binaries = Binaries::find(None, layout.existing_major())?;
    let account = Account::choose(None, &layout.pgdata)?;
    let mut command = account.command(&binaries.program("pg_basebackup"));
    command.arg("-h").arg(&connections.socket_directory).args(["-p", &PORT.to_string(), "-U", SUPERUSER]);
    command.args(["-D", "-", "-F", "tar", "-X", "fetch", "-c", "fast", "-v", "--no-password", "-l", "throughline"]);
    command.env("LC_ALL", "C").current_dir("/");
    Ok(command)
}

/// Where the cluster in `data_dir` writes its log.
#[must_use]
pub fn log_directory(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres/pg_wal")
}

/// The files and directories at the top of `data_dir` that a copy of the database does not hold.
///
/// # Errors
/// When the directory cannot be read.
pub fn other_files(data_dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let doing = || format!("list {}", data_dir.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(data_dir).doing(doing)? {
        let entry = entry.doing(doing)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !NOT_KEPT.iter().any(|begin| name.starts_with(begin)) && !name.ends_with(".new") {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// How far to replay the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// All there is.
    End,
    /// The last transaction that was committed at or before this moment, as PostgreSQL reads it, with its zone in numbers.
    Moment(String),
    /// The restore point of this name.
    Point(String),
}

/// A new data directory that is being filled from a copy. Dropped before [`Restoration::recover`], it leaves its files behind
/// under the name of something unfinished.
#[derive(Debug)]
pub struct Restoration {
    layout: Layout,
    account: Account,
    binaries: Binaries,
    _lock: InstanceLock,
}

impl Restoration {
    /// Prepares the data directory of `options`, which must not be there yet or be empty, for a copy of the major version `major`.
    ///
    /// # Errors
    /// When there is anything in it, or no PostgreSQL of that version on this machine.
    pub fn begin(options: &Options, major: u32) -> Result<Self, Error> {
        let binaries = Binaries::find(options.binaries.as_deref(), Some(major))?;
        let mut layout = Layout::prepare(&options.data_dir)?;
        let doing = || format!("list {}", layout.root.display());
        if std::fs::read_dir(&layout.root).doing(doing)?.next().is_some() {
            return Err(Error::NotEmpty { directory: layout.root });
        }
        let lock = InstanceLock::take(&layout.root)?;
        let wanted = options.user.clone().or_else(|| std::env::var(crate::USER_VARIABLE).ok());
        let account = Account::choose(wanted.as_deref(), &layout.pgdata)?;
        layout.protect(&account)?;
        account.check_reach(&layout.root)?;
        layout.pgdata = layout.root.join("postgres.unfinished");
        account.make_private(&layout.pgdata)?;
        Ok(Self { layout, account, binaries, _lock: lock })
    }

    /// The directory to unpack the copy of the cluster into.
    #[must_use]
    pub fn cluster_directory(&self) -> &Path {
        &self.layout.pgdata
    }

    /// The directory to put the segments of the log into that are to be replayed.
    #[must_use]
    pub fn log_directory(&self) -> PathBuf {
        self.layout.pgdata.join("pg_wal")
    }

    /// The new data directory.
    #[must_use]
    pub fn data_directory(&self) -> &Path {
        &self.layout.root
    }

    /// Hands what was unpacked to the account that will run the server, and holds every file against the list that PostgreSQL
    /// made of them (`pg_verifybackup`).
    ///
    /// # Errors
    /// When a file is missing, too many, or not what it was.
    pub fn check(&self) -> Result<(), Error> {
        self.account.take_over(&self.layout.pgdata)?;
        let mut command = self.account.command(&self.binaries.program("pg_verifybackup"));
        command.args(["-n", "-q"]).arg(&self.layout.pgdata).current_dir("/").env("LC_ALL", "C");
        let output = command.output().doing(|| "run pg_verifybackup".to_owned())?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        Err(Error::Program {
            program: "pg_verifybackup",
            status: output.status.to_string(),
            output: last_lines(&String::from_utf8_lossy(&text)),
        })
    }

    /// Lets PostgreSQL replay the log as far as `until`, on `timeline`, makes it a cluster of its own, and stops it. Returns what
    /// PostgreSQL said about where it stopped.
    ///
    /// A moment after the last commit in the log is no failure: there was nothing more to replay.
    ///
    /// # Errors
    /// When PostgreSQL cannot replay that far; its own words are in the error.
    pub async fn recover(self, until: &Until, timeline: u32, patience: Duration) -> Result<Vec<String>, Error> {
        self.account.take_over(&self.layout.pgdata)?;
        let (connections, _) = connections(&self.layout, &self.account)?;
        configure(&self.layout, &self.account, &connections, crate::Durability::Durable)?;
        self.account.write_file(&self.layout.pgdata, "recovery.signal", "")?;
        let mut settings = vec![
            // All there is to replay lies in pg_wal already; PostgreSQL demands to be told where else to look.
            ("restore_command", "false".to_owned()),
            ("recovery_target_timeline", timeline.to_string()),
            ("recovery_target_action", "promote".to_owned()),
        ];
        let plain = settings.len();
        match until {
            Until::End => {}
            Until::Moment(moment) => settings.push(("recovery_target_time", moment.clone())),
            Until::Point(name) => settings.push(("recovery_target_name", name.clone())),
        }
        let (_, log_start) = self.layout.open_log()?;
        let mut outcome = self.replay(&connections, &settings, patience).await;
        if let (Err(error), Until::Moment(_)) = (&outcome, until)
            && error.to_string().contains("recovery ended before configured recovery target was reached")
        {
            settings.truncate(plain);
            outcome = self.replay(&connections, &settings, patience).await;
        }
        outcome?;
        let final_place = self.layout.root.join("postgres");
        std::fs::rename(&self.layout.pgdata, &final_place)
            .doing(|| format!("move the restored cluster to {}", final_place.display()))?;
        let said =
            self.layout.log_tail_matching(log_start, &["recovery stopping", "last completed transaction", "redo done"]);
        Ok(said)
    }

    async fn replay(
        &self,
        connections: &Connections,
        settings: &[(&str, String)],
        patience: Duration,
    ) -> Result<(), Error> {
        let mut server = Server::spawn(&self.binaries, &self.account, &self.layout, &Lifetime::Process, settings)?;
        let outcome = self.promoted(&mut server, connections, patience).await;
        server.stop(Duration::from_secs(60)).await;
        outcome
    }

    /// Waits until the server has left recovery, and gives its roles their new passwords.
    async fn promoted(&self, server: &mut Server, connections: &Connections, patience: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + patience;
        let doing = || "wait for the end of recovery".to_owned();
        let client = server.ready(&self.layout, &connections.superuser(), patience).await?;
        loop {
            match client.query_one("select pg_is_in_recovery()", &[]).await {
                Ok(row) if !row.get::<_, bool>(0) => break,
                Ok(_) if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok(_) => {
                    return Err(Error::NotReady {
                        seconds: patience.as_secs(),
                        log: self.layout.log.clone(),
                        output: self.layout.log_tail(0),
                    });
                }
                Err(source) => {
                    // The server ends when it cannot reach the target, and says why in its log.
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    return Err(match server.ended() {
                        Some(status) => Error::Program {
                            program: "postgres",
                            status: status.to_string(),
                            output: self.layout.log_tail(0),
                        },
                        None => Error::Sql { doing: doing(), source },
                    });
                }
            }
        }
        furnish(&client, connections, true).await
    }
}

impl Account {
    /// Makes everything in `directory` this account's own. Links are not followed.
    fn take_over(&self, directory: &Path) -> Result<(), Error> {
        if !self.switches() {
            return Ok(());
        }
        let doing = || format!("hand {} over", directory.display());
        self.own(directory)?;
        for entry in std::fs::read_dir(directory).doing(doing)? {
            let entry = entry.doing(doing)?;
            let metadata = entry.path().symlink_metadata().doing(doing)?;
            if metadata.is_dir() {
                self.take_over(&entry.path())?;
            } else if !self.is_uid(metadata.uid()) {
                self.own(&entry.path())?;
            }
        }
        Ok(())
    }
}
