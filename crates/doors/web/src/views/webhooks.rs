//! Repository servers: which are connected, how to connect one, what each message told and what became of it.

use maud::{Markup, html};

use super::{at, crumb, slug};
use crate::components::{
    Column, Empty, Field, FormErrors, Head, Input, Pager, Tab, empty, error_summary, facts, field, head, none, pager,
    panel, submit, table, tabs,
};
use crate::format::{When, plural, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;
use crate::state::{MessageStatus, RecordedAs, Server, Shown as _, state};

/// What the list shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The connections.
    pub connections: Vec<Connection>,
    /// The latest messages of all of them.
    pub messages: Vec<Message>,
    /// The form, with what was entered in it and what was refused; `None`: the visitor may connect nothing.
    pub form: Option<(Entered, FormErrors)>,
}

/// What was entered to connect a server.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// Its name.
    pub name: String,
    /// The kind of server, as its code.
    pub provider: String,
    /// The one repository.
    pub repository: String,
    /// The label that makes an issue a defect.
    pub issue_label: String,
}

/// One connection.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its identifier.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The kind of server.
    pub server: Server,
    /// The one repository whose messages are used.
    pub repository: Option<String>,
    /// Whether messages are taken.
    pub is_active: bool,
    /// When a message came last.
    pub last: Option<When>,
    /// Messages that failed, and those that wait.
    pub failed_and_waiting: [i64; 2],
}

/// One message of a list.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its identifier.
    pub id: String,
    /// Event and action.
    pub event: String,
    /// The repository it is about.
    pub repository: Option<String>,
    /// What became of it.
    pub status: MessageStatus,
    /// In a few words: what was recorded, or why nothing was.
    pub outcome: String,
    /// When it came.
    pub when: When,
}

/// The page of one connection.
#[derive(Debug, Clone)]
pub struct One {
    /// What a list shows of it.
    pub line: Connection,
    /// Where its server sends messages.
    pub address: String,
    /// The secret that was just made. Put it into no other place.
    pub secret: Option<String>,
    /// Since when its secret holds, and until when the one before does too.
    pub secret_since: (When, Option<When>),
    /// The label that makes an issue a defect.
    pub issue_label: Option<String>,
    /// With whose rights messages are worked on; `None`: they are no longer a member.
    pub acts_as: Option<String>,
    /// The optimistic lock.
    pub version: String,
    /// Whether the visitor may change it.
    pub may_change: bool,
    /// Which messages are listed, as the code of their outcome; empty: all.
    pub shown: String,
    /// The messages, the latest first.
    pub messages: Vec<Message>,
    /// Where they go on.
    pub pager: Pager,
    /// What was refused.
    pub errors: FormErrors,
}

/// The page of one message.
#[derive(Debug, Clone)]
pub struct Told {
    /// What a list shows of it.
    pub line: Message,
    /// The connection it came over: identifier and name. `None`: it is not for this reader.
    pub connection: Option<(String, String)>,
    /// What its server calls it.
    pub name: Option<String>,
    /// What was done: how, the kind of record, what it is called and its page.
    pub did: Vec<(RecordedAs, String, String, Option<String>)>,
    /// What was left aside, a line each.
    pub notes: Vec<String>,
    /// Why it could not be worked on.
    pub error: Option<String>,
    /// The message before with the same content.
    pub repeat_of: Option<String>,
    /// How often it was worked on, and when it is next.
    pub attempts: (i64, Option<When>),
    /// The headers that are kept.
    pub headers: Vec<(String, String)>,
    /// The whole message, as far as it is shown.
    pub payload: String,
    /// Whether there is more of it.
    pub is_cut: bool,
    /// Whether the visitor may have it worked on again.
    pub may_again: bool,
}

/// The list page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Webhooks",
        &[],
        &html! {
            (head(&Head { title: "Webhooks", sub: Some(html! { "Repository servers that tell by themselves of pushes, reviews, builds, deployments, releases and issues" }), ..Head::default() }))
            @if let Some((entered, errors)) = &view.form { (connect(frame, entered, errors)) }
            @if view.connections.is_empty() {
                (empty(&Empty {
                    glyph: Icon::Inbox, title: "No repository server is connected",
                    text: "Connect GitHub, GitLab, Forgejo or Gitea once: pushes become commits, workflows and pipelines builds with their checks, and deployments, releases, pull requests and issues are recorded as they happen. A script connects one with POST /v1/webhook-connections.",
                    command: None, link: None,
                }))
            } @else {
                (panel("connections", "Connections", i64::try_from(view.connections.len()).ok(), &html! {
                    (table("Connections", &["Name", "Server", "Repository", "Last message", "Failed", "Waiting"].map(Column::text), &html! {
                        @for one in &view.connections {
                            tr {
                                td class="title" { a data-row href=(paths::webhook(slug(frame), &one.id)) { (one.name) } @if !one.is_active { " " span class="muted" { "switched off" } } }
                                td { (one.server.word()) }
                                td class="text" { @match &one.repository { Some(name) => (name), None => (none("every one")) } }
                                td class="muted" { @match one.last { Some(when) => (time(when)), None => (none("none yet")) } }
                                td { (one.failed_and_waiting[0]) }
                                td { (one.failed_and_waiting[1]) }
                            }
                        }
                    }))
                }))
                (panel("messages", "Latest messages", None, &messages(frame, &view.messages, "Nothing has come yet", "Enter address and secret at the repository server, and let it send a test message. The page of a connection says where.")))
            }
        },
    )
}

fn messages(frame: &Frame, list: &[Message], title: &str, text: &str) -> Markup {
    if list.is_empty() {
        return empty(&Empty { glyph: Icon::Inbox, title, text, command: None, link: None });
    }
    table(
        "Messages",
        &["Event", "Repository", "Outcome", "What came of it", "When"].map(Column::text),
        &html! {
            @for one in list {
                tr {
                    td class="title" { a data-row href=(paths::webhook_message(slug(frame), &one.id)) { (one.event) } }
                    td class="text" { @match &one.repository { Some(name) => (name), None => (none("none")) } }
                    td { (state(one.status)) }
                    td class="text" { (one.outcome) }
                    td class="muted" { (time(one.when)) }
                }
            }
        },
    )
}

/// The form that connects a server.
fn connect(frame: &Frame, entered: &Entered, errors: &FormErrors) -> Markup {
    let one =
        |name, label, value, input, required, hint| Field { form: "new", name, label, value, input, required, hint };
    let servers = Server::ALL.iter().map(|server| (server.code().to_owned(), server.word().to_owned())).collect();
    html! {
        details class="fold" data-create open[!errors.is_empty()] {
            summary class="button main" { "Connect a repository server" }
            form method="post" action=(at(frame, "webhooks")) class="form box" {
                (csrf(frame)) (error_summary("new", errors))
                (field(&one("name", "Name", &entered.name, Input::Text, true, Some("Such as the repository’s, or the organisation’s there.")), errors))
                (field(&one("provider", "Server", &entered.provider, Input::Select(servers), true, None), errors))
                (field(&one("repository", "Only this repository", &entered.repository, Input::Text, false, Some("Owner and name, such as acme/pay. Left empty: every repository that sends here.")), errors))
                (field(&one("issue_label", "Issues with this label become defects", &entered.issue_label, Input::Text, false, Some("Such as bug. Left empty: every issue becomes one.")), errors))
                p class="muted" { "Messages are worked on with your rights in this project." }
                div { (submit("Connect")) }
            }
        }
    }
}

/// The page of a connection. Answer with `Cache-Control: no-store` when it shows a secret.
#[must_use]
pub fn one(frame: &Frame, view: &One) -> Markup {
    let (line, here) = (&view.line, paths::webhook(slug(frame), &view.line.id));
    framed(
        frame,
        &line.name,
        &[crumb(frame, "Webhooks", "webhooks")],
        &html! {
            (head(&Head { title: &line.name, sub: Some(html! { (line.server.word()) @if !line.is_active { " · switched off" } }), ..Head::default() }))
            (error_summary("webhook", &view.errors))
            @if let Some(secret) = &view.secret {
                div class="flash good" role="status" {
                    (icon(Icon::KeyRound))
                    div {
                        p { b { "This is the only time the secret is shown." } " Enter it at the repository server now, as said below." }
                        div class="secret" { code { (secret) } button type="button" class="icon-button script-only" data-copy=(secret) aria-label="Copy the secret" { (icon(Icon::Copy)) } }
                    }
                }
            }
            (panel("set-up", "How to set it up", None, &html! {
                ol { @for step in steps(line.server) { li { (step) } } }
                (facts(&[
                    ("Address", html! { span class="secret" { code { (view.address) } button type="button" class="icon-button script-only" data-copy=(view.address) aria-label="Copy the address" { (icon(Icon::Copy)) } } }),
                    ("Secret", html! { "in force since " (time(view.secret_since.0)) @if let Some(until) = view.secret_since.1 { "; the one before holds too, " (time(until)) } }),
                    ("Repository", html! { @match &line.repository { Some(name) => (name), None => "every one that sends here" } }),
                    ("Issues become defects", html! { @match &view.issue_label { Some(label) => { "with the label " code { (label) } }, None => "all of them" } }),
                    ("Worked on with the rights of", html! { @match &view.acts_as { Some(name) => (name), None => { b { "nobody: whoever connected it is no longer a member, so messages wait. Take it over below." } } } }),
                ]))
            }))
            (panel("messages", "Messages", None, &html! {
                (tabs("Outcome", &outcomes(&here, &view.shown)))
                (messages(frame, &view.messages, "No message here", "Let the repository server send a test message, or choose another outcome above."))
                (pager(&view.pager))
            }))
            @if view.may_change { (change(frame, view, &here)) }
        },
    )
}

fn outcomes(here: &str, shown: &str) -> Vec<Tab> {
    let all = Tab { text: "All".to_owned(), href: here.to_owned(), current: shown.is_empty(), count: None };
    let of = |status: &MessageStatus| Tab {
        text: status.word().to_owned(),
        href: paths::asking(here, &[("status", status.code())]),
        current: shown == status.code(),
        count: None,
    };
    std::iter::once(all).chain(MessageStatus::ALL.iter().map(of)).collect()
}

/// Changing a connection: secret, rights, on and off.
fn change(frame: &Frame, view: &One, here: &str) -> Markup {
    let hours = [("24", "a day"), ("0", "not at all"), ("1", "an hour"), ("168", "a week"), ("720", "thirty days")];
    let hours = hours.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let (word, active) = if view.line.is_active { ("Switch it off", "false") } else { ("Switch it on", "true") };
    html! {
        (panel("change", "Change it", None, &html! {
            form method="post" action={ (here) "/rotate-secret" } class="form box" {
                (csrf(frame))
                (field(&Field { form: "webhook", name: "overlap_hours", label: "The secret in force still holds for", value: "24", input: Input::Select(hours), required: true, hint: Some("Long enough to enter the new one at the repository server.") }, &view.errors))
                div { (submit("Make a new secret")) }
            }
            div class="do" {
                form method="post" action={ (here) "/take-over" } { (csrf(frame)) button class="button" { "Take it over: work with my rights" } }
                form method="post" action={ (here) "/active" } { (csrf(frame)) input type="hidden" name="version" value=(view.version); input type="hidden" name="is_active" value=(active); button class="button" { (word) } }
            }
        }))
    }
}

/// What to do at the repository server.
fn steps(server: Server) -> [&'static str; 4] {
    match server {
        Server::Github => [
            "On GitHub, open Settings of the repository or organisation, then Webhooks, then Add webhook.",
            "Payload URL: the address below. Content type: application/json. Secret: the secret that was shown when it was made.",
            "Choose “Let me select individual events”: pushes, pull requests and their reviews, workflow runs and jobs, check runs and suites, statuses, deployments and their statuses, releases, issues. More does no harm.",
            "Add webhook. GitHub sends a ping at once; it appears below as “Not used”, which means that address and secret are right.",
        ],
        Server::Gitlab => [
            "On GitLab, open Settings of the project or group, then Webhooks, then Add new webhook.",
            "URL: the address below. Secret token, or Signing token where there is one: the secret that was shown when it was made.",
            "Trigger: push, tag push, issues, merge request, job, pipeline, deployment and releases events. More does no harm.",
            "Add webhook, then Test. The message appears below.",
        ],
        Server::Forgejo => [
            "On Forgejo or Gitea, open Settings of the repository or organisation, then Webhooks, then Add webhook, Forgejo or Gitea.",
            "Target URL: the address below. HTTP method: POST. Content type: application/json. Secret: the secret that was shown when it was made.",
            "Trigger on custom events: push, pull request with its reviews, issues, release, workflow runs and jobs, status. More does no harm.",
            "Add webhook, then Test delivery. The message appears below.",
        ],
    }
}

/// The page of a message.
#[must_use]
pub fn told(frame: &Frame, view: &Told) -> Markup {
    let (line, here) = (&view.line, paths::webhook_message(slug(frame), &view.line.id));
    let mut crumbs = vec![crumb(frame, "Webhooks", "webhooks")];
    crumbs.extend(view.connection.iter().map(|(id, name)| (name.clone(), paths::webhook(slug(frame), id))));
    let mut list = vec![
        ("Repository", html! { @match &line.repository { Some(name) => (name), None => (none("none is named")) } }),
        ("Name there", html! { @match &view.name { Some(name) => code { (name) }, None => (none("none")) } }),
        (
            "Worked on",
            html! { (plural(view.attempts.0, "time", "times")) @if let Some(next) = view.attempts.1 { ", next " (time(next)) } },
        ),
    ];
    if let Some(before) = &view.repeat_of {
        let href = paths::webhook_message(slug(frame), before);
        list.push(("Same as", html! { a href=(href) { "the message before with the same content" } }));
    }
    framed(
        frame,
        &line.event,
        &crumbs,
        &html! {
            (head(&Head { title: &line.event, sub: Some(html! { (state(line.status)) " · came " (time(line.when)) }), ..Head::default() }))
            @if let Some(error) = &view.error { div class="flash bad" role="alert" { (icon(Icon::CircleX)) p { (error) } } }
            (facts(&list))
            @if view.may_again {
                form method="post" action={ (here) "/work-again" } class="do" { (csrf(frame)) button class="button" { "Work on it again" } }
            }
            (panel("did", "What came of it", i64::try_from(view.did.len()).ok(), &html! {
                @if view.did.is_empty() {
                    (empty(&Empty { glyph: Icon::Inbox, title: "Nothing was recorded", text: view.notes.first().map_or("It is worked on in a moment; load the page again.", String::as_str), command: None, link: None }))
                } @else {
                    (table("Records", &["Done", "Kind", "Record"].map(Column::text), &html! {
                        @for (what, kind, name, href) in &view.did {
                            tr { td { (state(*what)) } td { (kind) } td class="text" { @match href { Some(href) => a data-row href=(href) { (name) }, None => (name) } } }
                        }
                    }))
                    @for note in &view.notes { p class="muted" { (note) } }
                }
            }))
            (panel("headers", "Headers", i64::try_from(view.headers.len()).ok(), &html! {
                @if view.headers.is_empty() { p class="muted" { "None that tell anything." } } @else {
                    (table("Headers", &["Name", "Value"].map(Column::text), &html! { @for (name, value) in &view.headers { tr { td { code { (name) } } td class="text" { (value) } } } }))
                }
                p class="muted" { "Signatures and secrets are not kept." }
            }))
            (panel("payload", "The whole message", None, &html! {
                pre tabindex="0" role="region" aria-label="The whole message" { (view.payload) }
                @if view.is_cut { p class="muted" { "It goes on; all of it is in GET /v1/webhook-deliveries/" (line.id) "." } }
            }))
        },
    )
}
