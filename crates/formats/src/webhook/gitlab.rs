//! Payloads of GitLab.

use super::Delivery;
use super::fact::{
    Check, Deployment, Fact, Issue, Progress, Pull, PullState, Release, Repository, Review, Run, Tier, Verdict,
};
use super::written::{
    branch_and_tag, commit_of, commits, flag, hash, hash_of, id_of, labels, moment, moment_of, url_of,
};
use crate::json::Value;

/// What is read of an event, or why nothing is. The payload says itself what it is; the header repeats it.
pub(super) fn read(event: &str, payload: &Value) -> Delivery {
    let kind = payload
        .text_of("object_kind")
        .or_else(|| payload.text_of("event_name"))
        .unwrap_or_else(|| event.trim().trim_end_matches(" Hook").to_lowercase().replace(' ', "_"));
    let attributes = payload.get("object_attributes").unwrap_or(&Value::Null);
    let sender = [payload.text_of("user_username"), payload.get("user").and_then(|user| user.text_of("username"))];
    let mut delivery = Delivery {
        action: payload.text_of("action").or_else(|| attributes.text_of("action")),
        sender: sender.into_iter().flatten().next(),
        repository: repository(payload),
        event: if kind.is_empty() { "unknown".to_owned() } else { kind },
        ..Delivery::default()
    };
    match delivery.event.as_str() {
        "push" | "tag_push" => push(&mut delivery, payload),
        "pipeline" => pipeline(&mut delivery, payload, attributes),
        "build" | "job" => {
            let job = job(payload);
            delivery.take("job", "an identifier, a name, a status or a commit", job.map(Fact::Check));
        }
        "merge_request" => merge_request(&mut delivery, payload, attributes),
        "deployment" => {
            let read = deployment(payload);
            delivery.take("deployment", "an identifier or an environment", read.map(Fact::Deployment));
        }
        "release" => {
            let read = release(payload);
            delivery.take("release", "a tag", read.map(Fact::Release));
        }
        "issue" | "work_item" => {
            let read = issue(payload, attributes);
            delivery.take("issue", "a number or a title", read.map(Fact::Issue));
        }
        other => {
            let note = format!("`{other}` is no event of GitLab that anything is recorded of");
            delivery.note(note);
        }
    }
    delivery
}

fn repository(payload: &Value) -> Option<Repository> {
    let project = payload.get("project").filter(|project| !project.members().is_empty());
    let described = project.or_else(|| payload.get("repository"))?;
    let web_url = url_of(described, "web_url").or_else(|| url_of(described, "homepage"));
    // Messages about jobs describe the repository without its path; the address for people ends with it.
    let path = web_url.as_deref().and_then(|url| url.split_once("://")).and_then(|(_, rest)| rest.split_once('/'));
    let full_name = described.text_of("path_with_namespace").or_else(|| path.map(|(_, path)| path.to_owned()))?;
    let ssh_url = described.text_of("git_ssh_url").or_else(|| described.text_of("ssh_url"));
    Some(Repository {
        full_name,
        clone_url: url_of(described, "git_http_url").or_else(|| url_of(described, "http_url")),
        ssh_url,
        default_branch: described.text_of("default_branch"),
        web_url,
    })
}

fn push(delivery: &mut Delivery, payload: &Value) {
    let (_, tag) = branch_and_tag(&payload.text_of("ref").unwrap_or_default());
    if payload.text_of("after").is_some_and(|after| hash(&after).is_none()) {
        delivery.note(if tag.is_some() { "a tag was deleted" } else { "a branch was deleted" });
        return;
    }
    commits(delivery, payload);
}

fn progress(status: &str) -> Progress {
    match status {
        "success" | "passed" => Progress::Succeeded,
        "failed" => Progress::Failed,
        "canceled" | "cancelled" | "canceling" => Progress::Cancelled,
        "skipped" => Progress::Skipped,
        "running" => Progress::Running,
        // Created, waiting for a resource or somebody, preparing, pending, manual, scheduled, blocked.
        _ => Progress::Waiting,
    }
}

/// The latest moment that is told of.
fn latest(moments: impl IntoIterator<Item = Option<jiff::Timestamp>>) -> Option<jiff::Timestamp> {
    moments.into_iter().flatten().max()
}

fn pipeline(delivery: &mut Delivery, payload: &Value, attributes: &Value) {
    let jobs = payload.items_of("builds");
    let run = read_pipeline(payload, attributes, jobs);
    let told = run.is_some();
    delivery.take("pipeline", "an identifier or a status", run.map(Fact::Run));
    let commit = hash_of(attributes, "sha");
    if let (true, Some(id), Some(commit)) = (told, id_of(attributes, "id"), commit) {
        for one in jobs {
            let check =
                read_job(one, ["id", "name", "stage", "status"], ["created_at", "started_at", "finished_at"], &commit);
            let check = check.map(|check| Check { run: Some(format!("{id}/1")), ..check });
            delivery.take("job", "an identifier, a name or a status", check.map(Fact::Check));
        }
    }
}

fn read_pipeline(payload: &Value, attributes: &Value, jobs: &[Value]) -> Option<Run> {
    let progress = progress(&attributes.text_of("status")?);
    let reference = attributes.text_of("ref").unwrap_or_default();
    let is_tag = flag(attributes, "tag");
    let (branch, tag) = branch_and_tag(&reference);
    let (branch, tag) = if is_tag { (None, tag.or(branch)) } else { (branch, tag) };
    let (created, finished) = (moment_of(attributes, "created_at"), moment_of(attributes, "finished_at"));
    let of_jobs =
        jobs.iter().flat_map(|job| ["created_at", "started_at", "finished_at"].map(|name| moment_of(job, name)));
    let started = jobs.iter().filter_map(|job| moment_of(job, "started_at")).min();
    let web_url = payload.get("project").and_then(|project| url_of(project, "web_url"));
    let id = id_of(attributes, "id")?;
    let commit = payload.get("commit").and_then(commit_of);
    Some(Run {
        number: attributes.get("iid").and_then(Value::count),
        name: attributes.text_of("name"),
        commit: hash_of(attributes, "sha"),
        branch,
        tag,
        progress,
        // A pipeline began with its first job, which may have been before what was tried again.
        started_at: started.map(|first| finished.map_or(first, |end| first.min(end))).or(created),
        completed_at: finished.filter(|_| progress.has_ended()),
        at: latest([created, finished].into_iter().chain(of_jobs)),
        url: url_of(attributes, "url").or_else(|| web_url.map(|url| format!("{url}/-/pipelines/{id}"))),
        commits: commit.into_iter().collect(),
        id: format!("{id}/1"),
    })
}

fn job(payload: &Value) -> Option<Check> {
    let commit = hash_of(payload, "sha").or_else(|| payload.get("commit").and_then(|commit| hash_of(commit, "sha")))?;
    let check = read_job(
        payload,
        ["build_id", "build_name", "build_stage", "build_status"],
        ["build_created_at", "build_started_at", "build_finished_at"],
        &commit,
    )?;
    let web_url = repository(payload).and_then(|repository| repository.web_url);
    let number = check.id.trim_start_matches("job/").to_owned();
    Some(Check {
        run: id_of(payload, "pipeline_id").map(|id| format!("{id}/1")),
        url: web_url.map(|url| format!("{url}/-/jobs/{number}")),
        ..check
    })
}

/// A job, whose members are called one thing in its own messages and another in those about its pipeline.
fn read_job(job: &Value, names: [&str; 4], moments: [&str; 3], commit: &str) -> Option<Check> {
    let [id, name, stage, status] = names;
    let [created, started, ended] = moments.map(|name| moment_of(job, name));
    let said = job.text_of(status)?;
    let progress = progress(&said);
    Some(Check {
        id: format!("job/{}", id_of(job, id)?),
        name: job.text_of(name)?,
        source: job.text_of(stage),
        commit: commit.to_owned(),
        run: None,
        progress,
        conclusion: Some(said).filter(|_| progress.has_ended()),
        started_at: started,
        completed_at: ended.filter(|_| progress.has_ended()),
        at: latest([created, started, ended]),
        url: None,
    })
}

fn merge_request(delivery: &mut Delivery, payload: &Value, attributes: &Value) {
    let pull = read_merge_request(payload, attributes);
    let (number, head) = (pull.as_ref().map(|pull| pull.number), pull.as_ref().and_then(|pull| pull.head.clone()));
    let at = pull.as_ref().and_then(|pull| pull.at);
    delivery.take("merge request", "a number or a title", pull.map(Fact::Pull));
    let verdict = match delivery.action.as_deref() {
        Some("approved" | "approval") => Verdict::Approved,
        Some("unapproved" | "unapproval") => Verdict::Dismissed,
        _ => return,
    };
    let fact = number
        .zip(delivery.sender.clone())
        .map(|(pull, reviewer)| Fact::Review(Review { pull, reviewer, verdict, at, commit: head }));
    delivery.take("approval", "the number of its merge request, or who gave it", fact);
}

fn read_merge_request(payload: &Value, attributes: &Value) -> Option<Pull> {
    let state = match attributes.text_of("state").as_deref() {
        Some("merged") => PullState::Merged,
        Some("closed") => PullState::Closed,
        _ => PullState::Open,
    };
    let title = attributes.text_of("title")?;
    let draft = ["draft", "work_in_progress"].iter().any(|name| flag(attributes, name));
    // Who wrote it is a number here; their name is told where they set the message off themselves.
    let author_id = id_of(attributes, "author_id");
    let user = payload.get("user");
    let author = user.filter(|user| author_id.is_some() && id_of(user, "id") == author_id);
    let updated = moment_of(attributes, "updated_at");
    let ended = ["merged_at", "closed_at"].iter().find_map(|name| moment_of(attributes, name)).or(updated);
    Some(Pull {
        number: attributes.get("iid")?.count()?,
        state,
        is_draft: draft || title.starts_with("Draft:") || title.starts_with("WIP:"),
        title,
        source_branch: attributes.text_of("source_branch"),
        target_branch: attributes.text_of("target_branch"),
        head: attributes.get("last_commit").and_then(|commit| hash_of(commit, "id")),
        merge_commit: hash_of(attributes, "merge_commit_sha").filter(|_| state == PullState::Merged),
        author: author.and_then(|user| user.text_of("username")),
        opened_at: moment_of(attributes, "created_at"),
        closed_at: ended.filter(|_| state != PullState::Open),
        at: updated.or_else(|| moment_of(attributes, "created_at")),
        url: url_of(attributes, "url"),
    })
}

fn deployment(payload: &Value) -> Option<Deployment> {
    // The hash is shortened, but the address of the commit ends with all of it.
    let named = payload.text_of("commit_url").and_then(|url| url.rsplit('/').next().and_then(hash));
    let at = payload.get("status_changed_at").and_then(moment);
    Some(Deployment {
        id: id_of(payload, "deployment_id")
            .or_else(|| id_of(payload, "deployable_id").map(|id| format!("job/{id}")))?,
        environment: payload.text_of("environment")?,
        tier: payload.text_of("environment_tier").and_then(|tier| match tier.as_str() {
            "production" => Some(Tier::Production),
            "staging" => Some(Tier::Staging),
            "testing" => Some(Tier::Test),
            "development" => Some(Tier::Development),
            _ => None,
        }),
        environment_url: url_of(payload, "environment_external_url"),
        commit: named.or_else(|| hash_of(payload, "sha")),
        reference: payload.text_of("ref"),
        run: None,
        progress: Some(progress(&payload.text_of("status")?)),
        description: payload.text_of("commit_title"),
        started_at: None,
        at,
        url: url_of(payload, "deployable_url"),
    })
}

fn release(payload: &Value) -> Option<Release> {
    let tag = payload.text_of("tag")?;
    let is_withdrawn = payload.text_of("action").is_some_and(|action| action == "delete");
    let (created, released) = (moment_of(payload, "created_at"), moment_of(payload, "released_at"));
    Some(Release {
        id: id_of(payload, "id").unwrap_or_else(|| tag.clone()),
        name: payload.text_of("name").filter(|name| *name != tag),
        notes: payload.text_of("description"),
        commit: payload.get("commit").and_then(|commit| hash_of(commit, "id")),
        is_draft: false,
        is_withdrawn,
        published_at: released.or(created),
        at: latest([created, released]),
        url: url_of(payload, "url"),
        tag,
    })
}

fn issue(payload: &Value, attributes: &Value) -> Option<Issue> {
    let mut named = labels(payload.get("labels").unwrap_or(&Value::Null), "title");
    if named.is_empty() {
        named = labels(attributes.get("labels").unwrap_or(&Value::Null), "title");
    }
    let severity = attributes.text_of("severity").filter(|severity| severity != "unknown");
    let author_id = id_of(attributes, "author_id");
    let user = payload.get("user").filter(|user| author_id.is_some() && id_of(user, "id") == author_id);
    Some(Issue {
        number: attributes.get("iid")?.count()?,
        title: attributes.text_of("title")?,
        body: attributes.text_of("description"),
        is_open: attributes.text_of("state").is_none_or(|state| state != "closed"),
        is_declined: false,
        labels: named,
        severity,
        author: user.and_then(|user| user.text_of("username")),
        closed_at: moment_of(attributes, "closed_at"),
        at: moment_of(attributes, "updated_at").or_else(|| moment_of(attributes, "created_at")),
        url: url_of(attributes, "url"),
        moved_to: None,
    })
}
