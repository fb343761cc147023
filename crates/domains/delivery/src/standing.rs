//! How delivery stands: what runs where, and the latest builds.

use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Read, Tx, permit_in};
use uuid::Uuid;

use crate::{BUILDS, DEPLOYMENTS};

const DEPLOYED: &str = include_str!("../sql/deployed.sql");
const RECENT_BUILDS: &str = include_str!("../sql/recent_builds.sql");

/// What runs in one environment.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The environment.
    pub environment_id: Uuid,
    /// Its name.
    pub environment: String,
    /// `development`, `test`, `staging` or `production`.
    pub tier: String,
    /// Where it answers.
    pub url: Option<String>,
    /// The build of the latest successful deployment.
    pub build_id: Option<Uuid>,
    /// Its version.
    pub version: Option<String>,
    /// When it went live.
    pub since: Option<Timestamp>,
    /// How the latest deployment went, successful or not.
    pub last_status: Option<String>,
    /// When that was.
    pub last_at: Option<Timestamp>,
}

/// What runs in the environments of a project as far as the actor may read it, in the order things travel through them; at
/// most 20.
///
/// # Errors
/// 403 when the actor may read no deployment there.
pub async fn deployed(ctx: &Ctx, tx: &Tx, project: Uuid) -> Result<Vec<Deployed>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &DEPLOYMENTS, project)?;
    let rows = allowed.query(ctx, tx, DEPLOYED, &[&project]).await?;
    rows.iter()
        .map(|row| {
            Ok(Deployed {
                environment_id: row.try_get(0)?,
                environment: row.try_get(1)?,
                tier: row.try_get(2)?,
                url: row.try_get(3)?,
                build_id: row.try_get(4)?,
                version: row.try_get(5)?,
                since: row.try_get(6)?,
                last_status: row.try_get(7)?,
                last_at: row.try_get(8)?,
            })
        })
        .collect()
}

/// A build with the counts of its results.
#[derive(Debug, Clone)]
pub struct RecentBuild {
    /// The build.
    pub id: Uuid,
    /// Its number.
    pub number: i32,
    /// Version or branch; empty when neither is known.
    pub label: String,
    /// The commit it was made from.
    pub commit: Option<String>,
    /// How it ended.
    pub status: String,
    /// Results that passed.
    pub passed: i32,
    /// Results that failed or broke.
    pub failed: i32,
    /// When it ended, began or was recorded, whichever is known first in this order.
    pub at: Timestamp,
}

/// The latest builds of a project that the actor may read, the newest first, at most 100.
///
/// # Errors
/// 403 when the actor may read no build there.
pub async fn recent_builds(ctx: &Ctx, tx: &Tx, project: Uuid, most: u8) -> Result<Vec<RecentBuild>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &BUILDS, project)?;
    let rows = allowed.query(ctx, tx, RECENT_BUILDS, &[&project, &i64::from(most.min(100))]).await?;
    rows.iter()
        .map(|row| {
            Ok(RecentBuild {
                id: row.try_get(0)?,
                number: row.try_get(1)?,
                label: row.try_get(2)?,
                commit: row.try_get(3)?,
                status: row.try_get(4)?,
                passed: row.try_get(5)?,
                failed: row.try_get(6)?,
                at: row.try_get(7)?,
            })
        })
        .collect()
}
