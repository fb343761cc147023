//! Inviting people, and giving them roles. Nobody gives what they do not hold.

use authorization::give_role;
use base::Problem;
use kernel::{Allowed, Change, Collection, Create, Ctx, Error, Tx, authorise, may_admit, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::Passwords;

use crate::resources::MEMBERSHIPS;

/// A new member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteMember {
    /// The address they sign in with.
    #[schemars(length(min = 3, max = 254), regex(pattern = r"^[^@\s]+@[^@\s]+$"))]
    pub email: String,
    /// The name shown beside what they do.
    #[schemars(length(min = 1, max = 200))]
    pub display_name: String,
    /// The role's name, such as `developer`.
    #[schemars(length(min = 1, max = 100))]
    pub role: String,
    /// A first password, to be handed over and changed; without one they cannot sign in by password.
    #[serde(default)]
    #[schemars(with = "String", length(min = 12, max = 1024))]
    pub password: Option<String>,
}

/// A member.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Member {
    /// The person.
    pub user_id: Uuid,
    /// The address they sign in with.
    pub email: String,
    /// The role they were given.
    pub role: String,
}

/// Makes a new person a member with one role.
pub(crate) async fn invite(ctx: &Ctx, tx: &mut Tx, input: InviteMember) -> Result<Member, Error> {
    let _members: Allowed<_, Create> = authorise(ctx, Collection::of(&MEMBERSHIPS, None))?;
    let email = input.email.trim().to_lowercase();
    if email.contains('\0') || input.display_name.contains('\0') {
        return Err(Problem::invalid("A text contains the character U+0000.").into());
    }
    if tx.query_opt("select user_id from identity.sign_in_lookup($1)", &[&email]).await?.is_some() {
        // Whoever made the account may not be who the address belongs to, and nobody is enrolled without being asked.
        return Err(Problem::conflict(
            "There is an account with this address already; only its owner can let it join.",
        )
        .field("/email", "belongs to an account that is there already")
        .into());
    }
    let user = new_person(ctx, tx, &email, &input).await?;
    tx.execute(
        "insert into identity.memberships (user_id, status, invited_by, joined_at) values ($1, 'active', $2, $3)",
        &[&user, &ctx.principal.user_id, &ctx.now()],
    )
    .await?;
    give_role(ctx, tx, user, &input.role).await?;
    may_admit(ctx, tx, user).await?;
    let change = Change {
        event: "membership.created",
        resource_type: "membership",
        resource_id: user.to_string(),
        resource_name: Some(input.display_name),
        project: None,
        old: None,
        new: Some(serde_json::json!({"role": input.role})),
    };
    record(ctx, tx, &change).await?;
    Ok(Member { user_id: user, email, role: input.role })
}

async fn new_person(ctx: &Ctx, tx: &Tx, email: &str, input: &InviteMember) -> Result<Uuid, Error> {
    let user = ctx.new_id();
    tx.execute(
        "insert into identity.users (id, email, display_name) values ($1, $2, $3)",
        &[&user, &email, &input.display_name],
    )
    .await?;
    if let Some(password) = input.password.clone() {
        let words = [email.to_owned(), input.display_name.clone()];
        let hash = tokio::task::spawn_blocking(move || {
            Passwords::new().hash(&password, &words.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .await
        .map_err(|error| Error::Broken(error.to_string()))?
        .map_err(|error| {
            Problem::invalid(format!("The password is not taken: {error}.")).field("/password", error.to_string())
        })?;
        // A credential belongs to its owner alone; for this statement the transaction is theirs.
        tx.batch(&format!("set local app.current_user_id = '{user}'")).await?;
        tx.execute(
            "insert into identity.user_credentials (user_id, kind, secret_hash) values ($1, 'password', $2)",
            &[&user, &hash],
        )
        .await?;
        tx.batch(&format!("set local app.current_user_id = '{}'", ctx.principal.user_id)).await?;
    }
    Ok(user)
}
