//! The versions of RubyGems (Gem::Version) and of Composer (its normalised form, compared as PHP's version_compare does).

use super::{leading, push_number};

/// Numbers and words; a word makes a pre-release, and zeros before a word or at the end do not count.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let version = version.replace('-', ".pre.");
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut segments: Vec<&str> = Vec::new();
    for part in version.split('.') {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut rest = part;
        while !rest.is_empty() {
            let is_digit = rest.starts_with(|c: char| c.is_ascii_digit());
            let (segment, remaining) = leading(rest, |c| c.is_ascii_digit() == is_digit);
            segments.push(segment);
            rest = remaining;
        }
    }
    let is_word = |segment: &str| segment.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_zero = |segment: &&str| segment.bytes().all(|byte| byte == b'0');
    let words_at = segments.iter().position(|segment| is_word(segment)).unwrap_or(segments.len());
    let mut words = segments.split_off(words_at);
    for half in [&mut segments, &mut words] {
        while half.last().is_some_and(is_zero) {
            half.pop();
        }
    }
    let mut out = Vec::with_capacity(version.len() * 2);
    for segment in segments.iter().chain(&words) {
        if is_word(segment) {
            out.push(0x01);
            out.extend(segment.bytes());
            out.push(0);
        } else {
            out.push(0x03);
            push_number(&mut out, segment)?;
        }
    }
    out.push(0x02);
    Some(out)
}

const STABILITIES: [(&str, u8); 11] = [
    ("dev", 1),
    ("alpha", 2),
    ("a", 2),
    ("beta", 3),
    ("b", 3),
    ("rc", 4),
    ("stable", 5),
    ("patch", 6),
    ("pl", 6),
    ("p", 6),
    ("", 5),
];

/// Up to four numbers, a stability with a number, and whether it is still in development.
pub(super) fn composer(version: &str) -> Option<Vec<u8>> {
    let lower = version.to_ascii_lowercase();
    let text = lower.strip_prefix('v').unwrap_or(&lower).split('+').next()?;
    let (core, mut rest) = leading(text, |c| c.is_ascii_digit() || c == '.');
    let core = core.trim_end_matches('.');
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() > 4 || numbers.iter().any(|number| number.is_empty()) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() + 8);
    for at in 0..4 {
        push_number(&mut out, numbers.get(at).copied().unwrap_or("0"))?;
    }
    let separators: &[char] = &['.', '-', '_'];
    rest = rest.trim_start_matches(separators);
    let (word, after) = leading(rest, |c| c.is_ascii_alphabetic());
    let (_, code) = STABILITIES.iter().find(|(name, _)| *name == word)?;
    let (number, after) = leading(after.trim_start_matches(separators), |c| c.is_ascii_digit());
    out.push(*code);
    push_number(&mut out, number)?;
    let in_development = match after.trim_start_matches(separators) {
        "dev" => true,
        "" => false,
        _ => return None,
    };
    out.push(u8::from(!in_development));
    Some(out)
}
