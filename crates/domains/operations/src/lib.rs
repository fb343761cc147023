//! What runs beside the requests: services and their settings, notifications, jobs, measurements; and what tells of
//! changes: activity, change sets, tracked columns, histories, retention.

mod preferences;
mod resources;
mod services;
mod undoing;

pub use resources::*;
pub use services::{
    ApiDocument, ApiOperation, OperationFilter, ServiceLine, ServiceRecord, find_service, list_services,
    operations_of_service,
};

use kernel::Operation;

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    vec![preferences::choosing(), undoing::operation()]
}
