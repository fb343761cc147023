//! The way of bytes into a copy and out of it: Zstandard, then age, then the count and the sha-256 of what is stored.

use crate::{
    error::{Doing as _, Error},
    key::Key,
};
use age::stream::StreamWriter;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read, Write};
use tokio::sync::mpsc;

/// How hard to compress: the library's own choice, about 300 MB/s.
const LEVEL: i32 = 3;
/// Bytes that are handed on at once.
const CHUNK: usize = 1 << 20;

/// Stored bytes: how many, and their sha-256 in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// Counts and digests what passes.
pub(crate) struct Counting<W> {
    inner: W,
    bytes: u64,
    digest: Sha256,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Compresses and encrypts what is written to it. [`Sealing::finish`] must be called, or what was written cannot be read.
pub(crate) struct Sealing<W: Write> {
    inner: zstd::Encoder<'static, StreamWriter<Counting<W>>>,
    plain: u64,
}

impl<W: Write> Sealing<W> {
    pub(crate) fn new(key: &Key, output: W) -> io::Result<Self> {
        let recipients = key.recipients.iter().map(|one| one as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let counting = Counting { inner: output, bytes: 0, digest: Sha256::new() };
        Ok(Self { inner: zstd::Encoder::new(encryptor.wrap_output(counting)?, LEVEL)?, plain: 0 })
    }

    /// How many bytes were written to it.
    pub(crate) fn plain(&self) -> u64 {
        self.plain
    }

    pub(crate) fn finish(self) -> io::Result<(W, Tally)> {
        let counting = self.inner.finish()?.finish()?;
        let mut output = counting.inner;
        output.flush()?;
        Ok((output, Tally { bytes: counting.bytes, sha256: hexadecimal(&counting.digest.finalize()) }))
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.plain += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sha-256 of `bytes` in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Everything of `plain` at once.
pub(crate) fn seal(key: &Key, plain: &[u8]) -> io::Result<(Vec<u8>, Tally)> {
    let mut sealing = Sealing::new(key, Vec::new())?;
    sealing.write_all(plain)?;
    sealing.finish()
}

/// Decrypts and decompresses what `input` gives.
pub(crate) fn open<'a, R: Read + 'a>(key: &Key, input: R, what: &str) -> Result<Box<dyn Read + 'a>, Error> {
    key.must_open()?;
    let refused = |error: age::DecryptError| match error {
        age::DecryptError::NoMatchingKeys => Error::Refused(format!(
            "{what} was made for another key than the one named with --backup-key; without that key nobody can read it"
        )),
        other => Error::Damaged(format!("{what} cannot be decrypted: {other}")),
    };
    let decryptor = age::Decryptor::new_buffered(io::BufReader::with_capacity(CHUNK, input)).map_err(refused)?;
    let identities = key.identities.iter().map(|one| one as &dyn age::Identity);
    let plain = decryptor.decrypt(identities).map_err(refused)?;
    Ok(Box::new(zstd::Decoder::new(plain).doing(|| format!("decompress {what}"))?))
}

/// The writing end of a pipe from a thread that may block to a task that may not.
pub(crate) struct PipeWriter {
    sender: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
}

/// A pipe that holds a few megabytes.
pub(crate) fn pipe_out() -> (PipeWriter, mpsc::Receiver<Bytes>) {
    let (sender, receiver) = mpsc::channel(4);
    (PipeWriter { sender, buffer: Vec::with_capacity(CHUNK) }, receiver)
}

impl PipeWriter {
    fn hand_on(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sender.blocking_send(full.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_on()
    }
}

/// The reading end of a pipe from a task to a thread.
pub(crate) struct PipeReader {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

pub(crate) fn pipe_in() -> (mpsc::Sender<io::Result<Bytes>>, PipeReader) {
    let (sender, receiver) = mpsc::channel(4);
    (sender, PipeReader { receiver, current: Bytes::new() })
}

impl Read for PipeReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(next) => self.current = next?,
            }
        }
        let count = self.current.len().min(into.len());
        into[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}
