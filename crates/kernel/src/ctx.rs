//! Who is asking, for which organisation, and the outside world they ask through: time, chance, the database.

use std::{net::IpAddr, sync::Arc};

use authz::{Environment, Grants, Question, Reach, Strength, Target};
use base::{IdSource, RandomIds};
use jiff::Timestamp;
use uuid::Uuid;
use vault::signing::SigningKey;

use crate::{Catalogue, Error, Idempotency, Store, Tx};

/// How long work in the background waits for its transaction.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// What kind of principal acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A person.
    Person,
    /// An AI agent, owned by a person.
    Agent,
    /// A service account.
    Service,
}

/// How the principal proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A browser session.
    Session(Uuid),
    /// An API token.
    ApiToken(Uuid),
    /// Nobody signed in: the server itself acts for this person, from the command line of its own machine.
    Server,
}

/// Who acts, in which organisation, with what rights.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The organisation everything happens in.
    pub organization_id: Uuid,
    /// The acting person, agent or service.
    pub user_id: Uuid,
    /// The name shown beside what they do.
    pub display_name: String,
    /// The address they sign in with.
    pub email: String,
    /// Person, agent or service.
    pub kind: PrincipalKind,
    /// The person an agent acts for.
    pub on_behalf_of: Option<Uuid>,
    /// The agent's run.
    pub agent_run: Option<Uuid>,
    /// How they proved who they are.
    pub credential: Credential,
    /// What they may do.
    pub grants: Grants,
}

impl Principal {
    /// Whether private projects are visible without being a member: those who manage members everywhere, whatever the
    /// circumstances, see every project.
    pub fn sees_all_projects(&self, now: Timestamp) -> bool {
        self.grants.reach("project", "manage_members", &Environment::at(now)) == Reach::Everything
    }

    /// The session they are signed in with.
    pub fn session_id(&self) -> Option<Uuid> {
        match self.credential {
            Credential::Session(id) => Some(id),
            Credential::ApiToken(_) | Credential::Server => None,
        }
    }
}

/// Where a request came from, for the audit trail.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The identifier given back as `X-Request-Id`.
    pub id: String,
    /// The caller's address.
    pub address: Option<IpAddr>,
    /// The caller's user agent, at most 512 characters.
    pub user_agent: Option<String>,
    /// Method and route, such as `POST /v1/requirements`.
    pub endpoint: String,
    /// Why the caller says they do it, from `X-Change-Reason`.
    pub reason: Option<String>,
    /// What they say it is good for, from `X-Business-Justification`.
    pub justification: Option<String>,
    /// What makes a repeated POST harmless.
    pub idempotency: Option<Idempotency>,
}

/// The running system: made once, shared by every request.
pub struct Kernel {
    /// The database.
    pub store: Store,
    /// What is served.
    pub catalogue: Catalogue,
    /// Room for exports: each holds a connection for as long as its reader takes.
    pub(crate) exports: Arc<tokio::sync::Semaphore>,
    pub(crate) refusals: Arc<crate::trail::Counted>,
    pub(crate) disclosures: Arc<crate::trail::Counted>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    ids: Box<dyn IdSource>,
    signing_key: Option<SigningKey>,
}

impl Kernel {
    /// A kernel on the machine's clock.
    pub fn new(store: Store, catalogue: Catalogue) -> Self {
        let exports = Arc::new(tokio::sync::Semaphore::new(crate::export::AT_ONCE));
        Self {
            store,
            catalogue,
            exports,
            refusals: Arc::default(),
            disclosures: Arc::default(),
            clock: Box::new(Timestamp::now),
            ids: Box::new(RandomIds),
            signing_key: None,
        }
    }

    /// The same kernel with a clock of the caller's, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The same kernel with the key the installation signs with. A server has one; a command that signs nothing needs none.
    #[must_use]
    pub fn with_signing_key(mut self, key: SigningKey) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Waits until every refusal, and every read of what is classified, so far has its row in the trail. For tests, which look
    /// at them.
    pub async fn notes_written(&self) {
        self.refusals.written().await;
        self.disclosures.written().await;
    }

    /// Writes what was only counted of them so far. For a server that ends; waits some seconds at most.
    pub async fn settle_notes(&self) {
        self.refusals.settle().await;
        self.disclosures.settle().await;
    }

    /// The key the installation signs with.
    ///
    /// # Errors
    /// When this process was given none.
    pub fn signing_key(&self) -> Result<&SigningKey, Error> {
        self.signing_key.as_ref().ok_or_else(|| Error::Broken("this process has no key to sign with".into()))
    }
}

/// One request's context. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    /// The running system.
    pub kernel: Arc<Kernel>,
    /// Who acts.
    pub principal: Arc<Principal>,
    /// Where the request came from.
    pub request: Arc<Request>,
}

impl Ctx {
    /// A context for `principal`.
    pub fn new(kernel: Arc<Kernel>, principal: Arc<Principal>, request: Request) -> Self {
        Self { kernel, principal, request: Arc::new(request) }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.kernel.now()
    }

    /// A new identifier, of now.
    pub fn new_id(&self) -> Uuid {
        self.kernel.ids.new_id(self.now())
    }

    /// The organisation everything happens in.
    pub fn organization_id(&self) -> Uuid {
        self.principal.organization_id
    }

    /// The person whose own things may be handled here without a grant: the actor, unless a token acts for them. A
    /// token must not make or end credentials on its owner's strength, or a stolen one would outlive itself; and whoever
    /// acts for somebody else does nothing for themselves meanwhile.
    pub fn own(&self) -> Option<Uuid> {
        let as_oneself =
            !matches!(self.principal.credential, Credential::ApiToken(_)) && self.principal.on_behalf_of.is_none();
        as_oneself.then_some(self.principal.user_id)
    }

    /// The circumstances of the request, as conditions may ask for them.
    pub fn environment(&self) -> Environment {
        let authentication = match self.principal.credential {
            Credential::Session(_) => Strength::Password,
            Credential::ApiToken(_) => Strength::Token,
            Credential::Server => Strength::Server,
        };
        Environment { time: self.now(), address: self.request.address, authentication }
    }

    /// Whether the actor may do `action` to everything of `kind` in `project`, or in the whole organisation.
    pub fn may(&self, kind: &str, action: &str, project: Option<Uuid>) -> bool {
        let environment = self.environment();
        let target = Target::collection(project);
        self.principal.grants.allows(&Question { resource_type: kind, action, target, environment: &environment })
    }

    /// Why the actor may not, in one sentence without its end.
    pub fn why_not(&self, kind: &str, action: &str, project: Option<Uuid>) -> String {
        let environment = self.environment();
        let target = Target::collection(project);
        self.principal.grants.reason_of(&Question { resource_type: kind, action, target, environment: &environment })
    }

    /// Where the actor may do `action` to things of `kind`.
    pub fn reach(&self, kind: &str, action: &str) -> Reach {
        self.principal.grants.reach(kind, action, &self.environment())
    }

    /// The permission types of which the actor may read something.
    pub fn readable_types(&self) -> Vec<String> {
        let mut types: Vec<&str> = self.catalogue().resources().map(|served| served.resource.permission).collect();
        types.sort_unstable();
        types.dedup();
        types.retain(|name| self.reach(name, "read") != Reach::Nothing);
        types.into_iter().map(str::to_owned).collect()
    }

    /// What is served.
    pub fn catalogue(&self) -> &Catalogue {
        &self.kernel.catalogue
    }

    /// Opens a transaction bound to the organisation and the actor.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self) -> Result<Tx, Error> {
        self.kernel.store.begin(&self.principal, self.now()).await
    }

    /// Opens a transaction as [`Ctx::begin`] does, and waits up to a minute while the server is busy: for work that
    /// nobody stands waiting for and that must not be lost.
    ///
    /// # Errors
    /// When no connection can be had in all that time.
    pub async fn begin_patiently(&self) -> Result<Tx, Error> {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.begin().await {
                Err(error) if error.is_busy() && tokio::time::Instant::now() < until => {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Opens a read-only transaction bound to the organisation and the actor.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin_read(&self) -> Result<Tx, Error> {
        self.kernel.store.begin_read(&self.principal, self.now()).await
    }
}
