//! Baselines: a list, one of them, a record as it was, and what has changed.

use web::components::{Actor, ActorKind, FormErrors};
use web::state::{BaselineStatus, Change};
use web::views::baselines::{Comparison, Difference, Item, One, Row, Then, View};
use web::views::suspects;

use super::ODD;
use super::parts::*;

fn row(id: &str, name: &str, status: BaselineStatus, minutes: i64) -> Row {
    Row {
        id: s(id),
        name: s(name),
        status,
        holds: s("128 requirements, 412 criteria, 64 features, 2,914 tests, 3,530 links"),
        by: Actor { name: s("Mira Holm"), kind: ActorKind::Person, on_behalf_of: None },
        when: ago(minutes),
    }
}

pub(super) fn list(errors: Option<FormErrors>) -> View {
    View {
        rows: vec![
            row("b4", "Release 2.0", BaselineStatus::Waiting, 12),
            row("b3", ODD, BaselineStatus::Taken, 2_000),
            row("b2", "Release 1.9", BaselineStatus::Rejected, 30_000),
            row("b1", "Contract of March", BaselineStatus::Approved, 90_000),
        ],
        pager: pager("4 baselines, newest first"),
        form: Some(([s("Release 2.0"), s("As shown to the customer."), s("yes")], errors.unwrap_or_default())),
    }
}

fn item(id: &str, label: &str, title: &str) -> Item {
    Item { id: s(id), label: s(label), title: s(title) }
}

pub(super) fn one(full: bool) -> One {
    One {
        row: row("b4", "Release 2.0", if full { BaselineStatus::Waiting } else { BaselineStatus::Rejected }, 12),
        description: full.then(|| s("As shown to the customer on Tuesday.")),
        decision: (!full).then(|| (s("Ana Duarte"), s("The refunds are missing."), ago(3))),
        may_decide: full,
        others: vec![(s("b3"), s(ODD)), (s("b1"), s("Contract of March"))],
        kinds: if full {
            vec![(s("requirement"), s("Requirements"), 128), (s("trace_link"), s("Links"), 3_530)]
        } else {
            vec![]
        },
        kind: s("requirement"),
        items: vec![
            item("r1", "REQ-17", "Refunds are idempotent for 24 hours"),
            item("r2", "REQ-18", ODD),
            item("r3", "TC-108 verifies REQ-17", ""),
        ],
        pager: pager("3 requirements"),
    }
}

pub(super) fn then() -> Then {
    Then {
        baseline: (s("b1"), s("Contract of March")),
        when: ago(90_000),
        kind: s("Requirement"),
        item: item("r1", "REQ-17", "Refunds are idempotent"),
        fields: vec![
            (s("Title"), s("Refunds are idempotent")),
            (s("Description"), s(ODD)),
            (s("Status"), s("approved")),
        ],
        fingerprint: "9f3c2ab7710d44e8".repeat(4),
    }
}

pub(super) fn comparison(full: bool) -> Comparison {
    let one =
        |kind: &str, change, item, fields, was_there| Difference { kind: s(kind), change, item, fields, was_there };
    Comparison {
        export: s("/comparison.csv"),
        baseline: (s("b1"), s("Contract of March")),
        with: full.then(|| (s("b4"), s("Release 2.0"))),
        others: vec![(s("b4"), s("Release 2.0")), (s("b3"), s(ODD))],
        counts: if full { [1, 1, 1] } else { [0, 0, 0] },
        differences: if full {
            vec![
                one(
                    "Requirement",
                    Change::Changed,
                    item("r1", "REQ-17", "Refunds are idempotent for 24 hours"),
                    vec![
                        (s("Title"), s("Refunds are idempotent"), s("Refunds are idempotent for 24 hours")),
                        (s("Description"), s(""), s(ODD)),
                    ],
                    true,
                ),
                one(
                    "Criterion",
                    Change::Removed,
                    item("c1", "REQ-17 criterion 2", "A second refund is refused."),
                    vec![],
                    true,
                ),
                one("Link", Change::Added, item("l1", "TC-108 verifies REQ-17", ""), vec![], false),
            ]
        } else {
            vec![]
        },
        pager: pager("3 differences"),
    }
}

pub(super) fn suspect_links() -> suspects::View {
    let row = |id: &str, source: &str, target: &str, criterion, changed: &str, minutes| suspects::Row {
        id: s(id),
        source: (s(source), Some(s("/test"))),
        link_type: s("verifies"),
        target: (s(target), Some(s("/requirement"))),
        criterion,
        changed: s(changed),
        since: ago(minutes),
    };
    suspects::View {
        of: None,
        rows: vec![
            row("l1", "TC-88", "REQ-17", Some(2), "a criterion", 4_000),
            row("l2", "TC-91", "REQ-17", None, "TC-91 and REQ-17", 12),
        ],
        pager: pager("2 links, those that have waited longest first"),
        may_accept: true,
    }
}
