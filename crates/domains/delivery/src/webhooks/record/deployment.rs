//! Deployments, and the environments they go to.

use formats::webhook::{Deployment, Progress, Tier};
use kernel::Error;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Recording, clip, clipped, is_conflict, is_news, word};

const FIND_ENVIRONMENT: &str = include_str!("../../../sql/webhooks/find_environment.sql");
const STANDING: &str = "select status, build_id from delivery.deployments where id = $1";
const VERSION_OF: &str = "select coalesce(version_tag, left(git_commit_hash, 12)) from delivery.builds where id = $1";

fn status(progress: Progress) -> &'static str {
    match progress {
        Progress::Waiting => "pending",
        Progress::Running => "deploying",
        Progress::Succeeded => "success",
        Progress::Failed | Progress::Cancelled | Progress::Skipped => "failed",
    }
}

fn rank(status: &str) -> u8 {
    match status {
        "pending" => 0,
        "deploying" => 1,
        _ => 2,
    }
}

/// What an environment is for, by its name.
fn tier(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["preprod", "pre-prod", "stag", "uat", "demo"]) => "staging",
        () if has(&["prod", "live"]) => "production",
        () if has(&["test"])
            || name.split(|letter: char| !letter.is_alphanumeric()).any(|word| ["qa", "ci"].contains(&word)) =>
        {
            "test"
        }
        () => "development",
    }
}

/// Whether a tag or branch reads as a version: `1.0.0`, `v2`, `release-3`.
fn is_version(reference: &str) -> bool {
    let rest = reference.trim_start_matches("refs/tags/");
    let rest = ["release-", "release/", "v"].iter().find_map(|start| rest.strip_prefix(start)).unwrap_or(rest);
    rest.starts_with(|letter: char| letter.is_ascii_digit())
        && !(rest.len() >= 40 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl Recording<'_> {
    pub(super) async fn deployment(&mut self, told: &Deployment) -> Result<(), Error> {
        let external = self.external("deployments", &told.id)?;
        let reference = told.reference.as_deref().map(|text| text.trim_start_matches("refs/heads/"));
        let version = reference.filter(|text| is_version(text)).map(|text| text.trim_start_matches("refs/tags/"));
        let branch = reference.filter(|_| version.is_none());
        let known = self.known("deployment", &external).await?;
        let Some(known) = known else {
            let environment = self.environment(told).await?;
            let build = self.build_of(told.run.as_deref(), told.commit.as_deref(), version, branch).await?;
            let Some(build) = build else {
                self.waits =
                    Some("which commit or version is deployed is not told, and no build of it is known".into());
                return Ok(());
            };
            let row = self.tx.query_one(VERSION_OF, &[&build]).await?;
            let version = match word(version, 200) {
                Some(version) => Some(version),
                None => row.try_get(0)?,
            };
            let version = version.or_else(|| clipped(reference, 200)).unwrap_or_else(|| clip(&told.id, 200));
            let name = format!("{version} to {}", told.environment);
            // It begins as what it was asked for; how far it has come is a change of its own, which a protected environment
            // may refuse.
            let body = json!({
                "project_id": self.project, "environment_id": environment, "build_id": build, "version": version, "status": "pending",
                "started_at": told.started_at,
            });
            let id = self.make("deployments", &name, body).await?;
            self.refer(id, &external, told.url.as_deref(), None).await?;
            if let Some(known) = self.known("deployment", &external).await? {
                self.move_on(known.id, "pending", told, &name).await?;
                self.note(&known, told.url.as_deref(), told.at).await?;
            }
            return Ok(());
        };
        let row = self.tx.query_one(STANDING, &[&known.id]).await?;
        let stored: String = row.try_get(0)?;
        let name = format!("deployment to {}", told.environment);
        let progress = told.progress.map_or(0, Progress::rank);
        if !is_news((known.at, rank(&stored)), (told.at, progress)) {
            self.did("older", "deployments", known.id, &name);
            return Ok(());
        }
        self.move_on(known.id, &stored, told, &name).await?;
        self.note(&known, told.url.as_deref(), told.at).await
    }

    /// Moves a deployment on to where it is told to be, one step at a time.
    async fn move_on(&mut self, id: Uuid, stored: &str, told: &Deployment, name: &str) -> Result<(), Error> {
        let goal = told.progress.map(status);
        let Some(goal) = goal.filter(|goal| rank(goal) > rank(stored) || (stored == "failed" && *goal != "pending"))
        else {
            self.did("unchanged", "deployments", id, name);
            return Ok(());
        };
        let mut body = json!({"status": goal});
        let began = told.started_at.or(told.at);
        match goal {
            "deploying" => body["started_at"] = json!(began),
            _ => {
                let (started, ended) = super::build::span(told.started_at, told.at);
                body["started_at"] = json!(started);
                body["completed_at"] = json!(ended);
                if goal == "success" {
                    body["deployed_at"] = json!(ended);
                } else {
                    body["deployment_errors"] = json!(clipped(told.description.as_deref(), 10_000));
                }
            }
        }
        if stored == "failed" && goal == "success" {
            // What failed is tried again before it succeeds.
            return self.try_move(id, &[json!({"status": "deploying"}), body], name).await;
        }
        self.try_move(id, &[body], name).await
    }

    /// A protected environment wants somebody's agreement first: then what is told is kept, and tried again later.
    async fn try_move(&mut self, id: Uuid, steps: &[Value], name: &str) -> Result<(), Error> {
        let recorded = self.tx.recorded();
        self.tx.savepoint().await?;
        for step in steps {
            // What went wrong before is over, and so is when it ended.
            let clear: &[&str] = match step["status"].as_str() {
                Some("deploying") => &["completed_at", "deployment_errors"],
                _ => &[],
            };
            if let Err(error) = self.quietly_change("deployments", id, step.clone(), clear).await {
                let Some(problem) = is_conflict(self.ctx, &error) else { return Err(error) };
                self.tx.undo(recorded).await?;
                self.waits = Some(problem.detail);
                self.did("left", "deployments", id, name);
                return Ok(());
            }
        }
        self.tx.keep().await?;
        self.did("changed", "deployments", id, name);
        Ok(())
    }

    /// The environment of this name: the project's own, or else the organisation's, or else a new one of the project.
    async fn environment(&mut self, told: &Deployment) -> Result<Uuid, Error> {
        let name = clip(&told.environment, 100);
        if let Some(id) = self.found(FIND_ENVIRONMENT, &[&self.project, &name]).await? {
            return Ok(id);
        }
        let tier = match told.tier {
            Some(Tier::Production) => "production",
            Some(Tier::Staging) => "staging",
            Some(Tier::Test) => "test",
            Some(Tier::Development) => "development",
            None => tier(&name),
        };
        let url = told.environment_url.as_deref().and_then(super::address);
        let body = json!({"project_id": self.project, "name": name, "tier": tier, "url": url});
        self.make("environments", &name, body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_an_environment_is_for_and_what_a_version_is() {
        let tiers = ["production", "Prod-EU", "staging", "pre-prod", "qa", "review/feature-1"].map(tier);
        assert_eq!(tiers, ["production", "production", "staging", "staging", "test", "development"]);
        for (text, expected) in
            [("1.0.0", true), ("v2", true), ("refs/tags/v1.2", true), ("master", false), ("release-3", true)]
        {
            assert_eq!(is_version(text), expected, "{text}");
        }
        assert!(!is_version(&"1".repeat(40)), "that is a commit");
    }
}
