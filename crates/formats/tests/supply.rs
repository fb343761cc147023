//! Bills of materials, advisories, VEX and the reports of scanners: real ones, held to what is known about each file, and small ones of our own.
//! Without the samples (`THROUGHLINE_SAMPLES` names their place) the first test says so and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufReader;
use std::path::PathBuf;

use formats::supply::{self, Component, Event, Finding, Severity, Totals, Vulnerability};
use formats::{Format, Limits, Recognised, recognise};
use serde_json::Value;

#[derive(Default)]
struct Read {
    components: Vec<Component>,
    found: Vec<Vulnerability>,
    findings: Vec<Finding>,
    totals: Totals,
}

/// Reads a document that has to be recognised, in one piece and byte by byte.
fn read(name: &str, bytes: &[u8]) -> (Format, Read) {
    let Recognised::Format(format) = recognise(bytes) else { panic!("{name}: {:?}", recognise(bytes)) };
    let limits = Limits::default();
    let survey = supply::survey(bytes, &limits, format).unwrap_or_else(|error| panic!("{name}: {error}"));
    let pieces = || BufReader::with_capacity(1, bytes);
    assert_eq!(supply::survey(pieces(), &limits, format).as_ref(), Ok(&survey), "{name}");
    let events: Vec<_> = supply::Reader::new(bytes, &limits, &survey).collect();
    assert_eq!(events, supply::Reader::new(pieces(), &limits, &survey).collect::<Vec<_>>(), "{name}");
    let mut all = Read::default();
    for event in events {
        match event.unwrap_or_else(|error| panic!("{name}: {error}")) {
            Event::Component(component) => all.components.push(*component),
            Event::Vulnerability(vulnerability) => all.found.push(*vulnerability),
            Event::Finding(finding) => all.findings.push(*finding),
            Event::Finished(totals) => all.totals = totals,
        }
    }
    let counted = [all.components.len(), all.found.len(), all.findings.len()].map(|count| count as u64);
    assert_eq!(counted, [all.totals.components, all.totals.vulnerabilities, all.totals.findings], "{name}");
    (format, all)
}

fn refused(bytes: &[u8], format: Format) -> String {
    let limits = Limits::default();
    let survey = match supply::survey(bytes, &limits, format) {
        Ok(survey) => survey,
        Err(error) => return error.to_string(),
    };
    let mut events = supply::Reader::new(bytes, &limits, &survey);
    events.find_map(Result::err).map(|error| error.to_string()).unwrap_or_else(|| panic!("it was read"))
}

fn tally<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts.iter().map(|(word, n)| format!("{word}:{n}")).collect::<Vec<_>>().join(",")
}

/// A tally of the facts in the words of this crate: `Negligible:1` is `info:1`.
fn severities(text: &str) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (word, count) = part.split_once(':').unwrap();
        let word = word.rsplit('/').next().unwrap();
        *counts.entry(Severity::of(word).map_or("unknown", Severity::name)).or_default() +=
            count.parse::<u64>().unwrap();
    }
    counts.iter().map(|(word, n)| format!("{word}:{n}")).collect::<Vec<_>>().join(",")
}

#[test]
fn every_report_and_document_gives_exactly_the_known_counts() {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"), PathBuf::from);
    let Ok(facts) = fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing is checked", place.display());
        return;
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    let mut seen = 0;
    for fact in facts.iter().filter(|fact| fact["cat"] == "vuln-other") {
        let name = fact["file"].as_str().unwrap();
        let bytes = fs::read(place.join(name)).unwrap();
        let fact = &fact["f"];
        let kind = fact["format"].as_str().unwrap();
        seen += 1;
        if kind.starts_with("github-graphql") {
            assert!(matches!(recognise(&bytes), Recognised::Unknown(_)), "{name}");
            continue;
        }
        let (format, all) = read(name, &bytes);
        let known = |what: &str| fact[what].as_u64().unwrap_or(0) as usize;
        let word = |one: &Option<Severity>| one.map_or("unknown", Severity::name);
        let shown: Vec<&Finding> = all.findings.iter().filter(|one| !one.is_suppressed).collect();
        let by_severity = tally(shown.iter().map(|one| word(&one.severity)));
        let ids: BTreeSet<&str> = all.found.iter().map(|one| one.id.as_str()).collect();
        let rules: BTreeSet<&str> = shown.iter().filter_map(|one| one.rule_id.as_deref()).collect();
        match kind {
            "trivy" => {
                assert_eq!(format, Format::Trivy, "{name}");
                let misconfigured = shown.iter().filter(|one| one.tool.ends_with("misconfigurations")).count();
                assert_eq!(shown.len() - misconfigured, known("vulnerabilities"), "{name}");
                assert_eq!(misconfigured, known("misconfigurations"), "{name}");
                assert_eq!(all.findings.len() - shown.len(), known("suppressed"), "{name}");
                let expected = fact["by_severity"].as_str().or(fact["misconf_by_status_severity"].as_str()).unwrap();
                assert_eq!(by_severity, severities(expected), "{name}");
                if misconfigured == 0 {
                    assert_eq!(rules.len(), known("distinct_ids"), "{name}");
                    assert!(all.components.iter().all(|one| one.purl.is_some()), "{name}");
                }
            }
            "grype" => {
                assert_eq!(format, Format::Grype, "{name}");
                assert_eq!((shown.len(), ids.len()), (known("matches"), known("distinct_ids")), "{name}");
                // The facts write `None` where the report gives no word.
                let expected = fact["by_severity"].as_str().unwrap().replace("None:", "unknown:");
                assert_eq!(by_severity, severities(&expected), "{name}");
                let packages: BTreeSet<_> = all.components.iter().map(|one| (&one.name, &one.version)).collect();
                assert_eq!(packages.len(), known("distinct_packages"), "{name}");
                assert_eq!(all.totals.spec_version, format!("Grype {}", fact["version"].as_str().unwrap()), "{name}");
            }
            "gitlab-security-report" => {
                assert_eq!(format, Format::Gitlab, "{name}");
                assert_eq!(
                    (shown.len(), all.found.len()),
                    (known("vulnerabilities"), known("vulnerabilities")),
                    "{name}"
                );
                assert_eq!(by_severity, severities(fact["by_severity"].as_str().unwrap()), "{name}");
                assert_eq!(all.totals.spec_version, format!("GitLab {}", fact["version"].as_str().unwrap()), "{name}");
                assert!(all.components.iter().all(|one| one.purl.is_some()), "{name}: {:?}", all.components);
            }
            "osv-scanner" => {
                assert_eq!(format, Format::OsvScanner, "{name}");
                let counts = (all.components.len(), all.found.len(), ids.len(), shown.len());
                assert_eq!(
                    counts,
                    (known("packages"), known("vulnerabilities"), known("distinct_ids"), known("groups")),
                    "{name}"
                );
            }
            "openvex" => {
                assert_eq!(format, Format::OpenVex, "{name}");
                assert_eq!(all.found.len(), known("statements"), "{name}");
                let states = all.found.iter().map(|one| one.analysis.as_ref().unwrap().state.as_deref().unwrap());
                let states = states.map(|state| if state == "exploitable" { "affected" } else { state });
                assert_eq!(tally(states), fact["by_status"].as_str().unwrap(), "{name}");
            }
            "csaf" => {
                assert_eq!(format, Format::Csaf, "{name}");
                assert_eq!(ids.len(), known("vulnerabilities"), "{name}");
                let states = all.found.iter().flat_map(|one| {
                    let state = one.analysis.as_ref().unwrap().state.as_deref().unwrap();
                    one.affects.iter().map(move |_| if state == "not_affected" { "known_not_affected" } else { state })
                });
                assert_eq!(tally(states), fact["product_status"].as_str().unwrap(), "{name}");
            }
            other => panic!("{name}: a format that is not known here: {other}"),
        }
    }
    assert_eq!(seen, 16);
}

#[test]
fn spdx_says_the_same_in_all_its_shapes() {
    let json = br#"{"packages":[{"SPDXID":"SPDXRef-a","name":"shop","versionInfo":"9","primaryPackagePurpose":"APPLICATION","licenseConcluded":"NOASSERTION",
        "licenseDeclared":"MIT"},{"SPDXID":"SPDXRef-b","name":"left-pad","versionInfo":"1.3.0","licenseConcluded":"WTFPL","licenseDeclared":"NOASSERTION",
        "externalRefs":[{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:a:a:1"},
        {"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/left-pad@1.3.0"}]}],
        "relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-a"},
        {"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-b"}],
        "documentNamespace":"https://a.example/1","spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT"}"#;
    let tags = b"SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentNamespace: https://a.example/1\n\n# a comment\nPackageName: shop\nSPDXID: SPDXRef-a\n\
        PackageVersion: 9\nPrimaryPackagePurpose: APPLICATION\nPackageDescription: <text>Two\nPackageName: lines</text>\nPackageLicenseConcluded: NOASSERTION\n\
        PackageLicenseDeclared: MIT\n\nPackageName: left-pad\r\nSPDXID: SPDXRef-b\r\nPackageVersion: 1.3.0\r\nPackageLicenseConcluded: WTFPL\r\n\
        ExternalRef: PACKAGE-MANAGER purl pkg:npm/left-pad@1.3.0\r\n\r\nFileName: ./a\nSPDXID: SPDXRef-f\n\
        Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\nRelationship: SPDXRef-a DEPENDS_ON SPDXRef-b";
    let (format, one) = read("json", json);
    let (_, other) = read("tags", tags);
    assert_eq!(format, Format::Spdx);
    assert_eq!(one.components, other.components);
    assert_eq!(one.totals, other.totals);
    assert_eq!(one.totals.subject, Some(("shop".to_owned(), Some("9".to_owned()))));
    assert_eq!(one.components[1].purl.as_deref(), Some("pkg:npm/left-pad@1.3.0"));
    assert_eq!(one.components.iter().map(|one| one.licences.join(",")).collect::<Vec<_>>(), ["MIT", "WTFPL"]);
    assert_eq!((one.totals.spec_version.as_str(), one.totals.dependencies), ("SPDX-2.3", 2));

    let third = br#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
        {"type":"software_Package","spdxId":"urn:a","name":"left-pad","software_packageVersion":"1.3.0","software_primaryPurpose":"library",
         "externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"packageUrl","identifier":"pkg:npm/left-pad@1.3.0"}]},
        {"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1"},{"type":"SpdxDocument","spdxId":"urn:d","rootElement":["urn:a"]},
        {"type":"simplelicensing_LicenseExpression","spdxId":"urn:l","simplelicensing_licenseExpression":"MIT"},
        {"type":"Relationship","spdxId":"urn:r","from":"urn:a","relationshipType":"hasDeclaredLicense","to":["urn:l"]},
        {"type":"security_Vulnerability","spdxId":"urn:v","externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"cve","identifier":"CVE-2024-1234"}]},
        {"type":"security_VexNotAffectedVulnAssessmentRelationship","spdxId":"urn:x","from":"urn:v","to":["urn:a"],"relationshipType":"doesNotAffect",
         "security_justificationType":"vulnerableCodeNotPresent"}]}"#;
    let (_, third) = read("third", third);
    assert_eq!(
        (third.components[0].purl.as_deref(), third.components[0].licences.join(",").as_str()),
        (Some("pkg:npm/left-pad@1.3.0"), "MIT")
    );
    assert_eq!(third.totals.subject.as_ref().map(|(name, _)| name.as_str()), Some("left-pad"));
    let found = &third.found[0];
    assert_eq!((found.id.as_str(), found.affects[0].reference.as_str()), ("CVE-2024-1234", "urn:a"));
    assert_eq!(found.analysis.as_ref().unwrap().justification.as_deref(), Some("vulnerable_code_not_present"));
}

#[test]
fn osv_comes_alone_in_lists_and_as_the_service_answers() {
    let record = r#"{"id":"GHSA-aaaa-bbbb-cccc","modified":"2024-01-01T00:00:00Z","schema_version":"1.6.0","aliases":["CVE-2024-1"],"summary":"Bad.",
        "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected":[{"package":{"ecosystem":"PyPI","name":"Some_Thing"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]}]}"#;
    let listed = format!("[{record},{record}]");
    let answered = format!(r#"{{"vulns":[{record},{record},{record}],"next_page_token":""}}"#);
    for (text, count) in [(record, 1), (&listed, 2), (&answered, 3)] {
        let (format, all) = read("osv", text.as_bytes());
        assert_eq!((format, all.found.len()), (Format::Osv, count));
        let one = &all.found[count - 1];
        assert_eq!(
            (one.severity, one.score, one.aliases.join(",").as_str()),
            (Some(Severity::Critical), Some(9.8), "CVE-2024-1")
        );
        assert_eq!(one.affects[0].reference, "pkg:pypi/Some_Thing");
        assert_eq!(one.affects[0].versions[0].version, "vers:pypi/<2");
    }
    assert!(
        refused(b"[{\"id\":\"A-1\",\"modified\":\"\",\"affected\":[]},{\"a\":1}]", Format::Osv)
            .contains("no OSV record")
    );
}

#[test]
fn csaf_resolves_products_through_branches_relationships_and_groups() {
    let text = br#"{"vulnerabilities":[{"cve":"CVE-2024-1","ids":[{"system_name":"x","text":"BUG-1"}],"product_status":{"known_not_affected":["P:lib"],
          "known_affected":["R"],"fixed":["F"]},"flags":[{"label":"component_not_present","group_ids":["G"]}],
          "threats":[{"category":"impact","details":"Not used.","product_ids":["P:lib"]}],"remediations":[{"category":"vendor_fix","details":"Upgrade."}],
          "scores":[{"cvss_v3":{"baseScore":7.5},"products":["R"]}]}],
        "product_tree":{"branches":[{"category":"vendor","name":"v","branches":[{"category":"product_version_range","name":"vers:npm/<2","product":
          {"name":"r","product_id":"R","product_identification_helper":{"purl":"pkg:npm/r"}}}]}],
          "full_product_names":[{"name":"lib","product_id":"lib","product_identification_helper":{"purl":"pkg:npm/lib@1"}},
            {"name":"P","product_id":"P","product_identification_helper":{"purl":"pkg:oci/p"}},
            {"name":"f","product_id":"F","product_identification_helper":{"purl":"pkg:npm/r@2"}}],
          "relationships":[{"category":"default_component_of","product_reference":"lib","relates_to_product_reference":"P",
            "full_product_name":{"name":"lib in P","product_id":"P:lib"}}],
          "product_groups":[{"group_id":"G","product_ids":["P:lib"]}]},
        "document":{"csaf_version":"2.0","category":"csaf_vex","tracking":{"id":"A-1"},"publisher":{"name":"v"}}}"#;
    let (format, all) = read("csaf", text);
    assert_eq!((format, all.found.len()), (Format::Csaf, 3));
    let told: Vec<String> = all
        .found
        .iter()
        .map(|one| {
            let analysis = one.analysis.as_ref().unwrap();
            let affected = &one.affects[0];
            format!(
                "{} {} {} {} {}",
                analysis.state.as_deref().unwrap(),
                affected.reference,
                affected.product.as_deref().unwrap_or("-"),
                affected.versions.first().map_or("-", |one| &one.version),
                analysis.justification.as_deref().unwrap_or("-"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "exploitable pkg:npm/r - vers:npm/<2 -",
            "not_affected pkg:npm/lib@1 pkg:oci/p - component_not_present",
            "resolved pkg:npm/r@2 - - -"
        ]
    );
    assert_eq!(all.found[1].analysis.as_ref().unwrap().detail.as_deref(), Some("Not used."));
    assert_eq!(
        (all.found[0].severity, all.found[0].recommendation.as_deref()),
        (Some(Severity::High), Some("Upgrade."))
    );
    assert_eq!(all.found[0].aliases, ["BUG-1"]);
}

#[test]
fn openvex_tells_parts_of_products_and_its_first_edition_is_read() {
    let (_, all) = read(
        "vex",
        br#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://a.example/1","author":"Ada","timestamp":"2024-01-02T00:00:00Z","statements":[
        {"vulnerability":{"name":"CVE-2024-1","aliases":["GHSA-a"]},"products":[{"@id":"pkg:oci/shop","subcomponents":[{"@id":"x","identifiers":{"purl":"pkg:npm/a@1"}}]}],
         "status":"not_affected","justification":"component_not_present","impact_statement":"No."}]}"#,
    );
    let one = &all.found[0];
    assert_eq!(
        (one.affects[0].reference.as_str(), one.affects[0].product.as_deref()),
        ("pkg:npm/a@1", Some("pkg:oci/shop"))
    );
    assert_eq!((one.aliases.join(","), one.source.as_deref()), ("GHSA-a".to_owned(), Some("Ada")));
    let (_, first) = read(
        "first",
        br#"{"@context":"https://openvex.dev/ns","statements":[{"vulnerability":"CVE-2024-1","products":["pkg:npm/b"],"subcomponents":["pkg:npm/c@2"],"status":"fixed"}]}"#,
    );
    assert_eq!(
        (first.found[0].id.as_str(), first.found[0].affects[0].reference.as_str()),
        ("CVE-2024-1", "pkg:npm/c@2")
    );
    let wrong =
        br#"{"@context":"https://openvex.dev/ns","statements":[{"vulnerability":"CVE-2024-1","status":"maybe"}]}"#;
    assert!(refused(wrong, Format::OpenVex).contains("maybe"));
}

#[test]
fn gitlab_reports_of_source_code_and_secrets_keep_their_identity_when_lines_move() {
    let report = |line: u32, kind: &str| {
        format!(
            r#"{{"version":"15.0.7","vulnerabilities":[{{"id":"1","name":"SQL injection","severity":"Critical","location":{{"file":"a.rb","start_line":{line},"class":"A"}},
            "identifiers":[{{"type":"semgrep_id","name":"sqli","value":"sqli","url":"https://a.example"}},{{"type":"cwe","name":"CWE-89","value":"89"}}],
            "flags":[{{"type":"flagged-as-likely-false-positive","origin":"x","description":"y"}}]}}],
            "scan":{{"type":"{kind}","status":"success","scanner":{{"id":"semgrep","name":"Semgrep"}}}}}}"#
        )
    };
    let (_, one) = read("sast", report(3, "sast").as_bytes());
    let (_, other) = read("sast", report(9, "sast").as_bytes());
    assert_eq!(one.findings[0].identity, other.findings[0].identity);
    assert_eq!(one.totals.covered, [("Semgrep".to_owned(), "sast".to_owned())]);
    assert_eq!((one.findings[0].line, one.findings[0].severity), (Some(3), Some(Severity::Critical)));
    assert!(one.findings[0].vulnerability.is_none() && one.found.is_empty());
    let (_, secret) = read("secrets", report(3, "secret_detection").as_bytes());
    assert_eq!(secret.findings[0].scope, "secret_detection");
    let failed = report(3, "sast").replace("success", "failure");
    assert!(read("failed", failed.as_bytes()).1.totals.covered.is_empty());
}

#[test]
fn trivy_reports_secrets_without_keeping_them_and_speaks_for_an_image_without_its_tag() {
    let (_, all) = read(
        "trivy",
        br#"{"SchemaVersion":2,"ArtifactName":"registry.example:5000/shop:1.2","ArtifactType":"container_image","Metadata":{"OS":{"Family":"debian","Name":"12.1"}},
        "Results":[{"Secrets":[{"RuleID":"aws","Category":"AWS","Severity":"CRITICAL","Title":"AWS key","StartLine":4,"Match":"KEY=****"}],"Class":"secret","Target":"/etc/a"},
        {"Target":"shop:1.2 (debian 12.1)","Class":"os-pkgs","Type":"debian","Vulnerabilities":[{"VulnerabilityID":"CVE-2024-1234","PkgName":"curl","InstalledVersion":"7.88-1",
          "Severity":"HIGH"}]},
        {"Target":"Dockerfile","Class":"config","Type":"dockerfile","Misconfigurations":[{"ID":"DS1","Severity":"LOW","Status":"PASS"}]}]}"#,
    );
    assert_eq!(all.components[0].purl.as_deref(), Some("pkg:deb/debian/curl@7.88-1?distro=debian-12"));
    let scope = "registry.example:5000/shop".to_owned();
    let covered: Vec<&str> = all
        .totals
        .covered
        .iter()
        .map(|(tool, own)| {
            assert_eq!(*own, scope);
            tool.as_str()
        })
        .collect();
    assert_eq!(covered, ["Trivy", "Trivy misconfigurations", "Trivy secrets"]);
    assert_eq!((all.findings.len(), all.totals.passed), (2, 1));
    assert!(all.findings[0].message.is_none() && !all.findings[1].identity.iter().any(|part| part.contains("1.2")));
    assert!(all.totals.is_partial);
}

#[test]
fn what_is_cut_off_or_something_else_is_refused_with_a_reason() {
    let cases: [(&[u8], Format, &str); 9] = [
        (br#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"a"}"#, Format::Spdx, "cut off"),
        (br#"{"spdxVersion":"SPDX-9.9","packages":[]}"#, Format::Spdx, "SPDX-9.9"),
        (b"SPDXVersion: SPDX-2.3\nPackageName", Format::Spdx, "neither"),
        (b"SPDXVersion: SPDX-2.3\nPackageDescription: <text>a\n", Format::Spdx, "does not end"),
        (br#"{"document":{"csaf_version":"3.0"}}"#, Format::Csaf, "3.0"),
        (br#"{"SchemaVersion":1,"Results":[]}"#, Format::Trivy, "schema 1"),
        (br#"{"matches":[{"vulnerability":{}}],"descriptor":{"name":"grype"}}"#, Format::Grype, "artifact"),
        (br#"[1]"#, Format::Gitlab, "no JSON object"),
        (br#"{"a":1}"#, Format::Osv, "OSV record"),
    ];
    for (bytes, format, says) in cases {
        let reason = refused(bytes, format);
        assert!(reason.contains(says), "{reason}");
    }
}
