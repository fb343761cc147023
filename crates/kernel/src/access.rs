//! The proof of permission: [`Allowed<T, A>`] can only be made by [`authorise`], [`permit`] and [`crate::permit_in`].

use std::{marker::PhantomData, ops::Deref};

use authz::{Question, Target};
use base::{Problem, ProblemKind, Refused};
use uuid::Uuid;

use crate::{Ctx, Error, Resource};

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

/// The proof, for the kernel's own questions about where something is allowed.
pub(crate) fn proven<T, A>(subject: T) -> Allowed<T, A> {
    Allowed { subject, action: PhantomData }
}

/// Something an action can be allowed on.
pub trait Place {
    /// The permission type, such as `requirement`.
    fn resource_type(&self) -> &'static str;
    /// The project it belongs to; `None` outside any project.
    fn project(&self) -> Option<Uuid>;
    /// The thing itself, as far as it is known.
    fn target(&self) -> Target<'_> {
        Target::collection(self.project())
    }
    /// The record, as callers write its identifier; `None`: no record in particular.
    fn record(&self) -> Option<&str> {
        None
    }
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
    let (grants, environment) = (&ctx.principal.grants, ctx.environment());
    let question = Question {
        resource_type: subject.resource_type(),
        action: subject.needs(A::NAME),
        target: subject.target(),
        environment: &environment,
    };
    if grants.allows(&question) || subject.belongs_to_actor(ctx) {
        if ![Read::NAME, Export::NAME].contains(&A::NAME)
            && let (Some(name), Some(project)) = (subject.project_in_bin(), subject.project())
        {
            return Err(in_bin(name, project).into());
        }
        return Ok(Allowed { subject, action: PhantomData });
    }
    let refused = Refused {
        action: A::NAME.to_owned(),
        resource_type: subject.resource_type().to_owned(),
        record: subject.record().map(str::to_owned),
        project: subject.project(),
        is_there: true,
    };
    if subject.is_hidden_from_strangers() && !grants.allows(&Question { action: Read::NAME, ..question }) {
        return Err(Problem::not_found(subject.called()).refusing(refused).into());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        format!("You may not {} {}: {}.", A::NAME.replace('_', " "), subject.called(), grants.reason_of(&question)),
    )
    .refusing(refused)
    .into())
}

/// Proves that the actor may do `A` somewhere in `resource`, and says where.
///
/// # Errors
/// 403 when they may do it nowhere.
pub fn permit<A: Action>(ctx: &Ctx, resource: &'static Resource) -> Result<Allowed<authz::Reach, A>, Error> {
    match ctx.reach(resource.permission, A::NAME) {
        authz::Reach::Nothing if resource.owner.is_none() || ctx.own().is_none() => {
            let reason = ctx.why_not(resource.permission, A::NAME, None);
            Err(Problem::forbidden(format!("You may not {} {}: {reason}.", A::NAME, resource.plural_words()))
                .refusing(refused_all(resource, A::NAME, None))
                .into())
        }
        subject => Ok(Allowed { subject, action: PhantomData }),
    }
}

/// A refusal of everything of a kind, in a project or at all.
pub(crate) fn refused_all(resource: &Resource, action: &str, project: Option<Uuid>) -> Refused {
    Refused {
        action: action.to_owned(),
        resource_type: resource.permission.to_owned(),
        record: None,
        project,
        is_there: true,
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
