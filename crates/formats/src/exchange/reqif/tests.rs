#![allow(clippy::unwrap_used)]
use std::collections::HashMap;

use super::*;
use crate::Limits;
use crate::exchange::{Document, Profile, Value};

fn document(text: &str) -> Document {
    read(text.as_bytes(), &Profile::default(), &Limits::default()).unwrap()
}

const WHOLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<REQ-IF xmlns="http://www.omg.org/spec/ReqIF/20110401/reqif.xsd" xmlns:h="http://www.w3.org/1999/xhtml"><THE-HEADER><REQ-IF-HEADER IDENTIFIER="head"><TITLE>A title</TITLE></REQ-IF-HEADER></THE-HEADER>
<CORE-CONTENT><REQ-IF-CONTENT><DATATYPES><DATATYPE-DEFINITION-ENUMERATION IDENTIFIER="d"><SPECIFIED-VALUES><ENUM-VALUE IDENTIFIER="red" LONG-NAME="Red"/></SPECIFIED-VALUES></DATATYPE-DEFINITION-ENUMERATION></DATATYPES>
<SPEC-TYPES><SPEC-OBJECT-TYPE IDENTIFIER="t" LONG-NAME="Requirement"><SPEC-ATTRIBUTES><ATTRIBUTE-DEFINITION-XHTML IDENTIFIER="a" LONG-NAME="ReqIF.Text"/><ATTRIBUTE-DEFINITION-STRING IDENTIFIER="b" LONG-NAME="ReqIF.ForeignID"/>
<ATTRIBUTE-DEFINITION-ENUMERATION IDENTIFIER="c" LONG-NAME="Colour"/><ATTRIBUTE-DEFINITION-XHTML IDENTIFIER="e" LONG-NAME="ReqIF.ChapterName"/></SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE><SPEC-RELATION-TYPE IDENTIFIER="r" LONG-NAME="satisfies"/></SPEC-TYPES>
<SPEC-OBJECTS><SPEC-OBJECT IDENTIFIER="two"><VALUES><ATTRIBUTE-VALUE-XHTML><THE-VALUE><h:div>It <h:b>shall</h:b> stop.</h:div></THE-VALUE><DEFINITION><ATTRIBUTE-DEFINITION-XHTML-REF>a</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION></ATTRIBUTE-VALUE-XHTML>
<ATTRIBUTE-VALUE-STRING THE-VALUE="R-2"><DEFINITION><ATTRIBUTE-DEFINITION-STRING-REF>b</ATTRIBUTE-DEFINITION-STRING-REF></DEFINITION></ATTRIBUTE-VALUE-STRING>
<ATTRIBUTE-VALUE-ENUMERATION><VALUES><ENUM-VALUE-REF>red</ENUM-VALUE-REF></VALUES><DEFINITION><ATTRIBUTE-DEFINITION-ENUMERATION-REF>c</ATTRIBUTE-DEFINITION-ENUMERATION-REF></DEFINITION></ATTRIBUTE-VALUE-ENUMERATION></VALUES><TYPE><SPEC-OBJECT-TYPE-REF>t</SPEC-OBJECT-TYPE-REF></TYPE></SPEC-OBJECT>
<SPEC-OBJECT IDENTIFIER="one"><VALUES><ATTRIBUTE-VALUE-XHTML><THE-VALUE><h:div>Chapter</h:div></THE-VALUE><DEFINITION><ATTRIBUTE-DEFINITION-XHTML-REF>e</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION></ATTRIBUTE-VALUE-XHTML></VALUES><TYPE><SPEC-OBJECT-TYPE-REF>t</SPEC-OBJECT-TYPE-REF></TYPE></SPEC-OBJECT>
<SPEC-OBJECT IDENTIFIER="three" LONG-NAME="Third"/></SPEC-OBJECTS>
<SPEC-RELATIONS><SPEC-RELATION IDENTIFIER="l"><SOURCE><SPEC-OBJECT-REF>three</SPEC-OBJECT-REF></SOURCE><TARGET><SPEC-OBJECT-REF>two</SPEC-OBJECT-REF></TARGET><TYPE><SPEC-RELATION-TYPE-REF>r</SPEC-RELATION-TYPE-REF></TYPE></SPEC-RELATION></SPEC-RELATIONS>
<SPECIFICATIONS><SPECIFICATION IDENTIFIER="s"><CHILDREN><SPEC-HIERARCHY IDENTIFIER="h1"><OBJECT><SPEC-OBJECT-REF>one</SPEC-OBJECT-REF></OBJECT><CHILDREN><SPEC-HIERARCHY IDENTIFIER="h2"><OBJECT><SPEC-OBJECT-REF>two</SPEC-OBJECT-REF></OBJECT></SPEC-HIERARCHY></CHILDREN></SPEC-HIERARCHY></CHILDREN></SPECIFICATION></SPECIFICATIONS>
</REQ-IF-CONTENT></CORE-CONTENT></REQ-IF>"#;

/// Writes a document as it came, with these changes and new requirements.
fn written(
    document: &Document,
    changes: &[(&str, Change)],
    fresh: &[(Fresh, Option<&str>)],
    links: &[(&str, &str, &str)],
) -> String {
    let adds = !fresh.is_empty() || !links.is_empty();
    let mut writer = Writer::new(Vec::new(), document.frame.clone(), adds, "x", "2026-11-29T00:00:00Z").unwrap();
    for record in &document.records {
        let changes =
            changes.iter().filter(|(of, _)| *of == record.identifier).map(|(_, change)| change.clone()).collect();
        let source = record.source.clone().unwrap();
        writer.object(&Outgoing::Kept { source, changes, changed_at: "2026-11-29T00:00:00Z".into() }).unwrap();
    }
    let mut parents = HashMap::new();
    for (one, parent) in fresh {
        writer.object(&Outgoing::Fresh(one.clone())).unwrap();
        parents.extend(parent.map(|parent| (one.identifier.clone(), parent.to_owned())));
    }
    let links: Vec<(String, String, String)> =
        links.iter().map(|(kind, from, to)| ((*kind).into(), (*from).into(), (*to).into())).collect();
    String::from_utf8(writer.finish(&links, &parents).unwrap()).unwrap()
}

fn without_lines(mut document: Document) -> Document {
    document.records.iter_mut().for_each(|record| record.line = 0);
    document
}

#[test]
fn objects_become_records_in_the_order_of_the_hierarchy() {
    let document = document(WHOLE);
    let shown: Vec<_> =
        document.records.iter().map(|one| (one.identifier.as_str(), one.parent.as_deref(), one.is_heading)).collect();
    assert_eq!(shown, [("one", None, true), ("two", Some("one"), false), ("three", None, false)]);
    let two = &document.records[1];
    assert_eq!(
        (two.key.as_deref(), two.text.as_str(), two.kind.as_deref()),
        (Some("R-2"), "It shall stop.", Some("Requirement"))
    );
    assert_eq!(two.attributes[2].value, Value::Choice(vec!["Red".into()]));
    assert_eq!(
        (document.records[2].title.as_str(), document.records[2].links[0].kind.as_str()),
        ("Third", "satisfies")
    );
    assert_eq!(document.title.as_deref(), Some("A title"));
}

/// Proves REQ-65.1.
#[test]
fn what_was_read_and_written_again_is_the_same() {
    let first = document(WHOLE);
    let again = document(&written(&first, &[], &[], &[]));
    assert_eq!(without_lines(again), without_lines(first));
}

#[test]
fn changes_and_new_requirements_go_out_too() {
    let first = document(WHOLE);
    let changes = [
        ("two", Change { attribute: Some("ReqIF.Text".into()), text: "It shall start.\n\nAt <once>.".into() }),
        ("three", Change { attribute: None, text: "Fourth".into() }),
    ];
    let fresh = Fresh {
        identifier: "new".into(),
        key: "REQ-9".into(),
        title: "New".into(),
        text: "Text.".into(),
        status: "draft".into(),
        ..Fresh::default()
    };
    let below = Fresh { identifier: "newer".into(), title: "Newer".into(), ..Fresh::default() };
    let text = written(&first, &changes, &[(fresh, Some("two")), (below, Some("new"))], &[("satisfies", "new", "two")]);
    let again = document(&text);
    let shown: Vec<_> =
        again.records.iter().map(|one| (one.identifier.as_str(), one.parent.as_deref(), one.title.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("one", None, "Chapter"),
            ("two", Some("one"), "It shall start."),
            ("new", Some("two"), "New"),
            ("newer", Some("new"), "Newer"),
            ("three", None, "Fourth")
        ]
    );
    assert_eq!(again.records[1].text, "It shall start.\n\nAt <once>.");
    assert_eq!((again.records[2].status.as_deref(), again.records[2].links.len()), (Some("draft"), 1));
}

#[test]
fn a_document_that_no_file_brought_is_read_again() {
    let nothing = Document::default();
    let fresh = Fresh {
        identifier: "a".into(),
        key: "REQ-1".into(),
        title: "One & two".into(),
        text: "T".into(),
        ..Fresh::default()
    };
    let again = document(&written(&nothing, &[], &[(fresh, None)], &[]));
    assert_eq!((again.records[0].key.as_deref(), again.records[0].title.as_str()), (Some("REQ-1"), "One & two"));
}

#[test]
fn what_is_no_reqif_is_refused() {
    for text in ["", "<RIF/>", "<REQ-IF>", "<REQ-IF><CORE-CONTENT><DATATYPES></CORE-CONTENT></REQ-IF>"] {
        assert!(read(text.as_bytes(), &Profile::default(), &Limits::default()).is_err(), "{text}");
    }
    let small = Limits { max_exchange_bytes: 500, ..Limits::default() };
    assert!(read(WHOLE.as_bytes(), &Profile::default(), &small).is_err());
    let few = Limits { max_records: 2, ..Limits::default() };
    assert!(read(WHOLE.as_bytes(), &Profile::default(), &few).is_err());
}
