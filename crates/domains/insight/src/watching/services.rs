//! How services are, as their own health checks say.

use kernel::{Ctx, Error};
use uuid::Uuid;

use super::{FRESH, Sample, before, keep};

const CLAIM: &str = include_str!("../../sql/watching/claim_instances.sql");
const STATE: &str = "update platform.service_instances set health_status = $2, last_health_check_at = $3 where id = $1";
/// The most instances of one organisation that are asked at a time.
const MOST: i64 = 500;

/// A running copy of a service that wants to be asked how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its identifier.
    pub id: Uuid,
    /// The service it is a copy of.
    pub service: Uuid,
    /// The service's name.
    pub name: String,
    /// What to ask.
    pub url: String,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered that all is well, in time.
    Healthy,
    /// It did, but late.
    Degraded,
    /// It said something else, or nothing.
    Unhealthy,
}

impl Health {
    /// As it is stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// The instances to ask now; of several servers, each gets others. Empty where there are none, or all were asked just now.
///
/// # Errors
/// When they cannot be read.
pub async fn claim_instances(ctx: &Ctx) -> Result<Vec<Instance>, Error> {
    let tx = ctx.begin_patiently().await?;
    let now = ctx.now();
    let rows = tx.query(CLAIM, &[&now, &before(now, FRESH)?, &MOST]).await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            Ok(Instance { id: row.try_get(0)?, service: row.try_get(1)?, name: row.try_get(2)?, url: row.try_get(3)? })
        })
        .collect()
}

/// Keeps how instances are, and of each service which share of those that were asked answered well, in percent.
///
/// # Errors
/// When it cannot be stored.
pub async fn keep_health(ctx: &Ctx, asked: &[(Instance, Health)]) -> Result<(), Error> {
    let tx = ctx.begin_patiently().await?;
    for (instance, health) in asked {
        tx.execute(STATE, &[&instance.id, &health.code(), &ctx.now()]).await?;
    }
    tx.commit().await?;
    let mut samples: Vec<Sample> = Vec::new();
    for (instance, _) in asked {
        if samples.iter().any(|sample| sample.service == Some(instance.service)) {
            continue;
        }
        let of_it: Vec<_> = asked.iter().filter(|(one, _)| one.service == instance.service).collect();
        let well = of_it.iter().filter(|(_, health)| *health != Health::Unhealthy).count();
        #[allow(clippy::cast_precision_loss, reason = "a few hundred instances at most")]
        let value = 100.0 * well as f64 / of_it.len() as f64;
        let (metric, subject) = ("service.availability".to_owned(), instance.name.clone());
        samples.push(Sample { metric, subject, service: Some(instance.service), value });
    }
    keep(ctx, samples).await?;
    Ok(())
}
