//! Requirements that come from other tools by the page for imports, are tried first, and go back again.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{Browser, World, one, text};

const TABLE: &str = "Nr;Anforderung;Status\n1;It shall stop.;odd\n2;It shall start.;Approved\n";

const REQIF: &str = r#"<REQ-IF xmlns="http://www.omg.org/spec/ReqIF/20110401/reqif.xsd" xmlns:h="http://www.w3.org/1999/xhtml"><THE-HEADER><REQ-IF-HEADER IDENTIFIER="doc"><TITLE>Doc</TITLE></REQ-IF-HEADER></THE-HEADER><CORE-CONTENT><REQ-IF-CONTENT><SPEC-TYPES><SPEC-OBJECT-TYPE IDENTIFIER="t"><SPEC-ATTRIBUTES><ATTRIBUTE-DEFINITION-XHTML IDENTIFIER="a" LONG-NAME="ReqIF.Text"/></SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE><SPEC-RELATION-TYPE IDENTIFIER="r" LONG-NAME="satisfies"/></SPEC-TYPES><SPEC-OBJECTS><SPEC-OBJECT IDENTIFIER="o1" LONG-NAME="One"><VALUES><ATTRIBUTE-VALUE-XHTML><DEFINITION><ATTRIBUTE-DEFINITION-XHTML-REF>a</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION><THE-VALUE><h:div>It <h:b>shall</h:b> stop.<h:script>x()</h:script></h:div></THE-VALUE></ATTRIBUTE-VALUE-XHTML></VALUES></SPEC-OBJECT><SPEC-OBJECT IDENTIFIER="o2" LONG-NAME="Two"/></SPEC-OBJECTS><SPEC-RELATIONS><SPEC-RELATION IDENTIFIER="l"><SOURCE><SPEC-OBJECT-REF>o2</SPEC-OBJECT-REF></SOURCE><TARGET><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></TARGET><TYPE><SPEC-RELATION-TYPE-REF>r</SPEC-RELATION-TYPE-REF></TYPE></SPEC-RELATION></SPEC-RELATIONS><SPECIFICATIONS><SPECIFICATION IDENTIFIER="s"><CHILDREN><SPEC-HIERARCHY IDENTIFIER="h"><OBJECT><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></OBJECT></SPEC-HIERARCHY></CHILDREN></SPECIFICATION></SPECIFICATIONS></REQ-IF-CONTENT></CORE-CONTENT></REQ-IF>"#;

/// Sends a file by the page and waits until it has ended; answers the page of the import.
async fn import(browser: &mut Browser, more: &[(&str, &str)], name: &str, content: &str) -> String {
    browser.get("/p/pay/import").await;
    let csrf = browser.csrf.clone();
    let mut fields = vec![("csrf", csrf.as_str()), ("project", "pay"), ("build", "none")];
    fields.extend(more);
    let sent = browser.upload("/p/pay/import", &fields, &[(name, content)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let path = sent.location().to_owned();
    for _ in 0..400 {
        let page = browser.get(&path).await;
        if !page.body.contains("data-poll") {
            return page.body;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the import did not end");
}

async fn with_project() -> (World, Browser) {
    let world = World::new().await;
    let mut olga = world.signed_in("olga@example.test").await;
    assert_eq!(olga.post("/projects", &[("name", "Pay")]).await.status, StatusCode::SEE_OTHER);
    (world, olga)
}

/// Proves REQ-65.2.
#[tokio::test]
async fn a_table_is_tried_its_columns_are_put_right_and_then_it_is_taken() {
    let (world, mut olga) = with_project().await;
    let refused = import(&mut olga, &[("dry_run", "true")], "specs.csv", TABLE).await;
    assert!(refused.contains("no column says what a record is about"), "{refused}");
    // A profile under the name of the file says what could not be guessed.
    assert_eq!(olga.get("/p/pay/import-profiles").await.status, StatusCode::OK);
    let made = olga.post("/p/pay/import-profiles", &[("name", "specs")]).await;
    let path = made.location().to_owned();
    let wrong = [
        ("name", "specs"),
        ("target", "as_usual"),
        ("version", "1"),
        ("columns", "Anforderung = nothing"),
        ("statuses", "odd approved"),
    ];
    let refused = olga.post(&path, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("line 1 is not of the form") && refused.body.contains("Anforderung = nothing"),
        "{}",
        refused.body
    );
    let right = [
        ("name", "specs"),
        ("target", "as_usual"),
        ("version", "1"),
        ("columns", "Anforderung = text\r\nNr = identifier"),
        ("statuses", "odd = in_progress"),
    ];
    let saved = olga.post(&path, &right).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    assert!(olga.get(&path).await.body.contains("Anforderung = text"));
    assert_eq!(olga.post(&path, &right).await.status, StatusCode::PRECONDITION_FAILED, "somebody was quicker");

    let tried = import(&mut olga, &[("dry_run", "true")], "specs.csv", TABLE).await;
    assert!(tried.contains("This was only tried") && tried.contains("It shall stop."), "{tried}");
    assert_eq!(world.number("select count(*) from work.requirements").await, 0);
    import(&mut olga, &[], "specs.csv", TABLE).await;
    assert_eq!(world.number("select count(*) from work.requirements where status = 'in_progress'").await, 1);
    assert!(olga.get("/p/pay/requirements").await.body.contains("requirements.xlsx"));
}

/// Proves REQ-65.1, REQ-65.4.
#[tokio::test]
async fn requirements_go_back_as_they_came_with_what_has_changed() {
    let (world, mut olga) = with_project().await;
    import(&mut olga, &[], "doc.reqif", REQIF).await;
    let page = olga.get("/p/pay/requirements/REQ-1").await;
    assert!(text(&page).contains("It shall stop.") && !page.body.contains("x()"), "{}", page.body);
    let same = olga.get("/p/pay/requirements.reqif").await;
    assert_eq!(same.headers["content-type"], "application/xml");
    let kept: Vec<&str> = REQIF.split_inclusive('>').filter(|tag| !tag.contains("SPEC-RELATION>")).collect();
    for tag in kept {
        assert!(same.body.contains(tag), "{tag} is lost: {}", same.body);
    }
    assert_eq!(same.body.matches("<SPEC-OBJECT ").count(), 2);
    assert_eq!(same.body.matches("<SPEC-RELATION ").count(), 1);

    world.sql("update work.requirements set title = 'Uno' where key = 'REQ-1'; update work.requirements set description = 'Now.' where key = 'REQ-2'").await;
    world
        .sql(&format!(
            "insert into work.requirements (project_id, title) values ('{}', 'Three & more')",
            one(&world, "select id::text from work.projects").await
        ))
        .await;
    let changed = olga.get("/p/pay/requirements.reqif").await.body;
    assert!(
        changed.contains("LONG-NAME=\"Uno\"")
            && changed.contains("DESC=\"Now.\"")
            && changed.contains("Three &amp; more"),
        "{changed}"
    );
    assert!(changed.contains("It <h:b>shall</h:b> stop."), "what did not change stays as it was: {changed}");
    // What went out comes in again, and changes nothing but that it is known now.
    let versions = "select sum(row_version)::bigint from work.requirements";
    let before = world.number(versions).await;
    import(&mut olga, &[], "doc.reqif", &changed).await;
    assert_eq!(world.number(versions).await, before);
    assert_eq!(world.number("select count(*) from work.requirements").await, 3);
    assert_eq!(world.number("select count(*) from work.requirements where description = 'Now.'").await, 1);
    let nothing = olga.get("/p/pay/requirements.reqif?document=01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_list_comes_as_a_workbook_too() {
    let (world, mut olga) = with_project().await;
    let project = one(&world, "select id::text from work.projects").await;
    world.sql(&format!("insert into work.requirements (project_id, title) values ('{project}', '=1+1')")).await;
    for path in ["requirements", "matrix", "tests", "builds", "defects", "deployments"] {
        let page = olga.get(&format!("/p/pay/{path}.xlsx")).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.headers["content-type"], kernel::WORKBOOK_TYPE, "{path}");
        assert!(page.body.starts_with("PK"), "{path}");
    }
}
