//! The block of YAML at the beginning.
//!
//! Parsed with `saphyr-parser`, whose events carry lines. Anchors, aliases and tags are refused: a requirement needs
//! none, and they are what makes YAML from strangers dangerous.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Item, Requirement, UnknownKey};
use crate::ReadError;
use crate::xml::shorten;

/// A key with its value and the line it stands on.
pub(super) struct Entry {
    key: String,
    value: Value,
    line: u64,
}

enum Value {
    Nothing,
    One(String),
    Many(Vec<(String, u64)>),
}

/// The entries of the block, whose first line is line `first_line` of the document.
pub(super) fn parse(yaml: &str, first_line: u64) -> Result<Vec<Entry>, ReadError> {
    let mut parser = Parser::new_from_str(yaml);
    let mut next = || -> Result<(Event<'_>, u64), ReadError> {
        match parser.next_event() {
            Some(Ok((event, span))) => {
                let line = first_line + line_of(&span);
                plain(&event).map_err(|reason| ReadError::at_line(line, reason))?;
                Ok((event, line))
            }
            Some(Err(error)) => {
                let line = first_line + (error.marker().line() as u64).saturating_sub(1);
                Err(ReadError::at_line(line, format!("the front matter is not valid YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, first_line)),
        }
    };
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        match next()? {
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(entries),
            (Event::MappingStart(..), _) => break,
            (Event::Scalar(text, ScalarStyle::Plain, ..), _) if text.is_empty() || text == "~" => {}
            (_, line) => {
                return Err(ReadError::at_line(line, "the front matter has to be a list of `key: value` lines"));
            }
        }
    }
    loop {
        let (key, line) = match next()? {
            (Event::MappingEnd, _) => return Ok(entries),
            (Event::Scalar(key, ..), line) => (key.trim().to_owned(), line),
            (_, line) => {
                return Err(ReadError::at_line(line, "a front-matter key has to be a plain word"));
            }
        };
        if entries.iter().any(|entry| same(&entry.key, &key)) {
            return Err(ReadError::at_line(line, format!("the front matter gives `{}` twice", shorten(&key))));
        }
        let value = match next()?.0 {
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => Value::Many(sequence(&mut next, &key)?),
            _ => {
                return Err(ReadError::at_line(
                    line,
                    format!("`{}` has to be a text or a list of texts", shorten(&key)),
                ));
            }
        };
        entries.push(Entry { key, value, line });
    }
}

fn sequence<'a>(
    next: &mut impl FnMut() -> Result<(Event<'a>, u64), ReadError>,
    key: &str,
) -> Result<Vec<(String, u64)>, ReadError> {
    let mut items = Vec::new();
    loop {
        match next()? {
            (Event::SequenceEnd, _) => return Ok(items),
            (Event::Scalar(text, style, ..), line) => {
                if let Value::One(text) = scalar(&text, style) {
                    items.push((text, line));
                }
            }
            (_, line) => {
                return Err(ReadError::at_line(
                    line,
                    format!("an item of `{}` is not a plain text; put it in quotes if it contains `: `", shorten(key)),
                ));
            }
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let trimmed = text.trim();
    let nothing = trimmed.is_empty() || (style == ScalarStyle::Plain && matches!(trimmed, "~" | "null"));
    if nothing { Value::Nothing } else { Value::One(trimmed.to_owned()) }
}

/// Refuses what refers to something else or asks to be interpreted.
fn plain(event: &Event<'_>) -> Result<(), &'static str> {
    match event {
        Event::Alias(_) => Err("the front matter uses a YAML alias (*name); write the value out"),
        Event::Scalar(_, _, anchor, tag) if *anchor > 0 || tag.is_some() => {
            Err("the front matter uses a YAML anchor or tag; remove it")
        }
        Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) if *anchor > 0 || tag.is_some() => {
            Err("the front matter uses a YAML anchor or tag; remove it")
        }
        _ => Ok(()),
    }
}

/// Lines before the one the event begins on.
fn line_of(span: &Span) -> u64 {
    (span.start.line() as u64).saturating_sub(1)
}

/// Keys are compared without regard to case, hyphens and underscores.
fn normal(key: &str) -> String {
    key.chars().map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() }).collect()
}

fn same(one: &str, other: &str) -> bool {
    normal(one) == normal(other)
}

/// Puts the entries where they belong.
pub(super) fn apply(entries: Vec<Entry>, requirement: &mut Requirement) -> Result<(), ReadError> {
    for entry in entries {
        match normal(&entry.key).as_str() {
            "key" | "id" => {
                if !requirement.key.is_empty() {
                    return Err(ReadError::at_line(entry.line, "the front matter gives both `key` and `id`; keep one"));
                }
                requirement.key = key(one(&entry)?.unwrap_or_default(), entry.line)?;
            }
            "title" | "name" => requirement.title = one(&entry)?.unwrap_or_default(),
            "status" => requirement.status = one(&entry)?.map(|text| normal(&text)),
            "priority" => requirement.priority = one(&entry)?.map(|text| normal(&text)),
            "owner" | "assigned_to" | "assignee" => requirement.owner = one(&entry)?,
            "description" | "summary" => requirement.description = one(&entry)?.unwrap_or_default(),
            "feature" | "features" => requirement.features.extend(many(entry, true)),
            "tag" | "tags" | "labels" => requirement.tags.extend(many(entry, true)),
            "tests" | "test" | "verified_by" | "verifies" => requirement.verified_by.extend(many(entry, true)),
            "depends_on" | "dependencies" | "depends" => {
                let line = entry.line;
                for dependency in many(entry, true) {
                    requirement.depends_on.push(key(dependency, line)?);
                }
            }
            "acceptance_criteria" | "criteria" => requirement.acceptance_criteria.extend(items(entry)),
            "user_stories" | "user_story" | "stories" => requirement.user_stories.extend(items(entry)),
            _ => requirement.unknown.push(UnknownKey { key: entry.key, line: entry.line }),
        }
    }
    Ok(())
}

fn one(entry: &Entry) -> Result<Option<String>, ReadError> {
    match &entry.value {
        Value::Nothing => Ok(None),
        Value::One(text) => Ok(Some(text.clone())),
        Value::Many(_) => {
            Err(ReadError::at_line(entry.line, format!("`{}` has to be one text, not a list", shorten(&entry.key))))
        }
    }
}

/// A list, or one text with commas in it.
fn many(entry: Entry, split: bool) -> Vec<String> {
    match entry.value {
        Value::Nothing => Vec::new(),
        Value::One(text) if split => {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        Value::One(text) => vec![text],
        Value::Many(texts) => texts.into_iter().map(|(text, _)| text).collect(),
    }
}

fn items(entry: Entry) -> Vec<Item> {
    let line = entry.line;
    match entry.value {
        Value::Many(texts) => {
            texts.into_iter().map(|(text, line)| Item { text: text.replace('\n', " "), checked: None, line }).collect()
        }
        _ => many(entry, false)
            .into_iter()
            .map(|text| Item { text: text.replace('\n', " "), checked: None, line })
            .collect(),
    }
}

/// A requirement key, upper-cased.
pub(super) fn key(text: String, line: u64) -> Result<String, ReadError> {
    let upper = text.trim().to_ascii_uppercase();
    let well_formed = upper.split_once('-').is_some_and(|(prefix, number)| {
        let mut letters = prefix.bytes();
        letters.next().is_some_and(|first| first.is_ascii_uppercase())
            && prefix.len() <= 10
            && letters.all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
            && (1..=9).contains(&number.len())
            && number.bytes().all(|digit| digit.is_ascii_digit())
    });
    if well_formed {
        return Ok(upper);
    }
    Err(ReadError::at_line(
        line,
        format!(
            "`{}` is not a requirement key; a key is capital letters, a hyphen and a number, such as REQ-42",
            shorten(&text)
        ),
    ))
}
