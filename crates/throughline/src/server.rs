//! Wiring: the kernel on a database, the doors on the kernel, until somebody says stop.

use std::{path::Path, sync::Arc, time::Duration};

use axum::{Extension, Router, middleware};
use cluster::{Database, Role};
use delivery::webhooks;
use identity::Authenticator;
use kernel::{Catalogue, Kernel, PoolOptions, Schema, Store};
use quality::{Imports, imports::PrincipalOf};
use shared::{RateLimits, TrustedProxies};
use throughline::{
    connections::{self, ConnectionLimits},
    tls::{self, Certificates},
};
use tokio::net::TcpListener;
use vault::{Passwords, signing::SigningKey};
use wire::Way;

use crate::{
    backing_up,
    cli::{Listen, ServeArguments},
    counting,
    credentials::spool_dir,
    database, detecting,
    failure::Failure,
    maintain,
    sealing::{self, Sealing},
    watching,
};

/// Files that are imported at the same time; each needs two connections of the pool.
const IMPORTS_AT_ONCE: usize = 2;
/// How often the server looks for imports that nobody runs.
const LOOK_AFTER_IMPORTS: Duration = Duration::from_secs(10);

/// A kernel that serves everything there is.
pub(crate) async fn kernel(way: Way) -> Result<Kernel, Failure> {
    let store = Store::new(way, &PoolOptions::default())?;
    let schema = Schema::read(&store).await?;
    let catalogue = Catalogue::new(throughline::resources(), throughline::operations(), schema)?;
    Ok(Kernel::new(store, catalogue))
}

/// The application with everything it needs to answer.
pub(crate) struct Server {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) imports: Arc<Imports>,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) app: Arc<rest::App>,
    site: Arc<web::Site>,
    proxies: TrustedProxies,
    rates: Arc<RateLimits>,
    certificates: Option<Arc<Certificates>>,
    pub(crate) sealing: Sealing,
}

impl Server {
    /// Wires the doors to a database.
    pub(crate) async fn new(way: Way, data: &Path, listen: &Listen) -> Result<Self, Failure> {
        let certificates = listen.certificates()?;
        database::refuse_strong_roles(&way).await?;
        let spool = spool_dir(data)?;
        let key = SigningKey::keep(&sealing::key_file(data, listen.signing_key.clone()))?;
        let sealing = Sealing::new(data, &key)?;
        let kernel = Arc::new(kernel(way.clone()).await?.with_signing_key(key));
        let authenticator = Arc::new(Authenticator::new(kernel.clone(), Passwords::new()));
        tokio::spawn(authenticator.clone().listen(way));
        let imports = Imports::new(kernel.clone(), &spool, IMPORTS_AT_ONCE);
        imports.resume(&members(&authenticator)).await?;
        tokio::spawn(imports.clone().attend(members(&authenticator), LOOK_AFTER_IMPORTS));
        tokio::spawn(webhooks::Worker::new(kernel.clone(), members(&authenticator)).attend());
        let limits = rest::Limits::default();
        let described = kernel.clone();
        // Megabytes that do not change while the server runs; made when somebody first reads about the API.
        let document = std::sync::OnceLock::new();
        let site = Arc::new(web::Site {
            kernel: kernel.clone(),
            authenticator: authenticator.clone(),
            spool: spool.clone(),
            file_bytes: limits.file_bytes,
            after_upload: begin(&imports),
            openapi: Box::new(move || document.get_or_init(|| Arc::new(rest::document(&described.catalogue))).clone()),
        });
        let app = Arc::new(rest::App {
            kernel: kernel.clone(),
            authenticator: authenticator.clone(),
            limits,
            spool,
            metrics: rest::Metrics::default(),
            metrics_token: listen.metrics_token.clone(),
            after_upload: begin(&imports),
        });
        let rates = Arc::new(listen.rates.limits());
        let proxies = TrustedProxies::new(listen.trusted_proxies.clone());
        Ok(Self { kernel, imports, authenticator, app, site, proxies, rates, certificates, sealing })
    }

    fn router(&self) -> Router {
        let proxies = self.proxies.clone();
        rest::router(self.app.clone())
            .merge(
                web::router(self.site.clone()).layer(middleware::from_fn_with_state(self.app.clone(), rest::observe)),
            )
            .layer(Extension(self.rates.clone()))
            .layer(middleware::from_fn(move |request, next| proxies.clone().believe(request, next)))
    }

    /// Starts what runs beside the requests: maintenance, dashboards, backups, the sealing of the trail, watching itself, and looking for security events.
    pub(crate) fn attend(&self, database: &Database, data: &Path, listen: &Listen) -> Result<(), Failure> {
        tokio::spawn(maintain::daily(database::owner(database)?, self));
        tokio::spawn(counting::always(database.way(Role::Application)));
        backing_up::start(database, data, listen, self)?;
        tokio::spawn(self.sealing.clone().always(self.kernel.clone()));
        watching::start(database, data, listen, self)?;
        tokio::spawn(detecting::always(self.kernel.clone(), self.sealing.clone(), self.app.clone()));
        Ok(())
    }

    /// Serves until `stop` is ready, then lets running requests end.
    pub(crate) async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Failure> {
        let tls = match &self.certificates {
            None => None,
            Some(certificates) => {
                tokio::spawn(certificates.clone().attend(tls::LOOK));
                Some(certificates.acceptor()?)
            }
        };
        if !connections::serve(listener, tls, self.router(), &ConnectionLimits::default(), stop).await {
            tracing::warn!("some requests did not end in time and were cut off");
        }
        self.kernel.settle_notes().await;
        Ok(())
    }
}

/// Begins the imports of an upload once it has been acknowledged.
fn begin(imports: &Arc<Imports>) -> rest::AfterUpload {
    let imports = imports.clone();
    Box::new(move |ctx, output| imports.start_queued(ctx, output))
}

/// Finds who sent an import that an earlier server did not end.
fn members(authenticator: &Arc<Authenticator>) -> PrincipalOf {
    let authenticator = authenticator.clone();
    Arc::new(move |organization, user| {
        let authenticator = authenticator.clone();
        Box::pin(async move { authenticator.member(organization, user).await })
    })
}

/// Binds the address, with a word on what to do when it is taken.
pub(crate) async fn bind(listen: &Listen) -> Result<TcpListener, Failure> {
    TcpListener::bind((listen.host, listen.port)).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Failure::new(format!("port {} is in use; choose another with --port", listen.port))
        }
        _ => Failure::from(error),
    })
}

/// Ready once the program is asked to stop, by Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_stop() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(_) => return,
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// `throughline serve`
pub(crate) async fn run(data: &Path, arguments: ServeArguments) -> Result<(), Failure> {
    let listener = bind(&arguments.listen).await?;
    let database: Database = database::open(data).await?;
    let outcome = async {
        let server = Server::new(database.way(Role::Application), data, &arguments.listen).await?;
        tracing::info!(address = %listener.local_addr()?, tls = arguments.listen.tls_cert.is_some(), "serving");
        server.attend(&database, data, &arguments.listen)?;
        server.serve(listener, asked_to_stop()).await
    }
    .await;
    database.stop().await;
    outcome
}
