//! The drawings as Mermaid source, for whoever wants to lay them out another way.

use std::fmt::Write;

use super::{
    diagram::keys_between,
    model::{Schema, Table},
};

/// The tables of a domain with their keys, as an `erDiagram`.
pub(super) fn domain(schema: &Schema) -> String {
    let mut text = format!("---\ntitle: The tables of {}\n---\nerDiagram\n", schema.name);
    for table in schema.stored() {
        let _ = writeln!(text, "  {} {{", table.name);
        for column in &table.columns {
            let in_key = table.primary_key().contains(&column.name);
            let refers = table.references().any(|reference| reference.own_columns().contains(&column.name.as_str()));
            let mark = match (in_key, refers) {
                (true, true) => "PK, FK",
                (true, false) => "PK",
                (false, true) => "FK",
                (false, false) => continue,
            };
            // A type is one word there.
            let kind: String = column.kind.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let _ = writeln!(text, "    {kind} {} {mark}", column.name);
        }
        text.push_str("  }\n");
    }
    for table in schema.stored() {
        for reference in table.references().filter(|reference| !reference.is_tenancy() && !reference.is_stamp()) {
            let own = reference.own_columns();
            let one = if own.iter().all(|column| table.is_required(column)) { "||" } else { "|o" };
            let many = if table.is_unique(&own) { "o|" } else { "o{" };
            let target = if reference.target.schema == schema.name {
                reference.target.table.clone()
            } else {
                format!("\"{}.{}\"", reference.target.schema, reference.target.table)
            };
            let line = format!("  {target} {one}--{many} {} : \"{}\"\n", table.name, own.join(", "));
            // Two foreign keys over the same columns, with and without the project, are one line.
            if !text.contains(&line) {
                text.push_str(&line);
            }
        }
    }
    text
}

/// The domains and the foreign keys between them, as a flowchart.
pub(super) fn overview(schemas: &[Schema]) -> String {
    let mut text = String::from("---\ntitle: The domains of the database\n---\nflowchart LR\n");
    let with_tables = || schemas.iter().filter(|schema| schema.stored().count() > 0);
    for schema in with_tables() {
        let _ = writeln!(
            text,
            "  {}[\"{}<br>{} tables\"]",
            schema.name,
            schema.name,
            schema.stored().map(|_: &Table| 1).sum::<usize>()
        );
    }
    for schema in with_tables() {
        for (target, keys) in keys_between(schema) {
            let _ = writeln!(text, "  {} -->|{keys}| {target}", schema.name);
        }
    }
    for schema in with_tables() {
        let _ = writeln!(text, "  click {} href \"{}.md\"", schema.name, schema.name);
    }
    text
}
