//! Repository servers: connecting one, what came from it, and working on a message again.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::Problem;
use delivery::{
    WEBHOOK_CONNECTIONS,
    webhooks::{self as hooks, ConnectionLine, DeliveryLine, Did},
};
use jiff::Timestamp;
use kernel::{Call, Ctx, Record, Subject, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    answer::{html, see_other, with_status},
    change::change,
    error::{PageError, refused},
    form::Posted,
    listing::{Asked, ROWS, cut},
    session::Visitor,
};
use crate::{
    components::{FormErrors, Pager},
    format::{When, plural},
    layout::Section,
    paths,
    state::{MessageStatus, RecordedAs, Server, Shown, Tone},
    views::webhooks::{self, Connection, Entered, Message, One, Told, View},
};

/// Messages on the page of all connections.
const LATEST: i64 = 20;
/// Characters of a message that its page shows.
const SHOWN: usize = 200_000;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/webhooks", get(list).post(connect))
        .route("/p/{project}/webhooks/{id}", get(show))
        .route("/p/{project}/webhooks/{id}/rotate-secret", post(rotate))
        .route("/p/{project}/webhooks/{id}/take-over", post(take_over))
        .route("/p/{project}/webhooks/{id}/active", post(switch))
        .route("/p/{project}/webhooks/messages/{id}", get(told))
        .route("/p/{project}/webhooks/messages/{id}/work-again", post(again))
}

async fn list(visitor: Visitor, Path(slug): Path<String>) -> Result<Response, PageError> {
    page(&visitor, &slug, (Entered::default(), FormErrors::default()), StatusCode::OK).await
}

async fn page(
    visitor: &Visitor,
    slug: &str,
    form: (Entered, FormErrors),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Webhooks).await?;
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let tx = ctx.begin_read().await?;
    let connections = hooks::connections(ctx, &tx, project.id).await?;
    let messages = hooks::deliveries(ctx, &tx, project.id, (None, None), None, LATEST).await?;
    tx.commit().await?;
    let view = View {
        connections: connections.iter().map(|line| connection(line, now)).collect(),
        messages: messages.into_iter().map(|line| message(line, now)).collect(),
        form: visitor.may("webhook", "create", Some(project.id)).then_some(form),
    };
    Ok(with_status(status, webhooks::page(&frame, &view)))
}

fn connection(line: &ConnectionLine, now: Timestamp) -> Connection {
    Connection {
        id: line.id.to_string(),
        name: line.name.clone(),
        server: Server::from_code(&line.provider).unwrap_or(Server::Github),
        repository: line.repository.clone(),
        is_active: line.is_active,
        last: line.last_received_at.map(|at| When::new(at, now)),
        failed_and_waiting: [line.counts[1], line.counts[2]],
    }
}

fn message(line: DeliveryLine, now: Timestamp) -> Message {
    let status = MessageStatus::from_code(&line.status).unwrap_or(MessageStatus::Received);
    let [created, changed] = line.records;
    let first = |text: &Option<String>| text.as_deref().and_then(|text| text.lines().next()).map(str::to_owned);
    let recorded = match (created, changed) {
        (0, 0) => None,
        (created, 0) => Some(format!("{} created", plural(created, "record", "records"))),
        (0, changed) => Some(format!("{} changed", plural(changed, "record", "records"))),
        (created, changed) => Some(format!("{} created, {changed} changed", plural(created, "record", "records"))),
    };
    let outcome = match status {
        MessageStatus::Failed => first(&line.error),
        MessageStatus::Repeated => Some("the same came before".to_owned()),
        MessageStatus::Done => recorded.or_else(|| Some("nothing new".to_owned())),
        _ => first(&line.notes).or_else(|| first(&line.error)),
    };
    Message {
        id: line.id.to_string(),
        event: line.action.as_ref().map_or_else(|| line.event.clone(), |action| format!("{}: {action}", line.event)),
        repository: line.repository,
        status,
        outcome: outcome.unwrap_or_default(),
        when: When::new(line.received_at, now),
    }
}

async fn connect(Path(slug): Path<String>, headers: HeaderMap, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Webhooks).await?;
    let ctx = &visitor.ctx;
    let entered = Entered {
        name: fields.text("name").to_owned(),
        provider: fields.text("provider").to_owned(),
        repository: fields.text("repository").to_owned(),
        issue_label: fields.text("issue_label").to_owned(),
    };
    let input = json!({
        "project_id": project.id, "name": entered.name, "provider": entered.provider, "repository": entered.repository,
        "issue_label": entered.issue_label,
    });
    let made = run(ctx, Subject::Collection("webhook-connections"), "create", None, input).await;
    match made {
        Ok(made) => connection_page(visitor, &slug, &headers, None, &made, StatusCode::CREATED).await,
        Err(error) => {
            let errors = refused(ctx, error)?;
            page(visitor, &slug, (entered, errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// Runs an operation in a transaction of its own.
async fn run(
    ctx: &Ctx,
    subject: Subject,
    name: &str,
    id: Option<String>,
    input: Value,
) -> Result<Value, kernel::Error> {
    let operation = ctx.catalogue().operation(subject, name)?;
    let mut tx = ctx.begin().await?;
    let output = operation.run(ctx, &mut tx, Call { id, input }).await?;
    tx.commit().await?;
    Ok(output)
}

async fn show(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    connection_page(&visitor, &slug, &headers, query.as_deref(), &json!({"id": id}), StatusCode::OK).await
}

/// The page of the connection that `made` names, with the secret in it if one was just made.
async fn connection_page(
    visitor: &Visitor,
    slug: &str,
    headers: &HeaderMap,
    query: Option<&str>,
    made: &Value,
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Webhooks).await?;
    let (ctx, now, asked) = (&visitor.ctx, visitor.ctx.now(), Asked::of(query)?);
    let missing = || Problem::not_found("webhook connection");
    let id: Uuid = made["id"].as_str().unwrap_or_default().parse().map_err(|_| missing())?;
    let shown = asked.one("status").filter(|code| MessageStatus::from_code(code).is_some());
    let before: Option<Uuid> = asked.parsed("before");
    let tx = ctx.begin_read().await?;
    let found = hooks::find_connection(ctx, &tx, project.id, id).await?.ok_or_else(missing)?;
    let mut listed = hooks::deliveries(ctx, &tx, project.id, (Some(id), shown.as_deref()), before, ROWS + 1).await?;
    tx.commit().await?;
    let (path, more) = (paths::webhook(slug, &id.to_string()), cut(&mut listed, ROWS));
    let next = listed
        .last()
        .filter(|_| more)
        .map(|last| asked.address(&path, &["before"], &[("before", &last.id.to_string())]));
    let messages = plural(i64::try_from(listed.len()).unwrap_or_default(), "message", "messages");
    let view = One {
        line: connection(&found, now),
        address: format!("{}/v1/webhooks/{id}", origin(headers)),
        secret: made["secret"].as_str().map(str::to_owned),
        secret_since: (
            When::new(found.secret_changed_at, now),
            found.old_secret_until.map(|until| When::new(until, now)),
        ),
        issue_label: found.issue_label.clone(),
        acts_as: found.acts_as.clone(),
        version: found.version.to_string(),
        may_change: visitor.may("webhook", "update", Some(project.id)),
        shown: shown.unwrap_or_default(),
        messages: listed.into_iter().map(|line| message(line, now)).collect(),
        pager: Pager {
            shown: format!("{messages}, the latest first"),
            first: before.map(|_| asked.address(&path, &["before"], &[])),
            next,
        },
        errors: FormErrors::default(),
    };
    Ok(with_status(status, webhooks::one(&frame, &view)))
}

/// Where this server is reached, as the visitor reaches it.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("throughline.example");
    let is_local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.starts_with(name));
    format!("{}://{host}", if is_local { "http" } else { "https" })
}

/// Finds that the connection or message is in the project of the address.
async fn belongs(visitor: &Visitor, resource: &'static str, project: Uuid, id: &str) -> Result<(), PageError> {
    let ctx = &visitor.ctx;
    let missing = || Problem::not_found("webhook");
    let served = ctx.catalogue().get(resource).ok_or_else(missing)?;
    let tx: Tx = ctx.begin_read().await?;
    let record = Record::find(&tx, served, id, false).await?;
    tx.commit().await?;
    if record.project == Some(project) { Ok(()) } else { Err(missing().into()) }
}

async fn rotate(
    Path((slug, id)): Path<(String, String)>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Webhooks).await?;
    belongs(visitor, "webhook-connections", project.id, &id).await?;
    let hours: i64 = fields.text("overlap_hours").parse().unwrap_or(24);
    let subject = Subject::Record("webhook-connections");
    let made = run(&visitor.ctx, subject, "rotate-secret", Some(id.clone()), json!({"overlap_hours": hours})).await;
    match made {
        Ok(made) => connection_page(visitor, &slug, &headers, None, &made, StatusCode::OK).await,
        Err(error) => Ok(back(visitor, paths::webhook(&slug, &id), error)?),
    }
}

/// Back to a page, with what was refused.
fn back(visitor: &Visitor, path: String, error: kernel::Error) -> Result<Response, PageError> {
    let errors = refused(&visitor.ctx, error)?;
    let why = errors.summary.or_else(|| errors.fields.first().map(|field| field.detail.clone()));
    Ok(see_other(path).saying(Tone::Bad, why.unwrap_or_default()).into_response())
}

async fn take_over(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let visitor = &posted.visitor;
    let (project, _) = visitor.project(&slug, Section::Webhooks).await?;
    belongs(visitor, "webhook-connections", project.id, &id).await?;
    let subject = Subject::Record("webhook-connections");
    match run(&visitor.ctx, subject, "take-over", Some(id.clone()), json!({})).await {
        Ok(_) => Ok(see_other(paths::webhook(&slug, &id))
            .saying(Tone::Good, "Messages are worked on with your rights from now on.")
            .into_response()),
        Err(error) => back(visitor, paths::webhook(&slug, &id), error),
    }
}

async fn switch(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Webhooks).await?;
    let on = fields.text("is_active") == "true";
    let key: Uuid = id.parse().map_err(|_| Problem::not_found("webhook connection"))?;
    let (ctx, body) = (&visitor.ctx, json!({"is_active": on}));
    let mut tx = ctx.begin().await?;
    let outcome = change(ctx, &mut tx, &WEBHOOK_CONNECTIONS, (project.id, key), fields.text("version"), &body).await;
    match outcome {
        Ok(()) => {
            tx.commit().await?;
            let said = if on { "Messages are taken again." } else { "Messages are refused from now on." };
            Ok(see_other(paths::webhook(&slug, &id)).saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            drop(tx);
            back(visitor, paths::webhook(&slug, &id), error)
        }
    }
}

async fn told(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Webhooks).await?;
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let missing = || Problem::not_found("webhook delivery");
    let key: Uuid = id.parse().map_err(|_| missing())?;
    let tx = ctx.begin_read().await?;
    let found = hooks::find_delivery(ctx, &tx, project.id, key).await?.ok_or_else(missing)?;
    // Whoever may read the message may not read the connection for that.
    let connection = match hooks::find_connection(ctx, &tx, project.id, found.line.connection.0).await {
        Ok(connection) => connection.map(|line| (line.id.to_string(), line.name)),
        Err(error) if error.problem().is_some() => None,
        Err(error) => return Err(error.into()),
    };
    tx.commit().await?;
    let is_cut = found.payload.chars().nth(SHOWN).is_some();
    // Laid out for people where it is JSON; the record keeps it as it came.
    let whole = if is_cut { None } else { serde_json::from_str::<Value>(&found.payload).ok() };
    let payload = match whole.and_then(|value| serde_json::to_string_pretty(&value).ok()) {
        Some(pretty) => pretty,
        None => found.payload.chars().take(SHOWN).collect(),
    };
    let notes = found.line.notes.as_deref().map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default();
    let view = Told {
        connection,
        error: found.line.error.clone().filter(|_| found.line.status == "failed" || found.line.status == "received"),
        line: message(found.line, now),
        name: found.provider_delivery_id,
        did: found.did.into_iter().map(|did| done(&slug, did)).collect(),
        notes,
        repeat_of: found.repeat_of.map(|id| id.to_string()),
        attempts: (i64::from(found.attempts), found.next_attempt_at.map(|at| When::new(at, now))),
        headers: found.headers,
        payload,
        is_cut,
        may_again: visitor.may("webhook", "update", Some(project.id)),
    };
    Ok(html(webhooks::told(&frame, &view)))
}

/// What was done to a record, and where it can be seen.
fn done(slug: &str, did: Did) -> (RecordedAs, String, String, Option<String>) {
    let what = RecordedAs::from_code(&did.what).unwrap_or(RecordedAs::Unchanged);
    let kind = did.resource.replace('-', " ");
    let kind =
        kind.strip_suffix("ies").map_or_else(|| kind.trim_end_matches('s').to_owned(), |stem| format!("{stem}y"));
    let section = match did.resource.as_str() {
        "builds" | "checks" => Some(paths::section(slug, "builds")),
        "deployments" | "environments" => Some(paths::section(slug, "deployments")),
        "defects" => Some(paths::section(slug, "defects")),
        _ => None,
    };
    (what, kind, did.name, section.filter(|_| what != RecordedAs::Deleted))
}

async fn again(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let visitor = &posted.visitor;
    let (project, _) = visitor.project(&slug, Section::Webhooks).await?;
    belongs(visitor, "webhook-deliveries", project.id, &id).await?;
    let subject = Subject::Record("webhook-deliveries");
    let page = paths::webhook_message(&slug, &id);
    match run(&visitor.ctx, subject, "work-again", Some(id), json!({})).await {
        Ok(_) => {
            Ok(see_other(page).saying(Tone::Good, "It is worked on in a moment; load the page again.").into_response())
        }
        Err(error) => back(visitor, page, error),
    }
}
