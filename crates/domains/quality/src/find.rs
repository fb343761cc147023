//! Finding any record by its key or by words of its title, for the palette and the search page.

use authz::Reach;
use kernel::{Ctx, Error, Tx};
use uuid::Uuid;

use crate::text::{escaped, pattern};

const FIND: &str = include_str!("../sql/find_records.sql");

/// The kinds of record that have a page, as `platform.entities` calls them; each is also the permission to read it.
const KINDS: [&str; 6] = ["project", "requirement", "feature", "test_case", "defect", "build"];

/// The prefixes of keys.
const PREFIXES: [&str; 4] = ["REQ", "TC", "DEF", "FEAT"];

/// A record that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// What kind it is, as `platform.entities` calls it.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// Its status, as stored.
    pub status: Option<String>,
    /// Slug and name of its project.
    pub project: (String, String),
    /// Its key.
    pub key: Option<String>,
    /// The number of a build.
    pub build: Option<i32>,
    /// The key of a feature's requirement.
    pub requirement: Option<String>,
}

/// Records that `text` may mean, best first, at most `rows`: those of the project `here` before others. Only what the
/// actor may read.
///
/// # Errors
/// When the query fails.
pub async fn find_records(ctx: &Ctx, tx: &Tx, here: Option<Uuid>, text: &str, rows: i64) -> Result<Vec<Found>, Error> {
    let (mut everywhere, mut kinds, mut projects) = (Vec::new(), Vec::new(), Vec::new());
    for kind in KINDS {
        match ctx.principal.grants.reach(kind, "read") {
            Reach::Everything => everywhere.push(kind),
            Reach::Projects(some) => {
                kinds.extend(std::iter::repeat_n(kind, some.len()));
                projects.extend(some);
            }
            Reach::Nothing => {}
        }
    }
    let text = text.trim();
    let keys = keys_meant(text);
    let build = text.trim_start_matches('#').parse::<i32>().ok();
    // A whole key means that record, and one letter is in almost every title: only other words are looked for in titles.
    let is_key = !keys.is_empty() && text.contains('-');
    let like = (text.chars().count() > 1 && !is_key).then(|| pattern(text));
    let beginning = format!("{}%", escaped(text));
    let found =
        tx.query(FIND, &[&keys, &like, &beginning, &here, &everywhere, &kinds, &projects, &build, &rows]).await?;
    found
        .iter()
        .map(|row| {
            Ok(Found {
                kind: row.try_get("entity_type")?,
                title: row.try_get("title")?,
                status: row.try_get("status")?,
                project: (row.try_get("slug")?, row.try_get("name")?),
                key: row.try_get("key")?,
                build: row.try_get("build_number")?,
                requirement: row.try_get("requirement_key")?,
            })
        })
        .collect()
}

/// The keys that a beginning such as `req-4` or a number such as `42` may mean: itself, and one digit more.
fn keys_meant(text: &str) -> Vec<String> {
    let upper = text.to_uppercase();
    let (prefixes, digits): (Vec<&str>, &str) = match upper.split_once('-') {
        Some((prefix, digits)) => (PREFIXES.into_iter().filter(|known| *known == prefix).collect(), digits),
        None => (PREFIXES.to_vec(), upper.as_str()),
    };
    let is_number = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.starts_with('0') {
        return Vec::new();
    }
    let mut keys = Vec::with_capacity(prefixes.len() * 11);
    for prefix in prefixes {
        keys.push(format!("{prefix}-{digits}"));
        keys.extend((0..10).map(|more| format!("{prefix}-{digits}{more}")));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_of_a_key_means_the_keys_that_begin_so() {
        let keys = keys_meant("req-4");
        assert_eq!(keys.len(), 11);
        assert_eq!((keys[0].as_str(), keys[10].as_str()), ("REQ-4", "REQ-49"));
        assert_eq!(keys_meant("42").len(), 44);
        assert!(keys_meant("checkout").is_empty() && keys_meant("REQ-").is_empty() && keys_meant("XYZ-1").is_empty());
    }
}
