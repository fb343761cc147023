//! Defects as people look for them, and the result a defect is recorded from.

use jiff::Timestamp;
use kernel::{Action, Allowed, Ctx, Error, Read, Tx, permit_in};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::{DEFECTS, TEST_RESULTS, text::pattern};

const LIST: &str = include_str!("../sql/list_defects.sql");
const FIND: &str = include_str!("../sql/find_defect.sql");
const FIND_RESULT: &str = include_str!("../sql/find_result.sql");

/// What a list of defects is narrowed by; empty lists narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct DefectFilter {
    /// Where they stand, as stored.
    pub statuses: Vec<String>,
    /// How much they hurt, as stored.
    pub severities: Vec<String>,
    /// Who looks after them.
    pub owner: Option<Uuid>,
    /// Words of the title, or a key.
    pub text: Option<String>,
}

/// One defect of a list.
#[derive(Debug, Clone)]
pub struct DefectLine {
    /// Its identifier.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Where it stands, as stored.
    pub status: String,
    /// How much it hurts, as stored.
    pub severity: String,
    /// Who looks after it.
    pub owner: Option<String>,
    /// Key of the requirement it stands in the way of.
    pub requirement: Option<String>,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// One defect in full.
#[derive(Debug, Clone)]
pub struct DefectRecord {
    /// What a list shows of it.
    pub line: DefectLine,
    /// What is wrong; empty when nobody said.
    pub description: String,
    /// How to see it; empty when nobody said.
    pub reproduction_steps: String,
    /// Identifier of who looks after it.
    pub owner_id: Option<Uuid>,
    /// Who recorded it.
    pub reporter: Option<String>,
    /// The version it was seen in.
    pub affected_version: Option<String>,
    /// The version it is gone from.
    pub fixed_version: Option<String>,
    /// The optimistic lock.
    pub version: i64,
    /// Key and title of the requirement it stands in the way of.
    pub requirement: Option<(String, String)>,
    /// The test that found it: key, name and its latest outcome as stored.
    pub test_case: Option<(String, String, Option<String>)>,
    /// What the failing result said.
    pub message: Option<String>,
    /// The build it was seen in.
    pub build: Option<i32>,
}

/// A result that a defect is recorded from.
#[derive(Debug, Clone)]
pub struct FoundResult {
    /// Its identifier.
    pub id: Uuid,
    /// Its outcome, as stored.
    pub outcome: String,
    /// What it said.
    pub message: Option<String>,
    /// Where it went wrong.
    pub stacktrace: Option<String>,
    /// Key of its test case.
    pub key: String,
    /// Name of its test case.
    pub name: String,
    /// The build that was tested, and its version.
    pub build: (Option<i32>, Option<String>),
}

fn some(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}

/// At most `rows` defects of `project` to which the actor may do `A`, newest first, recorded before `before`.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn list_defects<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    filter: &DefectFilter,
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<DefectLine>, Error> {
    let allowed: Allowed<_, A> = permit_in(ctx, &DEFECTS, project)?;
    let like = filter.text.as_deref().map(pattern);
    let (statuses, severities) = (some(&filter.statuses), some(&filter.severities));
    let params: [&(dyn ToSql + Sync); 8] =
        [&allowed.project, &statuses, &severities, &filter.owner, &like, &filter.text, &before, &rows];
    let found = allowed.query(ctx, tx, LIST, &params).await?;
    found
        .iter()
        .map(|row| {
            Ok(DefectLine {
                id: row.try_get("id")?,
                key: row.try_get("key")?,
                title: row.try_get("title")?,
                status: row.try_get("status")?,
                severity: row.try_get("severity")?,
                owner: row.try_get("owner")?,
                requirement: row.try_get("requirement")?,
                updated_at: row.try_get("updated_at")?,
            })
        })
        .collect()
}

/// The defect of `project` that has or had this key. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when the actor may see no defect there.
pub async fn find_defect(ctx: &Ctx, tx: &Tx, project: Uuid, key: &str) -> Result<Option<DefectRecord>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &DEFECTS, project)?;
    let found = allowed.query(ctx, tx, FIND, &[&allowed.project, &key]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let text = |name| row.try_get::<_, Option<String>>(name);
    let requirement = text("requirement_key")?.zip(text("requirement_title")?);
    let latest = text("last_run_status")?;
    Ok(Some(DefectRecord {
        line: DefectLine {
            id: row.try_get("id")?,
            key: row.try_get("key")?,
            title: row.try_get("title")?,
            status: row.try_get("status")?,
            severity: row.try_get("severity")?,
            owner: text("owner")?,
            requirement: requirement.as_ref().map(|(key, _)| key.clone()),
            updated_at: row.try_get("updated_at")?,
        },
        description: text("description")?.unwrap_or_default(),
        reproduction_steps: text("reproduction_steps")?.unwrap_or_default(),
        owner_id: row.try_get("assigned_to_user_id")?,
        reporter: text("reporter")?,
        affected_version: text("affected_version")?,
        fixed_version: text("fixed_version")?,
        version: row.try_get("row_version")?,
        requirement,
        test_case: text("test_key")?.zip(text("test_name")?).map(|(key, name)| (key, name, latest)),
        message: text("error_message")?,
        build: row.try_get("build_number")?,
    }))
}

/// The result with this identifier. `None` too when the actor may not read it or its test case.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn find_result(ctx: &Ctx, tx: &Tx, project: Uuid, id: Uuid) -> Result<Option<FoundResult>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &TEST_RESULTS, project)?;
    let found = allowed.query(ctx, tx, FIND_RESULT, &[&project, &id]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    Ok(Some(FoundResult {
        id: row.try_get("id")?,
        outcome: row.try_get("status")?,
        message: row.try_get("error_message")?,
        stacktrace: row.try_get("error_stacktrace")?,
        key: row.try_get("key")?,
        name: row.try_get("name")?,
        build: (row.try_get("build_number")?, row.try_get("version_tag")?),
    }))
}
