//! Releases and their evidence.

use web::components::{Actor, ActorKind, FieldError, FormErrors};
use web::state::{ReleaseStatus, RuleState};
use web::views::evidence::{Bundle, Form, View as Evidence};
use web::views::gate_rules::{Rule, View as Gate};
use web::views::releases::{Row, View};

use super::ODD;
use super::parts::*;

fn bundle(id: &str, name: &str, proven: (i64, i64), open: i64, minutes: i64) -> Bundle {
    Bundle {
        id: s(id),
        name: s(name),
        build: Some(128),
        baseline: (open > 0).then(|| (s("b1"), s("Contract of March"))),
        proven,
        open,
        size: 184_320,
        sha256: "9f3c2ab7710d44e8".repeat(4),
        public_key: s("throughline+5f1c09aa+AZ9VxT0d3kZl0cR1Y3mW8qv7n6b5c4x3z2a1s0d9f8g7"),
        by: Actor { name: s("Mira Holm"), kind: ActorKind::Person, on_behalf_of: None },
        when: ago(minutes),
    }
}

pub(super) fn evidence(one: bool) -> Evidence {
    let subjects = match one {
        true => vec![(s("build:128"), String::new())],
        false => vec![(s("release:2"), s("Release 1.8.2")), (s("build:128"), s("Build #128 · 1.8.2"))],
    };
    Evidence {
        bundles: vec![bundle("e2", "Release 1.8.2", (408, 412), 9, 3), bundle("e1", ODD, (412, 412), 0, 9_000)],
        form: Some(Form {
            subjects,
            baselines: vec![(s("b1"), s("Contract of March")), (s("b2"), s(ODD))],
            ..Form::default()
        }),
    }
}

pub(super) fn view(name: &str) -> View {
    if name == "releases-empty" {
        return View { evidence: Some(Evidence::default()), ..View::default() };
    }
    let row = |version: &str, status, build, planned: Option<&str>, released| Row {
        version: s(version),
        name: (version == "1.8.2").then(|| s(ODD)),
        status,
        build,
        planned: planned.map(s),
        released,
        withdrawn: (status == ReleaseStatus::Withdrawn).then(|| (ago(8_000), s("Refunds were paid twice."))),
    };
    let mut evidence = evidence(false);
    if name == "releases-refused"
        && let Some(form) = &mut evidence.form
    {
        form.errors = FormErrors {
            summary: Some(s("This release names no build; say which build it is first.")),
            fields: vec![],
        };
    }
    View {
        rows: vec![
            row("1.9.0", ReleaseStatus::Planned, None, Some("4 Dec 2026"), None),
            row("1.8.2", ReleaseStatus::Released, Some(128), Some("20 Nov 2026"), Some(ago(60))),
            row("1.8.1", ReleaseStatus::Withdrawn, Some(127), None, Some(ago(9_000))),
        ],
        pager: pager("3 releases, newest first"),
        evidence: Some(evidence),
    }
}

pub(super) fn gate(name: &str) -> Gate {
    if name == "gate-empty" {
        return Gate::default();
    }
    let rule = |id: &str, name: &str, severity: Option<&str>, state, why: &str, is_first| Rule {
        id: s(id),
        name: s(name),
        counts: s("Defects of the project that are open, assigned or in progress."),
        now: Some((state, s(why))),
        allowed: 0,
        severity: severity.map(s),
        in_force: is_first,
        version: s("1"),
        is_first,
    };
    let errors = match name {
        "gate-refused" => FormErrors {
            summary: None,
            fields: vec![FieldError {
                pointer: s("/severity"),
                detail: s("There is a rule for this severity already."),
            }],
        },
        _ => FormErrors::default(),
    };
    let may = name != "gate-reader";
    Gate {
        rules: vec![
            rule(
                "g1",
                "failing tests",
                None,
                RuleState::Failed,
                "27 failing tests, 0 allowed: TC-88 refuses a second refund.",
                true,
            ),
            rule(
                "g2",
                "open defects",
                Some("critical"),
                RuleState::Passed,
                "0 open defects of severity critical.",
                true,
            ),
            rule("g3", "open defects", Some("high"), RuleState::WouldFail, ODD, false),
            Rule { now: None, ..rule("g4", "falling coverage", None, RuleState::Unknown, "", true) },
        ],
        build: Some(128),
        form: may.then(|| ([s("open_defects"), s("high"), s("0")], errors)),
        may_change: may,
        may_remove: may,
    }
}
