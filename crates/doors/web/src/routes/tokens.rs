//! API tokens of the visitor.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use identity::NewToken;

use super::{
    Site,
    account::run,
    answer::{see_other, with_status},
    error::{PageError, refused},
    form::Posted,
    session::Visitor,
};
use crate::{
    format::When,
    layout::Section,
    paths,
    state::Tone,
    views::tokens::{Token, View, page},
};

/// Scopes on offer: what the API calls them, and words.
const SCOPES: [(&str, &str); 5] = [
    ("import:create", "Import reports and requirements"),
    ("*:read", "Read everything you may read"),
    ("deployment:create", "Record deployments"),
    ("deployment:update", "Update deployments"),
    ("*", "Everything you may do"),
];
/// Lifetimes on offer, in days.
const LIFETIMES: [(&str, &str); 4] = [("90", "90 days"), ("30", "30 days"), ("7", "7 days"), ("365", "a year")];

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::TOKENS, get(show).post(create)).route(paths::TOKENS_REVOKE, post(revoke))
}

async fn show(visitor: Visitor) -> Result<Response, PageError> {
    let view = View { chosen: vec!["import:create".to_owned()], ..View::default() };
    render(&visitor, StatusCode::OK, view).await
}

async fn render(visitor: &Visitor, status: StatusCode, view: View) -> Result<Response, PageError> {
    let now = visitor.ctx.now();
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let view = View {
        tokens: identity::own_tokens(&visitor.ctx)
            .await?
            .into_iter()
            .map(|one| Token {
                id: one.id.to_string(),
                name: one.name,
                prefix: one.prefix,
                scopes: one.scopes.iter().map(|scope| in_words(scope)).collect(),
                last_used: one.last_used_at.map(|at| When::new(at, now)),
                expires: one.expires_at.map(|at| When::new(at, now)),
            })
            .collect(),
        scopes: pairs(&SCOPES),
        lifetimes: pairs(&LIFETIMES),
        ..view
    };
    let frame = visitor.frame(Section::Tokens).await?;
    Ok(with_status(status, page(&frame, &view)))
}

fn in_words(scope: &str) -> String {
    SCOPES.iter().find(|(code, _)| *code == scope).map_or(scope, |(_, words)| words).to_owned()
}

async fn create(posted: Posted) -> Result<Response, PageError> {
    let (ctx, fields) = (&posted.visitor.ctx, &posted.fields);
    let chosen: Vec<String> = fields.all("scopes").map(str::to_owned).collect();
    let input = NewToken {
        name: fields.text("name").to_owned(),
        scopes: chosen.clone(),
        days: Some(fields.text("lifetime").parse().unwrap_or(0)),
    };
    let mut tx = ctx.begin().await?;
    match identity::create_token(ctx, &mut tx, input).await {
        Ok(made) => {
            tx.commit().await?;
            // Shown in the answer itself: a secret belongs into no cookie and no address.
            let view = View { created: Some(made.token), chosen, ..View::default() };
            render(&posted.visitor, StatusCode::CREATED, view).await
        }
        Err(error) => {
            drop(tx);
            let mut errors = refused(ctx, error)?;
            for error in &mut errors.fields {
                if error.pointer.starts_with("/scopes/") {
                    error.pointer = "/scopes".to_owned();
                } else if error.pointer == "/days" {
                    error.pointer = "/lifetime".to_owned();
                }
            }
            let view = View { chosen, name: fields.text("name").to_owned(), errors, ..View::default() };
            render(&posted.visitor, StatusCode::UNPROCESSABLE_ENTITY, view).await
        }
    }
}

async fn revoke(posted: Posted) -> Result<Response, PageError> {
    run(&posted.visitor.ctx, "api-tokens", "revoke", posted.fields.text("token")).await?;
    Ok(see_other(paths::TOKENS)
        .saying(Tone::Good, "The token has ended; nothing can be done with it any more.")
        .into_response())
}
