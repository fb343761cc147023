//! Conferring rights: nobody gives what they do not hold, by whatever path, nor wider, longer or freer than they hold it.

use std::sync::Arc;

use authz::{Gift, Roles, Rule, Terms, Validity};
use base::Problem;
use uuid::Uuid;

use crate::{
    Ctx, Error, Resource, input,
    param::Param,
    policy::{self, load_grants, load_roles, places, validity},
    store::Tx,
};

const SCOPE: &str = include_str!("../sql/scope.sql");

/// Refuses unless the actor holds, in `project` or in the whole organisation, everything that the role allows.
///
/// # Errors
/// 403 naming the first thing that the actor does not hold.
pub async fn may_confer(ctx: &Ctx, tx: &Tx, role: Uuid, project: Option<Uuid>) -> Result<(), Error> {
    may_confer_on(ctx, tx, role, &[Terms::in_project(project)]).await
}

/// The same on any terms.
///
/// # Errors
/// 403 naming the first thing that the actor does not hold on such terms.
pub async fn may_confer_on(ctx: &Ctx, tx: &Tx, role: Uuid, terms: &[Terms]) -> Result<(), Error> {
    let roles = load_roles(tx, ctx.catalogue(), ctx.now()).await?;
    may_give(ctx, terms.iter().flat_map(|terms| roles.gifts_of_role(role, terms)))
}

/// Refuses unless the actor holds a permission on these terms, without having to ask for it.
///
/// # Errors
/// 403 naming it.
pub async fn may_give_in_person(ctx: &Ctx, tx: &Tx, permission: Uuid, terms: &[Terms]) -> Result<(), Error> {
    let roles = load_roles(tx, ctx.catalogue(), ctx.now()).await?;
    may_give(ctx, terms.iter().filter_map(|terms| roles.gift_in_person(permission, terms)))
}

/// Refuses an approval that would give `receiver` a permission on these terms, unless the actor may give it, or the receiver
/// holds it already by a role and only had to ask.
///
/// # Errors
/// 403 when neither is so.
pub async fn may_approve(ctx: &Ctx, tx: &Tx, permission: Uuid, receiver: Uuid, terms: &[Terms]) -> Result<(), Error> {
    let roles = Arc::new(load_roles(tx, ctx.catalogue(), ctx.now()).await?);
    let grants = load_grants(tx, ctx.catalogue(), &roles, receiver, None, ctx.now()).await?;
    let gifts = terms.iter().filter_map(|terms| roles.gift_in_person(permission, terms));
    may_give(ctx, gifts.filter(|gift| !grants.may_ask(&gift.clone().asking(), ctx.now())))
}

/// Refuses to ask for a permission that the actor does not hold as one to be asked for.
///
/// # Errors
/// 403 naming it.
pub async fn may_ask(ctx: &Ctx, tx: &Tx, permission: Uuid, terms: &[Terms]) -> Result<(), Error> {
    let roles = load_roles(tx, ctx.catalogue(), ctx.now()).await?;
    let mut gifts = terms.iter().filter_map(|terms| roles.gift_in_person(permission, terms)).map(Gift::asking);
    match gifts.find(|gift| !ctx.principal.grants.may_ask(gift, ctx.now())) {
        None => Ok(()),
        Some(gift) => Err(Problem::forbidden(format!(
            "You may not ask for {}: no role of yours has it for you to ask for. Somebody who may give roles can change that.",
            gift.words()
        ))
        .into()),
    }
}

/// Refuses what the actor may not give.
pub(crate) fn may_give(ctx: &Ctx, gifts: impl IntoIterator<Item = Gift>) -> Result<(), Error> {
    let refused = gifts.into_iter().find(|gift| !ctx.principal.grants.may_give(gift, ctx.now()));
    let Some(gift) = refused else { return Ok(()) };
    let how = match ctx.reach(gift.resource_type(), gift.action()) {
        authz::Reach::Nothing => "which you do not hold yourself",
        _ => "which you hold more narrowly yourself: for a part, for a time or under a condition",
    };
    Err(Problem::forbidden(format!("You may not give this: it allows {}, {how}.", gift.words())).into())
}

/// The terms of a grant that is limited to a thing of the tree of resources, or to nothing when `scope` is none.
///
/// # Errors
/// When a query fails.
pub async fn terms_of(tx: &Tx, scope: Option<Uuid>, validity: Validity, rule: Rule) -> Result<Vec<Terms>, Error> {
    let Some(scope) = scope else {
        return Ok(vec![Terms { validity, rule, ..Terms::in_project(None) }]);
    };
    let Some(row) = tx.query_opt(SCOPE, &[&scope]).await? else { return Ok(Vec::new()) };
    let project: Option<Uuid> = row.try_get(4)?;
    let places = places(&row, 0)?;
    Ok(places.into_iter().map(|place| Terms { place, project, validity, rule: rule.clone() }).collect())
}

/// Refuses a plain write to a resource whose column names a role, when the actor does not hold what the role gives.
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

/// A permission given in person, as it stands in the table.
pub(crate) struct InPerson {
    roles: Option<Roles>,
    gifts: Vec<Gift>,
}

impl InPerson {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self { roles: None, gifts: Vec::new() };

    /// What the row gives now or later; nothing when it is revoked or not there.
    pub(crate) async fn of(ctx: &Ctx, tx: &Tx, id: Uuid) -> Result<Self, Error> {
        let sql = "select permission_id, resource_id, valid_from, valid_until, additional_conditions \
                   from authz.user_permissions where id = $1 and revoked_at is null";
        let Some(row) = tx.query_opt(sql, &[&id]).await? else { return Ok(Self::NOTHING) };
        let roles = load_roles(tx, ctx.catalogue(), ctx.now()).await?;
        let permission: Uuid = row.try_get(0)?;
        let words = ctx.catalogue().words_of(roles.type_of(permission).unwrap_or_default());
        let rule = policy::rule(&row.try_get(4)?, &words);
        let terms = terms_of(tx, row.try_get(1)?, validity(&row, 2)?, rule).await?;
        let gifts = terms.iter().filter_map(|terms| roles.gift_in_person(permission, terms)).collect();
        Ok(Self { roles: Some(roles), gifts })
    }

    /// Refuses what goes beyond `before` and the actor may not give.
    pub(crate) fn beyond(self, ctx: &Ctx, before: &Self) -> Result<(), Error> {
        let Some(roles) = self.roles else { return Ok(()) };
        let is_new = |gift: &Gift| !before.gifts.iter().any(|known| known.includes(gift, &roles, ctx.now()));
        may_give(ctx, self.gifts.into_iter().filter(is_new))
    }
}
