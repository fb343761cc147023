//! What a member has to do and how a project stands, from figures that are counted every few minutes. Lists are of now.

use jiff::{Timestamp, civil::Date};
use kernel::{Ctx, Error, Tx, query_readable};
use uuid::Uuid;

const MY_WORK: &str = include_str!("../sql/my_work.sql");
const USER_FIGURES: &str = include_str!("../sql/user_figures.sql");
const PROJECT_FIGURES: &str = include_str!("../sql/project_figures.sql");
const RESULTS_BY_DAY: &str = include_str!("../sql/results_by_day.sql");

/// Something that waits for a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// `task`, `defect`, `approval` or `notification`.
    pub kind: String,
    /// Its key; empty when it has none.
    pub key: String,
    /// What it is.
    pub title: String,
    /// The slug of its project; empty when it belongs to none.
    pub slug: String,
    /// The name of its project.
    pub project: String,
    /// The day it is due.
    pub due: Option<Date>,
    /// When it came.
    pub at: Timestamp,
}

/// The counts of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFigures {
    /// Tasks to do.
    pub open_tasks: i64,
    /// Those whose day has passed.
    pub overdue_tasks: i64,
    /// Defects to resolve.
    pub assigned_defects: i64,
    /// Change requests made or handled.
    pub open_change_requests: i64,
    /// Decisions others wait for.
    pub pending_approvals: i64,
    /// Notifications not read.
    pub unread_notifications: i64,
    /// Projects they are a member of.
    pub projects: i64,
    /// Minutes logged in thirty days.
    pub minutes_logged: i64,
    /// When this was counted.
    pub counted_at: Timestamp,
}

/// The counts of a project that are not counted when it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectFigures {
    /// Tasks to do.
    pub open_tasks: i64,
    /// Those whose day has passed.
    pub overdue_tasks: i64,
    /// Change requests that are not at their end.
    pub open_change_requests: i64,
    /// Open vulnerabilities, critical and high.
    pub grave_vulnerabilities: i64,
    /// Open vulnerabilities, medium and low.
    pub other_vulnerabilities: i64,
    /// Deployments of thirty days.
    pub deployments: i64,
    /// Those that failed or were rolled back.
    pub failed_deployments: i64,
    /// Documents.
    pub documents: i64,
    /// Members.
    pub members: i64,
    /// Coverage of the latest build that has one, in percent.
    pub coverage: Option<f64>,
    /// Hours estimated for tasks.
    pub hours_planned: f64,
    /// Hours logged for tasks.
    pub hours_actual: f64,
    /// When this was counted.
    pub counted_at: Timestamp,
}

/// The results of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The day the builds were made.
    pub day: Date,
    /// Passed.
    pub passed: i64,
    /// Failed.
    pub failed: i64,
    /// Broke.
    pub errors: i64,
    /// Were not run.
    pub skipped: i64,
    /// How long they took.
    pub duration_ms: i64,
}

/// What waits for the actor and that they may read: at most `most` of each kind, what is due first.
///
/// # Errors
/// When the query fails.
pub async fn my_work(ctx: &Ctx, tx: &Tx, most: i64) -> Result<Vec<Waiting>, Error> {
    query_readable(ctx, tx, None, MY_WORK, &[&ctx.principal.user_id, &most])
        .await?
        .iter()
        .map(|row| {
            Ok(Waiting {
                kind: row.try_get(0)?,
                key: row.try_get(1)?,
                title: row.try_get(2)?,
                slug: row.try_get(3)?,
                project: row.try_get(4)?,
                due: row.try_get(5)?,
                at: row.try_get(6)?,
            })
        })
        .collect()
}

/// The actor's own counts. `None` until the first counting after they joined.
///
/// # Errors
/// When the query fails.
pub async fn my_figures(ctx: &Ctx, tx: &Tx) -> Result<Option<UserFigures>, Error> {
    let Some(row) = tx.query_opt(USER_FIGURES, &[&ctx.principal.user_id]).await? else { return Ok(None) };
    Ok(Some(UserFigures {
        open_tasks: row.try_get(0)?,
        overdue_tasks: row.try_get(1)?,
        assigned_defects: row.try_get(2)?,
        open_change_requests: row.try_get(3)?,
        pending_approvals: row.try_get(4)?,
        unread_notifications: row.try_get(5)?,
        projects: row.try_get(6)?,
        minutes_logged: row.try_get(7)?,
        counted_at: row.try_get(8)?,
    }))
}

/// The counts of a project the actor sees. `None` until the first counting after it was made.
///
/// # Errors
/// When the query fails.
pub async fn project_figures(tx: &Tx, project: Uuid) -> Result<Option<ProjectFigures>, Error> {
    let Some(row) = tx.query_opt(PROJECT_FIGURES, &[&project]).await? else { return Ok(None) };
    Ok(Some(ProjectFigures {
        open_tasks: row.try_get(0)?,
        overdue_tasks: row.try_get(1)?,
        open_change_requests: row.try_get(2)?,
        grave_vulnerabilities: row.try_get(3)?,
        other_vulnerabilities: row.try_get(4)?,
        deployments: row.try_get(5)?,
        failed_deployments: row.try_get(6)?,
        documents: row.try_get(7)?,
        members: row.try_get(8)?,
        coverage: row.try_get(9)?,
        hours_planned: row.try_get(10)?,
        hours_actual: row.try_get(11)?,
        counted_at: row.try_get(12)?,
    }))
}

/// The results of a project's latest days with results, oldest first. None for who may not read all results there: they
/// are added up once for everybody.
///
/// # Errors
/// When the query fails.
pub async fn results_by_day(ctx: &Ctx, tx: &Tx, project: Uuid, days: i64) -> Result<Vec<Day>, Error> {
    if !ctx.may("test_result", "read", Some(project)) {
        return Ok(Vec::new());
    }
    tx.query(RESULTS_BY_DAY, &[&project, &days])
        .await?
        .iter()
        .map(|row| {
            Ok(Day {
                day: row.try_get(0)?,
                passed: row.try_get(1)?,
                failed: row.try_get(2)?,
                errors: row.try_get(3)?,
                skipped: row.try_get(4)?,
                duration_ms: row.try_get(5)?,
            })
        })
        .collect()
}
