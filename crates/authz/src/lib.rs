//! Decisions, without I/O: what a principal holds, and whether that allows one action on one thing.
//!
//! [`Roles`] compiles the roles of an organisation, [`Grants`] what one principal holds of them. A question is answered
//! quickly by [`Grants::allows`], with all reasons by [`Grants::explain`], and for every row at once by [`Grants::reach`]:
//! a list returns exactly the rows of which a check would say yes. An API token can only narrow what is held, and whoever
//! acts for a person never exceeds that person.

mod asked;
pub mod condition;
mod explain;
mod giving;
mod grants;
mod reach;
mod roles;
mod scope;
#[cfg(test)]
mod tests;
mod validity;

pub use asked::{Environment, Question, Strength, Subject, Target};
pub use explain::{Considered, Explanation};
pub use giving::{Gift, Terms};
pub use grants::{Grants, HeldPermission, HeldRole, Holdings, Place, Source, SourceKind};
pub use reach::{Filter, Part, Reach};
pub use roles::{PartRow, PermissionRow, PermissionScope, RolePermissionRow, RoleRow, Roles, Rule};
pub use scope::{Scope, ScopeError};
pub use validity::Validity;
