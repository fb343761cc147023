//! The proof of permission: [`Allowed<T, A>`] can only be made by [`authorise`] and [`permit`].

use std::{marker::PhantomData, ops::Deref};

use base::{Problem, ProblemKind};
use uuid::Uuid;

use crate::{Ctx, Error, Resource, catalogue::Served, param::Param, store::Tx};

/// An action that can be granted. Implemented by marker types; see [`crate::action!`].
pub trait Action: Send + Sync + 'static {
    /// The action's name in `authz.resource_type_actions`.
    const NAME: &'static str;
}

crate::action!(
    /// See it.
    pub Read = "read");
crate::action!(
    /// Make one.
    pub Create = "create");
crate::action!(
    /// Change it.
    pub Update = "update");
crate::action!(
    /// Take it away; it can be restored where it is kept.
    pub Delete = "delete");
crate::action!(
    /// Bring it back.
    pub Restore = "restore");
crate::action!(
    /// Take many away in a file.
    pub Export = "export");

/// The proof that the actor of a context may do `A` to `T`.
#[derive(Debug)]
pub struct Allowed<T, A> {
    subject: T,
    action: PhantomData<A>,
}

impl<T, A> Deref for Allowed<T, A> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.subject
    }
}

impl<T, A> Allowed<T, A> {
    /// Hands over the subject; the proof ends.
    pub fn into_inner(self) -> T {
        self.subject
    }
}

/// Something an action can be allowed on.
pub trait Place {
    /// The permission type, such as `requirement`.
    fn resource_type(&self) -> &'static str;
    /// The project it belongs to; `None` outside any project.
    fn project(&self) -> Option<Uuid>;
    /// How a person would call it, for the problem that says it is not there.
    fn called(&self) -> String;
    /// Whether its existence is a secret to those who may not read it.
    fn is_hidden_from_strangers(&self) -> bool;
    /// The action in `authz` that `action` needs here.
    fn needs(&self, action: &'static str) -> &'static str {
        action
    }
    /// The project it belongs to, by name, when that is in the bin: what is in it can be read and not written.
    fn project_in_bin(&self) -> Option<&str> {
        None
    }
    /// Whether it belongs to the actor themselves, who may always do this to what is theirs.
    fn belongs_to_actor(&self, _: &Ctx) -> bool {
        false
    }
}

/// A place where records are made or listed: a collection, in a project or in the organisation.
#[derive(Debug, Clone)]
pub struct Collection {
    /// The declared resource.
    pub resource: &'static Resource,
    /// The project; `None` for the organisation.
    pub project: Option<Uuid>,
}

impl Place for Collection {
    fn resource_type(&self) -> &'static str {
        self.resource.permission
    }

    fn project(&self) -> Option<Uuid> {
        self.project
    }

    fn called(&self) -> String {
        self.resource.plural_words()
    }

    fn is_hidden_from_strangers(&self) -> bool {
        false
    }

    fn needs(&self, action: &'static str) -> &'static str {
        self.resource.needs(action)
    }
}

/// One record that exists in this organisation and that row security lets the actor see.
#[derive(Debug, Clone)]
pub struct Record {
    /// The declared resource.
    pub resource: &'static Resource,
    /// The values of its key columns, in order; a single identifier for most.
    pub key: Vec<Param>,
    /// Its identifier as callers write it.
    pub id: String,
    /// The project it belongs to.
    pub project: Option<Uuid>,
    /// The person it belongs to, where the resource declares one.
    pub owner: Option<Uuid>,
    /// The optimistic lock, as the ETag carries it.
    pub version: String,
    /// Its status, where the resource declares moves.
    pub status: Option<String>,
    /// Whether it is soft-deleted.
    pub deleted: bool,
    /// Its title, for the audit trail.
    pub title: Option<String>,
    /// The name of its project when that is in the bin; known of records found to be written.
    pub project_in_bin: Option<String>,
}

impl Record {
    /// The identifier, for resources whose key is one UUID.
    ///
    /// # Errors
    /// When the resource has another kind of key.
    pub fn uuid(&self) -> Result<Uuid, Error> {
        match self.key.as_slice() {
            [Param::Uuid(id)] => Ok(*id),
            _ => Err(Error::Broken(format!("{} has no single identifier", self.resource.name))),
        }
    }

    /// Finds a record by its identifier or human key, and locks it when `lock` is set and rows of its table change.
    ///
    /// # Errors
    /// 404 when there is none, or row security hides it.
    pub async fn find(tx: &Tx, served: &Served, id: &str, lock: bool) -> Result<Self, Error> {
        let missing = || Error::from(Problem::not_found(format!("{} `{}`", served.resource.words(), clip(id))));
        let (condition, params) = served.locate(id).ok_or_else(missing)?;
        let sql = format!(
            "select {key}, {version}, {status}, {project}, {deleted}, {title}, {owner}, {bin} from {table} t where {condition}{limit}{lock}",
            key = served.key_text(),
            version = served.version_sql(),
            status = served.status_sql(),
            project = served.project_sql(),
            deleted = served.deleted_sql(),
            title = served.title_sql(),
            owner = served.owner_sql(),
            bin = served.bin_sql(),
            table = served.resource.table,
            limit = " limit 2",
            lock = if lock && served.table.lockable { " for no key update" } else { "" },
        );
        let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
        let rows = tx.query(&sql, &refs).await?;
        let [row] = rows.as_slice() else {
            return match rows.first() {
                None => Err(missing()),
                Some(_) => Err(Problem::conflict(format!(
                    "Several projects have a {} {}; name the project too, as in `project-slug:{}`.",
                    served.resource.words(),
                    clip(id),
                    clip(id)
                ))
                .into()),
            };
        };
        let id: String = row.try_get(0)?;
        let (_, key) = served.locate(&id).ok_or_else(missing)?;
        Ok(Self {
            resource: served.resource,
            key,
            id,
            version: row.try_get(1)?,
            status: row.try_get(2)?,
            project: row.try_get(3)?,
            deleted: row.try_get(4)?,
            title: row.try_get(5)?,
            owner: row.try_get(6)?,
            project_in_bin: row.try_get(7)?,
        })
    }
}

impl Place for Record {
    fn resource_type(&self) -> &'static str {
        self.resource.permission
    }

    fn project(&self) -> Option<Uuid> {
        self.project
    }

    fn called(&self) -> String {
        format!("{} `{}`", self.resource.words(), clip(&self.id))
    }

    fn is_hidden_from_strangers(&self) -> bool {
        true
    }

    fn needs(&self, action: &'static str) -> &'static str {
        self.resource.needs(action)
    }

    fn project_in_bin(&self) -> Option<&str> {
        self.project_in_bin.as_deref()
    }

    fn belongs_to_actor(&self, ctx: &Ctx) -> bool {
        self.owner.is_some() && self.owner == ctx.own()
    }
}

/// Why nothing is written in a project that is in the bin.
pub(crate) fn in_bin(name: &str, project: Uuid) -> Problem {
    Problem::conflict(format!(
        "The project {} is in the bin, so nothing in it can be written; restore it first, with POST \
         /v1/projects/{project}/restore.",
        clip(name)
    ))
}

/// Proves that the actor may do `A` to `subject`.
///
/// # Errors
/// 404 when they may not even read a record, 403 when they may read it but not do this, 409 when it is to be written
/// and its project is in the bin.
pub fn authorise<A: Action, T: Place>(ctx: &Ctx, subject: T) -> Result<Allowed<T, A>, Error> {
    let grants = &ctx.principal.grants;
    let decision = grants.decide(subject.resource_type(), subject.needs(A::NAME), subject.project());
    if decision.allowed || subject.belongs_to_actor(ctx) {
        if ![Read::NAME, Export::NAME].contains(&A::NAME)
            && let (Some(name), Some(project)) = (subject.project_in_bin(), subject.project())
        {
            return Err(in_bin(name, project).into());
        }
        return Ok(Allowed { subject, action: PhantomData });
    }
    let readable = grants.decide(subject.resource_type(), Read::NAME, subject.project()).allowed;
    if subject.is_hidden_from_strangers() && !readable {
        return Err(Problem::not_found(subject.called()).into());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        format!("You may not {} {}: {}.", A::NAME.replace('_', " "), subject.called(), decision.reason),
    )
    .into())
}

/// Proves that the actor may do `A` somewhere in `resource`, and says where.
///
/// # Errors
/// 403 when they may do it nowhere.
pub fn permit<A: Action>(ctx: &Ctx, resource: &'static Resource) -> Result<Allowed<authz::Reach, A>, Error> {
    match ctx.principal.grants.reach(resource.permission, A::NAME) {
        authz::Reach::Nothing if resource.owner.is_none() || ctx.own().is_none() => {
            let reason = ctx.principal.grants.decide(resource.permission, A::NAME, None).reason;
            Err(Problem::forbidden(format!("You may not {} {}: {reason}.", A::NAME, resource.plural_words())).into())
        }
        subject => Ok(Allowed { subject, action: PhantomData }),
    }
}

/// At most 80 characters of what a caller sent, for a message.
pub(crate) fn clip(text: &str) -> String {
    let mut clipped: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        clipped.push('…');
    }
    clipped
}
