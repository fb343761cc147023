//! Ranges of versions as intervals of keys: VERS (`vers:npm/>=1.0.0|<2.0.0`), and the ways in which ecosystems write ranges themselves.

use super::{Around, Scheme, native};
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

/// What a range comes to, in order; parts of one list neither touch nor overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// Versions that are meant.
    pub meant: Vec<Interval>,
    /// Versions of which nobody can tell: the range orders them in another way than their own ecosystem does.
    pub unsure: Vec<Interval>,
}

impl Range {
    fn of(meant: Vec<Interval>, unsure: Vec<Interval>) -> Self {
        Self { meant: merged(meant), unsure: merged(unsure) }
    }
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

/// What a range names. `None`: it cannot be read, or its versions have no order. `kind` is the type of the package, by whose keys the answer
/// is told; without one that has an order, by those of the scheme that the range names.
///
/// A range that names Semantic Versioning for a package whose versions are something else is told by numbers, which both order alike. What follows
/// the numbers of a bound itself (`31.0-jre` for `<31.0.0`) they may order differently: that is unsure.
///
/// ```
/// use formats::version::{Scheme, range};
///
/// let affected = range("vers:pypi/>=1.0|<1.2|2.0", None).unwrap();
/// let is_in = |version| affected.meant.iter().any(|one| one.contains(&Scheme::Pep440.key(version).unwrap()));
/// assert!(is_in("1.1.post1") && is_in("2") && !is_in("1.2") && !is_in("1.0rc1"));
/// ```
#[must_use]
pub fn range(text: &str, kind: Option<&str>) -> Option<Range> {
    let text = text.trim();
    let of = kind.and_then(Scheme::of);
    let all = || Range::of(vec![Interval::default()], Vec::new());
    match text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("vers:")) {
        Some(_) => {
            let (own, constraints) = text[5..].split_once('/')?;
            if constraints.trim() == "*" {
                return Some(all());
            }
            let own = Scheme::of(own.trim())?;
            vers(own, of.unwrap_or(own), constraints)
        }
        None if text == "*" => Some(all()),
        None => Some(Range::of(native::range(of?, text)?, Vec::new())),
    }
}

/// Where a version of a range stands among the keys of a package.
struct Place {
    key: Vec<u8>,
    /// Whether it is a release, and the versions with the same numbers; where the range has the order of the package, nothing.
    around: Option<(bool, Around)>,
}

impl Place {
    /// `own` is the order of the range, `of` that of the package.
    fn of(own: Scheme, of: Scheme, version: &str) -> Option<Self> {
        if own == of || (own, of) == (Scheme::Semver, Scheme::Nuget) {
            return Some(Self { key: of.key(version)?, around: None });
        }
        if own != Scheme::Semver {
            return None;
        }
        // What a version was built from does not count there.
        let version = version.trim_start_matches(['v', 'V', '=']).split('+').next()?;
        let numbers = version.split('-').next()?;
        Some(Self { key: of.key(version)?, around: Some((numbers == version, of.around(numbers)?)) })
    }

    /// Takes it as the lower end: the first key from which on all is meant. Versions that are meant before that are added.
    fn lower(self, comparator: Comparator, range: &mut Range) -> Vec<u8> {
        let takes_itself = comparator == Comparator::AtLeast;
        let Some((is_release, around)) = self.around else {
            return if takes_itself { self.key } else { after(&self.key) };
        };
        if takes_itself {
            range.meant.push(Interval::of(self.key));
        }
        if is_release {
            range.unsure.push(around.late());
        } else {
            // The release is behind its pre-releases, but so may be the upper end.
            range.unsure.push(Interval { low: Some(around.first), high: Some(around.behind.clone()) });
        }
        around.behind
    }

    /// Takes it as the upper end: the first key from which on nothing is meant. Versions that are meant behind that are added.
    fn upper(self, comparator: Comparator, range: &mut Range) -> Vec<u8> {
        let takes_itself = comparator == Comparator::AtMost;
        match self.around {
            Some((false, around)) => {
                if takes_itself {
                    range.meant.push(Interval::of(self.key));
                }
                range.unsure.push(around.late());
                range.unsure.push(Interval { low: Some(around.first.clone()), high: Some(around.release) });
                around.first
            }
            other => {
                if let Some((_, around)) = other {
                    range.unsure.push(around.late());
                }
                if takes_itself { after(&self.key) } else { self.key }
            }
        }
    }
}

impl Around {
    /// What its ecosystem puts behind the release and Semantic Versioning, if it can read it, before it. What comes before it there does so in both.
    fn late(&self) -> Interval {
        Interval { low: Some(after(&self.release)), high: Some(self.behind.clone()) }
    }
}

/// VERS, by its specification: constraints in the order of their versions; of several lower bounds in a row the first counts, of several upper
/// bounds the last. The order is that of `own`, the keys are those of `of`.
fn vers(own: Scheme, of: Scheme, constraints: &str) -> Option<Range> {
    let mut all = Vec::new();
    for constraint in constraints.split('|').map(str::trim).filter(|one| !one.is_empty()) {
        let (comparator, version) = Comparator::take(constraint);
        let version = unescaped(version.trim());
        all.push((own.key(&version)?, comparator, Place::of(own, of, &version)?));
        if all.len() > MOST {
            return None;
        }
    }
    if all.is_empty() {
        return None;
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut points, mut holes, mut bounds) = (Vec::new(), Vec::new(), Vec::new());
    for (_, comparator, place) in all {
        match comparator {
            Comparator::Equal => points.push(place.key),
            Comparator::Other => holes.push(place.key),
            _ => bounds.push((comparator, place)),
        }
    }
    let mut range = Range::default();
    if bounds.is_empty() && points.is_empty() {
        // Nothing but exceptions: everything else.
        range.meant.push(Interval::default());
    }
    let mut low: Option<Vec<u8>> = None;
    let mut bounds = bounds.into_iter().peekable();
    while let Some((comparator, place)) = bounds.next() {
        if matches!(comparator, Comparator::More | Comparator::AtLeast) {
            if low.is_none() {
                low = Some(place.lower(comparator, &mut range));
            }
            continue;
        }
        let is_last_of_run =
            bounds.peek().is_none_or(|(next, _)| matches!(next, Comparator::More | Comparator::AtLeast));
        if is_last_of_run {
            let high = place.upper(comparator, &mut range);
            range.meant.push(Interval { low: low.take(), high: Some(high) });
        }
    }
    if low.is_some() {
        range.meant.push(Interval { low, high: None });
    }
    for hole in &holes {
        range.meant = without(range.meant, hole);
    }
    range.meant.extend(points.into_iter().map(Interval::of));
    Some(Range::of(range.meant, range.unsure))
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
        let intervals = range(text, Some(kind)).unwrap_or_else(|| panic!("{text} cannot be read")).meant;
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

    /// Holds a range by Semantic Versioning to what it says of versions of another ecosystem: meant, unsure, and not meant.
    fn check_foreign(text: &str, kind: &str, meant: &str, unsure: &str, outside: &str) {
        let range = range(text, Some(kind)).unwrap_or_else(|| panic!("{text} cannot be read for {kind}"));
        let scheme = Scheme::of(kind).expect("a scheme");
        let said = |version: &str| {
            let key = scheme.key(version).unwrap_or_else(|| panic!("{version} is no version"));
            let holds = |all: &[Interval]| all.iter().any(|one| one.contains(&key));
            if holds(&range.meant) {
                "meant"
            } else if holds(&range.unsure) {
                "unsure"
            } else {
                "not meant"
            }
        };
        for (versions, expected) in [(meant, "meant"), (unsure, "unsure"), (outside, "not meant")] {
            for version in versions.split_whitespace() {
                assert_eq!(said(version), expected, "{text} of {version} ({kind})");
            }
        }
    }

    /// Proves REQ-64.2.
    #[test]
    fn a_range_by_semantic_versioning_holds_for_packages_of_other_ecosystems() {
        check_foreign(
            "vers:semver/<2.6.7.5",
            "maven",
            "1.0.0.Final 2.6.7 2.6.7.4 2.6.7.5-rc1 2.6.7-jre",
            "2.6.7.5-jre 2.6.7.5-1 2.6.7.5.SP1",
            "2.6.7.5 2.6.7.6 2.6.8-rc1 2.7.0 2.9.4",
        );
        check_foreign(
            "vers:semver/>=31.0.0|<32.0.0",
            "maven",
            "31.0 31.0.0 31.0.1-jre 31.5 32.0.0-rc1",
            "31.0-jre 31.0.0.SP1 32.0.0-jre",
            "30.9-jre 31.0-rc1 32 32.0.1 32.1-jre",
        );
        check_foreign(
            "vers:semver/>4.1.0|<=4.1.94",
            "maven",
            "4.1.1.Final 4.1.94",
            "4.1.0.Beta1 4.1.94-x",
            "4.1.0 4.1.95",
        );
        check_foreign("vers:semver/2.7.0|>3.0.0", "maven", "2.7 3.0.1", "3.0.0-x", "2.7.0-x 2.6 3.0.0");
        check_foreign("vers:npm/<2.0.0-rc.2", "maven", "1.9 1.9-jre", "2.0.0-rc1 2.0.0-jre", "2.0.0 2.0.1");
        check_foreign("vers:semver/>=2.0.0-rc.2", "maven", "2.0.0-rc.2 2.0.1", "2.0.0-rc1 2.0.0 2.0.0-jre", "1.9");
        check_foreign("vers:semver/>=2.0.0-rc.1|<2.0.0", "maven", "2.0.0-rc.1", "2.0.0-rc.2 2.0.0-jre", "1.9 2.0.1");
        check_foreign(
            "vers:semver/>=1.0.0|<2.0.0",
            "pypi",
            "1.0 1.9rc1 1.9.post1 2.0rc1",
            "1.0+cu118 2.0.post1",
            "0.9 1.0rc1 2",
        );
        check_foreign("vers:semver/<2.0.0", "gem", "1.9 2.0.0.rc1", "", "2.0 2.0.1");
        check_foreign("vers:semver/<2.0.0", "composer", "1.9-p1 2.0-beta1", "2.0-p1", "2.0 2.0.1");
        check_foreign("vers:semver/<2.0.0-rc1", "nuget", "1.9 2.0.0-beta1", "", "2.0.0-RC1 2.0.0");
        check_foreign("vers:semver/<2.0.0-rc1", "npm", "1.9.0 2.0.0-beta1", "", "2.0.0-rc1 2.0.0");
        check_foreign("vers:semver/*", "maven", "1.0.0.Final 9", "", "");
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
            // Another order than that of the package, and none that both share.
            ("vers:maven/<2", Some("npm")),
            ("vers:semver/<2.0.0", Some("deb")),
            ("vers:semver/<2.0.0", Some("rpm")),
            ("vers:semver/<2.0.0.0.1", Some("composer")),
            ("", Some("npm")),
        ] {
            assert_eq!(range(text, kind), None, "{text}");
        }
    }
}
