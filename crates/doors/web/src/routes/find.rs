//! The page of its name.

use std::sync::Arc;

use axum::Router;

use super::Site;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
}
