//! Lists: filters, order, pages, relations, fields, counts, search, deleted ones, and the same as a file.

use std::collections::BTreeSet;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use testkit::World;

use crate::{rows, world};

/// A project of its own with requirements made from `bodies`; gives the project's identifier.
async fn project_with(world: &World, bodies: &[Value]) -> String {
    let body = world.creation_body(&world.home, "projects", 0).await.unwrap();
    let made = world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201).json();
    let project = made["id"].as_str().unwrap().to_owned();
    for chunk in bodies.chunks(200) {
        let items: Vec<Value> = chunk
            .iter()
            .map(|body| {
                let mut data = body.clone();
                data["project_id"] = json!(project);
                json!({"action": "create", "data": data})
            })
            .collect();
        let answer = world
            .post("/v1/requirements/bulk", &json!({"items": items}))
            .by(&world.home.owner)
            .send()
            .await
            .expect(200);
        assert_eq!(answer.json()["failed"], 0, "{}", answer.text());
    }
    project
}

async fn titles(world: &World, project: &str, query: &[(&str, &str)]) -> Vec<String> {
    let mut pairs = vec![("filter[project_id]", project)];
    pairs.extend_from_slice(query);
    let page = world.get("/v1/requirements").query(&pairs).by(&world.home.viewer).send().await.expect(200).json();
    rows(&page).iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect()
}

fn sample() -> Vec<Value> {
    vec![
        json!({"title": "alpha", "estimated_effort_points": 3, "target_date": "2026-01-31", "status": "approved"}),
        json!({"title": "beta 50%", "estimated_effort_points": 5}),
        json!({"title": "Gamma_ray", "target_date": "2026-03-01"}),
        json!({"title": "delta", "estimated_effort_points": 8, "target_date": "2026-02-01", "status": "approved"}),
    ]
}

/// Proves REQ-9.1.
#[tokio::test]
async fn every_operator_keeps_what_it_says() {
    let world = world().await;
    let project = project_with(&world, &sample()).await;
    let all = ["Gamma_ray", "alpha", "beta 50%", "delta"];
    let cases: &[(&str, &str, &[&str])] = &[
        ("filter[title]", "alpha", &["alpha"]),
        ("filter[title][eq]", "alpha", &["alpha"]),
        ("filter[title][ne]", "alpha", &["Gamma_ray", "beta 50%", "delta"]),
        ("filter[estimated_effort_points][ne]", "5", &["Gamma_ray", "alpha", "delta"]),
        ("filter[estimated_effort_points][lt]", "5", &["alpha"]),
        ("filter[estimated_effort_points][lte]", "5", &["alpha", "beta 50%"]),
        ("filter[estimated_effort_points][gt]", "5", &["delta"]),
        ("filter[estimated_effort_points][gte]", "5", &["beta 50%", "delta"]),
        ("filter[target_date][gte]", "2026-02-01", &["Gamma_ray", "delta"]),
        ("filter[status][in]", "approved,rejected", &["alpha", "delta"]),
        ("filter[estimated_effort_points][in]", "3, 8", &["alpha", "delta"]),
        ("filter[title][contains]", "A_R", &["Gamma_ray"]),
        ("filter[title][contains]", "50%", &["beta 50%"]),
        ("filter[title][contains]", "\\", &[]),
        ("filter[title][starts_with]", "Gam", &["Gamma_ray"]),
        ("filter[title][starts_with]", "gam", &[]),
        ("filter[target_date][is]", "null", &["beta 50%"]),
        ("filter[target_date][is]", "not_null", &["Gamma_ray", "alpha", "delta"]),
        ("filter[completed_date][is]", "null", &all),
        ("q", "GAMMA", &["Gamma_ray"]),
        ("q", "req-", &all),
    ];
    for (name, value, expected) in cases {
        let mut found = titles(&world, &project, &[(name, value)]).await;
        found.sort();
        assert_eq!(found, *expected, "{name}={value}");
    }
    let both = [("filter[status]", "approved"), ("filter[estimated_effort_points][gt]", "3")];
    assert_eq!(titles(&world, &project, &both).await, ["delta"]);
}

/// Proves REQ-9.1, REQ-9.3.
#[tokio::test]
async fn what_a_list_does_not_understand_is_refused_by_name() {
    let world = world().await;
    let cases = [
        ("filter[nothing]", "x"),
        ("filter[title][like]", "x"),
        ("filter[title][is]", "x"),
        ("filter[status]", "finished"),
        ("filter[estimated_effort_points][contains]", "1"),
        ("filter[estimated_effort_points]", "many"),
        ("filter[estimated_effort_points]", "99999999999999999999"),
        ("filter[target_date]", "2026-02-30"),
        ("filter[created_at]", "2026-02-03"),
        ("filter[project_id]", "0192f0c45e1a7c3d9d1e3f5a7b9c1d2e"),
        ("filter[title]", "a\0b"),
        ("filter[organization_id]", "0192f0c4-5e1a-7c3d-9d1e-3f5a7b9c1d2e"),
        ("filter[search_vector][is]", "null"),
        ("sort", "nothing"),
        ("sort", "title,-title"),
        ("sort", ""),
        ("sort", "search_vector"),
        ("include", "nothing"),
        ("fields", "title,nothing"),
        ("fields", "organization_id"),
        ("count", "yes"),
        ("deleted", "maybe"),
        ("limit", "0"),
        ("limit", "201"),
        ("limit", "ten"),
        ("cursor", "bm90IGpzb24"),
        ("page", "2"),
    ];
    for (name, value) in cases {
        let answer = world.get("/v1/requirements").query(&[(name, value)]).by(&world.home.viewer).send().await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (400, vec![format!("?{name}")]),
            "{name}={value:?}: {}",
            answer.text()
        );
    }
    let two = world.get("/v1/requirements?limit=0&sort=nothing").by(&world.home.viewer).send().await;
    assert_eq!(two.pointers(), ["?limit", "?sort"]);
    let twice = world.get("/v1/requirements?limit=1&limit=2").by(&world.home.viewer).send().await;
    assert_eq!((twice.status, twice.pointers()), (400, vec!["?limit".to_owned()]));
}

#[tokio::test]
async fn nulls_come_last_rising_and_first_falling() {
    let world = world().await;
    let project = project_with(&world, &sample()).await;
    let rising = titles(&world, &project, &[("sort", "estimated_effort_points")]).await;
    assert_eq!(rising, ["alpha", "beta 50%", "delta", "Gamma_ray"]);
    let falling = titles(&world, &project, &[("sort", "-estimated_effort_points")]).await;
    assert_eq!(falling, ["Gamma_ray", "delta", "beta 50%", "alpha"]);
    let two = titles(&world, &project, &[("sort", "-status,title")]).await;
    assert_eq!(two[2..], ["alpha", "delta"], "{two:?}");
}

/// Follows `next_cursor` to the end; gives the identifiers in order.
async fn walk(world: &World, project: &str, sort: &str, limit: u32) -> Vec<String> {
    let limit = limit.to_string();
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut pairs = vec![("filter[project_id]", project), ("sort", sort), ("limit", &limit), ("fields", "id")];
        if let Some(cursor) = &cursor {
            pairs.push(("cursor", cursor));
        }
        let answer = world.get("/v1/requirements").query(&pairs).by(&world.home.viewer).send().await.expect(200);
        let page = answer.json();
        seen.extend(rows(&page).iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        assert_eq!(answer.header("link").is_some(), cursor.is_some());
        assert!(seen.len() < 10_000, "the list never ends");
        if cursor.is_none() {
            return seen;
        }
    }
}

#[tokio::test]
async fn pages_visit_each_row_exactly_once() {
    let world = world().await;
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    // Few values and many nulls, so that most rows tie with others.
    let bodies: Vec<Value> = (0..137)
        .map(|_| {
            let title = ["a", "b", "B", "ä", "c,\"d\""][chance.random_range(0..5)];
            let mut body = json!({"title": title});
            if chance.random_bool(0.6) {
                body["estimated_effort_points"] = json!(chance.random_range(0..4));
            }
            if chance.random_bool(0.5) {
                body["target_date"] = json!(format!("2026-01-0{}", chance.random_range(1..4)));
            }
            if chance.random_bool(0.5) {
                body["priority_order"] = json!(chance.random_range(1..3));
            }
            body
        })
        .collect();
    let project = project_with(&world, &bodies).await;
    let columns =
        ["title", "estimated_effort_points", "target_date", "priority_order", "created_at", "key", "id", "status"];
    let mut sorts: Vec<String> = columns.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
    for _ in 0..12 {
        let mut picked: Vec<String> = Vec::new();
        for _ in 0..chance.random_range(2..4) {
            let name = columns[chance.random_range(0..columns.len())];
            if !picked.iter().any(|taken| taken.trim_start_matches('-') == name) {
                picked.push(format!("{}{name}", if chance.random_bool(0.5) { "-" } else { "" }));
            }
        }
        sorts.push(picked.join(","));
    }
    for sort in sorts {
        let limit = chance.random_range(7..60);
        let paged = walk(&world, &project, &sort, limit).await;
        let whole = walk(&world, &project, &sort, 200).await;
        assert_eq!(whole.len(), 137, "sort={sort}");
        assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), 137, "sort={sort} limit={limit}");
        assert_eq!(paged, whole, "sort={sort} limit={limit}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_order() {
    let world = world().await;
    let project = project_with(&world, &sample()).await;
    let pairs = [("filter[project_id]", project.as_str()), ("sort", "title"), ("limit", "2")];
    let page = world.get("/v1/requirements").query(&pairs).by(&world.home.viewer).send().await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = [("sort", "-title"), ("cursor", cursor)];
    let answer = world.get("/v1/requirements").query(&other).by(&world.home.viewer).send().await;
    assert_eq!((answer.status, answer.pointers()), (400, vec!["?cursor".to_owned()]));
}

#[tokio::test]
async fn numbers_of_any_length_page_without_loss() {
    let world = world().await;
    let parent = world.creation_body(&world.home, "projects", 0).await.unwrap();
    let mut ids = Vec::new();
    for hours in ["0.01", "0.02", "12345678.99", "12345678.98"] {
        let mut body = parent.clone();
        body["slug"] = json!(format!("hours-{}", hours.replace('.', "-")));
        body["estimated_hours"] = serde_json::from_str(hours).unwrap();
        let made = world.post("/v1/projects", &body).by(&world.home.owner).send().await.expect(201);
        assert!(made.text().contains(&format!("\"estimated_hours\":{hours}")), "{}", made.text());
        ids.push(made.json()["id"].clone());
    }
    let mut cursor = String::new();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let mut pairs = vec![("sort", "estimated_hours"), ("limit", "1"), ("filter[estimated_hours][is]", "not_null")];
        if !cursor.is_empty() {
            pairs.push(("cursor", &cursor));
        }
        let page = world.get("/v1/projects").query(&pairs).by(&world.home.viewer).send().await.expect(200).json();
        seen.push(page["data"][0]["id"].clone());
        cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(seen, [ids[0].clone(), ids[1].clone(), ids[3].clone(), ids[2].clone()]);
    assert_eq!(cursor, "");
}

/// Proves REQ-9.5.
#[tokio::test]
async fn fields_count_and_relations_come_when_asked_for() {
    let world = world().await;
    let project = project_with(&world, &sample()).await;
    let viewer = &world.home.viewer;
    let pairs = [
        ("filter[project_id]", project.as_str()),
        ("fields", "title"),
        ("count", "exact"),
        ("include", "project"),
        ("limit", "3"),
        ("sort", "title"),
    ];
    let page = world.get("/v1/requirements").query(&pairs).by(viewer).send().await.expect(200).json();
    assert_eq!(page["count"], 4);
    assert_eq!(rows(&page).len(), 3);
    for row in rows(&page) {
        assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), ["title"]);
    }
    assert_eq!(page["included"]["project"].as_array().unwrap().len(), 1, "each related record once");
    assert_eq!(page["included"]["project"][0]["id"], json!(project));

    let many =
        world.get(format!("/v1/projects/{project}?include=requirements")).by(viewer).send().await.expect(200).json();
    let included = many["included"]["requirements"].as_array().unwrap();
    assert_eq!(included.len(), 4);
    // Deleted ones are no part of a relation.
    let gone = included[0]["id"].as_str().unwrap();
    world.delete(format!("/v1/requirements/{gone}")).by(&world.home.owner).send().await.expect(204);
    let many = world.get(format!("/v1/projects/{project}?include=requirements")).by(viewer).send().await.json();
    assert_eq!(many["included"]["requirements"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn relations_show_no_more_than_their_own_list() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    world.example(&world.home, "imports", 0).await.unwrap();
    let path = format!("/v1/projects/{project}?include=imports");
    let answer = world.get(&path).by(&world.home.developer).send().await.expect(200).json();
    assert_eq!(answer["included"]["imports"].as_array().unwrap().len(), 1);
    world.get(&path).by(&world.home.viewer).send().await.expect(403);
}

#[tokio::test]
async fn deleted_ones_show_when_asked_for() {
    let world = world().await;
    let project = project_with(&world, &sample()).await;
    let all = [("filter[project_id]", project.as_str()), ("filter[title]", "alpha")];
    let page = world.get("/v1/requirements").query(&all).by(&world.home.owner).send().await.json();
    let id = page["data"][0]["id"].as_str().unwrap();
    world.delete(format!("/v1/requirements/{id}")).by(&world.home.owner).send().await.expect(204);
    assert_eq!(titles(&world, &project, &[]).await.len(), 3);
    assert_eq!(titles(&world, &project, &[("deleted", "only")]).await, ["alpha"]);
    assert_eq!(titles(&world, &project, &[("deleted", "include")]).await.len(), 4);
    let refused = world.get("/v1/commits?deleted=only").by(&world.home.viewer).send().await;
    assert_eq!((refused.status, refused.pointers()), (400, vec!["?deleted".to_owned()]));
}

/// Proves REQ-10.1, REQ-10.3.
#[tokio::test]
async fn a_file_says_what_the_list_says() {
    let world = world().await;
    let mut bodies = sample();
    bodies.extend((0..300).map(|n| json!({"title": format!("row {n}, \"quoted\"\nand broken")})));
    bodies.push(json!({"title": "=HYPERLINK(\"http://evil.example\")"}));
    bodies.push(json!({"title": "  @SUM(A1)"}));
    bodies.push(json!({"title": "-1+1"}));
    let project = project_with(&world, &bodies).await;
    let query = [("filter[project_id]", project.as_str()), ("sort", "title,id"), ("fields", "id,title,target_date")];
    let mut listed = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut pairs = query.to_vec();
        if let Some(cursor) = &cursor {
            pairs.push(("cursor", cursor));
        }
        let page = world.get("/v1/requirements").query(&pairs).by(&world.home.viewer).send().await.expect(200).json();
        listed.extend(rows(&page).to_vec());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let file = |media: &'static str| {
        world.get("/v1/requirements").query(&query).by(&world.home.viewer).header("accept", media).send()
    };
    let ndjson = file("application/x-ndjson").await.expect(200);
    assert_eq!(ndjson.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = ndjson.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, listed);

    let csv = file("text/csv").await.expect(200);
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"requirements.csv\""));
    let table = read_csv(&csv.text());
    assert_eq!(table[0], ["id", "title", "target_date"]);
    assert_eq!(table.len() - 1, listed.len());
    for (cells, row) in table[1..].iter().zip(&listed) {
        assert_eq!(cells[0], row["id"].as_str().unwrap());
        assert_eq!(cells[2], row["target_date"].as_str().unwrap_or_default());
        let title = row["title"].as_str().unwrap();
        assert!(cells[1] == title || cells[1] == format!("'{title}"));
        assert!(!cells[1].trim_start().starts_with(['=', '+', '-', '@']), "a spreadsheet would run {:?}", cells[1]);
    }
}

/// RFC 4180, as strict as a test needs it.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut table, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, quoted) {
            ('"', true) if characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut cell)),
            ('\r', false) => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut cell));
                table.push(std::mem::take(&mut row));
            }
            (other, _) => cell.push(other),
        }
    }
    assert!(cell.is_empty() && row.is_empty(), "the file ends in the middle of a line");
    table
}

#[tokio::test]
async fn a_project_role_reaches_its_project_and_no_further() {
    let world = world().await;
    let (here, there) = (project_with(&world, &sample()).await, project_with(&world, &sample()).await);
    let person = world.home.join(&world.kernel, "guest").await.unwrap();
    world.get("/v1/requirements").by(&person).send().await.expect(403);
    let roles = world.get("/v1/roles?filter[name]=developer").by(&world.home.owner).send().await.json();
    let member = json!({"project_id": here, "user_id": person.user_id, "role_id": roles["data"][0]["id"]});
    world.post("/v1/project-members", &member).by(&world.home.admin).send().await.expect(201);
    world.authenticator.forget();

    let seen = world.get("/v1/requirements?limit=200").by(&person).send().await.expect(200).json();
    assert_eq!(rows(&seen).len(), 4);
    assert!(rows(&seen).iter().all(|row| row["project_id"] == json!(here)));
    let ok = json!({"project_id": here, "title": "mine"});
    world.post("/v1/requirements", &ok).by(&person).send().await.expect(201);
    let refused = json!({"project_id": there, "title": "not mine"});
    world.post("/v1/requirements", &refused).by(&person).send().await.expect(403);
}
