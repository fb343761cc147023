//! Paths and parameters.

use kernel::{Catalogue, Column, ColumnType, Input, Operation, Operator, Served, Subject, Verb};
use serde_json::{Map, Value, json};

use super::{schemas, type_name};

/// Parameters that many paths share.
pub(super) fn common_parameters() -> Map<String, Value> {
    let query = |name: &str, schema: Value, about: &str| json!({"name": name, "in": "query", "required": false, "schema": schema, "description": about});
    let header = |name: &str, schema: Value, about: &str| json!({"name": name, "in": "header", "required": false, "schema": schema, "description": about});
    let text = json!({"type": "string", "maxLength": 200, "pattern": "^[^\\u0000]*$"});
    Map::from_iter([
        (
            "limit".into(),
            query("limit", json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}), "Rows of a page."),
        ),
        (
            "cursor".into(),
            query("cursor", json!({"type": "string"}), "`next_cursor` of an earlier answer with the same `sort`."),
        ),
        ("q".into(), query("q", text, "Text in the title, or the beginning of a human key.")),
        (
            "count".into(),
            query("count", json!({"type": "string", "enum": ["exact"]}), "Count all rows of the filter too."),
        ),
        (
            "deleted".into(),
            query(
                "deleted",
                json!({"type": "string", "enum": ["exclude", "include", "only"]}),
                "Whether deleted records are shown.",
            ),
        ),
        (
            "id".into(),
            json!({
                "name": "id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1},
                "description": "The identifier, or the human key where there is one.",
            }),
        ),
        (
            "IfMatch".into(),
            header("If-Match", json!({"type": "string"}), "The ETag the record must still have; otherwise 412."),
        ),
        (
            "IfNoneMatch".into(),
            header("If-None-Match", json!({"type": "string"}), "An ETag; 304 when the record still has it."),
        ),
        (
            "IdempotencyKey".into(),
            header(
                "Idempotency-Key",
                json!({"type": "string", "pattern": "^[!-~]{1,255}$"}),
                "Makes repeating this request harmless for 24 hours.",
            ),
        ),
        (
            "ChangeReason".into(),
            header(
                "X-Change-Reason",
                json!({"type": "string", "maxLength": 1000}),
                "Why this is done, for the audit trail and the change set. UTF-8, as it is or percent-encoded.",
            ),
        ),
        (
            "BusinessJustification".into(),
            header(
                "X-Business-Justification",
                json!({"type": "string", "maxLength": 4000}),
                "What it is good for, for the change set. UTF-8, as it is or percent-encoded.",
            ),
        ),
    ])
}

/// The problems that many operations share, by status.
pub(super) fn common_responses() -> Map<String, Value> {
    let all = [
        ("400", "The request cannot be understood."),
        ("401", "Nobody is signed in."),
        ("403", "Not allowed."),
        ("404", "Not there, or not to be seen."),
        ("406", "None of the accepted media types can be produced."),
        ("409", "In conflict with what is stored."),
        ("412", "Changed in the meantime."),
        ("413", "The body is too large."),
        ("415", "The body's media type is not read here."),
        ("422", "The input breaks a rule; `errors` names the fields."),
        ("429", "Too many requests of this caller or from this address; `Retry-After` says when to try again."),
        ("503", "Not able to serve just now; `Retry-After` says when to try again."),
    ];
    all.into_iter()
        .map(|(code, about)| {
            let content = json!({"application/problem+json": {"schema": schema("Problem")}});
            (code.to_owned(), json!({"description": about, "content": content}))
        })
        .collect()
}

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

pub(super) fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn json_body(schema: Value) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

pub(super) fn responses(status: &str, about: &str, content: Option<Value>, problems: &[&str]) -> Value {
    let mut good = json!({"description": about});
    if let Some(content) = content {
        good["content"] = content;
    }
    let mut all = Map::from_iter([(status.to_owned(), good)]);
    for code in ["400", "401", "403", "404", "429", "503"].iter().chain(problems) {
        all.insert((*code).to_owned(), json!({"$ref": format!("#/components/responses/{code}")}));
    }
    Value::Object(all)
}

pub(super) fn json_content(schema: Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

fn with_etag(mut responses: Value, status: &str) -> Value {
    responses[status]["headers"] = json!({"ETag": {"schema": {"type": "string"}, "description": "The version."}});
    responses
}

/// The paths of one resource.
pub(super) fn of_resource(served: &Served, places: &mut Map<String, Value>, parameters: &mut Map<String, Value>) {
    let resource = served.resource;
    let (name, words, plural) = (type_name(served), resource.words(), resource.plural_words());
    let id = |verb: &str| format!("{verb}_{}", resource.name.replace('-', "_"));
    let tags = json!([resource.name]);
    let article = if words.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };

    let mut query: Vec<Value> = ["limit", "cursor", "q", "count"].map(reference).to_vec();
    query.extend(list_parameters(served));
    if served.has_past() {
        query.push(json!({
            "name": "as_of", "in": "query", "schema": {"type": "string", "format": "date-time"},
            "description": "The list as it stood at that moment: filters and order hold then. Cannot be combined with `include`.",
        }));
    }
    query.extend(filter_parameters(served, parameters));
    let rows = schema(&format!("{name}List"));
    let mut listed = responses(
        "200",
        "A page.",
        Some(json!({
            "application/json": {"schema": rows},
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            (kernel::WORKBOOK_TYPE): {"schema": {"type": "string", "format": "binary"}},
        })),
        &["406"],
    );
    listed["200"]["headers"] =
        json!({"Link": {"schema": {"type": "string"}, "description": "The next page (RFC 8288)."}});
    let mut all = json!({
        "get": {
            "operationId": id("list"), "tags": tags, "summary": format!("Lists {plural}."),
            "description": "As JSON by pages; as CSV or NDJSON whole, streamed.",
            "parameters": query, "responses": listed,
        },
    });
    if resource.offers(Verb::Create) {
        all["post"] = json!({
            "operationId": id("create"), "tags": tags, "summary": format!("Creates {article} {words}."),
            "parameters": [reference("IdempotencyKey"), reference("ChangeReason"), reference("BusinessJustification")],
            "requestBody": json_body(schema(&format!("{name}Create"))),
            "responses": with_etag(
                responses("201", "Created.", Some(json_content(schema(&name))), &["409", "413", "415", "422"]), "201"),
        });
    }
    places.insert(format!("/v1/{}", resource.name), all);

    let mut read = vec![reference("IfNoneMatch")];
    if !served.relations.is_empty() {
        read.push(include_parameter(served));
    }
    if served.has_past() {
        read.push(json!({
            "name": "as_of", "in": "query", "schema": {"type": "string", "format": "date-time"},
            "description": "The record as it stood at that moment. Cannot be combined with another parameter.",
        }));
    }
    let mut found = with_etag(responses("200", "The record.", Some(json_content(schema(&name))), &["409"]), "200");
    found["304"] = json!({"description": "The caller has this version already."});
    let mut one = json!({
        "parameters": [reference("id")],
        "get": {
            "operationId": id("read"), "tags": tags, "summary": format!("Reads {article} {words}."),
            "parameters": read, "responses": found,
        },
    });
    if resource.offers(Verb::Update) {
        one["patch"] = json!({
            "operationId": id("update"), "tags": tags, "summary": format!("Changes {article} {words}."),
            "parameters": [reference("IfMatch"), reference("ChangeReason"), reference("BusinessJustification")],
            "requestBody": json_body(schema(&format!("{name}Update"))),
            "responses": with_etag(responses("200", "The record as it is now.", Some(json_content(schema(&name))),
                &["409", "412", "413", "415", "422"]), "200"),
        });
    }
    if resource.offers(Verb::Delete) {
        one["delete"] = json!({
            "operationId": id("delete"), "tags": tags, "summary": format!("Deletes {article} {words}."),
            "parameters": [reference("IfMatch"), reference("ChangeReason"), reference("BusinessJustification")],
            "responses": responses("204", "Deleted.", None, &["409", "412"]),
        });
    }
    places.insert(format!("/v1/{}/{{id}}", resource.name), one);

    places.insert(
        format!("/v1/{}/{{id}}/history", resource.name),
        json!({
            "parameters": [reference("id")],
            "get": {
                "operationId": id("history_of"), "tags": tags, "summary": format!("What happened to {article} {words}."),
                "responses": responses("200", "The latest first.", Some(json_content(schema("History"))), &["409"]),
            },
        }),
    );
    if resource.offers(Verb::Restore) {
        places.insert(
            format!("/v1/{}/{{id}}/restore", resource.name),
            json!({
                "parameters": [reference("id")],
                "post": {
                    "operationId": id("restore"), "tags": tags, "summary": format!("Restores a deleted {words}."),
                    "parameters": [reference("IfMatch"), reference("IdempotencyKey"), reference("ChangeReason"), reference("BusinessJustification")],
                    "responses": with_etag(responses("200", "The record as it is now.",
                        Some(json_content(schema(&name))), &["409", "412", "415", "422"]), "200"),
                },
            }),
        );
    }
    if [Verb::Create, Verb::Update, Verb::Delete].iter().any(|verb| resource.offers(*verb)) {
        places.insert(
            format!("/v1/{}/bulk", resource.name),
            json!({
                "post": {
                    "operationId": id("bulk"), "tags": tags, "summary": format!("Writes many {plural} in one request."),
                    "description": "Each item has a result of its own; with `atomic`, one failure undoes all.",
                    "parameters": [reference("IdempotencyKey"), reference("ChangeReason"), reference("BusinessJustification")],
                    "requestBody": json_body(schema("BulkRequest")),
                    "responses": responses("200", "A result for each item.", Some(json_content(schema("BulkResult"))),
                        &["409", "412", "413", "415", "422"]),
                },
            }),
        );
    }
}

fn include_parameter(served: &Served) -> Value {
    let names: Vec<&String> = served.relations.keys().collect();
    choice("include", &json!(names), 10, "Related records to send along.")
}

fn choice(name: &str, values: &Value, most: usize, about: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": false, "style": "form", "explode": false, "description": about,
        "schema": {
            "type": "array", "minItems": 1, "maxItems": most, "uniqueItems": true,
            "items": {"type": "string", "enum": values},
        },
    })
}

/// What depends on the resource: order, fields, relations, deleted ones.
fn list_parameters(served: &Served) -> Vec<Value> {
    let ordered: Vec<String> = served
        .visible()
        .filter(|column| column.kind.is_ordered())
        .flat_map(|column| [column.name.clone(), format!("-{}", column.name)])
        .collect();
    let mut fields: Vec<&str> = served.visible().map(|column| column.name.as_str()).collect();
    if served.has_composed_id() {
        fields.push("id");
    }
    let mut all = vec![
        choice("sort", &json!(ordered), 3, "The order; `-` in front turns it round. The key decides between equals."),
        choice("fields", &json!(fields), 100, "Only these fields."),
    ];
    if !served.relations.is_empty() {
        all.push(include_parameter(served));
    }
    if served.is_soft() {
        all.push(reference("deleted"));
    }
    all
}

/// A parameter for each field and the operators people use most; the others are described with the API as a whole.
pub(super) fn filter_parameters(served: &Served, parameters: &mut Map<String, Value>) -> Vec<Value> {
    let mut all = Vec::new();
    for column in served.visible() {
        let wanted: &[(&str, Operator)] = match column.kind {
            ColumnType::Timestamptz | ColumnType::Date | ColumnType::Numeric(..) => {
                &[("gte", Operator::Gte), ("lt", Operator::Lt)]
            }
            ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8 | ColumnType::Float8 => {
                &[("", Operator::Eq), ("gte", Operator::Gte)]
            }
            ColumnType::Text if column.check.values.is_some() => &[("", Operator::Eq)],
            ColumnType::Text if column.name == served.resource.title => {
                &[("", Operator::Eq), ("contains", Operator::Contains)]
            }
            _ => &[("", Operator::Eq)],
        };
        for (text, operator) in wanted.iter().filter(|(_, operator)| operator.suits(column)) {
            all.push(filter_parameter(served, column, text, *operator, parameters));
        }
        if column.nullable && column.kind == ColumnType::Uuid {
            all.push(filter_parameter(served, column, "is", Operator::Is, parameters));
        }
    }
    all
}

fn filter_parameter(
    served: &Served,
    column: &Column,
    operator: &str,
    kind: Operator,
    parameters: &mut Map<String, Value>,
) -> Value {
    let (suffix, part) = if operator.is_empty() {
        (String::new(), String::new())
    } else {
        (format!("[{operator}]"), format!(".{operator}"))
    };
    let schema = match (kind, &column.check.values) {
        (Operator::Is, _) => json!({"type": "string", "enum": ["null", "not_null"]}),
        (Operator::Eq, Some(values)) if column.kind == ColumnType::Text => json!({"type": "string", "enum": values}),
        _ => match column.kind {
            ColumnType::Text => json!({"type": "string", "pattern": "^[^\\u0000]*$"}),
            kind => schemas::of_type(kind),
        },
    };
    let parameter = json!({
        "name": format!("filter[{}]{suffix}", column.name), "in": "query", "required": false, "schema": schema,
    });
    let shared = format!("filter.{}{part}", column.name);
    let own = format!("filter.{}.{}{part}", type_name(served), column.name);
    let name = match parameters.get(&shared) {
        None => shared,
        Some(known) if *known == parameter => shared,
        Some(_) => own,
    };
    parameters.insert(name.clone(), parameter);
    reference(&name)
}

/// The path of one operation.
pub(super) fn of_operation(catalogue: &Catalogue, operation: &Operation, places: &mut Map<String, Value>) {
    let (path, name) = match operation.subject {
        Subject::Record(name) => (format!("/v1/{name}/{{id}}/{}", operation.name), name),
        Subject::Collection(name) if operation.name == "create" => (format!("/v1/{name}"), name),
        Subject::Collection(name) => (format!("/v1/{name}/{}", operation.name), name),
    };
    let body = match operation.input {
        Input::Json => json_body(operation.input_schema.clone()),
        Input::Files => {
            let mut schema = operation.input_schema.clone();
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                properties.remove("files");
                properties.insert(
                    "file".into(),
                    json!({"type": "array", "minItems": 1, "items": {"type": "string", "contentMediaType": "application/octet-stream"}}),
                );
            }
            if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|name| name != "files");
                required.push(json!("file"));
            }
            json!({"required": true, "content": {"multipart/form-data": {"schema": schema}}})
        }
    };
    let status = operation.status.to_string();
    let mut parameters =
        vec![reference("IdempotencyKey"), reference("ChangeReason"), reference("BusinessJustification")];
    if matches!(operation.subject, Subject::Record(_)) {
        parameters.push(reference("id"));
    }
    // What can be done to one record and to many at once has a name for each.
    let is_for_many = matches!(operation.subject, Subject::Collection(_))
        && catalogue.operation(Subject::Record(name), operation.name).is_ok();
    let many = if is_for_many { "_together" } else { "" };
    let described = json!({
        "operationId": format!("{}_{}{many}", operation.name.replace('-', "_"), name.replace('-', "_")),
        "tags": [name],
        "summary": operation.summary,
        "parameters": parameters,
        "requestBody": body,
        "responses": responses(&status, "Done.", Some(json_content(operation.output_schema.clone())),
            &["409", "413", "415", "422"]),
    });
    let place = places.entry(path).or_insert_with(|| json!({}));
    place["post"] = described;
}

/// The paths of the server itself.
pub(super) fn of_server(places: &mut Map<String, Value>) {
    places.insert(
        "/v1/me".into(),
        json!({"get": {
            "operationId": "read_me", "tags": ["server"], "summary": "Who the token belongs to.",
            "responses": responses("200", "The principal.", Some(json_content(schema("Me"))), &[]),
        }}),
    );
    let plain = |id: &str, summary: &str, media: &str| {
        json!({"get": {
            "operationId": id, "tags": ["server"], "summary": summary, "security": [],
            "responses": {
                "200": {"description": "Yes.", "content": {media: {"schema": {"type": "string"}}}},
                "503": {"description": "Not able to serve just now.",
                    "content": {"application/problem+json": {"schema": schema("Problem")}}},
            },
        }})
    };
    places.insert("/healthz".into(), plain("read_health", "Whether the process answers.", "text/plain"));
    places.insert("/readyz".into(), plain("read_readiness", "Whether the database answers too.", "text/plain"));
    let mut metrics = plain("read_metrics", "Counters and timings for Prometheus.", "text/plain");
    metrics["get"]["description"] =
        json!("For callers on the server's own machine, or with the token of `--metrics-token` as bearer.");
    metrics["get"]["responses"]["401"] = json!({"$ref": "#/components/responses/401"});
    places.insert("/metrics".into(), metrics);
}
