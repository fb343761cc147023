//! What repository servers tell: nothing without a signature, the same whatever comes twice or out of order, every message with
//! what became of it.

use std::sync::Arc;

use delivery::webhooks::Worker;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Answer, World};
use tokio_postgres::types::ToSql;
use uuid::Uuid;
use vault::webhook::signature;

use crate::{rows, world};

const SHA: &str = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e";
const OTHER: &str = "ec26c3e57ca3a959ca5aad62de7213c562f8c821";

/// A project with a connection.
struct Scene {
    world: World,
    project: String,
    connection: String,
    secret: String,
    provider: &'static str,
    sent: std::cell::Cell<u32>,
}

async fn scene(provider: &'static str) -> Scene {
    let world = world().await;
    let made = world
        .post("/v1/projects", &json!({"name": "Pay", "slug": "pay"}))
        .by(&world.home.owner)
        .send()
        .await
        .expect(201)
        .json();
    let project = made["id"].as_str().unwrap().to_owned();
    let body = json!({"project_id": project, "name": "acme", "provider": provider});
    let made = world.post("/v1/webhook-connections", &body).by(&world.home.developer).send().await.expect(201).json();
    let (connection, secret) = (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    assert_eq!(made["path"], format!("/v1/webhooks/{connection}"));
    Scene { world, project, connection, secret, provider, sent: std::cell::Cell::new(0) }
}

impl Scene {
    /// Sends a message as the server would, under a name of its own.
    async fn tell(&self, event: &str, payload: &Value) -> Answer {
        self.sent.set(self.sent.get() + 1);
        self.send(event, &format!("delivery-{}", self.sent.get()), payload.to_string().as_bytes(), &self.secret).await
    }

    async fn send(&self, event: &str, name: &str, body: &[u8], secret: &str) -> Answer {
        // The clock stands still otherwise, and identifiers tell the order of arrival by it.
        self.world.clock.advance(SignedDuration::from_secs(1));
        let call = self
            .world
            .call("POST", format!("/v1/webhooks/{}", self.connection))
            .header("content-type", "application/json");
        let call = match self.provider {
            "gitlab" => call
                .header("x-gitlab-event", event)
                .header("x-gitlab-event-uuid", name)
                .header("x-gitlab-token", secret),
            "forgejo" => call
                .header("x-forgejo-event", event)
                .header("x-forgejo-delivery", name)
                .header("x-forgejo-signature", &signature(secret, body)),
            _ => call
                .header("x-github-event", event)
                .header("x-github-delivery", name)
                .header("x-hub-signature-256", &format!("sha256={}", signature(secret, body))),
        };
        call.bytes(body.to_vec()).send().await
    }

    /// Works on everything that waits.
    async fn work(&self) {
        let authenticator = self.world.authenticator.clone();
        let worker = Worker::new(
            self.world.kernel.clone(),
            Arc::new(move |organization, user| {
                let authenticator = authenticator.clone();
                Box::pin(async move { authenticator.member(organization, user).await })
            }),
        );
        while worker.work().await.unwrap() > 0 {}
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.world.get(format!("/v1/{path}")).by(&self.world.home.owner).send().await.expect(200).json();
        rows(&answer).to_vec()
    }

    async fn deliveries(&self) -> Vec<Value> {
        self.list("webhook-deliveries?sort=id&limit=200").await
    }

    /// How many records there are that messages make.
    async fn counts(&self) -> Vec<i64> {
        let tx = self.world.home.ctx(&self.world.kernel).begin().await.unwrap();
        let mut counts = Vec::new();
        for table in ["repositories", "commits", "builds", "checks", "deployments", "releases", "pull_requests"] {
            counts.push(tx.query_one(&format!("select count(*) from delivery.{table}"), &[]).await.unwrap().get(0));
        }
        counts.push(tx.query_one("select count(*) from quality.defects", &[]).await.unwrap().get(0));
        tx.commit().await.unwrap();
        counts
    }

    async fn one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Option<String> {
        let tx = self.world.home.ctx(&self.world.kernel).begin().await.unwrap();
        tx.query_one(sql, params).await.unwrap().get(0)
    }
}

fn repository() -> Value {
    json!({"full_name": "acme/pay", "html_url": "https://git.example/acme/pay", "clone_url": "https://git.example/acme/pay.git",
           "default_branch": "main"})
}

fn push() -> Value {
    json!({"ref": "refs/heads/main", "before": OTHER, "after": SHA, "repository": repository(), "sender": {"login": "mira"},
           "commits": [{"id": SHA, "message": "REQ-1 pays once\n\nThoroughly.", "timestamp": "2026-01-03T10:00:00+02:00",
                        "author": {"name": "Mira", "email": "mira@elsewhere.example"}}]})
}

fn run(status: &str, conclusion: Value, at: &str) -> Value {
    json!({"action": status, "repository": repository(), "workflow_run": {
        "id": 17, "run_attempt": 1, "run_number": 4, "name": "test", "head_branch": "main", "head_sha": SHA, "status": status,
        "conclusion": conclusion, "created_at": "2026-01-03T08:01:00Z", "run_started_at": "2026-01-03T08:01:00Z", "updated_at": at,
        "html_url": "https://git.example/acme/pay/actions/runs/17"}})
}

fn job(status: &str, conclusion: Value) -> Value {
    json!({"action": status, "repository": repository(), "workflow_job": {
        "id": 170, "run_id": 17, "run_attempt": 1, "head_sha": SHA, "name": "unit", "status": status, "conclusion": conclusion,
        "created_at": "2026-01-03T08:01:00Z", "started_at": "2026-01-03T08:01:05Z",
        "completed_at": if status == "completed" { json!("2026-01-03T08:02:00Z") } else { Value::Null }}})
}

fn deployed(state: &str, at: &str) -> Value {
    json!({"action": "created", "repository": repository(),
           "deployment": {"id": 9, "sha": SHA, "ref": "main", "environment": "staging", "created_at": "2026-01-03T08:03:00Z", "updated_at": at},
           "deployment_status": {"id": 1, "state": state, "environment": "staging", "created_at": at, "updated_at": at}})
}

fn issue(state: &str, title: &str, at: &str) -> Value {
    json!({"action": "edited", "repository": repository(), "issue": {
        "number": 5, "title": title, "body": "It pays twice.", "state": state, "labels": [{"name": "bug"}, {"name": "priority: high"}],
        "updated_at": at, "closed_at": if state == "closed" { json!(at) } else { Value::Null }, "html_url": "https://git.example/acme/pay/issues/5"}})
}

fn pull(state: &str, merged: bool, at: &str) -> Value {
    json!({"action": "edited", "number": 2, "repository": repository(), "pull_request": {
        "number": 2, "title": "Pay once", "state": state, "merged": merged, "draft": false, "updated_at": at, "created_at": "2026-01-03T07:00:00Z",
        "merged_at": if merged { json!(at) } else { Value::Null }, "closed_at": if state == "closed" { json!(at) } else { Value::Null },
        "merge_commit_sha": OTHER, "user": {"login": "mira"},
        "head": {"ref": "once", "sha": SHA}, "base": {"ref": "main", "sha": OTHER}}})
}

fn review(who: &str, state: &str, at: &str) -> Value {
    let mut payload = pull("open", false, "2026-01-03T07:00:00Z");
    payload["action"] = json!("submitted");
    payload["review"] = json!({"state": state, "submitted_at": at, "user": {"login": who}, "commit_id": SHA});
    payload
}

fn release(action: &str) -> Value {
    json!({"action": action, "repository": repository(), "release": {
        "id": 3, "tag_name": "v1.0.0", "name": "One", "body": "Pays.", "draft": false, "target_commitish": SHA,
        "created_at": "2026-01-03T08:05:00Z", "published_at": "2026-01-03T08:06:00Z"}})
}

/// A story as it happened.
fn story() -> Vec<(&'static str, Value)> {
    vec![
        ("push", push()),
        ("workflow_run", run("requested", Value::Null, "2026-01-03T08:01:00Z")),
        ("workflow_job", job("queued", Value::Null)),
        ("workflow_run", run("in_progress", Value::Null, "2026-01-03T08:01:04Z")),
        ("workflow_job", job("in_progress", Value::Null)),
        ("workflow_job", job("completed", json!("success"))),
        ("workflow_run", run("completed", json!("success"), "2026-01-03T08:02:01Z")),
        ("deployment_status", deployed("in_progress", "2026-01-03T08:03:01Z")),
        ("deployment_status", deployed("success", "2026-01-03T08:03:30Z")),
        ("release", release("published")),
        ("pull_request", pull("open", false, "2026-01-03T07:00:00Z")),
        ("pull_request_review", review("ana", "changes_requested", "2026-01-03T07:10:00Z")),
        ("pull_request_review", review("ana", "approved", "2026-01-03T07:20:00Z")),
        ("pull_request_review", review("jo", "commented", "2026-01-03T07:30:00Z")),
        ("pull_request", pull("closed", true, "2026-01-03T07:40:00Z")),
        ("issues", issue("open", "Pays twice", "2026-01-03T09:00:00Z")),
        ("issues", issue("closed", "Pays twice at noon", "2026-01-03T09:30:00Z")),
    ]
}

/// What there is after the story, whatever way it was told, without numbers and identifiers.
async fn state(scene: &Scene) -> Value {
    let sql = "
select jsonb_build_object(
  'repositories', (select jsonb_agg(r.url) from delivery.repositories r),
  'commits', (select jsonb_agg(jsonb_build_array(c.commit_hash, c.message, c.committed_at)) from delivery.commits c),
  'builds', (select jsonb_agg(jsonb_build_array(b.git_commit_hash, b.git_branch, b.status, b.started_at, b.completed_at)) from delivery.builds b),
  'checks', (select jsonb_agg(jsonb_build_array(c.name, c.status, c.conclusion, c.started_at, c.completed_at, c.build_id is not null)) from delivery.checks c),
  'deployments', (select jsonb_agg(jsonb_build_array(d.status, d.version, e.name, d.deployed_at, d.completed_at, b.git_commit_hash))
                    from delivery.deployments d join delivery.environments e on e.id = d.environment_id join delivery.builds b on b.id = d.build_id),
  'releases', (select jsonb_agg(jsonb_build_array(r.version, r.name, r.status, r.released_at, b.git_commit_hash))
                 from delivery.releases r join delivery.builds b on b.id = r.build_id),
  'pulls', (select jsonb_agg(jsonb_build_array(p.number, p.title, p.status, p.review_status, p.merge_commit_hash, p.closed_at)) from delivery.pull_requests p),
  'reviews', (select jsonb_agg(jsonb_build_array(r.reviewer_name, r.verdict) order by r.reviewer_name) from delivery.pull_request_reviews r),
  'defects', (select jsonb_agg(jsonb_build_array(d.title, d.status, d.severity, d.defect_type, d.description)) from quality.defects d))";
    let tx = scene.world.home.ctx(&scene.world.kernel).begin().await.unwrap();
    tx.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_story_becomes_records() {
    let scene = scene("github").await;
    for (event, payload) in story() {
        scene.tell(event, &payload).await.expect(202);
    }
    scene.work().await;
    for delivery in scene.deliveries().await {
        assert_eq!(delivery["status"], "done", "{delivery}");
    }
    assert_eq!(
        state(&scene).await,
        json!({
            "repositories": ["https://git.example/acme/pay.git"],
            "commits": [[SHA, "REQ-1 pays once\n\nThoroughly.", "2026-01-03T08:00:00+00:00"]],
            "builds": [[SHA, "main", "success", "2026-01-03T08:01:00+00:00", "2026-01-03T08:02:01+00:00"]],
            "checks": [["unit", "passed", "success", "2026-01-03T08:01:05+00:00", "2026-01-03T08:02:00+00:00", true]],
            "deployments": [["success", "f95f852bd8fc", "staging", "2026-01-03T08:03:30+00:00", "2026-01-03T08:03:30+00:00", SHA]],
            "releases": [["v1.0.0", "One", "released", "2026-01-03T08:06:00+00:00", SHA]],
            "pulls": [[2, "Pay once", "merged", "approved", OTHER, "2026-01-03T07:40:00+00:00"]],
            "reviews": [["ana", "approved"], ["jo", "commented"]],
            "defects": [["Pays twice at noon", "resolved", "high", "bug", "It pays twice."]],
        })
    );
    let reference = "select x.external_id from platform.external_references x join quality.defects d on d.id = x.entity_id where x.system = 'github'";
    assert_eq!(scene.one(reference, &[]).await.as_deref(), Some("acme/pay#5"));
}

/// Proves REQ-67.2.
#[tokio::test]
async fn messages_twice_and_out_of_order_lead_to_the_same_records() {
    let in_order = scene("github").await;
    for (event, payload) in story() {
        in_order.tell(event, &payload).await.expect(202);
        in_order.work().await;
    }
    let (expected, counts) = (state(&in_order).await, in_order.counts().await);

    // The same once more, under the same names, under others, and with other words around the same facts.
    for (nth, (event, payload)) in story().into_iter().enumerate() {
        let name = format!("delivery-{}", nth + 1);
        in_order.send(event, &name, payload.to_string().as_bytes(), &in_order.secret).await.expect(200);
        in_order.tell(event, &payload).await.expect(202);
        let mut other = payload.clone();
        other["installation"] = json!({"id": nth});
        in_order.tell(event, &other).await.expect(202);
    }
    in_order.work().await;
    assert_eq!(state(&in_order).await, expected);
    assert_eq!(in_order.counts().await, counts, "nothing is there twice");

    // Backwards, and shuffled in a few fixed ways.
    for step in [16, 5, 7, 11] {
        let shuffled = scene("github").await;
        let story = story();
        for nth in 0..story.len() {
            let (event, payload) = &story[(nth * step + story.len() - 1) % story.len()];
            shuffled.tell(event, payload).await.expect(202);
            shuffled.work().await;
        }
        assert_eq!(state(&shuffled).await, expected, "told in steps of {step}");
        assert_eq!(shuffled.counts().await, counts, "told in steps of {step}");
    }
}

/// Proves REQ-67.1.
#[tokio::test]
async fn a_wrong_or_missing_signature_is_refused_and_changes_nothing() {
    for provider in ["github", "gitlab", "forgejo"] {
        let scene = scene(provider).await;
        let body = push().to_string();
        let path = format!("/v1/webhooks/{}", scene.connection);
        let plain =
            || scene.world.call("POST", &path).header("x-github-event", "push").header("x-gitlab-event", "Push Hook");
        let refused = plain().bytes(body.clone()).send().await.expect(401);
        let wrong = scene.send("push", "n", body.as_bytes(), "not the secret of this place").await.expect(401);
        assert_eq!(refused.json()["detail"], wrong.json()["detail"], "nobody learns what was wrong");
        for signature in ["sha256=", "", "sha256=zz", "sha1=00", &scene.secret] {
            plain()
                .header("x-hub-signature-256", signature)
                .header("x-forgejo-signature", signature)
                .bytes(body.clone())
                .send()
                .await
                .expect(401);
        }
        // The right signature of another body.
        if provider != "gitlab" {
            let other = format!("sha256={}", signature(&scene.secret, b"{}"));
            plain()
                .header("x-hub-signature-256", &other)
                .header("x-forgejo-signature", &other)
                .bytes(body.clone())
                .send()
                .await
                .expect(401);
        }
        // Another connection's secret opens nothing here, and an unknown place is not there.
        scene.world.call("POST", format!("/v1/webhooks/{}", Uuid::nil())).bytes(body.clone()).send().await.expect(404);
        scene.world.call("POST", "/v1/webhooks/x").bytes(body.clone()).send().await.expect(404);
        scene.world.get(&path).send().await.expect(405);
        scene.work().await;
        assert_eq!(scene.deliveries().await.len(), 0);
        assert_eq!(scene.counts().await, [0; 8]);

        // Switched off, even the right one is refused.
        let off =
            scene.world.patch(format!("/v1/webhook-connections/{}", scene.connection), &json!({"is_active": false}));
        off.by(&scene.world.home.developer).send().await.expect(200);
        scene.tell("push", &push()).await.expect(403);
        assert_eq!(scene.deliveries().await.len(), 0);
    }
}

#[tokio::test]
async fn two_secrets_hold_while_one_is_changed_and_neither_is_served() {
    let scene = scene("github").await;
    let path = format!("/v1/webhook-connections/{}/rotate-secret", scene.connection);
    let developer = &scene.world.home.developer;
    let made = scene.world.post(&path, &json!({"overlap_hours": 2})).by(developer).send().await.expect(200).json();
    let new = made["secret"].as_str().unwrap();
    let body = push().to_string();
    scene.send("push", "old", body.as_bytes(), &scene.secret).await.expect(202);
    scene.send("push", "new", body.as_bytes(), new).await.expect(202);
    scene.world.clock.advance(SignedDuration::from_hours(2));
    scene.send("push", "late", body.as_bytes(), &scene.secret).await.expect(401);
    scene.send("push", "still", body.as_bytes(), new).await.expect(202);

    // At once, with a secret that the server has already.
    let brought = json!({"secret": "a-secret-of-their-own", "overlap_hours": 0});
    scene.world.post(&path, &brought).by(developer).send().await.expect(200);
    scene.send("push", "gone", body.as_bytes(), new).await.expect(401);
    scene.send("push", "brought", body.as_bytes(), "a-secret-of-their-own").await.expect(202);
    for wrong in
        [json!({"secret": "short"}), json!({"secret": "with blanks in it 12345"}), json!({"overlap_hours": 721})]
    {
        scene.world.post(&path, &wrong).by(developer).send().await.expect(422);
    }
    scene.world.post(&path, &json!({})).by(&scene.world.home.viewer).send().await.expect(404);

    let shown =
        scene.world.get(format!("/v1/webhook-connections/{}", scene.connection)).by(developer).send().await.expect(200);
    assert!(!shown.text().contains("secret_ciphertext"), "{}", shown.text());
    let dumped = scene
        .one("select string_agg(x, ' ') from (select to_jsonb(a)::text as x from audit.audit_logs a union all select to_jsonb(c)::text from platform.webhook_connections c) s", &[])
        .await
        .unwrap();
    for secret in [scene.secret.as_str(), new, "a-secret-of-their-own"] {
        assert!(!dumped.contains(secret), "a secret lies in the clear");
    }
    let events = scene.one("select string_agg(a.event_type, ',' order by a.event_type) from audit.audit_logs a where a.event_type like 'webhook.%'", &[]).await;
    assert_eq!(events.as_deref(), Some("webhook.created,webhook.secret_rotated,webhook.secret_rotated"));
}

/// Proves REQ-67.3.
#[tokio::test]
async fn each_message_is_kept_with_its_outcome_and_can_be_worked_on_again() {
    let scene = scene("github").await;
    scene.tell("ping", &json!({"zen": "Keep it logically awesome.", "hook_id": 1})).await.expect(202);
    scene.tell("meteor", &json!({"action": "fell"})).await.expect(202);
    scene.send("push", "broken", b"{\"ref\": ", &scene.secret).await.expect(202);
    scene.tell("push", &push()).await.expect(202);
    scene.work().await;
    let found = scene.deliveries().await;
    let outcome: Vec<(&str, &str)> =
        found.iter().map(|one| (one["event"].as_str().unwrap(), one["status"].as_str().unwrap())).collect();
    assert_eq!(outcome, [("ping", "unused"), ("meteor", "unused"), ("push", "failed"), ("push", "done")]);
    assert!(found[1]["notes"].as_str().unwrap().contains("meteor"));
    assert!(found[2]["error"].as_str().unwrap().contains("could not be read"), "{}", found[2]);

    let id = found[3]["id"].as_str().unwrap();
    let whole = scene
        .world
        .get(format!("/v1/webhook-deliveries/{id}"))
        .by(&scene.world.home.developer)
        .send()
        .await
        .expect(200);
    let one = whole.json();
    let did: Vec<(&str, &str)> = one["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(|did| (did["what"].as_str().unwrap(), did["resource"].as_str().unwrap()))
        .collect();
    assert_eq!(did, [("created", "repositories"), ("created", "commits")]);
    assert_eq!(one["headers"]["x-github-event"], "push");
    assert!(
        !whole.text().contains(&signature(&scene.secret, push().to_string().as_bytes())),
        "signatures are not kept"
    );
    scene.world.get(format!("/v1/webhook-deliveries/{id}")).by(&scene.world.home.viewer).send().await.expect(404);

    // The rights are those of whoever connected it; without them nothing is made, and it is said why.
    let role = "delete from authz.user_roles where user_id = $1";
    scene.world.superuser().await.unwrap().execute(role, &[&scene.world.home.developer.user_id]).await.unwrap();
    let mut second = push();
    second["commits"][0]["id"] = json!(OTHER);
    scene.tell("push", &second).await.expect(202);
    scene.work().await;
    let failed = scene.deliveries().await.pop().unwrap();
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("commit:create"), "{failed}");
    assert_eq!(scene.counts().await[1], 1);

    // Somebody takes it over and works on it again.
    let owner = &scene.world.home.owner;
    scene
        .world
        .post(format!("/v1/webhook-connections/{}/take-over", scene.connection), &json!({}))
        .by(owner)
        .send()
        .await
        .expect(200);
    let again = format!("/v1/webhook-deliveries/{}/work-again", failed["id"].as_str().unwrap());
    scene.world.post(&again, &json!({})).by(owner).send().await.expect(200);
    scene.work().await;
    assert_eq!(scene.deliveries().await.pop().unwrap()["status"], "done");
    assert_eq!(scene.counts().await[1], 2);
    let audited = scene
        .one(
            "select count(*)::text from audit.audit_logs where event_type = 'commit.created' and user_id = $1",
            &[&owner.user_id],
        )
        .await;
    assert_eq!(audited.as_deref(), Some("1"), "every change leaves a trail, in the name of whoever stands behind it");
}

#[tokio::test]
async fn a_deployment_to_a_protected_environment_waits_for_somebody_to_agree() {
    let scene = scene("github").await;
    let mut payload = deployed("success", "2026-01-03T08:03:30Z");
    payload["deployment"]["environment"] = json!("production");
    payload["deployment_status"]["environment"] = json!("production");
    scene.tell("deployment_status", &payload).await.expect(202);
    scene.work().await;
    let waiting = scene.deliveries().await.pop().unwrap();
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    assert!(waiting["notes"].as_str().unwrap().contains("need an approval"), "{waiting}");
    let deployment = scene.list("deployments").await.pop().unwrap();
    assert_eq!(deployment["status"], "pending");
    let agree = format!("/v1/deployments/{}/approve", deployment["id"].as_str().unwrap());
    scene.world.post(&agree, &json!({})).by(&scene.world.home.owner).send().await.expect(200);
    scene.work().await;
    assert_eq!(scene.list("deployments").await[0]["status"], "pending", "not before its time");
    scene.world.clock.advance(SignedDuration::from_mins(2));
    scene.work().await;
    assert_eq!(scene.list("deployments").await[0]["status"], "success");
    assert_eq!(scene.deliveries().await.pop().unwrap()["status"], "done");
}

#[tokio::test]
async fn a_connection_gives_nobody_more_than_they_have() {
    let scene = scene("github").await;
    let (world, body) = (&scene.world, json!({"project_id": scene.project, "name": "x", "provider": "gitlab"}));
    world.post("/v1/webhook-connections", &body).by(&world.home.viewer).send().await.expect(403);
    world.post("/v1/webhook-connections", &body).by(&world.abroad.owner).send().await.expect(422);
    let token = json!({"name": "narrow", "scopes": ["webhook:create", "webhook:read"]});
    let token = world.post("/v1/api-tokens", &token).by(&world.home.developer).send().await.expect(201).json();
    let narrow =
        world.post("/v1/webhook-connections", &body).bearing(token["token"].as_str().unwrap()).send().await.expect(403);
    assert!(narrow.text().contains("commit:create"), "{}", narrow.text());
    // One repository only: what others send is kept and not used.
    let only = json!({"repository": "acme/other"});
    world
        .patch(format!("/v1/webhook-connections/{}", scene.connection), &only)
        .by(&world.home.developer)
        .send()
        .await
        .expect(200);
    scene.tell("push", &push()).await.expect(202);
    scene.work().await;
    assert_eq!(scene.deliveries().await[0]["status"], "unused");
    assert_eq!(scene.counts().await, [0; 8]);
}

#[tokio::test]
async fn gitlab_and_forgejo_tell_the_same_story() {
    let project = json!({"path_with_namespace": "acme/pay", "web_url": "https://git.example/acme/pay", "git_http_url": "https://git.example/acme/pay.git"});
    let scene = scene("gitlab").await;
    let pipeline = |status: &str, finished: Value| {
        json!({"object_kind": "pipeline", "project": project, "object_attributes": {"id": 31, "iid": 3, "ref": "main", "sha": SHA, "status": status,
               "created_at": "2026-01-03 08:01:00 UTC", "finished_at": finished},
               "builds": [{"id": 380, "stage": "test", "name": "unit", "status": status, "created_at": "2026-01-03 08:01:00 UTC",
                           "started_at": "2026-01-03 08:01:05 UTC", "finished_at": finished}]})
    };
    // Ended before it was told to run; then run once more with another end.
    scene.tell("Pipeline Hook", &pipeline("failed", json!("2026-01-03 08:02:00 UTC"))).await.expect(202);
    scene.tell("Pipeline Hook", &pipeline("running", Value::Null)).await.expect(202);
    scene.work().await;
    assert_eq!(scene.list("builds").await[0]["status"], "failed");
    scene.tell("Pipeline Hook", &pipeline("success", json!("2026-01-03 08:09:00 UTC"))).await.expect(202);
    scene.tell("Issue Hook", &json!({"object_kind": "issue", "project": project, "object_attributes": {
        "iid": 5, "title": "Pays twice", "state": "opened", "severity": "critical", "updated_at": "2026-01-03 09:00:00 UTC"}})).await.expect(202);
    scene.work().await;
    let builds = scene.list("builds").await;
    assert_eq!((builds.len(), &builds[0]["status"]), (1, &json!("success")));
    let checks = scene.list("checks").await;
    assert_eq!((checks.len(), &checks[0]["status"], &checks[0]["build_id"]), (1, &json!("passed"), &builds[0]["id"]));
    assert_eq!(scene.list("defects").await[0]["severity"], "critical");

    let scene = crate::webhooks::scene("forgejo").await;
    scene.tell("push", &push()).await.expect(202);
    let mut approved = pull("open", false, "2026-01-03T07:10:00Z");
    approved["review"] = json!({"type": "pull_request_review_approved", "content": "yes"});
    approved["sender"] = json!({"login": "ana"});
    scene.tell("pull_request_approved", &approved).await.expect(202);
    scene.work().await;
    assert_eq!(scene.counts().await[1], 1);
    assert_eq!(scene.list("pull-requests").await[0]["review_status"], "approved");
}

#[tokio::test]
async fn a_message_that_is_too_large_or_no_json_harms_nobody() {
    let scene = scene("github").await;
    let large = vec![b' '; delivery::webhooks::MOST_BYTES + 1];
    scene.send("push", "large", &large, &scene.secret).await.expect(413);
    for (nth, body) in
        [&b""[..], b"[]", b"null", b"\xff\xfe\x00", b"{\"commits\": 7, \"repository\": []}", b"{\"a\":\"\\u0000\"}"]
            .iter()
            .enumerate()
    {
        scene.send("push", &format!("odd-{nth}"), body, &scene.secret).await.expect(202);
    }
    let deep = format!("{}{}", "{\"a\":".repeat(500), "1");
    scene.send("push", "deep", deep.as_bytes(), &scene.secret).await.expect(202);
    scene.work().await;
    for delivery in scene.deliveries().await {
        assert!(["failed", "unused"].contains(&delivery["status"].as_str().unwrap()), "{delivery}");
    }
    assert_eq!(scene.counts().await, [0; 8]);
}
