//! Tests, builds and defects.

use web::components::{Counts, FormErrors};
use web::state::*;
use web::views;

use super::ODD;
use super::parts::*;

pub(super) fn tests() -> views::test_cases::View {
    let row = |key: &str, name: &str, level, pattern: &str, requirements: &[&str]| {
        let trend = outcomes(pattern);
        views::test_cases::Row {
            key: s(key),
            name: s(name),
            place: s("payments.refunds.IdempotencyTest"),
            level,
            latest: trend.last().copied().flatten(),
            trend,
            requirements: requirements.iter().map(|r| s(r)).collect(),
            when: Some(ago(12)),
            is_flaky: key == "TC-88",
            is_quarantined: key == "TC-91",
        }
    };
    views::test_cases::View {
        filters: plain_filters(
            "/tests",
            vec![choice::<TestLevel>("level", "Level", &[]), choice::<Outcome>("outcome", "Latest", &[1, 2])],
        ),
        rows: vec![
            row("TC-88", "two_requests_at_once_refund_once", TestLevel::Integration, "ppppppfpppff", &["REQ-17"]),
            row("TC-91", "two_nodes_at_once_refund_once", TestLevel::EndToEnd, "..ppppsspppe", &["REQ-17", "REQ-42"]),
            row("TC-81", "the_same_key_returns_the_same_bytes", TestLevel::Unit, "pppppppppppp", &["REQ-17"]),
            row("TC-95", "a_key_expires_at_midnight_in_lisbon", TestLevel::Unit, "ppppppppppps", &[]),
            views::test_cases::Row {
                key: s("TC-99"),
                name: s(ODD),
                place: String::new(),
                level: TestLevel::Security,
                latest: None,
                trend: vec![],
                requirements: vec![],
                when: None,
                is_flaky: false,
                is_quarantined: false,
            },
        ],
        pager: pager("5 of 2,914 test cases, by key"),
        ..Default::default()
    }
}

pub(super) fn test(run: bool) -> views::test_case::View {
    let result = |build, outcome, ms, message: Option<&str>, minutes| views::test_case::ResultLine {
        id: s("0199-r1"),
        build: Some(build),
        outcome,
        parameters: None,
        duration_ms: ms,
        message: message.map(s),
        defect: (build == 127).then(|| s("DEF-9")),
        when: ago(minutes),
    };
    views::test_case::View {
        key: s("TC-88"),
        name: s("two_requests_at_once_refund_once"),
        place: s("payments.refunds.IdempotencyTest"),
        description: String::new(),
        suspects: if run { 2 } else { 0 },
        level: TestLevel::Integration,
        status: TestCaseStatus::Active,
        line: if run {
            vec![
                stop("Requirement", "REQ-17", Tone::Active, "In progress", None),
                stop("Test", "TC-88", Tone::Bad, "Failed", None),
                stop("Build", "#128", Tone::Good, "Success", None),
                stop("Production", "1.8.1", Tone::Warn, "Behind", None),
            ]
        } else {
            vec![]
        },
        trend: if run { outcomes("ppppppfpppff") } else { vec![] },
        results: if run {
            vec![
                result(128, Outcome::Failed, Some(1_240), Some("expected 1 refund, found 2 (keys k-1, k-1)"), 12),
                result(127, Outcome::Failed, Some(1_198), Some("expected 1 refund, found 2"), 222),
                result(126, Outcome::Passed, Some(1_002), None, 432),
                result(125, Outcome::Skipped, None, Some("no second node"), 642),
            ]
        } else {
            vec![]
        },
        requirements: if run {
            vec![views::test_case::Proves {
                link: s("0199-l1"),
                key: s("REQ-17"),
                title: s("Refunds are idempotent for 24 hours"),
                criterion: Some((2, s("Two requests at once refund once"))),
                origin: "named in a report",
            }]
        } else {
            vec![]
        },
        defects: if run {
            vec![(s("DEF-9"), s("Two nodes refund the same key twice"), DefectStatus::InProgress)]
        } else {
            vec![]
        },
        runs: if run { (412, 398) } else { (0, 0) },
        pager: if run { pager("4 results, newest first") } else { Default::default() },
        history: if run { history() } else { vec![] },
        memory: Some(remembered(run)),
        may_link: true,
        may_record: true,
        link_errors: FormErrors::default(),
        entered: Default::default(),
    }
}

fn remembered(run: bool) -> views::memory::View {
    if !run {
        return views::memory::View { may_change: true, ..Default::default() };
    }
    views::memory::View {
        considered: 50,
        flips: 3,
        flipped: Some(ago(222)),
        failing: vec![(Some(s("main")), 127, Some(126)), (Some(s("spike/two-nodes")), 121, None)],
        drift: Some((1_002, 1_240)),
        owner: Some((s("0199-u1"), s("Olga Owner"))),
        quarantine: Some(views::memory::Quarantine {
            id: s("0199-q1"),
            reason: s("The second node is not always there; DEF-9 is on it"),
            until: ago(-10_080),
        }),
        may_change: true,
        version: 4,
        people: vec![(s("0199-u1"), s("Olga Owner")), (s("0199-u2"), s("Dan Developer"))],
        ..Default::default()
    }
}

pub(super) fn builds() -> views::builds::View {
    let row = |number: i64, status, counts, live: &[&str]| views::builds::Row {
        number,
        version: (number % 2 == 0).then(|| format!("1.8.{}", number - 126)),
        commit: Some(s("9f3c2ab7710d5c0f3f7e2a11b6f4b7ad0c1e2d3f")),
        branch: Some(s("main")),
        status,
        counts,
        duration_ms: Some(192_300),
        live_in: live.iter().map(|l| s(l)).collect(),
        when: ago((129 - number) * 210),
    };
    views::builds::View {
        filters: plain_filters("/builds", vec![choice::<BuildStatus>("status", "Status", &[])]),
        rows: vec![
            row(129, BuildStatus::Building, Counts::default(), &[]),
            row(128, BuildStatus::Success, counts(2_871, 26, 1, 14), &["staging"]),
            row(127, BuildStatus::Failed, counts(2_400, 380, 90, 14), &["production"]),
            row(126, BuildStatus::Cancelled, Counts::default(), &[]),
            row(125, BuildStatus::Success, counts(2_886, 0, 0, 14), &[]),
        ],
        trend: trend(),
        pager: pager("5 of 129 builds, newest first"),
        export: s("/builds.csv"),
    }
}

pub(super) fn build(full: bool) -> views::build::View {
    let change = |key: &str, name: &str, outcome, message: Option<&str>| views::build::TestChange {
        key: s(key),
        name: s(name),
        outcome,
        message: message.map(s),
        since: 127,
        is_quarantined: key == "TC-91",
    };
    let all = if full { counts(2_871, 26, 1, 14) } else { Counts::default() };
    views::build::View {
        id: s("01998a44-7d21-7b3e-9a01-0f6b1c2d3e4f"),
        number: 128,
        version: Some(s("1.8.2")),
        commit: Some(s("9f3c2ab7710d5c0f3f7e2a11b6f4b7ad0c1e2d3f")),
        branch: Some(s("main")),
        status: BuildStatus::Success,
        when: ago(12),
        duration_ms: Some(192_300),
        counts: all,
        levels: if full {
            vec![
                (TestLevel::Unit, counts(2_500, 20, 0, 10)),
                (TestLevel::Integration, counts(340, 5, 1, 4)),
                (TestLevel::EndToEnd, counts(31, 1, 0, 0)),
            ]
        } else {
            vec![]
        },
        coverage: full.then_some((48_211, 56_020)),
        components: if full {
            vec![
                views::build::Component { name: s("ledger"), lines: (40_000, 46_020), branches: (812, 1_000) },
                views::build::Component { name: s(ODD), lines: (8_211, 10_000), branches: (0, 0) },
            ]
        } else {
            vec![]
        },
        commits: if full {
            vec![views::build::Commit {
                hash: s("9f3c2ab7710d5c0f3f7e2a11b6f4b7ad0c1e2d3f"),
                subject: s("Refuse a second refund with the same key"),
                author: Some(s("Jonas Weber")),
                when: ago(40),
            }]
        } else {
            vec![]
        },
        all_results: s("/tests"),
        line: if full {
            vec![
                stop("Requirements", "128", Tone::Bad, "2 failing", None),
                stop("Tests", "2,912", Tone::Bad, "27 failing", None),
                stop("Build", "#128", Tone::Good, "Success", None),
                stop("Staging", "1.8.2", Tone::Good, "Live", None),
                stop("Production", "–", Tone::Idle, "Not deployed", None),
            ]
        } else {
            vec![]
        },
        gate: full.then(|| {
            let rule = |name: &str, state, reason: &str| views::gate::Rule { name: s(name), state, reason: s(reason) };
            views::gate::View {
                passed: false,
                rules: vec![
                    rule(
                        "failing tests",
                        RuleState::Failed,
                        "27 failing tests, 0 allowed: TC-88 refuses a second refund, TC-91 rounds up, and 25 more.",
                    ),
                    rule("suspect links", RuleState::Passed, "0 suspect links."),
                    rule("open defects", RuleState::Failed, ODD),
                    rule(
                        "falling coverage",
                        RuleState::Unknown,
                        "No coverage came in for this build, and build 127 was measured; import its coverage report.",
                    ),
                    rule("new vulnerabilities", RuleState::WouldPass, "No build of this branch was scanned yet."),
                ],
            }
        }),
        evidence: Some(if full { super::releases::evidence(true) } else { Default::default() }),
        newly_failing: if full {
            vec![
                change(
                    "TC-88",
                    "two_requests_at_once_refund_once",
                    Outcome::Failed,
                    Some("expected 1 refund, found 2"),
                ),
                change("TC-91", ODD, Outcome::Error, Some("connection reset")),
            ]
        } else {
            vec![]
        },
        newly_fixed: if full {
            vec![change("TC-12", "a_card_number_is_masked_in_the_log", Outcome::Passed, None)]
        } else {
            vec![]
        },
        slowest: if full {
            vec![
                (s("TC-7"), s("a_year_of_settlements_balances"), 74_200),
                (s("TC-9"), s("ten_thousand_webhooks_replay_in_order"), 31_050),
                (s("TC-88"), s("two_requests_at_once_refund_once"), 1_240),
            ]
        } else {
            vec![]
        },
        deployments: if full { vec![(s("staging"), DeploymentStatus::Success, ago(4))] } else { vec![] },
        checks: if full {
            vec![
                (s("unit"), Some(s("test")), CheckStatus::Passed, Some(s("success"))),
                (s(super::ODD), Some(s("GitHub Actions")), CheckStatus::Failed, Some(s("timed_out"))),
                (s("deploy"), None, CheckStatus::Running, None),
            ]
        } else {
            vec![]
        },
        artifacts: if full {
            vec![
                (s("payments-1.8.2.tar.gz"), s("package"), Some(18_400_000)),
                (s("registry/payments:1.8.2"), s("image"), None),
            ]
        } else {
            vec![]
        },
        exports: (full, full),
        imports: if full {
            vec![
                (s("0199-a1"), s("14 JUnit files"), ImportStatus::Done, 0, ago(11)),
                (s("0199-a2"), s("cobertura.xml"), ImportStatus::Rejected, 2, ago(11)),
            ]
        } else {
            vec![]
        },
    }
}

pub(super) fn defects() -> views::defects::View {
    let row = |key: &str, title: &str, status, severity, requirement: Option<&str>, owner: Option<&str>| {
        views::defects::Row {
            key: s(key),
            title: s(title),
            status,
            severity,
            requirement: requirement.map(s),
            owner: owner.map(s),
            updated: ago(500),
        }
    };
    views::defects::View {
        filters: plain_filters(
            "/defects",
            vec![choice::<DefectStatus>("status", "Status", &[]), choice::<Level>("severity", "Severity", &[])],
        ),
        rows: vec![
            row(
                "DEF-9",
                "Two nodes refund the same key twice",
                DefectStatus::InProgress,
                Level::Critical,
                Some("REQ-17"),
                Some("Jonas Weber"),
            ),
            row(
                "DEF-12",
                "The settlement file is empty on 29 February",
                DefectStatus::Open,
                Level::High,
                Some("REQ-8"),
                None,
            ),
            row("DEF-3", ODD, DefectStatus::WontFix, Level::Low, None, Some("Ana Duarte")),
        ],
        pager: pager("3 of 17 defects"),
        may_create: true,
        ..Default::default()
    }
}

pub(super) fn defect() -> views::defect::View {
    views::defect::View {
        key: s("DEF-9"),
        title: s("Two nodes refund the same key twice"),
        description: s("When two nodes take the same refund within a millisecond, both write."),
        reproduction_steps: s("1. Start two nodes\n2. Send the same refund to both\n3. Look at the ledger"),
        status: DefectStatus::InProgress,
        severity: Level::Critical,
        suspects: 1,
        owner: Some(s("Jonas Weber")),
        reporter: Some(s("Mira Holm")),
        affected_version: Some(s("1.8.1")),
        fixed_version: None,
        updated: ago(60),
        line: vec![
            stop("Requirement", "REQ-17", Tone::Active, "In progress", None),
            stop("Test", "TC-88", Tone::Bad, "Failed", None),
            stop("Defect", "DEF-9", Tone::Active, "In progress", None),
            stop("Fixed in", "–", Tone::Gap, "Missing", None),
        ],
        requirement: Some((s("REQ-17"), s("Refunds are idempotent for 24 hours"))),
        test_case: Some((s("TC-88"), s("two_requests_at_once_refund_once"))),
        message: Some(s(
            "assertion failed: expected 1 refund, found 2\n  at payments.refunds.IdempotencyTest.two_requests_at_once_refund_once(IdempotencyTest.java:118)",
        )),
        history_href: "/history".to_owned(),
        history: history(),
        moves: vec![DefectStatus::Resolved, DefectStatus::WontFix],
        may_edit: true,
        version: 3,
        form: None,
        owner_id: s("u1"),
        errors: FormErrors::default(),
        people: vec![(s("u1"), s("Jonas Weber"))],
    }
}
