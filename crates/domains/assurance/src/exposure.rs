//! Is a vulnerability in production: which service, environment, version and owner, and which requirements and tests it puts at risk.
//!
//! Documents say which components a vulnerability is in, bills of materials say which builds contain these, scanners and people say where they
//! found it, and deployments say where such a build runs now. Tests of the build say what it proves.

use std::collections::HashMap;

use base::Problem;
use jiff::Timestamp;
use kernel::{Ctx, Error, Tx, query_readable};
use serde::Serialize;
use uuid::Uuid;

const KNOWN: &str = include_str!("../sql/known.sql");
const EXPOSURE: &str = include_str!("../sql/exposure.sql");
const AT_RISK: &str = include_str!("../sql/at_risk.sql");
/// Places told at most; the query gives one more when there are more.
const PLACES: usize = 1000;

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct Exposure {
    /// What was asked for, in capitals.
    pub identifier: String,
    /// What documents call the same vulnerability.
    pub aliases: Vec<String>,
    /// Documents that say something about it, as far as the asker may see them. 0: nobody has heard of it.
    pub statements: i64,
    /// Findings of scanners and vulnerabilities that people recorded, under any of its names.
    pub findings: i64,
    /// The worst severity they give.
    pub severity: Option<String>,
    /// The highest score they give, from 0 to 10.
    pub score: Option<f64>,
    /// What it is.
    pub description: Option<String>,
    /// What to do.
    pub recommendation: Option<String>,
    /// Where it runs now and is not said to be harmless, in an environment of the tier `production`.
    pub is_in_production: bool,
    /// Where it may run in such an environment: the package is there, and nobody can tell whether the version is one of those meant.
    pub is_perhaps_in_production: bool,
    /// Where what has it runs now, production first.
    pub running: Vec<Occurrence>,
    /// Builds that have it and run nowhere.
    pub built: Vec<Occurrence>,
    /// Ranges of versions that cannot be compared; components that may lie within are marked as not sure.
    pub ranges_not_compared: i64,
    /// Whether there is more than is told.
    pub is_cut: bool,
}

/// A component in a build, and where that runs.
#[derive(Debug, Clone, Serialize)]
pub struct Occurrence {
    /// The project.
    pub project_id: Uuid,
    /// Its slug.
    pub project: String,
    /// Its name.
    pub project_name: String,
    /// Who answers for the project.
    pub owner: Option<String>,
    /// The team of the service, else of the project.
    pub team: Option<String>,
    /// The service that was deployed, where the deployment names one.
    pub service: Option<String>,
    /// The environment. Null: it runs nowhere.
    pub environment: Option<String>,
    /// How far it is from the users: `production`, `staging`, `test` or `development`.
    pub tier: Option<String>,
    /// The version as deployed, else that of the build.
    pub version: Option<String>,
    /// The deployment.
    pub deployment_id: Option<Uuid>,
    /// Since when it runs.
    #[serde(serialize_with = "moment")]
    pub since: Option<Timestamp>,
    /// The build.
    pub build_id: Uuid,
    /// Its number.
    pub build_number: i32,
    /// The component.
    pub component: String,
    /// Its version.
    pub component_version: Option<String>,
    /// Its package URL.
    pub package_url: Option<String>,
    /// How it is known: by the `component` of a bill of materials, by the `finding` of a scanner, or by a `vulnerability` that somebody recorded.
    pub found_by: String,
    /// Whether nobody can tell if the version is one of those meant.
    pub is_unsure: bool,
    /// `open`, `confirmed`, `false_positive`, `fixed`, `accepted`, `wont_fix` or `suppressed`, by what the project itself found out and decided.
    pub state: String,
    /// The same as the document writes it.
    pub analysis_state: Option<String>,
    /// Why it is not affected.
    pub justification: Option<String>,
    /// What was found out.
    pub detail: Option<String>,
    /// Who brought the document that says so, or decided it.
    pub stated_by: Option<String>,
    /// What is at risk: the requirements that tests of the build verify and the one that its feature is for, the most urgent first, at most ten.
    pub requirements: Vec<AtRisk>,
    /// How many there are.
    pub requirements_count: i64,
}

/// A requirement that a build proves or delivers.
#[derive(Debug, Clone, Serialize)]
pub struct AtRisk {
    /// Its key, such as `REQ-42`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Tests of the build that verify it, those that did not pass first, at most five.
    pub tests: Vec<Proof>,
    /// How many there are.
    pub tests_count: i64,
}

/// A test that verifies a requirement.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// Its key, such as `TC-108`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// How it went in this build.
    pub status: String,
}

fn moment<S: serde::Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_string()).serialize(serializer)
}

impl Occurrence {
    /// Whether nobody said that it does no harm here.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "open" | "confirmed")
    }
}

/// Where a vulnerability is, as far as the actor may see.
///
/// # Errors
/// 400 when the identifier cannot be one; else when the query fails.
pub async fn exposure(ctx: &Ctx, tx: &Tx, identifier: &str) -> Result<Exposure, Error> {
    let identifier = identifier.trim().to_uppercase();
    if identifier.is_empty() || identifier.chars().count() > 200 || identifier.contains('\0') {
        let problem = Problem::bad_request("Say which vulnerability, such as CVE-2024-3094.");
        return Err(problem.field("?identifier", "must have from 1 to 200 characters, none of them U+0000").into());
    }
    let known = query_readable(ctx, tx, None, KNOWN, &[&identifier]).await?;
    let known = known.first().ok_or_else(|| Error::Broken("an aggregate gave no row".into()))?;
    let rows = query_readable(ctx, tx, None, EXPOSURE, &[&identifier]).await?;
    let (mut running, mut built) = (Vec::new(), Vec::new());
    for row in rows.iter().take(PLACES) {
        let deployment_id: Option<Uuid> = row.try_get("deployment_id")?;
        let version: Option<String> = row.try_get("version")?;
        let one = Occurrence {
            project_id: row.try_get("project_id")?,
            project: row.try_get("slug")?,
            project_name: row.try_get("project")?,
            owner: row.try_get("owner")?,
            team: row.try_get("team")?,
            service: row.try_get("service")?,
            environment: row.try_get("environment")?,
            tier: row.try_get("tier")?,
            version: version.or(row.try_get("version_tag")?),
            deployment_id,
            since: row.try_get("at")?,
            build_id: row.try_get("build_id")?,
            build_number: row.try_get("build_number")?,
            component: row.try_get("component")?,
            component_version: row.try_get("component_version")?,
            package_url: row.try_get("package_url")?,
            state: row.try_get("state")?,
            analysis_state: row.try_get("analysis_state")?,
            justification: row.try_get("justification")?,
            detail: row.try_get("detail")?,
            stated_by: row.try_get("stated_by")?,
            found_by: row.try_get("found_by")?,
            is_unsure: row.try_get("is_unsure")?,
            requirements: Vec::new(),
            requirements_count: 0,
        };
        if deployment_id.is_some() { running.push(one) } else { built.push(one) }
    }
    at_risk(ctx, tx, &mut running).await?;
    let in_production = |one: &&Occurrence| one.is_open() && one.tier.as_deref() == Some("production");
    Ok(Exposure {
        identifier,
        aliases: known.try_get::<_, Option<Vec<String>>>("names")?.unwrap_or_default(),
        findings: known.try_get("found")?,
        statements: known.try_get("statements")?,
        severity: known.try_get("severity")?,
        score: known.try_get("score")?,
        description: known.try_get("description")?,
        recommendation: known.try_get("recommendation")?,
        is_in_production: running.iter().filter(in_production).any(|one| !one.is_unsure),
        is_perhaps_in_production: running.iter().filter(in_production).any(|one| one.is_unsure),
        running,
        built,
        ranges_not_compared: known.try_get("ranges")?,
        is_cut: rows.len() > PLACES,
    })
}

/// Adds what is at risk to the places where it runs.
async fn at_risk(ctx: &Ctx, tx: &Tx, running: &mut [Occurrence]) -> Result<(), Error> {
    if running.is_empty() {
        return Ok(());
    }
    let projects: Vec<Uuid> = running.iter().map(|one| one.project_id).collect();
    let builds: Vec<Uuid> = running.iter().map(|one| one.build_id).collect();
    let mut known: HashMap<Uuid, (i64, Vec<AtRisk>)> = HashMap::new();
    for row in query_readable(ctx, tx, None, AT_RISK, &[&projects, &builds]).await? {
        let keys: Vec<String> = row.try_get("test_keys")?;
        let names: Vec<String> = row.try_get("test_names")?;
        let statuses: Vec<String> = row.try_get("test_statuses")?;
        let tests = keys.into_iter().zip(names).zip(statuses);
        let place = known.entry(row.try_get("build_id")?).or_default();
        place.0 = row.try_get("requirements")?;
        place.1.push(AtRisk {
            key: row.try_get("key")?,
            title: row.try_get("title")?,
            tests: tests.map(|((key, name), status)| Proof { key, name, status }).collect(),
            tests_count: row.try_get::<_, Option<i64>>("tests")?.unwrap_or_default(),
        });
    }
    for one in running {
        if let Some((count, requirements)) = known.get(&one.build_id) {
            one.requirements_count = *count;
            one.requirements.clone_from(requirements);
        }
    }
    Ok(())
}
