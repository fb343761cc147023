//! Sample view models: short, long, empty, many and odd. The figures in them are invented; the page names say what they show.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use web::components::{
    Actor, ActorKind, Choice, ChoiceOption, Column, Counts, Criterion, FieldError, Figure, Filters,
    FormErrors, LogEntry, Pager, Sort, Stop, TrendPoint,
};
use web::format::When;
use web::layout::{Flash, Frame, ProjectNav, Section};
use web::state::*;
use web::{paths, views};

/// A title with everything that has ever broken a page.
pub(crate) const ODD: &str = "<script>alert('x')</script> & \"quotes\" — 退款 שלום 🚀 A-very-long-word-without-any-break-that-has-to-wrap-somewhere-or-it-would-push-the-page-wide";

/// Every page of the gallery.
pub(crate) const NAMES: &[&str] = &[
    "sign-in",
    "sign-in-refused",
    "home",
    "home-empty",
    "overview",
    "overview-empty",
    "requirements",
    "requirements-empty",
    "requirements-nothing-fits",
    "requirements-refused",
    "requirement",
    "requirement-empty",
    "requirement-conflict",
    "matrix",
    "matrix-many",
    "matrix-empty",
    "tests",
    "tests-empty",
    "test",
    "test-never-run",
    "builds",
    "builds-empty",
    "build",
    "build-empty",
    "defects",
    "defects-empty",
    "defects-refused",
    "defect",
    "deployments",
    "deployments-empty",
    "import",
    "import-refused",
    "import-running",
    "import-done",
    "tokens",
    "tokens-empty",
    "tokens-created",
    "account",
    "find",
    "find-nothing",
    "design",
    "403",
    "404",
    "500",
];

/// When the samples were made; fixed, so that pages compare.
fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap_or_default()
}

fn ago(minutes: i64) -> When {
    When::new(now() - SignedDuration::from_mins(minutes), now())
}

fn s(text: &str) -> String {
    text.to_owned()
}

/// The frame of somebody signed in, inside a project.
pub(crate) fn frame() -> Frame {
    Frame {
        organization: s("Northwind Payments"),
        section: Section::Overview,
        project: Some(ProjectNav {
            name: s("payments-gateway"),
            slug: s("payments-gateway"),
            requirements: Some(128),
            tests: Some(2_914),
            open_defects: Some(17),
        }),
        person: Some(s("Mira Holm")),
        csrf: s("csrf-sample"),
        path: s("/"),
        ..Frame::default()
    }
}

fn counts(passed: i64, failed: i64, errors: i64, skipped: i64) -> Counts {
    Counts {
        passed,
        failed,
        errors,
        skipped,
    }
}

fn stop(label: &str, value: &str, tone: Tone, word: &str, detail: Option<&str>) -> Stop {
    Stop {
        label: s(label),
        value: s(value),
        detail: detail.map(s),
        tone,
        word: s(word),
        href: Some(s("/requirement")),
    }
}

fn choice<S: Shown>(name: &str, label: &str, chosen: &[usize]) -> Choice {
    let options = S::ALL.iter().enumerate().map(|(i, one)| ChoiceOption {
        value: s(one.code()),
        label: s(one.word()),
        chosen: chosen.contains(&i),
        count: None,
    });
    Choice {
        name: s(name),
        label: s(label),
        many: true,
        options: options.collect(),
    }
}

fn order() -> Choice {
    let option = |value: &str, label: &str, chosen| ChoiceOption {
        value: s(value),
        label: s(label),
        chosen,
        count: None,
    };
    Choice {
        name: s("sort"),
        label: s("Order"),
        many: false,
        options: vec![
            option("gaps", "Gaps first", true),
            option("key", "Key", false),
            option("-updated_at", "Changed last", false),
        ],
    }
}

fn filters(action: &str, chosen: &[usize]) -> Filters {
    Filters {
        action: s(action),
        text: Some(String::new()),
        choices: vec![
            choice::<RequirementStatus>("status", "Status", chosen),
            choice::<Level>("priority", "Priority", &[]),
            choice::<ProofState>("state", "State", &[]),
            order(),
        ],
        carry: vec![],
    }
}

fn plain_filters(action: &str, choices: Vec<Choice>) -> Filters {
    Filters {
        action: s(action),
        text: Some(String::new()),
        choices,
        carry: vec![],
    }
}

fn refused(pointer: &str, detail: &str) -> FormErrors {
    FormErrors {
        summary: None,
        fields: vec![FieldError {
            pointer: s(pointer),
            detail: s(detail),
        }],
    }
}

fn pager(shown: &str) -> Pager {
    Pager {
        shown: s(shown),
        first: None,
        next: Some(s("/requirements?cursor=b3Blbg")),
    }
}

fn trend() -> Vec<TrendPoint> {
    let bad = [4, 6, 3, 3, 1, 0, 9, 5, 2, 2, 1, 0, 0, 0, 7, 3, 1, 0, 0, 3];
    bad.iter()
        .zip(109..)
        .map(|(failed, number)| TrendPoint {
            label: format!("#{number}"),
            href: paths::build("payments-gateway", number),
            counts: counts(2_900 - failed * 9, failed * 9, 0, 14),
            when: ago((129 - number) * 210 + 12),
        })
        .collect()
}

fn history() -> Vec<LogEntry> {
    let person = |name: &str| Actor {
        name: s(name),
        ..Actor::default()
    };
    let agent = Actor {
        name: s("Review agent"),
        kind: ActorKind::Agent,
        on_behalf_of: Some(s("Mira Holm")),
    };
    vec![
        LogEntry {
            actor: agent,
            what: s("linked TC-88 and TC-91"),
            changes: vec![],
            when: ago(190),
        },
        LogEntry {
            actor: person("Jonas Weber"),
            what: s("changed two fields"),
            changes: vec![
                (s("Priority"), s("Medium"), s("High")),
                (s("Target"), String::new(), s("4 Dec 2026")),
            ],
            when: ago(60 * 24 * 2),
        },
        LogEntry {
            actor: person("Mira Holm"),
            what: s("moved it to In progress"),
            changes: vec![(s("Status"), s("Approved"), s("In progress"))],
            when: ago(60 * 24 * 9),
        },
        LogEntry {
            actor: person("Mira Holm"),
            what: s("wrote it"),
            changes: vec![],
            when: ago(60 * 24 * 40),
        },
    ]
}

/// Key, title, proof, criteria, status, priority, owner.
type Requirement = (
    &'static str,
    &'static str,
    ProofState,
    (i64, i64),
    RequirementStatus,
    Option<Level>,
    Option<&'static str>,
);

const REQUIREMENTS: &[Requirement] = &[
    (
        "REQ-17",
        "Refunds are idempotent for 24 hours",
        ProofState::Failing,
        (4, 5),
        RequirementStatus::InProgress,
        Some(Level::High),
        Some("Jonas Weber"),
    ),
    (
        "REQ-8",
        "A settlement file is produced by 02:00 in the merchant’s time zone",
        ProofState::Gap,
        (1, 4),
        RequirementStatus::Approved,
        Some(Level::Critical),
        Some("Mira Holm"),
    ),
    (
        "REQ-55",
        "A disputed refund can be reversed by two people together",
        ProofState::Gap,
        (0, 5),
        RequirementStatus::Draft,
        None,
        None,
    ),
    (
        "REQ-42",
        "Card numbers never reach a log or an error message",
        ProofState::Partial,
        (2, 3),
        RequirementStatus::InProgress,
        Some(Level::Critical),
        Some("Priya Nair"),
    ),
    (
        "REQ-23",
        "Chargebacks open a case within one minute",
        ProofState::Proven,
        (6, 6),
        RequirementStatus::Completed,
        Some(Level::Medium),
        Some("Jonas Weber"),
    ),
    (
        "REQ-31",
        "An operator can replay a webhook from any of the last 30 days",
        ProofState::Proven,
        (2, 2),
        RequirementStatus::Completed,
        Some(Level::Low),
        Some("Ana Duarte"),
    ),
    (
        "REQ-12",
        "Authorisations answer within 300 ms at the 99th percentile",
        ProofState::Proven,
        (3, 3),
        RequirementStatus::Completed,
        Some(Level::High),
        Some("Mira Holm"),
    ),
    (
        "REQ-104",
        ODD,
        ProofState::Gap,
        (0, 1),
        RequirementStatus::Rejected,
        Some(Level::Low),
        Some("A person with quite a long name"),
    ),
];

fn requirement_rows(times: usize) -> Vec<views::requirements::Row> {
    REQUIREMENTS
        .iter()
        .cycle()
        .take(REQUIREMENTS.len() * times)
        .zip(1..)
        .map(
            |((key, title, proof, criteria, status, priority, owner), n)| {
                views::requirements::Row {
                    key: s(key),
                    title: s(title),
                    proof: *proof,
                    criteria: *criteria,
                    status: *status,
                    priority: *priority,
                    owner: owner.map(s),
                    updated: ago(n * n * 17),
                }
            },
        )
        .collect()
}

fn requirements_view(rows: Vec<views::requirements::Row>) -> views::requirements::View {
    let mut columns = views::requirements::COLUMNS.map(Column::text).to_vec();
    columns[0] =
        Column::text("Key").sorts(Some(s("/requirements?sort=-key")), Some(Sort::Ascending));
    columns[6] = Column::text("Changed").sorts(Some(s("/requirements?sort=updated_at")), None);
    views::requirements::View {
        filters: filters("/requirements", &[]),
        columns,
        pager: pager("50 requirements, by key"),
        rows,
        csv_href: s("/requirements.csv"),
        may_create: true,
        ..Default::default()
    }
}

fn matrix(times: usize) -> views::matrix::View {
    let unit = [
        counts(31, 2, 0, 0),
        counts(3, 0, 0, 0),
        Counts::default(),
        counts(18, 0, 0, 0),
        counts(44, 0, 0, 1),
        counts(12, 0, 0, 0),
        Counts::default(),
        Counts::default(),
    ];
    let integration = [
        counts(6, 1, 0, 0),
        Counts::default(),
        Counts::default(),
        counts(4, 0, 0, 0),
        counts(9, 0, 0, 0),
        counts(5, 0, 0, 0),
        counts(2, 0, 0, 0),
        Counts::default(),
    ];
    let e2e = [
        counts(2, 0, 0, 0),
        Counts::default(),
        Counts::default(),
        Counts::default(),
        counts(3, 0, 0, 0),
        counts(1, 0, 0, 0),
        counts(4, 0, 0, 0),
        Counts::default(),
    ];
    let attention = [
        Some("3 tests failing"),
        Some("3 criteria unproven"),
        Some("no test"),
        Some("1 criterion unproven"),
        None,
        None,
        None,
        Some("no test"),
    ];
    let some = |one: Counts| (one.total() > 0).then_some(one);
    let rows = (0..REQUIREMENTS.len() * times)
        .map(|n| {
            let i = n % REQUIREMENTS.len();
            let (key, title, state, criteria, ..) = REQUIREMENTS[i];
            let live = integration[i].total() > 0;
            views::matrix::Row {
                key: s(key),
                title: s(title),
                state,
                criteria,
                results: vec![some(unit[i]), some(integration[i]), some(e2e[i])],
                deployed: vec![
                    live.then(|| s("1.8.2")),
                    live.then(|| s(if i == 0 || i == 5 { "1.8.1" } else { "1.8.2" })),
                ],
                attention: attention[i].map(s),
            }
        })
        .collect();
    views::matrix::View {
        build: Some(
            html! { "build " a href="/build" { "#128" } " " span class="key" { "9f3c2ab" } ", 12 min ago" },
        ),
        figures: vec![
            Figure {
                value: s("71.0 %"),
                label: s("criteria proven"),
                href: None,
                tone: None,
            },
            Figure::count(
                9,
                "requirements with gaps",
                Some(s("/matrix?state=gap")),
                Some(Tone::Gap),
            ),
            Figure::count(
                2,
                "failing",
                Some(s("/matrix?state=failing")),
                Some(Tone::Bad),
            ),
            Figure::count(
                103,
                "proven",
                Some(s("/matrix?state=proven")),
                Some(Tone::Good),
            ),
            Figure {
                value: s("98.7 %"),
                label: s("results passed, last 7 days"),
                href: Some(s("/builds")),
                tone: None,
            },
        ],
        filters: filters("/matrix", &[1, 2]),
        levels: vec![TestLevel::Unit, TestLevel::Integration, TestLevel::EndToEnd],
        environments: vec![s("Staging"), s("Production")],
        rows,
        pager: pager("8 of 128 requirements, gaps first"),
        csv_href: s("/matrix.csv"),
    }
}

fn requirement() -> views::requirement::View {
    use views::requirement::{TestLine, View};
    let test = |key: &str, name: &str, level, latest| TestLine {
        key: s(key),
        name: s(name),
        level,
        latest,
        when: Some(ago(12)),
    };
    let criterion = |text: &str, state, tests, failing, keys: &[&str]| Criterion {
        text: s(text),
        state,
        tests,
        failing,
        links: keys
            .iter()
            .map(|k| (s(k), s("A test"), s("/test")))
            .collect(),
    };
    View {
        key: s("REQ-17"),
        title: s("Refunds are idempotent for 24 hours"),
        description: s(
            "A merchant that repeats a refund with the same key within 24 hours gets the first answer again, and the customer is refunded once.\n\nThis holds for concurrent requests too, whichever node they reach.",
        ),
        proof: ProofState::Failing,
        status: RequirementStatus::InProgress,
        priority: Some(Level::High),
        owner: Some(s("Jonas Weber")),
        target: Some(s("2026-12-04")),
        updated: ago(190),
        line: vec![
            stop("Requirement", "REQ-17", Tone::Active, "In progress", None),
            stop(
                "Features",
                "3",
                Tone::Active,
                "In progress",
                Some("2 complete"),
            ),
            stop("Tests", "42", Tone::Bad, "Failing", Some("3 of 42")),
            stop("Build", "#128", Tone::Good, "Success", Some("1.8.2")),
            stop("Staging", "1.8.2", Tone::Good, "Live", Some("12 min ago")),
            stop("Production", "1.8.1", Tone::Warn, "Behind", Some("1 build")),
        ],
        criteria: vec![
            criterion(
                "The same key returns the stored answer, byte for byte",
                ProofState::Proven,
                12,
                0,
                &["TC-81", "TC-82", "TC-83"],
            ),
            criterion(
                "A changed amount under the same key is refused and says why",
                ProofState::Proven,
                7,
                0,
                &["TC-84"],
            ),
            criterion(
                "Two concurrent requests refund once",
                ProofState::Failing,
                9,
                2,
                &["TC-88", "TC-91"],
            ),
            criterion(
                "Keys expire after 24 hours in the merchant’s time zone",
                ProofState::Partial,
                1,
                0,
                &["TC-95"],
            ),
            criterion(
                "Replays are visible in the audit trail",
                ProofState::Gap,
                0,
                0,
                &[],
            ),
        ],
        features: vec![
            (s("Idempotency keys for refunds"), FeatureStatus::Completed),
            (s("Stored answers with expiry"), FeatureStatus::Completed),
            (
                s("Replay shown in the audit trail"),
                FeatureStatus::InProgress,
            ),
        ],
        tests: vec![
            test(
                "TC-88",
                "two_requests_at_once_refund_once",
                TestLevel::Integration,
                Some(Outcome::Failed),
            ),
            test(
                "TC-91",
                "two_nodes_at_once_refund_once",
                TestLevel::EndToEnd,
                Some(Outcome::Error),
            ),
            test(
                "TC-81",
                "the_same_key_returns_the_same_bytes",
                TestLevel::Unit,
                Some(Outcome::Passed),
            ),
            test(
                "TC-95",
                "a_key_expires_at_midnight_in_lisbon",
                TestLevel::Unit,
                Some(Outcome::Skipped),
            ),
            TestLine {
                key: s("TC-99"),
                name: s(ODD),
                level: TestLevel::Security,
                latest: None,
                when: None,
            },
        ],
        results: vec![
            (128, counts(39, 2, 1, 0), ago(12)),
            (127, counts(41, 1, 0, 0), ago(222)),
            (126, counts(42, 0, 0, 0), ago(432)),
        ],
        defects: vec![(
            s("DEF-9"),
            s("Two nodes refund the same key twice"),
            DefectStatus::InProgress,
        )],
        depends_on: vec![(
            s("REQ-11"),
            s("Refunds can be found by key"),
            ProofState::Proven,
        )],
        needed_by: vec![(
            s("REQ-55"),
            s("A disputed refund can be reversed by two people together"),
            ProofState::Gap,
        )],
        history: history(),
        moves: vec![
            RequirementStatus::Completed,
            RequirementStatus::Approved,
            RequirementStatus::Rejected,
        ],
        may_edit: true,
        version: 7,
        errors: FormErrors::default(),
        link_errors: FormErrors::default(),
        conflict: None,
        people: vec![(s("u1"), s("Jonas Weber")), (s("u2"), s("Mira Holm"))],
    }
}

fn outcomes(pattern: &str) -> Vec<Option<Outcome>> {
    pattern
        .chars()
        .map(|c| match c {
            'p' => Some(Outcome::Passed),
            'f' => Some(Outcome::Failed),
            'e' => Some(Outcome::Error),
            's' => Some(Outcome::Skipped),
            _ => None,
        })
        .collect()
}

fn tests() -> views::test_cases::View {
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
        }
    };
    views::test_cases::View {
        filters: plain_filters(
            "/tests",
            vec![
                choice::<TestLevel>("level", "Level", &[]),
                choice::<Outcome>("outcome", "Latest", &[1, 2]),
            ],
        ),
        rows: vec![
            row(
                "TC-88",
                "two_requests_at_once_refund_once",
                TestLevel::Integration,
                "ppppppfpppff",
                &["REQ-17"],
            ),
            row(
                "TC-91",
                "two_nodes_at_once_refund_once",
                TestLevel::EndToEnd,
                "..ppppsspppe",
                &["REQ-17", "REQ-42"],
            ),
            row(
                "TC-81",
                "the_same_key_returns_the_same_bytes",
                TestLevel::Unit,
                "pppppppppppp",
                &["REQ-17"],
            ),
            row(
                "TC-95",
                "a_key_expires_at_midnight_in_lisbon",
                TestLevel::Unit,
                "ppppppppppps",
                &[],
            ),
            views::test_cases::Row {
                key: s("TC-99"),
                name: s(ODD),
                place: String::new(),
                level: TestLevel::Security,
                latest: None,
                trend: vec![],
                requirements: vec![],
                when: None,
            },
        ],
        pager: pager("5 of 2,914 test cases, by key"),
        ..Default::default()
    }
}

fn test(run: bool) -> views::test_case::View {
    let result =
        |build, outcome, ms, message: Option<&str>, minutes| views::test_case::ResultLine {
            build,
            outcome,
            duration_ms: ms,
            message: message.map(s),
            when: ago(minutes),
        };
    views::test_case::View {
        key: s("TC-88"),
        name: s("two_requests_at_once_refund_once"),
        place: s("payments.refunds.IdempotencyTest"),
        description: String::new(),
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
        trend: if run {
            outcomes("ppppppfpppff")
        } else {
            vec![]
        },
        results: if run {
            vec![
                result(
                    128,
                    Outcome::Failed,
                    Some(1_240),
                    Some("expected 1 refund, found 2 (keys k-1, k-1)"),
                    12,
                ),
                result(
                    127,
                    Outcome::Failed,
                    Some(1_198),
                    Some("expected 1 refund, found 2"),
                    222,
                ),
                result(126, Outcome::Passed, Some(1_002), None, 432),
                result(125, Outcome::Skipped, None, Some("no second node"), 642),
            ]
        } else {
            vec![]
        },
        requirements: if run {
            vec![(
                s("REQ-17"),
                s("Refunds are idempotent for 24 hours"),
                ProofState::Failing,
            )]
        } else {
            vec![]
        },
        defects: if run {
            vec![(
                s("DEF-9"),
                s("Two nodes refund the same key twice"),
                DefectStatus::InProgress,
            )]
        } else {
            vec![]
        },
        may_edit: true,
        link_errors: FormErrors::default(),
    }
}

fn builds() -> views::builds::View {
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
        filters: plain_filters(
            "/builds",
            vec![choice::<BuildStatus>("status", "Status", &[])],
        ),
        rows: vec![
            row(129, BuildStatus::Building, Counts::default(), &[]),
            row(
                128,
                BuildStatus::Success,
                counts(2_871, 26, 1, 14),
                &["staging"],
            ),
            row(
                127,
                BuildStatus::Failed,
                counts(2_400, 380, 90, 14),
                &["production"],
            ),
            row(126, BuildStatus::Cancelled, Counts::default(), &[]),
            row(125, BuildStatus::Success, counts(2_886, 0, 0, 14), &[]),
        ],
        trend: trend(),
        pager: pager("5 of 129 builds, newest first"),
    }
}

fn build(full: bool) -> views::build::View {
    let change = |key: &str, name: &str, outcome, message: Option<&str>| views::build::TestChange {
        key: s(key),
        name: s(name),
        outcome,
        message: message.map(s),
    };
    let all = if full {
        counts(2_871, 26, 1, 14)
    } else {
        Counts::default()
    };
    views::build::View {
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
            vec![change(
                "TC-12",
                "a_card_number_is_masked_in_the_log",
                Outcome::Passed,
                None,
            )]
        } else {
            vec![]
        },
        slowest: if full {
            vec![
                (s("TC-7"), s("a_year_of_settlements_balances"), 74_200),
                (
                    s("TC-9"),
                    s("ten_thousand_webhooks_replay_in_order"),
                    31_050,
                ),
                (s("TC-88"), s("two_requests_at_once_refund_once"), 1_240),
            ]
        } else {
            vec![]
        },
        deployments: if full {
            vec![(s("staging"), DeploymentStatus::Success, ago(4))]
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
        imports: if full {
            vec![
                (
                    s("0199-a1"),
                    s("14 JUnit files"),
                    ImportStatus::Done,
                    0,
                    ago(11),
                ),
                (
                    s("0199-a2"),
                    s("cobertura.xml"),
                    ImportStatus::Rejected,
                    2,
                    ago(11),
                ),
            ]
        } else {
            vec![]
        },
    }
}

fn defects() -> views::defects::View {
    let row = |key: &str,
               title: &str,
               status,
               severity,
               requirement: Option<&str>,
               owner: Option<&str>| views::defects::Row {
        key: s(key),
        title: s(title),
        status,
        severity,
        requirement: requirement.map(s),
        owner: owner.map(s),
        updated: ago(500),
    };
    views::defects::View {
        filters: plain_filters(
            "/defects",
            vec![
                choice::<DefectStatus>("status", "Status", &[]),
                choice::<Level>("severity", "Severity", &[]),
            ],
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
            row(
                "DEF-3",
                ODD,
                DefectStatus::WontFix,
                Level::Low,
                None,
                Some("Ana Duarte"),
            ),
        ],
        pager: pager("3 of 17 defects"),
        may_create: true,
        ..Default::default()
    }
}

fn defect() -> views::defect::View {
    views::defect::View {
        key: s("DEF-9"),
        title: s("Two nodes refund the same key twice"),
        description: s("When two nodes take the same refund within a millisecond, both write."),
        reproduction_steps: s(
            "1. Start two nodes\n2. Send the same refund to both\n3. Look at the ledger",
        ),
        status: DefectStatus::InProgress,
        severity: Level::Critical,
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
        history: history(),
        moves: vec![DefectStatus::Resolved, DefectStatus::WontFix],
        may_edit: true,
        version: 3,
        errors: FormErrors::default(),
        people: vec![(s("u1"), s("Jonas Weber"))],
    }
}

fn deployments() -> views::deployments::View {
    use views::deployments::{Environment, Row, View};
    let row =
        |environment: &str, version: &str, build, status, reason: Option<&str>, minutes| Row {
            environment: s(environment),
            version: s(version),
            build,
            status,
            by: Actor {
                name: s("Deploy agent"),
                kind: ActorKind::Agent,
                on_behalf_of: Some(s("Ana Duarte")),
            },
            duration_ms: Some(92_000),
            reason: reason.map(s),
            when: ago(minutes),
        };
    View {
        environments: vec![
            Environment {
                name: s("staging"),
                protected: false,
                current: Some(row(
                    "staging",
                    "1.8.2",
                    128,
                    DeploymentStatus::Success,
                    None,
                    4,
                )),
                behind: Some(0),
            },
            Environment {
                name: s("production"),
                protected: true,
                current: Some(row(
                    "production",
                    "1.8.1",
                    127,
                    DeploymentStatus::Success,
                    None,
                    4_000,
                )),
                behind: Some(1),
            },
            Environment {
                name: s("sandbox"),
                protected: false,
                current: None,
                behind: None,
            },
        ],
        filters: plain_filters(
            "/deployments",
            vec![choice::<DeploymentStatus>("status", "Status", &[])],
        ),
        history: vec![
            row("staging", "1.8.2", 128, DeploymentStatus::Success, None, 4),
            row(
                "production",
                "1.8.2",
                128,
                DeploymentStatus::RolledBack,
                Some("error rate 3.1 % after two minutes"),
                60,
            ),
            row(
                "production",
                "1.8.1",
                127,
                DeploymentStatus::Success,
                None,
                4_000,
            ),
            row(
                "production",
                "1.8.0",
                124,
                DeploymentStatus::Failed,
                Some("health check did not answer"),
                9_000,
            ),
        ],
        pager: pager("4 deployments"),
    }
}

fn import_job(running: bool) -> views::import_job::View {
    use views::import_job::{File, Rejection, View};
    let file =
        |name: &str, format: &str, status, numbers: [i64; 5], outcomes, remark: Option<&str>| {
            File {
                name: s(name),
                size: 1_240_000,
                format: s(format),
                status,
                recognised: numbers[0],
                created: numbers[1],
                updated: numbers[2],
                unchanged: numbers[3],
                rejected: numbers[4],
                outcomes,
                remark: remark.map(s),
            }
        };
    View {
        id: s("01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b"),
        status: if running {
            ImportStatus::Running
        } else {
            ImportStatus::Rejected
        },
        when: ago(1),
        build: Some(128),
        files_done: (if running { 2 } else { 4 }, 4),
        records: 2_062,
        files: vec![
            file(
                "TEST-refunds.xml",
                "JUnit XML",
                FileStatus::Imported,
                [274, 60, 0, 0, 214],
                Some(counts(57, 2, 1, 0)),
                Some("declares 280 tests; 274 are in it"),
            ),
            file(
                "TEST-cards.xml",
                "JUnit XML",
                FileStatus::Unchanged,
                [2_000, 0, 0, 2_000, 0],
                Some(counts(2_000, 0, 0, 0)),
                None,
            ),
            file(
                "broken.xml",
                "unknown",
                FileStatus::Rejected,
                [0, 0, 0, 0, 0],
                None,
                Some("line 118: the element <testcase> is never closed; nothing was stored"),
            ),
        ],
        rejections: if running {
            vec![]
        } else {
            vec![
                Rejection {
                    file: s("TEST-refunds.xml"),
                    line: Some(1_204),
                    reason: s("a test case without a name"),
                },
                Rejection {
                    file: s("TEST-refunds.xml"),
                    line: None,
                    reason: s("time “2,5x” is not a number"),
                },
            ]
        },
        rejected_total: if running { 0 } else { 214 },
        failure: None,
    }
}

fn tokens(some: bool, created: bool) -> views::tokens::View {
    let token = |name: &str, used, ends| views::tokens::Token {
        id: s("t1"),
        name: s(name),
        prefix: s("tl_9f3c"),
        scopes: vec![s("import"), s("read")],
        last_used: used,
        expires: ends,
    };
    views::tokens::View {
        tokens: if some {
            vec![
                token("CI of payments", Some(ago(12)), Some(ago(-60 * 24 * 80))),
                token(ODD, None, None),
            ]
        } else {
            vec![]
        },
        scopes: vec![
            (s("read"), s("Read everything you can read")),
            (s("import"), s("Import reports")),
            (s("write"), s("Change records")),
        ],
        chosen: vec![s("import")],
        name: String::new(),
        lifetimes: vec![(s("90"), s("90 days")), (s("365"), s("A year"))],
        errors: FormErrors::default(),
        created: created.then(|| s("tl_9f3c2ab7710d5c0f3f7e2a11b6f4b7ad0c1e2d3f8a")),
    }
}

fn account() -> views::account::View {
    let session = |agent: &str, minutes, current| views::account::Session {
        id: s("s1"),
        agent: s(agent),
        address: s("192.0.2.17"),
        active: ago(minutes),
        expires: ago(-60 * 24 * 6),
        current,
    };
    views::account::View {
        email: s("mira@northwind.example"),
        role: s("administrator"),
        sessions: vec![
            session("Firefox on Linux", 0, true),
            session("Safari on iPhone", 60 * 26, false),
        ],
    }
}

fn home(full: bool) -> views::home::View {
    let project =
        |name: &str, description: &str, state, proven, requirements, latest| views::home::Project {
            name: s(name),
            slug: s(name),
            description: s(description),
            state,
            requirements,
            proven,
            open_defects: requirements / 7,
            latest,
        };
    views::home::View {
        projects: if full {
            vec![
                project(
                    "payments-gateway",
                    "Cards, refunds and settlements for every merchant",
                    Some(ProofState::Failing),
                    103,
                    128,
                    Some((s("#128"), counts(2_871, 26, 1, 14), ago(12))),
                ),
                project(
                    "ledger",
                    "Double entry, to the last decimal",
                    Some(ProofState::Proven),
                    64,
                    64,
                    Some((s("#77"), counts(940, 0, 0, 0), ago(300))),
                ),
                project(
                    "merchant-portal",
                    "",
                    Some(ProofState::Partial),
                    12,
                    40,
                    Some((s("#9"), counts(210, 0, 0, 31), ago(3_000))),
                ),
                project("risk", ODD, Some(ProofState::Gap), 0, 9, None),
                project("sandbox", "", None, 0, 0, None),
            ]
        } else {
            vec![]
        },
        may_create: true,
        ..Default::default()
    }
}

fn overview() -> views::overview::View {
    use views::overview::{BuildLine, Deployed};
    views::overview::View {
        name: s("payments-gateway"),
        description: s("Cards, refunds and settlements for every merchant"),
        figures: matrix(1).figures,
        line: vec![
            stop("Requirements", "128", Tone::Active, "103 proven", None),
            stop("Criteria", "412", Tone::Gap, "119 unproven", None),
            stop("Tests", "2,914", Tone::Bad, "27 failing", None),
            stop("Build", "#128", Tone::Good, "Success", Some("12 min ago")),
            stop("Staging", "1.8.2", Tone::Good, "Live", None),
            stop("Production", "1.8.1", Tone::Warn, "1 build behind", None),
        ],
        trend: trend(),
        attention: REQUIREMENTS
            .iter()
            .take(4)
            .map(|(key, title, proof, ..)| {
                (
                    s(key),
                    s(title),
                    *proof,
                    s(if *proof == ProofState::Failing {
                        "3 tests failing"
                    } else {
                        "no test"
                    }),
                )
            })
            .collect(),
        builds: vec![
            BuildLine {
                number: 128,
                label: s("1.8.2"),
                status: BuildStatus::Success,
                counts: counts(2_871, 26, 1, 14),
                when: ago(12),
            },
            BuildLine {
                number: 127,
                label: s("main"),
                status: BuildStatus::Failed,
                counts: counts(2_400, 380, 90, 14),
                when: ago(222),
            },
        ],
        deployed: vec![
            Deployed {
                environment: s("staging"),
                version: Some(s("1.8.2")),
                status: Some(DeploymentStatus::Success),
                when: Some(ago(4)),
            },
            Deployed {
                environment: s("production"),
                version: Some(s("1.8.1")),
                status: Some(DeploymentStatus::Success),
                when: Some(ago(4_000)),
            },
            Deployed {
                environment: s("sandbox"),
                version: None,
                status: None,
                when: None,
            },
        ],
    }
}

/// What the palette finds.
pub(crate) fn hits() -> Vec<views::find::Hit> {
    REQUIREMENTS
        .iter()
        .map(|(key, title, proof, ..)| views::find::Hit {
            label: s(title),
            hint: s(proof.word()),
            kind: s(key),
            href: s("/requirement"),
        })
        .collect()
}

/// One page of the gallery; `None` for a name that is not in it.
pub(crate) fn render(name: &str, base: &Frame) -> Option<Markup> {
    let at = |section| Frame {
        section,
        ..base.clone()
    };
    let outside = |section| Frame {
        section,
        project: None,
        ..base.clone()
    };
    let nobody = || Frame {
        person: None,
        project: None,
        ..base.clone()
    };
    let none = Filters {
        choices: vec![],
        ..filters("/requirements", &[])
    };
    Some(match name {
        "sign-in" => views::sign_in::page(&nobody(), &views::sign_in::View::default()),
        "sign-in-refused" => views::sign_in::page(
            &nobody(),
            &views::sign_in::View {
                email: s("mira@northwind.example"),
                errors: FormErrors {
                    summary: Some(s("E-mail and password do not fit together.")),
                    fields: vec![],
                },
                return_to: s("/"),
            },
        ),
        "home" => views::home::page(&outside(Section::Home), &home(true)),
        "home-empty" => views::home::page(&outside(Section::Home), &home(false)),
        "overview" => views::overview::page(&at(Section::Overview), &overview()),
        "overview-empty" => views::overview::page(
            &at(Section::Overview),
            &views::overview::View {
                name: s("risk"),
                ..Default::default()
            },
        ),
        "requirements" => views::requirements::page(
            &Frame {
                flashes: vec![Flash {
                    tone: Tone::Good,
                    text: s("REQ-129 is written."),
                    link: Some((s("Open it"), s("/requirement"))),
                }],
                ..at(Section::Requirements)
            },
            &requirements_view(requirement_rows(4)),
        ),
        "requirements-empty" => views::requirements::page(
            &at(Section::Requirements),
            &views::requirements::View {
                filters: none,
                may_create: true,
                ..Default::default()
            },
        ),
        "requirements-nothing-fits" => views::requirements::page(
            &at(Section::Requirements),
            &views::requirements::View {
                filters: filters("/requirements", &[0]),
                ..requirements_view(vec![])
            },
        ),
        "requirements-refused" => views::requirements::page(
            &at(Section::Requirements),
            &views::requirements::View {
                errors: refused("/title", "A title is needed."),
                ..requirements_view(requirement_rows(1))
            },
        ),
        "requirement" => views::requirement::page(&at(Section::Requirements), &requirement()),
        "requirement-empty" => views::requirement::page(
            &at(Section::Requirements),
            &views::requirement::View {
                key: s("REQ-129"),
                title: s(ODD),
                description: String::new(),
                proof: ProofState::Gap,
                status: RequirementStatus::Draft,
                priority: None,
                owner: None,
                target: None,
                line: vec![],
                criteria: vec![],
                features: vec![],
                tests: vec![],
                results: vec![],
                defects: vec![],
                depends_on: vec![],
                needed_by: vec![],
                ..requirement()
            },
        ),
        "requirement-conflict" => views::requirement::page(
            &at(Section::Requirements),
            &views::requirement::View {
                conflict: Some(views::requirement::Conflict {
                    by: s("Jonas Weber"),
                    fields: vec![(
                        s("Title"),
                        s("Refunds are idempotent for a day"),
                        s("Refunds are idempotent for 24 hours"),
                    )],
                }),
                errors: refused("/target", "A target is a day such as 2026-12-04."),
                ..requirement()
            },
        ),
        "matrix" => views::matrix::page(&at(Section::Matrix), &matrix(1)),
        "matrix-many" => views::matrix::page(&at(Section::Matrix), &matrix(12)),
        "matrix-empty" => views::matrix::page(
            &at(Section::Matrix),
            &views::matrix::View {
                filters: none,
                ..Default::default()
            },
        ),
        "tests" => views::test_cases::page(&at(Section::Tests), &tests()),
        "tests-empty" => views::test_cases::page(
            &at(Section::Tests),
            &views::test_cases::View {
                filters: none,
                ..Default::default()
            },
        ),
        "test" => views::test_case::page(&at(Section::Tests), &test(true)),
        "test-never-run" => views::test_case::page(&at(Section::Tests), &test(false)),
        "builds" => views::builds::page(&at(Section::Builds), &builds()),
        "builds-empty" => views::builds::page(
            &at(Section::Builds),
            &views::builds::View {
                filters: none,
                ..Default::default()
            },
        ),
        "build" => views::build::page(&at(Section::Builds), &build(true)),
        "build-empty" => views::build::page(&at(Section::Builds), &build(false)),
        "defects" => views::defects::page(&at(Section::Defects), &defects()),
        "defects-empty" => views::defects::page(
            &at(Section::Defects),
            &views::defects::View {
                filters: none,
                may_create: true,
                ..Default::default()
            },
        ),
        "defects-refused" => views::defects::page(
            &at(Section::Defects),
            &views::defects::View {
                errors: refused("/title", "A title is at most 300 characters."),
                ..defects()
            },
        ),
        "defect" => views::defect::page(&at(Section::Defects), &defect()),
        "deployments" => views::deployments::page(&at(Section::Deployments), &deployments()),
        "deployments-empty" => views::deployments::page(
            &at(Section::Deployments),
            &views::deployments::View {
                filters: none,
                ..Default::default()
            },
        ),
        "import" | "import-refused" => views::import::page(
            &at(Section::Import),
            &views::import::View {
                projects: vec![(s("payments-gateway"), s("payments-gateway"))],
                builds: vec![(s("128"), s("#128, 1.8.2"))],
                errors: if name == "import" {
                    FormErrors::default()
                } else {
                    refused("/files", "Choose at least one file.")
                },
                recent: vec![
                    (s("1"), s("14 JUnit files"), ImportStatus::Done, ago(11)),
                    (s("2"), s("cobertura.xml"), ImportStatus::Rejected, ago(300)),
                ],
            },
        ),
        "import-running" => views::import_job::page(&at(Section::Import), &import_job(true)),
        "import-done" => views::import_job::page(&at(Section::Import), &import_job(false)),
        "tokens" => views::tokens::page(&outside(Section::Tokens), &tokens(true, false)),
        "tokens-empty" => views::tokens::page(&outside(Section::Tokens), &tokens(false, false)),
        "tokens-created" => views::tokens::page(&outside(Section::Tokens), &tokens(true, true)),
        "account" => views::account::page(&outside(Section::Account), &account()),
        "find" => views::find::page(
            &at(Section::Other),
            &views::find::View {
                query: s("refund"),
                hits: hits(),
            },
        ),
        "find-nothing" => views::find::page(
            &at(Section::Other),
            &views::find::View {
                query: s("xyzzy"),
                hits: vec![],
            },
        ),
        "design" => views::design::page(&at(Section::Other), now()),
        "403" => views::errors::page(
            &at(Section::Other),
            &views::errors::Problem::Forbidden {
                needed: Some(s("developer in this project")),
            },
        ),
        "404" => views::errors::page(&at(Section::Other), &views::errors::Problem::NotFound),
        "500" => views::errors::page(
            &nobody(),
            &views::errors::Problem::Internal {
                request_id: s("01998a44-7d21-7b3e"),
            },
        ),
        _ => return None,
    })
}
