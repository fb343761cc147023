//! How long a test took, and when it began.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::number::ungroup;

/// A duration as a report states it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Time {
    /// Milliseconds, with fractions: frameworks report down to the nanosecond. Never negative, never infinite. None
    /// when the report says nothing usable, see `note`.
    pub milliseconds: Option<f64>,
    /// What was unusual about the way it was written.
    pub note: Option<TimeNote>,
}

/// What was unusual about a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeNote {
    /// The attribute is there but empty. No duration.
    Empty,
    /// Below zero, as a clock that was set back during a run produces. No duration.
    Negative,
    /// Not a number, or too large to be one. No duration.
    Unparseable,
    /// Written with thousands separators or a decimal comma (`2,503.1`); the duration is what was meant.
    Grouped,
}

impl Time {
    /// Whole milliseconds, rounded to the nearest.
    #[must_use]
    pub fn whole_milliseconds(&self) -> Option<i64> {
        self.milliseconds.map(|milliseconds| milliseconds.round() as i64)
    }

    /// A number of milliseconds, as JSON reports state it.
    pub(crate) fn from_milliseconds(milliseconds: f64) -> Self {
        Self::from_seconds(&(milliseconds / 1000.0).to_string())
    }

    /// Reads a `time` attribute, which is in seconds.
    pub(crate) fn from_seconds(text: &str) -> Self {
        /// Longer than any test: about 31,000 years.
        const LONGEST: f64 = 1e12;
        let text = text.trim();
        let nothing = |note| Self { milliseconds: None, note: Some(note) };
        if text.is_empty() {
            return nothing(TimeNote::Empty);
        }
        let Some(seconds) = ungroup(text).and_then(|plain| plain.parse::<f64>().ok()) else {
            return nothing(TimeNote::Unparseable);
        };
        if seconds < 0.0 {
            return nothing(TimeNote::Negative);
        }
        if seconds > LONGEST {
            return nothing(TimeNote::Unparseable);
        }
        // Adding zero turns a negative zero into zero.
        let milliseconds = Some(seconds * 1000.0 + 0.0);
        Self { milliseconds, note: text.contains(',').then_some(TimeNote::Grouped) }
    }
}

/// A `timestamp` attribute as an instant. Most frameworks leave the zone out, some mean local time by it; without a
/// zone it is taken for UTC, as the Ant schema asks. None when it is no date and time.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Proves REQ-28.4.
    #[test]
    fn times_as_tools_write_them() {
        let cases = [
            ("0.25", Some(250.0), None),
            ("2,503.1", Some(2_503_100.0), Some(TimeNote::Grouped)),
            ("0,5", Some(500.0), Some(TimeNote::Grouped)),
            ("1.5E-3", Some(1.5), None),
            ("-0.0", Some(0.0), None),
            ("", None, Some(TimeNote::Empty)),
            ("  ", None, Some(TimeNote::Empty)),
            ("-0.001", None, Some(TimeNote::Negative)),
            ("NaN", None, Some(TimeNote::Unparseable)),
            ("1e400", None, Some(TimeNote::Unparseable)),
            ("1.2s", None, Some(TimeNote::Unparseable)),
            ("1,2,3", None, Some(TimeNote::Unparseable)),
        ];
        for (text, milliseconds, note) in cases {
            assert_eq!(Time::from_seconds(text), Time { milliseconds, note }, "{text:?}");
        }
        assert_eq!(Time::from_seconds("0.0015").whole_milliseconds(), Some(2));
    }

    #[test]
    fn timestamps_with_and_without_a_zone() {
        let expected: Timestamp = "2020-09-01T07:11:23Z".parse().expect("a timestamp");
        for text in
            ["2020-09-01T07:11:23", "2020-09-01T07:11:23Z", "2020-09-01T09:11:23+02:00", " 2020-09-01 07:11:23 "]
        {
            assert_eq!(parse_timestamp(text), Some(expected), "{text}");
        }
        assert_eq!(parse_timestamp("Tue Sep 01"), None);
    }
}
