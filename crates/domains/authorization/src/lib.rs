//! Who may do what: roles, permissions and grants as records, and approvals.

mod approvals;
pub mod evaluation;
mod granting;
pub mod inbox;
pub mod overview;
mod resources;

pub use approvals::Approve;
pub use granting::give_role;
pub use resources::*;

/// The operations of this domain.
pub fn operations() -> Vec<kernel::Operation> {
    approvals::operations()
}
