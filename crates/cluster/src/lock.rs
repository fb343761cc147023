//! One process a data directory: a lock that the kernel drops when its holder dies, however it dies.
//!
//! PostgreSQL's own `postmaster.pid` cannot do this: it outlives a crash, and it says nothing about who manages the server.

use crate::error::{Doing, Error};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Held while a process manages a data directory; released on drop and on death.
#[derive(Debug)]
pub(crate) struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// Takes the lock of `root`, or names the process that holds it.
    pub(crate) fn take(root: &Path) -> Result<Self, Error> {
        let path = root.join("lock");
        let doing = || format!("lock {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .doing(doing)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(Error::InUse { holder, directory: root.to_path_buf() });
            }
            Err(TryLockError::Error(error)) => return Err(error).doing(doing),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .doing(doing)?;
        Ok(Self { _file: file })
    }
}
