//! Usage, reports and costs: what is counted, who sees a report, where a cost lies.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{refused, rows, world};

#[tokio::test]
async fn a_cost_lies_in_the_month_it_arose_in() {
    let world = world().await;
    let cost = json!({
        "service_type": "llm", "cost_amount": 12.345678, "currency": "EUR", "usage_quantity": 1000, "usage_unit": "tokens",
        "incurred_at": "2026-01-31T23:59:59Z", "tags": {"team": "search"},
    });
    let made = world.post("/v1/cost-allocations", &cost).by(&world.home.admin).send().await.expect(201).json();
    assert_eq!(made["billing_period"], "2026-01-01");
    let id = made["id"].as_str().unwrap();
    let seen = world.get(format!("/v1/cost-allocations/{id}")).by(&world.home.admin).send().await.expect(200).json();
    assert_eq!((&seen["incurred_at"], &seen["currency"]), (&json!("2026-01-31T23:59:59Z"), &json!("EUR")), "{seen}");
    assert_eq!(seen["cost_amount"].to_string().trim_matches('"'), "12.345678");
    let client = world.superuser().await.unwrap();
    let sql = "select platform.uuid_v7_time($1)::text, (select count(*) from analytics.cost_allocations_default)";
    let row = client.query_one(sql, &[&Uuid::try_parse(id).unwrap()]).await.unwrap();
    assert!(row.get::<_, String>(0).starts_with("2026-01-31 23:59:59"), "the identifier is made as of that moment");
    assert_eq!(row.get::<_, i64>(1), 0, "a month of the past gets a partition of its own");

    for wrong in [
        json!({"service_type": "llm", "cost_amount": 1, "incurred_at": "2999-01-01T00:00:00Z"}),
        json!({"service_type": "Not A Type", "cost_amount": 1}),
        json!({"service_type": "llm", "cost_amount": 1, "usage_unit": "tokens"}),
        json!({"service_type": "llm", "cost_amount": 1, "cost_center_id": id}),
        json!({"service_type": "llm"}),
    ] {
        world.post("/v1/cost-allocations", &wrong).by(&world.home.admin).send().await.expect(422);
    }
    world.post("/v1/cost-allocations", &cost).by(&world.home.developer).send().await.expect(403);
    for (incurred, period) in [("2026-01-31", "2026-01-01"), ("2026-02-01", "2026-01-01"), ("2026-02-01", "2026-02-02")]
    {
        let sql = format!(
            "insert into analytics.cost_allocations (id, service_type, cost_amount, incurred_at, billing_period)
             values (platform.uuid_v7_at('2026-02-01'), 'llm', 1, '{incurred}', '{period}')"
        );
        assert!(refused(&world, &sql).await.contains("the identifier must be of the same month"), "{sql}");
    }
}

#[tokio::test]
async fn no_cost_centre_is_part_of_itself() {
    let world = world().await;
    let mut ids: Vec<String> = Vec::new();
    for name in ["Company", "Research", "Models"] {
        let body = json!({"name": name, "parent_cost_center_id": ids.last(), "monthly_budget": 100});
        let made = world.post("/v1/cost-centers", &body).by(&world.home.admin).send().await.expect(201).json();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let under_own_child =
        world.patch(format!("/v1/cost-centers/{}", ids[0]), &json!({"parent_cost_center_id": ids[2]}));
    let answer = under_own_child.by(&world.home.admin).send().await.expect(422);
    assert!(answer.text().contains("would close a circle"), "{}", answer.text());
    let sideways = world.patch(format!("/v1/cost-centers/{}", ids[2]), &json!({"parent_cost_center_id": ids[0]}));
    sideways.by(&world.home.admin).send().await.expect(200);
}

#[tokio::test]
async fn calls_are_counted_on_their_session_and_lose_what_lets_somebody_in() {
    let world = world().await;
    let session = world.example(&world.home, "usage-sessions", 0).await.unwrap();
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    tx.batch(&format!(
        "insert into analytics.api_usage_logs (usage_session_id, endpoint, method, status_code, request_headers)
         select '{session}', '/v1/projects', 'GET', 200, '{{\"accept\": \"application/json\"}}' from generate_series(1, 250)"
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let path = format!("/v1/usage-sessions/{session}");
    let seen = world.get(&path).by(&world.home.owner).send().await.expect(200).json();
    assert_eq!(seen["api_calls"], json!(250));
    for header in ["authorization", "Cookie"] {
        let sql = format!(
            "insert into analytics.api_usage_logs (endpoint, method, request_headers) values ('/', 'GET', '{{\"{header}\": \"x\"}}')"
        );
        assert!(refused(&world, &sql).await.contains("must be left out"), "{header}");
    }
}

#[tokio::test]
async fn a_report_is_its_makers_until_it_is_shared() {
    let world = world().await;
    let (maker, reader) = (&world.home.developer, &world.home.viewer);
    let body = json!({"name": "Salaries", "report_type": "cost", "data_sources": ["cost-allocations"]});
    let made = world.post("/v1/reports", &body).by(maker).send().await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/reports/{id}");
    for person in [reader, &world.home.admin, &world.home.owner] {
        world.get(&path).by(person).send().await.expect(404);
        assert!(rows(&world.get("/v1/reports").by(person).send().await.json()).is_empty());
    }
    let client = world.superuser().await.unwrap();
    let title =
        client.query_one("select title from platform.entities where entity_type = 'report'", &[]).await.unwrap();
    assert_eq!(title.get::<_, String>(0), "Private report");

    // Who does not see it does not share it either.
    let grab = json!({"report_id": id, "user_id": world.home.admin.user_id});
    world.post("/v1/report-shares", &grab).by(&world.home.admin).send().await.expect(422);
    let theirs = format!(
        "insert into analytics.report_shares (report_id, user_id) values ('{id}', '{}')",
        world.home.owner.user_id
    );
    assert!(refused(&world, &theirs).await.contains("names no report that is here"));

    let body = json!({"report_id": id, "user_id": reader.user_id});
    let share = world.post("/v1/report-shares", &body).by(maker).send().await.expect(201).json();
    world.get(&path).by(reader).send().await.expect(200);
    world.get(&path).by(&world.home.admin).send().await.expect(404);
    let share = format!("/v1/report-shares/{}", share["id"].as_str().unwrap());
    world.delete(&share).by(&world.home.admin).send().await.expect(404);
    world.delete(&share).by(maker).send().await.expect(204);
    world.get(&path).by(reader).send().await.expect(404);

    world.patch(&path, &json!({"is_public": true})).by(maker).send().await.expect(200);
    world.get(&path).by(reader).send().await.expect(200);
}

#[tokio::test]
async fn a_report_remembers_when_it_was_last_made() {
    let world = world().await;
    let report = world.example(&world.home, "reports", 0).await.unwrap();
    let start = async || {
        let body = json!({"report_id": report});
        let made = world.post("/v1/report-executions", &body).by(&world.home.developer).send().await.expect(201).json();
        format!("/v1/report-executions/{}", made["id"].as_str().unwrap())
    };
    let last = async || {
        let seen = world.get(format!("/v1/reports/{report}")).by(&world.home.viewer).send().await.expect(200).json();
        assert_eq!(seen["row_version"], json!(1), "being made is no change of the report");
        seen["last_generated_at"].clone()
    };
    let (failing, working) = (start().await, start().await);
    let end = json!({"status": "failed", "error_message": "no rows"});
    world.patch(&failing, &end).by(&world.home.developer).send().await.expect(200);
    assert_eq!(last().await, Value::Null);
    let end = json!({"status": "completed", "result_data": {"rows": 3}, "rows_processed": 3});
    let ended = world.patch(&working, &end).by(&world.home.developer).send().await.expect(200).json();
    assert_eq!(last().await, ended["completed_at"]);
    assert!(ended["execution_time_ms"].as_i64().unwrap() >= 0);
    world.patch(&failing, &json!({"status": "completed"})).by(&world.home.developer).send().await.expect(422);
    let manual = json!({"next_run_at": "2027-01-01T00:00:00Z"});
    world.patch(format!("/v1/reports/{report}"), &manual).by(&world.home.developer).send().await.expect(422);
}
