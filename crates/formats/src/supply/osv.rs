//! OSV records (schema 1.x), alone, in a list or as the service answers, and the reports of osv-scanner, which hold such records.

use std::collections::BTreeMap;

use super::{Affected, AffectedVersion, Component, Dialect, Finding, Gathered, Severity, Vulnerability, cvss, texts};
use crate::json::Value;
use crate::purl;
use crate::version::{Scheme, range};

/// A single record is the head of its document; other documents are lists of records or have one.
pub(super) fn check(head: &Value) -> Result<(), String> {
    match head {
        Value::Object(_)
            if is_record(head) || ["vulns", "vulnerabilities"].iter().any(|list| head.get(list).is_some()) =>
        {
            Ok(())
        }
        Value::List(_) => Ok(()),
        _ => Err("it is neither an OSV record, which has `id` and `modified`, nor a list of such records".to_owned()),
    }
}

fn is_record(value: &Value) -> bool {
    value.get("id").is_some() && ["modified", "affected", "schema_version"].iter().any(|name| value.get(name).is_some())
}

pub(super) struct Osv<'a> {
    head: &'a Value,
    version: Option<String>,
}

impl<'a> Osv<'a> {
    pub(super) fn of(head: &'a Value) -> Self {
        Self { head, version: None }
    }
}

impl Dialect for Osv<'_> {
    fn take(&mut self, _: usize, _: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        if !is_record(item) {
            return Err("an entry of the list is no OSV record: it has no `id`, or nothing beside it".to_owned());
        }
        self.version = item.text_of("schema_version").or_else(|| self.version.take());
        out.vulnerability(record(item));
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        if is_record(self.head) {
            self.version = self.head.text_of("schema_version");
            out.vulnerability(record(self.head));
        }
        out.totals.spec_version = self.version.clone().unwrap_or_else(|| "1".to_owned());
        Ok(())
    }
}

/// The vulnerability of a record. What was withdrawn affects nothing.
fn record(value: &Value) -> Vulnerability {
    let withdrawn = value.text_of("withdrawn");
    let vectors: Vec<&Value> = value
        .items_of("severity")
        .iter()
        .chain(value.items_of("affected").iter().flat_map(|affected| affected.items_of("severity")))
        .collect();
    let scores = vectors.iter().filter_map(|one| {
        let text = one.get("score").and_then(Value::text)?;
        cvss::base_score(text).or_else(|| text.parse().ok())
    });
    let score = scores.filter(|score| (0.0..=10.0).contains(score)).reduce(f64::max);
    let word = value
        .at(&["database_specific", "severity"])
        .or_else(|| value.at(&["ecosystem_specific", "severity"]))
        .and_then(Value::text)
        .and_then(Severity::of);
    let mut aliases = texts(value.get("aliases"));
    aliases.extend(texts(value.get("upstream")));
    let description: Vec<String> = withdrawn
        .iter()
        .map(|when| format!("Withdrawn {when}."))
        .chain(["summary", "details"].iter().filter_map(|name| value.text_of(name)))
        .collect();
    Vulnerability {
        id: value.text_of("id").unwrap_or_default(),
        aliases,
        source: Some("OSV".to_owned()),
        severity: word.or(score.map(Severity::of_score)),
        score,
        ratings: vectors.len() as u64,
        description: (!description.is_empty()).then(|| description.join("\n\n")),
        cwes: texts(value.at(&["database_specific", "cwe_ids"]))
            .iter()
            .filter_map(|one| one.strip_prefix("CWE-")?.parse().ok())
            .collect(),
        affects: match withdrawn {
            Some(_) => Vec::new(),
            None => value.items_of("affected").iter().filter_map(affected).collect(),
        },
        stated: value.text_of("modified"),
        ..Vulnerability::default()
    }
}

fn affected(value: &Value) -> Option<Affected> {
    let package = value.get("package");
    let ecosystem = package.and_then(|one| one.text_of("ecosystem")).unwrap_or_default();
    let name = package.and_then(|one| one.text_of("name"));
    let derived = name.as_deref().and_then(|name| purl::of_ecosystem(&ecosystem, name, None));
    let reference = match package.and_then(|one| one.text_of("purl")) {
        // The release of a distribution stands in the ecosystem only.
        Some(own) if !own.contains("distro=") => match derived.as_deref().and_then(|url| url.split_once("?distro=")) {
            Some((_, release)) => format!("{own}{}distro={release}", if own.contains('?') { '&' } else { '?' }),
            None => own,
        },
        Some(own) => own,
        None => derived
            .or_else(|| name.as_ref().map(|name| format!("{ecosystem}/{name}")))
            .or_else(|| value.items_of("ranges").iter().find_map(|one| one.text_of("repo")))?,
    };
    let kind = purl::package(&reference).map(|package| package.kind).unwrap_or_default();
    let mut versions: Vec<AffectedVersion> = Vec::new();
    for range in value.items_of("ranges") {
        let is_git = range.get("type").and_then(Value::text) == Some("GIT");
        if is_git && name.is_some() {
            // Commits say nothing about the versions of a package, which other ranges or the list tell.
            continue;
        }
        let version = if is_git { commits(range) } else { events(range, &kind) };
        versions.push(AffectedVersion { version, is_range: true, status: None });
    }
    let ranges = versions.iter().filter_map(|one| range(&one.version, Some(&kind)));
    let intervals: Vec<_> = ranges.flat_map(|one| one.meant).collect();
    let scheme = Scheme::of(&kind);
    for version in texts(value.get("versions")) {
        // A list often repeats what the ranges say.
        let key = scheme.and_then(|scheme| scheme.key(&version));
        if !key.is_some_and(|key| intervals.iter().any(|interval| interval.contains(&key))) {
            versions.push(AffectedVersion { version, is_range: false, status: None });
        }
    }
    Some(Affected { reference, product: None, versions })
}

fn escaped(version: &str) -> String {
    version.replace('%', "%25").replace('|', "%7C")
}

/// Events of a range as VERS. They count in the order of their versions.
fn events(range: &Value, kind: &str) -> String {
    let scheme = Scheme::of(kind);
    let mut all: Vec<(Option<Vec<u8>>, u8, &str)> = Vec::new();
    for event in range.items_of("events") {
        for (name, value) in event.members() {
            let Some(version) = value.text() else { continue };
            let rank = match name.as_str() {
                "fixed" | "limit" => 0,
                "introduced" => 1,
                "last_affected" => 2,
                _ => continue,
            };
            let key = match version {
                "0" if rank == 1 => Some(Vec::new()),
                _ => scheme.and_then(|scheme| scheme.key(version)),
            };
            all.push((key, rank, version));
        }
    }
    if all.iter().all(|(key, ..)| key.is_some()) {
        all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    }
    let mut constraints = Vec::new();
    let (mut is_open, mut begins_before_all) = (false, false);
    for (_, rank, version) in all {
        match rank {
            1 if !is_open => {
                is_open = true;
                if version == "0" {
                    begins_before_all = true;
                } else {
                    constraints.push(format!(">={}", escaped(version)));
                }
            }
            0 | 2 if is_open => {
                is_open = false;
                constraints.push(format!("{}{}", if rank == 0 { "<" } else { "<=" }, escaped(version)));
            }
            _ => {}
        }
    }
    let kind = if kind.is_empty() { "generic" } else { kind };
    match (constraints.is_empty(), begins_before_all) {
        (true, true) => format!("vers:{kind}/*"),
        // A range without an event that begins it holds nothing.
        (true, false) => format!("vers:{kind}/"),
        _ => format!("vers:{kind}/{}", constraints.join("|")),
    }
}

fn commits(range: &Value) -> String {
    let events = range.items_of("events").iter().flat_map(Value::members);
    let all: Vec<String> = events.filter_map(|(name, value)| Some(format!("{name} {}", value.text()?))).collect();
    format!("git: {}", all.join(", "))
}

/// A report of osv-scanner: packages of lock files and images, each with its records.
pub(super) struct Scanner<'a> {
    results: &'a [Value],
}

impl<'a> Scanner<'a> {
    pub(super) fn of(head: &'a Value) -> Self {
        Self { results: head.items_of("results") }
    }
}

const TOOL: &str = "osv-scanner";

impl Dialect for Scanner<'_> {
    fn take(&mut self, _: usize, nth: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        let source = self.results.get(nth).and_then(|result| result.at(&["source", "path"])).and_then(Value::text);
        let package = item.get("package");
        let text = |name: &str| package.and_then(|package| package.text_of(name));
        let (name, version) = (text("name").unwrap_or_default(), text("version"));
        let ecosystem = text("ecosystem").unwrap_or_default();
        let url = purl::of_ecosystem(&ecosystem, &name, version.as_deref());
        out.component(Component {
            kind: "library".to_owned(),
            name: name.clone(),
            version: version.clone(),
            purl: url.clone(),
            licences: texts(item.get("licenses")),
            ..Component::default()
        });
        let mut records: BTreeMap<String, Vulnerability> = BTreeMap::new();
        for value in item.items_of("vulnerabilities") {
            let mut found = record(value);
            if let Some(url) = &url {
                // What the scanner has found counts, whatever the ranges of the record come to.
                found.affects.push(Affected { reference: url.clone(), ..Affected::default() });
            }
            records.insert(found.id.clone(), found.clone());
            out.vulnerability(found);
        }
        let mut groups: Vec<(Vec<String>, Option<&Value>)> =
            item.items_of("groups").iter().map(|group| (texts(group.get("ids")), Some(group))).collect();
        for id in records.keys() {
            if !groups.iter().any(|(ids, _)| ids.contains(id)) {
                groups.push((vec![id.clone()], None));
            }
        }
        for (ids, group) in groups {
            let Some(first) = ids.iter().find_map(|id| records.get(id)) else { continue };
            let analysis = group
                .and_then(|group| group.get("experimentalAnalysis").or_else(|| group.get("experimental_analysis")));
            let is_uncalled = analysis.is_some_and(|all| {
                let mut members = all.members().iter().peekable();
                members.peek().is_some() && members.all(|(_, one)| one.get("called") == Some(&Value::Bool(false)))
            });
            let names: Vec<&String> = ids.iter().chain(&first.aliases).collect();
            let id = names.iter().find(|name| name.starts_with("CVE-")).map_or(&first.id, |name| *name);
            let title = first.description.as_deref().and_then(|text| text.lines().next()).unwrap_or(id);
            out.finding(Finding {
                tool: TOOL.to_owned(),
                rule_id: Some(id.clone()),
                title: format!("{id} in {name}: {title}"),
                message: first.description.clone(),
                severity: first.severity,
                score: first.score.or_else(|| group?.get("max_severity").and_then(Value::text)?.parse().ok()),
                uri: source.map(str::to_owned),
                logical: Some(match &version {
                    Some(version) => format!("{name} {version}"),
                    None => name.clone(),
                }),
                help_uri: Some(format!("https://osv.dev/vulnerability/{}", first.id)).filter(|_| !first.id.is_empty()),
                vulnerability: Some(id.clone()),
                purl: url.clone(),
                identity: vec![id.clone(), source.unwrap_or_default().to_owned(), ecosystem.clone(), name.clone()],
                is_suppressed: is_uncalled,
                suppression: is_uncalled.then(|| "the analysis of calls says that it is not called".to_owned()),
                ..Finding::default()
            });
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        out.totals.spec_version = "osv-scanner".to_owned();
        out.totals.covered.push((TOOL.to_owned(), String::new()));
        // Without the option for all packages only those with something found are listed, and nothing says which it was.
        out.totals.is_partial = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::json::Json;

    fn of(text: &str) -> Value {
        Value::read(&mut Json::new(text.as_bytes(), &Limits::default()), 1 << 20).expect("readable")
    }

    #[test]
    fn events_count_in_the_order_of_their_versions() {
        let range = |events: &str| events_of(&format!(r#"{{"type":"SEMVER","events":[{events}]}}"#));
        fn events_of(text: &str) -> String {
            events(&of(text), "npm")
        }
        assert_eq!(range(r#"{"introduced":"0"},{"fixed":"1.2.0"}"#), "vers:npm/<1.2.0");
        assert_eq!(range(r#"{"introduced":"0"}"#), "vers:npm/*");
        assert_eq!(
            range(
                r#"{"fixed":"3.1.0"},{"introduced":"3.0.0"},{"fixed":"1.2.0"},{"introduced":"1.0.0"},{"fixed":"2.0.0"}"#
            ),
            "vers:npm/>=1.0.0|<1.2.0|>=3.0.0|<3.1.0"
        );
        assert_eq!(range(r#"{"introduced":"1.0.0"},{"last_affected":"1.0.0"}"#), "vers:npm/>=1.0.0|<=1.0.0");
        assert_eq!(range(r#"{"fixed":"1.0.0"}"#), "vers:npm/");
    }

    #[test]
    fn a_list_keeps_what_the_ranges_do_not_say() {
        let one = affected(&of(
            r#"{"package":{"ecosystem":"Debian:12","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"7.88-2"}]},
              {"type":"GIT","repo":"https://a.example","events":[{"introduced":"0"}]}],"versions":["7.88-1","9.9-1"]}"#,
        ))
        .expect("a package");
        assert_eq!(one.reference, "pkg:deb/debian/curl?distro=debian-12");
        let versions: Vec<&str> = one.versions.iter().map(|one| one.version.as_str()).collect();
        assert_eq!(versions, ["vers:deb/<7.88-2", "9.9-1"]);
    }

    #[test]
    fn what_was_withdrawn_affects_nothing() {
        let found = record(&of(
            r#"{"id":"A-1","modified":"x","withdrawn":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"}}]}"#,
        ));
        assert!(found.affects.is_empty() && found.description.is_some_and(|text| text.starts_with("Withdrawn")));
    }
}
