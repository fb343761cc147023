//! A small world: its vocabulary, what is known in it, and how it stands in PostgreSQL.

use std::{borrow::Cow, collections::BTreeMap};

use authz::condition::{Facts, SqlPlace, Type, Value, Vocabulary};
use serde_json::{Map, Value as Json, json};
use tokio_postgres::types::ToSql;

/// Every attribute, its type, and its column where it has one.
pub(crate) const ATTRIBUTES: [(&str, Type, &str); 23] = [
    ("resource.status", Type::Text, "t.status"),
    ("resource.title", Type::Text, "t.title"),
    ("resource.size", Type::Number, "t.size"),
    ("resource.limit", Type::Number, "t.\"limit\""),
    ("resource.closed", Type::Bool, "t.closed"),
    ("resource.public", Type::Bool, "t.public"),
    ("resource.created", Type::Time, "t.created"),
    ("resource.due", Type::Time, "t.due"),
    ("resource.owner", Type::Id, "t.owner"),
    ("resource.author", Type::Id, "t.author"),
    ("resource.host", Type::Address, "t.host"),
    ("resource.peer", Type::Address, "t.peer"),
    ("resource.labels", Type::Texts, "t.labels"),
    ("resource.tags", Type::Texts, "t.tags"),
    ("resource.nowhere", Type::Text, ""),
    ("subject.name", Type::Text, ""),
    ("subject.level", Type::Number, ""),
    ("subject.active", Type::Bool, ""),
    ("subject.born", Type::Time, ""),
    ("subject.id", Type::Id, ""),
    ("subject.teams", Type::Texts, ""),
    ("environment.time", Type::Time, ""),
    ("environment.address", Type::Address, ""),
];

pub(crate) struct Words;

impl Vocabulary for Words {
    fn type_of(&self, attribute: &str) -> Option<Type> {
        ATTRIBUTES.iter().find(|(name, ..)| *name == attribute).map(|(_, ty, _)| *ty)
    }

    fn names(&self) -> Vec<String> {
        ATTRIBUTES.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }
}

/// Values by the names of their attributes; what is not in it is missing.
pub(crate) type Values = BTreeMap<&'static str, Value>;

/// A row, or all that is known besides rows.
#[derive(Clone)]
pub(crate) struct Known(pub(crate) Values);

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown: Vec<String> = self.0.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        f.write_str(&shown.join(", "))
    }
}

impl Facts for Known {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        self.0.get(attribute).map(Cow::Borrowed)
    }
}

/// What is known, and a row of the table.
pub(crate) struct Everything<'w> {
    pub(crate) known: &'w Known,
    pub(crate) row: &'w Known,
}

impl Facts for Everything<'_> {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        // The table has no column for it.
        if attribute == "resource.nowhere" {
            return None;
        }
        self.row.value(attribute).or_else(|| self.known.value(attribute))
    }
}

/// A row as the statement takes it: with an element that is null in every set, and a network around every address.
pub(crate) fn as_json(number: usize, row: &Known) -> Json {
    let mut object = Map::new();
    object.insert("number".to_owned(), json!(number));
    for (name, value) in &row.0 {
        let value = match value {
            Value::Bool(truth) => json!(truth),
            Value::Text(text) => json!(text),
            Value::Texts(texts) if number.is_multiple_of(2) => {
                let elements = texts.iter().map(|text| json!(text)).chain([Json::Null]);
                if texts.is_empty() { json!([]) } else { Json::Array(elements.collect()) }
            }
            Value::Texts(texts) => json!(texts),
            Value::Address(address) if number.is_multiple_of(2) => json!(format!("{address}/12")),
            value => json!(value.to_string()),
        };
        object.insert(name["resource.".len()..].to_owned(), value);
    }
    Json::Object(object)
}

/// Parameters after the first, which is the table.
#[derive(Default)]
pub(crate) struct Parameters {
    pub(crate) values: Vec<Box<dyn ToSql + Sync>>,
}

impl SqlPlace for Parameters {
    fn column(&mut self, attribute: &str, ty: Type) -> Option<String> {
        let (_, known, column) = ATTRIBUTES.iter().find(|(name, ..)| *name == attribute)?;
        assert_eq!(*known, ty, "{attribute}");
        (!column.is_empty()).then(|| (*column).to_owned())
    }

    fn parameter(&mut self, value: &Value) -> String {
        let ty = value.type_of().sql();
        let number = self.values.len() + 2;
        match value {
            Value::Texts(texts) => {
                self.values.push(Box::new(texts.clone()));
                format!("${number}::text[]")
            }
            value => {
                let text = match value {
                    Value::Text(text) => text.clone(),
                    value => value.to_string(),
                };
                self.values.push(Box::new(text));
                format!("(${number}::text)::{ty}")
            }
        }
    }
}
