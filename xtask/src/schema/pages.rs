//! The page of all domains and the page of one.

use std::fmt::Write;

use super::{
    model::{Schema, Table},
    words::{prose, values},
};

/// What every page begins with.
pub(super) const MADE: &str =
    "<!-- Written by `cargo xtask schema` from the migrations. Change a comment in a migration, not this page. -->\n\n";

/// One line a domain.
pub(super) fn index(schemas: &[Schema]) -> String {
    let tables: usize = schemas.iter().map(|schema| schema.stored().count()).sum();
    let views: usize = schemas.iter().map(|schema| schema.views().count()).sum();
    let mut text = format!(
        "{MADE}# The database\n\n{tables} tables and {views} views in one schema a domain. What every table keeps to is in \
         [ARCHITECTURE.md](../../ARCHITECTURE.md) and tested by `migrations/checks`; how the schema changes while it is in use is in \
         [migrations.md](../migrations.md).\n\n[![The domains and the foreign keys between them](overview.svg)](overview.svg)\n\n\
         | Domain | What it is for | Tables |\n|---|---|---|\n"
    );
    for schema in schemas {
        let names: Vec<String> =
            schema.tables.iter().map(|table| format!("[{0}]({1}/{0}.md)", table.name, schema.name)).collect();
        let title =
            if names.is_empty() { format!("`{}`", schema.name) } else { format!("[**{0}**]({0}.md)", schema.name) };
        let purpose = schema.comment.as_deref().map(prose).unwrap_or_default();
        let _ = writeln!(text, "| {title} | {purpose} | {} |", names.join(", "));
    }
    text.push_str("\nThe drawings as [Mermaid](https://mermaid.js.org) source: [overview.mmd](overview.mmd)");
    for schema in schemas.iter().filter(|schema| !schema.tables.is_empty()) {
        let _ = write!(text, ", [{0}.mmd]({0}.mmd)", schema.name);
    }
    text.push_str(".\n");
    text
}

/// One domain: its drawing and its tables.
pub(super) fn domain(schemas: &[Schema], schema: &Schema) -> String {
    let name = &schema.name;
    let mut text = format!("{MADE}[The database](README.md)\n\n# {name}\n\n");
    let _ = writeln!(text, "{}\n", schema.comment.as_deref().map(prose).unwrap_or_default());
    let _ = writeln!(text, "[![The tables of {name}]({name}.svg)]({name}.svg)\n");
    let _ = writeln!(text, "[Open the drawing]({name}.svg): cards lead to pages. [As Mermaid source]({name}.mmd).\n");
    let _ = writeln!(
        text,
        "## Tables\n\n| Table | What a row is | Classification | How long rows stay |\n|---|---|---|---|"
    );
    for table in schema.stored() {
        let _ = writeln!(
            text,
            "| [{0}]({name}/{0}.md) | {1} | {2} | {3} |",
            table.name,
            summary(table),
            table.classification.as_deref().unwrap_or_default(),
            table.retention.as_deref().map(prose).unwrap_or_default()
        );
    }
    if schema.views().next().is_some() {
        text.push_str("\n## Views\n\n| View | What it shows |\n|---|---|\n");
        for view in schema.views() {
            let _ = writeln!(text, "| [{0}]({name}/{0}.md) | {1} |", view.name, summary(view));
        }
    }
    statuses(&mut text, schema);
    neighbours(&mut text, schemas, schema);
    text
}

fn summary(table: &Table) -> String {
    table.comment.as_deref().map(prose).unwrap_or_default()
}

/// Which words a status may be, since callers ask that first.
fn statuses(text: &mut String, schema: &Schema) {
    let mut lines = Vec::new();
    for table in schema.stored() {
        for check in table.constraints.iter().filter(|constraint| constraint.kind == "c") {
            if let ([column], Some(values)) = (&check.columns[..], values(&check.definition))
                && column.ends_with("status")
            {
                lines.push(format!(
                    "| [{0}]({1}/{0}.md) | `{column}` | {2} |",
                    table.name,
                    schema.name,
                    values.join(", ")
                ));
            }
        }
    }
    if !lines.is_empty() {
        let _ = writeln!(text, "\n## Statuses\n\n| Table | Column | Values |\n|---|---|---|\n{}", lines.join("\n"));
    }
}

/// Which domains this one refers to, and which refer to it.
fn neighbours(text: &mut String, schemas: &[Schema], schema: &Schema) {
    let link = |name: &str, keys: usize| format!("[{name}]({name}.md) ({keys})");
    let out: Vec<String> =
        super::diagram::keys_between(schema).into_iter().map(|(target, keys)| link(target, keys)).collect();
    let back: Vec<String> = schemas
        .iter()
        .filter_map(|other| {
            super::diagram::keys_between(other).get(schema.name.as_str()).map(|keys| link(&other.name, *keys))
        })
        .collect();
    text.push_str("\n## Neighbours\n\n");
    let said = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let _ = writeln!(
        text,
        "Foreign keys lead from here to: {}.  \nForeign keys lead here from: {}.\n\nNot counted: the organisation a row belongs to, and the members who \
         stored, changed or removed it.",
        said(out),
        said(back)
    );
}
