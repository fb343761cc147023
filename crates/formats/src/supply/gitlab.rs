//! Security reports of GitLab's analysers (schemas 2 to 15): dependencies, containers, source code, secrets, and others of the same shape.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    Affected, Component, Dialect, Finding, Gathered, Severity, Vulnerability, cvss, image, vulnerability_name,
};
use crate::json::Value;
use crate::purl;

/// The package manager of a file with dependencies.
pub(super) fn note(file: &Value) -> Option<Value> {
    let copy = |name: &str| Some((name.to_owned(), Value::Text(file.text_of(name)?)));
    Some(Value::Object(vec![copy("path")?, copy("package_manager")?]))
}

pub(super) struct Gitlab<'a> {
    head: &'a Value,
    kind: String,
    tool: String,
    managers: HashMap<&'a str, &'a str>,
    seen: HashSet<String>,
    scopes: BTreeSet<(String, String)>,
    is_complete: bool,
}

impl<'a> Gitlab<'a> {
    pub(super) fn of(head: &'a Value, notes: &'a [Value]) -> Self {
        let text = |path: &[&str]| head.at(path).and_then(Value::text);
        let tool =
            text(&["scan", "scanner", "name"]).or_else(|| text(&["scan", "analyzer", "name"])).unwrap_or_default();
        let managers = notes.iter().filter_map(|note| {
            Some((note.get("path").and_then(Value::text)?, note.get("package_manager").and_then(Value::text)?))
        });
        Self {
            head,
            kind: text(&["scan", "type"]).unwrap_or_default().to_owned(),
            tool: tool.to_owned(),
            managers: managers.collect(),
            seen: HashSet::new(),
            scopes: BTreeSet::new(),
            is_complete: false,
        }
    }

    /// By the operating system, the package manager of the file, or the name of the file.
    fn purl(&self, location: &Value, name: &str, version: Option<&str>) -> Option<String> {
        if let Some(system) = location.text_of("operating_system") {
            let (family, release) = system.split_once([' ', ':']).unwrap_or((&system, ""));
            return purl::of_ecosystem(&format!("{family}:{release}"), name, version);
        }
        let file = location.text_of("file").unwrap_or_default();
        let manager = self.managers.get(file.as_str()).copied();
        purl::of_ecosystem(manager.and_then(ecosystem_of_manager).or_else(|| ecosystem_of_file(&file))?, name, version)
    }

    fn component(&mut self, name: &str, version: Option<&str>, url: Option<&String>, out: &mut Gathered) {
        if self.seen.insert(url.cloned().unwrap_or_else(|| format!("{name} {}", version.unwrap_or_default()))) {
            out.component(Component {
                kind: "library".to_owned(),
                name: name.to_owned(),
                version: version.map(str::to_owned),
                purl: url.cloned(),
                ..Component::default()
            });
        }
    }

    fn dependency_file(&mut self, item: &Value, out: &mut Gathered) {
        self.is_complete = true;
        let path = item.text_of("path").unwrap_or_default();
        let location = Value::Object(vec![("file".to_owned(), Value::Text(path))]);
        for dependency in item.items_of("dependencies") {
            let name = dependency.at(&["package", "name"]).and_then(Value::text).unwrap_or_default();
            let version = dependency.text_of("version");
            let url = self.purl(&location, name, version.as_deref());
            self.component(name, version.as_deref(), url.as_ref(), out);
        }
    }
}

fn ecosystem_of_manager(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "npm" | "yarn" | "pnpm" | "bun" => "npm",
        "pip" | "pipenv" | "poetry" | "setuptools" | "uv" => "PyPI",
        "go" => "Go",
        "bundler" | "gem" => "RubyGems",
        "composer" => "Packagist",
        "maven" | "gradle" | "sbt" => "Maven",
        "nuget" => "NuGet",
        "cargo" => "crates.io",
        "conan" => "ConanCenter",
        "swift" => "SwiftURL",
        "pub" => "Pub",
        _ => return None,
    })
}

fn ecosystem_of_file(path: &str) -> Option<&'static str> {
    Some(match path.rsplit('/').next().unwrap_or_default() {
        "package-lock.json" | "npm-shrinkwrap.json" | "package.json" | "yarn.lock" | "pnpm-lock.yaml" | "bun.lock" => {
            "npm"
        }
        "requirements.txt" | "Pipfile" | "Pipfile.lock" | "poetry.lock" | "setup.py" | "requires.txt" | "uv.lock" => {
            "PyPI"
        }
        "go.sum" | "go.mod" => "Go",
        "Gemfile.lock" | "Gemfile" | "gems.locked" => "RubyGems",
        "composer.lock" => "Packagist",
        "pom.xml" | "build.gradle" | "build.gradle.kts" | "build.sbt" | "gradle.lockfile" => "Maven",
        "packages.lock.json" | "packages.config" => "NuGet",
        "Cargo.lock" => "crates.io",
        "conan.lock" => "ConanCenter",
        "Package.resolved" => "SwiftURL",
        "pubspec.lock" => "Pub",
        _ => return None,
    })
}

impl Dialect for Gitlab<'_> {
    fn take(&mut self, list: usize, _: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        match list {
            0 => {}
            2 => {
                self.dependency_file(item, out);
                return Ok(());
            }
            _ => return Ok(()),
        }
        let identifiers = item.items_of("identifiers");
        let primary = identifiers.first();
        let names: Vec<String> = identifiers
            .iter()
            .filter_map(|one| {
                one.text_of("value")
                    .and_then(|value| vulnerability_name(&value))
                    .or_else(|| vulnerability_name(&one.text_of("name")?))
            })
            .collect();
        let vulnerability = names.iter().find(|name| name.starts_with("CVE-")).or_else(|| names.first()).cloned();
        let rule = vulnerability
            .clone()
            .or_else(|| primary?.text_of("value"))
            .or_else(|| primary?.text_of("name"))
            .or_else(|| item.text_of("id"));
        let nothing = Value::Null;
        let location = item.get("location").unwrap_or(&nothing);
        let kind = if self.kind.is_empty() { item.text_of("category").unwrap_or_default() } else { self.kind.clone() };
        let tool = Some(self.tool.clone())
            .filter(|tool| !tool.is_empty())
            .or_else(|| item.at(&["scanner", "name"]).and_then(Value::text).map(str::to_owned))
            .unwrap_or_else(|| format!("GitLab {}", kind.replace('_', " ")).trim().to_owned());
        let image_name = location.text_of("default_branch_image").or_else(|| location.text_of("image"));
        let scope = match &image_name {
            Some(name) => format!("{kind} {}", image(name)).trim().to_owned(),
            None => kind.clone(),
        };
        self.scopes.insert((tool.clone(), scope.clone()));

        let severity = item.text_of("severity").and_then(|word| Severity::of(&word));
        let vectors = item.items_of("cvss_vectors").iter();
        let score =
            vectors.filter_map(|one| cvss::base_score(one.get("vector").and_then(Value::text)?)).reduce(f64::max);
        let title = item.text_of("name").or_else(|| item.text_of("message"));
        let description = item.text_of("description");
        let package = location.at(&["dependency", "package", "name"]).and_then(Value::text);
        let version = location.at(&["dependency", "version"]).and_then(Value::text);
        let mut url = None;
        if let Some(package) = package {
            url = self.purl(location, package, version);
            self.component(package, version, url.as_ref(), out);
            let id = vulnerability.clone().or_else(|| rule.clone()).unwrap_or_default();
            out.vulnerability(Vulnerability {
                aliases: names.iter().filter(|name| **name != id).cloned().collect(),
                id,
                source: Some(tool.clone()),
                severity,
                score,
                description: description.clone().or_else(|| title.clone()),
                recommendation: item.text_of("solution"),
                affects: vec![Affected {
                    reference: url.clone().unwrap_or_else(|| package.to_owned()),
                    ..Affected::default()
                }],
                ..Vulnerability::default()
            });
        }
        let file = location.text_of("file").or_else(|| location.text_of("path"));
        let logical: Vec<String> = match package {
            Some(package) => vec![version.map_or_else(|| package.to_owned(), |version| format!("{package} {version}"))],
            None => ["class", "method", "hostname", "param"].iter().filter_map(|name| location.text_of(name)).collect(),
        };
        let flags = item.items_of("flags").iter().filter_map(|flag| flag.text_of("type"));
        out.finding(Finding {
            scope,
            title: match (&title, package, &rule) {
                (Some(title), _, _) => title.clone(),
                (None, Some(package), Some(rule)) => format!("{rule} in {package}"),
                (None, _, rule) => rule.clone().or_else(|| description.clone()).unwrap_or_default(),
            },
            message: description,
            severity,
            score,
            uri: file.clone().or(image_name),
            line: location.get("start_line").and_then(Value::count),
            logical: (!logical.is_empty()).then(|| logical.join(" ")),
            help_uri: primary.and_then(|one| one.text_of("url")),
            tags: identifiers.iter().filter_map(|one| one.text_of("name")).chain(flags).collect(),
            vulnerability,
            purl: url,
            identity: identity(item, location, primary, file.as_deref(), package),
            rule_id: rule,
            tool,
            ..Finding::default()
        });
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        let version = self.head.text_of("version").unwrap_or_default();
        out.totals.spec_version = format!("GitLab {version}").trim().chars().take(20).collect();
        out.totals.is_partial = !self.is_complete;
        if self.head.at(&["scan", "status"]).and_then(Value::text) != Some("failure") {
            // Which image was looked at is told by what was found in it alone.
            if self.kind != "container_scanning" && !self.tool.is_empty() {
                self.scopes.insert((self.tool.clone(), self.kind.clone()));
            }
            out.totals.covered = std::mem::take(&mut self.scopes).into_iter().collect();
        }
        Ok(())
    }
}

/// What the analyser tracks it by, where it says so; else what it is and where, without the line.
fn identity(
    item: &Value,
    location: &Value,
    primary: Option<&Value>,
    file: Option<&str>,
    package: Option<&str>,
) -> Vec<String> {
    let signatures: BTreeMap<String, String> = item
        .at(&["tracking", "items"])
        .map_or(&[][..], Value::items)
        .iter()
        .flat_map(|one| one.items_of("signatures"))
        .filter_map(|one| Some((one.text_of("algorithm")?, one.text_of("value")?)))
        .collect();
    let of = |name: &str| primary.and_then(|one| one.text_of(name)).unwrap_or_default();
    let mut all = vec![of("type"), of("value")];
    if let Some((name, value)) = ["scope_offset_compressed", "scope_offset", "location", "hash"]
        .iter()
        .find_map(|name| signatures.get_key_value(*name))
    {
        all.extend([name.clone(), value.clone()]);
        return all;
    }
    all.extend([file.unwrap_or_default().to_owned(), package.unwrap_or_default().to_owned()]);
    all.extend(["class", "method", "hostname", "param"].iter().map(|name| location.text_of(name).unwrap_or_default()));
    all
}
