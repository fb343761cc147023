#![allow(clippy::unwrap_used)]
use super::super::archive::tests::packed;
use super::*;
use crate::exchange::Field;

fn csv(text: &str) -> Document {
    read_csv(text.as_bytes(), &Profile::default(), &Limits::default()).unwrap()
}

#[test]
fn headings_say_what_columns_are() {
    let document =
        csv("ID;Title;Description;Status;Labels;Labels;Rationale\n1;One;\"a\nb; c\";Open;x;y;because\n\n2;Two;;;;;\n");
    let one = &document.records[0];
    assert_eq!((one.identifier.as_str(), one.title.as_str(), one.text.as_str()), ("1", "One", "a\nb; c"));
    assert_eq!((one.status.as_deref(), one.tags.as_slice()), (Some("Open"), &["x".to_owned(), "y".to_owned()][..]));
    assert_eq!(one.attribute("Rationale").as_deref(), Some("because"));
    assert_eq!(document.records[1].line, 5);
    assert_eq!(document.columns.iter().find(|(name, _)| name == "Rationale").unwrap().1, Field::Keep);
}

/// Proves REQ-65.2.
#[test]
fn rows_that_cannot_be_taken_are_told_with_row_and_column() {
    let document = csv("key,title,due\nA,x,2026-01-02\n,y,\nA,z,\nB,w,tomorrow\nC,,\n");
    let shown: Vec<_> = document.errors.iter().map(|one| (one.line, one.field.as_deref().unwrap_or(""))).collect();
    assert_eq!(shown, [(3, "key"), (5, "due"), (6, "title"), (4, "identifier")]);
}

#[test]
fn levels_and_parents_give_the_hierarchy() {
    let document = csv("level,id,name\n1,A,a\n2,B,b\n3,C,c\n2,D,d\n1,E,e\n");
    let parents: Vec<_> = document.records.iter().map(|one| one.parent.as_deref().unwrap_or("-")).collect();
    assert_eq!(parents, ["-", "A", "B", "A", "-"]);
    assert_eq!(csv("uid,statement,parent\nA,a,\nB,b,A\n").records[1].parent.as_deref(), Some("A"));
    assert_eq!(csv("level,id,name\nx,A,a\n").errors[0].field.as_deref(), Some("level"));
}

#[test]
fn a_profile_assigns_columns() {
    let profile: Profile =
        serde_json::from_str(r#"{"columns":{"Nummer":"identifier","Inhalt":"text","Title":"ignore"}}"#).unwrap();
    let document =
        read_csv("Nummer,Inhalt,Title\n7,Es soll halten.,t\n".as_bytes(), &profile, &Limits::default()).unwrap();
    assert_eq!((document.records[0].identifier.as_str(), document.records[0].title.as_str()), ("7", "Es soll halten."));
    assert!(document.records[0].attribute("Title").is_none());
}

#[test]
fn what_jira_writes_into_columns_is_understood() {
    let text = "Summary,Issue key,Issue id,Issue Type,Status,Assignee,Outward issue link (Blocks),Inward issue link (Cloners),Comment,Comment\n\
        S,P-1,100,Bug,Done,ada,P-2,P-3,\"2020-01-02 10:00;ada;first; really\",second\n";
    let document = csv(text);
    let one = &document.records[0];
    assert_eq!((one.kind.as_deref(), one.links.len()), (Some("Bug"), 2));
    assert!(one.links.iter().any(|link| link.kind == "cloners" && link.is_inward && link.target == "P-3"));
    assert_eq!(one.comments[0].text, "first; really");
}

#[test]
fn dates_are_read_as_people_write_them() {
    for text in ["2026-02-01", "2026-02-01T10:00:00Z", "01.02.2026", "01/Feb/26 10:00 AM", "2026/02/01"] {
        assert_eq!(date(text).map(|day| day.to_string()).as_deref(), Some("2026-02-01"), "{text}");
    }
    assert_eq!(date("soon"), None);
}

/// The parts of a small workbook around this sheet.
fn workbook(sheet: &str) -> Vec<u8> {
    packed(&[
        ("[Content_Types].xml", br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#),
        ("_rels/.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        ("xl/workbook.xml", br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn sheet(rows: &str) -> Vec<u8> {
    workbook(&format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    ))
}

#[test]
fn workbooks_are_read_cell_by_cell() {
    let text = |place: &str, text: &str| format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let rows = format!(
        r#"<row r="2">{}{}</row><row r="4"><c r="A4"><v>7</v></c>{}</row>"#,
        text("A2", "ID"),
        text("B2", "Title"),
        text("B4", "a title")
    );
    let document = read_xlsx(sheet(&rows).as_slice(), &Profile::default(), &Limits::default()).unwrap();
    let one = &document.records[0];
    assert_eq!((one.identifier.as_str(), one.title.as_str(), one.line), ("7", "a title", 4));
    let other = Profile { sheet: Some("Two".into()), ..Profile::default() };
    assert!(read_xlsx(sheet(&rows).as_slice(), &other, &Limits::default()).unwrap_err().reason.contains("it has: One"));
}

#[test]
fn a_workbook_that_unpacks_to_too_much_or_reaches_too_far_is_refused() {
    let far = r#"<row r="1"><c r="XFD1"><v>7</v></c></row>"#;
    assert!(
        read_xlsx(sheet(far).as_slice(), &Profile::default(), &Limits::default())
            .unwrap_err()
            .reason
            .contains("column")
    );
    let limits = Limits { max_unpacked_bytes: 1_000, ..Limits::default() };
    let bomb = sheet(&" ".repeat(100_000));
    assert!(bomb.len() < 3_000);
    assert!(read_xlsx(bomb.as_slice(), &Profile::default(), &limits).unwrap_err().reason.contains("unpacks"));
    assert!(read_xlsx(&b"PK\x03\x04nothing"[..], &Profile::default(), &Limits::default()).is_err());
}
