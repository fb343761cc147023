//! The paths and schemas of questions about access.

use serde_json::{Map, Value, json};

use super::paths::{json_content, responses, schema};
use crate::access::{MOST_QUESTIONS, MOST_ROWS};

/// Adds `/v1/access/*` and what it takes and answers.
pub(super) fn describe(places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    let mut add = |path: &str, summary: &str, about: &str, takes: Value, answers: &str| {
        places.insert(
            format!("/v1/access/{path}"),
            json!({"post": {
                "operationId": format!("access_{}", path.replace('/', "_")), "tags": ["access"],
                "summary": summary, "description": about,
                "requestBody": {"required": true, "content": json_content(takes)},
                "responses": responses("200", "The answer.", Some(json_content(schema(answers))), &["413", "415", "422"]),
            }}),
        );
    };
    add(
        "evaluation",
        "Ask whether somebody may do something to something.",
        "OpenID AuthZEN 1.0. Everybody may ask about themselves (`subject.id` `me`), and who may read roles about anybody. What is not there \
         is answered with no. `resource.id` `*` stands for everything of the type; `context.explain` adds every grant that was looked at, \
         `context.what_if` answers as if grants were added or gone.",
        question(&["subject", "action", "resource"], &["id"]),
        "AccessDecision",
    );
    add(
        "evaluations",
        "Ask several of these at once.",
        "Members beside `evaluations` stand for those that a question leaves out. Without `evaluations` it is one question.",
        {
            let mut all = question(&[], &[]);
            all["properties"]["evaluations"] =
                json!({"type": "array", "maxItems": MOST_QUESTIONS, "items": question(&[], &[])});
            all["properties"]["options"] = json!({"type": "object", "properties": {"evaluations_semantic": {
                "type": "string", "enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"], "default": "execute_all",
            }}});
            all
        },
        "AccessDecisions",
    );
    let page = json!({"type": "object", "properties": {
        "token": {"type": "string", "description": "`page.next_token` of the answer before."},
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 50},
    }});
    for (path, summary, needed, ids) in [
        (
            "search/subject",
            "Find the members who may do something to something.",
            ["subject", "action", "resource"].as_slice(),
            ["resource"].as_slice(),
        ),
        (
            "search/resource",
            "Find the records to which somebody may do something.",
            &["subject", "action", "resource"],
            &["subject"],
        ),
        (
            "search/action",
            "Find what somebody may do to something.",
            &["subject", "resource"],
            &["subject", "resource"],
        ),
    ] {
        let mut takes = question(needed, &[]);
        for one in ids {
            takes["properties"][*one]["required"] = json!(["type", "id"]);
        }
        takes["properties"]["page"] = page.clone();
        add(path, summary, "OpenID AuthZEN 1.0. What is not there is found by nobody.", takes, "AccessSearchResults");
    }
    let decision = json!({
        "type": "object", "required": ["decision"],
        "properties": {
            "decision": {"type": "boolean"},
            "context": {"type": "object", "properties": {
                "reason": {"type": "string", "description": "One sentence."},
                "until": {"type": ["string", "null"], "format": "date-time", "description": "When the answer ends if nobody changes a grant."},
                "explanation": {"type": "object", "description": "Every grant that was looked at, when it was asked for."},
            }},
        },
    });
    schemas.insert("AccessDecision".into(), decision.clone());
    schemas.insert(
        "AccessDecisions".into(),
        json!({"anyOf": [
            {"type": "object", "required": ["evaluations"], "properties": {"evaluations": {"type": "array", "items": decision}}},
            schema("AccessDecision"),
        ]}),
    );
    schemas.insert(
        "AccessSearchResults".into(),
        json!({
            "type": "object", "required": ["results", "page"],
            "properties": {
                "results": {"type": "array", "items": {"type": "object", "properties": {
                    "type": {"type": "string"}, "id": {"type": "string"}, "name": {"type": "string"}, "properties": {"type": "object"},
                }}},
                "page": {"type": "object", "required": ["next_token", "count"], "properties": {
                    "next_token": {"type": "string", "description": "Empty: this is all."}, "count": {"type": "integer"},
                }},
            },
        }),
    );
}

/// A question with these members; `ids` are needed of subject and resource.
fn question(needed: &[&str], ids: &[&str]) -> Value {
    let mut required = vec!["type"];
    required.extend(ids);
    let id = json!({"type": "string", "maxLength": 500});
    json!({
        "type": "object",
        "required": needed,
        "properties": {
            "subject": {"type": "object", "required": required, "properties": {
                "type": {"type": "string", "description": "`user`, `agent` or `service`."},
                "id": {"type": "string", "maxLength": 500, "description": "An identifier, an address of e-mail, a user name, or `me`."},
                "properties": {"type": "object", "properties": {
                    "on_behalf_of": {"type": ["string", "null"], "format": "uuid", "description": "The person they would act for."},
                }},
            }},
            "action": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "resource": {"type": "object", "required": required, "properties": {
                "type": {"type": "string", "description": "A permission type (`requirement`) or a collection (`requirement-items`)."},
                "id": id,
                "properties": {"type": "object", "description": "`project`, for everything in one; `external`: true, for a thing of another \
                    system, with what conditions may read of it."},
            }},
            "context": {"type": ["object", "null"], "properties": {
                "time": {"type": ["string", "null"], "format": "date-time"},
                "address": {"anyOf": [{"type": "null"}, {"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]},
                "authentication": {"enum": ["none", "token", "password", "server", null]},
                "explain": {"type": "boolean"},
                "what_if": {"type": "object", "properties": {
                    "with": {"type": "array", "maxItems": 20, "items": {"type": "object", "required": ["role"], "properties": {
                        "role": {"type": "string"}, "project": {"type": ["string", "null"], "format": "uuid"},
                    }}},
                    "without": {"type": "array", "maxItems": 100, "items": {"type": "string", "format": "uuid"}},
                }},
            }},
        },
    })
}
