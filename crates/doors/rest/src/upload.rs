//! Operations on files: `multipart/form-data` in, each file spooled to disk and hashed as it arrives, then one
//! operation call with the places of the files. Memory stays bounded whatever arrives.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Multipart, RawQuery, State},
    response::Response,
};
use base::{Problem, ProblemKind};
use kernel::{Answer, Call, Ctx, Error, Operation};
use serde_json::{Value, json};
use shared::Upload;
use tracing::Instrument as _;

use crate::{ApiProblem, App, Caller, answer::once, collection, operations::of_route};

/// `POST /v1/imports`
pub(crate) async fn run(
    State(app): State<Arc<App>>,
    Caller(ctx): Caller,
    route: MatchedPath,
    RawQuery(query): RawQuery,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, ApiProblem> {
    if !collection::pairs(query.as_deref())?.is_empty() {
        return Err(Problem::bad_request("This address takes no query parameters.").into());
    }
    let operation = of_route(&app, route.as_str()).ok_or_else(|| Problem::not_found("operation"))?;
    let form = form.map_err(|_| {
        Problem::new(
            ProblemKind::UnsupportedMediaType,
            "Send `multipart/form-data` with fields and one or more parts named `file`.",
        )
    })?;
    if let Some(resource) = operation.subject.resource().and_then(|name| ctx.catalogue().get(name)) {
        // Where exactly is decided once the form is read; whoever may do it nowhere fills no disk.
        let permission = resource.resource.permission;
        if ctx.reach(permission, operation.action) == authz::Reach::Nothing {
            let reason = ctx.why_not(permission, operation.action, None);
            let problem = Problem::forbidden(format!("You may not do this: {reason}."));
            return Err(ApiProblem::of(&ctx, &problem.into()));
        }
    }
    let upload = receive(&app, &ctx, form).await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    // A client that hangs up drops this request. What is about to be committed must then be handed over all the same:
    // otherwise an import would be queued whose file is gone.
    tokio::spawn(hand_over(app, ctx, operation, upload).in_current_span())
        .await
        .map_err(|_| Problem::new(ProblemKind::Internal, "The server could not do this. It has been logged."))?
}

async fn hand_over(app: Arc<App>, ctx: Ctx, operation: Arc<Operation>, upload: Upload) -> Result<Response, ApiProblem> {
    let mut input = json!({});
    for (name, text) in upload.fields() {
        input[name] = Value::String(text.to_owned());
    }
    input["files"] = upload.files();
    let outcome = once(ctx, &upload.digest(), move |ctx, tx| {
        Box::pin(async move {
            let output = operation.run(ctx, tx, Call { id: None, input }).await?;
            Ok(Answer {
                status: operation.status,
                etag: None,
                location: None,
                body: output.to_string().into_bytes(),
                kept_body: None,
            })
        })
    })
    .await;
    let (ctx, response) = match outcome {
        Ok(done) => done,
        Err(problem) => {
            if problem.0.status() >= 500 {
                // Nobody knows whether the commit arrived. What turns out to belong to nothing is swept up later.
                upload.hand_over();
            }
            return Err(problem);
        }
    };
    // A replayed answer belongs to files that were handed over before; these are not needed.
    if response.headers().contains_key("idempotency-replayed") {
        return Ok(response);
    }
    upload.hand_over();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ApiProblem::of(&ctx, &Error::Broken(error.to_string())))?;
    if let Ok(output) = serde_json::from_slice(&bytes) {
        (app.after_upload)(&ctx, &output);
    }
    Ok(Response::from_parts(parts, bytes.into()))
}

/// Reads the form: the parts named `file` to disk, the others as fields.
async fn receive(app: &App, ctx: &Ctx, mut form: Multipart) -> Result<Upload, Error> {
    let mut upload = Upload::new(&app.spool, app.limits.file_bytes);
    while let Some(field) = form.next_field().await.map_err(|error| Upload::unreadable(&error))? {
        match field.name() {
            Some("file") => upload.take_file(field, ctx.new_id()).await?,
            _ => upload.take_field(field).await?,
        }
    }
    if upload.is_empty() {
        return Err(Problem::invalid("Send at least one part named `file`.").field("/file", "is required").into());
    }
    Ok(upload)
}
