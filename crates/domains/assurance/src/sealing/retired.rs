//! Which rows of the trail may be gone, because retention has archived their partition.

use jiff::Timestamp;
use kernel::{Error, Tx};

const RUNS: &str = "
select (r.details ->> 'from')::timestamptz, (r.details ->> 'until')::timestamptz, p.retention_days
  from platform.operation_runs r
  join security.retention_policies p on (p.table_schema, p.table_name) = ('audit', 'audit_logs') and p.retention_days is not null
 where r.kind in ('archive', 'partition_drop') and r.status = 'completed' and r.target like 'audit.audit\\_logs\\_%'";

/// Spans of time whose rows were archived.
pub(super) struct Retired {
    spans: Vec<(Option<Timestamp>, Option<Timestamp>)>,
    /// What is younger has not been archived by any rule, whatever a row says.
    due: Timestamp,
}

impl Retired {
    pub(super) async fn read(tx: &Tx, now: Timestamp) -> Result<Self, Error> {
        let (mut spans, mut due) = (Vec::new(), Timestamp::MIN);
        for row in tx.query(RUNS, &[]).await? {
            spans.push((row.try_get(0)?, row.try_get(1)?));
            let days = i64::from(row.try_get::<_, i32>(2)?);
            due = now.checked_sub(jiff::SignedDuration::from_hours(days * 24)).unwrap_or(Timestamp::MIN);
        }
        Ok(Self { spans, due })
    }

    /// Whether a row of that moment may be gone.
    pub(super) fn has(&self, moment: Timestamp) -> bool {
        let within = |(from, until): &(Option<Timestamp>, Option<Timestamp>)| {
            from.is_none_or(|from| from <= moment) && until.is_some_and(|until| moment < until)
        };
        moment < self.due && self.spans.iter().any(within)
    }
}
