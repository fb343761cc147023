//! From what a message tells to records: found by what their server calls them, made or changed through the ordinary writes, and
//! left alone by what is older than what is known.

mod build;
mod code;
mod deployment;
mod issue;
mod release;
mod review;

use base::Problem;
use formats::webhook::{Delivery, Fact};
use jiff::Timestamp;
use kernel::{Ctx, Error, Record, Tx, Update, authorise};
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// What of a record differs from what is to be there. Names of columns; none when nothing does.
const DIFFERS: &str = "
select array(select n.key from jsonb_each(to_jsonb(jsonb_populate_record(t, $2::jsonb))) n
              where n.value is distinct from to_jsonb(t) -> n.key and $2::jsonb ? n.key) from ";
const REFERENCE: &str = include_str!("../../../sql/webhooks/reference.sql");

/// A message being recorded.
pub(super) struct Recording<'a> {
    ctx: &'a Ctx,
    tx: &'a mut Tx,
    project: Uuid,
    /// The server, as external references name it.
    system: &'a str,
    issue_label: Option<String>,
    repository: Option<(Uuid, String)>,
    /// What was done, for the page of the message.
    pub(super) did: Vec<Value>,
    /// What has to happen first, if something has; the message is worked on again later.
    pub(super) waits: Option<String>,
}

/// A record known elsewhere.
pub(super) struct Known {
    reference: Uuid,
    id: Uuid,
    at: Option<Timestamp>,
}

/// Moment and progress of what is known and of what is told: whether that is news.
fn is_news(known: (Option<Timestamp>, u8), told: (Option<Timestamp>, u8)) -> bool {
    match (known.0, told.0) {
        (Some(known_at), Some(told_at)) if known_at != told_at => told_at > known_at,
        _ => told.1 >= known.1,
    }
}

impl<'a> Recording<'a> {
    pub(super) fn new(
        ctx: &'a Ctx,
        tx: &'a mut Tx,
        project: Uuid,
        system: &'a str,
        issue_label: Option<String>,
    ) -> Self {
        Self { ctx, tx, project, system, issue_label, repository: None, did: Vec::new(), waits: None }
    }

    /// Records every fact of a message.
    pub(super) async fn all(&mut self, delivery: &mut Delivery) -> Result<(), Error> {
        if delivery.facts.is_empty() {
            return Ok(());
        }
        let Some(repository) = delivery.repository.clone() else {
            delivery.notes.push("the message names no repository, so nothing could be recorded of it".into());
            return Ok(());
        };
        self.repository = Some((self.repository_of(&repository).await?, repository.full_name.clone()));
        for fact in std::mem::take(&mut delivery.facts) {
            match fact {
                Fact::Commit(commit) => self.commit(&commit).await?,
                Fact::Run(run) => self.run(&run).await?,
                Fact::Check(check) => self.check(&check).await?,
                Fact::Pull(pull) => self.pull(&pull).await?,
                Fact::Review(review) => self.review(&review).await?,
                Fact::Deployment(deployment) => self.deployment(&deployment).await?,
                Fact::Release(release) => self.release(&release).await?,
                Fact::Issue(issue) => self.issue(&issue).await?,
            }
        }
        Ok(())
    }

    fn repository(&self) -> Result<(Uuid, String), Error> {
        self.repository.clone().ok_or_else(|| Error::Broken("a message is recorded without its repository".into()))
    }

    /// What the server calls a thing, for external references: `acme/pay/runs/17/1`.
    fn external(&self, kind: &str, id: &str) -> Result<String, Error> {
        let (_, name) = self.repository()?;
        Ok(clip(&format!("{name}/{kind}/{id}"), 500))
    }

    fn did(&mut self, what: &str, resource: &str, id: Uuid, name: &str) {
        self.did.push(json!({"what": what, "resource": resource, "id": id, "name": clip(name, 200)}));
    }

    /// Makes a record as every door does.
    async fn make(&mut self, resource: &str, name: &str, body: Value) -> Result<Uuid, Error> {
        let body = without_nothing(body);
        let served = self.served(resource)?;
        let written = kernel::create(self.ctx, self.tx, served, &body).await?;
        let id = Uuid::try_parse(&written.id).map_err(|error| Error::Broken(error.to_string()))?;
        self.did("created", resource, id, name);
        Ok(id)
    }

    /// Changes what differs, as every door does. What is null in `body` is left as it is.
    async fn change(&mut self, resource: &str, id: Uuid, name: &str, body: Value) -> Result<(), Error> {
        self.change_and_clear(resource, id, name, body, &[]).await
    }

    /// The same, and empties the columns of `clear`.
    async fn change_and_clear(
        &mut self,
        resource: &str,
        id: Uuid,
        name: &str,
        body: Value,
        clear: &[&str],
    ) -> Result<(), Error> {
        let changed = self.quietly_change(resource, id, body, clear).await?;
        self.did(if changed { "changed" } else { "unchanged" }, resource, id, name);
        Ok(())
    }

    /// The same without saying so. Whether anything differed.
    async fn quietly_change(&mut self, resource: &str, id: Uuid, body: Value, clear: &[&str]) -> Result<bool, Error> {
        let mut body = without_nothing(body);
        for column in clear {
            body[*column] = Value::Null;
        }
        let served = self.served(resource)?;
        let sql = format!("{DIFFERS}{} t where t.id = $1", served.resource.table);
        let row = self.tx.query_one(&sql, &[&id, &body]).await?;
        let names: Vec<String> = row.try_get(0)?;
        if let Some(members) = body.as_object_mut() {
            members.retain(|name, _| names.contains(name));
        }
        if names.is_empty() {
            return Ok(false);
        }
        let record = Record::find(self.tx, served, &id.to_string(), true).await?;
        let record = authorise::<Update, _>(self.ctx, record)?;
        kernel::update(self.ctx, self.tx, served, record, &body).await?;
        Ok(true)
    }

    fn served(&self, resource: &str) -> Result<&'a kernel::Served, Error> {
        self.ctx.catalogue().get(resource).ok_or_else(|| Error::Broken(format!("{resource} is not served")))
    }

    /// The record of this kind that the server calls `external`, if it is known.
    async fn known(&self, kind: &str, external: &str) -> Result<Option<Known>, Error> {
        let row = self.tx.query_opt(REFERENCE, &[&self.project, &self.system, &external, &kind]).await?;
        row.map(|row| Ok(Known { reference: row.try_get(0)?, id: row.try_get(1)?, at: row.try_get(2)? })).transpose()
    }

    /// Remembers what the server calls a record, and the moment of what it told.
    async fn refer(
        &mut self,
        record: Uuid,
        external: &str,
        url: Option<&str>,
        at: Option<Timestamp>,
    ) -> Result<(), Error> {
        let body = json!({
            "project_id": self.project, "entity_id": record, "system": self.system, "external_id": external,
            "url": url.and_then(address), "synchronized_at": at,
        });
        let served = self.served("external-references")?;
        kernel::create(self.ctx, self.tx, served, &without_nothing(body)).await?;
        Ok(())
    }

    /// The same for a reference that is there.
    async fn note(&mut self, known: &Known, url: Option<&str>, at: Option<Timestamp>) -> Result<(), Error> {
        let at = at.max(known.at);
        let body = json!({"url": url.and_then(address), "synchronized_at": at});
        self.quietly_change("external-references", known.reference, body, &[]).await?;
        Ok(())
    }

    async fn found(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Option<Uuid>, Error> {
        Ok(match self.tx.query_opt(sql, params).await? {
            Some(row) => Some(row.try_get(0)?),
            None => None,
        })
    }
}

/// An object without the members that are null.
fn without_nothing(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}

/// At most so many characters.
fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// The same of a text that may be missing or empty.
fn clipped(text: Option<&str>, most: usize) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| clip(text, most))
}

/// An address that fits where addresses are kept.
fn address(url: &str) -> Option<String> {
    let fits = url.len() <= 2000 && !url.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    fits.then(|| url.to_owned())
}

/// A name without blanks, as branches, tags and versions have to be.
fn word(text: Option<&str>, most: usize) -> Option<String> {
    clipped(text, most).filter(|text| !text.contains(|letter: char| letter.is_whitespace() || letter.is_control()))
}

/// Whether a refusal is a rule of the record that has to be met first, not a fault of the message.
fn is_conflict(ctx: &Ctx, error: &Error) -> Option<Problem> {
    let problem = ctx.catalogue().explain(error);
    (problem.status() == 409).then_some(problem)
}

#[cfg(test)]
mod tests {
    use super::is_news;

    #[test]
    fn what_is_older_is_no_news_and_of_one_moment_what_is_further_counts() {
        let at = |seconds| jiff::Timestamp::from_second(seconds).ok();
        assert!(is_news((None, 0), (None, 0)));
        assert!(is_news((at(1), 2), (at(2), 0)), "tried again later");
        assert!(!is_news((at(2), 0), (at(1), 2)));
        assert!(!is_news((at(1), 2), (at(1), 1)));
        assert!(is_news((at(1), 1), (at(1), 2)));
        assert!(is_news((at(1), 2), (at(1), 2)), "the same again does no harm");
        assert!(!is_news((at(1), 2), (None, 0)), "what knows no moment has to be further");
    }
}
