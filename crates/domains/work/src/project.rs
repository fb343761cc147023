//! A project by the slug of its addresses.

use authz::Target;
use base::Problem;
use kernel::{Allowed, Ctx, Error, Place, Read, Record, Tx, authorise};
use uuid::Uuid;

use crate::PROJECTS;

const PROJECT: &str = include_str!("../sql/project.sql");
const COUNTS: &str = include_str!("../sql/project_counts.sql");

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// What it is about; may be empty.
    pub description: String,
    /// `active` or `archived`.
    pub status: String,
    /// The name of the organisation it belongs to.
    pub organization: String,
    /// The record, for those who may not read every project alike.
    record: Option<Record>,
}

/// What there is in a project, of what the actor may read. Each is `None` when none of its kind is theirs to read, and 10,001
/// when there are more than 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Requirements that are not rejected.
    pub requirements: Option<i64>,
    /// Active test cases.
    pub tests: Option<i64>,
    /// Defects still open.
    pub open_defects: Option<i64>,
}

impl Place for Project {
    fn resource_type(&self) -> &'static str {
        PROJECTS.permission
    }

    fn project(&self) -> Option<Uuid> {
        Some(self.id)
    }

    fn target(&self) -> Target<'_> {
        self.record.as_ref().map_or_else(|| Target::collection(Some(self.id)), Place::target)
    }

    fn called(&self) -> String {
        format!("project `{}`", self.slug)
    }

    fn is_hidden_from_strangers(&self) -> bool {
        true
    }
}

/// The project with this slug, once the actor may read it.
///
/// # Errors
/// 404 when there is none, or the actor may not know of it.
pub async fn project(ctx: &Ctx, slug: &str) -> Result<Allowed<Project, Read>, Error> {
    let tx = ctx.begin_read().await?;
    let project = find(ctx, &tx, slug).await?;
    tx.commit().await?;
    Ok(project)
}

/// The project with this slug, once the actor may read it, and what there is in it.
///
/// # Errors
/// As [`project`].
pub async fn project_counted(ctx: &Ctx, slug: &str) -> Result<(Allowed<Project, Read>, Counted), Error> {
    let tx = ctx.begin_read().await?;
    let project = find(ctx, &tx, slug).await?;
    let rows = project.query(ctx, &tx, COUNTS, &[&project.id]).await?;
    tx.commit().await?;
    let row = rows.first().ok_or_else(|| Error::Broken("counting gives one row".into()))?;
    let of = |kind: &str, at: usize| -> Result<Option<i64>, Error> {
        Ok(if ctx.reach(kind, "read").touches(Some(project.id)) { Some(row.try_get(at)?) } else { None })
    };
    let counted =
        Counted { requirements: of("requirement", 0)?, tests: of("test_case", 1)?, open_defects: of("defect", 2)? };
    Ok((project, counted))
}

pub(crate) async fn find(ctx: &Ctx, tx: &Tx, slug: &str) -> Result<Allowed<Project, Read>, Error> {
    let missing = || Problem::not_found(format!("project `{}`", slug.chars().take(80).collect::<String>()));
    if slug.contains('\0') {
        return Err(missing().into());
    }
    let row = tx.query_opt(PROJECT, &[&slug]).await?.ok_or_else(missing)?;
    let id: Uuid = row.try_get(0)?;
    let record = match ctx.may(PROJECTS.permission, "read", Some(id)) {
        true => None,
        false => Some(Record::find(tx, ctx.catalogue().served(&PROJECTS)?, &id.to_string(), false).await?),
    };
    authorise(
        ctx,
        Project {
            id,
            name: row.try_get(1)?,
            slug: row.try_get(2)?,
            description: row.try_get(3)?,
            status: row.try_get(4)?,
            organization: row.try_get(5)?,
            record,
        },
    )
}
