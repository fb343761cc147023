//! Bills of materials and what is said of vulnerabilities, all the way into the database.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use common::{World, assert_adds_up};
use quality::imports::FileStatus;
use serde_json::json;

#[tokio::test]
async fn a_document_becomes_components_and_statements_wherever_it_names_them() {
    let world = World::new().await;
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:3E671687-395b-41f5-a30f-a58921a69b79",
        "vulnerabilities": [
            {"id": "cve-2024-1", "ratings": [{"severity": "high", "score": 7.5}], "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
             "affects": [{"ref": "a"}, {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#b"}]},
            {"id": "CVE-2024-2", "affects": [{"ref": "a", "versions": [{"version": "1"}, {"version": "2", "status": "unaffected"}, {"range": "vers:npm/<3"}]}]},
        ],
        "metadata": {"component": {"type": "application", "name": "shop", "version": "9"}},
        "components": [
            {"type": "library", "bom-ref": "a", "name": "a", "version": "1", "purl": "pkg:npm/%40s/a@1?x=y", "licenses": [{"license": {"id": "MIT"}}]},
            {"type": "library", "bom-ref": "b", "name": "b", "version": "2"},
        ],
    })
    .to_string();
    let ended = world.import(&[("bom.json", document.as_bytes())], json!({"build": "7"})).await.remove(0);
    assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None));
    assert_adds_up(&ended.summary);
    let made = &ended.summary.created;
    assert_eq!((made["sboms"], made["components"], made["vulnerabilities"], made["affected"]), (1, 2, 2, 3));
    for (sql, count) in [
        ("select count(*) from security.sboms b join delivery.builds d on d.id = b.build_id where d.build_number = 7 and b.subject_name = 'shop'
            and b.subject_version = '9' and b.components_count = 2 and b.spec_version = '1.6'", 1),
        ("select count(*) from security.sbom_components where package = 'pkg:npm/@s/a' and package_version = '1' and licences = array['MIT']", 1),
        ("select count(*) from security.sbom_components where is_subject", 1),
        ("select count(*) from security.vulnerability_statements where identifier = 'CVE-2024-1' and state = 'false_positive' and score = 7.5", 1),
        ("select count(*) from security.vulnerability_affects where package = 'pkg:npm/@s/a' and sbom_id is not null", 4),
        ("select count(*) from security.vulnerability_affects where reference = 'b' and serial_number = 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79'", 1),
        ("select count(*) from security.vulnerability_affects where not is_affected and package_version = '2'", 1),
        ("select count(*) from security.vulnerability_affects where version_range = 'vers:npm/<3' and package_version is null", 1),
    ] {
        assert_eq!(world.count(sql).await, count, "{sql}");
    }
    let again = world.import(&[("again.json", document.as_bytes())], json!({"build": "7"})).await.remove(0);
    assert_eq!(again.summary.status, FileStatus::Unchanged);
    assert_eq!(world.count("select count(*) from security.sbom_components").await, 3);
}

/// The parts of a bill of materials that a document says something about: component, version, and whether it is sure of the version.
const HIT: &str =
    "select count(*) from security.vulnerability_affects a join security.sbom_components c on c.package = a.package
    and c.version_key >= coalesce(a.low_key, ''::bytea) and (a.high_key is null or c.version_key < a.high_key)
  where a.is_ordered and (a.distribution is null or c.distribution is null or a.distribution = c.distribution)";

/// Proves REQ-64.2.
#[tokio::test]
async fn a_range_of_an_advisory_meets_the_versions_of_components_whichever_came_first() {
    let world = World::new().await;
    let bom = |version: &str| {
        json!({"spdxVersion": "SPDX-2.3", "packages": [
            {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": version, "externalRefs": [{"referenceType": "purl", "referenceLocator": format!("pkg:pypi/a@{version}")}]},
            {"SPDXID": "SPDXRef-c", "name": "curl", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u4?distro=debian-12"}]},
        ]})
        .to_string()
    };
    let advisory = json!([
        {"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2024-1"], "modified": "2024-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "PyPI", "name": "A"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "1.10"}]}], "versions": ["1.2", "3.0"]}]},
        {"id": "DSA-1", "modified": "2024-01-01T00:00:00Z", "affected": [
            {"package": {"ecosystem": "Debian:11", "name": "curl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.0-1"}]}]},
            {"package": {"ecosystem": "Debian:12", "name": "curl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "7.88.1-10+deb12u5"}]}]}]},
    ])
    .to_string();
    let first = world.import(&[("1.spdx.json", bom("1.9").as_bytes())], json!({"build": "1"})).await.remove(0);
    assert_eq!((first.status.as_str(), first.error.as_deref()), ("completed", None));
    assert_adds_up(&first.summary);
    assert_eq!(first.summary.created["components"], 2);
    let said = world.import(&[("osv.json", advisory.as_bytes())], json!({})).await.remove(0);
    assert_eq!((said.status.as_str(), said.error.as_deref()), ("completed", None));
    assert_eq!(world.count(HIT).await, 2, "1.9 is before 1.10, and Debian 12 is not Debian 11");
    world.import(&[("2.spdx.json", bom("1.10").as_bytes())], json!({"build": "2"})).await;
    assert_eq!(world.count(HIT).await, 3, "1.10 is fixed, and curl is there again");
    world.import(&[("3.spdx.json", bom("3.0.0").as_bytes())], json!({"build": "3"})).await;
    assert_eq!(world.count(HIT).await, 5, "3.0.0 is the 3.0 of the list");
    assert_eq!(world.count("select count(*) from security.vulnerability_names where name = 'CVE-2024-1'").await, 1);
    assert_eq!(world.count("select count(*) from security.sboms where format = 'spdx' and not is_partial").await, 3);
}

#[tokio::test]
async fn the_report_of_a_scanner_becomes_findings_components_and_statements_and_closes_only_its_own() {
    let world = World::new().await;
    let report = |ids: &[&str]| {
        let found: Vec<_> = ids
            .iter()
            .map(|id| json!({"VulnerabilityID": id, "PkgName": "left-pad", "InstalledVersion": "1.3.0", "Severity": "HIGH", "Title": "Bad",
                "PkgIdentifier": {"PURL": "pkg:npm/left-pad@1.3.0"}}))
            .collect();
        json!({"SchemaVersion": 2, "ArtifactName": "shop:1", "ArtifactType": "container_image",
            "Results": [{"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": found}]})
        .to_string()
    };
    let send = async |build: &str, ids: &[&str], more: serde_json::Value| {
        let mut wishes = json!({"build": build});
        for (name, value) in more.as_object().unwrap() {
            wishes[name] = value.clone();
        }
        let ended = world.import(&[("trivy.json", report(ids).as_bytes())], wishes).await.remove(0);
        assert_eq!((ended.status.as_str(), ended.error.as_deref()), ("completed", None));
        assert_adds_up(&ended.summary);
        ended.summary
    };
    let made = send("1", &["CVE-2024-1001", "CVE-2024-1002"], json!({})).await;
    assert_eq!((made.created["findings"], made.created["components"], made.created["vulnerabilities"]), (2, 1, 2));
    let known = "select count(*) from security.findings where vulnerability like 'CVE-2024-%' and package = 'pkg:npm/left-pad' and package_version = '1.3.0'
                   and scope = 'shop' and severity = 'high'";
    assert_eq!(world.count(known).await, 2);
    assert_eq!(world.count("select count(*) from security.sboms where is_partial and format = 'trivy'").await, 1);

    // Another scope, said by whoever sends it, closes nothing here.
    send("2", &["CVE-2024-1001"], json!({"scope": "nightly"})).await;
    let open = "select count(*) from security.findings where status = 'open' and scope = 'shop'";
    assert_eq!(world.count(open).await, 2);
    let fixed = send("3", &["CVE-2024-1001"], json!({})).await;
    assert_eq!((fixed.updated["findings_fixed"], world.count(open).await), (1, 1));
    let again = send("3", &["CVE-2024-1001"], json!({})).await;
    assert_eq!(again.status, FileStatus::Unchanged);
}
