//! What the evidence says about requirements.
//!
//! A criterion is proven when at least one of its tests passed and none failed, by their latest results. A requirement
//! fails as soon as one of its tests does; else it is as proven as its criteria are, or, without criteria, as its tests.

use jiff::Timestamp;
use kernel::{Allowed, Collection, Ctx, Error, Read, Tx, authorise};
use uuid::Uuid;

use crate::{Project, REQUIREMENTS};

const PROOFS: &str = include_str!("../sql/proofs.sql");

/// What the evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// There is no test, or nothing is proven.
    Gap,
    /// A test failed or broke.
    Failing,
    /// Some criteria are proven.
    Partial,
    /// All of them are.
    Proven,
}

/// How many results of which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// An expectation held.
    pub passed: i64,
    /// An expectation did not hold.
    pub failed: i64,
    /// Broke before it could tell.
    pub errors: i64,
    /// Was not run.
    pub skipped: i64,
}

impl Outcomes {
    /// Failed and broken together.
    #[must_use]
    pub fn bad(self) -> i64 {
        self.failed + self.errors
    }
}

/// The evidence for one requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Acceptance criteria.
    pub criteria: i64,
    /// Those that are proven.
    pub proven: i64,
    /// Active tests that reach it.
    pub tests: i64,
    /// Their outcomes; those that never ran are in none of them.
    pub outcomes: Outcomes,
}

impl Evidence {
    /// What the evidence says.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let (proven, of) =
            if self.criteria > 0 { (self.proven, self.criteria) } else { (i64::from(self.outcomes.passed > 0), 1) };
        match proven {
            _ if self.outcomes.bad() > 0 => Standing::Failing,
            0 => Standing::Gap,
            some if some < of => Standing::Partial,
            _ => Standing::Proven,
        }
    }

    /// What somebody should see to, in a few words; nothing when it is proven.
    #[must_use]
    pub fn attention(&self) -> Option<String> {
        let unproven = self.criteria - self.proven;
        match self.standing() {
            Standing::Failing => Some(match self.outcomes.bad() {
                1 => "1 test failing".to_owned(),
                many => format!("{many} tests failing"),
            }),
            Standing::Proven => None,
            _ if self.tests == 0 => Some("no test".to_owned()),
            _ if self.criteria == 0 => Some("no result".to_owned()),
            _ if unproven == 1 => Some("1 criterion unproven".to_owned()),
            _ => Some(format!("{unproven} criteria unproven")),
        }
    }
}

/// A requirement with its evidence, and what lists are narrowed and sorted by.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The project.
    pub project_id: Uuid,
    /// The requirement.
    pub id: Uuid,
    /// Its key.
    pub key: String,
    /// Where it stands in its life.
    pub status: String,
    /// How soon it is wanted.
    pub priority: String,
    /// Who looks after it.
    pub owner: Option<Uuid>,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Whether its title or key has the text that was asked for.
    pub matches: bool,
    /// The evidence.
    pub evidence: Evidence,
}

impl Proof {
    /// The number in its key.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.key.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(i64::MAX)
    }
}

/// The evidence for every requirement of a project, in no order. With `build`, only its results count. `text` marks
/// those whose title or key contains it.
///
/// # Errors
/// 403 when the actor may not read requirements there.
pub async fn proofs(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    build: Option<Uuid>,
    text: Option<&str>,
) -> Result<Vec<Proof>, Error> {
    let _allowed: Allowed<_, Read> = authorise(ctx, Collection::of(&REQUIREMENTS, Some(project.id)))?;
    rows(tx, &[project.id], build, text).await
}

pub(crate) async fn rows(
    tx: &Tx,
    projects: &[Uuid],
    build: Option<Uuid>,
    text: Option<&str>,
) -> Result<Vec<Proof>, Error> {
    let pattern = text.filter(|text| !text.is_empty()).map(pattern);
    // Everything here is joined whole. Without fresh statistics the planner takes the inner sides for a few rows and
    // loops over them, whose cost grows with the product of both.
    tx.batch("set local enable_nestloop = off").await?;
    let rows = tx.query(PROOFS, &[&projects, &build, &pattern]).await?;
    tx.batch("set local enable_nestloop = on").await?;
    rows.iter()
        .map(|row| {
            Ok(Proof {
                project_id: row.try_get(0)?,
                id: row.try_get(1)?,
                key: row.try_get(2)?,
                status: row.try_get(3)?,
                priority: row.try_get(4)?,
                owner: row.try_get(5)?,
                updated_at: row.try_get(6)?,
                matches: row.try_get(7)?,
                evidence: Evidence {
                    criteria: row.try_get(8)?,
                    proven: row.try_get(9)?,
                    tests: row.try_get(10)?,
                    outcomes: Outcomes {
                        passed: row.try_get(11)?,
                        failed: row.try_get(12)?,
                        errors: row.try_get(13)?,
                        skipped: row.try_get(14)?,
                    },
                },
            })
        })
        .collect()
}

/// A text as a pattern for `ilike` that contains it. NUL, which PostgreSQL has no room for, matches as nothing.
fn pattern(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('%');
    for c in text.chars().filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('%');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(criteria: i64, proven: i64, passed: i64, failed: i64) -> Evidence {
        Evidence {
            criteria,
            proven,
            tests: passed + failed,
            outcomes: Outcomes { passed, failed, ..Outcomes::default() },
        }
    }

    #[test]
    fn a_requirement_is_as_proven_as_its_criteria_and_fails_with_any_test() {
        assert_eq!(evidence(0, 0, 0, 0).standing(), Standing::Gap);
        assert_eq!(evidence(0, 0, 2, 0).standing(), Standing::Proven);
        assert_eq!(evidence(3, 0, 9, 0).standing(), Standing::Gap);
        assert_eq!(evidence(3, 1, 9, 0).standing(), Standing::Partial);
        assert_eq!(evidence(3, 3, 9, 0).standing(), Standing::Proven);
        assert_eq!(evidence(3, 3, 9, 1).standing(), Standing::Failing);
    }

    #[test]
    fn what_to_see_to_is_said_in_words() {
        let says = |evidence: Evidence| evidence.attention();
        assert_eq!(says(evidence(0, 0, 0, 0)).as_deref(), Some("no test"));
        assert_eq!(says(evidence(2, 1, 1, 0)).as_deref(), Some("1 criterion unproven"));
        assert_eq!(says(evidence(3, 1, 1, 0)).as_deref(), Some("2 criteria unproven"));
        assert_eq!(says(evidence(3, 1, 1, 1)).as_deref(), Some("1 test failing"));
        assert_eq!(says(evidence(1, 1, 1, 0)), None);
    }

    #[test]
    fn a_text_is_looked_for_as_it_is() {
        assert_eq!(pattern("50%_\\\0"), "%50\\%\\_\\\\%");
    }
}
