//! A build that goes out in a format of other tools: what it is called there.

use kernel::{Allowed, Ctx, Error, Exported, Read, Record, Tx, authorise};
use uuid::Uuid;

use crate::BUILDS;

const NAMED: &str = include_str!("../sql/build_to_export.sql");

/// A build that the actor may read.
#[derive(Debug, Clone)]
pub struct ExportedBuild {
    /// Its identifier.
    pub id: Uuid,
    /// Its project.
    pub project: Uuid,
    /// The name of that.
    pub project_name: String,
    project_slug: String,
    number: i32,
    tag: Option<String>,
}

impl ExportedBuild {
    /// Writes down that this much of the build is taken away, before it is.
    ///
    /// # Errors
    /// When the row cannot be written; the file must not be handed out then.
    pub async fn exported(&self, ctx: &Ctx, what: &str, format: &str) -> Result<(), Error> {
        let record = self.id.to_string();
        let file = Exported {
            resource_type: "build",
            what,
            format,
            project: Some(self.project),
            record: Some(&record),
            filter: &[],
            rows: None,
        };
        kernel::exported(ctx, &file).await
    }

    /// `Billing #7`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} #{}", self.project_name, self.number)
    }

    /// Its version, else its number.
    #[must_use]
    pub fn version(&self) -> String {
        self.tag.clone().unwrap_or_else(|| format!("#{}", self.number))
    }

    /// What a file about it is saved as.
    #[must_use]
    pub fn file_name(&self, rest: &str) -> String {
        format!("{}-{}-{rest}", self.project_slug, self.number)
    }
}

/// The build, by its identifier.
///
/// # Errors
/// 404 when there is none, or the actor may not read it.
pub async fn find_build_to_export(ctx: &Ctx, tx: &Tx, id: &str) -> Result<ExportedBuild, Error> {
    let record = Record::find(tx, ctx.catalogue().served(&BUILDS)?, id, false).await?;
    let allowed: Allowed<Record, Read> = authorise(ctx, record)?;
    let row = tx.query_one(NAMED, &[&allowed.uuid()?]).await?;
    Ok(ExportedBuild {
        id: row.try_get(0)?,
        project: row.try_get(1)?,
        number: row.try_get(2)?,
        tag: row.try_get(3)?,
        project_name: row.try_get(4)?,
        project_slug: row.try_get(5)?,
    })
}
