//! What commands of the operator leave in the audit trail: one row in each organisation, because they touch all of them. The owner of
//! the tables writes it, so that a command needs no schema that fits the program, and none is made impossible by the trail.

use cluster::Database;
use serde_json::{Value, json};
use wire::Way;

use crate::{database, failure::Failure};

const ORGANIZATIONS: &str = "select platform.all_organizations()";
const ROW: &str = "
insert into audit.audit_logs (event_type, event_category, status, resource_type, action_description, risk_level, application_name,
                              api_endpoint, error_message, compliance_relevant, additional_data)
values ($1, 'administration', $2, 'command', $3, $4, 'throughline', $5, $6, true, $7)";

/// A command that was carried out or failed.
pub(crate) struct Command<'a> {
    /// What it was, such as `database.maintained`.
    pub(crate) event: &'a str,
    /// How it is called.
    pub(crate) called: &'a str,
    /// A sentence for people.
    pub(crate) said: &'a str,
    /// How closely to look at it.
    pub(crate) risk: &'a str,
    /// Why it failed.
    pub(crate) error: Option<String>,
    /// What came of it, as a JSON object.
    pub(crate) besides: Value,
}

/// Writes the rows of a command. Where they cannot be written, says so and goes on: whoever looks after a database that is out of
/// order must be able to.
pub(crate) async fn note(database: &Database, command: Command<'_>) {
    match database::owner(database) {
        Ok(owner) => note_as(&owner, command).await,
        Err(failure) => tracing::warn!("`{}` could not be written into the audit trail: {failure}", command.called),
    }
}

/// The same in the database that `owner` leads to, whatever the settings say is in use.
pub(crate) async fn note_as(owner: &Way, command: Command<'_>) {
    if let Err(failure) = write(owner, &command).await {
        tracing::warn!("`{}` could not be written into the audit trail: {failure}", command.called);
    }
}

async fn write(owner: &Way, command: &Command<'_>) -> Result<(), Failure> {
    let mut besides = command.besides.clone();
    if let Some(account) = std::env::var("USER").ok().filter(|account| !account.is_empty()) {
        besides["account"] = json!(account);
    }
    let status = if command.error.is_some() { "failure" } else { "success" };
    database::talk(owner, async |client| {
        let is_there: bool =
            client.query_one("select to_regclass('audit.audit_logs') is not null", &[]).await?.get(0);
        if !is_there {
            return Ok(());
        }
        // A database that nobody ran for months, or that came out of an old backup, has no partition for today: its row would lie in
        // the one that has to stay empty.
        if let Err(error) = client.query_one("select platform.premake_partitions()", &[]).await {
            tracing::warn!(%error, "no partitions were made for the coming months: `throughline maintain` says more");
        }
        let mut all = Vec::new();
        for row in client.query(ORGANIZATIONS, &[]).await? {
            all.push(row.get::<_, uuid::Uuid>(0));
        }
        client.batch_execute("begin").await?;
        for organization in all {
            let here = "select set_config('app.current_organization_id', $1, true), set_config('app.project_access', 'all', true)";
            client.execute(here, &[&organization.to_string()]).await?;
            client
                .execute(
                    ROW,
                    &[
                        &command.event,
                        &status,
                        &command.said,
                        &command.risk,
                        &command.called,
                        &command.error.as_ref().map(|error| error.chars().take(1000).collect::<String>()),
                        &besides,
                    ],
                )
                .await?;
        }
        client.batch_execute("commit").await?;
        Ok(())
    })
    .await
}
