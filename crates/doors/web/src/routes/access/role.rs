//! A role: what it gives, who holds it, and changing both.

use authorization::{
    ROLE_PERMISSIONS, ROLES,
    overview::{self, Gives, Of, RoleLine},
};
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base::{Problem, ProblemKind};
use kernel::{Ctx, Delete, Error, Record, Update, authorise};
use serde_json::{Value, json};

use super::{
    super::{
        answer::{see_other, with_status},
        error::PageError,
        form::Posted,
        listing::Asked,
        session::Visitor,
    },
    about_condition, condition_of, everyday, held, matrix,
    member::refused_or_forbidden,
    moment,
    roles::{parents, remarks},
};
use crate::{
    components::{Filters, FormErrors},
    layout::Section,
    paths,
    state::{GrantState, Tone},
    views::access::{
        Grant,
        matrix::Cell,
        role::{Given, View, page},
        spelled,
    },
};

/// Fields of a role besides what it is called: from when, until when, and who holds it without being given it.
const AUTOMATIC_AND_TIMES: [&str; 3] = ["valid_from", "valid_until", "auto_assign_conditions"];

pub(super) async fn show(
    visitor: Visitor,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    render(&visitor, &name, query.as_deref(), View::default()).await
}

async fn render(visitor: &Visitor, name: &str, query: Option<&str>, base: View) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query)?);
    let tx = ctx.begin_read().await?;
    let roles = overview::roles(ctx, &tx).await?;
    let role = roles.iter().find(|role| role.name == name).ok_or_else(|| Problem::not_found("role"))?;
    let gives = overview::gives(ctx, &tx).await?;
    let may_edit = visitor.may_do::<Update>(&tx, &ROLES, &role.id.to_string(), None).await?;
    let permissions = if may_edit { overview::permissions(&tx).await? } else { Vec::new() };
    let of = Of { members: None, role: Some(name) };
    let mut holders: Vec<Grant> =
        overview::given(ctx, &tx, of).await?.iter().map(|one| held::grant(ctx, one)).collect();
    let in_projects = overview::in_projects(ctx, &tx, of).await?;
    let members: Vec<uuid::Uuid> = in_projects.iter().map(|one| one.user).collect();
    let people = overview::people(ctx, &tx, Some(&members)).await?;
    for one in &in_projects {
        if let Some(person) = people.iter().find(|person| person.id == one.user) {
            let page = paths::member(&person.id.to_string());
            holders.push(held::in_project(ctx, one, (person.name.clone(), held::kind_of(&person.kind), page)));
        }
    }
    tx.commit().await?;
    holders.retain(|grant| !matches!(grant.state, GrantState::Ended | GrantState::Revoked));

    let text = asked.one("q").unwrap_or_default();
    let status = if base.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = View {
        name: role.name.clone(),
        title: role.title.clone(),
        description: role.description.clone(),
        line: matrix::ancestors(&roles, role).iter().map(|one| (one.title.clone(), one.name.clone())).collect(),
        remarks: remarks(role),
        automatic: role.automatic.as_ref().map(|document| held::in_words(ctx, None, document)).unwrap_or_default(),
        gives: given(ctx, &roles, role, &gives, &text, may_edit),
        filters: Filters { action: paths::role(name), text: Some(text), ..Filters::default() },
        holders,
        may_edit,
        permissions: permissions.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        parents: parents(&roles, Some(role)),
        parent: role.parent.map(|id| id.to_string()).unwrap_or_default(),
        is_assignable: role.is_assignable,
        times: (moment_of(role.validity.0), moment_of(role.validity.1)),
        document: document_of(role),
        version: role.version,
        ..base
    };
    let frame = visitor.frame(Section::Roles).await?;
    Ok(with_status(status, page(&frame, &view)))
}

/// A moment as a field of a form shows it, in UTC and to the minute.
pub(in crate::routes) fn moment_of(at: Option<jiff::Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M").to_string())
}

/// Who holds a role without being given it, as a form shows it.
fn document_of(role: &RoleLine) -> String {
    role.automatic.as_ref().map_or_else(String::new, |document| format!("{document:#}"))
}

/// What a role gives by kind, its own and what it inherits.
fn given(
    ctx: &Ctx,
    roles: &[RoleLine],
    role: &RoleLine,
    gives: &[Gives],
    text: &str,
    may_edit: bool,
) -> Vec<(String, Vec<Given>)> {
    let wanted = text.to_lowercase().replace([':', '_'], " ");
    let mut all: Vec<(String, Given)> = Vec::new();
    for (distance, giver) in matrix::ancestors(roles, role).into_iter().enumerate() {
        for one in gives.iter().filter(|one| one.role == giver.id) {
            if !format!("{} {}", spelled(&one.kind), spelled(&one.action)).contains(&wanted) {
                continue;
            }
            let from = (distance > 0).then(|| giver.name.clone());
            all.push((one.kind.clone(), shown(ctx, one, giver, from, may_edit)));
        }
    }
    all.sort_by(|(kind, one), (other, two)| {
        kind.cmp(other).then_with(|| everyday(&one.action).cmp(&everyday(&two.action)))
    });
    let mut kinds: Vec<(String, Vec<Given>)> = Vec::new();
    for (kind, one) in all {
        match kinds.last_mut().filter(|(known, _)| *known == kind) {
            Some((_, list)) => list.push(one),
            None => kinds.push((kind, vec![one])),
        }
    }
    kinds
}

fn shown(ctx: &Ctx, one: &Gives, giver: &RoleLine, from: Option<String>, may_edit: bool) -> Given {
    let mut conditions = match one.scope.as_str() {
        "self" => vec!["it is one’s own".to_owned()],
        "project" => vec!["it is in a project one is a member of".to_owned()],
        _ => Vec::new(),
    };
    conditions.extend(held::in_words(ctx, Some(&one.kind), &one.conditions));
    conditions.extend(held::in_words(ctx, Some(&one.kind), &one.additional));
    let day = |at: jiff::Timestamp| at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    let times = match one.validity {
        (None, None) => String::new(),
        (Some(from), None) => format!("from {}", day(from)),
        (None, Some(until)) => format!("until {}", day(until)),
        (Some(from), Some(until)) => format!("from {} until {}", day(from), day(until)),
    };
    Given {
        action: one.action.clone(),
        cell: Cell {
            gives: true,
            from: from.as_ref().map(|_| giver.title.clone()),
            conditional: matrix::is_conditional(one),
            approval: one.requires_approval,
        },
        row: (may_edit && from.is_none()).then(|| one.id.to_string()),
        from,
        conditions,
        times,
    }
}

/// The role behind an address, for a change.
async fn find(ctx: &Ctx, tx: &kernel::Tx, name: &str) -> Result<RoleLine, Error> {
    let found = overview::roles(ctx, tx).await?.into_iter().find(|role| role.name == name);
    found.ok_or_else(|| Problem::not_found("role").into())
}

pub(super) async fn edit(Path(name): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let ctx = &visitor.ctx;
    let mut body = fields.object(&["display_name", "description", "parent_role_id"]);
    body.insert("is_assignable".to_owned(), json!(fields.text("is_assignable") == "true"));
    let again = |errors: FormErrors| View {
        refused: "edit".to_owned(),
        errors,
        edited: Some(AUTOMATIC_AND_TIMES.map(|field| fields.text(field).to_owned())),
        ..View::default()
    };
    let [from, until, automatic] = AUTOMATIC_AND_TIMES;
    let document = match condition_of(fields, automatic) {
        Ok(document) => document,
        Err(errors) => return render(visitor, &name, None, again(errors)).await,
    };
    let mut tx = ctx.begin().await?;
    let outcome = async {
        let served = ctx.catalogue().served(&ROLES)?;
        let role = find(ctx, &tx, &name).await?;
        // What the form shows is only the minute; a field that was left as it is changes nothing.
        for (field, at) in [(from, role.validity.0), (until, role.validity.1)] {
            if fields.has(field) && fields.text(field) != moment_of(at) {
                body.insert(field.to_owned(), moment(fields.text(field)));
            }
        }
        if fields.has(automatic) && document != role.automatic {
            body.insert(automatic.to_owned(), document.unwrap_or_default());
        }
        let record = authorise::<Update, _>(ctx, Record::find(&tx, served, &role.id.to_string(), true).await?)?;
        if record.version != fields.text("version") {
            let detail = "Somebody changed this role after the page was shown. Nothing was overwritten: look at what is \
                          there now, and repeat your change if it still holds.";
            return Err(Problem::new(ProblemKind::PreconditionFailed, detail).into());
        }
        kernel::update(ctx, &mut tx, served, record, &Value::Object(body)).await
    }
    .await;
    match outcome {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(paths::role(&name)).saying(Tone::Good, "The change is saved.").into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = about_condition(refused_or_forbidden(ctx, error)?, automatic);
            render(visitor, &name, None, again(errors)).await
        }
    }
}

pub(super) async fn add(Path(name): Path<String>, posted: Posted) -> Result<Response, PageError> {
    const CONDITION: &str = "additional_conditions";
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let ctx = &visitor.ctx;
    let again = |errors: FormErrors| View {
        refused: "add".to_owned(),
        errors,
        entered_permission: fields.text("permission_id").to_owned(),
        entered_condition: fields.text(CONDITION).to_owned(),
        ..View::default()
    };
    let mut body = fields.object(&["permission_id"]);
    match condition_of(fields, CONDITION) {
        Ok(condition) => body.extend(condition.map(|document| (CONDITION.to_owned(), document))),
        Err(errors) => return render(visitor, &name, None, again(errors)).await,
    }
    let mut tx = ctx.begin().await?;
    let outcome = async {
        let role = find(ctx, &tx, &name).await?;
        body.insert("role_id".to_owned(), json!(role.id));
        kernel::create(ctx, &mut tx, ctx.catalogue().served(&ROLE_PERMISSIONS)?, &Value::Object(body)).await
    }
    .await;
    match outcome {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other(paths::role(&name)).saying(Tone::Good, "The role gives it from now on.").into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = about_condition(refused_or_forbidden(ctx, error)?, CONDITION);
            render(visitor, &name, None, again(errors)).await
        }
    }
}

pub(super) async fn remove(Path((name, row)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    let mut tx = ctx.begin().await?;
    let served = ctx.catalogue().served(&ROLE_PERMISSIONS)?;
    let record = authorise::<Delete, _>(ctx, Record::find(&tx, served, &row, true).await?)?;
    kernel::delete(ctx, &mut tx, served, record).await?;
    tx.commit().await?;
    Ok(see_other(paths::role(&name)).saying(Tone::Good, "The role does not give it any more.").into_response())
}
