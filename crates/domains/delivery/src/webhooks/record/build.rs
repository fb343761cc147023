//! Runs of workflows and pipelines become builds, jobs and statuses become checks.

use formats::webhook::{Check, Progress, Run};
use jiff::Timestamp;
use kernel::Error;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Known, Recording, clip, clipped, is_news, word};

const STATUS: &str = "select status, build_number, completed_at is not null from delivery.builds where id = $1";
const FREE: &str = include_str!("../../../sql/webhooks/find_free_build.sql");
const LATEST: &str = include_str!("../../../sql/webhooks/find_latest_build.sql");
const WAITING_CHECKS: &str = include_str!("../../../sql/webhooks/checks_of_run.sql");
const FIND_CHECK: &str = include_str!("../../../sql/webhooks/find_check.sql");
const LINK_COMMIT: &str = "select id from delivery.commits where repository_id = $1 and commit_hash = $2";
const LINKED: &str = "select commit_id from delivery.build_commits where build_id = $1 and commit_id = $2";

/// How far a build has come, as stored.
fn build_status(progress: Progress) -> &'static str {
    match progress {
        Progress::Waiting => "pending",
        Progress::Running => "building",
        Progress::Succeeded => "success",
        Progress::Failed => "failed",
        Progress::Cancelled | Progress::Skipped => "cancelled",
    }
}

fn build_rank(status: &str) -> u8 {
    match status {
        "pending" => 0,
        "building" => 1,
        _ => 2,
    }
}

fn check_status(progress: Progress) -> &'static str {
    match progress {
        Progress::Waiting => "waiting",
        Progress::Running => "running",
        Progress::Succeeded => "passed",
        Progress::Failed => "failed",
        Progress::Cancelled => "cancelled",
        Progress::Skipped => "skipped",
    }
}

/// Start and end in that order, whatever the clocks said.
pub(super) fn span(started: Option<Timestamp>, ended: Option<Timestamp>) -> (Option<Timestamp>, Option<Timestamp>) {
    (started, ended.map(|ended| started.map_or(ended, |started| ended.max(started))))
}

impl Recording<'_> {
    /// A run is one build: the one that is known as this run, or one of the same commit that no run is known of yet, such as
    /// one that an import or a deployment made before; or a new one.
    pub(super) async fn run(&mut self, run: &Run) -> Result<(), Error> {
        for commit in &run.commits {
            self.commit(commit).await?;
        }
        let (repository, _) = self.repository()?;
        let external = self.external("runs", &run.id)?;
        let (tag, branch) = (word(run.tag.as_deref(), 200), word(run.branch.as_deref(), 250));
        let mut known = self.known("build", &external).await?;
        if known.is_none() && (run.commit.is_some() || tag.is_some()) {
            // Servers name a tag as a branch where they know no better.
            let version = tag.as_ref().or(branch.as_ref());
            let prefix = format!("{}%", self.external("runs", "")?);
            let free =
                self.found(FREE, &[&self.project, &repository, &run.commit, &version, &self.system, &prefix]).await?;
            if let Some(id) = free {
                self.refer(id, &external, run.url.as_deref(), None).await?;
                known = self.known("build", &external).await?;
            }
        }
        let (started_at, completed_at) = span(run.started_at, run.completed_at);
        let status = build_status(run.progress);
        let facts = json!({
            "repository_id": repository,
            "git_commit_hash": run.commit,
            "git_branch": branch,
            "version_tag": tag,
            "started_at": started_at.filter(|_| run.progress != Progress::Waiting),
            "completed_at": completed_at,
        });
        let id = match known {
            Some(known) => {
                self.tell_build(&known, facts, status, run).await?;
                known.id
            }
            None => {
                let mut body = facts;
                body["project_id"] = json!(self.project);
                body["status"] = json!(status);
                let id = self.make("builds", &name_of(run), body).await?;
                self.refer(id, &external, run.url.as_deref(), run.at).await?;
                id
            }
        };
        self.link_commit(id, repository, run.commit.as_deref()).await?;
        for row in self.tx.query(WAITING_CHECKS, &[&repository, &run.id, &id]).await? {
            self.quietly_change("checks", row.try_get(0)?, json!({"build_id": id}), &[]).await?;
        }
        Ok(())
    }

    async fn tell_build(&mut self, known: &Known, facts: Value, status: &str, run: &Run) -> Result<(), Error> {
        let row = self.tx.query_one(STATUS, &[&known.id]).await?;
        let (stored, number): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
        let name = format!("Build {number}");
        // A build that no message has told of yet was not measured by this clock.
        let is_first = known.at.is_none();
        if !is_first && !is_news((known.at, build_rank(&stored)), (run.at, run.progress.rank())) {
            self.did("older", "builds", known.id, &name);
            return Ok(());
        }
        let mut body = facts;
        if status == "pending" && stored != "pending" {
            // It was further already, by the hands of an import or of people: only what never changes is news.
            body["started_at"] = Value::Null;
            body["completed_at"] = Value::Null;
            self.change("builds", known.id, &name, body).await?;
            return self.note(known, run.url.as_deref(), run.at).await;
        }
        let has_ended = build_rank(&stored) == 2;
        if has_ended && stored != status && status != "building" {
            // Part of a pipeline was run once more: it begins again before it ends another way.
            let begun = json!({"status": "building", "started_at": body["started_at"]});
            self.quietly_change("builds", known.id, begun, &["completed_at"]).await?;
        }
        body["status"] = json!(status);
        let clear: &[&str] = if status == "building" && row.try_get(2)? { &["completed_at"] } else { &[] };
        self.change_and_clear("builds", known.id, &name, body, clear).await?;
        self.note(known, run.url.as_deref(), run.at).await
    }

    async fn link_commit(&mut self, build: Uuid, repository: Uuid, commit: Option<&str>) -> Result<(), Error> {
        let Some(commit) = self.found(LINK_COMMIT, &[&repository, &commit]).await? else { return Ok(()) };
        if self.found(LINKED, &[&build, &commit]).await?.is_none() {
            let served = self.served("build-commits")?;
            kernel::create(self.ctx, self.tx, served, &json!({"build_id": build, "commit_id": commit})).await?;
        }
        Ok(())
    }

    /// The build that was made of a commit or of a tag: the latest good one, or else the latest. Makes one when there is none,
    /// which the run that made it becomes once it is told of.
    pub(super) async fn build_of(
        &mut self,
        run: Option<&str>,
        commit: Option<&str>,
        tag: Option<&str>,
        branch: Option<&str>,
    ) -> Result<Option<Uuid>, Error> {
        let (repository, _) = self.repository()?;
        if let Some(run) = run {
            let external = self.external("runs", run)?;
            if let Some(known) = self.known("build", &external).await? {
                return Ok(Some(known.id));
            }
        }
        let (tag, branch) = (word(tag, 200), word(branch, 250));
        if commit.is_none() && tag.is_none() {
            return Ok(None);
        }
        if let Some(id) = self.found(LATEST, &[&self.project, &repository, &commit, &tag]).await? {
            return Ok(Some(id));
        }
        // What a build is of, its commit says best; a version given to it here would depend on what was told first.
        let body = json!({
            "project_id": self.project, "repository_id": repository, "git_commit_hash": commit,
            "version_tag": tag.as_ref().filter(|_| commit.is_none()),
            "git_branch": branch, "status": "pending",
        });
        let name = tag.clone().or_else(|| commit.map(|commit| clip(commit, 12))).unwrap_or_default();
        Ok(Some(self.make("builds", &format!("Build of {name}"), body).await?))
    }

    /// A check of a commit, and of a build where one is known.
    pub(super) async fn check(&mut self, check: &Check) -> Result<(), Error> {
        let (repository, _) = self.repository()?;
        let build = match &check.run {
            Some(run) => {
                let external = self.external("runs", run)?;
                self.known("build", &external).await?.map(|known| known.id)
            }
            None => None,
        };
        let id = clip(&check.id, 500);
        let (started_at, completed_at) = span(check.started_at, check.completed_at);
        let mut body = json!({
            "build_id": build,
            "run_external_id": check.run.as_deref().map(|run| clip(run, 200)),
            "name": clip(&check.name, 500),
            "source": clipped(check.source.as_deref(), 200),
            "status": check_status(check.progress),
            "conclusion": clipped(check.conclusion.as_deref(), 100),
            "url": check.url.as_deref().and_then(super::address),
            "started_at": started_at,
            "completed_at": completed_at,
            "reported_at": check.at,
        });
        let Some(row) = self.tx.query_opt(FIND_CHECK, &[&repository, &id]).await? else {
            body["repository_id"] = json!(repository);
            body["commit_hash"] = json!(check.commit);
            body["external_id"] = json!(id);
            self.make("checks", &check.name, body).await?;
            return Ok(());
        };
        let (known, status): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
        let rank = match status.as_str() {
            "waiting" => 0,
            "running" => 1,
            _ => 2,
        };
        if is_news((row.try_get(2)?, rank), (check.at, check.progress.rank())) {
            let clear: &[&str] = if check.progress.has_ended() { &[] } else { &["completed_at", "conclusion"] };
            return self.change_and_clear("checks", known, &check.name, body, clear).await;
        }
        // What an older message says of things that never change is welcome all the same.
        let lasting = json!({"build_id": build, "run_external_id": body["run_external_id"], "source": body["source"]});
        let filled = self.fill_check(known, lasting).await?;
        self.did(if filled { "changed" } else { "older" }, "checks", known, &check.name);
        Ok(())
    }

    /// Fills what is not known of a check.
    async fn fill_check(&mut self, id: Uuid, mut lasting: Value) -> Result<bool, Error> {
        let row = self
            .tx
            .query_one("select build_id, run_external_id, source from delivery.checks where id = $1", &[&id])
            .await?;
        let there = [
            ("build_id", row.try_get::<_, Option<Uuid>>(0)?.is_some()),
            ("run_external_id", row.try_get::<_, Option<String>>(1)?.is_some()),
            ("source", row.try_get::<_, Option<String>>(2)?.is_some()),
        ];
        for (name, _) in there.iter().filter(|(_, there)| *there) {
            lasting[*name] = Value::Null;
        }
        self.quietly_change("checks", id, lasting, &[]).await
    }
}

fn name_of(run: &Run) -> String {
    let name = run.name.as_deref().unwrap_or("run");
    run.number.map_or_else(|| name.to_owned(), |number| format!("{name} #{number}"))
}
