//! The projects of an organisation at a glance.

use jiff::Timestamp;
use kernel::{Ctx, Error, Read, Tx, permit};
use uuid::Uuid;

use crate::{PROJECTS, Standing, listing::tallies};

const PROJECTS_OVERVIEW: &str = include_str!("../sql/projects_overview.sql");

/// A project with how it stands.
#[derive(Debug, Clone)]
pub struct ProjectCard {
    /// The project.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// What it is about; may be empty.
    pub description: String,
    /// Defects still open.
    pub open_defects: i64,
    /// The latest build: number, passed, failed, when.
    pub latest: Option<(i32, i64, i64, Timestamp)>,
    /// Requirements that are not rejected.
    pub requirements: i64,
    /// Those that are proven.
    pub proven: i64,
    /// The worst of them; `None` without requirements.
    pub worst: Option<Standing>,
}

/// The active projects that the actor may read, by name, at most 100.
///
/// # Errors
/// 403 when the actor may read no project anywhere.
pub async fn project_cards(ctx: &Ctx, tx: &Tx) -> Result<Vec<ProjectCard>, Error> {
    let only = permit::<Read>(ctx, &PROJECTS)?.whole_projects();
    let rows = tx.query(PROJECTS_OVERVIEW, &[&only]).await?;
    let mut cards = rows
        .iter()
        .map(|row| {
            let number: Option<i32> = row.try_get(5)?;
            let latest = match number {
                Some(number) => {
                    let (passed, failed): (i32, i32) = (row.try_get(6)?, row.try_get(7)?);
                    Some((number, i64::from(passed), i64::from(failed), row.try_get(8)?))
                }
                None => None,
            };
            Ok(ProjectCard {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                slug: row.try_get(2)?,
                description: row.try_get(3)?,
                open_defects: row.try_get(4)?,
                latest,
                requirements: 0,
                proven: 0,
                worst: None,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let ids: Vec<Uuid> = cards.iter().map(|card| card.id).collect();
    for (project, tally) in tallies(tx, &ids).await? {
        if let Some(card) = cards.iter_mut().find(|card| card.id == project) {
            card.requirements = tally.all();
            card.proven = tally.standing(Standing::Proven);
            card.worst = tally.worst();
        }
    }
    Ok(cards)
}
