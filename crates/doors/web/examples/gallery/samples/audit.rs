//! The audit trail: a busy list, narrowed to nothing, and entries with and without what they told.

use web::components::{Actor, ActorKind, FieldError, FormErrors, Pager, Stretch};
use web::state::{Risk, TrailOutcome};
use web::views::audit::{Asked, Entry, Row, Seal, View};

use super::ODD;
use super::parts::*;

fn row(what: &str, record: &str, outcome: TrailOutcome, risk: Risk) -> Row {
    Row {
        id: s("019a0c6e-8f3e-7c1a-b5b0-6f2f8f0e1d2c"),
        by: Actor { name: s("Review agent"), kind: ActorKind::Agent, on_behalf_of: Some(s("Mira Holm")) },
        what: s(what),
        record: Some((s(record), Some(s("/history/requirements/1")))),
        outcome,
        risk,
        address: Some(s("2001:db8:85a3::8a2e:370:7334")),
        reason: Some(s("Asked to tidy up the titles")),
        when: ago(12),
    }
}

/// A list with everything in it.
pub(super) fn list() -> View {
    let stretch = |nth: i64| Stretch {
        label: format!("{} Nov 2026", nth + 1),
        count: if nth % 7 > 4 { 0 } else { nth * 37 % 911 },
        is_whole: nth != 11,
        href: s("/audit?from=2026-11-01T00:00:00Z"),
    };
    View {
        people: vec![(s("mira@northwind.example"), s("Mira Holm")), (s("jonas@northwind.example"), s("Jonas Weber"))],
        projects: vec![(s("payments-gateway"), s("payments-gateway"))],
        stretches: (0..30).map(stretch).collect(),
        rows: vec![
            row("changed requirement", "Refunds are idempotent", TrailOutcome::Success, Risk::Low),
            row("was refused", ODD, TrailOutcome::Failure, Risk::Medium),
            Row {
                record: None,
                address: None,
                reason: None,
                ..row("backup made", "", TrailOutcome::Success, Risk::High)
            },
            row("user erased", "019a0c6e-8f3e-7c1a-b5b0-6f2f8f0e1d2c", TrailOutcome::Pending, Risk::Critical),
        ],
        pager: Pager {
            shown: s("4 entries, the latest first"),
            first: Some(s("/audit")),
            next: Some(s("/audit?after=eyJ")),
        },
        files: Some([s("/audit.csv"), s("/audit.ndjson")]),
        ..View::default()
    }
}

/// Narrowed to nothing, or by what cannot be meant.
pub(super) fn narrowed(is_refused: bool) -> View {
    let asked = Asked { who: s("nobody@northwind.example"), outcome: s("failure"), ..Asked::default() };
    let field = FieldError { pointer: s("/who"), detail: s("No member has this name, address or identifier.") };
    let errors = FormErrors { summary: Some(s("The trail could not be narrowed like this.")), fields: vec![field] };
    View { asked, errors: if is_refused { errors } else { FormErrors::default() }, ..list_of_nothing() }
}

fn list_of_nothing() -> View {
    View { projects: vec![(s("payments-gateway"), s("payments-gateway"))], ..View::default() }
}

/// One entry, whole and sealed, or emptied.
pub(super) fn entry(is_whole: bool) -> Entry {
    Entry {
        row: row("changed requirement", ODD, TrailOutcome::Success, Risk::Low),
        event: (s("requirement.updated"), s("/audit?what=requirement.updated")),
        said: None,
        error: (!is_whole).then(|| s("You may not update requirement `REQ-12`: no grant of yours reaches it.")),
        fields: if is_whole {
            vec![
                (s("Title"), Some(s("Refunds are idempotent for a day")), Some(s(ODD))),
                (s("Owner"), None, Some(s("Mira Holm"))),
            ]
        } else {
            vec![]
        },
        facts: vec![
            ("Agent run", s("019a0c6e-8f3e-7c1a-b5b0-6f2f8f0e1d2c"), Some(s("/audit?run=1"))),
            ("Request", s("01998a44-7d21-7b3e-9c00-000000000000"), Some(s("/audit?request=1"))),
            ("Called", s("PATCH /v1/requirements/{id}"), None),
        ],
        seal: Some(Seal {
            leaf_index: 4_711,
            is_whole,
            head: Some((4_800, ago(10))),
            proof: s("/v1/audit-logs/019a0c6e-8f3e-7c1a-b5b0-6f2f8f0e1d2c/proof"),
        }),
    }
}
