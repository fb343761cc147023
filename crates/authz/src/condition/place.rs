//! Where in the document we are, and what is wrong there.

/// Why a condition was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the condition is refused at `{pointer}`: {reason}")]
pub struct ConditionError {
    /// A JSON pointer (RFC 6901) into the document; empty for the whole of it.
    pub pointer: String,
    /// What is wrong and what to write instead.
    pub reason: String,
}

/// A place in a document; the way back to its root.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    above: Option<&'p Place<'p>>,
    step: Step<'p>,
    /// How many operations are around it.
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub(super) fn root() -> Self {
        Self { above: None, step: Step::Index(0), depth: 0 }
    }

    /// The arguments of an operation.
    pub(super) fn key(&'p self, key: &'p str) -> Self {
        Self { above: Some(self), step: Step::Key(key), depth: self.depth + 1 }
    }

    /// An element of a list.
    pub(super) fn index(&'p self, index: usize) -> Self {
        Self { above: Some(self), step: Step::Index(index), depth: self.depth }
    }

    pub(super) fn refuse(&self, reason: impl Into<String>) -> ConditionError {
        let mut pointer = String::new();
        self.write(&mut pointer);
        ConditionError { pointer, reason: reason.into() }
    }

    fn write(&self, pointer: &mut String) {
        let Some(above) = self.above else { return };
        above.write(pointer);
        pointer.push('/');
        match self.step {
            Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => pointer.push_str(&index.to_string()),
        }
    }
}
