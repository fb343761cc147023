//! Signing in by password, and out. Unknown and known names take the same time and get the same answer.

use std::{sync::Arc, time::Duration};

use base::{Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Change, Credential, Ctx, Error, Principal, PrincipalKind, Request, record};
use tokio_postgres::Row;
use uuid::Uuid;
use vault::{Token, TokenKind};

use crate::{Authenticator, authenticator::ABSOLUTE};

/// Failures from one place after which an account is locked for that place (ASVS 5.0 6.3.1). Its owner, who is
/// elsewhere, still gets in: a lock that any stranger can set off would be a weapon.
const FAILURES: i32 = 5;
/// Failures from all places together after which an account is locked everywhere: more than one guesser is at work.
const FAILURES_EVERYWHERE: i32 = 50;
/// Minutes within which failures count together, and for which an account stays locked.
const LOCKED_MINUTES: i32 = 15;

/// No refusal comes sooner than this, whatever was found out on the way.
const REFUSED_AFTER: Duration = Duration::from_millis(250);

/// Who wants to sign in.
pub struct SignIn {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The organisation's slug, for people in several.
    pub organization: Option<String>,
}

/// A new session.
pub struct SignedIn {
    /// The token for the cookie, in the clear for this once.
    pub token: Token,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub principal: Arc<Principal>,
}

struct Account {
    id: Uuid,
    active: bool,
    hash: Option<String>,
    locked_until: Option<Timestamp>,
}

impl Authenticator {
    /// Signs a person in and starts a session with a new token.
    ///
    /// # Errors
    /// 401 with the same words for an unknown name, a wrong password and a locked account.
    pub async fn sign_in(&self, input: SignIn, request: Request) -> Result<SignedIn, Error> {
        let refuse_at = tokio::time::Instant::now() + REFUSED_AFTER;
        let outcome = self.try_sign_in(input, request).await;
        if outcome.is_err() {
            // Counting and recording a refusal takes time that a name nobody has does not need.
            tokio::time::sleep_until(refuse_at).await;
        }
        outcome
    }

    async fn try_sign_in(&self, input: SignIn, request: Request) -> Result<SignedIn, Error> {
        let turn = self.turn().await?;
        let now = self.kernel.now();
        let email = input.email.trim().to_lowercase();
        let account = self.account(&email, &request).await?;
        let hash = account.as_ref().and_then(|account| account.hash.clone());
        let matches = self.verify(input.password, hash).await?;
        let Some(account) = account else { return Err(refused()) };
        let locked = account.locked_until.is_some_and(|until| now < until);
        if locked || !account.active || !matches {
            let shut = !locked && self.count(account.id, false, &request, now).await?;
            self.record_of(&account, "session.refused", &email, &request).await?;
            if shut {
                tracing::warn!(user.id = %account.id, minutes = LOCKED_MINUTES, "an account that many places guess at is locked");
                self.record_of(&account, "session.locked", &email, &request).await?;
            }
            return Err(refused());
        }
        let organizations = self.organizations(account.id).await?;
        let chosen = match &input.organization {
            None => organizations.first(),
            Some(slug) => organizations.iter().find(|(_, known)| known == slug),
        };
        let Some((organization_id, _)) = chosen else {
            return Err(Problem::new(
                ProblemKind::Unauthenticated,
                "You are not a member of that organisation. Ask an administrator to invite you.",
            )
            .into());
        };
        self.count(account.id, true, &request, now).await?;
        drop(turn);
        self.start(account.id, *organization_id, request).await
    }

    /// Starts a session for a person who has just proved who they are.
    pub(crate) async fn start(&self, user: Uuid, organization: Uuid, request: Request) -> Result<SignedIn, Error> {
        let now = self.kernel.now();
        let expires_at = now.checked_add(ABSOLUTE).map_err(|error| Error::Broken(error.to_string()))?;
        let token = Token::generate(TokenKind::Session);
        let id = base::id_at(now);
        let ctx = Ctx::new(self.kernel.clone(), Arc::new(bare(user, organization, Credential::Session(id))), request);
        let mut tx = ctx.begin().await?;
        tx.execute(
            "insert into identity.sessions (id, user_id, token_hash, ip_address, user_agent, created_at, last_active_at,
                                            expires_at)
             values ($1, $2, $3, $4, $5, $6, $6, $7)",
            &[
                &id,
                &user,
                &token.digest().as_slice(),
                &ctx.request.address,
                &ctx.request.user_agent,
                &now,
                &expires_at,
            ],
        )
        .await?;
        let change = Change {
            event: "session.started",
            resource_type: "session",
            resource_id: id.to_string(),
            resource_name: None,
            project: None,
            old: None,
            new: Some(serde_json::json!({"expires_at": expires_at})),
        };
        record(&ctx, &mut tx, &change).await?;
        tx.commit().await?;
        let principal = self.principal(token.reveal()).await?;
        Ok(SignedIn { token, expires_at, principal })
    }

    /// Ends the session of `ctx`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sign_out(&self, ctx: &Ctx) -> Result<(), Error> {
        let Some(session) = ctx.principal.session_id() else { return Ok(()) };
        let mut tx = ctx.begin().await?;
        tx.execute(
            "update identity.sessions set revoked_at = $2, revoked_by = $3, revocation_reason = 'signed out'
              where id = $1 and revoked_at is null",
            &[&session, &ctx.now(), &ctx.principal.user_id],
        )
        .await?;
        let change = Change {
            event: "session.ended",
            resource_type: "session",
            resource_id: session.to_string(),
            resource_name: None,
            project: None,
            old: None,
            new: None,
        };
        record(ctx, &mut tx, &change).await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    async fn account(&self, email: &str, request: &Request) -> Result<Option<Account>, Error> {
        if email.contains('\0') {
            return Ok(None);
        }
        let sql = "select user_id, status, password_hash, locked_until from identity.sign_in_lookup($1, $2)";
        let rows = self.kernel.store.query_outside(sql, &[&email, &request.address]).await?;
        let account = |row: &Row| -> Result<Account, tokio_postgres::Error> {
            Ok(Account {
                id: row.try_get(0)?,
                active: row.try_get::<_, String>(1)? == "active",
                hash: row.try_get(2)?,
                locked_until: row.try_get(3)?,
            })
        };
        Ok(rows.first().map(account).transpose()?)
    }

    /// Waits for a turn. It is held from looking at the lock of the account until the outcome is counted: otherwise
    /// many guesses at once would all be made before the first of them is counted.
    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Error> {
        let busy = || Problem::new(ProblemKind::Unavailable, "Too many people sign in just now.").retry_after(2);
        Ok(tokio::time::timeout(Duration::from_secs(5), self.hashing.acquire())
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?)
    }

    /// Verifies a password off the event loop; a decoy stands in where there is no hash.
    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let passwords = self.passwords.clone();
        tokio::task::spawn_blocking(move || passwords.verify(&password, hash.as_deref()))
            .await
            .map_err(|error| Error::Broken(error.to_string()))
    }

    /// Counts an attempt. Answers whether the account has just been locked everywhere.
    async fn count(&self, user: Uuid, success: bool, request: &Request, now: Timestamp) -> Result<bool, Error> {
        let sql = "select identity.note_sign_in($1, $2, $3, $4, $5, $6, make_interval(mins => $7), make_interval(mins => $7))";
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&user, &success, &request.address, &now, &FAILURES, &FAILURES_EVERYWHERE, &LOCKED_MINUTES];
        let rows = self.kernel.store.query_outside(sql, &params).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
    }

    /// The organisations a person belongs to, the usual one first.
    pub(crate) async fn organizations(&self, user: Uuid) -> Result<Vec<(Uuid, String)>, Error> {
        let sql = "select organization_id, slug from identity.user_organizations($1)";
        let rows = self.kernel.store.query_outside(sql, &[&user]).await?;
        Ok(rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, tokio_postgres::Error>>()?)
    }

    /// Notes in the trail of the organisation a person is usually in what became of an attempt to sign in.
    async fn record_of(&self, account: &Account, event: &str, email: &str, request: &Request) -> Result<(), Error> {
        let Some((organization, _)) = self.organizations(account.id).await?.into_iter().next() else { return Ok(()) };
        let principal = bare(account.id, organization, Credential::Server);
        let ctx = Ctx::new(self.kernel.clone(), Arc::new(principal), request.clone());
        let mut tx = ctx.begin().await?;
        let change = Change {
            event,
            resource_type: "session",
            resource_id: account.id.to_string(),
            resource_name: Some(email.to_owned()),
            project: None,
            old: None,
            new: None,
        };
        record(&ctx, &mut tx, &change).await?;
        tx.commit().await
    }
}

/// A principal without grants, for writing what belongs to sign-in itself.
pub(crate) fn bare(user: Uuid, organization: Uuid, credential: Credential) -> Principal {
    Principal {
        organization_id: organization,
        user_id: user,
        display_name: String::new(),
        email: String::new(),
        kind: PrincipalKind::Person,
        on_behalf_of: None,
        agent_run: None,
        credential,
        grants: authz::Grants::default(),
    }
}

fn refused() -> Error {
    Problem::new(
        ProblemKind::Unauthenticated,
        "The address and the password do not belong together, or the account is locked for a while.",
    )
    .into()
}
