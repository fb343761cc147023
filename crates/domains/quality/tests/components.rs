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
