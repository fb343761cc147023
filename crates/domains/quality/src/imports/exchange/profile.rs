//! Which profile holds for a file.

use formats::{
    Format,
    exchange::{Document, Field, Profile},
};
use kernel::Tx;
use serde_json::Value;
use uuid::Uuid;

use super::{
    super::job::{Job, Stop},
    words::{self, Target},
};

const FIND_PROFILE: &str = include_str!("../../../sql/find_profile.sql");
const SAVE_PROFILE: &str = include_str!("../../../sql/save_profile.sql");

/// A profile with what it is not the reader's business to know.
pub(super) struct Named {
    /// None: nobody made one.
    pub(super) name: Option<String>,
    pub(super) mapping: Profile,
    /// What records become unless their kind says otherwise.
    pub(super) target: Target,
    /// Under which name the records are known.
    pub(super) system: String,
}

/// The system that a format is of.
fn system_of(format: Format) -> &'static str {
    match format {
        Format::Reqif | Format::Reqifz => "reqif",
        Format::StrictDoc => "strictdoc",
        Format::SphinxNeeds => "sphinx-needs",
        Format::Doorstop => "doorstop",
        Format::Asvs => "asvs",
        Format::Jira | Format::JiraCsv => "jira",
        Format::GithubIssues => "github",
        Format::GitlabIssues => "gitlab",
        Format::Bugzilla | Format::BugzillaXml => "bugzilla",
        Format::Redmine | Format::RedmineXml => "redmine",
        _ => "table",
    }
}

/// The profile that the sender named, else the one with the name of the file, else none.
///
/// # Errors
/// A rejection when the one that was named is not there, or a profile says what cannot be.
pub(super) async fn of(tx: &Tx, job: &Job, format: Format) -> Result<Named, Stop> {
    let wish = job.wishes.profile.as_deref();
    let stem = stem(&job.file_name);
    let name = wish.unwrap_or(stem);
    let id = Uuid::try_parse(name).ok();
    let row = tx.query_opt(FIND_PROFILE, &[&job.project, &id, &name]).await?;
    let usual = if format.is_issues() { Target::Defect } else { Target::Requirement };
    let Some(row) = row else {
        if let Some(wish) = wish {
            return Err(Stop::rejected(format!(
                "there is no profile `{wish}` in this project; make it, or name another"
            )));
        }
        let system = system_of(format).to_owned();
        return Ok(Named { name: None, mapping: Profile::default(), target: usual, system });
    };
    let name: String = row.try_get("name")?;
    let bad = |reason: String| Stop::rejected(format!("the profile `{name}` cannot be used: {reason}"));
    let mapping: Value = row.try_get("mapping")?;
    let mapping: Profile = serde_json::from_value(mapping).map_err(|error| bad(error.to_string()))?;
    words::check(&mapping).map_err(|wrong| bad(wrong.0))?;
    let target = match row.try_get::<_, &str>("target")? {
        "requirements" => Target::Requirement,
        "defects" => Target::Defect,
        _ => usual,
    };
    let system: Option<String> = row.try_get("system")?;
    Ok(Named { mapping, target, system: system.unwrap_or_else(|| system_of(format).to_owned()), name: Some(name) })
}

/// Checks what a profile maps, list by list.
///
/// # Errors
/// The list that is wrong, and what is wrong with it.
pub fn check_mapping(mapping: &Value) -> Result<(), (&'static str, String)> {
    for list in ["columns", "kinds", "statuses", "priorities", "severities", "links", "sheet"] {
        let Some(value) = mapping.get(list) else { continue };
        let alone = serde_json::json!({ list: value });
        let profile: Profile = serde_json::from_value(alone).map_err(|error| (list, error.to_string()))?;
        words::check(&profile).map_err(|wrong| (list, wrong.0))?;
    }
    Ok(())
}

/// Keeps what was guessed of the columns of a table as a profile, so that it can be looked at and put right. Says its name when
/// there is a new one.
pub(super) async fn keep_guess(
    tx: &Tx,
    job: &Job,
    format: Format,
    document: &Document,
) -> Result<Option<String>, Stop> {
    if !matches!(format, Format::Csv | Format::Xlsx | Format::JiraCsv) {
        return Ok(None);
    }
    let name: String = stem(&job.file_name).chars().take(200).collect();
    if name.is_empty() {
        return Ok(None);
    }
    let mapping = Profile {
        columns: document.columns.iter().cloned().collect::<std::collections::BTreeMap<String, Field>>(),
        ..Profile::default()
    };
    let mapping = serde_json::to_value(mapping).map_err(|error| kernel::Error::Broken(error.to_string()))?;
    let made = tx.execute(SAVE_PROFILE, &[&job.project, &name, &mapping]).await?;
    Ok((made > 0).then_some(name))
}

/// The name of a file without its folder and ending.
fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).trim()
}
