//! Reports of Trivy (JSON, schema 2): packages, and what was found in them, in configurations, as secrets and as licences.

use std::collections::{BTreeSet, HashSet};

use super::{
    Affected, Analysis, Component, Dialect, Finding, Gathered, Severity, Vulnerability, image, texts,
    vulnerability_name,
};
use crate::json::Value;
use crate::purl;

pub(super) fn check(head: &Value) -> Result<(), String> {
    match head.get("SchemaVersion").and_then(Value::count) {
        None | Some(2) => Ok(()),
        Some(other) => Err(format!("it says it has the schema {other} of Trivy; this server reads schema 2")),
    }
}

pub(super) struct Trivy<'a> {
    results: &'a [Value],
    family: &'a str,
    release: &'a str,
    scope: String,
    seen: HashSet<String>,
    is_complete: bool,
}

impl<'a> Trivy<'a> {
    pub(super) fn of(head: &'a Value) -> Self {
        let text = |path: &[&str]| head.at(path).and_then(Value::text).unwrap_or_default();
        let name = text(&["ArtifactName"]);
        let results = head.items_of("Results");
        Self {
            results,
            family: text(&["Metadata", "OS", "Family"]),
            release: text(&["Metadata", "OS", "Name"]),
            scope: if text(&["ArtifactType"]) == "container_image" { image(name) } else { name }.to_owned(),
            seen: HashSet::new(),
            is_complete: results.iter().any(|result| result.get("Packages").is_some()),
        }
    }

    fn result(&self, nth: usize, member: &str) -> &'a str {
        self.results.get(nth).and_then(|result| result.get(member)).and_then(Value::text).unwrap_or_default()
    }

    /// The package URL that is given, else the one that the kind of the result makes likely.
    fn purl(&self, item: &Value, nth: usize, name: &str, version: Option<&str>) -> Option<String> {
        let given =
            item.at(&["PkgIdentifier", "PURL"]).or_else(|| item.at(&["Identifier", "PURL"])).and_then(Value::text);
        given.map(str::to_owned).or_else(|| {
            let kind = self.result(nth, "Type");
            let is_system = self.result(nth, "Class") == "os-pkgs" || kind == self.family;
            let ecosystem = if is_system { format!("{}:{}", self.family, self.release) } else { kind.to_owned() };
            purl::of_ecosystem(&ecosystem, name, version)
        })
    }

    fn package(&self, nth: usize, item: &Value, out: &mut Gathered) {
        let name = item.text_of("Name").unwrap_or_default();
        let part = |member: &str| item.text_of(member);
        let version = part("Version").map(|mut version| {
            if let Some(epoch) = item.get("Epoch").and_then(Value::count).filter(|epoch| *epoch > 0) {
                version = format!("{epoch}:{version}");
            }
            match part("Release") {
                Some(release) => format!("{version}-{release}"),
                None => version,
            }
        });
        out.component(Component {
            reference: item
                .at(&["Identifier", "BOMRef"])
                .and_then(Value::text)
                .map(str::to_owned)
                .or_else(|| part("ID")),
            kind: "library".to_owned(),
            purl: self.purl(item, nth, &name, version.as_deref()),
            name,
            version,
            licences: texts(item.get("Licenses")),
            ..Component::default()
        });
    }

    fn vulnerability(&mut self, nth: usize, item: &Value, decided: Option<&Decided>, out: &mut Gathered) {
        let id = item.text_of("VulnerabilityID").unwrap_or_default();
        let name = item.text_of("PkgName").unwrap_or_default();
        let version = item.text_of("InstalledVersion");
        let url = self.purl(item, nth, &name, version.as_deref());
        let reference = url.clone().unwrap_or_else(|| name.clone());
        if self.results.get(nth).is_some_and(|result| result.get("Packages").is_none())
            && self.seen.insert(format!("{reference} {}", item.text_of("PkgPath").unwrap_or_default()))
        {
            out.component(Component {
                reference: item.text_of("PkgID"),
                kind: "library".to_owned(),
                name: name.clone(),
                version: version.clone(),
                purl: url.clone(),
                ..Component::default()
            });
        }
        let scores: Vec<f64> = item
            .get("CVSS")
            .map_or(&[][..], Value::members)
            .iter()
            .filter_map(|(_, one)| ["V40Score", "V3Score", "V2Score"].iter().find_map(|name| one.get(name)?.number()))
            .filter(|score| (0.0..=10.0).contains(score))
            .collect();
        let (severity, score) =
            (item.text_of("Severity").and_then(|word| Severity::of(&word)), scores.iter().copied().reduce(f64::max));
        let title = item.text_of("Title");
        let fixed = item.text_of("FixedVersion");
        let analysis = decided.and_then(Decided::analysis).or_else(|| {
            (item.text_of("Status").as_deref() == Some("not_affected"))
                .then(|| Analysis { state: Some("not_affected".to_owned()), ..Analysis::default() })
        });
        out.vulnerability(Vulnerability {
            id: id.clone(),
            source: item.at(&["DataSource", "Name"]).and_then(Value::text).map(str::to_owned),
            severity,
            score,
            ratings: scores.len() as u64,
            description: item.text_of("Description").or_else(|| title.clone()),
            recommendation: fixed.as_deref().map(|version| format!("Upgrade {name} to {version}.")),
            cwes: texts(item.get("CweIDs")).iter().filter_map(|one| one.strip_prefix("CWE-")?.parse().ok()).collect(),
            analysis,
            affects: vec![Affected { reference, ..Affected::default() }],
            ..Vulnerability::default()
        });
        let target = self.result(nth, "Target");
        let path = item.text_of("PkgPath");
        // The target of an image's own packages holds its tag.
        let place = if self.result(nth, "Class") == "os-pkgs" { "" } else { target };
        let package = url.as_deref().and_then(purl::package).map_or_else(|| name.clone(), |package| package.base);
        let short = title.clone().unwrap_or_else(|| item.text_of("Description").unwrap_or_default());
        let mut finding = Finding {
            tool: "Trivy".to_owned(),
            title: format!("{id} in {name}{}", if short.is_empty() { String::new() } else { format!(": {short}") }),
            message: item.text_of("Description"),
            severity,
            score,
            uri: path.clone().or_else(|| Some(target.to_owned())),
            logical: Some(version.map_or_else(|| name.clone(), |version| format!("{name} {version}"))),
            help_uri: item.text_of("PrimaryURL"),
            tags: fixed.map(|version| format!("fixed in {version}")).into_iter().collect(),
            vulnerability: vulnerability_name(&id),
            purl: url,
            identity: vec![id.clone(), place.to_owned(), package, path.unwrap_or_default()],
            rule_id: Some(id),
            ..Finding::default()
        };
        self.finish(&mut finding, decided);
        out.finding(finding);
    }

    fn misconfiguration(&self, nth: usize, item: &Value, decided: Option<&Decided>, out: &mut Gathered) {
        let status = item.text_of("Status").unwrap_or_else(|| "FAIL".to_owned());
        if status == "PASS" {
            out.totals.passed += 1;
            return;
        }
        let id = item.text_of("ID").or_else(|| item.text_of("AVDID")).unwrap_or_default();
        let target = self.result(nth, "Target");
        let cause = item.get("CauseMetadata");
        let resource = cause.and_then(|cause| cause.text_of("Resource"));
        let message: Vec<String> = ["Message", "Resolution"].iter().filter_map(|name| item.text_of(name)).collect();
        let mut finding = Finding {
            tool: MISCONFIGURATIONS.to_owned(),
            title: item.text_of("Title").unwrap_or_else(|| id.clone()),
            message: Some(message.join("\n")),
            severity: item.text_of("Severity").and_then(|word| Severity::of(&word)),
            uri: Some(target.to_owned()),
            line: cause.and_then(|cause| cause.get("StartLine")).and_then(Value::count),
            logical: resource.clone(),
            help_uri: item.text_of("PrimaryURL"),
            tags: item.text_of("Type").into_iter().collect(),
            identity: vec![
                id.clone(),
                target.to_owned(),
                resource.unwrap_or_default(),
                message.into_iter().next().unwrap_or_default(),
            ],
            rule_id: Some(id),
            is_suppressed: status == "EXCEPTION",
            ..Finding::default()
        };
        self.finish(&mut finding, decided);
        out.finding(finding);
    }

    fn secret(&self, nth: usize, item: &Value, decided: Option<&Decided>, out: &mut Gathered) {
        let rule = item.text_of("RuleID").unwrap_or_default();
        let target = self.result(nth, "Target");
        let mut finding = Finding {
            tool: SECRETS.to_owned(),
            title: item.text_of("Title").unwrap_or_else(|| rule.clone()),
            severity: item.text_of("Severity").and_then(|word| Severity::of(&word)),
            uri: Some(target.to_owned()),
            line: item.get("StartLine").and_then(Value::count),
            tags: item.text_of("Category").into_iter().collect(),
            // The line itself is left out of what is kept: it may show more of the secret than it should.
            identity: vec![rule.clone(), target.to_owned(), item.text_of("Match").unwrap_or_default()],
            rule_id: Some(rule),
            ..Finding::default()
        };
        self.finish(&mut finding, decided);
        out.finding(finding);
    }

    fn licence(&self, nth: usize, item: &Value, decided: Option<&Decided>, out: &mut Gathered) {
        let category = item.text_of("Category").unwrap_or_default();
        if matches!(category.as_str(), "notice" | "permissive" | "unencumbered") {
            out.totals.passed += 1;
            return;
        }
        let name = item.text_of("Name").unwrap_or_default();
        let package = item.text_of("PkgName");
        let file = item.text_of("FilePath").unwrap_or_else(|| self.result(nth, "Target").to_owned());
        let of = package.as_deref().map(|package| format!(" of {package}")).unwrap_or_default();
        let mut finding = Finding {
            tool: LICENCES.to_owned(),
            title: format!("Licence {name}{of}"),
            severity: item.text_of("Severity").and_then(|word| Severity::of(&word)),
            uri: Some(file.clone()),
            logical: package.clone(),
            help_uri: item.text_of("Link"),
            tags: vec![category],
            identity: vec![name.clone(), package.unwrap_or_default(), file],
            rule_id: Some(name),
            ..Finding::default()
        };
        self.finish(&mut finding, decided);
        out.finding(finding);
    }

    fn finish(&self, finding: &mut Finding, decided: Option<&Decided>) {
        finding.scope.clone_from(&self.scope);
        if let Some(decided) = decided {
            finding.is_suppressed = true;
            finding.suppression = Some(decided.reason());
        }
    }
}

const MISCONFIGURATIONS: &str = "Trivy misconfigurations";
const SECRETS: &str = "Trivy secrets";
const LICENCES: &str = "Trivy licences";

/// What somebody decided about a finding before the report was written: by a list of what to ignore, or by VEX.
struct Decided {
    status: String,
    statement: Option<String>,
    source: Option<String>,
}

impl Decided {
    fn reason(&self) -> String {
        let mut reason = self.statement.clone().unwrap_or_else(|| self.status.replace('_', " "));
        if let Some(source) = &self.source {
            reason.push_str(&format!(" ({source})"));
        }
        reason
    }

    /// What that says about the product. To ignore something does not make it harmless.
    fn analysis(&self) -> Option<Analysis> {
        let state = match self.status.as_str() {
            "not_affected" => "not_affected",
            "fixed" => "resolved",
            _ => return None,
        };
        Some(Analysis { state: Some(state.to_owned()), justification: None, detail: Some(self.reason()) })
    }
}

impl Dialect for Trivy<'_> {
    fn take(&mut self, list: usize, nth: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        match list {
            0 => self.package(nth, item, out),
            1 => self.vulnerability(nth, item, None, out),
            2 => self.misconfiguration(nth, item, None, out),
            3 => self.secret(nth, item, None, out),
            4 => self.licence(nth, item, None, out),
            5 => {
                let decided = Decided {
                    status: item.text_of("Status").unwrap_or_default(),
                    statement: item.text_of("Statement"),
                    source: item.text_of("Source"),
                };
                let Some(finding) = item.get("Finding") else { return Ok(()) };
                match item.get("Type").and_then(Value::text) {
                    Some("vulnerability") => self.vulnerability(nth, finding, Some(&decided), out),
                    Some("misconfiguration") => self.misconfiguration(nth, finding, Some(&decided), out),
                    Some("secret") => self.secret(nth, finding, Some(&decided), out),
                    Some("license") => self.licence(nth, finding, Some(&decided), out),
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        out.totals.spec_version = "Trivy 2".to_owned();
        out.totals.is_partial = !self.is_complete;
        // The report does not say what was looked for; the classes of its results do.
        let tools: BTreeSet<&str> = (0..self.results.len())
            .filter_map(|nth| match self.result(nth, "Class") {
                "os-pkgs" | "lang-pkgs" => Some("Trivy"),
                "config" => Some(MISCONFIGURATIONS),
                "secret" => Some(SECRETS),
                "license" | "license-file" => Some(LICENCES),
                _ => None,
            })
            .collect();
        out.totals.covered = tools.into_iter().map(|tool| (tool.to_owned(), self.scope.clone())).collect();
        Ok(())
    }
}
