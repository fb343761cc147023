//! The account: password, sessions, preferences.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::Problem;
use identity::ChangePassword;
use kernel::{Call, Ctx, Subject};
use serde_json::Value;

use super::{
    Site,
    answer::{see_other, with_status},
    error::{PageError, refused},
    form::Posted,
    session::Visitor,
};
use crate::{
    components::FormErrors,
    format::When,
    layout::Section,
    paths,
    state::Tone,
    views::account::{Session, View, page},
};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route(paths::ACCOUNT, get(show))
        .route(paths::PASSWORD, post(change_password))
        .route(paths::SESSIONS_REVOKE, post(revoke))
}

async fn show(visitor: Visitor) -> Result<Response, PageError> {
    render(&visitor, FormErrors::default()).await
}

async fn render(visitor: &Visitor, errors: FormErrors) -> Result<Response, PageError> {
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let mut sessions = identity::own_sessions(ctx).await?;
    sessions.sort_by_key(|session| Some(session.id) != ctx.principal.session_id());
    let role = identity::own_role(ctx).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = View {
        email: ctx.principal.email.clone(),
        role: role.unwrap_or_else(|| "no role".to_owned()),
        sessions: sessions
            .into_iter()
            .map(|one| Session {
                id: one.id.to_string(),
                agent: browser(one.user_agent.as_deref().unwrap_or_default()),
                address: one.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string()),
                active: When::new(one.last_active_at, now),
                expires: When::new(one.expires_at, now),
                current: Some(one.id) == ctx.principal.session_id(),
            })
            .collect(),
        errors,
    };
    let frame = visitor.frame(Section::Account).await?;
    Ok(with_status(status, page(&frame, &view)))
}

/// Browser and system of a user agent in a few words, as far as they can be told.
fn browser(agent: &str) -> String {
    let first =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let program = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => "Unknown".to_owned(),
        (None, None) => agent.chars().take(60).collect(),
    }
}

async fn change_password(posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    let new = posted.fields.raw("new").to_owned();
    if posted.fields.raw("again") != new {
        let detail = "is not the same as the new password";
        let errors = super::error::form_errors(Problem::invalid(detail).field("/again", detail));
        return render(&posted.visitor, errors).await;
    }
    let revoke_tokens = posted.fields.has("revoke_tokens");
    let input = ChangePassword { current: posted.fields.raw("current").to_owned(), new, revoke_tokens };
    let mut tx = ctx.begin().await?;
    match identity::change_password(ctx, &mut tx, input).await {
        Ok(_) => {
            tx.commit().await?;
            let and =
                if revoke_tokens { "every other session and every API token has" } else { "every other session has" };
            Ok(see_other(paths::ACCOUNT)
                .saying(Tone::Good, format!("The password is changed, and {and} ended, in all your organisations."))
                .into_response())
        }
        Err(error) => {
            drop(tx);
            render(&posted.visitor, refused(ctx, error)?).await
        }
    }
}

async fn revoke(posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    let chosen = posted.fields.text("session");
    let mut ended = 0_u32;
    if chosen == "others" {
        for session in identity::own_sessions(ctx).await? {
            if Some(session.id) != ctx.principal.session_id() {
                run(ctx, "sessions", "revoke", &session.id.to_string()).await?;
                ended += 1;
            }
        }
    } else {
        run(ctx, "sessions", "revoke", chosen).await?;
        ended = 1;
    }
    let says = match ended {
        0 => "There was no other session.".to_owned(),
        1 => "The session has ended.".to_owned(),
        many => format!("{many} sessions have ended."),
    };
    Ok(see_other(paths::ACCOUNT).saying(Tone::Good, says).into_response())
}

/// Runs a declared operation on one record, in a transaction of its own.
pub(super) async fn run(ctx: &Ctx, resource: &'static str, name: &str, id: &str) -> Result<Value, kernel::Error> {
    let operation = ctx.catalogue().operation(Subject::Record(resource), name)?;
    let mut tx = ctx.begin().await?;
    let output = operation.run(ctx, &mut tx, Call { id: Some(id.to_owned()), input: Value::Null }).await?;
    tx.commit().await?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_named_in_a_few_words() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser("curl/8.5.0"), "curl");
        assert_eq!(browser(""), "Unknown");
    }
}
