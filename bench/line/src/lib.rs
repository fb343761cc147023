//! The line from end to end, measured: a release build of the server on a throw-away database, held against PostgreSQL's own
//! load generator, against COPY, and against an endpoint that does nothing but the query.

pub mod http;
pub mod instance;
pub mod junit;
pub mod load;
pub mod pgbench;
pub mod processor;
pub mod report;
pub mod seed;

/// Any failure; the message says what was being done.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
