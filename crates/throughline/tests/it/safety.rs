//! Keys, masking, compliance, security events and vulnerabilities.

use serde_json::{Value, json};
use testkit::World;

use crate::{refused, rows, world};

async fn build(world: &World) -> String {
    let body = world.creation_body(&world.home, "builds", 7).await.unwrap();
    let made = world.post("/v1/builds", &body).by(&world.home.developer).send().await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

/// Critical, high, medium, low, and the version of the build's row.
async fn counted(world: &World, build: &str) -> [i64; 5] {
    let seen = world.get(format!("/v1/builds/{build}")).by(&world.home.viewer).send().await.expect(200).json();
    ["vulnerabilities_critical", "vulnerabilities_high", "vulnerabilities_medium", "vulnerabilities_low", "row_version"]
        .map(|column| seen[column].as_i64().unwrap())
}

#[tokio::test]
async fn a_build_counts_what_nobody_has_dealt_with() {
    let world = world().await;
    let developer = &world.home.developer;
    let (one, other) = (build(&world).await, build(&world).await);
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let mut paths = Vec::new();
    for severity in ["critical", "high", "high", "low"] {
        let body = json!({"project_id": project, "build_id": one, "title": "Old library", "severity": severity});
        let made = world.post("/v1/vulnerabilities", &body).by(developer).send().await.expect(201).json();
        paths.push(format!("/v1/vulnerabilities/{}", made["id"].as_str().unwrap()));
        assert_eq!(made["key"], json!(format!("VULN-{}", paths.len())));
    }
    assert_eq!(counted(&world, &one).await, [1, 2, 0, 1, 1], "and counting is no change of the build");
    let change =
        async |at: usize, body: Value| world.patch(&paths[at], &body).by(developer).send().await.expect(200).json();
    change(1, json!({"severity": "medium"})).await;
    change(2, json!({"status": "acknowledged"})).await;
    assert_eq!(counted(&world, &one).await, [1, 1, 1, 1, 1]);
    let mended = change(0, json!({"status": "remediated", "fixed_version": "2.0"})).await;
    assert!(mended["remediated_at"].is_string());
    assert_eq!(counted(&world, &one).await, [0, 1, 1, 1, 1]);
    change(3, json!({"build_id": other})).await;
    assert_eq!((counted(&world, &one).await, counted(&world, &other).await), ([0, 1, 1, 0, 1], [0, 0, 0, 1, 1]));
    world.delete(&paths[2]).by(developer).send().await.expect(204);
    assert_eq!(counted(&world, &one).await, [0, 0, 1, 0, 1]);
    world.post(format!("{}/restore", paths[2]), &json!({})).by(developer).send().await.expect(200);
    assert_eq!(counted(&world, &one).await, [0, 1, 1, 0, 1]);
    change(0, json!({"status": "open"})).await;
    assert_eq!(counted(&world, &one).await, [1, 1, 1, 0, 1], "what comes back counts again");

    let client = world.superuser().await.unwrap();
    client.batch_execute("delete from security.vulnerabilities").await.unwrap();
    assert_eq!(counted(&world, &one).await, [0, 0, 0, 0, 1]);
    let wrong = json!({"project_id": project, "title": "x", "cve_id": "CVE-26-1"});
    let answer = world.post("/v1/vulnerabilities", &wrong).by(developer).send().await.expect(422);
    assert_eq!(answer.pointers(), ["/cve_id"]);
}

#[tokio::test]
async fn a_scope_names_exactly_one_thing() {
    let world = world().await;
    let policy = world.example(&world.home, "masking-policies", 0).await.unwrap();
    let person = world.home.viewer.user_id;
    let send = async |more: Value| {
        let mut body = json!({"policy_id": policy});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        world.post("/v1/masking-policy-scopes", &body).by(&world.home.admin).send().await
    };
    for wrong in [json!({}), json!({"table_pattern": "identity.%", "user_id": person})] {
        let answer = send(wrong).await.expect(422);
        assert!(answer.text().contains("a scope must name exactly one"), "{}", answer.text());
    }
    for right in
        [json!({"table_pattern": "identity.%"}), json!({"column_pattern": "email"}), json!({"user_id": person})]
    {
        send(right.clone()).await.expect(201);
        send(right).await.expect(409);
    }
}

#[tokio::test]
async fn nobody_signs_their_own_assessment() {
    let world = world().await;
    let frameworks =
        world.get("/v1/compliance-frameworks?filter[name]=GDPR").by(&world.home.viewer).send().await.json();
    let framework = &rows(&frameworks)[0]["id"];
    let body = json!({"framework_id": framework, "assessment_name": "2026"});
    let made = world.post("/v1/compliance-assessments", &body).by(&world.home.admin).send().await.expect(201).json();
    let path = format!("/v1/compliance-assessments/{}", made["id"].as_str().unwrap());
    assert_eq!(made["conducted_by"], json!(world.home.admin.user_id));
    world.patch(&path, &json!({"status": "approved"})).by(&world.home.owner).send().await.expect(422);
    world.patch(&path, &json!({"status": "in_review"})).by(&world.home.admin).send().await.expect(200);
    let yes = json!({"status": "approved", "overall_status": "compliant", "compliance_score": 97.5});
    let answer = world.patch(&path, &yes).by(&world.home.admin).send().await.expect(422);
    assert!(answer.text().contains("approved by somebody other than who conducted it"), "{}", answer.text());
    world.patch(&path, &json!({"status": "approved"})).by(&world.home.owner).send().await.expect(422);
    let signed = world.patch(&path, &yes).by(&world.home.owner).send().await.expect(200).json();
    assert_eq!(signed["approved_by"], json!(world.home.owner.user_id));
    assert!(signed["completed_at"].is_string());
    world.patch(&path, &json!({"status": "draft"})).by(&world.home.owner).send().await.expect(422);
}

#[tokio::test]
async fn a_finding_names_a_control_of_its_framework() {
    let world = world().await;
    let (viewer, admin) = (&world.home.viewer, &world.home.admin);
    let control = async |framework: &str, code: &str| {
        let found =
            world.get(format!("/v1/compliance-frameworks?filter[name]={framework}")).by(viewer).send().await.json();
        let id = rows(&found)[0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/compliance-controls?filter[framework_id]={id}&limit=200");
        let all = world.get(path).by(viewer).send().await.expect(200).json();
        let all = rows(&all).to_vec();
        let one = all.iter().find(|control| control["code"] == code).unwrap()["id"].clone();
        (id, all.len(), one)
    };
    let (gdpr, articles, security) = control("GDPR", "Art. 32").await;
    let (_, criteria, access) = control("SOC%202", "CC6").await;
    let (_, annex, _) = control("ISO%2FIEC%2027001", "A.8.34").await;
    let (_, requirements, _) = control("PCI-DSS", "12").await;
    assert_eq!((articles, criteria, annex, requirements), (31, 9, 93, 12));
    let body = json!({"framework_id": gdpr, "assessment_name": "2026"});
    let made = world.post("/v1/compliance-assessments", &body).by(admin).send().await.expect(201).json();
    let finding = |control: &Value, position: u8| json!({"assessment_id": made["id"], "title": "No backups", "control_id": control, "position": position});
    world.post("/v1/compliance-findings", &finding(&security, 1)).by(admin).send().await.expect(201);
    let answer = world.post("/v1/compliance-findings", &finding(&access, 2)).by(admin).send().await.expect(422);
    assert!(answer.text().contains("must be one of the framework that is assessed"), "{}", answer.text());
    world.post("/v1/compliance-findings", &finding(&Value::Null, 3)).by(admin).send().await.expect(201);
}

#[tokio::test]
async fn whoever_closes_an_event_signs_it() {
    let world = world().await;
    let body = json!({"event_type": "failed_login", "title": "Forty tries in a minute", "severity": "high"});
    let made = world.post("/v1/security-events", &body).by(&world.home.admin).send().await.expect(201).json();
    let path = format!("/v1/security-events/{}", made["id"].as_str().unwrap());
    assert_eq!(made["is_resolved"], json!(false));
    let change = async |status: &str| {
        world.patch(&path, &json!({"status": status})).by(&world.home.owner).send().await.expect(200).json()
    };
    change("investigating").await;
    let closed = change("resolved").await;
    assert_eq!((&closed["is_resolved"], &closed["resolved_by"]), (&json!(true), &json!(world.home.owner.user_id)));
    assert!(closed["resolved_at"].is_string());
    let open = change("investigating").await;
    assert_eq!((&open["resolved_at"], &open["resolved_by"]), (&Value::Null, &Value::Null));
    world.get(&path).by(&world.home.developer).send().await.expect(404);
    world.delete(&path).by(&world.home.owner).send().await.expect(405);
}

#[tokio::test]
async fn the_life_of_a_key_has_one_direction() {
    let world = world().await;
    let admin = &world.home.admin;
    let id = world.example(&world.home, "encryption-keys", 0).await.unwrap();
    let other = world.example(&world.home, "encryption-keys", 1).await.unwrap();
    let path = format!("/v1/encryption-keys/{id}");
    let seen = world.get(&path).by(admin).send().await.expect(200).text();
    assert!(!seen.contains("wrapped_key_material") && !seen.contains("key_checksum"), "{seen}");
    world.get(&path).by(&world.home.developer).send().await.expect(404);
    let rotating = world.patch(&path, &json!({"status": "rotating"})).by(admin).send().await.expect(200).json();
    assert!(rotating["rotated_at"].is_string());
    let set = |what: &str| format!("update security.encryption_keys set {what} where id = '{id}'");
    for (change, reason) in [
        ("wrapped_key_material = null", "destroyed only once the key is revoked"),
        ("key_type = 'rsa2048'", "never change"),
        ("key_checksum = repeat('a', 64)", "never change"),
        (&*format!("parent_key_id = '{id}'"), "must not be the record itself"),
    ] {
        let answer = refused(&world, &set(change)).await;
        assert!(answer.contains(reason), "{change}: {answer}");
    }
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    tx.batch(&set(&format!("parent_key_id = '{other}'"))).await.unwrap();
    tx.commit().await.unwrap();
    let circle = format!("update security.encryption_keys set parent_key_id = '{id}' where id = '{other}'");
    assert!(refused(&world, &circle).await.contains("would close a circle"));

    world.patch(&path, &json!({"status": "deprecated"})).by(admin).send().await.expect(200);
    world.patch(&path, &json!({"status": "active"})).by(admin).send().await.expect(422);
    assert!(refused(&world, &set("status = 'active'")).await.contains("cannot become active"));
    world.patch(&path, &json!({"status": "revoked"})).by(admin).send().await.expect(200);
    let tx = ctx.begin().await.unwrap();
    tx.batch(&set("wrapped_key_material = null")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(refused(&world, &set("wrapped_key_material = '\\x00'")).await.contains("does not come back"));
}

#[tokio::test]
async fn only_a_column_that_is_there_is_classified() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    for (table, column) in [("identity.users", "shoe_size"), ("identity.nobody", "email")] {
        let sql = format!(
            "insert into security.data_elements (table_name, column_name, element_type, classification_id, masking_method)
             select '{table}', '{column}', 'email', id, 'redact' from security.data_classifications where name = 'public'"
        );
        let error = client.batch_execute(&sql).await.unwrap_err();
        assert!(error.as_db_error().unwrap().message().contains("there is no column"), "{table}.{column}");
    }
    let levels = world.get("/v1/data-classifications").by(&world.home.viewer).send().await.expect(200).json();
    let names: Vec<&str> = rows(&levels).iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["public", "internal", "confidential", "restricted", "top_secret"]);
    let masked = rows(&levels).iter().filter(|row| row["masking_required"] == true).count();
    assert_eq!(masked, 2);
}

/// What holds secrets or personal talk is closed to those who only read for reports.
#[tokio::test]
async fn reports_on_the_database_reach_no_secrets() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    for table in [
        "llm.providers",
        "llm.conversations",
        "llm.messages",
        "security.encryption_keys",
        "security.encrypted_data_registry",
        "security.security_events",
        "analytics.api_usage_logs",
        "analytics.usage_sessions",
    ] {
        let sql = "select has_table_privilege('readonly_user', $1, 'select') or has_any_column_privilege('readonly_user', $1, 'select')";
        let may: bool = client.query_one(sql, &[&table]).await.unwrap().get(0);
        assert!(!may, "readonly_user may read {table}");
    }
}
