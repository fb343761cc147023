//! Test cases as people look for them: which there are, how each has done lately, and what each proves.

use jiff::{Timestamp, ToSpan as _};
use kernel::{Action, Allowed, Ctx, Error, Read, Tx, permit_in};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use crate::{DEFECTS, TEST_CASES, TEST_RESULTS, text::pattern};

const LIST: &str = include_str!("../sql/list_test_cases.sql");
const LIST_BY_LAST_RUN: &str = include_str!("../sql/list_test_cases_by_last_run.sql");
const LIST_OF_BUILD: &str = include_str!("../sql/list_results_of_build.sql");
const TRENDS: &str = include_str!("../sql/trends_of_test_cases.sql");
const FIND: &str = include_str!("../sql/find_test_case.sql");
const RESULTS: &str = include_str!("../sql/results_of_test_case.sql");
const REQUIREMENTS: &str = include_str!("../sql/requirements_of_test_case.sql");
const CRITERION: &str = include_str!("../sql/find_criterion.sql");
const OF_TEST_CASE: &str = include_str!("../sql/defects_of_test_case.sql");

/// What a list of test cases is narrowed by; empty lists narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct TestCaseFilter {
    /// Latest outcomes, as stored; `never` for those that never ran.
    pub outcomes: Vec<String>,
    /// What the tests look at, as stored.
    pub levels: Vec<String>,
    /// Words of the name, or a key.
    pub text: Option<String>,
    /// Linked to a requirement, or not.
    pub linked: Option<bool>,
    /// Of `flaky` (it gave two answers about the same code in the last 30 days) and `quarantined`, which are wanted.
    pub reliability: Vec<String>,
}

/// Where a list goes on, and in which order it is.
#[derive(Debug, Clone, Copy)]
pub enum TestCaseOrder {
    /// As they became known, after this one.
    Known {
        /// The last one of the page before.
        after: Option<Uuid>,
    },
    /// The last to run first, after this one.
    LastRun {
        /// When the last one of the page before ran, and its identifier.
        after: Option<(Option<Timestamp>, Uuid)>,
    },
}

/// One test case of a list.
#[derive(Debug, Clone)]
pub struct TestCaseLine {
    /// Its identifier.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it looks at, as stored.
    pub level: String,
    /// Whether it is still run, as stored.
    pub status: String,
    /// Its outcome, as stored: the latest, or that of the build asked for.
    pub outcome: Option<String>,
    /// When it ran.
    pub ran_at: Option<Timestamp>,
    /// Class, or else the file or suite it lives in; empty when no report told.
    pub place: String,
    /// Keys of the requirements it is linked to.
    pub requirements: Vec<String>,
    /// It gave two answers about the same code in the last 30 days.
    pub is_flaky: bool,
    /// It is set aside.
    pub is_quarantined: bool,
}

/// One test case in full.
#[derive(Debug, Clone)]
pub struct TestCaseRecord {
    /// What a list shows of it; its requirements are left to [`requirements_of_test_case`].
    pub line: TestCaseLine,
    /// What it is about; empty when nobody said.
    pub description: String,
    /// How often it ran, and how often it passed and failed.
    pub runs: (i64, i64, i64),
}

/// One result of a test case.
#[derive(Debug, Clone)]
pub struct ResultLine {
    /// Its identifier.
    pub id: Uuid,
    /// Its outcome, as stored.
    pub outcome: String,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What a failure said.
    pub message: Option<String>,
    /// When it ran.
    pub ran_at: Timestamp,
    /// What tells it from other results of the same case in the same run.
    pub parameters: Option<String>,
    /// The build that was tested.
    pub build: Option<i32>,
    /// The defect that was recorded for it.
    pub defect: Option<String>,
}

/// A link from a test case to what it proves.
#[derive(Debug, Clone)]
pub struct Proves {
    /// The link's identifier.
    pub link: Uuid,
    /// The requirement's key.
    pub key: String,
    /// The requirement's title.
    pub title: String,
    /// The requirement's identifier.
    pub requirement: Uuid,
    /// Position and text of the one criterion it proves; `None`: the requirement as a whole.
    pub criterion: Option<(i32, String)>,
    /// Who made the link, as stored: `manual`, `import` or `commit`.
    pub origin: String,
}

fn place(row: &Row) -> Result<String, Error> {
    let class: Option<String> = row.try_get("class_name")?;
    let suite: Option<String> = row.try_get("suite_path")?;
    Ok(class.filter(|text| !text.is_empty()).or(suite).unwrap_or_default())
}

fn line(row: &Row, outcome: &str, ran_at: &str) -> Result<TestCaseLine, Error> {
    Ok(TestCaseLine {
        id: row.try_get("id")?,
        key: row.try_get("key")?,
        name: row.try_get("name")?,
        level: row.try_get("test_type")?,
        status: row.try_get("status")?,
        outcome: row.try_get(outcome)?,
        ran_at: row.try_get(ran_at)?,
        place: place(row)?,
        requirements: row.try_get("requirements")?,
        is_flaky: row.try_get::<_, Option<bool>>("flaky")?.unwrap_or(false),
        is_quarantined: row.try_get("quarantined")?,
    })
}

/// Days after which a flip is forgiven in lists.
const FORGIVEN: i64 = 30;

fn flaky_since(ctx: &Ctx) -> Timestamp {
    ctx.now().saturating_sub((24 * FORGIVEN).hours()).unwrap_or(Timestamp::MIN)
}

fn some(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}

/// At most `rows` test cases of `project` to which the actor may do `A`, with their latest outcome.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn list_test_cases<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    filter: &TestCaseFilter,
    order: TestCaseOrder,
    rows: i64,
) -> Result<Vec<TestCaseLine>, Error> {
    let allowed: Allowed<_, A> = permit_in(ctx, &TEST_CASES, project)?;
    let like = filter.text.as_deref().map(pattern);
    let (outcomes, levels, reliability) = (some(&filter.outcomes), some(&filter.levels), some(&filter.reliability));
    let (now, flaky) = (ctx.now(), flaky_since(ctx));
    let found = match order {
        TestCaseOrder::Known { after } => {
            let params: [&(dyn ToSql + Sync); 11] = [
                &project,
                &outcomes,
                &levels,
                &like,
                &filter.text,
                &filter.linked,
                &after,
                &rows,
                &flaky,
                &now,
                &reliability,
            ];
            allowed.query(ctx, tx, LIST, &params).await?
        }
        TestCaseOrder::LastRun { after } => {
            let (time, id) = after.map_or((None, None), |(time, id)| (time, Some(id)));
            let params: [&(dyn ToSql + Sync); 12] = [
                &project,
                &outcomes,
                &levels,
                &like,
                &filter.text,
                &filter.linked,
                &time,
                &id,
                &rows,
                &flaky,
                &now,
                &reliability,
            ];
            allowed.query(ctx, tx, LIST_BY_LAST_RUN, &params).await?
        }
    };
    found.iter().map(|row| line(row, "last_run_status", "last_run_at")).collect()
}

/// At most `rows` test cases with their outcome in `build`, in the order they became known: those of whose results there are
/// some to which the actor may do `A`, and that they may read.
///
/// # Errors
/// 403 when there is no result that they may.
pub async fn list_results_of_build<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    (project, build): (Uuid, Uuid),
    filter: &TestCaseFilter,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<TestCaseLine>, Error> {
    let allowed: Allowed<_, A> = permit_in(ctx, &TEST_RESULTS, project)?;
    let like = filter.text.as_deref().map(pattern);
    let (outcomes, levels, reliability) = (some(&filter.outcomes), some(&filter.levels), some(&filter.reliability));
    let (now, flaky) = (ctx.now(), flaky_since(ctx));
    let params: [&(dyn ToSql + Sync); 12] = [
        &project,
        &build,
        &outcomes,
        &levels,
        &like,
        &filter.text,
        &filter.linked,
        &after,
        &rows,
        &flaky,
        &now,
        &reliability,
    ];
    let found = allowed.query(ctx, tx, LIST_OF_BUILD, &params).await?;
    found.iter().map(|row| line(row, "outcome", "ran_at")).collect()
}

/// The outcomes of test cases in the latest `builds` builds of `project` that have results, oldest first, by test case.
/// `None` where a test case did not take part, or nobody may see with what.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn trends_of_test_cases(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    test_cases: &[Uuid],
    builds: i64,
) -> Result<Vec<(Uuid, Vec<Option<String>>)>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &TEST_RESULTS, project)?;
    let found = allowed.query(ctx, tx, TRENDS, &[&project, &test_cases, &builds]).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The test case of `project` that has or had this key. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when the actor may see no test case there.
pub async fn find_test_case(ctx: &Ctx, tx: &Tx, project: Uuid, key: &str) -> Result<Option<TestCaseRecord>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &TEST_CASES, project)?;
    let found = allowed.query(ctx, tx, FIND, &[&project, &key]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let description: Option<String> = row.try_get("description")?;
    Ok(Some(TestCaseRecord {
        line: TestCaseLine {
            id: row.try_get("id")?,
            key: row.try_get("key")?,
            name: row.try_get("name")?,
            level: row.try_get("test_type")?,
            status: row.try_get("status")?,
            outcome: row.try_get("last_run_status")?,
            ran_at: row.try_get("last_run_at")?,
            place: place(row)?,
            requirements: Vec::new(),
            is_flaky: false,
            is_quarantined: false,
        },
        description: description.unwrap_or_default(),
        runs: (row.try_get("run_count")?, row.try_get("pass_count")?, row.try_get("fail_count")?),
    }))
}

/// At most `rows` results of a test case that the actor may read, newest first, older than `before`.
///
/// # Errors
/// 403 when the actor may see no result there.
pub async fn results_of_test_case(
    ctx: &Ctx,
    tx: &Tx,
    (project, test_case): (Uuid, Uuid),
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ResultLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &TEST_RESULTS, project)?;
    let found = allowed.query(ctx, tx, RESULTS, &[&project, &test_case, &before, &rows]).await?;
    found
        .iter()
        .map(|row| {
            Ok(ResultLine {
                id: row.try_get("id")?,
                outcome: row.try_get("status")?,
                duration_ms: row.try_get("duration_ms")?,
                message: row.try_get("error_message")?,
                ran_at: row.try_get("executed_at")?,
                parameters: row.try_get("parameters")?,
                build: row.try_get("build_number")?,
                defect: row.try_get("defect")?,
            })
        })
        .collect()
}

/// What a test case is linked to as far as the actor may read links and requirements, at most 200 links.
///
/// # Errors
/// 403 when the actor may see no test case there.
pub async fn requirements_of_test_case(
    ctx: &Ctx,
    tx: &Tx,
    (project, test_case): (Uuid, Uuid),
) -> Result<Vec<Proves>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &TEST_CASES, project)?;
    let found = allowed.query(ctx, tx, REQUIREMENTS, &[&project, &test_case]).await?;
    found
        .iter()
        .map(|row| {
            let position: Option<i32> = row.try_get("position")?;
            let body: Option<String> = row.try_get("body")?;
            Ok(Proves {
                link: row.try_get("id")?,
                key: row.try_get("key")?,
                title: row.try_get("title")?,
                requirement: row.try_get("requirement_id")?,
                criterion: position.zip(body),
                origin: row.try_get("origin")?,
            })
        })
        .collect()
}

/// Key, title and status of the defects that were recorded for results of a test case and that the actor may read, newest
/// first, at most 50.
///
/// # Errors
/// 403 when the actor may see no defect there.
pub async fn defects_of_test_case(
    ctx: &Ctx,
    tx: &Tx,
    (project, test_case): (Uuid, Uuid),
) -> Result<Vec<(String, String, String)>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &DEFECTS, project)?;
    let found = allowed.query(ctx, tx, OF_TEST_CASE, &[&project, &test_case]).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// The acceptance criterion at a position of a requirement, to link a test case to. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when the actor may see no test case there.
pub async fn criterion(
    ctx: &Ctx,
    tx: &Tx,
    (project, requirement): (Uuid, Uuid),
    position: i32,
) -> Result<Option<Uuid>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &TEST_CASES, project)?;
    let found = allowed.query(ctx, tx, CRITERION, &[&project, &requirement, &position]).await?;
    Ok(found.first().map(|row| row.try_get(0)).transpose()?)
}
