//! Messages of real repository servers, held to what is known about each file. Without the samples (`THROUGHLINE_SAMPLES` names
//! their place) the tests say so and pass.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::path::PathBuf;

use formats::webhook::{Delivery, Fact, Progress, Provider, PullState, read};
use proptest::prelude::*;
use serde_json::Value;

/// Messages of the samples: name, what is known, content.
fn samples(category: &str) -> Vec<(String, Value, Vec<u8>)> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"), PathBuf::from);
    let Ok(facts) = fs::read(place.join("FACTS.json")) else {
        eprintln!("no samples at {}: nothing is checked", place.display());
        return Vec::new();
    };
    let facts: Vec<Value> = serde_json::from_slice(&facts).unwrap();
    let of_category = facts.into_iter().filter(|fact| fact["cat"] == category);
    of_category
        .map(|fact| {
            let name = fact["file"].as_str().unwrap().to_owned();
            let bytes = fs::read(place.join(&name)).unwrap();
            (name, fact["f"].clone(), bytes)
        })
        .collect()
}

fn event_of(name: &str) -> &str {
    name.split("__").nth(2).unwrap()
}

/// What a message is known to hold, as the facts write it.
fn told(delivery: &Delivery, payload: &Value) -> Vec<(&'static str, Value)> {
    let mut told = vec![
        ("action", delivery.action.clone().map_or(Value::Null, Value::from)),
        ("repo", delivery.repository.as_ref().map_or(Value::Null, |one| one.full_name.clone().into())),
        ("sender", delivery.sender.clone().map_or(Value::Null, Value::from)),
    ];
    let word = |progress: Progress| match progress {
        Progress::Succeeded => "success",
        Progress::Failed => "failure",
        Progress::Waiting => "pending",
        Progress::Running => "in_progress",
        Progress::Cancelled => "cancelled",
        Progress::Skipped => "skipped",
    };
    let commits = delivery.facts.iter().filter(|fact| matches!(fact, Fact::Commit(_))).count();
    for fact in &delivery.facts {
        match fact {
            Fact::Commit(_) if payload.get("commits").is_some() => told.push(("commits", commits.into())),
            Fact::Commit(_) => {}
            Fact::Run(run) => {
                told.push(("run_id", run.id.split('/').next().unwrap().into()));
                told.push(("run_head_sha", run.commit.clone().map_or(Value::Null, Value::from)));
                if run.progress.has_ended() {
                    told.push(("run_conclusion", word(run.progress).into()));
                }
                told.push(("oa_id", run.id.split('/').next().unwrap().into()));
                told.push(("oa_iid", run.number.map_or(Value::Null, |number| number.to_string().into())));
                told.push(("oa_status", word(run.progress).into()));
            }
            Fact::Check(check) => {
                told.push(("check_run", check.name.clone().into()));
                told.push(("job_id", check.id.split('/').nth(1).unwrap().into()));
                if let Some(conclusion) = &check.conclusion {
                    for name in
                        ["check_conclusion", "suite_conclusion", "job_conclusion", "status_state", "build_status"]
                    {
                        told.push((name, conclusion.clone().into()));
                    }
                }
            }
            Fact::Pull(pull) => {
                told.push(("pr", pull.number.to_string().into()));
                told.push(("pr_title", pull.title.clone().into()));
                told.push(("pr_state", if pull.state == PullState::Open { "open" } else { "closed" }.into()));
                told.push(("merged", if pull.state == PullState::Merged { "True" } else { "False" }.into()));
                told.push(("head_sha", pull.head.clone().map_or(Value::Null, Value::from)));
                told.push(("oa_iid", pull.number.to_string().into()));
                told.push(("oa_title", pull.title.clone().into()));
                told.push(("oa_state", if pull.state == PullState::Open { "opened" } else { "closed" }.into()));
            }
            Fact::Review(_) => {}
            Fact::Deployment(one) => {
                told.push(("deployment_id", one.id.clone().into()));
                told.push(("environment", one.environment.clone().into()));
                told.push(("gl_env", one.environment.clone().into()));
                told.push(("dep_sha", one.commit.clone().map_or(Value::Null, Value::from)));
                told.push(("dep_status", one.progress.map_or(Value::Null, |progress| word(progress).into())));
                told.push(("gl_status", one.progress.map_or(Value::Null, |progress| word(progress).into())));
            }
            Fact::Release(one) => {
                told.push(("release_tag", one.tag.clone().into()));
                told.push(("tag", one.tag.clone().into()));
            }
            Fact::Issue(one) => {
                told.push(("issue", one.number.to_string().into()));
                told.push(("issue_title", one.title.clone().into()));
                told.push(("issue_state", if one.is_open { "open" } else { "closed" }.into()));
                told.push(("oa_iid", one.number.to_string().into()));
                told.push(("oa_title", one.title.clone().into()));
                told.push(("oa_state", if one.is_open { "opened" } else { "closed" }.into()));
            }
        }
    }
    told
}

/// Facts that a reading does not hold: of events that nothing is recorded of, or of the payload's own form.
const ASIDE: [&str; 14] = [
    "object_kind",
    "ref",
    "after",
    "before",
    "checkout_sha",
    "commits_count",
    "alert",
    "alert_state",
    "ghsa",
    "prerelease",
    "builds",
    "tag",
    "run_head_sha",
    "oa_id",
];

fn plain_text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn compare(provider: Provider, category: &str) -> usize {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (name, facts, bytes) in samples(category) {
        let event = if provider == Provider::GitLab { "" } else { event_of(&name) };
        let delivery = read(provider, event, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let payload: Value = serde_json::from_slice(&bytes).unwrap();
        let unused = ["code_scanning_alert", "dependabot_alert", "issue_comment", "security_advisory"];
        if unused.contains(&delivery.event.as_str()) {
            assert!(delivery.facts.is_empty() && !delivery.notes.is_empty(), "{name}: {delivery:?}");
        } else if delivery.facts.is_empty() && facts["commits"] != 0 {
            wrong.push(format!("{name}: nothing was read: {:?}", delivery.notes));
        }
        let told = told(&delivery, &payload);
        for (fact, known) in facts.as_object().unwrap() {
            let is_aside =
                ASIDE.contains(&fact.as_str()) && !told.iter().any(|(name, value)| name == fact && value == known);
            let is_nothing = known == "0" || known == 0 || known.is_null();
            if is_aside || is_nothing || (unused.contains(&delivery.event.as_str()) && fact.starts_with("issue")) {
                continue;
            }
            // Messages about jobs name the repository without its owner; its address has it.
            let is_tail =
                |value: &Value| fact == "repo" && plain_text(value).ends_with(&format!("/{}", plain_text(known)));
            let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // Of several things of a kind, one has to be what is known.
            if !told.iter().any(|(name, value)| name == fact && (plain(value) == plain(known) || is_tail(value))) {
                let said: Vec<_> = told.iter().filter(|(name, _)| name == fact).collect();
                wrong.push(format!("{name}: {fact} is {said:?}, known {known}"));
            }
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    seen
}

#[test]
fn every_message_of_github_tells_exactly_what_is_known_of_it() {
    let seen = compare(Provider::GitHub, "webhooks/github");
    assert!(seen == 0 || seen == 30, "{seen} of 30 samples");
}

#[test]
fn every_message_of_gitlab_tells_exactly_what_is_known_of_it() {
    let seen = compare(Provider::GitLab, "webhooks/gitlab");
    assert!(seen == 0 || seen == 8, "{seen} of 8 samples");
}

/// The same payload, without the header that says what it is, is still understood.
#[test]
fn a_message_without_its_header_says_itself_what_it_is() {
    for (name, _, bytes) in samples("webhooks/github") {
        let (with, without) =
            (read(Provider::GitHub, event_of(&name), &bytes).unwrap(), read(Provider::GitHub, "", &bytes).unwrap());
        let is_told_apart =
            ["status", "code_scanning_alert", "dependabot_alert", "security_advisory"].contains(&event_of(&name));
        assert!(is_told_apart || with.facts == without.facts, "{name}");
    }
}

/// Any member may be missing or be something else: what is left is read, and nothing falls over.
#[test]
fn a_member_that_is_missing_or_another_thing_leaves_out_no_more_than_it_has_to() {
    for (provider, category) in [(Provider::GitHub, "webhooks/github"), (Provider::GitLab, "webhooks/gitlab")] {
        for (name, _, bytes) in samples(category) {
            let payload: Value = serde_json::from_slice(&bytes).unwrap();
            let event = if provider == Provider::GitLab { "" } else { event_of(&name) };
            let mut paths = Vec::new();
            members(&payload, String::new(), 4, &mut paths);
            for path in paths {
                for other in
                    [Value::Null, Value::from("x"), Value::from(-1), Value::Array(vec![Value::Null]), Value::from(true)]
                {
                    let mut changed = payload.clone();
                    *changed.pointer_mut(&path).unwrap() = other;
                    let read = read(provider, event, changed.to_string().as_bytes()).unwrap();
                    assert!(!read.facts.is_empty() || !read.notes.is_empty(), "{name} {path}");
                }
            }
        }
    }
}

fn members(value: &Value, path: String, depth: usize, paths: &mut Vec<String>) {
    let Some(object) = value.as_object().filter(|_| depth > 0) else { return };
    for (name, inner) in object {
        let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        members(inner, path.clone(), depth - 1, paths);
        paths.push(path);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), event in "[a-z_]{0,20}") {
        for provider in [Provider::GitHub, Provider::GitLab, Provider::Forgejo] {
            if let Ok(delivery) = read(provider, &event, &bytes) {
                prop_assert!(!delivery.facts.is_empty() || !delivery.notes.is_empty());
            }
        }
    }
}
