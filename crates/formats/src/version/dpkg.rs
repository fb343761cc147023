//! Debian's versions: deb-version(7), as dpkg compares them.

use super::{leading, push_number};

/// Ends a run of characters that are no digits, and the version: after `~`, before everything else.
const END: u8 = 0x02;

pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (epoch, rest),
        None => ("0", version),
    };
    if epoch.is_empty() || rest.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) || !version.is_ascii() {
        return None;
    }
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    let mut out = Vec::with_capacity(version.len() * 2);
    push_number(&mut out, epoch)?;
    push_part(&mut out, upstream)?;
    push_part(&mut out, revision)?;
    Some(out)
}

/// Characters and numbers in turn. Letters are before all other characters, `~` is before the end.
fn push_part(out: &mut Vec<u8>, mut part: &str) -> Option<()> {
    loop {
        let (characters, rest) = leading(part, |c| !c.is_ascii_digit());
        out.extend(characters.bytes().map(|byte| match byte {
            b'~' => 0x01,
            byte if byte.is_ascii_alphabetic() => byte,
            byte => byte | 0x80,
        }));
        out.push(END);
        let (number, rest) = leading(rest, |c| c.is_ascii_digit());
        push_number(out, number)?;
        part = rest;
        if part.is_empty() {
            out.push(END);
            return Some(());
        }
    }
}
