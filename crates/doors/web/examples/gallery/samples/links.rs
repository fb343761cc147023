//! Linking from a list, and the impact of a record.

use web::components::{FieldError, FormErrors, GraphNode};
use web::state::Tone;
use web::views::{impact, kinds, links};

use super::{
    ODD,
    parts::{pager, s},
};

pub(super) fn linking(state: &str) -> links::View {
    let pair = |link_type: &str, source: &str, targets: &[&str], says: &str| links::Pair {
        link_type: s(link_type),
        source: s(source),
        targets: targets.iter().map(|target| s(target)).collect(),
        says: s(says),
    };
    let fault = |line, field: &str, detail: &str| links::Fault { line, field: s(field), detail: s(detail) };
    let mut view = links::View {
        text: String::new(),
        says: None,
        errors: FormErrors::default(),
        faults: vec![],
        pairs: vec![
            pair(
                "verifies",
                "test case",
                &["requirement", "feature", "defect"],
                "The test shows that the target is met, or is there no longer.",
            ),
            pair(
                "derives from",
                "requirement",
                &["requirement", "document"],
                "The requirement follows from the target.",
            ),
        ],
        may_link: true,
    };
    match state {
        "checked" => {
            view.text = s("source,link_type,target\nTC-88,verifies,REQ-17\nTC-9999,,REQ-17\n");
            view.says = Some((Tone::Warn, s("1 link could be made, once the lines below are mended.")));
            view.faults = vec![
                fault(3, "source", "`TC-9999` names no record of this project that you may see"),
                fault(4, "link_type", ODD),
            ];
        }
        "refused" => {
            view.text = s("a,b\n1,2\n");
            view.errors = FormErrors {
                summary: Some(s(
                    "This CSV cannot be used: the first line must name the columns `source` and `target`.",
                )),
                fields: vec![FieldError {
                    pointer: s("/csv"),
                    detail: s("the first line must name the columns `source` and `target`"),
                }],
            };
        }
        _ => {}
    }
    view
}

pub(super) fn impact(many: bool) -> impact::View {
    let row =
        |kind: &str, key: Option<&str>, title: &str, steps, owner: Option<&str>, otherwise: Option<&str>| impact::Row {
            kind: s(kind),
            key: key.map(s),
            title: s(title),
            href: key.map(|_| s("/requirement")),
            walk_href: s("/impact"),
            path: s("REQ-17 → FEAT-2 (part of) → TC-88 (verifies)"),
            steps,
            status: Some(s("in_progress")),
            owner: owner.map(s),
            otherwise: otherwise.map(s),
            team: Some(s("Payments")),
        };
    let node = |column, label: &str, title: &str| GraphNode {
        column,
        label: s(label),
        title: s(title),
        kind: s("record"),
        href: s("/impact"),
    };
    let mut nodes = vec![
        node(0, "REQ-17", "Refunds are idempotent"),
        node(-1, "REQ-3", "Refunds"),
        node(-1, "CR-4", ODD),
        node(1, "FEAT-2", "Refund endpoint"),
    ];
    nodes.extend((1..=14).map(|n| node(2, &format!("TC-{n}"), "refunds a payment once")));
    nodes.push(node(3, "#481", "Build 481 (2.14.0)"));
    nodes.push(node(4, "payments-gateway", "service"));
    let mut lines = vec![(1, 0), (2, 0), (0, 3), (3, nodes.len() - 2), (nodes.len() - 2, nodes.len() - 1)];
    lines.extend((4..18).map(|at| (3, at)));
    let answer = impact::Answer {
        kind: s("requirement"),
        label: s("REQ-17"),
        title: s("Refunds are idempotent for 24 hours"),
        href: Some(s("/requirement")),
        upstream: if many {
            vec![
                row("requirement", Some("REQ-3"), "Refunds", 1, None, None),
                row("change request", Some("CR-4"), ODD, 1, Some("Mira Holm"), None),
            ]
        } else {
            vec![]
        },
        downstream: if many {
            vec![
                row("feature", Some("FEAT-2"), "Refund endpoint", 1, Some("Jonas Weber"), None),
                row("test case", Some("TC-1"), "refunds a payment once", 2, None, Some("Mira Holm")),
                row("service", None, "payments-gateway", 4, Some("Ada Obi"), None),
            ]
        } else {
            vec![]
        },
        nodes: if many { nodes } else { vec![node(0, "REQ-17", "Refunds are idempotent")] },
        lines: if many { lines } else { vec![] },
        is_cut: many,
        csv_href: s("/impact.csv"),
    };
    impact::View {
        asked: s("payments-gateway:REQ-17"),
        direction: s("both"),
        depth: 4,
        refused: None,
        answer: Some(answer),
    }
}

pub(super) fn kinds(some: bool) -> kinds::View {
    let cell = |label: &str, marks: &[&str], is_bad| kinds::Cell {
        label: s(label),
        title: s("refunds a payment once"),
        href: s("/test"),
        link_type: s("verifies"),
        marks: marks.iter().map(|mark| s(mark)).collect(),
        is_bad,
    };
    let row = |key: &str, title: &str, cells: Vec<kinds::Cell>| kinds::Row {
        key: Some(s(key)),
        title: s(title),
        href: s("/requirement"),
        status: Some(s("approved")),
        criteria: Some((2, 1, 3)),
        is_gap: cells.is_empty(),
        suspects: i64::from(cells.len() > 1),
        cells,
        ..Default::default()
    };
    let mut rows = vec![];
    if some {
        rows = vec![
            row(
                "REQ-17",
                "Refunds are idempotent for 24 hours",
                vec![
                    cell("TC-88", &["passed", "criteria 1, 2"], false),
                    cell("TC-91", &["failed", "suspect", "stale"], true),
                ],
            ),
            kinds::Row {
                failing: 2,
                stale: 1,
                flaky: 3,
                more: 12,
                owner: Some(s("Mira Holm")),
                ..row("REQ-18", ODD, (1..30).map(|n| cell(&format!("TC-{n}"), &["passed"], false)).collect())
            },
            row("REQ-19", "Nothing proves this", vec![]),
        ];
    }
    kinds::View {
        rows_kind: s("requirement"),
        columns_kind: s("test_case"),
        link_type: String::new(),
        show: s("all"),
        text: String::new(),
        kinds: vec![s("feature"), s("requirement"), s("test_case"), s("vulnerability")],
        link_types: vec![s("derives_from"), s("verifies")],
        refused: None,
        rows,
        pager: pager("3 records, the oldest first"),
        turned_href: s("/kinds"),
        csv_href: s("/kinds.csv"),
    }
}
