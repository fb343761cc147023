//! Grants compiled for quick decisions.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::Scope;

/// One row of `authz.grants_of`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The kind of thing, such as `requirement`.
    pub resource_type: String,
    /// What may be done to it, such as `update`.
    pub action: String,
    /// The project it holds in; `None` for the whole organisation.
    pub project: Option<Uuid>,
    /// The role that confers it, for explanations.
    pub role: String,
}

/// Where a permission holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Nowhere.
    Nothing,
    /// In these projects only.
    Projects(Vec<Uuid>),
    /// In the whole organisation.
    Everything,
}

impl Reach {
    /// Where both reach.
    fn within(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, reach) | (reach, Self::Everything) => reach,
            (Self::Projects(mut one), Self::Projects(other)) => {
                one.retain(|project| other.contains(project));
                if one.is_empty() { Self::Nothing } else { Self::Projects(one) }
            }
            _ => Self::Nothing,
        }
    }
}

/// The answer, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done.
    pub allowed: bool,
    /// A sentence that names the role that allows it, or what is missing.
    pub reason: String,
}

#[derive(Debug, Clone, Default)]
struct Held {
    everywhere: Option<String>,
    projects: HashMap<Uuid, String>,
}

/// All that one principal holds in one organisation.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    held: HashMap<String, HashMap<String, Held>>,
    scopes: Option<Vec<Scope>>,
    person: Option<Box<Self>>,
    unlimited: bool,
}

impl Grants {
    /// Compiles the rows of `authz.grants_of`.
    pub fn compile(rows: impl IntoIterator<Item = Grant>) -> Self {
        let mut grants = Self::default();
        for row in rows {
            let held = grants.held.entry(row.resource_type).or_default().entry(row.action).or_default();
            match row.project {
                None => held.everywhere = Some(row.role),
                Some(project) => {
                    held.projects.insert(project, row.role);
                }
            }
        }
        grants
    }

    /// Everything: for the server's own work, such as setting up the first organisation.
    pub fn unlimited() -> Self {
        Self { unlimited: true, ..Self::default() }
    }

    /// The same grants, narrowed to what a token was made for.
    #[must_use]
    pub fn narrowed(mut self, scopes: Vec<Scope>) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// The same grants, never more than those of the person an agent acts for.
    #[must_use]
    pub fn acting_for(mut self, person: Self) -> Self {
        self.person = Some(Box::new(person));
        self
    }

    /// Where `action` on things of `resource_type` is allowed.
    pub fn reach(&self, resource_type: &str, action: &str) -> Reach {
        let own = self.own_reach(resource_type, action);
        match &self.person {
            Some(person) => own.within(person.reach(resource_type, action)),
            None => own,
        }
    }

    fn own_reach(&self, resource_type: &str, action: &str) -> Reach {
        if !self.in_scope(resource_type, action) {
            return Reach::Nothing;
        }
        if self.unlimited {
            return Reach::Everything;
        }
        match self.held.get(resource_type).and_then(|actions| actions.get(action)) {
            Some(held) if held.everywhere.is_some() => Reach::Everything,
            Some(held) => Reach::Projects(held.projects.keys().copied().collect::<BTreeSet<_>>().into_iter().collect()),
            None => Reach::Nothing,
        }
    }

    /// Whether `action` on a thing of `resource_type` in `project` (`None`: outside any project) is allowed, and why.
    pub fn decide(&self, resource_type: &str, action: &str, project: Option<Uuid>) -> Decision {
        let own = self.own_decision(resource_type, action, project);
        match &self.person {
            Some(person) if own.allowed && !person.decide(resource_type, action, project).allowed => Decision {
                allowed: false,
                reason: format!("the person it acts for may not {action} a {}", resource_type.replace('_', " ")),
            },
            _ => own,
        }
    }

    fn own_decision(&self, resource_type: &str, action: &str, project: Option<Uuid>) -> Decision {
        let allow = |reason: String| Decision { allowed: true, reason };
        let deny = |reason: String| Decision { allowed: false, reason };
        if !self.in_scope(resource_type, action) {
            return deny(format!("this token was not made for {resource_type}:{action}"));
        }
        if self.unlimited {
            return allow("the server itself does this".into());
        }
        let held = self.held.get(resource_type).and_then(|actions| actions.get(action));
        let by_project = |held: &Held| project.and_then(|project| held.projects.get(&project).cloned());
        match held {
            Some(Held { everywhere: Some(role), .. }) => allow(format!("role {role} in the organisation")),
            Some(held) => match by_project(held) {
                Some(role) => allow(format!("role {role} in the project")),
                None => deny(format!("no role of yours here may {action} a {}", resource_type.replace('_', " "))),
            },
            None => deny(format!("no role of yours may {action} a {}", resource_type.replace('_', " "))),
        }
    }

    fn in_scope(&self, resource_type: &str, action: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| scope.covers(resource_type, action)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(resource_type: &str, action: &str, project: Option<Uuid>) -> Grant {
        Grant { resource_type: resource_type.into(), action: action.into(), project, role: "developer".into() }
    }

    #[test]
    fn a_list_reaches_exactly_where_a_check_would_allow() {
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let grants = Grants::compile([grant("defect", "read", Some(here)), grant("build", "read", None)]);
        assert_eq!(grants.reach("defect", "read"), Reach::Projects(vec![here]));
        assert!(grants.decide("defect", "read", Some(here)).allowed);
        assert!(!grants.decide("defect", "read", Some(there)).allowed);
        assert!(!grants.decide("defect", "read", None).allowed);
        assert_eq!(grants.reach("build", "read"), Reach::Everything);
        assert_eq!(grants.reach("build", "delete"), Reach::Nothing);
        assert!(!grants.decide("build", "delete", Some(here)).allowed);
    }

    #[test]
    fn an_agent_never_exceeds_the_person_it_acts_for() {
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let person = Grants::compile([grant("defect", "read", Some(here)), grant("build", "read", None)]);
        let agent = Grants::compile([
            grant("defect", "read", None),
            grant("build", "read", Some(there)),
            grant("commit", "read", None),
        ])
        .acting_for(person);
        assert_eq!(agent.reach("defect", "read"), Reach::Projects(vec![here]));
        assert_eq!(agent.reach("build", "read"), Reach::Projects(vec![there]));
        assert_eq!(agent.reach("commit", "read"), Reach::Nothing);
        assert!(
            agent.decide("defect", "read", Some(here)).allowed && agent.decide("build", "read", Some(there)).allowed
        );
        assert!(!agent.decide("defect", "read", Some(there)).allowed && !agent.decide("build", "read", None).allowed);
        assert_eq!(agent.decide("commit", "read", None).reason, "the person it acts for may not read a commit");
    }

    #[test]
    fn a_token_narrows_and_never_widens() {
        let grants = Grants::compile([grant("build", "read", None)]);
        let read_only = grants.clone().narrowed(vec!["*:read".parse().expect("a scope")]);
        assert!(read_only.decide("build", "read", None).allowed);
        let wide = grants.narrowed(vec!["*".parse().expect("a scope")]);
        assert!(!wide.decide("build", "delete", None).allowed);
        assert_eq!(Grants::unlimited().narrowed(vec![]).reach("build", "read"), Reach::Nothing);
    }
}
