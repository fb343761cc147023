//! Decisions explained: every grant that was looked at, and what came of it.

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeStruct as _};
use uuid::Uuid;

use crate::{
    Grants, Question, Rule, Source, SourceKind,
    asked::Known,
    condition::{Facts, Trace, Truth, Value},
    grants::{Held, Place, Standing},
    roles::{Entitlement, PermissionScope},
};

/// Grants that are named at most, the nearest to a yes first.
const NAMED: usize = 40;

/// The answer to one question, with its reasons.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whether it may be done.
    pub allowed: bool,
    /// One sentence that says why.
    pub reason: String,
    /// Until when the answer stays as it is if nobody changes a grant; `None`: no end is known.
    pub until: Option<Timestamp>,
    /// Whether an API token was made for this; `None` without one.
    pub token_covers: Option<bool>,
    /// The grants that were looked at; the one that allows it first.
    pub considered: Vec<Considered>,
    /// The answer for the person on whose behalf it is asked.
    pub person: Option<Box<Self>>,
}

/// One grant that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Considered {
    /// Whether it allows what is asked.
    pub allows: bool,
    /// What came of it, in words.
    pub outcome: String,
    /// What kind of grant: `assigned`, `delegated`, `project_member`, `automatic`, `in_person`, `proxy`, `emergency`.
    pub grant: &'static str,
    /// The row of the grant; `None` for a role that is held automatically.
    pub grant_id: Option<Uuid>,
    /// Who gave it.
    pub given_by: Option<Uuid>,
    /// The role that is held and those it inherits from, down to the one that has the permission; empty for a permission
    /// given in person.
    pub roles: Vec<String>,
    /// The permission.
    pub permission: String,
    /// Where it is held: `organization`, `project`, `records`, `external` or `nowhere`.
    pub place: &'static str,
    /// The project, where it is held in one.
    pub project_id: Option<Uuid>,
    /// From when.
    pub valid_from: Option<Timestamp>,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// What its conditions saw.
    pub conditions: Vec<Trace>,
}

impl SourceKind {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Delegated => "delegated",
            Self::ProjectMember => "project_member",
            Self::Automatic => "automatic",
            Self::InPerson => "in_person",
            Self::Proxy => "proxy",
            Self::Emergency => "emergency",
        }
    }
}

impl Grants {
    /// The answer to a question with everything that led to it. [`Grants::allows`] says the same in less time.
    pub fn explain(&self, question: &Question<'_>) -> Explanation {
        let token_covers = self.scopes.is_some().then(|| self.in_scope(question.resource_type, question.action));
        let mut considered = self.consider(question);
        considered.truncate(NAMED);
        let own = token_covers != Some(false) && (self.unlimited || considered.iter().any(|one| one.allows));
        let person = self.person.as_ref().map(|person| Box::new(person.explain(question)));
        let allowed = own && person.as_ref().is_none_or(|person| person.allowed);
        let until = if allowed { until(&considered) } else { None };
        let reason = self.reason(question, token_covers, own, allowed, &considered);
        let until =
            [until, person.as_ref().filter(|_| allowed).and_then(|person| person.until)].into_iter().flatten().min();
        Explanation { allowed, reason, until, token_covers, considered, person }
    }

    /// The sentence alone, for whoever is refused.
    pub fn reason_of(&self, question: &Question<'_>) -> String {
        self.explain(question).reason
    }

    fn consider(&self, question: &Question<'_>) -> Vec<Considered> {
        let mut all: Vec<(u8, Considered)> = Vec::new();
        for key in self.roles.keys(question.resource_type, question.action) {
            for held in &self.held {
                for entitlement in held.for_key(key) {
                    let standing = match self.is_here(held, &question.target) {
                        true => self.standing(held, entitlement, question),
                        false => Standing::Elsewhere,
                    };
                    all.push((rank(standing), self.considered(held, entitlement, question, standing)));
                }
            }
        }
        all.sort_by_key(|(rank, _)| *rank);
        all.into_iter().map(|(_, one)| one).collect()
    }

    fn considered(&self, held: &Held, one: &Entitlement, question: &Question<'_>, standing: Standing) -> Considered {
        let known = self.known(question);
        let validity = held.validity.and(one.validity);
        let Source { kind, id, by } = held.source;
        let project_id = match &held.place {
            Place::Project(project) => Some(*project),
            _ => None,
        };
        Considered {
            allows: standing == Standing::Allows,
            outcome: outcome(held, one, &known, standing),
            grant: kind.word(),
            grant_id: id,
            given_by: by,
            roles: one.path.iter().map(|role| self.roles.name(*role)).collect(),
            permission: one.permission.name.clone(),
            place: match &held.place {
                Place::Organization => "organization",
                Place::Project(_) => "project",
                Place::Records(_) => "records",
                Place::External(_) => "external",
                Place::Nowhere => "nowhere",
            },
            project_id,
            valid_from: validity.from,
            valid_until: validity.until,
            conditions: traces(held, one, &known),
        }
    }

    fn reason(
        &self,
        question: &Question<'_>,
        token_covers: Option<bool>,
        own: bool,
        allowed: bool,
        considered: &[Considered],
    ) -> String {
        let (kind, action) = (question.resource_type.replace('_', " "), question.action.replace('_', " "));
        if token_covers == Some(false) {
            return format!("this token was not made for {}:{}", question.resource_type, question.action);
        }
        if own && !allowed {
            return format!("the person it acts for may not {action} a {kind}");
        }
        if self.unlimited {
            return "the server itself does this".to_owned();
        }
        match considered.first() {
            Some(one) if one.allows => allowing(one),
            // What fails elsewhere or for want of membership is no news to a stranger; what nearly fits is.
            Some(one) if one.outcome != ELSEWHERE => one.outcome.clone(),
            Some(_) => format!("no role of yours here may {action} a {kind}"),
            None => format!("no role of yours may {action} a {kind}"),
        }
    }
}

const ELSEWHERE: &str = "it is held somewhere else";

fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Allows => 0,
        Standing::Unmet => 1,
        Standing::Unknown => 2,
        Standing::NeedsApproval => 3,
        Standing::NotYet(_) => 4,
        Standing::Ended(_) => 5,
        Standing::Broken => 6,
        Standing::NotOwn => 7,
        Standing::NotMember => 8,
        Standing::Elsewhere => 9,
    }
}

fn allowing(one: &Considered) -> String {
    let place = match one.place {
        "organization" => "in the organisation",
        "project" => "in the project",
        _ => "for this record",
    };
    match (one.roles.as_slice(), one.grant) {
        ([], "emergency") => format!("taken in an emergency {place}"),
        ([], "proxy") => format!("given in person, to act for somebody else, {place}"),
        ([], _) => format!("given in person {place}"),
        ([role], "automatic") => format!("role {role}, held automatically"),
        ([role], "delegated") => format!("role {role}, passed on, {place}"),
        ([role], _) => format!("role {role} {place}"),
        ([role, .., giver], _) => format!("role {role} {place}, which has it from {giver}"),
    }
}

fn outcome(held: &Held, one: &Entitlement, known: &Known<'_>, standing: Standing) -> String {
    match standing {
        Standing::Allows => "it allows this".to_owned(),
        Standing::NotYet(from) => format!("it holds only from {from} on"),
        Standing::Ended(until) => format!("it ended at {until}"),
        Standing::Elsewhere => ELSEWHERE.to_owned(),
        Standing::NotMember => "it holds only in projects one is a member of".to_owned(),
        Standing::NotOwn => "it holds only for what is one's own".to_owned(),
        Standing::NeedsApproval => {
            format!("{} has to be approved first: ask for it under approvals", one.permission.name)
        }
        Standing::Broken => {
            let reasons = [&held.rule, &one.rule].into_iter().find_map(|rule| match rule {
                Rule::Broken(reason) => Some(reason.to_string()),
                Rule::When(_) => None,
            });
            format!("its condition cannot be read: {}", reasons.unwrap_or_default())
        }
        Standing::Unmet => "its condition is not met".to_owned(),
        Standing::Unknown => {
            let traces = traces(held, one, known);
            let mut missing: Vec<&str> = traces.iter().flat_map(Trace::missing).collect();
            missing.sort_unstable();
            missing.dedup();
            format!("its condition asks for {}, which is not known here", missing.join(" and "))
        }
    }
}

fn traces(held: &Held, one: &Entitlement, known: &Known<'_>) -> Vec<Trace> {
    let rules = [&held.rule, &one.rule];
    let conditions = rules.into_iter().filter_map(|rule| match rule {
        Rule::When(condition) if !condition.is_always() => Some(condition),
        _ => None,
    });
    conditions.map(|condition| condition.trace(known as &dyn Facts)).collect()
}

/// Until when something allows it: the last end of those grants that do.
fn until(considered: &[Considered]) -> Option<Timestamp> {
    let ends: Vec<Option<Timestamp>> = considered.iter().filter(|one| one.allows).map(|one| one.valid_until).collect();
    if ends.contains(&None) { None } else { ends.into_iter().flatten().max() }
}

impl PermissionScope {
    /// The word the database keeps.
    pub fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Project => "project",
            Self::Own => "self",
        }
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Saw<'a> {
            attribute: &'a str,
            value: Option<String>,
        }
        let truth = match self.truth {
            Truth::True => "true",
            Truth::False => "false",
            Truth::Unknown => "unknown",
        };
        let value = |value: &Option<Value>| value.as_ref().map(ToString::to_string);
        let saw: Vec<Saw<'_>> =
            self.saw.iter().map(|(attribute, seen)| Saw { attribute, value: value(seen) }).collect();
        let mut whole = serializer.serialize_struct("Trace", 4)?;
        whole.serialize_field("expression", &self.expression)?;
        whole.serialize_field("truth", truth)?;
        whole.serialize_field("saw", &saw)?;
        whole.serialize_field("parts", &self.parts)?;
        whole.end()
    }
}
