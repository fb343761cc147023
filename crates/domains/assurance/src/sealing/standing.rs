//! How one row of the trail is sealed.

use jiff::Timestamp;
use kernel::{Error, Tx};
use uuid::Uuid;

use super::size;

const STANDING: &str = include_str!("../../sql/trail_standing.sql");

/// How a row is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its place in the tree, from nought.
    pub leaf_index: u64,
    /// Whether what it tells of people is still there; false: it was taken out, and its proof holds all the same.
    pub is_whole: bool,
    /// The first head above it, by its number of rows, and when it was signed.
    pub head: Option<(u64, Timestamp)>,
}

/// How a row of the trail is sealed; `None`: not yet. The caller has made sure that the row may be read.
///
/// # Errors
/// When the query fails.
pub async fn standing(tx: &Tx, row: Uuid) -> Result<Option<Standing>, Error> {
    let Some(found) = tx.query_opt(STANDING, &[&row]).await? else { return Ok(None) };
    let head: Option<i64> = found.try_get("tree_size")?;
    Ok(Some(Standing {
        leaf_index: size(found.try_get("leaf_index")?),
        is_whole: found.try_get("is_whole")?,
        head: head.map(size).zip(found.try_get("sealed_at")?),
    }))
}
