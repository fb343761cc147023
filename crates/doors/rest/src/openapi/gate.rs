//! The path of the question how a build stands to the rules of its project.

use kernel::schema_of;
use serde_json::{Map, Value, json};

use super::paths::{json_content, responses, schema};

/// Adds GET beside the operation that keeps the answer.
pub(super) fn describe(places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let place = places.entry("/v1/builds/{id}/gate").or_insert_with(|| json!({}));
    place["get"] = json!({
        "operationId": "gate_of_build", "tags": ["builds"],
        "summary": "How a build stands to the rules of its project, with a reason for each.",
        "description": "POST answers the same and keeps the answer in the audit trail.",
        "parameters": [{"$ref": "#/components/parameters/id"}],
        "responses": responses("200", "The answer.", Some(json_content(schema("GateAnswer"))), &[]),
    });
    schemas.insert("GateAnswer".into(), schema_of::<delivery::GateAnswer>(false));
}
