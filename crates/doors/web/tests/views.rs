//! Every view over the gallery's samples: nothing unescaped, nothing inline, a token in every posting form, a way on
//! from every empty page, and every state as shape, colour and word.

#![allow(clippy::unwrap_used)]

#[path = "../examples/gallery/samples/mod.rs"]
mod samples;

use web::layout::Frame;
use web::state::*;

fn html(name: &str) -> String {
    samples::render(name, &samples::frame()).unwrap_or_else(|| panic!("there is no sample {name}")).into_string()
}

/// The start tags of a page, which is where attributes live.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).filter(|tag| !tag.starts_with('/')).map(|tag| tag.split('>').next().unwrap_or(tag))
}

#[test]
fn a_title_is_text_on_every_page() {
    let mut seen = 0;
    for name in samples::NAMES {
        let page = html(name);
        assert!(!page.contains("<script>alert"), "{name} lets a title become a script");
        seen += usize::from(page.contains("&lt;script&gt;alert"));
    }
    assert!(seen >= 8, "only {seen} samples contain the odd title; the test would prove little");
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    for name in samples::NAMES {
        let page = html(name);
        for tag in tags(&page) {
            assert!(!tag.contains(" style=\""), "{name}: an inline style in <{tag}>");
            assert!(!tag.contains(" onclick=") && !tag.contains(" onsubmit="), "{name}: an inline handler in <{tag}>");
            // What is there to be copied is not fetched.
            let fetched = tag.replace("data-copy=\"http", "");
            assert!(!fetched.contains("=\"http") && !fetched.contains("=\"//"), "{name}: another host in <{tag}>");
        }
        assert_eq!(page.matches("<script").count(), 1, "{name} has a script besides the one file");
    }
}

#[test]
fn every_posting_form_carries_the_token() {
    for name in samples::NAMES {
        let page = html(name);
        for form in
            page.split("<form").skip(1).filter(|form| form.split('>').next().unwrap().contains("method=\"post\""))
        {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("name=\"csrf\" value=\"csrf-sample\""), "{name} posts without a token: {form}");
        }
    }
}

#[test]
fn every_page_has_one_heading_and_no_id_twice() {
    for name in samples::NAMES {
        let page = html(name);
        assert_eq!(page.matches("<h1").count(), 1, "{name}");
        let mut ids: Vec<&str> = tags(&page)
            .filter_map(|tag| tag.split(" id=\"").nth(1))
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name} uses an id twice");
    }
}

#[test]
fn an_empty_page_says_what_to_do_next() {
    for (name, says) in [
        ("home-empty", "throughline import --project KEY reports/*.xml"),
        ("overview-empty", "throughline import --project payments-gateway reports/*.xml"),
        ("quality-empty", "throughline quality"),
        ("health-empty", "throughline doctor"),
        ("requirements-empty", "throughline import --project payments-gateway docs/requirements/*.md"),
        ("requirements-nothing-fits", "Clear the filters"),
        ("requirement-empty", "No test proves this"),
        ("matrix-empty", "The matrix begins with a requirement"),
        ("suspects-empty", "The matrix"),
        ("baselines-empty", "Take a baseline when something is agreed"),
        ("baseline-empty", "Write a requirement"),
        ("comparison-empty", "Compare with another baseline above"),
        ("tests-empty", "throughline import --project payments-gateway reports/*.xml"),
        ("test-never-run", "It has not run yet"),
        ("builds-empty", "--build 1 reports/*.xml"),
        ("build-empty", "--build 128 reports/*.xml"),
        ("defects-empty", "Failing tests"),
        ("findings-empty", "throughline import --project payments-gateway --build 1 scan.sarif"),
        ("exposure-empty", "throughline exposure CVE-2024-3094"),
        ("exposure-unknown", "throughline import --project KEY --build 1 bom.json"),
        ("exposure-nowhere", "No build that has it is deployed now"),
        ("services-empty", "throughline import --project KEY openapi.yaml"),
        ("service-empty", "throughline import --project KEY openapi.yaml"),
        ("service-nothing-fits", "Clear the filters"),
        ("findings-nothing-fits", "Clear the filters"),
        ("deployments-empty", "/v1/environments"),
        ("audit-empty", "throughline audit verify"),
        ("audit-nothing-fits", "Clear the filters"),
        ("tokens-empty", "THROUGHLINE_TOKEN"),
        ("find-nothing", "Nothing found"),
        ("members-empty", "/v1/memberships/invite"),
        ("members-nothing-fits", "Clear the filters"),
        ("member-empty", "Give a role above"),
        ("roles-empty", "Make the first one here"),
        ("rights-nothing-fits", "Clear the filters"),
        ("role-empty", "Add a permission above"),
        ("grants-empty", "Give somebody a role on their page"),
        ("approvals-empty", "Nothing waits for you"),
        ("access", "Leave the key empty"),
        ("403", "developer in this project"),
        ("404", "Go home"),
        ("500", "01998a44-7d21-7b3e"),
    ] {
        assert!(html(name).contains(says), "{name} does not say “{says}”");
    }
}

fn shows_all<S: Shown>(page: &str) {
    for one in S::ALL {
        let expected = state(*one).into_string();
        assert!(expected.contains("<svg") && expected.ends_with(&format!("{}</span>", one.word())), "{expected}");
        assert!(expected.contains(one.tone().class()));
        assert!(page.contains(&expected), "the design page does not show {}", one.word());
        assert!(S::from_code(one.code()).map(Shown::code) == Some(one.code()));
    }
    assert!(S::from_code("nonsense").is_none());
}

#[test]
fn every_state_is_shape_colour_and_word() {
    let page = html("design");
    shows_all::<ProofState>(&page);
    shows_all::<RequirementStatus>(&page);
    shows_all::<FeatureStatus>(&page);
    shows_all::<Outcome>(&page);
    shows_all::<TestCaseStatus>(&page);
    shows_all::<BuildStatus>(&page);
    shows_all::<DeploymentStatus>(&page);
    shows_all::<DefectStatus>(&page);
    shows_all::<Level>(&page);
    shows_all::<ImportStatus>(&page);
    shows_all::<FileStatus>(&page);
    shows_all::<GrantState>(&page);
    shows_all::<MemberStatus>(&page);
    shows_all::<ApprovalStatus>(&page);
    shows_all::<BaselineStatus>(&page);
    shows_all::<Change>(&page);
    shows_all::<RuleState>(&page);
    shows_all::<Severity>(&page);
    shows_all::<FindingState>(&page);
}

#[test]
fn an_import_adds_up_and_a_running_one_reloads_without_script() {
    let done = html("import-done");
    assert!(done.contains("<b>2,060</b> recognised = 60 created + 0 updated + 2,000 unchanged; 214 refused"));
    assert!(done.contains("The first 2 of 214 are listed."));
    assert!(!done.contains("http-equiv=\"refresh\"") && !done.contains("data-poll=\""));
    let running = html("import-running");
    assert!(running.contains("<noscript><meta http-equiv=\"refresh\"") && running.contains("data-poll=\"1000\""));
}

#[test]
fn what_a_person_may_not_do_is_not_offered() {
    let view = web::views::requirements::View { csv_href: "/x.csv".into(), ..Default::default() };
    let page = web::views::requirements::page(&samples::frame(), &view).into_string();
    assert!(!page.contains("New requirement"));
}

#[test]
fn the_theme_is_in_the_first_byte_of_the_page() {
    let page = |theme| web::layout::page(&Frame { theme, ..samples::frame() }, "T", &[], &maud::html! {}).into_string();
    assert!(page(web::layout::Theme::Dark).contains("<html lang=\"en\" data-theme=\"dark\""));
    assert!(!page(web::layout::Theme::System).contains("data-theme=\""));
}

#[test]
fn the_palette_gets_keys_titles_states_and_addresses() {
    let json = serde_json::to_value(samples::hits()).unwrap();
    assert_eq!(
        json[0],
        serde_json::json!({"label": "Refunds are idempotent for 24 hours", "hint": "Failing", "kind": "REQ-17", "href": "/requirement"})
    );
}

#[test]
fn a_token_is_shown_only_where_it_was_made() {
    assert!(html("tokens-created").contains("tl_9f3c2ab7710d"));
    assert!(!html("tokens").contains("tl_9f3c2ab7710d"));
}

/// What a role gives is said by shape and by words; a screen reader and a printout lose nothing.
#[test]
fn every_cell_of_the_matrix_says_what_it_shows() {
    let page = html("rights");
    for words in ["its own", "from Viewer", "its own, under a condition", "its own, after an approval", "no"] {
        assert!(page.contains(&format!("<span class=\"hidden\">{words}</span>")), "no cell says “{words}”");
    }
    assert!(page.contains("title=\"Developer: from Viewer\""));
    let many = html("rights-many");
    assert!(many.len() < 700_000, "50 roles by 80 kinds take {} bytes", many.len());
}

#[test]
fn a_condition_is_shown_with_what_it_saw() {
    let page = html("access-no");
    assert!(page.contains("environment.address <b class=\"missing\">is missing</b>"));
    assert!(page.contains("resource.status <b>&quot;pending&quot;</b>"));
    assert!(html("access-yes").contains("<h2 id=\"now-answer\">Mira Holm may read REQ-42"));
    assert!(html("role-refused").contains("at /==/0/var: a requirement has no attribute resource.stat"));
}

#[test]
fn a_refusal_and_a_record_lead_to_the_question_behind_them() {
    assert!(html("403").contains("href=\"/access-no\""));
    for name in ["requirement", "test", "defect", "build", "deployments"] {
        assert!(html(name).contains("/access/who?action=read&amp;kind="), "{name}");
    }
}
