//! What was measured, as a page and the doctor read it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kernel::{Error, Tx};

use super::{Goal, before, goals};

const GROWTH: &str = include_str!("../../sql/watching/growth.sql");
const HISTORY: &str = include_str!("../../sql/watching/history.sql");
const LATEST: &str = include_str!("../../sql/watching/latest.sql");

/// Over how long growth is looked at.
const SPAN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What is older than this is no longer how things are.
const CURRENT: SignedDuration = SignedDuration::from_mins(30);
/// The fewest measured sizes that tell how fast a database grows, and the fewest days between the first and the last.
const FEWEST: (i64, f64) = (12, 1.0);

/// How fast the database grew in the last seven days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// In bytes: the slope of the straight line that fits the measured sizes best.
    pub a_day: f64,
    /// How many sizes were measured.
    pub samples: i64,
    /// Days between the first and the last of them.
    pub days: f64,
}

impl Growth {
    /// Whether there are enough measurements to conclude anything.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        self.samples >= FEWEST.0 && self.days >= FEWEST.1
    }

    /// Days until so many bytes are used up. `None`: it does not grow.
    #[must_use]
    pub fn days_until(&self, free: f64) -> Option<f64> {
        (self.a_day > 0.0).then(|| free / self.a_day)
    }
}

/// How fast the database grew; not at all where its size was measured less than twice.
///
/// # Errors
/// When the query fails.
pub async fn growth(tx: &Tx, now: Timestamp) -> Result<Growth, Error> {
    let row = tx.query_one(GROWTH, &[&before(now, SPAN)?]).await?;
    let a_day: Option<f64> = row.try_get(0)?;
    Ok(Growth { a_day: a_day.unwrap_or(0.0), samples: row.try_get(1)?, days: row.try_get(2)? })
}

/// Moments and values, oldest first.
pub type Line = Vec<(Timestamp, f64)>;

/// A metric of one subject: what is wanted of it, what it is now, and how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name.
    pub metric: String,
    /// Of what; empty for the installation as a whole.
    pub subject: String,
    /// What is wanted of it.
    pub goal: Goal,
    /// What it came to last, if that was within the last half hour.
    pub latest: Option<f64>,
    /// The mean of each step.
    pub line: Line,
}

/// The most figures that are told: members bring their own, and a page of all of them would be of no use.
pub const MOST: i64 = 200;

/// Figures by name and subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// The first [`MOST`] of them.
    pub first: Vec<Figure>,
    /// Whether there are more.
    pub are_more: bool,
}

/// The figures over the last `span`, in steps of so many seconds.
///
/// # Errors
/// When a query fails.
pub async fn figures(tx: &Tx, now: Timestamp, span: SignedDuration, step: f64) -> Result<Figures, Error> {
    let goals = goals(tx).await?;
    let mut are_more = false;
    let mut lines: BTreeMap<(String, String), Line> = BTreeMap::new();
    for row in tx.query(HISTORY, &[&before(now, span)?, &step, &(MOST + 1)]).await? {
        if row.try_get::<_, i64>(4)? > MOST {
            are_more = true;
            break;
        }
        lines.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push((row.try_get(2)?, row.try_get(3)?));
    }
    let mut latest: BTreeMap<(String, String), f64> = BTreeMap::new();
    for row in tx.query(LATEST, &[&before(now, CURRENT)?, &MOST]).await? {
        latest.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
    }
    let figure = |((metric, subject), line): ((String, String), Line)| {
        let goal = goals.get(&metric)?.clone();
        let latest = latest.get(&(metric.clone(), subject.clone())).copied();
        Some(Figure { metric, subject, goal, latest, line })
    };
    Ok(Figures { first: lines.into_iter().filter_map(figure).collect(), are_more })
}
