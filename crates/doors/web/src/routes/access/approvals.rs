//! The inbox of approvals: deciding, asking, and taking back what was asked.

use authorization::{
    inbox::{self, Waiting},
    overview,
};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kernel::{Error, Subject, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        answer::{see_other, with_status},
        error::PageError,
        form::Posted,
        session::Visitor,
    },
    input,
    member::refused_or_forbidden,
    perform,
};
use crate::{
    format::{When, plural},
    layout::Section,
    paths,
    state::{ApprovalStatus, Shown as _, Tone},
    views::access::{
        approvals::{Entered, Request, View, page},
        spelled,
    },
};

pub(super) async fn list(visitor: Visitor) -> Result<Response, PageError> {
    render(&visitor, View::default()).await
}

async fn render(visitor: &Visitor, base: View) -> Result<Response, PageError> {
    let ctx = &visitor.ctx;
    let me = ctx.principal.user_id;
    let tx = ctx.begin_read().await?;
    let all = inbox::requests(ctx, &tx).await?;
    let may_ask = visitor.may("approval_request", "create", None);
    let (permissions, projects) = if may_ask { on_offer(&tx).await? } else { (Vec::new(), Vec::new()) };
    tx.commit().await?;
    let status = if base.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut view = View { may_ask, permissions, projects, ..base };
    for one in &all {
        let is = |person: &Option<(Uuid, String)>| person.as_ref().is_some_and(|(id, _)| *id == me);
        let shown = request(visitor, one);
        match (one.awaits_actor, is(&one.by) || is(&one.gains)) {
            (true, _) => view.waiting.push(shown),
            (false, true) => view.own.push(shown),
            (false, false) => view.others.push(shown),
        }
    }
    let frame = visitor.frame(Section::Approvals).await?;
    Ok(with_status(status, page(&frame, &view)))
}

type Choices = Vec<(String, String)>;

/// Permissions that need an approval, and projects to which one can be limited.
async fn on_offer(tx: &Tx) -> Result<(Choices, Choices), Error> {
    let all = overview::permissions(tx).await?;
    let permissions = all.into_iter().filter(|one| one.requires_approval).map(|one| (one.name.clone(), one.name));
    let projects = overview::projects(tx).await?.into_iter().map(|(id, _, name)| (id.to_string(), name));
    Ok((permissions.collect(), projects.collect()))
}

fn request(visitor: &Visitor, one: &Waiting) -> Request {
    let now = visitor.ctx.now();
    let (what, code) = match (&one.permission, &one.role) {
        (Some((kind, action, name)), _) => (format!("{} {}", capital(&spelled(action)), spelled(kind)), name.clone()),
        (None, Some((name, title))) => (format!("The role {title}"), name.clone()),
        (None, None) => (capital(&spelled(&one.subject)), String::new()),
    };
    let person = |(id, name): &(Uuid, String)| (name.clone(), paths::member(&id.to_string()));
    let gains = one.gains.as_ref().filter(|gains| one.by.as_ref() != Some(*gains));
    let whose = one.gains.as_ref().or(one.by.as_ref()).map(|(id, _)| id.to_string()).unwrap_or_default();
    Request {
        id: one.id.to_string(),
        href: one.permission.as_ref().map(|(kind, action, _)| {
            paths::asking(paths::ACCESS, &[("who", &whose), ("action", action), ("kind", kind)])
        }),
        what,
        code,
        by: one.by.as_ref().map(person),
        gains: gains.map(person),
        project: one.project.as_ref().map(|(_, name)| name.clone()),
        duration: one
            .payload
            .get("hours")
            .and_then(Value::as_i64)
            .map(|hours| format!("for {}", plural(hours, "hour", "hours"))),
        status: ApprovalStatus::from_code(&one.status).unwrap_or(ApprovalStatus::Pending),
        step: one.step.as_ref().map(|step| {
            format!(
                "Step {} of {}, {}: waits for {}; {} of {} said yes",
                step.number, one.steps, step.name, step.approver, step.given, step.needed
            )
        }),
        asked: When::new(one.asked_at, now),
        decided: one.decided_at.map(|at| When::new(at, now)),
        answers: one
            .answers
            .iter()
            .map(|answer| {
                let word = match answer.decision.as_str() {
                    "approved" => "said yes",
                    "rejected" => "said no",
                    _ => "abstained",
                };
                (answer.by.clone(), word.to_owned(), answer.comment.clone(), When::new(answer.at, now))
            })
            .collect(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(super) async fn ask(posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let mut body = input(fields, &["permission"], &[], &["hours"]);
    if !fields.text("place").is_empty() {
        body.insert("place".to_owned(), json!({"resource": "projects", "id": fields.text("place")}));
    }
    let asked = Subject::Collection("approval-requests");
    match perform(&visitor.ctx, asked, "ask", None, Value::Object(body)).await {
        Ok(_) => Ok(see_other(paths::APPROVALS)
            .saying(Tone::Good, "It is asked. Whoever approves finds it in their inbox.")
            .into_response()),
        Err(error) => {
            let errors = refused_or_forbidden(&visitor.ctx, error)?;
            let text = |name: &str| fields.text(name).to_owned();
            let entered = Entered { permission: text("permission"), project: text("place"), hours: text("hours") };
            render(visitor, View { entered, refused: "ask".to_owned(), errors, ..View::default() }).await
        }
    }
}

pub(super) async fn decide(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let decision = fields.text("decision");
    let mut body = json!({"decision": decision});
    if !fields.text("comment").is_empty() {
        body["comment"] = json!(fields.text("comment"));
    }
    let said = match decision {
        "approved" => "You said yes.",
        "rejected" => "You said no; the request has ended.",
        _ => "You abstained.",
    };
    let id = id.to_string();
    match perform(&visitor.ctx, Subject::Record("approval-requests"), "decide", Some(&id), body).await {
        Ok(_) => Ok(see_other(paths::APPROVALS).saying(Tone::Good, said).into_response()),
        Err(error) => {
            let errors = refused_or_forbidden(&visitor.ctx, error)?;
            render(visitor, View { refused: id, errors, ..View::default() }).await
        }
    }
}

pub(super) async fn cancel(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    perform(ctx, Subject::Record("approval-requests"), "cancel", Some(&id.to_string()), json!({})).await?;
    Ok(see_other(paths::APPROVALS).saying(Tone::Good, "The request is taken back.").into_response())
}
