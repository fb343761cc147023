//! P3 for findings and components: a SARIF log and a bill of materials from the first byte sent to committed, held against COPY of the very
//! same rows into the same tables.

use std::fmt::Write as _;

use decisions::median;
use line::{
    Failure,
    processor::Used,
    report::{Goal, Section, short},
};

use crate::{
    Plan,
    imports::{Kept, copied, import, new_project, session},
    progress,
};

/// Findings of the log, and components of the bill.
const MANY: usize = 10_000;

/// What a document is called in the report, the document, and what it is stored in.
type Scan = (&'static str, String, &'static [(&'static str, Kept)]);

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    let instance = plan.start("scans").await?;
    let client = instance.superuser().await?;
    client.batch_execute(&session(&instance)).await?;
    let scans: [Scan; 2] = [
        (
            "findings of a SARIF log",
            findings(),
            &[("security.findings", Kept::Once), ("security.finding_sightings", Kept::OfBuild)],
        ),
        (
            "components of a CycloneDX document",
            components(),
            &[("security.sboms", Kept::OfBuild), ("security.sbom_components", Kept::OfBill)],
        ),
    ];
    let mut section = Section::new("P3: findings and components, file in to committed");
    section.note(format!(
        "{MANY} findings of 50 rules and {MANY} components with package URLs, each sent as `POST /v1/imports` and followed to `completed`. COPY stores the same rows as in \
         P3 of a JUnit report."
    ));
    let mut table = Vec::new();
    for (at, (name, document, tables)) in scans.iter().enumerate() {
        progress(&format!("P3: {name}"));
        let (mut imported, mut by_copy) = (Vec::new(), Vec::new());
        for round in 0..=plan.rounds.min(5) {
            let project = new_project(&instance, &client, &format!("scan-{at}-{round}")).await?;
            let copy = new_project(&instance, &client, &format!("scan-copy-{at}-{round}")).await?;
            let import = import(&instance, project, "1", document.as_bytes()).await?;
            let stored: i64 = client
                .query_one(&format!("select count(*) from {} where project_id = $1", tables[1].0), &[&project])
                .await?
                .get(0);
            if stored != MANY as i64 {
                return Err(format!("{stored} {name} were stored").into());
            }
            let copy = copied(&instance, &client, tables, project, copy, 1).await?;
            // The first round only warms up.
            if round > 0 {
                imported.push(import);
                by_copy.push(copy);
            }
        }
        let ratios: Vec<f64> =
            by_copy.iter().zip(&imported).map(|(copy, import)| copy.seconds / import.seconds).collect();
        let reason = "see the table: what is not PostgreSQL's is reading, and what PostgreSQL does beyond COPY is finding what is known already";
        section.figure(&format!("rows/s of COPY's, {name}"), &ratios, "×", Goal::AtLeast(0.5), reason);
        let seconds =
            |used: &[Used], pick: fn(&Used) -> f64| short(median(&used.iter().map(pick).collect::<Vec<_>>()) / 1e6);
        for (what, taken) in [("import", &imported), ("COPY", &by_copy)] {
            let used: Vec<Used> = taken.iter().map(|taken| taken.used).collect();
            table.push(vec![
                format!("{what}, {name}"),
                short(median(&taken.iter().map(|taken| taken.seconds).collect::<Vec<_>>())),
                seconds(&used, |used| used.server),
                seconds(&used, |used| used.database),
            ]);
        }
    }
    section.table(
        "Where the time goes, in seconds (medians):",
        &["", "On the clock", "Processor time of the server", "of PostgreSQL"],
        &table,
    );
    instance.stop().await?;
    Ok(section)
}

/// A SARIF 2.1.0 log with [`MANY`] results of one tool.
fn findings() -> String {
    let mut text = String::from(r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Bench", "rules": ["#);
    for rule in 0..50 {
        let comma = if rule > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"id": "B{rule:03}", "shortDescription": {{"text": "Rule {rule} is broken"}}, "defaultConfiguration": {{"level": "warning"}}, "properties": {{"security-severity": "5.{}", "tags": ["security"]}}}}"#,
            rule % 10
        );
    }
    text.push_str(r#"]}}, "results": ["#);
    for number in 0..MANY {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"ruleId": "B{:03}", "ruleIndex": {}, "level": "warning", "message": {{"text": "value {number} comes from outside and is used without a check"}}, "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "src/module{}/file{}.rs"}}, "region": {{"startLine": {}}}}}}}], "partialFingerprints": {{"primaryLocationLineHash": "{number:016x}:1"}}}}"#,
            number % 50,
            number % 50,
            number % 40,
            number % 400,
            1 + number % 900
        );
    }
    text.push_str("]}]}");
    text
}

/// A CycloneDX 1.6 document with [`MANY`] components.
fn components() -> String {
    let mut text = String::from(r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": ["#);
    for number in 0..MANY {
        let comma = if number > 0 { "," } else { "" };
        let (name, version) = (format!("package-{number}"), format!("{}.{}.{}", number % 9, number % 30, number % 7));
        let _ = write!(
            text,
            r#"{comma}{{"type": "library", "bom-ref": "pkg:cargo/{name}@{version}", "name": "{name}", "version": "{version}", "purl": "pkg:cargo/{name}@{version}", "licenses": [{{"license": {{"id": "MIT"}}}}]}}"#
        );
    }
    text.push_str("]}");
    text
}
