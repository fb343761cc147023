//! SPDX 2.x as JSON: packages, and which one the document describes.

use super::{Component, Dialect, Gathered};
use crate::json::Value;

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

pub(super) fn check(head: &Value) -> Result<(), String> {
    check_version(&head.text_of("spdxVersion").unwrap_or_default())
}

pub(super) fn check_version(version: &str) -> Result<(), String> {
    if version.strip_prefix("SPDX-2.").is_some_and(|minor| matches!(minor.trim(), "0" | "1" | "2" | "3")) {
        return Ok(());
    }
    let version: String = version.chars().take(40).collect();
    Err(format!("it says it is `{version}`; this server reads SPDX 2.0 to 2.3, and 3.0 as JSON-LD"))
}

/// A relationship that says what the document describes: the identifier of that.
pub(super) fn note(relationship: &Value) -> Option<Value> {
    let [from, kind, to] = ["spdxElementId", "relationshipType", "relatedSpdxElement"]
        .map(|name| relationship.get(name).and_then(Value::text).unwrap_or_default());
    described(from, kind, to).map(|id| Value::Text(id.to_owned()))
}

pub(super) fn described<'a>(from: &'a str, kind: &str, to: &'a str) -> Option<&'a str> {
    match kind.to_ascii_uppercase().as_str() {
        "DESCRIBES" if from.ends_with(DOCUMENT) => Some(to),
        "DESCRIBED_BY" if to.ends_with(DOCUMENT) => Some(from),
        _ => None,
    }
}

/// A licence that says something.
pub(super) fn licence(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !matches!(*text, "" | "NOASSERTION" | "NONE")).map(str::to_owned)
}

/// The licences of a package: what was concluded, else what it declares.
pub(super) fn licences(concluded: Option<&str>, declared: Option<&str>) -> Vec<String> {
    licence(concluded).or_else(|| licence(declared)).into_iter().collect()
}

pub(super) struct Spdx<'a> {
    head: &'a Value,
    /// What the document describes, if that is one thing.
    subject: Option<&'a str>,
}

impl<'a> Spdx<'a> {
    pub(super) fn of(head: &'a Value, notes: &'a [Value]) -> Self {
        let listed = head.items_of("documentDescribes").iter();
        let mut all: Vec<&str> = listed.chain(notes).filter_map(Value::text).collect();
        all.sort_unstable();
        all.dedup();
        Self { head, subject: if let [one] = all[..] { Some(one) } else { None } }
    }
}

impl Dialect for Spdx<'_> {
    fn take(&mut self, list: usize, _: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        match list {
            0 => {}
            3 => {
                out.totals.dependencies += 1;
                return Ok(());
            }
            _ => return Ok(()),
        }
        let purl = item.items_of("externalRefs").iter().find(|one| {
            one.get("referenceType").and_then(Value::text).is_some_and(|kind| kind == "purl" || kind.ends_with("/purl"))
        });
        let component = Component {
            reference: item.text_of("SPDXID"),
            kind: item.text_of("primaryPackagePurpose").unwrap_or_default().to_lowercase().replace('_', "-"),
            name: item.text_of("name").unwrap_or_default(),
            version: item.text_of("versionInfo").filter(|version| version != "NOASSERTION"),
            purl: purl.and_then(|one| one.text_of("referenceLocator")),
            licences: licences(
                item.get("licenseConcluded").and_then(Value::text),
                item.get("licenseDeclared").and_then(Value::text),
            ),
            ..Component::default()
        };
        if component.reference.is_some() && component.reference.as_deref() == self.subject {
            out.totals.subject = Some((component.name.clone(), component.version.clone()));
        }
        out.component(component);
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        out.totals.spec_version = self.head.text_of("spdxVersion").unwrap_or_default();
        out.totals.serial_number = self.head.text_of("documentNamespace");
        Ok(())
    }
}
