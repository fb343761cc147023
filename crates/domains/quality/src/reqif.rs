//! Requirements on their way out as ReqIF: as they came, with what has changed here since, and what is new.
//!
//! An object of a document goes out as it was written; where its title or its text says something else now, that one value is put in
//! its place. Requirements that no file brought get a type of our own and stand below what they derive from, or at the end. Links that
//! are new become relations. Nothing of the document is lost: see [`formats::exchange::reqif`]. In an archive
//! the files that came beside it go back too, byte for byte.

use std::{
    collections::{HashMap, HashSet},
    io::{BufWriter, Seek as _, SeekFrom},
};

use base::{Problem, ProblemKind};
use formats::exchange::{
    Packer, Record,
    reqif::{Change, Frame, Fresh, Outgoing, Writer},
};
use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Export, Exported, Tx, Within};
use serde_json::Value;
use tokio::sync::Semaphore;
use uuid::Uuid;

const DOCUMENTS: &str = include_str!("../sql/export_documents.sql");
const REQUIREMENTS: &str = include_str!("../sql/export_requirements.sql");
const LINKS: &str = include_str!("../sql/export_links.sql");

const FILES: &str = include_str!("../sql/export_files.sql");
const FILE: &str = include_str!("../sql/exchange_file_content.sql");

/// The media type of a ReqIF document.
pub const REQIF_TYPE: &str = "application/xml";
/// The media type of an archive with a ReqIF document and its files.
pub const REQIFZ_TYPE: &str = "application/zip";

/// Archives that are packed at the same time; each lies on the disk until it is handed out.
static PACKING: Semaphore = Semaphore::const_new(2);

/// What has been written so far of which record.
#[derive(Default)]
struct Known {
    /// The identifier in the file of each requirement.
    names: HashMap<Uuid, String>,
    /// Links that the document has already, as a pair of identifiers.
    linked: HashSet<(String, String)>,
    /// What each record of the document stands below.
    above: HashMap<String, String>,
    fresh: HashSet<Uuid>,
}

/// Writes down that the requirements of a project are taken away as ReqIF, before they are; `format` is `reqif` or `reqifz`.
///
/// # Errors
/// When the row cannot be written; the document must not be handed out then.
pub async fn requirements_taken(ctx: &Ctx, project: Uuid, format: &str) -> Result<(), Error> {
    let file = Exported {
        resource_type: "requirement",
        what: "requirements",
        format,
        project: Some(project),
        record: None,
        filter: &[],
        rows: None,
    };
    kernel::exported(ctx, &file).await
}

/// The requirements of a project that the actor may take out, as a ReqIF document: the one named, else the newest that came in, else
/// a new one under `title`.
///
/// # Errors
/// 404 when the document that was named is not there.
pub async fn requirements_as_reqif(
    ctx: &Ctx,
    tx: &Tx,
    allowed: &Allowed<Within, Export>,
    (project, title): (Uuid, &str),
    document: Option<Uuid>,
) -> Result<Vec<u8>, Error> {
    Ok(written(ctx, tx, allowed, (project, title), document).await?.content)
}

/// The same in an archive, with the files that came beside the document: as a file without a name, to be read from its beginning.
///
/// # Errors
/// 404 when the document that was named is not there, 503 when as many are being packed as there can be.
pub async fn requirements_as_reqifz(
    ctx: &Ctx,
    tx: &Tx,
    allowed: &Allowed<Within, Export>,
    (project, title): (Uuid, &str),
    document: Option<Uuid>,
) -> Result<std::fs::File, Error> {
    let busy =
        || Problem::new(ProblemKind::Unavailable, "Others are packing archives; try again in a moment.").retry_after(5);
    let _room = PACKING.try_acquire().map_err(|_| busy())?;
    let document = written(ctx, tx, allowed, (project, title), document).await?;
    let member = document.member.unwrap_or_else(|| "requirements.reqif".to_owned());
    let mut packer = packing(move || {
        let mut packer = Packer::new(BufWriter::new(tempfile::tempfile()?));
        packer.add(&member, &document.content)?;
        Ok(packer)
    })
    .await?;
    // One file at a time is held in memory. What goes out was found by the document, which the actor may take away.
    for row in tx.query(FILES, &[&project, &document.id]).await? {
        let (id, name): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
        let Some(row) = tx.query_opt(FILE, &[&project, &id]).await? else { continue };
        let content: Vec<u8> = row.try_get(0)?;
        packer = packing(move || packer.add(&name, &content).map(|()| packer)).await?;
    }
    packing(move || {
        let mut file = packer.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    })
    .await
}

/// Work on an archive, which waits for the disk, on a thread of its own.
async fn packing<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| Error::Broken(format!("a packing thread died: {error}")))?;
    done.map_err(|source| Error::Io { doing: "an archive could not be written".into(), source })
}

/// A document on its way out.
struct Written {
    /// The one that came in; None: a new one.
    id: Option<Uuid>,
    /// Its path in the archive it came in.
    member: Option<String>,
    content: Vec<u8>,
}

async fn written(
    ctx: &Ctx,
    tx: &Tx,
    allowed: &Allowed<Within, Export>,
    (project, title): (Uuid, &str),
    document: Option<Uuid>,
) -> Result<Written, Error> {
    let found = allowed.query(ctx, tx, DOCUMENTS, &[&project, &document]).await?;
    let row = found.first();
    if document.is_some() && row.is_none() {
        return Err(Problem::not_found("document").into());
    }
    let (id, name, kept): (Option<Uuid>, String, Option<Value>) = match row {
        Some(row) => (Some(row.try_get("id")?), row.try_get("title")?, Some(row.try_get("frame")?)),
        None => (None, title.to_owned(), None),
    };
    let member: Option<String> = row.map_or(Ok(None), |row| row.try_get("member_name"))?;
    let broken = |error: serde_json::Error| Error::Broken(format!("a kept document cannot be read: {error}"));
    let headings: Vec<Record> = match kept.as_ref().and_then(|kept| kept.get("headings")) {
        Some(list) => serde_json::from_value(list.clone()).map_err(broken)?,
        None => Vec::new(),
    };
    let frame: Option<Frame> = kept.map(serde_json::from_value).transpose().map_err(broken)?;

    let rows = allowed.query(ctx, tx, REQUIREMENTS, &[&project, &id]).await?;
    let mut known = Known::default();
    let mut objects: Vec<Outgoing> = Vec::new();
    for heading in headings {
        known.take_links(&heading);
        if let Some(source) = heading.source {
            objects.push(Outgoing::Kept { source, changes: Vec::new(), changed_at: String::new() });
        }
    }
    for row in &rows {
        objects.push(known.object(row)?);
    }
    let (links, parents) = known.new_links(&allowed.query(ctx, tx, LINKS, &[&project]).await?)?;
    let adds = !known.fresh.is_empty() || !links.is_empty();
    let failed = |source| Error::Io { doing: "a document could not be written".into(), source };
    let mut writer = Writer::new(Vec::new(), frame, adds, &name, &seconds(ctx.now())).map_err(failed)?;
    for object in &objects {
        writer.object(object).map_err(failed)?;
    }
    let content = writer.finish(&links, &parents).map_err(failed)?;
    Ok(Written { id, member, content })
}

/// A time as ReqIF writes it.
fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Known {
    /// A requirement as it came, or a new one.
    fn object(&mut self, row: &tokio_postgres::Row) -> Result<Outgoing, Error> {
        let id: Uuid = row.try_get("id")?;
        let (title, description): (String, Option<String>) = (row.try_get("title")?, row.try_get("description")?);
        let changed_at = seconds(row.try_get("updated_at")?);
        let content: Option<Value> = row.try_get("content")?;
        let record: Option<Record> = content.as_ref().and_then(|content| serde_json::from_value(content.clone()).ok());
        if let (Some(record), Some(content)) = (record, content)
            && let Some(source) = record.source.clone()
        {
            self.names.insert(id, row.try_get("external_id")?);
            self.take_links(&record);
            let said = |name: &str| content["said"][name].as_str().map(str::to_owned);
            let mut changes = Vec::new();
            if said("title").is_some_and(|said| said != title) {
                changes.push(Change { attribute: record.title_from.clone(), text: title });
            }
            if said("description") != description {
                let attribute = record.text_from.clone().or_else(|| Some("DESC".to_owned()));
                changes.push(Change { attribute, text: description.unwrap_or_default() });
            }
            return Ok(Outgoing::Kept { source, changes, changed_at });
        }
        let identifier = format!("_{id}");
        self.names.insert(id, identifier.clone());
        self.fresh.insert(id);
        Ok(Outgoing::Fresh(Fresh {
            identifier,
            key: row.try_get("key")?,
            title,
            text: description.unwrap_or_default(),
            status: row.try_get("status")?,
            priority: row.try_get("priority_code")?,
            changed_at,
        }))
    }

    fn take_links(&mut self, record: &Record) {
        for link in &record.links {
            self.linked.insert((record.identifier.clone(), link.target.clone()));
        }
        if let Some(parent) = &record.parent {
            self.above.insert(record.identifier.clone(), parent.clone());
        }
    }

    /// Links that the document does not have, and what new requirements stand below.
    #[allow(clippy::type_complexity)]
    fn new_links(
        &self,
        rows: &[tokio_postgres::Row],
    ) -> Result<(Vec<(String, String, String)>, HashMap<String, String>), Error> {
        let (mut links, mut parents) = (Vec::new(), HashMap::new());
        for row in rows {
            let (source, target): (Uuid, Uuid) = (row.try_get("source_id")?, row.try_get("target_id")?);
            let kind: String = row.try_get("link_type")?;
            let (Some(from), Some(to)) = (self.names.get(&source), self.names.get(&target)) else { continue };
            let pair = (from.clone(), to.clone());
            if self.linked.contains(&pair)
                || self.linked.contains(&(to.clone(), from.clone()))
                || self.stands_below(from, to)
            {
                continue;
            }
            if kind == "derives_from" && self.fresh.contains(&source) && !parents.contains_key(from) {
                parents.insert(from.clone(), to.clone());
                continue;
            }
            links.push((kind, pair.0, pair.1));
        }
        Ok((links, parents))
    }

    /// Whether the hierarchy of the document says so already, headings passed through.
    fn stands_below(&self, from: &str, to: &str) -> bool {
        let mut now = from;
        for _ in 0..self.above.len() {
            match self.above.get(now) {
                Some(above) if above == to => return true,
                Some(above) => now = above,
                None => return false,
            }
        }
        false
    }
}
