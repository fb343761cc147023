//! What the database says about rights, as the decision engine takes it: the roles of an organisation, and what one
//! member holds. Conditions are read against what may be asked of each kind of thing.

use std::{collections::HashMap, sync::Arc};

use authz::{
    Grants, HeldPermission, HeldRole, Holdings, PartRow, PermissionRow, PermissionScope, Place, RolePermissionRow,
    RoleRow, Roles, Rule, Source, SourceKind, Subject, Validity,
    condition::{Condition, Value as Known},
};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{Catalogue, Error, store::Tx, vocabulary::Words};

const ROLES: &str = include_str!("../sql/roles.sql");
const PERMISSIONS: &str = include_str!("../sql/permissions.sql");
const ROLE_PERMISSIONS: &str = include_str!("../sql/role_permissions.sql");
const PARTS: &str = include_str!("../sql/parts.sql");
const SUBJECT: &str = include_str!("../sql/subject.sql");
const HELD_ROLES: &str = include_str!("../sql/held_roles.sql");
const HELD_PERMISSIONS: &str = include_str!("../sql/held_permissions.sql");
const PROJECT_ROLES: &str = include_str!("../sql/project_roles.sql");

/// Reads a stored condition. What cannot be read is never met, and says why.
pub fn rule(document: &Value, words: &Words<'_>) -> Rule {
    match Condition::parse(document, words) {
        Ok(condition) => Rule::When(condition),
        Err(error) => Rule::Broken(error.to_string().into()),
    }
}

pub(crate) fn validity(row: &Row, from: usize) -> Result<Validity, Error> {
    Ok(Validity { from: row.try_get(from)?, until: row.try_get(from + 1)? })
}

/// The roles of the organisation of `tx`, as they are and as they are to be; `now` leaves out what has ended.
///
/// # Errors
/// When a query fails.
pub async fn load_roles(tx: &Tx, catalogue: &Catalogue, now: Timestamp) -> Result<Roles, Error> {
    let context = catalogue.words_of_context();
    let mut roles = Vec::new();
    for row in tx.query(ROLES, &[]).await? {
        let conditions: Option<Value> = row.try_get(5)?;
        roles.push(RoleRow {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            parent: row.try_get(2)?,
            validity: validity(&row, 3)?,
            held_by: conditions.map(|document| rule(&document, &context)),
        });
    }
    let mut permissions = Vec::new();
    for row in tx.query(PERMISSIONS, &[]).await? {
        let resource_type: String = row.try_get(2)?;
        permissions.push(PermissionRow {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            action: row.try_get(3)?,
            scope: match row.try_get::<_, &str>(4)? {
                "self" => PermissionScope::Own,
                "project" => PermissionScope::Project,
                _ => PermissionScope::Global,
            },
            rule: rule(&row.try_get(5)?, &catalogue.words_of(&resource_type)),
            requires_approval: row.try_get(6)?,
            validity: validity(&row, 7)?,
            resource_type,
        });
    }
    let kinds: HashMap<Uuid, String> = permissions.iter().map(|one| (one.id, one.resource_type.clone())).collect();
    let mut gives = Vec::new();
    for row in tx.query(ROLE_PERMISSIONS, &[&now]).await? {
        let permission: Uuid = row.try_get(1)?;
        let Some(kind) = kinds.get(&permission) else { continue };
        gives.push(RolePermissionRow {
            role: row.try_get(0)?,
            permission,
            validity: validity(&row, 2)?,
            rule: rule(&row.try_get(4)?, &catalogue.words_of(kind)),
        });
    }
    let parts = tx.query(PARTS, &[]).await?;
    let parts = parts.iter().map(|row| Ok(PartRow { part: row.try_get(0)?, whole: row.try_get(1)? }));
    Ok(Roles::compile(roles, permissions, gives, parts.collect::<Result<_, Error>>()?))
}

/// What members of the organisation of `tx` hold now or will hold. Whoever is not an active member holds nothing and is left
/// out.
///
/// # Errors
/// When a query fails.
pub async fn load_holdings(
    tx: &Tx,
    catalogue: &Catalogue,
    roles: &Roles,
    users: &[Uuid],
    now: Timestamp,
) -> Result<HashMap<Uuid, Holdings>, Error> {
    let context = catalogue.words_of_context();
    let mut all = HashMap::new();
    for row in tx.query(SUBJECT, &[&users]).await? {
        let user = row.try_get(0)?;
        all.insert(user, Holdings { subject: subject_of(user, &row)?, ..Holdings::default() });
    }
    for row in tx.query(HELD_ROLES, &[&users, &now]).await? {
        let Some(holdings) = all.get_mut(&row.try_get(0)?) else { continue };
        let kind = if row.try_get(7)? { SourceKind::Delegated } else { SourceKind::Assigned };
        let held = HeldRole {
            role: row.try_get(2)?,
            place: Place::Organization,
            validity: validity(&row, 3)?,
            rule: rule(&row.try_get(5)?, &context),
            source: Source { kind, id: row.try_get(1)?, by: row.try_get(6)? },
        };
        holdings.roles.extend(places(&row, 8)?.into_iter().map(|place| HeldRole { place, ..held.clone() }));
    }
    for row in tx.query(PROJECT_ROLES, &[&users]).await? {
        let Some(holdings) = all.get_mut(&row.try_get(0)?) else { continue };
        let project: Uuid = row.try_get(1)?;
        holdings.member_of.push(project);
        holdings.roles.push(HeldRole {
            role: row.try_get(2)?,
            place: Place::Project(project),
            validity: Validity::ALWAYS,
            rule: Rule::default(),
            source: Source { kind: SourceKind::ProjectMember, id: None, by: None },
        });
    }
    for row in tx.query(HELD_PERMISSIONS, &[&users, &now]).await? {
        let Some(holdings) = all.get_mut(&row.try_get(0)?) else { continue };
        let permission: Uuid = row.try_get(2)?;
        let on_behalf_of: Option<Uuid> = row.try_get(7)?;
        let Some(kind) = roles.type_of(permission) else { continue };
        let source = match (row.try_get::<_, bool>(8)?, on_behalf_of) {
            (true, _) => SourceKind::Emergency,
            (false, Some(_)) => SourceKind::Proxy,
            (false, None) => SourceKind::InPerson,
        };
        let held = HeldPermission {
            permission,
            place: Place::Organization,
            on_behalf_of,
            validity: validity(&row, 3)?,
            rule: rule(&row.try_get(5)?, &catalogue.words_of(kind)),
            source: Source { kind: source, id: row.try_get(1)?, by: row.try_get(6)? },
        };
        holdings.permissions.extend(places(&row, 9)?.into_iter().map(|place| HeldPermission { place, ..held.clone() }));
    }
    Ok(all)
}

/// What one member holds, for themselves or while they act for somebody, whom they then never exceed.
///
/// # Errors
/// When a query fails.
pub async fn load_grants(
    tx: &Tx,
    catalogue: &Catalogue,
    roles: &Arc<Roles>,
    user: Uuid,
    acting_for: Option<Uuid>,
    now: Timestamp,
) -> Result<Grants, Error> {
    let users: Vec<Uuid> = std::iter::once(user).chain(acting_for).collect();
    let mut all = load_holdings(tx, catalogue, roles, &users, now).await?;
    let mut compiled = |user: Uuid, acting_for: Option<Uuid>| match all.remove(&user) {
        Some(holdings) => Grants::compile(roles.clone(), Holdings { acting_for, ..holdings }),
        None => Grants::nobody(roles.clone(), user),
    };
    let own = compiled(user, acting_for);
    Ok(match acting_for {
        Some(person) => own.acting_for(compiled(person, None)),
        None => own,
    })
}

fn subject_of(id: Uuid, row: &Row) -> Result<Subject, Error> {
    let mut attributes = Vec::new();
    for (at, name) in ["email", "kind", "display_name", "username", "department", "job_title"].into_iter().enumerate() {
        if let Some(text) = row.try_get::<_, Option<String>>(at + 1)? {
            attributes.push((name.to_owned(), Known::Text(text)));
        }
    }
    attributes.push(("teams".to_owned(), Known::Texts(row.try_get(7)?)));
    Ok(Subject { id, attributes })
}

/// Where a grant holds: is it limited at all, to a project, to records, or to things elsewhere.
pub(crate) fn places(row: &Row, at: usize) -> Result<Vec<Place>, Error> {
    if !row.try_get::<_, bool>(at)? {
        return Ok(vec![Place::Organization]);
    }
    let project = row.try_get::<_, Option<Uuid>>(at + 1)?.map(Place::Project);
    let records: Vec<Uuid> = row.try_get(at + 2)?;
    let names: Vec<String> = row.try_get(at + 3)?;
    let records = (!records.is_empty()).then(|| Place::Records(records.into()));
    let names = (!names.is_empty()).then(|| Place::External(names.into()));
    let mut places: Vec<Place> = [project, records, names].into_iter().flatten().collect();
    if places.is_empty() {
        places.push(Place::Nowhere);
    }
    Ok(places)
}
