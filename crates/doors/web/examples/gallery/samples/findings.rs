//! Findings of scanners.

use maud::Markup;
use web::components::{Filters, FormErrors};
use web::layout::Frame;
use web::state::*;
use web::views::{exposure, finding, findings};

use super::ODD;
use super::parts::*;

pub(super) fn render(name: &str, frame: &Frame) -> Option<Markup> {
    Some(match name {
        "findings" => findings::page(frame, &list()),
        "findings-empty" => findings::page(
            frame,
            &findings::View { filters: Filters { choices: vec![], ..list().filters }, ..Default::default() },
        ),
        "findings-nothing-fits" => findings::page(
            frame,
            &findings::View {
                filters: plain_filters("/findings", vec![choice::<Severity>("severity", "Severity", &[0])]),
                ..Default::default()
            },
        ),
        "finding" => finding::page(frame, &one()),
        "finding-open" => finding::page(
            frame,
            &finding::View {
                title: s(ODD),
                message: None,
                state: FindingState::Open,
                decided: None,
                place: None,
                logical: None,
                rule: None,
                help: None,
                tags: vec![],
                scope: String::new(),
                sightings: vec![],
                form: None,
                ..one()
            },
        ),
        "finding-refused" => finding::page(
            frame,
            &finding::View {
                form: Some(finding::Entered { decision: s("accepted"), reason: s(ODD), until: s("2020-01-01") }),
                errors: refused("/expires_at", "must be in the future"),
                ..one()
            },
        ),
        _ => return None,
    })
}

fn list() -> findings::View {
    let row = |title: &str, severity, state, place: Option<&str>, rule: Option<&str>| findings::Row {
        id: s("1"),
        title: s(title),
        severity,
        state,
        place: place.map(s),
        tool: s("Semgrep OSS"),
        rule: rule.map(s),
        seen: ago(95),
    };
    findings::View {
        filters: plain_filters(
            "/findings",
            vec![choice::<FindingState>("state", "State", &[]), choice::<Severity>("severity", "Severity", &[])],
        ),
        rows: vec![
            row(
                "SQL is put together from what a user sends",
                Severity::Critical,
                FindingState::Open,
                Some("src/refunds/ledger.rs:118"),
                Some("rust.sql-injection"),
            ),
            row(ODD, Severity::Medium, FindingState::Confirmed, None, None),
            row("A weak hash", Severity::High, FindingState::Accepted, Some("src/etag.rs:7"), Some("weak-hash")),
            row("A secret in the source", Severity::Info, FindingState::Fixed, Some("tests/keys.rs:1"), None),
        ],
        pager: pager("4 findings"),
    }
}

fn one() -> finding::View {
    let sighting = |build, minutes, says: &str| finding::Sighting {
        build: Some(build),
        report: Some((s("1"), s("scan.sarif"))),
        level: s("error"),
        place: Some(s("src/etag.rs:7")),
        says: s(says),
        seen: ago(minutes),
    };
    finding::View {
        id: s("1"),
        title: s("A weak hash"),
        message: Some(s("MD5 is used here.\n\nUse SHA-256 where it protects something.")),
        severity: Severity::High,
        score: Some(7.5),
        level: s("error"),
        state: FindingState::Accepted,
        decided: Some(finding::Decided {
            decision: FindingState::Accepted,
            reason: s("It names a cache entry and protects nothing."),
            by: Some(s("Mira Holm")),
            at: ago(600),
            until: Some(ago(-60 * 24 * 90)),
        }),
        suppression: None,
        fixed: None,
        place: Some(s("src/etag.rs:7:13")),
        logical: Some(s("etag::of")),
        tool: s("Semgrep OSS"),
        scope: s("nightly/"),
        rule: Some(s("weak-hash")),
        help: Some(s("https://semgrep.example/weak-hash")),
        tags: vec![s("CWE-327"), s("security")],
        first: (ago(60 * 24 * 9), Some(118)),
        last: (ago(95), Some(128)),
        sightings: vec![sighting(128, 95, "unchanged"), sighting(118, 60 * 24 * 9, "new, suppressed")],
        more_sightings: true,
        history: history(),
        form: Some(finding::Entered::default()),
        errors: FormErrors::default(),
    }
}

/// Nothing asked, nothing known, known but nowhere, and everywhere.
pub(super) fn exposure(name: &str) -> exposure::View {
    let place =
        |service: Option<&str>, environment: Option<(&str, bool)>, state, because: Option<&str>| exposure::Place {
            project: (s("payments-gateway"), s("payments-gateway")),
            service: service.map(s),
            environment: environment.map(|(name, is_production)| (s(name), is_production)),
            version: Some(s("1.8.2")),
            build: 128,
            since: environment.map(|_| ago(600)),
            owner: service.map(|_| s("Mira Holm")),
            team: service.map(|_| s("Refunds")),
            component: s("xz 5.6.0"),
            state,
            because: because.map(s),
            by: Some(s("Jonas Weber")),
            is_unsure: service.is_none(),
            requirements: if service.is_some() {
                vec![exposure::AtRisk {
                    key: s("REQ-42"),
                    title: s("Refunds are paid out once"),
                    tests: vec![
                        (s("TC-108"), s("refunds::pays_once"), s("failed")),
                        (s("TC-9"), s("refunds::odd"), s("passed")),
                    ],
                }]
            } else {
                Vec::new()
            },
            requirements_count: if service.is_some() { 3 } else { 0 },
        };
    let everywhere = exposure::Answer {
        identifier: s("CVE-2024-3094"),
        aliases: vec![s("GHSA-rxwq-x6h5-x525")],
        findings: 1,
        statements: 2,
        severity: Some(s("critical")),
        score: Some(10.0),
        description: Some(s(ODD)),
        recommendation: Some(s("Go back to 5.4.6.")),
        is_in_production: true,
        is_perhaps_in_production: false,
        running: vec![
            place(Some("checkout"), Some(("eu-live", true)), FindingState::Open, None),
            place(
                None,
                Some(("try-out", false)),
                FindingState::FalsePositive,
                Some("code not reachable: sshd is not there"),
            ),
        ],
        built: vec![place(None, None, FindingState::Open, None)],
        ranges: 3,
        is_cut: true,
    };
    let answer = match name {
        "exposure" => Some(everywhere),
        "exposure-unknown" => Some(exposure::Answer { identifier: s("CVE-1-1"), ..Default::default() }),
        "exposure-nowhere" => {
            Some(exposure::Answer { running: vec![], built: vec![], is_in_production: false, ..everywhere })
        }
        _ => None,
    };
    exposure::View { asked: answer.as_ref().map(|answer| answer.identifier.clone()).unwrap_or_default(), answer }
}
