//! What was served, added up over all routes: the difference of two looks tells how the time between them went.

use crate::metrics::{BOUNDS, Timing};

/// The longest time that does not count as slow, in seconds; one of the bounds.
const SLOW: f64 = 1.0;

/// Requests and how long they took.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Served {
    // Requests that took no longer than each bound.
    buckets: [u64; BOUNDS.len()],
    /// How many were answered.
    pub requests: u64,
    /// How many of them failed on our side (5xx).
    pub failed: u64,
}

impl Served {
    pub(crate) fn add(&mut self, status: u16, timing: &Timing) {
        for (all, bucket) in self.buckets.iter_mut().zip(timing.buckets) {
            *all += bucket;
        }
        self.requests += timing.count;
        self.failed += if status >= 500 { timing.count } else { 0 };
    }

    /// What came since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        for (bucket, before) in since.buckets.iter_mut().zip(earlier.buckets) {
            *bucket = bucket.saturating_sub(before);
        }
        since.requests = self.requests.saturating_sub(earlier.requests);
        since.failed = self.failed.saturating_sub(earlier.failed);
        since
    }

    /// How many took longer than a second.
    #[must_use]
    pub fn slow(&self) -> u64 {
        let quick = BOUNDS.iter().position(|bound| *bound >= SLOW).map_or(self.requests, |at| self.buckets[at]);
        self.requests.saturating_sub(quick)
    }

    /// The milliseconds within which this share of the requests was answered, such as 0.95. Between two bounds of the
    /// histogram it is taken to rise evenly, as Prometheus does; what took longer than the last bound counts as that.
    /// `None`: nothing was asked.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of requests between two looks are small")]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        if self.requests == 0 {
            return None;
        }
        let rank = share * self.requests as f64;
        let (mut below, mut from) = (0.0, 0.0);
        for (bound, bucket) in BOUNDS.iter().zip(self.buckets) {
            let count = bucket as f64;
            if count >= rank && count > below {
                return Some(1000.0 * (from + (bound - from) * (rank - below) / (count - below)));
            }
            (below, from) = (count, *bound);
        }
        BOUNDS.last().map(|bound| 1000.0 * bound)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn served(times: &[(f64, u16)]) -> Served {
        let mut all = Served::default();
        for (seconds, status) in times {
            let mut timing = Timing { count: 1, ..Timing::default() };
            for (bucket, bound) in timing.buckets.iter_mut().zip(BOUNDS) {
                *bucket = u64::from(*seconds <= bound);
            }
            all.add(*status, &timing);
        }
        all
    }

    #[test]
    fn a_quantile_lies_between_the_bounds_of_its_bucket() {
        let all = served(&[(0.002, 200), (0.003, 200), (0.004, 200), (2.0, 503)]);
        assert_eq!((all.requests, all.failed, all.slow()), (4, 1, 1));
        let half = all.quantile(0.5).unwrap();
        assert!(half > 2.5 && half <= 5.0, "{half}");
        let most = all.quantile(0.99).unwrap();
        assert!(most > 1000.0 && most <= 5000.0, "{most}");
        assert_eq!(Served::default().quantile(0.5), None);
        assert_eq!(served(&[(60.0, 200)]).quantile(0.5), Some(5000.0), "longer than the last bound");
    }

    #[test]
    fn what_came_before_does_not_count_again() {
        let before = served(&[(2.0, 500), (2.0, 500)]);
        let mut now = before.clone();
        now.add(200, &Timing { buckets: [1; BOUNDS.len()], count: 1, ..Timing::default() });
        let since = now.since(&before);
        assert_eq!((since.requests, since.failed, since.slow()), (1, 0, 0));
        assert!(since.quantile(0.99).unwrap() <= 1.0);
    }
}
