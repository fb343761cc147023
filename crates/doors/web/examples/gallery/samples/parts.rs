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
        LogEntry { actor: agent, what: s("linked TC-88 and TC-91"), changes: vec![], when: ago(190) },
        LogEntry {
            actor: person("Jonas Weber"),
            what: s("changed two fields"),
            changes: vec![(s("Priority"), s("Medium"), s("High")), (s("Target"), String::new(), s("4 Dec 2026"))],
            when: ago(60 * 24 * 2),
        },
        LogEntry {
            actor: person("Mira Holm"),
            what: s("moved it to In progress"),
            changes: vec![(s("Status"), s("Approved"), s("In progress"))],
            when: ago(60 * 24 * 9),
        },
        LogEntry { actor: person("Mira Holm"), what: s("wrote it"), changes: vec![], when: ago(60 * 24 * 40) },
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
