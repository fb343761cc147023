//! The readable page of a bundle: one file that needs nothing else, worked out from the data alone, so that everybody can work it out
//! again. It says everything that the data say.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::record::{Criterion, Evidence, Requirement, Summary};

const STYLE: &str = include_str!("page.css");

/// The page of `evidence`.
pub fn render(evidence: &Evidence) -> String {
    let title = format!("Evidence: {} of {}", evidence.about.name, evidence.project.name);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { (top(evidence)) }
                main {
                    (figures(&evidence.summary))
                    (required(evidence))
                    (open(evidence))
                    (waivers(evidence))
                    (gate(evidence))
                    (deployed(evidence))
                    (made_of(evidence))
                    (tests(evidence))
                    (checking(evidence))
                }
            }
        }
    };
    // A line for each piece, so that what was altered can be told by its line.
    page.into_string()
        .replace("</tr>", "</tr>\n")
        .replace("</li>", "</li>\n")
        .replace("</div>", "</div>\n")
        .replace("<section", "\n<section")
}

/// A moment as people read it, with the moment itself beside it.
fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%-d %b %Y, %H:%M UTC")) } }
}

fn maybe_time(at: Option<Timestamp>, without: &str) -> Markup {
    at.map_or_else(|| none(without), time)
}

fn none(words: &str) -> Markup {
    html! { span class="none" { (words) } }
}

fn maybe(text: Option<&str>, without: &str) -> Markup {
    text.map_or_else(|| none(without), |text| html! { (text) })
}

fn digest(text: Option<&str>) -> Markup {
    text.map_or_else(|| none("no digest"), |text| html! { code { (text) } })
}

/// Words of a stored state, with its sign.
fn state(code: &str) -> Markup {
    let tone = match code {
        "proven" | "passed" | "success" | "released" | "approved" | "completed" => "good",
        "failing" | "failed" | "error" | "critical" | "high" | "rejected" | "withdrawn" => "bad",
        "no_test" | "not_run" | "skipped" | "rolled_back" | "changed" | "removed" => "warn",
        _ => "calm",
    };
    html! { span class={ "state " (tone) } data-code=(code) { (code.replace('_', " ")) } }
}

fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! { dl { @for (name, value) in rows { div { dt { (name) } dd { (value) } } } } }
}

fn table(heads: &[&str], rows: &Markup) -> Markup {
    html! { div class="wide" tabindex="0" { table { thead { tr { @for head in heads { @if head.is_empty() { td {} } @else { th scope="col" { (head) } } } } } tbody { (rows) } } } }
}

fn section(id: &str, heading: &str, count: Option<usize>, body: &Markup) -> Markup {
    html! { section id=(id) { h2 { (heading) @if let Some(count) = count { " " span class="count" { (count) } } } (body) } }
}

fn top(evidence: &Evidence) -> Markup {
    let (about, made, build) = (&evidence.about, &evidence.made, &evidence.build);
    html! {
        p class="kind" { "Evidence of a " span { (about.kind) } }
        h1 { (about.name) " of " (evidence.project.name) }
        p { (state(&about.status)) @if let Some(at) = about.at { " · " (time(at)) } " · build " b { "#" (build.number) } " · " (state(&build.status)) }
        @if let Some(notes) = &about.notes { p class="notes" { (notes) } }
        (facts(&[
            ("Made", html! { (time(made.at)) " by " (made.by) " (" (made.by_kind) ")" @if let Some(other) = made.on_behalf_of { " for member " code { (other) } } " with " (made.program) }),
            ("Organisation", html! { (evidence.organization.name) " " code { (evidence.organization.id) } }),
            ("Project", html! { (evidence.project.name) ", " code { (evidence.project.slug) } " " code { (evidence.project.id) } }),
            ("Subject", html! { code { (about.id) } }),
            ("Commit", digest(build.commit.as_deref())),
            ("Build", html! { "#" (build.number) ", version " (maybe(build.version.as_deref(), "without a version")) ", branch " (maybe(build.branch.as_deref(), "unknown")) ", " (time(build.at)) " " code { (build.id) } }),
            ("Lines covered", build.coverage_percent.as_ref().map_or_else(|| none("not measured"), |percent| html! { (percent) " %" })),
            ("Security scan", state(&build.security_scan)),
            ("Agreed in", baseline(evidence)),
        ]))
    }
}

fn baseline(evidence: &Evidence) -> Markup {
    let Some(baseline) = &evidence.baseline else {
        return none("no baseline: what the project said when this was made");
    };
    html! {
        "baseline " b { (baseline.name) } " " (state(&baseline.status)) ", taken " (time(baseline.taken_at)) " by " (maybe(baseline.taken_by.as_deref(), "the system"))
        @if let Some(at) = baseline.decided_at { ", decided " (time(at)) " by " (maybe(baseline.decided_by.as_deref(), "nobody known")) ": " (maybe(baseline.decision_reason.as_deref(), "without a reason")) }
        "; " (baseline.records) " records " code { (baseline.id) } " SHA-256 " code { (baseline.sha256) }
    }
}

fn figures(all: &Summary) -> Markup {
    let figure = |value: u64, words: &str, bad: bool| html! { div class=(if bad && value > 0 { "figure bad" } else { "figure" }) { b { (value) } span { (words) } } };
    html! {
        section id="figures" aria-label="Figures" {
            div class="figures" {
                (figure(all.requirements, "requirements", false))
                (figure(all.required, "of them agreed", false))
                (figure(all.criteria, "criteria of those", false))
                (figure(all.proven, "proven", false))
                (figure(all.failing, "failing", true))
                (figure(all.not_run, "not run", true))
                (figure(all.without_test, "without a test", true))
                (figure(all.tests_passed, "tests passed", false))
                (figure(all.tests_failed, "tests failed", true))
                (figure(all.tests_not_run, "tests not run", false))
                (figure(all.defects, "open defects", true))
                (figure(all.findings, "open findings", true))
                (figure(all.vulnerabilities, "open vulnerabilities", true))
                (figure(all.suspect_links, "suspect links", true))
                (figure(all.open, "open in all", true))
            }
        }
    }
}

fn keys(tests: &[String]) -> Markup {
    html! { @if tests.is_empty() { (none("no test")) } @else { @for (at, key) in tests.iter().enumerate() { @if at > 0 { ", " } a href={ "#test-" (key) } { (key) } } } }
}

fn since(change: Option<&str>) -> Markup {
    html! { @if let Some(change) = change { " " (state(change)) " since the baseline" } }
}

fn required(evidence: &Evidence) -> Markup {
    let one = |requirement: &Requirement| {
        html! {
            article class=(if requirement.is_required() { "requirement" } else { "requirement idle" }) id={ "requirement-" (requirement.key) } {
                h3 { span class="key" { (requirement.key) } " " (requirement.title) }
                p { (state(&requirement.status)) " · priority " (maybe(requirement.priority.as_deref(), "none")) (since(requirement.since_baseline.as_deref())) @if !requirement.tests.is_empty() { " · verified as a whole by " (keys(&requirement.tests)) } }
                @if let Some(description) = &requirement.description { p class="notes" { (description) } }
                @if !requirement.criteria.is_empty() { (table(&["", "Criterion", "Proof", "Tests"], &html! { @for criterion in &requirement.criteria { (proof(criterion)) } })) }
            }
        }
    };
    section(
        "required",
        "What was required, and what proves it",
        Some(evidence.requirements.len()),
        &html! {
            @if evidence.requirements.is_empty() { p { "Nothing was required." } }
            @for requirement in &evidence.requirements { (one(requirement)) }
        },
    )
}

fn proof(criterion: &Criterion) -> Markup {
    html! { tr { td { (criterion.position) } td class="text" { (criterion.text) (since(criterion.since_baseline.as_deref())) } td { (state(&criterion.proof)) } td { (keys(&criterion.tests)) } } }
}

fn open(evidence: &Evidence) -> Markup {
    let gaps: Vec<(&Requirement, &Criterion)> = evidence
        .requirements
        .iter()
        .filter(|requirement| requirement.is_required())
        .flat_map(|requirement| requirement.criteria.iter().map(move |criterion| (requirement, criterion)))
        .filter(|(_, criterion)| criterion.proof != "proven")
        .collect();
    let red: Vec<_> =
        evidence.tests.iter().filter(|test| matches!(test.outcome.as_str(), "failed" | "error")).collect();
    section(
        "open",
        "What is open",
        None,
        &html! {
            @if evidence.summary.open == 0 { p { "Nothing: every criterion is proven, and no test, defect, finding, vulnerability or link is open." } }
            @if !gaps.is_empty() {
                h3 { "Criteria without proof" }
                ul { @for (requirement, criterion) in &gaps { li { a href={ "#requirement-" (requirement.key) } { (requirement.key) } " criterion " (criterion.position) ": " (state(&criterion.proof)) } } }
            }
            @if !red.is_empty() {
                h3 { "Failing tests" }
                ul { @for test in &red { li { a href={ "#test-" (test.key) } { (test.key) } " " (test.name) " " (state(&test.outcome)) } } }
            }
            @if !evidence.defects.is_empty() {
                h3 { "Defects" }
                (table(&["Key", "Defect", "Severity", "Status", "Seen in", "Reported"], &html! { @for one in &evidence.defects {
                    tr { td { (one.key) } td class="text" { (one.title) } td { (state(&one.severity)) } td { (state(&one.status)) } td { (maybe(one.affected_version.as_deref(), "unknown")) } td { (time(one.reported_at)) } }
                } }))
            }
            @if !evidence.findings.is_empty() {
                h3 { "Findings" }
                (table(&["Finding", "Tool and rule", "Severity", "State", "Where", "Since"], &html! { @for one in &evidence.findings {
                    tr { td class="text" { (one.name) } td { (one.tool) " " (maybe(one.rule.as_deref(), "no rule")) } td { (state(&one.severity)) } td { (state(&one.state)) }
                        td class="text" { (maybe(one.file.as_deref(), "no file")) @if let Some(line) = one.line { ":" (line) } } td { (time(one.first_seen_at)) } }
                } }))
            }
            @if !evidence.vulnerabilities.is_empty() {
                h3 { "Vulnerabilities" }
                (table(&["Vulnerability", "What it is", "Severity", "State", "Who says so"], &html! { @for one in &evidence.vulnerabilities {
                    tr { td { (one.name) } td class="text" { (maybe(one.title.as_deref(), "not described")) } td { @match &one.severity { Some(severity) => (state(severity)), None => (none("not rated")) } } td { (state(&one.state)) } td class="text" { (one.source) } }
                } }))
            }
            @if !evidence.suspect_links.is_empty() {
                h3 { "Links that nobody has accepted since an end changed" }
                ul { @for link in &evidence.suspect_links { li { (link.name) " since " (time(link.since)) } } }
            }
        },
    )
}

fn waivers(evidence: &Evidence) -> Markup {
    section(
        "waivers",
        "What was let pass",
        Some(evidence.waivers.len()),
        &html! {
            @if evidence.waivers.is_empty() { p { "Nothing was accepted, suppressed or set aside." } }
            @else {
                (table(&["What", "Kind", "Decision", "Severity", "Why", "By", "When", "Until"], &html! { @for one in &evidence.waivers {
                    tr { td class="text" { (one.name) } td { (state(&one.kind)) } td { @match &one.decision { Some(decision) => (state(decision)), None => (none("none said")) } }
                        td { @match &one.severity { Some(severity) => (state(severity)), None => (none("not rated")) } } td class="text" { (maybe(one.reason.as_deref(), "no reason given")) }
                        td { (maybe(one.by.as_deref(), "nobody named")) } td { (maybe_time(one.at, "unknown")) } td { (maybe_time(one.until, "for good")) } }
                } }))
            }
        },
    )
}

fn gate(evidence: &Evidence) -> Markup {
    section(
        "gate",
        "The rules it was held to",
        Some(evidence.gate.rules.len()),
        &html! {
            p { (state(if evidence.gate.passed { "passed" } else { "failed" })) @if evidence.gate.passed { " Every rule in force is met." } @else { " A rule in force is not met." } }
            (table(&["Rule", "Met", "In force", "Allowed", "Severity", "Why"], &html! { @for rule in &evidence.gate.rules {
                tr { td data-code=(rule.name) { (rule.name.replace('_', " ")) } td { (state(if rule.passed { "passed" } else { "failed" })) } td { (if rule.in_force { "yes" } else { "no" }) } td { (rule.allowed) }
                    td { (maybe(rule.severity.as_deref(), "any")) } td class="text" { (rule.reason) } }
            } }))
        },
    )
}

fn deployed(evidence: &Evidence) -> Markup {
    section(
        "deployed",
        "What was deployed where",
        Some(evidence.deployments.len()),
        &html! {
            @if evidence.deployments.is_empty() { p { "This build was deployed nowhere." } }
            @else {
                (table(&["Version", "Environment", "Service", "How it went", "Runs there now", "When", "By", "Agreed to by", "Remark"], &html! { @for one in &evidence.deployments {
                    tr title=(one.name) { td { (one.version) } td { (one.environment) " (" (one.tier) ")" } td { (maybe(one.service.as_deref(), "the build itself")) } td { (state(&one.status)) } td { (if one.runs_there_now { "yes" } else { "no" }) }
                        td { (time(one.at)) } td { (maybe(one.by.as_deref(), "a machine")) @if let Some(kind) = &one.by_kind { " (" (kind) ")" } } td { (maybe(one.approved_by.as_deref(), "nobody had to")) } td class="text" { (maybe(one.remark.as_deref(), "none")) } }
                } }))
            }
        },
    )
}

fn size(bytes: Option<i64>) -> Markup {
    bytes.map_or_else(|| none("unknown"), |bytes| html! { (bytes) " bytes" })
}

fn made_of(evidence: &Evidence) -> Markup {
    html! {
        (section("commits", "What is new in the build", Some(evidence.commits.len()), &html! {
            @if evidence.commits.is_empty() { p { "No commits were recorded." } }
            @else { ul { @for one in &evidence.commits { li { code { (one.name) } " " (one.subject) " · " (time(one.at)) } } } }
        }))
        (section("artifacts", "What the build made", Some(evidence.artifacts.len()), &html! {
            @if evidence.artifacts.is_empty() { p { "No artefacts were recorded." } }
            @else {
                (table(&["Artefact", "Kind", "Image", "Size", "SHA-256"], &html! { @for one in &evidence.artifacts {
                    tr { td class="text" { (one.name) } td { (state(&one.kind)) } td class="text" { (maybe(one.image.as_deref(), "none")) } td { (size(one.size_bytes)) } td { (digest(one.sha256.as_deref())) } }
                } }))
            }
        }))
        (section("reports", "The report files behind it", Some(evidence.reports.len()), &html! {
            @if evidence.reports.is_empty() { p { "No report was imported for this build." } }
            @else {
                (table(&["File", "Format", "Status", "Size", "SHA-256", "When"], &html! { @for one in &evidence.reports {
                    tr { td class="text" { (one.name) } td { (maybe(one.format.as_deref(), "unknown")) } td { (state(&one.status)) } td { (size(one.size_bytes)) } td { (digest(one.sha256.as_deref())) } td { (time(one.at)) } }
                } }))
            }
        }))
        @if !evidence.bills_of_materials.is_empty() {
            (section("materials", "Bills of materials", Some(evidence.bills_of_materials.len()), &table(&["Of", "Version", "Serial number", "CycloneDX", "Components", "Report"], &html! { @for one in &evidence.bills_of_materials {
                tr { td class="text" { (one.name) } td { (maybe(one.version.as_deref(), "none")) } td class="text" { (maybe(one.serial_number.as_deref(), "none")) } td { (one.spec_version) } td { (one.components) } td { (digest(one.report_sha256.as_deref())) } }
            } })))
        }
    }
}

fn tests(evidence: &Evidence) -> Markup {
    section(
        "tests",
        "The tests",
        Some(evidence.tests.len()),
        &html! {
            @if evidence.tests.is_empty() { p { "No test ran, and none verifies what was required." } }
            @else {
                (table(&["Key", "Test", "Level", "Outcome", "When", "Counts", "Report it came in"], &html! { @for one in &evidence.tests {
                    tr id={ "test-" (one.key) } { td { (one.key) } td class="text" { (one.name) } td { (state(&one.level)) } td { (state(&one.outcome)) } td { (maybe_time(one.at, "never in this build")) }
                        td { (state(&one.status)) @if let Some(until) = one.set_aside_until { " set aside until " (time(until)) } } td { (digest(one.report_sha256.as_deref())) } }
                } }))
            }
        },
    )
}

fn checking(evidence: &Evidence) -> Markup {
    section(
        "checking",
        "How to check this",
        None,
        &html! {
            p { "This page lies in an archive beside " code { "evidence.json" } ", which says the same to a machine, and " code { "evidence.intoto.json" } ", the signature of both: an in-toto statement in a DSSE envelope. With the public key of the installation, from somebody you trust:" }
            pre { "throughline evidence verify BUNDLE.tar.gz --key 'throughline+…+…'" }
            p { "Other programs check it too: the envelope is signed with Ed25519, and the statement in it names the SHA-256 of both files. Form " (evidence.form) "." }
            @match &evidence.trail {
                None => { p { "The audit trail had no signed head yet." } }
                Some(trail) => {
                    p { "The audit trail had " (trail.rows) " rows under its latest signed head, with the root " code { (trail.root) } ". Whoever keeps the heads can tell whether the trail was rewritten since." }
                    pre { (trail.head) }
                    p { "Key of the head: " code { (trail.key) } }
                }
            }
        },
    )
}
