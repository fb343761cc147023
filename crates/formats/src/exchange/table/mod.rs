//! Tables: the first row with several cells names the columns, every further row is a record.
//!
//! A heading may come several times (Jira writes one column for each label): all its cells count. A row without an identifier, one
//! that was given before, a level that is no number and a date that is none are each refused with row and column; all are told
//! at once, and none of the file is taken.

mod csv;
mod xlsx;

use super::assign::{assign, note_columns, parts};
use super::profile::{Field, Profile, plain};
use super::record::{Attribute, Document, Link, Record, Value};
use crate::{Limits, ReadError};

pub(crate) use csv::{first_rows, read as read_csv};
pub(crate) use xlsx::read as read_xlsx;

/// Columns of one table at most.
const COLUMNS: usize = 1_000;

/// Rows with the line or row each stands on.
pub(super) struct Rows {
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

/// Turns the rows of a table into records.
pub(super) fn records(
    rows: Rows,
    mut document: Document,
    profile: &Profile,
    limits: &Limits,
) -> Result<Document, ReadError> {
    let mut rows = rows.rows.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    let heading = rows.find(|(_, cells)| cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1);
    let Some((line, headings)) = heading else {
        return Err(ReadError::at_line(1, "the table has no row with headings; name the columns in its first row"));
    };
    if headings.len() > COLUMNS {
        return Err(ReadError::at_line(line, format!("the table has more than {COLUMNS} columns")));
    }
    let headings: Vec<String> =
        headings.iter().map(|one| one.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let fields = fields(&headings, profile);
    let profile = completed(profile, &headings, &fields);
    if !fields.iter().any(|field| matches!(field, Field::Title | Field::Text)) {
        return Err(ReadError::at_line(
            line,
            format!(
                "no column says what a record is about; name one `title` or `text`, or assign one in the profile. The columns are: {}",
                headings.iter().filter(|one| !one.is_empty()).take(40).cloned().collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    let identified = fields.iter().any(|field| matches!(field, Field::Identifier | Field::Key));
    if !identified {
        document.warnings.push(
            "no column identifies the rows, so they are told apart by their titles: a row with another title is another record".to_owned(),
        );
    }
    let mut levels: Vec<(u64, String)> = Vec::new();
    for (line, cells) in rows {
        document.count("rows", 1);
        let row = Row { line, headings: &headings, fields: &fields, cells: &cells };
        if let Some(mut record) = row.record(&profile, identified, &mut document) {
            if let Some(level) = row.level(&mut document, &record.identifier) {
                levels.retain(|(above, _)| *above < level);
                record.parent = record.parent.take().or_else(|| levels.last().map(|(_, above)| above.clone()));
                levels.push((level, record.identifier.clone()));
            }
            document.records.push(record);
        }
    }
    note_columns(&mut document, &profile);
    document.columns = headings.into_iter().zip(fields).filter(|(heading, _)| !heading.is_empty()).collect();
    document.columns.dedup();
    document.finish(limits.max_records)
}

/// What each column is: the profile's word, else the guess, where of several guesses for one field the first counts.
fn fields(headings: &[String], profile: &Profile) -> Vec<Field> {
    let mut taken: Vec<(Field, String)> = Vec::new();
    let claimed: Vec<Field> = headings.iter().filter(|one| profile.says(one)).map(|one| profile.field(one)).collect();
    headings
        .iter()
        .map(|heading| {
            if let Some(field) = jira_link(heading) {
                return field;
            }
            let field = profile.field(heading);
            let single = !matches!(field, Field::Tags | Field::Link(_) | Field::Keep | Field::Ignore | Field::Criteria);
            if !single || profile.says(heading) {
                return field;
            }
            let own = plain(heading);
            let before = taken.iter().any(|(other, by)| *other == field && *by != own) || claimed.contains(&field);
            if before {
                return Field::Keep;
            }
            taken.push((field.clone(), own));
            field
        })
        .collect()
}

/// A profile that says of every heading what was decided.
fn completed(profile: &Profile, headings: &[String], fields: &[Field]) -> Profile {
    let mut whole = profile.clone();
    whole.columns = headings.iter().cloned().zip(fields.iter().cloned()).collect();
    whole
}

/// Jira's columns for links: `Outward issue link (Blocks)`, `Inward issue link (Cloners)`.
fn jira_link(heading: &str) -> Option<Field> {
    let lower = heading.to_lowercase();
    let rest = lower.strip_prefix("outward issue link (").or_else(|| lower.strip_prefix("inward issue link ("))?;
    Some(Field::Link(rest.trim_end_matches(')').trim().to_owned()))
}

struct Row<'a> {
    line: u64,
    headings: &'a [String],
    fields: &'a [Field],
    cells: &'a [String],
}

impl Row<'_> {
    fn cells_of(&self, wanted: &Field) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .zip(self.cells)
            .filter(move |(field, _)| *field == wanted)
            .map(|(_, cell)| cell.trim())
            .filter(|cell| !cell.is_empty())
    }

    fn cell(&self, wanted: &Field) -> Option<&str> {
        self.cells_of(wanted).next()
    }

    fn heading_of(&self, wanted: &Field) -> &str {
        self.fields.iter().position(|field| field == wanted).map_or("", |at| self.headings[at].as_str())
    }

    fn record(&self, profile: &Profile, identified: bool, document: &mut Document) -> Option<Record> {
        let given = self.cell(&Field::Identifier).or_else(|| self.cell(&Field::Key));
        let named = given.or_else(|| self.cell(&Field::Title)).or_else(|| self.cell(&Field::Text));
        let column = match self.fields.contains(&Field::Identifier) {
            true => self.heading_of(&Field::Identifier),
            false => self.heading_of(&Field::Key),
        };
        let Some(identifier) = (if identified { given } else { named }) else {
            let record = self.cells.iter().map(|cell| cell.trim()).find(|cell| !cell.is_empty()).map(cut);
            document.refuse(
                self.line,
                record.as_deref(),
                Some(column),
                "the row has no identifier; give it one, or remove the row",
            );
            return None;
        };
        let mut record = Record { identifier: cut(identifier), line: self.line, ..Record::default() };
        if self.cell(&Field::Identifier).is_some() {
            record.key = self.cell(&Field::Key).map(cut);
        }
        if identified && self.cell(&Field::Title).is_none() && self.cell(&Field::Text).is_none() {
            document.refuse(
                self.line,
                Some(&record.identifier),
                Some(self.heading_of(&Field::Title)),
                "the row has neither a title nor a text; say what it is about, or remove the row",
            );
            return None;
        }
        self.take_attributes(&mut record);
        let key = record.key.take();
        assign(&mut record, profile, false);
        // Assigning puts the identifier where other formats have the key.
        record.key = key;
        self.take_comments(&mut record);
        if let Some(due) = record.due.as_deref()
            && date(due).is_none()
        {
            let reason = format!("`{}` is no date; write it as 2026-11-29", cut(due));
            document.refuse(self.line, Some(&record.identifier), Some(self.heading_of(&Field::Due)), reason);
        }
        Some(record)
    }

    fn take_attributes(&self, record: &mut Record) {
        for ((heading, field), cell) in self.headings.iter().zip(self.fields).zip(self.cells) {
            let cell = cell.trim();
            if heading.is_empty() || cell.is_empty() || *field == Field::Ignore {
                continue;
            }
            if let Field::Link(kind) = field
                && heading.to_lowercase().starts_with("inward ")
            {
                let links = parts(&Value::Text(cell.to_owned())).into_iter();
                record.links.extend(links.map(|target| Link { kind: kind.clone(), target, is_inward: true }));
                continue;
            }
            let value = Value::Text(cell.to_owned());
            match record.attributes.iter_mut().find(|one| one.name == *heading) {
                // The same heading once more: its cells together are a list.
                Some(before) => match &mut before.value {
                    Value::Choice(words) => words.push(cell.to_owned()),
                    other => {
                        let first = other.words();
                        *other = Value::Choice(vec![first, cell.to_owned()]);
                    }
                },
                None => record.attributes.push(Attribute { name: heading.clone(), value }),
            }
        }
    }

    /// Jira writes one column a comment: `time;author;text`.
    fn take_comments(&self, record: &mut Record) {
        for (heading, cell) in self.headings.iter().zip(self.cells) {
            if plain(heading) != "comment" || cell.trim().is_empty() {
                continue;
            }
            let mut pieces = cell.splitn(3, ';');
            if let (Some(at), Some(author), Some(text)) = (pieces.next(), pieces.next(), pieces.next()) {
                let own = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                record.comments.push(super::record::Comment {
                    author: own(author),
                    at: own(at),
                    text: text.trim().to_owned(),
                });
            }
        }
        if !record.comments.is_empty() {
            record.attributes.retain(|one| plain(&one.name) != "comment");
        }
    }

    fn level(&self, document: &mut Document, record: &str) -> Option<u64> {
        let cell = self.cell(&Field::Level)?;
        match cell.trim_end_matches(".0").parse() {
            Ok(level) => Some(level),
            Err(_) => {
                let reason = format!("`{}` is no level; write a number from 1", cut(cell));
                document.refuse(self.line, Some(record), Some(self.heading_of(&Field::Level)), reason);
                None
            }
        }
    }
}

/// At most 500 characters.
fn cut(text: &str) -> String {
    text.chars().take(500).collect()
}

/// A day, as ISO 8601 writes it; of a time its day.
#[must_use]
pub fn date(text: &str) -> Option<jiff::civil::Date> {
    let text = text.trim();
    let day = text.get(..10).unwrap_or(text);
    day.parse().ok().or_else(|| {
        ["%d/%b/%y", "%d/%b/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y"].iter().find_map(|form| {
            let first = if form.contains(' ') { text } else { text.split(' ').next().unwrap_or(text) };
            jiff::civil::Date::strptime(form, first).ok()
        })
    })
}

#[cfg(test)]
mod tests;
