//! What a condition may ask for: of who asks, of the circumstances, and of each kind of thing by its columns, whose types
//! come from PostgreSQL.

use std::collections::BTreeMap;

use authz::condition::{Type, Value, Vocabulary};
use rust_decimal::Decimal;
use tokio_postgres::Row;

use crate::{
    Error,
    catalogue::Served,
    schema::{Column, ColumnType},
};

/// What may be asked in every condition.
const CONTEXT: [(&str, Type); 14] = [
    ("subject.id", Type::Id),
    ("subject.email", Type::Text),
    ("subject.kind", Type::Text),
    ("subject.display_name", Type::Text),
    ("subject.username", Type::Text),
    ("subject.department", Type::Text),
    ("subject.job_title", Type::Text),
    ("subject.teams", Type::Texts),
    ("action.name", Type::Text),
    ("environment.time", Type::Time),
    ("environment.address", Type::Address),
    ("environment.authentication", Type::Text),
    ("resource.type", Type::Text),
    ("resource.project_id", Type::Id),
];

/// Facts of a thing that the tree of resources keeps, by name; always text.
const FREE: &str = "resource.attributes.";

/// The words of conditions on one kind of thing, or of conditions that are about no kind in particular.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    columns: Option<&'a BTreeMap<String, Type>>,
}

impl Vocabulary for Words<'_> {
    fn type_of(&self, attribute: &str) -> Option<Type> {
        if let Some((_, kind)) = CONTEXT.iter().find(|(name, _)| *name == attribute) {
            return Some(*kind);
        }
        let columns = self.columns?;
        match attribute.strip_prefix(FREE) {
            Some(name) => is_free_name(name).then_some(Type::Text),
            None => columns.get(attribute.strip_prefix("resource.")?).copied(),
        }
    }

    fn names(&self) -> Vec<String> {
        let columns = self.columns.into_iter().flatten().map(|(name, _)| format!("resource.{name}"));
        CONTEXT.iter().map(|(name, _)| (*name).to_owned()).chain(columns).collect()
    }
}

fn is_free_name(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// What may be asked of each kind of thing, by permission type.
#[derive(Debug, Default)]
pub(crate) struct Vocabularies {
    kinds: BTreeMap<String, BTreeMap<String, Type>>,
}

impl Vocabularies {
    /// From everything that is served. A name that means two types in two tables of one kind may not be asked for.
    pub(crate) fn of<'a>(all: impl Iterator<Item = &'a Served>) -> Self {
        let mut kinds: BTreeMap<String, BTreeMap<String, Option<Type>>> = BTreeMap::new();
        for served in all {
            let columns = kinds.entry(served.resource.permission.to_owned()).or_default();
            for (name, kind) in words_of(served) {
                columns
                    .entry(name)
                    .and_modify(|known| *known = known.filter(|known| *known == kind))
                    .or_insert(Some(kind));
            }
        }
        let settled = |columns: BTreeMap<String, Option<Type>>| {
            columns.into_iter().filter_map(|(name, kind)| Some((name, kind?))).collect()
        };
        Self { kinds: kinds.into_iter().map(|(kind, columns)| (kind, settled(columns))).collect() }
    }

    pub(crate) fn of_kind(&self, kind: &str) -> Words<'_> {
        Words { columns: self.kinds.get(kind) }
    }

    pub(crate) fn of_context(&self) -> Words<'_> {
        Words { columns: None }
    }
}

fn words_of(served: &Served) -> impl Iterator<Item = (String, Type)> + use<'_> {
    let columns = served.visible().filter_map(|column| Some((column.name.clone(), type_of(column)?)));
    columns.chain(served.mine_column().map(|_| ("owner".to_owned(), Type::Id)))
}

fn type_of(column: &Column) -> Option<Type> {
    match column.kind {
        ColumnType::Text => Some(Type::Text),
        ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8 => Some(Type::Number),
        // As many digits as a decimal holds here.
        ColumnType::Numeric(1..=28, _) => Some(Type::Number),
        ColumnType::Bool => Some(Type::Bool),
        ColumnType::Timestamptz => Some(Type::Time),
        ColumnType::Uuid => Some(Type::Id),
        ColumnType::Inet => Some(Type::Address),
        // Days, lists, documents and inexact numbers compare differently here and there.
        _ => None,
    }
}

/// What kind of value an attribute of a row of `served` has; `None` when its table has no such thing.
pub(crate) fn type_in(served: &Served, attribute: &str) -> Option<Type> {
    let name = attribute.strip_prefix("resource.")?;
    match attribute.strip_prefix(FREE) {
        Some(free) => is_free_name(free).then_some(Type::Text),
        None if name == "owner" => Some(Type::Id),
        None => type_of(served.visible_column(name)?),
    }
}

/// The SQL of an attribute of a row of `served` under the alias `t`; `None` when its table has no such thing, which is then
/// not known of any row.
pub(crate) fn column_sql(served: &Served, attribute: &str, kind: Type) -> Option<String> {
    let name = attribute.strip_prefix("resource.")?;
    if let Some(free) = attribute.strip_prefix(FREE) {
        let key = served.own_id().filter(|_| is_free_name(free) && served.is_tenant())?;
        return Some(format!(
            "(select r.attributes ->> '{free}' from authz.resources r \
             where r.organization_id = t.organization_id and r.entity_id = t.{key})"
        ));
    }
    match name {
        "type" => Some(format!("'{}'::text", served.resource.permission)),
        "project_id" => served.project_column().map(|column| format!("t.{column}")),
        "owner" => served.mine_column().map(|column| format!("t.{column}")),
        _ => {
            let column = served.visible_column(name)?;
            (type_of(column) == Some(kind)).then(|| format!("t.{name}"))
        }
    }
}

/// An expression that a row gives an attribute's value by, for [`value_at`].
pub(crate) fn fact_sql(sql: &str, kind: Type) -> String {
    match kind {
        Type::Number | Type::Address => format!("{sql}::text"),
        _ => sql.to_owned(),
    }
}

/// The value of an attribute in a row.
pub(crate) fn value_at(row: &Row, at: usize, kind: Type) -> Result<Option<Value>, Error> {
    let text = || row.try_get::<_, Option<String>>(at);
    Ok(match kind {
        Type::Text => text()?.map(Value::Text),
        Type::Number => text()?.and_then(|text| text.parse::<Decimal>().ok()).map(Value::Number),
        Type::Bool => row.try_get::<_, Option<bool>>(at)?.map(Value::Bool),
        Type::Time => row.try_get::<_, Option<jiff::Timestamp>>(at)?.map(Value::Time),
        Type::Id => row.try_get::<_, Option<uuid::Uuid>>(at)?.map(Value::Id),
        Type::Address => text()?.and_then(|text| text.split('/').next()?.parse().ok()).map(Value::Address),
        Type::Texts => row.try_get::<_, Option<Vec<String>>>(at)?.map(Value::Texts),
    })
}
