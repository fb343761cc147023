//! Whose signatures are believed under the heads of this installation.

use std::{fs, io, path::Path};

use kernel::Error;
use uuid::Uuid;
use vault::{
    note::{Checkpoint, NoteError},
    signing::PublicKey,
};

use super::origin;

/// The public keys of the installation: the one it has, and those it had.
#[derive(Debug, Clone)]
pub struct Keys(Vec<PublicKey>);

impl Keys {
    /// The key it has, and nothing before it.
    pub fn of(key: PublicKey) -> Self {
        Self(vec![key])
    }

    /// The key it has, and those in the file `former`, one a line. Without the file, there were none.
    ///
    /// # Errors
    /// When the file cannot be read or a line is no key.
    pub fn with_former(key: PublicKey, former: &Path) -> Result<Self, Error> {
        let doing = || format!("reading the former keys in {}", former.display());
        let text = match fs::read_to_string(former) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::of(key)),
            outcome => outcome.map_err(|source| Error::Io { doing: doing(), source })?,
        };
        let mut keys = vec![key];
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            keys.push(line.parse().map_err(|error| Error::Broken(format!("{}: `{line}`: {error}", doing())))?);
        }
        Ok(Self(keys))
    }

    /// One more.
    pub fn add(&mut self, key: PublicKey) {
        self.0.push(key);
    }

    /// Opens a head of an organisation's trail, which one of the keys must have signed.
    ///
    /// # Errors
    /// When none has, or it is no head of this trail.
    pub fn open(&self, organization: Uuid, note: &str) -> Result<Checkpoint, NoteError> {
        let origin = origin(organization);
        let mut refused = NoteError::Unsigned(origin.clone());
        for key in &self.0 {
            match Checkpoint::open(note, &origin, key) {
                Ok(head) => return Ok(head),
                // That it was signed by one of ours and changed afterwards says more than that the others have not signed it.
                Err(error @ (NoteError::Forged(_) | NoteError::Malformed(_))) => return Err(error),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}
