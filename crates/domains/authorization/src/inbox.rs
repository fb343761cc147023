//! Requests for approval as people see them: what waits for whom, and what was said.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{Ctx, Error, Read, Tx, permit, query_readable};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::APPROVAL_REQUESTS;

const APPROVALS: &str = include_str!("../sql/approvals_overview.sql");
const ANSWERS: &str = include_str!("../sql/approval_answers.sql");

/// A request, with the step that is open.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Which one.
    pub id: Uuid,
    /// What it is about: `permission_grant`, `role_assignment`, `deployment` or `change_set`.
    pub subject: String,
    /// The workflow.
    pub workflow: String,
    /// The project.
    pub project: Option<(Uuid, String)>,
    /// The permission it would give: kind, action and short name.
    pub permission: Option<(String, String, String)>,
    /// The role it would give: short name and title.
    pub role: Option<(String, String)>,
    /// What was said besides.
    pub payload: Value,
    /// `pending`, `approved`, `rejected`, `cancelled` or `expired`.
    pub status: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it ended.
    pub decided_at: Option<Timestamp>,
    /// Who asks.
    pub by: Option<(Uuid, String)>,
    /// Who is to gain.
    pub gains: Option<(Uuid, String)>,
    /// The step that is open, of how many.
    pub step: Option<Step>,
    /// Steps there are.
    pub steps: i64,
    /// Whether the actor may decide on it now.
    pub awaits_actor: bool,
    /// What approvers said.
    pub answers: Vec<Answer>,
}

/// The step that is open.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its place, from 1.
    pub number: i32,
    /// What it is called.
    pub name: String,
    /// How many have to say yes.
    pub needed: i32,
    /// How many have.
    pub given: i64,
    /// The person or role that decides.
    pub approver: String,
}

/// What an approver said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Who.
    pub by: String,
    /// `approved`, `rejected` or `abstained`.
    pub decision: String,
    /// Why; may be empty.
    pub comment: String,
    /// When.
    pub at: Timestamp,
}

/// The latest requests that the actor may read, those that wait first.
///
/// # Errors
/// 403 when the actor may not read requests for approval.
pub async fn requests(ctx: &Ctx, tx: &Tx) -> Result<Vec<Waiting>, Error> {
    permit::<Read>(ctx, &APPROVAL_REQUESTS)?;
    let rows = query_readable(ctx, tx, None, APPROVALS, &[&ctx.principal.user_id]).await?;
    let mut all = rows.iter().map(waiting).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<Uuid> = all.iter().map(|one| one.id).collect();
    let mut answers: HashMap<Uuid, Vec<Answer>> = HashMap::new();
    for row in query_readable(ctx, tx, None, ANSWERS, &[&ids]).await? {
        answers.entry(row.try_get(0)?).or_default().push(Answer {
            by: row.try_get(1)?,
            decision: row.try_get(2)?,
            comment: row.try_get(3)?,
            at: row.try_get(4)?,
        });
    }
    for one in &mut all {
        one.answers = answers.remove(&one.id).unwrap_or_default();
    }
    Ok(all)
}

fn waiting(row: &Row) -> Result<Waiting, Error> {
    let permission = match row.try_get::<_, Option<String>>(5)? {
        Some(kind) => Some((kind, row.try_get(6)?, row.try_get(7)?)),
        None => None,
    };
    let step = match row.try_get::<_, Option<i32>>(18)? {
        Some(number) => Some(Step {
            number,
            name: row.try_get(19)?,
            needed: row.try_get(21)?,
            given: row.try_get(22)?,
            approver: row.try_get::<_, Option<String>>(24)?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(Waiting {
        id: row.try_get(0)?,
        subject: row.try_get(1)?,
        workflow: row.try_get(2)?,
        project: row.try_get::<_, Option<Uuid>>(3)?.zip(row.try_get(4)?),
        permission,
        role: row.try_get::<_, Option<String>>(8)?.zip(row.try_get(9)?),
        payload: row.try_get(10)?,
        status: row.try_get(11)?,
        asked_at: row.try_get(12)?,
        decided_at: row.try_get(13)?,
        by: row.try_get::<_, Option<Uuid>>(14)?.zip(row.try_get(15)?),
        gains: row.try_get::<_, Option<Uuid>>(16)?.zip(row.try_get(17)?),
        step,
        steps: row.try_get(20)?,
        awaits_actor: row.try_get(23)?,
        answers: Vec::new(),
    })
}
