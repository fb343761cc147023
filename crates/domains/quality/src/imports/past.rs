//! Partitions for history. Results lie with the time they were run, so a report from years ago needs partitions that nobody
//! made. Making one locks the tables that results refer to for a moment, which the import itself has written to: so the import
//! steps back, the partitions are made in transactions of their own, and the file is read again.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use jiff::{Timestamp, tz::TimeZone};
use kernel::{Ctx, Error, Tx};
use tracing::info;

const MISSING: &str = "
select array(select to_char(m at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
               from unnest(platform.missing_partitions('quality.test_results', $1::text[]::timestamptz[])) m)";
const ENSURE: &str = "select platform.ensure_partition('quality.test_results', $1::text::timestamptz)";

/// What an import knows of the partitions for its results.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Years and months for which a partition is known to be there.
    known: Mutex<BTreeSet<(i16, i8)>>,
    /// Beginnings of the partitions that are not.
    missed: Mutex<Vec<Timestamp>>,
}

impl Past {
    /// Whether results of these moments find their partitions; asks the database once a month of results.
    ///
    /// # Errors
    /// When one is missing: it is remembered, and [`Past::make`] makes it.
    pub(crate) async fn expect(&self, tx: &Tx, moments: &[Timestamp]) -> Result<(), Error> {
        let month = |moment: &Timestamp| {
            let date = moment.to_zoned(TimeZone::UTC).date();
            (date.year(), date.month())
        };
        let unknown: Vec<Timestamp> = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            moments.iter().filter(|moment| known.insert(month(moment))).copied().collect()
        };
        if unknown.is_empty() {
            return Ok(());
        }
        let texts: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        let missing: Vec<String> = tx.query_one(MISSING, &[&texts]).await?.try_get(0)?;
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.iter().filter_map(|text| text.parse().ok()).collect();
        *self.missed.lock().unwrap_or_else(PoisonError::into_inner) = missing;
        Err(Error::Broken("a partition for old results is missing".into()))
    }

    /// Whether a partition was missing.
    pub(crate) fn is_missed(&self) -> bool {
        !self.missed.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Makes the partitions that were missing.
    ///
    /// # Errors
    /// When somebody holds a table they need; trying again helps.
    pub(crate) async fn make(&self, ctx: &Ctx) -> Result<(), Error> {
        let missed = std::mem::take(&mut *self.missed.lock().unwrap_or_else(PoisonError::into_inner));
        for moment in missed {
            let tx = ctx.begin().await?;
            let made: Option<String> = tx.query_one(ENSURE, &[&moment.to_string()]).await?.try_get(0)?;
            tx.commit().await?;
            if let Some(partition) = made {
                info!(partition, "made a partition for results from long ago");
            }
        }
        Ok(())
    }
}
