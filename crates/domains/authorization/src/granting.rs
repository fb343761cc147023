//! Giving roles. Nobody gives what they do not hold.

use base::Problem;
use kernel::{Allowed, Collection, Ctx, Error, Tx, Update, authorise, may_confer};
use uuid::Uuid;

use crate::resources::ROLES;

/// Gives a member a role in the whole organisation.
///
/// # Errors
/// 422 when there is no such role, 403 when the actor does not hold what it gives.
pub async fn give_role(ctx: &Ctx, tx: &Tx, user: Uuid, role: &str) -> Result<(), Error> {
    let _roles: Allowed<_, Update> = authorise(ctx, Collection::of(&ROLES, None))?;
    let missing =
        || Problem::invalid(format!("There is no role `{role}`.")).field("/role", "names no role that is here");
    if role.contains('\0') {
        return Err(missing().into());
    }
    let row = tx
        .query_opt("select id from authz.roles where name = $1 and is_assignable and deleted_at is null", &[&role])
        .await?
        .ok_or_else(missing)?;
    let role_id: Uuid = row.try_get(0)?;
    may_confer(ctx, tx, role_id, None).await?;
    tx.execute(
        "insert into authz.user_roles (user_id, role_id, assigned_by) values ($1, $2, $3)",
        &[&user, &role_id, &ctx.principal.user_id],
    )
    .await?;
    Ok(())
}
