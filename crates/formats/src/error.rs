//! Why a file could not be read, in a sentence for the person who sent it.

/// A refusal: where in the file, and why. Nothing of a refused file is to be kept.
///
/// The reason is a sentence for people: it says what was found and, where that helps, what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ReadError {
    /// The line the reader had reached, counted from 1. 1 for an empty file.
    pub line: u64,
    /// The character within that line, counted from 1, where the format makes it meaningful.
    pub column: Option<u64>,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl ReadError {
    /// A refusal that concerns a whole line.
    pub(crate) fn at_line(line: u64, reason: impl Into<String>) -> Self {
        Self { line, column: None, reason: reason.into() }
    }

    /// A refusal that concerns one place in a line.
    pub(crate) fn at(line: u64, column: u64, reason: impl Into<String>) -> Self {
        Self { line, column: Some(column), reason: reason.into() }
    }
}
