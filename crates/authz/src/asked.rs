//! What a decision is asked about: who, what, where and when.

use std::{borrow::Cow, net::IpAddr};

use jiff::Timestamp;
use uuid::Uuid;

use crate::condition::{Facts, Value};

/// Who asks. What conditions may read of them is in `attributes`, without the `subject.` before it.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The person, agent or service account.
    pub id: Uuid,
    /// What is known of them: `email`, `kind`, `department`, `job_title`, `teams`, `roles` and so on.
    pub attributes: Vec<(String, Value)>,
}

/// How strongly a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strength {
    /// Nobody proved anything: a decision about somebody else, asked for them.
    #[default]
    None,
    /// An API token.
    Token,
    /// A session after a password.
    Password,
    /// The server itself, on its own machine.
    Server,
}

impl Strength {
    /// The word conditions compare with.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Password => "password",
            Self::Server => "server",
        }
    }
}

/// The circumstances of one request.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Now.
    pub time: Timestamp,
    /// Where the request comes from; `None` when nobody knows.
    pub address: Option<IpAddr>,
    /// How the caller signed in.
    pub authentication: Strength,
}

impl Environment {
    /// Circumstances of which nothing is known but the time.
    pub fn at(time: Timestamp) -> Self {
        Self { time, address: None, authentication: Strength::None }
    }
}

/// The thing a decision is about: a record, or a collection when `record` is `None`.
#[derive(Clone, Copy, Default)]
pub struct Target<'a> {
    /// The project it belongs to; `None` outside any project.
    pub project: Option<Uuid>,
    /// The record.
    pub record: Option<Uuid>,
    /// The record of the same permission type that it is part of, such as the requirement of a criterion.
    pub part_of: Option<Uuid>,
    /// What another system calls it, for things that are not ours.
    pub external: Option<&'a str>,
    /// The person it belongs to, where it belongs to one.
    pub owner: Option<Uuid>,
    /// What conditions may read of it; `None` when nothing is known, so that conditions that ask are not met.
    pub facts: Option<&'a dyn Facts>,
}

impl Target<'_> {
    /// A collection: in a project, or outside any.
    pub fn collection(project: Option<Uuid>) -> Self {
        Self { project, ..Self::default() }
    }
}

/// One question: may the subject do `action` to `target`, a thing of type `resource_type`, now?
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The permission type, such as `requirement`.
    pub resource_type: &'a str,
    /// The action, such as `approve`.
    pub action: &'a str,
    /// The thing.
    pub target: Target<'a>,
    /// The circumstances.
    pub environment: &'a Environment,
}

/// Everything a condition can read of one question.
pub(crate) struct Known<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) action: &'a str,
    pub(crate) resource_type: &'a str,
    pub(crate) environment: &'a Environment,
    pub(crate) target: Target<'a>,
}

impl Facts for Known<'_> {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        let text = |text: &str| Some(Cow::Owned(Value::Text(text.to_owned())));
        let id = |id: Option<Uuid>| id.map(|id| Cow::Owned(Value::Id(id)));
        let (place, name) = attribute.split_once('.')?;
        match (place, name) {
            ("subject", "id") => id(Some(self.subject.id)),
            ("subject", name) => {
                self.subject.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(value))
            }
            ("action", "name") => text(self.action),
            ("environment", "time") => Some(Cow::Owned(Value::Time(self.environment.time))),
            ("environment", "address") => self.environment.address.map(|address| Cow::Owned(Value::Address(address))),
            ("environment", "authentication") => text(self.environment.authentication.word()),
            ("resource", "type") => text(self.resource_type),
            ("resource", "project_id") => id(self.target.project),
            ("resource", _) => self.target.facts.and_then(|facts| facts.value(attribute)),
            _ => None,
        }
    }
}
