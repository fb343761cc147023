//! The path and the schemas of the question what a change would touch.

use serde_json::{Map, Value, json};

use super::paths::{responses, schema};

/// Adds `/v1/impact` and what it answers.
pub(super) fn describe(places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let content = json!({
        "application/json": {"schema": schema("Impact")},
        "text/csv": {"schema": {"type": "string"}},
    });
    places.insert(
        "/v1/impact".into(),
        json!({"get": {
            "operationId": "impact", "tags": ["trace-links"],
            "summary": "Tell what a change of a record would touch, and what it rests on.",
            "description": "Walks trace links, and what records say of each other, from one record on, breadth first: each record once, with the way to it and its \
                owner. What the caller may not read is neither told nor walked through. A deployment counts while it is the current one.",
            "parameters": [
                {"name": "record", "in": "query", "required": true,
                 "description": "An identifier, a key, a key with its project, or the package URL of a component, without a version.",
                 "schema": {"type": "string", "minLength": 1, "examples": ["pay:REQ-12"]}},
                {"name": "direction", "in": "query", "schema": {"type": "string", "enum": ["both", "upstream", "downstream"], "default": "both"}},
                {"name": "depth", "in": "query", "description": "Steps at most.", "schema": {"type": "integer", "minimum": 1, "maximum": 10, "default": 5}},
                {"name": "limit", "in": "query", "description": "Records at most, in each direction.",
                 "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200}},
            ],
            "responses": responses("200", "What can be reached.", Some(content), &["406", "409"]),
        }}),
    );
    let text = |about: &str| json!({"type": ["string", "null"], "description": about});
    let id = || json!({"type": "string", "format": "uuid"});
    let record = json!({
        "id": id(),
        "kind": {"type": "string", "description": "What it is, such as requirement, build or component."},
        "key": text("Its key, or the number of a build."),
        "title": {"type": "string"},
        "status": text("Where it stands."),
        "project": text("The slug of its project; null: it belongs to the organisation."),
        "owner": text("Who looks after it."),
        "team": text("The team of the service or project."),
        "project_owner": text("Who answers for its project."),
    });
    let step = object(&json!({
        "relation": {"type": "string", "description": "A type of link, or part_of, depends_on, derived_from, works_on, found_by, contains, deploys, runs_in."},
        "id": id(),
        "label": {"type": "string"},
    }));
    let mut reached = record.clone();
    reached["direction"] = json!({"type": "string", "enum": ["upstream", "downstream"]});
    reached["depth"] = json!({"type": "integer", "minimum": 1});
    reached["path"] = json!({"type": "array", "items": step});
    schemas.insert(
        "Impact".into(),
        object(&json!({
            "record": object(&record),
            "data": {"type": "array", "items": object(&reached), "description": "Upstream first, the nearest first."},
            "edges": {"type": "array", "items": object(&json!({"from": id(), "to": id(), "relation": {"type": "string"}})),
                      "description": "Each leads from what changes to what that touches."},
            "is_cut": {"type": "boolean", "description": "Whether there is more than is told."},
        })),
    );
}

/// An object with exactly these properties.
fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}
