//! Holds what the database records against the files, and decides what is refused.

use super::source::{Source, Step};
use jiff::Timestamp;

/// A row of `platform.schema_migrations`.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) version: i32,
    pub(super) name: String,
    pub(super) checksum: Vec<u8>,
    pub(super) undo_checksum: Vec<u8>,
    pub(super) applied_at: Timestamp,
    pub(super) applied_by: String,
    pub(super) execution_ms: i32,
    pub(super) rolled_back_at: Option<Timestamp>,
}

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Every step that the files or the database know, in order.
    pub steps: Vec<StepStatus>,
    /// Why migrating would be refused; empty when it would not.
    pub problems: Vec<String>,
}

/// Where one step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepStatus {
    /// The step's version.
    pub version: i32,
    /// The step's name.
    pub name: String,
    /// Whether it is in force.
    pub condition: Condition,
}

/// Whether a step is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Never applied.
    Pending,
    /// In force.
    Applied {
        /// Since when.
        at: Timestamp,
        /// The database role that applied it.
        by: String,
        /// How long it took, in milliseconds.
        execution_ms: i32,
    },
    /// Applied once and undone since.
    Undone {
        /// Since when.
        at: Timestamp,
    },
}

impl Status {
    /// The newest version in force, 0 when there is none.
    #[must_use]
    pub fn current(&self) -> i32 {
        let applied = self.steps.iter().filter(|step| matches!(step.condition, Condition::Applied { .. }));
        applied.map(|step| step.version).max().unwrap_or(0)
    }

    /// How many steps are not in force.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.steps.iter().filter(|step| !matches!(step.condition, Condition::Applied { .. })).count()
    }
}

/// Compares the files with what the database records.
pub(super) fn status(source: &Source, rows: &[Row]) -> Status {
    let mut steps: Vec<StepStatus> = source
        .steps()
        .iter()
        .map(|step| StepStatus {
            version: step.version,
            name: step.name.clone(),
            condition: rows.iter().find(|row| row.version == step.version).map_or(Condition::Pending, condition),
        })
        .collect();
    for row in rows.iter().filter(|row| source.step(row.version).is_none() && row.rolled_back_at.is_none()) {
        steps.push(StepStatus { version: row.version, name: row.name.clone(), condition: condition(row) });
    }
    steps.sort_by_key(|step| step.version);
    Status { steps, problems: problems(source, rows) }
}

fn condition(row: &Row) -> Condition {
    match row.rolled_back_at {
        Some(at) => Condition::Undone { at },
        None => Condition::Applied { at: row.applied_at, by: row.applied_by.clone(), execution_ms: row.execution_ms },
    }
}

/// Every reason to refuse. A step that was undone is free to change: that is how a step is worked on.
fn problems(source: &Source, rows: &[Row]) -> Vec<String> {
    let mut problems = Vec::new();
    let applied: Vec<&Row> = rows.iter().filter(|row| row.rolled_back_at.is_none()).collect();
    let current = applied.iter().map(|row| row.version).max().unwrap_or(0);
    for row in &applied {
        match source.step(row.version) {
            None => problems.push(format!(
                "version {} ({}) is applied, but this program only knows versions up to {}: the database is newer; \
                 use the newer program, or go back with its `migrate down --to {}`",
                row.version,
                row.name,
                source.newest(),
                source.newest()
            )),
            Some(step) => problems.extend(edited(step, row)),
        }
    }
    for step in source.steps().iter().filter(|step| step.version < current) {
        if !applied.iter().any(|row| row.version == step.version) {
            problems.push(format!(
                "{} is not applied, but version {current} is: it came later and out of order; give it the next free number",
                step.up_file()
            ));
        }
    }
    problems
}

/// How an applied step's files differ from what was applied.
fn edited(step: &Step, row: &Row) -> Option<String> {
    let what_to_do = "restore the file as it was, and make the change in a new migration (or migrate down past this one before editing it)";
    if step.name != row.name {
        return Some(format!(
            "version {} was applied as `{}` and is now called `{}`; {what_to_do}",
            row.version, row.name, step.name
        ));
    }
    let file = if step.checksum() != row.checksum {
        step.up_file()
    } else if step.undo_checksum() != row.undo_checksum {
        step.down_file()
    } else {
        return None;
    };
    Some(format!("{file} was edited after it was applied on {}; {what_to_do}", row.applied_at))
}
