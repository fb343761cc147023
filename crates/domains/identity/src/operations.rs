//! What people do to their own credentials and, with the right, to those of others.

use authz::Scope;
use base::Problem;
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Allowed, Change, Create, Credential, Ctx, Delete, Error, Operation, Place, Record, Tx, Update, authorise, record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::{Passwords, Token, TokenKind};

use crate::{
    erasing::{Erase, ErasePerson, Erased, erase},
    members::{InviteMember, Member, invite},
};

/// The longest an API token lives, in days.
const LONGEST_DAYS: i64 = 366;

/// Something that belongs to one person: they may always handle it themselves, signed in as such.
struct Own {
    resource_type: &'static str,
    user: Uuid,
}

impl Place for Own {
    fn resource_type(&self) -> &'static str {
        self.resource_type
    }

    fn project(&self) -> Option<Uuid> {
        None
    }

    fn called(&self) -> String {
        format!("{}s of this person", self.resource_type.replace('_', " "))
    }

    fn is_hidden_from_strangers(&self) -> bool {
        true
    }

    fn belongs_to_actor(&self, ctx: &Ctx) -> bool {
        Some(self.user) == ctx.own()
    }
}

/// A token to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, for its owner to tell tokens apart.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// What it may be used for: `*`, `*:read`, or pairs such as `import:create`. It never allows more than its owner.
    #[schemars(length(min = 1, max = 100), inner(regex(pattern = r"^(\*|(\*|[a-z_]+):(\*|[a-z_]+))$")))]
    pub scopes: Vec<String>,
    /// After how many days it ends; 90 when nothing is said.
    #[serde(default)]
    #[schemars(with = "i64", range(min = 1, max = 366))]
    pub days: Option<i64>,
}

/// A new token. Its text is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedToken {
    /// The token's identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The token itself. It is not kept; write it down now.
    pub token: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it ends.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
}

/// Makes an API token for the actor.
///
/// # Errors
/// 422 for a scope that is none, a lifetime out of range or an empty name.
pub async fn create_token(ctx: &Ctx, tx: &mut Tx, input: NewToken) -> Result<CreatedToken, Error> {
    let owner = ctx.principal.user_id;
    let _allowed: Allowed<_, Create> = authorise(ctx, Own { resource_type: "api_token", user: owner })?;
    if input.name.is_empty() || input.name.contains('\0') {
        return Err(Problem::invalid("A token has a name.").field("/name", "must not be empty").into());
    }
    if input.scopes.is_empty() || input.scopes.len() > 100 {
        return Err(Problem::invalid("A token has scopes.").field("/scopes", "must have from 1 to 100 items").into());
    }
    for (at, scope) in input.scopes.iter().enumerate() {
        scope
            .parse::<Scope>()
            .map_err(|error| Problem::invalid(error.to_string()).field(format!("/scopes/{at}"), error.to_string()))?;
    }
    let days = input.days.unwrap_or(90);
    if !(1..=LONGEST_DAYS).contains(&days) {
        return Err(Problem::invalid(format!("A token lives from 1 to {LONGEST_DAYS} days."))
            .field("/days", format!("must be from 1 to {LONGEST_DAYS}"))
            .into());
    }
    let expires_at = ctx
        .now()
        .checked_add(SignedDuration::from_hours(days * 24))
        .map_err(|error| Error::Broken(error.to_string()))?;
    let expires_at = within_own(ctx, tx, &input.scopes, expires_at).await?;
    let (id, token) = (ctx.new_id(), Token::generate(TokenKind::Api));
    tx.execute(
        "insert into identity.api_tokens (id, user_id, name, token_prefix, token_hash, scopes, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &id,
            &owner,
            &input.name,
            &token.shown_prefix(),
            &token.digest().as_slice(),
            &input.scopes,
            &expires_at,
            &ctx.now(),
        ],
    )
    .await?;
    let change = Change {
        event: "api_token.created",
        resource_type: "api_token",
        resource_id: id.to_string(),
        resource_name: Some(input.name.clone()),
        project: None,
        old: None,
        new: Some(serde_json::json!({"scopes": input.scopes, "expires_at": expires_at})),
    };
    record(ctx, tx, &change).await?;
    Ok(CreatedToken { id, name: input.name, token: token.reveal().to_owned(), scopes: input.scopes, expires_at })
}

/// What a token that a token makes may be: no wider and no longer than the one that makes it, or a stolen token would
/// widen and outlive itself. Gives back when the new one ends.
async fn within_own(ctx: &Ctx, tx: &Tx, scopes: &[String], asked: Timestamp) -> Result<Timestamp, Error> {
    let Credential::ApiToken(own) = ctx.principal.credential else { return Ok(asked) };
    let row = tx.query_one("select scopes, expires_at from identity.api_tokens where id = $1", &[&own]).await?;
    let held: Vec<Scope> = row.try_get::<_, Vec<String>>(0)?.iter().filter_map(|scope| scope.parse().ok()).collect();
    for (at, scope) in scopes.iter().enumerate() {
        if !scope.parse::<Scope>().is_ok_and(|scope| held.iter().any(|own| own.contains(&scope))) {
            let detail = format!("`{scope}` goes beyond the token that asks for it");
            return Err(Problem::forbidden(format!("{detail}.")).field(format!("/scopes/{at}"), detail).into());
        }
    }
    let until: Option<Timestamp> = row.try_get(1)?;
    Ok(until.map_or(asked, |until| asked.min(until)))
}

/// Nothing more to say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What was ended.
#[derive(Debug, Serialize, JsonSchema)]
struct Ended {
    /// How many were ended.
    ended: u64,
}

async fn end(ctx: &Ctx, tx: &mut Tx, subject: &Record, resource_type: &'static str, sql: &str) -> Result<Ended, Error> {
    let ended = tx.execute(sql, &[&subject.uuid()?, &ctx.now(), &ctx.principal.user_id]).await?;
    if ended == 0 {
        return Err(Problem::conflict("It has ended already.").into());
    }
    let event = format!("{resource_type}.revoked");
    let change = Change {
        event: &event,
        resource_type,
        resource_id: subject.id.clone(),
        resource_name: subject.title.clone(),
        project: None,
        old: None,
        new: None,
    };
    record(ctx, tx, &change).await?;
    Ok(Ended { ended })
}

const END_TOKEN: &str =
    "update identity.api_tokens set revoked_at = $2, revoked_by = $3 where id = $1 and revoked_at is null";
const END_SESSION: &str = "update identity.sessions set revoked_at = $2, revoked_by = $3, revocation_reason = 'revoked'
  where id = $1 and revoked_at is null";

/// A new password for the one who is signed in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password so far.
    #[schemars(length(max = 1024))]
    pub current: String,
    /// The password from now on.
    #[schemars(length(min = 12, max = 1024))]
    pub new: String,
    /// Whether API tokens end too. Left out, they do: whoever knew the password may have made some.
    #[serde(default = "yes")]
    pub revoke_tokens: bool,
}

const fn yes() -> bool {
    true
}

/// What ended with the old password.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedPassword {
    /// Whose password it is.
    pub user_id: Uuid,
    /// Other sessions that ended, in every organisation of the person.
    pub sessions_ended: i64,
    /// API tokens that ended, in every organisation of the person.
    pub tokens_ended: i64,
}

/// Changes the actor's password and ends their other sessions in every organisation, and their API tokens unless they
/// ask to keep them.
///
/// # Errors
/// 422 when the current password is wrong or the new one is not taken.
pub async fn change_password(ctx: &Ctx, tx: &mut Tx, input: ChangePassword) -> Result<ChangedPassword, Error> {
    let revoke_tokens = input.revoke_tokens;
    let user = ctx.principal.user_id;
    let _allowed: Allowed<_, Update> = authorise(ctx, Own { resource_type: "session", user })?;
    let row = tx
        .query_opt(
            "select secret_hash from identity.user_credentials where user_id = $1 and kind = 'password'
               and disabled_at is null",
            &[&user],
        )
        .await?;
    let stored: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
    let known = [ctx.principal.email.clone(), ctx.principal.display_name.clone()];
    let outcome = tokio::task::spawn_blocking(move || {
        let passwords = Passwords::new();
        if !passwords.verify(&input.current, stored.as_deref()) {
            return None;
        }
        Some(passwords.hash(&input.new, &known.iter().map(String::as_str).collect::<Vec<_>>()))
    })
    .await
    .map_err(|error| Error::Broken(error.to_string()))?;
    let hash = match outcome {
        None => return Err(Problem::invalid("The current password is wrong.").field("/current", "is wrong").into()),
        Some(Err(error)) => {
            return Err(Problem::invalid(format!("The new password is not taken: {error}."))
                .field("/new", error.to_string())
                .into());
        }
        Some(Ok(hash)) => hash,
    };
    tx.execute(
        "update identity.user_credentials set secret_hash = $2, changed_at = $3
          where user_id = $1 and kind = 'password' and disabled_at is null",
        &[&user, &hash, &ctx.now()],
    )
    .await?;
    let row = tx
        .query_one(
            "select sessions, tokens from identity.end_own_sign_ins($1, $2, 'password changed', $3)",
            &[&ctx.now(), &ctx.principal.session_id(), &revoke_tokens],
        )
        .await?;
    let ended = ChangedPassword { user_id: user, sessions_ended: row.try_get(0)?, tokens_ended: row.try_get(1)? };
    let change = Change {
        event: "session.password_changed",
        resource_type: "session",
        resource_id: user.to_string(),
        resource_name: Some(ctx.principal.display_name.clone()),
        project: None,
        old: None,
        new: Some(serde_json::json!({
            "other_sessions_ended": ended.sessions_ended,
            "tokens_ended": ended.tokens_ended,
        })),
    };
    record(ctx, tx, &change).await?;
    Ok(ended)
}

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::on_collection::<Create, NewToken, CreatedToken, _>(
            "api-tokens",
            "create",
            "Makes an API token for yourself. Its text is shown this once.",
            |ctx, tx, input| Box::pin(create_token(ctx, tx, input)),
        )
        .showing_once("token")
        .answering(201),
        Operation::on_record::<Delete, Nothing, Ended, _>(
            "api-tokens",
            "revoke",
            "Ends an API token at once.",
            |ctx, tx, token, _| Box::pin(async move { end(ctx, tx, &token, "api_token", END_TOKEN).await }),
        ),
        Operation::on_record::<Delete, Nothing, Ended, _>(
            "sessions",
            "revoke",
            "Ends a session at once.",
            |ctx, tx, session, _| Box::pin(async move { end(ctx, tx, &session, "session", END_SESSION).await }),
        ),
        Operation::on_collection::<Update, ChangePassword, ChangedPassword, _>(
            "sessions",
            "change-password",
            "Changes your own password. Your other sessions end in every organisation, and so do your API tokens unless \
             `revoke_tokens` is false.",
            |ctx, tx, input| Box::pin(change_password(ctx, tx, input)),
        ),
        Operation::on_collection::<Create, InviteMember, Member, _>(
            "memberships",
            "invite",
            "Makes a person a member with one role.",
            |ctx, tx, input| Box::pin(invite(ctx, tx, input)),
        )
        .answering(201),
        Operation::on_record::<Erase, ErasePerson, Erased, _>(
            "users",
            "erase",
            "Takes everything that names a person out of the organisation, for good, and says what was erased and what is kept why. The \
             trail keeps what was done, and its proofs.",
            |ctx, tx, person, input| Box::pin(async move { erase(ctx, tx, &person, input).await }),
        ),
    ]
}
