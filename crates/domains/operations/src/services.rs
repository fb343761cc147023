//! The catalogue of services for pages: which there are, and what each offers.

use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Read, Tx, permit, query_readable};
use postgres_types::ToSql;
use uuid::Uuid;

use crate::SERVICES;

const LIST: &str = include_str!("../sql/services.sql");
const ONE: &str = include_str!("../sql/service.sql");
const DOCUMENTS: &str = include_str!("../sql/api_documents.sql");
const OPERATIONS: &str = include_str!("../sql/api_operations.sql");

/// A service as pages list it.
#[derive(Debug, Clone)]
pub struct ServiceLine {
    /// Its identifier.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What kind of program it is.
    pub kind: String,
    /// `planned`, `active`, `deprecated` or `retired`.
    pub status: String,
    /// Who looks after it.
    pub team: Option<String>,
    /// Operations that it offers now.
    pub operations: i64,
    /// When its description last said something new. None: it has none.
    pub described_at: Option<Timestamp>,
}

/// A service on its page.
#[derive(Debug, Clone)]
pub struct ServiceRecord {
    /// What people call it.
    pub name: String,
    /// What kind of program it is.
    pub kind: String,
    /// `planned`, `active`, `deprecated` or `retired`.
    pub status: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who looks after it.
    pub team: Option<String>,
    /// Its descriptions.
    pub documents: Vec<ApiDocument>,
}

/// A description of its interface.
#[derive(Debug, Clone)]
pub struct ApiDocument {
    /// What it calls itself.
    pub title: String,
    /// The version of the interface.
    pub version: Option<String>,
    /// What it is written in.
    pub specification: String,
    /// Where it says that the interface is served. Text of a stranger: not to be called.
    pub servers: Vec<String>,
    /// Operations that are offered now.
    pub operations: i64,
    /// When it last said something new.
    pub imported_at: Timestamp,
}

/// What operations of a service are asked for.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// A piece of path, summary, identifier or tag.
    pub text: Option<String>,
    /// `offered`, `deprecated` or `gone`; empty: all.
    pub standings: Vec<String>,
}

/// Something that a service offers.
#[derive(Debug, Clone)]
pub struct ApiOperation {
    /// How it is called.
    pub method: String,
    /// The path.
    pub path: String,
    /// `operationId`.
    pub code: Option<String>,
    /// What it does, in a line.
    pub summary: Option<String>,
    /// Its groups.
    pub tags: Vec<String>,
    /// Whether callers are told to stop using it.
    pub is_deprecated: bool,
    /// Media types of what it takes.
    pub takes: Vec<String>,
    /// Media types of what it answers with.
    pub answers: Vec<String>,
    /// Whether its description no longer has it.
    pub is_gone: bool,
    /// When an import last said something new about it.
    pub changed_at: Timestamp,
}

/// A pattern for `ilike` that finds `text` anywhere; its own wildcards mean themselves.
fn pattern(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// At most `rows` services that the actor may read, by name, behind `after`.
///
/// # Errors
/// 403 when they may read none.
pub async fn list_services(
    ctx: &Ctx,
    tx: &Tx,
    text: Option<&str>,
    after: Option<(String, Uuid)>,
    rows: i64,
) -> Result<Vec<ServiceLine>, Error> {
    let _: Allowed<_, Read> = permit(ctx, &SERVICES)?;
    let (like, (name, id)) = (text.map(pattern), after.unzip());
    let params: [&(dyn ToSql + Sync); 4] = [&like, &name, &id, &rows];
    let found = query_readable(ctx, tx, None, LIST, &params).await?;
    found
        .iter()
        .map(|row| {
            Ok(ServiceLine {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                kind: row.try_get("service_type")?,
                status: row.try_get("status")?,
                team: row.try_get("team")?,
                operations: row.try_get("operations")?,
                described_at: row.try_get("described_at")?,
            })
        })
        .collect()
}

/// A service. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when they may read none.
pub async fn find_service(ctx: &Ctx, tx: &Tx, id: Uuid) -> Result<Option<ServiceRecord>, Error> {
    let _: Allowed<_, Read> = permit(ctx, &SERVICES)?;
    let found = query_readable(ctx, tx, None, ONE, &[&id]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let documents = query_readable(ctx, tx, None, DOCUMENTS, &[&id]).await?;
    let document = |row: &tokio_postgres::Row| -> Result<ApiDocument, Error> {
        let servers: serde_json::Value = row.try_get("servers")?;
        let text = |one: &serde_json::Value| one.as_str().map(str::to_owned);
        Ok(ApiDocument {
            title: row.try_get("title")?,
            version: row.try_get("version")?,
            specification: row.try_get("specification")?,
            servers: servers.as_array().into_iter().flatten().filter_map(text).collect(),
            operations: row.try_get("operations_count")?,
            imported_at: row.try_get("imported_at")?,
        })
    };
    Ok(Some(ServiceRecord {
        name: row.try_get("name")?,
        kind: row.try_get("service_type")?,
        status: row.try_get("status")?,
        description: row.try_get("description")?,
        team: row.try_get("team")?,
        documents: documents.iter().map(document).collect::<Result<_, _>>()?,
    }))
}

/// At most `rows` operations of a service that the actor may read, by path and method, behind `after`.
///
/// # Errors
/// 403 when they may read no service.
pub async fn operations_of_service(
    ctx: &Ctx,
    tx: &Tx,
    service: Uuid,
    filter: &OperationFilter,
    after: Option<(String, String)>,
    rows: i64,
) -> Result<Vec<ApiOperation>, Error> {
    let _: Allowed<_, Read> = permit(ctx, &SERVICES)?;
    let like = filter.text.as_deref().map(pattern);
    let standings = (!filter.standings.is_empty()).then_some(&filter.standings[..]);
    let (path, method) = after.unzip();
    let params: [&(dyn ToSql + Sync); 6] = [&service, &like, &standings, &path, &method, &rows];
    let found = query_readable(ctx, tx, None, OPERATIONS, &params).await?;
    found
        .iter()
        .map(|row| {
            let status: &str = row.try_get("status")?;
            Ok(ApiOperation {
                is_gone: status == "gone",
                method: row.try_get("method")?,
                path: row.try_get("path")?,
                code: row.try_get("operation_code")?,
                summary: row.try_get("summary")?,
                tags: row.try_get("tags")?,
                is_deprecated: row.try_get("is_deprecated")?,
                takes: row.try_get("request_media_types")?,
                answers: row.try_get("response_media_types")?,
                changed_at: row.try_get("changed_at")?,
            })
        })
        .collect()
}
