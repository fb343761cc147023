//! An incident and the clock of the law: 72 hours to tell the authority, with reminders, and a reason for what comes later.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::World;

use crate::{detection::scan, world};

async fn incident(world: &World, aware: Timestamp) -> String {
    let body = json!({"event_type": "data.leaked", "severity": "high", "title": "A list of addresses was sent to the wrong people"});
    let made = world.post("/v1/security-events", &body).by(&world.home.admin).send().await.expect(201).json();
    assert_eq!((&made["notification_due_at"], &made["is_incident"]), (&Value::Null, &json!(false)));
    let path = format!("/v1/security-events/{}", made["id"].as_str().unwrap());
    let concerns = json!({"is_incident": true, "regulatory_notification_required": true, "became_aware_at": aware});
    let kept = world.patch(&path, &concerns).by(&world.home.admin).send().await.expect(200).json();
    let due: Timestamp = kept["notification_due_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(due.duration_since(aware), SignedDuration::from_hours(72));
    path
}

/// Reminders of the owner. Their session ends long before the deadline, so the database is asked.
async fn reminded(world: &World) -> i64 {
    let sql = "select count(*) from platform.notifications where recipient_user_id = $1 and notification_type = 'security.deadline'";
    let tx = world.home.ctx(&world.kernel).begin_read().await.unwrap();
    tx.query_one(sql, &[&world.home.owner.user_id]).await.unwrap().get(0)
}

/// Proves REQ-78.4.
#[tokio::test]
async fn people_are_reminded_of_the_deadline_at_its_boundaries_and_once_each() {
    let world = world().await;
    let aware = world.clock.now();
    let path = incident(&world, aware).await;
    let nothing = incident(&world, aware).await;
    world.patch(&nothing, &json!({"status": "false_positive"})).by(&world.home.admin).send().await.expect(200);
    let mut at = SignedDuration::ZERO;
    let hour = 3600;
    for (seconds, reminders, so_far) in [
        (48 * hour - 1, 0, 0),
        (48 * hour, 1, 1),
        (48 * hour + 60, 0, 1),
        (68 * hour - 1, 0, 1),
        (68 * hour, 1, 2),
        (72 * hour, 0, 2),
        (72 * hour + 1, 1, 3),
        (100 * hour, 0, 3),
    ] {
        let goal = SignedDuration::from_secs(seconds);
        world.clock.advance(goal - at);
        at = goal;
        assert_eq!(scan(&world).await.reminders, reminders, "{seconds} seconds after");
        assert_eq!(reminded(&world).await, so_far, "{seconds} seconds after");
    }
    // Sessions have ended meanwhile, so the server looks: another deadline is reminded of anew.
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let id: uuid::Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    let sql = "update security.security_events set became_aware_at = $2, detected_at = $2 where id = $1";
    tx.execute(sql, &[&id, &world.clock.now()]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scan(&world).await.reminders, 0);
    world.clock.advance(SignedDuration::from_hours(48));
    assert_eq!(scan(&world).await.reminders, 1);
}

/// Proves REQ-78.5.
#[tokio::test]
async fn it_is_recorded_that_the_authority_was_told_and_why_so_late() {
    let world = world().await;
    let home = &world.home;
    let aware = world.clock.now();
    let (in_time, late) = (incident(&world, aware).await, incident(&world, aware).await);
    let ask = |path: &str| format!("{path}/record-notification");
    let due = aware.checked_add(SignedDuration::from_hours(72)).unwrap();
    for wrong in [
        json!({}),
        json!({"authority": " "}),
        json!({"authority": "x".repeat(201)}),
        json!({"authority": "DPA", "notified_at": "yesterday"}),
        json!({"authority": "DPA", "notified_at": "2020-01-01T00:00:00Z"}),
        json!({"authority": "DPA", "notified_at": due}),
    ] {
        world.post(ask(&in_time), &wrong).by(&home.admin).send().await.expect(422);
    }
    // Signed in anew: it is three days later.
    world.clock.advance(SignedDuration::from_hours(73));
    let sign_in = identity::SignIn {
        email: home.admin.email.clone(),
        password: testkit::Person::PASSWORD.into(),
        organization: None,
    };
    let session = world.authenticator.sign_in(sign_in, kernel::Request::default()).await.unwrap();
    let post =
        async |path: &str, body: &Value| world.post(ask(path), body).bearing(session.token.reveal()).send().await;
    let told = json!({"authority": "DPA", "reference": "B-2027-114", "notified_at": due});
    let answer = post(&in_time, &told).await.expect(200).json();
    assert_eq!(answer["in_time"], true, "the last moment of the 72 hours is one of them");
    let again = post(&in_time, &told).await.expect(409);
    assert!(again.text().contains("phases"), "{}", again.text());

    let told = json!({"authority": "DPA"});
    assert_eq!(post(&late, &told).await.expect(422).pointers(), ["/delay_reason"]);
    let told = json!({"authority": "DPA", "delay_reason": "The list had to be found first."});
    assert_eq!(post(&late, &told).await.expect(200).json()["in_time"], false);
    let kept = world.get(&late).bearing(session.token.reveal()).send().await.expect(200).json();
    assert_eq!(kept["notification_recorded_by"], json!(home.admin.user_id));
    assert_eq!(kept["notification_delay_reason"], "The list had to be found first.");
    let history = world.get(format!("{late}/history")).bearing(session.token.reveal()).send().await.expect(200).json();
    assert_eq!(history["data"][0]["event"], "security_event.authority_notified");
    assert_eq!(scan(&world).await.reminders, 0, "whoever was told is not waited for");
}

/// Proves REQ-78.4, REQ-78.5.
#[tokio::test]
async fn the_clock_is_not_taken_away_and_not_put_into_the_future() {
    let world = world().await;
    let admin = &world.home.admin;
    let aware = world.clock.now();
    let path = incident(&world, aware).await;
    let kept = world.patch(&path, &json!({"became_aware_at": null})).by(admin).send().await.expect(200).json();
    assert_eq!(kept["became_aware_at"].as_str().unwrap().parse::<Timestamp>().unwrap(), aware);
    assert!(kept["notification_due_at"].is_string(), "{kept}");
    for later in ["2100-01-01T00:00:00Z".parse().unwrap(), aware.checked_add(SignedDuration::from_hours(1)).unwrap()] {
        let answer = world.patch(&path, &json!({"became_aware_at": later})).by(admin).send().await.expect(422);
        assert_eq!(answer.pointers(), ["/became_aware_at"]);
    }
    // It turns out later that they were aware long before: the authority was told too late then, and the reason belongs to it.
    let told = json!({"authority": "DPA"});
    world.post(format!("{path}/record-notification"), &told).by(admin).send().await.expect(200);
    let mut earlier = json!({"became_aware_at": aware.checked_sub(SignedDuration::from_hours(100)).unwrap()});
    world.patch(&path, &earlier).by(admin).send().await.expect(422);
    earlier["notification_delay_reason"] = json!("Support had known and told nobody.");
    let kept = world.patch(&path, &earlier).by(admin).send().await.expect(200).json();
    assert_eq!(kept["notification_delay_reason"], "Support had known and told nobody.");
}
