//! Who may do what: members, roles, grants, approvals, and questions about access.

mod approvals;
mod explorer;
mod grants;
mod held;
mod matrix;
mod member;
mod members;
mod question;
mod role;
mod roles;

use std::sync::Arc;

use authorization::overview::{self, Kind, RoleLine};
use axum::{
    Router,
    routing::{get, post},
};
use base::Problem;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use kernel::{Call, Ctx, Error, Subject};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Site, error::form_errors, form::Fields};
use crate::{components::FormErrors, paths};

pub(super) use question::why;
pub(super) use role::moment_of;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route(paths::MEMBERS, get(members::list))
        .route("/members/emergency", post(member::take_in_emergency))
        .route("/members/{id}", get(member::show))
        .route("/members/{id}/assign", post(member::assign))
        .route("/members/{id}/erase", post(member::erase))
        .route(paths::ROLES, get(roles::show).post(roles::create))
        .route("/roles/{name}", get(role::show).post(role::edit))
        .route("/roles/{name}/permissions", post(role::add))
        .route("/roles/{name}/permissions/{row}/remove", post(role::remove))
        .route(paths::GRANTS, get(grants::list))
        .route("/grants/{id}/revoke", post(grants::revoke))
        .route("/grants/{id}/delegate", post(grants::delegate))
        .route(paths::APPROVALS, get(approvals::list).post(approvals::ask))
        .route("/approvals/{id}/decide", post(approvals::decide))
        .route("/approvals/{id}/cancel", post(approvals::cancel))
        .route(paths::ACCESS, get(explorer::may))
        .route(paths::ACCESS_WHO, get(explorer::who))
        .route(paths::ACCESS_WHAT, get(explorer::what))
}

/// Runs a declared operation in a transaction of its own.
async fn perform(ctx: &Ctx, subject: Subject, name: &str, id: Option<&str>, input: Value) -> Result<Value, Error> {
    let mut tx = ctx.begin().await?;
    let output =
        ctx.catalogue().operation(subject, name)?.run(ctx, &mut tx, Call { id: id.map(str::to_owned), input }).await?;
    tx.commit().await?;
    Ok(output)
}

/// A field of a form that is a moment in UTC, as RFC 3339 writes it. What cannot be read stays as it was sent, so that the
/// operation says what is wrong with it.
pub(super) fn moment(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    let read = text.parse::<DateTime>().ok().and_then(|at| at.to_zoned(TimeZone::UTC).ok());
    read.map_or_else(|| json!(text), |at| json!(at.timestamp()))
}

/// The input of an operation from fields that were filled, where `moments` are times and `numbers` numbers.
fn input(fields: &Fields, texts: &[&str], moments: &[&str], numbers: &[&str]) -> Map<String, Value> {
    let mut all = Map::new();
    let filled = |name: &&&str| !fields.text(name).is_empty();
    for name in texts.iter().filter(filled) {
        all.insert((*name).to_owned(), json!(fields.text(name).replace("\r\n", "\n")));
    }
    for name in moments.iter().filter(filled) {
        all.insert((*name).to_owned(), moment(fields.text(name)));
    }
    for name in numbers.iter().filter(filled) {
        let text = fields.text(name);
        all.insert((*name).to_owned(), text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)));
    }
    all
}

/// Members as choices: what a form sends for each, and their names.
async fn people(ctx: &Ctx, tx: &kernel::Tx) -> Result<Vec<(String, String)>, Error> {
    let all = overview::people(ctx, tx, None).await?;
    let value = |person: &overview::Person| match person.email.as_str() {
        "" => person.id.to_string(),
        email => email.to_owned(),
    };
    Ok(all.iter().map(|person| (value(person), person.name.clone())).collect())
}

/// Whether the visitor may do `action` to things of `kind` anywhere.
fn may_somewhere(ctx: &Ctx, kind: &str, action: &str) -> bool {
    ctx.reach(kind, action) != authz::Reach::Nothing
}

/// A condition that was entered as JSON, for the member `name` of an input; nothing when the field is empty.
fn condition_of(fields: &Fields, name: &str) -> Result<Option<Value>, FormErrors> {
    match fields.text(name) {
        "" => Ok(None),
        text => serde_json::from_str::<Value>(text).map(Some).map_err(|error| {
            let detail = format!("is no JSON: {error}");
            form_errors(Problem::invalid("The condition cannot be read.").field(format!("/{name}"), detail))
        }),
    }
}

/// Errors about a condition, held to its field: the place in the document belongs to the words, and the field is the whole
/// textarea.
fn about_condition(mut errors: FormErrors, name: &str) -> FormErrors {
    for fault in &mut errors.fields {
        if let Some(place) = fault.pointer.strip_prefix(&format!("/{name}")).map(str::to_owned) {
            fault.pointer = format!("/{name}");
            if !place.is_empty() {
                fault.detail = format!("at {place}: {}", fault.detail);
            }
        }
    }
    errors
}

/// Roles as choices: short name and title.
fn role_choices(roles: &[RoleLine]) -> Vec<(String, String)> {
    roles.iter().map(|role| (role.name.clone(), role.title.clone())).collect()
}

/// Where an action stands among the others: the everyday ones first.
fn everyday(action: &str) -> usize {
    const FIRST: [&str; 6] = ["read", "create", "update", "delete", "restore", "export"];
    FIRST.iter().position(|first| *first == action).unwrap_or(FIRST.len())
}

/// Every action there is.
fn actions(kinds: &[Kind]) -> Vec<(String, String)> {
    let mut names: Vec<&str> =
        kinds.iter().flat_map(|kind| kind.actions.iter().map(|(name, _)| name.as_str())).collect();
    names.sort_by_key(|name| (everyday(name), *name));
    names.dedup();
    names.into_iter().map(|name| (name.to_owned(), crate::views::access::spelled(name))).collect()
}

/// The project with this slug.
fn project_of<'a>(projects: &'a [(Uuid, String, String)], slug: &str) -> Option<&'a (Uuid, String, String)> {
    projects.iter().find(|(_, known, _)| known == slug)
}

/// Whether something ended, begins later, ends within a week, or holds.
fn standing(
    (from, until): (Option<Timestamp>, Option<Timestamp>),
    is_revoked: bool,
    now: Timestamp,
) -> crate::state::GrantState {
    use crate::state::GrantState;
    const WEEK: i64 = 7 * 86_400;
    match (from, until) {
        _ if is_revoked => GrantState::Revoked,
        (_, Some(until)) if until <= now => GrantState::Ended,
        (Some(from), _) if from > now => GrantState::Scheduled,
        (_, Some(until)) if until.as_second() - now.as_second() <= WEEK => GrantState::Ending,
        _ => GrantState::Live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_a_form_is_in_utc() {
        assert_eq!(moment("2026-12-04T14:30"), json!("2026-12-04T14:30:00Z"));
        assert_eq!(moment("soon"), json!("soon"));
        assert_eq!(moment(""), Value::Null);
    }
}
