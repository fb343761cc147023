//! Releases.

use formats::webhook::Release;
use jiff::Timestamp;
use kernel::{Delete, Error, Record, authorise};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Recording, clipped, is_news, word};

const FIND: &str = include_str!("../../../sql/webhooks/find_release.sql");

fn rank(status: &str) -> u8 {
    match status {
        "planned" => 0,
        "released" => 1,
        _ => 2,
    }
}

impl Recording<'_> {
    /// A release is known by its version, which is its tag. A draft is planned, a published one is released with the build of
    /// its tag, one that was deleted or unpublished is withdrawn.
    pub(super) async fn release(&mut self, told: &Release) -> Result<(), Error> {
        let Some(version) = word(Some(&told.tag), 100) else {
            self.waits = None;
            return Ok(());
        };
        let status = match (told.is_withdrawn, told.is_draft || told.published_at.is_none()) {
            (true, _) => "withdrawn",
            (false, true) => "planned",
            (false, false) => "released",
        };
        let facts = json!({
            "name": clipped(told.name.as_deref(), 200),
            "notes": clipped(told.notes.as_deref(), 100_000),
            "reported_at": told.at,
        });
        let row = self.tx.query_opt(FIND, &[&self.project, &version]).await?;
        let Some(row) = row else {
            if status == "withdrawn" && told.published_at.is_none() {
                return Ok(());
            }
            let mut body = facts;
            body["project_id"] = json!(self.project);
            body["version"] = json!(version);
            body["status"] = json!("planned");
            if status != "planned" {
                let build = self.build_of(None, told.commit.as_deref(), Some(&version), None).await?;
                body["build_id"] = json!(build);
                body["status"] = json!("released");
                body["released_at"] = json!(told.published_at);
            }
            let id = self.make("releases", &version, body).await?;
            if status == "withdrawn" {
                self.withdraw(id, told).await?;
            }
            return Ok(());
        };
        let (id, stored): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
        let (at, build): (Option<Timestamp>, Option<Uuid>) = (row.try_get(2)?, row.try_get(3)?);
        if !is_news((at, rank(&stored)), (told.at, rank(status))) && rank(status) <= rank(&stored) {
            self.did("older", "releases", id, &version);
            return Ok(());
        }
        match (stored.as_str(), status) {
            ("planned", "withdrawn") => {
                let record = Record::find(self.tx, self.served("releases")?, &id.to_string(), true).await?;
                let record = authorise::<Delete, _>(self.ctx, record)?;
                kernel::delete(self.ctx, self.tx, self.served("releases")?, record).await?;
                self.did("deleted", "releases", id, &version);
            }
            ("planned", "released") => {
                let build = match build {
                    Some(build) => Some(build),
                    None => self.build_of(None, told.commit.as_deref(), Some(&version), None).await?,
                };
                let mut body = facts;
                body["status"] = json!("released");
                body["build_id"] = json!(build);
                body["released_at"] = json!(told.published_at);
                self.change("releases", id, &version, body).await?;
            }
            ("released", "withdrawn") => self.withdraw(id, told).await?,
            // What was given out stays given out, and what was withdrawn is not given out again under the same version.
            ("released" | "planned", _) => self.change("releases", id, &version, facts).await?,
            _ => self.did("left", "releases", id, &version),
        }
        Ok(())
    }

    async fn withdraw(&mut self, id: Uuid, told: &Release) -> Result<(), Error> {
        let reason = "It was taken back at the repository server.";
        let body: Value = json!({"status": "withdrawn", "withdrawn_reason": reason, "reported_at": told.at});
        self.change("releases", id, &told.tag, body).await
    }
}
