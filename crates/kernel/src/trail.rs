//! What leaves a row of the trail without changing anything: refusals, files taken away, reads of what is classified, and commands
//! of the operator.
//!
//! A file is written down before its first byte leaves, in a transaction of its own: no row, no file. A refusal has nothing to
//! wait for: whoever is refused is answered at once, and the row follows in the background, so that nobody can tell by the time it
//! takes whether a record is there; so does the row of a read of what is classified. The same refusal or read of the same actor within a minute is counted and not written again; at the
//! end of the minute one more row says how often it was repeated, without address and browser, which the first has. So nobody can
//! fill the disk by asking.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base::{Problem, ProblemKind, Refused};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore, watch};
use uuid::Uuid;

use crate::{
    Ctx, Error, Record, Resource, Tx,
    audit::{CONTEXT_COLUMNS, context_params, context_places},
    catalogue::Served,
    param::Param,
};

/// Refusals of one actor within a minute that get rows of their own; all others share one.
pub(crate) const DISTINCT: usize = 60;
/// How long the same refusal is only counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Requests for what was not found that are looked into at once; of more nobody can say whether they were refusals.
const UNCERTAIN: usize = 256;
/// Rows written at once; the pool is there for requests.
const WRITERS: usize = 2;
/// How long an ending server waits for rows.
const FAREWELL: Duration = Duration::from_secs(5);

/// Something that happened and changed nothing.
#[derive(Debug, Clone)]
pub struct Note {
    /// What happened, such as `backup.made`.
    pub event: String,
    /// What kind of event it is: `access`, `export` or `administration`.
    pub category: &'static str,
    /// The permission type of what it was about.
    pub resource_type: String,
    /// Which one, as callers write it.
    pub record: Option<String>,
    /// Its project.
    pub project: Option<Uuid>,
    /// How closely to look at it: `low`, `medium`, `high` or `critical`.
    pub risk: &'static str,
    /// A sentence for people.
    pub said: String,
    /// Why it did not come about; `None`: it did.
    pub error: Option<String>,
    /// Facts that fit nowhere else, as a JSON object.
    pub besides: Value,
}

/// Writes the row of a note in a transaction of the caller's.
///
/// # Errors
/// When PostgreSQL refuses the row.
pub async fn note(ctx: &Ctx, tx: &Tx, note: &Note) -> Result<(), Error> {
    let text = |text: &Option<String>| text.clone().map_or(Param::Null, Param::Text);
    let mut params = context_params(ctx, &note.event, &note.resource_type);
    params[2] = Param::Text(note.category.to_owned());
    params.extend([
        text(&note.record),
        note.project.map_or(Param::Null, Param::Uuid),
        Param::Text(note.risk.to_owned()),
        Param::Text(note.said.chars().take(1000).collect()),
        text(&note.error),
        Param::Json(note.besides.clone()),
    ]);
    let sql = format!(
        "insert into audit.audit_logs ({CONTEXT_COLUMNS}, resource_id, project_id, risk_level, action_description, error_message,
                                       additional_data, status, compliance_relevant)
         values ({context}, $15::text, $16::uuid, $17::text, $18::text, $19::text, $20::jsonb,
                 case when $19::text is null then 'success' else 'failure' end, true)",
        context = context_places(1),
    );
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    tx.execute(&sql, &refs).await?;
    Ok(())
}

/// A file that somebody takes away.
#[derive(Debug, Clone, Copy)]
pub struct Exported<'a> {
    /// The permission type of what is in it.
    pub resource_type: &'a str,
    /// What is in it, such as `requirements`.
    pub what: &'a str,
    /// Its form, such as `csv`.
    pub format: &'a str,
    /// The project.
    pub project: Option<Uuid>,
    /// The record, where it is one.
    pub record: Option<&'a str>,
    /// What it is narrowed by, as it was asked for.
    pub filter: &'a [(String, String)],
    /// How many rows it has, where that is known before it leaves.
    pub rows: Option<u64>,
}

/// Writes down that a file is taken away, before it is. In a transaction of its own, which has ended afterwards.
///
/// # Errors
/// When the row cannot be written; the file must not be handed out then.
pub async fn exported(ctx: &Ctx, file: &Exported<'_>) -> Result<(), Error> {
    let short = |text: &String| Value::String(text.chars().take(200).collect());
    let filter: serde_json::Map<String, Value> =
        file.filter.iter().take(20).map(|(name, value)| (name.clone(), short(value))).collect();
    let mut besides = json!({"what": file.what, "format": file.format});
    if !filter.is_empty() {
        besides["filter"] = Value::Object(filter);
    }
    if let Some(rows) = file.rows {
        besides["rows"] = json!(rows);
    }
    let noted = Note {
        event: format!("{}.exported", file.resource_type),
        category: "export",
        resource_type: file.resource_type.to_owned(),
        record: file.record.map(str::to_owned),
        project: file.project,
        risk: "medium",
        said: format!("Took {} away as {}", file.what.replace(['-', '_'], " "), file.format),
        error: None,
        besides,
    };
    let tx = ctx.begin().await?;
    note(ctx, &tx, &noted).await?;
    tx.commit().await
}

/// Rows of a streamed file from which on the trail says at its end how many they were.
const MANY: u64 = 1_000;

/// Writes down how many rows of a streamed file left, if they were more than [`MANY`]: when it began nobody knew. Whoever broke it off has taken
/// what had left until then. Without an answer, since the file is gone already: a row that cannot be written is told in the log.
pub(crate) async fn export_ended(ctx: &Ctx, resource: &Resource, format: &str, rows: u64, is_whole: bool) {
    if rows <= MANY {
        return;
    }
    let noted = Note {
        event: format!("{}.export_ended", resource.permission),
        category: "export",
        resource_type: resource.permission.to_owned(),
        record: None,
        project: None,
        risk: "medium",
        said: format!("Took {rows} rows of {} away as {format}", resource.plural_words()),
        error: None,
        besides: json!({"what": resource.name, "format": format, "rows": rows, "is_whole": is_whole}),
    };
    let writing = async {
        let tx = ctx.begin_patiently().await?;
        note(ctx, &tx, &noted).await?;
        tx.commit().await
    };
    if let Err(error) = writing.await {
        tracing::error!(%error, user.id = %ctx.principal.user_id, said = noted.said, "the end of an export could not be written into the trail");
    }
}

/// Remembers in the trail that the actor was refused, if that is what the problem says: everything that is forbidden, and what is
/// said not to be there to somebody who may not know of it. Returns at once.
pub fn refused(ctx: &Ctx, problem: &Problem) {
    let Some((key, is_there, note)) = refusal(ctx, problem) else { return };
    ctx.kernel.refusals.clone().take(ctx, key, is_there, note);
}

/// Remembers in the trail that columns of which the classification asks for it were shown to the actor: of one record, or of a
/// list. What is the actor's own is shown to nobody else. Returns at once.
pub(crate) fn disclosed(ctx: &Ctx, served: &Served, record: Option<&Record>, columns: &[&str]) {
    let is_own = record.is_some_and(|record| {
        let own = ctx.own();
        own.is_some() && (record.owner == own || own.map(|own| own.to_string()).as_ref() == Some(&record.id))
    });
    if columns.is_empty() || is_own {
        return;
    }
    let words = if record.is_some() { served.resource.words() } else { served.resource.plural_words() };
    let note = Note {
        event: format!("{}.disclosed", served.resource.permission),
        category: "access",
        resource_type: served.resource.permission.to_owned(),
        record: record.map(|record| record.id.clone()),
        project: record.and_then(|record| record.project),
        risk: "low",
        said: format!("Was shown {} of {words}", columns.join(", ").replace('_', " ")),
        error: None,
        besides: json!({"columns": columns}),
    };
    let key = format!("{} {}", served.resource.name, note.record.as_deref().unwrap_or_default());
    ctx.kernel.disclosures.clone().take(ctx, key, true, note);
}

/// What tells one refusal from another, whether the record is certainly there, and the row.
fn refusal(ctx: &Ctx, problem: &Problem) -> Option<(String, bool, Note)> {
    let named = problem.refused.as_deref();
    match (problem.kind, named) {
        (ProblemKind::Forbidden, _) => {}
        (ProblemKind::NotFound, Some(refused)) if refused.is_there || is_identifier(refused) => {}
        _ => return None,
    }
    let (action, kind, record) = named.map_or((String::new(), "request", None), |refused| {
        (refused.action.clone(), refused.resource_type.as_str(), refused.record.clone())
    });
    let endpoint = ctx.request.endpoint.clone();
    let wanted = if action.is_empty() { endpoint.clone() } else { action };
    let note = Note {
        event: "access.refused".to_owned(),
        category: "access",
        resource_type: kind.to_owned(),
        project: named.and_then(|refused| refused.project),
        risk: "medium",
        said: format!("Was not let {} {}", wanted.replace('_', " "), kind.replace('_', " ")),
        error: Some(problem.detail.chars().take(1000).collect()),
        besides: json!({"action": wanted, "answered": problem.status()}),
        record,
    };
    let key = format!("{endpoint} {wanted} {kind} {}", note.record.as_deref().unwrap_or_default());
    Some((key, named.is_none_or(|refused| refused.is_there), note))
}

fn is_identifier(refused: &Refused) -> bool {
    refused.record.as_deref().is_some_and(|record| Uuid::try_parse(record).is_ok())
}

/// What was noted within the last minute, by who and what.
#[derive(Debug)]
pub(crate) struct Counted {
    open: Mutex<HashMap<(Uuid, Uuid), HashMap<String, u64>>>,
    turns: Semaphore,
    /// First rows that are not written yet, and everything that is not over.
    waiting: AtomicUsize,
    alive: AtomicUsize,
    changed: Notify,
    closing: watch::Sender<bool>,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            turns: Semaphore::new(WRITERS),
            waiting: AtomicUsize::new(0),
            alive: AtomicUsize::new(0),
            changed: Notify::new(),
            closing: watch::channel(false).0,
        }
    }
}

impl Counted {
    /// Counts a refusal. `None`: it was written within the last minute. Otherwise under which name it is counted from now on, and
    /// whether that is what all share who are beyond their own rows.
    fn count(&self, who: (Uuid, Uuid), key: String) -> Option<(String, bool)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = open.entry(who).or_default();
        let is_crowd = mine.len() >= DISTINCT && !mine.contains_key(&key);
        let key = if is_crowd { String::new() } else { key };
        if let Some(repeats) = mine.get_mut(&key) {
            *repeats += 1;
            return None;
        }
        mine.insert(key.clone(), 0);
        Some((key, is_crowd))
    }

    /// Ends the minute of a refusal and says how often it was repeated.
    fn end(&self, who: (Uuid, Uuid), key: &str) -> u64 {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mine) = open.get_mut(&who) else { return 0 };
        let repeats = mine.remove(key).unwrap_or(0);
        if mine.is_empty() {
            open.remove(&who);
        }
        repeats
    }

    /// Takes a note on. What is not certain to be a refusal is looked into first; of such there are some at once at most.
    fn take(self: Arc<Self>, ctx: &Ctx, key: String, is_certain: bool, note: Note) {
        if is_certain {
            self.admit(ctx, key, note);
            return;
        }
        if self.waiting.load(Ordering::Acquire) >= UNCERTAIN {
            return;
        }
        self.begin();
        let ctx = ctx.clone();
        tokio::spawn(async move {
            if self.is_kept_from_view(&ctx, &note).await {
                self.clone().admit(&ctx, key, note);
            }
            self.over(&self.waiting);
            self.over(&self.alive);
        });
    }

    fn begin(&self) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        self.alive.fetch_add(1, Ordering::AcqRel);
    }

    fn over(&self, count: &AtomicUsize) {
        count.fetch_sub(1, Ordering::AcqRel);
        self.changed.notify_waiters();
    }

    /// Writes the first of its kind within a minute, counts the others, and says at the end of the minute how many there were.
    fn admit(self: Arc<Self>, ctx: &Ctx, key: String, mut note: Note) {
        let who = (ctx.principal.organization_id, ctx.principal.user_id);
        let Some((key, is_crowd)) = self.count(who, key) else { return };
        if is_crowd {
            note.resource_type = "request".to_owned();
            (note.record, note.project) = (None, None);
            note.risk = "high";
            note.said = format!("{}, and more than {DISTINCT} other things within a minute", note.said);
        }
        self.begin();
        let (ctx, mut closing) = (ctx.clone(), self.closing.subscribe());
        tokio::spawn(async move {
            self.write(&ctx, &note).await;
            self.over(&self.waiting);
            // The minute must not keep a kernel alive that everybody else has let go of.
            let Ctx { kernel, principal, request } = ctx;
            let kernel_then = Arc::downgrade(&kernel);
            drop(kernel);
            let _ = tokio::time::timeout(WINDOW, closing.wait_for(|closing| *closing)).await;
            let repeats = self.end(who, &key);
            if repeats > 0
                && let Some(kernel) = kernel_then.upgrade()
            {
                note.besides["repeated"] = json!(repeats);
                note.said = format!("{}, {repeats} times more within a minute", note.said);
                // The first row says from where. Somebody who was erased meanwhile does not come back with this one.
                let (id, endpoint) = (request.id.clone(), request.endpoint.clone());
                let request = Arc::new(crate::Request { id, endpoint, ..crate::Request::default() });
                self.write(&Ctx { kernel, principal, request }, &note).await;
            }
            self.over(&self.alive);
        });
    }

    /// Whether a record that was not found is there all the same. No problem of the caller's: without an answer it is not.
    async fn is_kept_from_view(&self, ctx: &Ctx, note: &Note) -> bool {
        let Some(id) = note.record.as_deref().and_then(|record| Uuid::try_parse(record).ok()) else { return false };
        let Ok(_turn) = self.turns.acquire().await else { return false };
        let asking = async {
            let tx = ctx.begin_read().await?;
            let row = tx.query_one("select audit.is_kept_from_view($1, $2)", &[&note.resource_type, &id]).await?;
            tx.commit().await?;
            Ok::<bool, Error>(row.try_get(0)?)
        };
        asking.await.unwrap_or_else(|error| {
            tracing::error!(%error, "whether a record is hidden could not be found out");
            false
        })
    }

    async fn write(&self, ctx: &Ctx, noted: &Note) {
        let Ok(_turn) = self.turns.acquire().await else { return };
        let writing = async {
            let tx = ctx.begin_patiently().await?;
            // Who is refused may not see the project that the row is about; whoever reads the trail has to.
            tx.batch("set local app.project_access = 'all'").await?;
            note(ctx, &tx, noted).await?;
            tx.commit().await
        };
        if let Err(error) = writing.await {
            tracing::error!(%error, user.id = %ctx.principal.user_id, said = noted.said, "a refusal could not be written into the trail");
        }
    }

    async fn until(&self, is_over: impl Fn() -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if is_over() {
                return;
            }
            changed.await;
        }
    }

    /// Waits until every first row is written.
    pub(crate) async fn written(&self) {
        self.until(|| self.waiting.load(Ordering::Acquire) == 0).await;
    }

    /// Ends every minute at once and waits until its rows are written.
    pub(crate) async fn settle(&self) {
        self.closing.send_replace(true);
        let over = self.until(|| self.alive.load(Ordering::Acquire) == 0);
        if tokio::time::timeout(FAREWELL, over).await.is_err() {
            tracing::warn!("some refusals of the last minute were not written into the trail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_is_written_once_and_counted() {
        let refusals = Counted::default();
        let who = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(refusals.count(who, "read a".into()), Some(("read a".into(), false)));
        assert_eq!(refusals.count(who, "read a".into()), None);
        assert_eq!(refusals.count(who, "read a".into()), None);
        assert_eq!(refusals.end(who, "read a"), 2);
        assert_eq!(refusals.count(who, "read a".into()), Some(("read a".into(), false)));
    }

    #[test]
    fn nobody_gets_more_rows_than_there_are_for_one() {
        let refusals = Counted::default();
        let who = (Uuid::from_u128(1), Uuid::from_u128(2));
        let rows = (0..1000).filter_map(|nth| refusals.count(who, format!("read {nth}"))).count();
        assert_eq!(rows, DISTINCT + 1);
        assert_eq!(refusals.end(who, ""), 1000 - DISTINCT as u64 - 1);
        let another = (Uuid::from_u128(1), Uuid::from_u128(3));
        assert_eq!(refusals.count(another, "read 0".into()), Some(("read 0".into(), false)));
    }
}
