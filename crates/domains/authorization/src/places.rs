//! Where a right holds when it does not hold everywhere: one thing, described when somebody first limits a right to it.

use base::Problem;
use kernel::{Allowed, Ctx, Error, Place, Read, Record, Tx, authorise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const DESCRIBE: &str = include_str!("../sql/describe_thing.sql");
const DESCRIBED: &str = include_str!("../sql/described_thing.sql");
const THING: &str = "select id, name, owner_user_id from authz.resources where id = $1";

/// One thing that a right is limited to, with everything in it.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// The collection that it is in, such as `projects` or `requirements`; `resources` for a thing that is described there.
    #[schemars(length(min = 1, max = 100))]
    pub resource: String,
    /// Its identifier, its key such as `payments:REQ-42`, or a project's slug.
    #[schemars(length(min = 1, max = 200))]
    pub id: String,
}

/// A thing that rights can be limited to.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// Who decides about it, besides those who decide about everything.
    pub(crate) owner: Option<Uuid>,
}

/// Finds a thing, and describes it when nobody has.
///
/// # Errors
/// 422 when there is no such record, or rights cannot be limited to records like it.
pub(crate) async fn thing(ctx: &Ctx, tx: &Tx, place: &Where) -> Result<Thing, Error> {
    let refuse = |detail: &str| Error::from(Problem::invalid(format!("The place {detail}.")).field("/place", detail));
    let missing = || refuse("names nothing that is here");
    if place.id.contains('\0') {
        return Err(missing());
    }
    let served = ctx.catalogue().get(&place.resource).ok_or_else(|| refuse("names no collection that is served"))?;
    if place.resource == "resources" {
        return described(tx, Uuid::try_parse(&place.id).map_err(|_| missing())?).await?.ok_or_else(missing);
    }
    let id = match place.resource.as_str() {
        "projects" if Uuid::try_parse(&place.id).is_err() => {
            let sql = "select id::text from work.projects where slug = $1 and deleted_at is null";
            tx.query_opt(sql, &[&place.id]).await?.ok_or_else(missing)?.try_get(0)?
        }
        _ => place.id.clone(),
    };
    let found = Record::find(tx, served, &id, false).await.and_then(|record| authorise::<Read, _>(ctx, record));
    let record = match found {
        Ok(record) => record.into_inner(),
        Err(error) if error.problem().is_some() => return Err(missing()),
        Err(error) => return Err(error),
    };
    let entity = record.uuid().map_err(|_| refuse("is of a kind that rights are not limited to"))?;
    // Its title may be secret to others who see what rights there are.
    let name = format!("{} {}", served.resource.words(), place.id);
    tx.execute(DESCRIBE, &[&served.resource.permission, &entity, &name]).await?;
    let row = tx
        .query_opt(DESCRIBED, &[&entity])
        .await?
        .ok_or_else(|| refuse("is of a kind that rights are not limited to"))?;
    Ok(Thing { id: row.try_get(0)?, name: row.try_get(1)?, owner: row.try_get(2)? })
}

/// A thing that is described.
pub(crate) async fn described(tx: &Tx, id: Uuid) -> Result<Option<Thing>, Error> {
    let Some(row) = tx.query_opt(THING, &[&id]).await? else { return Ok(None) };
    Ok(Some(Thing { id: row.try_get(0)?, name: row.try_get(1)?, owner: row.try_get(2)? }))
}

/// Rights that are given or taken back: by who may change roles, or by who decides about the thing they are limited to.
pub(crate) struct Rights {
    pub(crate) owner: Option<Uuid>,
}

impl Place for Rights {
    fn resource_type(&self) -> &'static str {
        "role"
    }

    fn project(&self) -> Option<Uuid> {
        None
    }

    fn called(&self) -> String {
        "who holds which role".into()
    }

    fn is_hidden_from_strangers(&self) -> bool {
        false
    }

    fn belongs_to_actor(&self, ctx: &Ctx) -> bool {
        self.owner.is_some() && self.owner == ctx.own()
    }
}

/// Proves that the actor may give and take rights, limited to `thing` or everywhere.
pub(crate) fn authorise_for(ctx: &Ctx, thing: Option<&Thing>) -> Result<Allowed<Rights, kernel::Update>, Error> {
    authorise(ctx, Rights { owner: thing.and_then(|thing| thing.owner) })
}
