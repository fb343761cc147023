//! Looking whether a rule sees something, and one event for what goes on: while an event is open, the same again is counted there; once it is
//! closed, only what came after it makes another.

use jiff::{SignedDuration, Timestamp};
use kernel::{Change, Ctx, Error, Kernel, Tx, record};
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{clock::remind, rules::Rule, telling};
use crate::sealing::Verdict;

// One looks at a rule of an organisation at a time.
const ALONE: &str = "select pg_try_advisory_xact_lock(hashtextextended('throughline security ' || platform.current_organization()::text || ' ' || $1::text, 0))";
const WAIT: &str = "select pg_advisory_xact_lock(hashtextextended('throughline security ' || platform.current_organization()::text || ' ' || $1::text, 0))";
const RULES: &str = "
select key, threshold, window_minutes, severity, opens_incident, notifies from security.detection_rules
 where is_enabled and ($1::text is null or key = $1) order by key";
const LOOKED: &str = "update security.detection_rules set looked_at = $1 where is_enabled and key = $2";
const CLAIM: &str = "
update security.detection_rules set looked_at = $1
 where key = 'trail.tampered' and is_enabled and (looked_at is null or looked_at <= $1::timestamptz - window_minutes * interval '1 minute')";
const RELEASE: &str = "update security.detection_rules set looked_at = null where key = 'trail.tampered'";
const MAKE: &str = "
insert into security.security_events (id, event_type, severity, title, description, source_user_id, target_user_id, source_ip, user_agent, is_incident,
                                      detection_method, detection_rule_id, fingerprint, occurrence_count, last_seen_at, newest_seen_id, event_data,
                                      occurred_at, detected_at)
values ($1, $2, $3, $4, $5, $6, $7, $8::text::inet, $9, $10, 'automated_rule', $2, $11, $12, $13, $14, $15, $16, $17)";
const GROW: &str = "
update security.security_events
   set occurrence_count = $2, last_seen_at = greatest(last_seen_at, $3), newest_seen_id = $4, event_data = event_data || $5
 where id = $1";
const LATEST: &str = "
select id, is_resolved, event_data ->> 'digest' from security.security_events where fingerprint = $1 order by id desc limit 1";
const OPEN: &str =
    "select severity, sum(open_events)::bigint, sum(overdue)::bigint from security.open_events($1) group by severity";

/// What one look at an organisation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Rules that were looked at.
    pub rules: u64,
    /// Events that were made.
    pub made: u64,
    /// Open events that grew.
    pub grown: u64,
    /// People were reminded of so many deadlines.
    pub reminders: u64,
    /// Keys of the rules that failed, and `deadlines` when reminding did; the log says why.
    pub failed: Vec<&'static str>,
}

impl Scanned {
    fn fail(&mut self, ctx: &Ctx, what: &'static str, error: &Error) {
        tracing::error!(organization.id = %ctx.organization_id(), rule = what, %error, "a rule of detection failed");
        self.failed.push(what);
    }
}

/// A rule with its figures.
struct Setting {
    rule: Rule,
    threshold: i64,
    window: SignedDuration,
    severity: String,
    opens_incident: bool,
    notifies: String,
}

impl Setting {
    async fn read(tx: &Tx, only: Option<Rule>) -> Result<Vec<Self>, Error> {
        let rows = tx.query(RULES, &[&only.map(Rule::key)]).await?;
        let mut settings = Vec::new();
        for row in &rows {
            // A newer release may have rules that this one does not know.
            let Some(rule) = Rule::of(row.try_get(0)?) else { continue };
            settings.push(Self {
                rule,
                threshold: row.try_get(1)?,
                window: SignedDuration::from_mins(row.try_get::<_, i32>(2)?.into()),
                severity: row.try_get(3)?,
                opens_incident: row.try_get(4)?,
                notifies: row.try_get(5)?,
            });
        }
        Ok(settings)
    }
}

/// What a rule saw of one subject.
struct Found {
    subject: String,
    amount: i64,
    fresh: i64,
    first_at: Timestamp,
    fresh_at: Option<Timestamp>,
    last_at: Timestamp,
    rows: Vec<Uuid>,
    address: Option<String>,
    user_agent: Option<String>,
    people: i64,
    addresses: i64,
    target: (Option<Uuid>, Option<String>),
    source: (Option<Uuid>, Option<String>),
    /// The latest event about it: which, whether it is closed, and how much was counted there.
    known: Option<(Uuid, bool, i64)>,
}

impl Found {
    fn read(row: &Row) -> Result<Self, Error> {
        let event: Option<Uuid> = row.try_get("event_id")?;
        let known = match event {
            Some(id) => Some((id, row.try_get("event_is_resolved")?, row.try_get("event_amount")?)),
            None => None,
        };
        Ok(Self {
            subject: row.try_get("subject")?,
            amount: row.try_get("amount")?,
            fresh: row.try_get("fresh")?,
            first_at: row.try_get("first_at")?,
            fresh_at: row.try_get("fresh_at")?,
            last_at: row.try_get("last_at")?,
            rows: row.try_get("rows")?,
            address: row.try_get("address")?,
            user_agent: row.try_get("user_agent")?,
            people: row.try_get("people")?,
            addresses: row.try_get("addresses")?,
            target: (row.try_get("target_id")?, row.try_get("target_name")?),
            source: (row.try_get("source_id")?, row.try_get("source_name")?),
            known,
        })
    }

    /// What the event keeps of it besides its columns.
    fn data(&self) -> Value {
        json!({"rows": self.rows, "people": self.people, "addresses": self.addresses})
    }
}

/// Looks once at the organisation of `ctx`, which has to see everything there: makes and grows events, tells whom the rules name, and reminds
/// of deadlines. Looking again at the same finds nothing new. Each rule is looked at by itself: one that fails is named and told in the log, and keeps
/// nobody from looking at the others. A rule that somebody else is looking at just now is left to them.
///
/// # Errors
/// When the rules cannot be read.
pub async fn scan(ctx: &Ctx) -> Result<Scanned, Error> {
    let tx = ctx.begin_patiently().await?;
    let settings = Setting::read(&tx, None).await?;
    tx.commit().await?;
    let mut scanned = Scanned::default();
    for setting in &settings {
        let Some(sql) = setting.rule.query() else { continue };
        match look(ctx, setting, &sql).await {
            Ok(Some((made, grown))) => {
                scanned.rules += 1;
                scanned.made += made;
                scanned.grown += grown;
            }
            Ok(None) => {}
            Err(error) => scanned.fail(ctx, setting.rule.key(), &error),
        }
    }
    match remind_once(ctx).await {
        Ok(reminders) => scanned.reminders = reminders,
        Err(error) => scanned.fail(ctx, "deadlines", &error),
    }
    Ok(scanned)
}

async fn remind_once(ctx: &Ctx) -> Result<u64, Error> {
    let tx = ctx.begin_patiently().await?;
    let reminders = remind(ctx, &tx).await?;
    tx.commit().await?;
    Ok(reminders)
}

/// Looks whether one rule sees something: how many events were made and how many grew. `None`: somebody else is looking.
async fn look(ctx: &Ctx, setting: &Setting, sql: &str) -> Result<Option<(u64, u64)>, Error> {
    let mut tx = ctx.begin_patiently().await?;
    let key = setting.rule.key();
    if !tx.query_one(ALONE, &[&key]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let now = ctx.now();
    let (mut made, mut grown) = (0, 0);
    let since = now.checked_sub(setting.window).unwrap_or(Timestamp::UNIX_EPOCH);
    let least = setting.rule.least(setting.threshold);
    for row in &tx.query(sql, &[&since, &now, &setting.threshold, &key, &least]).await? {
        let found = Found::read(row)?;
        match found.known {
            Some((event, false, counted)) if found.fresh > 0 => {
                grow(&tx, setting, event, counted, &found).await?;
                grown += 1;
            }
            Some((_, false, _)) => {}
            Some((_, true, _)) if found.fresh < least => {}
            _ => {
                make(ctx, &mut tx, setting, &found).await?;
                made += 1;
            }
        }
    }
    tx.execute(LOOKED, &[&now, &key]).await?;
    tx.commit().await?;
    Ok(Some((made, grown)))
}

/// What a rule counts anew in an open event: what happened adds up, what is there at once has a peak.
fn counted(rule: Rule, before: i64, found: &Found) -> i64 {
    match rule {
        Rule::Spraying | Rule::ManySessions => before.max(found.amount),
        _ => before.saturating_add(found.fresh),
    }
}

async fn grow(tx: &Tx, setting: &Setting, event: Uuid, before: i64, found: &Found) -> Result<(), Error> {
    let (count, newest) = (counted(setting.rule, before, found), found.rows.first());
    tx.execute(GROW, &[&event, &count, &found.last_at, &newest, &found.data()]).await?;
    Ok(())
}

async fn make(ctx: &Ctx, tx: &mut Tx, setting: &Setting, found: &Found) -> Result<(), Error> {
    // Behind an event that was closed, only what came after it counts.
    let (amount, first) = match found.known {
        Some(_) => (found.fresh, found.fresh_at.unwrap_or(found.first_at)),
        None => (found.amount, found.first_at),
    };
    let mut data = found.data();
    data["threshold"] = json!(setting.threshold);
    data["window_minutes"] = json!(setting.window.as_mins());
    data["first_rows"] = data["rows"].clone();
    let (title, description) = words(setting.rule, found);
    let event = Event {
        title,
        description,
        fingerprint: format!("{}:{}", setting.rule.key(), found.subject),
        amount,
        first,
        last: found.last_at,
        newest: found.rows.first().copied(),
        source: found.source.0,
        target: found.target.0,
        address: found.address.clone(),
        user_agent: found.user_agent.clone(),
        data,
    };
    keep(ctx, tx, setting, event).await
}

struct Event {
    title: String,
    description: String,
    fingerprint: String,
    amount: i64,
    first: Timestamp,
    last: Timestamp,
    newest: Option<Uuid>,
    source: Option<Uuid>,
    target: Option<Uuid>,
    address: Option<String>,
    user_agent: Option<String>,
    data: Value,
}

/// Stores an event with its row in the trail, and tells whom its rule names.
async fn keep(ctx: &Ctx, tx: &mut Tx, setting: &Setting, event: Event) -> Result<(), Error> {
    let (id, now, key) = (ctx.new_id(), ctx.now(), setting.rule.key());
    let title: String = event.title.chars().take(255).collect();
    tx.execute(
        MAKE,
        &[
            &id,
            &key,
            &setting.severity,
            &title,
            &event.description,
            &event.source,
            &event.target,
            &event.address,
            &event.user_agent,
            &setting.opens_incident,
            &event.fingerprint,
            &event.amount.max(1),
            &event.last,
            &event.newest,
            &event.data,
            &event.first.min(now),
            &now,
        ],
    )
    .await?;
    telling::tell(tx, telling::audience(&setting.notifies), "security.event", &title, &event.description, id, now)
        .await?;
    let change = Change {
        event: "security_event.detected",
        resource_type: "security_event",
        resource_id: id.to_string(),
        resource_name: Some(title),
        project: None,
        old: None,
        new: Some(json!({
            "event_type": key, "severity": setting.severity, "occurrence_count": event.amount, "is_incident": setting.opens_incident,
        })),
    };
    record(ctx, tx, &change).await
}

/// What is said of it: a title that stays true while it grows, and what was seen first.
fn words(rule: Rule, found: &Found) -> (String, String) {
    let name = |(_, name): &(Option<Uuid>, Option<String>)| name.clone().unwrap_or_else(|| "a former member".into());
    let (who, by, amount) = (name(&found.target), name(&found.source), found.amount);
    let from = found.address.as_ref().map_or_else(String::new, |address| format!(" Last seen from {address}."));
    match rule {
        Rule::FailedSignIns => (
            format!("Sign-ins of {who} are refused again and again"),
            format!("{amount} sign-ins were refused, from {} addresses.{from}", found.addresses),
        ),
        Rule::Spraying => (
            format!("{} fails to sign in to several accounts", found.subject),
            format!("Sign-ins to {amount} accounts of this organisation were refused."),
        ),
        Rule::UnusualSession => (
            format!("{who} signed in from elsewhere after a long absence"),
            format!("The network or the program is unknown of this member.{from}"),
        ),
        Rule::ManySessions => (
            format!("{who} has many open sessions"),
            format!("{amount} sessions are open, from {} addresses.{from}", found.addresses),
        ),
        Rule::PrivilegeGranted => (format!("{who} was given a strong role"), format!("{by} gave it.")),
        Rule::WideToken => (
            format!("{who} has a token that may do everything"),
            "The token has no limit to its scope, so it may do whatever its owner may.".into(),
        ),
        Rule::ExportedRows => (format!("{who} took out many rows"), format!("{amount} rows were exported.{from}")),
        Rule::ExportedFiles => (format!("{who} took out many files"), format!("{amount} files were exported.{from}")),
        Rule::TrailTampered => (String::new(), String::new()),
    }
}

/// Whether the trail of the organisation is to be examined now; whoever is told so has to do it, nobody else is told until the next time.
///
/// # Errors
/// When the database does not answer.
pub async fn is_examination_due(ctx: &Ctx) -> Result<bool, Error> {
    let tx = ctx.begin_patiently().await?;
    let is_due = tx.execute(CLAIM, &[&ctx.now()]).await? > 0;
    tx.commit().await?;
    Ok(is_due)
}

/// Makes the examination of the trail due again, because the one that was begun came to nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn examination_failed(ctx: &Ctx) -> Result<(), Error> {
    let tx = ctx.begin_patiently().await?;
    tx.execute(RELEASE, &[]).await?;
    tx.commit().await
}

/// Takes note of what an examination of the trail found: an event when it is not what was sealed. The same findings again make no second one,
/// whether or not the first is closed; others make an open one grow, and another one when it is closed. Answers whether there is something new.
///
/// # Errors
/// When the database refuses something.
pub async fn examined(ctx: &Ctx, verdict: &Verdict) -> Result<bool, Error> {
    let mut tx = ctx.begin_patiently().await?;
    let Some(setting) = Setting::read(&tx, Some(Rule::TrailTampered)).await?.pop() else { return Ok(false) };
    let amount = i64::try_from(verdict.found).unwrap_or(i64::MAX);
    if amount < setting.threshold {
        return Ok(false);
    }
    // Two who examined at once would both find nothing known. What was found must not be lost because the other takes long.
    tx.batch("set local lock_timeout = '30s'").await?;
    tx.query_one(WAIT, &[&Rule::TrailTampered.key()]).await?;
    let told: Vec<String> = verdict.findings.iter().take(20).map(ToString::to_string).collect();
    let digest = digest(verdict);
    let fingerprint = format!("{}:trail", Rule::TrailTampered.key());
    let known = tx.query_opt(LATEST, &[&fingerprint]).await?;
    let now = ctx.now();
    let rows: Vec<Uuid> = verdict.findings.iter().filter_map(|finding| finding.audit_log_id).take(50).collect();
    let data = json!({"digest": digest, "findings": told, "rows": rows});
    if let Some(row) = known {
        let (id, is_resolved, before): (Uuid, bool, Option<String>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if before.as_deref() == Some(digest.as_str()) {
            return Ok(false);
        }
        if !is_resolved {
            tx.execute(GROW, &[&id, &amount, &now, &rows.first(), &data]).await?;
            tx.commit().await?;
            return Ok(true);
        }
    }
    let event = Event {
        title: "The audit trail is not what was sealed".into(),
        description: told.join("\n"),
        fingerprint,
        amount,
        first: now,
        last: now,
        newest: rows.first().copied(),
        source: None,
        target: None,
        address: None,
        user_agent: None,
        data,
    };
    keep(ctx, &mut tx, &setting, event).await?;
    tx.commit().await?;
    Ok(true)
}

/// Tells one set of findings from another.
fn digest(verdict: &Verdict) -> String {
    use sha2::{Digest as _, Sha256};
    let mut digest = Sha256::new();
    digest.update(verdict.found.to_be_bytes());
    for finding in &verdict.findings {
        digest.update(finding.to_string());
        digest.update(b"\n");
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many events are open in all organisations together: by severity, with how many of them the authority should have been told of and was not.
///
/// # Errors
/// When the database does not answer.
pub async fn open_events(kernel: &Kernel) -> Result<Vec<(String, i64, i64)>, Error> {
    let rows = kernel.store.query_outside(OPEN, &[&kernel.now()]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
