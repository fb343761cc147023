//! Issues of trackers, as their interfaces and exports give them: Jira, GitHub, GitLab, Bugzilla and Redmine.
//!
//! One issue becomes one record: what it is called there, its title and text, state, priority and kind in the tracker's words, the
//! people with it, links, labels, comments. Everything else that is a plain value is kept as an attribute.

mod bugzilla;
mod github;
mod gitlab;
mod jira;
mod redmine;

use std::io::BufRead;

use super::assign::{note_columns, treat};
use super::dom::{Element, Node};
use super::profile::{Field, Profile};
use super::record::{Comment, Document, Person, Record, Value};
use crate::json::{self, Json};
use crate::xml::{Token, Xml};
use crate::{Format, Limits, ReadError};

/// A longer text of an attribute, in bytes, is not kept.
const KEPT_LENGTH: usize = 20_000;

/// Reads a file of issues as JSON, or of Bugzilla and Redmine as XML.
///
/// # Errors
/// When it is neither, holds no issues, or goes over a bound.
pub(super) fn read(
    format: Format,
    inner: impl BufRead,
    profile: &Profile,
    limits: &Limits,
) -> Result<Document, ReadError> {
    let mut document = Document::default();
    match format {
        Format::BugzillaXml | Format::RedmineXml => {
            let mut xml = Xml::new(inner, limits);
            if xml.next()? != Token::Start {
                return Err(xml.error("the file holds no element"));
            }
            let mut left = limits.max_exchange_bytes;
            let root = Element::read(&mut xml, &mut left, &mut |_| {})?;
            while xml.next()? != Token::Finished {}
            document.replaced = xml.replaced();
            match format {
                Format::BugzillaXml => bugzilla::read_xml(&root, &mut document),
                _ => redmine::read_xml(&root, &mut document),
            }
        }
        _ => read_json(format, inner, &mut document, limits)?,
    }
    if document.records.is_empty() && document.totals.is_empty() {
        return Err(ReadError::at_line(1, "the file holds no issues"));
    }
    for record in &mut document.records {
        named(record, profile);
        treat(record, profile);
    }
    note_columns(&mut document, profile);
    document.finish(limits.max_records)
}

/// One document, or one a line.
fn read_json(format: Format, inner: impl BufRead, document: &mut Document, limits: &Limits) -> Result<(), ReadError> {
    let mut json = Json::new(inner, limits);
    let mut left = limits.max_exchange_bytes;
    let mut begun = false;
    while json.next_document()?.is_some() {
        begun = true;
        let line = json.line();
        let value = json::Value::read(&mut json, left)?;
        left = left.saturating_sub(32);
        let first = document.records.len();
        match format {
            Format::Jira => jira::read(&value, document),
            Format::GithubIssues => github::read(&value, document),
            Format::GitlabIssues => gitlab::read(&value, document),
            Format::Bugzilla => bugzilla::read(&value, document),
            _ => redmine::read(&value, document),
        }
        for record in &mut document.records[first..] {
            record.line = line;
        }
        if document.records.len() > limits.max_records {
            break;
        }
    }
    document.replaced = json.replaced();
    if begun { Ok(()) } else { Err(json.error("the file is empty")) }
}

/// Attributes that a profile gives a meaning fill the fields that the tracker's own members left empty.
fn named(record: &mut Record, profile: &Profile) {
    for attribute in record.attributes.clone() {
        if !profile.says(&attribute.name) {
            continue;
        }
        let words = attribute.value.words();
        let own = Some(words.clone());
        match profile.field(&attribute.name) {
            Field::Title => record.title = words,
            Field::Text => record.text = words,
            Field::Kind => record.kind = own,
            Field::Status => record.status = own,
            Field::Priority => record.priority = own,
            Field::Severity => record.severity = own,
            Field::Parent => record.parent = own,
            Field::Due => record.due = own,
            Field::Url => record.url = own,
            Field::Owner => record.people.extend(Person::of("owner", &words)),
            Field::Reporter => record.people.extend(Person::of("reporter", &words)),
            Field::Tags => record.tags.extend(super::assign::parts(&attribute.value)),
            Field::Criteria => record.criteria.extend(words.lines().map(str::to_owned)),
            Field::Link(kind) => {
                let targets = super::assign::parts(&attribute.value).into_iter();
                record.links.extend(targets.map(|target| super::record::Link {
                    kind: kind.clone(),
                    target,
                    is_inward: false,
                }));
            }
            _ => {}
        }
    }
}

/// Keeps members that are plain values, lists of words, or objects with a name, but for those that were read.
fn keep(record: &mut Record, value: &json::Value, read: &[&str]) {
    for (name, value) in value.members() {
        if read.contains(&name.as_str()) {
            continue;
        }
        match plain(value) {
            Some(value) if value.words().len() <= KEPT_LENGTH => record.say(name, value),
            _ => {}
        }
    }
}

fn plain(value: &json::Value) -> Option<Value> {
    Some(match value {
        json::Value::Text(text) => Value::Text(text.trim().to_owned()),
        json::Value::Number(number) => Value::Number(number.clone()),
        json::Value::Bool(yes) => Value::Flag(*yes),
        json::Value::Object(_) => Value::Text(word(value)?),
        json::Value::List(items) => Value::Choice(items.iter().filter_map(word).collect()),
        json::Value::Null => return None,
    })
}

/// A word: a text, a number, or what an object is called.
fn word(value: &json::Value) -> Option<String> {
    match value {
        json::Value::Text(_) => value.text().map(str::to_owned),
        json::Value::Number(number) => Some(number.clone()),
        json::Value::Object(_) => ["name", "value", "title", "displayName", "key", "login", "username"]
            .iter()
            .find_map(|name| value.text_of(name)),
        _ => None,
    }
}

/// What a member is called.
fn word_of(value: &json::Value, name: &str) -> Option<String> {
    value.get(name).and_then(word)
}

/// A number or a text, as text.
fn id_of(value: &json::Value, name: &str) -> Option<String> {
    match value.get(name)? {
        json::Value::Number(number) => Some(number.clone()),
        other => other.text().map(str::to_owned),
    }
}

/// Somebody, by the members that trackers use.
fn person(value: Option<&json::Value>, role: &str) -> Option<Person> {
    let value = value?;
    if let Some(text) = value.text() {
        return Person::of(role, text);
    }
    let first = |names: &[&str]| names.iter().find_map(|name| value.text_of(name));
    let name = first(&["displayName", "real_name", "name", "login", "username", "key", "accountId"]);
    let email = first(&["emailAddress", "email", "public_email"]).filter(|text| text.contains('@'));
    (name.is_some() || email.is_some()).then(|| Person { role: role.to_owned(), name, email })
}

/// Something that was said; nothing when there are no words.
fn comment(author: Option<String>, at: Option<String>, text: Option<String>) -> Option<Comment> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    Some(Comment { author, at, text: text.trim().to_owned() })
}

/// An element as a value: attributes and elements become members, `type="array"` a list.
fn value_of(element: &Element) -> json::Value {
    let is_list = element.attribute("type") == Some("array");
    let inner: Vec<(String, json::Value)> =
        element.elements().map(|child| (child.local().to_owned(), value_of(child))).collect();
    if is_list {
        return json::Value::List(inner.into_iter().map(|(_, value)| value).collect());
    }
    let mut members: Vec<(String, json::Value)> =
        element.attributes.iter().map(|(name, value)| (name.clone(), json::Value::Text(value.clone()))).collect();
    if members.is_empty() && inner.is_empty() {
        return json::Value::Text(element.text());
    }
    members.extend(inner);
    let text: String = element
        .children
        .iter()
        .filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        })
        .collect();
    if !text.trim().is_empty() {
        members.push(("#text".to_owned(), json::Value::Text(text.trim().to_owned())));
    }
    json::Value::Object(members)
}

#[cfg(test)]
mod tests;
