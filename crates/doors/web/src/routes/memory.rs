//! Setting a test aside for a time, letting it count again, and naming who looks after it, from its page.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kernel::{Call, Error, Subject};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    answer::see_other,
    change::change,
    error::{PageError, refused},
    form::Posted,
    session::Visitor,
    tests::{Beside, find, page},
};
use crate::{components::FormErrors, format::When, layout::Section, paths, state::Tone, views::memory};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/tests/{key}/quarantine", post(begin))
        .route("/p/{project}/tests/{key}/quarantine/end", post(end))
        .route("/p/{project}/tests/{key}/owner", post(owner))
}

/// The end of a day as a form gives it; anything else as it came, so that the refusal names it.
pub(super) fn end_of_day(text: &str) -> Value {
    let end = text.parse::<Date>().ok().and_then(|day| day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok());
    end.map_or_else(|| json!(text), |end| json!(end.timestamp().to_string()))
}

async fn begin(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let fields = &posted.fields;
    let (reason, until) = (fields.text("reason").trim().to_owned(), fields.text("expires_at").to_owned());
    write(&posted, &slug, &key, (reason.clone(), until.clone()), "is set aside.", async |ctx, tx, test_case| {
        let body = json!({"test_case_id": test_case, "reason": reason, "expires_at": end_of_day(&until)});
        kernel::create(ctx, tx, ctx.catalogue().served(&quality::TEST_QUARANTINES)?, &body).await.map(drop)
    })
    .await
}

async fn end(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let fields = &posted.fields;
    let (reason, id) = (fields.text("reason").trim().to_owned(), fields.text("quarantine").to_owned());
    write(&posted, &slug, &key, (reason.clone(), String::new()), "counts again.", async |ctx, tx, _| {
        let call = Call { id: Some(id.clone()), input: json!({"reason": reason}) };
        ctx.catalogue().operation(Subject::Record("test-quarantines"), "end")?.run(ctx, tx, call).await.map(drop)
    })
    .await
}

async fn owner(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let visitor: &Visitor = &posted.visitor;
    let (project, _) = visitor.project(&slug, Section::Tests).await?;
    let ctx = &visitor.ctx;
    let mut tx = ctx.begin().await?;
    let found = find(visitor, &tx, project.id, &key).await?;
    let wanted = posted.fields.text("owner_user_id");
    let body = json!({"owner_user_id": (!wanted.is_empty()).then_some(wanted)});
    let place = (project.id, found.line.id);
    change(ctx, &mut tx, &quality::TEST_CASES, place, posted.fields.text("version"), &body).await?;
    tx.commit().await?;
    let said = if wanted.is_empty() { "Nobody looks after it now." } else { "Its owner is named." };
    Ok(see_other(paths::test_case(&slug, &found.line.key)).saying(Tone::Good, said.to_owned()).into_response())
}

/// Writes what a form asks for about a test case; what is refused is shown with what was entered.
async fn write(
    posted: &Posted,
    slug: &str,
    key: &str,
    entered: (String, String),
    said: &str,
    run: impl AsyncFnOnce(&kernel::Ctx, &mut kernel::Tx, Uuid) -> Result<(), Error>,
) -> Result<Response, PageError> {
    let visitor = &posted.visitor;
    let (project, _) = visitor.project(slug, Section::Tests).await?;
    let ctx = &visitor.ctx;
    let mut tx = ctx.begin().await?;
    let found = find(visitor, &tx, project.id, key).await?;
    match run(ctx, &mut tx, found.line.id).await {
        Ok(()) => {
            tx.commit().await?;
            let to = paths::test_case(slug, &found.line.key);
            Ok(see_other(to).saying(Tone::Good, format!("{} {said}", found.line.key)).into_response())
        }
        Err(error) => {
            drop(tx);
            let shown = Beside { quarantine: (refused(ctx, error)?, entered), ..Beside::default() };
            page(visitor, slug, key, shown, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// What is remembered of a test case, as its page shows it.
pub(super) fn view(
    memory: quality::Memory,
    (may_change, people): (bool, Vec<(Uuid, String)>),
    (errors, entered): (FormErrors, (String, String)),
    now: Timestamp,
) -> memory::View {
    memory::View {
        considered: memory.considered,
        flips: memory.flips,
        flipped: memory.flipped.1.map(|at| When::new(at, now)),
        failing: memory
            .failing
            .into_iter()
            .map(|one| (one.branch, i64::from(one.since), one.passed_in.map(i64::from)))
            .collect(),
        drift: memory.drift.map(|drift| (drift.usual_ms, drift.now_ms)),
        owner: memory.owner.map(|(id, name)| (id.to_string(), name)),
        quarantine: memory.quarantine.map(|one| memory::Quarantine {
            id: one.id.to_string(),
            reason: one.reason,
            until: When::new(one.expires_at, now),
        }),
        may_change,
        version: memory.version,
        people: people.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        errors,
        entered,
    }
}
