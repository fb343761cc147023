//! Values as servers write them: moments, hashes, names of branches and tags.

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::Delivery;
use super::fact::{Commit, Fact};
use crate::json::Value;

/// A moment: RFC 3339, seconds since 1970, or GitLab's `2021-04-28 21:50:00 +0200` and `2016-08-12 15:23:28 UTC`.
pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.number() {
        // Some servers count milliseconds. No webhook is from before 1970 or after 5138.
        let seconds = if seconds > 1e11 { seconds / 1000.0 } else { seconds };
        return Timestamp::from_millisecond((seconds * 1000.0) as i64).ok().filter(|_| seconds > 0.0).filter(plausible);
    }
    let text = value.text()?;
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment).filter(plausible);
    }
    let plain = text.strip_suffix(" UTC").map(|plain| format!("{plain} +0000")).unwrap_or_else(|| text.to_owned());
    strtime::parse("%Y-%m-%d %H:%M:%S %z", &plain)
        .or_else(|_| strtime::parse("%Y-%m-%d %H:%M:%S%.f %z", &plain))
        .and_then(|parsed| parsed.to_timestamp())
        .ok()
        .filter(plausible)
}

/// Go writes the year 1 for a moment that is not there.
fn plausible(moment: &Timestamp) -> bool {
    moment.as_second() > 0
}

/// The moment of a member.
pub(super) fn moment_of(value: &Value, name: &str) -> Option<Timestamp> {
    value.get(name).and_then(moment)
}

/// The full hash of a commit in lower case; not the zeros that stand for none.
pub(super) fn hash(text: &str) -> Option<String> {
    let is_hash = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hash && text.bytes().any(|byte| byte != b'0')).then(|| text.to_ascii_lowercase())
}

/// The hash of a member.
pub(super) fn hash_of(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::text).and_then(hash)
}

/// A number or a text as a text: identifiers are one or the other.
pub(super) fn id_of(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::Number(text) => Some(text.clone()),
        other => other.text().map(str::to_owned),
    }
}

/// A flag; false when it is not there.
pub(super) fn flag(value: &Value, name: &str) -> bool {
    matches!(value.get(name), Some(Value::Bool(true)))
}

/// Branch and tag of a whole reference; a bare name is a branch.
pub(super) fn branch_and_tag(reference: &str) -> (Option<String>, Option<String>) {
    let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    if let Some(tag) = reference.strip_prefix("refs/tags/") {
        return (None, named(tag));
    }
    (named(reference.strip_prefix("refs/heads/").unwrap_or(reference)), None)
}

/// Labels, as a list of names or of objects with one.
pub(super) fn labels(value: &Value, member: &str) -> Vec<String> {
    let name = |label: &Value| label.text().map(str::to_owned).or_else(|| label.text_of(member));
    value.items().iter().filter_map(name).collect()
}

/// An address that can be kept.
pub(super) fn url_of(value: &Value, name: &str) -> Option<String> {
    value.text_of(name).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

/// The commits of a push, which all servers write alike.
pub(super) fn commits(delivery: &mut Delivery, payload: &Value) {
    let listed = payload.items_of("commits");
    for commit in listed {
        delivery.take("commit", "a full hash or a moment", commit_of(commit).map(Fact::Commit));
    }
    if listed.is_empty() {
        // A new branch or a tag may bring no commit but the one it points to.
        match payload.get("head_commit").and_then(commit_of) {
            Some(commit) => delivery.facts.push(Fact::Commit(commit)),
            None => delivery.note("the push brings no commits"),
        }
    }
    let told = payload.get("total_commits_count").and_then(Value::count).unwrap_or_default();
    if told > listed.len() as u64 {
        delivery.note(format!("of {told} commits that were pushed, {} are in the message", listed.len()));
    }
}

/// A commit as pushes and runs write it.
pub(super) fn commit_of(commit: &Value) -> Option<Commit> {
    let author = commit.get("author");
    let said = |name: &str| author.and_then(|author| author.text_of(name));
    Some(Commit {
        hash: hash_of(commit, "id").or_else(|| hash_of(commit, "sha"))?,
        message: commit.text_of("message").or_else(|| commit.text_of("title")).unwrap_or_default(),
        author_name: said("name").or_else(|| said("username")).or_else(|| commit.text_of("author_name")),
        author_email: said("email").or_else(|| commit.text_of("author_email")),
        committed_at: moment_of(commit, "timestamp")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_as_servers_write_them() {
        let text = |text: &str| moment(&Value::Text(text.into())).map(|moment| moment.to_string());
        for (written, meant) in [
            ("2021-04-28 21:50:00 +0200", Some("2021-04-28T19:50:00Z")),
            ("2016-08-12 15:23:28 UTC", Some("2016-08-12T15:23:28Z")),
            ("2020-10-02T12:42:30.000Z", Some("2020-10-02T12:42:30Z")),
            ("2012-01-03T23:36:29+02:00", Some("2012-01-03T21:36:29Z")),
            ("0001-01-01T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(text(written).as_deref(), meant, "{written}");
        }
        let number = |text: &str| moment(&Value::Number(text.into())).map(|moment| moment.to_string());
        assert_eq!(number("1557933565").as_deref(), Some("2019-05-15T15:19:25Z"));
        assert_eq!(number("1557933565000").as_deref(), Some("2019-05-15T15:19:25Z"));
        for none in ["0", "-5", "1e300"] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn references_and_hashes() {
        assert_eq!(branch_and_tag("refs/heads/feature/x"), (Some("feature/x".into()), None));
        assert_eq!(branch_and_tag("refs/tags/v1"), (None, Some("v1".into())));
        assert_eq!(branch_and_tag("main"), (Some("main".into()), None));
        assert_eq!(hash(&"0".repeat(40)), None);
        assert_eq!(hash(&"A".repeat(40)), Some("a".repeat(40)));
        assert_eq!(hash("279484c0"), None);
    }
}
