//! The small pieces the samples share.

use jiff::{SignedDuration, Timestamp};
use web::components::{
    Actor, ActorKind, Choice, ChoiceOption, Counts, FieldError, Filters, FormErrors, LogEntry, Pager, Stop, TrendPoint,
};
use web::format::When;
use web::paths;
use web::state::*;

/// When the samples were made; fixed, so that pages compare.
pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap_or_default()
}

pub(super) fn ago(minutes: i64) -> When {
    When::new(now() - SignedDuration::from_mins(minutes), now())
}

pub(super) fn s(text: &str) -> String {
    text.to_owned()
}

pub(super) fn counts(passed: i64, failed: i64, errors: i64, skipped: i64) -> Counts {
    Counts { passed, failed, errors, skipped }
}

pub(super) fn stop(label: &str, value: &str, tone: Tone, word: &str, detail: Option<&str>) -> Stop {
    Stop { label: s(label), value: s(value), detail: detail.map(s), tone, word: s(word), href: Some(s("/requirement")) }
}

pub(super) fn choice<S: Shown>(name: &str, label: &str, chosen: &[usize]) -> Choice {
    let options = S::ALL.iter().enumerate().map(|(i, one)| ChoiceOption {
        value: s(one.code()),
        label: s(one.word()),
        chosen: chosen.contains(&i),
        count: None,
    });
    Choice { name: s(name), label: s(label), many: true, options: options.collect() }
}

pub(super) fn order() -> Choice {
    let option =
        |value: &str, label: &str, chosen| ChoiceOption { value: s(value), label: s(label), chosen, count: None };
    Choice {
        name: s("sort"),
        label: s("Order"),
        many: false,
        options: vec![
            option("gaps", "Gaps first", true),
            option("key", "Key", false),
            option("-updated_at", "Changed last", false),
        ],
    }
}

pub(super) fn filters(action: &str, chosen: &[usize]) -> Filters {
    Filters {
        action: s(action),
        text: Some(String::new()),
        choices: vec![
            choice::<RequirementStatus>("status", "Status", chosen),
            choice::<Level>("priority", "Priority", &[]),
            choice::<ProofState>("state", "State", &[]),
            order(),
        ],
        carry: vec![],
    }
}

pub(super) fn plain_filters(action: &str, choices: Vec<Choice>) -> Filters {
    Filters { action: s(action), text: Some(String::new()), choices, carry: vec![] }
}

pub(super) fn refused(pointer: &str, detail: &str) -> FormErrors {
    FormErrors { summary: None, fields: vec![FieldError { pointer: s(pointer), detail: s(detail) }] }
}

pub(super) fn pager(shown: &str) -> Pager {
    Pager { shown: s(shown), first: None, next: Some(s("/requirements?cursor=b3Blbg")) }
}

pub(super) fn trend() -> Vec<TrendPoint> {
    let bad = [4, 6, 3, 3, 1, 0, 9, 5, 2, 2, 1, 0, 0, 0, 7, 3, 1, 0, 0, 3];
    bad.iter()
        .zip(109..)
        .map(|(failed, number)| TrendPoint {
            label: format!("#{number}"),
            href: paths::build("payments-gateway", number),
            counts: counts(2_900 - failed * 9, failed * 9, 0, 14),
            when: ago((129 - number) * 210 + 12),
        })
        .collect()
}

pub(super) fn history() -> Vec<LogEntry> {
    let person = |name: &str| Actor { name: s(name), ..Actor::default() };
    let agent = Actor { name: s("Review agent"), kind: ActorKind::Agent, on_behalf_of: Some(s("Mira Holm")) };
    vec![
        LogEntry {
            actor: agent,
            what: s("linked TC-88 and TC-91"),
            changes: vec![],
            when: ago(190),
            reason: None,
            undo: None,
        },
        LogEntry {
            actor: person("Jonas Weber"),
            what: s("changed two fields"),
            changes: vec![(s("Priority"), s("Medium"), s("High")), (s("Target"), String::new(), s("4 Dec 2026"))],
            when: ago(60 * 24 * 2),
            reason: Some(s("The customer asked")),
            undo: Some(s("/changes")),
        },
        LogEntry {
            actor: person("Mira Holm"),
            what: s("moved it to In progress"),
            changes: vec![(s("Status"), s("Approved"), s("In progress"))],
            when: ago(60 * 24 * 9),
            reason: Some(s("The customer asked")),
            undo: Some(s("/changes")),
        },
        LogEntry {
            actor: person("Mira Holm"),
            what: s("wrote it"),
            changes: vec![],
            when: ago(60 * 24 * 40),
            reason: None,
            undo: None,
        },
    ]
}

pub(super) fn outcomes(pattern: &str) -> Vec<Option<Outcome>> {
    pattern
        .chars()
        .map(|c| match c {
            'p' => Some(Outcome::Passed),
            'f' => Some(Outcome::Failed),
            'e' => Some(Outcome::Error),
            's' => Some(Outcome::Skipped),
            _ => None,
        })
        .collect()
}

/// What waits for a person: of every kind, late and not, with and without a page.
pub(super) fn my_work() -> web::views::home::Work {
    use web::views::home::{Waiting, Work};
    let one = |kind: &str, key: &str, title: &str, page: bool, due: Option<(&str, bool)>| Waiting {
        kind: s(kind),
        key: s(key),
        title: s(title),
        href: page.then(|| s("/defect")),
        project: if kind == "Message" { s("") } else { s("payments-gateway") },
        due: due.map(|(day, late)| (s(day), late)),
        when: ago(95),
    };
    Work {
        figures: vec![
            web::components::Figure::count(1, "tasks overdue", None, Some(Tone::Bad)),
            web::components::Figure::count(4, "tasks to do", None, None),
            web::components::Figure::count(2, "defects to resolve", None, Some(Tone::Warn)),
        ],
        counted: Some(ago(3)),
        waiting: vec![
            one("Task", "TASK-7", "Write the runbook for refunds", false, Some(("2 Nov 2026", true))),
            one("Task", "TASK-12", super::ODD, false, Some(("30 Nov 2026", false))),
            one("Defect", "DEF-3", "Refund is rounded twice", true, None),
            one("Decision", "CR-2", "Accept partial captures", false, None),
            one("Message", "", "Build #128 failed", true, None),
        ],
    }
}

/// Four metrics: one missed with a history and faults, one met, one measured for the first time, one not yet.
pub(super) fn data_quality(measured: bool) -> web::views::quality::View {
    use web::views::quality::{Measured, Metric, View, Worst};
    let metric = |name: &str, target: &str, measured: Option<Measured>| Metric {
        id: name.to_lowercase(),
        name: s(name),
        about: s("Share of what ought to be and is"),
        target: s(target),
        measured,
    };
    let came = |percent: f64, is_met, bad, days, worst| Measured {
        percent,
        is_met,
        checked: 128_000,
        bad,
        when: ago(190),
        days,
        worst,
    };
    let day = |label: &str, percent: f64, met| (s(label), percent, met);
    let worst = |check: &str, href: Option<&str>, bad| Worst {
        check: s(check),
        href: href.map(s),
        checked: 2_914,
        bad,
        advice: s("fill them in, or have whatever stores the records do it"),
    };
    let faults = vec![
        worst("fields of test cases that are empty, of description", Some("/tests"), 1_204),
        worst(super::ODD, None, 3),
    ];
    View {
        metrics: vec![
            metric(
                "Completeness",
                "more than 98 %",
                measured.then(|| {
                    let days = vec![day("1 Nov", 98.4, true), day("2 Nov", 97.1, false), day("3 Nov", 97.9, false)];
                    came(97.9, false, 1_207, days, faults)
                }),
            ),
            metric(
                "Consistency",
                "exactly 100 %",
                measured.then(|| came(100.0, true, 0, vec![day("3 Nov", 100.0, true)], vec![])),
            ),
            metric("Timeliness", "", None),
        ],
    }
}
