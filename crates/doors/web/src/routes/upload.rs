//! Files of a form: spooled to disk and hashed as they arrive, so that memory stays bounded whatever comes. The fields
//! before the first file are read first: the form token among them decides whether a file is taken at all.

use std::path::PathBuf;

use axum::extract::{
    Multipart,
    multipart::{Field, MultipartError},
};
use base::{Problem, ProblemKind};
use kernel::Error;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::{Site, error::PageError, session::Visitor};

/// Files of one form at most.
const FILES: usize = 1000;
/// The longest other field, in bytes.
const FIELD: usize = 10_000;

/// What a form brought. Files that are not handed over with [`Upload::hand_over`] are removed when it is dropped.
#[derive(Default)]
pub(super) struct Upload {
    fields: Vec<(String, String)>,
    files: Vec<Value>,
    paths: Vec<PathBuf>,
}

impl Drop for Upload {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Upload {
    /// The text of a field, without spaces around it; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// The files, as operations take them.
    pub(super) fn files(&self) -> Value {
        Value::Array(self.files.clone())
    }

    /// Whether any file came.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Leaves the files to whoever was given their places.
    pub(super) fn hand_over(mut self) {
        self.paths.clear();
    }
}

fn unreadable(error: &MultipartError) -> PageError {
    let kind = match error.status().as_u16() {
        413 => ProblemKind::TooLarge,
        _ => ProblemKind::BadRequest,
    };
    Problem::new(kind, format!("The form cannot be read: {}.", error.body_text())).into()
}

/// Reads a form with files in the parts named `files`. Nothing is written to disk before the form token is right.
pub(super) async fn receive(site: &Site, visitor: &Visitor, mut form: Multipart) -> Result<Upload, PageError> {
    let mut upload = Upload::default();
    let mut trusted = false;
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "files" {
            if !trusted {
                visitor.check_csrf(upload.text("csrf"))?;
                trusted = true;
            }
            spool(site, &mut upload, field).await?;
        } else {
            let text = text(&name, field).await?;
            upload.fields.push((name, text));
        }
    }
    visitor.check_csrf(upload.text("csrf"))?;
    Ok(upload)
}

async fn text(name: &str, mut field: Field<'_>) -> Result<String, PageError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD {
            return Err(Problem::new(ProblemKind::TooLarge, format!("The field `{name}` is too long.")).into());
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::bad_request(format!("The field `{name}` is not UTF-8.")).into())
}

/// Puts one file on disk.
async fn spool(site: &Site, upload: &mut Upload, mut field: Field<'_>) -> Result<(), PageError> {
    let name: String = field.file_name().unwrap_or_default().chars().filter(|c| !c.is_control()).take(1000).collect();
    if upload.files.len() >= FILES {
        return Err(Problem::new(ProblemKind::TooLarge, format!("Send at most {FILES} files at once.")).into());
    }
    let failed = |source| Error::Io { doing: "an upload could not be kept on disk".into(), source };
    let path = site.spool.join(format!("{}.upload", base::id_at(site.kernel.now())));
    upload.paths.push(path.clone());
    let mut file = tokio::fs::File::create_new(&path).await.map_err(failed)?;
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
        size += chunk.len() as u64;
        if size > site.file_bytes {
            let most = site.file_bytes >> 20;
            return Err(Problem::new(ProblemKind::TooLarge, format!("A file has at most {most} MiB.")).into());
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(failed)?;
    }
    // Without a choice, browsers send one part without a name and without content.
    if name.is_empty() && size == 0 {
        return Ok(());
    }
    // What is acknowledged must survive the machine.
    file.sync_all().await.map_err(failed)?;
    upload.files.push(json!({
        "name": if name.is_empty() { "file" } else { &name },
        "path": path,
        "size": size,
        "sha256": hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    }));
    Ok(())
}
