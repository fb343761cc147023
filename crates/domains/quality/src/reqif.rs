//! Requirements on their way out as ReqIF: as they came, with what has changed here since, and what is new.
//!
//! An object of a document goes out as it was written; where its title or its text says something else now, that one value is put in
//! its place. Requirements that no file brought get a type of our own and stand below what they derive from, or at the end. Links that
//! are new become relations. Nothing of the document is lost: see [`formats::exchange::reqif`].

use std::collections::{HashMap, HashSet};

use base::Problem;
use formats::exchange::{
    Record,
    reqif::{Change, Frame, Fresh, Outgoing, Writer},
};
use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Export, Exported, Tx, Within};
use serde_json::Value;
use uuid::Uuid;

const DOCUMENTS: &str = include_str!("../sql/export_documents.sql");
const REQUIREMENTS: &str = include_str!("../sql/export_requirements.sql");
const LINKS: &str = include_str!("../sql/export_links.sql");

/// The media type of a ReqIF document.
pub const REQIF_TYPE: &str = "application/xml";

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

/// Writes down that the requirements of a project are taken away as ReqIF, before they are.
///
/// # Errors
/// When the row cannot be written; the document must not be handed out then.
pub async fn requirements_taken(ctx: &Ctx, project: Uuid) -> Result<(), Error> {
    let file = Exported {
        resource_type: "requirement",
        what: "requirements",
        format: "reqif",
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
    let found = allowed.query(ctx, tx, DOCUMENTS, &[&project, &document]).await?;
    let row = found.first();
    if document.is_some() && row.is_none() {
        return Err(Problem::not_found("document").into());
    }
    let (id, name, kept): (Option<Uuid>, String, Option<Value>) = match row {
        Some(row) => (Some(row.try_get("id")?), row.try_get("title")?, Some(row.try_get("frame")?)),
        None => (None, title.to_owned(), None),
    };
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
    writer.finish(&links, &parents).map_err(failed)
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
