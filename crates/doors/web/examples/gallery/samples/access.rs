//! Samples of the pages about access.

use maud::Markup;
use web::components::{Figure, Filters, FormErrors, Pager};
use web::format::When;
use web::layout::{Frame, Section};
use web::state::*;
use web::views::access::{
    Grant, How, Place, Verdict, approvals, explorer, grants, matrix, member, members, role, roles,
};

use super::ODD;
use super::parts::{ago, choice, refused, s};
use super::questions::{asked, choices, no, yes};

/// One page about access; `None` for a name that is not among them.
pub(super) fn render(name: &str, base: &Frame) -> Option<Markup> {
    let at = |section| Frame { section, project: None, ..base.clone() };
    let question = |side, view: explorer::View| {
        explorer::page(&at(Section::Access), &explorer::View { side, about_others: true, choices: choices(), ..view })
    };
    Some(match name {
        "members" => members::page(&at(Section::Members), &people(true)),
        "members-empty" => members::page(&at(Section::Members), &members::View::default()),
        "members-nothing-fits" => members::page(&at(Section::Members), &people(false)),
        "member" => member::page(&at(Section::Members), &mira()),
        "member-refused" => member::page(
            &at(Section::Members),
            &member::View {
                refused: s("assign"),
                errors: FormErrors {
                    summary: Some(s(
                        "You may not give this: it allows deployment:approve, which you do not hold yourself.",
                    )),
                    ..refused("/valid_until", "must be after the moment it begins")
                },
                ..mira()
            },
        ),
        "member-empty" => member::page(
            &at(Section::Members),
            &member::View {
                id: s("9"),
                name: s(ODD),
                kind: Some(MemberKind::Service),
                status: Some(MemberStatus::Suspended),
                refused: s("erase"),
                errors: FormErrors {
                    summary: Some(s("The reason names the person.")),
                    ..refused("/reason", "must not name the person: it is kept when everything else is gone")
                },
                may_erase: true,
                ..member::View::default()
            },
        ),
        "roles" => roles::page(&at(Section::Roles), &tree()),
        "roles-empty" => roles::page(&at(Section::Roles), &roles::View { may_create: true, ..roles::View::default() }),
        "roles-refused" => roles::page(
            &at(Section::Roles),
            &roles::View {
                errors: refused(
                    "/name",
                    "begins with a lower-case letter and holds only lower-case letters, digits, _ and -",
                ),
                ..tree()
            },
        ),
        "rights" => roles::page(&at(Section::Roles), &with_matrix(rights(4, 14, 3))),
        "rights-many" => roles::page(&at(Section::Roles), &with_matrix(rights(50, 80, 2))),
        "rights-one" => roles::page(&at(Section::Roles), &with_matrix(rights(1, 14, 14))),
        "rights-nothing-fits" => roles::page(&at(Section::Roles), &with_matrix(rights(4, 0, 0))),
        "role" => role::page(&at(Section::Roles), &developer()),
        "role-refused" => role::page(
            &at(Section::Roles),
            &role::View {
                refused: s("add"),
                entered_condition: s("{\"==\": [{\"var\": \"resource.stat\"}, \"draft\"]}"),
                errors: refused(
                    "/additional_conditions",
                    "at /==/0/var: a requirement has no attribute resource.stat; did you mean resource.status?",
                ),
                ..developer()
            },
        ),
        "role-empty" => role::page(
            &at(Section::Roles),
            &role::View { name: s("odd"), title: s(ODD), may_edit: true, is_assignable: true, ..role::View::default() },
        ),
        "grants" => grants::page(&at(Section::Grants), &all_grants()),
        "grants-empty" => grants::page(&at(Section::Grants), &grants::View::default()),
        "approvals" => approvals::page(&at(Section::Approvals), &inbox()),
        "approvals-empty" => {
            approvals::page(&at(Section::Approvals), &approvals::View { may_ask: true, ..approvals::View::default() })
        }
        "access-mine" => explorer::page(
            &Frame { access: web::layout::AccessNav::default(), ..at(Section::Access) },
            &explorer::View {
                choices: explorer::Choices { roles: vec![], people: vec![], ..choices() },
                ..asked(true)
            },
        ),
        "access" => question(explorer::Side::May, explorer::View::default()),
        "access-yes" => question(explorer::Side::May, asked(true)),
        "access-no" => question(explorer::Side::May, asked(false)),
        "access-what-if" => question(
            explorer::Side::May,
            explorer::View {
                supposed: Some((s("they also hold the role Release manager in payments-gateway"), yes())),
                ..asked(false)
            },
        ),
        "access-fault" => question(
            explorer::Side::May,
            explorer::View { fault: Some(s("requirement `REQ-999999` was not found.")), ..explorer::View::default() },
        ),
        "access-nothing" => question(
            explorer::Side::May,
            explorer::View {
                answer: Some(Verdict {
                    line: vec![],
                    considered: vec![],
                    reason: s("No role of theirs may approve a deployment."),
                    ..no()
                }),
                ..asked(false)
            },
        ),
        "access-agent" => question(
            explorer::Side::May,
            explorer::View {
                answer: Some(Verdict {
                    person: Some((s("Mira Holm"), Box::new(no()))),
                    sentence: s("Scout may not approve deployments in payments-gateway."),
                    reason: s("The person it acts for may not approve a deployment."),
                    allowed: false,
                    ..yes()
                }),
                ..asked(false)
            },
        ),
        "access-who" => question(
            explorer::Side::Who,
            explorer::View {
                question: asked(true).question,
                who: Some(explorer::Who {
                    question: s("Who may read REQ-42 in payments-gateway"),
                    people: vec![
                        (
                            s("Mira Holm"),
                            MemberKind::Person,
                            s("/member"),
                            s("role admin in the organisation, which has it from viewer"),
                            s("/access-yes"),
                        ),
                        (
                            s("Scout"),
                            MemberKind::Agent,
                            s("/member"),
                            s("role developer in the project"),
                            s("/access-agent"),
                        ),
                        (
                            s(ODD),
                            MemberKind::Service,
                            s("/member"),
                            s("given in person for this record"),
                            s("/access-yes"),
                        ),
                    ],
                    next: Some(s("/access-who")),
                }),
                ..explorer::View::default()
            },
        ),
        "access-what" => question(
            explorer::Side::What,
            explorer::View {
                what: Some(explorer::What { name: s("Mira Holm"), kinds: able(), nowhere: 212 }),
                ..explorer::View::default()
            },
        ),
        _ => return None,
    })
}

pub(super) fn in_days(days: i64) -> When {
    ago(-days * 24 * 60 - 90)
}

fn grant(title: &str, how: How, place: &str, state: GrantState) -> Grant {
    Grant {
        id: format!("{}-{}", title.to_lowercase().replace(' ', "-"), place.len()),
        holder: (s("Mira Holm"), MemberKind::Person, s("/member")),
        title: s(title),
        href: Some(s("/role")),
        by: (how != How::Automatic && how != How::InProject).then(|| s("Olga Owner")),
        how,
        at: Some(ago(60 * 24 * 12)),
        place: Place { words: s(place), href: (place != "everywhere").then(|| s("/overview")) },
        from: None,
        until: None,
        state,
        ended: None,
        condition: vec![],
        reason: None,
        hands: 0,
        may_revoke: false,
        may_delegate: false,
        depth: 0,
    }
}

fn held() -> Vec<Grant> {
    use GrantState::{Ending, Live, Revoked, Scheduled};
    vec![
        Grant {
            hands: 2,
            may_delegate: true,
            may_revoke: true,
            reason: Some(s("Leads the payments team")),
            ..grant("Developer", How::Assigned, "everywhere", Live)
        },
        Grant {
            until: Some(in_days(3)),
            may_revoke: true,
            by: Some(s("Jonas Weber")),
            condition: vec![
                s("environment.address is in the network 10.0.0.0/8"),
                s("the hour of environment.time in Europe/Berlin is at least 8"),
            ],
            ..grant("Release manager", How::Delegated(2), "in payments-gateway", Ending)
        },
        grant("Viewer", How::InProject, "in risk", Live),
        Grant {
            condition: vec![s("\"security\" is in subject.teams")],
            ..grant("Security reader", How::Automatic, "everywhere", Live)
        },
        Grant {
            href: None,
            until: Some(ago(-52)),
            reason: Some(s("Checkout is down, the rollback needs a yes")),
            by: Some(s("themselves")),
            ..grant("approve deployment", How::Emergency, "in payments-gateway", Ending)
        },
        Grant { href: None, ..grant("update requirement", How::Proxy(s("Jonas Weber")), "everywhere", Live) },
        Grant {
            from: Some(in_days(6)),
            until: Some(in_days(20)),
            may_revoke: true,
            ..grant("Administrator", How::Assigned, "everywhere", Scheduled)
        },
        Grant {
            ended: Some(s("taken back 4 d ago by Olga Owner: the audit is over")),
            ..grant("Auditor", How::Assigned, "everywhere", Revoked)
        },
    ]
}

fn able() -> Vec<(String, Vec<explorer::Able>)> {
    use explorer::Reach::{Conditional, Everywhere, Somewhere};
    let one = |action: &str, reach| explorer::Able { action: s(action), reach, href: s("/access-yes") };
    vec![
        (
            s("requirement"),
            vec![
                one("read", Everywhere),
                one("create", Everywhere),
                one("update", Everywhere),
                one("approve", Somewhere(s("in payments-gateway"))),
            ],
        ),
        (
            s("deployment"),
            vec![one("read", Everywhere), one("approve", Conditional(s("in payments-gateway, under a condition")))],
        ),
        (
            s("api_token"),
            vec![one("read", Conditional(s("of their own"))), one("delete", Conditional(s("of their own")))],
        ),
        (
            s("test_case"),
            vec![one("read", Somewhere(s("in payments-gateway, risk, ledger and 4 more; for 2 records")))],
        ),
    ]
}

fn mira() -> member::View {
    let pairs = |list: &[(&str, &str)]| list.iter().map(|(a, b)| (s(a), s(b))).collect();
    member::View {
        id: s("7"),
        name: s("Mira Holm"),
        is_self: true,
        email: s("mira@northwind.example"),
        kind: Some(MemberKind::Person),
        status: Some(MemberStatus::Active),
        owner: None,
        job: Some(s("Lead engineer")),
        seen: Some(ago(42)),
        grants: held(),
        able: Some(able()),
        may_assign: true,
        roles: pairs(&[("viewer", "Viewer"), ("developer", "Developer"), ("release-manager", "Release manager")]),
        projects: pairs(&[("1", "payments-gateway"), ("2", "risk")]),
        people: pairs(&[("jonas@northwind.example", "Jonas Weber")]),
        emergencies: pairs(&[("deployment:approve", "deployment:approve")]),
        ..member::View::default()
    }
}

fn people(fits: bool) -> members::View {
    let row = |name: &str, email: &str, kind, status, roles| members::Row {
        name: s(name),
        href: s("/member"),
        email: s(email),
        kind,
        owner: None,
        status,
        roles,
        projects: vec![],
        seen: Some(ago(42)),
    };
    let mut rows = vec![
        members::Row {
            projects: vec![
                (s("payments-gateway"), s("/overview"), s("Developer")),
                (s("risk"), s("/overview"), s("Viewer")),
                (s("ledger"), s("/overview"), s("Viewer")),
                (s("cards"), s("/overview"), s("Viewer")),
            ],
            ..row(
                "Mira Holm",
                "mira@northwind.example",
                MemberKind::Person,
                MemberStatus::Active,
                held().into_iter().take(2).collect(),
            )
        },
        row(
            "Olga Owner",
            "olga@northwind.example",
            MemberKind::Person,
            MemberStatus::Active,
            vec![grant("Owner", How::Assigned, "everywhere", GrantState::Live)],
        ),
        members::Row {
            owner: Some((s("Mira Holm"), s("/member"))),
            seen: None,
            ..row(
                "Scout",
                "",
                MemberKind::Agent,
                MemberStatus::Active,
                vec![grant("Developer", How::Delegated(1), "in payments-gateway", GrantState::Live)],
            )
        },
        members::Row { seen: None, ..row("nightly-import", "", MemberKind::Service, MemberStatus::Active, vec![]) },
        row(ODD, "odd@northwind.example", MemberKind::Person, MemberStatus::Invited, vec![]),
    ];
    rows.truncate(if fits { 5 } else { 0 });
    members::View {
        filters: Filters {
            action: s("/members"),
            text: Some(String::new()),
            choices: vec![
                choice::<MemberKind>("kind", "Kind", if fits { &[] } else { &[1] }),
                choice::<MemberStatus>("status", "Status", &[]),
            ],
            carry: vec![],
        },
        pager: Pager { shown: s("3 members, by name"), ..Pager::default() },
        rows,
        sees_roles: true,
        sees_all_roles: true,
    }
}

fn tree() -> roles::View {
    let one = |title: &str, name: &str, description: &str, holders, own, below| roles::Role {
        title: s(title),
        name: s(name),
        description: s(description),
        holders,
        own,
        remarks: vec![],
        below,
    };
    let owner = roles::Role {
        remarks: vec![s("comes with the program")],
        ..one("Owner", "owner", "Whoever answers for the organisation", 2, 1, vec![])
    };
    let admin = one("Administrator", "admin", "Looks after members and settings", 3, 41, vec![owner]);
    let release = roles::Role {
        remarks: vec![s("at most 3 at once"), s("until 31 Dec 2026")],
        ..one("Release manager", "release-manager", "Says yes to what goes live", 1, 2, vec![])
    };
    let developer = one("Developer", "developer", "Writes requirements, tests and code", 28, 96, vec![admin, release]);
    let viewer = one("Viewer", "viewer", "Sees everything that is not private", 12, 38, vec![developer]);
    let odd = roles::Role {
        remarks: vec![s("only inherited from"), s("held automatically")],
        ..one(ODD, "odd", "", 0, 0, vec![])
    };
    roles::View {
        tree: vec![viewer, odd],
        may_create: true,
        parents: vec![(s("1"), s("Viewer")), (s("2"), s("Developer"))],
        ..roles::View::default()
    }
}

fn with_matrix(matrix: matrix::Matrix) -> roles::View {
    roles::View { matrix: Some(matrix), ..roles::View::default() }
}

/// The first `open` of `kinds` kinds of things are open.
fn rights(columns: usize, kinds: usize, open: usize) -> matrix::Matrix {
    const KINDS: [&str; 14] = [
        "requirement",
        "feature",
        "test_case",
        "test_result",
        "defect",
        "build",
        "deployment",
        "environment",
        "change_request",
        "document",
        "member",
        "role",
        "api_token",
        "audit_log",
    ];
    const ROLES: [&str; 4] = ["Viewer", "Developer", "Administrator", "Owner"];
    const ACTIONS: [&str; 6] = ["read", "create", "update", "delete", "export", "approve"];
    let roles: Vec<(String, String)> = (0..columns)
        .map(|n| match ROLES.get(n) {
            Some(title) => (s(title), title.to_lowercase()),
            None => (format!("Department role {n}"), format!("role-{n}")),
        })
        .collect();
    let cell = |kind: usize, action: usize, role: usize| matrix::Cell {
        gives: action <= role * 2 % 7 || (role + kind).is_multiple_of(11),
        from: (role > 0 && action < 2).then(|| s("Viewer")),
        conditional: (kind + action + role) % 7 == 3,
        approval: action == 5 && role > 1,
    };
    let kinds = (0..kinds).map(|kind| {
        let name = KINDS.get(kind).map_or_else(|| format!("kind_of_thing_{kind}"), |name| s(name));
        let is_open = kind < open;
        matrix::Kind {
            description: format!("Everything about {name}"),
            toggle: format!("/rights#{name}"),
            is_open,
            sums: (0..columns).map(|role| (0..6).filter(|action| cell(kind, *action, role).gives).count()).collect(),
            of: 6,
            actions: ACTIONS
                .iter()
                .enumerate()
                .filter(|_| is_open)
                .map(|(action, name)| (s(name), (0..columns).map(|role| cell(kind, action, role)).collect()))
                .collect(),
            name,
        }
    });
    matrix::Matrix {
        filters: Filters { action: s("/rights"), text: Some(String::new()), choices: vec![], carry: vec![] },
        all: roles.clone(),
        roles,
        kinds: kinds.collect(),
        fold: Some((s("Open all"), s("/rights-one"))),
    }
}

fn developer() -> role::View {
    let one = |action: &str, from: Option<&str>, conditions: &[&str]| role::Given {
        action: s(action),
        cell: matrix::Cell { gives: true, from: from.map(s), conditional: !conditions.is_empty(), approval: false },
        from: from.map(str::to_lowercase),
        conditions: conditions.iter().map(|one| s(one)).collect(),
        times: String::new(),
        row: from.is_none().then(|| format!("{action}-1")),
    };
    let approve = one("approve", None, &["resource.status is \"draft\"", "not (resource.owner_user_id is subject.id)"]);
    role::View {
        name: s("developer"),
        title: s("Developer"),
        description: s("Writes requirements, tests and code"),
        line: vec![(s("Developer"), s("developer")), (s("Viewer"), s("viewer"))],
        remarks: vec![s("comes with the program")],
        automatic: vec![s("\"engineering\" is in subject.teams")],
        filters: Filters { action: s("/role"), text: Some(String::new()), ..Filters::default() },
        gives: vec![
            (
                s("requirement"),
                vec![
                    one("create", None, &[]),
                    one("read", Some("Viewer"), &[]),
                    role::Given { times: s("until 31 Dec 2026, 00:00 UTC"), ..approve.clone() },
                ],
            ),
            (
                s("deployment"),
                vec![role::Given {
                    cell: matrix::Cell { approval: true, ..approve.cell.clone() },
                    conditions: vec![],
                    ..approve
                }],
            ),
        ],
        holders: held().into_iter().take(3).collect(),
        may_edit: true,
        permissions: vec![(s("1"), s("requirement:approve"))],
        parents: vec![(s("1"), s("Viewer"))],
        parent: s("1"),
        is_assignable: true,
        version: 3,
        ..role::View::default()
    }
}

fn all_grants() -> grants::View {
    let mut rows = held();
    rows.retain(|one| !matches!(one.how, How::InProject | How::Automatic));
    rows[1].depth = 1;
    rows[1].holder = (s("Scout"), MemberKind::Agent, s("/member"));
    let below = Grant { depth: 2, holder: (s(ODD), MemberKind::Person, s("/member")), ..rows[1].clone() };
    rows.insert(2, below);
    grants::View {
        filters: Filters {
            action: s("/grants"),
            text: Some(String::new()),
            choices: vec![choice::<GrantState>("state", "State", &[])],
            carry: vec![],
        },
        figures: vec![
            Figure::count(41, "in force", Some(s("/grants")), None),
            Figure::count(2, "end within a week", Some(s("/grants")), Some(Tone::Warn)),
            Figure::count(1, "begin later", Some(s("/grants")), None),
            Figure::count(6, "passed on", Some(s("/grants")), None),
            Figure::count(1, "emergencies", Some(s("/grants")), Some(Tone::Bad)),
        ],
        rows,
        is_cut: true,
    }
}

fn inbox() -> approvals::View {
    let one = |id: &str, what: &str, status| approvals::Request {
        id: s(id),
        what: s(what),
        code: s("deployment:approve"),
        by: Some((s("Jonas Weber"), s("/member"))),
        gains: None,
        project: Some(s("payments-gateway")),
        duration: Some(s("for 8 hours")),
        status,
        step: Some(s("Step 1 of 2, Security review: waits for Administrator; 0 of 1 said yes")),
        asked: ago(190),
        decided: None,
        answers: vec![],
        href: Some(s("/access-no")),
    };
    approvals::View {
        waiting: vec![
            one("a", "Approve deployment", ApprovalStatus::Pending),
            approvals::Request { gains: Some((s("Scout"), s("/member"))), ..one("b", ODD, ApprovalStatus::Pending) },
        ],
        own: vec![approvals::Request {
            by: Some((s("Mira Holm"), s("/member"))),
            answers: vec![(s("Olga Owner"), s("said yes"), s("until Friday"), ago(30))],
            ..one("c", "Export audit log", ApprovalStatus::Pending)
        }],
        others: vec![approvals::Request {
            step: None,
            decided: Some(ago(3000)),
            answers: vec![(s("Olga Owner"), s("said no"), s("Ask again with an end."), ago(3000))],
            ..one("d", "The role Administrator", ApprovalStatus::Rejected)
        }],
        may_ask: true,
        permissions: vec![(s("1"), s("deployment:approve"))],
        projects: vec![(s("1"), s("payments-gateway"))],
        refused: s("b"),
        errors: FormErrors {
            summary: Some(s("Nobody decides on their own request; somebody else has to.")),
            fields: vec![],
        },
        ..approvals::View::default()
    }
}
