//! How data is kept safe and how that is shown: classifications, keys, masking, compliance, security events,
//! vulnerabilities.

mod resources;

pub use resources::*;
