//! What may be given by whom: the terms on which something is held against the terms on which it is to be given.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use authz::{
    Gift, Grants, HeldPermission, HeldRole, Holdings, PermissionRow, PermissionScope, Place, RolePermissionRow,
    RoleRow, Roles, Rule, Source, SourceKind, Subject, Terms, Validity,
    condition::{Condition, Type, Value, Vocabulary},
};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use uuid::Uuid;

struct Words;

impl Vocabulary for Words {
    fn type_of(&self, attribute: &str) -> Option<Type> {
        match attribute {
            "subject.department" | "resource.status" => Some(Type::Text),
            "environment.address" => Some(Type::Address),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

const ROLE: Uuid = id(1);
const PERMISSION: Uuid = id(2);
const PROJECT: Uuid = id(3);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn when(document: Json) -> Rule {
    Rule::When(Condition::parse(&document, &Words).unwrap())
}

fn permission(scope: PermissionScope, requires_approval: bool) -> PermissionRow {
    PermissionRow {
        id: PERMISSION,
        name: "build:update".into(),
        resource_type: "build".into(),
        action: "update".into(),
        scope,
        rule: Rule::default(),
        requires_approval,
        validity: Validity::ALWAYS,
    }
}

fn roles_with(permission: PermissionRow, rule: Rule, held_by: Option<Rule>) -> Roles {
    let role = RoleRow { id: ROLE, name: "builder".into(), parent: None, validity: Validity::ALWAYS, held_by };
    let gives = RolePermissionRow { role: ROLE, permission: PERMISSION, validity: Validity::ALWAYS, rule };
    Roles::compile(vec![role], vec![permission], vec![gives], Vec::new())
}

fn roles() -> Arc<Roles> {
    Arc::new(roles_with(permission(PermissionScope::Global, false), Rule::default(), None))
}

fn subject(department: &str) -> Subject {
    Subject { id: id(9), attributes: vec![("department".into(), Value::Text(department.into()))] }
}

/// Somebody of the kitchen who holds the role on these terms.
fn holder(roles: &Arc<Roles>, place: Place, validity: Validity, rule: Rule) -> Grants {
    let source = Source { kind: SourceKind::Assigned, id: None, by: None };
    let held = HeldRole { role: ROLE, place, validity, rule, source };
    Grants::compile(roles.clone(), Holdings { subject: subject("kitchen"), roles: vec![held], ..Holdings::default() })
}

fn terms(place: Place, until: Option<i64>, rule: Rule) -> Terms {
    let project = if let Place::Project(project) = place { Some(project) } else { None };
    Terms { place, project, validity: Validity { from: None, until: until.map(at) }, rule }
}

fn gift(roles: &Roles, terms: &Terms) -> Gift {
    roles.gifts_of_role(ROLE, terms).remove(0)
}

#[test]
fn what_is_held_is_given_in_the_same_place_for_no_longer() {
    let roles = roles();
    let bounded = Validity { from: None, until: Some(at(100)) };
    let holder = holder(&roles, Place::Project(PROJECT), bounded, Rule::default());
    for (place, until, may) in [
        (Place::Project(PROJECT), Some(100), true),
        (Place::Project(PROJECT), Some(101), false),
        (Place::Project(PROJECT), None, false),
        (Place::Project(id(4)), Some(50), false),
        (Place::Organization, Some(50), false),
        (Place::Records([id(5)].into()), Some(50), false),
    ] {
        let gift = gift(&roles, &terms(place.clone(), until, Rule::default()));
        assert_eq!(holder.may_give(&gift, at(10)), may, "{place:?} until {until:?}");
    }
    let inside = Terms { project: Some(PROJECT), ..terms(Place::Records([id(5)].into()), Some(50), Rule::default()) };
    assert!(holder.may_give(&gift(&roles, &inside), at(10)), "a record of the project is part of the project");
}

#[test]
fn what_is_held_under_a_condition_is_given_under_it() {
    let roles = roles();
    let near = json!({"in_network": [{"var": "environment.address"}, ["10.0.0.0/8"]]});
    let draft = json!({"==": [{"var": "resource.status"}, "draft"]});
    let holder = holder(&roles, Place::Organization, Validity::ALWAYS, when(near.clone()));
    for (rule, may) in [
        (json!({}), false),
        (draft.clone(), false),
        (near.clone(), true),
        (json!({"and": [draft.clone(), near.clone()]}), true),
        (json!({"or": [draft, near]}), false),
    ] {
        let gift = gift(&roles, &terms(Place::Organization, None, when(rule.clone())));
        assert_eq!(holder.may_give(&gift, at(10)), may, "{rule}");
    }
}

#[test]
fn a_role_that_comes_by_itself_is_given_by_those_to_whom_it_came() {
    let security = json!({"==": [{"var": "subject.department"}, "security"]});
    let held_by = Some(when(security.clone()));
    let roles = Arc::new(roles_with(permission(PermissionScope::Global, false), Rule::default(), held_by));
    let of = |department: &str| {
        Grants::compile(roles.clone(), Holdings { subject: subject(department), ..Holdings::default() })
    };
    let gift = gift(&roles, &terms(Place::Organization, None, when(security)));
    assert!(of("security").may_give(&gift, at(10)));
    assert!(!of("kitchen").may_give(&gift, at(10)));
    let gained = of("kitchen").gained(&of("security"), at(10));
    assert_eq!(gained.iter().map(Gift::words).collect::<Vec<_>>(), ["build:update"]);
    assert!(of("security").gained(&of("kitchen"), at(10)).is_empty());
    assert!(of("kitchen").gained(&of("cellar"), at(10)).is_empty());
}

#[test]
fn what_has_to_be_asked_for_is_given_as_such_only() {
    let asked = Arc::new(roles_with(permission(PermissionScope::Global, true), Rule::default(), None));
    let holder = holder(&asked, Place::Organization, Validity::ALWAYS, Rule::default());
    let anywhere = Terms::in_project(None);
    assert!(holder.may_give(&gift(&asked, &anywhere), at(10)), "by a role it has to be asked for again");
    let in_person = asked.gift_in_person(PERMISSION, &anywhere).unwrap();
    assert!(!holder.may_give(&in_person, at(10)));
    assert!(holder.may_ask(&in_person.asking(), at(10)));
}

#[test]
fn what_was_taken_in_an_emergency_is_not_passed_on() {
    let roles = roles();
    for (kind, may) in [(SourceKind::InPerson, true), (SourceKind::Emergency, false), (SourceKind::Proxy, false)] {
        let held = HeldPermission {
            permission: PERMISSION,
            place: Place::Organization,
            on_behalf_of: None,
            validity: Validity::ALWAYS,
            rule: Rule::default(),
            source: Source { kind, id: None, by: None },
        };
        let holdings = Holdings { permissions: vec![held], ..Holdings::default() };
        let holder = Grants::compile(roles.clone(), holdings);
        assert_eq!(holder.may_give(&gift(&roles, &Terms::in_project(None)), at(10)), may, "{kind:?}");
    }
}

#[test]
fn a_token_and_a_person_bound_what_is_given() {
    let roles = roles();
    let gift = gift(&roles, &Terms::in_project(None));
    let holder = || holder(&roles, Place::Organization, Validity::ALWAYS, Rule::default());
    assert!(holder().may_give(&gift, at(10)));
    assert!(!holder().narrowed(vec!["role:*".parse().unwrap()]).may_give(&gift, at(10)));
    assert!(!holder().acting_for(Grants::nobody(roles.clone(), id(8))).may_give(&gift, at(10)));
    assert!(Grants::unlimited().may_give(&gift, at(10)));
}

#[test]
fn whatever_is_loosened_in_roles_is_wider() {
    let draft = || when(json!({"==": [{"var": "resource.status"}, "draft"]}));
    let bound = roles_with(permission(PermissionScope::Own, true), draft(), None);
    let none = |before: &Roles, after: &Roles| before.widened(after, None, at(10)).is_empty();
    assert!(none(&bound, &roles_with(permission(PermissionScope::Own, true), draft(), None)));
    for loose in [
        roles_with(permission(PermissionScope::Global, true), draft(), None),
        roles_with(permission(PermissionScope::Own, false), draft(), None),
        roles_with(permission(PermissionScope::Own, true), Rule::default(), None),
        roles_with(permission(PermissionScope::Own, true), draft(), Some(Rule::default())),
    ] {
        assert!(!none(&bound, &loose));
    }
    let free = roles_with(permission(PermissionScope::Global, false), Rule::default(), None);
    assert!(none(&free, &bound), "what is bound more tightly is not wider");
}
