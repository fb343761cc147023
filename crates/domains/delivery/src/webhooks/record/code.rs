//! Repositories and commits.

use formats::webhook::{Commit, Repository};
use kernel::Error;
use serde_json::json;
use uuid::Uuid;

use super::{Recording, clip, clipped, word};

const FIND_REPOSITORY: &str = include_str!("../../../sql/webhooks/find_repository.sql");
const FIND_COMMIT: &str = "select id from delivery.commits where repository_id = $1 and commit_hash = $2";
const FIND_AUTHOR: &str = include_str!("../../../sql/webhooks/find_author.sql");

impl Recording<'_> {
    /// The repository of the project that is cloned from or looked at under one of these addresses; a new one when none is.
    pub(super) async fn repository_of(&mut self, told: &Repository) -> Result<Uuid, Error> {
        let addresses: Vec<String> = [&told.clone_url, &told.web_url, &told.ssh_url]
            .into_iter()
            .flatten()
            .map(|url| url.trim_end_matches('/').trim_end_matches(".git").to_lowercase())
            .collect();
        if let Some(id) = self.found(FIND_REPOSITORY, &[&self.project, &addresses]).await? {
            return Ok(id);
        }
        let url =
            told.clone_url.as_ref().or(told.web_url.as_ref()).or(told.ssh_url.as_ref()).unwrap_or(&told.full_name);
        let body = json!({
            "project_id": self.project,
            "url": clip(url, 2000),
            "vcs": "git",
            "default_branch": word(told.default_branch.as_deref(), 250),
        });
        self.make("repositories", &told.full_name, body).await
    }

    /// A commit never changes: what is known stays.
    pub(super) async fn commit(&mut self, commit: &Commit) -> Result<(), Error> {
        let (repository, _) = self.repository()?;
        let subject = commit.message.lines().next().unwrap_or_default();
        let name = format!("{} {subject}", &commit.hash[..12]);
        if let Some(id) = self.found(FIND_COMMIT, &[&repository, &commit.hash]).await? {
            self.did("unchanged", "commits", id, &name);
            return Ok(());
        }
        let author = match &commit.author_email {
            Some(email) => self.found(FIND_AUTHOR, &[email]).await?,
            None => None,
        };
        let body = json!({
            "repository_id": repository,
            "commit_hash": commit.hash,
            "message": clip(&commit.message, 100_000),
            "author_name": clipped(commit.author_name.as_deref(), 200),
            "author_email": clipped(commit.author_email.as_deref(), 320),
            "author_user_id": author,
            "committed_at": commit.committed_at,
        });
        self.make("commits", &name, body).await?;
        Ok(())
    }
}
