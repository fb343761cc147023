//! Sealing the audit trail: the server does it all the time, `throughline maintain` once.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use assurance::sealing::{Heads, Keys, Sealed, seal, to_seal};
use jiff::SignedDuration;
use kernel::Kernel;
use vault::signing::{KeyError, SigningKey};

use crate::{failure::Failure, within};

/// How often the server looks for rows that are not sealed.
const LOOK: Duration = Duration::from_secs(10);
/// How far behind the last seal's newest row it then looks for others: what an ordinary transaction takes.
const NEAR: SignedDuration = SignedDuration::from_mins(1);
/// Every so many looks it looks further back, for what came out of long transactions.
const FAR_EVERY: u32 = 60;
const FAR: SignedDuration = SignedDuration::from_hours(1);
/// And every so many looks, as at the first, at everything there is.
const ALL_EVERY: u32 = 8640;

/// The installation's key, the heads outside the database, and whose signatures are believed.
#[derive(Clone)]
pub(crate) struct Sealing {
    pub(crate) heads: Heads,
    pub(crate) keys: Keys,
}

/// The file of the key: what was asked for, or the usual place.
pub(crate) fn key_file(data: &Path, asked: Option<PathBuf>) -> PathBuf {
    asked.unwrap_or_else(|| data.join("signing.key"))
}

/// The key of an installation whose server has made one. None: it has not.
pub(crate) fn known_key(data: &Path) -> Result<Option<SigningKey>, Failure> {
    let asked = std::env::var_os("THROUGHLINE_SIGNING_KEY_FILE").map(PathBuf::from);
    load(&key_file(data, asked))
}

/// The key that lies in a data directory, such as a restored one, whatever is set.
pub(crate) fn known_key_in(data: &Path) -> Result<Option<SigningKey>, Failure> {
    load(&key_file(data, None))
}

fn load(file: &Path) -> Result<Option<SigningKey>, Failure> {
    match SigningKey::load(file) {
        Ok(key) => Ok(Some(key)),
        Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Sealing {
    /// What belongs to this key and this data directory. Keys that were replaced stand in `former-signing-keys`, one public key a line.
    pub(crate) fn new(data: &Path, key: &SigningKey) -> Result<Self, Failure> {
        let keys = Keys::with_former(key.public_key(), &data.join("former-signing-keys"))?;
        Ok(Self { heads: Heads::within(data), keys })
    }

    /// Seals until the server ends. Of several servers on one database, whoever comes first seals, and all keep the heads.
    pub(crate) async fn always(self, kernel: Arc<Kernel>) {
        for look in (0..ALL_EVERY).cycle() {
            let reach = match look {
                0 => None,
                look if look % FAR_EVERY == 0 => Some(FAR),
                _ => Some(NEAR),
            };
            if let Err(failure) = self.everywhere(&kernel, reach).await {
                tracing::warn!("whether the audit trail has rows to seal could not be asked: {failure}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Seals the trail of each organisation that has something to seal. What fails in one is told and keeps no other from being sealed.
    pub(crate) async fn everywhere(
        &self,
        kernel: &Arc<Kernel>,
        reach: Option<SignedDuration>,
    ) -> Result<Sealed, Failure> {
        let mut all = Sealed::default();
        for organization in to_seal(kernel, reach.is_none_or(|reach| reach > NEAR)).await? {
            let ctx = within::organization(kernel, organization, "sealing of the audit trail");
            match seal(&ctx, &self.heads, &self.keys, reach).await {
                Ok(sealed) => {
                    all.rows += sealed.rows;
                    all.heads += sealed.heads;
                }
                Err(error) => {
                    tracing::error!(organization.id = %organization, "the audit trail could not be sealed: {}", Failure::from(error));
                }
            }
        }
        if all.rows > 0 {
            tracing::debug!(rows = all.rows, heads = all.heads, "sealed the audit trail");
        }
        Ok(all)
    }
}
