//! A build of Jenkins, or a job with its builds, as its interface gives them.

use std::io::BufRead;

use jiff::Timestamp;

use super::{Build, Standing, branch, commit};
use crate::excerpt::cut;
use crate::json::{Json, Token, Value};
use crate::{Limits, ReadError, Replaced};

/// What a document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Builds {
    /// The builds, in the order of the document.
    pub builds: Vec<Build>,
    /// Builds that are only referred to, which a job tells of unless it is asked for more (`?depth=1`).
    pub named_only: u64,
    /// Characters that could not be shown.
    pub replaced: Replaced,
}

/// Members of a build that are asked for. A document may hold the changes of years beside them.
const MEMBERS: [&str; 11] = [
    "actions",
    "building",
    "displayName",
    "duration",
    "fullDisplayName",
    "number",
    "result",
    "timestamp",
    "url",
    "fullName",
    "name",
];

/// Reads the answer of Jenkins about a build or a job.
///
/// # Errors
/// When it is neither, or goes over a bound.
pub fn read(inner: impl BufRead, limits: &Limits) -> Result<Builds, ReadError> {
    let mut json = Json::new(inner, limits);
    let mut all = Builds::default();
    if !json.enter_object()? {
        return Err(json.error("what Jenkins says of a build or a job is a JSON object"));
    }
    let mut own: Vec<(String, Value)> = Vec::new();
    let mut is_job = false;
    while let Token::Name(name) = json.next()? {
        if name == "builds" || name == "allBuilds" {
            is_job = true;
            if json.enter_array()? {
                while json.another()? {
                    if all.builds.len() >= limits.max_records {
                        return Err(
                            json.error(format!("the job has more than {} builds; ask for fewer", limits.max_records))
                        );
                    }
                    let value = Value::read(&mut json, limits.max_record_bytes)?;
                    match build(&value) {
                        Some(build) => all.builds.push(build),
                        None => all.named_only += 1,
                    }
                }
            }
        } else if MEMBERS.contains(&name.as_str()) {
            own.push((name, Value::read(&mut json, limits.max_record_bytes)?));
        } else {
            json.skip()?;
        }
    }
    let line = json.line();
    json.next()?;
    if !is_job {
        let value = Value::Object(own);
        all.builds.push(build(&value).ok_or_else(|| {
            ReadError::at_line(
                line,
                "the build has no number, or does not say when it began; ask Jenkins for `…/api/json` of it",
            )
        })?);
    }
    all.replaced = json.replaced();
    Ok(all)
}

/// A build, if more is said of it than its number.
fn build(value: &Value) -> Option<Build> {
    let number = value.get("number").and_then(Value::count)?;
    let whole = |name: &str| match value.get(name) {
        Some(Value::Number(text)) => text.parse::<i64>().ok(),
        _ => None,
    };
    let begun = whole("timestamp")?;
    let url = value.text_of("url").filter(|url| url.starts_with("http"));
    let name = value.text_of("fullDisplayName").or_else(|| value.text_of("displayName"));
    let is_building = matches!(value.get("building"), Some(Value::Bool(true)));
    let standing = match value.get("result").and_then(Value::text) {
        _ if is_building => Standing::Running,
        Some("SUCCESS") => Standing::Succeeded,
        Some("FAILURE" | "UNSTABLE") => Standing::Failed,
        Some("ABORTED" | "NOT_BUILT") => Standing::Cancelled,
        _ => Standing::Unknown,
    };
    let started_at = Timestamp::from_millisecond(begun).ok();
    let duration = whole("duration").filter(|duration| *duration > 0);
    let completed_at = duration
        .filter(|_| !is_building)
        .and_then(|duration| Timestamp::from_millisecond(begun.checked_add(duration)?).ok());
    // Where it is told by its address, two jobs of one name in different folders are two.
    let identifier = url.as_deref().map_or_else(
        || format!("{} #{number}", name.as_deref().unwrap_or("build")),
        |url| url.trim_end_matches('/').to_owned(),
    );
    let revision = value.items_of("actions").iter().find_map(|action| action.get("lastBuiltRevision"));
    let mut build = Build {
        identifier: cut(&identifier, 500),
        name: name.map(|name| cut(&name, 500)).or_else(|| Some(format!("#{number}"))),
        url,
        commit: None,
        branch: None,
        standing,
        started_at,
        completed_at,
    };
    if let Some(revision) = revision {
        build.commit = revision.text_of("SHA1").and_then(|text| commit(&text));
        let named = revision.items_of("branch").iter().find_map(|one| one.text_of("name"));
        build.branch = named.filter(|name| name != "detached").map(|name| branch(&name));
    }
    Some(build)
}
