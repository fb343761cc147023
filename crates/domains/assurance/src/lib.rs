//! How data is kept safe and how that is shown: classifications, keys, masking, compliance, security events,
//! vulnerabilities; and the seals by which the audit trail can be proven.

mod resources;
pub mod sealing;

pub use resources::*;
