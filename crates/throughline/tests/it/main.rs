//! The whole application on a real database, without a network: the four walks over the catalogue, and what the doors,
//! sign-in and row security promise. One program, because each links everything.
#![allow(clippy::unwrap_used, missing_docs)]

mod abuse;
mod demo;
mod evidence;
mod http;
mod lists;
mod search;
mod security;
mod sign_in;
mod walk_access;
mod walk_matrix;
mod walk_schema;
mod walk_trail;
mod writes;

use serde_json::Value;
use testkit::World;

/// A world that serves what the program serves.
async fn world() -> World {
    World::new(throughline::resources(), throughline::operations()).await.unwrap()
}

/// The rows of an answer.
fn rows(body: &Value) -> &[Value] {
    body["data"].as_array().map_or(&[], Vec::as_slice)
}
