//! The history of a record in words.

use jiff::Timestamp;
use kernel::{Ctx, Error, Read, Record, Served, authorise};
use serde_json::Value;

use crate::{
    components::{Actor, ActorKind, LogEntry},
    format::When,
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
    let changes = if verb == "created" {
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
    Some(LogEntry {
        actor: Actor {
            name: text("user").unwrap_or_else(|| "Throughline".to_owned()),
            kind,
            on_behalf_of: text("on_behalf_of"),
        },
        what: match verb.as_str() {
            "updated" => "changed it".to_owned(),
            "created" | "deleted" | "restored" | "imported" => format!("{verb} it"),
            other => other.to_owned(),
        },
        changes,
        when: When::new(entry["occurred_at"].as_str()?.parse().ok()?, now),
    })
}

/// A column as people call it.
fn words(column: &str) -> String {
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
        assert_eq!(said, Some(("Mira".to_owned(), "changed it".to_owned(), vec![change])));
    }
}
