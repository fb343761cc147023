//! The same page three times: a traceability matrix of 200 requirements by 10 tests, in a layout with navigation, built from components.

pub mod model;
pub mod with_askama;
pub mod with_maud;
pub mod with_minijinja;
