//! The engine of Throughline.

use std::{borrow::Cow, sync::Arc};

use authz::{
    Environment, Grants, HeldRole, Holdings, PermissionRow, PermissionScope, Place, Question, RolePermissionRow,
    RoleRow, Roles, Rule, Source, SourceKind, Subject, Target, Validity,
    condition::{Condition, Facts, Type, Value, Vocabulary},
};
use serde_json::json;
use uuid::Uuid;

use crate::{ACTIONS, Asked, Decider, Failure, KINDS, Policy, ROLES};

struct Words;

impl Vocabulary for Words {
    fn type_of(&self, attribute: &str) -> Option<Type> {
        (attribute == "resource.status").then_some(Type::Text)
    }

    fn names(&self) -> Vec<String> {
        vec!["resource.status".to_owned()]
    }
}

/// What is known of a record.
struct Record(Value);

impl Facts for Record {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        (attribute == "resource.status").then_some(Cow::Borrowed(&self.0))
    }
}

fn id(space: u128, number: u32) -> Uuid {
    Uuid::from_u128((space << 64) | u128::from(number))
}

fn roles(policy: &Policy) -> Result<Roles, Failure> {
    let rule = match policy.under_condition {
        true => Rule::When(Condition::parse(&json!({"==": [{"var": "resource.status"}, "open"]}), &Words)?),
        false => Rule::default(),
    };
    let permissions = (0..KINDS * ACTIONS).map(|number| PermissionRow {
        id: id(1, number),
        name: format!("kind{}:action{}", number / ACTIONS, number % ACTIONS),
        resource_type: format!("kind{}", number / ACTIONS),
        action: format!("action{}", number % ACTIONS),
        scope: PermissionScope::Global,
        rule: rule.clone(),
        requires_approval: false,
        validity: Validity::ALWAYS,
    });
    let rows = (0..ROLES).map(|role| RoleRow {
        id: id(2, role),
        name: format!("role{role}"),
        parent: Policy::above(role).map(|above| id(2, above)),
        validity: Validity::ALWAYS,
        held_by: None,
    });
    let gives = policy.own.iter().zip(0..).flat_map(|(own, role)| {
        own.iter().map(move |(kind, action)| RolePermissionRow {
            role: id(2, role),
            permission: id(1, kind * ACTIONS + action),
            validity: Validity::ALWAYS,
            rule: Rule::default(),
        })
    });
    Ok(Roles::compile(rows.collect(), permissions.collect(), gives.collect(), Vec::new()))
}

fn holdings(policy: &Policy, person: u32) -> Holdings {
    let held = policy.held[person as usize].iter().map(|role| HeldRole {
        role: id(2, *role),
        place: Place::Organization,
        validity: Validity::ALWAYS,
        rule: Rule::default(),
        source: Source { kind: SourceKind::Assigned, id: None, by: None },
    });
    Holdings {
        subject: Subject { id: id(3, person), ..Subject::default() },
        roles: held.collect(),
        ..Holdings::default()
    }
}

/// What is the same for every question.
struct Names {
    kinds: Vec<String>,
    actions: Vec<String>,
    open: Record,
    closed: Record,
    environment: Environment,
}

impl Names {
    fn new() -> Self {
        Self {
            kinds: (0..KINDS).map(|kind| format!("kind{kind}")).collect(),
            actions: (0..ACTIONS).map(|action| format!("action{action}")).collect(),
            open: Record(Value::Text("open".to_owned())),
            closed: Record(Value::Text("closed".to_owned())),
            environment: Environment::at(jiff::Timestamp::UNIX_EPOCH),
        }
    }

    fn ask(&self, grants: &Grants, asked: Asked) -> bool {
        let facts = if asked.is_open { &self.open } else { &self.closed };
        grants.allows(&Question {
            resource_type: &self.kinds[asked.kind as usize],
            action: &self.actions[asked.action as usize],
            target: Target { record: Some(id(4, asked.person)), facts: Some(facts), ..Target::default() },
            environment: &self.environment,
        })
    }
}

/// One decision, once what the person holds is compiled: that is done once a request, or once for many where it is cached.
pub(crate) struct Engine {
    people: Vec<Grants>,
    names: Names,
}

impl Engine {
    pub(crate) fn new(policy: &Policy) -> Result<Self, Failure> {
        let roles = Arc::new(roles(policy)?);
        let people =
            (0..).take(policy.held.len()).map(|person| Grants::compile(roles.clone(), holdings(policy, person)));
        Ok(Self { people: people.collect(), names: Names::new() })
    }
}

impl Decider for Engine {
    fn name(&self) -> &'static str {
        "Throughline"
    }

    fn decide(&mut self, asked: Asked) -> bool {
        self.names.ask(&self.people[asked.person as usize], asked)
    }
}

/// The same from the rows of the person: compiled for this decision alone and thrown away.
pub(crate) struct FromRows {
    roles: Arc<Roles>,
    people: Vec<Holdings>,
    ready: Option<Holdings>,
    names: Names,
}

impl FromRows {
    pub(crate) fn new(policy: &Policy) -> Result<Self, Failure> {
        let people = (0..).take(policy.held.len()).map(|person| holdings(policy, person)).collect();
        Ok(Self { roles: Arc::new(roles(policy)?), people, ready: None, names: Names::new() })
    }
}

impl Decider for FromRows {
    fn name(&self) -> &'static str {
        "Throughline, from rows"
    }

    fn ready(&mut self, asked: Asked) {
        self.ready = Some(self.people[asked.person as usize].clone());
    }

    fn decide(&mut self, asked: Asked) -> bool {
        let Some(holdings) = self.ready.take() else { return false };
        self.names.ask(&Grants::compile(self.roles.clone(), holdings), asked)
    }
}
