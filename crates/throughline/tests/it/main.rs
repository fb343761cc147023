//! The whole application on a real database, without a network: the four walks over the catalogue, and what the doors,
//! sign-in and row security promise. One program, because each links everything.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

mod abuse;
mod access;
mod access_lists;
mod access_pages;
mod access_policy;
mod access_scene;
mod access_walls;
mod access_ways;
mod approvals;
mod baselines;
mod changes;
mod conversations;
mod coverage;
mod dashboards;
mod data_quality;
mod database_tls;
mod demo;
mod detection;
mod detection_clock;
mod documents;
mod erasing;
mod evidence;
mod exchange;
mod exports;
mod findings;
mod forgery;
mod gate;
mod granting;
mod granting_emergencies;
mod granting_for_others;
mod granting_held;
mod http;
mod impact;
mod kinds;
mod limits;
mod links;
mod listening;
mod lists;
mod past;
mod planning;
mod plans;
mod promised;
mod release_evidence;
mod safety;
mod sealing;
mod search;
mod security;
mod serving;
mod settings;
mod sign_in;
mod standing;
mod strain;
mod suspects;
mod tampering;
mod test_memory;
mod tls;
mod undo;
mod upkeep;
mod usage_and_costs;
mod walk_access;
mod walk_matrix;
mod walk_schema;
mod walk_trail;
mod watching;
mod webhooks;
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

/// What is said to whoever runs a statement that the database refuses, as the owner of an organisation and the serving role.
async fn refused(world: &World, sql: &str) -> String {
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let error = tx.batch(sql).await.unwrap_err();
    world.kernel.catalogue.explain(&error).detail
}
