//! What is used and what it costs: usage sessions, calls, reports, cost centres, costs; and what follows from all
//! records together: dashboards, the quality of the data, and how the installation does.

mod costs;
mod dashboard;
pub mod quality;
mod resources;
pub mod watching;

pub use costs::operations;
pub use dashboard::{Day, ProjectFigures, UserFigures, Waiting, my_figures, my_work, project_figures, results_by_day};
pub use resources::*;
