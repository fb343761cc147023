//! What is on a picture.

use std::collections::BTreeMap;

use super::{Card, Leads, Picture, Row};
use crate::schema::model::{Reference, Schema, TENANT, Table};

/// The tables of one domain with their key columns.
pub(in crate::schema) fn domain(schema: &Schema) -> Picture {
    let tables: Vec<&Table> = schema.stored().collect();
    let cards = tables
        .iter()
        .map(|table| Card {
            title: table.name.clone(),
            remark: if table.partition_key.is_some() { "partitioned".into() } else { String::new() },
            href: format!("{}/{}.md", schema.name, table.name),
            tooltip: table.comment.clone().unwrap_or_default(),
            rows: rows(schema, &tables, table),
        })
        .collect();
    Picture {
        title: format!("The tables of {}", schema.name),
        cards,
        legend: vec![
            "A line leads from the column of a foreign key (the crow's foot: many rows) to the table it refers to (the bar: one row). \
             Dashed: the column may be empty."
                .into(),
            "Names beside a card are tables of other domains. A card and a name lead to the table's page.".into(),
            "Left out: organization_id, which is part of nearly every key; created_by, updated_by and deleted_by, which name members."
                .into(),
        ],
    }
}

/// The rows of one card: its primary key, then what it refers to.
fn rows(schema: &Schema, tables: &[&Table], table: &Table) -> Vec<Row> {
    let references: Vec<Reference<'_>> =
        table.references().filter(|reference| !reference.is_tenancy() && !reference.is_stamp()).collect();
    let mut rows = Vec::new();
    for column in table.primary_key().iter().filter(|column| *column != TENANT) {
        if !references.iter().any(|reference| reference.own_columns() == [column.as_str()]) {
            rows.push(Row {
                label: column.clone(),
                mark: "PK".into(),
                leads: Leads::Nowhere,
                optional: false,
                single: false,
            });
        }
    }
    // In the order of the columns, which is how the table tells it.
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    let mut references: Vec<_> = references.into_iter().map(|reference| (reference.own_columns(), reference)).collect();
    references.sort_by_key(|(own, reference)| {
        (
            own.first().and_then(|name| place(name)),
            own.len(),
            &reference.target.schema,
            &reference.target.table,
            &reference.constraint.name,
        )
    });
    // Two foreign keys over the same columns to the same table, with and without the project, are one line.
    references.dedup_by(|later, first| {
        let place = |reference: &Reference<'_>| (reference.target.schema.clone(), reference.target.table.clone());
        later.0 == first.0 && place(&later.1) == place(&first.1)
    });
    for (own, reference) in references {
        let here = tables
            .iter()
            .position(|known| reference.target.schema == schema.name && known.name == reference.target.table);
        let in_key = own.iter().all(|column| table.primary_key().iter().any(|key| key == column));
        rows.push(Row {
            label: own.join(", "),
            mark: if in_key { "PK FK".into() } else { "FK".into() },
            leads: here.map_or_else(
                || Leads::Elsewhere {
                    name: format!("{}.{}", reference.target.schema, reference.target.table),
                    href: format!("{}/{}.md", reference.target.schema, reference.target.table),
                },
                Leads::To,
            ),
            optional: own.iter().any(|column| !table.is_required(column)),
            single: table.is_unique(&own),
        });
    }
    rows
}

/// The domains, and how many foreign keys lead from each to each other.
pub(in crate::schema) fn overview(schemas: &[Schema]) -> Picture {
    let with_tables: Vec<&Schema> = schemas.iter().filter(|schema| schema.stored().count() > 0).collect();
    let cards = with_tables
        .iter()
        .map(|schema| {
            let rows = keys_between(schema)
                .into_iter()
                .filter_map(|(target, keys)| {
                    let to = with_tables.iter().position(|known| known.name == target)?;
                    Some(Row {
                        label: target.to_owned(),
                        mark: keys.to_string(),
                        leads: Leads::To(to),
                        optional: false,
                        single: false,
                    })
                })
                .collect();
            let tables = schema.stored().count();
            Card {
                title: schema.name.clone(),
                remark: format!("{tables} {}", if tables == 1 { "table" } else { "tables" }),
                href: format!("{}.md", schema.name),
                tooltip: schema.comment.clone().unwrap_or_default(),
                rows,
            }
        })
        .collect();
    Picture {
        title: "The domains of the database".into(),
        cards,
        legend: vec![
            "A row counts the foreign keys that lead to another domain. A card leads to the domain's page.".into(),
            "Not counted: the organisation a row belongs to, and the members who stored, changed or removed it.".into(),
        ],
    }
}

/// How many foreign keys lead out of a domain, by the domain they lead to.
pub(in crate::schema) fn keys_between(schema: &Schema) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for reference in schema.stored().flat_map(Table::references) {
        let target = reference.target.schema.as_str();
        if target != schema.name && !reference.is_tenancy() && !reference.is_stamp() {
            *counts.entry(target).or_insert(0) += 1;
        }
    }
    counts
}
