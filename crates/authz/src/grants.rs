//! Everything one principal holds in one organisation, compiled for quick decisions.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Filter, Part, Question, Reach, Roles, Rule, Scope, Subject, Validity,
    asked::{Environment, Known, Target},
    condition::{Condition, Facts, Truth},
    roles::{Entitlement, Key, PermissionScope, Role},
};

/// Where something that is held holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the whole organisation.
    Organization,
    /// In one project, with everything in it.
    Project(Uuid),
    /// For a record and what is below it in the tree of resources.
    Records(Arc<[Uuid]>),
    /// For one thing that another system keeps, and what is below it.
    External(Arc<[String]>),
    /// Nowhere: what it is limited to is not in use.
    Nowhere,
}

/// Where something that is held comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// A role that was assigned.
    Assigned,
    /// A role that another member passed on.
    Delegated,
    /// The role of a member of a project.
    ProjectMember,
    /// A role that whoever meets its condition holds.
    Automatic,
    /// A permission given in person.
    InPerson,
    /// A permission to act for somebody else.
    Proxy,
    /// A permission taken in an emergency.
    Emergency,
}

/// The grant behind a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// What kind of grant.
    pub kind: SourceKind,
    /// Its row; `None` for a role that is held automatically.
    pub id: Option<Uuid>,
    /// Who gave it or passed it on; `None` when that is not known.
    pub by: Option<Uuid>,
}

/// A role that is held.
#[derive(Debug, Clone)]
pub struct HeldRole {
    /// The role.
    pub role: Uuid,
    /// Where.
    pub place: Place,
    /// When.
    pub validity: Validity,
    /// What must hold besides.
    pub rule: Rule,
    /// The grant.
    pub source: Source,
}

/// A permission that is held in person.
#[derive(Debug, Clone)]
pub struct HeldPermission {
    /// The permission.
    pub permission: Uuid,
    /// Where.
    pub place: Place,
    /// The person it is to be used for; `None` for oneself.
    pub on_behalf_of: Option<Uuid>,
    /// When.
    pub validity: Validity,
    /// What must hold besides.
    pub rule: Rule,
    /// The grant.
    pub source: Source,
}

/// Everything that is held, as rows.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    /// Who holds it.
    pub subject: Subject,
    /// Roles.
    pub roles: Vec<HeldRole>,
    /// Permissions.
    pub permissions: Vec<HeldPermission>,
    /// The projects they are a member of.
    pub member_of: Vec<Uuid>,
    /// The person they act for.
    pub acting_for: Option<Uuid>,
}

#[derive(Debug, Clone)]
pub(crate) enum Gives {
    Role(Arc<Role>),
    One(Key, Box<[Entitlement; 1]>),
}

#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) gives: Gives,
    pub(crate) place: Place,
    pub(crate) validity: Validity,
    pub(crate) rule: Rule,
    pub(crate) source: Source,
}

impl Held {
    pub(crate) fn for_key(&self, key: Key) -> &[Entitlement] {
        match &self.gives {
            Gives::Role(role) => role.gives.get(&key).map_or(&[], Vec::as_slice),
            Gives::One(own, entitlement) if *own == key => entitlement.as_slice(),
            Gives::One(..) => &[],
        }
    }

    pub(crate) fn entitlements(&self) -> impl Iterator<Item = &Entitlement> {
        let (role, one) = match &self.gives {
            Gives::Role(role) => (Some(role.gives.values().flatten()), None),
            Gives::One(_, entitlement) => (None, Some(entitlement.iter())),
        };
        role.into_iter().flatten().chain(one.into_iter().flatten())
    }
}

/// What stands between a grant and a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Allows,
    NotYet(Timestamp),
    Ended(Timestamp),
    Elsewhere,
    NotMember,
    NotOwn,
    NeedsApproval,
    Broken,
    Unmet,
    Unknown,
}

/// All that one principal holds in one organisation.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    pub(crate) roles: Arc<Roles>,
    pub(crate) subject: Arc<Subject>,
    pub(crate) held: Vec<Held>,
    everywhere: Vec<usize>,
    by_project: HashMap<Uuid, Vec<usize>>,
    by_record: HashMap<Uuid, Vec<usize>>,
    by_external: HashMap<String, Vec<usize>>,
    member_of: HashSet<Uuid>,
    reads: Vec<String>,
    is_plain: bool,
    pub(crate) scopes: Option<Vec<Scope>>,
    pub(crate) person: Option<Box<Self>>,
    pub(crate) unlimited: bool,
}

impl Grants {
    /// Compiles what one principal holds, given the roles of the organisation.
    pub fn compile(roles: Arc<Roles>, holdings: Holdings) -> Self {
        let mut grants = Self {
            subject: Arc::new(holdings.subject),
            member_of: holdings.member_of.into_iter().collect(),
            ..Self::default()
        };
        for row in holdings.roles {
            let Some(role) = roles.roles.get(&row.role) else { continue };
            let validity = row.validity;
            grants.hold(Held {
                gives: Gives::Role(role.clone()),
                place: row.place,
                validity,
                rule: row.rule,
                source: row.source,
            });
        }
        for role in roles.roles.values() {
            let Some(rule) = role.held_by.clone() else { continue };
            let source = Source { kind: SourceKind::Automatic, id: None, by: None };
            let (place, validity) = (Place::Organization, role.validity);
            grants.hold(Held { gives: Gives::Role(role.clone()), place, validity, rule, source });
        }
        for row in holdings.permissions {
            // A permission to act for somebody counts while one does, and no other time.
            if row.on_behalf_of.is_some() && row.on_behalf_of != holdings.acting_for {
                continue;
            }
            let Some((key, entitlement)) = roles.in_person(row.permission, row.validity, row.rule) else { continue };
            grants.hold(Held {
                gives: Gives::One(key, Box::new([entitlement])),
                place: row.place,
                validity: Validity::ALWAYS,
                rule: Rule::default(),
                source: row.source,
            });
        }
        grants.reads = grants.attributes_read();
        let is_plain = |held: &Held| {
            !matches!(held.place, Place::Records(_))
                && held.entitlements().all(|one| one.permission.scope != PermissionScope::Own)
        };
        grants.is_plain = grants.reads.is_empty() && grants.held.iter().all(is_plain);
        grants.roles = roles;
        grants
    }

    fn hold(&mut self, held: Held) {
        let at = self.held.len();
        match &held.place {
            Place::Organization => self.everywhere.push(at),
            Place::Project(project) => self.by_project.entry(*project).or_default().push(at),
            Place::Records(records) => {
                records.iter().for_each(|record| self.by_record.entry(*record).or_default().push(at));
            }
            Place::External(names) => {
                names.iter().for_each(|name| self.by_external.entry(name.clone()).or_default().push(at));
            }
            Place::Nowhere => {}
        }
        self.held.push(held);
    }

    fn attributes_read(&self) -> Vec<String> {
        let mut reads: Vec<String> = Vec::new();
        let rules = self.held.iter().flat_map(|held| held.entitlements().map(|one| &one.rule).chain([&held.rule]));
        for rule in rules {
            let Rule::When(condition) = rule else { continue };
            reads.extend(condition.attributes().filter(|name| name.starts_with("resource.")).map(str::to_owned));
        }
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// Everything: for the server's own work, such as setting up the first organisation.
    pub fn unlimited() -> Self {
        Self { unlimited: true, is_plain: true, ..Self::default() }
    }

    /// Nothing: for somebody who is no active member.
    pub fn nobody(roles: Arc<Roles>, id: Uuid) -> Self {
        Self { roles, subject: Arc::new(Subject { id, ..Subject::default() }), ..Self::default() }
    }

    /// The same grants, narrowed to what a token was made for.
    #[must_use]
    pub fn narrowed(mut self, scopes: Vec<Scope>) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// The same grants, never more than those of the person they act for.
    #[must_use]
    pub fn acting_for(mut self, person: Self) -> Self {
        self.person = Some(Box::new(person));
        self
    }

    /// The attributes of resources that some condition reads, as `resource.status`: what has to be known of a record
    /// before it is decided about. Empty for most.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        self.reads
            .iter()
            .map(String::as_str)
            .chain(self.person.iter().flat_map(|person| person.reads.iter().map(String::as_str)))
    }

    /// Whether everything that is held holds for a whole organisation or project, whatever single records are like.
    pub fn is_plain(&self) -> bool {
        self.is_plain && self.person.as_ref().is_none_or(|person| person.is_plain())
    }

    /// The next moment after `now` at which something that is held, or was to be held, begins or ends.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let own = self.held.iter().flat_map(|held| {
            held.entitlements()
                .map(|one| one.validity)
                .chain([held.validity])
                .filter_map(|validity| validity.next_change(now))
        });
        own.chain(self.person.iter().filter_map(|person| person.next_change(now))).min()
    }

    /// Whether it may be done.
    pub fn allows(&self, question: &Question<'_>) -> bool {
        let own = self.in_scope(question.resource_type, question.action)
            && (self.unlimited
                || self.roles.keys(question.resource_type, question.action).any(|key| self.allows_key(key, question)));
        own && self.person.as_ref().is_none_or(|person| person.allows(question))
    }

    fn allows_key(&self, key: Key, question: &Question<'_>) -> bool {
        self.candidates(&question.target).any(|at| {
            let held = &self.held[at];
            held.for_key(key).iter().any(|entitlement| self.standing(held, entitlement, question) == Standing::Allows)
        })
    }

    /// What is held where `target` is.
    fn candidates(&self, target: &Target<'_>) -> impl Iterator<Item = usize> {
        let project = target.project.and_then(|project| self.by_project.get(&project));
        let record = target.record.and_then(|record| self.by_record.get(&record));
        let whole = target.part_of.and_then(|record| self.by_record.get(&record));
        let external = target.external.and_then(|name| self.by_external.get(name));
        self.everywhere.iter().chain([project, record, whole, external].into_iter().flatten().flatten()).copied()
    }

    /// Whether a grant that is held where the target is says yes, or what stands in between.
    pub(crate) fn standing(&self, held: &Held, entitlement: &Entitlement, question: &Question<'_>) -> Standing {
        let validity = held.validity.and(entitlement.validity);
        let now = question.environment.time;
        match validity {
            Validity { from: Some(from), .. } if now < from => return Standing::NotYet(from),
            Validity { until: Some(until), .. } if until <= now => return Standing::Ended(until),
            _ => {}
        }
        if entitlement.permission.requires_approval && matches!(held.gives, Gives::Role(_)) {
            return Standing::NeedsApproval;
        }
        match entitlement.permission.scope {
            PermissionScope::Global => {}
            PermissionScope::Project
                if question.target.project.is_some_and(|project| self.member_of.contains(&project)) => {}
            PermissionScope::Project => return Standing::NotMember,
            PermissionScope::Own if question.target.owner == Some(self.subject.id) => {}
            PermissionScope::Own => return Standing::NotOwn,
        }
        let known = self.known(question);
        for rule in [&held.rule, &entitlement.rule] {
            match rule {
                Rule::Broken(_) => return Standing::Broken,
                Rule::When(condition) if condition.is_always() => {}
                Rule::When(condition) => match condition.evaluate(&known) {
                    Truth::True => {}
                    Truth::False => return Standing::Unmet,
                    Truth::Unknown => return Standing::Unknown,
                },
            }
        }
        Standing::Allows
    }

    pub(crate) fn known<'a>(&'a self, question: &Question<'a>) -> Known<'a> {
        Known {
            subject: &self.subject,
            action: question.action,
            resource_type: question.resource_type,
            environment: question.environment,
            target: question.target,
        }
    }

    /// Whether a grant is held where the target is.
    pub(crate) fn is_here(&self, held: &Held, target: &Target<'_>) -> bool {
        let is = |id: &Uuid| target.record == Some(*id) || target.part_of == Some(*id);
        match &held.place {
            Place::Organization => true,
            Place::Project(project) => target.project == Some(*project),
            Place::Records(records) => records.iter().any(is),
            Place::External(names) => target.external.is_some_and(|name| names.iter().any(|known| known == name)),
            Place::Nowhere => false,
        }
    }

    /// Where `action` on things of `resource_type` is allowed, as a filter over rows.
    pub fn reach(&self, resource_type: &str, action: &str, environment: &Environment) -> Reach {
        let own = self.own_reach(resource_type, action, environment);
        match &self.person {
            Some(person) if own != Reach::Nothing => own.within(person.reach(resource_type, action, environment)),
            _ => own,
        }
    }

    fn own_reach(&self, resource_type: &str, action: &str, environment: &Environment) -> Reach {
        if !self.in_scope(resource_type, action) {
            return Reach::Nothing;
        }
        if self.unlimited {
            return Reach::Everything;
        }
        let question = Question { resource_type, action, target: Target::default(), environment };
        let known = self.known(&question);
        let ways = self.roles.keys(resource_type, action).flat_map(|key| {
            self.held.iter().flat_map(move |held| held.for_key(key).iter().map(move |one| (held, one)))
        });
        Reach::any(ways.filter_map(|(held, one)| self.part(held, one, &known)).collect())
    }

    /// The rows that one grant reaches; `None` when it reaches none.
    fn part(&self, held: &Held, entitlement: &Entitlement, known: &Known<'_>) -> Option<Part> {
        if !held.validity.and(entitlement.validity).holds(known.environment.time)
            || (entitlement.permission.requires_approval && matches!(held.gives, Gives::Role(_)))
        {
            return None;
        }
        let mut filters = match &held.place {
            Place::Organization => Vec::new(),
            Place::Project(project) => vec![Filter::Projects(vec![*project])],
            Place::Records(records) => vec![Filter::Records(records.to_vec())],
            Place::External(_) | Place::Nowhere => return None,
        };
        match entitlement.permission.scope {
            PermissionScope::Global => {}
            PermissionScope::Own => filters.push(Filter::Own(self.subject.id)),
            PermissionScope::Project => match &held.place {
                Place::Project(project) if self.member_of.contains(project) => {}
                _ if self.member_of.is_empty() => return None,
                _ => filters.push(Filter::Projects(self.member_of.iter().copied().collect())),
            },
        }
        for rule in [&held.rule, &entitlement.rule] {
            let Rule::When(condition) = rule else { return None };
            if !condition.is_always() {
                let left: Condition = condition.given(known as &dyn Facts);
                if left.is_never() {
                    return None;
                }
                if !left.is_always() {
                    filters.push(Filter::When(left));
                }
            }
        }
        filters.sort_by_key(|filter| !matches!(filter, Filter::Projects(_)));
        Some(Part { filters })
    }

    pub(crate) fn is_member_of(&self, project: Uuid) -> bool {
        self.member_of.contains(&project)
    }

    pub(crate) fn in_scope(&self, resource_type: &str, action: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| scope.covers(resource_type, action)))
    }
}
