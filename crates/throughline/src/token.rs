//! `throughline token`

use std::{path::Path, sync::Arc};

use cluster::{Connections, Role};
use identity::{Authenticator, NewToken};
use kernel::{Credential, Ctx, Request};
use wire::Way;

use crate::{cli::TokenCommand, credentials::Credentials, failure::Failure, server, settings};

/// Makes a token for the person of the local credentials.
pub(crate) async fn run(data: &Path, what: TokenCommand, json: bool) -> Result<(), Failure> {
    let TokenCommand::Create { name, scope, days } = what;
    let credentials = Credentials::read(data)?.ok_or_else(|| {
        Failure::new(format!("there is no instance in {}; bring one up with `throughline up`", data.display()))
    })?;
    let way = match settings::said("database_url") {
        Some(url) => Way::read(&url).map_err(|why| Failure::new(format!("DATABASE_URL {why}")))?,
        None => Connections::read(data)?.config(Role::Application).into(),
    };
    let kernel = Arc::new(server::kernel(way).await?);
    let authenticator = Authenticator::new(kernel.clone(), vault::Passwords::new());
    let known = authenticator
        .principal(&credentials.token)
        .await
        .map_err(|error| Failure::new(format!("the token in credentials.json is not valid: {error}")))?;
    // Whoever can read the credentials of this machine signs in as their owner, not as the token.
    let mut principal = (*known).clone();
    principal.credential = Credential::Server;
    principal.grants = authenticator.grants(&principal).await?;
    let ctx = Ctx::new(
        kernel,
        Arc::new(principal),
        Request { endpoint: "throughline token create".into(), ..Request::default() },
    );
    let mut tx = ctx.begin().await?;
    let made = identity::create_token(&ctx, &mut tx, NewToken { name, scopes: scope, days: Some(days) }).await?;
    tx.commit().await?;
    if json {
        println!("{}", serde_json::to_string(&made)?);
    } else {
        println!("{}\n\nIt ends on {}. It is not kept anywhere; write it down now.", made.token, made.expires_at);
    }
    Ok(())
}
