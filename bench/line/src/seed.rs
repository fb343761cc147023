//! Records to read: as many requirements as asked for, in one project.

use serde_json::json;
use uuid::Uuid;

use crate::{Failure, instance::Instance};

const REQUIREMENTS: &str = include_str!("../sql/seed_requirements.sql");
const READER: &str = include_str!("../sql/seed_reader.sql");
/// Rows of one statement.
const STEP: u64 = 250_000;

/// A project with a name of its own.
///
/// # Errors
/// When the server refuses it.
pub async fn project(instance: &Instance, slug: &str) -> Result<Uuid, Failure> {
    let body = json!({ "name": format!("Project {slug}"), "slug": slug }).to_string();
    let made = instance.post("/v1/projects", "application/json", body.as_bytes()).await?;
    Ok(made["id"].as_str().ok_or("the project has no id")?.parse()?)
}

/// Fills a new project with `rows` requirements and brings the statistics up to date.
///
/// # Errors
/// When the database refuses a row.
pub async fn requirements(instance: &Instance, rows: u64) -> Result<Uuid, Failure> {
    let project = project(instance, "payments").await?;
    let client = instance.superuser().await?;
    client.batch_execute("set session_replication_role = replica; set synchronous_commit = off").await?;
    let mut first = 1;
    while first <= rows {
        let last = (first + STEP - 1).min(rows);
        let statement = REQUIREMENTS
            .replace("ORGANIZATION", &instance.organization.to_string())
            .replace("PROJECT", &project.to_string())
            .replace("MEMBER", &instance.user.to_string())
            .replace("FIRST", &first.to_string())
            .replace("LAST", &last.to_string())
            .replace("ROWS", &rows.to_string());
        client.batch_execute(&statement).await?;
        first = last + 1;
    }
    client.batch_execute("vacuum (analyze) work.requirements").await?;
    client.batch_execute("checkpoint").await?;
    Ok(project)
}

/// A member of `project` who reads its requirements under a condition; gives their token.
///
/// # Errors
/// When the server or the database refuses.
pub async fn reader(instance: &Instance, project: Uuid) -> Result<String, Failure> {
    // As the server makes them: its prefix for API tokens, and what nobody guesses.
    let token = format!("tlp_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let statements = READER
        .replace("ORGANIZATION", &instance.organization.to_string())
        .replace("PROJECT", &project.to_string())
        .replace("READER", &Uuid::new_v4().to_string())
        .replace("TOKEN", &token);
    let client = instance.superuser().await?;
    // Without triggers nobody is told that rights changed, so this says it.
    client
        .batch_execute(&format!("set session_replication_role = replica; {statements}; notify throughline_access, '*'"))
        .await?;
    Ok(token)
}

/// The identifier of a running number, as [`requirements`] gives it.
#[must_use]
pub fn id(number: u64) -> String {
    format!("01930000-0000-7000-80{:02}-{:012}", number / 1_000_000_000_000, number % 1_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_carries_its_number() {
        assert_eq!(id(42), "01930000-0000-7000-8000-000000000042");
        assert!(Uuid::parse_str(&id(10_000_000)).is_ok());
    }
}
