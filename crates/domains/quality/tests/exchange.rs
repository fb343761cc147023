//! Requirements and issues of other tools, into the database and once more.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::{
    io::{Cursor, Read as _},
    path::PathBuf,
};

use common::{Ended, World, assert_adds_up};
use formats::{
    Format, Limits,
    exchange::{self, File, Packer, Profile, files},
};
use kernel::permit_in;
use quality::imports::FileStatus;
use serde_json::{Value, json};

const TABLE: &str = "ID,Title,Description,Status,Priority,Owner,Parent,Depends on,Acceptance criteria\n\
    A-1,One,First.,Approved,High,ada@example.org,,,\"- a\n- b\"\n\
    A-2,Two,Second.,odd,,,A-1,A-1,\n\
    A-3,Three,,Done,low,nobody@example.org,A-2,,\n";

async fn tried(world: &World, name: &str, content: &str, more: Value) -> Ended {
    let mut input = json!({"dry_run": "true"});
    more.as_object().unwrap().iter().for_each(|(name, value)| input[name] = value.clone());
    world.import(&[(name, content.as_bytes())], input).await.remove(0)
}

async fn sql(world: &World, text: &str) {
    let tx = world.ctx.begin().await.unwrap();
    tx.batch(text).await.unwrap();
    tx.commit().await.unwrap();
}

fn changes<'a>(ended: &'a Ended, what: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let of = ended.summary.changes.iter().filter(|one| one.what == what);
    of.map(|one| (one.record.as_str(), one.fields.iter().map(|field| field.field.as_str()).collect())).collect()
}

/// Proves REQ-65.2.
#[tokio::test]
async fn a_table_is_tried_then_taken_then_left_alone_then_changed() {
    let world = World::new().await;
    let before = world.stored().await;
    let tried = tried(&world, "reqs.csv", TABLE, json!({})).await;
    assert_eq!((tried.status.as_str(), tried.summary.status), ("completed", FileStatus::Tried), "{:?}", tried.error);
    assert_adds_up(&tried.summary);
    assert_eq!(changes(&tried, "created").len(), 3);
    assert_eq!(world.stored().await, before, "a trial stores nothing");
    assert_eq!(world.count("select count(*) from platform.external_references").await, 0);
    // But for the assignment of columns, to be put right.
    assert_eq!(tried.summary.profile.as_deref(), Some("reqs"));
    assert_eq!(
        world
            .count("select count(*) from platform.import_profiles where mapping -> 'columns' ->> 'Parent' = 'parent'")
            .await,
        1
    );

    let made = world.import_one("reqs.csv", TABLE).await;
    assert_eq!((made.status.as_str(), made.summary.status), ("completed", FileStatus::Imported), "{:?}", made.error);
    assert_adds_up(&made.summary);
    assert_eq!(made.summary.created, tried.summary.created, "what was tried is what came");
    assert_eq!((made.summary.created["requirements"], made.summary.created["acceptance_criteria"]), (3, 2));
    assert_eq!((made.summary.created["trace_links"], made.summary.created["requirement_dependencies"]), (2, 1));
    assert!(made.summary.warnings.iter().any(|warning| warning.contains("`odd`")), "{:?}", made.summary.warnings);
    assert_eq!(world.count("select count(*) from work.requirements where assigned_to_user_id is not null and status = 'approved' and priority_code = 'high'").await, 1);

    let stored = world.stored().await;
    let again = world.import_one("elsewhere.csv", TABLE).await;
    assert_eq!(again.summary.status, FileStatus::Unchanged, "{:?}", again.summary);
    assert!(again.summary.created.is_empty() && again.summary.updated.is_empty());
    assert_eq!(world.stored().await, stored);

    let changed =
        world.import_one("reqs.csv", &TABLE.replace("First.", "First and mended.").replace("- b", "- c")).await;
    assert_eq!(changes(&changed, "updated"), [("REQ-1", vec!["description"])]);
    let updated = |kind: &str| changed.summary.updated.get(kind).copied().unwrap_or_default();
    assert_eq!((updated("requirements"), updated("acceptance_criteria")), (1, 1), "{:?}", changed.summary);
    assert_eq!(changed.summary.unchanged["requirements"], 2);
    assert_adds_up(&changed.summary);
}

#[tokio::test]
async fn what_was_changed_here_stays_unless_the_file_changed_it_too() {
    let world = World::new().await;
    world.import_one("reqs.csv", TABLE).await;
    sql(&world, "update work.requirements set title = 'Mine', status = 'in_progress' where key = 'REQ-1'").await;
    let same = world.import_one("reqs.csv", TABLE).await;
    assert_eq!(changes(&same, "left"), [("REQ-1", vec!["title", "status"])]);
    assert_eq!(world.count("select count(*) from work.requirements where title = 'Mine'").await, 1);
    let both = world.import_one("reqs.csv", &TABLE.replace("A-1,One", "A-1,Theirs")).await;
    assert_eq!(changes(&both, "updated"), [("REQ-1", vec!["title"])]);
    assert!(both.summary.warnings.iter().any(|warning| warning.contains("changed here and in the file")));
    assert_eq!(
        world.count("select count(*) from work.requirements where title = 'Theirs' and status = 'in_progress'").await,
        1
    );
}

/// Proves REQ-65.2.
#[tokio::test]
async fn rows_that_cannot_be_taken_are_all_told_and_none_of_the_file_is_taken() {
    let world = World::new().await;
    let ended = world.import_one("reqs.csv", "id,title,due\nA,x,\n,y,\nB,z,soon\n").await;
    assert_eq!(ended.status, "failed");
    let told: Vec<(Option<u64>, &str)> =
        ended.summary.rejected.iter().map(|one| (one.line, one.reason.as_str())).collect();
    assert!(told.len() == 2 && told[0].0 == Some(3) && told[1].1.contains("due: `soon` is no date"), "{told:?}");
    assert_eq!(world.count("select count(*) from platform.import_rejections where record = 'B' and line = 4").await, 1);
    assert_eq!(world.count("select count(*) from work.requirements").await, 0);
    world.import_one("reqs.csv", TABLE).await;
    sql(&world, "update work.requirements set deleted_at = now() where key = 'REQ-2'").await;
    let ended = world.import_one("reqs.csv", TABLE).await;
    assert!(ended.error.unwrap().contains("REQ-2 here, which is in the bin"));
}

#[tokio::test]
async fn a_profile_says_what_words_mean_and_a_wrong_one_is_told() {
    let world = World::new().await;
    let profile = |mapping: &str| {
        format!(
            "insert into platform.import_profiles (project_id, name, system, mapping) values ('{}', 'theirs', 'doors', '{mapping}')
             on conflict (organization_id, project_id, name) do update set mapping = excluded.mapping",
            world.project
        )
    };
    sql(&world, &profile(r#"{"columns":{"Nummer":"identifier","Inhalt":"title"},"statuses":{"odd":"approved"},"kinds":{"Info":"left_out"}}"#)).await;
    let text = "Nummer;Inhalt;Status;Type\n1;Eins;odd;Req\n2;Zwei;odd;Info\n";
    let ended = world.import(&[("x.csv", text.as_bytes())], json!({"profile": "theirs"})).await.remove(0);
    assert_eq!(ended.summary.created["requirements"], 1, "{ended:?}");
    assert_eq!(ended.summary.unchanged["left_out"], 1);
    assert_eq!(
        world
            .count("select count(*) from platform.external_references where system = 'doors' and external_id = '1'")
            .await,
        1
    );
    assert_eq!(world.count("select count(*) from work.requirements where status = 'approved'").await, 1);
    sql(&world, &profile(r#"{"statuses":{"odd":"aproved"}}"#)).await;
    let ended = world.import(&[("x.csv", text.as_bytes())], json!({"profile": "theirs"})).await.remove(0);
    assert!(ended.error.unwrap().contains("`aproved`, which is none of"));
    assert!(world.queue(&[("x.csv", b"id,title\n1,a\n")], json!({"profile": "nobody's"})).await.is_err());
    assert!(world.queue(&[("x.csv", b"id,title\n1,a\n")], json!({"dry_run": "perhaps"})).await.is_err());
    assert!(world.queue(&[("x.csv", b"id,title\n1,a\n")], json!({"dry_run": "true", "build": "7"})).await.is_err());
}

/// Proves REQ-65.3.
#[tokio::test]
async fn issues_become_defects_with_their_people_states_and_links() {
    let world = World::new().await;
    let issue = |key: &str, state: &str, links: &str| {
        format!(
            r#"{{"key":"{key}","self":"https://x.example/rest/api/2/issue/1","fields":{{"summary":"S {key}","description":"d","issuetype":{{"name":"Bug"}},"status":{{"name":"{state}"}},
            "priority":{{"name":"Major"}},"assignee":{{"displayName":"Ada","emailAddress":"ada@example.org"}},"reporter":{{"displayName":"Someone Else"}},"issuelinks":[{links}]}}}}"#
        )
    };
    let link = r#"{"type":{"name":"Blocks"},"outwardIssue":{"key":"P-2"}}"#;
    let file = |state: &str| format!(r#"{{"issues":[{},{}]}}"#, issue("P-1", state, link), issue("P-2", "Closed", ""));
    let made = world.import_one("issues.json", &file("In Progress")).await;
    assert_adds_up(&made.summary);
    assert_eq!((made.summary.created["defects"], made.summary.created["trace_links"]), (2, 1), "{made:?}");
    let kept = "select count(*) from platform.external_references x join quality.defects d on d.id = x.entity_id
        where x.system = 'jira' and x.external_id = 'P-1' and x.url = 'https://x.example/browse/P-1' and d.status = 'in_progress' and d.severity = 'high'
          and d.assigned_to_user_id is not null and x.content @> '{\"people\": [{\"name\": \"Someone Else\"}]}'";
    assert_eq!(world.count(kept).await, 1);
    let moved = world.import_one("issues.json", &file("Resolved")).await;
    assert_eq!(changes(&moved, "updated"), [("DEF-1", vec!["status"])]);
    assert_eq!(
        world.count("select count(*) from quality.defects where key = 'DEF-1' and resolved_at is not null").await,
        1
    );
}

#[tokio::test]
async fn a_reqif_document_is_kept_for_the_way_back() {
    let world = World::new().await;
    let file = |text: &str| {
        format!(
            r#"<REQ-IF xmlns="http://www.omg.org/spec/ReqIF/20110401/reqif.xsd" xmlns:h="http://www.w3.org/1999/xhtml"><THE-HEADER><REQ-IF-HEADER IDENTIFIER="doc"><TITLE>Doc</TITLE></REQ-IF-HEADER></THE-HEADER><CORE-CONTENT><REQ-IF-CONTENT>
            <SPEC-TYPES><SPEC-OBJECT-TYPE IDENTIFIER="t"><SPEC-ATTRIBUTES><ATTRIBUTE-DEFINITION-XHTML IDENTIFIER="a" LONG-NAME="ReqIF.Text"/></SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE></SPEC-TYPES>
            <SPEC-OBJECTS><SPEC-OBJECT IDENTIFIER="o1" LONG-NAME="One"><VALUES><ATTRIBUTE-VALUE-XHTML><DEFINITION><ATTRIBUTE-DEFINITION-XHTML-REF>a</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION><THE-VALUE><h:div>{text}<h:script>x()</h:script></h:div></THE-VALUE></ATTRIBUTE-VALUE-XHTML></VALUES></SPEC-OBJECT>
            <SPEC-OBJECT IDENTIFIER="o2" LONG-NAME="Two"/></SPEC-OBJECTS><SPECIFICATIONS><SPECIFICATION IDENTIFIER="s"><CHILDREN><SPEC-HIERARCHY IDENTIFIER="h"><OBJECT><SPEC-OBJECT-REF>o1</SPEC-OBJECT-REF></OBJECT><CHILDREN><SPEC-HIERARCHY IDENTIFIER="i"><OBJECT><SPEC-OBJECT-REF>o2</SPEC-OBJECT-REF></OBJECT></SPEC-HIERARCHY></CHILDREN></SPEC-HIERARCHY></CHILDREN></SPECIFICATION></SPECIFICATIONS></REQ-IF-CONTENT></CORE-CONTENT></REQ-IF>"#
        )
    };
    let made = world.import_one("doc.reqif", &file("a &lt;b&gt;")).await;
    assert_adds_up(&made.summary);
    assert_eq!(
        (made.summary.created["requirements"], made.summary.created["documents"], made.summary.created["trace_links"]),
        (2, 1, 1),
        "{made:?}"
    );
    assert_eq!(
        world.count("select count(*) from work.requirements where title = 'One' and description = 'a <b>'").await,
        1
    );
    assert_eq!(world.count("select count(*) from platform.external_references where document_id is not null and content ->> 'source' like '%script%'").await, 2 - 1);
    assert_eq!(world.import_one("doc.reqif", &file("a &lt;b&gt;")).await.summary.status, FileStatus::Unchanged);
    let changed = world.import_one("doc.reqif", &file("c")).await;
    assert_eq!(changes(&changed, "updated"), [("REQ-1", vec!["description"])]);
}

/// The files that are kept, by name, with their content.
async fn kept(world: &World) -> Vec<(String, Vec<u8>)> {
    let tx = world.ctx.begin_read().await.unwrap();
    let rows = tx.query("select name, content from platform.exchange_files order by name", &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = Packer::new(Cursor::new(Vec::new()));
    members.iter().for_each(|(name, content)| packer.add(name, content).unwrap());
    packer.finish().unwrap().into_inner()
}

/// The members of an archive, by name.
fn members(bytes: &[u8]) -> Vec<File> {
    let mut members: Vec<File> = files(Cursor::new(bytes), &Limits::default()).unwrap().map(Result::unwrap).collect();
    members.sort_by(|one, other| one.name.cmp(&other.name));
    members
}

/// What goes out as an archive.
async fn out(world: &World) -> Vec<u8> {
    let tx = world.ctx.begin_read().await.unwrap();
    let allowed = permit_in(&world.ctx, &work::REQUIREMENTS, world.project).unwrap();
    let whole = (world.project, "Billing");
    let mut file = quality::requirements_as_reqifz(&world.ctx, &tx, &allowed, whole, None).await.unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

const DOCUMENT: &str = r#"<REQ-IF><THE-HEADER><REQ-IF-HEADER IDENTIFIER="doc"><TITLE>Doc</TITLE></REQ-IF-HEADER></THE-HEADER><CORE-CONTENT><REQ-IF-CONTENT><SPEC-OBJECTS><SPEC-OBJECT IDENTIFIER="o1" LONG-NAME="One"/></SPEC-OBJECTS></REQ-IF-CONTENT></CORE-CONTENT></REQ-IF>"#;

/// Proves REQ-65.1.
#[tokio::test]
async fn files_of_an_archive_are_kept_replaced_removed_and_go_back() {
    let world = World::new().await;
    let big = vec![7; 600 << 10];
    let all: [(&str, &[u8]); 4] = [
        ("in/doc.reqif", DOCUMENT.as_bytes()),
        ("in/a.png", b"\x89PNG\r\n\x1a\n"),
        ("b.bin", &big),
        ("in/c.txt", b"c"),
    ];
    let import =
        async |members: &[(&str, &[u8])]| world.import(&[("doc.reqifz", &packed(members))], json!({})).await.remove(0);
    let tried = world.import(&[("doc.reqifz", &packed(&all))], json!({"dry_run": "true"})).await.remove(0);
    assert_eq!((tried.summary.created["files"], kept(&world).await.len()), (3, 0));
    let made = import(&all).await;
    assert_adds_up(&made.summary);
    assert_eq!(made.summary.created["files"], 3, "{made:?}");
    let media = "select count(*) from platform.exchange_files where (name, media_type) in
        (('in/a.png', 'image/png'), ('b.bin', 'application/octet-stream'), ('in/c.txt', 'text/plain'))";
    assert_eq!(world.count(media).await, 3);
    let told = "select count(*) from platform.exchange_documents where member_name = 'in/doc.reqif' and files_count = 3 and files_bytes = 614409";
    assert_eq!(world.count(told).await, 1);
    let versions = "select (sum(row_version) + (select sum(row_version) from platform.exchange_documents))::bigint from platform.exchange_files";
    let before = world.count(versions).await;
    let again = import(&all).await;
    assert_eq!((again.summary.status, again.summary.unchanged["files"]), (FileStatus::Unchanged, 3), "{again:?}");
    assert_eq!(world.count(versions).await, before, "what is unchanged is not written again");

    // What goes out is what came, byte for byte, and comes in again without a change.
    let archive = out(&world).await;
    assert_eq!(members(&archive), members(&packed(&all)));
    let again = world.import(&[("back.reqifz", &archive)], json!({})).await.remove(0);
    assert_eq!(again.summary.status, FileStatus::Unchanged, "{again:?}");
    // The document alone says nothing of files.
    assert_eq!(world.import_one("doc.reqif", DOCUMENT).await.summary.status, FileStatus::Unchanged);
    assert_eq!(kept(&world).await.len(), 3);

    let changed = import(&[all[0], ("in/a.png", b"\x89PNG\r\n\x1a\nnew"), all[2], ("d.txt", b"d")]).await;
    assert_adds_up(&changed.summary);
    let of = |counts: &quality::imports::Counts, what: &str| counts.get(what).copied().unwrap_or(0);
    let summary = &changed.summary;
    let counted = (of(&summary.created, "files"), of(&summary.updated, "files"), of(&summary.unchanged, "files"));
    assert_eq!((counted, of(&summary.updated, "removed_files")), ((1, 1, 1), 1), "{summary:?}");
    let names: Vec<String> = kept(&world).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["b.bin", "d.txt", "in/a.png"]);

    // A file that cannot be taken takes the whole archive with it.
    let too_big = vec![0; (16 << 20) + 1];
    for (bad, why) in
        [(("../e.txt", b"e".as_slice()), "leads out of it"), (("e.bin", &too_big), "more than the 16777216 bytes")]
    {
        let refused = import(&[all[0], ("d.txt", b"other"), bad]).await;
        assert!(refused.status == "failed" && refused.error.as_deref().unwrap().contains(why), "{refused:?}");
    }
    assert!(kept(&world).await.iter().any(|(name, content)| name == "d.txt" && content == b"d"));
    let wrong = "insert into platform.exchange_files (project_id, document_id, name, media_type, size_bytes, content_sha256, content)
        select project_id, id, '../x', 'text/plain', 1, sha256('x'), 'x' from platform.exchange_documents";
    let tx = world.ctx.begin().await.unwrap();
    assert!(tx.batch(wrong).await.is_err(), "the table itself takes no name that leads out");
    drop(tx);
    sql(&world, "delete from platform.exchange_documents").await;
    assert!(kept(&world).await.is_empty(), "files go with their document");
}

/// Proves REQ-65.1 with the samples.
#[tokio::test]
async fn every_archive_of_the_samples_goes_back_with_all_its_members() {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples"), PathBuf::from);
    let Ok(found) = std::fs::read_dir(place.join("requirements/reqif")) else {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return;
    };
    let archives =
        found.map(|one| one.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "reqifz"));
    let mut taken = 0;
    for path in archives {
        let world = World::new().await;
        let bytes = std::fs::read(&path).unwrap();
        let ended = world.import(&[("sample.reqifz", &bytes)], json!({})).await.remove(0);
        assert_eq!(ended.status, "completed", "{}: {ended:?}", path.display());
        let archive = out(&world).await;
        assert_eq!(members(&archive), members(&bytes), "{}", path.display());
        let document = |bytes: &[u8]| {
            let read = exchange::read(Format::Reqifz, Cursor::new(bytes), "", &Profile::default(), &Limits::default());
            let mut document = read.unwrap();
            document.records.iter_mut().for_each(|record| record.line = 0);
            document
        };
        assert_eq!(document(&archive), document(&bytes), "{}", path.display());
        taken += 1;
    }
    assert!(taken > 0, "the samples have an archive");
}

#[tokio::test]
async fn what_we_export_ourselves_changes_nothing_when_it_comes_back() {
    let world = World::new().await;
    world.import_one("reqs.csv", TABLE).await;
    let text = "key,title,description,status,priority_code\nREQ-1,One,First.,approved,high\nREQ-2,Renamed,Second.,draft,medium\n";
    let ended = world.import_one("export.csv", text).await;
    assert_eq!(changes(&ended, "updated"), [("REQ-2", vec!["title"])], "{ended:?}");
    assert_eq!(world.count("select count(*) from work.requirements").await, 3);
}

/// Proves REQ-65.2, REQ-65.3 with the samples.
#[tokio::test]
async fn every_sample_is_taken_or_told_why_not_and_changes_nothing_again() {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/samples"), PathBuf::from);
    let Ok(facts) = std::fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing was checked", place.display());
        return;
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    let world = World::new().await;
    let mut taken = 0;
    for fact in facts
        .iter()
        .filter(|fact| ["requirements/", "issues/"].iter().any(|one| fact["cat"].as_str().unwrap().starts_with(one)))
    {
        let name = fact["file"].as_str().unwrap();
        let bytes = std::fs::read(place.join(name)).unwrap();
        let first = world.import(&[(name, &bytes)], json!({})).await.remove(0);
        assert_adds_up(&first.summary);
        if first.status == "failed" {
            let error = first.error.unwrap();
            assert!(error.len() > 10 && !error.contains("could not store"), "{name}: {error}");
            eprintln!("{name}: {error}");
            continue;
        }
        taken += 1;
        let again = world.import(&[(name, &bytes)], json!({})).await.remove(0);
        assert_eq!(again.summary.status, FileStatus::Unchanged, "{name}: {:?}", again.summary);
        assert_eq!(again.summary.recognised, first.summary.recognised, "{name}");
    }
    assert!(taken >= 18, "{taken} files were taken");
}
