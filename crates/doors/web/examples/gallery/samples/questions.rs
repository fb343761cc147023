//! Samples of questions about access and their answers.

use web::components::Stop;
use web::state::*;
use web::views::access::{Considered, Test, Verdict, explorer};

use super::access::in_days;
use super::parts::{ago, s, stop};

pub(super) fn choices() -> explorer::Choices {
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(a, b)| (s(a), s(b))).collect();
    explorer::Choices {
        people: pairs(&[("mira@northwind.example", "Mira Holm"), ("jonas@northwind.example", "Jonas Weber")]),
        kinds: pairs(&[("requirement", "requirement"), ("deployment", "deployment")]),
        actions: pairs(&[("read", "read"), ("update", "update"), ("approve", "approve")]),
        projects: pairs(&[("payments-gateway", "payments-gateway"), ("risk", "risk")]),
        roles: pairs(&[("developer", "Developer"), ("release-manager", "Release manager")]),
    }
}

pub(super) fn asked(allowed: bool) -> explorer::View {
    let action = if allowed { "read" } else { "approve" };
    explorer::View {
        question: explorer::Question {
            who: s("mira@northwind.example"),
            action: s(action),
            kind: s(if allowed { "requirement" } else { "deployment" }),
            record: s(if allowed { "REQ-42" } else { "" }),
            project: s("payments-gateway"),
            ..explorer::Question::default()
        },
        answer: Some(if allowed { yes() } else { no() }),
        actions: ["read", "create", "update", "delete", "approve"]
            .iter()
            .map(|one| (s(one), *one != "delete" && *one != "approve", s("/access-yes")))
            .collect(),
        ..explorer::View::default()
    }
}

pub(super) fn yes() -> Verdict {
    Verdict {
        allowed: true,
        sentence: s("Mira Holm may read REQ-42 in payments-gateway."),
        reason: s("Role developer in the project, which has it from viewer."),
        until: Some(in_days(3)),
        line: vec![
            stop("Member", "Mira Holm", Tone::Good, "Passed on by Jonas Weber", None),
            stop("Role", "Developer", Tone::Good, "in payments-gateway", None),
            stop("Role", "Viewer", Tone::Good, "inherited", None),
            Stop { href: None, ..stop("Permission", "requirement:read", Tone::Good, "gives", None) },
            Stop { href: None, ..stop("Question", "read REQ-42", Tone::Good, "allowed", None) },
        ],
        considered: vec![
            Considered {
                allows: true,
                outcome: s("it allows this"),
                how: s("Passed on by Jonas Weber"),
                roles: vec![(s("Developer"), s("/role")), (s("Viewer"), s("/role"))],
                permission: s("requirement:read"),
                place: s("in payments-gateway"),
                until: Some(in_days(3)),
                without: Some(s("/access-what-if")),
                ..Considered::default()
            },
            elsewhere(),
        ],
        would: None,
        person: None,
    }
}

fn elsewhere() -> Considered {
    Considered {
        outcome: s("it is held somewhere else"),
        how: s("Member of the project"),
        roles: vec![(s("Viewer"), String::new())],
        permission: s("requirement:read"),
        place: s("in risk"),
        ..Considered::default()
    }
}

pub(super) fn no() -> Verdict {
    let leaf = |holds, expression: &str, name: &str, value: Option<&str>| Test {
        holds,
        expression: s(expression),
        saw: vec![(s(name), value.map(s))],
        parts: vec![],
    };
    Verdict {
        allowed: false,
        sentence: s("Mira Holm may not approve deployments in payments-gateway."),
        reason: s("Its condition is not met."),
        until: None,
        line: vec![
            stop("Member", "Mira Holm", Tone::Good, "Assigned by Olga Owner", None),
            stop("Role", "Release manager", Tone::Good, "everywhere", None),
            Stop { href: None, ..stop("Permission", "deployment:approve", Tone::Good, "gives", None) },
            Stop { href: None, ..stop("Question", "approve deployment", Tone::Bad, "its condition is not met", None) },
        ],
        considered: vec![
            Considered {
                outcome: s("its condition is not met"),
                how: s("Assigned by Olga Owner"),
                roles: vec![(s("Release manager"), s("/role"))],
                permission: s("deployment:approve"),
                place: s("everywhere"),
                from: Some(ago(9000)),
                until: Some(in_days(40)),
                tests: vec![Test {
                    holds: Some(false),
                    expression: s("all of these hold"),
                    saw: vec![],
                    parts: vec![
                        leaf(Some(true), "resource.status is \"pending\"", "resource.status", Some("\"pending\"")),
                        leaf(
                            Some(false),
                            "the hour of environment.time in Europe/Berlin is at least 8",
                            "environment.time",
                            Some("2026-11-28T03:12:00Z"),
                        ),
                        Test {
                            holds: None,
                            expression: s("one of these holds"),
                            saw: vec![],
                            parts: vec![
                                leaf(
                                    None,
                                    "environment.address is in the network 10.0.0.0/8",
                                    "environment.address",
                                    None,
                                ),
                                leaf(
                                    Some(false),
                                    "\"security\" is in subject.teams",
                                    "subject.teams",
                                    Some("[\"payments\"]"),
                                ),
                            ],
                        },
                    ],
                }],
                ..Considered::default()
            },
            elsewhere(),
        ],
        would: Some(s("/rights")),
        person: None,
    }
}
