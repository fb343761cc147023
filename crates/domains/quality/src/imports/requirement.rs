//! Stores a requirement that came as a Markdown file: made under its key, or brought to what the file says.
//!
//! The file speaks for the requirement's title, description, criteria and stories; those it no longer lists are removed. It adds
//! features, dependencies and tests, and never removes one, because they are also made by hand. A status, priority or
//! owner that it does not mention stays.

use std::collections::BTreeSet;

use formats::{Limits, requirement as document};
use kernel::{Ctx, Error, Tx};
use uuid::Uuid;

use super::{
    case::cut,
    job::{Job, Stop},
    source::Source,
    summary::Summary,
};

const FIND_REQUIREMENT: &str = include_str!("../../sql/find_requirement.sql");
const INSERT_REQUIREMENT: &str = include_str!("../../sql/insert_requirement.sql");
const UPDATE_REQUIREMENT: &str = include_str!("../../sql/update_requirement.sql");
const REMOVE_ITEMS: &str = include_str!("../../sql/remove_items.sql");
const UPDATE_ITEMS: &str = include_str!("../../sql/update_items.sql");
const INSERT_ITEMS: &str = include_str!("../../sql/insert_items.sql");
const INSERT_FEATURES: &str = include_str!("../../sql/insert_features.sql");
const FIND_DEPENDENCIES: &str = include_str!("../../sql/find_dependencies.sql");
const INSERT_DEPENDENCIES: &str = include_str!("../../sql/insert_dependencies.sql");
const FIND_TESTS: &str = include_str!("../../sql/find_tests.sql");
const FIND_MEMBER: &str = include_str!("../../sql/find_member.sql");
const INSERT_LINKS: &str = include_str!("../../sql/insert_links.sql");

/// Stores the requirement that `source` holds.
///
/// # Errors
/// A rejection when the file cannot be read or its key cannot be a requirement's; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source) -> Result<Summary, Stop> {
    let read = source.read(|file| document::read(file, &Limits::default())).await?;
    let wanted = read.map_err(Stop::unreadable)?;
    if !is_key(&wanted.key) {
        return Err(Stop::rejected(format!(
            "the key `{}` cannot be a requirement's; write REQ- and a number without leading zeros, such as REQ-42",
            wanted.key
        )));
    }
    let mut import = Import { ctx, tx, job, wanted: &wanted, summary: Summary::of(&job.file_name, "requirement") };
    let id = import.requirement().await?;
    import.items(id, "acceptance_criterion", &wanted.acceptance_criteria).await?;
    import.items(id, "user_story", &wanted.user_stories).await?;
    import.features(id).await?;
    import.dependencies(id).await?;
    import.tests(id).await?;
    import.say_what_is_not_kept();
    Ok(import.summary)
}

/// `REQ-` and a number without leading zeros.
fn is_key(key: &str) -> bool {
    key.strip_prefix("REQ-").is_some_and(|number| {
        number.len() <= 15
            && !number.starts_with('0')
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && !number.is_empty()
    })
}

struct Import<'a> {
    ctx: &'a Ctx,
    tx: &'a Tx,
    job: &'a Job,
    wanted: &'a document::Requirement,
    summary: Summary,
}

impl Import<'_> {
    async fn requirement(&mut self) -> Result<Uuid, Stop> {
        let (tx, project, wanted) = (self.tx, self.job.project, self.wanted);
        let status = self.status();
        let priority = self.priority();
        let owner = self.owner().await?;
        let title = cut(&wanted.title, 500);
        let description = Some(cut(wanted.description.trim(), 100_000)).filter(|text| !text.is_empty());
        let Some(found) = tx.query_opt(FIND_REQUIREMENT, &[&project, &wanted.key]).await? else {
            let id = self.ctx.new_id();
            tx.execute(
                INSERT_REQUIREMENT,
                &[&id, &project, &wanted.key, &title, &description, &status, &priority, &owner],
            )
            .await?;
            self.summary.count("requirements", 1, 0, 0);
            return Ok(id);
        };
        if found.try_get("in_bin")? {
            return Err(Stop::rejected(format!(
                "{} is in the bin; restore it first, or give the file another key",
                wanted.key
            )));
        }
        let id: Uuid = found.try_get("id")?;
        let changed = tx.execute(UPDATE_REQUIREMENT, &[&id, &title, &description, &status, &priority, &owner]).await?;
        self.summary.count("requirements", 0, changed, 1 - changed);
        Ok(id)
    }

    /// The status in our words; None when the file says none, or one we do not have.
    fn status(&mut self) -> Option<&'static str> {
        let written = self.wanted.status.as_deref()?;
        let known = match written {
            "draft" | "proposed" | "new" | "open" => "draft",
            "approved" | "accepted" | "agreed" => "approved",
            "in_progress" | "active" | "started" => "in_progress",
            "completed" | "complete" | "done" | "implemented" | "verified" => "completed",
            "rejected" | "withdrawn" | "obsolete" => "rejected",
            _ => {
                self.summary.warn(format!(
                    "the status `{written}` is not known (draft, approved, in_progress, completed, rejected); it was left as it is"
                ));
                return None;
            }
        };
        Some(known)
    }

    fn priority(&mut self) -> Option<&'static str> {
        let written = self.wanted.priority.as_deref()?;
        let known = match written {
            "critical" | "highest" | "blocker" | "must" => "critical",
            "high" | "should" => "high",
            "medium" | "normal" | "could" => "medium",
            "low" | "lowest" | "minor" => "low",
            _ => {
                self.summary.warn(format!(
                    "the priority `{written}` is not known (critical, high, medium, low); it was left as it is"
                ));
                return None;
            }
        };
        Some(known)
    }

    async fn owner(&mut self) -> Result<Option<Uuid>, Error> {
        let Some(owner) = self.wanted.owner.as_deref() else { return Ok(None) };
        let rows = self.tx.query(FIND_MEMBER, &[&owner]).await?;
        if let [only] = rows.as_slice() {
            return Ok(Some(only.try_get(0)?));
        }
        self.summary
            .warn(format!("the owner `{owner}` is not the address or name of exactly one member; nobody was assigned"));
        Ok(None)
    }

    async fn items(&mut self, id: Uuid, kind: &'static str, items: &[document::Item]) -> Result<(), Error> {
        let project = self.job.project;
        let last = i32::try_from(items.len()).unwrap_or(i32::MAX);
        let removed = self.tx.execute(REMOVE_ITEMS, &[&project, &id, &kind, &last]).await?;
        let bodies: Vec<String> = items.iter().map(|item| cut(&item.text, 20_000)).collect();
        let checked: Vec<Option<bool>> = items.iter().map(|item| item.checked).collect();
        let now = self.ctx.now();
        let changed = self.tx.execute(UPDATE_ITEMS, &[&project, &id, &kind, &bodies, &checked, &now]).await?;
        let made = self.tx.execute(INSERT_ITEMS, &[&project, &id, &kind, &bodies, &checked, &now]).await?;
        let what = if kind == "user_story" { "user_stories" } else { "acceptance_criteria" };
        // Removing is a change of the requirement that the file asks for, so the requirement counts as changed.
        if removed > 0 {
            self.summary.warn(format!("{removed} {} that the file no longer has were removed", what.replace('_', " ")));
            if self.summary.unchanged.remove("requirements").is_some() {
                self.summary.updated.insert("requirements".to_owned(), 1);
            }
        }
        if !items.is_empty() {
            self.summary.count(what, made, changed, items.len() as u64 - made - changed);
        }
        Ok(())
    }

    async fn features(&mut self, id: Uuid) -> Result<(), Error> {
        let names: BTreeSet<String> =
            self.wanted.features.iter().map(|name| cut(name.trim(), 500)).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = names.into_iter().collect();
        let made = self.tx.execute(INSERT_FEATURES, &[&self.job.project, &id, &names]).await?;
        self.summary.count("features", made, 0, names.len() as u64 - made);
        Ok(())
    }

    async fn dependencies(&mut self, id: Uuid) -> Result<(), Error> {
        let keys: BTreeSet<&str> = self.wanted.depends_on.iter().map(String::as_str).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let asked: Vec<&str> = keys.iter().copied().collect();
        let rows = self.tx.query(FIND_DEPENDENCIES, &[&self.job.project, &id, &asked]).await?;
        let mut missing = keys;
        let mut ids: Vec<Uuid> = Vec::new();
        for row in &rows {
            let key: &str = row.try_get(0)?;
            missing.remove(key);
            if row.try_get(2)? {
                self.circle(key);
            } else {
                ids.push(row.try_get(1)?);
            }
        }
        for key in missing {
            if self.job.circles.iter().any(|circle| circle == key) {
                self.circle(key);
            } else {
                let own = &self.wanted.key;
                self.summary
                    .warn(format!("{own} depends on {key}, which is not in this project; the dependency was left out"));
            }
        }
        if !ids.is_empty() {
            let made = self.tx.execute(INSERT_DEPENDENCIES, &[&self.job.project, &id, &ids]).await?;
            self.summary.count("requirement_dependencies", made, 0, ids.len() as u64 - made);
        }
        Ok(())
    }

    fn circle(&mut self, key: &str) {
        let own = &self.wanted.key;
        self.summary.warn(match key == own {
            true => format!("{own} depends on itself; the dependency was left out"),
            false => format!(
                "{own} depends on {key}, which depends on {own}: the circle was cut by leaving this dependency out"
            ),
        });
    }

    async fn tests(&mut self, id: Uuid) -> Result<(), Error> {
        let names: BTreeSet<&str> = self.wanted.verified_by.iter().map(String::as_str).collect();
        if names.is_empty() {
            return Ok(());
        }
        let asked: Vec<&str> = names.iter().copied().collect();
        let rows = self.tx.query(FIND_TESTS, &[&self.job.project, &asked]).await?;
        let mut missing = names;
        let mut cases: BTreeSet<Uuid> = BTreeSet::new();
        for row in &rows {
            missing.remove(row.try_get::<_, &str>(0)?);
            cases.insert(row.try_get(1)?);
        }
        for name in missing {
            self.summary.warn(format!("no test goes by `{name}` yet; import its results, then this file again"));
        }
        if !cases.is_empty() {
            let cases: Vec<Uuid> = cases.into_iter().collect();
            let targets = vec![id; cases.len()];
            let criteria: Vec<Option<Uuid>> = vec![None; cases.len()];
            let made = self.tx.execute(INSERT_LINKS, &[&self.job.project, &cases, &targets, &criteria]).await?;
            self.summary.count("trace_links", made, 0, cases.len() as u64 - made);
        }
        Ok(())
    }

    fn say_what_is_not_kept(&mut self) {
        for unknown in &self.wanted.unknown {
            self.summary.warn(format!("line {}: `{}` means nothing here and was left out", unknown.line, unknown.key));
        }
        if !self.wanted.tags.is_empty() {
            self.summary.warn(format!("tags are not kept: {}", self.wanted.tags.join(", ")));
        }
        if self.wanted.replaced.count > 0 {
            self.summary
                .warn(format!("{} characters could not be shown and were replaced", self.wanted.replaced.count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_key;

    #[test]
    fn keys_are_told_from_what_only_looks_like_one() {
        assert!(is_key("REQ-1") && is_key("REQ-420"));
        for other in ["REQ-", "REQ-0", "REQ-007", "PAY-1", "req-1", "REQ-1a", "REQ-1234567890123456"] {
            assert!(!is_key(other), "{other}");
        }
    }
}
