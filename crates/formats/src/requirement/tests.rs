#![allow(clippy::unwrap_used)]
use super::*;

fn document(text: &str) -> Result<Requirement, ReadError> {
    read(text.as_bytes(), &Limits::default())
}

fn reason(text: &str) -> String {
    document(text).unwrap_err().to_string()
}

fn texts(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.text.as_str()).collect()
}

/// Proves REQ-43.1.
#[test]
fn a_whole_document() {
    let text = "\u{FEFF}---\r\nkey: req-42\r\ntitle: \"Paid: once\"\nstatus: In Progress\npriority: High\nfeatures: [Payment, 'Refund']\n\
        depends-on:\n  - REQ-7\n  - req-8\nverified_by: a::b, c::d\ncolour: blue\n---\n\nAn invoice\nis paid once.\n\n## Why\n\nMoney.\n\n\
        ## User stories\nAs a customer I pay\nonce.\n\n## Acceptance Criteria:\n\n1. Refuses a second\n   payment.\n2. [x] Reopens\n\n### Edge cases\n- [ ] Refunds zero\n\n## Features\n- Ledger\n\n## Depends on\n- REQ-9: the ledger\n- REQ-7\n";
    let requirement = document(text).unwrap();
    assert_eq!((requirement.key.as_str(), requirement.title.as_str()), ("REQ-42", "Paid: once"));
    assert_eq!((requirement.status.as_deref(), requirement.priority.as_deref()), (Some("in_progress"), Some("high")));
    assert_eq!(requirement.features, ["Payment", "Refund", "Ledger"]);
    assert_eq!(requirement.depends_on, ["REQ-7", "REQ-8", "REQ-9"]);
    assert_eq!(requirement.verified_by, ["a::b", "c::d"]);
    assert_eq!(requirement.unknown, [UnknownKey { key: "colour".into(), line: 11 }]);
    assert_eq!(requirement.description, "An invoice\nis paid once.\n\n## Why\n\nMoney.");
    assert_eq!(texts(&requirement.user_stories), ["As a customer I pay once."]);
    assert_eq!(texts(&requirement.acceptance_criteria), ["Refuses a second payment.", "Reopens", "Refunds zero"]);
    let boxes: Vec<_> = requirement.acceptance_criteria.iter().map(|item| (item.checked, item.line)).collect();
    assert_eq!(boxes, [(None, 27), (Some(true), 29), (Some(false), 32)]);
}

#[test]
fn the_first_heading_is_the_title_when_the_front_matter_has_none() {
    let requirement = document("---\nid: SYS1-3\n---\n# A title #\n\ntext\n").unwrap();
    assert_eq!((requirement.title.as_str(), requirement.description.as_str()), ("A title", "text"));
}

#[test]
fn criteria_in_the_front_matter_count_before_those_in_the_body() {
    let text = "---\nkey: R-1\ntitle: t\nacceptance_criteria:\n  - one\n  - \"two: three\"\n---\n## Acceptance criteria\n* four\n";
    assert_eq!(texts(&document(text).unwrap().acceptance_criteria), ["one", "two: three", "four"]);
}

#[test]
fn code_is_not_taken_for_headings_or_items() {
    let text = "---\nkey: R-1\ntitle: t\n---\n```\n## Acceptance criteria\n- no\n```\n## Acceptance criteria\n- yes\n  ```\n  - code\n  ```\n";
    let requirement = document(text).unwrap();
    assert_eq!(texts(&requirement.acceptance_criteria), ["yes ``` - code ```"]);
    assert!(requirement.description.contains("- no"));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    assert!(reason("# Title\n").contains("begins with front matter"));
    assert!(reason("---\nkey: R-1\n").contains("does not end"));
    assert!(reason("---\ntitle: x\n---\n").contains("no `key`"));
    assert!(reason("---\nkey: R-1\n---\n").contains("R-1 has no title"));
    assert!(reason("---\n\nkey: 42\n---\n").starts_with("line 3: `42` is not a requirement key"));
    assert!(
        reason("---\nkey: R-1\ntitle: a\ntitle: b\n---\n").starts_with("line 4: the front matter gives `title` twice")
    );
    assert!(reason("---\nkey: R-1\ntitle: [a]\n---\n").starts_with("line 3: `title` has to be one text"));
    assert!(reason("---\nkey: R-1\ntitle: {a: b}\n---\n").starts_with("line 3: `title` has to be a text or a list"));
    assert!(reason("---\nkey: &a R-1\ntitle: *a\n---\n").contains("anchor"));
    assert!(reason("---\nkey: !!str R-1\n---\n").contains("tag"));
    assert!(reason("---\n- a\n---\n").contains("`key: value`"));
    assert!(reason("---\nkey: R-1\ntitle: \"open\n---\n").contains("not valid YAML"));
    assert!(reason("---\nkey: R-1\ntitle: t\ntags:\n  - a: b\n---\n").starts_with("line 5: an item of `tags`"));
    let small = Limits { max_document_bytes: 8, ..Limits::default() };
    assert!(read(&b"---\nkey: R-1\ntitle: t\n---\n"[..], &small).unwrap_err().reason.contains("larger than"));
}
