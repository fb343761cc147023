//! Changes that can be undone, what stands in the way, and the story of a record.

use web::components::{Actor, ActorKind, FieldError, FormErrors};
use web::state::Tone;
use web::views::changes::{Dispute, Row, Story, View};

use super::ODD;
use super::parts::*;

fn agent() -> Actor {
    Actor { name: s("Review agent"), kind: ActorKind::Agent, on_behalf_of: Some(s("Mira Holm")) }
}

fn row(name: &str, what: &str, outcome: Option<(Tone, &str)>) -> Row {
    Row {
        record: (s("requirements"), s(name), Some(s("/history/requirements/1"))),
        what: s(what),
        by: agent(),
        when: ago(12),
        fields: vec![(s("Title"), s("Refunds are idempotent for a day"), s("Refunds are idempotent"))],
        outcome: outcome.map(|(tone, word)| (tone, s(word))),
        reason: None,
        disputes: vec![],
    }
}

/// Changes of a run: fine, with something in the way, or too many to be tried at once.
pub(super) fn all(which: u8) -> View {
    let good = Some((Tone::Good, "Is put back"));
    let mut view = View {
        title: s("Everything of one run"),
        facts: vec![("Run", s("019a0c6e-8f3e-7c1a-b5b0-6f2f8f0e1d2c")), ("Why", s("Asked to tidy up the titles"))],
        selector: vec![(s("run"), s("019a0c6e-8f3e-7c1a-b5b0-6f2f8f0e1d2c"))],
        rows: vec![
            row("Refunds are idempotent for a day", "changed", good),
            row(ODD, "created", Some((Tone::Good, "Is deleted again"))),
        ],
        total: 2,
        forecast: Some([2, 0, 0, 0, 0]),
        is_partial: false,
        errors: FormErrors::default(),
    };
    match which {
        1 => {
            let disputed = Row {
                disputes: vec![Dispute {
                    field: s("Title"),
                    expected: s("Refunds are idempotent for a day"),
                    found: s("Refunds are idempotent for 24 hours"),
                    by: Some(Actor { name: s("Jonas Weber"), ..Actor::default() }),
                    when: Some(ago(3)),
                }],
                ..row("Refunds are idempotent for 24 hours", "changed", Some((Tone::Warn, "Was changed since")))
            };
            let stuck = Row {
                reason: Some(s("its status does not go back: A release that is released can move to withdrawn.")),
                ..row("2.0", "changed", Some((Tone::Bad, "Cannot be undone")))
            };
            view.rows.splice(0..0, [disputed, stuck]);
            view.total = 4;
            view.forecast = Some([2, 0, 1, 1, 0]);
            view.is_partial = true;
            view.errors.summary = Some(s(
                "Something was changed meanwhile, so nothing was undone. Look again at what stands in the way.",
            ));
        }
        2 => {
            view.rows = vec![row("Refunds are idempotent for a day", "changed", None)];
            view.total = 1_000;
            view.forecast = None;
        }
        _ => {}
    }
    view
}

/// The story of a requirement, as it was then and in full, or with nothing to tell.
pub(super) fn story(full: bool) -> Story {
    let base =
        Story { kind: s("requirement"), name: s("REQ-12"), path: s("/history/requirements/1"), ..Story::default() };
    match full {
        true => Story {
            entries: history(),
            at: (s("2026-11-01T10:00"), FormErrors::default()),
            then: Some((
                ago(60 * 24 * 20),
                vec![(s("Priority"), s("Medium"), s("High")), (s("Title"), s(ODD), s("Refunds"))],
            )),
            ..base
        },
        false => {
            let error = FieldError { pointer: s("/at"), detail: s("It was not there at that moment.") };
            Story { at: (s("2020-01-01T00:00"), FormErrors { summary: None, fields: vec![error] }), ..base }
        }
    }
}
