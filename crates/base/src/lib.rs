//! Words every other room uses: identifiers, problem details, cursors. No I/O and hardly a dependency.

mod cursor;
mod id;
mod problem;

pub use cursor::{Cursor, CursorError};
pub use id::{IdSource, RandomIds, first_id_of, id_at};
pub use problem::{FieldError, Problem, ProblemKind, Refused};
