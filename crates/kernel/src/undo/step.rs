//! Taking back one change: the record as it is now is held against what the change had left, and then an ordinary write
//! is made under its ordinary rules.

use std::collections::BTreeMap;

use base::{Problem, ProblemKind};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    change::{Change, Origin, Way},
    told::{Dispute, Outcome, Undone},
};
use crate::{
    Ctx, Error, Read, Record, Verb,
    access::authorise,
    catalogue::{ProjectLink, Served},
    param::Param,
    store::Tx,
    write,
};

const SINCE: &str = "
select distinct on (t.column_name) t.column_name, a.id, coalesce(u.display_name, u.email), coalesce(p.display_name, p.email), a.occurred_at
  from audit.change_tracking t
  join audit.audit_logs a on a.id = t.audit_log_id
  left join identity.users u on u.id = a.user_id
  left join identity.users p on p.id = a.on_behalf_of_user_id
 where t.table_name = $1 and t.record_id = $2 and t.column_name = any($3) and t.id > $4 and t.change_set_id <> $5
 order by t.column_name, t.id desc";

/// The record a change was about, as far as it is there and the actor may read it.
enum Subject {
    Here(Box<Record>),
    /// It is gone for good, and the actor may read such records where it was.
    Gone,
    Hidden,
}

async fn subject(ctx: &Ctx, tx: &Tx, served: &Served, change: &Change, lock: bool) -> Result<Subject, Error> {
    let not_found = |error: &Error| error.problem().is_some_and(|problem| problem.kind == ProblemKind::NotFound);
    match Record::find(tx, served, &change.record, lock).await {
        Ok(record) => match authorise::<Read, _>(ctx, record) {
            Ok(record) => Ok(Subject::Here(Box::new(record.into_inner()))),
            Err(error) if error.problem().is_some() => Ok(Subject::Hidden),
            Err(error) => Err(error),
        },
        Err(error) if not_found(&error) => {
            let may_read = served.tells_of_gone() && ctx.may(served.resource.permission, "read", change.project);
            Ok(if may_read { Subject::Gone } else { Subject::Hidden })
        }
        Err(error) => Err(error),
    }
}

/// Whether the actor may be told of a change: they may read what it changed, or the trail.
pub(super) async fn is_visible(ctx: &Ctx, tx: &Tx, change: &Change) -> Result<bool, Error> {
    if ctx.may("audit_log", "read", None) {
        return Ok(true);
    }
    match change.served(ctx) {
        Some(served) => Ok(!matches!(subject(ctx, tx, served, change, false).await?, Subject::Hidden)),
        None => Ok(false),
    }
}

/// Takes a change back, or says why not; `None`: the actor may not be told of it.
pub(super) async fn take_back(
    ctx: &Ctx,
    tx: &mut Tx,
    change: &Change,
    origin: &Origin<'_>,
) -> Result<Option<Undone>, Error> {
    let mut told = change.told(ctx);
    let reads_all = ctx.may("audit_log", "read", None);
    let Some(served) = change.served(ctx) else {
        told.outcome = Outcome::Impossible;
        return Ok(reads_all.then_some(told));
    };
    let recorded = tx.recorded();
    tx.savepoint().await?;
    let found = subject(ctx, tx, served, change, true).await?;
    if matches!(found, Subject::Hidden) {
        tx.keep().await?;
        told.outcome = Outcome::Forbidden;
        told.reason = Some("the record is not there, or not for you to read".into());
        return Ok(reads_all.then_some(told));
    }
    let outcome = match change.way(Some(served)) {
        Ok(way) => attempt(ctx, tx, served, (change, origin), (way, found), &mut told).await,
        Err(reason) => {
            told.reason = Some(reason);
            Ok(Outcome::Impossible)
        }
    };
    match outcome {
        Ok(outcome) => {
            tx.keep().await?;
            told.outcome = outcome;
        }
        Err(error) => {
            let problem = ctx.catalogue().explain(&error);
            if matches!(problem.kind, ProblemKind::Internal | ProblemKind::Unavailable) {
                return Err(error);
            }
            tx.undo(recorded).await?;
            told.outcome = match problem.kind {
                ProblemKind::Forbidden | ProblemKind::NotFound => Outcome::Forbidden,
                _ => Outcome::Impossible,
            };
            told.reason = Some(said(served, &problem));
        }
    }
    Ok(Some(told))
}

/// What a refusal says, in a clause. A status that cannot go back is the rule that surprises most.
fn said(served: &Served, problem: &Problem) -> String {
    let is_status = served.resource.status.as_ref().is_some_and(|status| {
        problem.errors.iter().any(|error| error.pointer.trim_start_matches('/') == status.column)
    });
    if is_status { format!("its status does not go back: {}", problem.detail) } else { problem.detail.clone() }
}

async fn attempt(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    (change, origin): (&Change, &Origin<'_>),
    (way, found): (Way, Subject),
    told: &mut Undone,
) -> Result<Outcome, Error> {
    let record = match (found, &way) {
        (Subject::Here(record), _) => *record,
        (Subject::Gone, Way::Recreate) => return recreate(ctx, tx, served, change, told).await,
        (_, Way::Remove) => return Ok(Outcome::NothingToDo),
        _ => {
            told.reason = Some("it was deleted for good since".into());
            return Ok(Outcome::Conflict);
        }
    };
    match way {
        Way::Recreate => Ok(Outcome::NothingToDo),
        Way::Restore if !record.deleted => Ok(Outcome::NothingToDo),
        Way::Restore => {
            write::restore(ctx, tx, served, authorise(ctx, record)?).await?;
            Ok(Outcome::Undone)
        }
        Way::Remove if record.deleted => Ok(Outcome::NothingToDo),
        Way::Remove => {
            // Of what was brought back from the bin, the bringing back is all that the change says.
            let made: Vec<&str> = served.resource.writable.iter().chain(served.resource.create_only).copied().collect();
            let is_made = change.event.ends_with(".created");
            let differing = if is_made { differing(tx, served, &record, change, &made).await? } else { Vec::new() };
            told.disputes = disputes(ctx, tx, change, differing).await?;
            if !told.disputes.is_empty() {
                return Ok(Outcome::Conflict);
            }
            if let Some(parts) = parts(ctx, tx, served, &record).await? {
                told.reason = Some(format!("it holds {parts} that would be left behind"));
                return Ok(Outcome::Conflict);
            }
            write::delete(ctx, tx, served, authorise(ctx, record)?).await?;
            Ok(Outcome::Undone)
        }
        Way::PutBack(columns) => {
            let names: Vec<&str> = columns.iter().map(String::as_str).collect();
            let differing = differing(tx, served, &record, change, &names).await?;
            let is_back = |(name, _, now): &(String, Option<String>, Option<String>)| {
                change.columns.get(name).is_some_and(|(old, _)| old == now) || origin.holds(change, name, now)
            };
            let back: Vec<String> =
                differing.iter().filter(|one| is_back(one)).map(|(name, ..)| name.clone()).collect();
            told.disputes =
                disputes(ctx, tx, change, differing.into_iter().filter(|one| !is_back(one)).collect()).await?;
            if !told.disputes.is_empty() {
                return Ok(Outcome::Conflict);
            }
            let values = change
                .old_values(served, columns.iter().filter(|name| !back.contains(name)))
                .map_err(Problem::conflict)?;
            if values.is_empty() {
                return Ok(Outcome::NothingToDo);
            }
            write::put_back(ctx, tx, served, authorise(ctx, record)?, values).await?;
            Ok(Outcome::Undone)
        }
    }
}

async fn recreate(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    change: &Change,
    told: &mut Undone,
) -> Result<Outcome, Error> {
    let resource = served.resource;
    let stamped = |name: &str| {
        resource.status.as_ref().is_some_and(|status| status.stamps.iter().any(|(_, column)| *column == name))
    };
    let names: Vec<String> = resource
        .writable
        .iter()
        .chain(resource.create_only)
        .chain(resource.filled)
        .copied()
        .chain(served.table.columns.iter().map(|column| column.name.as_str()).filter(|name| stamped(name)))
        .map(str::to_owned)
        .collect();
    let mut values = change.old_values(served, &names).map_err(Problem::conflict)?;
    values.sort_by(|one, other| one.0.cmp(&other.0));
    values.dedup_by(|one, other| one.0 == other.0);
    write::recreate(ctx, tx, served, values, &change.record).await?;
    told.reason = None;
    Ok(Outcome::Undone)
}

/// Columns that do not hold what the change had left in them: name, that, and what they hold.
async fn differing(
    tx: &Tx,
    served: &Served,
    record: &Record,
    change: &Change,
    columns: &[&str],
) -> Result<Vec<(String, Option<String>, Option<String>)>, Error> {
    let sql = format!(
        "select k.key, k.value from {} t cross join lateral jsonb_each_text(to_jsonb(t)) k where {} and k.key = any(${}::text[])",
        served.resource.table,
        served.key_condition(1),
        record.key.len() + 1,
    );
    let names = Param::Texts(columns.iter().map(|name| (*name).to_owned()).collect());
    let refs: Vec<_> = record.key.iter().chain([&names]).map(Param::as_sql).collect();
    let mut now = BTreeMap::new();
    for row in tx.query(&sql, &refs).await? {
        now.insert(row.try_get::<_, String>(0)?, row.try_get::<_, Option<String>>(1)?);
    }
    let left = |name: &str| change.columns.get(name).and_then(|(_, new)| new.clone());
    Ok(now
        .into_iter()
        .filter(|(name, value)| left(name) != *value)
        .map(|(name, value)| (name.clone(), left(&name), value))
        .collect())
}

/// Who changed these columns since, and when.
async fn disputes(
    ctx: &Ctx,
    tx: &mut Tx,
    change: &Change,
    differing: Vec<(String, Option<String>, Option<String>)>,
) -> Result<Vec<Dispute>, Error> {
    if differing.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = differing.iter().map(|(name, ..)| name.as_str()).collect();
    let own = tx.change_set(|| ctx.new_id());
    let rows = tx.query(SINCE, &[&change.table, &change.record, &names, &change.first, &own]).await?;
    let mut since = BTreeMap::new();
    for row in &rows {
        let who: (Uuid, Option<String>, Option<String>, Timestamp) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        since.insert(row.try_get::<_, String>(0)?, who);
    }
    Ok(differing
        .into_iter()
        .map(|(field, expected, found)| {
            let (change, by, on_behalf_of, at) = match since.remove(&field) {
                Some((change, by, person, at)) => (Some(change), by, person, Some(at)),
                None => (None, None, None, None),
            };
            Dispute { field, expected, found, by, on_behalf_of, at, change }
        })
        .collect())
}

/// What hangs below a record that is to be deleted, in words.
async fn parts(ctx: &Ctx, tx: &Tx, served: &Served, record: &Record) -> Result<Option<String>, Error> {
    let Some(key) = served.own_id() else { return Ok(None) };
    let below = ctx.catalogue().resources().filter_map(|child| {
        let column = match child.resource.parent {
            Some((column, parent)) if parent == served.resource.name => column,
            None if served.project == ProjectLink::Itself && child.project == ProjectLink::Column => "project_id",
            _ => return None,
        };
        // What nobody makes by hand follows from the record and goes with it.
        (child.resource.offers(Verb::Create) && !child.resource.key.contains(&column)).then_some((child, column))
    });
    let asked: Vec<String> = below
        .map(|(child, column)| {
            let live = if child.is_soft() { " and t.deleted_at is null" } else { "" };
            let (name, table) = (child.resource.name, child.resource.table);
            format!("select '{name}' where exists (select from {table} t where t.{column} = $1::uuid{live})")
        })
        .collect();
    if asked.is_empty() {
        return Ok(None);
    }
    let key = record.key.get(served.resource.key.iter().position(|name| *name == key).unwrap_or_default());
    let Some(key) = key else { return Ok(None) };
    let rows = tx.query(&asked.join(" union all "), &[key.as_sql()]).await?;
    let names: Vec<String> = rows.iter().map(|row| row.get::<_, String>(0).replace('-', " ")).collect();
    Ok((!names.is_empty()).then(|| names.join(", ")))
}
