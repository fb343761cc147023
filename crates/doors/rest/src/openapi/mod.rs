//! OpenAPI 3.1, derived from the catalogue: what is served and what is described cannot differ.

mod access;
mod baselines;
mod build_exports;
mod evidence;
mod exposure;
mod gate;
mod impact;
mod matrix;
mod past;
mod paths;
mod reqif;
mod schemas;
mod search;
mod trail;
mod webhooks;

use kernel::Catalogue;
use serde_json::{Map, Value, json};

const ABOUT: &str = "The system of record for software delivery by people and AI agents. Every collection lists with \
`limit`, `cursor`, `sort`, `fields`, `include` and filters: `filter[field]=value`, or `filter[field][operator]=value` \
with `eq`, `ne`, `lt`, `lte`, `gt`, `gte`, `in` (comma-separated), `contains`, `starts_with` and `is` (`null` or \
`not_null`), where the operator suits the field. Records answer to their identifier and, where they have one, to their \
human key (`REQ-42`, or `project-slug:REQ-42` where several projects have it). Errors are problem details (RFC 9457). \
Whoever holds a permission to act for another member does so with the header `X-On-Behalf-Of` and that member's \
identifier: they then may do what both may, and both names are on every change. A program names the run its \
requests belong to with the header `X-Agent-Run` and a UUID of its own; all that was done in a run can be undone at once.";

/// The whole document.
pub fn document(catalogue: &Catalogue) -> Value {
    let mut all = schemas::common();
    let mut places = Map::new();
    let mut parameters = paths::common_parameters();
    let mut tags = Vec::new();
    for served in catalogue.resources() {
        tags.push(json!({"name": served.resource.name, "description": about(served)}));
        schemas::of_resource(served, &mut all);
        paths::of_resource(served, &mut places, &mut parameters);
        past::of_resource(served, &mut places, &mut parameters);
    }
    past::schemas(&mut all);
    for operation in catalogue.operations() {
        paths::of_operation(catalogue, operation, &mut places);
    }
    access::describe(&mut places, &mut all);
    tags.push(json!({"name": "access", "description": "Who may do what, and why."}));
    baselines::describe(&mut places, &mut all);
    gate::describe(&mut places, &mut all);
    build_exports::describe(&mut places);
    trail::describe(&mut places, &mut all);
    if catalogue.get("webhook-connections").is_some() {
        webhooks::describe(&mut places);
    }
    if catalogue.get("findings").is_some() {
        exposure::describe(&mut places, &mut all);
    }
    if catalogue.get("evidence-bundles").is_some() {
        evidence::describe(&mut places);
    }
    impact::describe(&mut places, &mut all);
    matrix::describe(&mut places, &mut all);
    if catalogue.get("exchange-documents").is_some() {
        reqif::describe(&mut places);
    }
    search::describe(catalogue, &mut places, &mut all);
    tags.push(json!({"name": "search", "description": "Every record, of whatever type."}));
    tags.push(json!({"name": "server", "description": "The server itself."}));
    paths::of_server(&mut places);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Throughline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "tags": tags,
        "paths": places,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": crate::SESSION_COOKIE,
                    "description": "The session of a browser; it counts for reading only.",
                },
            },
            "parameters": parameters,
            "responses": paths::common_responses(),
            "schemas": all,
        },
    })
}

/// What a resource is, in the words of its table's comment.
fn about(served: &kernel::Served) -> String {
    let comment = served.table.comment.trim();
    if comment.is_empty() { format!("The {}.", served.resource.plural_words()) } else { comment.to_owned() }
}

/// `test-cases` as `TestCase`.
fn type_name(served: &kernel::Served) -> String {
    served.resource.words().split(' ').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
