//! Forms with files: fields into memory, each file to disk and hashed as it arrives, so that memory stays bounded
//! whatever comes. The door looks at each part as it comes and decides what it is, and whether to take it at all.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use axum::{
    body::Bytes,
    extract::multipart::{Field, MultipartError},
};
use base::{Problem, ProblemKind};
use kernel::Error;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

/// Files of one form at most.
const FILES: usize = 1000;
/// Other fields of one form at most.
const FIELDS: usize = 100;
/// The longest other field, in bytes.
const FIELD: usize = 10_000;

/// What a form brought. Files that are not handed over with [`Upload::hand_over`] are removed when it is dropped.
pub struct Upload {
    spool: PathBuf,
    most_bytes: u64,
    bytes: u64,
    fields: Vec<(String, String)>,
    files: Vec<Value>,
    paths: Vec<PathBuf>,
    digest: Sha256,
}

impl Drop for Upload {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Upload {
    /// A form whose files go to the directory `spool` and have at most `most_bytes` together.
    pub fn new(spool: &Path, most_bytes: u64) -> Self {
        Self {
            spool: spool.to_owned(),
            most_bytes,
            bytes: 0,
            fields: Vec::new(),
            files: Vec::new(),
            paths: Vec::new(),
            digest: Sha256::new(),
        }
    }

    /// The text of a field, without spaces around it; empty when it has not come.
    pub fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// The fields that have come, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The files, as operations take them.
    pub fn files(&self) -> Value {
        Value::Array(self.files.clone())
    }

    /// Whether no file has come.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// A digest of all that has come.
    pub fn digest(&self) -> [u8; 32] {
        self.digest.clone().finalize().into()
    }

    /// Leaves the files to whoever was given their places.
    pub fn hand_over(mut self) {
        self.paths.clear();
    }

    /// What to say when a form cannot be read.
    pub fn unreadable(error: &MultipartError) -> Error {
        let kind = match error.status().as_u16() {
            413 => ProblemKind::TooLarge,
            _ => ProblemKind::BadRequest,
        };
        Problem::new(kind, format!("The form cannot be read: {}.", error.body_text())).into()
    }

    /// Takes a field that is no file.
    ///
    /// # Errors
    /// 413 when there are too many or it is too long, 400 when it is not UTF-8.
    pub async fn take_field(&mut self, mut field: Field<'_>) -> Result<(), Error> {
        let name = field.name().unwrap_or_default().to_owned();
        if self.fields.len() >= FIELDS || name.len() > FIELD {
            return Err(Problem::new(ProblemKind::TooLarge, format!("Send at most {FIELDS} fields.")).into());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| Self::unreadable(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > FIELD {
                return Err(Problem::new(ProblemKind::TooLarge, format!("The field `{name}` is too long.")).into());
            }
        }
        let text =
            String::from_utf8(bytes).map_err(|_| Problem::bad_request(format!("The field `{name}` is not UTF-8.")))?;
        self.note(&name, text.as_bytes());
        self.fields.push((name, text));
        Ok(())
    }

    /// Puts a file on disk under a name made of `id`. A part without a name and without content is what browsers send
    /// for no choice; it leaves nothing.
    ///
    /// # Errors
    /// 413 when there are too many files or bytes, and when the disk refuses.
    pub async fn take_file(&mut self, mut field: Field<'_>, id: Uuid) -> Result<(), Error> {
        if self.files.len() >= FILES {
            return Err(Problem::new(ProblemKind::TooLarge, format!("Send at most {FILES} files at once.")).into());
        }
        let part = field.name().unwrap_or_default().to_owned();
        let name: String =
            field.file_name().unwrap_or_default().chars().filter(|c| !c.is_control()).take(1000).collect();
        let mut chunk = field.chunk().await.map_err(|error| Self::unreadable(&error))?;
        while chunk.as_ref().is_some_and(Bytes::is_empty) {
            chunk = field.chunk().await.map_err(|error| Self::unreadable(&error))?;
        }
        if name.is_empty() && chunk.is_none() {
            return Ok(());
        }
        let failed = |source| Error::Io { doing: "an upload could not be kept on disk".into(), source };
        let path = self.spool.join(format!("{id}.upload"));
        self.paths.push(path.clone());
        let mut file = tokio::fs::File::create_new(&path).await.map_err(failed)?;
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        while let Some(bytes) = chunk {
            size += bytes.len() as u64;
            self.bytes += bytes.len() as u64;
            if self.bytes > self.most_bytes {
                let most = self.most_bytes >> 20;
                let detail = format!("The files of one request have at most {most} MiB together.");
                return Err(Problem::new(ProblemKind::TooLarge, detail).into());
            }
            hash.update(&bytes);
            file.write_all(&bytes).await.map_err(failed)?;
            chunk = field.chunk().await.map_err(|error| Self::unreadable(&error))?;
        }
        // What is acknowledged must survive the machine.
        file.sync_all().await.map_err(failed)?;
        let digest: [u8; 32] = hash.finalize().into();
        self.note(&part, &digest);
        let hexadecimal = digest.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        self.files.push(json!({
            "name": if name.is_empty() { "file" } else { &name },
            "path": path,
            "size": size,
            "sha256": hexadecimal,
        }));
        Ok(())
    }

    fn note(&mut self, name: &str, content: &[u8]) {
        self.digest.update(name.as_bytes());
        self.digest.update([0]);
        self.digest.update(content);
    }
}
