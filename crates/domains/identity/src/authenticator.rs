//! From a token to a principal with their grants.

use std::sync::Arc;

use authz::{Grants, Scope};
use base::{Problem, ProblemKind};
use jiff::{SignedDuration, Timestamp};
use kernel::{Credential, Ctx, Error, Kernel, Principal, PrincipalKind, Request};
use uuid::Uuid;
use vault::{Passwords, TokenKind};

use crate::cache::{Cache, Known};

/// A session ends after this long without use (ASVS 5.0 7.3.1).
pub(crate) const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// A session ends after this long in any case (ASVS 5.0 7.3.2).
pub(crate) const ABSOLUTE: SignedDuration = SignedDuration::from_hours(14 * 24);

const SESSION: &str = "
select organization_id, session_id, user_id, display_name, email, expires_at, last_active_at, revoked_at, user_status,
       membership_status
  from identity.resolve_session($1)";

const API_TOKEN: &str = "
select organization_id, token_id, user_id, display_name, email, expires_at, revoked_at, user_status, membership_status,
       scopes, user_kind, owner_user_id
  from identity.resolve_api_token($1)";

const MAY_ACT_FOR: &str = include_str!("../sql/may_act_for.sql");
const IS_MEMBER: &str = include_str!("../sql/is_active_person.sql");

/// What a token says of its bearer, before what they hold is looked up.
struct Found {
    principal: Principal,
    /// The person that an agent or a service belongs to.
    owner: Option<Uuid>,
    /// What an API token was made for.
    scopes: Option<Vec<Scope>>,
    until: Timestamp,
}

/// Finds out who is asking.
pub struct Authenticator {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) passwords: Arc<Passwords>,
    /// Hashing takes a core and memory; a flood of sign-ins waits here.
    pub(crate) hashing: tokio::sync::Semaphore,
    pub(crate) cache: Cache,
}

impl Authenticator {
    /// An authenticator that asks the database every time, until [`Authenticator::listen`] runs.
    pub fn new(kernel: Arc<Kernel>, passwords: Passwords) -> Self {
        Self {
            kernel,
            passwords: Arc::new(passwords),
            hashing: tokio::sync::Semaphore::new(2),
            cache: Cache::default(),
        }
    }

    /// The principal behind a token's text, of either kind.
    ///
    /// # Errors
    /// 401 with the same words whatever is wrong with the token.
    pub async fn principal(&self, token: &str) -> Result<Arc<Principal>, Error> {
        self.principal_for(token, None).await
    }

    /// The same while it acts for another member, who has to be there and to whom at least one permission of its own is
    /// tied. What is remembered of it is remembered for this member alone.
    ///
    /// # Errors
    /// Those of [`Authenticator::principal`], and 403 when it may not act for that member.
    pub async fn principal_for(&self, token: &str, person: Option<Uuid>) -> Result<Arc<Principal>, Error> {
        let kind = TokenKind::of(token).ok_or_else(unknown)?;
        let (key, now) = ((vault::digest(token), person), self.kernel.now());
        if let Some(known) = self.cache.get(&key, now) {
            return Ok(known.principal);
        }
        let generation = self.cache.generation();
        let mut found = match kind {
            TokenKind::Session => self.session(&key.0, now).await?,
            TokenKind::Api => self.api_token(&key.0, now).await?,
        };
        if let Some(person) = person {
            self.may_act_for(&found.principal, person, now).await?;
            found.principal.on_behalf_of = Some(person);
        }
        let grants = self.grants_for(&found.principal, found.owner).await?;
        found.principal.grants = match found.scopes {
            Some(scopes) => grants.narrowed(scopes),
            None => grants,
        };
        // What was found out holds until something that is held begins or ends.
        let until = found.principal.grants.next_change(now).map_or(found.until, |change| found.until.min(change));
        let principal = Arc::new(found.principal);
        self.note_use(&principal, now).await?;
        self.cache.put(key, Known::new(principal.clone(), until, now), generation);
        Ok(principal)
    }

    async fn session(&self, digest: &[u8; 32], now: Timestamp) -> Result<Found, Error> {
        let rows = self.kernel.store.query_outside(SESSION, &[&digest.as_slice()]).await?;
        let row = rows.first().ok_or_else(unknown)?;
        let (expires, active): (Timestamp, Timestamp) = (row.try_get(5)?, row.try_get(6)?);
        let revoked: Option<Timestamp> = row.try_get(7)?;
        let until = expires.min(active.checked_add(IDLE).unwrap_or(expires));
        let standing: (String, String) = (row.try_get(8)?, row.try_get(9)?);
        if revoked.is_some() || now >= until || standing.0 != "active" || standing.1 != "active" {
            return Err(unknown());
        }
        let principal = Principal {
            organization_id: row.try_get(0)?,
            user_id: row.try_get(2)?,
            display_name: row.try_get(3)?,
            email: row.try_get::<_, Option<String>>(4)?.unwrap_or_default(),
            kind: PrincipalKind::Person,
            on_behalf_of: None,
            agent_run: None,
            credential: Credential::Session(row.try_get(1)?),
            grants: Grants::default(),
        };
        Ok(Found { principal, owner: None, scopes: None, until })
    }

    async fn api_token(&self, digest: &[u8; 32], now: Timestamp) -> Result<Found, Error> {
        let rows = self.kernel.store.query_outside(API_TOKEN, &[&digest.as_slice()]).await?;
        let row = rows.first().ok_or_else(unknown)?;
        let until = row.try_get::<_, Option<Timestamp>>(5)?.unwrap_or(Timestamp::MAX);
        let revoked: Option<Timestamp> = row.try_get(6)?;
        let standing: (String, String) = (row.try_get(7)?, row.try_get(8)?);
        if revoked.is_some() || now >= until || standing.0 != "active" || standing.1 != "active" {
            return Err(unknown());
        }
        let kind = match row.try_get::<_, String>(10)?.as_str() {
            "agent" => PrincipalKind::Agent,
            "service" => PrincipalKind::Service,
            _ => PrincipalKind::Person,
        };
        let owner: Option<Uuid> = row.try_get(11)?;
        let principal = Principal {
            organization_id: row.try_get(0)?,
            user_id: row.try_get(2)?,
            display_name: row.try_get(3)?,
            email: row.try_get::<_, Option<String>>(4)?.unwrap_or_default(),
            kind,
            on_behalf_of: owner.filter(|_| kind == PrincipalKind::Agent),
            agent_run: None,
            credential: Credential::ApiToken(row.try_get(1)?),
            grants: Grants::default(),
        };
        let scopes = row
            .try_get::<_, Vec<String>>(9)?
            .iter()
            .map(|scope| scope.parse::<Scope>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::Broken(error.to_string()))?;
        Ok(Found { principal, owner, scopes: Some(scopes), until })
    }

    async fn may_act_for(&self, principal: &Principal, person: Uuid, now: Timestamp) -> Result<(), Error> {
        let ctx = Ctx::new(self.kernel.clone(), Arc::new(principal.clone()), Request::default());
        let tx = ctx.begin_read().await?;
        let may = tx.query_opt(MAY_ACT_FOR, &[&principal.user_id, &person, &now]).await?.is_some();
        tx.commit().await?;
        if may {
            return Ok(());
        }
        Err(Problem::forbidden(
            "You may not act for this member: no permission of yours is tied to them, or they are no active member. Somebody \
             who may give permissions can tie one, with `on_behalf_of_user_id`.",
        )
        .into())
    }

    /// What a principal holds, now and later.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn grants(&self, principal: &Principal) -> Result<Grants, Error> {
        self.grants_for(principal, None).await
    }

    /// The same for an agent or a service that belongs to `owner`. It holds nothing when that is no active member, and an
    /// agent never exceeds its owner, whomever it acts for.
    async fn grants_for(&self, principal: &Principal, owner: Option<Uuid>) -> Result<Grants, Error> {
        let now = self.kernel.now();
        let ctx = Ctx::new(self.kernel.clone(), Arc::new(principal.clone()), Request::default());
        let tx = ctx.begin_read().await?;
        let catalogue = ctx.catalogue();
        let generation = self.cache.generation();
        let roles = match self.cache.roles(principal.organization_id, now) {
            Some(roles) => roles,
            None => {
                let roles = Arc::new(kernel::load_roles(&tx, catalogue, now).await?);
                self.cache.put_roles(principal.organization_id, roles.clone(), now, generation);
                roles
            }
        };
        let (user, person) = (principal.user_id, principal.on_behalf_of);
        let mut grants = kernel::load_grants(&tx, catalogue, &roles, user, person, now).await?;
        match (principal.kind, person, owner) {
            (PrincipalKind::Agent, Some(person), Some(owner)) if person != owner => {
                let both = kernel::load_grants(&tx, catalogue, &roles, person, None, now).await?;
                let owner = kernel::load_grants(&tx, catalogue, &roles, owner, None, now).await?;
                grants = grants.acting_for(both.acting_for(owner));
            }
            (PrincipalKind::Service, _, Some(owner)) if tx.query_opt(IS_MEMBER, &[&owner]).await?.is_none() => {
                grants = Grants::nobody(roles, user);
            }
            (PrincipalKind::Service, _, None) => grants = Grants::nobody(roles, user),
            _ => {}
        }
        tx.commit().await?;
        Ok(grants)
    }

    /// Writes down that a token was used. Not an event of the audit trail: nothing changed but the time. While all who
    /// write wait for each other, those who read are not kept waiting for this; the next use is written down again. Where nothing is
    /// remembered, it is written as often as where something is, and not at every request.
    async fn note_use(&self, principal: &Arc<Principal>, now: Timestamp) -> Result<(), Error> {
        let (sql, id) = match principal.credential {
            Credential::Session(id) => {
                ("update identity.sessions set last_active_at = $2 where id = $1 and last_active_at < $2", id)
            }
            Credential::ApiToken(id) => (
                "update identity.api_tokens set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)",
                id,
            ),
            Credential::Server => return Ok(()),
        };
        if !self.cache.is_use_due(id, now) {
            return Ok(());
        }
        let ctx = Ctx::new(self.kernel.clone(), principal.clone(), Request::default());
        let noting = async {
            let tx = ctx.begin().await?;
            tx.execute(sql, &[&id, &now]).await?;
            tx.commit().await
        };
        match noting.await {
            Err(error) if error.is_busy() => Ok(()),
            outcome => {
                outcome?;
                self.cache.note_use(id, now);
                Ok(())
            }
        }
    }

    /// Forgets what is remembered of every token.
    pub fn forget(&self) {
        self.cache.clear();
    }
}

fn unknown() -> Error {
    Problem::new(ProblemKind::Unauthenticated, "The token is not valid, or it has ended. Sign in again.").into()
}
