//! Everybody who belongs to the organisation.

use std::collections::HashMap;

use authorization::overview::{self, Given, InProject, Of, Person, Wanted};
use axum::{extract::RawQuery, response::Response};
use identity::MEMBERSHIPS;
use kernel::{Read, permit};
use uuid::Uuid;

use super::{
    super::{
        answer::html,
        error::PageError,
        listing::{Asked, choice, states},
        session::Visitor,
    },
    held, may_somewhere, role_choices,
};
use crate::{
    components::{Filters, Pager},
    format::{When, plural},
    layout::Section,
    paths,
    state::{GrantState, MemberKind, MemberStatus, Shown as _},
    views::access::members::{Row, View, page},
};

/// Members on a page.
const ROWS: usize = 50;

pub(super) async fn list(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    permit::<Read>(ctx, &MEMBERSHIPS)?;
    let sees_roles = may_somewhere(ctx, "role", "read");
    let after: Option<Uuid> = asked.parsed("after");
    let wanted = Wanted {
        text: asked.one("q"),
        kinds: asked.codes::<MemberKind>("kind"),
        statuses: asked.codes::<MemberStatus>("status"),
        roles: if sees_roles { asked.values("role") } else { Vec::new() },
    };
    let tx = ctx.begin_read().await?;
    let mut people = overview::members(ctx, &tx, &wanted, after, i64::try_from(ROWS + 1).unwrap_or(i64::MAX)).await?;
    let more = people.len() > ROWS;
    people.truncate(ROWS);
    let (mut given, mut in_projects, mut roles) = (HashMap::new(), HashMap::new(), Vec::new());
    if sees_roles {
        let ids: Vec<Uuid> = people.iter().map(|person| person.id).collect();
        let of = Of { members: Some(&ids), role: None };
        for one in overview::given(ctx, &tx, of).await? {
            given.entry(one.holder.0).or_insert_with(Vec::new).push(one);
        }
        for one in overview::in_projects(ctx, &tx, of).await? {
            in_projects.entry(one.user).or_insert_with(Vec::new).push(one);
        }
        roles = overview::roles(ctx, &tx).await?;
    }
    tx.commit().await?;

    let next = people.last().filter(|_| more).map(|last| last.id.to_string());
    let rows: Vec<Row> = people
        .into_iter()
        .map(|person| {
            let given: Vec<Given> = given.remove(&person.id).unwrap_or_default();
            let projects: Vec<InProject> = in_projects.remove(&person.id).unwrap_or_default();
            row(&visitor, person, &given, &projects)
        })
        .collect();
    let shown = plural(i64::try_from(rows.len()).unwrap_or(i64::MAX), "member", "members");
    let view = View {
        filters: Filters {
            action: paths::MEMBERS.to_owned(),
            text: Some(wanted.text.unwrap_or_default()),
            choices: std::iter::once(states::<MemberKind>("kind", "Kind", &wanted.kinds))
                .chain(std::iter::once(states::<MemberStatus>("status", "Status", &wanted.statuses)))
                .chain(sees_roles.then(|| choice("role", "Role", &role_choices(&roles), &wanted.roles)))
                .collect(),
            carry: Vec::new(),
        },
        rows,
        pager: Pager {
            shown: format!("{shown}, by name"),
            first: after.map(|_| asked.address(paths::MEMBERS, &["after"], &[])),
            next: next.map(|last| asked.address(paths::MEMBERS, &["after"], &[("after", &last)])),
        },
        sees_roles,
        sees_all_roles: visitor.may("role", "read", None),
    };
    let frame = visitor.frame(Section::Members).await?;
    Ok(html(page(&frame, &view)))
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
