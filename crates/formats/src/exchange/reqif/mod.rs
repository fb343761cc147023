//! ReqIF 1.0 to 1.2 (OMG formal/2016-07-01): requirements of modelling tools, read and written.
//!
//! An object becomes a record: its attributes are named by their definitions and typed; its place in the first specification that
//! shows it gives order and parent; relations become links. Everything else is kept as it was written ([`Frame`] for the document,
//! [`super::Record::source`] for an object), so that what goes out again has lost nothing: identifiers, types, enumerations,
//! formatted text, hierarchy, relations and their groups, extensions of tools. Missing references, missing names and files
//! without types are usual and taken as they are.

mod read;
mod types;
mod write;

use serde::{Deserialize, Serialize};

pub(crate) use read::read;
pub use write::{Change, Fresh, Outgoing, Writer};

/// What a file has beside its objects, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// Attributes of the root, namespaces among them.
    pub root: Vec<(String, String)>,
    /// Name of the root with its prefix.
    pub root_name: String,
    /// The header, whole.
    pub header: Option<String>,
    /// `DATATYPES`, whole.
    pub datatypes: Option<String>,
    /// `SPEC-TYPES`, whole.
    pub types: Option<String>,
    /// Each relation.
    pub relations: Vec<String>,
    /// Each specification.
    pub specifications: Vec<String>,
    /// `SPEC-RELATION-GROUPS`, whole.
    pub groups: Option<String>,
    /// `TOOL-EXTENSIONS`, whole.
    pub extensions: Option<String>,
}

#[cfg(test)]
mod tests;
