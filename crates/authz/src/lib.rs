//! Decisions, without I/O: what a principal was granted, and whether that allows one action on one kind of thing.
//!
//! Grants come from `authz.grants_of` in the database: a resource type, an action, and the project they hold in, or
//! none for the whole organisation. An API token can only narrow them.

pub mod condition;
mod grants;
mod scope;

pub use grants::{Decision, Grant, Grants, Reach};
pub use scope::{Scope, ScopeError};
