//! Giving: whether what one principal holds covers what is to be given. Nobody gives what they do not hold, nor wider, nor
//! for longer, nor free of a condition that binds themselves.

use std::borrow::Cow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Grants, Place, Roles, Rule, SourceKind, Subject, Validity,
    condition::{Condition, Facts, Truth, Value},
    grants::{Gives, Held},
    roles::{Entitlement, PermissionScope},
};

/// On which terms something is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// Where.
    pub place: Place,
    /// The project that the whole place lies in, where it lies in one.
    pub project: Option<Uuid>,
    /// When.
    pub validity: Validity,
    /// What must hold besides.
    pub rule: Rule,
}

impl Terms {
    /// For ever and without a condition, in `project` or in the whole organisation.
    pub fn in_project(project: Option<Uuid>) -> Self {
        let place = project.map_or(Place::Organization, Place::Project);
        Self { place, project, validity: Validity::ALWAYS, rule: Rule::default() }
    }
}

/// One thing that somebody would hold: what it allows, and on which terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Gift {
    resource_type: String,
    action: String,
    scope: PermissionScope,
    /// It gives nothing until somebody approves.
    asks: bool,
    terms: Terms,
}

impl Gift {
    fn of(entitlement: &Entitlement, by_role: bool, terms: &Terms) -> Self {
        let permission = &entitlement.permission;
        Self {
            resource_type: permission.resource_type.clone(),
            action: permission.action.clone(),
            scope: permission.scope,
            asks: by_role && permission.requires_approval,
            terms: Terms {
                validity: terms.validity.and(entitlement.validity),
                rule: terms.rule.clone().and(entitlement.rule.clone()),
                ..terms.clone()
            },
        }
    }

    fn held(held: &Held, entitlement: &Entitlement) -> Self {
        let project = match &held.place {
            Place::Project(project) => Some(*project),
            _ => None,
        };
        let terms = Terms { place: held.place.clone(), project, validity: held.validity, rule: held.rule.clone() };
        Self::of(entitlement, matches!(held.gives, Gives::Role(_)), &terms)
    }

    /// The same for somebody who still has to ask each time.
    #[must_use]
    pub fn asking(mut self) -> Self {
        self.asks = true;
        self
    }

    /// The permission type and the action, as people write them.
    pub fn words(&self) -> String {
        format!("{}:{}", self.resource_type, self.action)
    }

    /// The permission type.
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// The action.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Whether whoever holds this holds `other` too, in the same hands.
    pub fn includes(&self, other: &Self, roles: &Roles, now: Timestamp) -> bool {
        self.action == other.action
            && roles.is_part_of(&other.resource_type, &self.resource_type)
            && (self.scope == PermissionScope::Global || self.scope == other.scope)
            && (!self.asks || other.asks)
            && covers_time(self.terms.validity, other.terms.validity, now)
            && covers_place(&self.terms, &other.terms)
            && covers_rule(&self.terms.rule, &other.terms.rule)
    }
}

fn covers_time(own: Validity, other: Validity, now: Timestamp) -> bool {
    own.from.is_none_or(|from| from <= other.from.map_or(now, |begin| begin.max(now)))
        && own.until.is_none_or(|until| other.until.is_some_and(|end| end <= until))
}

fn covers_place(own: &Terms, other: &Terms) -> bool {
    match (&own.place, &other.place) {
        (Place::Organization, _) => true,
        (Place::Project(project), _) => other.project == Some(*project),
        (Place::Records(own), Place::Records(other)) => other.iter().all(|record| own.contains(record)),
        (Place::External(own), Place::External(other)) => other.iter().all(|name| own.contains(name)),
        (own, other) => own == other,
    }
}

fn covers_rule(own: &Rule, other: &Rule) -> bool {
    match (own, other) {
        (Rule::When(own), Rule::When(other)) => other.implies(own),
        (Rule::When(own), Rule::Broken(_)) => own.is_always(),
        (Rule::Broken(own), other) => matches!(other, Rule::Broken(other) if own == other),
    }
}

impl Roles {
    /// Whether things of kind `part` are things of kind `whole`, or part of one.
    fn is_part_of(&self, part: &str, whole: &str) -> bool {
        let mut at = Some(part);
        // Kinds are few; a circle of them ends here.
        for _ in 0..16 {
            match at {
                Some(kind) if kind == whole => return true,
                Some(kind) => at = self.whole_of(kind),
                None => return false,
            }
        }
        false
    }

    /// All that a role gives on these terms.
    pub fn gifts_of_role(&self, role: Uuid, terms: &Terms) -> Vec<Gift> {
        let gives = self.roles.get(&role).into_iter().flat_map(|role| role.gives.values().flatten());
        let mut gifts: Vec<Gift> = gives.map(|entitlement| Gift::of(entitlement, true, terms)).collect();
        gifts.sort_by(|one, other| (&one.resource_type, &one.action).cmp(&(&other.resource_type, &other.action)));
        gifts
    }

    /// What a permission gives in person on these terms; `None` when there is no such permission.
    pub fn gift_in_person(&self, permission: Uuid, terms: &Terms) -> Option<Gift> {
        let (_, entitlement) = self.in_person(permission, Validity::ALWAYS, Rule::default())?;
        Some(Gift::of(&entitlement, false, terms))
    }

    /// What somebody who holds a role or a permission could have through `after` that they had not before. A permission
    /// that was not there before is held by nobody, unless it is `restored`.
    pub fn widened(&self, after: &Self, restored: Option<Uuid>, now: Timestamp) -> Vec<Gift> {
        let anywhere = Terms::in_project(None);
        let mut wider = Vec::new();
        let mut add = |given: Vec<Gift>, before: &[Gift]| {
            let is_new = |gift: &Gift| !before.iter().any(|known| known.includes(gift, after, now));
            wider.extend(given.into_iter().filter(is_new));
        };
        for (id, role) in &after.roles {
            let known = self.roles.get(id);
            let before = self.gifts_of_role(*id, &anywhere);
            add(after.gifts_of_role(*id, &anywhere), &before);
            if let Some(rule) = &role.held_by {
                let before = known.and_then(|role| role.held_by.as_ref());
                if !before.is_some_and(|before| covers_rule(before, rule)) {
                    add(after.gifts_of_role(*id, &Terms { rule: rule.clone(), ..anywhere.clone() }), &[]);
                }
            }
        }
        for id in after.permissions() {
            let before: Vec<Gift> = self.gift_in_person(id, &anywhere).into_iter().collect();
            if !before.is_empty() || restored == Some(id) {
                add(after.gift_in_person(id, &anywhere).into_iter().collect(), &before);
            }
        }
        wider
    }
}

/// What is known of somebody whatever they ask for.
struct OfSubject<'a>(&'a Subject);

impl Facts for OfSubject<'_> {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        match attribute.strip_prefix("subject.")? {
            "id" => Some(Cow::Owned(Value::Id(self.0.id))),
            name => self.0.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(value)),
        }
    }
}

fn asks_only_of_subject(condition: &Condition) -> bool {
    condition.attributes().all(|attribute| attribute.starts_with("subject."))
}

/// Whether the rule may hold for somebody in some circumstances.
fn may_hold(rule: &Rule, subject: &Subject) -> bool {
    match rule {
        Rule::Broken(_) => false,
        Rule::When(condition) => condition
            .parts()
            .iter()
            .all(|part| !asks_only_of_subject(part) || part.evaluate(&OfSubject(subject)) == Truth::True),
    }
}

/// Whether a part of the rule weighs one of these attributes of the subject together with something else.
fn mixes(rule: &Rule, changed: &[String]) -> bool {
    let Rule::When(condition) = rule else { return false };
    condition.parts().iter().any(|part| {
        !asks_only_of_subject(part) && part.attributes().any(|attribute| changed.iter().any(|name| name == attribute))
    })
}

impl Subject {
    /// The attributes, with `subject.` before them, in which two states of a person differ.
    fn differing(&self, other: &Self) -> Vec<String> {
        let lacks = |subject: &Self, one: &(String, Value)| !subject.attributes.contains(one);
        let gone = self.attributes.iter().filter(|one| lacks(other, one));
        let came = other.attributes.iter().filter(|one| lacks(self, one));
        gone.chain(came).map(|(name, _)| format!("subject.{name}")).collect()
    }
}

impl Grants {
    /// Whether the principal may give this to others.
    pub fn may_give(&self, gift: &Gift, now: Timestamp) -> bool {
        let own = self.in_scope(&gift.resource_type, &gift.action)
            && (self.unlimited || self.held.iter().any(|held| self.covers(held, gift, false, now)));
        own && self.person.as_ref().is_none_or(|person| person.may_give(gift, now))
    }

    /// Whether the principal holds this already, once it is approved: they may ask for it.
    pub fn may_ask(&self, gift: &Gift, now: Timestamp) -> bool {
        self.held.iter().any(|held| self.covers(held, gift, true, now))
    }

    fn covers(&self, held: &Held, gift: &Gift, for_oneself: bool, now: Timestamp) -> bool {
        // What was taken in an emergency, or is held to act for somebody else, is not for passing on.
        !matches!(held.source.kind, SourceKind::Emergency | SourceKind::Proxy)
            && may_hold(&held.rule, &self.subject)
            && held.entitlements().any(|entitlement| {
                let own = Gift::held(held, entitlement);
                let in_reach = match (own.scope, &gift.terms.place) {
                    _ if for_oneself => true,
                    (PermissionScope::Project, Place::Project(project)) => self.is_member_of(*project),
                    (PermissionScope::Project, _) => false,
                    _ => true,
                };
                in_reach && may_hold(&own.terms.rule, &self.subject) && own.includes(gift, &self.roles, now)
            })
    }

    /// What the same person holds by `after` that they did not hold by these grants.
    pub fn gained(&self, after: &Self, now: Timestamp) -> Vec<Gift> {
        let changed = self.subject.differing(&after.subject);
        let is_sure = |rule: &Rule| may_hold(rule, &self.subject) && !mixes(rule, &changed);
        let before: Vec<Gift> = self.gifts(now).filter(|gift| is_sure(&gift.terms.rule)).collect();
        after
            .gifts(now)
            .filter(|gift| may_hold(&gift.terms.rule, &after.subject))
            .filter(|gift| !before.iter().any(|known| known.includes(gift, &after.roles, now)))
            .collect()
    }

    fn gifts(&self, now: Timestamp) -> impl Iterator<Item = Gift> {
        let all = self.held.iter().flat_map(|held| held.entitlements().map(|one| Gift::held(held, one)));
        all.filter(move |gift| gift.terms.validity.until.is_none_or(|until| now < until))
    }
}
