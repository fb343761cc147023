//! The history of a record in words.

use jiff::Timestamp;
use kernel::{Ctx, Error, Read, Record, Served, authorise};
use serde_json::Value;

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
    let now = ctx.now();
    Ok(history["data"].as_array().into_iter().flatten().filter_map(|entry| said(entry, now)).collect())
}

fn said(entry: &Value, now: Timestamp) -> Option<LogEntry> {
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
                Some((words(field), value(&change["from"]), value(&change["to"])))
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
        ("updated", [(field, _, to)]) if field == "Status" => format!("moved it to {}", to.replace('_', " ")),
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
        let said = said(&entry, now).map(|entry| (entry.actor.name, entry.what, entry.changes));
        let change = ("Priority".to_owned(), "low".to_owned(), "high".to_owned());
        assert_eq!(said, Some(("Mira".to_owned(), "changed the priority".to_owned(), vec![change])));
    }
}
