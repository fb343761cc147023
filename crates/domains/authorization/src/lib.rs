//! Who may do what: roles, permissions and grants as records, giving them safely, and approvals.

mod approvals;
mod assigning;
mod emergencies;
pub mod evaluation;
mod granting;
pub mod inbox;
pub mod overview;
mod places;
mod resources;

pub use approvals::Approve;
pub use assigning::Delegate;
pub use emergencies::{BreakGlass, OUT_OF_REACH};
pub use granting::give_role;
pub use places::Where;
pub use resources::*;

/// The operations of this domain.
pub fn operations() -> Vec<kernel::Operation> {
    approvals::operations().into_iter().chain(assigning::operations()).chain(emergencies::operations()).collect()
}
