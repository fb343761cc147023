//! Ranges of versions as intervals of keys: VERS (`vers:npm/>=1.0.0|<2.0.0`), and the ways in which ecosystems write ranges themselves.

use super::{Scheme, native};
use crate::purl::unescaped;

/// Constraints of one range. A range with more is not compared.
const MOST: usize = 10_000;

/// The keys from `low` on and before `high`; without one there is no end on that side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interval {
    /// The first key that is meant.
    pub low: Option<Vec<u8>>,
    /// The first key that is no longer meant.
    pub high: Option<Vec<u8>>,
}

impl Interval {
    /// One version.
    #[must_use]
    pub fn of(key: Vec<u8>) -> Self {
        Self { high: Some(after(&key)), low: Some(key) }
    }

    /// Whether a version lies within.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.low.as_deref().is_none_or(|low| low <= key) && self.high.as_deref().is_none_or(|high| key < high)
    }

    fn is_empty(&self) -> bool {
        matches!((&self.low, &self.high), (Some(low), Some(high)) if low >= high)
    }

    /// What two have in common.
    pub(super) fn and(&self, other: &Self) -> Self {
        let low = self.low.clone().max(other.low.clone());
        let high = match (&self.high, &other.high) {
            (Some(own), Some(others)) => Some(own.min(others).clone()),
            (one, other) => one.clone().or_else(|| other.clone()),
        };
        Self { low, high }
    }
}

/// What comes right after a key: no key is the beginning of another, so nothing lies between.
pub(super) fn after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

/// How a version is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    Other,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparator {
    /// Takes it from the beginning of a text.
    pub(super) fn take(text: &str) -> (Self, &str) {
        let all = [
            (">=", Self::AtLeast),
            ("=>", Self::AtLeast),
            ("<=", Self::AtMost),
            ("=<", Self::AtMost),
            ("!=", Self::Other),
            ("<>", Self::Other),
            ("==", Self::Equal),
            (">>", Self::More),
            ("<<", Self::Less),
            (">", Self::More),
            ("<", Self::Less),
            ("=", Self::Equal),
        ];
        for (sign, comparator) in all {
            if let Some(rest) = text.strip_prefix(sign) {
                return (comparator, rest.trim_start());
            }
        }
        (Self::Equal, text)
    }
}

/// The intervals that a range names. `None`: it cannot be read, or its versions have no order. `kind` is the type of the package, for a range
/// that does not say its own.
///
/// ```
/// use formats::version::{Scheme, range};
///
/// let affected = range("vers:pypi/>=1.0|<1.2|2.0", None).unwrap();
/// let is_in = |version| affected.iter().any(|one| one.contains(&Scheme::Pep440.key(version).unwrap()));
/// assert!(is_in("1.1.post1") && is_in("2") && !is_in("1.2") && !is_in("1.0rc1"));
/// ```
#[must_use]
pub fn range(text: &str, kind: Option<&str>) -> Option<Vec<Interval>> {
    let text = text.trim();
    let intervals = match text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("vers:")) {
        Some(_) => {
            let (own, constraints) = text[5..].split_once('/')?;
            if constraints.trim() == "*" {
                return Some(vec![Interval::default()]);
            }
            vers(Scheme::of(own.trim())?, constraints)?
        }
        None if text == "*" => vec![Interval::default()],
        None => native::range(Scheme::of(kind?)?, text)?,
    };
    Some(merged(intervals))
}

/// VERS, by its specification: constraints in the order of their versions; of several lower bounds in a row the first counts, of several upper
/// bounds the last.
fn vers(scheme: Scheme, constraints: &str) -> Option<Vec<Interval>> {
    let mut all = Vec::new();
    for constraint in constraints.split('|').map(str::trim).filter(|one| !one.is_empty()) {
        let (comparator, version) = Comparator::take(constraint);
        all.push((scheme.key(&unescaped(version.trim()))?, comparator));
        if all.len() > MOST {
            return None;
        }
    }
    if all.is_empty() {
        return None;
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut intervals, mut points, mut holes) = (Vec::new(), Vec::new(), Vec::new());
    let mut low: Option<Vec<u8>> = None;
    let mut bounds = Vec::new();
    for (key, comparator) in all {
        match comparator {
            Comparator::Equal => points.push(key),
            Comparator::Other => holes.push(key),
            _ => bounds.push((key, comparator)),
        }
    }
    let mut any_bound = false;
    for (at, (key, comparator)) in bounds.iter().enumerate() {
        any_bound = true;
        match comparator {
            Comparator::More | Comparator::AtLeast => {
                let from = if *comparator == Comparator::More { after(key) } else { key.clone() };
                low.get_or_insert(from);
            }
            _ => {
                let is_last_of_run =
                    bounds.get(at + 1).is_none_or(|(_, next)| matches!(next, Comparator::More | Comparator::AtLeast));
                if is_last_of_run {
                    let to = if *comparator == Comparator::AtMost { after(key) } else { key.clone() };
                    intervals.push(Interval { low: low.take(), high: Some(to) });
                }
            }
        }
    }
    if low.is_some() {
        intervals.push(Interval { low, high: None });
    }
    if !any_bound && points.is_empty() {
        // Nothing but exceptions: everything else.
        intervals.push(Interval::default());
    }
    for hole in &holes {
        intervals = without(intervals, hole);
    }
    intervals.extend(points.into_iter().map(Interval::of));
    Some(intervals)
}

/// Intervals with one version taken out.
pub(super) fn without(intervals: Vec<Interval>, hole: &[u8]) -> Vec<Interval> {
    let mut all = Vec::with_capacity(intervals.len() + 1);
    for interval in intervals {
        if interval.contains(hole) {
            all.push(Interval { low: interval.low.clone(), high: Some(hole.to_vec()) });
            all.push(Interval { low: Some(after(hole)), high: interval.high });
        } else {
            all.push(interval);
        }
    }
    all.retain(|one| !one.is_empty());
    all
}

/// In order, those that touch or overlap made one.
fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.retain(|one| !one.is_empty());
    intervals.sort_by(|a, b| a.low.cmp(&b.low));
    let mut all: Vec<Interval> = Vec::with_capacity(intervals.len());
    for interval in intervals {
        if let Some(last) = all.last_mut() {
            let touches = match (&last.high, &interval.low) {
                (None, _) | (_, None) => true,
                (Some(high), Some(low)) => low <= high,
            };
            if touches {
                last.high = match (last.high.take(), interval.high) {
                    (Some(one), Some(other)) => Some(one.max(other)),
                    _ => None,
                };
                continue;
            }
        }
        all.push(interval);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, kind: &str, inside: &str, outside: &str) {
        let intervals = range(text, Some(kind)).unwrap_or_else(|| panic!("{text} cannot be read"));
        let scheme = Scheme::of(kind).expect("a scheme");
        let holds = |version: &str| {
            let key = scheme.key(version).unwrap_or_else(|| panic!("{version} is no version"));
            intervals.iter().any(|one| one.contains(&key))
        };
        for version in inside.split_whitespace() {
            assert!(holds(version), "{text} holds {version}");
        }
        for version in outside.split_whitespace() {
            assert!(!holds(version), "{text} does not hold {version}");
        }
    }

    /// Proves REQ-64.2.
    #[test]
    fn ranges_of_every_notation_hold_what_their_rules_say() {
        check(
            "vers:npm/>=1.0.0|<2.0.0|>=3.0.0|<=3.1.0",
            "npm",
            "1.0.0 1.9.9 3.1.0 2.0.0-rc1",
            "0.9.9 2.0.0 3.1.1 1.0.0-rc1",
        );
        check("vers:npm/1.2.3|>=2.0.0|<5.0.0", "npm", "1.2.3 2.0.0 4.9.9", "1.2.4 5.0.0");
        check("vers:pypi/>0.9|!=1.1|<=1.2", "pypi", "1.0 1.2 1.1.post1", "0.9 1.1 1.3");
        check("vers:pypi/!=1.1", "pypi", "1.0 9", "1.1.0");
        check("vers:deb/<1%3A2.3~rc1", "deb", "2.9 1:2.2", "1:2.3");
        check("vers:all/*", "npm", "0.0.0 9.9.9", "");
        check("vers:maven/>=1.0|>=1.5|<2.0|<3.0", "maven", "1.0 2.5", "3.0");
        check(
            "^1.2.3 || ~2.4 || 3.x || >=4.1.0 <4.2.0",
            "npm",
            "1.2.3 1.9.0 2.4.9 3.7.1 4.1.5",
            "1.2.2 2.0.0 2.5.0 4.0.0 4.2.0",
        );
        check("^0.2.3", "npm", "0.2.9", "0.3.0 1.0.0");
        check("1.2.3 - 2.3", "npm", "1.2.3 2.3.9", "2.4.0 1.2.2");
        check("<=1.8.0||>=2.0.0 <2.3.1", "npm", "1.8.0 2.3.0", "1.8.1 2.3.1");
        check("[1.0,2.0),[3.0]", "maven", "1.0 1.9 3.0.0", "2.0 3.1");
        check("(,1.0],(1.2,)", "maven", "0.1 1.0 1.2.1", "1.1 1.2");
        check("(1.0,2.0)", "nuget", "1.5.0", "1.0.0 2.0.0");
        check(">=1.0,<2.0,!=1.5", "pypi", "1.0 1.9", "1.5 2.0");
        check("~=1.4.2", "pypi", "1.4.9", "1.5 1.4.1");
        check("==1.4.*", "pypi", "1.4 1.4.9", "1.5");
        check("~> 2.3.4, != 2.3.7", "gem", "2.3.4 2.3.9", "2.4.0 2.3.7");
        check("~> 2.3", "gem", "2.9", "3.0");
        check(">=1.0,<1.1|>=1.2,<1.3", "composer", "1.0.5 1.2.5", "1.1.5 1.3.0");
        check("<2.31-1", "deb", "2.28-10", "2.31-1");
        check("1.4.0", "cargo", "1.4.0", "1.4.1");
    }

    #[test]
    fn what_has_no_order_or_cannot_be_read_is_not_compared() {
        for (text, kind) in [
            ("vers:generic/<1", None),
            ("vers:npm", None),
            ("vers:npm/", None),
            ("vers:npm/<latest", None),
            ("<1", None),
            ("<1", Some("generic")),
            ("[1.0,2.0", Some("maven")),
            ("some words", Some("npm")),
            ("", Some("npm")),
        ] {
            assert_eq!(range(text, kind), None, "{text}");
        }
    }
}
