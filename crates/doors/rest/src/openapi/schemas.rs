//! JSON schemas of records, read from the columns and their rules.

use base::ProblemKind;
use kernel::{BulkRequest, Column, ColumnType, Served, Verb, schema_of};
use serde_json::{Map, Value, json};

use super::type_name;

/// Text that PostgreSQL can store.
const NO_NUL: &str = "^[^\\u0000]*$";

/// Schemas that every collection shares.
pub(super) fn common() -> Map<String, Value> {
    let mut all = Map::new();
    let kinds: Vec<String> = ProblemKind::ALL.iter().map(|kind| format!("/problems/{}", kind.slug())).collect();
    all.insert(
        "Problem".into(),
        json!({
            "type": "object",
            "description": "What went wrong and what to do (RFC 9457).",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "enum": kinds},
                "title": {"type": "string"},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["pointer", "detail"],
                        "properties": {
                            "pointer": {"type": "string", "description": "JSON Pointer into the body, or `?name`."},
                            "detail": {"type": "string"},
                        },
                        "additionalProperties": false,
                    },
                },
            },
            "additionalProperties": false,
        }),
    );
    all.insert("BulkRequest".into(), schema_of::<BulkRequest>(true));
    all.insert(
        "BulkResult".into(),
        json!({
            "type": "object",
            "required": ["results", "done", "failed"],
            "properties": {
                "results": {
                    "type": "array",
                    "description": "One result for each item, in order.",
                    "items": {
                        "type": "object",
                        "required": ["status", "id"],
                        "properties": {
                            "status": {"type": "integer"},
                            "id": {"type": ["string", "null"]},
                            "data": {"type": ["object", "null"]},
                            "problem": {"$ref": "#/components/schemas/Problem"},
                        },
                        "additionalProperties": false,
                    },
                },
                "done": {"type": "integer", "minimum": 0},
                "failed": {"type": "integer", "minimum": 0},
            },
            "additionalProperties": false,
        }),
    );
    all.insert("History".into(), history());
    all.insert("Me".into(), me());
    all
}

fn history() -> Value {
    json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "event", "changes", "occurred_at"],
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "event": {"type": "string"},
                        "user_id": {"type": ["string", "null"], "format": "uuid"},
                        "user": {"type": ["string", "null"]},
                        "user_kind": {"type": ["string", "null"]},
                        "on_behalf_of_user_id": {"type": ["string", "null"], "format": "uuid"},
                        "on_behalf_of": {"type": ["string", "null"]},
                        "changes": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["field", "from", "to"],
                                "properties": {"field": {"type": "string"}, "from": {}, "to": {}},
                                "additionalProperties": false,
                            },
                        },
                        "reason": {"type": ["string", "null"]},
                        "occurred_at": {"type": "string", "format": "date-time"},
                    },
                    "additionalProperties": false,
                },
            },
        },
        "additionalProperties": false,
    })
}

fn me() -> Value {
    json!({
        "type": "object",
        "required": ["organization_id", "user_id", "display_name", "email", "kind"],
        "properties": {
            "organization_id": {"type": "string", "format": "uuid"},
            "user_id": {"type": "string", "format": "uuid"},
            "display_name": {"type": "string"},
            "email": {"type": "string"},
            "kind": {"type": "string", "enum": ["person", "agent", "service"]},
            "on_behalf_of_user_id": {"type": ["string", "null"], "format": "uuid"},
        },
        "additionalProperties": false,
    })
}

/// The schemas of one resource: the record, its list, what creates and what changes it.
pub(super) fn of_resource(served: &Served, all: &mut Map<String, Value>) {
    let name = type_name(served);
    let mut properties = Map::new();
    if served.has_composed_id() {
        properties.insert("id".into(), json!({"type": "string", "description": "The key, its parts joined by `~`."}));
    }
    for column in served.visible() {
        properties.insert(column.name.clone(), of_column(column, true));
    }
    let required: Vec<&String> = properties.keys().collect();
    let mut record = json!({"type": "object", "required": required, "properties": properties});
    record["description"] = json!(super::about(served));
    if !served.relations.is_empty() {
        record["properties"]["included"] = included();
    }
    record["additionalProperties"] = json!(false);
    all.insert(name.clone(), record);

    let listed: Map<String, Value> = properties
        .keys()
        .map(|key| (key.clone(), json!({"$ref": format!("#/components/schemas/{name}/properties/{key}")})))
        .collect();
    let mut list = json!({
        "type": "object",
        "required": ["data", "next_cursor"],
        "properties": {
            "data": {
                "type": "array",
                "items": {"type": "object", "properties": listed, "additionalProperties": false},
            },
            "next_cursor": {"type": ["string", "null"], "description": "Give it as `cursor` for the next page."},
            "count": {"type": "integer", "minimum": 0, "description": "All rows, when asked for with `count=exact`."},
        },
        "additionalProperties": false,
    });
    if !served.relations.is_empty() {
        list["properties"]["included"] = included();
    }
    all.insert(format!("{name}List"), list);

    if served.resource.offers(Verb::Create) {
        let names = served.resource.writable.iter().chain(served.resource.create_only);
        let mut schema = input(served, names);
        schema["required"] = json!(served.required().collect::<Vec<_>>());
        if let Some(status) = &served.resource.status {
            schema["properties"][status.column]["enum"] = json!(status.initial);
        }
        all.insert(format!("{name}Create"), schema);
    }
    if served.resource.offers(Verb::Update) {
        all.insert(format!("{name}Update"), input(served, served.resource.writable.iter()));
    }
}

fn included() -> Value {
    json!({
        "type": "object",
        "description": "Related records by the name of the relation, where `include` asked for them.",
        "additionalProperties": {"type": "array", "items": {"type": "object"}},
    })
}

fn input<'a>(served: &Served, names: impl Iterator<Item = &'a &'static str>) -> Value {
    let properties: Map<String, Value> = names
        .filter_map(|name| served.table.column(name))
        .map(|column| {
            let mut schema = of_column(column, false);
            if let Some((kind, action)) = served.resource.guard_of(&column.name) {
                schema["description"] = json!(format!("Giving it another value needs the permission {kind}:{action}."));
            }
            (column.name.clone(), schema)
        })
        .collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// The schema of a column's values. What comes out is told by type alone where rules changed over time.
pub(super) fn of_column(column: &Column, out: bool) -> Value {
    let check = &column.check;
    let mut schema = of_type(column.kind);
    if matches!(column.kind, ColumnType::Text | ColumnType::Char(_)) {
        if let Some(values) = &check.values {
            schema = json!({"type": "string", "enum": values});
        } else if !out {
            if let Some(least) = check.min_length {
                schema["minLength"] = json!(least);
            }
            if let Some(most) = check.max_length {
                schema["maxLength"] = json!(most);
            }
            schema["pattern"] = json!(check.pattern.as_deref().unwrap_or(NO_NUL));
        }
    } else if !out {
        if let Some(minimum) = check.minimum {
            schema["minimum"] = json!(minimum);
        }
        if let Some(maximum) = check.maximum {
            schema["maximum"] = json!(maximum);
        }
    }
    if column.nullable {
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
        if let Some(name) = schema.get("type").and_then(Value::as_str).map(str::to_owned) {
            schema["type"] = json!([name, "null"]);
        }
    }
    if out && !column.comment.is_empty() {
        schema["description"] = json!(column.comment);
    }
    schema
}

/// The schema of a type.
pub(super) fn of_type(kind: ColumnType) -> Value {
    match kind {
        ColumnType::Uuid => json!({"type": "string", "format": "uuid"}),
        ColumnType::Text | ColumnType::Tsvector | ColumnType::Other | ColumnType::Inet | ColumnType::Bytea => {
            json!({"type": "string"})
        }
        ColumnType::Char(length) => json!({"type": "string", "minLength": length, "maxLength": length}),
        ColumnType::Int2 => json!({"type": "integer", "minimum": i16::MIN, "maximum": i16::MAX}),
        ColumnType::Int4 => json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX}),
        ColumnType::Int8 => json!({"type": "integer", "format": "int64"}),
        ColumnType::Numeric(precision, scale) if precision > 0 => {
            let most = 10_f64.powi(i32::from(precision) - i32::from(scale)) - 1.0;
            json!({"type": "number", "minimum": -most, "maximum": most, "multipleOf": 10_f64.powi(-i32::from(scale))})
        }
        ColumnType::Numeric(..) | ColumnType::Float8 => json!({"type": "number"}),
        ColumnType::Bool => json!({"type": "boolean"}),
        ColumnType::Timestamptz => json!({"type": "string", "format": "date-time"}),
        ColumnType::Date => json!({"type": "string", "format": "date"}),
        ColumnType::Jsonb => json!({}),
        ColumnType::TextArray => json!({"type": "array", "items": {"type": "string"}}),
        ColumnType::UuidArray => json!({"type": "array", "items": {"type": "string", "format": "uuid"}}),
    }
}
