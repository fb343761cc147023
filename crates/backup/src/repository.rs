//! Where copies are kept: a directory of this machine (or one that is mounted there), or a bucket of an object store that
//! speaks S3.

use crate::{
    error::{Doing as _, Error},
    key::Key,
    stream::{self, PipeReader, Sealing, Tally},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt as _, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem,
    path::Path as Name,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use std::{
    io::{Read, Write},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Parts of a large object: an object of S3 has at most 10,000, which makes 320 GB compressed.
const PART: usize = 32 << 20;
/// Parts under way at the same time.
const AT_ONCE: usize = 2;
/// What says whose copies these are.
const LABEL: &str = "throughline-backup.json";
/// The layout of a repository that this program writes and reads.
const FORMAT: u32 = 1;

/// A place with the copies of one cluster.
#[derive(Clone)]
pub struct Repository {
    store: Arc<dyn ObjectStore>,
    prefix: Name,
    told: String,
    directory: Option<PathBuf>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Repository").field(&self.told).finish()
    }
}

/// Whose copies a repository holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) format: u32,
    /// PostgreSQL's own number of the cluster, which no other has.
    pub(crate) system_identifier: String,
}

impl Repository {
    /// Opens `place`: a directory, which is made where it is missing and `make` is said, or `s3://BUCKET/PREFIX`, with the
    /// variables that Amazon's own tools read (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT` for
    /// other servers, `AWS_ALLOW_HTTP=true` for one without TLS).
    ///
    /// # Errors
    /// When the place cannot be opened.
    pub fn open(place: &str, make: bool) -> Result<Self, Error> {
        if let Some(rest) = place.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let store = AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .build()
                .doing(|| format!("use {place}; are AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set?"))?;
            return Ok(Self {
                store: Arc::new(store),
                prefix: Name::from(prefix),
                told: place.to_owned(),
                directory: None,
            });
        }
        let path = Path::new(place.strip_prefix("file://").unwrap_or(place));
        if place.contains("://") && !place.starts_with("file://") {
            return Err(Error::Refused(format!("{place} is neither a directory nor s3://BUCKET/PREFIX")));
        }
        let path = std::path::absolute(path).doing(|| format!("resolve {place}"))?;
        if make {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .doing(|| format!("make the directory {}", path.display()))?;
        } else if !path.is_dir() {
            return Err(Error::Refused(format!("there is no directory {}", path.display())));
        }
        let store = LocalFileSystem::new_with_prefix(&path)
            .doing(|| format!("open {}", path.display()))?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self {
            store: Arc::new(store),
            prefix: Name::default(),
            told: path.display().to_string(),
            directory: Some(path),
        })
    }

    /// The place as it was named, without anything secret.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.told
    }

    /// The directory, when it is one.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    fn name(&self, name: &str) -> Name {
        if self.prefix.as_ref().is_empty() { Name::from(name) } else { Name::from(format!("{}/{name}", self.prefix)) }
    }

    /// The name of an object within this repository.
    pub(crate) fn within(&self, location: &Name) -> String {
        let whole = location.as_ref();
        whole.strip_prefix(self.prefix.as_ref()).unwrap_or(whole).trim_start_matches('/').to_owned()
    }

    /// Makes sure that this is the repository of that cluster; a new one becomes it.
    pub(crate) async fn belongs_to(&self, system_identifier: &str) -> Result<(), Error> {
        let ours = Label { format: FORMAT, system_identifier: system_identifier.to_owned() };
        match self.label().await? {
            None => self.put_json(LABEL, &ours).await,
            Some(label) if label == ours => Ok(()),
            Some(label) => Err(Error::Refused(format!(
                "{} holds the backups of another database ({}; this one is {}): name a place of its own for each",
                self.told, label.system_identifier, ours.system_identifier
            ))),
        }
    }

    /// Whose copies these are; `None` where nothing was put yet.
    pub(crate) async fn label(&self) -> Result<Option<Label>, Error> {
        let label: Option<Label> = self.get_json(LABEL).await?;
        match label {
            Some(label) if label.format != FORMAT => Err(Error::Refused(format!(
                "{} is of format {}, and this program knows {FORMAT}: use the program that made it",
                self.told, label.format
            ))),
            other => Ok(other),
        }
    }

    pub(crate) async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let doing = || format!("write {name} to {}", self.told);
        self.store.put(&self.name(name), bytes.into().into()).await.doing(doing).map(|_| ())
    }

    pub(crate) async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        let doing = || format!("read {name} from {}", self.told);
        match self.store.get(&self.name(name)).await {
            Ok(found) => found.bytes().await.doing(doing).map(Some),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error).doing(doing),
        }
    }

    pub(crate) async fn put_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(value).map_err(std::io::Error::from);
        self.put(name, text.doing(|| format!("write down {name}"))?).await
    }

    pub(crate) async fn get_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(bytes) = self.get(name).await? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Error::Damaged(format!("{name} in {} is damaged: {error}", self.told)))
    }

    pub(crate) async fn list(&self, below: &str) -> Result<Vec<ObjectMeta>, Error> {
        let below = self.name(below);
        self.store.list(Some(&below)).try_collect().await.doing(|| format!("list {below} in {}", self.told))
    }

    /// Removes an object; one that is gone already is no failure.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.name(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error).doing(|| format!("remove {name} from {}", self.told)),
        }
    }

    /// Stores what `produce` writes, compressed and encrypted, and tells how many bytes were written and what is stored. Nothing
    /// is stored when it fails.
    pub(crate) async fn put_sealed<T: Send + 'static>(
        &self,
        name: &str,
        key: Arc<Key>,
        produce: impl FnOnce(&mut dyn Write) -> Result<T, Error> + Send + 'static,
    ) -> Result<(T, u64, Tally), Error> {
        let doing = || format!("write {name} to {}", self.told);
        let (pipe, mut chunks) = stream::pipe_out();
        let about = name.to_owned();
        let producer = tokio::task::spawn_blocking(move || {
            let sealing = || format!("compress and encrypt {about}");
            let mut writer = Sealing::new(&key, pipe).doing(sealing)?;
            let outcome = produce(&mut writer)?;
            let plain = writer.plain();
            // The pipe is closed by this, and only when all was written.
            let (_, tally) = writer.finish().doing(sealing)?;
            Ok::<_, Error>((outcome, plain, tally))
        });
        let upload = self.store.put_multipart(&self.name(name)).await.doing(doing)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        let mut sent = Ok(());
        while let Some(chunk) = chunks.recv().await {
            if let Err(error) = upload.wait_for_capacity(AT_ONCE).await {
                sent = Err(error);
                break;
            }
            upload.put(chunk);
        }
        drop(chunks);
        let produced = producer.await.map_err(std::io::Error::other).doing(doing)?;
        match (sent, produced) {
            (Ok(()), Ok(produced)) => {
                upload.finish().await.doing(doing)?;
                Ok(produced)
            }
            (Err(error), _) => {
                let _ = upload.abort().await;
                Err(error).doing(doing)
            }
            (_, Err(error)) => {
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    /// Hands the stored bytes to `consume`, decrypted and decompressed, and holds them against what they should be.
    pub(crate) async fn with_opened<T: Send + 'static>(
        &self,
        name: &str,
        key: Arc<Key>,
        expected: Tally,
        consume: impl FnOnce(&mut dyn Read) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let about = format!("{name} in {}", self.told);
        let (sender, pipe) = stream::pipe_in();
        let consumer = tokio::task::spawn_blocking(move || {
            let mut pipe: PipeReader = pipe;
            let outcome = stream::open(&key, &mut pipe, &about).and_then(|mut plain| {
                let outcome = consume(&mut plain)?;
                // A tar ends before its padding does.
                std::io::copy(&mut plain, &mut std::io::sink()).doing(|| format!("read {about}"))?;
                Ok(outcome)
            });
            if !matches!(outcome, Err(Error::Refused(_))) {
                // The rest decides whether a failure came of damage. Without the key there is nothing to decide.
                let _ = std::io::copy(&mut pipe, &mut std::io::sink());
            }
            outcome
        });
        let hand_on = |chunk| {
            let sender = sender.clone();
            async move { sender.send(Ok(chunk)).await.is_ok() }
        };
        let found = self.digest(name, hand_on).await;
        if found.is_err() {
            let _ = sender.send(Err(std::io::ErrorKind::UnexpectedEof.into())).await;
        }
        drop(sender);
        let outcome = consumer.await.map_err(std::io::Error::other).doing(|| format!("read {name}"))?;
        if matches!(outcome, Err(Error::Refused(_))) {
            return outcome;
        }
        match found? {
            None => Err(Error::Damaged(format!("{name} is missing in {}", self.told))),
            Some(found) if found != expected => Err(differs(name, &found, &expected)),
            Some(_) => outcome,
        }
    }

    /// Reads an object from one end to the other, or until `each` says no; `None` when it is not there.
    pub(crate) async fn digest<F: Future<Output = bool>>(
        &self,
        name: &str,
        mut each: impl FnMut(Bytes) -> F,
    ) -> Result<Option<Tally>, Error> {
        let doing = || format!("read {name} from {}", self.told);
        let mut chunks = match self.store.get(&self.name(name)).await {
            Ok(found) => found.into_stream(),
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error).doing(doing),
        };
        let (mut bytes, mut digest) = (0, Sha256::new());
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.doing(doing)?;
            digest.update(&chunk);
            bytes += chunk.len() as u64;
            if !each(chunk).await {
                return Err(Error::Refused(format!("{name} was not read to its end")));
            }
        }
        Ok(Some(Tally { bytes, sha256: stream::hexadecimal(&digest.finalize()) }))
    }
}

/// Says what an object is and should be.
pub(crate) fn differs(name: &str, found: &Tally, expected: &Tally) -> Error {
    Error::Damaged(format!(
        "{name} is damaged: {} bytes with sha-256 {} were stored, and {} bytes with {} are there",
        expected.bytes,
        short(&expected.sha256),
        found.bytes,
        short(&found.sha256)
    ))
}

fn short(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}
