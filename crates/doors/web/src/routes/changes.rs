//! Looking at changes and taking them back, and the story of one record. Looking does it and takes it back at once, so that
//! what is shown is what would happen.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use base::Problem;
use jiff::Timestamp;
use kernel::{Conflicts, Error, Outcome, Read, Record, UndoRequest, Undoing, Undone, authorise};
use serde_json::Value;

use super::{
    Site,
    answer::{html, see_other, with_status},
    error::{PageError, refused},
    form::{Fields, Posted},
    history,
    listing::Asked,
    session::Visitor,
};
use crate::{
    components::{Actor, ActorKind, FieldError, FormErrors},
    format::{When, plural},
    layout::Section,
    paths,
    state::Tone,
    views::changes::{Dispute, Row, Story, View, page, story},
};

/// Changes that are tried at once when the page is only looked at.
const TRIED: usize = 50;
/// Changes that a page shows.
const SHOWN: usize = 200;
/// What may name changes in an address.
const SELECTORS: [&str; 7] = ["change", "set", "run", "request", "who", "from", "until"];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::CHANGES, get(look).post(act)).route("/history/{resource}/{id}", get(told))
}

/// The request that fields name, and the fields that name it.
fn selected(value: impl Fn(&str) -> Option<String>) -> Result<(UndoRequest, Vec<(String, String)>), Problem> {
    let given: Vec<(String, String)> =
        SELECTORS.iter().filter_map(|name| value(name).map(|value| ((*name).to_owned(), value))).collect();
    let mut request = UndoRequest::default();
    for (name, value) in &given {
        let wrong = || Problem::bad_request(format!("`{name}` cannot be read; follow a link from a history."));
        let id = || value.parse().map_err(|_| wrong());
        match name.as_str() {
            "change" => request.changes = Some(vec![id()?]),
            "set" => request.change_set = Some(id()?),
            "run" => request.agent_run = Some(id()?),
            "who" => request.actor = Some(id()?),
            "request" => request.request = Some(value.clone()),
            "from" => request.from = Some(moment(value).ok_or_else(wrong)?),
            _ => request.until = Some(moment(value).ok_or_else(wrong)?),
        }
    }
    Ok((request, given))
}

/// A moment as addresses or fields of forms have it; the latter are in UTC.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{text}{}Z", if text.len() == 16 { ":00" } else { "" }).parse().ok())
}

async fn look(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let asked = Asked::of(query.as_deref())?;
    let (request, selector) = selected(|name| asked.one(name))?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let (seen, total) = kernel::look(ctx, &tx, &request, SHOWN).await?;
    tx.commit().await?;
    if total <= TRIED {
        return tried(&visitor, request, selector).await;
    }
    let view =
        View { is_partial: !visitor.may("audit_log", "read", None), ..view(&visitor, &request, selector, seen, total) };
    Ok(html(page(&visitor.frame(Section::Other).await?, &view)))
}

/// The page with what would happen.
async fn tried(
    visitor: &Visitor,
    mut request: UndoRequest,
    selector: Vec<(String, String)>,
) -> Result<Response, PageError> {
    request.dry_run = true;
    let mut tx = visitor.ctx.begin().await?;
    let found = kernel::undo(&visitor.ctx, &mut tx, &request).await?;
    drop(tx);
    show(visitor, &request, selector, found, FormErrors::default()).await
}

async fn show(
    visitor: &Visitor,
    request: &UndoRequest,
    selector: Vec<(String, String)>,
    found: Undoing,
    errors: FormErrors,
) -> Result<Response, PageError> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let counts = [found.undone, found.nothing_to_do, found.conflicts, found.impossible, found.forbidden].map(number);
    let total = found.changes.len();
    let mut changes = found.changes;
    // What stands in the way is shown first: of a thousand changes nobody would find it.
    changes.sort_by_key(|change| matches!(change.outcome, Outcome::Undone | Outcome::NothingToDo));
    changes.truncate(SHOWN);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let view = View {
        forecast: Some(counts),
        is_partial: found.is_partial,
        errors,
        ..view(visitor, request, selector, changes, total)
    };
    Ok(with_status(status, page(&visitor.frame(Section::Other).await?, &view)))
}

fn view(
    visitor: &Visitor,
    request: &UndoRequest,
    selector: Vec<(String, String)>,
    changes: Vec<Undone>,
    total: usize,
) -> View {
    let mut facts = Vec::new();
    if let (Some(_), Some(why)) = (request.change_set, changes.iter().find_map(|change| change.why.clone())) {
        facts.push(("Why", why));
    }
    let title = match request {
        UndoRequest { change_set: Some(_), .. } => "A change set",
        UndoRequest { agent_run: Some(_), .. } => "Everything of one run",
        UndoRequest { request: Some(_), .. } => "Everything of one request",
        UndoRequest { actor: Some(_), .. } => "Everything of somebody in a time",
        _ => "One change",
    };
    for (name, words) in [("run", "Run"), ("request", "Request"), ("from", "From"), ("until", "Until")] {
        if let Some((_, value)) = selector.iter().find(|(field, _)| field == name) {
            facts.push((words, value.clone()));
        }
    }
    let now = visitor.ctx.now();
    View {
        title: title.to_owned(),
        facts,
        selector,
        rows: changes.into_iter().map(|change| row(change, now)).collect(),
        total: i64::try_from(total).unwrap_or(i64::MAX),
        ..View::default()
    }
}

fn row(change: Undone, now: Timestamp) -> Row {
    let kind = change
        .resource
        .map_or_else(|| change.event.split('.').next().unwrap_or_default().to_owned(), |name| name.replace('-', " "));
    let verb = change.event.rsplit('.').next().unwrap_or_default().replace('_', " ");
    let is_change = change.way == Some("put_back");
    let outcome = match (change.outcome, change.way) {
        (Outcome::Seen, _) => None,
        (Outcome::Undone, Some("delete")) => Some((Tone::Good, "Is deleted again")),
        (Outcome::Undone, Some("restore")) => Some((Tone::Good, "Comes out of the bin")),
        (Outcome::Undone, Some("recreate")) => Some((Tone::Good, "Is made again")),
        (Outcome::Undone, _) => Some((Tone::Good, "Is put back")),
        (Outcome::NothingToDo, _) => Some((Tone::Idle, "Is as before already")),
        (Outcome::Conflict, _) => Some((Tone::Warn, "Was changed since")),
        (Outcome::Impossible, _) => Some((Tone::Bad, "Cannot be undone")),
        (Outcome::Forbidden, _) => Some((Tone::Bad, "Not yours to undo")),
    };
    Row {
        record: (
            kind,
            change.name.clone().unwrap_or_else(|| change.record.clone()),
            change.resource.map(|name| paths::history(name, &change.record)),
        ),
        what: match verb.as_str() {
            "updated" => "changed".to_owned(),
            _ => verb,
        },
        by: Actor {
            name: change.by.unwrap_or_else(|| "Throughline".to_owned()),
            kind: if change.by_program { ActorKind::Agent } else { ActorKind::Person },
            on_behalf_of: change.on_behalf_of,
        },
        when: When::new(change.at, now),
        fields: change
            .fields
            .iter()
            .filter(|_| is_change)
            .map(|one| {
                (history::words(&one.field), history::clipped(one.from.as_deref()), history::clipped(one.to.as_deref()))
            })
            .collect(),
        outcome: outcome.map(|(tone, word)| (tone, word.to_owned())),
        reason: change.reason,
        disputes: change
            .disputes
            .into_iter()
            .map(|one| Dispute {
                field: history::words(&one.field),
                expected: history::clipped(one.expected.as_deref()),
                found: history::clipped(one.found.as_deref()),
                by: one.by.map(|name| Actor { name, kind: ActorKind::Person, on_behalf_of: one.on_behalf_of }),
                when: one.at.map(|at| When::new(at, now)),
            })
            .collect(),
    }
}

async fn act(posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields): (&Visitor, &Fields) = (&posted.visitor, &posted.fields);
    let given = |name: &str| Some(fields.text(name).to_owned()).filter(|value| !value.is_empty());
    let (mut request, selector) = selected(given)?;
    if fields.text("do") != "undo" {
        return tried(visitor, request, selector).await;
    }
    request.conflicts = if fields.text("conflicts") == "skip" { Conflicts::Skip } else { Conflicts::Refuse };
    request.reason = given("reason");
    let ctx = &visitor.ctx;
    let doing = async {
        let mut tx = ctx.begin().await?;
        let done = kernel::undo(ctx, &mut tx, &request).await?;
        tx.commit().await?;
        Ok::<_, Error>(done)
    };
    match doing.await {
        Ok(done) => {
            let count = plural(i64::try_from(done.undone).unwrap_or(i64::MAX), "change is", "changes are");
            let to = match done.id {
                Some(set) => paths::asking(paths::CHANGES, &[("set", &set.to_string())]),
                None => paths::HOME.to_owned(),
            };
            Ok(see_other(to)
                .saying(Tone::Good, format!("{count} undone. This is the change set of undoing."))
                .into_response())
        }
        Err(error) => {
            // Something came in between: what there is now is shown again, with what is in the way.
            let mut errors = refused(ctx, error)?;
            errors.fields.retain(|field| field.pointer == "/reason");
            if errors.fields.is_empty() && errors.summary.is_none() {
                errors.summary = Some(
                    "Something was changed meanwhile, so nothing was undone. Look again at what stands in the way."
                        .into(),
                );
            }
            request.dry_run = true;
            request.reason = None;
            let mut tx = ctx.begin().await?;
            let found = kernel::undo(ctx, &mut tx, &request).await?;
            drop(tx);
            show(visitor, &request, selector, found, errors).await
        }
    }
}

async fn told(
    visitor: Visitor,
    Path((resource, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let served = ctx.catalogue().get(&resource).ok_or_else(|| Problem::not_found("page"))?;
    let tx = ctx.begin_read().await?;
    let record = authorise::<Read, _>(ctx, Record::find(&tx, served, &id, false).await?)?;
    tx.commit().await?;
    let at = asked.one("at").unwrap_or_default();
    let (mut then, mut errors) = (None, FormErrors::default());
    if !at.is_empty() {
        let detail = match moment(&at) {
            None => Some("This is no moment; choose a day and a time."),
            Some(_) if !served.has_past() => Some("Of these records no past is kept."),
            Some(moment) => {
                let pairs = [("from".to_owned(), moment.to_string())];
                let found = kernel::difference(ctx, served, &record.id, &pairs).await?;
                let text = |value: &Value| match value {
                    Value::Null => history::clipped(None),
                    Value::String(text) => history::clipped(Some(text)),
                    other => history::clipped(Some(&other.to_string())),
                };
                let fields =
                    found.fields.iter().map(|one| (history::words(&one.field), text(&one.before), text(&one.after)));
                match found.change {
                    "added" => Some("It was not there at that moment."),
                    _ => {
                        then = Some((When::new(moment, ctx.now()), fields.collect()));
                        None
                    }
                }
            }
        };
        errors.fields.extend(detail.map(|detail| FieldError { pointer: "/at".into(), detail: detail.into() }));
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Story {
        kind: served.resource.words(),
        name: record.title.clone().unwrap_or_else(|| record.id.clone()),
        href: None,
        path: paths::history(&resource, &record.id),
        entries: history::of(ctx, served, &record.id).await?,
        at: (at, errors),
        then,
    };
    Ok(with_status(status, story(&visitor.frame(Section::Other).await?, &view)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_from_addresses_and_from_forms() {
        for text in ["2026-11-29T10:00:00Z", "2026-11-29T10:00", "2026-11-29T10:00:00", "2026-11-29T11:00:00+01:00"] {
            assert_eq!(moment(text).map(|at| at.to_string()).as_deref(), Some("2026-11-29T10:00:00Z"), "{text}");
        }
        assert_eq!(moment("yesterday"), None);
    }
}
