//! Conferring a role: nobody gives what they do not hold, in the organisation or in a project.

use base::Problem;
use uuid::Uuid;

use crate::{Ctx, Error, Resource, input, param::Param, store::Tx};

/// What a role allows, with everything of the roles it inherits from.
const ALLOWED: &str = "
with recursive given as (
  select r.id, r.parent_role_id, r.display_name from authz.roles r where r.id = $1
  union
  select r.id, r.parent_role_id, r.display_name from given g join authz.roles r on r.id = g.parent_role_id)
select distinct t.name, p.action
  from given g
  join authz.role_permissions rp on rp.role_id = g.id
  join authz.permissions p on p.id = rp.permission_id
  join authz.resource_types t on t.id = p.resource_type_id
 order by 1, 2";

/// Refuses unless the actor holds, in `project` or in the whole organisation, everything that the role allows.
///
/// # Errors
/// 403 naming the first thing that the actor does not hold.
pub async fn may_confer(ctx: &Ctx, tx: &Tx, role: Uuid, project: Option<Uuid>) -> Result<(), Error> {
    for row in tx.query(ALLOWED, &[&role]).await? {
        let (kind, action): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if !ctx.may(&kind, &action, project) {
            return Err(Problem::forbidden(format!(
                "You may not give this role: it allows {kind}:{action}, which you do not hold yourself."
            ))
            .into());
        }
    }
    Ok(())
}

/// The same for a plain write to a resource whose column names a role.
pub(crate) async fn check(
    ctx: &Ctx,
    tx: &Tx,
    resource: &Resource,
    values: &[(String, Param)],
    project: Option<Uuid>,
) -> Result<(), Error> {
    let Some(column) = resource.confers else { return Ok(()) };
    let Some((_, Param::Uuid(role))) = values.iter().find(|(name, _)| name == column) else { return Ok(()) };
    let sql = "select 1 from authz.roles where id = $1 and is_assignable and deleted_at is null";
    if tx.query_opt(sql, &[role]).await?.is_none() {
        let detail = "names no role that is here and can be given";
        return Err(Problem::invalid(format!("`{column}` {detail}.")).field(input::pointer(column), detail).into());
    }
    may_confer(ctx, tx, *role, project).await
}
