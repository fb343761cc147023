//! Which requirements a test case says it proves.
//!
//! The rule, in two halves:
//!
//! - **Names and class names** are free text, so only keys with the prefix `REQ` count: `REQ-42`, `REQ_42` and
//!   `req_42` in any letter case, and `REQ42` in capitals. No letter or digit may stand before the prefix
//!   (`test_req_42_…` counts, `freq_42` does not). `req42` in small letters does not count: it usually means a request. An
//!   acceptance criterion is named behind a full stop (`REQ-42.2` is the second one) or, since an identifier cannot
//!   contain one, by `ac`: `req_42_ac2_refuses_negative_amounts`. A bare `req_42_2` names the requirement only: taking a
//!   number that belongs to the sentence for a criterion would prove something that was never tested.
//! - **Properties** that are meant for references (`requirement`, `requirements`, `req`, `reqs`, `verifies`, `validates`,
//!   `covers`, `satisfies`, `tag`, `tags`, also behind a prefix as in `polarion.requirement`; case, hyphens and
//!   underscores are ignored) hold a list separated by commas, semicolons, bars or white space. An item counts when it
//!   is a key as a whole: one capital letter, up to nine more capitals or digits, a hyphen, a number, and perhaps a full
//!   stop and the number of a criterion.
//!
//! Whether a key exists is for the importer to find out; a tag such as `UTF-8` looks like a key too.

use std::fmt;

use crate::junit::{Case, Property};

/// A requirement, or one of its acceptance criteria, by key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// The key, `REQ-42`.
    pub key: String,
    /// The acceptance criterion, counted from 1; None: the requirement as a whole.
    pub criterion: Option<u32>,
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.key)?;
        match self.criterion {
            Some(criterion) => write!(out, ".{criterion}"),
            None => Ok(()),
        }
    }
}

const REFERENCE_PROPERTIES: [&str; 11] = [
    "requirement",
    "requirements",
    "req",
    "reqs",
    "verifies",
    "validates",
    "covers",
    "satisfies",
    "tag",
    "tags",
    "traces",
];
const TEST_KEY_PROPERTIES: [&str; 6] = ["testkey", "testcaseid", "testcasekey", "testid", "testkeys", "testcaseids"];

/// The requirements a case refers to in its properties, name and class name, each once, in that order.
#[must_use]
pub fn requirement_references(case: &Case) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut add = |reference: Reference| {
        if !found.contains(&reference) {
            found.push(reference);
        }
    };
    for property in &case.properties {
        if names(property, &REFERENCE_PROPERTIES) {
            items(&property.value).filter_map(parse_key).for_each(&mut add);
        }
    }
    for text in [&case.name, &case.class_name].into_iter().flatten() {
        in_text(text).into_iter().for_each(&mut add);
    }
    found
}

/// Keys under which another system knows this test case: the values of `test_key`, `testcase_id`, `test_id` and their
/// spellings (`polarion-testcase-id`, …), each once.
#[must_use]
pub fn test_keys(case: &Case) -> Vec<&str> {
    let mut found = Vec::new();
    for property in &case.properties {
        if names(property, &TEST_KEY_PROPERTIES) {
            for item in items(&property.value) {
                if !found.contains(&item) {
                    found.push(item);
                }
            }
        }
    }
    found
}

/// The property's name, or its last part, is one of `names`.
fn names(property: &Property, names: &[&str]) -> bool {
    is_one_of(&property.name, names)
}

/// A name under which [`requirement_references`] or [`test_keys`] would look.
pub(crate) fn is_reference_name(name: &str) -> bool {
    is_one_of(name, &REFERENCE_PROPERTIES) || is_one_of(name, &TEST_KEY_PROPERTIES)
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let last = name.rsplit(['.', ':', '/']).next().unwrap_or_default();
    let (last, hyphened) = (plain(last), last.strip_prefix("polarion-").or_else(|| last.strip_prefix("xray-")));
    names.iter().any(|known| last == *known || hyphened.is_some_and(|rest| plain(rest) == *known))
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        .map(|item| item.trim_matches(['[', ']', '(', ')', '{', '}', '"', '\'', '#', '@']))
        .filter(|item| !item.is_empty())
}

/// A whole item as a key.
fn parse_key(item: &str) -> Option<Reference> {
    let (prefix, rest) = item.split_once('-')?;
    let mut letters = prefix.bytes();
    let well_formed = letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && prefix.len() <= 10
        && letters.all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    let (number, criterion) = match rest.split_once('.') {
        Some((number, criterion)) => (number, Some(criterion)),
        None => (rest, None),
    };
    let is_number = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    if !well_formed || !is_number(number) || !criterion.is_none_or(is_number) {
        return None;
    }
    Some(Reference { key: format!("{prefix}-{number}"), criterion: criterion.and_then(positive) })
}

/// The number of a criterion. There is no criterion 0.
fn positive(digits: &str) -> Option<u32> {
    digits.parse().ok().filter(|&number| number > 0)
}

/// Every `REQ` key in a free text.
fn in_text(text: &str) -> Vec<Reference> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let start = at;
        at += 1;
        if !bytes[start..start + 3].eq_ignore_ascii_case(b"req") {
            continue;
        }
        if text[..start].chars().next_back().is_some_and(char::is_alphanumeric) {
            continue;
        }
        let separated = matches!(bytes[start + 3], b'-' | b'_');
        if !separated && &bytes[start..start + 3] != b"REQ" {
            continue;
        }
        let number = digits(text, start + 3 + usize::from(separated));
        if number.is_empty() || number.len() > 9 {
            continue;
        }
        at = start + 3 + usize::from(separated) + number.len();
        let criterion = criterion_at(text, at);
        found.push(Reference { key: format!("REQ-{number}"), criterion });
    }
    found
}

/// The criterion written directly behind a key: `.2`, `_ac2`, `-AC2`, `_ac_2`.
fn criterion_at(text: &str, at: usize) -> Option<u32> {
    let rest = &text.as_bytes()[at..];
    if rest.first() == Some(&b'.') {
        return positive(digits(text, at + 1));
    }
    let marked = rest.len() > 3 && matches!(rest[0], b'_' | b'-') && rest[1..3].eq_ignore_ascii_case(b"ac");
    if !marked {
        return None;
    }
    let after = at + 3 + usize::from(matches!(rest[3], b'_' | b'-'));
    positive(digits(text, after))
}

fn digits(text: &str, from: usize) -> &str {
    let length = text.as_bytes()[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    &text[from..from + length]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        in_text(text).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_in_names() {
        let cases = [
            ("REQ-42 refuses", "REQ-42"),
            ("REQ-42.2 refuses", "REQ-42.2"),
            ("proves REQ-42.", "REQ-42"),
            ("(req-7) and REQ_8", "REQ-7 REQ-8"),
            ("req_42_refuses", "REQ-42"),
            ("test_req_42_2_users", "REQ-42"),
            ("req_42_ac2_refuses", "REQ-42.2"),
            ("REQ_42_AC_12", "REQ-42.12"),
            ("quality::tests::req_42_ac0", "REQ-42"),
            ("REQ42", "REQ-42"),
            ("req42 is sent before req43", ""),
            ("freq_42", ""),
            ("éreq_42", ""),
            ("REQ-", ""),
            ("REQ-1234567890", ""),
            ("req", ""),
            ("ünreq REQ-1é", "REQ-1"),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn keys_in_properties() {
        let property = |name: &str, value: &str| Property { name: name.into(), value: value.into() };
        let mut case = crate::junit::count::empty_case();
        case.name = Some("REQ-1 works".into());
        case.properties = vec![
            property("Requirements", "REQ-1, PAY2-7.3;ABC-1 [X-9]\nnot-a-key req-5"),
            property("polarion.requirement", "POL-1"),
            property("xray-requirements", "XR-2"),
            property("browser", "REQ-99"),
            property("test_key", "CALC-100"),
            property("polarion-testcase-id", "TC-1, TC-2"),
        ];
        let references: Vec<String> = requirement_references(&case).iter().map(ToString::to_string).collect();
        assert_eq!(references, ["REQ-1", "PAY2-7.3", "ABC-1", "X-9", "POL-1", "XR-2"]);
        assert_eq!(test_keys(&case), ["CALC-100", "TC-1", "TC-2"]);
    }
}
