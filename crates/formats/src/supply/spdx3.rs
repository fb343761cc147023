//! SPDX 3.0 as JSON-LD: packages, and what its security profile says of vulnerabilities in them.

use std::collections::HashMap;

use super::spdx::licence;
use super::{Affected, Analysis, Component, Dialect, Gathered, Vulnerability, texts, vulnerability_name};
use crate::json::Value;

pub(super) fn check(head: &Value) -> Result<(), String> {
    let context = texts(head.get("@context")).join(" ");
    match context.contains("spdx.org/rdf/3.") {
        true => Ok(()),
        false => Err("its @context is not that of SPDX 3".to_owned()),
    }
}

fn kind(element: &Value) -> &str {
    element.get("type").or_else(|| element.get("@type")).and_then(Value::text).unwrap_or_default()
}

fn id(element: &Value) -> Option<String> {
    element.text_of("spdxId").or_else(|| element.text_of("@id"))
}

fn object(members: Vec<(&str, Value)>) -> Option<Value> {
    Some(Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

/// What others refer to: roots, licences, vulnerabilities, and the edition.
pub(super) fn note(element: &Value) -> Option<Value> {
    let copy = |name: &str| element.get(name).cloned().unwrap_or(Value::Null);
    let own = || id(element).map_or(Value::Null, Value::Text);
    match kind(element) {
        "SpdxDocument" | "software_Sbom" | "Bom" => object(vec![
            ("what", Value::Text("root".into())),
            ("root", copy("rootElement")),
            ("id", own()),
            ("kind", copy("type")),
        ]),
        "CreationInfo" => object(vec![("what", Value::Text("edition".into())), ("version", copy("specVersion"))]),
        "Relationship" => match element.get("relationshipType").and_then(Value::text) {
            Some("hasConcludedLicense") => {
                object(vec![("what", Value::Text("concluded".into())), ("from", copy("from")), ("to", copy("to"))])
            }
            Some("hasDeclaredLicense") => {
                object(vec![("what", Value::Text("declared".into())), ("from", copy("from")), ("to", copy("to"))])
            }
            _ => None,
        },
        "simplelicensing_LicenseExpression" => object(vec![
            ("what", Value::Text("licence".into())),
            ("id", own()),
            ("name", copy("simplelicensing_licenseExpression")),
        ]),
        "expandedlicensing_ListedLicense" | "expandedlicensing_CustomLicense" => {
            object(vec![("what", Value::Text("licence".into())), ("id", own()), ("name", copy("name"))])
        }
        "security_Vulnerability" => {
            let mut names: Vec<Value> = element
                .items_of("externalIdentifier")
                .iter()
                .filter_map(|one| one.text_of("identifier"))
                .map(Value::Text)
                .collect();
            names.extend(element.text_of("name").map(Value::Text));
            object(vec![
                ("what", Value::Text("vulnerability".into())),
                ("id", own()),
                ("names", Value::List(names)),
                (
                    "description",
                    element.get("description").or_else(|| element.get("summary")).cloned().unwrap_or(Value::Null),
                ),
            ])
        }
        _ => None,
    }
}

pub(super) struct Spdx3<'a> {
    /// What the document is about, if that is one thing.
    subject: Option<&'a str>,
    namespace: Option<String>,
    version: String,
    licences: HashMap<&'a str, Vec<&'a str>>,
    vulnerabilities: HashMap<&'a str, &'a Value>,
}

impl<'a> Spdx3<'a> {
    pub(super) fn of(head: &'a Value, notes: &'a [Value]) -> Self {
        let (mut names, mut concluded, mut declared) = (HashMap::new(), Vec::new(), Vec::new());
        let mut all = Self {
            subject: None,
            namespace: None,
            version: String::new(),
            licences: HashMap::new(),
            vulnerabilities: HashMap::new(),
        };
        let (mut roots, mut sboms) = (Vec::new(), Vec::new());
        for note in notes {
            let text = |name: &str| note.get(name).and_then(Value::text);
            match text("what") {
                Some("root") => {
                    let found: Vec<&str> =
                        note.items_of("root").iter().chain(note.get("root")).filter_map(Value::text).collect();
                    if text("kind") == Some("SpdxDocument") {
                        all.namespace = text("id").map(str::to_owned);
                        roots.extend(found);
                    } else {
                        sboms.extend(found);
                    }
                }
                Some("edition") => all.version = text("version").unwrap_or_default().to_owned(),
                Some("licence") => {
                    if let (Some(id), Some(name)) = (text("id"), text("name")) {
                        names.insert(id, name);
                    }
                }
                Some("concluded") => concluded.push(note),
                Some("declared") => declared.push(note),
                Some("vulnerability") => {
                    if let Some(id) = text("id") {
                        all.vulnerabilities.insert(id, note);
                    }
                }
                _ => {}
            }
        }
        // A bill of materials inside the document says better what it is about.
        let mut subjects = if sboms.is_empty() { roots } else { sboms };
        subjects.sort_unstable();
        subjects.dedup();
        all.subject = if let [one] = subjects[..] { Some(one) } else { None };
        for note in concluded.into_iter().chain(declared) {
            let Some(from) = note.get("from").and_then(Value::text) else { continue };
            let found: Vec<&str> = note
                .items_of("to")
                .iter()
                .chain(note.get("to"))
                .filter_map(Value::text)
                .map(|id| names.get(id).copied().unwrap_or_else(|| id.rsplit('/').next().unwrap_or(id)))
                .filter(|name| licence(Some(name)).is_some())
                .collect();
            if !found.is_empty() {
                all.licences.entry(from).or_insert(found);
            }
        }
        if all.version.is_empty() {
            let context = texts(head.get("@context")).join(" ");
            all.version =
                context.split("/rdf/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or("3.0").to_owned();
        }
        all
    }

    fn package(&self, element: &Value, out: &mut Gathered) {
        let own = id(element);
        let identified = element.items_of("externalIdentifier").iter().find(|one| {
            let kind = one.get("externalIdentifierType").and_then(Value::text).unwrap_or_default();
            kind.eq_ignore_ascii_case("packageUrl")
        });
        let component = Component {
            kind: element.text_of("software_primaryPurpose").unwrap_or_default(),
            name: element.text_of("name").unwrap_or_default(),
            version: element.text_of("software_packageVersion").filter(|version| version != "NOASSERTION"),
            purl: element.text_of("software_packageUrl").or_else(|| identified?.text_of("identifier")),
            licences: own
                .as_deref()
                .and_then(|id| self.licences.get(id))
                .map(|all| all.iter().map(|name| (*name).to_owned()).collect())
                .unwrap_or_default(),
            reference: own,
            ..Component::default()
        };
        if component.reference.is_some() && component.reference.as_deref() == self.subject {
            out.totals.subject = Some((component.name.clone(), component.version.clone()));
        }
        out.component(component);
    }

    fn assessment(&self, state: &str, element: &Value, out: &mut Gathered) {
        let known = element.get("from").and_then(Value::text).and_then(|id| self.vulnerabilities.get(id));
        let names: Vec<String> = known.map_or_else(Vec::new, |known| texts(known.get("names")));
        let from = element.text_of("from").unwrap_or_default();
        let id = names
            .iter()
            .find_map(|name| vulnerability_name(name))
            .or_else(|| names.first().cloned())
            .or_else(|| vulnerability_name(from.rsplit(['/', '#', ':']).next().unwrap_or_default()))
            .unwrap_or(from);
        let justification = element.text_of("security_justificationType").map(|word| snake(&word));
        out.vulnerability(Vulnerability {
            aliases: names.iter().filter_map(|name| vulnerability_name(name)).filter(|name| *name != id).collect(),
            id,
            description: known.and_then(|known| known.text_of("description")),
            recommendation: element.text_of("security_actionStatement"),
            analysis: Some(Analysis {
                state: Some(state.to_owned()),
                justification,
                detail: element.text_of("security_impactStatement").or_else(|| element.text_of("security_statusNotes")),
            }),
            affects: texts(element.get("to"))
                .into_iter()
                .map(|reference| Affected { reference, ..Affected::default() })
                .collect(),
            ..Vulnerability::default()
        });
    }
}

/// `vulnerableCodeNotPresent` as other documents write it.
fn snake(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 8);
    for c in word.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

impl Dialect for Spdx3<'_> {
    fn take(&mut self, _: usize, _: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        match kind(item) {
            "software_Package" | "ai_AIPackage" | "dataset_DatasetPackage" => self.package(item, out),
            "Relationship" | "LifecycleScopedRelationship" => out.totals.dependencies += 1,
            "security_VexAffectedVulnAssessmentRelationship" => self.assessment("exploitable", item, out),
            "security_VexNotAffectedVulnAssessmentRelationship" => self.assessment("not_affected", item, out),
            "security_VexFixedVulnAssessmentRelationship" => self.assessment("resolved", item, out),
            "security_VexUnderInvestigationVulnAssessmentRelationship" => self.assessment("in_triage", item, out),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        out.totals.spec_version = format!("SPDX-{}", self.version);
        out.totals.serial_number = self.namespace.clone();
        Ok(())
    }
}
