//! Writes that change what somebody may do, by whatever path: a permission put into a role, another parent, a condition
//! dropped, an end moved, a member put into a team that a role asks for. What could be done before is held against what can
//! be done after, in the same transaction, and whoever writes must hold the difference.

use std::sync::Arc;

use authz::{Grants, Roles};
use uuid::Uuid;

use crate::{
    Ctx, Error, Record,
    catalogue::Served,
    confer::{InPerson, may_give},
    param::Param,
    policy::{load_grants, load_roles},
    resource::Rights,
    store::Tx,
};

const HOLDERS: &str = include_str!("../sql/holders_above.sql");
const TEAM: &str = "select user_id from identity.team_members where team_id = $1";

/// What could be done before the write.
pub(crate) enum Before {
    Nothing,
    Roles(Box<Roles>),
    Members(Vec<(Uuid, Grants)>),
    InPerson(InPerson),
}

impl Before {
    /// Looks before a write of these values to `record`, or to a new one.
    pub(crate) async fn look(
        ctx: &Ctx,
        tx: &Tx,
        served: &Served,
        values: &[(String, Param)],
        record: Option<&Record>,
    ) -> Result<Self, Error> {
        let given = |column: &str| match values.iter().find(|(name, _)| name == column) {
            Some((_, Param::Uuid(id))) => Some(*id),
            _ => None,
        };
        Ok(match served.resource.rights {
            None => Self::Nothing,
            Some(Rights::Roles) => Self::Roles(Box::new(load_roles(tx, ctx.catalogue(), ctx.now()).await?)),
            Some(Rights::InPerson) => match record {
                Some(record) => Self::InPerson(InPerson::of(ctx, tx, record.uuid()?).await?),
                None => Self::InPerson(InPerson::NOTHING),
            },
            Some(Rights::Member(column)) => {
                let at = served.resource.key.iter().position(|key| *key == column);
                let known = record.zip(at).and_then(|(record, at)| match record.key.get(at) {
                    Some(Param::Uuid(id)) => Some(*id),
                    _ => None,
                });
                let member = given(column).or(known);
                Self::Members(held_by(ctx, tx, member.into_iter().collect()).await?)
            }
            Some(Rights::Team) => match record {
                Some(record) => Self::Members(held_by(ctx, tx, ids(tx, TEAM, record.uuid()?).await?).await?),
                None => Self::Nothing,
            },
            Some(Rights::Tree) => {
                let mut holders = Vec::new();
                let own = record.map(Record::uuid).transpose()?;
                for thing in own.into_iter().chain(given("parent_resource_id")) {
                    holders.extend(ids(tx, HOLDERS, thing).await?);
                }
                holders.sort_unstable();
                holders.dedup();
                Self::Members(held_by(ctx, tx, holders).await?)
            }
        })
    }

    /// Refuses when somebody could now do what the actor could not give them. `restored` is the record that came back.
    ///
    /// # Errors
    /// 403 naming the first such thing.
    pub(crate) async fn hold(self, ctx: &Ctx, tx: &Tx, id: &str, restored: bool) -> Result<(), Error> {
        let now = ctx.now();
        match self {
            Self::Nothing => Ok(()),
            Self::Roles(before) => {
                let after = load_roles(tx, ctx.catalogue(), now).await?;
                let restored = Uuid::try_parse(id).ok().filter(|_| restored);
                may_give(ctx, before.widened(&after, restored, now))
            }
            Self::Members(before) => {
                let after = held_by(ctx, tx, before.iter().map(|(member, _)| *member).collect()).await?;
                may_give(ctx, before.iter().zip(&after).flat_map(|((_, before), (_, after))| before.gained(after, now)))
            }
            Self::InPerson(before) => {
                let Ok(id) = Uuid::try_parse(id) else { return Ok(()) };
                InPerson::of(ctx, tx, id).await?.beyond(ctx, &before)
            }
        }
    }
}

/// Refuses to make somebody a member who would thereby hold what the actor could not give them: a role may come by itself, to
/// whoever has such an address.
///
/// # Errors
/// 403 naming the first such thing.
pub async fn may_admit(ctx: &Ctx, tx: &Tx, member: Uuid) -> Result<(), Error> {
    let held = held_by(ctx, tx, vec![member]).await?;
    let nobody = Grants::nobody(Arc::default(), member);
    may_give(ctx, held.iter().flat_map(|(_, held)| nobody.gained(held, ctx.now())))
}

async fn ids(tx: &Tx, sql: &str, about: Uuid) -> Result<Vec<Uuid>, Error> {
    tx.query(sql, &[&about]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

async fn held_by(ctx: &Ctx, tx: &Tx, members: Vec<Uuid>) -> Result<Vec<(Uuid, Grants)>, Error> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let roles = Arc::new(load_roles(tx, ctx.catalogue(), ctx.now()).await?);
    let mut held = Vec::with_capacity(members.len());
    for member in members {
        held.push((member, load_grants(tx, ctx.catalogue(), &roles, member, None, ctx.now()).await?));
    }
    Ok(held)
}
