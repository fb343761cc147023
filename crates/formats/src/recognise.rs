//! What a file is, by what is in it. Names and media types are not asked: they are often wrong, and a stranger
//! chooses them.

use crate::cyclonedx;
use crate::decode::decode_prefix;
use crate::recognise_json::recognise_json;
use crate::xml::{Token, Xml, shorten};
use crate::{Limits, ReadError, exchange};

/// As many bytes from the beginning of a file as [`recognise`] can make use of. Fewer do, when the file is shorter.
pub const RECOGNITION_BYTES: usize = 64 << 10;

const READABLE: &str = "this server reads test results (JUnit XML, NUnit, TRX, xUnit.net, CTest, Robot Framework, go test -json, mocha, RSpec, \
     dart), Cobertura, lcov, JaCoCo, findings and components (SARIF, CycloneDX, SPDX, OSV, OpenVEX, CSAF, Trivy, Grype, osv-scanner, GitLab), \
     requirements (Markdown with front matter, ReqIF, StrictDoc, sphinx-needs, Doorstop, ASVS, CSV, XLSX), issues of Jira, GitHub, GitLab, \
     Bugzilla and Redmine, builds of Jenkins and Bazel, and OpenAPI documents";

/// A format that this crate has a reader for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Test results: [`crate::junit`].
    Junit,
    /// Test results of NUnit 2 and 3: [`crate::results`].
    Nunit,
    /// Test results of Visual Studio and `dotnet test`: [`crate::results`].
    Trx,
    /// Test results of xUnit.net: [`crate::results`].
    XunitNet,
    /// Test results of CTest: [`crate::results`].
    Ctest,
    /// Test results of Robot Framework: [`crate::results`].
    Robot,
    /// Test results of `go test -json`: [`crate::results`].
    GoTest,
    /// Test results of mocha's JSON reporter: [`crate::results`].
    Mocha,
    /// Test results of RSpec's JSON formatter: [`crate::results`].
    Rspec,
    /// Test results of `dart test` and `flutter test`: [`crate::results`].
    Dart,
    /// Coverage: [`crate::coverage::cobertura`].
    Cobertura,
    /// Coverage: [`crate::coverage::lcov`].
    Lcov,
    /// Coverage: [`crate::coverage::jacoco`].
    Jacoco,
    /// A requirement: [`crate::requirement`].
    Requirement,
    /// Findings of analysers: [`crate::sarif`].
    Sarif,
    /// Components and vulnerabilities, as JSON or XML: [`crate::cyclonedx`].
    CycloneDx,
    /// Components, as JSON, JSON-LD or tags and values: [`crate::supply`].
    Spdx,
    /// Vulnerabilities of packages: [`crate::supply`].
    Osv,
    /// A report of osv-scanner: [`crate::supply`].
    OsvScanner,
    /// What was found out about vulnerabilities: [`crate::supply`].
    OpenVex,
    /// Advisories, and what was found out about vulnerabilities: [`crate::supply`].
    Csaf,
    /// A report of Trivy: [`crate::supply`].
    Trivy,
    /// A report of Grype: [`crate::supply`].
    Grype,
    /// A report of an analyser of GitLab: [`crate::supply`].
    Gitlab,
    /// Requirements: [`crate::exchange`], as are all that follow.
    Reqif,
    /// ReqIF with what it refers to, in an archive.
    Reqifz,
    /// Requirements of StrictDoc.
    StrictDoc,
    /// Requirements of sphinx-needs.
    SphinxNeeds,
    /// Requirements of Doorstop.
    Doorstop,
    /// The OWASP Application Security Verification Standard.
    Asvs,
    /// A table of requirements or issues.
    Csv,
    /// The same as a workbook.
    Xlsx,
    /// Issues of Jira as JSON.
    Jira,
    /// Issues of Jira as a table.
    JiraCsv,
    /// Issues of GitHub.
    GithubIssues,
    /// Issues of GitLab.
    GitlabIssues,
    /// Issues of Bugzilla as JSON.
    Bugzilla,
    /// Issues of Bugzilla as XML.
    BugzillaXml,
    /// Issues of Redmine as JSON.
    Redmine,
    /// Issues of Redmine as XML.
    RedmineXml,
    /// A description of an interface, as JSON or YAML: [`crate::api`].
    OpenApi,
    /// Builds of Jenkins, as its interface gives them: [`crate::builds`].
    Jenkins,
    /// The test report of a build of Jenkins: [`crate::results`].
    JenkinsTests,
    /// Build events of Bazel, with test results: [`crate::builds`] and [`crate::results`].
    Bazel,
}

impl Format {
    /// The name people know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Junit => "JUnit XML",
            Self::Nunit => "NUnit",
            Self::Trx => "TRX",
            Self::XunitNet => "xUnit.net",
            Self::Ctest => "CTest",
            Self::Robot => "Robot Framework",
            Self::GoTest => "go test -json",
            Self::Mocha => "mocha (JSON)",
            Self::Rspec => "RSpec (JSON)",
            Self::Dart => "dart test (JSON)",
            Self::Cobertura => "Cobertura",
            Self::Lcov => "lcov",
            Self::Jacoco => "JaCoCo",
            Self::Requirement => "requirement (Markdown)",
            Self::Sarif => "SARIF",
            Self::CycloneDx => "CycloneDX",
            Self::Spdx => "SPDX",
            Self::Osv => "OSV",
            Self::OsvScanner => "osv-scanner (JSON)",
            Self::OpenVex => "OpenVEX",
            Self::Csaf => "CSAF",
            Self::Trivy => "Trivy (JSON)",
            Self::Grype => "Grype (JSON)",
            Self::Gitlab => "GitLab security report",
            Self::Reqif => "ReqIF",
            Self::Reqifz => "REQIFZ",
            Self::StrictDoc => "StrictDoc",
            Self::SphinxNeeds => "sphinx-needs",
            Self::Doorstop => "Doorstop",
            Self::Asvs => "OWASP ASVS",
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
            Self::Jira => "Jira (JSON)",
            Self::JiraCsv => "Jira (CSV)",
            Self::GithubIssues => "GitHub issues",
            Self::GitlabIssues => "GitLab issues",
            Self::Bugzilla => "Bugzilla (JSON)",
            Self::BugzillaXml => "Bugzilla (XML)",
            Self::Redmine => "Redmine (JSON)",
            Self::RedmineXml => "Redmine (XML)",
            Self::OpenApi => "OpenAPI",
            Self::Jenkins => "Jenkins (JSON)",
            Self::JenkinsTests => "Jenkins test report (JSON)",
            Self::Bazel => "Bazel (build events)",
        }
    }

    /// What [`crate::exchange`] reads. Seeds of the fuzz target choose by this order: what is new goes to the end.
    pub const EXCHANGE: [Self; 16] = [
        Self::Reqif,
        Self::Reqifz,
        Self::StrictDoc,
        Self::SphinxNeeds,
        Self::Doorstop,
        Self::Asvs,
        Self::Csv,
        Self::JiraCsv,
        Self::Xlsx,
        Self::Jira,
        Self::GithubIssues,
        Self::GitlabIssues,
        Self::Bugzilla,
        Self::BugzillaXml,
        Self::Redmine,
        Self::RedmineXml,
    ];

    /// Whether [`crate::exchange`] reads it.
    #[must_use]
    pub fn is_exchange(self) -> bool {
        Self::EXCHANGE.contains(&self)
    }

    /// Whether it is what a tracker writes.
    #[must_use]
    pub fn is_issues(self) -> bool {
        matches!(
            self,
            Self::Jira
                | Self::JiraCsv
                | Self::GithubIssues
                | Self::GitlabIssues
                | Self::Bugzilla
                | Self::BugzillaXml
                | Self::Redmine
                | Self::RedmineXml
        )
    }
}

/// The answer of [`recognise`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// The file claims to be this. Whether it is well formed, its reader will say.
    Format(Format),
    /// None of the formats; why, in a sentence for the person who sent it.
    Unknown(String),
}

/// Tells the format of a file from its first [`RECOGNITION_BYTES`].
#[must_use]
pub fn recognise(prefix: &[u8]) -> Recognised {
    let prefix = &prefix[..prefix.len().min(RECOGNITION_BYTES)];
    if prefix.is_empty() {
        return Recognised::Unknown("the file is empty".to_owned());
    }
    if prefix.starts_with(b"PK\x03\x04") {
        return recognise_archive(prefix);
    }
    if let Some(what) = packed(prefix) {
        return Recognised::Unknown(format!("{what}; {READABLE}"));
    }
    let text = match decode_prefix(prefix) {
        Ok(text) => text,
        Err(error) => return Recognised::Unknown(error.reason),
    };
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if trimmed.is_empty() {
        return Recognised::Unknown("the file holds nothing but white space".to_owned());
    }
    if trimmed.starts_with('<') {
        return recognise_xml(prefix);
    }
    if trimmed.starts_with("{\\rtf") {
        return Recognised::Unknown(format!("this is a document in RTF; {READABLE}"));
    }
    let mut resembles = None;
    if trimmed.starts_with(['{', '[']) {
        match recognise_json(prefix) {
            Ok(format) => return Recognised::Format(format),
            Err(what) => resembles = Some(what),
        }
    }
    if is_openapi(trimmed) {
        return Recognised::Format(Format::OpenApi);
    }
    if is_front_matter(trimmed) {
        return Recognised::Format(Format::Requirement);
    }
    if is_spdx(trimmed) {
        return Recognised::Format(Format::Spdx);
    }
    if is_lcov(trimmed) {
        return Recognised::Format(Format::Lcov);
    }
    if trimmed.starts_with("[DOCUMENT]") {
        return Recognised::Format(Format::StrictDoc);
    }
    if is_doorstop(trimmed) {
        return Recognised::Format(Format::Doorstop);
    }
    if resembles.is_none()
        && let Some(format) = recognise_table(trimmed)
    {
        return Recognised::Format(format);
    }
    let what = match trimmed.chars().next() {
        Some('{' | '[') if resembles.is_some() => resembles.unwrap_or_default(),
        Some('#') => "this looks like Markdown without front matter (a block between two lines of ---)",
        _ if text.contains('\0') || text.contains('\u{FFFD}') => "this is not a text file that this server understands",
        _ => {
            "this is neither XML, nor an lcov record, nor Markdown with front matter, nor a table whose first line names a title or text"
        }
    };
    Recognised::Unknown(format!("{what}; {READABLE}"))
}

fn recognise_xml(prefix: &[u8]) -> Recognised {
    let mut xml = Xml::new(prefix, &Limits::default());
    let root = match root(&mut xml) {
        Ok(root) => root,
        Err(error) if prefix.len() == RECOGNITION_BYTES => {
            return Recognised::Unknown(format!(
                "no root element within the first {RECOGNITION_BYTES} bytes: {}",
                error.reason
            ));
        }
        Err(error) => return Recognised::Unknown(error.reason),
    };
    match root.as_str() {
        "testsuites" | "testsuite" | "testcase" => Recognised::Format(Format::Junit),
        "test-results" | "test-run" | "test-suite" => Recognised::Format(Format::Nunit),
        "TestRun" if xml.attribute("xmlns").is_none_or(|space| space.contains("TeamTest")) => {
            Recognised::Format(Format::Trx)
        }
        "assemblies" => Recognised::Format(Format::XunitNet),
        "assembly" if ["test-framework", "run-date", "total"].iter().any(|name| xml.attribute(name).is_some()) => {
            Recognised::Format(Format::XunitNet)
        }
        "robot" => Recognised::Format(Format::Robot),
        "Site" if child_follows(&mut xml, &["Testing"]) => Recognised::Format(Format::Ctest),
        "coverage" if xml.attribute("generated").is_some() && xml.attribute("line-rate").is_none() => {
            Recognised::Unknown(format!(
                "XML whose root is <coverage generated=…>: a Clover report, which this server does not read; {READABLE}"
            ))
        }
        "coverage"
            if xml.attribute("version").is_some() && xml.attribute("line-rate").is_none() && has_only_version(&xml) =>
        {
            Recognised::Unknown(format!(
                "XML whose root is <coverage version=…>: SonarQube's generic coverage, which this server does not read; {READABLE}"
            ))
        }
        "coverage" => Recognised::Format(Format::Cobertura),
        "bom" if xml.attribute("xmlns").is_some_and(|space| space.starts_with(cyclonedx::NAMESPACE)) => {
            Recognised::Format(Format::CycloneDx)
        }
        "report" if jacoco_follows(&mut xml) => Recognised::Format(Format::Jacoco),
        "REQ-IF" => Recognised::Format(Format::Reqif),
        "bugzilla" => Recognised::Format(Format::BugzillaXml),
        "issues" if child_follows(&mut xml, &["issue"]) => Recognised::Format(Format::RedmineXml),
        "issue" if child_follows(&mut xml, &["id"]) => Recognised::Format(Format::RedmineXml),
        other => Recognised::Unknown(format!(
            "XML whose root is <{}>: not a format this server reads; {READABLE}",
            shorten(other)
        )),
    }
}

/// An archive, by the names of its first members.
fn recognise_archive(prefix: &[u8]) -> Recognised {
    let has = |name: &str| memchr::memmem::find(prefix, name.as_bytes()).is_some();
    if has("[Content_Types].xml") || has("xl/") {
        return if has("word/") || has("ppt/") { office() } else { Recognised::Format(Format::Xlsx) };
    }
    // OpenDocument and EPUB begin with a member that says so, unpacked.
    if has("mimetypeapplication/") {
        return office();
    }
    Recognised::Format(Format::Reqifz)
}

/// What other things that are packed or no text are, by their first bytes.
fn packed(prefix: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 8] = [
        (b"%PDF-", "this is a PDF document"),
        (b"\x1f\x8b", "this is a file packed by gzip; unpack it and send what is in it"),
        (b"BZh", "this is a file packed by bzip2; unpack it and send what is in it"),
        (b"\xfd7zXZ\x00", "this is a file packed by xz; unpack it and send what is in it"),
        (b"\x28\xb5\x2f\xfd", "this is a file packed by zstd; unpack it and send what is in it"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "this is a document of an old office program; save a table as XLSX or CSV",
        ),
        (b"\x89PNG", "this is a picture"),
        (b"\xff\xd8\xff", "this is a picture"),
    ];
    kinds.iter().find(|(magic, _)| prefix.starts_with(magic)).map(|(_, what)| *what)
}

/// YAML whose top says the version of OpenAPI or Swagger.
fn is_openapi(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with(['#', '-', '%']));
    if !first.is_some_and(|line| !line.starts_with(' ') && line.contains(':')) {
        return false;
    }
    text.lines().filter_map(|line| line.split_once(':')).any(|(name, value)| {
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        match name.trim_end().trim_matches(['"', '\'']) {
            // At the top: nothing stands before the name.
            "openapi" => value.starts_with("3."),
            "swagger" => value.starts_with("2."),
            _ => false,
        }
    })
}

fn office() -> Recognised {
    Recognised::Unknown(format!("this is an office document and no workbook; {READABLE}"))
}

/// Items of Doorstop are YAML with members that every item has.
fn is_doorstop(text: &str) -> bool {
    let has = |name: &str| text.lines().any(|line| line.trim_start().starts_with(name));
    exchange::DOORSTOP_MARKS.iter().all(|mark| has(&format!("{mark}:"))) && has("text:") && has("level:")
}

/// A first line with several names of columns: one says what a record is about, or rows of as many cells follow.
fn recognise_table(text: &str) -> Option<Format> {
    let mut rows = exchange::first_rows(text)?.into_iter();
    let names = rows.next()?;
    let profile = exchange::Profile::default();
    let is_jira =
        names.iter().any(|name| name.eq_ignore_ascii_case("issue key") || name.eq_ignore_ascii_case("issuekey"));
    if is_jira {
        return Some(Format::JiraCsv);
    }
    let about = names.iter().any(|name| matches!(profile.field(name), exchange::Field::Title | exchange::Field::Text));
    // Headings in another language are told by their shape: words, and rows of as many cells below.
    let words = |name: &String| (1..=100).contains(&name.chars().count()) && !name.contains(['<', '>', '{', '}', '=']);
    let even = names.len() >= 2 && names.iter().all(words) && rows.next().is_some_and(|row| row.len() == names.len());
    (names.len() >= 2 && (about || even)).then_some(Format::Csv)
}

fn root(xml: &mut Xml<&[u8]>) -> Result<String, ReadError> {
    match xml.next()? {
        Token::Start => Ok(xml.name().to_owned()),
        _ => Err(xml.error("the file holds no element")),
    }
}

/// SonarQube's root has `version` and nothing else; a Cobertura root has at least one rate or total.
fn has_only_version(xml: &Xml<&[u8]>) -> bool {
    ["branch-rate", "lines-valid", "lines-covered", "branches-valid", "complexity", "timestamp"]
        .iter()
        .all(|name| xml.attribute(name).is_none())
}

/// `<report>` is a common name; JaCoCo's begins with session information, a group, a package or a counter, or ends
/// at once.
fn jacoco_follows(xml: &mut Xml<&[u8]>) -> bool {
    child_follows(xml, &["sessioninfo", "group", "package", "counter"])
}

/// The root's first child is one of these, or it has none.
fn child_follows(xml: &mut Xml<&[u8]>, names: &[&str]) -> bool {
    loop {
        match xml.next() {
            Ok(Token::Start) => return names.contains(&xml.name()),
            Ok(Token::End | Token::Finished) => return true,
            Ok(Token::Text) => {}
            Err(_) => return false,
        }
    }
}

/// A first line of three hyphens and, further down, another one.
fn is_front_matter(text: &str) -> bool {
    let mut lines = text.lines();
    lines.next().is_some_and(|line| line.trim_end() == "---")
        && lines
            .next()
            .is_some_and(|line| line.contains(':') || line.trim_start().starts_with('#') || line.trim().is_empty())
}

/// The first line that is not a comment tells the version of SPDX.
fn is_spdx(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .and_then(|line| line.split_once(':'))
        .is_some_and(|(tag, value)| tag.trim_end() == "SPDXVersion" && value.trim_start().starts_with("SPDX-"))
}

/// The first line that is not a comment is an lcov record.
fn is_lcov(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| line.starts_with("TN:") || line.starts_with("SF:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(bytes: &[u8]) -> String {
        match recognise(bytes) {
            Recognised::Unknown(reason) => reason,
            Recognised::Format(format) => panic!("taken for {format:?}"),
        }
    }

    #[test]
    fn formats_are_told_by_content() {
        let cases: [(&str, Format); 45] = [
            ("<testsuites/>", Format::Junit),
            ("\u{FEFF}<?xml version='1.0' encoding='utf-8'?>\n<!-- x -->\n<testsuite name='a'>", Format::Junit),
            ("\n  <testcase name='a'/>", Format::Junit),
            ("<!DOCTYPE coverage SYSTEM 'x.dtd'><coverage line-rate='0.1'>", Format::Cobertura),
            ("<coverage version='1.9' timestamp='1'><packages/></coverage>", Format::Cobertura),
            ("<coverage><packages/></coverage>", Format::Cobertura),
            (
                "<!DOCTYPE report PUBLIC '-//JACOCO//DTD Report 1.1//EN' 'report.dtd'><report name='x'><sessioninfo id='1'/>",
                Format::Jacoco,
            ),
            ("<report name='x'>\n<group name='a'>", Format::Jacoco),
            ("<test-results name='a.dll' total='1'>", Format::Nunit),
            ("<?xml version='1.0'?><test-run id='2'>", Format::Nunit),
            ("<TestRun id='1' xmlns='http://microsoft.com/schemas/VisualStudio/TeamTest/2010'>", Format::Trx),
            ("<assemblies timestamp='x'>", Format::XunitNet),
            ("<assembly name='a.dll' test-framework='xUnit.net 2'>", Format::XunitNet),
            ("<Site BuildName='b'>\n<Testing>", Format::Ctest),
            ("<robot generator='Robot 7.0'>", Format::Robot),
            ("{\"Time\":\"2024\",\"Action\":\"start\",\"Package\":\"a/b\"}\n{\"Action\"", Format::GoTest),
            ("{\"ImportPath\":\"a/b\",\"Action\":\"build-output\",\"Output\":\"x\"}\n", Format::GoTest),
            ("{\"stats\":{\"suites\":1,\"passes\":1},\"tests\":[{\"title\":\"cut o", Format::Mocha),
            ("{\"version\":\"3.12\",\"examples\":[{\"full_description\":\"a\"}]}", Format::Rspec),
            ("{\"protocolVersion\":\"0.1.1\",\"type\":\"start\",\"time\":0}\n{}", Format::Dart),
            ("# SBOM\nSPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", Format::Spdx),
            ("TN:\nSF:a.c\n", Format::Lcov),
            ("# made by x\nSF:a.c\r\n", Format::Lcov),
            ("---\nkey: REQ-1\n---\n# A\n", Format::Requirement),
            ("\u{FEFF}---\r\nkey: REQ-1\r\n---\r\n", Format::Requirement),
            ("<?xml version='1.0'?><REQ-IF xmlns='x'>", Format::Reqif),
            ("[DOCUMENT]\nTITLE: x\n", Format::StrictDoc),
            ("active: true\nderived: false\nlevel: 1\nnormative: true\ntext: |\n  x\n", Format::Doorstop),
            (
                "{\"created\":\"x\",\"current_version\":\"1\",\"versions\":{\"1\":{\"needs\":{\"A\":{\"id\"",
                Format::SphinxNeeds,
            ),
            ("{\"Name\":\"ASVS\",\"Requirements\":[{\"Shortcode\":\"V1\"}]}", Format::Asvs),
            ("{\"requirements\":[{\"chapter_id\":\"V1\",\"req_id\":\"V1.1.1\"}]}", Format::Asvs),
            ("UID,Statement,Parent\n1,a,\n", Format::Csv),
            ("\"ID\";\"Title\"\r\n1;a\r\n", Format::Csv),
            ("issuekey,title,description\nA-1,x,y\n", Format::JiraCsv),
            ("Our list,,\nName,Place,Won\na,b,1\n", Format::Csv),
            ("{\"total\":1,\"issues\":[{\"key\":\"A-1\",\"fields\":{\"summary\":\"x\"}}]}", Format::Jira),
            (
                "[{\"number\":1,\"title\":\"x\",\"state\":\"open\",\"user\":{},\"html_url\":\"u\"}]",
                Format::GithubIssues,
            ),
            ("[{\"id\":5,\"iid\":1,\"title\":\"x\",\"state\":\"opened\"}]", Format::GitlabIssues),
            ("{\"bugs\":[{\"id\":1,\"summary\":\"x\"}]}", Format::Bugzilla),
            ("<bugzilla version='5'><bug><bug_id>1</bug_id>", Format::BugzillaXml),
            ("{\"issues\":[{\"id\":1,\"subject\":\"x\"}],\"total_count\":1}", Format::Redmine),
            ("<issues total_count='1' type='array'><issue><id>1</id>", Format::RedmineXml),
            ("openapi: 3.0.3\ninfo:\n  title: x\n", Format::OpenApi),
            ("# made by x\n---\ninfo: {}\nopenapi: \"3.1.0\" # new\n", Format::OpenApi),
            ("---\nswagger: '2.0'\n", Format::OpenApi),
        ];
        for (text, format) in cases {
            assert_eq!(recognise(text.as_bytes()), Recognised::Format(format), "{text}");
        }
        let sixteen: Vec<u8> = "<testsuites>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(recognise(&sixteen), Recognised::Format(Format::Junit));
    }

    #[test]
    fn what_is_unknown_is_told_why() {
        assert!(reason(b"").contains("empty"));
        assert!(reason(b" \n").contains("white space"));
        assert!(
            reason(b"<html><body/></html>").starts_with("XML whose root is <html>: not a format this server reads")
        );
        assert!(reason(b"<suites/>").contains("<suites>"));
        assert!(reason(b"<Site><Build/></Site>").contains("<Site>"));
        assert!(reason(b"<TestRun xmlns='urn:other'/>").contains("<TestRun>"));
        assert!(reason(b"<assembly manifestVersion='1.0'/>").contains("<assembly>"));
        assert!(reason(b"<report><row/></report>").contains("<report>"));
        assert!(reason(b"{\"a\":1}").contains("JSON"));
        assert!(reason(b"# Title\n").contains("front matter"));
        assert!(reason(b"{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":3}\n").contains("JSON"));
        assert!(reason(b"%PDF-1.7\n").contains("PDF"));
        assert!(reason(b"\x1f\x8b\x08").contains("gzip"));
        assert!(reason(b"{\\rtf1\\ansi x}").contains("RTF"));
        assert!(reason(b"info:\n  openapi: 3.0.0\n").contains("neither XML"));
        assert!(reason(b"this is not an XML!").contains("neither XML"));
        assert!(reason(b"\x7fELF\x00\xff\xfe").contains("not a text file"));
        assert!(reason(b"<coverage generated='1'><project/></coverage>").contains("Clover"));
        assert!(reason(b"<coverage version='1'><file path='a'/></coverage>").contains("SonarQube"));
        assert!(reason(b"<!DOCTYPE x [<!ENTITY a 'b'>]><testsuites/>").contains("own DTD"));
        assert!(reason(b"\xff\xfe\x00\x00<\x00\x00\x00").contains("UTF-32"));
    }
}
