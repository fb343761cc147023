//! Python's versions: PEP 440, "Version specifiers", in the order that its reference implementation gives.

use super::{leading, push_number};

/// A pre-release, a post-release or a development release: a word, perhaps a number, and separators that do not count.
fn suffix<'a>(text: &'a str, words: &[(&str, u8)]) -> Option<(u8, &'a str, &'a str)> {
    let bare = text.trim_start_matches(['.', '-', '_']);
    if text.len() - bare.len() > 1 {
        return None;
    }
    let (word, rest) = leading(bare, |c| c.is_ascii_alphabetic());
    let (_, code) = words.iter().find(|(name, _)| *name == word)?;
    let after = rest.strip_prefix(['.', '-', '_']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let (number, rest) = leading(after.unwrap_or(rest), |c| c.is_ascii_digit());
    Some((*code, number, rest))
}

pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    let lower = version.to_ascii_lowercase();
    let text = lower.strip_prefix('v').unwrap_or(&lower);
    let (public, local) = match text.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (text, None),
    };
    let (epoch, rest) = match public.split_once('!') {
        Some((epoch, rest)) => (epoch, rest),
        None => ("0", public),
    };
    if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    push_number(&mut out, epoch)?;
    let mut release = Vec::new();
    let (first, mut rest) = leading(rest, |c| c.is_ascii_digit());
    if first.is_empty() {
        return None;
    }
    release.push(first);
    while let Some(after) = rest.strip_prefix('.').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        let (number, remaining) = leading(after, |c| c.is_ascii_digit());
        release.push(number);
        rest = remaining;
    }
    while release.len() > 1 && release.last().is_some_and(|last| last.bytes().all(|byte| byte == b'0')) {
        release.pop();
    }
    for number in release {
        out.push(2);
        push_number(&mut out, number)?;
    }
    out.push(1);

    let mut pre = None;
    const PRE: [(&str, u8); 8] =
        [("a", 1), ("alpha", 1), ("b", 2), ("beta", 2), ("c", 3), ("rc", 3), ("pre", 3), ("preview", 3)];
    if let Some((code, number, remaining)) = suffix(rest, &PRE) {
        pre = Some((code, number));
        rest = remaining;
    }
    let mut post = None;
    if let Some((_, number, remaining)) = suffix(rest, &[("post", 1), ("rev", 1), ("r", 1)]) {
        post = Some(number);
        rest = remaining;
    } else if let Some(after) = rest.strip_prefix('-').filter(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
        let (number, remaining) = leading(after, |c| c.is_ascii_digit());
        post = Some(number);
        rest = remaining;
    }
    let mut development = None;
    if let Some((_, number, remaining)) = suffix(rest, &[("dev", 1)]) {
        development = Some(number);
        rest = remaining;
    }
    if !rest.is_empty() {
        return None;
    }
    match pre {
        Some((code, number)) => {
            out.push(code);
            push_number(&mut out, number)?;
        }
        // A development release of the release itself comes before its pre-releases.
        None => out.push(if post.is_none() && development.is_some() { 0 } else { 4 }),
    }
    match post {
        Some(number) => {
            out.push(1);
            push_number(&mut out, number)?;
        }
        None => out.push(0),
    }
    match development {
        Some(number) => {
            out.push(0);
            push_number(&mut out, number)?;
        }
        None => out.push(1),
    }
    let Some(local) = local else {
        out.push(0);
        return Some(out);
    };
    out.push(1);
    for part in local.split(['.', '-', '_']) {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push(3);
            push_number(&mut out, part)?;
        } else {
            out.push(2);
            out.extend(part.bytes());
            out.push(0);
        }
    }
    out.push(1);
    Some(out)
}
