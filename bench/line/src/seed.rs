//! Records to read: as many requirements as asked for, in one project; or records with words to be searched for, in fifty.

use serde_json::json;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{Failure, instance::Instance};

const REQUIREMENTS: &str = include_str!("../sql/seed_requirements.sql");
const READER: &str = include_str!("../sql/seed_reader.sql");
const VIEWER: &str = include_str!("../sql/seed_viewer.sql");
const PROJECTS: &str = include_str!("../sql/seed_projects.sql");
const COMPONENTS: &str = include_str!("../sql/seed_components.sql");
const ADVISORIES: &str = include_str!("../sql/seed_advisories.sql");
const SEARCHED: &str = include_str!("../sql/seed_search.sql");
const MATRIX: &str = include_str!("../sql/seed_matrix.sql");
const BUILDS: &str = include_str!("../sql/seed_builds.sql");
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
    let template = REQUIREMENTS.replace("PROJECT", &project.to_string()).replace("ROWS", &rows.to_string());
    let client = without_triggers(instance).await?;
    in_steps(instance, &client, &template, rows).await?;
    client.batch_execute("vacuum (analyze) work.requirements").await?;
    client.batch_execute("checkpoint").await?;
    Ok(project)
}

/// Stores `rows` records of two types in fifty projects, ten of them private, with the words that search is to find.
///
/// # Errors
/// When the database refuses a row.
pub async fn searched(instance: &Instance, rows: u64) -> Result<(), Failure> {
    let client = without_triggers(instance).await?;
    client.batch_execute(&of(instance, PROJECTS)).await?;
    // The same words in every run.
    client.batch_execute("select setseed(0.42)").await?;
    in_steps(instance, &client, SEARCHED, rows).await?;
    for table in [
        "work.requirements",
        "work.tasks",
        "work.projects",
        "work.entity_keys",
        "work.entity_tags",
        "platform.entities",
    ] {
        client.batch_execute(&format!("vacuum (analyze) {table}")).await?;
    }
    client.batch_execute("checkpoint").await?;
    Ok(())
}

/// Fills a new project with `requirements`, a test for each, the links between them, and a result of every test in each of `builds`; then has the
/// database work out what that says of each requirement.
///
/// # Errors
/// When the database refuses a row.
pub async fn matrix(instance: &Instance, requirements: u64, builds: u64) -> Result<(), Failure> {
    let project = project(instance, "payments").await?;
    let fill = |template: &str| {
        template
            .replace("PROJECT", &project.to_string())
            .replace("TESTS", &requirements.to_string())
            .replace("BUILDS", &builds.to_string())
    };
    let client = without_triggers(instance).await?;
    in_steps(instance, &client, &fill(MATRIX), requirements).await?;
    // A build at a time: each statement stores as many results as there are tests.
    for build in 1..=builds {
        let one = of(instance, &fill(BUILDS)).replace("FIRST", &build.to_string()).replace("LAST", &build.to_string());
        client.batch_execute(&one).await?;
    }
    client.batch_execute("analyze").await?;
    // As the role that serves: the look-ups of the function rely on row security for the organisation.
    let evidence = format!(
        "insert into work.requirement_evidence (organization_id, requirement_id, project_id, number, status) \
         select organization_id, id, project_id, number, status from work.requirements where project_id = '{project}'; \
         set app.current_organization_id = '{}'; set app.project_access = 'all'; set role application_user; \
         do $$ declare ids uuid[]; begin \
           for ids in select array_agg(id) from (select id, row_number() over (order by id) / 5000 as part from work.requirements) r group by part loop \
             perform work.refresh_evidence(ids); \
           end loop; end $$; \
         reset role",
        instance.organization
    );
    client.batch_execute(&evidence).await?;
    client.batch_execute("vacuum (analyze)").await?;
    client.batch_execute("checkpoint").await?;
    Ok(())
}

/// Stores `rows` components in bills of materials of builds, what runs, and a thousand vulnerabilities.
///
/// # Errors
/// When the database refuses a row.
pub async fn exposed(instance: &Instance, rows: u64) -> Result<(), Failure> {
    let client = without_triggers(instance).await?;
    client.batch_execute(&of(instance, PROJECTS)).await?;
    client.batch_execute("select setseed(0.42)").await?;
    in_steps(instance, &client, COMPONENTS, rows).await?;
    client.batch_execute(&of(instance, ADVISORIES)).await?;
    for table in [
        "work.projects",
        "work.requirements",
        "work.trace_links",
        "quality.test_cases",
        "quality.test_results",
        "delivery.builds",
        "delivery.deployments",
        "security.sboms",
        "security.sbom_components",
        "security.vulnerability_statements",
        "security.vulnerability_names",
        "security.vulnerability_affects",
    ] {
        client.batch_execute(&format!("vacuum (analyze) {table}")).await?;
    }
    client.batch_execute("checkpoint").await?;
    Ok(())
}

async fn without_triggers(instance: &Instance) -> Result<Client, Failure> {
    let client = instance.superuser().await?;
    client.batch_execute("set session_replication_role = replica; set synchronous_commit = off").await?;
    Ok(client)
}

fn of(instance: &Instance, statements: &str) -> String {
    statements.replace("ORGANIZATION", &instance.organization.to_string()).replace("MEMBER", &instance.user.to_string())
}

/// Runs what stores the records `FIRST` to `LAST` until there are `rows`.
async fn in_steps(instance: &Instance, client: &Client, template: &str, rows: u64) -> Result<(), Failure> {
    let template = of(instance, template);
    let mut first = 1;
    while first <= rows {
        let last = (first + STEP - 1).min(rows);
        client.batch_execute(&template.replace("FIRST", &first.to_string()).replace("LAST", &last.to_string())).await?;
        first = last + 1;
    }
    Ok(())
}

/// A member of `project` who reads its requirements under a condition; gives their token.
///
/// # Errors
/// When the server or the database refuses.
pub async fn reader(instance: &Instance, project: Uuid) -> Result<String, Failure> {
    person(instance, &READER.replace("PROJECT", &project.to_string())).await
}

/// A member of the organisation who reads whatever is not private; gives their token.
///
/// # Errors
/// When the database refuses.
pub async fn viewer(instance: &Instance) -> Result<String, Failure> {
    person(instance, VIEWER).await
}

async fn person(instance: &Instance, statements: &str) -> Result<String, Failure> {
    // As the server makes them: its prefix for API tokens, and what nobody guesses.
    let token = format!("tlp_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let statements = of(instance, statements).replace("READER", &Uuid::new_v4().to_string()).replace("TOKEN", &token);
    // Without triggers nobody is told that rights changed, so this says it.
    without_triggers(instance).await?.batch_execute(&format!("{statements}; notify throughline_access, '*'")).await?;
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
