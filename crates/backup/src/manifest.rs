//! What a repository says about itself in clear: which copies there are, what belongs to each, and how far the log reaches.

use crate::{
    error::{Doing as _, Error},
    repository::Repository,
    stream::{Tally, sha256},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A full copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its name: when it began, in UTC.
    pub label: String,
    /// The release of Throughline that made it.
    pub program: String,
    /// PostgreSQL's number of the cluster.
    pub system_identifier: String,
    /// The release of PostgreSQL: a copy becomes a cluster again under the same major one.
    pub postgres: String,
    /// The newest step of the schema.
    pub schema: i32,
    /// The timeline of the log.
    pub timeline: u32,
    /// How large the segments of the log are, in bytes.
    pub segment_bytes: u64,
    /// Where in the log it begins: replaying starts here.
    pub start: String,
    /// Where in the log it ends: only from here on it is consistent.
    pub stop: String,
    /// When it began, by the clock of the database.
    pub started_at: Timestamp,
    /// When it ended. It can bring back this moment and later ones.
    pub finished_at: Timestamp,
    /// Whom it is encrypted for: the public halves of the keys.
    pub recipients: Vec<String>,
    /// What it consists of.
    pub objects: Vec<Object>,
    /// The files beside the database that are in it.
    pub files: Vec<String>,
}

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its name within the copy.
    pub name: String,
    /// How many bytes are stored.
    pub bytes: u64,
    /// Their sha-256.
    pub sha256: String,
    /// How many bytes they become.
    pub plain_bytes: u64,
}

impl Object {
    pub(crate) fn tally(&self) -> Tally {
        Tally { bytes: self.bytes, sha256: self.sha256.clone() }
    }
}

/// A manifest with its own sha-256, so that damage to it is noticed as well.
#[derive(Serialize, Deserialize)]
struct Signed {
    sha256: String,
    manifest: Box<RawValue>,
}

impl Manifest {
    /// The major version of PostgreSQL.
    ///
    /// # Errors
    /// When the manifest says nonsense.
    pub fn major(&self) -> Result<u32, Error> {
        let major = self.postgres.split('.').next().and_then(|major| major.parse().ok());
        major.ok_or_else(|| Error::Damaged(format!("{} names no release of PostgreSQL: {}", self.label, self.postgres)))
    }

    /// How many bytes are stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.bytes).sum()
    }

    /// How many bytes it becomes.
    #[must_use]
    pub fn plain_bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.plain_bytes).sum()
    }

    pub(crate) fn object(&self, name: &str) -> Result<&Object, Error> {
        let found = self.objects.iter().find(|object| object.name == name);
        found.ok_or_else(|| Error::Damaged(format!("{} does not name {name}", self.label)))
    }

    pub(crate) fn name(label: &str) -> String {
        format!("full/{label}/manifest.json")
    }

    pub(crate) async fn store(&self, repository: &Repository) -> Result<(), Error> {
        let doing = || format!("write down {}", self.label);
        let text = serde_json::to_string(self).map_err(std::io::Error::from).doing(doing)?;
        let signed = Signed {
            sha256: sha256(text.as_bytes()),
            manifest: RawValue::from_string(text).map_err(std::io::Error::from).doing(doing)?,
        };
        let whole = serde_json::to_vec(&signed).map_err(std::io::Error::from).doing(doing)?;
        repository.put(&Self::name(&self.label), whole).await
    }

    pub(crate) async fn read(repository: &Repository, label: &str) -> Result<Option<Self>, Error> {
        let name = Self::name(label);
        let Some(signed) = repository.get_json::<Signed>(&name).await? else { return Ok(None) };
        let text = signed.manifest.get();
        if sha256(text.as_bytes()) != signed.sha256 {
            return Err(Error::Damaged(format!("{name} in {} is damaged: its sha-256 is another", repository.place())));
        }
        let manifest = serde_json::from_str(text);
        manifest.map(Some).map_err(|error| Error::Damaged(format!("{name} cannot be understood: {error}")))
    }

    /// The labels of all copies, finished or not, the oldest first.
    pub(crate) async fn labels(repository: &Repository) -> Result<Vec<String>, Error> {
        let mut labels: Vec<String> = repository
            .list("full")
            .await?
            .iter()
            .filter_map(|object| Some(repository.within(&object.location).split('/').nth(1)?.to_owned()))
            .collect();
        labels.sort();
        labels.dedup();
        Ok(labels)
    }

    /// All finished copies, the oldest first. One whose manifest is damaged is left out: `verify` tells of it.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub async fn all(repository: &Repository) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for label in Self::labels(repository).await? {
            match Self::read(repository, &label).await {
                Ok(found) => all.extend(found),
                Err(Error::Damaged(what)) => tracing::warn!("a backup cannot be used: {what}"),
                Err(error) => return Err(error),
            }
        }
        all.sort_by_key(|manifest| manifest.finished_at);
        Ok(all)
    }
}

/// Up to where the log of a timeline is in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The place in the log.
    pub position: String,
    /// Everything that was acknowledged before this moment is in the repository.
    pub confirmed_at: Timestamp,
}

impl Head {
    pub(crate) fn name(timeline: u32) -> String {
        format!("wal/{timeline:08X}/head.json")
    }

    /// Up to where the log reaches on `timeline`.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub async fn read(repository: &Repository, timeline: u32) -> Result<Option<Self>, Error> {
        repository.get_json(&Self::name(timeline)).await
    }

    /// The newest of all timelines.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub async fn newest(repository: &Repository) -> Result<Option<Self>, Error> {
        let mut newest: Option<Self> = None;
        for object in repository.list("wal").await? {
            let name = repository.within(&object.location);
            if name.ends_with("/head.json")
                && let Some(head) = repository.get_json::<Self>(&name).await?
                && newest.as_ref().is_none_or(|newest| newest.confirmed_at < head.confirmed_at)
            {
                newest = Some(head);
            }
        }
        Ok(newest)
    }
}
