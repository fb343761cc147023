//! What runs where, and how it got there.

use jiff::Timestamp;
use kernel::{Action, Allowed, Ctx, Error, Read, Tx, permit_in};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{DEPLOYMENTS, text::pattern};

const LIVE: &str = include_str!("../sql/live_deployments.sql");
const LIST: &str = include_str!("../sql/list_deployments.sql");

/// What a list of deployments is narrowed by; empty lists narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct DeploymentFilter {
    /// Environments, by name.
    pub environments: Vec<String>,
    /// How they went, as stored.
    pub statuses: Vec<String>,
    /// A part of the version.
    pub text: Option<String>,
}

/// One deployment.
#[derive(Debug, Clone)]
pub struct DeploymentLine {
    /// Its identifier; of what runs in an environment, the environment's.
    pub id: Uuid,
    /// Where to.
    pub environment: String,
    /// What: the version.
    pub version: String,
    /// The build's number.
    pub build: Option<i32>,
    /// How it went, as stored.
    pub status: String,
    /// Who set it off; `None`: a machine.
    pub by: Option<String>,
    /// What kind of principal that is, as stored.
    pub by_kind: Option<String>,
    /// How long it took, in seconds.
    pub seconds: Option<i32>,
    /// Why it was taken back, or what was said about it.
    pub remark: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The optimistic lock; zero for what a list does not change.
    pub version_of_row: i64,
    /// Who agreed to it; `None`: nobody had to, or nobody has yet.
    pub approved_by: Option<String>,
    /// Whether it cannot go ahead before somebody agrees.
    pub needs_approval: bool,
    /// Who recorded and who deploys it, and who therefore cannot agree to it.
    pub involved: [Option<Uuid>; 2],
}

/// One environment now.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// How far it is from the users, as stored.
    pub tier: String,
    /// Whether a deployment there needs an approval.
    pub protected: bool,
    /// Its latest success; `None` when nothing ever ran there.
    pub live: Option<DeploymentLine>,
    /// The build that runs there.
    pub build_id: Option<Uuid>,
    /// Newer builds that succeeded and are not there; `None` when what runs there is no build.
    pub behind: Option<i64>,
}

fn some(list: &[String]) -> Option<&[String]> {
    (!list.is_empty()).then_some(list)
}

/// The environments `project` uses, in the order things travel, each with what runs there as far as the actor may
/// read it; at most 100.
///
/// # Errors
/// 403 when the actor may see no deployment there.
pub async fn live_deployments(ctx: &Ctx, tx: &Tx, project: Uuid) -> Result<Vec<Environment>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &DEPLOYMENTS, project)?;
    let found = allowed.query(ctx, tx, LIVE, &[&allowed.project]).await?;
    found.iter().map(environment).collect()
}

fn environment(row: &Row) -> Result<Environment, Error> {
    let (id, name): (Uuid, String) = (row.try_get("id")?, row.try_get("name")?);
    let version: Option<String> = row.try_get("version")?;
    let live = match version {
        Some(version) => Some(DeploymentLine {
            id,
            environment: name.clone(),
            version,
            build: row.try_get("build_number")?,
            status: row.try_get("status")?,
            by: row.try_get("who")?,
            by_kind: row.try_get("kind")?,
            seconds: row.try_get("duration_seconds")?,
            remark: None,
            at: row.try_get("at")?,
            version_of_row: 0,
            approved_by: None,
            needs_approval: false,
            involved: [None; 2],
        }),
        None => None,
    };
    let behind = live.as_ref().and_then(|live| live.build).map(|_| row.try_get("behind")).transpose()?;
    Ok(Environment {
        id,
        name,
        tier: row.try_get("tier")?,
        protected: row.try_get("is_protected")?,
        live,
        build_id: row.try_get("build_id")?,
        behind,
    })
}

/// At most `rows` deployments of `project` to which the actor may do `A`, newest first, recorded before `before`.
///
/// # Errors
/// 403 when there is none that they may.
pub async fn list_deployments<A: Action>(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    filter: &DeploymentFilter,
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<DeploymentLine>, Error> {
    let allowed: Allowed<_, A> = permit_in(ctx, &DEPLOYMENTS, project)?;
    let like = filter.text.as_deref().map(pattern);
    let (environments, statuses) = (some(&filter.environments), some(&filter.statuses));
    let found =
        allowed.query(ctx, tx, LIST, &[&allowed.project, &environments, &statuses, &like, &before, &rows]).await?;
    found
        .iter()
        .map(|row| {
            Ok(DeploymentLine {
                id: row.try_get("id")?,
                environment: row.try_get("name")?,
                version: row.try_get("version")?,
                build: row.try_get("build_number")?,
                status: row.try_get("status")?,
                by: row.try_get("who")?,
                by_kind: row.try_get("kind")?,
                seconds: row.try_get("duration_seconds")?,
                remark: row.try_get("remark")?,
                at: row.try_get("at")?,
                version_of_row: row.try_get("row_version")?,
                approved_by: row.try_get("approver")?,
                needs_approval: row.try_get("needs_approval")?,
                involved: [row.try_get("created_by")?, row.try_get("deployed_by")?],
            })
        })
        .collect()
}
