//! Documents and their versions, stored files, attachments, and the jobs that work through documents.

mod files;
mod resources;

pub use files::operations;
pub use resources::*;
