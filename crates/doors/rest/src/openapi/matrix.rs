//! The path and the schemas of the matrix over two kinds of records.

use serde_json::{Map, Value, json};

use super::paths::{responses, schema};

/// Adds `/v1/matrix` and what it answers.
pub(super) fn describe(places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let content = json!({
        "application/json": {"schema": schema("Matrix")},
        "text/csv": {"schema": {"type": "string"}},
    });
    let text = |name: &str, about: &str| json!({"name": name, "in": "query", "description": about, "schema": {"type": "string"}});
    places.insert(
        "/v1/matrix".into(),
        json!({"get": {
            "operationId": "matrix", "tags": ["trace-links"],
            "summary": "Hold records of one kind against those of another that links join them with.",
            "description": "Rows in the order of their making, each with what it is linked to, in either direction, and what wants seeing to: gaps, suspect links, tests \
                whose latest result is older than the newest build, tests that changed their mind in the last 30 days, tests that fail. Orphans of one kind are the gaps \
                of the matrix turned round. A part looks at 1,000 records at most and says where it goes on.",
            "parameters": [
                {"name": "project", "in": "query", "required": true, "description": "The slug of the project.", "schema": {"type": "string", "minLength": 1}},
                {"name": "rows", "in": "query", "description": "A kind of record that a link may join.", "schema": {"type": "string", "default": "requirement"}},
                {"name": "columns", "in": "query", "description": "A kind that a link joins with it.", "schema": {"type": "string", "default": "test_case"}},
                text("link_type", "A type of link; left out: any."),
                {"name": "show", "in": "query", "schema": {"type": "string", "default": "all",
                    "enum": ["all", "linked", "gaps", "suspects", "stale", "flaky", "failing"]}},
                text("q", "What a title or key contains."),
                {"name": "status", "in": "query", "description": "A status; several may be given.", "schema": {"type": "array", "items": {"type": "string"}}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}},
                text("cursor", "`next_cursor` of the part before."),
            ],
            "responses": responses("200", "A part of the matrix.", Some(content), &["406"]),
        }}),
    );
    let maybe = |about: &str| json!({"type": ["string", "null"], "description": about});
    let count = |about: &str| json!({"type": "integer", "minimum": 0, "description": about});
    let flag = |about: &str| json!({"type": "boolean", "description": about});
    let id = || json!({"type": "string", "format": "uuid"});
    let cell = object(&json!({
        "id": id(),
        "key": maybe("Its key, or the number of a build."),
        "title": {"type": "string"},
        "status": maybe("Where it stands."),
        "link_type": {"type": "string"},
        "is_suspect": flag("Whether the link is suspect."),
        "criteria": {"type": "array", "items": {"type": "integer"}, "description": "The acceptance criteria that are meant; none: the whole."},
        "outcome": maybe("Of a test: its latest outcome."),
        "is_stale": flag("Of a test: whether that is older than the newest build."),
        "is_flaky": flag("Of a test: whether it changed its mind in the last 30 days."),
    }));
    let mut criteria = object(&json!({
        "all": count("All there are."), "linked": count("Those that a link of the row names."), "proven": count("Those that are proven."),
    }));
    criteria["type"] = json!(["object", "null"]);
    let row = object(&json!({
        "id": id(),
        "key": maybe("Its key, or the number of a build."),
        "title": {"type": "string"},
        "status": maybe("Where it stands."),
        "owner": maybe("Who looks after it."),
        "criteria": criteria,
        "standing": maybe("Of a requirement: gap, failing, partial or proven, by all its tests."),
        "is_gap": flag("Whether it is linked to nothing of the other kind."),
        "suspects": count("Links that are suspect."),
        "stale": count("Tests whose latest result is older than the newest build."),
        "flaky": count("Tests that changed their mind in the last 30 days."),
        "failing": count("Tests of which the latest result failed or broke."),
        "cells": {"type": "array", "items": cell, "description": "What it is linked to, at most 50."},
        "linked": count("How many there are in all."),
    }));
    schemas.insert(
        "Matrix".into(),
        object(&json!({
            "data": {"type": "array", "items": row},
            "looked_at": count("Records that were looked at for this part."),
            "next_cursor": maybe("Where the list goes on; null at its end."),
        })),
    );
}

/// An object with exactly these properties.
fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}
