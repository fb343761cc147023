//! Projects, requirements with their items and dependencies, features, and the links between records; tasks, changes,
//! decisions and what is said about them.

mod baselines;
mod home;
mod impact;
mod kinds;
mod links;
mod listing;
mod matrix;
mod planning;
mod project;
mod proof;
mod requirement;
mod resources;
mod rollback;
mod suspects;

pub use baselines::{
    Approve, BASELINE_KINDS, BASELINES, BaselineItem, BaselineItems, BaselineLine, Compared, Comparison, Difference,
    FieldChange, Part, baseline, baseline_item, baseline_items, baselines, compare,
};
pub use home::{ProjectCard, project_cards};
pub use impact::{
    Direction, IMPACT_DEPTH, IMPACT_HEADS, IMPACT_ROWS, Impact, ImpactEdge, ImpactQuestion, ImpactReached,
    ImpactRecord, ImpactStep, impact,
};
pub use kinds::{
    KIND_HEADS, KIND_ROWS, KindCell, KindCriteria, KindMatrix, KindQuestion, KindRow, KindShow, matrix_of_kinds,
};
pub use links::{LINKS_AT_ONCE, LinkPair, link_pairs};
pub use listing::{Order, Page, Tally, Wanted, attention, evidence_of, listed, tally};
pub use matrix::{levels, project_levels, tested_in, titles};
pub use planning::*;
pub use project::{Counted, Project, project, project_counted};
pub use proof::{Evidence, Outcomes, Proof, Standing};
pub use requirement::{
    Criterion, LinkedTest, Neighbour, Requirement, Surroundings, members, requirement, surroundings,
};
pub use resources::*;
pub use rollback::operations;
pub use suspects::{SuspectLink, record_of_key, suspects, suspects_counted};
