//! Copies of a private cluster in a directory or an object store: full ones, and the log in between, so that the state of any
//! second can be brought back.
//!
//! ```text
//! throughline-backup.json                 which cluster these are copies of
//! full/20261129T010000Z/manifest.json     what belongs to this copy, with the sha-256 of each object; written last
//! full/20261129T010000Z/base.tar.zst.age  the cluster, with the log of the time it took to copy it: complete by itself
//! full/20261129T010000Z/files.tar.zst.age what lies beside the database: signing key, heads of the trail, uploads, settings
//! wal/00000001/000000010000000000000007.SHA256.zst.age           a segment of the log
//! wal/00000001/000000010000000000000008.part.LSN.SHA256.zst.age  what there is so far of the one being written
//! wal/00000001/head.json                  up to which moment the log of this timeline is here
//! ```
//!
//! Everything but the small JSON files is compressed (Zstandard, RFC 8878), then encrypted (age-encryption.org/v1, X25519), so
//! that the tools of those formats read it without this program. The sha-256 is that of the stored bytes: whether a copy is
//! whole can be told without its key and without restoring it.

mod archive;
mod error;
mod files;
mod full;
mod key;
mod manifest;
mod picture;
mod prune;
mod repository;
mod restore;
mod stream;
mod verify;
mod wal;

pub use archive::{Archiver, SLOT, Slot, Step, ensure_slot};
pub use error::Error;
pub use full::{Source, take};
pub use key::Key;
pub use manifest::{Head, Manifest, Object};
pub use picture::{Picture, differences};
pub use prune::{FULL_DAYS, LOG_DAYS, Pruned, prune};
pub use repository::Repository;
pub use restore::{Plan, Restored, restore};
pub use verify::{Report, verify};
