//! The access explorer: a question, its answer with every reason, and the same question turned around.

use maud::{Markup, html};

use super::{Verdict, several, spelled, verdict};
use crate::components::{
    Column, Empty, Field, FormErrors, Head, Input, Tab, empty, field, head, hidden, none, panel, submit, table, tabs,
};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, page as framed};
use crate::paths;
use crate::state::{MemberKind, Tone, dot};

/// What was asked, as it stands in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Who: an address of e-mail, a user name or an identifier; empty for the visitor.
    pub who: String,
    /// The action.
    pub action: String,
    /// The kind of thing.
    pub kind: String,
    /// The key or identifier of one record; empty for everything of the kind.
    pub record: String,
    /// The slug of a project; empty for the whole organisation.
    pub project: String,
    /// The name of a role that would be held besides.
    pub with: String,
    /// The slug of the project in which it would be held.
    pub with_project: String,
    /// The grant that would not be there.
    pub without: String,
    /// When it would be done, as forms send a moment in UTC; empty for now.
    pub time: String,
    /// From which address it would be done; empty for the one that is known, or none.
    pub address: String,
    /// How whoever does it would have signed in: `password`, `token`, `server` or `none`; empty for what is known.
    pub signed_in: String,
}

impl Question {
    /// The question as parts of an address, without what is supposed.
    #[must_use]
    pub fn parts(&self) -> [(&str, &str); 8] {
        [
            ("who", &self.who),
            ("action", &self.action),
            ("kind", &self.kind),
            ("record", &self.record),
            ("project", &self.project),
            ("time", &self.time),
            ("address", &self.address),
            ("signed_in", &self.signed_in),
        ]
    }

    /// Whether it is asked about other circumstances than there are.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        [&self.time, &self.address, &self.signed_in].into_iter().any(|one| !one.is_empty())
    }

    /// What is known of the circumstances, in words.
    #[must_use]
    pub fn circumstances(&self) -> String {
        let mut words = Vec::new();
        if !self.time.is_empty() {
            words.push(format!("at {} UTC", self.time.replace('T', " ").trim_end_matches('Z')));
        }
        if !self.address.is_empty() {
            words.push(format!("from {}", self.address));
        }
        if let Some((_, word)) = SIGNED_IN.iter().find(|(code, _)| *code == self.signed_in) {
            words.push((*word).to_owned());
        }
        words.join(", ")
    }
}

/// How somebody proves who they are: the word of addresses and conditions, and words.
pub const SIGNED_IN: [(&str, &str); 4] = [
    ("password", "signed in with a password"),
    ("token", "with an API token"),
    ("server", "on the server itself"),
    ("none", "with no proof of who they are"),
];

/// What can be chosen from: values and words.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Members.
    pub people: Vec<(String, String)>,
    /// Kinds of things.
    pub kinds: Vec<(String, String)>,
    /// Actions.
    pub actions: Vec<(String, String)>,
    /// Projects.
    pub projects: Vec<(String, String)>,
    /// Roles.
    pub roles: Vec<(String, String)>,
}

/// Which side of the explorer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// May somebody do something.
    #[default]
    May,
    /// Who may do it.
    Who,
    /// What somebody may do.
    What,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Which side.
    pub side: Side,
    /// The question.
    pub question: Question,
    /// What can be chosen.
    pub choices: Choices,
    /// Whether the visitor may ask about others.
    pub about_others: bool,
    /// What is wrong with the question.
    pub fault: Option<String>,
    /// The answer as things stand.
    pub answer: Option<Verdict>,
    /// The answer with what is supposed, and what that is in words.
    pub supposed: Option<(String, Verdict)>,
    /// Every action on the same thing: its words, whether it may be done, and the question.
    pub actions: Vec<(String, bool, String)>,
    /// Who may do it, when that is asked.
    pub who: Option<Who>,
    /// What they may do, when that is asked.
    pub what: Option<What>,
}

/// Who may do something.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// What was asked, in words.
    pub question: String,
    /// Everybody who may: name, kind, page, why, and the question about them.
    pub people: Vec<(String, MemberKind, String, String, String)>,
    /// Where the list goes on.
    pub next: Option<String>,
}

/// What somebody may do.
#[derive(Debug, Clone, Default)]
pub struct What {
    /// Their name.
    pub name: String,
    /// Each kind with its actions.
    pub kinds: Vec<(String, Vec<Able>)>,
    /// How many actions there are that they may do nowhere.
    pub nowhere: usize,
}

/// How far one action reaches.
#[derive(Debug, Clone, Default)]
pub struct Able {
    /// The action.
    pub action: String,
    /// How far.
    pub reach: Reach,
    /// The question behind it.
    pub href: String,
}

/// How far somebody may do something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nowhere.
    #[default]
    Nowhere,
    /// In the whole organisation.
    Everywhere,
    /// In these projects, or for single records, in words.
    Somewhere(String),
    /// Under a condition, in words.
    Conditional(String),
}

impl Reach {
    /// Shape and word of it.
    #[must_use]
    pub fn shown(&self) -> (Tone, &str) {
        match self {
            Self::Nowhere => (Tone::Idle, "no"),
            Self::Everywhere => (Tone::Good, "everywhere"),
            Self::Somewhere(words) => (Tone::Active, words),
            Self::Conditional(words) => (Tone::Warn, words),
        }
    }
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Who may what",
        &[],
        &html! {
            (head(&Head { title: "Who may what", sub: Some(html! { "The same answer that every page, list and program gets, with every reason." }), ..Head::default() }))
            (sides(view))
            (question(view))
            @if let Some(fault) = &view.fault { div class="flash bad" role="alert" { (icon(Icon::CircleX)) span { (fault) } } }
            @match view.side {
                Side::May => (answers(view)),
                Side::Who => (who(view)),
                Side::What => (what(view)),
            }
        },
    )
}

fn sides(view: &View) -> Markup {
    let asked = view.question.parts();
    let tab = |text: &str, page: &str, side: Side| Tab {
        text: text.to_owned(),
        href: paths::asking(page, &asked),
        current: view.side == side,
        count: None,
    };
    let mut list = vec![tab("May they?", paths::ACCESS, Side::May)];
    if view.about_others {
        list.push(tab("Who may?", paths::ACCESS_WHO, Side::Who));
    }
    list.push(tab("What may they do?", paths::ACCESS_WHAT, Side::What));
    tabs("Ways to ask", &list)
}

fn question(view: &View) -> Markup {
    let (asked, choices, none) = (&view.question, &view.choices, FormErrors::default());
    let one = |name, label, value, input| {
        field(
            &Field { form: "ask", name, label, value, input, required: matches!(name, "action" | "kind"), hint: None },
            &none,
        )
    };
    let page = match view.side {
        Side::May => paths::ACCESS,
        Side::Who => paths::ACCESS_WHO,
        Side::What => paths::ACCESS_WHAT,
    };
    html! {
        form method="get" action=(page) class="box ask" role="search" aria-label="Question" {
            @if view.side != Side::Who {
                @if view.about_others { (one("who", "Who, or you", &asked.who, Input::Suggested(choices.people.clone()))) }
                @else { p class="muted" { "You may ask about yourself. About others asks whoever may read roles." } }
            }
            @if view.side != Side::What {
                (one("action", "may do", if asked.action.is_empty() { "read" } else { &asked.action }, Input::Select(choices.actions.clone())))
                (one("kind", "to things of the kind", &asked.kind, Input::Select(choices.kinds.clone())))
                (one("record", "the record with the key", &asked.record, Input::Text))
                (one("project", "in the project", &asked.project, Input::Select(choices.projects.clone())))
            }
            (circumstances(view))
            div { (submit(match view.side { Side::May => "Ask", Side::Who => "Who may?", Side::What => "What may they do?" })) }
        }
    }
}

/// When, from where and how surely, folded away unless it is asked.
fn circumstances(view: &View) -> Markup {
    let (asked, none) = (&view.question, FormErrors::default());
    let one = |name, label, value, input, hint| {
        field(&Field { form: "ask", name, label, value, input, required: false, hint: Some(hint) }, &none)
    };
    let ways = SIGNED_IN.iter().map(|(code, words)| ((*code).to_owned(), (*words).to_owned())).collect();
    html! {
        details class="fold" open[asked.is_elsewhere()] {
            summary class="button quiet" { "At another time, from another place" }
            (one("time", "At", &asked.time, Input::Moment, "In UTC. Without a moment: now."))
            (one("address", "From the address", &asked.address, Input::Text, "IPv4 or IPv6. Without one: yours when you ask about yourself, and none when about others."))
            (one("signed_in", "Signed in", &asked.signed_in, Input::Select(ways), "Without a choice: as you are when you ask about yourself, and unproven when about others."))
        }
    }
}

fn answers(view: &View) -> Markup {
    let Some(answer) = &view.answer else {
        return html! {
            @if view.fault.is_none() {
                (empty(&Empty { glyph: Icon::ScanEye, title: "Ask a question", text: "Choose an action and a kind of thing. Leave the key empty to ask about everything of the kind, and the project empty to ask about the whole organisation. From any record, “Who can see this?” leads here.", command: None, link: Some(("What may I do?", paths::ACCESS_WHAT.to_owned())) }))
            }
        };
    };
    html! {
        @if !view.actions.is_empty() {
            nav class="others" aria-label="Every action on the same" {
                @for (action, allowed, href) in &view.actions {
                    a href=(href) aria-current=[(*action == view.question.action).then_some("true")] {
                        (dot(if *allowed { Tone::Good } else { Tone::Idle })) (spelled(action)) span class="hidden" { (if *allowed { ": yes" } else { ": no" }) }
                    }
                }
            }
        }
        @if view.question.is_elsewhere() { p class="flash warn" { (dot(Tone::Warn)) span { "Asked as if it were done " (view.question.circumstances()) ". " a href=(paths::asking(paths::ACCESS, &view.question.parts()[..5])) { "As it is now" } } } }
        @if let Some((words, supposed)) = &view.supposed {
            p class="flash warn" { (dot(Tone::Warn)) span { "Supposed: " (words) ". Nothing was changed. " a href=(paths::asking(paths::ACCESS, &view.question.parts())) { "Back to what is so" } } }
            (verdict("supposed", Some("If it were so"), supposed))
            details class="fold" { summary class="button" { "As it is now: " (if answer.allowed { "yes" } else { "no" }) } (verdict("now", Some("As it is now"), answer)) }
        } @else {
            (verdict("now", None, answer))
        }
        (what_if(view))
    }
}

fn what_if(view: &View) -> Markup {
    let (asked, none) = (&view.question, FormErrors::default());
    let one = |name, label, value, input| {
        field(&Field { form: "if", name, label, value, input, required: false, hint: None }, &none)
    };
    html! {
        @if !view.choices.roles.is_empty() {
            (panel("what-if", "What if", None, &html! {
                form method="get" action=(paths::ACCESS) class="box ask" {
                    @for (name, value) in asked.parts() { @if !value.is_empty() { (hidden(name, value)) } }
                    @if !asked.without.is_empty() { (hidden("without", &asked.without)) }
                    (one("with", "they also held the role", &asked.with, Input::Select(view.choices.roles.clone())))
                    (one("with_project", "in the project", &asked.with_project, Input::Select(view.choices.projects.clone())))
                    div { (submit("Suppose it")) }
                }
                @if view.answer.as_ref().is_some_and(|answer| answer.considered.iter().any(|one| one.without.is_some())) {
                    p class="hint" { "To suppose that a grant is not there, follow the link beside it above." }
                }
            }))
        }
    }
}

fn who(view: &View) -> Markup {
    let Some(found) = &view.who else {
        return html! {
            @if view.fault.is_none() {
                (empty(&Empty { glyph: Icon::Users, title: "Who may do what?", text: "Choose an action and a kind of thing, and one record by its key if it is about one.", command: None, link: None }))
            }
        };
    };
    html! {
        h2 class="answer" { (found.question) }
        @if found.people.is_empty() {
            (empty(&Empty { glyph: Icon::Users, title: "Nobody may", text: "No active member holds anything that allows it. Give a role that does to somebody, or ask what a role gives.", command: None, link: Some(("Roles and permissions", paths::ROLES.to_owned())) }))
        } @else {
            (table("Who may", &[Column::text("Member"), Column::text("Kind"), Column::text("Why"), Column::text("Reasons")], &html! {
                @for (name, kind, page, reason, href) in &found.people {
                    tr {
                        td class="member" { (super::member_link(name, *kind, page)) }
                        td { (crate::state::Shown::word(*kind)) }
                        td class="text" { (reason) }
                        td { a class="quiet-link" href=(href) { "Explain" span class="hidden" { " for " (name) } } }
                    }
                }
            }))
            @if let Some(next) = &found.next { div class="do" { a class="button" rel="next" href=(next) { "More" } } }
        }
    }
}

fn what(view: &View) -> Markup {
    let Some(found) = &view.what else { return html! {} };
    html! {
        h2 class="answer" { "What " (found.name) " may do" }
        @if found.kinds.is_empty() {
            (empty(&Empty { glyph: Icon::ScanEye, title: "Nothing", text: "No role and no permission is held that allows anything now. An administrator can give a role on the member’s page.", command: None, link: None }))
        } @else { (abilities(&found.kinds)) }
        @if found.nowhere > 0 { p class="hint" { (found.nowhere) " further actions are allowed nowhere; ask about one above to see why." } }
    }
}

/// Kinds of things with what may be done to them and how far.
#[must_use]
pub fn abilities(kinds: &[(String, Vec<Able>)]) -> Markup {
    let is_everywhere = |one: &&Able| one.reach == Reach::Everywhere;
    let has_more = kinds.iter().any(|(_, list)| list.iter().any(|one| !is_everywhere(&one)));
    let mut columns = vec![Column::text("Things"), Column::text("Everywhere")];
    if has_more {
        columns.push(Column::text("Somewhere or under a condition"));
    }
    html! {
        (table("What may be done", &columns, &html! {
            @for (kind, list) in kinds {
                @let everywhere: Vec<&Able> = list.iter().filter(is_everywhere).collect();
                tr {
                    th scope="row" { (several(kind)) }
                    td class="text" {
                        @if everywhere.is_empty() { (none("nothing")) }
                        @else { span class="tags" { @for one in everywhere { a class="tag" href=(one.href) { (spelled(&one.action)) } } } }
                    }
                    @if has_more {
                        td class="text" {
                            span class="tags" { @for one in list.iter().filter(|one| !is_everywhere(one)) {
                                @let (tone, words) = one.reach.shown();
                                a class="tag" href=(one.href) { (dot(tone)) (spelled(&one.action)) span class="muted" { (words) } }
                            } }
                        }
                    }
                }
            }
        }))
    }
}
