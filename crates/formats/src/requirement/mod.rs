//! A requirement as a Markdown file with front matter: requirements as code.
//!
//! ```markdown
//! ---
//! key: REQ-42
//! title: Invoices are paid once
//! status: approved
//! priority: high
//! features: [Payment, Refund]
//! depends_on: [REQ-7]
//! verified_by: [billing::tests::pays_once]
//! ---
//! An invoice that was paid is never charged again.
//!
//! ## User stories
//! - As a customer I am charged once.
//!
//! ## Acceptance criteria
//! 1. A second payment of the same invoice is refused.
//! 2. A refund reopens the invoice.
//! ```
//!
//! Front matter is plain YAML: scalars, lists and nothing that refers to anything else. Lists may stand in the
//! front matter or as list items under a heading of the same meaning, or both. What is not understood is reported
//! in [`Requirement::unknown`], never dropped in silence.

mod body;
mod front_matter;

use std::io::BufRead;

use crate::decode::Text;
use crate::{Limits, ReadError, Replaced};

/// One requirement document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Its key, `REQ-42`: one capital letter, up to nine more capitals or digits, a hyphen, a number.
    pub key: String,
    /// Its title, from the front matter or the first heading of level 1.
    pub title: String,
    /// Its status as written, lower-case, with `_` for blanks and hyphens (`in_progress`).
    pub status: Option<String>,
    /// Its priority as written, lower-case.
    pub priority: Option<String>,
    /// Who is responsible, as written.
    pub owner: Option<String>,
    /// Names of features.
    pub features: Vec<String>,
    /// Keys of the requirements it depends on.
    pub depends_on: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// What verifies it: names or keys of tests.
    pub verified_by: Vec<String>,
    /// User stories, in order.
    pub user_stories: Vec<Item>,
    /// Acceptance criteria, in order. The second one is what `REQ-42.2` refers to.
    pub acceptance_criteria: Vec<Item>,
    /// The text that belongs to none of the lists, as Markdown.
    pub description: String,
    /// Front-matter keys that mean nothing here.
    pub unknown: Vec<UnknownKey>,
    /// What could not be shown and was replaced by U+FFFD.
    pub replaced: Replaced,
}

/// A criterion or a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its text, one line; Markdown within the line is kept.
    pub text: String,
    /// From a check box (`- [x]`): true when ticked. None without a box.
    pub checked: Option<bool>,
    /// The line it begins on.
    pub line: u64,
}

/// A front-matter key that means nothing here, for the import to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// As written.
    pub key: String,
    /// Where it stands.
    pub line: u64,
}

/// Reads one requirement document.
///
/// # Errors
/// When there is no front matter, it is not the plain YAML described above, the key or the title is missing, a value has
/// the wrong shape, or the document is larger than [`Limits::max_document_bytes`]. The error carries the line.
pub fn read(inner: impl BufRead, limits: &Limits) -> Result<Requirement, ReadError> {
    let bounded = Limits { max_total_bytes: limits.max_document_bytes.min(limits.max_total_bytes), ..limits.clone() };
    let mut text = Text::new(inner, &bounded);
    let mut document = String::new();
    while text.read_into(&mut document)? {}
    let mut requirement = parse(document.trim_start_matches('\u{FEFF}'))?;
    requirement.replaced = text.replaced();
    Ok(requirement)
}

fn parse(document: &str) -> Result<Requirement, ReadError> {
    let mut line = 1;
    let mut rest = document;
    while let Some((first, after)) = rest.split_once('\n') {
        if !first.trim().is_empty() {
            break;
        }
        (rest, line) = (after, line + 1);
    }
    let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
    if first.trim_end() != "---" {
        return Err(ReadError::at_line(
            line,
            "a requirement begins with front matter: a line of ---, `key: REQ-1`, a line of ---",
        ));
    }
    let mut length = 0;
    let mut end = None;
    for part in after.split_inclusive('\n') {
        if matches!(part.trim_end(), "---" | "...") {
            end = Some((length, length + part.len()));
            break;
        }
        length += part.len();
    }
    let Some((end, body)) = end else {
        return Err(ReadError::at_line(line, "the front matter does not end; close it with a line of ---"));
    };
    let mut requirement = Requirement::default();
    let entries = front_matter::parse(&after[..end], line + 1)?;
    front_matter::apply(entries, &mut requirement)?;
    if requirement.key.is_empty() {
        return Err(ReadError::at_line(
            line,
            "the front matter has no `key`; give the requirement one, such as `key: REQ-42`",
        ));
    }
    let body_line = line + 1 + after[..body].matches('\n').count() as u64;
    body::apply(&after[body..], body_line, &mut requirement);
    if requirement.title.is_empty() {
        return Err(ReadError::at_line(
            line,
            format!("requirement {} has no title; add `title:` to the front matter or a heading", requirement.key),
        ));
    }
    Ok(requirement)
}

#[cfg(test)]
mod tests;
