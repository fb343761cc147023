//! The path of requirements as ReqIF.

use serde_json::{Map, Value, json};

use super::paths::responses;

/// Adds `/v1/requirements/reqif`.
pub(super) fn describe(places: &mut Map<String, Value>) {
    let document = json!({"application/xml": {"schema": {"type": "string", "description": "A ReqIF document."}}});
    places.insert(
        "/v1/requirements/reqif".into(),
        json!({"get": {
            "operationId": "requirements_as_reqif", "tags": ["requirements"],
            "summary": "Hand out the requirements of a project as ReqIF.",
            "description": "A document that came in goes out as it was, with what has changed here and what is new.",
            "parameters": [
                {"name": "project", "in": "query", "required": true, "description": "Its slug.", "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\u0000]*$"}},
                {"name": "document", "in": "query", "required": false, "description": "One of the exchange documents. The newest when nothing is said.",
                 "schema": {"type": "string", "format": "uuid"}},
            ],
            "responses": responses("200", "The document.", Some(document), &["404"]),
        }}),
    );
}
