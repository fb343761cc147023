//! The key of the copies: an age identity (X25519) in a file. Whoever writes copies needs only its public half, the recipient.

use crate::error::{Doing as _, Error};
use age::{
    secrecy::ExposeSecret as _,
    x25519::{Identity, Recipient},
};
use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

/// Who may read copies, and what is needed to read them.
pub struct Key {
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) identities: Vec<Identity>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Key").field("recipients", &self.recipients()).finish_non_exhaustive()
    }
}

impl Key {
    /// Reads a file as `age-keygen` writes it: lines with `AGE-SECRET-KEY-1…`, lines with the public half alone (`age1…`), and
    /// remarks that begin with `#`. Copies are encrypted for all of them.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no key.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(path).doing(|| format!("read the key of the backups in {}", path.display()))?;
        let mut key = Self { recipients: Vec::new(), identities: Vec::new() };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Ok(identity) = line.parse::<Identity>() {
                key.recipients.push(identity.to_public());
                key.identities.push(identity);
            } else if let Ok(recipient) = line.parse() {
                key.recipients.push(recipient);
            } else {
                // The line is not shown: it may be a secret with a slip in it.
                return Err(Error::Refused(format!(
                    "line {} of {} is no key: expected AGE-SECRET-KEY-1… or age1…",
                    number + 1,
                    path.display()
                )));
            }
        }
        if key.recipients.is_empty() {
            return Err(Error::Refused(format!(
                "there is no key in {}; make one with `throughline backup key FILE`",
                path.display()
            )));
        }
        Ok(key)
    }

    /// Makes a new key in a file for its owner alone, and returns its public half. A file that is there already stays.
    ///
    /// # Errors
    /// When the file is there, or cannot be written.
    pub fn make(path: &Path) -> Result<String, Error> {
        let identity = Identity::generate();
        let public = identity.to_public().to_string();
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .doing(|| format!("make {}", path.display()))?;
        let text = format!("# public key: {public}\n{}\n", identity.to_string().expose_secret());
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).doing(|| format!("write {}", path.display()))?;
        Ok(public)
    }

    /// The public halves.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        self.recipients.iter().map(Recipient::to_string).collect()
    }

    /// Refuses when copies could be written but not read.
    ///
    /// # Errors
    /// When the file holds public halves alone.
    pub fn must_open(&self) -> Result<(), Error> {
        if self.identities.is_empty() {
            return Err(Error::Refused(
                "the file of the key holds its public half alone, with which backups can be made and not read: name the \
                 file with the line AGE-SECRET-KEY-1… with --backup-key"
                    .into(),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_its_public_half_writes_but_does_not_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("key");
        let public = Key::make(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Key::make(&file).is_err(), "a key that is there is never written over");
        let key = Key::read(&file).unwrap();
        assert_eq!(key.recipients(), std::slice::from_ref(&public));
        key.must_open().unwrap();
        std::fs::write(&file, format!("{public}\n")).unwrap();
        assert!(Key::read(&file).unwrap().must_open().is_err());
        std::fs::write(&file, "AGE-SECRET-KEY-1HIDDEN\n").unwrap();
        let told = Key::read(&file).unwrap_err().to_string();
        assert!(told.contains("line 1") && !told.contains("HIDDEN"), "{told}");
        std::fs::write(&file, "# nothing\n").unwrap();
        assert!(Key::read(&file).is_err());
    }
}
