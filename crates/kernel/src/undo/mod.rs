//! Taking back what was done: one change, a change set, everything of a run, of a request, or of somebody in a time. Each
//! change is taken back by an ordinary write under its ordinary rules, the latest first, all in one transaction, and leaves
//! its own row in the trail. What was changed since by something else is shown and never overwritten.

mod change;
mod step;
mod told;

use base::Problem;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Ctx, Error, Request, store::Tx};
use change::{Change, Origin};
pub use told::{Dispute, Outcome, Undoing, Undone, UndoneField};

/// Changes that are taken back at once at most.
const MOST: usize = 10_000;
/// How often what stands in the way is tried again, as long as something else was taken back meanwhile.
const ROUNDS: usize = 5;

/// What is done when something stands in the way of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Conflicts {
    /// Nothing at all is undone, and the answer names what is in the way.
    #[default]
    Refuse,
    /// What is in the way stays as it is, and all else is undone.
    Skip,
}

/// Which changes are taken back, and how. Exactly one of `changes`, `change_set`, `agent_run`, `request` and `actor` says which.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoRequest {
    /// Single changes: identifiers of rows of the audit trail, as histories name them.
    #[serde(default)]
    #[schemars(with = "Vec<Uuid>", length(max = 1000))]
    pub changes: Option<Vec<Uuid>>,
    /// A change set: what one transaction changed.
    #[serde(default)]
    #[schemars(with = "Uuid")]
    pub change_set: Option<Uuid>,
    /// Everything of one run, as it was named with `X-Agent-Run`.
    #[serde(default)]
    #[schemars(with = "Uuid")]
    pub agent_run: Option<Uuid>,
    /// Everything of one request, by its `X-Request-Id`.
    #[serde(default)]
    #[schemars(with = "String", length(max = 128))]
    pub request: Option<String>,
    /// Everything this person, agent or service did between `from` and `until`.
    #[serde(default)]
    #[schemars(with = "Uuid")]
    pub actor: Option<Uuid>,
    /// Only what happened at this moment or later. Needed with `actor`.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Option<Timestamp>,
    /// Only what happened at this moment or before. Needed with `actor`.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
    /// What is done when something stands in the way.
    #[serde(default)]
    pub conflicts: Conflicts,
    /// Only tell what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Why. Kept with every change that is made.
    #[serde(default)]
    #[schemars(with = "String", length(max = 900))]
    pub reason: Option<String>,
}

impl UndoRequest {
    /// Refuses a request that names no changes, or names them in several ways.
    fn check(&self) -> Result<(), Problem> {
        let named = [
            self.changes.is_some(),
            self.change_set.is_some(),
            self.agent_run.is_some(),
            self.request.is_some(),
            self.actor.is_some(),
        ];
        if named.iter().filter(|is_named| **is_named).count() != 1 {
            let detail =
                "Say which changes: exactly one of `changes`, `change_set`, `agent_run`, `request` and `actor`.";
            return Err(Problem::invalid(detail).field("", "names no changes, or names them in several ways"));
        }
        if self.changes.as_ref().is_some_and(|changes| changes.is_empty() || changes.len() > 1000) {
            return Err(
                Problem::invalid("Name from 1 to 1000 changes.").field("/changes", "must have from 1 to 1000 items")
            );
        }
        if self.actor.is_some() && (self.from.is_none() || self.until.is_none()) {
            let missing = if self.from.is_none() { "/from" } else { "/until" };
            return Err(Problem::invalid("Say from when until when: what somebody ever did is not undone at once.")
                .field(missing, "is required with `actor`"));
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && from > until
        {
            return Err(
                Problem::invalid("The time ends before it begins.").field("/until", "must not be before `from`")
            );
        }
        let texts = [("/reason", &self.reason, 900), ("/request", &self.request, 128)];
        for (pointer, text, most) in texts {
            if text.as_ref().is_some_and(|text| text.contains('\0') || text.chars().count() > most) {
                let detail = format!("must have at most {most} characters, none of them U+0000");
                return Err(Problem::invalid("A text cannot be taken.").field(pointer, detail));
            }
        }
        Ok(())
    }

    /// Why, in words that are kept with each change.
    fn why(&self) -> String {
        let what = match self {
            Self { change_set: Some(set), .. } => format!("Undoes the change set {set}"),
            Self { agent_run: Some(run), .. } => format!("Undoes the run {run}"),
            Self { request: Some(request), .. } => format!("Undoes the request {request}"),
            Self { actor: Some(actor), .. } => format!("Undoes what {actor} did"),
            Self { changes: Some(changes), .. } => match changes.as_slice() {
                [one] => format!("Undoes the change {one}"),
                many => format!("Undoes {} changes", many.len()),
            },
            _ => "Undoes changes".to_owned(),
        };
        match self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
            Some(reason) => format!("{reason} ({what})"),
            None => what,
        }
    }
}

/// The changes that are meant, the latest first, as far as the actor may read what they changed; and how many there are.
/// Nothing is done.
///
/// # Errors
/// 422 when the request does not say which, 404 when there are none that the actor may see.
pub async fn look(ctx: &Ctx, tx: &Tx, request: &UndoRequest, most: usize) -> Result<(Vec<Undone>, usize), Error> {
    request.check()?;
    let found = change::find(ctx, tx, request, MOST + 1).await?;
    let all = found.len();
    let mut shown = Vec::new();
    for change in found.iter().take(most) {
        if step::is_visible(ctx, tx, change).await? {
            shown.push(change.told(ctx));
        }
    }
    if shown.is_empty() {
        return Err(nothing().into());
    }
    Ok((shown, all))
}

fn nothing() -> Problem {
    Problem::not_found("change like this")
}

/// Takes back what the request names, in the transaction of the caller. A dry run does it and takes that back in turn, so
/// that it tells what would really happen.
///
/// # Errors
/// 422 when the request does not say which, 404 when there are none that the actor may see, and 409 naming what stands in
/// the way, unless that is to be skipped.
pub async fn undo(ctx: &Ctx, tx: &mut Tx, request: &UndoRequest) -> Result<Undoing, Error> {
    request.check()?;
    let found = change::find(ctx, tx, request, MOST + 1).await?;
    if found.len() > MOST {
        let detail = format!(
            "These are more than {MOST} changes; narrow them with `from` and `until` and undo the latest first."
        );
        return Err(Problem::invalid(detail).field("", format!("names more than {MOST} changes")).into());
    }
    let mut why = ctx.clone();
    why.request = Request { reason: Some(request.why()), ..(*ctx.request).clone() }.into();
    let recorded = tx.recorded();
    if request.dry_run {
        tx.savepoint().await?;
    }
    let told = take_back(&why, tx, &found).await?;
    let is_partial = !ctx.may("audit_log", "read", None);
    let set = (tx.recorded() > recorded && !request.dry_run).then(|| tx.change_set(|| why.new_id()));
    if request.dry_run {
        tx.undo(recorded).await?;
    }
    let undoing = Undoing::of(set, request.dry_run, is_partial, told);
    if undoing.changes.is_empty() {
        return Err(nothing().into());
    }
    if undoing.is_in_the_way() && !request.dry_run && request.conflicts == Conflicts::Refuse {
        return Err(undoing.refusal().into());
    }
    Ok(undoing)
}

/// Each change in turn. What stands in the way of one may go with another, so those are tried again while there is progress.
async fn take_back(ctx: &Ctx, tx: &mut Tx, found: &[Change]) -> Result<Vec<Option<Undone>>, Error> {
    let origin = Origin::of(found);
    let mut told: Vec<Option<Undone>> = Vec::with_capacity(found.len());
    for change in found {
        told.push(step::take_back(ctx, tx, change, &origin).await?);
    }
    for _ in 0..ROUNDS {
        let mut has_moved = false;
        for (change, told) in found.iter().zip(&mut told) {
            if told.as_ref().is_some_and(Undone::may_yet_go) {
                let again = step::take_back(ctx, tx, change, &origin).await?;
                has_moved |= again.as_ref().is_some_and(|again| again.outcome == Outcome::Undone);
                *told = again;
            }
        }
        if !has_moved {
            break;
        }
    }
    Ok(told)
}
