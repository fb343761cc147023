//! The paths of requirements as ReqIF, and of the files that came beside them.

use serde_json::{Map, Value, json};

use super::paths::{reference, responses};

/// Adds `/v1/requirements/reqif`, `/v1/requirements/reqifz` and `/v1/exchange-files/{id}/content`.
pub(super) fn describe(places: &mut Map<String, Value>) {
    let document = json!({"application/xml": {"schema": {"type": "string", "description": "A ReqIF document."}}});
    let archive = json!({"application/zip": {"schema": {"type": "string", "contentMediaType": "application/zip"}}});
    let parameters = json!([
        {"name": "project", "in": "query", "required": true, "description": "Its slug.", "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\u0000]*$"}},
        {"name": "document", "in": "query", "required": false, "description": "One of the exchange documents. The newest when nothing is said.",
         "schema": {"type": "string", "format": "uuid"}},
    ]);
    places.insert(
        "/v1/requirements/reqif".into(),
        json!({"get": {
            "operationId": "requirements_as_reqif", "tags": ["requirements"],
            "summary": "Hand out the requirements of a project as ReqIF.",
            "description": "A document that came in goes out as it was, with what has changed here and what is new.",
            "parameters": parameters.clone(),
            "responses": responses("200", "The document.", Some(document), &["404"]),
        }}),
    );
    places.insert(
        "/v1/requirements/reqifz".into(),
        json!({"get": {
            "operationId": "requirements_as_reqifz", "tags": ["requirements"],
            "summary": "Hand out the requirements of a project as ReqIF in an archive, with the files that came beside the document.",
            "description": "The document is that of `/v1/requirements/reqif`; files go back byte for byte under the names they came with.",
            "parameters": parameters,
            "responses": responses("200", "The archive.", Some(archive), &["404"]),
        }}),
    );
    let content = json!({"application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}});
    let mut found =
        responses("200", "The file, to be saved; its media type is `media_type` of the record.", Some(content), &[]);
    found["304"] = json!({"description": "The caller has this version already."});
    places.insert(
        "/v1/exchange-files/{id}/content".into(),
        json!({"get": {
            "operationId": "exchange_files_content", "tags": ["exchange-files"],
            "summary": "A file that came in an archive beside a document of requirements, byte for byte.",
            "description": "Its SHA-256 is `content_sha256` of the record, and its entity tag.",
            "parameters": [{"$ref": "#/components/parameters/id"}, reference("IfNoneMatch")],
            "responses": found,
        }}),
    );
}
