//! A spooled file, read on a thread of its own so that parsing never holds up the server, with a count of how far it is.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use formats::{RECOGNITION_BYTES, ReadError, Recognised, recognise};
use kernel::Error;
use tokio::sync::mpsc;

/// Pieces that may wait for the database while the next one is being read.
const WAITING: usize = 1;

/// A file on the server's disk.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    path: PathBuf,
    read: Arc<AtomicU64>,
}

/// A file that counts what was read of it.
pub(crate) struct Counting {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let taken = self.file.read(out)?;
        self.read.fetch_add(taken as u64, Ordering::Relaxed);
        Ok(taken)
    }
}

/// Reading again counts again.
impl Seek for Counting {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let place = self.file.seek(to)?;
        self.read.store(place, Ordering::Relaxed);
        Ok(place)
    }
}

impl Source {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), read: Arc::default() }
    }

    /// Bytes read so far.
    pub(crate) fn progress(&self) -> Arc<AtomicU64> {
        self.read.clone()
    }

    /// How large the file is and what it looks like; None when it is not there any more.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn recognise(&self) -> Result<Option<(u64, Recognised)>, Error> {
        let path = self.path.clone();
        blocking(move || {
            let mut file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(failed(error)),
            };
            let size = file.metadata().map_err(failed)?.len();
            let mut prefix = Vec::with_capacity(RECOGNITION_BYTES);
            file.by_ref().take(RECOGNITION_BYTES as u64).read_to_end(&mut prefix).map_err(failed)?;
            Ok(Some((size, recognise(&prefix))))
        })
        .await
    }

    /// Runs `read` over the file on a thread of its own. It hands over piece by piece and is held up while nobody takes
    /// them; when nobody ever will, handing over answers false and it ends.
    pub(crate) fn stream<T, F>(&self, read: F) -> mpsc::Receiver<Result<T, ReadError>>
    where
        T: Send + 'static,
        F: FnOnce(BufReader<Counting>, &dyn Fn(Result<T, ReadError>) -> bool) + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(WAITING);
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let hand_over = |piece| sender.blocking_send(piece).is_ok();
            match this.open() {
                Ok(file) => read(file, &hand_over),
                Err(error) => {
                    let reason = format!("the file cannot be read from the server's disk ({error}); send it again");
                    hand_over(Err(ReadError { line: 1, column: None, reason }));
                }
            }
        });
        receiver
    }

    /// Runs `read` over the whole file on a thread of its own.
    ///
    /// # Errors
    /// When the disk or the thread fails.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(BufReader<Counting>) -> T + Send + 'static,
    {
        let this = self.clone();
        blocking(move || Ok(read(this.open().map_err(failed)?))).await
    }

    fn open(&self) -> std::io::Result<BufReader<Counting>> {
        let file = File::open(&self.path)?;
        self.read.store(0, Ordering::Relaxed);
        Ok(BufReader::with_capacity(64 << 10, Counting { file, read: self.read.clone() }))
    }
}

fn failed(source: std::io::Error) -> Error {
    Error::Io { doing: "a spooled file could not be read".into(), source }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Broken(format!("a reading thread died: {error}")))?
}
