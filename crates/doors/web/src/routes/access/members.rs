//! Everybody who belongs to the organisation.

use std::collections::HashMap;

use authorization::overview::{self, Given, InProject, Person};
use axum::{extract::RawQuery, response::Response};
use base::Problem;
use uuid::Uuid;

use super::{
    super::{
        answer::html,
        error::PageError,
        listing::{Asked, choice, states},
        session::Visitor,
    },
    held, role_choices,
};
use crate::{
    components::Filters,
    format::When,
    layout::Section,
    paths,
    state::{GrantState, MemberKind, MemberStatus, Shown as _},
    views::access::members::{Row, View, page},
};

pub(super) async fn list(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    if !visitor.may("membership", "read", None) {
        let reason = ctx.why_not("membership", "read", None);
        return Err(Problem::forbidden(format!("You may not read memberships: {reason}.")).into());
    }
    let sees_roles = visitor.may("role", "read", None);
    let tx = ctx.begin_read().await?;
    let people = overview::people(&tx, None).await?;
    let (mut given, mut in_projects, mut roles) = (HashMap::new(), HashMap::new(), Vec::new());
    if sees_roles {
        for one in overview::given(ctx, &tx, None).await? {
            given.entry(one.holder.0).or_insert_with(Vec::new).push(one);
        }
        for one in overview::in_projects(ctx, &tx, None).await? {
            in_projects.entry(one.user).or_insert_with(Vec::new).push(one);
        }
        roles = overview::roles(ctx, &tx).await?;
    }
    tx.commit().await?;

    let wanted = Wanted::of(&asked);
    let mut rows = Vec::new();
    for person in people {
        let given: Vec<Given> = given.remove(&person.id).unwrap_or_default();
        let projects: Vec<InProject> = in_projects.remove(&person.id).unwrap_or_default();
        if wanted.fits(&person, &given, &projects) {
            rows.push(row(&visitor, person, &given, &projects));
        }
    }
    let view = View {
        filters: Filters {
            action: paths::MEMBERS.to_owned(),
            text: Some(wanted.text.clone()),
            choices: std::iter::once(states::<MemberKind>("kind", "Kind", &wanted.kinds))
                .chain(std::iter::once(states::<MemberStatus>("status", "Status", &wanted.statuses)))
                .chain(sees_roles.then(|| choice("role", "Role", &role_choices(&roles), &wanted.roles)))
                .collect(),
            carry: Vec::new(),
        },
        rows,
        sees_roles,
    };
    let frame = visitor.frame(Section::Members).await?;
    Ok(html(page(&frame, &view)))
}

/// Whom the address asks for.
struct Wanted {
    text: String,
    kinds: Vec<String>,
    statuses: Vec<String>,
    roles: Vec<String>,
}

impl Wanted {
    fn of(asked: &Asked) -> Self {
        Self {
            text: asked.one("q").unwrap_or_default(),
            kinds: asked.codes::<MemberKind>("kind"),
            statuses: asked.codes::<MemberStatus>("status"),
            roles: asked.values("role"),
        }
    }

    fn fits(&self, person: &Person, given: &[Given], projects: &[InProject]) -> bool {
        let any = |wanted: &[String], one: &str| wanted.is_empty() || wanted.iter().any(|code| code == one);
        let text = self.text.to_lowercase();
        let says = |part: &str| part.to_lowercase().contains(&text);
        let holds = |role: &String| {
            given.iter().any(|one| one.is_role && one.revoked.is_none() && one.code == *role)
                || projects.iter().any(|one| one.role.0 == *role)
        };
        any(&self.kinds, &person.kind)
            && any(&self.statuses, &person.status)
            && (text.is_empty() || says(&person.name) || says(&person.email))
            && (self.roles.is_empty() || self.roles.iter().any(holds))
    }
}

fn row(visitor: &Visitor, person: Person, given: &[Given], projects: &[InProject]) -> Row {
    let now = visitor.ctx.now();
    let page = |id: Uuid| paths::member(&id.to_string());
    let shown = given.iter().map(|one| held::grant(&visitor.ctx, one));
    Row {
        href: page(person.id),
        kind: held::kind_of(&person.kind),
        owner: person.owner.map(|(id, name)| (name, page(id))),
        status: MemberStatus::from_code(&person.status).unwrap_or(MemberStatus::Inactive),
        roles: shown.filter(|grant| !matches!(grant.state, GrantState::Ended | GrantState::Revoked)).collect(),
        projects: projects
            .iter()
            .map(|one| (one.project.2.clone(), paths::project(&one.project.1), one.role.1.clone()))
            .collect(),
        seen: person.last_seen.map(|at| When::new(at, now)),
        name: person.name,
        email: person.email,
    }
}
