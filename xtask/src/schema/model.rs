//! What is known about the schema, as the catalogue tells it.

use serde::Deserialize;

/// The column that is part of every key, and therefore says nothing in a list of columns.
pub(super) const TENANT: &str = "organization_id";
/// Who stored, changed or removed a row: on nearly every table, so drawings leave them out.
pub(super) const STAMPS: [&str; 3] = ["created_by", "updated_by", "deleted_by"];

/// One schema of the database: a domain.
#[derive(Debug, Deserialize)]
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) comment: Option<String>,
    pub(super) tables: Vec<Table>,
}

/// A table or a view.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) is_view: bool,
    pub(super) comment: Option<String>,
    pub(super) owner: String,
    pub(super) classification: Option<String>,
    pub(super) retention: Option<String>,
    pub(super) exempt: Option<String>,
    pub(super) statistics: Vec<String>,
    pub(super) partition_key: Option<String>,
    pub(super) partition_months: Option<u32>,
    pub(super) row_security: bool,
    pub(super) row_security_forced: bool,
    pub(super) columns: Vec<Column>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) indexes: Vec<Index>,
    pub(super) policies: Vec<Policy>,
    pub(super) triggers: Vec<Trigger>,
    pub(super) rights: Vec<Right>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) default: Option<String>,
    pub(super) generated: Option<String>,
    pub(super) comment: Option<String>,
    /// What kind of personal or secret data it holds, from `security.data_elements`.
    pub(super) sensitivity: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Constraint {
    pub(super) name: String,
    /// As in `pg_constraint.contype`: p, u, f, c or x.
    pub(super) kind: String,
    pub(super) columns: Vec<String>,
    pub(super) definition: String,
    pub(super) comment: Option<String>,
    /// Only of a foreign key.
    pub(super) target: Option<Target>,
}

/// Where a foreign key leads.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// As in `pg_constraint.confdeltype`.
    pub(super) on_delete: String,
    /// The columns that `on delete set null` empties; none named: all of them.
    pub(super) cleared: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) unique: bool,
    pub(super) method: String,
    /// The kind of the constraint it enforces.
    pub(super) constraint: Option<String>,
    pub(super) columns: Vec<String>,
    pub(super) included: Vec<String>,
    pub(super) condition: Option<String>,
    pub(super) comment: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) restrictive: bool,
    /// As in `pg_policy.polcmd`.
    pub(super) command: String,
    /// None named: everybody.
    pub(super) roles: Vec<String>,
    pub(super) shows: Option<String>,
    pub(super) accepts: Option<String>,
    pub(super) comment: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trigger {
    pub(super) name: String,
    pub(super) function: String,
    pub(super) each_row: bool,
    pub(super) moment: String,
    pub(super) events: Vec<String>,
    pub(super) columns: Vec<String>,
    pub(super) condition: Option<String>,
    pub(super) comment: Option<String>,
}

/// One privilege of one role.
#[derive(Debug, Deserialize)]
pub(super) struct Right {
    pub(super) role: String,
    pub(super) privilege: String,
    /// On the table; else on some columns only.
    pub(super) whole: bool,
    pub(super) columns: Vec<String>,
}

/// A foreign key seen from its table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    pub(super) constraint: &'a Constraint,
    pub(super) target: &'a Target,
}

impl Schema {
    /// What holds rows.
    pub(super) fn stored(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| !table.is_view)
    }

    /// What only shows rows of tables.
    pub(super) fn views(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.is_view)
    }
}

impl Table {
    pub(super) fn references(&self) -> impl Iterator<Item = Reference<'_>> {
        self.constraints
            .iter()
            .filter_map(|constraint| constraint.target.as_ref().map(|target| Reference { constraint, target }))
    }

    pub(super) fn primary_key(&self) -> &[String] {
        self.constraints.iter().find(|constraint| constraint.kind == "p").map_or(&[], |constraint| &constraint.columns)
    }

    pub(super) fn is_required(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.name == column && known.required)
    }

    /// Whether no two live rows hold the same in these columns, whatever the organisation.
    pub(super) fn is_unique(&self, columns: &[&str]) -> bool {
        self.indexes
            .iter()
            .filter(|index| index.unique)
            .any(|index| index.columns.iter().all(|column| column == TENANT || columns.contains(&column.as_str())))
    }
}

impl<'a> Reference<'a> {
    /// The columns that make this reference, without those it only carries along: the organisation, and the project where
    /// another column says which record of the project is meant.
    pub(super) fn own_columns(&self) -> Vec<&'a str> {
        let carried =
            |column: &str, at_target: &str| column == TENANT || (column == "project_id" && at_target == "project_id");
        let own: Vec<&str> = self
            .constraint
            .columns
            .iter()
            .zip(&self.target.columns)
            .filter(|(column, at_target)| !carried(column, at_target))
            .map(|(column, _)| column.as_str())
            .collect();
        if own.is_empty() { self.constraint.columns.iter().map(String::as_str).collect() } else { own }
    }

    /// Whether it only says which organisation the row belongs to.
    pub(super) fn is_tenancy(&self) -> bool {
        self.constraint.columns == [TENANT]
    }

    /// Whether it only says who wrote the row.
    pub(super) fn is_stamp(&self) -> bool {
        matches!(self.own_columns()[..], [column] if STAMPS.contains(&column))
    }
}
