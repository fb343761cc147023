//! Who runs PostgreSQL: ourselves, or an unprivileged account when we are root, because PostgreSQL refuses root.

use crate::error::{Doing, Error};
use nix::unistd::{Gid, Uid, User, chown, geteuid};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The account that runs `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// For messages and for the authentication map.
    pub(crate) name: String,
    uid: Uid,
    gid: Gid,
    /// Whether a child must change its identity: true only when we are root.
    switch: bool,
}

impl Account {
    /// Chooses the account: whoever owns existing data, else the wanted name, else `postgres`, else `nobody`;
    /// ourselves when we are not root.
    pub(crate) fn choose(wanted: Option<&str>, pgdata: &Path) -> Result<Self, Error> {
        let owner = std::fs::metadata(pgdata).ok().map(|metadata| Uid::from_raw(metadata.uid()));
        let ours = geteuid();
        if !ours.is_root() {
            if let Some(owner) = owner.filter(|owner| *owner != ours) {
                return Err(Error::WrongOwner {
                    directory: pgdata.to_path_buf(),
                    owner: owner.as_raw(),
                    ours: ours.as_raw(),
                });
            }
            return Ok(Self { name: name_of(ours), uid: ours, gid: nix::unistd::getegid(), switch: false });
        }
        if let Some(user) =
            owner.filter(|owner| !owner.is_root()).and_then(|owner| User::from_uid(owner).ok().flatten())
        {
            return Ok(Self::become_user(user));
        }
        let candidates = wanted.map_or_else(|| vec!["postgres", "nobody"], |name| vec![name]);
        candidates
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten().filter(|user| !user.uid.is_root()))
            .map(Self::become_user)
            .ok_or_else(|| Error::NoAccount { tried: format!("`{}`", candidates.join("` or `")) })
    }

    fn become_user(user: User) -> Self {
        Self { name: user.name, uid: user.uid, gid: user.gid, switch: true }
    }

    /// Whether children run as somebody else than we do.
    pub(crate) fn switches(&self) -> bool {
        self.switch
    }

    /// A command that runs as this account: own process group, so that Ctrl-C on the terminal reaches us and not
    /// PostgreSQL, which must outlive the requests that are being finished; no PG* variables that would redirect it.
    ///
    /// Setting the user id makes the standard library drop every supplementary group of root before it.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).process_group(0);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("PG") || name_text.starts_with("LC_") || name_text == "LANG" {
                command.env_remove(name);
            }
        }
        if self.switch {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    /// Makes a directory with mode 0700 that belongs to this account; an existing one is taken over if it is ours to give.
    pub(crate) fn make_private(&self, directory: &Path) -> Result<(), Error> {
        let doing = || format!("make the directory {}", directory.display());
        match std::fs::create_dir(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error).doing(doing);
            }
            _ => {}
        }
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700)).doing(doing)?;
        if self.switch {
            chown(directory, Some(self.uid), Some(self.gid)).map_err(std::io::Error::from).doing(doing)?;
        }
        Ok(())
    }

    /// Whether this is the account's number.
    pub(crate) fn is_uid(&self, uid: u32) -> bool {
        self.uid.as_raw() == uid
    }

    /// Gives one file or directory, or a link itself, to this account.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        std::os::unix::fs::lchown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
            .doing(|| format!("hand {} over", path.display()))
    }

    /// Replaces a file, readable for this account, in a directory that belongs to it.
    ///
    /// We may be root and the account may not be trusted with that: a new file is made and moved into place, because
    /// writing to the present one would follow a link to wherever the account pointed it.
    pub(crate) fn write_file(&self, directory: &Path, name: &str, text: &str) -> Result<(), Error> {
        let (path, next) = (directory.join(name), directory.join(format!("{name}.new")));
        let doing = || format!("write {}", path.display());
        match std::fs::remove_file(&next) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).doing(doing);
            }
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next).doing(doing)?;
        if self.switch {
            fchown(&file, Some(self.uid.as_raw()), Some(self.gid.as_raw())).doing(doing)?;
        }
        file.write_all(text.as_bytes()).doing(doing)?;
        std::fs::rename(&next, &path).doing(doing)
    }

    /// Whether `path` is a real directory (no link) with mode 0700 of this account.
    pub(crate) fn owns_privately(&self, path: &Path) -> bool {
        std::fs::symlink_metadata(path).is_ok_and(|metadata| {
            metadata.is_dir() && metadata.uid() == self.uid.as_raw() && metadata.mode() & 0o777 == 0o700
        })
    }

    /// Checks that this account may enter `directory` and everything above it.
    pub(crate) fn check_reach(&self, directory: &Path) -> Result<(), Error> {
        if !self.switch {
            return Ok(());
        }
        let ancestors: Vec<&Path> = directory.ancestors().collect();
        for ancestor in ancestors.into_iter().rev() {
            let metadata = std::fs::metadata(ancestor).doing(|| format!("look at {}", ancestor.display()))?;
            let bit = if metadata.uid() == self.uid.as_raw() {
                0o100
            } else if metadata.gid() == self.gid.as_raw() {
                0o010
            } else {
                0o001
            };
            if metadata.mode() & bit == 0 {
                return Err(Error::Unreachable {
                    account: self.name.clone(),
                    directory: ancestor.to_path_buf(),
                    mode: metadata.mode() & 0o7777,
                });
            }
        }
        Ok(())
    }
}

/// Our own account name, for the authentication map.
pub(crate) fn own_name() -> String {
    name_of(geteuid())
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}
