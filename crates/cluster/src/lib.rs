//! The database under Throughline: a private PostgreSQL that needs no administrator, and the migrator.
//!
//! [`Cluster`] makes, starts, supervises and stops a PostgreSQL of its own in one directory, reachable only through a Unix
//! socket; [`Database`] chooses between that and a server named by `DATABASE_URL`. [`migrate::Migrator`] brings the schema
//! forward and back. Nothing here knows what the schema means.

mod account;
mod binaries;
mod cluster;
mod copy;
mod error;
mod external;
mod layout;
mod lock;
pub mod migrate;
mod processes;
mod server;
mod settings;
mod supervise;

pub use binaries::{BIN_VARIABLE, Binaries, Version};
pub use cluster::{Cluster, Options, State, USER_VARIABLE, set_passwords};
pub use copy::{Restoration, Until, base_copy, log_directory, other_files};
pub use error::Error;
pub use external::{Database, External};
pub use layout::{APPLICATION_ROLE, Connections, DATABASE, OWNER_ROLE, READONLY_ROLE, Role};
pub use processes::{clear as end_processes, is_alive};
pub use server::Lifetime;
pub use settings::Durability;
