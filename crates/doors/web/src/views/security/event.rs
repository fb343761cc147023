//! One security event: what was seen, the rows of the trail behind it, how it stands, and the clock of the law.

use maud::{Markup, html};

use super::{Clock, clock};
use crate::components::{
    Column, Field, FormErrors, Head, Input, LogEntry, error_summary, facts, field, head, hidden, log, none, panel,
    submit, table,
};
use crate::format::{When, prose, thousands, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{EventStatus, Severity, Shown as _, state};

/// What the page of an event shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Its identifier.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What was seen.
    pub description: Option<String>,
    /// Its kind, in words.
    pub kind: String,
    /// How it was seen, in words.
    pub method: String,
    /// How bad it is.
    pub severity: Severity,
    /// How it stands.
    pub status: EventStatus,
    /// Whether it is handled as an incident.
    pub is_incident: bool,
    /// How much was counted.
    pub count: i64,
    /// When it began, when it was seen, and when it happened last.
    pub times: [When; 3],
    /// Who did it.
    pub source: Option<String>,
    /// Whom it concerns.
    pub target: Option<String>,
    /// Where it came from.
    pub address: Option<String>,
    /// With which program.
    pub program: Option<String>,
    /// Who sees to it.
    pub assigned_to: Option<String>,
    /// What it may lead to.
    pub impact: Option<String>,
    /// Systems that are concerned.
    pub systems: Vec<String>,
    /// Kinds of data that are concerned.
    pub data_types: Vec<String>,
    /// What was found out.
    pub notes: Option<String>,
    /// What was done.
    pub resolution: Option<String>,
    /// When it was closed, and by whom.
    pub resolved: Option<(When, Option<String>)>,
    /// The clock.
    pub clock: Option<Clock>,
    /// Since when the organisation is aware.
    pub aware: Option<When>,
    /// The authority that was told: its name, its number, when, who recorded it, and why so late.
    pub told: Option<Told>,
    /// The rows of the trail behind it; `None` for who may not read the trail.
    pub behind: Option<Vec<Behind>>,
    /// What happened to it, newest first.
    pub history: Vec<LogEntry>,
    /// The forms; `None` when this person may change nothing.
    pub forms: Option<Forms>,
}

/// That an authority was told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Which.
    pub authority: String,
    /// The number under which it keeps that.
    pub reference: Option<String>,
    /// When.
    pub at: When,
    /// Who recorded it.
    pub by: Option<String>,
    /// Why so late.
    pub delay: Option<String>,
}

/// A row of the trail behind the event.
#[derive(Debug, Clone)]
pub struct Behind {
    /// What happened.
    pub event: String,
    /// What became of it.
    pub outcome: String,
    /// Who did it.
    pub actor: Option<String>,
    /// What it was done to.
    pub name: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// When.
    pub at: When,
}

/// What is in the forms, and which of them was refused.
#[derive(Debug, Clone, Default)]
pub struct Forms {
    /// The optimistic lock.
    pub version: String,
    /// Members who may see to it: identifier and name.
    pub handlers: Vec<(String, String)>,
    /// The states it may move to, its own first.
    pub moves: Vec<EventStatus>,
    /// What was entered.
    pub entered: Entered,
    /// The form that was refused: `handle`, `clock` or `tell`.
    pub refused: &'static str,
    /// What was refused about it.
    pub errors: FormErrors,
}

/// What was entered.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// The state.
    pub status: String,
    /// How bad it is.
    pub severity: String,
    /// Whether it is an incident: `yes` or `no`.
    pub incident: String,
    /// Who sees to it.
    pub assigned_to: String,
    /// What it may lead to.
    pub impact: String,
    /// Systems, parted by commas.
    pub systems: String,
    /// Kinds of data, parted by commas.
    pub data_types: String,
    /// What was found out.
    pub notes: String,
    /// What was done.
    pub resolution: String,
    /// Whether an authority has to be told: `yes` or `no`.
    pub required: String,
    /// Since when the organisation is aware.
    pub aware: String,
    /// The authority.
    pub authority: String,
    /// Its number.
    pub reference: String,
    /// When it was told.
    pub told_at: String,
    /// Why so late.
    pub delay: String,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let text = |value: &Option<String>, what: &str| value.as_ref().map_or_else(|| none(what), |text| html! { (text) });
    let list = |list: &[String], what: &str| {
        if list.is_empty() {
            none(what)
        } else {
            html! { (list.join(", ")) }
        }
    };
    framed(
        frame,
        &view.title,
        &[("Security events".to_owned(), paths::SECURITY.to_owned())],
        &html! {
            (head(&Head { title: &view.title, ..Head::default() }))
            div class="two" {
                div {
                    @match &view.description { Some(text) => (prose(text)), None => p class="muted prose" { "Nobody has said more about it." } }
                    (panel("state", "Where it stands", None, &standing(frame, view)))
                    (panel("clock", "Telling the authority", None, &telling(frame, view)))
                    (panel("trail", "What the trail tells", None, &behind(view)))
                    (panel("history", "History", None, &log(&view.history)))
                }
                aside aria-label="Facts" {
                    (facts(&[
                        ("State", state(view.status)),
                        ("Severity", state(view.severity)),
                        ("Handled as", html! { @if view.is_incident { "an incident" } @else { "an event" } }),
                        ("Authority", clock(view.clock)),
                        ("Assigned to", text(&view.assigned_to, "nobody")),
                        ("Kind", html! { (view.kind) }),
                        ("Seen by", html! { (view.method) }),
                        ("Counted", html! { (thousands(view.count)) }),
                        ("Began", time(view.times[0])),
                        ("Seen", time(view.times[1])),
                        ("Last", time(view.times[2])),
                        ("By", text(&view.source, "not known")),
                        ("Concerns", text(&view.target, "nobody in particular")),
                        ("From", text(&view.address, "not known")),
                        ("Program", text(&view.program, "not known")),
                        ("Systems", list(&view.systems, "none named")),
                        ("Kinds of data", list(&view.data_types, "none named")),
                    ]))
                }
            }
        },
    )
}

fn standing(frame: &Frame, view: &View) -> Markup {
    let told = [
        ("What it may lead to", &view.impact),
        ("What was found out", &view.notes),
        ("What was done", &view.resolution),
    ];
    html! {
        div class="says-it" { (state(view.status))
            span class="muted" {
                @match (&view.resolved, &view.assigned_to) {
                    (Some((at, by)), _) => { "Closed " (time(*at)) @if let Some(name) = by { " by " (name) } "." },
                    (None, Some(name)) => { (name) " sees to it." },
                    (None, None) => "Nobody sees to it yet.",
                }
            }
        }
        @for (title, text) in told {
            @if let Some(text) = text { h3 { (title) } (prose(text)) }
        }
        @if let Some(forms) = &view.forms { (handle(frame, view, forms)) }
    }
}

fn handle(frame: &Frame, view: &View, forms: &Forms) -> Markup {
    let (entered, none) = (&forms.entered, FormErrors::default());
    let errors = if forms.refused == "handle" { &forms.errors } else { &none };
    let one =
        |name, label, value, input, required, hint| Field { form: "handle", name, label, value, input, required, hint };
    let moves = forms.moves.iter().map(|to| (to.code().to_owned(), to.word().to_owned())).collect();
    let severities = Severity::ALL.iter().map(|one| (one.code().to_owned(), one.word().to_owned())).collect();
    let handlers =
        std::iter::once((String::new(), "Nobody".to_owned())).chain(forms.handlers.iter().cloned()).collect();
    html! {
        details class="fold" data-edit open[!errors.is_empty()] {
            summary class="button main" { (icon(Icon::Pencil)) "Handle it" }
            form method="post" action=(paths::security_event(&view.id)) class="form box" {
                (csrf(frame)) (hidden("version", &forms.version)) (error_summary("handle", errors))
                (field(&one("status", "State", &entered.status, Input::Select(moves), true, None), errors))
                (field(&one("severity", "Severity", &entered.severity, Input::Select(severities), true, None), errors))
                (field(&one("is_incident", "Handle it as an incident", &entered.incident, Input::Select(yes_no()), true, None), errors))
                (field(&one("assigned_to_user_id", "Assigned to", &entered.assigned_to, Input::Select(handlers), false, Some("Members who may handle security events.")), errors))
                (field(&one("potential_impact", "What it may lead to", &entered.impact, Input::Area { rows: 2 }, false, None), errors))
                (field(&one("affected_systems", "Systems", &entered.systems, Input::Text, false, Some("Names, parted by commas.")), errors))
                (field(&one("affected_data_types", "Kinds of data", &entered.data_types, Input::Text, false, Some("Such as addresses or passwords, parted by commas.")), errors))
                (field(&one("investigation_notes", "What was found out", &entered.notes, Input::Area { rows: 4 }, false, None), errors))
                (field(&one("resolution_notes", "What was done", &entered.resolution, Input::Area { rows: 3 }, false, None), errors))
                div { (submit("Save")) }
            }
        }
    }
}

fn yes_no() -> Vec<(String, String)> {
    [("no", "No"), ("yes", "Yes")].map(|(code, words)| (code.to_owned(), words.to_owned())).to_vec()
}

fn telling(frame: &Frame, view: &View) -> Markup {
    html! {
        @match (&view.clock, &view.told) {
            (_, Some(told)) => {
                p { (told.authority) " was told " (time(told.at)) @if let Some(number) = &told.reference { ", under the number " code { (number) } } "."
                    @if let Some(name) = &told.by { " " (name) " recorded it." } }
                @if let Some(clock) = view.clock { p { (state(clock.state)) } }
                @if let Some(delay) = &told.delay { h3 { "Why so late" } (prose(delay)) }
            },
            (Some(clock), None) => {
                div class="says-it" { (state(clock.state)) span class="muted" { "The authority has to be told " (time(clock.due)) ", 72 hours after the organisation became aware" @if let Some(aware) = view.aware { " " (time(aware)) } " (GDPR Art. 33(1))." } }
            },
            (None, None) => p class="muted" { "Nobody has said that personal data are concerned. Once somebody does, the authority has to be told within 72 hours (GDPR Art. 33(1))." },
        }
        @if let Some(forms) = &view.forms {
            (set_clock(frame, view, forms))
            @if view.told.is_none() { (record(frame, view, forms)) }
        }
    }
}

fn set_clock(frame: &Frame, view: &View, forms: &Forms) -> Markup {
    let (entered, none) = (&forms.entered, FormErrors::default());
    let errors = if forms.refused == "clock" { &forms.errors } else { &none };
    let one =
        |name, label, value, input, required, hint| Field { form: "clock", name, label, value, input, required, hint };
    html! {
        details class="fold" open[!errors.is_empty()] {
            summary class="button" { "Set the clock" }
            form method="post" action={ (paths::security_event(&view.id)) "/clock" } class="form box" {
                (csrf(frame)) (hidden("version", &forms.version)) (error_summary("clock", errors))
                (field(&one("regulatory_notification_required", "The authority has to be told", &entered.required, Input::Select(yes_no()), true, None), errors))
                (field(&one("became_aware_at", "Aware since", &entered.aware, Input::Moment, false, Some("In UTC. Without a moment: now, when it is said for the first time.")), errors))
                // It may turn out only afterwards that the organisation had been aware before.
                @if view.told.is_some() {
                    (field(&one("notification_delay_reason", "Why so late", &entered.delay, Input::Area { rows: 3 }, false, Some("Needed when the authority was told more than 72 hours after that moment.")), errors))
                }
                div { (submit("Set the clock")) }
            }
        }
    }
}

fn record(frame: &Frame, view: &View, forms: &Forms) -> Markup {
    let (entered, none) = (&forms.entered, FormErrors::default());
    let errors = if forms.refused == "tell" { &forms.errors } else { &none };
    let one =
        |name, label, value, input, required, hint| Field { form: "tell", name, label, value, input, required, hint };
    html! {
        details class="fold" open[!errors.is_empty()] {
            summary class="button" { "Record that it was told" }
            form method="post" action={ (paths::security_event(&view.id)) "/told" } class="form box" {
                (csrf(frame)) (error_summary("tell", errors))
                (field(&one("authority", "Which authority", &entered.authority, Input::Text, true, None), errors))
                (field(&one("reference", "Its number", &entered.reference, Input::Text, false, None), errors))
                (field(&one("notified_at", "When", &entered.told_at, Input::Moment, false, Some("In UTC. Without a moment: now.")), errors))
                (field(&one("delay_reason", "Why so late", &entered.delay, Input::Area { rows: 3 }, false, Some("Needed once the 72 hours are over.")), errors))
                div { (submit("Record it")) }
            }
        }
    }
}

fn behind(view: &View) -> Markup {
    let heads = ["When", "What", "Outcome", "Who", "About", "From"].map(Column::text);
    html! {
        @match &view.behind {
            None => p class="muted" { "Whoever may read the audit trail sees here what it tells of this event." },
            Some(rows) if rows.is_empty() => p class="muted" { "No row of the trail is named by this event." },
            Some(rows) => (table("Rows of the trail", &heads, &html! {
                @for row in rows {
                    tr {
                        td class="muted" { (time(row.at)) }
                        td { code { (row.event) } }
                        td { (row.outcome) }
                        td class="text" { @match &row.actor { Some(name) => (name), None => (none("nobody who signed in")) } }
                        td class="text" { @match &row.name { Some(name) => (name), None => (none("nothing named")) } }
                        td { @match &row.address { Some(address) => code { (address) }, None => (none("not known")) } }
                    }
                }
            })),
        }
    }
}
