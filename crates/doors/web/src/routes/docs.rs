//! The reference of the API, read from its OpenAPI document.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::request::Parts,
    response::Response,
    routing::get,
};
use base::Problem;
use serde_json::Value;

use super::{
    Site,
    answer::html,
    error::PageError,
    session::{Visitor, frame_of_nobody},
};
use crate::{
    layout::{Frame, Section},
    paths,
    views::docs::{Call, Collection, Field, View, page},
};

/// How deep a type is followed for its words.
const DEPTH: u8 = 4;
const METHODS: [&str; 5] = ["get", "post", "patch", "put", "delete"];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::DOCS, get(index)).route("/docs/{collection}", get(collection))
}

async fn frame(site: &Site, parts: &Parts) -> Result<Frame, PageError> {
    // What the API can do is no secret; who is signed in keeps their frame.
    match Visitor::of(site, parts).await {
        Ok(visitor) => Ok(visitor.frame(Section::Docs).await?),
        Err(_) => Ok(Frame { section: Section::Docs, ..frame_of_nobody(parts) }),
    }
}

async fn index(State(site): State<Arc<Site>>, parts: Parts) -> Result<Response, PageError> {
    let document = (site.openapi)();
    Ok(html(page(&frame(&site, &parts).await?, &view(&document))))
}

async fn collection(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Response, PageError> {
    let document = (site.openapi)();
    let mut view = view(&document);
    let found = view.collections.iter().find(|one| one.name == name).cloned();
    let found = found.ok_or_else(|| Problem::not_found("collection of the API"))?;
    view.open = Some((found, calls(&document, &name)));
    Ok(html(page(&frame(&site, &parts).await?, &view)))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn view(document: &Value) -> View {
    let tags = document["tags"].as_array().into_iter().flatten();
    View {
        about: text(&document["info"]["description"]),
        version: text(&document["info"]["version"]),
        collections: tags
            .map(|tag| {
                let name = text(&tag["name"]);
                let calls = i64::try_from(operations(document, &name).count()).unwrap_or(i64::MAX);
                Collection { about: text(&tag["description"]), name, calls }
            })
            .collect(),
        open: None,
    }
}

/// Path, method and description of each call with this tag.
fn operations<'a>(document: &'a Value, tag: &'a str) -> impl Iterator<Item = (&'a String, &'static str, &'a Value)> {
    document["paths"].as_object().into_iter().flatten().flat_map(move |(path, methods)| {
        METHODS.into_iter().filter_map(move |method| {
            let call = methods.get(method)?;
            let tagged = call["tags"].as_array().is_some_and(|tags| tags.iter().any(|one| one == tag));
            tagged.then_some((path, method, call))
        })
    })
}

fn calls(document: &Value, tag: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = operations(document, tag)
        .map(|(path, method, call)| {
            let shared = document["paths"][path]["parameters"].as_array();
            let own = call["parameters"].as_array();
            let parameters: Vec<Field> =
                shared.into_iter().chain(own).flatten().map(|one| parameter(follow(document, one))).collect();
            let body = call["requestBody"]["content"].as_object().and_then(|content| {
                let (media, content) = content.iter().next()?;
                Some((media.clone(), fields(document, &content["schema"])))
            });
            let answers = call["responses"].as_object().into_iter().flatten().map(|(status, answer)| {
                let answer = follow(document, answer);
                let content = answer["content"].as_object().and_then(|content| content.iter().next());
                let kind = content.map(|(media, content)| match kind(&content["schema"], 0) {
                    words if words.is_empty() => media.clone(),
                    words => words,
                });
                (status.clone(), text(&answer["description"]), kind.unwrap_or_default())
            });
            Call {
                id: call["operationId"].as_str().map_or_else(|| format!("{method}{path}"), str::to_owned),
                method: method.to_uppercase(),
                path: path.clone(),
                summary: call["summary"].as_str().unwrap_or(path).to_owned(),
                description: text(&call["description"]),
                curl: curl(path, method, body.as_ref().map(|(media, fields)| (media.as_str(), fields.as_slice()))),
                answers: answers.collect(),
                parameters,
                body,
            }
        })
        .collect();
    calls.sort_by_key(|call| (call.path.len(), call.path.clone()));
    calls
}

/// The thing itself, or what it refers to.
fn follow<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(value),
        None => value,
    }
}

fn parameter(one: &Value) -> Field {
    Field {
        name: text(&one["name"]),
        place: text(&one["in"]),
        kind: kind(&one["schema"], 0),
        required: one["required"] == true,
        about: text(&one["description"]),
    }
}

fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = follow(document, schema);
    let required = schema["required"].as_array();
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, property)| Field {
            name: name.clone(),
            place: String::new(),
            kind: kind(property, 0),
            required: required.is_some_and(|list| list.iter().any(|one| one == name)),
            about: text(&follow(document, property)["description"]),
        })
        .collect()
}

/// A type in a few words: `text, at most 200`, `integer`, `list of Requirement`, `one of draft, approved`.
fn kind(schema: &Value, depth: u8) -> String {
    if depth > DEPTH {
        return "…".to_owned();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return name.to_owned();
    }
    if let Some(values) = schema["enum"].as_array() {
        let words: Vec<String> =
            values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
        return format!("one of {}", words.join(", "));
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(list) = schema[several].as_array() {
            let words: Vec<String> = list.iter().map(|one| kind(one, depth + 1)).collect();
            return words.join(" or ");
        }
    }
    let named = |name: &str| match name {
        "array" => {
            let items = kind(&schema["items"], depth + 1);
            if items.is_empty() { "list".to_owned() } else { format!("list of {items}") }
        }
        "string" => match (schema["format"].as_str(), schema["maxLength"].as_u64()) {
            (Some(format), _) => format.to_owned(),
            (None, Some(most)) => format!("text, at most {most}"),
            (None, None) => "text".to_owned(),
        },
        "null" => "null".to_owned(),
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => named(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(named).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

/// A command that makes the call, with the required fields in its body.
fn curl(path: &str, method: &str, body: Option<(&str, &[Field])>) -> String {
    let mut command = String::from("curl");
    if method != "get" {
        command.push_str(" -X ");
        command.push_str(&method.to_uppercase());
    }
    command.push_str(" -H \"Authorization: Bearer $THROUGHLINE_TOKEN\"");
    match body {
        Some(("multipart/form-data", fields)) => {
            for field in fields.iter().filter(|field| field.required) {
                let value = if field.name == "file" || field.name == "files" { "@reports.xml" } else { "…" };
                command.push_str(&format!(" -F '{}={value}'", field.name));
            }
        }
        Some((media, fields)) => {
            let mut needed: Vec<&Field> = fields.iter().filter(|field| field.required).collect();
            if needed.is_empty() {
                needed.extend(fields.first());
            }
            let pairs: Vec<String> = needed.iter().map(|field| format!("\"{}\": …", field.name)).collect();
            command.push_str(&format!(" -H 'Content-Type: {media}' -d '{{{}}}'", pairs.join(", ")));
        }
        None => {}
    }
    command.push_str(&format!(" \"$THROUGHLINE_URL{path}\""));
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn calls_are_read_with_their_parameters_fields_and_a_command() {
        let document = json!({
            "info": {"version": "1", "description": "About."},
            "tags": [{"name": "things", "description": "Things."}],
            "paths": {"/v1/things": {"post": {
                "tags": ["things"], "operationId": "create_things", "summary": "Create a thing",
                "parameters": [{"$ref": "#/components/parameters/Key"}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}}},
                "responses": {"201": {"description": "Made.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
            }}},
            "components": {
                "parameters": {"Key": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}}},
                "schemas": {"NewThing": {"required": ["name"], "properties": {
                    "name": {"type": "string"}, "state": {"enum": ["on", "off"]}, "tags": {"type": ["array", "null"], "items": {"type": "integer"}},
                }}},
            },
        });
        let view = view(&document);
        assert_eq!((view.collections[0].name.as_str(), view.collections[0].calls), ("things", 1));
        let calls = calls(&document, "things");
        assert_eq!(calls[0].parameters[0].kind, "text, at most 255");
        let kinds: Vec<String> =
            calls[0].body.iter().flat_map(|(_, fields)| fields).map(|field| field.kind.clone()).collect();
        assert_eq!(kinds, ["text", "one of on, off", "list of integer or null"]);
        assert_eq!(calls[0].answers[0], ("201".into(), "Made.".into(), "Thing".into()));
        assert_eq!(
            calls[0].curl,
            "curl -X POST -H \"Authorization: Bearer $THROUGHLINE_TOKEN\" -H 'Content-Type: application/json' -d '{\"name\": …}' \"$THROUGHLINE_URL/v1/things\""
        );
    }
}
