//! The audit trail as a Merkle tree (RFC 6962), one for each organisation, with signed heads: so that nobody, not even who has
//! the database, can change, remove, insert or move a row of the past unnoticed.
//!
//! Writers know nothing of it. A [sealer](seal) comes after them, gives the rows that have none a leaf, and signs the new head;
//! [`Heads`] keeps the heads in files outside the database; [`verify`] holds everything against everything, and [`prove`] lets others
//! check for themselves.

mod entry;
mod finding;
mod heads;
mod keys;
mod proof;
mod retired;
mod seal;
mod standing;
mod tree;
mod verify;

pub use entry::{FORM, KEPT, PAYLOAD};
pub use finding::{Finding, Kind, Verdict};
pub use heads::{Heads, in_file};
pub use keys::Keys;
pub use proof::{Consistency, Inclusion, Payload, prove, prove_consistency};
pub use seal::{LATE, Sealed, seal, to_seal};
pub use standing::{Standing, standing};
pub use verify::verify;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kernel::Error;
use uuid::Uuid;
use vault::{merkle::Hash, note::NoteError};

/// The name of an organisation's trail among all logs there are, and of the key that signs its heads.
pub fn origin(organization: Uuid) -> String {
    format!("throughline/{organization}/audit")
}

/// Bytes as checkpoints write hashes.
fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok().and_then(|bytes| Hash::try_from(bytes).ok())
}

/// A hash out of the database.
fn hash(bytes: &[u8]) -> Result<Hash, Error> {
    Hash::try_from(bytes).map_err(|_| Error::Broken("a hash in the tables of the seals has not 32 bytes".into()))
}

fn unsound(doing: &str, error: &NoteError) -> Error {
    Error::Broken(format!("{doing}: {error}"))
}

/// Sizes are never negative in the database.
fn size(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn number(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
