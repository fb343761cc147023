//! The tree of roles, the matrix, and making a role.

use authorization::{
    ROLES,
    overview::{self, Gives, RoleLine},
};
use axum::{
    extract::RawQuery,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    super::{
        answer::{see_other, with_status},
        error::PageError,
        form::Posted,
        listing::Asked,
        session::Visitor,
    },
    matrix,
    member::refused_or_forbidden,
};
use crate::{
    components::FormErrors,
    layout::Section,
    paths,
    state::Tone,
    views::access::roles::{Entered, Role, View, page},
};

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    render(&visitor, query.as_deref(), View::default()).await
}

async fn render(visitor: &Visitor, query: Option<&str>, base: View) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query)?);
    let tx = ctx.begin_read().await?;
    let roles = overview::roles(ctx, &tx).await?;
    let gives = overview::gives(ctx, &tx).await?;
    let kinds = overview::kinds(&tx).await?;
    tx.commit().await?;
    let status = if base.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let is_matrix = base.errors.is_empty() && asked.one("view").as_deref() == Some("matrix");
    let view = View {
        tree: below(&roles, &gives, None),
        matrix: is_matrix.then(|| matrix::matrix(&asked, &in_order(&roles), &gives, &kinds)),
        may_create: visitor.may("role", "create", None),
        parents: parents(&roles, None),
        ..base
    };
    let frame = visitor.frame(Section::Roles).await?;
    Ok(with_status(status, page(&frame, &view)))
}

/// Roles that another may inherit from, without the role itself and those below it.
pub(super) fn parents(roles: &[RoleLine], of: Option<&RoleLine>) -> Vec<(String, String)> {
    let is_below =
        |role: &RoleLine| of.is_some_and(|of| matrix::ancestors(roles, role).iter().any(|one| one.id == of.id));
    roles.iter().filter(|role| !is_below(role)).map(|role| (role.id.to_string(), role.title.clone())).collect()
}

/// Each role after the one it inherits from, so that columns grow from left to right.
fn in_order(roles: &[RoleLine]) -> Vec<RoleLine> {
    let mut ordered = roles.to_vec();
    ordered.sort_by_key(|role| {
        let mut line: Vec<String> =
            matrix::ancestors(roles, role).iter().map(|role| role.title.to_lowercase()).collect();
        line.reverse();
        line
    });
    ordered
}

/// The roles that stand directly below one, each with its branch. A role whose parent is gone stands on top.
fn below(roles: &[RoleLine], gives: &[Gives], parent: Option<Uuid>) -> Vec<Role> {
    let is_there = |id: Uuid| roles.iter().any(|role| role.id == id);
    roles
        .iter()
        .filter(|role| role.parent.filter(|id| is_there(*id)) == parent)
        .map(|role| Role {
            title: role.title.clone(),
            name: role.name.clone(),
            description: role.description.clone(),
            holders: role.holders,
            own: i64::try_from(gives.iter().filter(|one| one.role == role.id).count()).unwrap_or(i64::MAX),
            remarks: remarks(role),
            below: below(roles, gives, Some(role.id)),
        })
        .collect()
}

/// What is special about a role.
pub(super) fn remarks(role: &RoleLine) -> Vec<String> {
    let mut all = Vec::new();
    if role.is_system {
        all.push("comes with the program".to_owned());
    }
    if !role.is_assignable {
        all.push("only inherited from".to_owned());
    }
    if role.automatic.is_some() {
        all.push("held automatically".to_owned());
    }
    if let Some(most) = role.most {
        all.push(format!("at most {most} at once"));
    }
    for (word, at) in [("from", role.validity.0), ("until", role.validity.1)] {
        if let Some(at) = at {
            all.push(format!("{word} {}", at.strftime("%-d %b %Y")));
        }
    }
    all
}

pub(super) async fn create(posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let ctx = &visitor.ctx;
    let mut body = fields.object(&["name", "display_name", "description", "parent_role_id"]);
    body.retain(|_, value| !value.is_null());
    let mut tx = ctx.begin().await?;
    match kernel::create(ctx, &mut tx, ctx.catalogue().served(&ROLES)?, &Value::Object(body)).await {
        Ok(_) => {
            tx.commit().await?;
            let name = fields.text("name");
            Ok(see_other(paths::role(name))
                .saying(Tone::Good, "The role is made. Say what it gives, then give it to somebody.")
                .into_response())
        }
        Err(error) => {
            drop(tx);
            let errors: FormErrors = refused_or_forbidden(ctx, error)?;
            let text = |name: &str| fields.text(name).to_owned();
            let entered = Entered {
                name: text("name"),
                title: text("display_name"),
                description: text("description"),
                parent: text("parent_role_id"),
            };
            render(visitor, None, View { entered, errors, ..View::default() }).await
        }
    }
}
