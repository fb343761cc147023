//! The paths of what goes out about a build in formats of other tools.

use serde_json::{Map, Value, json};

use super::paths::responses;

/// Adds them beside the build.
pub(super) fn describe(places: &mut Map<String, Value>) {
    let report = json!({"application/xml": {"schema": {"type": "string", "description": "A JUnit XML report."}}});
    places.insert(
        "/v1/builds/{id}/junit".into(),
        json!({"get": {
            "operationId": "builds_junit", "tags": ["builds"],
            "summary": "The test results of a build as JUnit XML: a suite for each run, a case for each result.",
            "description": "It keeps to the schema that Surefire and Jenkins have, unless properties of cases are asked for, which are beyond it. Of texts of a result, what is kept is written.",
            "parameters": [
                {"$ref": "#/components/parameters/id"},
                {"name": "properties", "in": "query", "required": false, "description": "Whether properties of cases are written.", "schema": {"type": "string", "enum": ["true", "false"]}},
            ],
            "responses": responses("200", "The report.", Some(report), &[]),
        }}),
    );
    let bom = json!({"application/vnd.cyclonedx+json": {"schema": {"type": "object", "description": "A CycloneDX 1.6 document."}}});
    places.insert(
        "/v1/builds/{id}/cyclonedx".into(),
        json!({"get": {
            "operationId": "builds_cyclonedx", "tags": ["builds"],
            "summary": "The components of a build as CycloneDX 1.6, with what is known of vulnerabilities in them (VEX).",
            "description": "Each component once, however many bills of materials list it. What people decided about a finding comes before what documents say.",
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": responses("200", "The document.", Some(bom), &["413"]),
        }}),
    );
}
