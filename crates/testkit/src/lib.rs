//! What tests need and products do not: databases of their own in milliseconds, and a running application with people in it.

mod database;
mod shared;
mod world;

pub use database::Database;
pub use shared::{Failure, stop_shared_cluster};
pub use world::{Answer, Call, Clock, METRICS_TOKEN, Organization, Person, World};
