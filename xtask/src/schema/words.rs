//! Markdown and plain words for what the catalogue says in its own.

use super::model::{Index, Policy, Reference, Schema, TENANT, Table, Trigger};

/// Text for a cell or a paragraph: nothing in it is read as Markdown or HTML.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match character {
            '|' | '*' | '[' | ']' | '`' | '\\' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(character),
        }
    }
    out
}

/// Code for a cell.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Names of columns, without the one that is part of every key.
pub(super) fn columns<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let all: Vec<&String> = names.into_iter().collect();
    let own: Vec<String> = all.iter().filter(|name| **name != TENANT).map(|name| code(name)).collect();
    if own.is_empty() { all.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ") } else { own.join(", ") }
}

/// A list as a person says it.
pub(super) fn listed(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., end] => format!("{} {last} {end}", start.join(", ")),
    }
}

/// The values of a check that is a list of them: `status = ANY (ARRAY['a'::text, …])`.
pub(super) fn values(definition: &str) -> Option<Vec<String>> {
    let list = definition.split_once("= ANY (")?.1.split_once("ARRAY[")?.1.split_once(']')?.0;
    // The odd parts between quotes are the values; none of ours holds a quote.
    Some(list.split('\'').skip(1).step_by(2).map(str::to_owned).collect())
}

/// What happens to the row when the one it refers to goes.
pub(super) fn on_delete(reference: &Reference<'_>) -> String {
    match reference.target.on_delete.as_str() {
        "c" => "goes with it".into(),
        "n" if reference.target.cleared.is_empty() => "has these emptied".into(),
        "n" => format!("has {} emptied", columns(&reference.target.cleared)),
        "d" => "takes its default".into(),
        _ => "keeps it from going".into(),
    }
}

/// What an index is there for.
pub(super) fn serves(schema: &Schema, table: &Table, index: &Index) -> String {
    if let Some(comment) = &index.comment {
        return prose(comment);
    }
    let unique = match index.constraint.as_deref() {
        Some("p") => Some("Identifies a row".to_owned()),
        _ if index.unique => Some(format!("No two rows with the same {}", columns(&index.columns))),
        _ => None,
    };
    let behind: Vec<String> = table
        .references()
        .filter(|reference| {
            let length = reference.constraint.columns.len();
            let first = index.columns.get(..length);
            first.is_some_and(|first| first.iter().all(|column| reference.constraint.columns.contains(column)))
        })
        .map(|reference| {
            format!(
                "{} → {}",
                columns(reference.own_columns().into_iter().map(str::to_owned).collect::<Vec<_>>().iter()),
                page_link(schema, &reference.target.schema, &reference.target.table)
            )
        })
        .collect();
    let mut parts: Vec<String> = unique.into_iter().collect();
    if !behind.is_empty() {
        parts.push(format!("Behind the foreign key {}", listed(&behind, "and")));
    }
    if parts.is_empty() {
        parts.push(match (index.method.as_str(), index.columns.first().map(String::as_str)) {
            ("gin", Some("search_vector")) => "Full-text search".into(),
            ("gin", _) => format!("What is inside {}", columns(&index.columns)),
            _ => format!("Lists and look-ups by {}", columns(&index.columns)),
        });
    }
    parts.join(". ")
}

/// A link from one table's page to another's.
pub(super) fn page_link(from: &Schema, schema: &str, table: &str) -> String {
    if from.name == schema {
        format!("[{table}]({table}.md)")
    } else {
        format!("[{schema}.{table}](../{schema}/{table}.md)")
    }
}

/// How long one partition is.
pub(super) fn months(number: u32) -> String {
    match number {
        1 => "one month".into(),
        3 => "three months".into(),
        12 => "one year".into(),
        other => format!("{other} months"),
    }
}

/// Which commands a policy is for.
pub(super) fn command(policy: &Policy) -> &'static str {
    match policy.command.as_str() {
        "r" => "select",
        "a" => "insert",
        "w" => "update",
        "d" => "delete",
        _ => "everything",
    }
}

/// When a trigger fires.
pub(super) fn moment(trigger: &Trigger) -> String {
    let events: Vec<String> = trigger
        .events
        .iter()
        .map(|event| {
            if event == "update" && !trigger.columns.is_empty() && trigger.columns.len() <= 8 {
                format!("update of {}", columns(&trigger.columns))
            } else if event == "update" && !trigger.columns.is_empty() {
                format!("update of {} named columns", trigger.columns.len())
            } else {
                event.clone()
            }
        })
        .collect();
    let each = if trigger.each_row { "each row" } else { "once a statement" };
    let condition = trigger.condition.as_ref().map(|condition| format!(", when {}", code(condition)));
    format!("{} {}, {each}{}", trigger.moment, listed(&events, "or"), condition.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_values_is_read_from_its_check() {
        let check = "CHECK (status = ANY (ARRAY['open'::text, 'closed'::text]))";
        assert_eq!(values(check), Some(vec!["open".into(), "closed".into()]));
        assert_eq!(values("CHECK (a > 0)"), None);
    }

    #[test]
    fn comments_cannot_break_a_table() {
        assert_eq!(prose("a | b\n <b> *c*"), "a \\| b &lt;b&gt; \\*c\\*");
        assert_eq!(code("a || b"), "`a \\|\\| b`");
    }

    #[test]
    fn lists_read_as_a_person_says_them() {
        let list = |items: &[&str]| listed(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>(), "or");
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b or c");
    }
}
