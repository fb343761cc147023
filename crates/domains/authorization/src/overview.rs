//! What the pages about access show: who there is, what they were given, and what roles give. Each is shown as far as its
//! reader may read it; everybody sees what they hold themselves.

use std::collections::HashMap;

use jiff::{Timestamp, ToSpan as _};
use kernel::{Ctx, Error, Read, Tx, permit, query_readable};
use serde_json::Value as Json;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::ROLES;

const MEMBERS: &str = include_str!("../sql/members_overview.sql");
const PEOPLE: &str = include_str!("../sql/people.sql");
const GIVEN: &str = include_str!("../sql/given.sql");
const MEMBERS_OF_PROJECTS: &str = include_str!("../sql/members_of_projects.sql");
const ROLES_OVERVIEW: &str = include_str!("../sql/roles_overview.sql");
const ROLE_GIVES: &str = include_str!("../sql/role_gives.sql");
const PERMISSIONS_OVERVIEW: &str = include_str!("../sql/permissions_overview.sql");
const KINDS: &str = include_str!("../sql/kinds_overview.sql");
const CALLED: &str = include_str!("../sql/called.sql");
const PROJECTS_SEEN: &str = include_str!("../sql/projects_seen.sql");

/// Days for which what has ended is still shown.
pub const RECENT_DAYS: i64 = 30;

/// A member.
#[derive(Debug, Clone)]
pub struct Person {
    /// The person, agent or service account.
    pub id: Uuid,
    /// What people call them.
    pub name: String,
    /// Their address; empty for those who have none.
    pub email: String,
    /// `person`, `agent` or `service`.
    pub kind: String,
    /// Who answers for an agent or a service.
    pub owner: Option<(Uuid, String)>,
    /// How their membership stands.
    pub status: String,
    /// When they signed in last.
    pub last_seen: Option<Timestamp>,
    /// What they do.
    pub job_title: Option<String>,
}

/// Where something that was given holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// In the whole organisation.
    Organization,
    /// In a project: its identifier, slug and name.
    Project(Uuid, String, String),
    /// For one record of a project: what it is called, and the project.
    Record(String, Uuid, String),
    /// For a thing that another system keeps.
    External(String),
    /// For something that the reader may not know of.
    Hidden,
}

/// A role or a permission that was given to one member.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its row.
    pub id: Uuid,
    /// Whether it is a role; else a permission given in person.
    pub is_role: bool,
    /// Who holds it, and whether they are a person.
    pub holder: (Uuid, String, String),
    /// The short name of the role or permission; empty for a role that the reader may not read.
    pub code: String,
    /// What people read.
    pub title: String,
    /// What a permission is about and allows.
    pub about: Option<(String, String)>,
    /// Who gave it or passed it on.
    pub by: Option<(Uuid, String)>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Under which condition.
    pub conditions: Json,
    /// Where.
    pub scope: Scope,
    /// Whether what it is limited to is in use.
    pub is_scope_active: bool,
    /// Through how many hands it came; 0 when it was given at first hand.
    pub depth: i32,
    /// What it was passed on from.
    pub source: Option<Uuid>,
    /// Through how many further hands it may go.
    pub may_delegate: i32,
    /// Whether it was taken in an emergency.
    pub is_emergency: bool,
    /// Whether an approval gave it.
    pub is_approved: bool,
    /// The person for whom it is to be used.
    pub on_behalf_of: Option<String>,
    /// When it was taken back, by whom and why.
    pub revoked: Option<(Timestamp, Option<String>, Option<String>)>,
}

/// A role held as the member of a project.
#[derive(Debug, Clone)]
pub struct InProject {
    /// The member.
    pub user: Uuid,
    /// The project: its identifier, slug and name.
    pub project: (Uuid, String, String),
    /// The role: short name and title.
    pub role: (String, String),
    /// Since when.
    pub since: Timestamp,
}

/// A role.
#[derive(Debug, Clone)]
pub struct RoleLine {
    /// Which one.
    pub id: Uuid,
    /// Its short name.
    pub name: String,
    /// What people read.
    pub title: String,
    /// Whom it is for; may be empty.
    pub description: String,
    /// The role whose permissions it has too.
    pub parent: Option<Uuid>,
    /// Whether the program made it.
    pub is_system: bool,
    /// Whether it can be given to somebody.
    pub is_assignable: bool,
    /// How many members may hold it at once.
    pub most: Option<i32>,
    /// From when until when it gives something.
    pub validity: (Option<Timestamp>, Option<Timestamp>),
    /// Who holds it without being given it.
    pub automatic: Option<Json>,
    /// The version a change is made against.
    pub version: i64,
    /// Members who hold it now.
    pub holders: i64,
}

/// A permission that a role itself has.
#[derive(Debug, Clone)]
pub struct Gives {
    /// The row that gives it.
    pub id: Uuid,
    /// The role.
    pub role: Uuid,
    /// The permission and its short name.
    pub permission: (Uuid, String),
    /// What it is about.
    pub kind: String,
    /// What it allows.
    pub action: String,
    /// `global`, `project` or `self`.
    pub scope: String,
    /// The permission's own condition.
    pub conditions: Json,
    /// Whether somebody has to agree first.
    pub requires_approval: bool,
    /// From when until when.
    pub validity: (Option<Timestamp>, Option<Timestamp>),
    /// The condition under which this role has it.
    pub additional: Json,
}

/// A permission on offer.
#[derive(Debug, Clone)]
pub struct PermissionLine {
    /// Which one.
    pub id: Uuid,
    /// Its short name.
    pub name: String,
    /// What it is about.
    pub kind: String,
    /// What it allows.
    pub action: String,
    /// `global`, `project` or `self`.
    pub scope: String,
    /// Whether somebody has to agree first.
    pub requires_approval: bool,
    /// The workflow by which it is approved.
    pub workflow: Option<Uuid>,
}

/// A kind of thing, with what can be done to it.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Its name in permissions.
    pub name: String,
    /// What it covers.
    pub description: String,
    /// Actions and what they mean.
    pub actions: Vec<(String, String)>,
}

fn person_of(row: &Row) -> Result<Person, Error> {
    Ok(Person {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        email: row.try_get(2)?,
        kind: row.try_get(3)?,
        owner: row.try_get::<_, Option<Uuid>>(4)?.zip(row.try_get(5)?),
        status: row.try_get(6)?,
        last_seen: row.try_get(7)?,
        job_title: row.try_get(8)?,
    })
}

/// The members by name whom the actor may read, or some of them, and the actor among those in any case. At most 2,000.
///
/// # Errors
/// When the query fails.
pub async fn people(ctx: &Ctx, tx: &Tx, only: Option<&[Uuid]>) -> Result<Vec<Person>, Error> {
    let own = only.map(|_| ctx.principal.user_id);
    query_readable(ctx, tx, None, PEOPLE, &[&only, &own]).await?.iter().map(person_of).collect()
}

/// Which members are looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A part of their name or address.
    pub text: Option<String>,
    /// `person`, `agent` or `service`; none for any.
    pub kinds: Vec<String>,
    /// How their membership stands; none for any.
    pub statuses: Vec<String>,
    /// Short names of roles of which they hold one; none for any.
    pub roles: Vec<String>,
}

/// The members by name that fit, whom the actor may read: those behind `after`, `most` of them.
///
/// # Errors
/// When the query fails.
pub async fn members(
    ctx: &Ctx,
    tx: &Tx,
    wanted: &Wanted,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<Person>, Error> {
    let Wanted { text, kinds, statuses, roles } = wanted;
    let rows =
        query_readable(ctx, tx, None, MEMBERS, &[text, kinds, statuses, &ctx.now(), roles, &after, &most]).await?;
    rows.iter().map(person_of).collect()
}

/// Of whom something is asked, and about which role.
#[derive(Debug, Clone, Copy, Default)]
pub struct Of<'a> {
    /// Some members; none for everybody.
    pub members: Option<&'a [Uuid]>,
    /// The short name of a role; none for any.
    pub role: Option<&'a str>,
}

/// Whether the actor may see anything of what these hold; of themselves they may.
fn may_see(ctx: &Ctx, who: Option<&[Uuid]>) -> Result<Option<Uuid>, Error> {
    let own = ctx.principal.user_id;
    if who == Some(&[own]) {
        return Ok(Some(own));
    }
    permit::<Read>(ctx, &ROLES).map(|_| None)
}

/// What members were given one by one and hold, will hold, or held not long ago, as far as the actor may read it. At most 2,000.
///
/// # Errors
/// 403 when the actor may read no roles, unless it is their own.
pub async fn given(ctx: &Ctx, tx: &Tx, of: Of<'_>) -> Result<Vec<Given>, Error> {
    let own = may_see(ctx, of.members)?;
    let since = ctx.now() - (RECENT_DAYS * 24).hours();
    let rows = query_readable(ctx, tx, None, GIVEN, &[&of.members, &since, &of.role, &own]).await?;
    rows.iter().map(given_of).collect()
}

fn given_of(row: &Row) -> Result<Given, Error> {
    let project: Option<(Uuid, String, String)> = match row.try_get::<_, Option<Uuid>>(19)? {
        Some(id) => Some((id, row.try_get(20)?, row.try_get(21)?)),
        None => None,
    };
    let (record, external): (Option<String>, Option<String>) = (row.try_get(22)?, row.try_get(18)?);
    let scope = match (row.try_get(16)?, external, project, record) {
        (false, ..) => Scope::Organization,
        (true, Some(name), ..) => Scope::External(name),
        (true, None, Some((id, _, project)), Some(record)) => Scope::Record(record, id, project),
        (true, None, Some((id, slug, name)), None) => Scope::Project(id, slug, name),
        (true, None, None, _) => Scope::Hidden,
    };
    let revoked = match row.try_get::<_, Option<Timestamp>>(28)? {
        Some(at) => Some((at, row.try_get(29)?, row.try_get(30)?)),
        None => None,
    };
    Ok(Given {
        is_role: row.try_get::<_, &str>(0)? == "role",
        id: row.try_get(1)?,
        holder: (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?),
        code: row.try_get(5)?,
        title: row.try_get::<_, Option<String>>(6)?.unwrap_or_else(|| "A role that you may not see".to_owned()),
        about: row.try_get::<_, Option<String>>(7)?.zip(row.try_get(8)?),
        by: row.try_get::<_, Option<Uuid>>(9)?.zip(row.try_get(10)?),
        at: row.try_get(11)?,
        reason: row.try_get(12)?,
        from: row.try_get(13)?,
        until: row.try_get(14)?,
        conditions: row.try_get(15)?,
        scope,
        is_scope_active: row.try_get(17)?,
        depth: row.try_get(23)?,
        source: row.try_get(24)?,
        may_delegate: row.try_get(25)?,
        is_emergency: row.try_get(26)?,
        on_behalf_of: row.try_get(27)?,
        is_approved: row.try_get(31)?,
        revoked,
    })
}

/// The roles that members hold in projects.
///
/// # Errors
/// As [`given`].
pub async fn in_projects(ctx: &Ctx, tx: &Tx, of: Of<'_>) -> Result<Vec<InProject>, Error> {
    let own = may_see(ctx, of.members)?;
    let rows = query_readable(ctx, tx, None, MEMBERS_OF_PROJECTS, &[&of.members, &of.role, &own]).await?;
    let one = |row: &Row| -> Result<InProject, Error> {
        Ok(InProject {
            user: row.try_get(0)?,
            project: (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?),
            role: (row.try_get(4)?, row.try_get(5)?),
            since: row.try_get(6)?,
        })
    };
    rows.iter().map(one).collect()
}

/// The roles by title that the actor may read.
///
/// # Errors
/// 403 when the actor may read no roles.
pub async fn roles(ctx: &Ctx, tx: &Tx) -> Result<Vec<RoleLine>, Error> {
    may_see(ctx, None)?;
    let rows = query_readable(ctx, tx, None, ROLES_OVERVIEW, &[&ctx.now()]).await?;
    let one = |row: &Row| -> Result<RoleLine, Error> {
        Ok(RoleLine {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            title: row.try_get(2)?,
            description: row.try_get(3)?,
            parent: row.try_get(4)?,
            is_system: row.try_get(5)?,
            is_assignable: row.try_get(6)?,
            most: row.try_get(7)?,
            validity: (row.try_get(8)?, row.try_get(9)?),
            automatic: row.try_get(10)?,
            version: row.try_get(11)?,
            holders: row.try_get(12)?,
        })
    };
    rows.iter().map(one).collect()
}

/// What each role itself gives, as far as the actor may read it.
///
/// # Errors
/// As [`roles`].
pub async fn gives(ctx: &Ctx, tx: &Tx) -> Result<Vec<Gives>, Error> {
    may_see(ctx, None)?;
    let rows = query_readable(ctx, tx, None, ROLE_GIVES, &[&ctx.now()]).await?;
    let one = |row: &Row| -> Result<Gives, Error> {
        Ok(Gives {
            id: row.try_get(0)?,
            role: row.try_get(1)?,
            permission: (row.try_get(2)?, row.try_get(3)?),
            kind: row.try_get(4)?,
            action: row.try_get(5)?,
            scope: row.try_get(6)?,
            conditions: row.try_get(7)?,
            requires_approval: row.try_get(8)?,
            validity: (row.try_get(9)?, row.try_get(10)?),
            additional: row.try_get(11)?,
        })
    };
    rows.iter().map(one).collect()
}

/// Every permission. What there is to be asked for is no secret to a member.
///
/// # Errors
/// When the query fails.
pub async fn permissions(tx: &Tx) -> Result<Vec<PermissionLine>, Error> {
    let rows = tx.query(PERMISSIONS_OVERVIEW, &[]).await?;
    let one = |row: &Row| -> Result<PermissionLine, Error> {
        Ok(PermissionLine {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            kind: row.try_get(2)?,
            action: row.try_get(3)?,
            scope: row.try_get(4)?,
            requires_approval: row.try_get(5)?,
            workflow: row.try_get(6)?,
        })
    };
    rows.iter().map(one).collect()
}

/// Every kind of thing with what can be done to it.
///
/// # Errors
/// When the query fails.
pub async fn kinds(tx: &Tx) -> Result<Vec<Kind>, Error> {
    let mut all: Vec<Kind> = Vec::new();
    for row in tx.query(KINDS, &[]).await? {
        let (name, action): (String, (String, String)) = (row.try_get(0)?, (row.try_get(2)?, row.try_get(3)?));
        match all.last_mut().filter(|kind| kind.name == name) {
            Some(kind) => kind.actions.push(action),
            None => all.push(Kind { name, description: row.try_get(1)?, actions: vec![action] }),
        }
    }
    Ok(all)
}

/// What people call members, projects and roles, as far as the actor may know of them.
///
/// # Errors
/// When the query fails.
pub async fn called(tx: &Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
    tx.query(CALLED, &[&ids]).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The projects that the actor may know of: identifier, slug, name.
///
/// # Errors
/// When the query fails.
pub async fn projects(tx: &Tx) -> Result<Vec<(Uuid, String, String)>, Error> {
    let rows = tx.query(PROJECTS_SEEN, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
