//! Findings as people look for them: a list, one in full, and the reports in which it was seen.

use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Read, Tx, permit_in};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use crate::FINDINGS;

const LIST: &str = include_str!("../sql/list_findings.sql");
const TOOLS: &str = include_str!("../sql/finding_tools.sql");
const FIND: &str = include_str!("../sql/find_finding.sql");
const SIGHTINGS: &str = include_str!("../sql/list_sightings.sql");

/// What a list of findings is narrowed by; empty lists narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// Where they stand now, as stored.
    pub states: Vec<String>,
    /// How bad they are, as stored.
    pub severities: Vec<String>,
    /// The tools that found them, as these call themselves.
    pub tools: Vec<String>,
    /// Words of title, message, rule or file.
    pub text: Option<String>,
}

/// One finding of a list.
#[derive(Debug, Clone)]
pub struct FindingLine {
    /// Its identifier.
    pub id: Uuid,
    /// What the rule is about.
    pub title: String,
    /// Where it stands now, as stored.
    pub state: String,
    /// How bad it is, as stored.
    pub severity: String,
    /// The tool that found it.
    pub tool: String,
    /// The rule that was broken.
    pub rule: Option<String>,
    /// The file, as the tool names it.
    pub uri: Option<String>,
    /// The line, from 1.
    pub line_number: Option<i32>,
    /// When the last report that has it came in.
    pub last_seen_at: Timestamp,
}

/// What people decided about a finding, whether or not it still holds.
#[derive(Debug, Clone)]
pub struct FindingDecision {
    /// What was decided, as stored.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// Who; `None` when they are no member any more.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Until when it holds; `None`: for good.
    pub until: Option<Timestamp>,
}

/// One finding in full.
#[derive(Debug, Clone)]
pub struct FindingRecord {
    /// What a list shows of it.
    pub line: FindingLine,
    /// What the tool looked at; empty when its reports declare nothing.
    pub scope: String,
    /// What is wrong, in the words of the last report.
    pub message: Option<String>,
    /// How much it matters to the tool.
    pub level: String,
    /// How bad the tool's rule says it is, from 0 to 10.
    pub score: Option<f64>,
    /// The column, from 1.
    pub column_number: Option<i32>,
    /// The function, type or other place that has a name.
    pub logical_location: Option<String>,
    /// Where the rule is explained.
    pub help_uri: Option<String>,
    /// Labels of rule and result.
    pub tags: Vec<String>,
    /// Whether the last report says that it shall not be reported.
    pub is_suppressed: bool,
    /// The reason it gives.
    pub suppression: Option<String>,
    /// What people decided about it.
    pub decided: Option<FindingDecision>,
    /// When the first report that has it came in, and the earliest build it was seen in.
    pub first_seen: (Timestamp, Option<i32>),
    /// The build of the last report that has it.
    pub last_build: Option<i32>,
    /// Since when it is no longer reported, and the build in which it was no longer found.
    pub fixed: Option<(Timestamp, Option<i32>)>,
}

/// A report in which a finding was seen.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The build that was looked at.
    pub build: Option<i32>,
    /// The report: its import and the name of its file.
    pub report: Option<(Uuid, String)>,
    /// How much it mattered to the tool then.
    pub level: String,
    /// The file then.
    pub uri: Option<String>,
    /// The line then, from 1.
    pub line_number: Option<i32>,
    /// Whether the report said that it shall not be reported.
    pub is_suppressed: bool,
    /// What it was to the report before: `new`, `unchanged` or `updated`.
    pub baseline_state: Option<String>,
    /// When the report came in.
    pub seen_at: Timestamp,
}

/// A list that narrows something.
pub(crate) fn some(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}

/// A pattern for `ilike` that finds `text` anywhere; its own wildcards mean themselves.
pub(crate) fn pattern(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

fn line(row: &Row) -> Result<FindingLine, Error> {
    Ok(FindingLine {
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        state: row.try_get("state")?,
        severity: row.try_get("severity")?,
        tool: row.try_get("tool")?,
        rule: row.try_get("rule_id")?,
        uri: row.try_get("uri")?,
        line_number: row.try_get("line_number")?,
        last_seen_at: row.try_get("last_seen_at")?,
    })
}

/// At most `rows` findings of `project` that the actor may read, each with its place in the order: those that somebody has to
/// see to before those that are settled, the worst first, the latest found first; behind `after`.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn list_findings(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    filter: &FindingFilter,
    after: Option<(i32, Uuid)>,
    rows: i64,
) -> Result<Vec<(i32, FindingLine)>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &FINDINGS, project)?;
    let like = filter.text.as_deref().map(pattern);
    let (states, severities, tools) = (some(&filter.states), some(&filter.severities), some(&filter.tools));
    let (rank, id) = after.unzip();
    let params: [&(dyn ToSql + Sync); 8] = [&allowed.project, &states, &severities, &tools, &like, &rank, &id, &rows];
    let found = allowed.query(ctx, tx, LIST, &params).await?;
    found.iter().map(|row| Ok((row.try_get("rank")?, line(row)?))).collect()
}

/// The tools that found something in `project` which the actor may read, by name; at most 50.
///
/// # Errors
/// 403 when the actor may see no finding there.
pub async fn finding_tools(ctx: &Ctx, tx: &Tx, project: Uuid) -> Result<Vec<String>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &FINDINGS, project)?;
    let found = allowed.query(ctx, tx, TOOLS, &[&allowed.project]).await?;
    found.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// A finding of `project`. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when the actor may see no finding there.
pub async fn find_finding(ctx: &Ctx, tx: &Tx, project: Uuid, id: Uuid) -> Result<Option<FindingRecord>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &FINDINGS, project)?;
    let found = allowed.query(ctx, tx, FIND, &[&allowed.project, &id]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let decided = match row.try_get::<_, Option<String>>("triage")? {
        None => None,
        Some(decision) => Some(FindingDecision {
            decision,
            reason: row.try_get("triage_reason")?,
            by: row.try_get("triaged_by")?,
            at: row.try_get("triaged_at")?,
            until: row.try_get("triage_expires_at")?,
        }),
    };
    let fixed_at: Option<Timestamp> = row.try_get("fixed_at")?;
    let fixed_build: Option<i32> = row.try_get("fixed_build")?;
    Ok(Some(FindingRecord {
        line: line(row)?,
        scope: row.try_get("scope")?,
        message: row.try_get("message")?,
        level: row.try_get("level")?,
        score: row.try_get("score")?,
        column_number: row.try_get("column_number")?,
        logical_location: row.try_get("logical_location")?,
        help_uri: row.try_get("help_uri")?,
        tags: row.try_get("tags")?,
        is_suppressed: row.try_get("is_suppressed")?,
        suppression: row.try_get("suppression")?,
        decided,
        first_seen: (row.try_get("first_seen_at")?, row.try_get("first_build")?),
        last_build: row.try_get("last_build")?,
        fixed: fixed_at.map(|at| (at, fixed_build)),
    }))
}

/// At most `rows` reports in which a finding of `project` was seen, the latest first.
///
/// # Errors
/// 403 when the actor may see no finding there.
pub async fn sightings(ctx: &Ctx, tx: &Tx, project: Uuid, finding: Uuid, rows: i64) -> Result<Vec<Sighting>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &FINDINGS, project)?;
    let found = allowed.query(ctx, tx, SIGHTINGS, &[&allowed.project, &finding, &rows]).await?;
    found
        .iter()
        .map(|row| {
            let import: Option<Uuid> = row.try_get("import_id")?;
            Ok(Sighting {
                build: row.try_get("build_number")?,
                report: import.zip(row.try_get("file_name")?),
                level: row.try_get("level")?,
                uri: row.try_get("uri")?,
                line_number: row.try_get("line_number")?,
                is_suppressed: row.try_get("is_suppressed")?,
                baseline_state: row.try_get("baseline_state")?,
                seen_at: row.try_get("seen_at")?,
            })
        })
        .collect()
}
