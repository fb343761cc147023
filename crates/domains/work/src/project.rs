//! A project by the slug of its addresses.

use base::Problem;
use kernel::{Allowed, Ctx, Error, Place, Read, authorise};
use uuid::Uuid;

const PROJECT: &str = include_str!("../sql/project.sql");
/// Counting stops here.
const COUNTED: i64 = 10_000;

/// A project, with what its navigation shows.
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
    /// Requirements that are not rejected; `None` beyond 10,000.
    pub requirements: Option<i64>,
    /// Active test cases; `None` beyond 10,000.
    pub tests: Option<i64>,
    /// Defects still open; `None` beyond 10,000.
    pub open_defects: Option<i64>,
}

impl Place for Project {
    fn resource_type(&self) -> &'static str {
        "project"
    }

    fn project(&self) -> Option<Uuid> {
        Some(self.id)
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
    let missing = || Problem::not_found(format!("project `{}`", slug.chars().take(80).collect::<String>()));
    if slug.contains('\0') {
        return Err(missing().into());
    }
    let tx = ctx.begin_read().await?;
    let row = tx.query_opt(PROJECT, &[&slug]).await?;
    tx.commit().await?;
    let row = row.ok_or_else(missing)?;
    let counted = |count: i64| (count <= COUNTED).then_some(count);
    authorise(
        ctx,
        Project {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            slug: row.try_get(2)?,
            description: row.try_get(3)?,
            status: row.try_get(4)?,
            organization: row.try_get(5)?,
            requirements: counted(row.try_get(6)?),
            tests: counted(row.try_get(7)?),
            open_defects: counted(row.try_get(8)?),
        },
    )
}
