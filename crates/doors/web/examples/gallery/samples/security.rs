//! Security events and the rules that find them.

use maud::Markup;
use web::components::{Filters, FormErrors};
use web::layout::Frame;
use web::state::*;
use web::views::security::{Clock, event, events, rules};

use super::ODD;
use super::parts::*;

pub(super) fn render(name: &str, frame: &Frame) -> Option<Markup> {
    Some(match name {
        "security" => events::page(frame, &list()),
        "security-empty" => events::page(
            frame,
            &events::View { filters: Filters { choices: vec![], ..list().filters }, ..events::View::default() },
        ),
        "security-nothing-fits" => events::page(
            frame,
            &events::View {
                filters: plain_filters("/security", vec![choice::<Severity>("severity", "Severity", &[0])]),
                ..events::View::default()
            },
        ),
        "security-event" => event::page(frame, &one()),
        "security-event-told" => event::page(
            frame,
            &event::View {
                title: s(ODD),
                description: None,
                status: EventStatus::Resolved,
                resolved: Some((ago(10), Some(s("Mira Holm")))),
                notes: Some(s(ODD)),
                clock: Some(Clock { state: ClockState::ToldLate, due: ago(600) }),
                told: Some(event::Told {
                    authority: s("Data protection authority"),
                    reference: Some(s("B-2027-114")),
                    at: ago(300),
                    by: Some(s("Mira Holm")),
                    delay: Some(s("The list had to be found first.")),
                }),
                behind: Some(vec![]),
                history: vec![],
                ..one()
            },
        ),
        "security-event-refused" => event::page(
            frame,
            &event::View {
                forms: Some(event::Forms {
                    refused: "tell",
                    errors: refused("/delay_reason", "must say why, because the 72 hours were over (GDPR Art. 33(1))"),
                    ..forms()
                }),
                clock: Some(Clock { state: ClockState::Overdue, due: ago(60) }),
                ..one()
            },
        ),
        "security-event-reader" => event::page(
            frame,
            &event::View {
                forms: None,
                behind: None,
                clock: None,
                aware: None,
                systems: vec![],
                source: None,
                ..one()
            },
        ),
        "security-rules" => rules::page(frame, &all(true)),
        "security-rules-reader" => rules::page(frame, &all(false)),
        _ => return None,
    })
}

fn list() -> events::View {
    let row = |title: &str, kind: &str, severity, status, clock| events::Row {
        id: s("1"),
        title: s(title),
        kind: s(kind),
        severity,
        status,
        is_incident: clock_is_there(&clock),
        count: 1_204,
        last: ago(3),
        clock,
        assigned_to: clock_is_there(&clock).then(|| s("Mira Holm")),
    };
    events::View {
        filters: plain_filters(
            "/security",
            vec![choice::<Severity>("severity", "Severity", &[0, 1]), choice::<EventStatus>("status", "State", &[])],
        ),
        rows: vec![
            row(
                "Sign-ins of Jonas Berg are refused again and again",
                "Repeated failed sign-ins",
                Severity::Medium,
                EventStatus::Open,
                None,
            ),
            row(
                "The audit trail is not what was sealed",
                "Audit trail tampered with",
                Severity::Critical,
                EventStatus::Investigating,
                Some(Clock { state: ClockState::Running, due: ago(-900) }),
            ),
            row(
                ODD,
                "data leaked",
                Severity::High,
                EventStatus::Open,
                Some(Clock { state: ClockState::Overdue, due: ago(90) }),
            ),
            row(
                "Ada Kim has many open sessions",
                "Many sessions at once",
                Severity::Low,
                EventStatus::FalsePositive,
                None,
            ),
        ],
        pager: pager("4 events, the latest first"),
        may_see_rules: true,
    }
}

fn clock_is_there(clock: &Option<Clock>) -> bool {
    clock.is_some()
}

fn forms() -> event::Forms {
    event::Forms {
        version: s("3"),
        handlers: vec![(s("1"), s("Mira Holm")), (s("2"), s("Jonas Berg"))],
        moves: vec![EventStatus::Open, EventStatus::Investigating, EventStatus::Resolved, EventStatus::FalsePositive],
        entered: event::Entered {
            status: s("open"),
            severity: s("high"),
            incident: s("yes"),
            required: s("yes"),
            ..event::Entered::default()
        },
        refused: "",
        errors: FormErrors::default(),
    }
}

fn one() -> event::View {
    let behind = |what: &str, minutes| event::Behind {
        event: s(what),
        outcome: s("done"),
        actor: Some(s("Ada Kim")),
        name: Some(s("ada@northwind.example")),
        address: Some(s("198.51.100.7")),
        at: ago(minutes),
    };
    event::View {
        id: s("1"),
        title: s("198.51.100.7 fails to sign in to several accounts"),
        description: Some(s("Sign-ins to 7 accounts of this organisation were refused.")),
        kind: s("One address at many accounts"),
        method: s("the rule “One address at many accounts”"),
        severity: Severity::High,
        status: EventStatus::Investigating,
        is_incident: true,
        count: 7,
        times: [ago(50), ago(49), ago(3)],
        source: Some(s("Ada Kim")),
        target: Some(s("Jonas Berg")),
        address: Some(s("198.51.100.7")),
        program: Some(s("curl/8.5.0")),
        assigned_to: Some(s("Mira Holm")),
        impact: Some(s("Accounts may be taken over.")),
        systems: vec![s("sign-in")],
        data_types: vec![s("addresses")],
        notes: None,
        resolution: None,
        resolved: None,
        clock: Some(Clock { state: ClockState::Running, due: ago(-2_000) }),
        aware: Some(ago(45)),
        told: None,
        behind: Some(vec![behind("session.refused", 3), behind("session.refused", 4), behind("session.started", 5)]),
        history: vec![],
        forms: Some(forms()),
    }
}

fn all(may_change: bool) -> rules::View {
    let rule = |name: &str, threshold, unit: &str, severity, is_enabled| rules::Rule {
        id: s(&name.to_lowercase().replace(' ', "-")),
        name: s(name),
        watches: s("The sign-ins of one account are refused as often as the threshold says, within the window."),
        threshold,
        unit: s(unit),
        window: 15,
        severity,
        opens_incident: threshold > 100,
        notifies: s("administrators"),
        is_enabled,
        looked: is_enabled.then(|| ago(1)),
        open: 2,
        version: s("1"),
    };
    rules::View {
        rules: vec![
            rule("Repeated failed sign-ins", 5, "failures", Severity::Medium, true),
            rule("Many rows exported", 50_000, "rows", Severity::High, true),
            rule("Many sessions at once", 10, "sessions", Severity::Low, false),
        ],
        may_change,
    }
}
