//! The versions of RPM (rpmvercmp of epoch, version and release) and of Alpine (apk-tools).

use super::{leading, push_number};

/// A version without a release is before all of its releases.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (epoch, rest),
        None => ("0", version),
    };
    if epoch.is_empty() || rest.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    let mut out = Vec::with_capacity(rest.len() * 2);
    push_number(&mut out, epoch)?;
    push_segments(&mut out, version)?;
    push_segments(&mut out, release)?;
    Some(out)
}

/// Runs of digits and of letters; what is between them does not count, but for `~` (before the end) and `^` (right after it).
fn push_segments(out: &mut Vec<u8>, mut rest: &str) -> Option<()> {
    loop {
        rest = leading(rest, |c| !c.is_ascii_alphanumeric() && c != '~' && c != '^').1;
        let Some(first) = rest.bytes().next() else {
            out.push(0x02);
            return Some(());
        };
        match first {
            b'~' | b'^' => {
                out.push(if first == b'~' { 0x01 } else { 0x03 });
                rest = &rest[1..];
            }
            b'0'..=b'9' => {
                let (number, remaining) = leading(rest, |c| c.is_ascii_digit());
                out.push(0x05);
                push_number(out, number)?;
                rest = remaining;
            }
            _ => {
                let (word, remaining) = leading(rest, |c| c.is_ascii_alphabetic());
                out.push(0x04);
                out.extend(word.bytes());
                out.push(0);
                rest = remaining;
            }
        }
    }
}

const SUFFIXES: [(&str, u8); 9] = [
    ("alpha", 0x01),
    ("beta", 0x02),
    ("pre", 0x03),
    ("rc", 0x04),
    ("cvs", 0x20),
    ("svn", 0x21),
    ("git", 0x22),
    ("hg", 0x23),
    ("p", 0x24),
];

/// Numbers, a letter, suffixes, a revision: `1.1.1c_rc2-r3`. A number behind a dot that begins with 0 is compared as text.
pub(super) fn alpine(version: &str) -> Option<Vec<u8>> {
    let (body, revision) = match version.rsplit_once("-r") {
        Some((body, revision)) => (body, Some(revision)),
        None => (version, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let body = body.split('~').next()?;
    let mut parts = body.split('_');
    let (numbers, letter) = leading(parts.next()?, |c| c.is_ascii_digit() || c == '.');
    let mut out = Vec::with_capacity(version.len() * 2);
    for (at, number) in numbers.split('.').enumerate() {
        if !is_number(number) {
            return None;
        }
        if at == 0 {
            push_number(&mut out, number)?;
            continue;
        }
        out.push(0x40);
        if number.starts_with('0') {
            out.push(0);
            out.extend(number.bytes());
            out.push(0);
        } else {
            out.push(1);
            push_number(&mut out, number)?;
        }
    }
    match letter.as_bytes() {
        [] => {}
        [letter] if letter.is_ascii_lowercase() => out.extend([0x30, *letter]),
        _ => return None,
    }
    for part in parts {
        let (word, number) = leading(part, |c| c.is_ascii_alphabetic());
        let (_, code) = SUFFIXES.iter().find(|(name, _)| *name == word)?;
        out.push(*code);
        if !number.is_empty() {
            if !is_number(number) {
                return None;
            }
            out.push(0x12);
            push_number(&mut out, number)?;
        }
    }
    if let Some(revision) = revision {
        if !is_number(revision) {
            return None;
        }
        out.push(0x11);
        push_number(&mut out, revision)?;
    }
    out.push(0x10);
    Some(out)
}
