//! From when until when something holds.

use jiff::Timestamp;

/// A span of time: from the first moment on, up to but without the second. Nothing said means no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// The first moment; `None` since ever.
    pub from: Option<Timestamp>,
    /// The first moment after it; `None` for ever.
    pub until: Option<Timestamp>,
}

impl Validity {
    /// For ever.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// Whether it holds at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// When both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let until = match (self.until, other.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self { from: self.from.max(other.from), until }
    }

    /// The next moment after `now` at which it begins or ends to hold.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        [self.from, self.until].into_iter().flatten().filter(|moment| *moment > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn it_begins_with_its_first_moment_and_has_ended_at_its_last() {
        let span = Validity { from: Some(at(10)), until: Some(at(20)) };
        assert_eq!([9, 10, 19, 20].map(|second| span.holds(at(second))), [false, true, true, false]);
        assert_eq!(span.next_change(at(5)), Some(at(10)));
        assert_eq!(span.next_change(at(10)), Some(at(20)));
        assert_eq!(span.next_change(at(20)), None);
    }

    #[test]
    fn two_spans_hold_together_where_both_do() {
        let early = Validity { from: None, until: Some(at(20)) };
        let late = Validity { from: Some(at(10)), until: None };
        assert_eq!(early.and(late), Validity { from: Some(at(10)), until: Some(at(20)) });
        assert_eq!(Validity::ALWAYS.and(Validity::ALWAYS), Validity::ALWAYS);
    }
}
