//! The projects of an organisation at a glance.

use jiff::Timestamp;
use kernel::{Ctx, Error, Read, Tx, permit, query_readable};
use uuid::Uuid;

use crate::{PROJECTS, Standing, listing::tallies};

const PROJECTS_OVERVIEW: &str = include_str!("../sql/projects_overview.sql");
const FIGURES: &str = include_str!("../sql/project_figures.sql");

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
    /// Defects still open, of those the actor may read; so it is with all that follows.
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
    permit::<Read>(ctx, &PROJECTS)?;
    let rows = query_readable(ctx, tx, None, PROJECTS_OVERVIEW, &[]).await?;
    let mut cards = rows
        .iter()
        .map(|row| {
            Ok(ProjectCard {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                slug: row.try_get(2)?,
                description: row.try_get(3)?,
                open_defects: 0,
                latest: None,
                requirements: 0,
                proven: 0,
                worst: None,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let ids: Vec<Uuid> = cards.iter().map(|card| card.id).collect();
    for row in query_readable(ctx, tx, Some(&ids), FIGURES, &[&ids]).await? {
        let project: Uuid = row.try_get(0)?;
        let Some(card) = cards.iter_mut().find(|card| card.id == project) else { continue };
        card.open_defects = row.try_get(1)?;
        if let Some(number) = row.try_get::<_, Option<i32>>(2)? {
            let (passed, failed): (i32, i32) = (row.try_get(3)?, row.try_get(4)?);
            card.latest = Some((number, passed.into(), failed.into(), row.try_get(5)?));
        }
    }
    for (project, tally) in tallies(ctx, tx, &ids).await? {
        if let Some(card) = cards.iter_mut().find(|card| card.id == project) {
            card.requirements = tally.all();
            card.proven = tally.standing(Standing::Proven);
            card.worst = tally.worst();
        }
    }
    Ok(cards)
}
