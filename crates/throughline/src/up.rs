//! `throughline up`: from nothing to a page one can sign in to.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cluster::{Database, Role};
use identity::{FirstOrganization, NewToken, first_organization};
use kernel::{Credential, Ctx, Request};
use throughline::demo;
use vault::{Passwords, Token, TokenKind};

use crate::{
    cli::UpArguments,
    credentials::{Credentials, spool_dir},
    database,
    failure::Failure,
    server::{Server, asked_to_stop, bind},
};

/// Brings everything up and serves until interrupted.
pub(crate) async fn run(data: &Path, arguments: UpArguments) -> Result<(), Failure> {
    let listener = bind(&arguments.listen).await?;
    // A stop that is asked for while the database starts must stop it too.
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        asked_to_stop().await;
        let _ = stop.send(true);
    });
    let database = database::open(data).await?;
    let outcome = async {
        database::migrate(&database).await?;
        let server = Server::new(database.way(Role::Application), data, &arguments.listen).await?;
        let address = listener.local_addr()?;
        let certificate = arguments.listen.tls_cert.as_deref().map(std::path::absolute).transpose()?;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{address}");
        let credentials = first_sign_in(&server, data, &url, certificate).await?;
        if arguments.demo {
            demonstrate(&server, data, &credentials).await;
        }
        welcome(&credentials);
        server.attend(&database, data, &arguments.listen)?;
        let stop = async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        server.serve(listener, stop).await
    }
    .await;
    close(database).await;
    outcome
}

async fn close(database: Database) {
    database.stop().await;
}

/// Makes the first organisation and its administrator, or finds the ones of an earlier start.
async fn first_sign_in(
    server: &Server,
    data: &Path,
    url: &str,
    certificate: Option<PathBuf>,
) -> Result<Credentials, Failure> {
    if let Some(mut known) = Credentials::read(data)? {
        if known.url != url || known.certificate != certificate {
            url.clone_into(&mut known.url);
            known.certificate = certificate;
            known.write(data)?;
        }
        return Ok(known);
    }
    let email = "admin@throughline.localhost";
    let password = Token::generate(TokenKind::Session).reveal()[4..24].to_owned();
    let first = FirstOrganization { name: "Home", slug: "home", owner: "Administrator", email, password: &password };
    let principal = first_organization(&server.kernel, &Passwords::new(), &first).await?;
    let request = Request { endpoint: "throughline up".into(), ..Request::default() };
    let ctx = Ctx::new(server.kernel.clone(), Arc::new(principal), request);
    let mut tx = ctx.begin().await?;
    let token = NewToken { name: "local scripts".into(), scopes: vec!["*".into()], days: Some(366) };
    let made = identity::create_token(&ctx, &mut tx, token).await?;
    tx.commit().await?;
    let credentials = Credentials {
        url: url.to_owned(),
        organization: "home".into(),
        email: email.into(),
        password,
        token: made.token,
        certificate,
    };
    credentials.write(data)?;
    Ok(credentials)
}

/// Loads Throughline's own record. A failure is told and stops nothing: the server is of use without it.
async fn demonstrate(server: &Server, data: &Path, credentials: &Credentials) {
    let loading = async {
        let mut principal = (*server.authenticator.principal(&credentials.token).await?).clone();
        // Whoever starts the server on its own machine acts as its administrator, not as the token.
        principal.credential = Credential::Server;
        principal.grants = server.authenticator.grants(&principal).await?;
        let request = Request { endpoint: "throughline up --demo".into(), ..Request::default() };
        let ctx = Ctx::new(server.kernel.clone(), Arc::new(principal), request);
        demo::load(&ctx, &server.imports, &spool_dir(data)?).await.map_err(Failure::from)
    };
    match loading.await {
        Ok(loaded) => {
            println!("\n  {loaded}.");
            for (file, reason) in loaded.rejected {
                tracing::warn!(file, reason, "a file of the demonstration was refused");
            }
        }
        Err(failure) => {
            tracing::warn!(
                "the demonstration could not be loaded whole: {failure}; start again with --demo to go on from there"
            );
        }
    }
}

fn welcome(credentials: &Credentials) {
    println!(
        "\n  Throughline is up at {}\n\n    sign in as  {}\n    password    {}\n    API token   {}\n\n  \
         Import reports with:  throughline import --project KEY reports/*.xml\n  Stop with Ctrl-C; the data stay.\n",
        credentials.url, credentials.email, credentials.password, credentials.token
    );
}
