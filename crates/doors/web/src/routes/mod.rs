//! The pages wired to data. A route gathers a view's struct from named queries, or posts through the kernel; it decides
//! nothing that the kernel decides.
//!
//! - [`session`]: who visits, the frame, the defence against forged requests
//! - [`form`]: posted forms
//! - [`answer`]: pages, redirects and messages
//! - [`error`]: what goes wrong, as pages
//!
//! A posting route takes [`form::Posted`], which has checked the origin and the CSRF token; one that reads a multipart
//! body takes [`session::Visitor`] and calls [`session::Visitor::check_csrf`] on the field before anything else.

mod access;
mod account;
mod answer;
mod audit;
mod baselines;
mod build_exports;
mod builds;
mod change;
mod changes;
mod criteria;
mod csv;
mod defects;
mod deployments;
mod docs;
mod entry;
mod error;
mod evidence;
mod exposure;
mod find;
mod findings;
mod form;
mod gate;
mod history;
mod home;
mod impact;
mod import;
mod kinds;
mod links;
mod listing;
mod matrix;
mod memory;
mod overview;
mod preferences;
mod profiles;
mod quality;
mod releases;
mod requirement;
mod requirement_files;
mod requirement_form;
mod requirements;
mod security;
mod services;
mod session;
mod suspects;
mod tests;
mod tokens;
mod watching;
mod webhooks;

pub use shared::SESSION_COOKIE;

use std::{path::PathBuf, sync::Arc};

use axum::{Router, extract::DefaultBodyLimit, middleware};
use identity::Authenticator;
use kernel::{Ctx, Kernel};
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;

use crate::assets;

/// The largest form, in bytes. Routes that take files set their own limit.
pub(crate) const FORM_BYTES: usize = 1 << 20;

/// What happens once uploaded files have been handed over: the binary wires the workers in.
pub type AfterUpload = Box<dyn Fn(&Ctx, &Value) + Send + Sync>;

/// What the pages share.
pub struct Site {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// Who is asking.
    pub authenticator: Arc<Authenticator>,
    /// Where uploads wait for their import.
    pub spool: PathBuf,
    /// The largest uploaded file, in bytes.
    pub file_bytes: u64,
    /// Called when an upload's operation has been committed.
    pub after_upload: AfterUpload,
    /// The OpenAPI document that `/docs` renders.
    pub openapi: Box<dyn Fn() -> Arc<Value> + Send + Sync>,
}

/// Every page, and a page for what is not there.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .merge(access::routes())
        .merge(account::routes())
        .merge(audit::routes())
        .merge(baselines::routes())
        .merge(build_exports::routes())
        .merge(builds::routes())
        .merge(changes::routes())
        .merge(defects::routes())
        .merge(deployments::routes())
        .merge(docs::routes())
        .merge(entry::routes())
        .merge(exposure::routes())
        .merge(find::routes())
        .merge(findings::routes())
        .merge(gate::routes())
        .merge(home::routes())
        .merge(impact::routes())
        .merge(import::routes())
        .merge(kinds::routes())
        .merge(links::routes())
        .merge(matrix::routes())
        .merge(memory::routes())
        .merge(overview::routes())
        .merge(preferences::routes())
        .merge(profiles::routes())
        .merge(quality::routes())
        .merge(watching::routes())
        .merge(releases::routes())
        .merge(requirement::routes())
        .merge(requirement_files::routes())
        .merge(requirements::routes())
        .merge(security::routes())
        .merge(services::routes())
        .merge(suspects::routes())
        .merge(tests::routes())
        .merge(tokens::routes())
        .merge(webhooks::routes())
        .fallback(error::not_found)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn(error::limit_address))
        .layer(CatchPanicLayer::custom(error::fell_over))
        .layer(middleware::from_fn_with_state(site.clone(), error::dress))
        .with_state(site)
        .merge(assets::routes())
        .layer(middleware::from_fn(answer::secure))
}
