//! The REST door: parse, call one kernel function or operation, render. Every route under `/v1` comes from the
//! catalogue; so does `openapi.json`.

mod access;
mod answer;
mod app;
mod baselines;
mod build_exports;
mod caller;
mod collection;
mod documentation;
mod evidence;
mod exchange_files;
mod exposure;
mod gate;
mod health;
mod impact;
mod matrix;
mod metrics;
mod openapi;
mod operations;
mod past;
mod problem;
mod reqif;
mod search;
mod served;
mod trail;
mod upload;
mod webhooks;

pub use app::{AfterUpload, App, Limits};
pub use caller::Caller;
pub use metrics::{Backups, Metrics, OpenEvents, observe};
pub use openapi::document;
pub use problem::ApiProblem;
pub use served::Served;
pub use shared::SESSION_COOKIE;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use kernel::Verb;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

/// Every route of this door.
pub fn router(app: Arc<App>) -> Router {
    let mut v1 = Router::new();
    for served in app.kernel.catalogue.resources() {
        let resource = served.resource;
        let name = resource.name;
        let path = format!("/{name}");
        let mut all = get(collection::list).fallback(problem::method_not_allowed);
        let mut one = get(collection::read).fallback(problem::method_not_allowed);
        if resource.offers(Verb::Create) {
            all = all.post(collection::create);
        } else if let Some(operation) = app.operation_on(kernel::Subject::Collection(name), "create") {
            all = match operation.input {
                kernel::Input::Json => all.post(operations::run),
                // Files go to disk as they arrive, and have a limit of their own.
                kernel::Input::Files => all.merge(post(upload::run).layer(DefaultBodyLimit::disable())),
            };
        }
        if resource.offers(Verb::Update) {
            one = one.patch(collection::update);
        }
        if resource.offers(Verb::Delete) {
            one = one.delete(collection::delete);
        }
        v1 = v1.route(&path, all).route(&format!("{path}/{{id}}"), one);
        v1 =
            v1.route(&format!("{path}/{{id}}/history"), get(collection::history).fallback(problem::method_not_allowed));
        if served.has_past() {
            v1 = v1
                .route(&format!("{path}/difference"), get(past::list).fallback(problem::method_not_allowed))
                .route(&format!("{path}/{{id}}/difference"), get(past::record).fallback(problem::method_not_allowed));
        }
        if resource.offers(Verb::Restore) {
            v1 = v1.route(
                &format!("{path}/{{id}}/restore"),
                post(collection::restore).fallback(problem::method_not_allowed),
            );
        }
        if [Verb::Create, Verb::Update, Verb::Delete].iter().any(|verb| resource.offers(*verb)) {
            v1 = v1.route(&format!("{path}/bulk"), post(collection::bulk).fallback(problem::method_not_allowed));
        }
    }
    for operation in app.kernel.catalogue.operations() {
        let route = match operation.subject {
            kernel::Subject::Record(name) => format!("/{name}/{{id}}/{}", operation.name),
            kernel::Subject::Collection(_) if operation.name == "create" => continue,
            kernel::Subject::Collection(name) => format!("/{name}/{}", operation.name),
        };
        v1 = v1.route(&route, post(operations::run).fallback(problem::method_not_allowed));
    }
    // The way for POST, and what becomes of other methods, is there already: it is an operation of the catalogue.
    v1 = v1.route("/builds/{id}/gate", get(gate::read));
    v1 = v1
        .route("/baselines/{id}/comparison", get(baselines::comparison).fallback(problem::method_not_allowed))
        .route("/baselines/{id}/records", get(baselines::records).fallback(problem::method_not_allowed))
        .route("/baselines/{id}/records/{record}", get(baselines::one_record).fallback(problem::method_not_allowed));
    v1 = v1
        .route("/audit-logs/{id}/proof", get(trail::inclusion).fallback(problem::method_not_allowed))
        .route("/audit-seals/consistency", get(trail::consistency).fallback(problem::method_not_allowed));
    if app.kernel.catalogue.get("webhook-connections").is_some() {
        let receive = post(webhooks::receive).layer(DefaultBodyLimit::disable());
        v1 = v1.route("/webhooks/{id}", receive.fallback(problem::method_not_allowed));
    }
    if app.kernel.catalogue.get("findings").is_some() {
        let exposure = get(exposure::exposure).fallback(problem::method_not_allowed);
        v1 = v1.route("/findings/exposure", exposure);
    }
    v1 = v1
        .route("/builds/{id}/junit", get(build_exports::junit).fallback(problem::method_not_allowed))
        .route("/builds/{id}/cyclonedx", get(build_exports::cyclonedx).fallback(problem::method_not_allowed));
    if app.kernel.catalogue.get("evidence-bundles").is_some() {
        let content = get(evidence::content).fallback(problem::method_not_allowed);
        v1 = v1.route("/evidence-bundles/{id}/content", content);
    }
    v1 = v1.route("/impact", get(impact::impact).fallback(problem::method_not_allowed));
    v1 = v1.route("/matrix", get(matrix::matrix).fallback(problem::method_not_allowed));
    if app.kernel.catalogue.get("exchange-documents").is_some() {
        v1 = v1
            .route("/requirements/reqif", get(reqif::reqif).fallback(problem::method_not_allowed))
            .route("/requirements/reqifz", get(reqif::reqifz).fallback(problem::method_not_allowed))
            .route("/exchange-files/{id}/content", get(exchange_files::content).fallback(problem::method_not_allowed));
    }
    v1 = v1.route("/search", get(search::search).fallback(problem::method_not_allowed));
    let questions = Router::new()
        .route("/evaluation", post(access::evaluation).fallback(problem::method_not_allowed))
        .route("/evaluations", post(access::evaluations).fallback(problem::method_not_allowed))
        .route("/search/subject", post(access::search_subject).fallback(problem::method_not_allowed))
        .route("/search/resource", post(access::search_resource).fallback(problem::method_not_allowed))
        .route("/search/action", post(access::search_action).fallback(problem::method_not_allowed));
    v1 = v1.nest("/access", questions);
    v1 = v1.route("/me", get(caller::me).fallback(problem::method_not_allowed));

    let json_limit = app.limits.json_bytes;
    let api = v1
        .fallback(problem::not_found)
        .layer(DefaultBodyLimit::max(json_limit))
        .layer(middleware::from_fn_with_state(app.clone(), caller::forget_changed_rights))
        .layer(middleware::from_fn(caller::limit_address))
        .layer(middleware::from_fn(answer::keep_private));
    Router::new()
        .nest("/v1", api)
        .route(
            "/openapi.json",
            get(documentation::openapi)
                .fallback(problem::method_not_allowed)
                .layer(middleware::from_fn(caller::limit_address)),
        )
        .route("/.well-known/authzen-configuration", get(access::metadata).fallback(problem::method_not_allowed))
        .route("/problems/{slug}", get(documentation::problem))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(CatchPanicLayer::custom(problem::fell_over))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(answer::secure))
        .layer(middleware::from_fn_with_state(app.clone(), metrics::observe))
        .with_state(app)
}
