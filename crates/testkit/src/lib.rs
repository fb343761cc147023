//! What tests need and products do not: databases of their own, in milliseconds.

mod database;
mod shared;

pub use database::Database;
pub use shared::{Failure, stop_shared_cluster};
