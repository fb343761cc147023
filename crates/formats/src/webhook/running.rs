//! What runs on GitHub, Forgejo and Gitea: workflows, jobs, checks, statuses, deployments.

use super::Delivery;
use super::fact::{Check, Deployment, Fact, Progress, Run, Tier};
use super::written::{branch_and_tag, commit_of, flag, hash_of, id_of, moment_of, url_of};
use crate::json::Value;

/// How far something has come by its status and how it ended.
fn progress(status: &str, conclusion: Option<&str>) -> Progress {
    match status {
        "completed" => match conclusion {
            Some("success") => Progress::Succeeded,
            Some("cancelled" | "canceled" | "stale") => Progress::Cancelled,
            Some("skipped" | "neutral") => Progress::Skipped,
            // Failed, timed out, did not start, or waits for somebody: not a success.
            _ => Progress::Failed,
        },
        "in_progress" | "running" => Progress::Running,
        // Queued, requested, waiting, pending.
        _ => Progress::Waiting,
    }
}

/// The later of two moments that may be there.
fn later<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.max(other)
}

/// A run, with its attempt.
fn run_id(id: String, attempt: Option<u64>) -> String {
    format!("{id}/{}", attempt.unwrap_or(1).max(1))
}

pub(super) fn workflow_run(delivery: &mut Delivery, payload: &Value) {
    let run = payload.get("workflow_run").and_then(|run| read_run(run, payload.get("workflow")));
    delivery.take("workflow run", "an identifier or a status", run.map(Fact::Run));
}

fn read_run(run: &Value, workflow: Option<&Value>) -> Option<Run> {
    let progress = progress(&run.text_of("status")?, run.text_of("conclusion").as_deref());
    let updated = moment_of(run, "updated_at");
    let started = moment_of(run, "run_started_at").or_else(|| moment_of(run, "created_at"));
    let head = run.text_of("head_branch").unwrap_or_default();
    // A run for a tag names the tag as its branch, and nothing else tells.
    let reference = run.text_of("ref").or_else(|| run.text_of("head_ref")).unwrap_or(head);
    let (branch, tag) = branch_and_tag(&reference);
    let commit = run.get("head_commit").and_then(commit_of);
    Some(Run {
        id: run_id(id_of(run, "id")?, run.get("run_attempt").and_then(Value::count)),
        number: run.get("run_number").and_then(Value::count),
        name: run.text_of("name").or_else(|| workflow.and_then(|workflow| workflow.text_of("name"))),
        commit: hash_of(run, "head_sha"),
        branch,
        tag,
        progress,
        started_at: started,
        // When a finished run ended, no member says; it was changed last when it ended.
        completed_at: moment_of(run, "completed_at").or(updated).filter(|_| progress.has_ended()),
        at: updated.or(started),
        url: url_of(run, "html_url"),
        commits: commit.into_iter().collect(),
    })
}

/// Forgejo's own events about runs of its actions.
pub(super) fn forgejo_run(delivery: &mut Delivery, payload: &Value) {
    let run = payload.get("run").and_then(|run| {
        let said = run.text_of("status").or_else(|| delivery.action.clone()).unwrap_or_default();
        let progress = match said.to_ascii_lowercase().as_str() {
            "success" | "recover" => Progress::Succeeded,
            "failure" | "error" => Progress::Failed,
            "cancelled" | "canceled" => Progress::Cancelled,
            "skipped" => Progress::Skipped,
            "running" => Progress::Running,
            _ => Progress::Waiting,
        };
        let reference = run.text_of("ref").or_else(|| run.text_of("prettyref")).unwrap_or_default();
        let (branch, tag) = branch_and_tag(&reference);
        let (started, stopped) = (moment_of(run, "started"), moment_of(run, "stopped"));
        Some(Run {
            id: run_id(id_of(run, "id")?, None),
            number: run.get("index_in_repo").or_else(|| run.get("index")).and_then(Value::count),
            name: run.text_of("workflow_id").or_else(|| run.text_of("title")),
            commit: hash_of(run, "commit_sha").or_else(|| hash_of(run, "head_sha")),
            branch,
            tag,
            progress,
            started_at: started.or_else(|| moment_of(run, "created")),
            completed_at: stopped.or_else(|| moment_of(run, "updated")).filter(|_| progress.has_ended()),
            at: later(moment_of(run, "updated"), later(started, stopped)),
            url: url_of(run, "html_url"),
            commits: Vec::new(),
        })
    });
    delivery.take("run", "an identifier", run.map(Fact::Run));
}

pub(super) fn workflow_job(delivery: &mut Delivery, payload: &Value) {
    let check = payload.get("workflow_job").and_then(|job| {
        let run = id_of(job, "run_id").map(|id| run_id(id, job.get("run_attempt").and_then(Value::count)));
        let mut check = read_check(job)?;
        check.run = run;
        Some(check)
    });
    delivery.take("job", "an identifier, a name, a status or a commit", check.map(Fact::Check));
}

pub(super) fn check_run(delivery: &mut Delivery, payload: &Value) {
    let check = payload.get("check_run").and_then(|run| {
        let mut check = read_check(run)?;
        check.source = run.get("app").and_then(|app| app.text_of("name"));
        Some(check)
    });
    delivery.take("check run", "an identifier, a name, a status or a commit", check.map(Fact::Check));
}

/// A job of a workflow is a check run too, under the same number.
fn read_check(check: &Value) -> Option<Check> {
    let conclusion = check.text_of("conclusion");
    let progress = progress(&check.text_of("status")?, conclusion.as_deref());
    let (started, ended) = (moment_of(check, "started_at"), moment_of(check, "completed_at"));
    Some(Check {
        id: format!("check/{}", id_of(check, "id")?),
        name: check.text_of("name")?,
        source: None,
        commit: hash_of(check, "head_sha")?,
        run: None,
        progress,
        conclusion: conclusion.filter(|_| progress.has_ended()),
        started_at: started,
        completed_at: ended.filter(|_| progress.has_ended()),
        at: later(moment_of(check, "created_at"), later(started, ended.filter(|_| progress.has_ended()))),
        url: url_of(check, "html_url").or_else(|| url_of(check, "details_url")),
    })
}

pub(super) fn check_suite(delivery: &mut Delivery, payload: &Value) {
    let check = payload.get("check_suite").and_then(|suite| {
        let conclusion = suite.text_of("conclusion");
        let progress = progress(&suite.text_of("status")?, conclusion.as_deref());
        let name = suite.get("app").and_then(|app| app.text_of("name"));
        let updated = moment_of(suite, "updated_at");
        Some(Check {
            id: format!("suite/{}", id_of(suite, "id")?),
            name: name.clone().unwrap_or_else(|| "check suite".to_owned()),
            source: name,
            commit: hash_of(suite, "head_sha")?,
            run: None,
            progress,
            conclusion: conclusion.filter(|_| progress.has_ended()),
            started_at: moment_of(suite, "created_at"),
            completed_at: updated.filter(|_| progress.has_ended()),
            at: updated,
            url: url_of(suite, "html_url"),
        })
    });
    delivery.take("check suite", "an identifier, a status or a commit", check.map(Fact::Check));
}

/// A status of a commit. It has no life of its own: the last one under a name counts.
pub(super) fn status(delivery: &mut Delivery, payload: &Value) {
    let check = hash_of(payload, "sha").or_else(|| hash_of(payload, "commit_id")).and_then(|commit| {
        let said = payload.text_of("state")?;
        let progress = match said.as_str() {
            "success" => Progress::Succeeded,
            "pending" => Progress::Waiting,
            "running" => Progress::Running,
            "warning" => Progress::Skipped,
            _ => Progress::Failed,
        };
        let name = payload.text_of("context").unwrap_or_else(|| "default".to_owned());
        let at = moment_of(payload, "updated_at").or_else(|| moment_of(payload, "created_at"));
        Some(Check {
            id: format!("status/{commit}/{name}"),
            name,
            source: None,
            commit,
            run: None,
            progress,
            conclusion: Some(said).filter(|_| progress.has_ended()),
            started_at: None,
            completed_at: at.filter(|_| progress.has_ended()),
            at,
            url: url_of(payload, "target_url"),
        })
    });
    delivery.take("status", "a commit or a state", check.map(Fact::Check));
}

pub(super) fn deployment(delivery: &mut Delivery, payload: &Value) {
    let deployment = payload.get("deployment").and_then(|one| read_deployment(one, payload));
    let deployment = deployment.map(|one| Deployment { progress: Some(Progress::Waiting), ..one });
    delivery.take("deployment", "an identifier or an environment", deployment.map(Fact::Deployment));
}

fn read_deployment(deployment: &Value, payload: &Value) -> Option<Deployment> {
    let (created, updated) = (moment_of(deployment, "created_at"), moment_of(deployment, "updated_at"));
    let run = payload.get("workflow_run").filter(|run| !run.members().is_empty());
    let run = run.and_then(|run| Some(run_id(id_of(run, "id")?, run.get("run_attempt").and_then(Value::count))));
    Some(Deployment {
        id: id_of(deployment, "id")?,
        environment: deployment.text_of("environment")?,
        tier: flag(deployment, "production_environment").then_some(Tier::Production),
        environment_url: None,
        commit: hash_of(deployment, "sha"),
        reference: deployment.text_of("ref"),
        run,
        progress: None,
        description: deployment.text_of("description"),
        started_at: created,
        at: created.or(updated),
        url: None,
    })
}

pub(super) fn deployment_status(delivery: &mut Delivery, payload: &Value) {
    let told = payload.get("deployment").zip(payload.get("deployment_status"));
    let deployment = told.and_then(|(deployment, status)| {
        let read = read_deployment(deployment, payload)?;
        Some(Deployment {
            progress: match status.text_of("state")?.as_str() {
                "success" => Some(Progress::Succeeded),
                "failure" | "error" => Some(Progress::Failed),
                "in_progress" => Some(Progress::Running),
                "pending" | "queued" | "waiting" | "requested" => Some(Progress::Waiting),
                // Inactive: another deployment took its place. How this one went stays as it was told.
                _ => None,
            },
            environment: status.text_of("environment").unwrap_or(read.environment),
            environment_url: url_of(status, "environment_url"),
            description: status.text_of("description").or(read.description),
            at: moment_of(status, "updated_at").or_else(|| moment_of(status, "created_at")).or(read.at),
            url: url_of(status, "log_url").or_else(|| url_of(status, "target_url")),
            ..read
        })
    });
    delivery.take("deployment", "an identifier, an environment or a state", deployment.map(Fact::Deployment));
}
