//! What is told of changes that are, or would be, taken back.

use base::{FieldError, Problem};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// Obstacles that a refusal names one by one.
const NAMED: usize = 50;

/// What became of a change, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was only looked at.
    Seen,
    /// It is taken back.
    Undone,
    /// Everything is as it was before it already.
    NothingToDo,
    /// It was changed since by something that is not taken back.
    Conflict,
    /// It cannot be taken back, for the reason that is given.
    Impossible,
    /// The actor may not do what taking it back takes.
    Forbidden,
}

/// A field, what it holds and what it is to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UndoneField {
    /// Its name.
    pub field: String,
    /// What the change had put there; null: nothing.
    pub from: Option<String>,
    /// What was there before the change; null: nothing.
    pub to: Option<String>,
}

/// A field that something else has changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dispute {
    /// Its name.
    pub field: String,
    /// What the change had put there; null: nothing.
    pub expected: Option<String>,
    /// What is there now; null: nothing.
    pub found: Option<String>,
    /// Who put it there; null: something that leaves no row for each change, such as an import.
    pub by: Option<String>,
    /// For whom they did.
    pub on_behalf_of: Option<String>,
    /// When.
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// The row of the audit trail that tells of it.
    pub change: Option<Uuid>,
}

/// One change, and what became of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Undone {
    /// The row of the audit trail that tells of the change.
    pub change: Uuid,
    /// The change set it was part of; null: that was not kept.
    pub change_set: Option<Uuid>,
    /// What had happened, such as `requirement.updated`.
    pub event: String,
    /// The collection of the record, such as `requirements`; null: it is not served.
    pub resource: Option<&'static str>,
    /// The record.
    pub record: String,
    /// What it was called.
    pub name: Option<String>,
    /// Its project.
    pub project: Option<Uuid>,
    /// Who had done it.
    pub by: Option<String>,
    /// For whom they had.
    pub on_behalf_of: Option<String>,
    /// Whether that was an agent or a service.
    pub by_program: bool,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Why, as whoever did it said.
    pub why: Option<String>,
    /// How it is taken back: `put_back`, `delete`, `restore` or `recreate`; null: in no way.
    pub way: Option<&'static str>,
    /// What became of it, or would.
    pub outcome: Outcome,
    /// Why not, as a sentence.
    pub reason: Option<String>,
    /// What it had changed.
    pub fields: Vec<UndoneField>,
    /// What has been changed since.
    pub disputes: Vec<Dispute>,
}

impl Undone {
    /// Whether it may still go once something else is taken back.
    pub(super) fn may_yet_go(&self) -> bool {
        self.way.is_some() && matches!(self.outcome, Outcome::Conflict | Outcome::Impossible)
    }

    fn is_in_the_way(&self) -> bool {
        matches!(self.outcome, Outcome::Conflict | Outcome::Impossible | Outcome::Forbidden)
    }

    /// The record as people call it.
    fn called(&self) -> String {
        let kind = self.resource.unwrap_or_else(|| self.event.split('.').next().unwrap_or_default());
        let kind = kind.replace(['-', '_'], " ");
        match &self.name {
            Some(name) => format!("{kind} “{}”", crate::access::clip(name)),
            None => format!("{kind} {}", crate::access::clip(&self.record)),
        }
    }

    /// What stands in the way, as a sentence.
    fn obstacle(&self) -> String {
        if let Some(reason) = &self.reason {
            return format!("{}: {reason}", self.called());
        }
        let said = |text: &Option<String>| {
            text.as_deref().map_or_else(|| "nothing".to_owned(), |text| format!("“{}”", crate::access::clip(text)))
        };
        let told: Vec<String> = self
            .disputes
            .iter()
            .map(|one| {
                let by = one.by.as_deref().unwrap_or("something that leaves no row for each change");
                let at = one.at.map_or_else(String::new, |at| format!(" on {}", at.strftime("%Y-%m-%d %H:%M:%SZ")));
                format!("`{}` was {} and is now {}, by {by}{at}", one.field, said(&one.expected), said(&one.found))
            })
            .collect();
        format!("{}: {}.", self.called(), told.join("; "))
    }
}

/// What became of all of them, or would.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Undoing {
    /// The change set of the undoing, which can be undone in turn; null: nothing was done.
    pub id: Option<Uuid>,
    /// Whether nothing was done because only a forecast was asked for.
    pub dry_run: bool,
    /// How many changes are taken back.
    pub undone: usize,
    /// How many were taken back before.
    pub nothing_to_do: usize,
    /// How many were changed since by something else.
    pub conflicts: usize,
    /// How many cannot be taken back.
    pub impossible: usize,
    /// How many the actor may not take back.
    pub forbidden: usize,
    /// True: only changes of what the actor may read are told and taken back; there may be others. Who reads the audit trail is
    /// told of all.
    pub is_partial: bool,
    /// Each of them, the latest first.
    pub changes: Vec<Undone>,
}

impl Undoing {
    pub(super) fn of(id: Option<Uuid>, dry_run: bool, is_partial: bool, told: Vec<Option<Undone>>) -> Self {
        let changes: Vec<Undone> = told.into_iter().flatten().collect();
        let count = |outcome: Outcome| changes.iter().filter(|change| change.outcome == outcome).count();
        Self {
            id,
            dry_run,
            undone: count(Outcome::Undone),
            nothing_to_do: count(Outcome::NothingToDo),
            conflicts: count(Outcome::Conflict),
            impossible: count(Outcome::Impossible),
            forbidden: count(Outcome::Forbidden),
            is_partial,
            changes,
        }
    }

    /// Whether something stands in the way.
    pub fn is_in_the_way(&self) -> bool {
        self.conflicts + self.impossible + self.forbidden > 0
    }

    /// What is said when something stands in the way and is not to be skipped.
    pub(super) fn refusal(&self) -> Problem {
        let all = self.changes.len();
        let odd: Vec<&Undone> = self.changes.iter().filter(|change| change.is_in_the_way()).collect();
        let first = odd.first().map_or_else(String::new, |first| first.obstacle());
        let detail = format!(
            "Nothing was undone: {} of {all} changes cannot be undone. {first} A dry run tells all of it; with `conflicts: skip` they stay \
             as they are and the others are undone.",
            odd.len()
        );
        let mut problem =
            if self.conflicts + self.impossible == 0 { Problem::forbidden(detail) } else { Problem::conflict(detail) };
        problem.errors = odd
            .iter()
            .take(NAMED)
            .map(|change| FieldError { pointer: format!("/changes/{}", change.change), detail: change.obstacle() })
            .collect();
        problem
    }
}
