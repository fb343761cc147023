//! The paths and schemas of what a baseline holds and how it differs.

use kernel::schema_of;
use serde_json::{Map, Value, json};

use super::paths::{json_content, responses, schema};
use crate::baselines::{MOST_ROWS, ROWS};

/// Adds what is read of a baseline beside the baseline itself.
pub(super) fn describe(places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let inside = |name: &str, about: &str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}, "description": about});
    let asked = |name: &str, schema: Value, about: &str| json!({"name": name, "in": "query", "required": false, "schema": schema, "description": about});
    let id = || inside("id", "The baseline.");
    let limit = || {
        asked(
            "limit",
            json!({"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": ROWS}),
            "Rows of a page.",
        )
    };
    let cursor = || asked("cursor", json!({"type": "string"}), "`next_cursor` of the page before.");
    let mut add = |path: &str, name: &str, summary: &str, parameters: Value, answers: &str| {
        places.insert(
            format!("/v1/baselines/{{id}}/{path}"),
            json!({"get": {
                "operationId": name, "tags": ["baselines"], "summary": summary, "parameters": parameters,
                "responses": responses("200", "The answer.", Some(json_content(schema(answers))), &["422"]),
            }}),
        );
    };
    add(
        "comparison",
        "baselines_comparison",
        "What differs between a baseline and another, or what is there now: added, removed, changed field by field, and links.",
        json!([
            id(),
            asked(
                "with",
                json!({"type": "string", "format": "uuid"}),
                "The later baseline, of the same project; left out: now."
            ),
            limit(),
            cursor(),
        ]),
        "BaselineComparison",
    );
    add(
        "records",
        "baselines_records",
        "What a baseline holds.",
        json!([
            id(),
            asked("kind", json!({"type": "string", "enum": work::BASELINE_KINDS}), "Only records of this kind."),
            limit(),
            cursor()
        ]),
        "BaselineRecords",
    );
    add(
        "records/{record}",
        "baselines_record",
        "A record as it was when the baseline was taken.",
        json!([id(), inside("record", "The record, by its identifier or its key, such as `REQ-42`.")]),
        "BaselineRecord",
    );
    schemas.insert("BaselineComparison".into(), schema_of::<work::Comparison>(false));
    schemas.insert("BaselineRecords".into(), schema_of::<work::BaselineItems>(false));
    schemas.insert("BaselineRecord".into(), schema_of::<work::BaselineItem>(false));
}
