//! Links that became suspect because one of their ends says something else than before: finding and accepting them.

use base::Problem;
use jiff::Timestamp;
use kernel::{
    Allowed, Change, Ctx, Error, Operation, Read, Record, Request, Tx, Update, authorise, permit, permit_in, record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{Project, TRACE_LINKS};

/// Links accepted together at most.
const LINKS_AT_ONCE: usize = 1000;

const LIST: &str = include_str!("../sql/suspects.sql");
const COUNT: &str = include_str!("../sql/suspects_counted.sql");
const BY_KEY: &str = include_str!("../sql/record_by_key.sql");
const SUSPECT: &str = "select suspect_since from work.trace_links where id = $1";
const ACCEPT: &str = "
update work.trace_links
   set suspect_since = null, source_fingerprint = null, target_fingerprint = null, criterion_fingerprint = null,
       accepted_at = $2, accepted_by = $3, accepted_reason = $4
 where id = $1";

/// A link of which an end says something else than what was accepted.
#[derive(Debug, Clone)]
pub struct SuspectLink {
    /// Its identifier.
    pub id: Uuid,
    /// How the source stands to the target.
    pub link_type: String,
    /// Since when.
    pub since: Timestamp,
    /// The key of the source; `None` where it has none.
    pub source: Option<String>,
    /// The key of the target.
    pub target: Option<String>,
    /// The place of the criterion that is meant; `None`: the target as a whole.
    pub criterion: Option<i32>,
    /// Whether the source, the target, and a criterion say something else.
    pub changed: [bool; 3],
}

/// The suspect links of a project, or of one record in it, that the actor may read, those that have waited longest first: at most
/// `rows` behind `after`.
///
/// # Errors
/// 403 when they may read no link there.
pub async fn suspects(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    of: Option<Uuid>,
    after: Option<(Timestamp, Uuid)>,
    rows: i64,
) -> Result<Vec<SuspectLink>, Error> {
    let allowed = permit_in::<Read>(ctx, &TRACE_LINKS, project.id)?;
    let (since, last) = after.unzip();
    let found = allowed.query(ctx, tx, LIST, &[&project.id, &of, &since, &last, &rows]).await?;
    found
        .iter()
        .map(|row| {
            Ok(SuspectLink {
                id: row.try_get(0)?,
                link_type: row.try_get(1)?,
                since: row.try_get(2)?,
                source: row.try_get(3)?,
                target: row.try_get(4)?,
                criterion: row.try_get(5)?,
                changed: [row.try_get(6)?, row.try_get(7)?, row.try_get(8)?],
            })
        })
        .collect()
}

/// How many there are.
///
/// # Errors
/// As [`suspects`].
pub async fn suspects_counted(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    of: Option<Uuid>,
) -> Result<i64, Error> {
    let allowed = permit_in::<Read>(ctx, &TRACE_LINKS, project.id)?;
    allowed.query(ctx, tx, COUNT, &[&project.id, &of]).await?.first().map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

/// The record of a project that has this key.
///
/// # Errors
/// When the query fails.
pub async fn record_of_key(tx: &Tx, project: &Allowed<Project, Read>, key: &str) -> Result<Option<Uuid>, Error> {
    tx.query_opt(BY_KEY, &[&project.id, &key]).await?.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Why a link holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// Why it holds in spite of the change.
    #[schemars(length(min = 1, max = 1000))]
    reason: String,
}

/// A link that holds.
#[derive(Debug, Serialize, JsonSchema)]
struct Accepted {
    /// The link.
    id: Uuid,
    /// Who accepted it.
    accepted_by: Uuid,
}

/// Links that hold, for one reason.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Acceptances {
    /// The links, each suspect.
    #[schemars(length(min = 1, max = 1000))]
    links: Vec<Uuid>,
    /// Why they hold in spite of the changes.
    #[schemars(length(min = 1, max = 1000))]
    reason: String,
}

/// Links that hold.
#[derive(Debug, Serialize, JsonSchema)]
struct AcceptedTogether {
    /// The links.
    links: Vec<Uuid>,
    /// Who accepted them.
    accepted_by: Uuid,
}

async fn accept(ctx: &Ctx, tx: &mut Tx, link: Allowed<Record, Update>, input: Acceptance) -> Result<Accepted, Error> {
    let reason = reason(&input.reason)?;
    accept_one(ctx, tx, &link, reason).await?;
    Ok(Accepted { id: link.uuid()?, accepted_by: ctx.principal.user_id })
}

/// Accepts all or none: the first that cannot be accepted undoes those before it.
async fn accept_together(ctx: &Ctx, tx: &mut Tx, input: Acceptances) -> Result<AcceptedTogether, Error> {
    permit::<Update>(ctx, &TRACE_LINKS)?;
    let reason = reason(&input.reason)?;
    let mut links = input.links;
    // In one order for everybody, so that two who accept the same links do not wait for each other in a circle.
    links.sort_unstable();
    links.dedup();
    if links.is_empty() || links.len() > LINKS_AT_ONCE {
        let detail = format!("must have from 1 to {LINKS_AT_ONCE} links");
        return Err(Problem::invalid("Say which links hold.").field("/links", detail).into());
    }
    for id in &links {
        let served = ctx.catalogue().served(&TRACE_LINKS)?;
        let link = authorise(ctx, Record::find(tx, served, &id.to_string(), true).await?)?;
        accept_one(ctx, tx, &link, reason).await?;
    }
    Ok(AcceptedTogether { links, accepted_by: ctx.principal.user_id })
}

fn reason(text: &str) -> Result<&str, Error> {
    let reason = text.trim();
    if reason.is_empty() || reason.chars().count() > 1000 || reason.contains('\0') {
        let problem = Problem::invalid("Accepting a suspect link needs a reason.");
        return Err(problem.field("/reason", "must have from 1 to 1000 characters, none of them U+0000").into());
    }
    Ok(reason)
}

async fn accept_one(ctx: &Ctx, tx: &mut Tx, link: &Allowed<Record, Update>, reason: &str) -> Result<(), Error> {
    let (id, person) = (link.uuid()?, ctx.principal.user_id);
    let Some(since) = tx.query_one(SUSPECT, &[&id]).await?.try_get::<_, Option<jiff::Timestamp>>(0)? else {
        let detail = format!("The trace link {id} is not suspect; there is nothing to accept.");
        return Err(Problem::conflict(detail).into());
    };
    tx.execute(ACCEPT, &[&id, &ctx.now(), &person, &reason]).await?;
    let change = Change {
        event: "trace_link.accepted",
        resource_type: "trace_link",
        resource_id: link.id.clone(),
        resource_name: link.title.clone(),
        project: link.project,
        old: Some(json!({"suspect_since": since.to_string()})),
        new: Some(json!({"suspect_since": null, "accepted_by": person, "accepted_reason": reason})),
    };
    let mut why = ctx.clone();
    why.request = Request { reason: Some(reason.to_owned()), ..(*ctx.request).clone() }.into();
    record(&why, tx, &change).await
}

/// Accepting suspect links, one or several.
pub(crate) fn accepting() -> [Operation; 2] {
    [
        Operation::on_record::<Update, Acceptance, Accepted, _>(
            "trace-links",
            "accept",
            "Accepts a suspect link: its ends, as they are now, still belong together.",
            |ctx, tx, link, input| Box::pin(accept(ctx, tx, link, input)),
        ),
        Operation::on_collection::<Update, Acceptances, AcceptedTogether, _>(
            "trace-links",
            "accept",
            "Accepts several suspect links for one reason: all of them or none.",
            |ctx, tx, input| Box::pin(accept_together(ctx, tx, input)),
        ),
    ]
}
