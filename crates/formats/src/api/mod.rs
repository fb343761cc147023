//! Descriptions of interfaces: OpenAPI 3.0 and 3.1, and Swagger 2.0, as JSON or YAML.
//!
//! Read for the catalogue of services: what the interface is called, and each operation with its path, method, names, tags and
//! media types. JSON is read piece by piece and schemas are passed over, so that a description of hundreds of megabytes takes
//! the memory of its operations; YAML cannot be read that way and is held whole, within
//! [`Limits::max_exchange_bytes`](crate::Limits::max_exchange_bytes). Nothing that a description points to is opened: a
//! reference within it is followed once, any other is counted.

mod gather;
mod json;

use std::io::{BufRead, Cursor, Read as _};

use crate::decode::Text;
use crate::exchange::yaml;
use crate::{Limits, ReadError, Replaced};

/// A description that was read whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// `info.title`.
    pub title: String,
    /// `info.version`: of the interface, not of the specification.
    pub version: Option<String>,
    /// `info.description`, or `info.summary`.
    pub about: Option<String>,
    /// The version of OpenAPI or Swagger, such as `3.1.0`.
    pub specification: String,
    /// Where it says that the interface is served, in its order.
    pub servers: Vec<String>,
    /// Its operations, in the order of the document.
    pub operations: Vec<Operation>,
    /// Paths, with or without operations.
    pub paths: u64,
    /// Schemas of its components, counted and not kept.
    pub schemas: u64,
    /// Calls that the interface makes to others (`webhooks`), counted and not kept.
    pub webhooks: u64,
    /// What is odd about it, in sentences.
    pub warnings: Vec<String>,
    /// Operations that cannot be taken.
    pub errors: Vec<Refused>,
    /// Characters that could not be shown.
    pub replaced: Replaced,
}

/// Something that can be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// As it is written, parameters in braces.
    pub path: String,
    /// `operationId`.
    pub operation_id: Option<String>,
    /// `summary`; without one, the first line of the description.
    pub summary: Option<String>,
    /// `tags`, each once.
    pub tags: Vec<String>,
    /// Whether callers are told to stop using it.
    pub is_deprecated: bool,
    /// Media types of the body that it takes, each once, sorted.
    pub request_media_types: Vec<String>,
    /// Media types of the bodies that it answers with, each once, sorted.
    pub response_media_types: Vec<String>,
}

/// An operation that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The line of its path; none in YAML.
    pub line: Option<u64>,
    /// Method and path.
    pub record: String,
    /// What is wrong.
    pub reason: String,
}

/// Reads a description.
///
/// # Errors
/// When the file is neither JSON nor YAML, is no description of an interface, is of another version, or goes over a bound.
pub fn read(mut inner: impl BufRead, limits: &Limits) -> Result<Description, ReadError> {
    let mut head = Vec::with_capacity(HEAD);
    let unreadable = |error: std::io::Error| ReadError::at_line(1, format!("the file cannot be read: {error}"));
    inner.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(unreadable)?;
    let is_json = begins_with_brace(&head);
    let inner = Cursor::new(head).chain(inner);
    if is_json {
        return json::read(inner, limits);
    }
    let bounded =
        Limits { max_total_bytes: limits.max_total_bytes.min(limits.max_exchange_bytes as u64), ..limits.clone() };
    let mut reader = Text::new(inner, &bounded);
    let mut text = String::new();
    while reader.read_into(&mut text)? {}
    let replaced = reader.replaced();
    let value = yaml::parse(text.trim_start_matches('\u{FEFF}'), limits.max_exchange_bytes)?;
    let mut gathering = gather::Gathering::new(limits);
    for (name, member) in value.members() {
        gathering.member(name, member, None)?;
    }
    gathering.finish(1, replaced)
}

/// Bytes that are looked at to tell JSON from YAML.
const HEAD: usize = 1024;

/// Whether the first character that says something opens an object; of UTF-16 as well. What stands before it is passed over: marks, white
/// space, and the zero bytes between those of UTF-16.
fn begins_with_brace(head: &[u8]) -> bool {
    head.iter().find(|byte| !matches!(byte, 0xEF | 0xBB | 0xBF | 0xFE | 0xFF | 0 | b' ' | b'\t' | b'\r' | b'\n'))
        == Some(&b'{')
}

#[cfg(test)]
mod tests;
