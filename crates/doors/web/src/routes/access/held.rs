//! What is held, from rows to what a page shows.

use authorization::overview::{Given, InProject, Scope};
use authz::condition::{Condition, Facts, Trace, Value as Known};
use kernel::Ctx;
use serde_json::Value;
use std::borrow::Cow;

use super::standing;
use crate::{
    format::When,
    paths,
    state::{GrantState, MemberKind, Shown as _},
    views::access::{Grant, How, Place, spelled},
};

/// Nothing is known: a condition is only put into words.
struct Nothing;

impl Facts for Nothing {
    fn value(&self, _: &str) -> Option<Cow<'_, Known>> {
        None
    }
}

/// A condition in words, a line for each part that must hold; of things of `kind`, or of none in particular.
pub(super) fn in_words(ctx: &Ctx, kind: Option<&str>, document: &Value) -> Vec<String> {
    let words = kind.map_or_else(|| ctx.catalogue().words_of_context(), |kind| ctx.catalogue().words_of(kind));
    match Condition::parse(document, &words) {
        Ok(condition) if condition.is_always() => Vec::new(),
        Ok(condition) => {
            let trace = condition.trace(&Nothing);
            match trace.expression.as_str() {
                "all of these hold" => trace.parts.iter().map(said).collect(),
                _ => vec![said(&trace)],
            }
        }
        Err(error) => vec![format!("never: {error}")],
    }
}

/// One part in a sentence.
fn said(trace: &Trace) -> String {
    let parts: Vec<String> = trace.parts.iter().map(said).collect();
    match (trace.expression.as_str(), parts.as_slice()) {
        (_, []) => trace.expression.clone(),
        ("this does not hold", [part]) => format!("not ({part})"),
        ("all of these hold", parts) => parts.join(" and "),
        ("one of these holds", parts) => format!("({})", parts.join(" or ")),
        (expression, parts) => format!("{expression}: {}", parts.join("; ")),
    }
}

/// Where something holds, in words.
pub(super) fn place(scope: &Scope, is_active: bool) -> Place {
    let mut place = match scope {
        Scope::Organization => Place { words: "everywhere".to_owned(), href: None },
        Scope::Project(_, slug, name) => Place { words: format!("in {name}"), href: Some(paths::project(slug)) },
        Scope::Record(record, _, project) => Place { words: format!("for {record} in {project}"), href: None },
        Scope::External(name) => Place { words: format!("for {name}, elsewhere"), href: None },
        Scope::Hidden => Place { words: "for something you may not see".to_owned(), href: None },
    };
    if !is_active {
        place.words.push_str(", which is not in use");
    }
    place
}

/// A grant as a page shows it. Whether it can be taken back or passed on is for the page to say.
pub(super) fn grant(ctx: &Ctx, given: &Given) -> Grant {
    let now = ctx.now();
    let how = match (given.is_role, given.depth, &given.on_behalf_of, given.is_emergency) {
        (_, 0, None, false) if given.is_approved => How::Approved,
        (true, 0, ..) => How::Assigned,
        (true, hands, ..) => How::Delegated(hands),
        (false, _, _, true) => How::Emergency,
        (false, _, Some(name), _) => How::Proxy(name.clone()),
        (false, ..) => How::InPerson,
    };
    let title = match &given.about {
        Some((kind, action)) => format!("{} {}", spelled(action), spelled(kind)),
        None => given.title.clone(),
    };
    let (holder, name, kind) = &given.holder;
    Grant {
        id: given.id.to_string(),
        holder: (name.clone(), kind_of(kind), paths::member(&holder.to_string())),
        href: (given.is_role && !given.code.is_empty()).then(|| paths::role(&given.code)),
        title,
        by: given.by.as_ref().map(|(id, name)| match id == holder && given.is_emergency {
            true => "themselves".to_owned(),
            false => name.clone(),
        }),
        how,
        at: Some(When::new(given.at, now)),
        place: place(&given.scope, given.is_scope_active),
        from: given.from.map(|at| When::new(at, now)),
        until: given.until.map(|at| When::new(at, now)),
        state: standing((given.from, given.until), given.revoked.is_some(), now),
        ended: given.revoked.as_ref().map(|(at, by, reason)| {
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            let reason =
                reason.as_ref().filter(|text| !text.is_empty()).map(|text| format!(": {text}")).unwrap_or_default();
            format!("taken back {}{by}{reason}", crate::format::relative(When::new(*at, now)))
        }),
        condition: in_words(ctx, given.about.as_ref().map(|(kind, _)| kind.as_str()), &given.conditions),
        reason: given.reason.clone(),
        hands: given.may_delegate,
        may_revoke: false,
        may_delegate: false,
        depth: 0,
    }
}

/// The role of a member of a project.
pub(super) fn in_project(ctx: &Ctx, held: &InProject, holder: (String, MemberKind, String)) -> Grant {
    let (_, slug, project) = &held.project;
    Grant {
        id: String::new(),
        holder,
        title: held.role.1.clone(),
        href: Some(paths::role(&held.role.0)),
        how: How::InProject,
        by: None,
        at: Some(When::new(held.since, ctx.now())),
        place: Place { words: format!("in {project}"), href: Some(paths::project(slug)) },
        from: None,
        until: None,
        state: GrantState::Live,
        ended: None,
        condition: Vec::new(),
        reason: None,
        hands: 0,
        may_revoke: false,
        may_delegate: false,
        depth: 0,
    }
}

/// What a member is, from the word of the database.
pub(super) fn kind_of(code: &str) -> MemberKind {
    MemberKind::from_code(code).unwrap_or(MemberKind::Person)
}
