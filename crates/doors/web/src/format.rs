//! Figures and times as people read them. Rounding never flatters: 100 % means all of them.

use jiff::Timestamp;
use maud::{Markup, html};

/// A moment, and the moment the page was made, from which "12 min ago" follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The moment itself.
    pub at: Timestamp,
    /// When the page was made.
    pub now: Timestamp,
}

impl When {
    /// A moment seen from `now`.
    #[must_use]
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }
}

/// A `<time>` with the relative words shown and the absolute UTC time in its title.
#[must_use]
pub fn time(when: When) -> Markup {
    let absolute = when.at.strftime("%-d %b %Y, %H:%M:%S UTC").to_string();
    let machine = when.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    html! { time datetime=(machine) title=(absolute) { (relative(when)) } }
}

/// "just now", "12 min ago", "in 3 d"; from five weeks on, the date.
#[must_use]
pub fn relative(when: When) -> String {
    let seconds = when.now.as_second() - when.at.as_second();
    let distance = seconds.abs();
    let words = match distance {
        0..45 => return "just now".to_owned(),
        45..3_570 => format!("{} min", (distance + 30) / 60),
        3_570..84_600 => format!("{} h", (distance + 1_800) / 3_600),
        84_600..3_024_000 => format!("{} d", (distance + 43_200) / 86_400),
        _ => return when.at.strftime("%-d %b %Y").to_string(),
    };
    if seconds >= 0 { format!("{words} ago") } else { format!("in {words}") }
}

/// `12,345` with commas at the thousands.
#[must_use]
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `part` of `whole` with one decimal, rounded down so that 99.97 % is not called 100 %, and a trace is not called nothing.
#[must_use]
pub fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    let part = part.clamp(0, whole);
    let tenths = i128::from(part) * 1000 / i128::from(whole);
    match tenths {
        1000 => "100 %".to_owned(),
        0 if part > 0 => "< 0.1 %".to_owned(),
        0 => "0 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// Milliseconds as `340 ms`, `1.2 s`, `3 min 12 s` or `2 h 5 min`.
#[must_use]
pub fn duration(milliseconds: i64) -> String {
    let ms = milliseconds.max(0);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// Bytes as `512 B`, `1.2 kB`, `30.0 MB`, in powers of a thousand.
#[must_use]
pub fn bytes(count: i64) -> String {
    let count = count.max(0);
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{}.{} kB", count / 1_000, count % 1_000 / 100),
        1_000_000..1_000_000_000 => {
            format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000)
        }
        _ => format!("{}.{} GB", count / 1_000_000_000, count % 1_000_000_000 / 100_000_000),
    }
}

/// `1 test`, `2 tests`: the count with the noun that fits it.
#[must_use]
pub fn plural(count: i64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// Plain text as paragraphs: a blank line parts them, other line breaks stay.
#[must_use]
pub fn prose(text: &str) -> Markup {
    let text = text.replace("\r\n", "\n");
    html! {
        div class="prose" {
            @for paragraph in text.split("\n\n").filter(|part| !part.trim().is_empty()) { p { (paragraph.trim()) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(seconds: i64) -> String {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let at = Timestamp::from_second(1_790_000_000 - seconds).expect("a valid time");
        relative(When::new(at, now))
    }

    #[test]
    fn relative_times_step_up_through_their_units() {
        assert_eq!(ago(10), "just now");
        assert_eq!(ago(60), "1 min ago");
        assert_eq!(ago(3_600), "1 h ago");
        assert_eq!(ago(172_800), "2 d ago");
        assert_eq!(ago(-7_200), "in 2 h");
        assert_eq!(ago(86_400 * 60), "23 Jul 2026");
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        assert_eq!(percent(9_999, 10_000), "99.9 %");
        assert_eq!(percent(10_000, 10_000), "100 %");
        assert_eq!(percent(1, 10_000), "< 0.1 %");
        assert_eq!(percent(0, 7), "0 %");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(percent(i64::MAX, i64::MAX), "100 %");
    }

    #[test]
    fn figures_read_as_figures() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(-1_000), "−1,000");
        assert_eq!(thousands(i64::MIN), "−9,223,372,036,854,775,808");
        assert_eq!(duration(192_300), "3 min 12 s");
        assert_eq!(duration(1_250), "1.2 s");
        assert_eq!(bytes(30_000_000), "30.0 MB");
        assert_eq!(plural(1, "test", "tests"), "1 test");
    }
}
