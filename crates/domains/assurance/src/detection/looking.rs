//! Security events and rules as people look at them.

use jiff::Timestamp;
use kernel::{Ctx, Error, Read, Tx, permit, query_readable};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::rules::{DETECTION_RULES, Rule};
use crate::{
    SECURITY_EVENTS,
    looking::{pattern, some},
};

const EVENTS: &str = include_str!("../../sql/detection/events.sql");
const EVENT: &str = include_str!("../../sql/detection/event.sql");
const BEHIND: &str = include_str!("../../sql/detection/behind.sql");
const HANDLERS: &str = include_str!("../../sql/detection/handlers.sql");
const RULES: &str = include_str!("../../sql/detection/rules.sql");

/// What a list of events is narrowed by; what is empty narrows nothing.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// How bad they are, as stored.
    pub severities: Vec<String>,
    /// How they stand, as stored.
    pub statuses: Vec<String>,
    /// What kinds they are, as stored: keys of rules, or what systems and people wrote.
    pub kinds: Vec<String>,
    /// Words of title or description.
    pub text: Option<String>,
    /// Only incidents.
    pub incidents: bool,
    /// Only those of which an authority has still to be told.
    pub deadlines: bool,
}

/// One event of a list.
#[derive(Debug, Clone)]
pub struct EventLine {
    /// Which one.
    pub id: Uuid,
    /// What it is.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// How bad it is, as stored.
    pub severity: String,
    /// How it stands, as stored.
    pub status: String,
    /// Whether it is handled as an incident.
    pub is_incident: bool,
    /// How much was counted.
    pub count: i64,
    /// When it began.
    pub occurred_at: Timestamp,
    /// When it happened last.
    pub last_at: Timestamp,
    /// Until when the authority has to be told.
    pub due: Option<Timestamp>,
    /// When it was.
    pub sent: Option<Timestamp>,
    /// Who sees to it.
    pub assigned_to: Option<String>,
}

/// One event in full.
#[derive(Debug, Clone)]
pub struct EventRecord {
    /// What a list shows of it.
    pub line: EventLine,
    /// What was seen.
    pub description: Option<String>,
    /// When it was seen.
    pub detected_at: Timestamp,
    /// How it was seen.
    pub method: String,
    /// The rule that saw it.
    pub rule: Option<Rule>,
    /// Where it came from last.
    pub address: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// Who sees to it.
    pub assigned_to: Option<Uuid>,
    /// Who did it, as far as that is known.
    pub source: Option<String>,
    /// Whom it concerns.
    pub target: Option<String>,
    /// What it may lead to.
    pub impact: Option<String>,
    /// Systems that are concerned.
    pub systems: Vec<String>,
    /// Kinds of data that are concerned.
    pub data_types: Vec<String>,
    /// What was found out.
    pub notes: Option<String>,
    /// What was done.
    pub resolution: Option<String>,
    /// When it was closed, and by whom.
    pub resolved: Option<(Timestamp, Option<String>)>,
    /// Whether an authority has to be told.
    pub must_notify: bool,
    /// Since when the organisation is aware.
    pub aware_at: Option<Timestamp>,
    /// The authority that was told, and its number.
    pub authority: Option<(String, Option<String>)>,
    /// Why so late.
    pub delay_reason: Option<String>,
    /// Who recorded that.
    pub recorded_by: Option<String>,
    /// Its version.
    pub version: i64,
    /// The rows it was seen in.
    pub rows: Vec<Uuid>,
}

/// A row of the trail behind an event.
#[derive(Debug, Clone)]
pub struct TrailRow {
    /// Which one.
    pub id: Uuid,
    /// What happened.
    pub event: String,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Option<String>,
    /// What it was done to.
    pub name: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// Whether it came about, as stored.
    pub status: String,
}

/// A rule with its figures.
#[derive(Debug, Clone)]
pub struct RuleLine {
    /// Its row.
    pub id: Uuid,
    /// Which rule.
    pub rule: Rule,
    /// From how many on.
    pub threshold: i64,
    /// How far back, in minutes.
    pub window_minutes: i32,
    /// How bad its events are, as stored.
    pub severity: String,
    /// Whether its events are incidents.
    pub opens_incident: bool,
    /// Who is told, as stored.
    pub notifies: String,
    /// Whether anybody watches.
    pub is_enabled: bool,
    /// When the server last looked.
    pub looked_at: Option<Timestamp>,
    /// Its version.
    pub version: i64,
    /// Events of it that are open.
    pub open: i64,
}

fn line(row: &Row) -> Result<EventLine, Error> {
    Ok(EventLine {
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        kind: row.try_get("event_type")?,
        severity: row.try_get("severity")?,
        status: row.try_get("status")?,
        is_incident: row.try_get("is_incident")?,
        count: row.try_get("occurrence_count")?,
        occurred_at: row.try_get("occurred_at")?,
        last_at: row.try_get("last_at")?,
        due: row.try_get("notification_due_at")?,
        sent: row.try_get("notification_sent_at")?,
        assigned_to: row.try_get("assigned_to")?,
    })
}

/// At most `rows` events that the actor may read and that fit, the latest first; behind `after`.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn list_events(
    ctx: &Ctx,
    tx: &Tx,
    filter: &EventFilter,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<EventLine>, Error> {
    permit::<Read>(ctx, &SECURITY_EVENTS)?;
    let like = filter.text.as_deref().map(pattern);
    let (severities, statuses, kinds) = (some(&filter.severities), some(&filter.statuses), some(&filter.kinds));
    let params: [&(dyn ToSql + Sync); 8] =
        [&severities, &statuses, &kinds, &like, &filter.incidents, &filter.deadlines, &after, &rows];
    query_readable(ctx, tx, None, EVENTS, &params).await?.iter().map(line).collect()
}

/// An event. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn find_event(ctx: &Ctx, tx: &Tx, id: Uuid) -> Result<Option<EventRecord>, Error> {
    permit::<Read>(ctx, &SECURITY_EVENTS)?;
    let found = query_readable(ctx, tx, None, EVENT, &[&id]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let resolved: Option<Timestamp> = row.try_get("resolved_at")?;
    let authority: Option<String> = row.try_get("notification_authority")?;
    let rule: Option<String> = row.try_get("detection_rule_id")?;
    let rows: Vec<String> = row.try_get("rows")?;
    Ok(Some(EventRecord {
        line: line(row)?,
        description: row.try_get("description")?,
        detected_at: row.try_get("detected_at")?,
        method: row.try_get("detection_method")?,
        rule: rule.as_deref().and_then(Rule::of),
        address: row.try_get("address")?,
        user_agent: row.try_get("user_agent")?,
        assigned_to: row.try_get("assigned_to_user_id")?,
        source: row.try_get("source")?,
        target: row.try_get("target")?,
        impact: row.try_get("potential_impact")?,
        systems: row.try_get("affected_systems")?,
        data_types: row.try_get("affected_data_types")?,
        notes: row.try_get("investigation_notes")?,
        resolution: row.try_get("resolution_notes")?,
        resolved: resolved.map(|at| Ok::<_, Error>((at, row.try_get("resolved_by")?))).transpose()?,
        must_notify: row.try_get("regulatory_notification_required")?,
        aware_at: row.try_get("became_aware_at")?,
        authority: authority.map(|name| Ok::<_, Error>((name, row.try_get("notification_reference")?))).transpose()?,
        delay_reason: row.try_get("notification_delay_reason")?,
        recorded_by: row.try_get("recorded_by")?,
        version: row.try_get("row_version")?,
        // Data of events that people made may hold anything.
        rows: rows.iter().filter_map(|id| id.parse().ok()).collect(),
    }))
}

/// At most `rows` rows of the trail behind an event, the latest first; none for who may not read the trail.
///
/// # Errors
/// When the database does not answer.
pub async fn rows_behind(ctx: &Ctx, tx: &Tx, event: &EventRecord, rows: i64) -> Result<Vec<TrailRow>, Error> {
    if !ctx.may("audit_log", "read", None) {
        return Ok(Vec::new());
    }
    let names: Vec<String> = event.rows.iter().map(ToString::to_string).collect();
    let found = tx.query(BEHIND, &[&event.rows, &names, &rows]).await?;
    found
        .iter()
        .map(|row| {
            Ok(TrailRow {
                id: row.try_get("id")?,
                event: row.try_get("event_type")?,
                at: row.try_get("occurred_at")?,
                actor: row.try_get("actor")?,
                name: row.try_get("resource_name")?,
                address: row.try_get("address")?,
                user_agent: row.try_get("user_agent")?,
                status: row.try_get("status")?,
            })
        })
        .collect()
}

/// Who may be asked to see to an event: members whose roles let them, and whoever sees to it already; at most 200.
///
/// # Errors
/// 403 when the actor may read no security event.
pub async fn handlers(ctx: &Ctx, tx: &Tx, event: &EventRecord) -> Result<Vec<(Uuid, String)>, Error> {
    permit::<Read>(ctx, &SECURITY_EVENTS)?;
    let found = tx.query(HANDLERS, &[&ctx.now(), &event.assigned_to]).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The rules of the organisation, as far as the actor may read them.
///
/// # Errors
/// 403 when they may read none.
pub async fn detection_rules(ctx: &Ctx, tx: &Tx) -> Result<Vec<RuleLine>, Error> {
    permit::<Read>(ctx, &DETECTION_RULES)?;
    let found = query_readable(ctx, tx, None, RULES, &[]).await?;
    let mut rules = Vec::new();
    for row in &found {
        let Some(rule) = Rule::of(row.try_get("key")?) else { continue };
        rules.push(RuleLine {
            id: row.try_get("id")?,
            rule,
            threshold: row.try_get("threshold")?,
            window_minutes: row.try_get("window_minutes")?,
            severity: row.try_get("severity")?,
            opens_incident: row.try_get("opens_incident")?,
            notifies: row.try_get("notifies")?,
            is_enabled: row.try_get("is_enabled")?,
            looked_at: row.try_get("looked_at")?,
            version: row.try_get("row_version")?,
            open: row.try_get("open")?,
        });
    }
    rules.sort_by_key(|line| Rule::ALL.iter().position(|rule| *rule == line.rule));
    Ok(rules)
}
