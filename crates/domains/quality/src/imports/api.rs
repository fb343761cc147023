//! Stores a description of an interface: its service made or found, each operation made or brought to what the file says, and
//! those that it no longer has marked as gone.
//!
//! A description is known by its title, so its service may be renamed here, and a service may have several. It speaks for its own
//! operations and for no others. Services belong to the organisation and not to a project: whoever brings a description needs the
//! right to change services, beside that to import, and out of a private project none is taken, because everybody would see it.

use std::collections::HashSet;

use formats::{Limits, api};
use kernel::{Action, Create, Ctx, Tx, Update};
use uuid::Uuid;

use super::{
    case::cut,
    job::{Job, RowError, Stop},
    source::Source,
    summary::{Changed, Summary},
};

const IS_PRIVATE: &str = include_str!("../../sql/api_is_private.sql");
const WAIT_FOR_TURN: &str = include_str!("../../sql/api_wait_for_turn.sql");
const FIND_DOCUMENT: &str = include_str!("../../sql/api_find_document.sql");
const FIND_SERVICE: &str = include_str!("../../sql/api_find_service.sql");
const INSERT_SERVICE: &str = include_str!("../../sql/api_insert_service.sql");
const INSERT_DOCUMENT: &str = include_str!("../../sql/api_insert_document.sql");
const UPDATE_DOCUMENT: &str = include_str!("../../sql/api_update_document.sql");
const STORE_OPERATIONS: &str = include_str!("../../sql/api_store_operations.sql");
const MARK_GONE: &str = include_str!("../../sql/api_mark_gone.sql");
const COUNT_OPERATIONS: &str = include_str!("../../sql/api_count_operations.sql");

/// Operations handed to the database at once.
const BATCH: usize = 2_000;

/// Stores the description that `source` holds.
///
/// # Errors
/// A rejection when the project is private, the file cannot be read, holds operations that cannot be taken, or its sender may not
/// change services; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source) -> Result<Summary, Stop> {
    let is_private: bool = tx.query_one(IS_PRIVATE, &[&job.project]).await?.try_get(0)?;
    if is_private {
        return Err(Stop::rejected(
            "this project is private, and everybody in the organisation sees the catalogue of services; import the description \
             into a project that is not private if they may",
        ));
    }
    let read = source.read(|file| api::read(file, &Limits::default())).await?;
    let description = read.map_err(Stop::unreadable)?;
    if !description.errors.is_empty() {
        let rows = description.errors.into_iter();
        return Err(Stop::Rows(
            rows.map(|one| RowError { line: one.line, record: Some(one.record), reason: one.reason }).collect(),
        ));
    }
    tx.query(WAIT_FOR_TURN, &[]).await?;
    let mut import =
        Import { ctx, tx, job, description: &description, summary: Summary::of(&job.file_name, "openapi") };
    let (service, document, is_new) = import.document().await?;
    import.operations(service, document).await?;
    if !is_new {
        import.gone(document).await?;
    }
    tx.execute(COUNT_OPERATIONS, &[&document]).await?;
    for warning in &description.warnings {
        import.summary.warn(warning.clone());
    }
    if description.replaced.count > 0 {
        import.summary.warn(format!("{} characters could not be shown and were replaced", description.replaced.count));
    }
    Ok(import.summary)
}

struct Import<'a> {
    ctx: &'a Ctx,
    tx: &'a Tx,
    job: &'a Job,
    description: &'a api::Description,
    summary: Summary,
}

impl Import<'_> {
    /// The service and the description, found or made, and whether the description is new.
    async fn document(&mut self) -> Result<(Uuid, Uuid, bool), Stop> {
        let (ctx, tx, said) = (self.ctx, self.tx, self.description);
        let title = cut(&said.title, 500);
        let kind = if said.specification.starts_with('2') { "Swagger" } else { "OpenAPI" };
        let specification = format!("{kind} {}", said.specification);
        let servers = serde_json::Value::from(said.servers.clone());
        let sha256 = self.job.content_sha256();
        let now = ctx.now();
        if let Some(row) = tx.query_opt(FIND_DOCUMENT, &[&title]).await? {
            let name: String = row.try_get("name")?;
            if row.try_get("in_bin")? {
                return Err(Stop::rejected(format!("the service {name} is in the bin; restore it first")));
            }
            self.allow("update")?;
            let (document, service): (Uuid, Uuid) = (row.try_get("id")?, row.try_get("service_id")?);
            let changed = tx
                .execute(
                    UPDATE_DOCUMENT,
                    &[&document, &said.version, &specification, &said.about, &servers, &sha256, &now],
                )
                .await?;
            self.summary.count("services", 0, 0, 1);
            self.summary.count("api_documents", 0, changed, 1 - changed);
            return Ok((service, document, false));
        }
        let name = cut(&said.title, 100);
        let (service, made) = match tx.query_opt(FIND_SERVICE, &[&name]).await? {
            Some(row) => {
                self.allow("update")?;
                (row.try_get(0)?, 0)
            }
            None => {
                self.allow("create")?;
                let id = ctx.new_id();
                tx.execute(INSERT_SERVICE, &[&id, &name, &said.about]).await?;
                (id, 1)
            }
        };
        let document = ctx.new_id();
        tx.execute(
            INSERT_DOCUMENT,
            &[&document, &service, &title, &said.version, &specification, &said.about, &servers, &sha256, &now],
        )
        .await?;
        self.summary.count("services", made, 0, 1 - made);
        self.summary.count("api_documents", 1, 0, 0);
        Ok((service, document, true))
    }

    fn allow(&self, action: &'static str) -> Result<(), Stop> {
        let action = if action == "create" { Create::NAME } else { Update::NAME };
        if self.ctx.may("service", action, None) {
            return Ok(());
        }
        let reason = self.ctx.why_not("service", action, None);
        Err(Stop::rejected(format!(
            "a description of an interface changes the catalogue of services, and you may not {action} services: {reason}"
        )))
    }

    async fn operations(&mut self, service: Uuid, document: Uuid) -> Result<(), Stop> {
        let (mut made, mut changed) = (0, 0);
        for some in self.description.operations.chunks(BATCH) {
            let text = |of: fn(&api::Operation) -> Option<&str>| -> Vec<Option<&str>> { some.iter().map(of).collect() };
            let list = |of: fn(&api::Operation) -> &[String]| -> Vec<String> {
                some.iter().map(|one| serde_json::Value::from(of(one)).to_string()).collect()
            };
            let (methods, paths) = (text(|one| Some(&one.method)), text(|one| Some(&one.path)));
            let (codes, summaries) = (text(|one| one.operation_id.as_deref()), text(|one| one.summary.as_deref()));
            let (tags, is_deprecated) =
                (list(|one| &one.tags), some.iter().map(|one| one.is_deprecated).collect::<Vec<bool>>());
            let (requests, responses) = (list(|one| &one.request_media_types), list(|one| &one.response_media_types));
            let rows = self
                .tx
                .query(
                    STORE_OPERATIONS,
                    &[
                        &service,
                        &document,
                        &self.ctx.now(),
                        &methods,
                        &paths,
                        &codes,
                        &summaries,
                        &tags,
                        &is_deprecated,
                        &requests,
                        &responses,
                    ],
                )
                .await?;
            for row in rows {
                let (method, path): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let is_new: bool = row.try_get(2)?;
                made += u64::from(is_new);
                changed += u64::from(!is_new);
                let what = if is_new { "created" } else { "updated" };
                self.summary.tell(Changed::new(what, &format!("{method} {path}"), &path, Vec::new()));
            }
        }
        let all = self.description.operations.len() as u64;
        self.summary.count("api_operations", made, changed, all - made - changed);
        Ok(())
    }

    async fn gone(&mut self, document: Uuid) -> Result<(), Stop> {
        let mut seen = HashSet::new();
        let (mut methods, mut paths) = (Vec::new(), Vec::new());
        for one in &self.description.operations {
            if seen.insert((&one.method, &one.path)) {
                methods.push(one.method.as_str());
                paths.push(one.path.as_str());
            }
        }
        let rows = self.tx.query(MARK_GONE, &[&document, &self.ctx.now(), &methods, &paths]).await?;
        if !rows.is_empty() {
            self.summary.count("api_operations_gone", 0, rows.len() as u64, 0);
        }
        for row in rows {
            let (method, path): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            self.summary.tell(Changed::new("gone", &format!("{method} {path}"), &path, Vec::new()));
        }
        Ok(())
    }
}
