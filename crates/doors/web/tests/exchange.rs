//! Requirements that come from other tools by the page for imports, are tried first, and go back again.

#![allow(clippy::unwrap_used)]

mod site;

use axum::http::StatusCode;
use site::{Browser, World, one, text};

const TABLE: &str = "Nr;Anforderung;Status\n1;It shall stop.;odd\n2;It shall start.;Approved\n";

const REQIF: &str = r#"<REQ-IF xmlns="http://www.omg.org/spec/ReqIF/20110401/reqif.xsd" xmlns:h="http://www.w3.org/1999/xhtml"><THE-HEADER><REQ-IF-HEADER IDENTIFIER="doc"><TITLE>Doc</TITLE></REQ-IF-HEADER></THE-HEADER><CORE-CONTENT><REQ-IF-CONTENT><SPEC-TYPES><SPEC-OBJECT-TYPE IDENTIFIER="t"><SPEC-ATTRIBUTES><ATTRIBUTE-DEFINITION-XHTML IDENTIFIER="a" LONG-NAME="ReqIF.Text"/></SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE><SPEC-RELATION-TYPE IDENTIFIER="r" LONG-NAME="satisfies"/></SPEC-TYPES><SPEC-OBJECTS><SPEC-OBJECT IDENTIFIER="o1" LONG-NAME="One"><VALUES><ATTRIBUTE-VALUE-XHTML><DEFINITION><ATTRIBUTE-DEFINITION-XHTML-REF>a</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION><THE-VALUE><h:div>It <h:b>shall</h:b> stop.<h:script>x()</h:script></h:div></THE-VALUE></ATTRIBUTE-VALUE-XHTML></VALUES></SPEC-OBJECT><SPEC-OBJECT IDENTIFIER="o2" LONG-NAME="Two"/></SPEC-OBJECTS><SPEC-RELATIONS><SPEC-RELATION IDENTIFIER="l"><SOURCE><SPEC-OBJECT-REF>o2</SPEC-OBJECT-REF></SOURCE><TARGET><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></TARGET><TYPE><SPEC-RELATION-TYPE-REF>r</SPEC-RELATION-TYPE-REF></TYPE></SPEC-RELATION></SPEC-RELATIONS><SPECIFICATIONS><SPECIFICATION IDENTIFIER="s"><CHILDREN><SPEC-HIERARCHY IDENTIFIER="h"><OBJECT><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></OBJECT></SPEC-HIERARCHY></CHILDREN></SPECIFICATION></SPECIFICATIONS></REQ-IF-CONTENT></CORE-CONTENT></REQ-IF>"#;

/// Sends a file by the page and waits until it has ended; answers the page of the import.
async fn import(browser: &mut Browser, more: &[(&str, &str)], name: &str, content: impl AsRef<[u8]>) -> String {
    browser.get("/p/pay/import").await;
    let csrf = browser.csrf.clone();
    let mut fields = vec![("csrf", csrf.as_str()), ("project", "pay"), ("build", "none")];
    fields.extend(more);
    let sent = browser.upload_bytes("/p/pay/import", &fields, &[(name, content.as_ref())]).await;
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
    import(&mut olga, &[], "doc.reqif", changed.as_str()).await;
    assert_eq!(world.number(versions).await, before);
    assert_eq!(world.number("select count(*) from work.requirements").await, 3);
    assert_eq!(world.number("select count(*) from work.requirements where description = 'Now.'").await, 1);
    let nothing = olga.get("/p/pay/requirements.reqif?document=01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

/// Proves REQ-65.4.
#[tokio::test]
async fn pictures_that_a_text_names_are_shown_and_everything_else_is_saved() {
    let (world, mut olga) = with_project().await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let named = r#"It <h:object data="pictures/a%20b.png" type="text/html"/><h:object data="c.svg" type="image/png"/><h:object data="e.html"/> "#;
    let document = REQIF.replace("It ", named);
    let mut packer = formats::exchange::Packer::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [
        ("doc.reqif", document.as_bytes()),
        ("pictures/a b.png", b"\x89PNG\r\n\x1a\npixels"),
        ("c.svg", svg),
        ("d.png", b"\x89PNG\r\n\x1a\nof another"),
        ("e.html", b"<html><script>alert(1)</script></html>"),
    ] {
        packer.add(name, content).unwrap();
    }
    import(&mut olga, &[], "doc.reqifz", packer.finish().unwrap().into_inner()).await;
    let page = olga.get("/p/pay/requirements/REQ-1").await.body;
    let id = |name: &str| format!("select id::text from platform.exchange_files where name = '{name}'");
    let at = |id: &str| format!("/p/pay/requirements/REQ-1/files/{id}");
    let picture = at(&one(&world, &id("pictures/a b.png")).await);
    let (drawing, site) = (at(&one(&world, &id("c.svg")).await), at(&one(&world, &id("e.html")).await));
    assert!(page.contains(&format!("<img src=\"{picture}\" alt=\"a b.png\"")), "{page}");
    assert_eq!(page.matches("<img src=\"/p/").count(), 1, "{page}");
    assert!(page.contains(&format!("href=\"{drawing}\" download=\"c.svg\"")), "{page}");
    assert!(!olga.get("/p/pay/requirements/REQ-2").await.body.contains("/files/"), "its text names none");

    let rows = "select count(*) from audit.audit_logs where event_type = 'requirement.exported'";
    let before = world.number(rows).await;
    let shown = olga.get(&picture).await;
    let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-disposition", "inline; filename=\"a b.png\""),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-cache"),
        ("content-length", "14"),
    ] {
        assert_eq!(shown.headers[name], value, "{name}");
    }
    assert!(shown.status == StatusCode::OK && shown.body.ends_with("pixels"));
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let again = olga.get_again(&picture, &tag).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(world.number(rows).await, before, "a picture is read, not taken away");
    for (path, kind, name) in [(&drawing, "image/svg+xml", "c.svg"), (&site, "application/octet-stream", "e.html")] {
        let saved = olga.get(path).await;
        assert_eq!(saved.headers["content-type"], kind);
        assert_eq!(saved.headers["content-disposition"], format!("attachment; filename=\"{name}\"").as_str());
        assert_eq!(saved.headers["content-security-policy"], policy);
    }
    assert_eq!(world.number(rows).await, before + 2);

    // A file of the archive that this text does not name, one of another requirement, and nonsense.
    let unnamed = at(&one(&world, &id("d.png")).await);
    for path in [unnamed.as_str(), &picture.replace("REQ-1", "REQ-2"), &at("x"), "/p/pay/requirements/REQ-9/files/x"] {
        assert_eq!(olga.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Nobody signed in, another organisation, a member of the organisation who may not see the project, and one who may.
    assert_eq!(world.browser().get(&picture).await.status, StatusCode::SEE_OTHER);
    world.other("quay", "quentin@example.test").await;
    let mut quentin = world.signed_in("quentin@example.test").await;
    assert_eq!(quentin.get(&picture).await.status, StatusCode::NOT_FOUND);
    world.invite("vera@example.test", "viewer").await;
    let mut vera = world.signed_in("vera@example.test").await;
    assert_eq!(vera.get(&picture).await.status, StatusCode::OK);
    world.sql("update work.projects set visibility = 'private'").await;
    assert_eq!(vera.get(&picture).await.status, StatusCode::NOT_FOUND);
    assert_eq!(vera.get("/p/pay/requirements.reqifz").await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.get("/p/pay/requirements.reqifz").await.headers["content-type"], "application/zip");
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
