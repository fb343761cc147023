//! Security events: the list, one of them, handling it, its clock, and the rules.

use std::sync::Arc;

use assurance::{
    DETECTION_RULES, SECURITY_EVENTS,
    detection::{self, Clock, EventFilter, EventLine, EventRecord, Rule, RuleLine},
};
use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base::Problem;
use jiff::Timestamp;
use kernel::{Call, Subject, Tx, Update};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    access::{moment, moment_of},
    answer::{html, see_other, with_status},
    change::change_anywhere,
    error::{PageError, refused},
    form::{Fields, Posted},
    history,
    listing::{Asked, ROWS, choice, cut, states},
    session::Visitor,
};
use crate::{
    components::{Filters, FormErrors, Pager},
    format::{When, plural},
    layout::Section,
    paths,
    state::{ClockState, EventStatus, Severity, Shown as _, Tone},
    views::security::{self as shown, event, events, rules},
};

/// Rows of the trail shown behind an event.
const BEHIND: i64 = 100;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route(paths::SECURITY, get(list))
        .route(paths::SECURITY_RULES, get(list_rules))
        .route("/security/rules/{id}", post(save_rule))
        .route("/security/{id}", get(show).post(handle))
        .route("/security/{id}/clock", post(set_clock))
        .route("/security/{id}/told", post(told))
}

/// A kind of event in words: the name of its rule, or what a system or a person wrote.
fn kind_of(code: &str) -> String {
    Rule::of(code).map_or_else(|| code.replace(['.', '_'], " "), |rule| rule.name().to_owned())
}

async fn list(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let only = asked.values("only");
    let filter = EventFilter {
        severities: asked.codes::<Severity>("severity"),
        statuses: asked.codes::<EventStatus>("status"),
        kinds: asked.values("kind"),
        text: asked.one("q"),
        incidents: only.iter().any(|one| one == "incidents"),
        deadlines: only.iter().any(|one| one == "deadlines"),
    };
    let after: Option<Uuid> = asked.parsed("after");
    let tx = ctx.begin_read().await?;
    let mut found = detection::list_events(ctx, &tx, &filter, after, ROWS + 1).await?;
    tx.commit().await?;
    let more = cut(&mut found, ROWS);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| asked.address(paths::SECURITY, &["after"], &[("after", &last.id.to_string())]));
    let kinds: Vec<_> = Rule::ALL.iter().map(|rule| (rule.key().to_owned(), rule.name().to_owned())).collect();
    let pressing = [("incidents", "Incidents"), ("deadlines", "Authority to be told")]
        .map(|(code, words)| (code.to_owned(), words.to_owned()));
    let now = ctx.now();
    let view = events::View {
        filters: Filters {
            action: paths::SECURITY.into(),
            text: Some(filter.text.clone().unwrap_or_default()),
            choices: vec![
                states::<Severity>("severity", "Severity", &filter.severities),
                states::<EventStatus>("status", "State", &filter.statuses),
                choice("kind", "Kind", &kinds, &filter.kinds),
                choice("only", "Only", &pressing, &only),
            ],
            carry: Vec::new(),
        },
        pager: Pager {
            shown: format!(
                "{}, the latest first",
                plural(i64::try_from(found.len()).unwrap_or_default(), "event", "events")
            ),
            first: after.map(|_| asked.address(paths::SECURITY, &["after"], &[])),
            next,
        },
        rows: found.into_iter().map(|line| row(line, now)).collect(),
        may_see_rules: visitor.may("detection_rule", "read", None),
    };
    let frame = visitor.frame(Section::Security).await?;
    Ok(html(events::page(&frame, &view)))
}

fn row(line: EventLine, now: Timestamp) -> events::Row {
    events::Row {
        id: line.id.to_string(),
        kind: kind_of(&line.kind),
        severity: severity(&line),
        status: status(&line),
        is_incident: line.is_incident,
        count: line.count,
        last: When::new(line.last_at, now),
        clock: clock(&line, now),
        title: line.title,
        assigned_to: line.assigned_to,
    }
}

fn severity(line: &EventLine) -> Severity {
    Severity::from_code(&line.severity).unwrap_or(Severity::Medium)
}

fn status(line: &EventLine) -> EventStatus {
    EventStatus::from_code(&line.status).unwrap_or(EventStatus::Open)
}

fn clock(line: &EventLine, now: Timestamp) -> Option<shown::Clock> {
    let due = line.due?;
    let state = match Clock::at(due, line.sent, now) {
        Clock::Running(_) => ClockState::Running,
        Clock::Overdue(_) => ClockState::Overdue,
        Clock::Told => ClockState::Told,
        Clock::ToldLate(_) => ClockState::ToldLate,
    };
    Some(shown::Clock { state, due: When::new(due, now) })
}

async fn find(visitor: &Visitor, tx: &Tx, id: &str) -> Result<EventRecord, PageError> {
    let missing = || Problem::not_found("security event");
    let id = id.parse().map_err(|_| missing())?;
    Ok(detection::find_event(&visitor.ctx, tx, id).await?.ok_or_else(missing)?)
}

async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, PageError> {
    page(&visitor, &id, None, StatusCode::OK).await
}

/// What is in the forms of an event when nobody has entered anything.
fn as_it_is(found: &EventRecord) -> event::Entered {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    event::Entered {
        status: found.line.status.clone(),
        severity: found.line.severity.clone(),
        incident: yes_no(found.line.is_incident),
        assigned_to: found.assigned_to.map_or_else(String::new, |id| id.to_string()),
        impact: text(&found.impact),
        systems: found.systems.join(", "),
        data_types: found.data_types.join(", "),
        notes: text(&found.notes),
        resolution: text(&found.resolution),
        required: yes_no(found.must_notify),
        aware: moment_of(found.aware_at),
        delay: text(&found.delay_reason),
        ..event::Entered::default()
    }
}

/// The page of an event; with the form that was refused, what was entered there and what was refused.
async fn page(
    visitor: &Visitor,
    id: &str,
    refused: Option<(&'static str, Fields, FormErrors)>,
    status_code: StatusCode,
) -> Result<Response, PageError> {
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let tx = ctx.begin_read().await?;
    let found = find(visitor, &tx, id).await?;
    let id = found.line.id.to_string();
    let may_change = visitor.may_do::<Update>(&tx, &SECURITY_EVENTS, &id, None).await?;
    let handlers = if may_change { detection::handlers(ctx, &tx, &found).await? } else { Vec::new() };
    let behind = match ctx.may("audit_log", "read", None) {
        true => Some(detection::rows_behind(ctx, &tx, &found, BEHIND).await?),
        false => None,
    };
    tx.commit().await?;
    let history = history::of(ctx, ctx.catalogue().served(&SECURITY_EVENTS)?, &id).await?;
    let forms = may_change.then(|| {
        let mut forms = event::Forms {
            version: found.version.to_string(),
            handlers: handlers.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
            moves: moves(status(&found.line)),
            entered: as_it_is(&found),
            ..event::Forms::default()
        };
        if let Some((form, fields, errors)) = refused {
            forms.version = fields.text("version").to_owned();
            entered(&mut forms.entered, form, &fields);
            (forms.refused, forms.errors) = (form, errors);
        }
        forms
    });
    let when = |at| When::new(at, now);
    let sent = found.line.sent;
    let view = event::View {
        id,
        kind: kind_of(&found.line.kind),
        method: match found.rule {
            Some(rule) => format!("the rule “{}”", rule.name()),
            None => found.method.replace('_', " "),
        },
        severity: severity(&found.line),
        status: status(&found.line),
        is_incident: found.line.is_incident,
        count: found.line.count,
        times: [when(found.line.occurred_at), when(found.detected_at), when(found.line.last_at)],
        clock: clock(&found.line, now),
        title: found.line.title,
        description: found.description,
        source: found.source,
        target: found.target,
        address: found.address,
        program: found.user_agent,
        assigned_to: found.line.assigned_to,
        impact: found.impact,
        systems: found.systems,
        data_types: found.data_types,
        notes: found.notes,
        resolution: found.resolution,
        resolved: found.resolved.map(|(at, by)| (when(at), by)),
        aware: found.aware_at.map(when),
        told: sent.map(|at| {
            let (authority, reference) = found.authority.unwrap_or_else(|| ("An authority".into(), None));
            event::Told { authority, reference, at: when(at), by: found.recorded_by, delay: found.delay_reason }
        }),
        behind: behind.map(|rows| {
            rows.into_iter()
                .map(|row| event::Behind {
                    event: row.event,
                    outcome: if row.status == "success" { "done".into() } else { row.status },
                    actor: row.actor,
                    name: row.name,
                    address: row.address,
                    at: when(row.at),
                })
                .collect()
        }),
        history,
        forms,
    };
    let frame = visitor.frame(Section::Security).await?;
    Ok(with_status(status_code, event::page(&frame, &view)))
}

/// The states an event may move to, its own first.
fn moves(from: EventStatus) -> Vec<EventStatus> {
    let after = SECURITY_EVENTS.status.as_ref().map_or(&[][..], |moves| moves.after(from.code()));
    std::iter::once(from).chain(after.iter().filter_map(|code| EventStatus::from_code(code))).collect()
}

/// Puts back what was entered in the form that was refused.
fn entered(into: &mut event::Entered, form: &str, fields: &Fields) {
    let text = |name: &str| fields.text(name).to_owned();
    match form {
        "handle" => {
            *into = event::Entered {
                status: text("status"),
                severity: text("severity"),
                incident: text("is_incident"),
                assigned_to: text("assigned_to_user_id"),
                impact: text("potential_impact"),
                systems: text("affected_systems"),
                data_types: text("affected_data_types"),
                notes: text("investigation_notes"),
                resolution: text("resolution_notes"),
                ..std::mem::take(into)
            };
        }
        "clock" => {
            into.required = text("regulatory_notification_required");
            into.aware = text("became_aware_at");
            into.delay = text("notification_delay_reason");
        }
        _ => {
            into.authority = text("authority");
            into.reference = text("reference");
            into.told_at = text("notified_at");
            into.delay = text("delay_reason");
        }
    }
}

/// Names that were entered with commas between them.
fn names(text: &str) -> Value {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| json!(name)).collect()
}

/// Changes an event by a form and shows it again.
async fn write(id: &str, posted: Posted, form: &'static str, body: Value, said: &str) -> Result<Response, PageError> {
    let (visitor, fields) = (posted.visitor, posted.fields);
    let ctx = &visitor.ctx;
    let found = {
        let tx = ctx.begin_read().await?;
        let found = find(&visitor, &tx, id).await?;
        tx.commit().await?;
        found.line.id
    };
    let writing = async {
        let mut tx = ctx.begin().await?;
        change_anywhere(ctx, &mut tx, &SECURITY_EVENTS, found, fields.text("version"), &body).await?;
        tx.commit().await
    };
    match writing.await {
        Ok(()) => Ok(see_other(paths::security_event(&found.to_string())).saying(Tone::Good, said).into_response()),
        Err(error) => {
            let mut errors = refused(ctx, error)?;
            // A rule over several columns names each of them; it is shown beside those that the form has.
            let has = |pointer: &str| fields.has(pointer.trim_start_matches('/'));
            if errors.fields.iter().any(|one| has(&one.pointer)) {
                errors.fields.retain(|one| has(&one.pointer));
            }
            page(&visitor, id, Some((form, fields, errors)), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

async fn handle(Path(id): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let fields = &posted.fields;
    let mut body = fields.object(&[
        "status",
        "severity",
        "assigned_to_user_id",
        "potential_impact",
        "investigation_notes",
        "resolution_notes",
    ]);
    body.insert("is_incident".into(), json!(fields.text("is_incident") == "yes"));
    for name in ["affected_systems", "affected_data_types"] {
        body.insert(name.into(), names(fields.text(name)));
    }
    write(&id, posted, "handle", Value::Object(body), "The event is saved.").await
}

async fn set_clock(Path(id): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let shown = {
        let tx = visitor.ctx.begin_read().await?;
        let found = find(visitor, &tx, &id).await?;
        tx.commit().await?;
        moment_of(found.aware_at)
    };
    let mut body = fields.object(&["notification_delay_reason"]);
    let required = fields.text("regulatory_notification_required") == "yes";
    body.insert("regulatory_notification_required".into(), json!(required));
    // The form shows whole minutes: what nobody changed is not written without its seconds.
    let aware = fields.text("became_aware_at");
    if !aware.is_empty() && aware != shown {
        body.insert("became_aware_at".into(), moment(aware));
    }
    write(&id, posted, "clock", Value::Object(body), "The clock is set.").await
}

async fn told(Path(id): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (posted.visitor, posted.fields);
    let ctx = &visitor.ctx;
    let mut input = json!({"authority": fields.text("authority")});
    for name in ["reference", "delay_reason"] {
        if !fields.text(name).is_empty() {
            input[name] = json!(fields.text(name).replace("\r\n", "\n"));
        }
    }
    if !fields.text("notified_at").is_empty() {
        input["notified_at"] = moment(fields.text("notified_at"));
    }
    let mut tx = ctx.begin().await?;
    let found = find(&visitor, &tx, &id).await?.line.id.to_string();
    let call = Call { id: Some(found.clone()), input };
    let operation = ctx.catalogue().operation(Subject::Record("security-events"), "record-notification")?;
    match operation.run(ctx, &mut tx, call).await {
        Ok(_) => {
            tx.commit().await?;
            let said = "It is recorded that the authority was told.";
            Ok(see_other(paths::security_event(&found)).saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            page(&visitor, &id, Some(("tell", fields, errors)), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

async fn list_rules(visitor: Visitor) -> Result<Response, PageError> {
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let tx = ctx.begin_read().await?;
    let found = detection::detection_rules(ctx, &tx).await?;
    tx.commit().await?;
    let line = |line: RuleLine| rules::Rule {
        id: line.id.to_string(),
        name: line.rule.name().to_owned(),
        watches: line.rule.watches().to_owned(),
        threshold: line.threshold,
        unit: line.rule.unit().words().to_owned(),
        window: line.window_minutes.into(),
        severity: Severity::from_code(&line.severity).unwrap_or(Severity::Medium),
        opens_incident: line.opens_incident,
        notifies: line.notifies,
        is_enabled: line.is_enabled,
        looked: line.looked_at.map(|at| When::new(at, now)),
        open: line.open,
        version: line.version.to_string(),
    };
    let view = rules::View {
        rules: found.into_iter().map(line).collect(),
        may_change: visitor.may("detection_rule", "update", None),
    };
    let frame = visitor.frame(Section::Security).await?;
    Ok(html(rules::page(&frame, &view)))
}

async fn save_rule(Path(id): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let ctx = &visitor.ctx;
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("rule"))?;
    // What is no number is refused by the kernel, which says what it takes.
    let number =
        |name: &str| fields.text(name).parse::<i64>().map_or_else(|_| json!(fields.text(name)), |number| json!(number));
    let body = json!({
        "threshold": number("threshold"),
        "window_minutes": number("window_minutes"),
        "severity": fields.text("severity"),
        "opens_incident": fields.text("opens_incident") == "yes",
        "notifies": fields.text("notifies"),
        "is_enabled": fields.text("is_enabled") != "no",
    });
    let saving = async {
        let mut tx = ctx.begin().await?;
        change_anywhere(ctx, &mut tx, &DETECTION_RULES, id, fields.text("version"), &body).await?;
        tx.commit().await
    };
    let to = see_other(paths::SECURITY_RULES);
    match saving.await {
        Ok(()) => Ok(to.saying(Tone::Good, "The rule is changed.").into_response()),
        Err(error) => {
            let errors = refused(ctx, error)?;
            let why = errors.summary.or_else(|| errors.fields.first().map(|field| field.detail.clone()));
            Ok(to.saying(Tone::Bad, format!("Nothing was changed: {}", why.unwrap_or_default())).into_response())
        }
    }
}
