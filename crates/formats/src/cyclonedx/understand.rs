//! Values of either shape → records.

use crate::json::Value;
use crate::supply::{Affected, AffectedVersion, Analysis, Component, Severity, Vulnerability};

/// The entries of a list: items in JSON, elements of one name in XML.
fn list<'a>(value: &'a Value, plural: &str, singular: &str) -> Vec<&'a Value> {
    match value.get(plural) {
        Some(Value::List(items)) => items.iter().collect(),
        Some(Value::Object(members)) => {
            members.iter().filter(|(name, _)| name == singular).map(|(_, item)| item).collect()
        }
        _ => Vec::new(),
    }
}

/// A text, also of an XML element that has attributes.
fn text(value: Option<&Value>) -> Option<String> {
    let value = value?;
    value.text().or_else(|| value.get("#text")?.text()).map(str::to_owned)
}

fn number(value: &Value) -> Option<f64> {
    value.number().or_else(|| value.text()?.parse().ok()).or_else(|| value.get("base").and_then(number))
}

/// The component itself, and what lies inside it: components, and vulnerabilities by the extension of 1.2.
pub(super) fn components(value: &Value, into: &mut Vec<Component>, found: &mut Vec<Vulnerability>) {
    let own = component(value);
    for inside in list(value, "vulnerabilities", "vulnerability") {
        let mut vulnerability = vulnerability(inside);
        if vulnerability.affects.is_empty() {
            let reference = own.reference.clone().or_else(|| own.purl.clone()).or_else(|| text(inside.get("ref")));
            vulnerability.affects =
                reference.map(|reference| Affected { reference, ..Affected::default() }).into_iter().collect();
        }
        found.push(vulnerability);
    }
    into.push(own);
    for inside in list(value, "components", "component") {
        components(inside, into, found);
    }
}

pub(super) fn component(value: &Value) -> Component {
    Component {
        is_subject: false,
        reference: text(value.get("bom-ref")),
        kind: text(value.get("type")).unwrap_or_default(),
        group: text(value.get("group")),
        name: text(value.get("name")).unwrap_or_default(),
        version: text(value.get("version")),
        purl: text(value.get("purl")),
        scope: text(value.get("scope")),
        licences: licences(value),
    }
}

fn licences(value: &Value) -> Vec<String> {
    let one = |licence: &Value| text(licence.get("id")).or_else(|| text(licence.get("name")));
    let mut all = Vec::new();
    match value.get("licenses") {
        Some(Value::List(items)) => {
            for item in items {
                all.extend(item.get("license").and_then(one).or_else(|| text(item.get("expression"))));
            }
        }
        Some(Value::Object(members)) => {
            for (name, item) in members {
                all.extend(if name == "expression" { text(Some(item)) } else { one(item) });
            }
        }
        _ => {}
    }
    all
}

pub(super) fn vulnerability(value: &Value) -> Vulnerability {
    let ratings = list(value, "ratings", "rating");
    let severities = ratings.iter().filter_map(|rating| Severity::of(&text(rating.get("severity"))?));
    let scores = ratings.iter().filter_map(|rating| number(rating.get("score")?));
    let analysis = value.get("analysis").map(|analysis| Analysis {
        state: text(analysis.get("state")),
        justification: text(analysis.get("justification")),
        detail: text(analysis.get("detail")),
    });
    let affects = list(value, "affects", "target").into_iter().filter_map(|target| {
        Some(Affected {
            reference: text(target.get("ref"))?,
            product: None,
            versions: list(target, "versions", "version").into_iter().filter_map(affected_version).collect(),
        })
    });
    let cwes = list(value, "cwes", "cwe").into_iter();
    Vulnerability {
        id: text(value.get("id")).unwrap_or_default(),
        aliases: list(value, "references", "reference").into_iter().filter_map(|one| text(one.get("id"))).collect(),
        source: text(value.at(&["source", "name"])),
        severity: severities.max(),
        score: scores.filter(|score| (0.0..=10.0).contains(score)).reduce(f64::max),
        ratings: ratings.len() as u64,
        description: text(value.get("description")),
        recommendation: text(value.get("recommendation")),
        cwes: cwes.filter_map(|cwe| cwe.count().or_else(|| cwe.text()?.parse().ok())).collect(),
        analysis,
        affects: affects.collect(),
        stated: None,
    }
}

fn affected_version(value: &Value) -> Option<AffectedVersion> {
    let range = text(value.get("range"));
    let is_range = range.is_some();
    Some(AffectedVersion {
        version: range.or_else(|| text(value.get("version")))?,
        is_range,
        status: text(value.get("status")),
    })
}
