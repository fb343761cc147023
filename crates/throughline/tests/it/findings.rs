//! What is decided about a finding holds as long as it was decided to, and is decided by whoever may change findings.

use serde_json::{Value, json};
use testkit::World;
use uuid::Uuid;

use crate::world;

async fn state(world: &World, id: &str) -> Value {
    world.get(format!("/v1/findings/{id}")).by(&world.home.viewer).send().await.expect(200).json()["state"].clone()
}

async fn change(world: &World, sql: &str, id: &str) {
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    assert_eq!(tx.execute(sql, &[&Uuid::try_parse(id).unwrap()]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// Proves REQ-63.4.
#[tokio::test]
async fn a_decision_about_a_finding_has_a_reason_and_an_end_after_which_it_is_open_again() {
    let world = world().await;
    let id = world.example(&world.home, "findings", 0).await.unwrap();
    let (path, developer) = (format!("/v1/findings/{id}/triage"), &world.home.developer);
    assert_eq!(state(&world, &id).await, "open");

    let accepted =
        json!({"decision": "accepted", "reason": "Behind the firewall.", "expires_at": "2999-01-01T00:00:00Z"});
    world.post(&path, &accepted).by(&world.home.viewer).send().await.expect(403);
    world.post(&path, &accepted).by(&world.abroad.owner).send().await.expect(404);
    world.post(&path, &accepted).by(&world.stranger).send().await.expect(401);
    for wrong in [
        json!({}),
        json!({"decision": "accepted"}),
        json!({"decision": "accepted", "reason": " "}),
        json!({"decision": "gone", "reason": "r"}),
        json!({"decision": "accepted", "reason": "r", "expires_at": "2001-01-01T00:00:00Z"}),
        json!({"decision": "accepted", "reason": "r", "expires_at": "soon"}),
        json!({"decision": "confirmed", "reason": "r", "expires_at": "2999-01-01T00:00:00Z"}),
        json!({"decision": "accepted", "reason": "x".repeat(2001)}),
    ] {
        world.post(&path, &wrong).by(developer).send().await.expect(422);
    }
    world.post(&path, &json!({"decision": "open", "reason": "r"})).by(developer).send().await.expect(409);
    assert_eq!(state(&world, &id).await, "open", "what was refused has changed nothing");

    let answer = world.post(&path, &accepted).by(developer).send().await.expect(200).json();
    assert_eq!(answer["state"], "accepted");
    let listed = |of: &str| format!("/v1/findings?filter[state]={of}&count=exact");
    let count = async |of: &str| world.get(listed(of)).by(developer).send().await.expect(200).json()["count"].clone();
    assert_eq!((count("accepted").await, count("open").await), (json!(1), json!(0)));
    let kept = world.get(format!("/v1/findings/{id}")).by(developer).send().await.expect(200).json();
    assert_eq!((&kept["triage_reason"], &kept["triaged_by"]), (&accepted["reason"], &json!(developer.user_id)));
    let history = world.get(format!("/v1/findings/{id}/history")).by(developer).send().await.expect(200).json();
    assert_eq!(
        (&history["data"][0]["event"], &history["data"][0]["reason"]),
        (&json!("finding.triaged"), &accepted["reason"])
    );

    // Nothing runs when a decision ends: every read works it out.
    change(&world, "update security.findings set triage_expires_at = now() - interval '1 second' where id = $1", &id)
        .await;
    assert_eq!(state(&world, &id).await, "open");
    assert_eq!((count("accepted").await, count("open").await), (json!(0), json!(1)));

    // What its reports say comes before and behind what people say.
    let confirmed = json!({"decision": "confirmed", "reason": "Seen it."});
    world.post(&path, &confirmed).by(developer).send().await.expect(200);
    assert_eq!(state(&world, &id).await, "confirmed");
    change(&world, "update security.findings set is_suppressed = true where id = $1", &id).await;
    assert_eq!(state(&world, &id).await, "suppressed");
    let wrong = json!({"decision": "false_positive", "reason": "No such path."});
    assert_eq!(world.post(&path, &wrong).by(developer).send().await.expect(200).json()["state"], "false_positive");
    change(&world, "update security.findings set status = 'fixed', fixed_at = now() where id = $1", &id).await;
    assert_eq!(state(&world, &id).await, "fixed");
    let back = json!({"decision": "open", "reason": "Once more."});
    world.post(&path, &back).by(developer).send().await.expect(200);
    change(
        &world,
        "update security.findings set status = 'open', fixed_at = null, is_suppressed = false where id = $1",
        &id,
    )
    .await;
    assert_eq!(state(&world, &id).await, "open");
}
