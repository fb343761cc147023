//! Brings a database's schema forward and back, one numbered step at a time.
//!
//! A step is a pair of files: `V007__teams.sql` does it, `U007__teams.sql` undoes it. Each runs in one transaction together with
//! its row in `platform.schema_migrations`, so a step is done and recorded, or neither. What was applied is held by checksum;
//! two processes that start at once take turns.

mod error;
mod plan;
mod run;
mod source;
mod verify;

pub use error::MigrateError;
pub use plan::{Condition, Status, StepStatus};
pub use run::{Event, Migrator, Patience, Target};
pub use source::{Source, Step};
pub use verify::Verified;
