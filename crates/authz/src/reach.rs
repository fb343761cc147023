//! Where an action is allowed, for lists: a filter over rows instead of an answer about one.

use uuid::Uuid;

use crate::condition::Condition;

/// Where a permission holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// Nowhere.
    Nothing,
    /// For rows that one of these fits.
    Parts(Vec<Part>),
    /// In the whole organisation.
    Everything,
}

/// Rows that all of these fit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    /// Everything that must be so.
    pub filters: Vec<Filter>,
}

/// One thing that must be so of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// It belongs to one of these projects.
    Projects(Vec<Uuid>),
    /// It is one of these records, or part of one.
    Records(Vec<Uuid>),
    /// It belongs to this person.
    Own(Uuid),
    /// The condition, of which only what it asks of the resource is left.
    When(Condition),
}

impl Reach {
    /// Everything in these projects.
    pub fn projects(mut projects: Vec<Uuid>) -> Self {
        projects.sort_unstable();
        projects.dedup();
        if projects.is_empty() {
            Self::Nothing
        } else {
            Self::Parts(vec![Part { filters: vec![Filter::Projects(projects)] }])
        }
    }

    /// One reach of several alternatives: those that are a list of projects or of records and nothing else become one.
    pub(crate) fn any(parts: Vec<Part>) -> Self {
        let (mut projects, mut records, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            match part.filters.as_slice() {
                [] => return Self::Everything,
                [Filter::Projects(some)] => projects.extend_from_slice(some),
                [Filter::Records(some)] => records.extend_from_slice(some),
                _ if others.contains(&part) => {}
                _ => others.push(part),
            }
        }
        let listed = |mut ids: Vec<Uuid>, filter: fn(Vec<Uuid>) -> Filter| {
            ids.sort_unstable();
            ids.dedup();
            (!ids.is_empty()).then(|| Part { filters: vec![filter(ids)] })
        };
        let all: Vec<Part> = listed(projects, Filter::Projects)
            .into_iter()
            .chain(listed(records, Filter::Records))
            .chain(others)
            .collect();
        if all.is_empty() { Self::Nothing } else { Self::Parts(all) }
    }

    /// Where both reach.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, reach) | (reach, Self::Everything) => reach,
            (Self::Parts(these), Self::Parts(those)) => {
                let pairs = these.iter().flat_map(|one| those.iter().filter_map(|other| one.and(other)));
                Self::any(pairs.collect())
            }
            _ => Self::Nothing,
        }
    }

    /// Whether something in `project`, or outside any project, may be reached: a record that is yet to be made is asked
    /// about again once it is there.
    pub fn touches(&self, project: Option<Uuid>) -> bool {
        let may = |filter: &Filter| match filter {
            Filter::Projects(projects) => project.is_some_and(|project| projects.contains(&project)),
            Filter::Records(_) | Filter::Own(_) | Filter::When(_) => true,
        };
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Parts(parts) => parts.iter().any(|part| part.filters.iter().all(may)),
        }
    }

    /// Whether whole projects are all that is reached: no single records, and nothing under a condition.
    pub fn is_of_whole_projects(&self) -> bool {
        match self {
            Self::Nothing | Self::Everything => true,
            Self::Parts(parts) => parts.iter().all(|part| matches!(part.filters.as_slice(), [Filter::Projects(_)])),
        }
    }

    /// The projects in which everything of the kind is reached, whatever it is like; `None` when that is every project.
    /// For what cannot look at single rows: it leaves out what is reached under a condition, and never widens.
    pub fn whole_projects(&self) -> Option<Vec<Uuid>> {
        match self {
            Self::Everything => None,
            Self::Nothing => Some(Vec::new()),
            Self::Parts(parts) => Some(
                parts
                    .iter()
                    .filter_map(|part| match part.filters.as_slice() {
                        [Filter::Projects(projects)] => Some(projects.clone()),
                        _ => None,
                    })
                    .flatten()
                    .collect(),
            ),
        }
    }
}

impl Part {
    /// What both fit; `None` when nothing can.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        for filter in &other.filters {
            let shared = |these: &mut Vec<Uuid>, those: &[Uuid]| {
                these.retain(|id| those.contains(id));
                !these.is_empty()
            };
            let mut merged = false;
            for own in &mut both.filters {
                let fits = match (own, filter) {
                    (Filter::Projects(these), Filter::Projects(those)) => shared(these, those),
                    (Filter::Own(one), Filter::Own(other)) => one == other,
                    (own, other) if own == other => true,
                    _ => continue,
                };
                if !fits {
                    return None;
                }
                merged = true;
                break;
            }
            if !merged {
                both.filters.push(filter.clone());
            }
        }
        Some(both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn two_reaches_meet_where_both_reach() {
        let here = Reach::projects(vec![id(1), id(2)]);
        assert_eq!(here.clone().within(Reach::projects(vec![id(2), id(3)])), Reach::projects(vec![id(2)]));
        assert_eq!(here.clone().within(Reach::projects(vec![id(3)])), Reach::Nothing);
        assert_eq!(here.clone().within(Reach::Everything), here);
        assert_eq!(here.within(Reach::Nothing), Reach::Nothing);
    }

    #[test]
    fn what_is_reached_under_a_condition_is_no_whole_project() {
        let own = Part { filters: vec![Filter::Projects(vec![id(1)]), Filter::Own(id(9))] };
        let whole = Part { filters: vec![Filter::Projects(vec![id(2)])] };
        let reach = Reach::any(vec![own.clone(), whole]);
        assert_eq!(reach.whole_projects(), Some(vec![id(2)]));
        assert_eq!(Reach::any(vec![own]).whole_projects(), Some(vec![]));
        assert_eq!(Reach::Everything.whole_projects(), None);
    }

    /// Two lists of records do not merge: a row may be one of the first and part of one of the second.
    #[test]
    fn records_of_both_sides_are_asked_for_separately() {
        let one = Reach::any(vec![Part { filters: vec![Filter::Records(vec![id(1)])] }]);
        let other = Reach::any(vec![Part { filters: vec![Filter::Records(vec![id(2)])] }]);
        let Reach::Parts(parts) = one.within(other) else { panic!("parts") };
        assert_eq!(parts[0].filters.len(), 2);
    }
}
