//! Operations on files: `multipart/form-data` in, each file spooled to disk and hashed as it arrives, then one
//! operation call with the places of the files. Memory stays bounded whatever arrives.

use std::{path::PathBuf, sync::Arc};

use axum::{
    extract::{MatchedPath, Multipart, RawQuery, State, multipart::MultipartError},
    response::Response,
};
use base::{Problem, ProblemKind};
use kernel::{Answer, Call, Error};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::{ApiProblem, App, Caller, answer::once, collection, operations::of_route};

/// Files of one request at most.
const FILES: usize = 1000;
/// Other fields of one request at most.
const FIELDS: usize = 100;
/// The longest form field, in bytes.
const FIELD: usize = 10_000;

/// Files that were spooled. Dropped before they are handed over, they are removed.
struct Spooled {
    files: Vec<Value>,
    paths: Vec<PathBuf>,
    kept: bool,
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if !self.kept {
            for path in &self.paths {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

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
        if ctx.principal.grants.reach(permission, operation.action) == authz::Reach::Nothing {
            let reason = ctx.principal.grants.decide(permission, operation.action, None).reason;
            return Err(Problem::forbidden(format!("You may not do this: {reason}.")).into());
        }
    }
    let (mut input, mut spooled, hash) =
        receive(&app, form).await.map_err(|error| ApiProblem::from_error(&app.kernel, &error))?;
    input["files"] = Value::Array(spooled.files.clone());
    let (ctx, response) = once(ctx, &hash, move |ctx, tx| {
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
    .await?;
    // A replayed answer belongs to files that were handed over before; these are not needed.
    if !response.headers().contains_key("idempotency-replayed") {
        spooled.kept = true;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .map_err(|error| ApiProblem::of(&ctx, &Error::Broken(error.to_string())))?;
        if let Ok(output) = serde_json::from_slice(&bytes) {
            (app.after_upload)(&ctx, &output);
        }
        return Ok(Response::from_parts(parts, bytes.into()));
    }
    Ok(response)
}

fn unreadable(error: &MultipartError) -> Error {
    let kind = match error.status().as_u16() {
        413 => ProblemKind::TooLarge,
        _ => ProblemKind::BadRequest,
    };
    Problem::new(kind, format!("The form cannot be read: {}.", error.body_text())).into()
}

/// Reads the form: its fields as an object, its files to disk, and a digest of all of it.
async fn receive(app: &App, mut form: Multipart) -> Result<(Value, Spooled, [u8; 32]), Error> {
    let mut input = json!({});
    let mut spooled = Spooled { files: Vec::new(), paths: Vec::new(), kept: false };
    let (mut whole, mut fields, mut all) = (Sha256::new(), 0, 0_u64);
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        whole.update(name.as_bytes());
        whole.update([0]);
        if name != "file" {
            fields += 1;
            if fields > FIELDS || name.len() > FIELD {
                return Err(Problem::new(ProblemKind::TooLarge, format!("Send at most {FIELDS} fields.")).into());
            }
            let mut text = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
                text.extend_from_slice(&chunk);
                if text.len() > FIELD {
                    return Err(Problem::new(ProblemKind::TooLarge, format!("The field `{name}` is too long.")).into());
                }
            }
            let text = String::from_utf8(text)
                .map_err(|_| Problem::bad_request(format!("The field `{name}` is not UTF-8.")))?;
            whole.update(text.as_bytes());
            input[&name] = Value::String(text);
            continue;
        }
        if spooled.files.len() >= FILES {
            return Err(Problem::new(ProblemKind::TooLarge, format!("Send at most {FILES} files at once.")).into());
        }
        let file_name =
            field.file_name().unwrap_or("file").chars().filter(|c| !c.is_control()).take(1000).collect::<String>();
        let path = app.spool.join(format!("{}.upload", base::id_at(app.kernel.now())));
        let spooling = |source| Error::Io { doing: "an upload could not be kept on disk".into(), source };
        spooled.paths.push(path.clone());
        let mut file = tokio::fs::File::create_new(&path).await.map_err(spooling)?;
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
            size += chunk.len() as u64;
            all += chunk.len() as u64;
            if all > app.limits.file_bytes {
                let most = app.limits.file_bytes >> 20;
                let detail = format!("The files of one request have at most {most} MiB together.");
                return Err(Problem::new(ProblemKind::TooLarge, detail).into());
            }
            hash.update(&chunk);
            file.write_all(&chunk).await.map_err(spooling)?;
        }
        // What is acknowledged must survive the machine.
        file.sync_all().await.map_err(spooling)?;
        let digest: [u8; 32] = hash.finalize().into();
        whole.update(digest);
        spooled.files.push(json!({
            "name": if file_name.is_empty() { "file" } else { &file_name },
            "path": path,
            "size": size,
            "sha256": digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        }));
    }
    if spooled.files.is_empty() {
        return Err(Problem::invalid("Send at least one part named `file`.").field("/file", "is required").into());
    }
    Ok((input, spooled, whole.finalize().into()))
}
