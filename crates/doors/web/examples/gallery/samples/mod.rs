//! Sample view models: short, long, empty, many and odd. The figures in them are invented; the page names say what they show.

mod access;
mod audit;
mod baselines;
mod changes;
mod delivery;
mod findings;
mod links;
mod parts;
mod quality;
mod questions;
mod releases;
mod requirements;
mod security;
mod services;
mod watching;
mod webhooks;

use delivery::*;
use maud::Markup;
use parts::*;
use quality::*;
pub(crate) use requirements::hits;
use requirements::*;
use watching::*;
use web::components::{Filters, FormErrors};
use web::layout::{AccessNav, Flash, Frame, ProjectNav, Section};
use web::state::*;
use web::views;

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
    "quality",
    "quality-empty",
    "health",
    "health-empty",
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
    "gate",
    "gate-refused",
    "gate-reader",
    "gate-empty",
    "releases",
    "releases-empty",
    "releases-refused",
    "changes",
    "changes-conflicts",
    "changes-many",
    "changes-empty",
    "audit",
    "audit-empty",
    "audit-nothing-fits",
    "audit-refused",
    "audit-entry",
    "audit-entry-emptied",
    "story",
    "story-empty",
    "baselines",
    "baselines-empty",
    "baselines-refused",
    "baseline",
    "baseline-empty",
    "baseline-record",
    "comparison",
    "comparison-empty",
    "suspects",
    "suspects-empty",
    "links",
    "links-checked",
    "links-refused",
    "impact",
    "impact-empty",
    "impact-alone",
    "impact-refused",
    "kinds",
    "kinds-empty",
    "kinds-refused",
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
    "findings",
    "findings-empty",
    "findings-nothing-fits",
    "finding",
    "finding-open",
    "finding-refused",
    "exposure",
    "exposure-empty",
    "exposure-unknown",
    "exposure-nowhere",
    "services",
    "services-empty",
    "service",
    "service-empty",
    "service-nothing-fits",
    "deployments",
    "deployments-empty",
    "import",
    "import-refused",
    "import-running",
    "import-done",
    "webhooks",
    "webhooks-empty",
    "webhooks-refused",
    "webhook",
    "webhook-new",
    "webhook-orphan",
    "webhook-message",
    "webhook-message-failed",
    "import-profiles",
    "import-profiles-empty",
    "import-profile",
    "import-profile-shown",
    "tokens",
    "tokens-empty",
    "tokens-created",
    "account",
    "find",
    "find-nothing",
    "security",
    "security-empty",
    "security-nothing-fits",
    "security-event",
    "security-event-told",
    "security-event-refused",
    "security-event-reader",
    "security-rules",
    "security-rules-reader",
    "members",
    "members-empty",
    "members-nothing-fits",
    "member",
    "member-refused",
    "member-empty",
    "roles",
    "roles-empty",
    "roles-refused",
    "rights",
    "rights-many",
    "rights-one",
    "rights-nothing-fits",
    "role",
    "role-refused",
    "role-empty",
    "grants",
    "grants-empty",
    "approvals",
    "approvals-empty",
    "access",
    "access-yes",
    "access-no",
    "access-what-if",
    "access-fault",
    "access-nothing",
    "access-agent",
    "access-who",
    "access-what",
    "access-mine",
    "design",
    "403",
    "404",
    "500",
];

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
        access: AccessNav {
            members: true,
            roles: true,
            about_others: true,
            approvals: true,
            trail: true,
            security: true,
        },
        person: Some(s("Mira Holm")),
        csrf: s("csrf-sample"),
        path: s("/"),
        ..Frame::default()
    }
}

/// One page of the gallery; `None` for a name that is not in it.
pub(crate) fn render(name: &str, base: &Frame) -> Option<Markup> {
    let at = |section| Frame { section, ..base.clone() };
    let outside = |section| Frame { section, project: None, ..base.clone() };
    let nobody = || Frame { person: None, project: None, ..base.clone() };
    let none = Filters { choices: vec![], ..filters("/requirements", &[]) };
    Some(match name {
        "sign-in" => views::sign_in::page(&nobody(), &views::sign_in::View::default()),
        "sign-in-refused" => views::sign_in::page(
            &nobody(),
            &views::sign_in::View {
                email: s("mira@northwind.example"),
                errors: FormErrors { summary: Some(s("E-mail and password do not fit together.")), fields: vec![] },
                return_to: s("/"),
            },
        ),
        "home" => views::home::page(&outside(Section::Home), &home(true)),
        "home-empty" => views::home::page(&outside(Section::Home), &home(false)),
        "quality" => {
            views::quality::page(&Frame { looks_after: true, ..outside(Section::Quality) }, &data_quality(true))
        }
        "quality-empty" => {
            views::quality::page(&Frame { looks_after: true, ..outside(Section::Quality) }, &data_quality(false))
        }
        "health" => views::watching::page(&Frame { looks_after: true, ..outside(Section::Health) }, &health(true)),
        "health-empty" => {
            views::watching::page(&Frame { looks_after: true, ..outside(Section::Health) }, &health(false))
        }
        "overview" => views::overview::page(&at(Section::Overview), &overview()),
        "overview-empty" => views::overview::page(
            &at(Section::Overview),
            &views::overview::View { name: s("risk"), ..Default::default() },
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
            &views::requirements::View { filters: none, may_create: true, ..Default::default() },
        ),
        "requirements-nothing-fits" => views::requirements::page(
            &at(Section::Requirements),
            &views::requirements::View { filters: filters("/requirements", &[0]), ..requirements_view(vec![]) },
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
                files: vec![],
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
        "matrix-empty" => {
            views::matrix::page(&at(Section::Matrix), &views::matrix::View { filters: none, ..Default::default() })
        }
        "tests" => views::test_cases::page(&at(Section::Tests), &tests()),
        "tests-empty" => views::test_cases::page(
            &at(Section::Tests),
            &views::test_cases::View { filters: none, ..Default::default() },
        ),
        "test" => views::test_case::page(&at(Section::Tests), &test(true)),
        "test-never-run" => views::test_case::page(&at(Section::Tests), &test(false)),
        "builds" => views::builds::page(&at(Section::Builds), &builds()),
        "builds-empty" => {
            views::builds::page(&at(Section::Builds), &views::builds::View { filters: none, ..Default::default() })
        }
        "build" => views::build::page(&at(Section::Builds), &build(true)),
        "build-empty" => views::build::page(&at(Section::Builds), &build(false)),
        "defects" => views::defects::page(&at(Section::Defects), &defects()),
        "links" => views::links::page(&at(Section::Matrix), &links::linking("")),
        "links-checked" => views::links::page(&at(Section::Matrix), &links::linking("checked")),
        "links-refused" => views::links::page(&at(Section::Matrix), &links::linking("refused")),
        "impact" => views::impact::page(&at(Section::Matrix), &links::impact(true)),
        "impact-empty" => views::impact::page(
            &outside(Section::Other),
            &views::impact::View { direction: s("both"), depth: 4, ..Default::default() },
        ),
        "impact-alone" => views::impact::page(&at(Section::Matrix), &links::impact(false)),
        "impact-refused" => views::impact::page(
            &outside(Section::Other),
            &views::impact::View {
                asked: s("REQ-9999"),
                direction: s("both"),
                depth: 4,
                refused: Some(s("There is no record `REQ-9999`.")),
                answer: None,
            },
        ),
        "kinds" => views::kinds::page(&at(Section::Matrix), &links::kinds(true)),
        "kinds-empty" => views::kinds::page(&at(Section::Matrix), &links::kinds(false)),
        "kinds-refused" => views::kinds::page(
            &at(Section::Matrix),
            &views::kinds::View {
                refused: Some(s("No link joins these two kinds of records. columns must be one of feature, task")),
                ..links::kinds(false)
            },
        ),
        "suspects" => views::suspects::page(&at(Section::Matrix), &baselines::suspect_links()),
        "suspects-empty" => views::suspects::page(&at(Section::Matrix), &views::suspects::View::default()),
        "changes" => views::changes::page(&outside(Section::Other), &changes::all(0)),
        "changes-conflicts" => views::changes::page(&outside(Section::Other), &changes::all(1)),
        "changes-many" => views::changes::page(&outside(Section::Other), &changes::all(2)),
        "changes-empty" => {
            let view = views::changes::View { title: "Changes of one request".to_owned(), ..Default::default() };
            views::changes::page(&outside(Section::Other), &view)
        }
        "audit" => views::audit::page(&outside(Section::Trail), &audit::list()),
        "audit-empty" => views::audit::page(&outside(Section::Trail), &views::audit::View::default()),
        "audit-nothing-fits" => views::audit::page(&outside(Section::Trail), &audit::narrowed(false)),
        "audit-refused" => views::audit::page(&outside(Section::Trail), &audit::narrowed(true)),
        "audit-entry" => views::audit::entry(&outside(Section::Trail), &audit::entry(true)),
        "audit-entry-emptied" => views::audit::entry(&outside(Section::Trail), &audit::entry(false)),
        "story" => views::changes::story(&outside(Section::Other), &changes::story(true)),
        "story-empty" => views::changes::story(&outside(Section::Other), &changes::story(false)),
        "baselines" => views::baselines::page(&at(Section::Baselines), &baselines::list(None)),
        "baselines-empty" => views::baselines::page(
            &at(Section::Baselines),
            &views::baselines::View { form: Some(Default::default()), ..Default::default() },
        ),
        "baselines-refused" => views::baselines::page(
            &at(Section::Baselines),
            &baselines::list(Some(refused("/name", "is taken already in this project"))),
        ),
        "baseline" => views::baselines::one(&at(Section::Baselines), &baselines::one(true)),
        "baseline-empty" => views::baselines::one(&at(Section::Baselines), &baselines::one(false)),
        "baseline-record" => views::baselines::then(&at(Section::Baselines), &baselines::then()),
        "comparison" => views::baselines::comparison(&at(Section::Baselines), &baselines::comparison(true)),
        "comparison-empty" => views::baselines::comparison(&at(Section::Baselines), &baselines::comparison(false)),
        name if name.starts_with("gate") => views::gate_rules::page(&at(Section::Builds), &releases::gate(name)),
        name if name.starts_with("releases") => views::releases::page(&at(Section::Releases), &releases::view(name)),
        "defects-empty" => views::defects::page(
            &at(Section::Defects),
            &views::defects::View { filters: none, may_create: true, ..Default::default() },
        ),
        "defects-refused" => views::defects::page(
            &at(Section::Defects),
            &views::defects::View { errors: refused("/title", "A title is at most 300 characters."), ..defects() },
        ),
        "defect" => views::defect::page(&at(Section::Defects), &defect()),
        name if name.starts_with("finding") => return findings::render(name, &at(Section::Findings)),
        name if name.starts_with("security") => return security::render(name, &outside(Section::Security)),
        name if name.starts_with("exposure") => {
            views::exposure::page(&outside(Section::Other), &findings::exposure(name))
        }
        name if name.starts_with("service") => return services::render(name, &outside(Section::Services)),
        "deployments" => views::deployments::page(&at(Section::Deployments), &deployments()),
        "deployments-empty" => views::deployments::page(
            &at(Section::Deployments),
            &views::deployments::View { filters: none, ..Default::default() },
        ),
        "import" | "import-refused" => views::import::page(
            &at(Section::Import),
            &views::import::View {
                projects: vec![(s("payments-gateway"), s("payments-gateway"))],
                builds: vec![(s("new"), s("A new build")), (s("128"), s("#128 · 1.8.2"))],
                chosen: s("new"),
                profiles: vec![(s("1"), s("supplier"))],
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
        name if name.starts_with("webhook") => return webhooks::render(name, &at(Section::Webhooks)),
        "import-profiles" => views::profiles::page(&at(Section::Import), &profiles(false)),
        "import-profiles-empty" => views::profiles::page(&at(Section::Import), &profiles(true)),
        "import-profile" => views::profiles::one(&at(Section::Import), &profile(true)),
        "import-profile-shown" => views::profiles::one(&at(Section::Import), &profile(false)),
        "tokens" => views::tokens::page(&outside(Section::Tokens), &tokens(true, false)),
        "tokens-empty" => views::tokens::page(&outside(Section::Tokens), &tokens(false, false)),
        "tokens-created" => views::tokens::page(&outside(Section::Tokens), &tokens(true, true)),
        "account" => views::account::page(&outside(Section::Account), &account()),
        "find" => views::find::page(&at(Section::Other), &found()),
        "find-nothing" => {
            views::find::page(&at(Section::Other), &views::find::View { query: s("xyzzy"), ..Default::default() })
        }
        "design" => views::design::page(&at(Section::Other), now()),
        "403" => views::errors::page(
            &at(Section::Other),
            &views::errors::Problem::Forbidden {
                needed: Some(s("developer in this project")),
                said: s("You may not create defects: no role of yours here may create a defect."),
                why: Some(s("/access-no")),
            },
        ),
        "404" => views::errors::page(&at(Section::Other), &views::errors::Problem::NotFound),
        "500" => {
            views::errors::page(&nobody(), &views::errors::Problem::Internal { request_id: s("01998a44-7d21-7b3e") })
        }
        _ => return access::render(name, base),
    })
}
