//! What readers of requirements and issues hand over, whatever tool a file is from.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::profile::Field;
use super::reqif::Frame;
use crate::{ReadError, Replaced};

/// A file, read whole: its records refer to each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// What the file calls itself.
    pub title: Option<String>,
    /// Its identifier in the tool it is from.
    pub identifier: Option<String>,
    /// The tool, as the file names it.
    pub tool: Option<String>,
    /// Its path in the archive it came in.
    pub member: Option<String>,
    /// Its records, in the order of its hierarchy.
    pub records: Vec<Record>,
    /// What a ReqIF file has beside its objects, for the way back.
    pub frame: Option<Frame>,
    /// The headings or attributes it has, and what each was taken for.
    pub columns: Vec<(String, Field)>,
    /// Records that cannot be taken. The file is refused when there is one.
    pub errors: Vec<RowError>,
    /// What is odd about it, for people.
    pub warnings: Vec<String>,
    /// What was counted, by the name of the element.
    pub totals: BTreeMap<String, u64>,
    /// What could not be shown and was replaced by U+FFFD.
    pub replaced: Replaced,
}

/// A requirement, an issue, or a heading between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What the file identifies it by; no two records of a file have the same.
    pub identifier: String,
    /// What people there call it, when that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// In one line.
    #[serde(skip)]
    pub title: String,
    /// The attribute that gave the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_from: Option<String>,
    /// In full, as plain text.
    #[serde(skip)]
    pub text: String,
    /// The attribute that gave the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_from: Option<String>,
    /// What kind of record it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// It only structures the others.
    #[serde(skip_serializing_if = "is_false")]
    pub is_heading: bool,
    /// Its kind is not wanted.
    #[serde(skip)]
    pub is_left_out: bool,
    /// Where it stands, in the words of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How urgent it is, in the words of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// How bad it is, in the words of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The identifier of the record above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// All that the file says of it beside that, with its type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// Where it leads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Who has to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
    /// Its labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// By which it will be judged, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<String>,
    /// What was said about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// Files that it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// Where it can be seen there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The last day that is on time, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// The record as it was written, where that is needed for the way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The line it begins on, from 1; 0 where the format has none.
    #[serde(skip)]
    pub line: u64,
}

/// One thing that a file says of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// As people see it.
    pub name: String,
    /// What it says.
    pub value: Value,
}

/// A value with its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Plain text.
    Text(String),
    /// Formatted text: what is shown of it. Its markup is kept with the record's source.
    Formatted(String),
    /// A number, as written.
    Number(String),
    /// Yes or no.
    Flag(bool),
    /// A date or a time, as written.
    Date(String),
    /// Words out of a list.
    Choice(Vec<String>),
}

impl Value {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Text(text) | Self::Formatted(text) | Self::Number(text) | Self::Date(text) => text.clone(),
            Self::Flag(yes) => yes.to_string(),
            Self::Choice(words) => words.join(", "),
        }
    }
}

/// A link to another record of the same tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What the link is called there.
    pub kind: String,
    /// The identifier or key of the other record.
    pub target: String,
    /// The other record leads here, not this one there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_inward: bool,
}

/// Somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// What they have to do with the record: `owner`, `reporter` or `author`.
    pub role: String,
    /// As they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Person {
    /// Somebody of whom one text is known: an address, a name, or `Name <address>`.
    #[must_use]
    pub fn of(role: &str, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let (name, email) = match text.split_once('<') {
            Some((name, rest)) if rest.contains('@') => (name.trim(), rest.trim_end_matches('>').trim()),
            _ if text.contains('@') && !text.contains(' ') => ("", text),
            _ => (text, ""),
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Self { role: role.to_owned(), name: some(name), email: some(email) })
    }
}

/// Something that was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comment {
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// When, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What.
    pub text: String,
}

/// A record that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Its line or row, from 1.
    pub line: u64,
    /// Enough of it to be found.
    pub record: Option<String>,
    /// The field that is wrong.
    pub field: Option<String>,
    /// What is wrong and what to do.
    pub reason: String,
}

// serde asks for a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Record {
    /// An attribute's value in words.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|one| one.name == name).map(|one| one.value.words())
    }

    /// Adds an attribute unless it says nothing.
    pub(crate) fn say(&mut self, name: &str, value: Value) {
        if !value.words().trim().is_empty() {
            self.attributes.push(Attribute { name: name.to_owned(), value });
        }
    }

    /// Gives a record without a title one: the first line of its text, or what it goes by.
    pub(crate) fn entitle(&mut self) {
        self.title = self.title.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.title.is_empty() {
            let line = self.text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            self.title = first_sentence(line);
            self.title_from = None;
        }
        if self.title.is_empty() {
            self.title = self.key.clone().unwrap_or_else(|| self.identifier.clone());
        }
    }
}

/// The beginning of a text, at most 200 characters, broken where a sentence or a word ends.
fn first_sentence(text: &str) -> String {
    if let Some(end) = text.find(". ").filter(|end| *end >= 20 && text[..*end].chars().count() <= 200) {
        return text[..=end].to_owned();
    }
    if text.chars().count() <= 200 {
        return text.to_owned();
    }
    let cut: String = text.chars().take(199).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

impl Document {
    /// Adds to what was counted.
    pub(crate) fn count(&mut self, what: &str, many: u64) {
        *self.totals.entry(what.to_owned()).or_default() += many;
    }

    /// Refuses one record.
    pub(crate) fn refuse(&mut self, line: u64, record: Option<&str>, field: Option<&str>, reason: impl Into<String>) {
        let own = |text: Option<&str>| text.map(str::to_owned);
        self.errors.push(RowError { line, record: own(record), field: own(field), reason: reason.into() });
    }

    /// What holds for every format: titles are there, identifiers are not given twice, nobody is above themselves.
    pub(crate) fn finish(mut self, max_records: usize) -> Result<Self, ReadError> {
        if self.records.len() > max_records {
            return Err(ReadError::at_line(
                self.records[max_records].line.max(1),
                format!("the file holds more than {max_records} records; split it"),
            ));
        }
        let mut seen: HashSet<String> = HashSet::with_capacity(self.records.len());
        let mut twice = Vec::new();
        for record in &mut self.records {
            record.entitle();
            if !seen.insert(record.identifier.clone()) {
                twice.push((record.line, record.identifier.clone()));
            }
        }
        for (line, identifier) in twice {
            let reason =
                format!("the identifier `{identifier}` was given to a record before; give each record one of its own");
            self.refuse(line, Some(&identifier), Some("identifier"), reason);
        }
        self.cut_circles();
        Ok(self)
    }

    /// Hierarchies from links may run in circles; what closes one stands at the top.
    fn cut_circles(&mut self) {
        let above: BTreeMap<String, String> =
            self.records.iter().filter_map(|one| Some((one.identifier.clone(), one.parent.clone()?))).collect();
        let mut fine: BTreeSet<&str> = BTreeSet::new();
        let mut cut: HashSet<String> = HashSet::new();
        for start in above.keys() {
            let mut way: Vec<&str> = Vec::new();
            let mut on_way: HashSet<&str> = HashSet::new();
            let mut now = start.as_str();
            while !fine.contains(now) {
                way.push(now);
                on_way.insert(now);
                match above.get(now) {
                    Some(next) if cut.contains(now) || !above.contains_key(next) => break,
                    Some(next) if on_way.contains(next.as_str()) => {
                        cut.insert(now.to_owned());
                        break;
                    }
                    Some(next) => now = next,
                    None => break,
                }
            }
            fine.extend(way);
        }
        for record in &mut self.records {
            if cut.contains(&record.identifier) {
                self.warnings.push(format!("`{}` stands below itself; it was put at the top", record.identifier));
                record.parent = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(identifier: &str, parent: Option<&str>) -> Record {
        Record { identifier: identifier.into(), parent: parent.map(str::to_owned), ..Record::default() }
    }

    #[test]
    fn circles_are_cut_and_twins_refused() {
        let records = vec![
            record("a", Some("b")),
            record("b", Some("c")),
            record("c", Some("a")),
            record("d", Some("a")),
            record("d", None),
        ];
        let document = Document { records, ..Document::default() };
        let document = document.finish(10).expect("read");
        assert_eq!(document.records.iter().filter(|one| one.parent.is_none()).count(), 2);
        assert_eq!(document.errors.len(), 1);
        let many = Document { records: vec![record("a", None), record("b", None)], ..Document::default() };
        assert!(many.finish(1).is_err());
    }

    #[test]
    fn a_title_is_found_where_none_is_given() {
        let mut one = record("x", None);
        one.text = "The system shall stop. Then it shall start.\nmore".into();
        one.entitle();
        assert_eq!(one.title, "The system shall stop.");
        let mut other = record("x", None);
        other.entitle();
        assert_eq!(other.title, "x");
    }

    #[test]
    fn people_are_told_by_address_or_name() {
        let one = Person::of("owner", "Ada L <ada@example.org>").expect("somebody");
        assert_eq!((one.name.as_deref(), one.email.as_deref()), (Some("Ada L"), Some("ada@example.org")));
        assert_eq!(Person::of("owner", " "), None);
    }
}
