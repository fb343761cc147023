//! Every component in every state: the page to look at before and after a change of the stylesheet.

use maud::{Markup, html};

use crate::components::{
    Actor, ActorKind, Choice, ChoiceOption, Column, Counts, Criterion, Empty, Field, FieldError, Figure, Filters,
    FormErrors, Head, Input, LogEntry, Pager, Sort, Stop, Tab, TrendPoint, criteria, empty, error_summary, field,
    figures, filter_bar, head, key, line, link_button, log, none, pager, panel, progress, result_bar, sparkline, table,
    tabs, trend,
};
use crate::format::{When, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, page as framed, shortcuts_list};
use crate::paths::DESIGN;
use crate::state::{
    ApprovalStatus, BaselineStatus, BuildStatus, Change, CheckStatus, DefectStatus, DeploymentStatus, FeatureStatus,
    FileStatus, FindingState, GrantState, ImportStatus, Level, MemberStatus, MessageStatus, Outcome, ProofState,
    RecordedAs, RequirementStatus, RuleState, Severity, Shown, TestCaseStatus, Tone, dot, state,
};

/// The design page as of `now`.
#[must_use]
pub fn page(frame: &Frame, now: jiff::Timestamp) -> Markup {
    framed(
        frame,
        "Design",
        &[],
        &html! {
            (head(&Head { key: Some("REQ-42"), title: "Every component in every state", sub: Some(html! { "One accent, one neutral scale, 4-pixel rhythm" }), actions: Some(buttons()) }))
            (tabs("Example", &[
                Tab { text: "Shown".into(), href: DESIGN.into(), current: true, count: Some(12) },
                Tab { text: "Other".into(), href: DESIGN.into(), current: false, count: None },
            ]))
            (panel("states", "States: shape, colour and word", None, &states()))
            (panel("figures", "Figures", None, &strip()))
            (panel("line", "The line of a record", None, &stops()))
            (panel("bars", "Results", None, &bars()))
            (panel("chart", "Trend", None, &chart(now)))
            (panel("filters", "Filters", None, &filters()))
            (panel("table", "Table", None, &rows(now)))
            (panel("criteria", "Criteria", None, &criteria(&judged())))
            (panel("log", "History", None, &log(&happened(now))))
            (panel("form", "Form", None, &form()))
            (panel("messages", "Messages and progress", None, &messages()))
            (panel("empty", "Empty", None, &empty(&Empty { glyph: Icon::Inbox, title: "Nothing here yet", text: "It says what to do next, with the command to type.", command: Some("throughline import --project KEY reports/*.xml".into()), link: Some(("Or a link", DESIGN.into())) })))
            (panel("icons", "Icons", None, &html! { div class="swatches" { @for one in Icon::ALL { span title=(one.name()) { (icon(*one)) } } } }))
            (panel("keys", "Keys", None, &shortcuts_list()))
        },
    )
}

fn buttons() -> Markup {
    html! {
        (link_button("Link", DESIGN, Some(Icon::Download), false)) (link_button("Main", DESIGN, None, true))
        button type="button" class="button quiet" { "Quiet" } button type="button" class="button danger" { "Danger" }
        button type="button" class="button" disabled { "Disabled" }
    }
}

fn states() -> Markup {
    fn all<S: Shown>(name: &str) -> Markup {
        html! { p class="muted" { (name) } div class="swatches" { @for one in S::ALL { (state(*one)) } } }
    }
    html! {
        div class="swatches" { @for tone in Tone::ALL { span { (dot(*tone)) " " (tone.class()) } } }
        (all::<ProofState>("Proof")) (all::<RequirementStatus>("Requirement")) (all::<FeatureStatus>("Feature")) (all::<Outcome>("Outcome"))
        (all::<TestCaseStatus>("Test case")) (all::<BuildStatus>("Build")) (all::<DeploymentStatus>("Deployment")) (all::<DefectStatus>("Defect"))
        (all::<GrantState>("Grant")) (all::<MemberStatus>("Member")) (all::<ApprovalStatus>("Approval")) (all::<BaselineStatus>("Baseline")) (all::<Change>("Difference")) (all::<RuleState>("Rule"))
        (all::<Severity>("Severity of a finding")) (all::<FindingState>("Finding")) (all::<MessageStatus>("Message of a repository server")) (all::<RecordedAs>("What a message did")) (all::<CheckStatus>("Check"))
        (all::<Level>("Priority and severity")) (all::<ImportStatus>("Import")) (all::<FileStatus>("File"))
    }
}

fn strip() -> Markup {
    figures(&[
        Figure { value: "71.4 %".into(), label: "criteria proven".into(), href: Some(DESIGN.into()), tone: None },
        Figure::count(9, "requirements with gaps", Some(DESIGN.into()), Some(Tone::Gap)),
        Figure::count(2, "failing", Some(DESIGN.into()), Some(Tone::Bad)),
        Figure::count(1_234_567, "results", None, None),
    ])
}

fn stops() -> Markup {
    let stop = |label: &str, value: &str, tone, word: &str, detail: Option<&str>| Stop {
        label: label.into(),
        value: value.into(),
        detail: detail.map(Into::into),
        tone,
        word: word.into(),
        href: Some(DESIGN.into()),
    };
    line(
        "Example",
        &[
            stop("Requirement", "REQ-17", Tone::Good, "Approved", None),
            stop("Features", "3", Tone::Active, "In progress", Some("2 complete")),
            stop("Tests", "42", Tone::Bad, "Failing", Some("3 of 42")),
            stop("Build", "1.8.2", Tone::Good, "Success", Some("#128")),
            stop("Staging", "1.8.1", Tone::Warn, "Behind", Some("1 build")),
            stop("Production", "–", Tone::Idle, "Not deployed", None),
            stop("Signed off", "–", Tone::Gap, "Missing", None),
        ],
    )
}

fn bars() -> Markup {
    let samples = [(31, 2, 0, 0), (44, 0, 0, 1), (9_999, 1, 0, 0), (0, 3, 1, 0), (0, 0, 0, 4), (0, 0, 0, 0)];
    html! {
        div class="swatches" { @for (passed, failed, errors, skipped) in samples { (result_bar(Counts { passed, failed, errors, skipped })) } }
        div class="swatches" { (sparkline("last 5 builds: one of each", &[Some(Outcome::Passed), Some(Outcome::Failed), Some(Outcome::Error), Some(Outcome::Skipped), None])) (none("nothing")) (key("REQ-42")) }
    }
}

fn chart(now: jiff::Timestamp) -> Markup {
    let points: Vec<TrendPoint> = [0, 2, 1, 0, 0, 7, 3, 0, 1, 0, 0, 0]
        .iter()
        .zip(117..)
        .map(|(failed, number)| TrendPoint {
            label: format!("#{number}"),
            href: DESIGN.into(),
            counts: Counts { passed: 240 - failed, failed: *failed, errors: 0, skipped: 2 },
            when: When::new(now - jiff::SignedDuration::from_hours(129 - number), now),
        })
        .collect();
    trend("Example pass rate", &points)
}

fn filters() -> Markup {
    let option = |value: &str, label: &str, chosen, count| ChoiceOption {
        value: value.into(),
        label: label.into(),
        chosen,
        count,
    };
    filter_bar(&Filters {
        action: DESIGN.into(),
        text: Some(String::new()),
        choices: vec![
            Choice {
                name: "status".into(),
                label: "Status".into(),
                many: true,
                options: vec![option("approved", "Approved", true, Some(12)), option("draft", "Draft", false, Some(3))],
            },
            Choice {
                name: "order".into(),
                label: "Order".into(),
                many: false,
                options: vec![option("gaps", "Gaps first", true, None), option("key", "Key", false, None)],
            },
        ],
        carry: vec![],
    })
}

fn rows(now: jiff::Timestamp) -> Markup {
    let columns = [
        Column::text("Key").sorts(Some(DESIGN.into()), Some(Sort::Ascending)),
        Column::text("Title").sorts(Some(DESIGN.into()), None),
        Column::text("State"),
        Column::number("Criteria").sorts(Some(DESIGN.into()), Some(Sort::Descending)),
        Column::text("Changed"),
    ];
    html! {
        (table("Example", &columns, &html! {
            @for (id, title, proof, criteria) in [("REQ-17", "Refunds are idempotent for 24 hours", ProofState::Failing, "4/5"), ("REQ-23", "Chargebacks open a case within one minute", ProofState::Proven, "6/6")] {
                tr { td { (key(id)) } td class="title" { a data-row href=(DESIGN) { (title) } } td { (state(proof)) } td class="num" { (criteria) } td class="muted" { (time(When::new(now - jiff::SignedDuration::from_mins(12), now))) } }
            }
        }))
        (pager(&Pager { shown: "2 requirements".into(), first: Some(DESIGN.into()), next: Some(DESIGN.into()) }))
    }
}

fn judged() -> Vec<Criterion> {
    let one = |text: &str, state, tests, failing| Criterion { text: text.into(), state, tests, failing, links: vec![] };
    vec![
        one("The same key returns the stored answer", ProofState::Proven, 12, 0),
        one("Two concurrent requests refund once", ProofState::Failing, 9, 2),
        one("Keys expire after 24 hours", ProofState::Partial, 1, 0),
        one("Replays are visible in the audit trail", ProofState::Gap, 0, 0),
    ]
}

fn happened(now: jiff::Timestamp) -> Vec<LogEntry> {
    let when = When::new(now - jiff::SignedDuration::from_hours(5), now);
    vec![
        LogEntry {
            actor: Actor {
                name: "Review agent".into(),
                kind: ActorKind::Agent,
                on_behalf_of: Some("Mira Holm".into()),
            },
            what: "proposed a change".into(),
            changes: vec![("Priority".into(), "Medium".into(), "High".into())],
            when,
            reason: None,
            undo: None,
        },
        LogEntry {
            actor: Actor { name: "Mira Holm".into(), ..Actor::default() },
            what: "set the owner".into(),
            changes: vec![
                ("Owner".into(), String::new(), "Payments".into()),
                ("Target".into(), "4 Dec".into(), String::new()),
            ],
            when,
            reason: None,
            undo: None,
        },
    ]
}

fn form() -> Markup {
    let errors = FormErrors {
        summary: None,
        fields: vec![FieldError {
            pointer: "/title".into(),
            detail: "A title is at most 300 characters; this one has 312.".into(),
        }],
    };
    let one = |name, label, value, input, required, hint| Field {
        form: "example",
        name,
        label,
        value,
        input,
        required,
        hint,
    };
    html! {
        form class="form box" method="get" action=(DESIGN) {
            (error_summary("example", &errors))
            (field(&one("title", "Title", "Too long", Input::Text, true, None), &errors))
            (field(&one("day", "Day", "2026-11-20", Input::Date, false, Some("The last day that counts as on time.")), &errors))
            (field(&one("level", "Priority", "high", Input::Select(crate::layout::state_options::<Level>()), false, None), &errors))
            (field(&one("text", "Text", "Several\nlines", Input::Area { rows: 3 }, false, None), &errors))
            (field(&one("files", "Files", "", Input::Files, false, None), &errors))
        }
    }
}

fn messages() -> Markup {
    html! {
        @for (tone, text) in [(Tone::Good, "Saved."), (Tone::Warn, "Saved, but two links are now suspect."), (Tone::Bad, "Nothing was saved."), (Tone::Idle, "Nothing changed.")] {
            div class={ "flash " (tone.class()) } { (dot(tone)) span { (text) } }
        }
        (progress("Files", 3, Some(8))) (progress("Records", 120_000, None))
    }
}
