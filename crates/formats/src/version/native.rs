//! Ranges as ecosystems write them: `^1.2 || >=2 <3` (npm, Composer), `[1,2),[3,)` (Maven, NuGet), `~> 1.2, != 1.2.5` (RubyGems), `~=1.4, ==1.4.*`
//! (Python). Alternatives are joined by `||` or `|`, conditions by commas or spaces.

use super::Scheme;
use super::range::{Comparator, Interval, after, without};

pub(super) fn range(scheme: Scheme, text: &str) -> Option<Vec<Interval>> {
    if text.is_empty() || text.len() > 100_000 {
        return None;
    }
    if text.starts_with(['[', '(']) {
        return brackets(scheme, text);
    }
    let mut all = Vec::new();
    for alternative in text.split('|').map(str::trim).filter(|one| !one.is_empty()) {
        all.extend(conditions(scheme, alternative)?);
    }
    (!all.is_empty()).then_some(all)
}

fn brackets(scheme: Scheme, text: &str) -> Option<Vec<Interval>> {
    let (mut all, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let end = rest.find([']', ')'])?;
        let (begins, ends) = (rest.chars().next()?, rest[end..].chars().next()?);
        if !matches!(begins, '[' | '(') {
            return None;
        }
        let inside = rest[1..end].trim();
        let key = |text: &str| match text.trim() {
            "" => Some(None),
            version => scheme.key(version).map(Some),
        };
        all.push(match inside.split_once(',') {
            Some((low, high)) => Interval {
                low: key(low)?.map(|low| if begins == '[' { low } else { after(&low) }),
                high: key(high)?.map(|high| if ends == ']' { after(&high) } else { high }),
            },
            None => Interval::of(key(inside)??),
        });
        rest = rest[end + 1..].trim_start_matches([',', '|', ' ']);
    }
    Some(all)
}

/// All conditions of one alternative together.
fn conditions(scheme: Scheme, text: &str) -> Option<Vec<Interval>> {
    if let Some((low, high)) = text.split_once(" - ") {
        let (low, high) = (wild(scheme, low.trim())?, wild(scheme, high.trim())?);
        return Some(vec![Interval { low: low.low, high: high.high }]);
    }
    let mut pieces: Vec<String> = Vec::new();
    for word in text.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        // A sign that stands apart from its version.
        match pieces.last_mut().filter(|last| last.chars().all(|c| "<>=!~^".contains(c))) {
            Some(last) => last.push_str(word),
            None => pieces.push(word.to_owned()),
        }
    }
    let (mut interval, mut holes) = (Interval::default(), Vec::new());
    for piece in &pieces {
        if let Some(version) = piece.strip_prefix("~>").or_else(|| piece.strip_prefix("~=")) {
            interval = interval.and(&about(scheme, version, true)?);
        } else if let Some(version) = piece.strip_prefix('~') {
            interval = interval.and(&about(scheme, version, false)?);
        } else if let Some(version) = piece.strip_prefix('^') {
            interval = interval.and(&compatible(scheme, version)?);
        } else {
            let (comparator, version) = Comparator::take(piece);
            match comparator {
                Comparator::Equal => interval = interval.and(&wild(scheme, version)?),
                Comparator::Other => holes.push(scheme.key(version)?),
                Comparator::Less => interval = interval.and(&Interval { low: None, high: Some(scheme.key(version)?) }),
                Comparator::AtMost => {
                    interval = interval.and(&Interval { low: None, high: Some(after(&scheme.key(version)?)) });
                }
                Comparator::More => {
                    interval = interval.and(&Interval { low: Some(after(&scheme.key(version)?)), high: None });
                }
                Comparator::AtLeast => {
                    interval = interval.and(&Interval { low: Some(scheme.key(version)?), high: None })
                }
            }
        }
    }
    let mut all = vec![interval];
    for hole in holes {
        all = without(all, &hole);
    }
    Some(all)
}

/// The numbers in front of a version, as far as there are any.
fn numbers(version: &str) -> Vec<u64> {
    let version = version.trim_start_matches(['v', 'V']);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    core.split('.').map_while(|part| part.parse().ok()).collect()
}

fn bumped(scheme: Scheme, numbers: &[u64], at: usize) -> Option<Vec<u8>> {
    let mut next: Vec<u64> = numbers.get(..=at)?.to_vec();
    next[at] = next[at].checked_add(1)?;
    let text: Vec<String> = next.iter().map(u64::to_string).collect();
    scheme.key(&text.join("."))
}

/// A version, or all that begin like it: `1.2.*`, `1.x`, and with npm also `1.2`.
fn wild(scheme: Scheme, version: &str) -> Option<Interval> {
    let own = numbers(version);
    let has_star = version.split('.').any(|part| matches!(part, "*" | "x" | "X"));
    if matches!(version, "*" | "x" | "X") {
        return Some(Interval::default());
    }
    if own.is_empty() || !(has_star || (scheme == Scheme::Semver && own.len() < 3)) {
        return scheme.key(version).map(Interval::of);
    }
    let text: Vec<String> = own.iter().map(u64::to_string).collect();
    Some(Interval { low: Some(scheme.key(&text.join("."))?), high: Some(bumped(scheme, &own, own.len() - 1)?) })
}

/// `~1.2.3`: the same but for the last number. `~>` and `~=` leave the last one given free, npm's `~` the one after the second.
fn about(scheme: Scheme, version: &str, by_last: bool) -> Option<Interval> {
    let own = numbers(version.trim());
    let at = match (by_last, own.len()) {
        (_, 0) => return None,
        (true, len) => len.saturating_sub(2),
        (false, len) => (len - 1).min(1),
    };
    Some(Interval { low: Some(scheme.key(version.trim())?), high: Some(bumped(scheme, &own, at)?) })
}

/// `^1.2.3`: the same up to the first number that is not 0.
fn compatible(scheme: Scheme, version: &str) -> Option<Interval> {
    let own = numbers(version.trim());
    let at = own.iter().position(|number| *number != 0).unwrap_or(own.len().checked_sub(1)?);
    let text = version.trim().trim_end_matches(".x").trim_end_matches(".*");
    Some(Interval { low: Some(scheme.key(text)?), high: Some(bumped(scheme, &own, at)?) })
}
