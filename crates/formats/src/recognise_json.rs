//! What a JSON document is, by the members it has at its top.

use std::collections::HashMap;

use crate::json::{Json, Token};
use crate::{Format, Limits, ReadError};

/// How deep members are looked at: `runs.tool` is two.
const DEPTH: usize = 3;

/// The members at the top of a document, as far as its first bytes show them. Of JSON lines: of the first line.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The paths of members, arrays passed through: `runs`, `runs.tool`. Each with its text where it is a plain text.
    members: HashMap<String, Option<String>>,
}

impl Outline {
    /// Looks at the beginning of a document; what is cut off or broken ends it.
    pub(crate) fn of(prefix: &[u8]) -> Self {
        let mut outline = Self::default();
        // The reader of the format will say what is wrong.
        let _ = outline.walk(&mut Json::new(prefix, &Limits::default()));
        outline
    }

    /// Whether there is a member at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.members.contains_key(path)
    }

    /// Whether there is a member whose path begins so.
    fn has_any_at(&self, beginning: &str) -> bool {
        self.members.keys().any(|path| path.starts_with(beginning))
    }

    /// The text of the member at this path.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.members.get(path)?.as_deref()
    }

    fn walk(&mut self, json: &mut Json<&[u8]>) -> Result<(), ReadError> {
        let mut open: Vec<Option<String>> = Vec::new();
        let mut name = None;
        loop {
            match json.next()? {
                Token::Name(own) => {
                    let above: Vec<&str> = open.iter().flatten().map(String::as_str).collect();
                    let deep = above.len() >= DEPTH;
                    let path = if above.is_empty() { own.clone() } else { format!("{}.{own}", above.join(".")) };
                    if deep {
                        json.skip()?;
                        continue;
                    }
                    self.members.entry(path).or_insert(None);
                    name = Some(own);
                }
                Token::ObjectStart | Token::ArrayStart => open.push(name.take()),
                Token::ObjectEnd | Token::ArrayEnd => {
                    open.pop();
                }
                Token::Text(text) => {
                    if let Some(own) = name.take() {
                        let mut path: Vec<&str> = open.iter().flatten().map(String::as_str).collect();
                        path.push(&own);
                        if let Some(kept) = self.members.get_mut(&path.join(".")) {
                            kept.get_or_insert(text);
                        }
                    }
                }
                Token::Number(_) | Token::Bool(_) | Token::Null => name = None,
                Token::Finished => return Ok(()),
            }
        }
    }
}

/// What products are made of, and what is known of vulnerabilities in it.
fn recognise_supply(outline: &Outline) -> Option<Format> {
    let has_any = |names: &[&str]| names.iter().any(|name| outline.has(name));
    let context = outline.text("@context").unwrap_or_default();
    if outline.text("spdxVersion").is_some_and(|version| version.starts_with("SPDX-"))
        || context.contains("spdx.org/rdf")
    {
        return Some(Format::Spdx);
    }
    if context.contains("openvex") || has_any(&["statements.status"]) && has_any(&["statements.vulnerability"]) {
        return Some(Format::OpenVex);
    }
    if outline.has("document.csaf_version") {
        return Some(Format::Csaf);
    }
    let is_result =
        outline.has("Results.Target") && has_any(&["Results.Class", "Results.Type", "Results.Vulnerabilities"]);
    if is_result || outline.has("SchemaVersion") && has_any(&["ArtifactName", "ArtifactType", "Results"]) {
        return Some(Format::Trivy);
    }
    if outline.has("matches.vulnerability") && outline.has("matches.artifact")
        || has_any(&["matches", "ignoredMatches"]) && outline.text("descriptor.name") == Some("grype")
    {
        return Some(Format::Grype);
    }
    if outline.has("results.packages") || outline.has("results") && outline.has("experimental_config") {
        return Some(Format::OsvScanner);
    }
    let is_record = |at: &str| {
        let has = |name: &str| outline.has(&format!("{at}{name}"));
        has("id")
            && (has("modified") && (has("affected") || has("schema_version") || has("details") || has("published"))
                || has("affected.ranges"))
    };
    if is_record("") || is_record("vulns.") {
        return Some(Format::Osv);
    }
    if outline.has("vulnerabilities")
        && (outline.has("scan.type")
            || outline.has("vulnerabilities.location") && outline.has("vulnerabilities.identifiers")
            || has_any(&["dependency_files"]))
    {
        return Some(Format::Gitlab);
    }
    None
}

/// The format of a JSON document by its first bytes, or what it looks like when it is none that this crate reads.
pub(crate) fn recognise_json(prefix: &[u8]) -> Result<Format, &'static str> {
    let outline = Outline::of(prefix);
    format_of(&outline).ok_or_else(|| resembles(&outline))
}

/// What is told of JSON that no reader takes.
fn resembles(outline: &Outline) -> &'static str {
    let all = |names: &[&str]| names.iter().all(|name| outline.has(name));
    let github = outline.has("repository") && (outline.has("sender") || outline.has("pusher"));
    let advisory = all(&["action", "security_advisory"]);
    let gitlab =
        outline.has("object_kind") && ["project", "project_id", "deployment_id"].iter().any(|name| outline.has(name));
    if github || advisory || gitlab {
        return "this looks like the message of a webhook, which is sent to the address of a webhook connection and not imported";
    }
    let jira = |at: &str| {
        outline.text(at).is_some_and(|address| address.contains("/rest/api/") || address.contains("/rest/agile/"))
    };
    if ["self", "values.self", "transitions.to.self", "issueLinkTypes.self"].iter().any(|at| jira(at)) {
        return "this is what Jira says of a project or its settings, and holds no issues; ask it for `search`";
    }
    if outline.has("asyncapi") {
        return "this looks like AsyncAPI, of which no reader is here";
    }
    if outline.has("data") && outline.has_any_at("data.") && !outline.has("version") {
        return "this looks like the answer of a GraphQL interface, whose shape is the question's";
    }
    if outline.members.is_empty() {
        return "this is JSON without members by which it could be told";
    }
    "this looks like JSON"
}

fn format_of(outline: &Outline) -> Option<Format> {
    if outline.text("bomFormat") == Some("CycloneDX") {
        return Some(Format::CycloneDx);
    }
    let says_sarif = outline.text("$schema").is_some_and(|schema| schema.to_ascii_lowercase().contains("sarif"));
    if outline.has("runs")
        && (says_sarif || outline.has("version") || outline.has("runs.tool") || outline.has("runs.results"))
    {
        return Some(Format::Sarif);
    }
    if let Some(format) = recognise_supply(outline) {
        return Some(format);
    }
    if outline.has("protocolVersion") && outline.text("type") == Some("start") {
        return Some(Format::Dart);
    }
    if outline.has("Action") && ["Package", "ImportPath"].iter().any(|name| outline.has(name)) {
        return Some(Format::GoTest);
    }
    if outline.has("stats.passes") && ["tests", "passes", "failures", "pending"].iter().any(|name| outline.has(name)) {
        return Some(Format::Mocha);
    }
    if outline.has("examples")
        && ["summary", "summary_line", "examples.full_description"].iter().any(|name| outline.has(name))
    {
        return Some(Format::Rspec);
    }
    if is_openapi(outline) {
        return Some(Format::OpenApi);
    }
    if let Some(format) = recognise_builds(outline) {
        return Some(format);
    }
    recognise_exchange(outline)
}

/// Builds, and test results as the server that made them keeps them.
fn recognise_builds(outline: &Outline) -> Option<Format> {
    let any = |names: &[&str]| names.iter().any(|name| outline.has(name));
    if outline.has("id.started") && any(&["started.uuid", "started.startTime", "started.startTimeMillis"]) {
        return Some(Format::Bazel);
    }
    if any(&["passCount", "failCount", "totalCount"]) && any(&["suites", "suites.cases", "childReports"]) {
        return Some(Format::JenkinsTests);
    }
    let is_jenkins = outline.text("_class").is_some_and(|class| class.contains('.'));
    let is_build = outline.has("number") && outline.has("timestamp") && any(&["building", "result", "duration"]);
    let is_job = outline.has("builds") && any(&["builds.number", "nextBuildNumber", "lastBuild"]);
    ((is_jenkins || outline.has("url")) && (is_build || is_job)).then_some(Format::Jenkins)
}

/// A description of an interface. Where keys are sorted, components come first and may fill what is looked at.
fn is_openapi(outline: &Outline) -> bool {
    outline.text("openapi").is_some_and(|version| version.starts_with("3."))
        || outline.text("swagger").is_some_and(|version| version.starts_with("2."))
        || outline.has_any_at("paths./")
        || outline.has("components.schemas") && !outline.has("asyncapi")
}

/// Requirements and issues.
fn recognise_exchange(outline: &Outline) -> Option<Format> {
    let all = |names: &[&str]| names.iter().all(|name| outline.has(name));
    let any = |names: &[&str]| names.iter().any(|name| outline.has(name));
    if all(&["versions", "current_version"]) {
        return Some(Format::SphinxNeeds);
    }
    if any(&["Requirements.Shortcode", "requirements.req_id"]) {
        return Some(Format::Asvs);
    }
    if any(&["issues.fields", "fields.summary"]) {
        return Some(Format::Jira);
    }
    if all(&["iid", "title"]) || all(&["issues.iid", "issues.title"]) {
        return Some(Format::GitlabIssues);
    }
    if any(&["issues.subject", "issue.subject"]) {
        return Some(Format::Redmine);
    }
    if any(&["bugs.summary", "bugs.product"]) {
        return Some(Format::Bugzilla);
    }
    let github = all(&["number", "title"]) && any(&["state", "labels", "user", "author", "body"]);
    if github || any(&["issue.number", "items.number"]) {
        return Some(Format::GithubIssues);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_by_its_members() {
        let cases = [
            (
                r#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[]}"#,
                Some(Format::Sarif),
            ),
            (r#"{"runs":[{"results":[{"message":{"text":"cut o"#, Some(Format::Sarif)),
            ("\u{FEFF}{\"version\":\"2.1.0\",\"runs\":[],}", Some(Format::Sarif)),
            (r#"{"components":[],"specVersion":"1.4","bomFormat":"CycloneDX"}"#, Some(Format::CycloneDx)),
            (r#"{"bomFormat":"AnotherFormat","specVersion":"1.4"}"#, None),
            (r#"{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}"#, Some(Format::Spdx)),
            (r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}"#, Some(Format::Spdx)),
            (r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}"#, Some(Format::OpenVex)),
            (r#"{"document":{"category":"csaf_vex","csaf_version":"2.0"}}"#, Some(Format::Csaf)),
            (r#"{"SchemaVersion":2,"ArtifactName":"a"}"#, Some(Format::Trivy)),
            (r#"{"Results":[{"Class":"config","Target":"a"#, Some(Format::Trivy)),
            (r#"{"matches":[{"vulnerability":{},"artifact":{"#, Some(Format::Grype)),
            (r#"{"matches":[],"descriptor":{"name":"grype"}}"#, Some(Format::Grype)),
            (r#"{"results":[{"source":{},"packages":[]}]}"#, Some(Format::OsvScanner)),
            (r#"{"id":"GHSA-1","modified":"x","affected":[]}"#, Some(Format::Osv)),
            (r#"[{"id":"GHSA-1","modified":"x","details":""}]"#, Some(Format::Osv)),
            (r#"{"vulns":[{"id":"GHSA-1","modified":"x","published":""}]}"#, Some(Format::Osv)),
            (r#"{"version":"15.0.0","vulnerabilities":[],"scan":{"type":"sast"}}"#, Some(Format::Gitlab)),
            (r#"{"vulnerabilities":[{"id":"1","location":{},"identifiers":[]}]}"#, Some(Format::Gitlab)),
            (r#"{"data":{"search":{"nodes":[{"vulnerabilityAlerts":{}}]}}}"#, None),
            (r#"{"id":1,"modified":"x"}"#, None),
            (r#"{"stats":{},"tests":[]}"#, None),
            (r#"{"openapi":"3.1.0","info":{}}"#, Some(Format::OpenApi)),
            (r#"{"swagger":"2.0"}"#, Some(Format::OpenApi)),
            (r#"{"components":{"schemas":{"A":{"type":"obj"#, Some(Format::OpenApi)),
            (r#"{"info":{},"paths":{"/a":{"get":{"#, Some(Format::OpenApi)),
            (r#"{"asyncapi":"2.6.0","components":{"schemas":{}}}"#, None),
            (r#"{"openapi":"4.0.0"}"#, None),
            ("{\"id\":{\"started\":{}},\"started\":{\"uuid\":\"x\"}}\n{\"id\"", Some(Format::Bazel)),
            (r#"{"_class":"hudson.tasks.junit.TestResult","failCount":0,"suites":[]}"#, Some(Format::JenkinsTests)),
            (
                r#"{"_class":"hudson.model.FreeStyleBuild","actions":[],"building":false,"number":1,"timestamp":1}"#,
                Some(Format::Jenkins),
            ),
            (r#"{"builds":[{"number":1,"url":"u"}],"url":"u"}"#, Some(Format::Jenkins)),
            (r#"{"builds":[{"number":1}]}"#, None),
            (r#"[{"runs":1}]"#, None),
            ("{", None),
        ];
        for (text, format) in cases {
            assert_eq!(recognise_json(text.as_bytes()).ok(), format, "{text}");
        }
    }

    #[test]
    fn what_is_known_and_not_read_is_called_by_its_name() {
        let said = |text: &str| recognise_json(text.as_bytes()).expect_err("nobody reads it");
        assert!(said(r#"{"action":"closed","repository":{},"sender":{}}"#).contains("webhook"));
        assert!(said(r#"{"object_kind":"push","project":{}}"#).contains("webhook"));
        assert!(said(r#"{"data":{"search":{}}}"#).contains("GraphQL"));
        assert!(said(r#"{"asyncapi":"3.0.0"}"#).contains("AsyncAPI"));
        assert!(said(r#"[{"self":"https://a.example/rest/api/2/status/1","name":"Open"}]"#).contains("Jira"));
        assert!(said(r#"{"object_kind":"build","project_id":1}"#).contains("webhook"));
        assert!(said("[1]").contains("without members"));
        assert!(said(r#"{"a":1}"#).contains("JSON"));
    }

    #[test]
    fn paths_pass_through_arrays() {
        let outline = Outline::of(br#"{"runs":[{"tool":{"driver":{"name":"x","more":{"a":1}}}}],"v":"1"}"#);
        assert!(outline.has("runs.tool.driver") && !outline.has("runs.tool.driver.name"));
        assert_eq!(outline.text("v"), Some("1"));
    }
}
