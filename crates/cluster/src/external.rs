//! A PostgreSQL that somebody else manages, named by `DATABASE_URL`.

use crate::binaries::Version;
use crate::cluster::{Cluster, Options};
use crate::error::{Doing, Error};
use crate::layout::{Connections, Role};
use wire::Way;

/// The database in use: our own cluster, or a server that is managed elsewhere.
#[derive(Debug)]
pub enum Database {
    /// Started and stopped by us.
    Embedded(Cluster),
    /// A private cluster that another process of ours started and will stop.
    Beside(Connections),
    /// Only used by us.
    External(External),
}

/// A server that is managed elsewhere and was found new enough.
#[derive(Debug, Clone)]
pub struct External {
    way: Box<Way>,
    version: Version,
}

impl Database {
    /// Uses `url` when there is one, and starts a private cluster otherwise.
    ///
    /// # Errors
    /// Those of [`External::connect`] and [`Cluster::start`].
    pub async fn open(url: Option<&str>, options: Options) -> Result<Self, Error> {
        match url {
            Some(url) => External::connect(url).await.map(Self::External),
            None => Cluster::start(options).await.map(|cluster| Self::Embedded(cluster.supervise())),
        }
    }

    /// The same, but where another process already runs the private cluster, works beside it: for looking after a database while
    /// it serves.
    ///
    /// # Errors
    /// Those of [`External::connect`] and [`Cluster::start`], save that the data are in use.
    pub async fn open_beside(url: Option<&str>, options: Options) -> Result<Self, Error> {
        let data_dir = options.data_dir.clone();
        match Self::open(url, options).await {
            Err(Error::InUse { .. }) => Connections::read(&data_dir).map(Self::Beside),
            opened => opened,
        }
    }

    /// How to connect. To a server that is managed elsewhere there is one way for every role: that of the URL.
    #[must_use]
    pub fn way(&self, role: Role) -> Way {
        match self {
            Self::Embedded(cluster) => cluster.connections().config(role).into(),
            Self::Beside(connections) => connections.config(role).into(),
            Self::External(external) => external.way.as_ref().clone(),
        }
    }

    /// Stops what we started; leaves alone what we did not.
    pub async fn stop(self) {
        if let Self::Embedded(cluster) = self {
            cluster.stop().await;
        }
    }
}

impl External {
    /// Connects once, and refuses a server that is too old to be safe.
    ///
    /// # Errors
    /// [`Error::Text`] when the URL is wrong, [`Error::Connect`] when the server does not answer or is not the one that was asked for,
    /// [`Error::OldServer`] when it is too old.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let way = Way::read(url).map_err(|why| Error::Text { setting: "DATABASE_URL", why })?;
        let doing = || "reach the PostgreSQL server that DATABASE_URL names".to_owned();
        let (client, connection) = way.connect().await.doing(doing)?;
        let conversation = tokio::spawn(connection);
        let row = client.query_one("select current_setting('server_version_num')::int", &[]).await.doing(doing)?;
        let version = Version::from_number(row.get::<_, i32>(0).unsigned_abs());
        drop(client);
        let _ = conversation.await;
        if !version.is_suitable() {
            return Err(Error::OldServer { version: version.to_string() });
        }
        Ok(Self { way: Box::new(way), version })
    }

    /// The release of the server.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }
}
