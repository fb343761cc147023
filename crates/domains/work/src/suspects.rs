//! Accepting a link that became suspect because one of its ends says something else than before.

use base::Problem;
use kernel::{Allowed, Change, Ctx, Error, Operation, Record, Request, Tx, Update, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

const SUSPECT: &str = "select suspect_since from work.trace_links where id = $1";
const ACCEPT: &str = "
update work.trace_links
   set suspect_since = null, source_fingerprint = null, target_fingerprint = null, criterion_fingerprint = null,
       accepted_at = $2, accepted_by = $3, accepted_reason = $4
 where id = $1";

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

async fn accept(ctx: &Ctx, tx: &mut Tx, link: Allowed<Record, Update>, input: Acceptance) -> Result<Accepted, Error> {
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > 1000 || reason.contains('\0') {
        let problem = Problem::invalid("Accepting a suspect link needs a reason.");
        return Err(problem.field("/reason", "must have from 1 to 1000 characters, none of them U+0000").into());
    }
    let (id, person) = (link.uuid()?, ctx.principal.user_id);
    let Some(since) = tx.query_one(SUSPECT, &[&id]).await?.try_get::<_, Option<jiff::Timestamp>>(0)? else {
        return Err(Problem::conflict("This link is not suspect; there is nothing to accept.").into());
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
    record(&why, tx, &change).await?;
    Ok(Accepted { id, accepted_by: person })
}

/// Accepting suspect links.
pub(crate) fn accepting() -> Operation {
    Operation::on_record::<Update, Acceptance, Accepted, _>(
        "trace-links",
        "accept",
        "Accepts a suspect link: its ends, as they are now, still belong together.",
        |ctx, tx, link, input| Box::pin(accept(ctx, tx, link, input)),
    )
}
