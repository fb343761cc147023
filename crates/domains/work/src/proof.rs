//! What the evidence says about requirements.
//!
//! A criterion is proven when at least one of its tests passed and none failed, by their latest results. A requirement
//! fails as soon as one of its tests does; else it is as proven as its criteria are, or, without criteria, as its tests.

use jiff::Timestamp;
use kernel::Error;
use tokio_postgres::Row;
use uuid::Uuid;

/// What the evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl Standing {
    /// Every standing, those first that ask for work: what nothing proves before what fails, since a failure is seen elsewhere too.
    pub const ALL: [Self; 4] = [Self::Gap, Self::Failing, Self::Partial, Self::Proven];

    /// As the database writes it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Failing => "failing",
            Self::Partial => "partial",
            Self::Proven => "proven",
        }
    }

    /// What the database wrote.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.code() == code)
    }
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
    /// The number in its key.
    pub number: i64,
    /// Where it stands in its life.
    pub status: String,
    /// How soon it is wanted.
    pub priority: String,
    /// The place of that priority among the others; 1 is the most urgent.
    pub rank: i16,
    /// Who looks after it.
    pub owner: Option<Uuid>,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The evidence.
    pub evidence: Evidence,
}

impl TryFrom<&Row> for Proof {
    type Error = Error;

    fn try_from(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            project_id: row.try_get(0)?,
            id: row.try_get(1)?,
            key: row.try_get(2)?,
            number: row.try_get(3)?,
            status: row.try_get(4)?,
            priority: row.try_get(5)?,
            rank: row.try_get(6)?,
            owner: row.try_get(7)?,
            updated_at: row.try_get(8)?,
            evidence: Evidence {
                criteria: row.try_get(9)?,
                proven: row.try_get(10)?,
                tests: row.try_get(11)?,
                outcomes: Outcomes {
                    passed: row.try_get(12)?,
                    failed: row.try_get(13)?,
                    errors: row.try_get(14)?,
                    skipped: row.try_get(15)?,
                },
            },
        })
    }
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
}
