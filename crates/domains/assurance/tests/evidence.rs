//! A bundle of evidence is checked with nothing but the bundle and the public key, and whatever was altered is named.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::io::{Read as _, Write as _};

use assurance::evidence::{
    DATA_FILE, PAGE_FILE, SIGNATURE_FILE, Verdict, bundle, canonical, files_named,
    record::{
        About, Artifact, Criterion, Defect, Deployment, Evidence, Gate, Made, Named, ProjectName, Report, Requirement,
        Rule, Summary, SuspectLink, Test, Trail, Vulnerability, Waiver,
    },
    render, statement, verify,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use vault::{dsse::Envelope, note::Checkpoint, signing::SigningKey};

fn key() -> SigningKey {
    SigningKey::from_seed([5; 32])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn test(key: &str, outcome: &str) -> Test {
    Test {
        key: s(key),
        name: format!("{key} pays <twice> & more"),
        level: s("unit"),
        status: s("active"),
        outcome: s(outcome),
        at: Some(at(1)),
        report_sha256: Some("ab".repeat(32)),
        set_aside_until: None,
    }
}

fn requirement(key: &str, status: &str, proofs: &[(&str, &str)]) -> Requirement {
    let criterion = |(at, (proof, test)): (usize, &(&str, &str))| Criterion {
        position: i32::try_from(at).unwrap() + 1,
        text: format!("criterion {at} of {key}: it says “{proof}”"),
        proof: s(proof),
        tests: if test.is_empty() { vec![] } else { vec![s(test)] },
        since_baseline: None,
    };
    Requirement {
        key: s(key),
        title: format!("{key} is needed"),
        description: Some(s("Because </script><b>people</b> ask.\nAnd again.")),
        status: s(status),
        priority: Some(s("high")),
        criteria: proofs.iter().enumerate().map(criterion).collect(),
        tests: vec![],
        since_baseline: None,
    }
}

fn evidence() -> Evidence {
    let organization = Uuid::from_u128(1);
    let head =
        Checkpoint { origin: assurance::sealing::origin(organization), size: 4000, root: [3; 32], extensions: vec![] };
    let mut evidence = Evidence {
        form: assurance::evidence::record::FORM,
        about: About {
            kind: s("release"),
            id: Uuid::from_u128(2),
            name: s("Release 2.4.0"),
            status: s("released"),
            at: Some(at(0)),
            notes: Some(s("Refunds.")),
        },
        made: Made {
            at: at(100),
            by: s("Mira Holm"),
            by_kind: s("person"),
            on_behalf_of: None,
            program: format!("throughline {}", env!("CARGO_PKG_VERSION")),
        },
        organization: Named { id: organization, name: s("Harbour") },
        project: ProjectName { id: Uuid::from_u128(3), name: s("Pay"), slug: s("pay") },
        baseline: None,
        build: assurance::evidence::record::Build {
            id: Uuid::from_u128(4),
            number: 128,
            version: Some(s("2.4.0")),
            branch: Some(s("main")),
            commit: Some("0f".repeat(20)),
            status: s("success"),
            at: at(-5),
            coverage_percent: Some(s("84.10")),
            security_scan: s("passed"),
        },
        summary: Summary::default(),
        requirements: vec![
            requirement("REQ-1", "approved", &[("proven", "TC-1"), ("failing", "TC-2")]),
            requirement("REQ-2", "completed", &[("no_test", ""), ("not_run", "TC-3")]),
            requirement("REQ-3", "draft", &[("no_test", "")]),
        ],
        tests: vec![test("TC-1", "passed"), test("TC-2", "failed"), test("TC-3", "not_run")],
        defects: vec![Defect {
            key: s("DEF-9"),
            title: s("A refund is paid twice"),
            severity: s("high"),
            status: s("open"),
            affected_version: None,
            reported_at: at(-900),
        }],
        findings: vec![],
        vulnerabilities: vec![Vulnerability {
            name: s("CVE-2026-0001"),
            title: None,
            severity: None,
            state: s("open"),
            source: s("bill of materials urn:uuid:1"),
        }],
        suspect_links: vec![SuspectLink { name: s("TC-1 verifies REQ-1"), since: at(-3) }],
        waivers: vec![Waiver {
            name: s("hard-coded address"),
            kind: s("finding"),
            decision: Some(s("accepted")),
            severity: Some(s("low")),
            reason: Some(s("A test address.")),
            by: Some(s("Ana Duarte")),
            at: Some(at(-50)),
            until: Some(at(9_000)),
        }],
        gate: Gate {
            passed: false,
            rules: vec![Rule {
                name: s("failing_tests"),
                passed: false,
                in_force: true,
                allowed: 0,
                severity: None,
                reason: s("1 failing test, 0 allowed: TC-2."),
            }],
        },
        deployments: vec![Deployment {
            name: s("2.4.0 in production"),
            environment: s("production"),
            tier: s("production"),
            service: None,
            version: s("2.4.0"),
            status: s("success"),
            at: at(7),
            by: Some(s("Deploy agent")),
            by_kind: Some(s("agent")),
            approved_by: Some(s("Ana Duarte")),
            remark: None,
            runs_there_now: true,
        }],
        commits: vec![],
        artifacts: vec![Artifact {
            name: s("pay.tar.gz"),
            kind: s("package"),
            image: None,
            size_bytes: Some(12),
            sha256: Some("cd".repeat(32)),
        }],
        reports: vec![Report {
            name: s("unit.xml"),
            format: Some(s("junit")),
            status: s("completed"),
            size_bytes: Some(34),
            sha256: Some("ab".repeat(32)),
            at: at(2),
        }],
        bills_of_materials: vec![],
        trail: Some(Trail {
            rows: 4000,
            root: s("AwMD"),
            head: head.sign(&key()).unwrap(),
            key: key().public_key().named(&assurance::sealing::origin(organization)),
        }),
    };
    evidence.count();
    evidence
}

fn made() -> Vec<u8> {
    bundle::make(&evidence(), &key()).unwrap()
}

fn checked(bundle: &[u8]) -> Verdict {
    verify(bundle, &[key().public_key()])
}

/// The files of a bundle: name and bytes.
fn files(bundle: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(bundle));
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    };
    archive.entries().unwrap().map(read).collect()
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("x/{name}"), bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// The bundle with one file changed.
fn with(file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut all = files(&made());
    change(&mut all.iter_mut().find(|(name, _)| name == file).unwrap().1);
    packed(&all)
}

/// The bundle with its data changed, as somebody who knows the form would write it.
fn with_data(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    with(DATA_FILE, |bytes| {
        let mut value: Value = serde_json::from_slice(bytes).unwrap();
        change(&mut value);
        *bytes = canonical::bytes(&value).unwrap();
    })
}

/// What is named as altered in a file: kind and what.
fn named(verdict: &Verdict, file: &str) -> Vec<(&'static str, String)> {
    verdict.alterations.iter().filter(|one| one.file == file).map(|one| (one.kind, one.what.clone())).collect()
}

/// Proves REQ-61.2.
#[test]
fn a_bundle_as_it_was_made_is_sound_and_equal_data_make_equal_bytes() {
    let bundle = made();
    assert_eq!(bundle, made());
    let verdict = checked(&bundle);
    assert!(verdict.is_sound(), "{:?}", verdict.alterations);
    assert_eq!(verdict.about.as_deref(), Some("Release 2.4.0 of Pay"));
    assert!(verdict.page_is_of_the_data && verdict.records > 20);
    assert_eq!(verdict.trail_rows, Some(4000));
    assert_eq!(verdict.signed_by, Some(key().public_key().to_string()));
    // Packed anew by another program, the same three files are the same evidence.
    assert!(checked(&packed(&files(&bundle))).is_sound());
    let known = files_named(&bundle);
    assert_eq!(known, [("cd".repeat(32), s("the artefact pay.tar.gz")), ("ab".repeat(32), s("the report unit.xml"))]);
}

/// Proves REQ-61.2.
#[test]
fn a_record_that_was_altered_added_or_removed_is_named() {
    let verdict = checked(&with_data(|data| data["requirements"][0]["criteria"][1]["proof"] = json!("proven")));
    assert_eq!(named(&verdict, DATA_FILE), [("altered", s("requirements REQ-1"))]);
    let verdict = checked(&with_data(|data| {
        data["defects"].as_array_mut().unwrap().clear();
    }));
    assert_eq!(named(&verdict, DATA_FILE), [("removed", s("defects DEF-9"))]);
    let verdict = checked(&with_data(|data| {
        let mut more = data["tests"][0].clone();
        more["key"] = json!("TC-99");
        data["tests"].as_array_mut().unwrap().push(more);
    }));
    assert_eq!(named(&verdict, DATA_FILE), [("added", s("tests TC-99"))]);
    let verdict = checked(&with_data(|data| data["requirements"].as_array_mut().unwrap().swap(0, 1)));
    assert_eq!(named(&verdict, DATA_FILE), [("moved", s("requirements"))]);
    let verdict = checked(&with_data(|data| data["artifacts"][0]["sha256"] = json!("ee".repeat(32))));
    assert_eq!(named(&verdict, DATA_FILE), [("altered", s("artifacts pay.tar.gz"))]);
    let verdict = checked(&with_data(|data| data["summary"]["open"] = json!(0)));
    assert_eq!(named(&verdict, DATA_FILE), [("altered", s("summary"))]);
    let verdict = checked(&with_data(|data| data["about"]["status"] = json!("withdrawn")));
    assert_eq!(named(&verdict, DATA_FILE), [("altered", s("about"))]);
    let verdict = checked(&with_data(|data| {
        data.as_object_mut().unwrap().remove("gate");
    }));
    assert!(named(&verdict, DATA_FILE).contains(&("removed", s("gate"))), "{:?}", verdict.alterations);
    let verdict = checked(&with_data(|data| data["invented"] = json!("by somebody")));
    assert_eq!(named(&verdict, DATA_FILE), [("added", s("invented"))]);
    // The same data, written in another form.
    let verdict = checked(&with(DATA_FILE, |bytes| {
        let value: Value = serde_json::from_slice(bytes).unwrap();
        *bytes = serde_json::to_vec_pretty(&value).unwrap();
    }));
    assert_eq!(named(&verdict, DATA_FILE), [("altered", String::new())]);
    let verdict = checked(&with(DATA_FILE, |bytes| bytes.truncate(bytes.len() / 2)));
    assert_eq!(named(&verdict, DATA_FILE), [("altered", String::new())]);
}

/// Proves REQ-61.2, REQ-61.3.
#[test]
fn a_page_that_was_altered_is_told_by_its_line() {
    let change = |from: &str, to: &str| {
        with(PAGE_FILE, |bytes| *bytes = String::from_utf8(bytes.clone()).unwrap().replace(from, to).into_bytes())
    };
    let verdict = checked(&change("A refund is paid twice", "All is well"));
    let found = &verdict.alterations;
    assert_eq!((found.len(), found[0].kind, found[0].file.as_str()), (1, "altered", PAGE_FILE));
    assert!(found[0].what.starts_with("line ") && found[0].detail.contains("All is well"), "{found:?}");
    assert!(!verdict.page_is_of_the_data);
    let verdict = checked(&with(PAGE_FILE, |bytes| bytes.extend_from_slice(b"<p>more</p>")));
    assert_eq!(named(&verdict, PAGE_FILE).len(), 1);
}

/// Whoever has the key can still not sign a page that says something else than the data.
///
/// Proves REQ-61.3.
#[test]
fn the_page_and_the_data_say_the_same_even_to_who_trusts_the_signer() {
    let mut all = files(&made());
    let page = String::from_utf8(all[1].1.clone()).unwrap().replace("A refund is paid twice", "All is well");
    let mut said = statement::Statement::about(&evidence(), &all[0].1, page.as_bytes()).unwrap();
    said.predicate.form = 1;
    let payload = canonical::bytes(&said).unwrap();
    all[1].1 = page.into_bytes();
    all[2].1 = canonical::bytes(&Envelope::sign(statement::PAYLOAD_TYPE, &payload, &key())).unwrap();
    let verdict = checked(&packed(&all));
    assert_eq!(verdict.alterations.len(), 1, "{:?}", verdict.alterations);
    assert_eq!(verdict.alterations[0].detail, "the page says something else than the data");

    // Every text, number and moment of the data stands on the page.
    fn leaves(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::String(text) => all.push(text.clone()),
            Value::Number(number) => all.push(number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| leaves(item, all)),
            Value::Object(members) => members.values().for_each(|member| leaves(member, all)),
            _ => {}
        }
    }
    let (page, mut texts) = (render(&evidence()), Vec::new());
    leaves(&serde_json::to_value(evidence()).unwrap(), &mut texts);
    assert!(texts.len() > 100);
    for text in texts {
        let shown = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(page.contains(&shown), "the page does not say {text:?}");
    }
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("src="), "it needs nothing else");
}

/// Proves REQ-61.2.
#[test]
fn a_signature_of_somebody_else_or_of_other_words_proves_nothing() {
    let other = SigningKey::from_seed([6; 32]);
    let verdict = verify(&made(), &[other.public_key()]);
    assert_eq!(named(&verdict, SIGNATURE_FILE), [("forged", s("the signature"))]);
    assert_eq!(verdict.signed_by, None);
    // Both keys are believed: the one that signed it is told.
    assert_eq!(
        verify(&made(), &[other.public_key(), key().public_key()]).signed_by,
        Some(key().public_key().to_string())
    );
    // Another bundle, signed by somebody else, with the same name.
    let forged = bundle::make(&Evidence { defects: vec![], ..evidence() }, &other).unwrap();
    assert_eq!(named(&checked(&forged), SIGNATURE_FILE), [("forged", s("the signature"))]);
    // The statement was made to fit the altered data: its signature does not.
    let verdict = checked(&with(SIGNATURE_FILE, |bytes| {
        let mut envelope: Envelope = serde_json::from_slice(bytes).unwrap();
        let mut payload = envelope.unverified_payload().unwrap();
        let at = payload.windows(5).position(|five| five == b"2.4.0").unwrap();
        payload[at] = b'3';
        envelope.payload = Envelope::sign("x", &payload, &other).payload;
        *bytes = serde_json::to_vec(&envelope).unwrap();
    }));
    assert_eq!(named(&verdict, SIGNATURE_FILE), [("forged", s("the signature"))]);
    assert_eq!(named(&verdict, DATA_FILE), [("altered", s("about"))], "and what no longer fits is named");
    // A note or another payload of the same key is no statement.
    let verdict = checked(&with(SIGNATURE_FILE, |bytes| {
        *bytes = serde_json::to_vec(&Envelope::sign("text/plain", b"hello", &key())).unwrap();
    }));
    assert_eq!(named(&verdict, SIGNATURE_FILE), [("forged", s("the signature")), ("unreadable", String::new())]);
    let verdict = checked(&with(SIGNATURE_FILE, |bytes| bytes.truncate(20)));
    assert_eq!(named(&verdict, SIGNATURE_FILE), [("unreadable", String::new())]);
    // The head of the trail is held to the same key.
    let mut stolen = evidence();
    let trail = stolen.trail.as_mut().unwrap();
    trail.head = trail.head.replacen("4000", "4001", 1);
    trail.rows = 4001;
    assert_eq!(named(&checked(&bundle::make(&stolen, &key()).unwrap()), DATA_FILE), [("forged", s("trail"))]);
}

/// Proves REQ-61.2.
#[test]
fn files_that_are_missing_added_or_broken_are_named() {
    for file in [DATA_FILE, PAGE_FILE, SIGNATURE_FILE] {
        let left: Vec<_> = files(&made()).into_iter().filter(|(name, _)| name != file).collect();
        assert_eq!(named(&checked(&packed(&left)), file)[0].0, "removed", "{file}");
    }
    let mut more = files(&made());
    more.push((s("readme.txt"), b"Trust me.".to_vec()));
    more.push((s(DATA_FILE), b"{}".to_vec()));
    let verdict = checked(&packed(&more));
    assert_eq!(named(&verdict, "x/readme.txt"), [("added", String::new())]);
    assert_eq!(
        named(&verdict, "x/evidence.json"),
        [("added", String::new())],
        "the first one counts, and the second is told"
    );
    let whole = made();
    for cut in [0, 5, 40, whole.len() / 2, whole.len() - 1] {
        assert_eq!(checked(&whole[..cut]).alterations[0].kind, "unreadable", "cut at {cut}");
    }
    let mut behind = whole.clone();
    behind.extend_from_slice(b"and more");
    assert_eq!(checked(&behind).alterations[0].kind, "added");
    // No bit of the archive can be turned over without being noticed, or without leaving the three files as they were.
    let (mut noticed, before) = (0, files(&whole));
    for place in (0..whole.len()).step_by(37) {
        let mut turned = whole.clone();
        turned[place] ^= 4;
        let verdict = checked(&turned);
        noticed += usize::from(!verdict.is_sound());
        assert!(!verdict.is_sound() || files(&turned) == before, "byte {place}");
    }
    assert!(noticed > 20);
    // A bomb is refused by the size it says.
    let mut header = tar::Header::new_gnu();
    header.set_path("x/evidence.json").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    bomb.write_all(header.as_bytes()).unwrap();
    assert_eq!(checked(&bomb.finish().unwrap()).alterations[0].kind, "unreadable");
}

#[test]
fn the_figures_count_what_was_agreed_and_what_is_open() {
    let all = evidence().summary;
    assert_eq!((all.requirements, all.required, all.criteria, all.proven), (3, 2, 4, 1), "a draft is not agreed");
    assert_eq!((all.failing, all.not_run, all.without_test), (1, 1, 1));
    assert_eq!((all.tests_passed, all.tests_failed, all.tests_not_run), (1, 1, 1));
    // Three criteria, a failing test, a defect, a vulnerability and a link.
    assert_eq!(all.open, 7);
    let mut aside = evidence();
    aside.tests[1].set_aside_until = Some(at(10));
    aside.count();
    assert_eq!(aside.summary.open, 6, "a test that is set aside is no longer open");
}

/// Anybody's tools check it: here OpenSSL, where there is one.
///
/// Proves REQ-61.2.
#[test]
fn openssl_verifies_the_signature() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let all = files(&made());
    let envelope: Envelope = serde_json::from_slice(&all[2].1).unwrap();
    let payload = envelope.unverified_payload().unwrap();
    let signature = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(&envelope.signatures[0].sig).unwrap()
    };
    // The words of the protocol, not our function for them.
    let mut signed = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
    signed.extend_from_slice(&payload);
    std::fs::write(path("signed"), &signed).unwrap();
    std::fs::write(path("sig"), signature).unwrap();
    std::fs::write(path("key.pem"), key().public_key().to_pem()).unwrap();
    let ask = || {
        std::process::Command::new("openssl")
            .args(["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey"])
            .args([path("key.pem"), "-in".into(), path("signed"), "-sigfile".into(), path("sig")])
            .output()
    };
    let Ok(answer) = ask() else { return eprintln!("there is no openssl here") };
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    signed[60] ^= 1;
    std::fs::write(path("signed"), &signed).unwrap();
    assert!(!ask().unwrap().status.success());
}
