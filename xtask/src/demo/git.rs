//! What git says of the repository.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::Failure;

/// The commit that is tested.
pub(crate) struct Commit {
    pub(crate) hash: String,
    pub(crate) branch: String,
}

/// The commit checked out, when nothing but the record itself differs from it: a record of anything else would name a
/// commit that never had these results.
pub(crate) fn clean_commit(root: &Path) -> Result<Commit, Failure> {
    let changed = git(root, &["status", "--porcelain", "--", ".", ":!demo", ":!docs/images"])?;
    if !changed.trim().is_empty() {
        return Err(format!("commit your changes first, so that the results belong to a commit:\n{changed}").into());
    }
    let branch = git(root, &["rev-parse", "--abbrev-ref", "HEAD"])?;
    Ok(Commit { hash: git(root, &["rev-parse", "HEAD"])?.trim().to_owned(), branch: branch.trim().to_owned() })
}

/// Every commit up to the one checked out, oldest first: hash, author's name, time and subject, and no address.
pub(crate) fn commits(root: &Path) -> Result<Value, Failure> {
    let log = git(root, &["log", "--reverse", "--topo-order", "--format=%H%x1f%an%x1f%cI%x1f%s"])?;
    let line = |line: &str| -> Option<Value> {
        let mut parts = line.split('\x1f');
        let (hash, author, time, subject) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let time: jiff::Timestamp = time.parse().ok()?;
        Some(json!({"hash": hash, "author": author, "committed_at": time.to_string(), "subject": subject}))
    };
    Ok(log.lines().filter_map(line).collect())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new("git").args(arguments).current_dir(root).output()?;
    if !output.status.success() {
        return Err(format!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
