//! The path of a bundle of evidence as it was made.

use serde_json::{Map, Value, json};

use super::paths::responses;

/// Adds the bundle beside its record.
pub(super) fn describe(places: &mut Map<String, Value>) {
    let content = json!({"application/gzip": {"schema": {"type": "string", "contentMediaType": "application/gzip"}}});
    places.insert(
        "/v1/evidence-bundles/{id}/content".into(),
        json!({"get": {
            "operationId": "evidence_bundles_content", "tags": ["evidence-bundles"],
            "summary": "The signed bundle, byte for byte as it was made: evidence.json, evidence.html and their signature in a .tar.gz archive.",
            "description": "Its SHA-256 is `content_sha256` of the record. `throughline evidence verify` checks it with nothing but the public key.",
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "responses": responses("200", "The bundle.", Some(content), &[]),
        }}),
    );
}
