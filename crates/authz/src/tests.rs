//! Rules of decisions, each on a handful of rows.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    condition::{Condition, Facts, Type, Value, Vocabulary},
    *,
};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

/// The words of these tests: texts of the resource and of the subject.
struct Words;

impl Vocabulary for Words {
    fn type_of(&self, attribute: &str) -> Option<Type> {
        match attribute {
            "environment.address" => Some(Type::Address),
            "subject.teams" => Some(Type::Texts),
            _ if attribute.starts_with("resource.") || attribute.starts_with("subject.") => Some(Type::Text),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn rule(document: Json) -> Rule {
    Rule::When(Condition::parse(&document, &Words).expect("a condition"))
}

#[derive(Default)]
struct Facing(HashMap<&'static str, Value>);

impl Facts for Facing {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        self.0.get(attribute).map(Cow::Borrowed)
    }
}

fn facing(status: &str) -> Facing {
    Facing(HashMap::from([("resource.status", Value::Text(status.to_owned()))]))
}

/// A little organisation: `junior` inherits from nobody, `senior` from `junior`.
struct Rows {
    roles: Vec<RoleRow>,
    permissions: Vec<PermissionRow>,
    gives: Vec<RolePermissionRow>,
    parts: Vec<PartRow>,
}

const JUNIOR: u128 = 1;
const SENIOR: u128 = 2;

impl Rows {
    fn new() -> Self {
        let role = |number, name: &str, parent: Option<u128>| RoleRow {
            id: id(number),
            name: name.to_owned(),
            parent: parent.map(id),
            validity: Validity::ALWAYS,
            held_by: None,
        };
        Self {
            roles: vec![role(JUNIOR, "junior", None), role(SENIOR, "senior", Some(JUNIOR))],
            permissions: Vec::new(),
            gives: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Gives a role a permission, and hands the permission over for more.
    fn give(&mut self, role: u128, kind: &str, action: &str) -> &mut PermissionRow {
        let number = 100 + self.permissions.len() as u128;
        self.permissions.push(PermissionRow {
            id: id(number),
            name: format!("{kind}:{action}"),
            resource_type: kind.to_owned(),
            action: action.to_owned(),
            scope: PermissionScope::Global,
            rule: Rule::default(),
            requires_approval: false,
            validity: Validity::ALWAYS,
        });
        let (role, permission) = (id(role), id(number));
        self.gives.push(RolePermissionRow { role, permission, validity: Validity::ALWAYS, rule: Rule::default() });
        self.permissions.last_mut().expect("just pushed")
    }

    fn grants(self, holdings: Holdings) -> Grants {
        Grants::compile(Arc::new(Roles::compile(self.roles, self.permissions, self.gives, self.parts)), holdings)
    }
}

fn source(kind: SourceKind) -> Source {
    Source { kind, id: Some(id(7)), by: None }
}

fn held(role: u128, place: Place) -> HeldRole {
    let source = source(SourceKind::Assigned);
    HeldRole { role: id(role), place, validity: Validity::ALWAYS, rule: Rule::default(), source }
}

fn holding(roles: Vec<HeldRole>) -> Holdings {
    Holdings { subject: Subject { id: id(9), attributes: Vec::new() }, roles, ..Holdings::default() }
}

fn allows(grants: &Grants, kind: &str, action: &str, target: Target<'_>) -> bool {
    asked_at(grants, kind, action, target, at(1000))
}

fn asked_at(grants: &Grants, kind: &str, action: &str, target: Target<'_>, time: Timestamp) -> bool {
    let environment = Environment::at(time);
    let question = Question { resource_type: kind, action, target, environment: &environment };
    let explained = grants.explain(&question);
    let allowed = grants.allows(&question);
    assert_eq!(allowed, explained.allowed, "a decision and its explanation: {explained:?}");
    allowed
}

fn record(record: u128, facts: &Facing) -> Target<'_> {
    Target { record: Some(id(record)), facts: Some(facts), ..Target::default() }
}

#[test]
fn a_role_gives_what_its_parents_give_and_not_the_other_way_round() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "read");
    rows.give(SENIOR, "defect", "update");
    let senior = rows.grants(holding(vec![held(SENIOR, Place::Organization)]));
    assert!(
        allows(&senior, "defect", "read", Target::default()) && allows(&senior, "defect", "update", Target::default())
    );
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "read");
    rows.give(SENIOR, "defect", "update");
    let junior = rows.grants(holding(vec![held(JUNIOR, Place::Organization)]));
    assert!(!allows(&junior, "defect", "update", Target::default()));
}

#[test]
fn a_circle_of_roles_ends() {
    let mut rows = Rows::new();
    rows.roles[0].parent = Some(id(SENIOR));
    rows.give(SENIOR, "defect", "read");
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Organization)]));
    assert!(allows(&grants, "defect", "read", Target::default()));
}

#[test]
fn a_role_held_in_a_project_reaches_that_project_and_no_further() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "read");
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Project(id(50)))]));
    assert!(allows(&grants, "defect", "read", Target::collection(Some(id(50)))));
    assert!(!allows(&grants, "defect", "read", Target::collection(Some(id(51)))));
    assert!(!allows(&grants, "defect", "read", Target::default()));
    assert_eq!(grants.reach("defect", "read", &Environment::at(at(0))), Reach::projects(vec![id(50)]));
}

#[test]
fn a_role_held_for_a_record_reaches_it_and_its_parts() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "requirement", "update");
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Records(Arc::new([id(60), id(61)])))]));
    let facts = Facing::default();
    assert!(
        allows(&grants, "requirement", "update", record(60, &facts))
            && allows(&grants, "requirement", "update", record(61, &facts))
    );
    assert!(!allows(&grants, "requirement", "update", record(62, &facts)));
    assert!(allows(&grants, "requirement", "update", Target { part_of: Some(id(60)), ..record(62, &facts) }));
    assert!(!grants.is_plain(), "records have to be looked at");
}

#[test]
fn what_is_granted_on_the_whole_holds_for_its_parts() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "document", "read");
    rows.give(SENIOR, "document_version", "read");
    rows.parts.push(PartRow { part: "document_version".into(), whole: "document".into() });
    rows.parts.push(PartRow { part: "document".into(), whole: "document_version".into() });
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Organization)]));
    assert!(allows(&grants, "document_version", "read", Target::default()), "and a circle of kinds ends");
}

#[test]
fn nothing_holds_before_its_time_or_after_it() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "read").validity = Validity { from: Some(at(100)), until: None };
    let mut role = held(JUNIOR, Place::Organization);
    role.validity = Validity { from: None, until: Some(at(200)) };
    let grants = rows.grants(holding(vec![role]));
    let read = |second| asked_at(&grants, "defect", "read", Target::default(), at(second));
    assert_eq!([99, 100, 199, 200].map(read), [false, true, true, false]);
    assert_eq!(grants.next_change(at(0)), Some(at(100)));
    assert_eq!(grants.next_change(at(100)), Some(at(200)));
    assert_eq!(grants.next_change(at(200)), None);
    assert_eq!(grants.reach("defect", "read", &Environment::at(at(200))), Reach::Nothing);
}

#[test]
fn a_condition_decides_record_by_record_and_a_missing_attribute_denies() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "update").rule = rule(json!({"==": [{"var": "resource.status"}, "open"]}));
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Organization)]));
    assert!(allows(&grants, "defect", "update", record(1, &facing("open"))));
    assert!(!allows(&grants, "defect", "update", record(1, &facing("closed"))));
    assert!(!allows(&grants, "defect", "update", record(1, &Facing::default())));
    assert!(!allows(&grants, "defect", "update", Target::default()), "not everything there is open");
    let environment = Environment::at(at(0));
    let facts = Facing::default();
    let question =
        Question { resource_type: "defect", action: "update", target: record(1, &facts), environment: &environment };
    assert_eq!(grants.explain(&question).reason, "its condition asks for resource.status, which is not known here");
    assert_eq!(grants.reads().collect::<Vec<_>>(), ["resource.status"]);
}

#[test]
fn conditions_of_the_permission_the_role_and_the_assignment_hold_together() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "update").rule = rule(json!({"!=": [{"var": "resource.status"}, "closed"]}));
    rows.gives[0].rule = rule(json!({"!=": [{"var": "resource.status"}, "fixed"]}));
    let mut role = held(JUNIOR, Place::Organization);
    role.rule = rule(json!({"in_network": [{"var": "environment.address"}, "10.0.0.0/8"]}));
    let grants = rows.grants(holding(vec![role]));
    let from = |address: &str, status: &str| {
        let environment = Environment { address: address.parse().ok(), ..Environment::at(at(0)) };
        let facts = facing(status);
        let question = Question {
            resource_type: "defect",
            action: "update",
            target: record(1, &facts),
            environment: &environment,
        };
        grants.allows(&question)
    };
    assert!(from("10.1.2.3", "open"));
    assert!(!from("10.1.2.3", "closed") && !from("10.1.2.3", "fixed") && !from("192.0.2.1", "open"));
}

#[test]
fn a_condition_that_cannot_be_read_is_never_met_and_says_so() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "read").rule = Rule::Broken("`resource.colour` is not there".into());
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Organization)]));
    assert!(!allows(&grants, "defect", "read", Target::default()));
    let environment = Environment::at(at(0));
    let question =
        Question { resource_type: "defect", action: "read", target: Target::default(), environment: &environment };
    assert_eq!(grants.explain(&question).reason, "its condition cannot be read: `resource.colour` is not there");
}

#[test]
fn a_permission_for_ones_own_asks_who_it_belongs_to() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "comment", "update").scope = PermissionScope::Own;
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Organization)]));
    assert!(allows(&grants, "comment", "update", Target { owner: Some(id(9)), ..Target::default() }));
    assert!(!allows(&grants, "comment", "update", Target { owner: Some(id(8)), ..Target::default() }));
    assert!(!allows(&grants, "comment", "update", Target::default()));
    let reach = grants.reach("comment", "update", &Environment::at(at(0)));
    assert_eq!(reach, Reach::Parts(vec![Part { filters: vec![Filter::Own(id(9))] }]));
    assert!(!grants.is_plain());
}

#[test]
fn a_permission_of_project_scope_asks_for_membership() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "defect", "read").scope = PermissionScope::Project;
    let mut holdings = holding(vec![held(JUNIOR, Place::Organization)]);
    holdings.member_of = vec![id(50)];
    let grants = rows.grants(holdings);
    assert!(allows(&grants, "defect", "read", Target::collection(Some(id(50)))));
    assert!(!allows(&grants, "defect", "read", Target::collection(Some(id(51)))));
    assert_eq!(grants.reach("defect", "read", &Environment::at(at(0))), Reach::projects(vec![id(50)]));
}

#[test]
fn what_needs_an_approval_is_given_by_no_role_and_by_the_grant_that_came_of_it() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "deployment", "approve").requires_approval = true;
    let permission = rows.permissions[0].id;
    let mut holdings = holding(vec![held(JUNIOR, Place::Organization)]);
    let environment = Environment::at(at(0));
    let question = Question {
        resource_type: "deployment",
        action: "approve",
        target: Target::default(),
        environment: &environment,
    };
    let compiled = Arc::new(Roles::compile(rows.roles, rows.permissions, rows.gives, rows.parts));
    let asking = Grants::compile(compiled.clone(), holdings.clone());
    assert!(asking.explain(&question).reason.starts_with("deployment:approve has to be approved first"));
    holdings.permissions.push(HeldPermission {
        permission,
        place: Place::Organization,
        on_behalf_of: None,
        validity: Validity { from: None, until: Some(at(10)) },
        rule: Rule::default(),
        source: source(SourceKind::InPerson),
    });
    let explained = Grants::compile(compiled, holdings).explain(&question);
    assert_eq!((explained.allowed, explained.until), (true, Some(at(10))));
}

#[test]
fn a_permission_to_act_for_somebody_counts_only_while_acting_for_them_and_never_exceeds_them() {
    let compiled = || {
        let mut rows = Rows::new();
        rows.give(JUNIOR, "defect", "read");
        rows.give(SENIOR, "defect", "update");
        Arc::new(Roles::compile(rows.roles, rows.permissions, rows.gives, rows.parts))
    };
    let proxy = |permission: u128, acting_for| Holdings {
        permissions: vec![HeldPermission {
            permission: id(permission),
            place: Place::Organization,
            on_behalf_of: Some(id(30)),
            validity: Validity::ALWAYS,
            rule: Rule::default(),
            source: source(SourceKind::Proxy),
        }],
        acting_for,
        ..Holdings::default()
    };
    assert!(!allows(&Grants::compile(compiled(), proxy(100, None)), "defect", "read", Target::default()));
    let person = Grants::compile(compiled(), holding(vec![held(JUNIOR, Place::Organization)]));
    let reading = Grants::compile(compiled(), proxy(100, Some(id(30)))).acting_for(person.clone());
    assert!(allows(&reading, "defect", "read", Target::default()));
    let writing = Grants::compile(compiled(), proxy(101, Some(id(30)))).acting_for(person);
    assert!(!allows(&writing, "defect", "update", Target::default()), "the person may not");
}

#[test]
fn a_role_with_a_condition_of_its_own_is_held_by_whoever_meets_it() {
    let team = |teams: &[&str]| {
        let mut rows = Rows::new();
        rows.give(JUNIOR, "defect", "read");
        rows.roles[0].held_by = Some(rule(json!({"in": ["platform", {"var": "subject.teams"}]})));
        let teams = Value::Texts(teams.iter().map(|team| (*team).to_owned()).collect());
        let subject = Subject { id: id(9), attributes: vec![("teams".to_owned(), teams)] };
        rows.grants(Holdings { subject, ..Holdings::default() })
    };
    assert!(allows(&team(&["platform"]), "defect", "read", Target::default()));
    assert!(!allows(&team(&["sales"]), "defect", "read", Target::default()));
}

#[test]
fn a_token_narrows_and_never_widens() {
    let mut rows = Rows::new();
    rows.give(JUNIOR, "build", "read");
    let grants = rows.grants(holding(vec![held(JUNIOR, Place::Organization)]));
    let read_only = grants.clone().narrowed(vec!["*:read".parse().expect("a scope")]);
    assert!(allows(&read_only, "build", "read", Target::default()));
    let wide = grants.clone().narrowed(vec!["*".parse().expect("a scope")]);
    assert!(!allows(&wide, "build", "delete", Target::default()));
    let none = grants.narrowed(vec![]);
    assert!(!allows(&none, "build", "read", Target::default()));
    let environment = Environment::at(at(0));
    assert_eq!(none.reach("build", "read", &environment), Reach::Nothing);
    assert_eq!(Grants::unlimited().narrowed(vec![]).reach("build", "read", &environment), Reach::Nothing);
}

#[test]
fn an_agent_never_exceeds_the_person_it_acts_for() {
    let (here, there) = (id(50), id(51));
    let grants = |roles| {
        let mut rows = Rows::new();
        rows.give(JUNIOR, "defect", "read");
        rows.grants(holding(roles))
    };
    let person = grants(vec![held(JUNIOR, Place::Project(here))]);
    let agent = grants(vec![held(JUNIOR, Place::Organization)]).acting_for(person.clone());
    assert_eq!(agent.reach("defect", "read", &Environment::at(at(0))), Reach::projects(vec![here]));
    assert!(allows(&agent, "defect", "read", Target::collection(Some(here))));
    assert!(!allows(&agent, "defect", "read", Target::collection(Some(there))));
    let elsewhere = grants(vec![held(JUNIOR, Place::Project(there))]).acting_for(person);
    assert!(!allows(&elsewhere, "defect", "read", Target::collection(Some(there))));
}
