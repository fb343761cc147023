//! Builds, as the servers and tools that make them tell of them: Jenkins by its interface (`…/api/json` of a build or of a job),
//! Bazel by its build events.
//!
//! What a build is called there identifies it: the address of a Jenkins build, the invocation of Bazel. Test results are read by
//! [`crate::results`].

mod jenkins;

use std::io::BufRead;

use jiff::Timestamp;

use crate::excerpt::cut;
use crate::json::{Json, Value};
use crate::{Format, Limits, ReadError};

pub use jenkins::{Builds, read};

/// How a build ended, or how far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is said.
    #[default]
    Unknown,
    /// It runs.
    Running,
    /// All went well.
    Succeeded,
    /// It did not; tests that failed count as that.
    Failed,
    /// It was broken off, or never run.
    Cancelled,
}

/// A build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// What identifies it where it was made; empty when nothing does.
    pub identifier: String,
    /// What people call it.
    pub name: Option<String>,
    /// Where it can be looked at.
    pub url: Option<String>,
    /// The whole hash of the commit, in small letters.
    pub commit: Option<String>,
    /// The branch, without the name of a remote.
    pub branch: Option<String>,
    /// How it ended.
    pub standing: Standing,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// What a file of build events says of its build; its tests are passed over.
///
/// # Errors
/// When it cannot be read to its end, or a bound is crossed.
pub fn survey(format: Format, inner: impl BufRead, limits: &Limits) -> Result<Build, ReadError> {
    let mut build = Build::default();
    if format != Format::Bazel {
        return Ok(build);
    }
    let mut json = Json::new(inner, limits);
    loop {
        match json.next_document()? {
            Some(b'{' | b'[') => build.take(bazel_build(&Value::read(&mut json, limits.max_record_bytes)?)),
            Some(_) => json.plain_line(|_| {})?,
            None => return Ok(build),
        }
    }
}

impl Build {
    /// Adds what another event says. The first that says something counts, but for the end.
    fn take(&mut self, more: Self) {
        if self.identifier.is_empty() {
            self.identifier = more.identifier;
        }
        for (own, other) in [
            (&mut self.name, more.name),
            (&mut self.url, more.url),
            (&mut self.commit, more.commit),
            (&mut self.branch, more.branch),
        ] {
            if own.is_none() {
                *own = other;
            }
        }
        self.started_at = self.started_at.or(more.started_at);
        self.completed_at = more.completed_at.or(self.completed_at);
        if more.standing != Standing::Unknown {
            self.standing = more.standing;
        }
    }
}

/// What one build event says of the build.
pub(crate) fn bazel_build(value: &Value) -> Build {
    let mut build = Build::default();
    if let Some(started) = value.get("started") {
        build.identifier = cut(&started.text_of("uuid").unwrap_or_default(), 200);
        build.name = started.text_of("command").map(|command| format!("bazel {}", cut(&command, 100)));
        build.started_at = moment(started, "startTime", "startTimeMillis").and_then(|text| text.parse().ok());
        build.standing = Standing::Running;
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    if let Some(status) = value.get("workspaceStatus") {
        pairs.extend(
            status.items_of("item").iter().filter_map(|item| Some((item.text_of("key")?, item.text_of("value")?))),
        );
    }
    if let Some(metadata) = value.at(&["buildMetadata", "metadata"]) {
        pairs.extend(
            metadata.members().iter().filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned()))),
        );
    }
    // What is built of: names that rule sets and remote services agreed on.
    let first = |names: &[&str]| {
        names.iter().find_map(|name| pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()))
    };
    build.commit =
        first(&["COMMIT_SHA", "STABLE_GIT_COMMIT", "GIT_COMMIT", "BUILD_SCM_REVISION"]).and_then(|text| commit(&text));
    build.branch =
        first(&["BRANCH_NAME", "GIT_BRANCH", "STABLE_GIT_BRANCH", "BUILD_SCM_BRANCH"]).map(|text| branch(&text));
    build.url = first(&["BUILD_URL"]).filter(|url| url.starts_with("http"));
    if let Some(finished) = value.get("finished") {
        build.completed_at = moment(finished, "finishTime", "finishTimeMillis").and_then(|text| text.parse().ok());
        build.standing = match finished.at(&["exitCode", "name"]).and_then(Value::text) {
            Some("SUCCESS") => Standing::Succeeded,
            Some("INTERRUPTED") => Standing::Cancelled,
            Some(_) => Standing::Failed,
            None if matches!(finished.get("overallSuccess"), Some(Value::Bool(true))) => Standing::Succeeded,
            None => Standing::Failed,
        };
    }
    build
}

/// A moment that is written as a text under `name`, or in milliseconds under `old`.
pub(crate) fn moment(value: &Value, name: &str, old: &str) -> Option<String> {
    if let Some(text) = value.text_of(name) {
        return Some(text);
    }
    let milliseconds = match value.get(old)? {
        Value::Number(text) | Value::Text(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Timestamp::from_millisecond(milliseconds).ok().map(|moment| moment.to_string())
}

/// Milliseconds of a duration that is written as `1.5s` under `name`, or as they are under `old`.
pub(crate) fn millis(value: &Value, name: &str, old: &str) -> Option<f64> {
    if let Some(text) = value.text_of(name)
        && let Some(seconds) = text.strip_suffix('s').and_then(|text| text.parse::<f64>().ok())
    {
        return Some(seconds * 1000.0);
    }
    match value.get(old)? {
        Value::Number(text) | Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole hash, in small letters.
fn commit(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    (matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(text)
}

/// The name of a branch without where it was fetched from.
fn branch(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("refs/heads/").or_else(|| text.strip_prefix("refs/remotes/")).unwrap_or(text);
    cut(text.strip_prefix("origin/").unwrap_or(text), 250)
}

#[cfg(test)]
mod tests;
