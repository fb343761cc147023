//! The paths and schemas of what differs between two moments.

use kernel::{Served, schema_of};
use serde_json::{Map, Value, json};

use super::paths::{filter_parameters, json_content, responses, schema};

/// Adds the two differences of a resource.
pub(super) fn of_resource(served: &Served, places: &mut Map<String, Value>, parameters: &mut Map<String, Value>) {
    if !served.has_past() {
        return;
    }
    let (name, plural) = (served.resource.name, served.resource.plural_words());
    let code = name.replace('-', "_");
    let moment = |name: &str, is_required: bool, about: &str| {
        json!({"name": name, "in": "query", "required": is_required, "description": about,
               "schema": {"type": "string", "format": "date-time"}})
    };
    let moments = || {
        vec![moment("from", true, "The earlier moment."), moment("until", false, "The later moment; left out: now.")]
    };
    let reference = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    let mut asked = moments();
    asked.extend(["limit", "cursor", "q"].map(reference));
    asked.extend(filter_parameters(served, parameters));
    places.insert(
        format!("/v1/{name}/difference"),
        json!({"get": {
            "operationId": format!("list_difference_{code}"), "tags": [name],
            "summary": format!("What differs in a list of {plural} between two moments."),
            "description": "The filters hold at each moment: what no longer fits was removed, what fits only later was added.",
            "parameters": asked,
            "responses": responses("200", "The difference.", Some(json_content(schema("ListDifference"))), &[]),
        }}),
    );
    places.insert(
        format!("/v1/{name}/{{id}}/difference"),
        json!({
            "parameters": [reference("id")],
            "get": {
                "operationId": format!("difference_{code}"), "tags": [name],
                "summary": format!("What differs in one of the {plural} between two moments."),
                "parameters": moments(),
                "responses": responses("200", "The difference.", Some(json_content(schema("RecordDifference"))), &["409"]),
            },
        }),
    );
}

/// Adds what they answer.
pub(super) fn schemas(schemas: &mut Map<String, Value>) {
    schemas.insert("RecordDifference".into(), schema_of::<kernel::RecordDifference>(false));
    schemas.insert("ListDifference".into(), schema_of::<kernel::ListDifference>(false));
}
