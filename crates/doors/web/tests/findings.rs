//! What scanners found is listed with what matters first, and decided about on its page.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use serde_json::json;
use site::{Browser, World, one, text};

/// A log of a tool: rule, level and file of each result.
fn log(tool: &str, results: &[(&str, &str, &str)]) -> String {
    let results: Vec<_> = results
        .iter()
        .map(|(rule, level, file)| {
            json!({"ruleId": rule, "level": level, "message": {"text": format!("{rule} is broken")},
                   "locations": [{"physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": 7}}}]})
        })
        .collect();
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": tool}}, "results": results}]}).to_string()
}

/// Imports a log by the page for imports and waits until all of it is in.
async fn import(world: &World, browser: &mut Browser, build: &str, log: &str) {
    let done = "select count(*) from platform.imports where status = 'completed'";
    let before = world.number(done).await;
    browser.get("/p/pay/import").await;
    let csrf = browser.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("project", "pay"), ("build", build)];
    let sent = browser.upload("/p/pay/import", &fields, &[("scan.sarif", log)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    for _ in 0..400 {
        if world.number(done).await > before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the log was not imported: {}", browser.get(sent.location()).await.body);
}

#[tokio::test]
async fn findings_are_listed_with_the_worst_first_and_narrowed_by_the_address() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    assert_eq!(olga.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    let empty = olga.get("/p/pay/findings").await;
    assert!(empty.body.contains("throughline import --project pay --build 1 scan.sarif"), "{}", empty.body);
    assert!(olga.get("/p/pay").await.body.contains("href=\"/p/pay/findings\""), "the navigation leads there");

    let results = [("mild", "note", "src/a.rs"), ("bad", "error", "src/b.rs"), ("plain", "warning", "src/c.rs")];
    import(&world, &mut olga, "new", &log("Lint", &results)).await;
    import(&world, &mut olga, "new", &log("Audit", &[("other", "error", "src/d_100%.rs")])).await;
    let all = text(&olga.get("/p/pay/findings").await);
    let at = |words: &str| all.find(words).unwrap_or_else(|| panic!("no {words}: {all}"));
    assert!(at("src/d_100%.rs:7") < at("src/b.rs:7"), "the latest of what is equally bad comes first");
    assert!(at("src/b.rs:7") < at("src/c.rs:7") && at("src/c.rs:7") < at("src/a.rs:7"));
    for (query, there, not_there) in [
        ("severity=high", "src/b.rs", "src/c.rs"),
        ("severity=medium&severity=low", "src/c.rs", "src/b.rs"),
        ("tool=Audit", "src/d_100%.rs", "src/b.rs"),
        ("q=B.RS", "src/b.rs", "src/c.rs"),
        ("q=100%25", "src/d_100%.rs", "src/b.rs"),
        ("q=plain", "src/c.rs", "src/a.rs"),
        ("state=open&tool=Lint", "src/b.rs", "src/d_100%.rs"),
        ("state=fixed", "No finding fits these filters", "src/b.rs"),
        ("tool=%00&q=%00", "src/b.rs", "No finding fits"),
    ] {
        let page = text(&olga.get(&format!("/p/pay/findings?{query}")).await);
        assert!(page.contains(there) && !page.contains(not_there), "{query}: {page}");
    }

    // What is settled goes behind what somebody has to see to, however bad it is.
    world.sql("update security.findings set status = 'fixed', fixed_at = now() where uri = 'src/b.rs'").await;
    let all = text(&olga.get("/p/pay/findings").await);
    assert!(all.find("src/a.rs:7").unwrap() < all.find("src/b.rs:7").unwrap(), "{all}");

    world
        .sql(
            "insert into security.findings (project_id, tool, fingerprint, title, severity)
             select id, 'Bulk', sha256(n::text::bytea), 'bulk ' || n, case when n % 2 = 0 then 'low' else 'critical' end
               from work.projects, generate_series(1, 97) n where slug = 'pay'",
        )
        .await;
    let (mut path, mut seen, mut pages) = ("/p/pay/findings".to_owned(), std::collections::BTreeSet::new(), 0);
    loop {
        let page = olga.get(&path).await;
        let rows = page.body.split("data-row href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        let count = seen.len();
        let rows: Vec<String> = rows.collect();
        seen.extend(rows.iter().cloned());
        assert_eq!(seen.len(), count + rows.len(), "no row stands on two pages");
        pages += 1;
        let Some((_, rest)) = page.body.split_once("rel=\"next\" href=\"") else {
            assert!(page.body.contains("First page"));
            break;
        };
        path = rest.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!((seen.len(), pages), (101, 3));
}

#[tokio::test]
async fn a_finding_is_decided_about_on_its_page_by_whoever_may_and_the_decision_ends() {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    for name in ["Pay", "Shop"] {
        assert_eq!(olga.post("/projects", &[("name", name)]).await.status, StatusCode::SEE_OTHER);
    }
    world.invite("vera@example.test", "viewer").await;
    import(&world, &mut olga, "new", &log("Lint", &[("bad", "error", "src/b.rs")])).await;
    import(&world, &mut olga, "new", &log("Lint", &[("bad", "error", "src/moved.rs"), ("bad", "error", "src/b.rs")]))
        .await;
    let id = one(&world, "select id::text from security.findings where uri = 'src/b.rs'").await;
    let path = format!("/p/pay/findings/{id}");
    let act = format!("{path}/triage");
    let page = olga.get(&path).await;
    let said = text(&page);
    for words in ["bad is broken", "src/b.rs:7", "nobody has decided about it", "High", "scan.sarif", "#1", "#2"] {
        assert!(said.contains(words), "no {words}: {said}");
    }
    assert!(!page.body.contains("take back what was decided"));

    let mut vera = world.signed_in("vera@example.test").await;
    let seen = vera.get(&path).await;
    assert!(seen.status == StatusCode::OK && !seen.body.contains("/triage"), "{}", seen.body);
    let accepted = [("decision", "accepted"), ("reason", "Behind the firewall."), ("expires_at", "2999-01-31")];
    assert_eq!(vera.post(&act, &accepted).await.status, StatusCode::FORBIDDEN);

    olga.get(&path).await;
    for (fields, says) in [
        ([("decision", "accepted"), ("reason", " "), ("expires_at", "")], "must have from 1 to 2000 characters"),
        ([("decision", "accepted"), ("reason", "Why not."), ("expires_at", "2001-01-01")], "must be in the future"),
        ([("decision", "accepted"), ("reason", "Why not."), ("expires_at", "soon")], "must be a moment"),
        ([("decision", "confirmed"), ("reason", "Why not."), ("expires_at", "2999-01-01")], "must be left out"),
        ([("decision", "gone"), ("reason", "Why not."), ("expires_at", "")], "decide-decision"),
        ([("decision", "open"), ("reason", "Why not."), ("expires_at", "")], "nothing to take back"),
    ] {
        let page = olga.post(&act, &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(page.body.contains(says) && page.body.contains("role=\"alert\""), "{says}: {}", page.body);
        assert!(fields[1].1 == " " || page.body.contains("Why not."), "what was entered is kept");
    }
    assert_eq!(world.number("select count(*) from security.findings where triage is not null").await, 0);

    let sent = olga.post(&act, &accepted).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, path.as_str()), "{}", sent.body);
    let page = olga.get(&path).await;
    let said = text(&page);
    for words in ["is now: risk accepted", "Olga Owner", "Behind the firewall.", "31 Jan 2999", "Triaged"] {
        assert!(said.to_lowercase().contains(&words.to_lowercase()), "no {words}: {said}");
    }
    assert!(text(&olga.get("/p/pay/findings?state=accepted").await).contains("src/b.rs:7"));
    world
        .sql("update security.findings set triage_expires_at = now() - interval '1 hour' where triage is not null")
        .await;
    assert!(text(&olga.get(&path).await).contains("What was decided ended"));
    let back = [("decision", "open"), ("reason", "It was tried."), ("expires_at", "")];
    assert_eq!(olga.post(&act, &back).await.status, StatusCode::SEE_OTHER);
    assert!(text(&olga.get(&path).await).contains("nobody has decided about it"));
    let trail = "select count(*) from audit.audit_logs where event_type = 'finding.triaged'";
    assert_eq!(world.number(trail).await, 2, "each decision has its row, and what was refused has none");

    // Found in its own project alone, and in no other organisation.
    for elsewhere in
        [format!("/p/shop/findings/{id}"), "/p/pay/findings/1".to_owned(), format!("/p/none/findings/{id}")]
    {
        assert_eq!(olga.get(&elsewhere).await.status, StatusCode::NOT_FOUND, "{elsewhere}");
    }
    olga.get(&path).await;
    assert_eq!(olga.post(&format!("/p/shop/findings/{id}/triage"), &accepted).await.status, StatusCode::NOT_FOUND);
    world.other("abroad", "ann@example.test").await;
    let mut ann = world.signed_in("ann@example.test").await;
    assert_eq!(ann.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ann.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ann.get(&path).await.status, StatusCode::NOT_FOUND);
    assert!(ann.get("/p/pay/findings").await.body.contains("No scanner has found anything"));
}

/// Shows the page's part of REQ-64.3.
#[tokio::test]
async fn the_page_of_a_vulnerability_names_where_it_runs_and_who_answers_for_that() {
    let world = World::new().await;
    world
        .sql(
            "insert into work.projects (name, slug, owner_user_id) values ('Pay', 'pay', platform.current_user_id()), ('Shop', 'shop', null);
             insert into delivery.builds (project_id, build_number, version_tag, status) select id, 1, 'v1', 'success' from work.projects;
             insert into delivery.builds (project_id, build_number, version_tag, status) select id, 2, 'v2', 'success' from work.projects where slug = 'pay';
             insert into delivery.environments (name, tier) values ('eu-live', 'staging'), ('try-out', 'test');
             insert into platform.services (name, service_type) values ('checkout', 'api');
             insert into security.sboms (project_id, build_id, spec_version) select project_id, id, '1.6' from delivery.builds;
             insert into security.sbom_components (project_id, sbom_id, name, version, package, package_version)
               select project_id, id, 'xz', '5.6.0', 'pkg:deb/xz', '5.6.0' from security.sboms;
             insert into delivery.deployments (project_id, build_id, service_id, environment_id, version, status)
               select b.project_id, b.id, case when p.slug = 'pay' then v.id end, e.id, 'run-' || p.slug, 'success'
                 from delivery.builds b join work.projects p on p.id = b.project_id, platform.services v, delivery.environments e
                where b.build_number = 1 and e.name = case when p.slug = 'pay' then 'eu-live' else 'try-out' end;
             -- Only from now on, because a deployment to production needs a second member.
             update delivery.environments set tier = 'production' where name = 'eu-live';
             insert into security.vulnerability_statements (project_id, identifier, severity, analysis_state, justification)
               select id, 'CVE-2024-3094', 'critical', case when slug = 'shop' then 'not_affected' end,
                      case when slug = 'shop' then 'code_not_reachable' end from work.projects;
             insert into security.vulnerability_affects (project_id, statement_id, reference, package, package_version)
               select project_id, id, 'xz', 'pkg:deb/xz', '5.6.0' from security.vulnerability_statements;
             insert into security.vulnerability_statements (project_id, identifier) select id, 'CVE-2020-1' from work.projects where slug = 'pay'",
        )
        .await;
    let mut olga = world.signed_in("olga@example.test").await;
    assert!(olga.get("/p/pay/findings").await.body.contains("href=\"/exposure\""));
    for nothing in ["/exposure", "/exposure?identifier=", "/exposure?identifier=%00", "/exposure?other=1"] {
        assert!(olga.get(nothing).await.body.contains("Nothing is asked yet"), "{nothing}");
    }
    let page = olga.get("/exposure?identifier=%20cve-2024-3094").await;
    let said = text(&page);
    for words in [
        "In production CVE-2024-3094, by 2 documents",
        "checkout, Pay eu-live Yes run-pay, #1 Olga Owner xz 5.6.0 Open",
        "Shop try-out No run-shop, #1 – nobody xz 5.6.0 False positive code not reachable , brought by Olga Owner",
        "Built, and runs nowhere 1",
        "Pay v2, #2",
    ] {
        assert!(said.contains(words), "no {words}: {said}");
    }
    assert!(page.body.contains("href=\"/p/pay/builds/1\"") && page.body.contains("value=\"cve-2024-3094\""));
    let nowhere = text(&olga.get("/exposure?identifier=CVE-2020-1").await);
    assert!(nowhere.contains("Runs nowhere that you may see") && !nowhere.contains("checkout"), "{nowhere}");
    assert!(olga.get("/exposure?identifier=CVE-1-1").await.body.contains("Nothing is known of this vulnerability"));
    let long = "x".repeat(201);
    assert_eq!(olga.get(&format!("/exposure?identifier={long}")).await.status, StatusCode::BAD_REQUEST);

    world.other("abroad", "ann@example.test").await;
    let mut ann = world.signed_in("ann@example.test").await;
    let hers = ann.get("/exposure?identifier=CVE-2024-3094").await;
    assert!(hers.body.contains("Nothing is known of this vulnerability"), "{}", hers.body);
    assert_eq!(world.browser().get("/exposure").await.status, StatusCode::SEE_OTHER);
}
