//! Records and lists as they stood at a moment, and what differs between two.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::World;

use crate::{rows, world};

struct Scene {
    project: String,
    kept: String,
    binned: String,
    made_later: String,
    link: String,
    /// Before anything changed.
    before: String,
}

async fn make(world: &World, path: &str, body: Value) -> String {
    let made = world.post(path, &body).by(&world.home.owner).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn get(world: &World, path: &str) -> Value {
    world.get(path).by(&world.home.owner).send().await.expect(200).json()
}

fn later(world: &World) -> String {
    world.clock.advance(SignedDuration::from_secs(5));
    let now = world.clock.now().to_string();
    world.clock.advance(SignedDuration::from_secs(5));
    now
}

async fn scene(world: &World) -> Scene {
    let owner = &world.home.owner;
    let project = make(world, "/v1/projects", json!({"name": "Past", "slug": "past"})).await;
    let requirement = |title: &str| json!({"project_id": project, "title": title, "priority_code": "low"});
    let kept = make(world, "/v1/requirements", requirement("Kept")).await;
    let binned = make(world, "/v1/requirements", requirement("Binned")).await;
    let body = json!({"project_id": project, "source_id": kept, "target_id": binned, "link_type": "derives_from"});
    let link = make(world, "/v1/trace-links", body).await;
    let before = later(world);
    for body in [
        json!({"title": "Once changed", "priority_code": "high"}),
        json!({"title": "Twice changed", "status": "approved"}),
    ] {
        world.patch(format!("/v1/requirements/{kept}"), &body).by(owner).send().await.expect(200);
        later(world);
    }
    world.delete(format!("/v1/trace-links/{link}")).by(owner).send().await.expect(204);
    world.delete(format!("/v1/requirements/{binned}")).by(owner).send().await.expect(204);
    let made_later = make(world, "/v1/requirements", requirement("Made later")).await;
    later(world);
    Scene { project, kept, binned, made_later, link, before }
}

fn titles(list: &Value) -> Vec<&str> {
    rows(list).iter().map(|row| row["title"].as_str().unwrap()).collect()
}

/// Proves REQ-69.1.
#[tokio::test]
async fn a_record_and_a_list_are_read_as_of_a_moment_and_agree_with_the_history() {
    let world = world().await;
    let Scene { project, kept, binned, made_later, link, before } = scene(&world).await;
    let path = format!("/v1/requirements/{kept}");
    let then = get(&world, &format!("{path}?as_of={before}")).await;
    assert_eq!(
        (&then["title"], &then["priority_code"], &then["status"], &then["row_version"]),
        (&json!("Kept"), &json!("low"), &json!("draft"), &json!(1))
    );
    // Each entry of the history says what was there before and after it, and so do the moments around it.
    let history = get(&world, &format!("{path}/history")).await;
    for entry in history["data"].as_array().unwrap().iter().filter(|entry| entry["event"] == "requirement.updated") {
        let at: jiff::Timestamp = entry["occurred_at"].as_str().unwrap().parse().unwrap();
        let read = async |at: jiff::Timestamp| get(&world, &format!("{path}?as_of={at}")).await;
        let (was, is) = (read(at - SignedDuration::from_micros(1)).await, read(at).await);
        for change in entry["changes"].as_array().unwrap() {
            let field = change["field"].as_str().unwrap();
            if !field.starts_with("updated_at") {
                assert_eq!((&was[field], &is[field]), (&change["from"], &change["to"]), "{field}");
            }
        }
    }
    // What was put in the bin was there, what was made later was not.
    let was = get(&world, &format!("/v1/requirements/{binned}?as_of={before}")).await;
    assert_eq!((&was["title"], &was["deleted_at"]), (&json!("Binned"), &Value::Null));
    let answer = world.get(format!("/v1/requirements/{made_later}?as_of={before}")).by(&world.home.owner).send().await;
    assert_eq!(answer.status, 404, "{}", answer.text());

    let list = format!("/v1/requirements?sort=title&filter[project_id]={project}");
    assert_eq!(titles(&get(&world, &list).await), ["Made later", "Twice changed"]);
    let listed = get(&world, &format!("{list}&as_of={before}&count=exact")).await;
    assert_eq!((titles(&listed), &listed["count"]), (vec!["Binned", "Kept"], &json!(2)));
    assert_eq!(rows(&listed)[1], without_details(&then, &rows(&listed)[1]), "the list says what the record says");
    // Filters, order and pages hold at that moment.
    let high = get(&world, &format!("{list}&as_of={before}&filter[priority_code]=high")).await;
    assert!(titles(&high).is_empty(), "{high}");
    let first = get(&world, &format!("{list}&as_of={before}&limit=1")).await;
    let second = format!("{list}&as_of={before}&limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!((titles(&first), titles(&get(&world, &second).await)), (vec!["Binned"], vec!["Kept"]));
    let file = world.get(format!("{list}&as_of={before}&fields=title")).header("accept", "text/csv");
    assert_eq!(file.by(&world.home.owner).send().await.expect(200).text(), "title\r\nBinned\r\nKept\r\n");

    // A link that is gone for good was there too.
    world.get(format!("/v1/trace-links/{link}")).by(&world.home.owner).send().await.expect(404);
    let was = get(&world, &format!("/v1/trace-links/{link}?as_of={before}")).await;
    assert_eq!((&was["source_id"], &was["target_id"]), (&json!(kept), &json!(binned)));
    let links = get(&world, &format!("/v1/trace-links?filter[project_id]={project}&as_of={before}")).await;
    assert_eq!(rows(&links).len(), 1);
    let created = get(&world, &format!("/v1/trace-links?filter[project_id]={project}")).await;
    assert!(rows(&created).is_empty());
}

/// The columns of a record that its list shows.
fn without_details(whole: &Value, listed: &Value) -> Value {
    let members = listed.as_object().unwrap().keys().map(|name| (name.clone(), whole[name].clone()));
    Value::Object(members.collect())
}

#[tokio::test]
async fn the_difference_of_two_moments_is_told_for_a_record_and_for_a_list() {
    let world = world().await;
    let Scene { project, kept, binned, made_later, before, .. } = scene(&world).await;
    let one = get(&world, &format!("/v1/requirements/{kept}/difference?from={before}")).await;
    assert_eq!((&one["change"], &one["title"]), (&json!("changed"), &json!("Twice changed")));
    let fields: Vec<_> = one["fields"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["priority_code", "status", "title"]);
    assert_eq!(one["fields"][2], json!({"field": "title", "before": "Kept", "after": "Twice changed"}));
    let same = format!("/v1/requirements/{kept}/difference?from={before}&until={before}");
    assert_eq!(get(&world, &same).await["change"], "same");

    let all = get(&world, &format!("/v1/requirements/difference?from={before}&filter[project_id]={project}")).await;
    let mut changes: Vec<(&str, &str)> =
        rows(&all).iter().map(|row| (row["id"].as_str().unwrap(), row["change"].as_str().unwrap())).collect();
    changes.sort_unstable();
    let mut expected = vec![(kept.as_str(), "changed"), (binned.as_str(), "removed"), (made_later.as_str(), "added")];
    expected.sort_unstable();
    assert_eq!(changes, expected);
    // What no longer fits a filter has left the list.
    let low = format!(
        "/v1/requirements/difference?from={before}&filter[project_id]={project}&filter[priority_code]=low&limit=200"
    );
    let low = get(&world, &low).await;
    let left = rows(&low).iter().find(|row| row["id"] == json!(kept)).unwrap();
    assert_eq!(left["change"], "removed");
    let page =
        get(&world, &format!("/v1/requirements/difference?from={before}&filter[project_id]={project}&limit=2")).await;
    assert_eq!(rows(&page).len(), 2);
    let rest = page["next_cursor"].as_str().unwrap();
    let rest = format!("/v1/requirements/difference?from={before}&filter[project_id]={project}&limit=2&cursor={rest}");
    assert_eq!(rows(&get(&world, &rest).await).len(), 1);

    for (wrong, pointer) in [
        (format!("/v1/requirements/{kept}/difference"), "?from"),
        (format!("/v1/requirements/{kept}/difference?from=yesterday"), "?from"),
        (format!("/v1/requirements/difference?from={before}&until=2001-01-01T00:00:00Z"), "?until"),
        (format!("/v1/requirements/difference?from={before}&cursor=x"), "?cursor"),
        (format!("/v1/requirements?as_of={before}&include=features"), "?as_of"),
        ("/v1/test-flips?as_of=2026-01-01T00:00:00Z".to_owned(), "?as_of"),
    ] {
        let answer = world.get(&wrong).by(&world.home.owner).send().await.expect(400);
        assert_eq!(answer.pointers(), [pointer], "{wrong}");
    }
}

#[tokio::test]
async fn nobody_reads_in_the_past_what_they_may_not_read_now() {
    let world = world().await;
    let Scene { project, kept, link, before, .. } = scene(&world).await;
    let stranger = &world.abroad.owner;
    for path in [format!("/v1/requirements/{kept}"), format!("/v1/trace-links/{link}")] {
        world.get(format!("{path}?as_of={before}")).by(stranger).send().await.expect(404);
        world.get(format!("{path}/difference?from={before}")).by(stranger).send().await.expect(404);
    }
    world
        .patch(format!("/v1/projects/{project}"), &json!({"visibility": "private"}))
        .by(&world.home.owner)
        .send()
        .await
        .expect(200);
    for who in [stranger, &world.home.viewer] {
        for path in ["requirements", "trace-links"] {
            let list = world
                .get(format!("/v1/{path}?as_of={before}&filter[project_id]={project}"))
                .by(who)
                .send()
                .await
                .expect(200);
            assert!(rows(&list.json()).is_empty(), "{path}: {}", list.text());
            let list = world.get(format!("/v1/{path}/difference?from={before}&filter[project_id]={project}"));
            assert!(rows(&list.by(who).send().await.expect(200).json()).is_empty());
        }
        world.get(format!("/v1/trace-links/{link}?as_of={before}")).by(who).send().await.expect(404);
    }
    let newcomer = world.home.join(&world.kernel, "newcomer").await.unwrap();
    world.get(format!("/v1/requirements?as_of={before}")).by(&newcomer).send().await.expect(403);
    // A saved view is its maker's alone, also once it is gone.
    let view = json!({"resource": "requirements", "name": "Mine", "query": "status=draft"});
    let made = world.post("/v1/saved-views", &view).by(&world.home.owner).send().await.expect(201).json();
    let then = later(&world);
    let path = format!("/v1/saved-views/{}", made["id"].as_str().unwrap());
    world.delete(&path).by(&world.home.owner).send().await.expect(204);
    world.get(format!("{path}?as_of={then}")).by(&world.home.admin).send().await.expect(404);
    let list = world.get(format!("/v1/saved-views?as_of={then}")).by(&world.home.admin).send().await.expect(200).json();
    assert!(rows(&list).iter().all(|row| row["id"] != made["id"]), "{list}");
}
