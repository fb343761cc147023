//! The history of a record in words.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{Ctx, Error, Read, Record, Served, authorise};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    components::{Actor, ActorKind, LogEntry},
    format::When,
    paths,
};

/// The longest value shown of a change, in characters.
const SHOWN: usize = 200;
/// Columns whose change says nothing to people.
const SILENT: [&str; 5] = ["updated_by", "updated_at", "row_version", "deleted_by", "search_vector"];

/// What happened to a record, the latest first.
pub(super) async fn of(ctx: &Ctx, served: &Served, id: &str) -> Result<Vec<LogEntry>, Error> {
    let tx = ctx.begin_read().await?;
    let record = Record::find(&tx, served, id, false).await?;
    tx.commit().await?;
    let record = authorise::<Read, _>(ctx, record)?;
    let history = kernel::history(ctx, &record).await?;
    let entries = history["data"].as_array().map_or(&[][..], Vec::as_slice);
    let names = names(ctx, entries).await?;
    let now = ctx.now();
    Ok(entries.iter().filter_map(|entry| said(entry, now, &names)).collect())
}

/// What the people, projects and roles are called that values of changes name.
async fn names(ctx: &Ctx, entries: &[Value]) -> Result<HashMap<Uuid, String>, Error> {
    let changes = entries.iter().filter_map(|entry| entry["changes"].as_array()).flatten();
    let mut ids: Vec<Uuid> = changes
        .filter(|change| change["field"].as_str().is_some_and(|field| field.ends_with("_id")))
        .flat_map(|change| [&change["from"], &change["to"]])
        .filter_map(|value| value.as_str()?.parse().ok())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let tx = ctx.begin_read().await?;
    let names = authorization::overview::called(&tx, &ids).await?;
    tx.commit().await?;
    Ok(names)
}

fn said(entry: &Value, now: Timestamp, names: &HashMap<Uuid, String>) -> Option<LogEntry> {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let event = entry["event"].as_str()?;
    let verb = event.rsplit('.').next().unwrap_or(event).replace('_', " ");
    let changes = entry["changes"].as_array().into_iter().flatten();
    let changes: Vec<(String, String, String)> = if ["created", "deleted", "restored"].contains(&verb.as_str()) {
        Vec::new()
    } else {
        changes
            .filter_map(|change| {
                let field = change["field"].as_str().filter(|field| !SILENT.contains(field))?;
                let shown = |value: &Value| {
                    let name = value.as_str().and_then(|text| names.get(&text.parse::<Uuid>().ok()?));
                    name.cloned().unwrap_or_else(|| self::value(value))
                };
                Some((words(field), shown(&change["from"]), shown(&change["to"])))
            })
            .collect()
    };
    let kind = if entry["user_kind"].as_str().is_none_or(|kind| kind == "person") {
        ActorKind::Person
    } else {
        ActorKind::Agent
    };
    let can_go_back = ["created", "updated", "deleted", "restored", "rolled back"].contains(&verb.as_str());
    Some(LogEntry {
        actor: Actor {
            name: text("user").unwrap_or_else(|| "Throughline".to_owned()),
            kind,
            on_behalf_of: text("on_behalf_of"),
        },
        what: sentence(&verb, &changes),
        changes,
        when: When::new(entry["occurred_at"].as_str()?.parse().ok()?, now),
        reason: text("reason"),
        undo: text("id").filter(|_| can_go_back).map(|id| paths::asking(paths::CHANGES, &[("change", &id)])),
    })
}

/// What somebody did, as the rest of the sentence.
fn sentence(verb: &str, changes: &[(String, String, String)]) -> String {
    let lower = |name: &str| name.to_lowercase();
    match (verb, changes) {
        ("created", _) => "wrote it".to_owned(),
        ("deleted", _) => "put it in the bin".to_owned(),
        ("restored", _) => "took it out of the bin".to_owned(),
        ("imported", _) => "imported it".to_owned(),
        ("updated", [(field, from, to)]) if field == "Status" => {
            format!("moved it from {} to {}", from.replace('_', " "), to.replace('_', " "))
        }
        ("updated", [(field, from, to)]) if is_charge(field) && from == "nothing" => format!("gave it to {to}"),
        ("updated", [(field, from, to)]) if is_charge(field) && to == "nothing" => format!("took it from {from}"),
        ("updated", [(field, from, to)]) if is_charge(field) => format!("handed it from {from} to {to}"),
        ("updated", [(field, ..)]) => format!("changed the {}", lower(field)),
        ("updated", [(one, ..), (other, ..)]) => format!("changed the {} and the {}", lower(one), lower(other)),
        ("updated", []) => "touched it".to_owned(),
        ("updated", many) => format!("changed {} fields", many.len()),
        (other, _) => other.to_owned(),
    }
}

/// What happened, as the rest of a sentence that begins with who did it: `requirement.updated` is "changed requirement".
pub(super) fn told(event: &str) -> String {
    let (kind, verb) = event.rsplit_once('.').unwrap_or(("", event));
    let kind = kind.replace(['_', '.'], " ");
    let done = match verb {
        "created" => "made",
        "updated" => "changed",
        "deleted" => "put in the bin:",
        "refused" if kind == "access" => return "was refused".to_owned(),
        other => return format!("{kind} {}", other.replace('_', " ")).trim().to_owned(),
    };
    format!("{done} {kind}")
}

/// A value as it is shown.
pub(super) fn clipped(text: Option<&str>) -> String {
    text.map_or_else(|| "nothing".to_owned(), |text| value(&Value::String(text.to_owned())))
}

/// Whether a field says who is in charge of a record.
fn is_charge(field: &str) -> bool {
    ["Owner", "Assigned to", "Assignee"].contains(&field)
}

/// A column as people call it.
pub(super) fn words(column: &str) -> String {
    let name = column.trim_end_matches("_user_id").trim_end_matches("_code").trim_end_matches("_id");
    let mut letters = name.replace('_', " ").chars().collect::<Vec<_>>();
    if let Some(first) = letters.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    letters.into_iter().collect()
}

fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_who_did_what() {
        let entry = serde_json::json!({
            "event": "requirement.updated", "user": "Mira", "user_kind": "person", "on_behalf_of": null,
            "occurred_at": "2026-11-20T10:00:00.000000Z",
            "changes": [{"field": "priority_code", "from": "low", "to": "high"}, {"field": "updated_by", "from": null, "to": "x"}],
        });
        let now = "2026-11-20T11:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let said = said(&entry, now, &HashMap::new()).map(|entry| (entry.actor.name, entry.what, entry.changes));
        let change = ("Priority".to_owned(), "low".to_owned(), "high".to_owned());
        assert_eq!(said, Some(("Mira".to_owned(), "changed the priority".to_owned(), vec![change])));
    }

    #[test]
    fn who_it_is_handed_to_is_called_by_name() {
        let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let names = HashMap::from([(old, "Olga".to_owned()), (new, "Dana".to_owned())]);
        let entry = |field: &str, from: Value, to: Value| {
            serde_json::json!({
                "event": "requirement.updated", "user": "Review agent", "user_kind": "agent", "on_behalf_of": "Olga",
                "occurred_at": "2026-11-20T10:00:00.000000Z", "changes": [{"field": field, "from": from, "to": to}],
            })
        };
        let what =
            |entry: &Value| said(entry, Timestamp::UNIX_EPOCH, &names).map(|entry| entry.what).unwrap_or_default();
        let owner = "owner_user_id";
        assert_eq!(what(&entry(owner, old.to_string().into(), new.to_string().into())), "handed it from Olga to Dana");
        assert_eq!(what(&entry(owner, Value::Null, new.to_string().into())), "gave it to Dana");
        assert_eq!(
            what(&entry("status", "in_progress".into(), "completed".into())),
            "moved it from in progress to completed"
        );
        assert_eq!(told("requirement.updated"), "changed requirement");
        assert_eq!((told("access.refused"), told("backup.made")), ("was refused".to_owned(), "backup made".to_owned()));
    }
}
