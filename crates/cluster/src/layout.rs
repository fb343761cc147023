//! What lies where in the data directory, and the names and passwords that lead into the cluster.
//!
//! ```text
//! DATA/                 ours; mode 0711 when PostgreSQL runs as another account, else 0700
//! DATA/lock             held with flock by the running process; holds its process id
//! DATA/cluster.json     mode 0600: socket directory and the passwords of the roles
//! DATA/postgres/        the cluster's own directory, mode 0700, of the account that runs PostgreSQL
//! DATA/postgres.log     what the server says; DATA/postgres.log.1 the part before
//! DATA/socket/          mode 0700, of that account
//! ```

use crate::account::Account;
use crate::error::{Doing, Error};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The name of the application's database.
pub const DATABASE: &str = "throughline";
/// The role that owns the schema and migrates it; no superuser.
pub const OWNER_ROLE: &str = "throughline_owner";
/// The role that serves requests; owns nothing, cannot bypass row security.
pub const APPLICATION_ROLE: &str = "application_user";
/// The role for reports.
pub const READONLY_ROLE: &str = "readonly_user";
/// The superuser of the private cluster; only reachable by the operating system accounts that could read the files anyway.
pub(crate) const SUPERUSER: &str = "postgres";

/// The port is part of the socket's name, and of nothing else: the server listens on no network.
pub(crate) const PORT: u16 = 5432;

/// The length of a socket's path that the kernel accepts, without the closing NUL (`sun_path` in unix(7)).
const SOCKET_PATH_LIMIT: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// The log is moved aside at a start once it is larger than this many bytes.
const LOG_LIMIT: u64 = 16 * 1024 * 1024;

/// The places in one data directory.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
    pub(crate) pgdata: PathBuf,
    pub(crate) log: PathBuf,
}

impl Layout {
    /// Makes the directory if it is missing and resolves links in its path.
    pub(crate) fn prepare(root: &Path) -> Result<Self, Error> {
        let doing = || format!("make the data directory {}", root.display());
        // Directories above are made open to entering, so that the account that runs PostgreSQL gets through.
        DirBuilder::new().recursive(true).mode(0o755).create(root).doing(doing)?;
        let root = root.canonicalize().doing(|| format!("resolve {}", root.display()))?;
        Ok(Self { pgdata: root.join("postgres"), log: root.join("postgres.log"), root })
    }

    /// Closes the data directory to others, except for passing through when PostgreSQL is another account.
    pub(crate) fn protect(&self, account: &Account) -> Result<(), Error> {
        let mode = if account.switches() { 0o711 } else { 0o700 };
        let metadata = std::fs::metadata(&self.root).doing(|| format!("look at {}", self.root.display()))?;
        if metadata.mode() & 0o777 == mode {
            return Ok(());
        }
        std::fs::set_permissions(&self.root, Permissions::from_mode(mode))
            .doing(|| format!("set mode {mode:o} on {}", self.root.display()))
    }

    /// The major version that made the data, or `None` when there are none yet.
    pub(crate) fn existing_major(&self) -> Option<u32> {
        std::fs::read_to_string(self.pgdata.join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// Chooses the socket directory: inside DATA, or, when that path is too long for a socket, a private directory
    /// with a random name below `/run` or `/tmp`. A remembered one is used again, so that nothing piles up.
    pub(crate) fn socket_directory(&self, account: &Account, remembered: Option<&Path>) -> Result<PathBuf, Error> {
        let inside = self.root.join("socket");
        if fits(&inside) {
            account.make_private(&inside)?;
            return Ok(inside);
        }
        if let Some(directory) = remembered.filter(|path| fits(path) && account.owns_privately(path)) {
            return Ok(directory.to_path_buf());
        }
        let mut tried = None;
        for parent in ["/run", "/tmp"] {
            let name = format!("throughline-{:016x}", rand::rng().random::<u64>());
            let directory = Path::new(parent).join(name);
            // Creating, not reusing: a directory that somebody prepared under this name must make it fail.
            match DirBuilder::new().mode(0o700).create(&directory) {
                Ok(()) => {
                    account.make_private(&directory)?;
                    return Ok(directory);
                }
                Err(error) => tried = Some((directory, error)),
            }
        }
        let (directory, source) = tried.unwrap_or_else(|| (PathBuf::from("/tmp"), std::io::ErrorKind::NotFound.into()));
        Err(Error::Io { doing: format!("make a short directory for the socket, {}", directory.display()), source })
    }

    /// Removes a socket directory that lies outside DATA, once nobody listens there any more.
    pub(crate) fn remove_outside_socket(&self, directory: &Path) {
        if !directory.starts_with(&self.root) {
            // Best effort: what stays is an empty private directory that the next start uses again.
            let _ = std::fs::remove_dir_all(directory);
        }
    }

    /// Opens the log for appending, after moving a large one aside; returns it with its present length.
    pub(crate) fn open_log(&self) -> Result<(File, u64), Error> {
        let doing = || format!("open {}", self.log.display());
        if std::fs::metadata(&self.log).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
            std::fs::rename(&self.log, self.root.join("postgres.log.1")).doing(doing)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.log).doing(doing)?;
        let length = file.metadata().doing(doing)?.len();
        Ok((file, length))
    }

    /// The last lines of the log that were written after `from`.
    pub(crate) fn log_tail(&self, from: u64) -> String {
        last_lines(&self.log_since(from))
    }

    /// The lines of the log after `from` that hold one of `phrases`, without when and who said it.
    pub(crate) fn log_tail_matching(&self, from: u64, phrases: &[&str]) -> Vec<String> {
        let text = self.log_since(from);
        let telling = text.lines().filter(|line| phrases.iter().any(|phrase| line.contains(phrase)));
        telling.map(|line| line.split_once("LOG:").map_or(line, |(_, said)| said).trim().to_owned()).collect()
    }

    fn log_since(&self, from: u64) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.log)?;
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.take(256 * 1024).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_default()
    }
}

/// The last lines of a program's output: enough to see why it failed.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

fn fits(directory: &Path) -> bool {
    directory.join(format!(".s.PGSQL.{PORT}")).as_os_str().as_bytes().len() <= SOCKET_PATH_LIMIT
}

/// Which of the cluster's roles to connect as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Owns and migrates the schema.
    Owner,
    /// Serves requests.
    Application,
    /// Reads for reports.
    Readonly,
}

/// How to reach the private cluster of a data directory. Kept in `DATA/cluster.json` with mode 0600.
#[derive(Clone, Serialize, Deserialize)]
pub struct Connections {
    pub(crate) socket_directory: PathBuf,
    pub(crate) owner_password: String,
    pub(crate) application_password: String,
    pub(crate) readonly_password: String,
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").field("socket_directory", &self.socket_directory).finish_non_exhaustive()
    }
}

impl Connections {
    /// Reads how to reach the cluster in `data_dir`, whether or not it runs at the moment.
    ///
    /// # Errors
    /// When there is no cluster in that directory, or the caller may not read its passwords.
    pub fn read(data_dir: &Path) -> Result<Self, Error> {
        let file = data_dir.join("cluster.json");
        let text =
            std::fs::read(&file).doing(|| format!("read {}; is there a cluster in this directory?", file.display()))?;
        serde_json::from_slice(&text).map_err(|source| Error::Damaged { file, source })
    }

    /// What is remembered in `root`, if anything.
    pub(crate) fn remembered(root: &Path) -> Result<Option<Self>, Error> {
        if root.join("cluster.json").exists() { Self::read(root).map(Some) } else { Ok(None) }
    }

    /// New random passwords of 256 bits each.
    pub(crate) fn generate(socket_directory: PathBuf) -> Self {
        let password = || {
            let bytes: [u8; 32] = rand::rng().random();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        Self {
            socket_directory,
            owner_password: password(),
            application_password: password(),
            readonly_password: password(),
        }
    }

    /// Replaces `DATA/cluster.json` in one step.
    pub(crate) fn write(&self, root: &Path) -> Result<(), Error> {
        let file = root.join("cluster.json");
        let next = root.join("cluster.json.new");
        let doing = || format!("write {}", file.display());
        let _ = std::fs::remove_file(&next);
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::from).doing(doing)?;
        let mut output = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next).doing(doing)?;
        output.write_all(&text).and_then(|()| output.sync_all()).doing(doing)?;
        std::fs::rename(&next, &file).doing(doing)
    }

    /// The name and password of a role.
    pub(crate) fn credentials(&self, role: Role) -> (&'static str, &str) {
        match role {
            Role::Owner => (OWNER_ROLE, &self.owner_password),
            Role::Application => (APPLICATION_ROLE, &self.application_password),
            Role::Readonly => (READONLY_ROLE, &self.readonly_password),
        }
    }

    /// Connection parameters for the application's database as `role`.
    #[must_use]
    pub fn config(&self, role: Role) -> tokio_postgres::Config {
        let (user, password) = self.credentials(role);
        let mut config = self.base();
        config.user(user).password(password).dbname(DATABASE);
        config
    }

    /// Connection parameters for the cluster's superuser, on the maintenance database. There is no password: the
    /// kernel tells the server which account connects, and only ours and the one that runs the server are let in.
    #[must_use]
    pub fn superuser(&self) -> tokio_postgres::Config {
        let mut config = self.base();
        config.user(SUPERUSER).dbname("postgres");
        config
    }

    /// A connection string that `psql` and libpq understand.
    #[must_use]
    pub fn url(&self, role: Role) -> String {
        let (user, password) = self.credentials(role);
        let host: String = self.socket_directory.as_os_str().as_bytes().iter().map(|byte| escape(*byte)).collect();
        format!("postgresql://{user}:{password}@/{DATABASE}?host={host}&port={PORT}")
    }

    fn base(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.socket_directory).port(PORT).connect_timeout(std::time::Duration::from_secs(10));
        config
    }
}

/// Percent-encodes a byte of a path for the query of a URL (RFC 3986).
fn escape(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}
