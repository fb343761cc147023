//! Walk 1: every resource and every operation as nobody, as a role without the right, as another organisation.

use std::collections::BTreeSet;

use kernel::{Input, Operation, Served, Subject, Verb};
use serde_json::{Value, json};
use testkit::{Answer, Organization, Person, World};

use crate::{rows, world};

/// Resources whose rows every organisation may read. An entry that is no longer needed fails the walk.
const SHARED: &[(&str, &str)] = &[
    ("priorities", "a catalogue that all organisations share"),
    ("phases", "a catalogue that all organisations share"),
    ("licenses", "a catalogue that all organisations share"),
    ("decision-types", "a catalogue that all organisations share"),
    ("filetypes", "a catalogue that all organisations share"),
    ("access-roles", "templates that every organisation starts from"),
    ("resource-types", "declared by the program, the same for everybody"),
    ("trace-link-pairs", "a catalogue that all organisations share"),
    ("data-classifications", "a catalogue that all organisations share"),
    ("classification-frameworks", "a catalogue that all organisations share"),
    ("data-elements", "describes the schema, which all organisations share"),
    ("compliance-frameworks", "a catalogue that all organisations share"),
    ("compliance-controls", "a catalogue that all organisations share"),
    ("resource-type-actions", "declared by the program, the same for everybody"),
    ("metric-definitions", "declared by the program, the same for everybody"),
    ("retention-policies", "describe the schema, which all organisations share"),
    ("operation-runs", "tell of the installation, which all organisations share"),
];

/// Resources whose records are their maker's and nobody else's, whatever the role: row security shows them to nobody else.
const PRIVATE: &[&str] = &["saved-views"];

/// Inputs of operations that do not take an empty object.
pub(crate) fn input(operation: &Operation) -> Value {
    match (operation.subject, operation.name) {
        (Subject::Collection("api-tokens"), "create") => json!({"name": "walk", "scopes": ["*:read"]}),
        (Subject::Collection("memberships"), "invite") => {
            json!({"email": "walk@home.example", "display_name": "Walk", "role": "viewer"})
        }
        (Subject::Collection("cost-allocations"), "create") => json!({"service_type": "llm", "cost_amount": 1.25}),
        (Subject::Record("approval-requests"), "decide") => json!({"decision": "abstained"}),
        (Subject::Collection("approval-requests"), "ask") => json!({"permission": "walk:asked"}),
        (Subject::Collection("user-roles"), "assign") => json!({"member": "viewer@home.example", "role": "developer"}),
        (Subject::Record("user-roles"), "delegate") => json!({"to": "admin@home.example"}),
        (Subject::Collection("user-permissions"), "break-glass") => {
            json!({"permission": "requirement:update", "minutes": 30, "reason": "walking through the halls"})
        }
        (Subject::Collection("files"), "create") => json!({
            "checksum_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "file_size": 3,
            "filename": "walk.txt", "storage_path": "walk",
        }),
        (Subject::Collection("notification-preferences"), "choose") => {
            json!({"notification_type": "*", "channel": "email", "is_enabled": true})
        }
        (Subject::Collection("change-sets"), "undo") => json!({"agent_run": "01980000-0000-7000-8000-000000000000"}),
        (Subject::Record("baselines"), "approve" | "reject") => json!({"reason": "walk"}),
        (Subject::Record("projects"), "rollback") => json!({"version": 1, "reason": "walk"}),
        (Subject::Record("trace-links"), "accept") => json!({"reason": "walk"}),
        (Subject::Collection("trace-links"), "accept") => json!({"links": [uuid::Uuid::nil()], "reason": "walk"}),
        (Subject::Collection("trace-links"), "load") => {
            json!({"project": "walk", "links": [{"source": "TC-1", "target": "REQ-1"}]})
        }
        (Subject::Record("test-quarantines"), "end") => json!({"reason": "walk"}),
        (Subject::Collection("webhook-connections"), "create") => {
            json!({"project_id": "00000000-0000-7000-8000-000000000001", "name": "walk", "provider": "github"})
        }
        (Subject::Record("users"), "erase") => json!({"reason": "walking through the halls"}),
        (Subject::Record("security-events"), "record-notification") => json!({"authority": "walk"}),
        (Subject::Record("findings"), "triage") => json!({"decision": "accepted", "reason": "walk"}),
        (Subject::Collection("sessions"), "change-password") => {
            json!({"current": Person::PASSWORD, "new": "another sentence nobody guesses"})
        }
        _ if operation.input_schema["required"].as_array().is_none_or(Vec::is_empty) => json!({}),
        (subject, name) => {
            panic!("the operation {name} on {subject:?} needs an input: add one to `input` in walk_access.rs")
        }
    }
}

/// Operations that need no permission of their own: what everybody may do for themselves, and what is made of changes that
/// each need theirs.
const FOR_ONESELF: &[&str] = &[
    "api-tokens/create",
    "change-sets/undo",
    "notification-preferences/choose",
    "sessions/change-password",
    "user-permissions/end-emergency",
];

pub(crate) fn path_of(operation: &Operation, id: &str) -> String {
    match operation.subject {
        Subject::Record(name) => format!("/v1/{name}/{id}/{}", operation.name),
        Subject::Collection(name) if operation.name == "create" => format!("/v1/{name}"),
        Subject::Collection(name) => format!("/v1/{name}/{}", operation.name),
    }
}

/// Every request that a resource offers, with the action it needs. `If-Match` names a version that never was, so that
/// a change that is allowed stops there and the example stays.
pub(crate) async fn requests(
    world: &World,
    home: &Organization,
    served: &Served,
) -> Vec<(Verb, &'static str, String, Value)> {
    let resource = served.resource;
    let name = resource.name;
    let id = world.example(home, name, 0).await.unwrap();
    let mut all = vec![
        (Verb::List, "GET", format!("/v1/{name}"), Value::Null),
        (Verb::Read, "GET", format!("/v1/{name}/{id}"), Value::Null),
        (Verb::Read, "GET", format!("/v1/{name}/{id}/history"), Value::Null),
    ];
    if resource.offers(Verb::Create) {
        let body = world.creation_body(home, name, 40).await.unwrap();
        all.push((Verb::Create, "POST", format!("/v1/{name}"), body));
    }
    if resource.offers(Verb::Update) {
        all.push((Verb::Update, "PATCH", format!("/v1/{name}/{id}"), json!({})));
    }
    if resource.offers(Verb::Delete) {
        all.push((Verb::Delete, "DELETE", format!("/v1/{name}/{id}"), Value::Null));
    }
    if resource.offers(Verb::Restore) {
        all.push((Verb::Restore, "POST", format!("/v1/{name}/{id}/restore"), json!({})));
    }
    all
}

/// A request to change the example and to delete it among many, where a resource offers that. The version that never was
/// keeps the example, as above.
async fn many(world: &World, home: &Organization, served: &Served) -> Option<(String, Value)> {
    let name = served.resource.name;
    let id = world.example(home, name, 0).await.unwrap();
    let verbs = [(Verb::Update, "update"), (Verb::Delete, "delete"), (Verb::Restore, "restore")];
    let items: Vec<Value> = verbs
        .iter()
        .filter(|(verb, _)| served.resource.offers(*verb))
        .map(|(_, action)| json!({"action": action, "id": id, "if_match": "never"}))
        .collect();
    (!items.is_empty()).then(|| (format!("/v1/{name}/bulk"), json!({"items": items})))
}

async fn send(world: &World, who: Option<&Person>, method: &str, path: &str, body: &Value) -> Answer {
    let mut call = world.call(method, path).header("if-match", "\"never\"");
    if !body.is_null() {
        call = call.json(body);
    }
    match who {
        Some(person) => call.by(person).send().await,
        None => call.send().await,
    }
}

fn action(served: &Served, verb: Verb) -> &'static str {
    served.resource.needs(match verb {
        Verb::List | Verb::Read => "read",
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Delete => "delete",
        Verb::Restore => "restore",
    })
}

/// What the migrations give each starting role, read without the engine that decides.
async fn given(world: &World) -> BTreeSet<(String, String, String)> {
    let sql = "with recursive below as (
                 select code, code as holder from reference.access_roles
                 union select r.parent_code, b.holder from below b
                   join reference.access_roles r on r.code = b.code where r.parent_code is not null)
               select b.holder, g.resource_type, a.action from below b
                 join authz.role_grants_template g on g.role_code = b.code cross join unnest(g.actions) a (action)";
    let rows = world.superuser().await.unwrap().query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn every_resource_has_an_example() {
    let world = world().await;
    let mut faults = Vec::new();
    for served in world.kernel.catalogue.resources() {
        if let Err(error) = world.example(&world.home, served.resource.name, 0).await {
            faults.push(error.to_string());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn nobody_gets_in() {
    let world = world().await;
    let mut faults = Vec::new();
    let mut check = |what: String, answer: &Answer| {
        let told = answer.header("www-authenticate").is_some()
            && answer.header("content-type") == Some("application/problem+json");
        if answer.status != 401 || !told {
            faults.push(format!("{what}: {} {}", answer.status, answer.text()));
        }
    };
    let nobodies = [None, Some(&world.stranger)];
    for served in world.kernel.catalogue.resources() {
        for (_, method, path, body) in requests(&world, &world.home, served).await {
            for who in nobodies {
                check(format!("{method} {path}"), &send(&world, who, method, &path, &body).await);
            }
        }
    }
    for who in nobodies {
        for path in ["/v1/me", "/v1/search?q=a"] {
            check(format!("GET {path}"), &send(&world, who, "GET", path, &Value::Null).await);
        }
    }
    for served in world.kernel.catalogue.resources() {
        let Some((path, items)) = many(&world, &world.home, served).await else { continue };
        for who in nobodies {
            check(format!("POST {path}"), &send(&world, who, "POST", &path, &items).await);
        }
    }
    for operation in world.kernel.catalogue.operations() {
        let path = path_of(operation, "x");
        for who in nobodies {
            check(format!("POST {path}"), &send(&world, who, "POST", &path, &json!({})).await);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Proves REQ-5.3.
#[tokio::test]
async fn a_role_without_the_right_is_refused() {
    let world = world().await;
    let given = given(&world).await;
    let may = |role: &str, kind: &str, action: &str| given.contains(&(role.into(), kind.into(), action.into()));
    let mut faults = Vec::new();
    for served in world.kernel.catalogue.resources() {
        let resource = served.resource;
        for (verb, method, path, body) in requests(&world, &world.home, served).await {
            for (role, person) in world.home.roles() {
                let answer = send(&world, Some(person), method, &path, &body).await;
                let owned_list = resource.owner.is_some() && verb == Verb::List;
                let is_hidden =
                    PRIVATE.contains(&resource.name) && role != "owner" && !matches!(verb, Verb::List | Verb::Create);
                let fits = if is_hidden {
                    answer.status == 404
                } else if may(role, resource.permission, action(served, verb)) || owned_list {
                    // A change that is allowed stops at the version, at a record that is there already, or succeeds.
                    matches!(answer.status, 200 | 201 | 409 | 412)
                } else if may(role, resource.permission, "read") || matches!(verb, Verb::List | Verb::Create) {
                    answer.status == 403
                } else {
                    answer.status == 404
                };
                if !fits {
                    faults.push(format!("{role}: {method} {path}: {} {}", answer.status, answer.text()));
                }
            }
        }
        for (role, person) in world.home.roles() {
            let file = world.get(format!("/v1/{}", resource.name)).header("accept", "text/csv").by(person).send().await;
            let fits = may(role, resource.permission, "export") || resource.owner.is_some();
            if file.status != if fits { 200 } else { 403 } {
                faults.push(format!("{role}: GET /v1/{} as a file: {}", resource.name, file.status));
            }
        }
        // What belongs to people is listed to its owner and to nobody else without the right.
        if let Some(column) = resource.owner
            && !may("viewer", resource.permission, "read")
        {
            let seen = world.get(format!("/v1/{}", resource.name)).by(&world.home.viewer).send().await.json();
            let own = json!(world.home.viewer.user_id);
            assert!(rows(&seen).iter().all(|row| row[column] == own), "{}: {seen}", resource.name);
        }
    }
    for operation in world.kernel.catalogue.operations().filter(|operation| operation.input == Input::Json) {
        let name = operation.subject.resource().unwrap();
        let served = world.kernel.catalogue.get(name).unwrap();
        let id = world.example(&world.home, name, 0).await.unwrap();
        let path = path_of(operation, &id);
        for (role, person) in world.home.roles() {
            let kind = served.resource.permission;
            if may(role, kind, served.resource.needs(operation.action))
                || FOR_ONESELF.contains(&&*format!("{name}/{}", operation.name))
            {
                continue;
            }
            let answer = send(&world, Some(person), "POST", &path, &input(operation)).await;
            let seen = matches!(operation.subject, Subject::Collection(_)) || may(role, kind, "read");
            if answer.status != if seen { 403 } else { 404 } {
                faults.push(format!("{role}: POST {path}: {} {}", answer.status, answer.text()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Proves REQ-5.4.
#[tokio::test]
async fn another_organisation_sees_nothing() {
    let world = world().await;
    let stranger = &world.abroad.owner;
    let mut faults = Vec::new();
    for served in world.kernel.catalogue.resources() {
        let name = served.resource.name;
        let id = world.example(&world.home, name, 0).await.unwrap();
        let shared = SHARED.iter().any(|(shared, _)| *shared == name);
        let listed = world.get(format!("/v1/{name}?limit=200")).by(stranger).send().await.json();
        let seen = rows(&listed).iter().any(|row| row["id"].as_str() == Some(&id));
        if seen != shared {
            faults.push(format!(
                "GET /v1/{name} shows a row of another organisation: {seen}; declared as shared: {shared}"
            ));
        }
        if shared {
            continue;
        }
        for (verb, method, path, body) in requests(&world, &world.home, served).await {
            let answer = send(&world, Some(stranger), method, &path, &body).await;
            let fits = match verb {
                Verb::List => answer.status == 200,
                Verb::Create => answer.status == 422 || !refers(&world, served, &body) && answer.status == 201,
                _ => answer.status == 404,
            };
            if !fits {
                faults.push(format!("{method} {path} {body}: {} {}", answer.status, answer.text()));
            }
        }
    }
    for served in world.kernel.catalogue.resources() {
        let Some((path, items)) = many(&world, &world.home, served).await else { continue };
        let answer = send(&world, Some(stranger), "POST", &path, &items).await.json();
        let all = answer["results"].as_array().cloned().unwrap_or_default();
        if all.is_empty() || all.iter().any(|result| result["status"] != 404) {
            faults.push(format!("POST {path} {items}: {answer}"));
        }
    }
    for operation in world.kernel.catalogue.operations() {
        if let Subject::Record(name) = operation.subject {
            let id = world.example(&world.home, name, 0).await.unwrap();
            let answer = send(&world, Some(stranger), "POST", &path_of(operation, &id), &input(operation)).await;
            if answer.status != 404 {
                faults.push(format!("POST {}: {} {}", path_of(operation, &id), answer.status, answer.text()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What must be given beside a column, so that nothing but its foreign identifier is wrong.
fn beside(world: &World, resource: &str, column: &str) -> Value {
    match (resource, column) {
        ("defects", "verified_by") => json!({"verified_at": world.clock.now()}),
        ("requirement-items", "met_by") => json!({"met_at": world.clock.now()}),
        ("masking-policy-scopes", "user_id" | "role_id") => json!({"column_pattern": null}),
        ("permissions", "approval_workflow_id") => json!({"requires_approval": true}),
        ("decisions", "decided_by") => json!({"decided_at": world.clock.now()}),
        ("approval-workflow-steps", "approver_user_id") => json!({"approver_role_id": null}),
        ("approval-requests", "role_id") => json!({"permission_id": null, "subject_kind": "role_assignment"}),
        ("approval-requests", "deployment_id") => {
            json!({"permission_id": null, "requested_for_user_id": null, "subject_kind": "deployment"})
        }
        ("decision-links", "catalog_feature_id" | "document_id") => json!({"feature_id": null}),
        ("document-relations", "test_case_id") => json!({"related_document_id": null}),
        ("attachments", "test_result_id" | "message_id") => json!({"entity_id": null}),
        _ => json!({}),
    }
}

/// Whether a body names records by identifier, apart from those that every organisation shares.
fn refers(world: &World, served: &Served, body: &Value) -> bool {
    let is_shared = |table: &str| {
        let there = world.kernel.catalogue.resources().find(|there| there.resource.table == table);
        there.is_some_and(|there| SHARED.iter().any(|(name, _)| *name == there.resource.name))
    };
    body.as_object().unwrap().keys().any(|name| match served.table.reference(name) {
        Some(key) => !is_shared(&key.target),
        // A kind of thing is everybody's, and another system's name for a thing is no reference.
        None => name.ends_with("_id") && !["resource_type_id", "external_id"].contains(&name.as_str()),
    })
}

/// Each column that names a record takes none of another organisation, in a record that is otherwise right.
/// Proves REQ-4.4.
#[tokio::test]
async fn a_foreign_identifier_is_refused_in_every_column() {
    let world = world().await;
    let mut faults = Vec::new();
    let mut tried = 0;
    for served in world.kernel.catalogue.resources().filter(|served| served.resource.offers(Verb::Create)) {
        let resource = served.resource;
        let body = world.creation_body(&world.home, resource.name, 60).await.unwrap();
        for column in resource.writable.iter().chain(resource.create_only) {
            let Some(key) = served.table.reference(column) else { continue };
            let Some(there) = world.kernel.catalogue.resources().find(|there| there.resource.table == key.target)
            else {
                continue;
            };
            if SHARED.iter().any(|(shared, _)| *shared == there.resource.name) {
                continue;
            }
            let foreign = world.example(&world.abroad, there.resource.name, 0).await.unwrap();
            let mut body = body.clone();
            for (name, value) in beside(&world, resource.name, column).as_object().unwrap() {
                body[name] = value.clone();
            }
            body[*column] = json!(foreign.rsplit('~').next());
            let answer = send(&world, Some(&world.home.owner), "POST", &format!("/v1/{}", resource.name), &body).await;
            tried += 1;
            if resource.offers(Verb::Update) && resource.writable.contains(column) {
                let id = world.example(&world.home, resource.name, 0).await.unwrap();
                let mut patch = beside(&world, resource.name, column);
                patch[*column] = json!(foreign.rsplit('~').next());
                let path = format!("/v1/{}/{id}", resource.name);
                let answer = world.patch(&path, &patch).by(&world.home.owner).send().await;
                if answer.status != 422 || answer.pointers() != [format!("/{column}")] {
                    faults.push(format!("PATCH {path} {patch}: {} {}", answer.status, answer.text()));
                }
            }
            if answer.status != 422 || answer.pointers() != [format!("/{column}")] {
                faults.push(format!("{}.{column}: {} {}", resource.name, answer.status, answer.text()));
            }
        }
    }
    assert!(tried > 40, "only {tried} columns were tried");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
