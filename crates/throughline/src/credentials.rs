//! The local instance's data directory and the credentials by which scripts sign in to it.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// `DATA/credentials.json`, mode 0600.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// The address of the server.
    pub(crate) url: String,
    /// The organisation's slug.
    pub(crate) organization: String,
    /// The administrator's address.
    pub(crate) email: String,
    /// The administrator's first password.
    pub(crate) password: String,
    /// An API token.
    pub(crate) token: String,
    /// The file with the certificate of a server that speaks TLS: programs of this machine trust that one and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<PathBuf>,
}

impl Credentials {
    fn path(data: &Path) -> PathBuf {
        data.join("credentials.json")
    }

    /// The credentials of the instance in `data`, when it has some.
    pub(crate) fn read(data: &Path) -> Result<Option<Self>, Failure> {
        match fs::read(Self::path(data)) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).map_err(|error| {
                    Failure::new(format!("{} cannot be read: {error}", Self::path(data).display()))
                })?))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the credentials for their owner alone, all or nothing.
    pub(crate) fn write(&self, data: &Path) -> Result<(), Failure> {
        let fresh = data.join("credentials.json.new");
        let _ = fs::remove_file(&fresh);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(fresh, Self::path(data))?;
        Ok(())
    }
}

/// The data directory: what was asked for, or the usual place of the platform.
pub(crate) fn data_dir(asked: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let chosen = asked
        .or_else(|| std::env::var_os("XDG_DATA_HOME").map(|home| PathBuf::from(home).join("throughline")))
        .or_else(|| {
            // Root's home is closed to the account that PostgreSQL runs under.
            let root = nix::unistd::geteuid().is_root();
            root.then(|| PathBuf::from("/var/lib/throughline"))
        })
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share/throughline")))
        .ok_or_else(|| Failure::new("no data directory is known; name one with --data DIR"))?;
    Ok(std::path::absolute(chosen)?)
}

/// The directory in which uploads wait, open to this account alone.
pub(crate) fn spool_dir(data: &Path) -> Result<PathBuf, Failure> {
    let spool = data.join("spool");
    fs::create_dir_all(&spool)?;
    fs::set_permissions(&spool, fs::Permissions::from_mode(0o700))?;
    Ok(spool)
}
