//! What a file says of a record, what it said the last time, and what stands here: what is to be done about it.
//!
//! The file speaks for what it changed since the last time. What was changed here, and not in the file, stays; where both changed, the
//! file counts and the difference is told. What the file leaves open stays, but for a description or a day that it had and has no longer.

use serde_json::{Map, Value, json};

/// The fields that are compared, in the order of [`Fields`].
pub(super) const NAMES: [&str; 9] =
    ["title", "description", "status", "priority", "severity", "kind", "owner", "reporter", "due"];
pub(super) const TITLE: usize = 0;
pub(super) const DESCRIPTION: usize = 1;
pub(super) const STATUS: usize = 2;
pub(super) const PRIORITY: usize = 3;
pub(super) const SEVERITY: usize = 4;
pub(super) const KIND: usize = 5;
pub(super) const OWNER: usize = 6;
pub(super) const REPORTER: usize = 7;
pub(super) const DUE: usize = 8;

/// Fields that a file empties by saying nothing any more.
const EMPTIED: [usize; 2] = [DESCRIPTION, DUE];

/// Values of the fields, as text.
pub(super) type Fields = [Option<String>; NAMES.len()];

/// What is to be done about a record that is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// What it is to say, whole.
    pub(super) after: Fields,
    /// Fields that change.
    pub(super) changed: Vec<usize>,
    /// Fields that were changed here and not in the file.
    pub(super) left: Vec<usize>,
    /// Of those that change, the ones that were changed here as well.
    pub(super) contested: Vec<usize>,
}

/// Compares.
pub(super) fn compare(wanted: &Fields, said: Option<&Value>, now: &Fields) -> Outcome {
    let mut outcome = Outcome { after: now.clone(), ..Outcome::default() };
    for (at, name) in NAMES.iter().enumerate() {
        if wanted[at] == now[at] {
            continue;
        }
        let last = said.map(|said| said.get(*name).and_then(Value::as_str));
        let empties = EMPTIED.contains(&at) && last.flatten().is_some();
        if wanted[at].is_none() && !empties {
            continue;
        }
        if last.is_some_and(|last| last == wanted[at].as_deref()) {
            outcome.left.push(at);
            continue;
        }
        if last.is_some_and(|last| last != now[at].as_deref()) {
            outcome.contested.push(at);
        }
        outcome.after[at].clone_from(&wanted[at]);
        outcome.changed.push(at);
    }
    outcome
}

/// What is kept of what a file said, for the next time.
pub(super) fn said(wanted: &Fields) -> Value {
    let mut said = Map::new();
    for (name, value) in NAMES.iter().zip(wanted) {
        if let Some(value) = value {
            said.insert((*name).to_owned(), json!(value));
        }
    }
    Value::Object(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(title: &str, description: Option<&str>) -> Fields {
        let mut fields = Fields::default();
        fields[TITLE] = Some(title.to_owned());
        fields[DESCRIPTION] = description.map(str::to_owned);
        fields
    }

    #[test]
    fn the_file_speaks_for_what_it_changed() {
        let before = said(&fields("a", Some("x")));
        let same = compare(&fields("a", Some("x")), Some(&before), &fields("a", Some("x")));
        assert_eq!((same.changed.len(), same.left.len()), (0, 0));
        let here = compare(&fields("a", Some("x")), Some(&before), &fields("b", Some("x")));
        assert_eq!((here.changed.as_slice(), here.left.as_slice()), (&[][..], &[TITLE][..]));
        assert_eq!(here.after[TITLE].as_deref(), Some("b"));
        let there = compare(&fields("c", Some("x")), Some(&before), &fields("a", Some("x")));
        assert_eq!((there.changed.as_slice(), there.contested.len()), (&[TITLE][..], 0));
        let both = compare(&fields("c", Some("x")), Some(&before), &fields("b", Some("x")));
        assert_eq!((both.after[TITLE].as_deref(), both.contested.as_slice()), (Some("c"), &[TITLE][..]));
        let emptied = compare(&fields("a", None), Some(&before), &fields("a", Some("x")));
        assert_eq!((emptied.after[DESCRIPTION].as_deref(), emptied.changed.as_slice()), (None, &[DESCRIPTION][..]));
        let unknown = compare(&fields("a", None), None, &fields("a", Some("x")));
        assert!(unknown.changed.is_empty() && unknown.left.is_empty());
    }
}
