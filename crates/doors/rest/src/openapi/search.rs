//! The path and the schema of the search.

use kernel::{Catalogue, DEEPEST, LONGEST, searched_types};
use serde_json::{Map, Value, json};

use super::paths::{json_content, responses, schema};

/// Adds `/v1/search` and what it answers.
pub(super) fn describe(catalogue: &Catalogue, places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let types = searched_types(catalogue);
    let text = || json!({"type": "string", "pattern": "^[^\\u0000]*$"});
    let moment = || json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]});
    let one = |name: &str, schema: Value, about: &str| json!({"name": name, "in": "query", "required": false, "schema": schema, "description": about});
    let many = |name: &str, items: Value, about: &str| {
        json!({
            "name": name, "in": "query", "required": false, "style": "form", "explode": true, "description": about,
            "schema": {"type": "array", "maxItems": 50, "items": items},
        })
    };
    let mut words = one(
        "q",
        json!({"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$"}),
        "Words that must all be there, `\"a phrase\"`, `or`, `-not`; the last word may be a beginning. A key, such as `REQ-42`, comes first.",
    );
    words["required"] = json!(true);
    let parameters = json!([
        words,
        many("type", json!({"type": "string", "enum": types}), "Only these types; repeat it for several."),
        many("project", text(), "Only in these projects, by identifier or slug."),
        many("status", text(), "Only with these statuses."),
        many("tag", text(), "Only with one of these tags."),
        many("owner", json!({"type": "string", "format": "uuid"}), "Only what these people answer for."),
        one("from", moment(), "Only what was made on this day or later."),
        one("to", moment(), "Only what was made before this time, or until the end of this day."),
        one("limit", json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 25}), "Results of a page."),
        one("cursor", json!({"type": "string"}), "`next_cursor` of an earlier answer to the same question."),
    ]);
    places.insert(
        "/v1/search".into(),
        json!({"get": {
            "operationId": "search", "tags": ["search"],
            "summary": "Find records of every type, best first.",
            "description": format!(
                "Only what the caller may read is found and counted. Up to {DEEPEST} results can be paged through. Of more than 1,000 the latest \
                1,000 are ranked and counted: then `total` is null and `total_at_least` says how many there are at least."
            ),
            "parameters": parameters,
            "responses": responses("200", "What was found.", Some(json_content(schema("SearchResults"))), &[]),
        }}),
    );
    schemas.insert("SearchResults".into(), results(&types));
}

fn results(types: &[&str]) -> Value {
    let pieces = |about: &str| {
        json!({
            "type": "array", "description": about,
            "items": object(&json!({
                "text": {"type": "string"},
                "fits": {"type": "boolean", "description": "Whether this piece is what was looked for."},
            })),
        })
    };
    let hit = object(&json!({
        "id": {"type": "string", "format": "uuid"},
        "type": {"type": "string", "enum": types},
        "href": {"type": "string", "description": "Where the record is served."},
        "key": {"type": ["string", "null"]},
        "title": {"type": "string"},
        "title_pieces": pieces("The title, cut where the words begin and end."),
        "excerpt_pieces": pieces("The place in the record's long text where the words are. Empty: they are not in it."),
        "status": {"type": ["string", "null"]},
        "project": {"anyOf": [{"type": "null"}, object(&json!({
            "id": {"type": "string", "format": "uuid"}, "slug": {"type": "string"}, "name": {"type": "string"},
        }))]},
        "owner_user_id": {"type": ["string", "null"], "format": "uuid"},
        "created_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
    }));
    let value = object(&json!({
        "value": {"type": "string", "description": "As the filter of that name takes it; a month as YYYY-MM."},
        "label": {"type": "string", "description": "What people call it."},
        "count": {"type": "integer"},
    }));
    object(&json!({
        "data": {"type": "array", "items": hit},
        "total": {"type": ["integer", "null"], "description": "How many there are. Null: more than are counted."},
        "total_at_least": {"type": "integer", "description": "How many there are at least."},
        "facets": {
            "type": "object",
            "description": "Counts by `type`, `project`, `status`, `owner`, `month` and `tag`, at most 24 values each.",
            "additionalProperties": {"type": "array", "items": value},
        },
        "next_cursor": {"type": ["string", "null"], "description": "Give it as `cursor` for the next page."},
    }))
}

/// An object with exactly these properties.
fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}
