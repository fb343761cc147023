//! The roles of an organisation, compiled: what each gives, with everything of the roles it inherits from.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use uuid::Uuid;

use crate::{Validity, condition::Condition};

/// A condition as it was stored: one that can be read, or the reason why it cannot, which is never met.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// What must hold.
    When(Condition),
    /// It cannot be read; why.
    Broken(Arc<str>),
}

impl Default for Rule {
    fn default() -> Self {
        Self::When(Condition::default())
    }
}

impl Rule {
    /// Both must hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::When(one), Self::When(other)) => Self::When(one.and(other)),
            (broken @ Self::Broken(_), _) | (_, broken @ Self::Broken(_)) => broken,
        }
    }
}

/// How far a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionScope {
    /// Wherever the role is held.
    Global,
    /// In projects that the holder is a member of.
    Project,
    /// Only what belongs to the holder.
    Own,
}

/// One row of `authz.permissions`.
#[derive(Debug, Clone)]
pub struct PermissionRow {
    /// Which one.
    pub id: Uuid,
    /// What people call it, such as `requirement:approve`.
    pub name: String,
    /// The permission type.
    pub resource_type: String,
    /// The action.
    pub action: String,
    /// How far it reaches.
    pub scope: PermissionScope,
    /// What must hold besides.
    pub rule: Rule,
    /// Whether holding it gives nothing until an approval has turned it into a grant in person.
    pub requires_approval: bool,
    /// When it holds.
    pub validity: Validity,
}

/// One row of `authz.roles`.
#[derive(Debug, Clone)]
pub struct RoleRow {
    /// Which one.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The role whose permissions it has too.
    pub parent: Option<Uuid>,
    /// When it gives something.
    pub validity: Validity,
    /// Who holds it without being given it: whoever meets this. `None`: nobody.
    pub held_by: Option<Rule>,
}

/// One row of `authz.role_permissions`.
#[derive(Debug, Clone)]
pub struct RolePermissionRow {
    /// The role.
    pub role: Uuid,
    /// What it gives.
    pub permission: Uuid,
    /// When.
    pub validity: Validity,
    /// What must hold besides.
    pub rule: Rule,
}

/// A kind of thing that is part of another: what is granted on the whole holds for the part.
#[derive(Debug, Clone)]
pub struct PartRow {
    /// The part.
    pub part: String,
    /// The whole.
    pub whole: String,
}

/// Something a role or a grant in person gives.
#[derive(Debug, Clone)]
pub(crate) struct Entitlement {
    pub(crate) permission: Arc<PermissionRow>,
    /// The roles from the one that is held to the one that has the permission; empty for a grant in person.
    pub(crate) path: Arc<[Uuid]>,
    pub(crate) validity: Validity,
    pub(crate) rule: Rule,
}

/// A pair of a permission type and an action, numbered.
pub(crate) type Key = u32;

/// Spreads keys over a table. They are numbers that we gave out ourselves, so nobody can choose ones that meet, and a decision
/// looks one up in every role that is held.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(self.0 as u32 ^ u32::from(*byte));
        }
    }

    fn write_u32(&mut self, key: u32) {
        self.0 = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type ByKey<T> = HashMap<Key, T, BuildHasherDefault<KeyHasher>>;

#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) validity: Validity,
    pub(crate) held_by: Option<Rule>,
    pub(crate) gives: ByKey<Vec<Entitlement>>,
}

/// All roles of an organisation.
#[derive(Debug, Default)]
pub struct Roles {
    keys: HashMap<String, HashMap<String, Key>>,
    pub(crate) roles: HashMap<Uuid, Arc<Role>>,
    permissions: HashMap<Uuid, Arc<PermissionRow>>,
    wholes: HashMap<String, String>,
}

impl Roles {
    /// Compiles the rows of an organisation. Circles of roles and of kinds end where they close.
    pub fn compile(
        roles: Vec<RoleRow>,
        permissions: Vec<PermissionRow>,
        gives: Vec<RolePermissionRow>,
        parts: Vec<PartRow>,
    ) -> Self {
        let mut compiled = Self {
            wholes: parts.into_iter().map(|row| (row.part, row.whole)).collect(),
            permissions: permissions.into_iter().map(|row| (row.id, Arc::new(row))).collect(),
            ..Self::default()
        };
        let mut next = 0;
        for permission in compiled.permissions.values() {
            let actions = compiled.keys.entry(permission.resource_type.clone()).or_default();
            actions.entry(permission.action.clone()).or_insert_with(|| {
                next += 1;
                next
            });
        }
        let mut own: HashMap<Uuid, Vec<&RolePermissionRow>> = HashMap::new();
        for row in &gives {
            own.entry(row.role).or_default().push(row);
        }
        let by_id: HashMap<Uuid, &RoleRow> = roles.iter().map(|row| (row.id, row)).collect();
        for role in &roles {
            let gives = compiled.flattened(role, &by_id, &own);
            let made = Role { name: role.name.clone(), validity: role.validity, held_by: role.held_by.clone(), gives };
            compiled.roles.insert(role.id, Arc::new(made));
        }
        compiled
    }

    fn flattened(
        &self,
        role: &RoleRow,
        by_id: &HashMap<Uuid, &RoleRow>,
        own: &HashMap<Uuid, Vec<&RolePermissionRow>>,
    ) -> ByKey<Vec<Entitlement>> {
        let mut gives: ByKey<Vec<Entitlement>> = ByKey::default();
        let (mut path, mut validity, mut seen) = (Vec::new(), Validity::ALWAYS, HashSet::new());
        let mut at = Some(role);
        while let Some(role) = at.filter(|role| seen.insert(role.id)) {
            path.push(role.id);
            validity = validity.and(role.validity);
            let shared: Arc<[Uuid]> = path.as_slice().into();
            for row in own.get(&role.id).into_iter().flatten() {
                let Some(permission) = self.permissions.get(&row.permission) else { continue };
                let Some(key) = self.own_key(&permission.resource_type, &permission.action) else { continue };
                gives.entry(key).or_default().push(Entitlement {
                    permission: permission.clone(),
                    path: shared.clone(),
                    validity: validity.and(row.validity).and(permission.validity),
                    rule: permission.rule.clone().and(row.rule.clone()),
                });
            }
            at = role.parent.and_then(|parent| by_id.get(&parent).copied());
        }
        gives
    }

    fn own_key(&self, resource_type: &str, action: &str) -> Option<Key> {
        self.keys.get(resource_type)?.get(action).copied()
    }

    /// The keys that answer for `action` on `resource_type`: its own first, then those of the kinds it is part of.
    pub(crate) fn keys<'a>(&'a self, resource_type: &'a str, action: &'a str) -> impl Iterator<Item = Key> + use<'a> {
        let mut kinds = 0;
        let mut at = Some(resource_type);
        std::iter::from_fn(move || {
            let kind = at?;
            kinds += 1;
            // Kinds are few; a circle of them ends here.
            at = self.wholes.get(kind).map(String::as_str).filter(|_| kinds < 16);
            Some(self.own_key(kind, action))
        })
        .flatten()
    }

    /// What a permission gives when it is granted in person.
    pub(crate) fn in_person(&self, permission: Uuid, validity: Validity, rule: Rule) -> Option<(Key, Entitlement)> {
        let permission = self.permissions.get(&permission)?;
        let key = self.own_key(&permission.resource_type, &permission.action)?;
        let entitlement = Entitlement {
            permission: permission.clone(),
            path: Arc::default(),
            validity: validity.and(permission.validity),
            rule: permission.rule.clone().and(rule),
        };
        Some((key, entitlement))
    }

    /// The role of that name; `None` when there is none.
    pub fn named(&self, name: &str) -> Option<Uuid> {
        self.roles.iter().find(|(_, role)| role.name == name).map(|(id, _)| *id)
    }

    /// The kind of thing that a permission is about; `None` when there is no such permission.
    pub fn type_of(&self, permission: Uuid) -> Option<&str> {
        self.permissions.get(&permission).map(|permission| permission.resource_type.as_str())
    }

    /// Every permission.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = Uuid> {
        self.permissions.keys().copied()
    }

    /// The kind of thing that a kind is part of.
    pub(crate) fn whole_of(&self, kind: &str) -> Option<&str> {
        self.wholes.get(kind).map(String::as_str)
    }

    /// What people call a role; its identifier when it is gone.
    pub(crate) fn name(&self, role: Uuid) -> String {
        self.roles.get(&role).map_or_else(|| role.to_string(), |role| role.name.clone())
    }

    /// Every permission type with its actions, for asking about each.
    pub fn questions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.iter().flat_map(|(kind, actions)| actions.keys().map(move |action| (kind.as_str(), action.as_str())))
    }

    /// Everything that a role gives, with everything of the roles it inherits from: the permission type, the action, and
    /// the permission.
    pub fn given_by(&self, role: Uuid) -> Vec<(&str, &str, Uuid)> {
        let gives = self.roles.get(&role).into_iter().flat_map(|role| role.gives.values().flatten());
        let mut given: Vec<(&str, &str, Uuid)> = gives
            .map(|one| (one.permission.resource_type.as_str(), one.permission.action.as_str(), one.permission.id))
            .collect();
        given.sort_unstable();
        given.dedup();
        given
    }
}
