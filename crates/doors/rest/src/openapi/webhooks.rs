//! The path where repository servers send messages.

use serde_json::{Map, Value, json};

use super::paths::responses;

/// Adds the path that needs no token.
pub(super) fn describe(places: &mut Map<String, Value>) {
    let header = |name: &str, about: &str| json!({"name": name, "in": "header", "required": false, "schema": {"type": "string"}, "description": about});
    let content = json!({"schema": {"type": "object", "required": ["id", "status"], "properties": {
        "id": {"type": "string", "format": "uuid", "description": "The message, in webhook-deliveries."},
        "status": {"enum": ["received", "known"], "description": "known: it was here already."},
    }}});
    let mut answers =
        responses("202", "It is kept, and worked on in a moment.", Some(json!({"application/json": content})), &[]);
    answers["200"] = answers["202"].clone();
    answers["200"]["description"] = json!("It is here already.");
    let place = json!({"post": {
        "operationId": "receive_webhook", "tags": ["webhook-deliveries"],
        "summary": "Takes a message of a repository server.",
        "description": "For GitHub, GitLab, Forgejo and Gitea, not for people: signed with the secret of the connection, over the bytes of the body. \
                        Messages have at most 25 MiB.",
        "security": [],
        "parameters": [
            {"$ref": "#/components/parameters/id"},
            header("X-Hub-Signature-256", "GitHub's signature."),
            header("X-Gitlab-Token", "GitLab's secret token, or `webhook-id`, `webhook-timestamp` and `webhook-signature` where a signing token is set."),
            header("X-Forgejo-Signature", "Forgejo's signature; `X-Gitea-Signature` is Gitea's."),
        ],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": answers,
    }});
    places.insert("/v1/webhooks/{id}".into(), place);
}
