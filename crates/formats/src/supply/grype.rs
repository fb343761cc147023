//! Reports of Grype (JSON): matches of vulnerabilities with packages, and those that were told to be ignored.

use std::collections::HashSet;

use super::{
    Affected, Analysis, Component, Dialect, Finding, Gathered, Severity, Vulnerability, image, texts,
    vulnerability_name,
};
use crate::json::Value;
use crate::purl;

pub(super) struct Grype<'a> {
    head: &'a Value,
    scope: String,
    seen: HashSet<String>,
}

impl<'a> Grype<'a> {
    pub(super) fn of(head: &'a Value) -> Self {
        let target = head.at(&["source", "target"]);
        let name = target
            .and_then(|target| target.text().map(str::to_owned).or_else(|| target.text_of("userInput")))
            .unwrap_or_default();
        let is_image = head.at(&["source", "type"]).and_then(Value::text) == Some("image");
        Self { head, scope: if is_image { image(&name).to_owned() } else { name }, seen: HashSet::new() }
    }

    fn purl(&self, artifact: &Value, name: &str, version: Option<&str>) -> Option<String> {
        artifact.text_of("purl").or_else(|| {
            let kind = artifact.text_of("type").unwrap_or_default();
            let distro = |member: &str| self.head.at(&["distro", member]).and_then(Value::text).unwrap_or_default();
            let ecosystem = match kind.as_str() {
                "deb" | "rpm" | "apk" => format!("{}:{}", distro("name"), distro("version")),
                _ => kind,
            };
            purl::of_ecosystem(&ecosystem, name, version)
        })
    }
}

/// Scores of every version of CVSS that is given.
fn scores(value: &Value) -> impl Iterator<Item = f64> {
    let all = value.items_of("cvss").iter().filter_map(|one| one.at(&["metrics", "baseScore"])?.number());
    all.filter(|score| (0.0..=10.0).contains(score))
}

impl Dialect for Grype<'_> {
    fn take(&mut self, list: usize, _: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        let (Some(own), Some(artifact)) = (item.get("vulnerability"), item.get("artifact")) else {
            return Err("a match has no `vulnerability` or no `artifact`".to_owned());
        };
        let id = own.text_of("id").unwrap_or_default();
        let name = artifact.text_of("name").unwrap_or_default();
        let version = artifact.text_of("version");
        let url = self.purl(artifact, &name, version.as_deref());
        let path = artifact.items_of("locations").iter().find_map(|one| one.text_of("path"));
        let reference = artifact.text_of("id");
        if self.seen.insert(reference.clone().or_else(|| url.clone()).unwrap_or_else(|| name.clone())) {
            let licences = artifact.items_of("licenses").iter();
            out.component(Component {
                reference,
                kind: "library".to_owned(),
                name: name.clone(),
                version: version.clone(),
                purl: url.clone(),
                licences: licences
                    .filter_map(|one| {
                        one.text()
                            .map(str::to_owned)
                            .or_else(|| one.text_of("spdxExpression"))
                            .or_else(|| one.text_of("value"))
                    })
                    .collect(),
                ..Component::default()
            });
        }
        let related = item.items_of("relatedVulnerabilities");
        let severity = own.text_of("severity").and_then(|word| Severity::of(&word));
        let score = scores(own).reduce(f64::max).or_else(|| related.iter().flat_map(scores).reduce(f64::max));
        let description =
            own.text_of("description").or_else(|| related.iter().find_map(|one| one.text_of("description")));
        let aliases: Vec<String> =
            related.iter().filter_map(|one| one.text_of("id")).filter(|other| *other != id).collect();
        let fixes = texts(own.at(&["fix", "versions"]));
        let rules = item.items_of("appliedIgnoreRules");
        let rule = |name: &str| rules.iter().find_map(|rule| rule.text_of(name));
        let state = match rule("vex-status").as_deref() {
            Some("not_affected") => Some("not_affected"),
            Some("fixed") => Some("resolved"),
            _ => None,
        };
        out.vulnerability(Vulnerability {
            id: id.clone(),
            aliases: aliases.clone(),
            source: own.text_of("namespace"),
            severity,
            score,
            ratings: own.items_of("cvss").len() as u64,
            description: description.clone(),
            recommendation: (!fixes.is_empty()).then(|| format!("Upgrade {name} to {}.", fixes.join(" or "))),
            analysis: state.map(|state| Analysis {
                state: Some(state.to_owned()),
                justification: rule("vex-justification"),
                detail: rule("reason"),
            }),
            affects: vec![Affected { reference: url.clone().unwrap_or_else(|| name.clone()), ..Affected::default() }],
            ..Vulnerability::default()
        });
        let package = url.as_deref().and_then(purl::package).map_or_else(|| name.clone(), |package| package.base);
        let names = std::iter::once(&id).chain(&aliases);
        let vulnerability = names.clone().find(|name| name.starts_with("CVE-")).or_else(|| names.clone().next());
        let short = description.as_deref().and_then(|text| text.lines().next()).unwrap_or_default();
        let is_ignored = list == 1;
        out.finding(Finding {
            tool: "Grype".to_owned(),
            scope: self.scope.clone(),
            title: format!("{id} in {name}{}", if short.is_empty() { String::new() } else { format!(": {short}") }),
            message: description.clone(),
            severity,
            score,
            uri: path.clone(),
            logical: Some(version.map_or_else(|| name.clone(), |version| format!("{name} {version}"))),
            help_uri: own.text_of("dataSource"),
            tags: fixes.iter().map(|version| format!("fixed in {version}")).collect(),
            vulnerability: vulnerability.and_then(|name| vulnerability_name(name)),
            purl: url,
            identity: vec![id.clone(), package, path.unwrap_or_default()],
            rule_id: Some(id),
            is_suppressed: is_ignored,
            suppression: is_ignored.then(|| {
                rule("reason")
                    .or_else(|| rule("vex-justification"))
                    .unwrap_or_else(|| "a rule of the scan ignores it".to_owned())
            }),
            ..Finding::default()
        });
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        let version = self.head.at(&["descriptor", "version"]).and_then(Value::text).unwrap_or_default();
        out.totals.spec_version = format!("Grype {version}").trim().chars().take(20).collect();
        out.totals.is_partial = true;
        out.totals.covered.push(("Grype".to_owned(), self.scope.clone()));
        Ok(())
    }
}
