//! The access explorer: everything asked is in the address.

use std::collections::HashMap;

use authorization::{
    evaluation::{Asked as Put, Changes, Evaluator, Who},
    overview,
};
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use base::ProblemKind;
use kernel::Error;
use uuid::Uuid;

use super::{
    super::{answer::with_status, error::PageError, listing::Asked, session::Visitor},
    actions, everyday, people, project_of,
    question::{self, Names},
    role_choices,
};
use crate::{
    layout::Section,
    paths,
    state::MemberKind,
    views::access::{
        explorer::{self, Able, Choices, Question, Reach, Side, View, What},
        spelled,
    },
};

/// Members on a page of those who may.
const SHOWN: usize = 50;

pub(super) async fn may(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    page(&visitor, Side::May, query.as_deref()).await
}

pub(super) async fn who(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    page(&visitor, Side::Who, query.as_deref()).await
}

pub(super) async fn what(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    page(&visitor, Side::What, query.as_deref()).await
}

async fn page(visitor: &Visitor, side: Side, query: Option<&str>) -> Result<Response, PageError> {
    let ctx = &visitor.ctx;
    let asked = Asked::of(query)?;
    let mut view = View { side, question: question::asked(&asked), ..View::default() };
    view.about_others = visitor.may("role", "read", None);
    let names = gather(visitor, &mut view).await?;
    let outcome = match side {
        Side::May if view.question.kind.is_empty() => Ok(()),
        Side::May => answer(visitor, &mut view, names).await,
        Side::Who if view.question.kind.is_empty() && view.about_others => Ok(()),
        Side::Who => list_who(visitor, &mut view, names, asked.parsed("after")).await,
        Side::What => list_what(visitor, &mut view, names).await,
    };
    let mut status = StatusCode::OK;
    if let Err(error) = outcome {
        let problem = ctx.catalogue().explain(&error);
        if !matches!(
            problem.kind,
            ProblemKind::Invalid | ProblemKind::NotFound | ProblemKind::Forbidden | ProblemKind::Conflict
        ) {
            return Err(error.into());
        }
        status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        view.fault = Some(problem.detail);
    }
    let frame = visitor.frame(Section::Access).await?;
    Ok(with_status(status, explorer::page(&frame, &view)))
}

/// What can be chosen from, and what things are called.
async fn gather(visitor: &Visitor, view: &mut View) -> Result<Names, Error> {
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let kinds = overview::kinds(&tx).await?;
    let projects = overview::projects(&tx).await?;
    let roles = if view.about_others { overview::roles(ctx, &tx).await? } else { Vec::new() };
    view.choices = Choices {
        people: if view.about_others { people(ctx, &tx).await? } else { Vec::new() },
        kinds: kinds.iter().map(|kind| (kind.name.clone(), spelled(&kind.name))).collect(),
        actions: actions(&kinds),
        projects: projects.iter().map(|(_, slug, name)| (slug.clone(), name.clone())).collect(),
        roles: role_choices(&roles),
    };
    view.actions = kinds
        .iter()
        .filter(|kind| kind.name == view.question.kind)
        .flat_map(|kind| kind.actions.iter().map(|(action, _)| (action.clone(), false, String::new())))
        .collect();
    tx.commit().await?;
    if view.question.action.is_empty() {
        "read".clone_into(&mut view.question.action);
    }
    Ok(Names {
        called: projects.iter().map(|(id, _, name)| (*id, name.clone())).collect(),
        roles: roles.into_iter().map(|role| (role.name, role.title)).collect(),
        projects,
    })
}

/// Who is asked about: the one named, or the visitor.
async fn subject(evaluator: &Evaluator<'_>, view: &View) -> Result<Who, Error> {
    evaluator.who(if view.question.who.is_empty() { "me" } else { &view.question.who }).await
}

async fn answer(visitor: &Visitor, view: &mut View, mut names: Names) -> Result<(), Error> {
    let ctx = &visitor.ctx;
    let mut evaluator = Evaluator::new(ctx).await?;
    let who = subject(&evaluator, view).await?;
    let thing = question::thing(ctx.catalogue(), &view.question, &names.projects)?;
    let environment = question::environment(ctx, Some(&who), &view.question)?;
    let put = |action: &str, changes: Changes| Put {
        who: who.clone(),
        action: action.to_owned(),
        thing: thing.clone(),
        environment: environment.clone(),
        changes,
    };
    let now = evaluator.answer(&put(&view.question.action, Changes::default())).await?;
    let changes = supposed(view, &names);
    let then = match &changes {
        Some((_, changes)) => Some(evaluator.answer(&put(&view.question.action, changes.clone())).await?),
        None => None,
    };
    let ids: Vec<Uuid> = std::iter::once(&now)
        .chain(&then)
        .flat_map(|one| std::iter::once(one).chain(one.person.as_deref()))
        .flat_map(|one| one.considered.iter().filter_map(|grant| grant.given_by))
        .chain(who.on_behalf_of)
        .collect();
    name(visitor, &mut names, &ids).await?;
    view.answer = Some(question::verdict(ctx, &who, &view.question, &now, &names));
    view.supposed = changes
        .zip(then)
        .map(|((words, _), then)| (words, question::verdict(ctx, &who, &view.question, &then, &names)));
    for (action, allowed, href) in &mut view.actions {
        *allowed = match *action == view.question.action {
            true => now.allowed,
            false => evaluator.answer(&put(action, Changes::default())).await?.allowed,
        };
        let mut parts = view.question.parts();
        parts[1].1 = action;
        *href = paths::asking(paths::ACCESS, &parts);
    }
    Ok(())
}

async fn name(visitor: &Visitor, names: &mut Names, ids: &[Uuid]) -> Result<(), Error> {
    let tx = visitor.ctx.begin_read().await?;
    names.called.extend(overview::called(&tx, ids).await?);
    tx.commit().await?;
    Ok(())
}

/// What is supposed, in words and for the engine.
fn supposed(view: &View, names: &Names) -> Option<(String, Changes)> {
    let asked = &view.question;
    let mut words = Vec::new();
    let mut changes = Changes::default();
    if !asked.with.is_empty() {
        let project = project_of(&names.projects, &asked.with_project);
        let title = names.roles.get(&asked.with).unwrap_or(&asked.with);
        let place = project.map_or_else(|| "everywhere".to_owned(), |(.., name)| format!("in {name}"));
        words.push(format!("they also hold the role {title} {place}"));
        changes.with.push((asked.with.clone(), project.map(|(id, ..)| *id)));
    }
    if let Ok(id) = asked.without.parse() {
        words.push("one grant is not there".to_owned());
        changes.without.push(id);
    }
    (!words.is_empty()).then(|| (words.join(", and "), changes))
}

async fn list_who(visitor: &Visitor, view: &mut View, names: Names, after: Option<Uuid>) -> Result<(), Error> {
    let ctx = &visitor.ctx;
    let mut evaluator = Evaluator::new(ctx).await?;
    let thing = question::thing(ctx.catalogue(), &view.question, &names.projects)?;
    let environment = question::environment(ctx, None, &view.question)?;
    let (found, next) = evaluator.who_may(&thing, &view.question.action, &environment, after, SHOWN).await?;
    let asked = &view.question;
    let people = found.into_iter().map(|(who, answer)| {
        let id = who.id.to_string();
        let mut parts = asked.parts();
        parts[0].1 = &id;
        let kind = match who.kind {
            kernel::PrincipalKind::Agent => MemberKind::Agent,
            kernel::PrincipalKind::Service => MemberKind::Service,
            kernel::PrincipalKind::Person => MemberKind::Person,
        };
        (who.name, kind, paths::member(&id), answer.reason, paths::asking(paths::ACCESS, &parts))
    });
    view.who = Some(explorer::Who {
        question: format!("Who may {} {}", spelled(&asked.action), question::thing_words(asked, &names)),
        people: people.collect(),
        next: next.map(|after| {
            let after = after.to_string();
            let mut parts = asked.parts().to_vec();
            parts.push(("after", &after));
            paths::asking(paths::ACCESS_WHO, &parts)
        }),
    });
    Ok(())
}

async fn list_what(visitor: &Visitor, view: &mut View, mut names: Names) -> Result<(), Error> {
    let mut evaluator = Evaluator::new(&visitor.ctx).await?;
    let who = subject(&evaluator, view).await?;
    view.what = Some(abilities(visitor, &mut evaluator, &who, &view.question, &mut names).await?);
    Ok(())
}

/// Everything that somebody may do, in the circumstances that are asked about.
pub(super) async fn abilities(
    visitor: &Visitor,
    evaluator: &mut Evaluator<'_>,
    who: &Who,
    asked: &Question,
    names: &mut Names,
) -> Result<What, Error> {
    let ctx = &visitor.ctx;
    let environment = question::environment(ctx, Some(who), asked)?;
    let all = evaluator.everything(who, &environment, &Changes::default()).await?;
    let projects: Vec<Uuid> = all.iter().flat_map(|(.., reached)| question::projects_in(reached)).collect();
    name(visitor, names, &projects).await?;
    let id = who.id.to_string();
    let mut kinds: Vec<(String, Vec<Able>)> = Vec::new();
    let mut nowhere = 0;
    for (kind, action, reached) in all {
        let reach = question::reach(&reached, names);
        if reach == Reach::Nowhere {
            nowhere += 1;
            continue;
        }
        let mut parts = asked.parts();
        (parts[0].1, parts[1].1, parts[2].1, parts[3].1, parts[4].1) = (&id, &action, &kind, "", "");
        let href = paths::asking(paths::ACCESS, &parts);
        let able = Able { action, reach, href };
        match kinds.last_mut().filter(|(known, _)| *known == kind) {
            Some((_, list)) => list.push(able),
            None => kinds.push((kind, vec![able])),
        }
    }
    for (_, list) in &mut kinds {
        list.sort_by_key(|able| everyday(&able.action));
    }
    let name = if who.id == ctx.principal.user_id { "you".to_owned() } else { who.name.clone() };
    Ok(What { name, kinds, nowhere })
}

/// Names of projects, for pages that only put reaches into words.
pub(super) fn names_of(projects: Vec<(Uuid, String, String)>) -> Names {
    let called: HashMap<Uuid, String> = projects.iter().map(|(id, _, name)| (*id, name.clone())).collect();
    Names { called, roles: HashMap::new(), projects }
}
