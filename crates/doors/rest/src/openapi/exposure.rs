//! The path and the schema of the question where a vulnerability runs.

use serde_json::{Map, Value, json};

use super::paths::{json_content, responses, schema};

/// Adds `/v1/findings/exposure` and what it answers.
pub(super) fn describe(places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    places.insert(
        "/v1/findings/exposure".into(),
        json!({"get": {
            "operationId": "exposure", "tags": ["findings"],
            "summary": "Tell where a vulnerability runs.",
            "description": "Which service, environment, version and owner, and which requirements and tests are at risk: from the documents that say what \
                it is in, the bills of materials of builds, what scanners and people found, and the deployments that run now. Names of the same \
                vulnerability (CVE, GHSA) are followed. Only what the caller may read is told, at most 1,000 places.",
            "parameters": [{
                "name": "identifier", "in": "query", "required": true, "description": "What its source calls it; capitals and small letters are alike.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$", "examples": ["CVE-2024-3094"]},
            }],
            "responses": responses("200", "What is known.", Some(json_content(schema("Exposure"))), &[]),
        }}),
    );
    let text = || json!({"type": ["string", "null"]});
    let id = || json!({"type": "string", "format": "uuid"});
    let occurrence = object(&json!({
        "project_id": id(),
        "project": {"type": "string", "description": "Its slug."},
        "project_name": {"type": "string"},
        "owner": {"type": ["string", "null"], "description": "Who answers for the project."},
        "team": {"type": ["string", "null"], "description": "The team of the service, else of the project."},
        "service": text(),
        "environment": {"type": ["string", "null"], "description": "Null: it runs nowhere."},
        "tier": text(),
        "version": {"type": ["string", "null"], "description": "As deployed, else that of the build."},
        "deployment_id": {"type": ["string", "null"], "format": "uuid"},
        "since": {"type": ["string", "null"], "format": "date-time"},
        "build_id": id(),
        "build_number": {"type": "integer"},
        "component": {"type": "string"},
        "component_version": text(),
        "package_url": text(),
        "found_by": {"type": "string", "enum": ["component", "finding", "vulnerability"], "description": "How it is known."},
        "is_unsure": {"type": "boolean", "description": "Whether nobody can tell if the version is one of those meant."},
        "state": {
            "type": "string", "enum": ["open", "confirmed", "false_positive", "fixed", "accepted", "wont_fix", "suppressed"],
            "description": "By what the project itself found out and decided.",
        },
        "analysis_state": {"type": ["string", "null"], "description": "The same as the document writes it."},
        "justification": text(),
        "detail": text(),
        "stated_by": {"type": ["string", "null"], "description": "Who brought the document that says so, or decided it."},
        "requirements": {
            "type": "array",
            "description": "What is at risk: requirements that tests of the build verify and the one its feature is for, at most ten. Empty where it runs nowhere.",
            "items": object(&json!({
                "key": {"type": "string"},
                "title": {"type": "string"},
                "tests": {
                    "type": "array", "description": "Tests of the build that verify it, those that did not pass first, at most five.",
                    "items": object(&json!({"key": {"type": "string"}, "name": {"type": "string"}, "status": {"type": "string"}})),
                },
                "tests_count": {"type": "integer"},
            })),
        },
        "requirements_count": {"type": "integer"},
    }));
    schemas.insert(
        "Exposure".into(),
        object(&json!({
            "identifier": {"type": "string"},
            "aliases": {"type": "array", "items": {"type": "string"}, "description": "What documents call the same vulnerability."},
            "statements": {"type": "integer", "description": "Documents that say something about it. 0: nobody has heard of it."},
            "findings": {"type": "integer", "description": "Findings of scanners and vulnerabilities that people recorded, under any of its names."},
            "severity": text(),
            "score": {"type": ["number", "null"]},
            "description": text(),
            "recommendation": text(),
            "is_in_production": {"type": "boolean", "description": "Whether it runs in production where nobody says that it does no harm."},
            "is_perhaps_in_production": {
                "type": "boolean",
                "description": "Whether its package runs in production in a version of which nobody can tell whether it is meant.",
            },
            "running": {"type": "array", "items": occurrence.clone(), "description": "Where it runs now, production first."},
            "built": {"type": "array", "items": occurrence, "description": "Builds that have it and run nowhere."},
            "ranges_not_compared": {"type": "integer", "description": "Ranges of versions that cannot be compared; components that may lie within are marked as not sure."},
            "is_cut": {"type": "boolean", "description": "Whether there is more than is told."},
        })),
    );
}

/// An object with exactly these properties.
fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}
