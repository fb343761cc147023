//! A question about access, from an address to the engine and its answer back to words.

use std::collections::HashMap;

use authorization::evaluation::{Thing, Who};
use authz::{Environment, Explanation, Filter, Part, Reach as Reached, Strength, condition::Truth};
use base::Problem;
use kernel::{Catalogue, Ctx, Served};
use uuid::Uuid;

use super::super::listing::Asked;
use crate::{
    components::Stop,
    format::When,
    paths,
    state::Tone,
    views::access::{
        Considered, Test, Verdict,
        explorer::{Question, Reach},
        several, spelled,
    },
};

/// What is called by which name, for putting answers into words.
pub(super) struct Names {
    /// Members and projects by identifier.
    pub(super) called: HashMap<Uuid, String>,
    /// Titles of roles by short name; empty for whoever may not read roles.
    pub(super) roles: HashMap<String, String>,
    /// Projects: identifier, slug, name.
    pub(super) projects: Vec<(Uuid, String, String)>,
}

/// The question of an address.
pub(super) fn asked(query: &Asked) -> Question {
    let one = |name: &str| query.one(name).unwrap_or_default();
    Question {
        who: one("who"),
        action: one("action"),
        kind: one("kind"),
        record: one("record"),
        project: one("project"),
        with: one("with"),
        with_project: one("with_project"),
        without: one("without"),
        time: one("time"),
        address: one("address"),
        signed_in: one("signed_in"),
    }
}

/// The circumstances that are asked about; of oneself, what is not said is as it is.
///
/// # Errors
/// When the moment, the address or the way of signing in cannot be read.
pub(super) fn environment(ctx: &Ctx, who: Option<&Who>, question: &Question) -> Result<Environment, Problem> {
    let mut environment = match who.is_some_and(|who| who.id == ctx.principal.user_id) {
        true => ctx.environment(),
        false => Environment::at(ctx.now()),
    };
    let refuse = |what: &str, text: &str, like: &str| {
        let text: String = text.chars().take(80).collect();
        Problem::invalid(format!("`{text}` is no {what}: one is written like {like}."))
    };
    if !question.time.is_empty() {
        environment.time = super::moment(&question.time)
            .as_str()
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| refuse("moment", &question.time, "2026-12-04T14:30"))?;
    }
    if !question.address.is_empty() {
        let address = question.address.trim().parse();
        environment.address =
            Some(address.map_err(|_| refuse("address", &question.address, "192.0.2.7 or 2001:db8::7"))?);
    }
    if !question.signed_in.is_empty() {
        let all = [Strength::None, Strength::Token, Strength::Password, Strength::Server];
        let known = all.into_iter().find(|strength| strength.word() == question.signed_in);
        environment.authentication =
            known.ok_or_else(|| refuse("way to sign in", &question.signed_in, "password, token, server or none"))?;
    }
    Ok(environment)
}

/// The resource whose records are meant by a kind of thing.
fn served<'a>(catalogue: &'a Catalogue, kind: &str) -> Option<&'a Served> {
    let of_kind = || catalogue.resources().filter(|served| served.resource.permission == kind);
    of_kind().find(|served| served.resource.words() == spelled(kind)).or_else(|| of_kind().next())
}

/// The thing that a question is about.
pub(super) fn thing(
    catalogue: &Catalogue,
    question: &Question,
    projects: &[(Uuid, String, String)],
) -> Result<Thing, Problem> {
    let project = match question.project.as_str() {
        "" => None,
        slug => Some(super::project_of(projects, slug).ok_or_else(|| Problem::not_found(format!("project `{slug}`")))?),
    };
    if question.record.is_empty() {
        return Ok(Thing::All { kind: question.kind.clone(), project: project.map(|(id, ..)| *id) });
    }
    let served = served(catalogue, &question.kind)
        .ok_or_else(|| Problem::invalid(format!("There are no records of the kind `{}`.", question.kind)))?;
    let is_key = served.resource.human_key.is_some() && question.record.parse::<Uuid>().is_err();
    let id = match project.filter(|_| is_key && !question.record.contains(':')) {
        Some((_, slug, _)) => format!("{slug}:{}", question.record),
        None => question.record.clone(),
    };
    Ok(Thing::Record { resource: served.resource.name, id })
}

/// The thing in words: "REQ-42", "requirements in Payments".
pub(super) fn thing_words(question: &Question, names: &Names) -> String {
    let project = super::project_of(&names.projects, &question.project).map(|(.., name)| name);
    match (question.record.as_str(), project) {
        ("", Some(project)) => format!("{} in {project}", several(&question.kind)),
        ("", None) => format!("{} everywhere in the organisation", several(&question.kind)),
        (record, _) if record.parse::<Uuid>().is_ok() => format!("this {}", spelled(&question.kind)),
        (record, Some(project)) => format!("{record} in {project}"),
        (record, None) => record.to_owned(),
    }
}

/// The answer as a page shows it.
pub(super) fn verdict(ctx: &Ctx, who: &Who, question: &Question, answer: &Explanation, names: &Names) -> Verdict {
    let is_self = who.id == ctx.principal.user_id;
    let subject = if is_self { "You" } else { who.name.as_str() };
    let may = if answer.allowed { "may" } else { "may not" };
    let now = ctx.now();
    let person = answer.person.as_ref().map(|person| {
        let id = who.on_behalf_of.unwrap_or_default();
        let name = names.called.get(&id).cloned().unwrap_or_else(|| "the person".to_owned());
        let principal = Who { id, name: name.clone(), on_behalf_of: None, ..who.clone() };
        (name, Box::new(verdict(ctx, &principal, question, person, names)))
    });
    Verdict {
        allowed: answer.allowed,
        sentence: format!("{subject} {may} {} {}.", spelled(&question.action), thing_words(question, names)),
        reason: sentence(&if is_self { answer.reason.clone() } else { answer.reason.replace("of yours", "of theirs") }),
        until: answer.until.map(|at| When::new(at, now)),
        would: (!names.roles.is_empty()).then(|| {
            let permission = format!("{} {}", spelled(&question.kind), spelled(&question.action));
            paths::asking(paths::ROLES, &[("view", "matrix"), ("q", &permission)])
        }),
        line: line(who, subject, question, answer, names),
        considered: answer.considered.iter().map(|one| considered(ctx, question, one, names)).collect(),
        person,
    }
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn role_title(names: &Names, name: &str) -> (String, String) {
    match names.roles.get(name) {
        Some(title) => (title.clone(), paths::role(name)),
        None => (name.to_owned(), String::new()),
    }
}

fn place_words(one: &authz::Considered, names: &Names) -> String {
    match (one.place, one.project_id) {
        ("organization", _) => "everywhere".to_owned(),
        ("project", Some(id)) => names
            .called
            .get(&id)
            .map_or_else(|| "in a project that you may not see".to_owned(), |name| format!("in {name}")),
        ("records", _) => "for single records".to_owned(),
        ("external", _) => "for a thing elsewhere".to_owned(),
        _ => "nowhere: what it is limited to is not in use".to_owned(),
    }
}

fn how_words(one: &authz::Considered, names: &Names) -> String {
    let by = one.given_by.and_then(|id| names.called.get(&id)).map(|name| format!(" by {name}")).unwrap_or_default();
    match one.grant {
        "assigned" => format!("Assigned{by}"),
        "delegated" => format!("Passed on{by}"),
        "project_member" => "Member of the project".to_owned(),
        "automatic" => "Held automatically".to_owned(),
        "proxy" => format!("Given to act for somebody{by}"),
        "emergency" => "Taken in an emergency".to_owned(),
        _ => format!("Given in person{by}"),
    }
}

fn considered(ctx: &Ctx, question: &Question, one: &authz::Considered, names: &Names) -> Considered {
    let now = ctx.now();
    let without = one.grant_id.filter(|_| question.without.is_empty()).map(|id| {
        let id = id.to_string();
        let mut parts = question.parts().to_vec();
        parts.push(("without", &id));
        paths::asking(paths::ACCESS, &parts)
    });
    Considered {
        allows: one.allows,
        outcome: one.outcome.clone(),
        how: how_words(one, names),
        roles: one.roles.iter().map(|name| role_title(names, name)).collect(),
        permission: one.permission.clone(),
        place: place_words(one, names),
        from: one.valid_from.map(|at| When::new(at, now)),
        until: one.valid_until.map(|at| When::new(at, now)),
        tests: one.conditions.iter().map(test).collect(),
        without: without.filter(|_| one.allows),
    }
}

fn test(trace: &authz::condition::Trace) -> Test {
    Test {
        holds: match trace.truth {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown => None,
        },
        expression: trace.expression.clone(),
        saw: trace.saw.iter().map(|(name, value)| (name.clone(), value.as_ref().map(ToString::to_string))).collect(),
        parts: trace.parts.iter().map(test).collect(),
    }
}

/// From the person by the grant that decides, or that comes nearest, to the permission.
fn line(who: &Who, subject: &str, question: &Question, answer: &Explanation, names: &Names) -> Vec<Stop> {
    let Some(one) = answer.considered.first() else { return Vec::new() };
    let stop = |label: &str, value: String, word: String, href: Option<String>| Stop {
        label: label.to_owned(),
        value,
        detail: None,
        tone: Tone::Good,
        word,
        href,
    };
    let mut stops =
        vec![stop("Member", subject.to_owned(), how_words(one, names), Some(paths::member(&who.id.to_string())))];
    for (index, name) in one.roles.iter().enumerate() {
        let (title, href) = role_title(names, name);
        let word = if index == 0 { place_words(one, names) } else { "inherited".to_owned() };
        stops.push(stop("Role", title, word, Some(href).filter(|href| !href.is_empty())));
    }
    let word = if one.roles.is_empty() { place_words(one, names) } else { "gives".to_owned() };
    stops.push(stop("Permission", one.permission.clone(), word, None));
    let (tone, word) = match (answer.allowed, one.allows) {
        (true, _) => (Tone::Good, "allowed".to_owned()),
        (false, true) => (Tone::Bad, "not allowed".to_owned()),
        (false, false) => (Tone::Bad, one.outcome.clone()),
    };
    let label = if question.record.is_empty() { spelled(&question.kind) } else { question.record.clone() };
    stops.push(Stop { tone, ..stop("Question", format!("{} {label}", spelled(&question.action)), word, None) });
    stops
}

/// How far an action reaches, in words.
pub(super) fn reach(reached: &Reached, names: &Names) -> Reach {
    let parts = match reached {
        Reached::Nothing => return Reach::Nowhere,
        Reached::Everything => return Reach::Everywhere,
        Reached::Parts(parts) => parts,
    };
    let is_plain = |filter: &Filter| matches!(filter, Filter::Projects(_) | Filter::Records(_));
    let words = parts.iter().map(|part| part_words(part, names)).collect::<Vec<_>>().join("; ");
    if parts.iter().all(|part| part.filters.iter().all(is_plain)) {
        Reach::Somewhere(words)
    } else {
        Reach::Conditional(words)
    }
}

fn part_words(part: &Part, names: &Names) -> String {
    let one = |filter: &Filter| match filter {
        Filter::Projects(projects) => {
            let mut known: Vec<&str> =
                projects.iter().filter_map(|id| names.called.get(id)).map(String::as_str).collect();
            known.sort_unstable();
            let more = projects.len() - known.len().min(3);
            let shown = known.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            match (shown.as_str(), more) {
                ("", more) => {
                    format!("in {}", crate::format::plural(i64::try_from(more).unwrap_or(0), "project", "projects"))
                }
                (_, 0) => format!("in {shown}"),
                (_, more) => format!("in {shown} and {more} more"),
            }
        }
        Filter::Records(records) => {
            format!("for {}", crate::format::plural(i64::try_from(records.len()).unwrap_or(0), "record", "records"))
        }
        Filter::Own(_) => "of their own".to_owned(),
        Filter::When(_) => "under a condition".to_owned(),
    };
    part.filters.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The projects that a reach names, to learn what they are called.
pub(super) fn projects_in(reached: &Reached) -> Vec<Uuid> {
    let Reached::Parts(parts) = reached else { return Vec::new() };
    let filters = parts.iter().flat_map(|part| &part.filters);
    filters
        .filter_map(|filter| if let Filter::Projects(ids) = filter { Some(ids.clone()) } else { None })
        .flatten()
        .collect()
}

/// The question behind a refusal, for the explorer: the action and the thing of its sentence, which says no more than the API
/// does, and the project of the address. `None` when it refuses no right.
pub(in crate::routes) fn why(catalogue: &Catalogue, detail: &str, path: &str) -> Option<String> {
    let said = detail.strip_prefix("You may not ")?.split(':').next()?;
    let project = path.strip_prefix("/p/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let meant = catalogue.resources().find_map(|served| {
        let action = [served.resource.plural_words(), served.resource.words(), spelled(served.resource.permission)]
            .iter()
            .find_map(|words| {
                said.strip_suffix(words.as_str())
                    .or_else(|| said.split_once(&format!(" {words} `")).map(|(action, _)| action))
            })?
            .trim();
        let is_action = !action.is_empty() && action.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ');
        let needed = match action {
            "create" => served.resource.needs("create"),
            "update" => served.resource.needs("update"),
            "delete" => served.resource.needs("delete"),
            "restore" => served.resource.needs("restore"),
            other => other,
        };
        is_action.then(|| (needed.replace(' ', "_"), served.resource.permission))
    });
    Some(match meant {
        Some((action, kind)) => {
            paths::asking(paths::ACCESS, &[("action", &action), ("kind", kind), ("project", project)])
        }
        None => paths::ACCESS_WHAT.to_owned(),
    })
}
