//! What list pages share: filters that live in the address, where the list goes on, and the gathering of a whole file.

use std::collections::HashSet;

use base::ProblemKind;
use jiff::Timestamp;
use kernel::Error;

use super::{error::PageError, form::Fields};
use crate::{
    components::{Choice, ChoiceOption},
    paths,
    state::Shown,
};

/// Rows of one page of a list.
pub(super) const ROWS: i64 = 50;
/// Rows of one step of a file.
pub(super) const FILE_STEP: i64 = 500;
/// Rows of a file at most; what is larger is exported by the API, which streams.
pub(super) const FILE_ROWS: usize = 50_000;

/// The query of an address.
pub(super) struct Asked(Fields);

impl Asked {
    /// Reads a query; what cannot be read asks for nothing.
    pub(super) fn of(query: Option<&str>) -> Result<Self, PageError> {
        Fields::parse(query.unwrap_or_default().as_bytes()).map(Self)
    }

    /// One value; `None` when it is not there or empty. The character that PostgreSQL cannot store is dropped.
    pub(super) fn one(&self, name: &str) -> Option<String> {
        let text: String = self.0.text(name).chars().filter(|c| *c != '\0').take(500).collect();
        (!text.is_empty()).then_some(text)
    }

    /// One value as another type; `None` when it is not there or does not fit.
    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.0.text(name).parse().ok()
    }

    /// The values of a field that are codes of `S`.
    pub(super) fn codes<S: Shown>(&self, name: &str) -> Vec<String> {
        self.values(name).into_iter().filter(|code| S::from_code(code).is_some()).collect()
    }

    /// The values of a field, each once.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let mut seen = HashSet::new();
        self.0
            .all(name)
            .filter(|value| !value.is_empty() && !value.contains('\0') && value.len() <= 500)
            .filter(|value| seen.insert(*value))
            .take(50)
            .map(str::to_owned)
            .collect()
    }

    /// `path` with everything that was asked for, except `without`, and with `more`.
    pub(super) fn address(&self, path: &str, without: &[&str], more: &[(&str, &str)]) -> String {
        let kept = self.0.pairs().filter(|(name, value)| !without.contains(name) && !value.is_empty());
        let pairs: Vec<String> = kept
            .chain(more.iter().copied())
            .map(|(name, value)| format!("{}={}", paths::segment(name), paths::segment(value)))
            .collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

/// A chip with the members of a list of states.
pub(super) fn states<S: Shown>(name: &str, label: &str, chosen: &[String]) -> Choice {
    let options = S::ALL.iter().map(|state| (state.code().to_owned(), state.word().to_owned())).collect::<Vec<_>>();
    choice(name, label, &options, chosen)
}

/// A chip with values and words.
pub(super) fn choice(name: &str, label: &str, options: &[(String, String)], chosen: &[String]) -> Choice {
    Choice {
        name: name.to_owned(),
        label: label.to_owned(),
        many: true,
        options: options
            .iter()
            .map(|(value, words)| ChoiceOption {
                value: value.clone(),
                label: words.clone(),
                chosen: chosen.contains(value),
                count: None,
            })
            .collect(),
    }
}

/// What a page shows besides what it is about: nothing of what its reader may not see.
pub(super) fn beside<T: Default>(found: Result<T, Error>) -> Result<T, Error> {
    let forbidden = |error: &Error| error.problem().is_some_and(|problem| problem.kind == ProblemKind::Forbidden);
    match found {
        Err(error) if forbidden(&error) => Ok(T::default()),
        found => found,
    }
}

/// Cuts a list to a page; the last row says where the next page begins, if there is one.
pub(super) fn cut<T>(rows: &mut Vec<T>, most: i64) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    more
}

/// The rows of a file, gathered step by step: `while file.goes_on() { file.add(rows after file.last()) }`.
pub(super) struct Gathered<T> {
    rows: Vec<T>,
    done: bool,
}

impl<T> Gathered<T> {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { rows: Vec::new(), done: false }
    }

    /// Whether there may be more.
    pub(super) fn goes_on(&self) -> bool {
        !self.done && self.rows.len() < FILE_ROWS
    }

    /// The last row so far.
    pub(super) fn last(&self) -> Option<&T> {
        self.rows.last()
    }

    /// Adds the rows of one step, asked for with [`FILE_STEP`].
    pub(super) fn add(&mut self, rows: Vec<T>) {
        self.done = i64::try_from(rows.len()).unwrap_or(i64::MAX) < FILE_STEP;
        self.rows.extend(rows);
    }

    /// The rows.
    pub(super) fn into_rows(self) -> Vec<T> {
        self.rows
    }
}

/// A time as files carry it.
pub(super) fn stamp(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_keeps_what_was_asked_for() {
        let asked = Asked::of(Some("outcome=failed&outcome=error&q=a%20b&after=x")).unwrap();
        assert_eq!(
            asked.address("/p/a/tests", &["after"], &[("after", "y&z")]),
            "/p/a/tests?outcome=failed&outcome=error&q=a%20b&after=y%26z"
        );
        assert_eq!(asked.address("/x", &["outcome", "q", "after"], &[]), "/x");
    }
}
