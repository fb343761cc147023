//! Deployments, imports, tokens and the account.

use web::components::{Actor, ActorKind, FormErrors};
use web::state::*;
use web::views;

use super::ODD;
use super::parts::*;

pub(super) fn deployments() -> views::deployments::View {
    use views::deployments::{Approval, Environment, Row, View};
    let row = |environment: &str, version: &str, build, status, reason: Option<&str>, minutes| Row {
        environment: s(environment),
        version: s(version),
        build: Some(build),
        moves: if status == DeploymentStatus::Success { vec![DeploymentStatus::RolledBack] } else { vec![] },
        id: (format!("d{minutes}"), 1),
        status,
        by: Actor { name: s("Deploy agent"), kind: ActorKind::Agent, on_behalf_of: Some(s("Ana Duarte")) },
        approval: match (environment, status) {
            ("production", DeploymentStatus::Failed) => Approval::Yours,
            ("production", _) => Approval::Given(s("Ana Duarte")),
            _ => Approval::NotNeeded,
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
                current: Some(row("staging", "1.8.2", 128, DeploymentStatus::Success, None, 4)),
                behind: Some(0),
            },
            Environment {
                name: s("production"),
                protected: true,
                current: Some(row("production", "1.8.1", 127, DeploymentStatus::Success, None, 4_000)),
                behind: Some(1),
            },
            Environment { name: s("sandbox"), protected: false, current: None, behind: None },
        ],
        filters: plain_filters("/deployments", vec![choice::<DeploymentStatus>("status", "Status", &[])]),
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
            row("production", "1.8.1", 127, DeploymentStatus::Success, None, 4_000),
            row("production", "1.8.0", 124, DeploymentStatus::Failed, Some("health check did not answer"), 9_000),
        ],
        pager: pager("4 deployments"),
        export: s("/deployments.csv"),
        form: Some(views::deployments::Form {
            environments: vec![(s("e1"), s("staging")), (s("e2"), s("production"))],
            builds: vec![(s("128"), s("#128 · 1.8.2 · main"))],
            entered: [s("e1"), s("128"), String::new(), s("success"), String::new()],
            errors: FormErrors::default(),
        }),
    }
}

fn changes() -> Vec<views::import_job::Change> {
    let one = |what: &str, record: &str, fields: &[(&str, Option<&str>, Option<&str>)]| views::import_job::Change {
        what: s(what),
        record: s(record),
        title: s("Refunds are booked once"),
        fields: fields.iter().map(|(field, from, to)| (s(field), from.map(s), to.map(s))).collect(),
    };
    vec![
        one("created", "SRS-17", &[("title", None, Some("Refunds are booked once")), ("status", None, Some("draft"))]),
        one(
            "updated",
            "REQ-42",
            &[
                ("description", Some("A refund is booked."), Some("A refund is booked once.")),
                ("due", Some("2026-12-01"), None),
            ],
        ),
        one("left", "REQ-43", &[("title", Some("What the file says"), Some("What was written here"))]),
    ]
}

pub(super) fn profiles(empty: bool) -> views::profiles::View {
    views::profiles::View {
        rows: if empty {
            vec![]
        } else {
            vec![(s("1"), s("supplier"), s("as usual"), ago(11)), (s("2"), s("tracker"), s("defects"), ago(300))]
        },
        form: (!empty).then(|| (String::new(), FormErrors::default())),
    }
}

pub(super) fn profile(may_change: bool) -> views::profiles::One {
    let mut lists: [String; views::profiles::LISTS.len()] = Default::default();
    lists[0] = s("Anforderung = text\nNummer = identifier\nBemerkung = keep");
    lists[2] = s("In Review = draft\nReleased = approved");
    views::profiles::One {
        id: s("1"),
        version: s("1"),
        entered: views::profiles::Entered {
            name: s("supplier"),
            target: s("as_usual"),
            system: s("doors"),
            sheet: String::new(),
            lists,
        },
        errors: FormErrors::default(),
        may_change,
    }
}

pub(super) fn import_job(running: bool) -> views::import_job::View {
    use views::import_job::{File, Rejection, View};
    let file = |name: &str, format: &str, status, numbers: [i64; 5], outcomes, remark: Option<&str>| File {
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
    };
    View {
        id: s("01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b"),
        status: if running { ImportStatus::Running } else { ImportStatus::Rejected },
        when: ago(1),
        build: Some(128),
        files_done: (if running { 2 } else { 4 }, 4),
        bytes: (2_480_000, 4_960_000),
        kinds: vec![(s("test cases"), [60, 0, 1_000]), (s("test results"), [0, 0, 1_000])],
        files: vec![
            file(
                "TEST-refunds.xml",
                "JUnit XML",
                FileStatus::Imported,
                [60, 60, 0, 0, 214],
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
                Rejection { file: s("TEST-refunds.xml"), line: Some(1_204), reason: s("a test case without a name") },
                Rejection { file: s("TEST-refunds.xml"), line: None, reason: s("time “2,5x” is not a number") },
            ]
        },
        changes: if running { vec![] } else { changes() },
        tried: !running,
        rejected_total: if running { 0 } else { 214 },
        failure: None,
    }
}

pub(super) fn tokens(some: bool, created: bool) -> views::tokens::View {
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
            vec![token("CI of payments", Some(ago(12)), Some(ago(-60 * 24 * 80))), token(ODD, None, None)]
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

pub(super) fn account() -> views::account::View {
    let session = |agent: &str, minutes, current| views::account::Session {
        id: s("s1"),
        agent: s(agent),
        address: s("192.0.2.17"),
        active: ago(minutes),
        expires: ago(-60 * 24 * 6),
        current,
    };
    views::account::View {
        errors: web::components::FormErrors::default(),
        email: s("mira@northwind.example"),
        role: s("administrator"),
        sessions: vec![session("Firefox on Linux", 0, true), session("Safari on iPhone", 60 * 26, false)],
    }
}
