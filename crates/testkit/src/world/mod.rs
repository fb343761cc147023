//! A running application on a database of its own: two organisations that know nothing of each other, people in every
//! starting role, a stranger, a clock that stands still, and a client that needs no network.

mod client;
mod examples;
mod people;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use identity::Authenticator;
use jiff::{SignedDuration, Timestamp};
use kernel::{Catalogue, Kernel, Operation, PoolOptions, Resource, Schema, Store};
use tokio_postgres::NoTls;
use vault::{Passwords, signing::SigningKey};

pub use client::{Answer, Call};
pub use people::{Organization, Person};

use crate::{Database, Failure};

/// A clock that moves only when it is told to.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// The time it shows, with the precision of a microsecond, as PostgreSQL keeps it.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::Acquire)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves it.
    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX / 4);
        self.0.fetch_add(micros, Ordering::AcqRel);
    }
}

/// What other machines show for the metrics of a world.
pub const METRICS_TOKEN: &str = "a token for metrics";

/// A running application.
pub struct World {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// Who is asking.
    pub authenticator: Arc<Authenticator>,
    /// The clock of the kernel.
    pub clock: Clock,
    /// The organisation most tests happen in.
    pub home: Organization,
    /// An organisation with a life of its own.
    pub abroad: Organization,
    /// A person who belongs to no organisation.
    pub stranger: Person,
    /// The whole REST door.
    pub router: axum::Router,
    examples: Mutex<BTreeMap<(uuid::Uuid, &'static str, u8), String>>,
    // Dropped last: dropping it drops the database.
    database: Database,
}

impl World {
    /// A world that serves what is declared.
    ///
    /// # Errors
    /// When there is no PostgreSQL, or the declarations do not fit the schema.
    pub async fn new(
        resources: impl IntoIterator<Item = &'static Resource>,
        operations: Vec<Operation>,
    ) -> Result<Self, Failure> {
        let database = Database::settled(|database| Box::pin(people::settle(database))).await?;
        let store = Store::new(database.application_config.clone(), &PoolOptions { size: 6, ..Default::default() })?;
        let schema = Schema::read(&store).await?;
        let catalogue = Catalogue::new(resources, operations, schema)?;
        let clock = Clock(Arc::new(AtomicI64::new(Timestamp::now().as_second() * 1_000_000)));
        let shown = clock.clone();
        let kernel = Arc::new(
            Kernel::new(store, catalogue)
                .with_clock(move || shown.now())
                .with_signing_key(SigningKey::from_seed([7; 32])),
        );
        let authenticator = Arc::new(Authenticator::new(kernel.clone(), Passwords::cheap()));
        let home = Organization::enter(&kernel, "home").await?;
        let abroad = Organization::enter(&kernel, "abroad").await?;
        let stranger = people::stranger(&kernel).await?;
        let app = Arc::new(rest::App {
            kernel: kernel.clone(),
            authenticator: authenticator.clone(),
            limits: rest::Limits { json_bytes: 256 << 10, ..rest::Limits::default() },
            spool: spool(&database.name)?,
            metrics: rest::Metrics::default(),
            metrics_token: Some(METRICS_TOKEN.into()),
            after_upload: Box::new(|_, _| {}),
        });
        let router = rest::router(app);
        let examples = Mutex::default();
        Ok(Self { kernel, authenticator, clock, home, abroad, stranger, router, examples, database })
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A connection that row security does not hold for: to look at what a test did.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn superuser(&self) -> Result<tokio_postgres::Client, Failure> {
        connect(self.database.superuser_config(), &self.database.name).await
    }

    /// A connection as the role that serves requests.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn application(&self) -> Result<tokio_postgres::Client, Failure> {
        connect(&self.database.application_config, &self.database.name).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(spool_of(&self.database.name));
    }
}

async fn connect(config: &tokio_postgres::Config, database: &str) -> Result<tokio_postgres::Client, Failure> {
    let mut config = config.clone();
    config.dbname(database);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn spool_of(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("throughline-spool-{name}"))
}

fn spool(name: &str) -> Result<PathBuf, Failure> {
    let spool = spool_of(name);
    std::fs::create_dir_all(&spool)?;
    Ok(spool)
}
