//! What runs beside the requests: services and their settings, notifications, jobs, measurements; and what tells of
//! changes: activity, change sets, tracked columns, histories, retention.

mod preferences;
mod resources;

pub use preferences::operations;
pub use resources::*;
