//! Projects, requirements and the matrix.

use maud::html;
use web::components::{Column, Counts, Criterion, Figure, FormErrors, Sort};
use web::state::*;
use web::views;

use super::ODD;
use super::parts::*;

/// Key, title, proof, criteria, status, priority, owner.
type Requirement =
    (&'static str, &'static str, ProofState, (i64, i64), RequirementStatus, Option<Level>, Option<&'static str>);

pub(super) const REQUIREMENTS: &[Requirement] = &[
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

pub(super) fn requirement_rows(times: usize) -> Vec<views::requirements::Row> {
    REQUIREMENTS
        .iter()
        .cycle()
        .take(REQUIREMENTS.len() * times)
        .zip(1..)
        .map(|((key, title, proof, criteria, status, priority, owner), n)| views::requirements::Row {
            key: s(key),
            title: s(title),
            proof: *proof,
            criteria: *criteria,
            status: *status,
            priority: *priority,
            owner: owner.map(s),
            updated: ago(n * n * 17),
        })
        .collect()
}

pub(super) fn requirements_view(rows: Vec<views::requirements::Row>) -> views::requirements::View {
    let mut columns = views::requirements::COLUMNS.map(Column::text).to_vec();
    columns[0] = Column::text("Key").sorts(Some(s("/requirements?sort=-key")), Some(Sort::Ascending));
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

pub(super) fn matrix(times: usize) -> views::matrix::View {
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
        build: Some(html! { "build " a href="/build" { "#128" } " " span class="key" { "9f3c2ab" } ", 12 min ago" }),
        figures: vec![
            Figure { value: s("71.0 %"), label: s("criteria proven"), href: None, tone: None },
            Figure::count(9, "requirements with gaps", Some(s("/matrix?state=gap")), Some(Tone::Gap)),
            Figure::count(2, "failing", Some(s("/matrix?state=failing")), Some(Tone::Bad)),
            Figure::count(103, "proven", Some(s("/matrix?state=proven")), Some(Tone::Good)),
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

pub(super) fn requirement() -> views::requirement::View {
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
        links: keys.iter().map(|k| (s(k), s("A test"), s("/test"))).collect(),
    };
    View {
        key: s("REQ-17"),
        title: s("Refunds are idempotent for 24 hours"),
        description: s(
            "A merchant that repeats a refund with the same key within 24 hours gets the first answer again, and the customer is refunded once.\n\nThis holds for concurrent requests too, whichever node they reach.",
        ),
        files: vec![
            views::requirement::FileLine {
                name: s("two-refunds.png"),
                href: web::assets::MARK.href.clone(),
                size: 8_231,
                is_picture: true,
            },
            views::requirement::FileLine {
                name: s("sequence.svg"),
                href: s("/sequence.svg"),
                size: 3_100_000,
                is_picture: false,
            },
        ],
        proof: ProofState::Failing,
        status: RequirementStatus::InProgress,
        priority: Some(Level::High),
        owner: Some(s("Jonas Weber")),
        target: Some(s("2026-12-04")),
        updated: ago(190),
        suspects: 2,
        line: vec![
            stop("Requirement", "REQ-17", Tone::Active, "In progress", None),
            stop("Features", "3", Tone::Active, "In progress", Some("2 complete")),
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
            criterion("Two concurrent requests refund once", ProofState::Failing, 9, 2, &["TC-88", "TC-91"]),
            criterion("Keys expire after 24 hours in the merchant’s time zone", ProofState::Partial, 1, 0, &["TC-95"]),
            criterion("Replays are visible in the audit trail", ProofState::Gap, 0, 0, &[]),
        ],
        features: vec![
            (s("Idempotency keys for refunds"), FeatureStatus::Completed),
            (s("Stored answers with expiry"), FeatureStatus::Completed),
            (s("Replay shown in the audit trail"), FeatureStatus::InProgress),
        ],
        tests: vec![
            test("TC-88", "two_requests_at_once_refund_once", TestLevel::Integration, Some(Outcome::Failed)),
            test("TC-91", "two_nodes_at_once_refund_once", TestLevel::EndToEnd, Some(Outcome::Error)),
            test("TC-81", "the_same_key_returns_the_same_bytes", TestLevel::Unit, Some(Outcome::Passed)),
            test("TC-95", "a_key_expires_at_midnight_in_lisbon", TestLevel::Unit, Some(Outcome::Skipped)),
            TestLine { key: s("TC-99"), name: s(ODD), level: TestLevel::Security, latest: None, when: None },
        ],
        results: vec![
            (128, counts(39, 2, 1, 0), ago(12)),
            (127, counts(41, 1, 0, 0), ago(222)),
            (126, counts(42, 0, 0, 0), ago(432)),
        ],
        defects: vec![(s("DEF-9"), s("Two nodes refund the same key twice"), DefectStatus::InProgress)],
        depends_on: vec![(s("REQ-11"), s("Refunds can be found by key"), ProofState::Proven)],
        needed_by: vec![(s("REQ-55"), s("A disputed refund can be reversed by two people together"), ProofState::Gap)],
        history: history(),
        history_href: "/history".to_owned(),
        moves: vec![RequirementStatus::Completed, RequirementStatus::Approved, RequirementStatus::Rejected],
        may_edit: true,
        version: 7,
        errors: FormErrors::default(),
        link_errors: FormErrors::default(),
        conflict: None,
        people: vec![(s("u1"), s("Jonas Weber")), (s("u2"), s("Mira Holm"))],
        link_criteria: vec![(s("c1"), s("Two concurrent requests refund once"))],
        entered: None,
    }
}

pub(super) fn home(full: bool) -> views::home::View {
    let project = |name: &str, description: &str, state, proven, requirements, latest| views::home::Project {
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
        work: if full { my_work() } else { views::home::Work::default() },
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

pub(super) fn overview() -> views::overview::View {
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
        days: trend(),
        counted: Some((
            vec![(s("Tasks"), s("14 to do, 1 overdue")), (s("Coverage"), s("87.4 % of lines")), (s("Members"), s("9"))],
            ago(3),
        )),
        attention: REQUIREMENTS
            .iter()
            .take(4)
            .map(|(key, title, proof, ..)| {
                (s(key), s(title), *proof, s(if *proof == ProofState::Failing { "3 tests failing" } else { "no test" }))
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
            Deployed { environment: s("sandbox"), version: None, status: None, when: None },
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

/// What the search page finds.
pub(crate) fn found() -> views::find::View {
    let piece = |text: &str, fits: bool| kernel::Piece { text: s(text), fits };
    let value = |label: &str, count: i64, chosen: bool| views::find::FacetValue {
        label: s(label),
        count,
        href: s("/search?q=refund"),
        chosen,
    };
    let facet = |label: &str, values: Vec<views::find::FacetValue>| views::find::Facet { label: s(label), values };
    views::find::View {
        query: s("refund"),
        total: 5000,
        capped: true,
        facets: vec![
            facet("Type", vec![value("requirement", 3120, true), value("test case", 1880, false)]),
            facet("Status", vec![value("in progress", 2800, false), value("done", 2200, false)]),
        ],
        results: REQUIREMENTS
            .iter()
            .map(|(key, title, proof, ..)| views::find::Found {
                glyph: web::icons::Icon::ListChecks,
                kind: s("requirement"),
                key: Some(s(key)),
                title: vec![piece(title, false)],
                excerpt: vec![
                    piece("A ", false),
                    piece("refund", true),
                    piece(" reaches the customer within <5 days>.", false),
                ],
                project: Some(s("Payments")),
                status: Some(s(proof.word())),
                changed: None,
                href: s("/requirement"),
            })
            .collect(),
        next: Some(s("/search?q=refund&after=50")),
        ..Default::default()
    }
}
