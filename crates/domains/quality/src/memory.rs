//! What a test is remembered for: since when it fails, how often it changes its mind about the same code, whether it has become
//! slower, who looks after it, and whether it is set aside.

use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Read, Tx, permit_in};
use uuid::Uuid;

use crate::{TEST_CASES, TEST_RESULTS};

const RELIABILITY: &str = include_str!("../sql/reliability_of_test_case.sql");
const RECENT: &str = include_str!("../sql/recent_results.sql");
const FAILING_SINCE: &str = include_str!("../sql/failing_since.sql");

/// Results that are looked back on.
const WINDOW: i64 = 50;
/// Branches that are told apart.
const BRANCHES: usize = 3;
/// The latest runs, whose time is compared with those before.
const LATEST: usize = 5;
/// Fewer earlier runs than this say nothing about what is usual.
const USUAL: usize = 8;

/// What is remembered of a test case.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// Results looked back on: the latest that are answers, at most 50. Skipped ones are none.
    pub considered: i64,
    /// How often it gave two answers about the same code within these results.
    pub flips: i64,
    /// How often it ever did, and when last.
    pub flipped: (i64, Option<Timestamp>),
    /// The branches on which it fails now, the one it ran on last first; at most three.
    pub failing: Vec<Failing>,
    /// How its time has changed. `None`: not beyond the usual, or too few runs to tell.
    pub drift: Option<Drift>,
    /// Who looks after it: identifier and name.
    pub owner: Option<(Uuid, String)>,
    /// Until when it is set aside.
    pub quarantine: Option<Quarantine>,
    /// The test case's optimistic lock.
    pub version: i64,
}

/// Since when a test fails on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The branch. `None`: of builds without one.
    pub branch: Option<String>,
    /// The number of the first build in which it failed since it last passed.
    pub since: i32,
    /// The build in which it last passed. `None`: it never did.
    pub passed_in: Option<i32>,
}

/// A change of a test's time beyond the usual spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    /// The usual time, in milliseconds: the median of the runs before the latest five.
    pub usual_ms: i64,
    /// The time now, in milliseconds: the median of the latest five runs.
    pub now_ms: i64,
}

/// A quarantine that holds.
#[derive(Debug, Clone)]
pub struct Quarantine {
    /// Its identifier.
    pub id: Uuid,
    /// Why the test is set aside.
    pub reason: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What is remembered of a test case that the actor may read. `None` when they may not, or it is not there.
///
/// # Errors
/// 403 when the actor may see no test case or no result there.
pub async fn memory_of_test_case(
    ctx: &Ctx,
    tx: &Tx,
    (project, test_case): (Uuid, Uuid),
) -> Result<Option<Memory>, Error> {
    let cases: Allowed<_, Read> = permit_in(ctx, &TEST_CASES, project)?;
    let results: Allowed<_, Read> = permit_in(ctx, &TEST_RESULTS, project)?;
    let recent = results.query(ctx, tx, RECENT, &[&project, &test_case, &WINDOW]).await?;
    let oldest: Timestamp = recent.last().map_or(Ok(Timestamp::MAX), |row| row.try_get("executed_at"))?;
    let found = cases.query(ctx, tx, RELIABILITY, &[&project, &test_case, &oldest, &ctx.now()]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let quarantine = match row.try_get::<_, Option<Uuid>>("quarantine_id")? {
        Some(id) => Some(Quarantine { id, reason: row.try_get("reason")?, expires_at: row.try_get("expires_at")? }),
        None => None,
    };
    let owner: Option<Uuid> = row.try_get("owner_user_id")?;
    let mut memory = Memory {
        considered: i64::try_from(recent.len()).unwrap_or(WINDOW),
        flips: row.try_get("flips")?,
        flipped: (row.try_get("flip_count")?, row.try_get("last_flipped_at")?),
        owner: owner.zip(row.try_get("owner")?),
        quarantine,
        version: row.try_get("row_version")?,
        ..Memory::default()
    };
    let (mut times, mut branches) = (Vec::new(), Vec::<(Option<String>, bool)>::new());
    for row in &recent {
        let (outcome, time): (&str, Option<i64>) = (row.try_get("status")?, row.try_get("duration_ms")?);
        // A test that breaks off early, or waits for what does not come, says nothing about its time.
        times.extend(time.filter(|_| outcome == "passed"));
        let branch: Option<String> = row.try_get("git_branch")?;
        if row.try_get::<_, Option<i32>>("build_number")?.is_some() && branches.iter().all(|known| known.0 != branch) {
            branches.push((branch, outcome != "passed"));
        }
    }
    memory.drift = drift(&times);
    for (branch, _) in branches.into_iter().filter(|(_, fails)| *fails).take(BRANCHES) {
        let since = results.query(ctx, tx, FAILING_SINCE, &[&project, &test_case, &branch]).await?;
        if let Some(row) = since.first() {
            let (since, passed_in) = (row.try_get("first_failing")?, row.try_get("last_passing")?);
            memory.failing.push(Failing { branch, since, passed_in });
        }
    }
    Ok(Some(memory))
}

/// Whether the latest five of the given times, newest first and in milliseconds, lie beyond the usual spread of those before: their
/// medians differ by more than three times the median absolute deviation (scaled by 1.4826, as it estimates the standard
/// deviation of a normal distribution: Rousseeuw and Croux, 1993), by a quarter, and by 20 ms, below which clocks are noise.
fn drift(times: &[i64]) -> Option<Drift> {
    if times.len() < LATEST + USUAL {
        return None;
    }
    let (latest, before) = times.split_at(LATEST);
    let (now_ms, usual_ms) = (median(latest), median(before));
    let deviations: Vec<i64> = before.iter().map(|time| (time - usual_ms).abs()).collect();
    let spread = median(&deviations) as f64 * 1.4826;
    let change = (now_ms - usual_ms).abs();
    let is_beyond = change as f64 > 3.0 * spread && change * 4 > usual_ms && change > 20;
    is_beyond.then_some(Drift { usual_ms, now_ms })
}

/// The middle value, the lower of two.
fn median(values: &[i64]) -> i64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEADY: [i64; 10] = [100, 104, 98, 101, 99, 103, 97, 100, 102, 100];

    fn with(latest: [i64; 5]) -> Vec<i64> {
        latest.into_iter().chain(STEADY).collect()
    }

    #[test]
    fn a_test_that_became_slower_or_faster_is_reported_with_both_times() {
        assert_eq!(drift(&with([180, 175, 181, 178, 900])), Some(Drift { usual_ms: 100, now_ms: 180 }));
        assert_eq!(drift(&with([50, 52, 51, 49, 50])), Some(Drift { usual_ms: 100, now_ms: 50 }));
    }

    #[test]
    fn one_slow_run_a_small_change_and_too_few_runs_are_no_drift() {
        assert_eq!(drift(&with([100, 900, 101, 99, 100])), None, "one run is an outlier");
        assert_eq!(drift(&with([115, 116, 115, 114, 117])), None, "less than a quarter");
        assert_eq!(drift(&with([180; 5])[..12]), None, "seven runs do not show what is usual");
        let quick: Vec<i64> = [3; 5].into_iter().chain([1; 10]).collect();
        assert_eq!(drift(&quick), None, "two milliseconds are noise");
        let wild: Vec<i64> = [300; 5].into_iter().chain([50, 400, 120, 280, 90, 350, 60, 200, 310, 150]).collect();
        assert_eq!(drift(&wild), None, "its time was never steady");
    }
}
