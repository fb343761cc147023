//! The audit trail: the list with its timeline and files, and one entry. What narrows the list lives in the address; the kernel's
//! own list, count and export of `audit-logs` answer it, so that the API says the same of the same filter.

use std::{collections::HashMap, sync::Arc};

use assurance::sealing;
use authorization::overview::{self, Person};
use axum::{
    Router,
    body::Body,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
    routing::get,
};
use base::{Problem, first_id_of};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use kernel::{Ctx, Error, ExportFormat, ListQuery, Served, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Site,
    answer::{html, with_status},
    changes::moment,
    csv::attached,
    error::PageError,
    history,
    listing::{Asked, ROWS},
    session::Visitor,
};
use crate::{
    components::{Actor, ActorKind, FieldError, FormErrors, Pager, Stretch},
    format::{When, plural},
    layout::Section,
    paths,
    state::{Risk, Shown as _, TrailOutcome},
    views::audit::{self, Entry, Row, Seal, View},
};

/// Members offered while somebody types a name.
const OFFERED: usize = 200;
/// Bars of the timeline at most.
const BARS: i64 = 48;
/// What the timeline shows when no time is asked for.
const USUAL_DAYS: i64 = 30;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route(paths::AUDIT, get(list))
        .route("/audit.csv", get(csv))
        .route("/audit.ndjson", get(ndjson))
        .route("/audit/{id}", get(show))
}

/// What the address asks for, as filters of the kernel's list.
struct Narrowed {
    pairs: Vec<(String, String)>,
    errors: FormErrors,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Narrowed {
    async fn of(tx: &Tx, asked: &Asked, people: &[Person]) -> Result<Self, PageError> {
        let mut found = Self { pairs: Vec::new(), errors: FormErrors::default(), from: None, until: None };
        for (name, column) in [("who", "user_id"), ("for", "on_behalf_of_user_id")] {
            let Some(text) = asked.one(name) else { continue };
            match person(people, &text) {
                Some(id) => found.narrow(column, &id.to_string()),
                None => found.refuse(name, "No member has this name, address or identifier."),
            }
        }
        for (name, column) in [("run", "agent_run_id"), ("address", "ip_address")] {
            let Some(text) = asked.one(name) else { continue };
            let fits = match name {
                "run" => text.parse::<Uuid>().is_ok(),
                _ => text.parse::<std::net::IpAddr>().is_ok(),
            };
            match (fits, name) {
                (true, _) => found.narrow(column, &text),
                (false, "run") => found.refuse(name, "A run is named by a UUID."),
                (false, _) => found.refuse(name, "This is no address on the network, such as 192.0.2.7."),
            }
        }
        let plain =
            [("what", "event_type"), ("kind", "resource_type"), ("record", "resource_id"), ("request", "request_id")];
        for (name, column) in plain {
            if let Some(text) = asked.one(name) {
                found.narrow(column, &text);
            }
        }
        if let Some(slug) = asked.one("project") {
            match overview::projects(tx).await?.into_iter().find(|(_, known, _)| *known == slug) {
                Some((id, ..)) => found.narrow("project_id", &id.to_string()),
                None => found.refuse("project", "There is no such project, or you may not see it."),
            }
        }
        if let Some(code) = asked.codes::<TrailOutcome>("outcome").first() {
            found.narrow("status", code);
        }
        if let Some(code) = asked.codes::<Risk>("risk").first() {
            found.narrow("risk_level", code);
        }
        for (name, operator) in [("from", "gte"), ("until", "lt")] {
            let Some(text) = asked.one(name) else { continue };
            let Some(at) = moment(&text) else {
                found.refuse(name, "This is no moment; choose a day and a time.");
                continue;
            };
            // The identifier of a row carries its time, and every index of the trail ends in it.
            found.pairs.push((format!("filter[id][{operator}]"), first_id_of(at).to_string()));
            if name == "from" { found.from = Some(at) } else { found.until = Some(at) }
        }
        Ok(found)
    }

    fn narrow(&mut self, column: &str, value: &str) {
        self.pairs.push((format!("filter[{column}]"), value.to_owned()));
    }

    fn refuse(&mut self, name: &str, detail: &str) {
        self.errors.summary = Some("The trail could not be narrowed like this.".to_owned());
        self.errors.fields.push(FieldError { pointer: format!("/{name}"), detail: detail.to_owned() });
    }

    /// The list that is asked for.
    fn query(&self, served: &Served, more: &[(&str, String)]) -> Result<ListQuery, Problem> {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let pairs: Vec<(String, String)> = self.pairs.iter().cloned().chain(more).collect();
        ListQuery::parse(served, &pairs)
    }
}

/// The member that somebody means.
fn person(people: &[Person], text: &str) -> Option<Uuid> {
    let wanted = text.to_lowercase();
    text.parse().ok().or_else(|| {
        people
            .iter()
            .find(|one| one.email == wanted)
            .or_else(|| people.iter().find(|one| one.name.to_lowercase() == wanted))
            .map(|one| one.id)
    })
}

fn served(ctx: &Ctx) -> Result<&Served, Error> {
    ctx.catalogue().get("audit-logs").ok_or_else(|| Problem::not_found("audit trail").into())
}

async fn list(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let served = served(ctx)?;
    kernel::permit::<kernel::Read>(ctx, served.resource)?;
    let tx = ctx.begin_read().await?;
    let people = overview::people(ctx, &tx, None).await?;
    let projects = overview::projects(&tx).await?;
    let narrowed = Narrowed::of(&tx, &asked, &people).await?;
    tx.commit().await?;
    let mut view = View {
        asked: entered(&asked),
        people: people.iter().take(OFFERED).map(offered).collect(),
        projects: projects.into_iter().map(|(_, slug, name)| (slug, name)).collect(),
        ..View::default()
    };
    if narrowed.errors.is_empty() {
        let after = asked.one("after").map(|cursor| ("cursor", cursor));
        let more: Vec<_> = [("limit", ROWS.to_string())].into_iter().chain(after.clone()).collect();
        let page = kernel::list(ctx, served, narrowed.query(served, &more)?).await?;
        let found = page.body.parse()?;
        let entries = found["data"].as_array().cloned().unwrap_or_default();
        let names = Names::of(ctx, &entries, people).await?;
        let shown = plural(i64::try_from(entries.len()).unwrap_or_default(), "entry", "entries");
        view.rows = entries.iter().filter_map(|entry| row(ctx, entry, &names)).collect();
        view.pager = Pager {
            shown: format!("{shown}, the latest first"),
            first: after.map(|_| asked.address(paths::AUDIT, &["after"], &[])),
            next: page.next.map(|cursor| asked.address(paths::AUDIT, &["after"], &[("after", &cursor)])),
        };
        view.stretches = stretches(ctx, served, &asked, &narrowed).await?;
        if ctx.may("audit_log", "export", None) {
            view.files = Some(["/audit.csv", "/audit.ndjson"].map(|path| asked.address(path, &["after"], &[])));
        }
    }
    let status = if narrowed.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    view.errors = narrowed.errors;
    Ok(with_status(status, audit::page(&visitor.frame(Section::Trail).await?, &view)))
}

/// A member as somebody enters them: the address, or the name of those who have none.
fn offered(person: &Person) -> (String, String) {
    let value = if person.email.is_empty() { person.id.to_string() } else { person.email.clone() };
    (value, person.name.clone())
}

fn entered(asked: &Asked) -> audit::Asked {
    let one = |name: &str| asked.one(name).unwrap_or_default();
    // A field for moments takes them without an offset; all of them are in UTC.
    let at = |name: &str| moment(&one(name)).map_or_else(|| one(name), |at| at.strftime("%Y-%m-%dT%H:%M").to_string());
    audit::Asked {
        who: one("who"),
        acting_for: one("for"),
        run: one("run"),
        what: one("what"),
        kind: one("kind"),
        record: one("record"),
        project: one("project"),
        outcome: one("outcome"),
        risk: one("risk"),
        address: one("address"),
        request: one("request"),
        from: at("from"),
        until: at("until"),
    }
}

/// What the people and projects of some entries are called.
struct Names {
    people: HashMap<Uuid, Person>,
    others: HashMap<Uuid, String>,
}

impl Names {
    async fn of(ctx: &Ctx, entries: &[Value], people: Vec<Person>) -> Result<Self, Error> {
        let people: HashMap<Uuid, Person> = people.into_iter().map(|one| (one.id, one)).collect();
        let mut others: Vec<Uuid> = entries
            .iter()
            .flat_map(|entry| ["user_id", "on_behalf_of_user_id", "project_id"].map(|name| id(entry, name)))
            .flatten()
            .filter(|id| !people.contains_key(id))
            .collect();
        others.sort_unstable();
        others.dedup();
        let tx = ctx.begin_read().await?;
        let others = overview::called(&tx, &others).await?;
        tx.commit().await?;
        Ok(Self { people, others })
    }

    fn name(&self, id: Uuid) -> Option<String> {
        self.people.get(&id).map(|one| one.name.clone()).or_else(|| self.others.get(&id).cloned())
    }
}

fn id(entry: &Value, name: &str) -> Option<Uuid> {
    entry[name].as_str().and_then(|text| text.parse().ok())
}

fn text(entry: &Value, name: &str) -> Option<String> {
    entry[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn row(ctx: &Ctx, entry: &Value, names: &Names) -> Option<Row> {
    let kind = text(entry, "resource_type");
    let by = id(entry, "user_id").filter(|id| !id.is_nil());
    let is_program = by.and_then(|id| names.people.get(&id)).is_some_and(|one| one.kind != "person");
    let record = text(entry, "resource_id").map(|record| {
        // What happened to it; its own page may be gone with it.
        let href = kind.as_deref().map(|kind| paths::asking(paths::AUDIT, &[("kind", kind), ("record", &record)]));
        (text(entry, "resource_name").unwrap_or(record), href)
    });
    Some(Row {
        id: text(entry, "id")?,
        by: Actor {
            name: by.map_or_else(
                || "Throughline".to_owned(),
                |id| names.name(id).unwrap_or_else(|| "Somebody who is no member".to_owned()),
            ),
            kind: if is_program { ActorKind::Agent } else { ActorKind::Person },
            on_behalf_of: id(entry, "on_behalf_of_user_id").and_then(|id| names.name(id)),
        },
        what: history::told(&text(entry, "event_type")?),
        record,
        outcome: TrailOutcome::from_code(entry["status"].as_str()?).unwrap_or(TrailOutcome::Success),
        risk: Risk::from_code(entry["risk_level"].as_str()?).unwrap_or(Risk::Low),
        address: text(entry, "ip_address"),
        reason: text(entry, "business_context"),
        when: When::new(text(entry, "occurred_at")?.parse().ok()?, ctx.now()),
    })
}

/// Beginning, length and number of the bars between two moments: hours, days, weeks, months of 31 days or quarters of 92.
fn bars(from: Timestamp, until: Timestamp) -> (Timestamp, i64, i64) {
    const HOUR: i64 = 3600;
    let span = (until.as_second() - from.as_second()).max(1);
    let step = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 31 * 24 * HOUR, 92 * 24 * HOUR]
        .into_iter()
        .find(|step| span <= step * BARS)
        .unwrap_or(92 * 24 * HOUR);
    // They begin with whole hours or days.
    let whole = step.min(24 * HOUR);
    let begin = from.as_second().div_euclid(whole) * whole;
    let count = ((until.as_second() - begin + step - 1) / step).clamp(1, BARS + 1);
    (Timestamp::from_second(begin).unwrap_or(from), step, count)
}

async fn stretches(ctx: &Ctx, served: &Served, asked: &Asked, narrowed: &Narrowed) -> Result<Vec<Stretch>, PageError> {
    let until = narrowed.until.unwrap_or_else(|| ctx.now()).min(ctx.now() + SignedDuration::from_secs(1));
    // A moment before anything could be on record is no mistake, and shows nothing.
    let until = until.max(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
    let usual = until.checked_sub(SignedDuration::from_hours(24 * USUAL_DAYS)).unwrap_or(Timestamp::UNIX_EPOCH);
    let from = narrowed.from.unwrap_or(usual).clamp(Timestamp::UNIX_EPOCH, until);
    let (begin, step, count) = bars(from, until);
    let at = |nth: i64| Timestamp::from_second(begin.as_second() + nth * step).unwrap_or(until);
    let edges: Vec<(Timestamp, Timestamp)> = (0..count).map(|nth| (at(nth), at(nth + 1))).collect();
    let ids: Vec<(Uuid, Uuid)> = edges.iter().map(|(from, until)| (first_id_of(*from), first_id_of(*until))).collect();
    let counts = kernel::tally(ctx, served, narrowed.query(served, &[])?, &ids).await?;
    let label = |at: Timestamp| {
        let form = if step < 24 * 3600 { "%-d %b %H:%M" } else { "%-d %b %Y" };
        at.to_zoned(TimeZone::UTC).strftime(form).to_string()
    };
    Ok(edges
        .into_iter()
        .zip(counts)
        .map(|((from, until), count)| Stretch {
            label: label(from),
            count,
            is_whole: count < kernel::COUNTED,
            href: asked.address(
                paths::AUDIT,
                &["after", "from", "until"],
                &[("from", &from.to_string()), ("until", &until.to_string())],
            ),
        })
        .collect())
}

async fn csv(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    file(&visitor, query.as_deref(), ExportFormat::Csv).await
}

async fn ndjson(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    file(&visitor, query.as_deref(), ExportFormat::Ndjson).await
}

/// The list as a file, row by row.
async fn file(visitor: &Visitor, query: Option<&str>, format: ExportFormat) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query)?);
    let served = served(ctx)?;
    kernel::permit::<kernel::Export>(ctx, served.resource)?;
    let tx = ctx.begin_read().await?;
    let people = overview::people(ctx, &tx, None).await?;
    let narrowed = Narrowed::of(&tx, &asked, &people).await?;
    tx.commit().await?;
    if let Some(wrong) = narrowed.errors.fields.first() {
        return Err(Problem::bad_request(wrong.detail.clone()).into());
    }
    // A file without what changed would be half a trail.
    let every: Vec<&str> = served.visible().map(|column| column.name.as_str()).collect();
    let query = narrowed.query(served, &[("fields", every.join(","))])?;
    let pieces = kernel::export(ctx, served, query, format).await?;
    Ok(attached(Body::from_stream(pieces), format.media_type(), &format!("audit-trail.{}", format.extension())))
}

async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, PageError> {
    let ctx = &visitor.ctx;
    let found = kernel::read(ctx, served(ctx)?, &id, &[]).await?.body.parse()?;
    let row_id = self::id(&found, "id").ok_or_else(|| Problem::not_found("entry of the trail"))?;
    let tx = ctx.begin_read().await?;
    let seal = sealing::standing(&tx, row_id).await?;
    tx.commit().await?;
    let names = Names::of(ctx, std::slice::from_ref(&found), Vec::new()).await?;
    let names = Names { people: kinds(ctx, &found).await?, ..names };
    let row = row(ctx, &found, &names).ok_or_else(|| Problem::not_found("entry of the trail"))?;
    let event = text(&found, "event_type").unwrap_or_default();
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let view = Entry {
        event: (event.clone(), paths::asking(paths::AUDIT, &[("what", &event)])),
        said: text(&found, "action_description"),
        error: text(&found, "error_message"),
        fields: fields(&found),
        facts: facts(&found, &names),
        seal: seal.map(|seal| Seal {
            leaf_index: number(seal.leaf_index),
            is_whole: seal.is_whole,
            head: seal.head.map(|(rows, at)| (number(rows), When::new(at, ctx.now()))),
            proof: format!("/v1/audit-logs/{row_id}/proof"),
        }),
        row,
    };
    Ok(html(audit::entry(&visitor.frame(Section::Trail).await?, &view)))
}

/// The members that one entry names.
async fn kinds(ctx: &Ctx, entry: &Value) -> Result<HashMap<Uuid, Person>, Error> {
    let ids: Vec<Uuid> = ["user_id", "on_behalf_of_user_id"].iter().filter_map(|name| id(entry, name)).collect();
    let tx = ctx.begin_read().await?;
    let people = overview::people(ctx, &tx, Some(&ids)).await?;
    tx.commit().await?;
    Ok(people.into_iter().map(|one| (one.id, one)).collect())
}

/// The fields that changed, before and after; of what was made or ended, all that is kept.
fn fields(entry: &Value) -> Vec<(String, Option<String>, Option<String>)> {
    let images = [&entry["old_values"], &entry["new_values"]];
    let mut names: Vec<&String> = match entry["changed_fields"].as_array() {
        Some(changed) if !changed.is_empty() => {
            let changed: Vec<&str> = changed.iter().filter_map(Value::as_str).collect();
            let all = images.iter().filter_map(|image| image.as_object()).flat_map(serde_json::Map::keys);
            all.filter(|name| changed.contains(&name.as_str())).collect()
        }
        _ => images.iter().filter_map(|image| image.as_object()).flat_map(serde_json::Map::keys).collect(),
    };
    names.sort_unstable();
    names.dedup();
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(history::clipped(Some(text))),
        Some(other) => Some(history::clipped(Some(&other.to_string()))),
    };
    names
        .into_iter()
        .map(|name| (history::words(name), shown(images[0].get(name)), shown(images[1].get(name))))
        .filter(|(_, before, after)| before != after)
        .collect()
}

/// What else is known of an entry, each with the page of all that has the same.
fn facts(entry: &Value, names: &Names) -> Vec<(&'static str, String, Option<String>)> {
    let narrowed = |name: &str, value: &str| Some(paths::asking(paths::AUDIT, &[(name, value)]));
    let mut list = Vec::new();
    for (words, column, filter) in
        [("By", "user_id", "who"), ("Acting for", "on_behalf_of_user_id", "for"), ("Project", "project_id", "")]
    {
        if let Some(id) = id(entry, column).filter(|id| !id.is_nil()) {
            let shown = names.name(id).unwrap_or_else(|| id.to_string());
            list.push((words, shown, if filter.is_empty() { None } else { narrowed(filter, &id.to_string()) }));
        }
    }
    for (words, column, filter) in [
        ("Agent run", "agent_run_id", "run"),
        ("From where", "ip_address", "address"),
        ("Browser", "user_agent", ""),
        ("Called", "api_endpoint", ""),
        ("Request", "request_id", "request"),
        ("Session", "session_id", ""),
        ("Exactly", "occurred_at", ""),
    ] {
        if let Some(value) = text(entry, column) {
            let href = if filter.is_empty() { None } else { narrowed(filter, &value) };
            list.push((words, value, href));
        }
    }
    if let Some(more) = entry["additional_data"].as_object() {
        for (name, value) in more {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            list.push(("Besides", format!("{}: {}", history::words(name), history::clipped(Some(&value))), None));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bars_are_hours_days_or_longer_and_never_too_many() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (begin, step, count) = bars(at("2026-11-29T10:20:00Z"), at("2026-11-29T13:00:00Z"));
        assert_eq!((begin, step, count), (at("2026-11-29T10:00:00Z"), 3600, 3));
        let (begin, step, count) = bars(at("2026-10-30T10:20:00Z"), at("2026-11-29T10:20:00Z"));
        assert_eq!((begin, step, count), (at("2026-10-30T00:00:00Z"), 86_400, 31));
        let (_, step, count) = bars(at("2019-11-29T00:00:00Z"), at("2026-11-29T00:00:00Z"));
        assert_eq!((step, count), (92 * 86_400, 28));
    }

    #[test]
    fn an_entry_shows_what_changed_field_by_field() {
        let entry = serde_json::json!({
            "old_values": {"title": "a", "status": "draft"}, "new_values": {"title": "b", "status": "draft"},
            "changed_fields": ["title"],
        });
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(fields(&entry), [("Title".to_owned(), some("a"), some("b"))]);
        let made =
            serde_json::json!({"old_values": null, "new_values": {"title": "b", "size": 3}, "changed_fields": null});
        assert_eq!(fields(&made), [("Size".to_owned(), None, some("3")), ("Title".to_owned(), None, some("b"))]);
    }
}
