//! Which build a report belongs to.
//!
//! A reference is read in this order: an identifier, a number (`7`, `#7`), a whole commit hash (40 or 64 hexadecimal
//! digits), the version of a build, and the first seven or more digits of a commit hash. The newest build wins where
//! several carry one commit or version. A number, whole hash or version that no build has makes one, because a
//! report is often the first that is heard of a build; an identifier or a part of a hash never does.

use base::Problem;
use kernel::{Action, Allowed, Collection, Create, Ctx, Error, Tx};
use uuid::Uuid;

const FIND_BUILD: &str = include_str!("../../sql/find_build.sql");
const INSERT_BUILD: &str = include_str!("../../sql/insert_build.sql");

/// A build that was found or made.
pub(crate) struct Build {
    pub(crate) id: Uuid,
    pub(crate) is_new: bool,
}

/// What a reference can mean.
#[derive(Debug, Default, PartialEq, Eq)]
struct Meanings {
    id: Option<Uuid>,
    number: Option<i32>,
    commit: Option<String>,
    version: Option<String>,
    commit_start: Option<String>,
}

impl Meanings {
    fn of(reference: &str) -> Self {
        let lower = reference.to_ascii_lowercase();
        let is_hex = lower.bytes().all(|byte| byte.is_ascii_hexdigit());
        if let Ok(id) = Uuid::try_parse(reference)
            && reference.contains('-')
        {
            return Self { id: Some(id), ..Self::default() };
        }
        let bare = reference.strip_prefix('#').unwrap_or(reference);
        let is_number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) && lower.len() < 12;
        if is_number && let Some(number) = bare.parse().ok().filter(|&number: &i32| number > 0) {
            let commit_start = (reference.len() >= 7 && is_hex).then_some(lower);
            return Self { number: Some(number), commit_start, ..Self::default() };
        }
        if is_hex && matches!(lower.len(), 40 | 64) {
            return Self { commit: Some(lower), ..Self::default() };
        }
        let commit_start = (is_hex && (7..64).contains(&lower.len())).then_some(lower);
        Self { version: Some(reference.to_owned()), commit_start, ..Self::default() }
    }
}

/// The build behind `reference`, made when need be.
///
/// # Errors
/// 422 naming the field when there is none and none can be made, or the reference is not clear; 403 when one would
/// have to be made and the actor may not.
pub(crate) async fn resolve_build(
    ctx: &Ctx,
    tx: &mut Tx,
    place: &Allowed<Collection, Create>,
    reference: &str,
) -> Result<Build, Error> {
    let project = place.project.ok_or_else(|| Error::Broken("an import belongs to a project".into()))?;
    let means = Meanings::of(reference);
    let rows = tx
        .query(FIND_BUILD, &[&project, &means.id, &means.number, &means.commit, &means.version, &means.commit_start])
        .await?;
    if let Some(first) = rows.first() {
        let kind: i32 = first.try_get(2)?;
        if kind == 5 && rows.len() > 1 {
            return Err(wrong(format!("Several builds begin with the commit `{reference}`."), "give more of the hash"));
        }
        return Ok(Build { id: first.try_get(0)?, is_new: false });
    }
    if means.id.is_some() {
        return Err(wrong(
            format!("There is no build `{reference}` in this project."),
            "must be a build of the project",
        ));
    }
    if means.version.as_ref().is_some_and(|version| version.chars().count() > 200) {
        return Err(wrong("The reference to the build is too long.".into(), "at most 200 characters"));
    }
    if !ctx.may("build", Create::NAME, Some(project)) {
        return Err(Problem::forbidden(format!(
            "There is no build `{reference}` in this project, and you may not create builds."
        ))
        .into());
    }
    let id = ctx.new_id();
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&id, &project, &means.number, &means.version, &means.commit, &ctx.principal.user_id];
    tx.query_one(INSERT_BUILD, &params).await?;
    Ok(Build { id, is_new: true })
}

fn wrong(detail: String, rule: &str) -> Error {
    Problem::invalid(detail).field("/build", rule).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_apart() {
        let number = |n| Meanings { number: Some(n), ..Meanings::default() };
        assert_eq!(Meanings::of("7"), number(7));
        assert_eq!(Meanings::of("#42"), number(42));
        let version = |text: &str| Meanings { version: Some(text.into()), ..Meanings::default() };
        assert_eq!(Meanings::of("v1.2.0"), version("v1.2.0"));
        assert_eq!(Meanings::of("0"), version("0"));
        let hash = "0123456789abcdef0123456789ABCDEF01234567";
        assert_eq!(Meanings::of(hash), Meanings { commit: Some(hash.to_lowercase()), ..Meanings::default() });
        let start = Meanings::of("0123abc");
        assert_eq!((start.version.as_deref(), start.commit_start.as_deref()), (Some("0123abc"), Some("0123abc")));
        let both = Meanings::of("1234567");
        assert_eq!((both.number, both.commit_start.as_deref()), (Some(1_234_567), Some("1234567")));
        assert!(Meanings::of("0193e6c0-0000-7000-8000-000000000000").id.is_some());
    }
}
