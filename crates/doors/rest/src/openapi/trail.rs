//! The paths and schemas of proofs about the audit trail.

use serde_json::{Map, Value, json};

use super::paths::{json_content, responses, schema};

/// Adds the two proofs.
pub(super) fn describe(places: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    places.insert(
        "/v1/audit-logs/{id}/proof".into(),
        json!({
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {
                "operationId": "prove_audit_log", "tags": ["audit-logs"],
                "summary": "Proves that a row is in the audit trail.",
                "description": "A leaf, the hashes that lead from it to the root, and the signed head (RFC 9162, section 2.1.3; \
                    c2sp.org/tlog-checkpoint). 409 while the row is not sealed, which takes some seconds.",
                "responses": responses("200", "The proof.", Some(json_content(schema("AuditInclusion"))), &["409"]),
            },
        }),
    );
    let size = |name: &str, is_required: bool, about: &str| {
        json!({"name": name, "in": "query", "required": is_required, "description": about,
               "schema": {"type": "integer", "minimum": 1, "maximum": u32::MAX}})
    };
    places.insert(
        "/v1/audit-seals/consistency".into(),
        json!({"get": {
            "operationId": "prove_audit_consistency", "tags": ["audit-seals"],
            "summary": "Proves that the audit trail only grew between two heads.",
            "description": "RFC 9162, section 2.1.4.",
            "parameters": [
                size("from", true, "`tree_size` of the older head."),
                size("to", false, "`tree_size` of the younger head; the latest when nothing is said."),
            ],
            "responses": responses("200", "The proof.", Some(json_content(schema("AuditConsistency"))), &["422"]),
        }}),
    );
    let hash = json!({"type": "string", "description": "SHA-256, in base64."});
    let hashes = json!({"type": "array", "items": hash});
    let head = json!({"type": "string", "description": "A signed note."});
    let key = json!({"type": "string", "description": "The public key, as `name+hash+key`."});
    schemas.insert(
        "AuditInclusion".into(),
        json!({
            "type": "object",
            "required": ["audit_log_id", "entry", "leaf_hash", "leaf_index", "tree_size", "hashes", "checkpoint", "key"],
            "properties": {
                "audit_log_id": {"type": "string", "format": "uuid"},
                "entry": {"type": ["string", "null"], "description": "The words that were hashed: the row as JSON, with a hash in place of \
                    what may be dropped. Null: the row was archived."},
                "leaf_hash": hash, "leaf_index": {"type": "integer"}, "tree_size": {"type": "integer"},
                "hashes": hashes, "checkpoint": head, "key": key,
            },
        }),
    );
    schemas.insert(
        "AuditConsistency".into(),
        json!({
            "type": "object", "required": ["from", "to", "hashes", "from_checkpoint", "to_checkpoint", "key"],
            "properties": {
                "from": {"type": "integer"}, "to": {"type": "integer"}, "hashes": hashes,
                "from_checkpoint": head, "to_checkpoint": head, "key": key,
            },
        }),
    );
}
