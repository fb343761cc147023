//! How data is kept safe and how that is shown: classifications, keys, masking, compliance, security events,
//! vulnerabilities, and what scanners find.

mod components;
mod exposure;
mod findings;
mod resources;
mod triage;

use kernel::Operation;

pub use components::*;
pub use exposure::{Exposure, Occurrence, exposure};
pub use findings::*;
pub use resources::*;

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    vec![triage::triaging()]
}
