//! Semantic Versioning 2.0.0 §11, and NuGet's way of it.

use super::{leading, push_number};

/// After the numbers: a pre-release by its identifiers, a release, or one more number.
const END: u8 = 0x01;
const NUMBER: u8 = 0x02;
const WORD: u8 = 0x03;
const RELEASE: u8 = 0xF0;
const MORE: u8 = 0xF1;

/// Missing numbers are 0, and what is built from (`+…`) does not count. A `v` or `=` in front is let through.
pub(super) fn key(version: &str, folds_case: bool) -> Option<Vec<u8>> {
    let version = version.trim_start_matches(['v', 'V', '=']);
    let version = version.split('+').next()?;
    let (core, pre) = match version.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (version, None),
    };
    let mut out = Vec::with_capacity(version.len() + 8);
    let mut numbers: Vec<&str> = core.split('.').collect();
    if numbers.iter().any(|number| number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    while numbers.len() > 3 && numbers.last().is_some_and(|last| last.bytes().all(|byte| byte == b'0')) {
        numbers.pop();
    }
    for at in 0..3.max(numbers.len()) {
        if at >= 3 {
            out.push(MORE);
        }
        push_number(&mut out, numbers.get(at).copied().unwrap_or("0"))?;
    }
    let Some(pre) = pre else {
        out.push(RELEASE);
        return Some(out);
    };
    for identifier in pre.split('.') {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if identifier.is_empty() || !leading(identifier, is_word).1.is_empty() {
            return None;
        }
        if identifier.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push(NUMBER);
            push_number(&mut out, identifier)?;
        } else {
            out.push(WORD);
            if folds_case {
                out.extend(identifier.bytes().map(|byte| byte.to_ascii_lowercase()));
            } else {
                out.extend(identifier.bytes());
            }
            out.push(0);
        }
    }
    out.push(END);
    Some(out)
}
