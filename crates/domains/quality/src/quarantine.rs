//! Ending a quarantine before its time. Beginning one is plain writing.

use base::Problem;
use kernel::{Allowed, Change, Ctx, Error, Operation, Record, Request, Tx, Update, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

const HOLDS: &str = "select expires_at > $2 and ended_at is null as holds from quality.test_quarantines where id = $1";
const END: &str = "update quality.test_quarantines set ended_at = $2, ended_by = $3, ended_reason = $4 where id = $1";

/// Why the test counts again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// Why the test counts again.
    #[schemars(length(min = 1, max = 1000))]
    reason: String,
}

/// A quarantine that was ended.
#[derive(Debug, Serialize, JsonSchema)]
struct Ended {
    /// The quarantine.
    id: Uuid,
    /// Who ended it.
    ended_by: Uuid,
}

async fn end(ctx: &Ctx, tx: &mut Tx, quarantine: Allowed<Record, Update>, input: Ending) -> Result<Ended, Error> {
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > 1000 || reason.contains('\0') {
        let problem = Problem::invalid("Ending a quarantine needs a reason.");
        return Err(problem.field("/reason", "must have from 1 to 1000 characters, none of them U+0000").into());
    }
    let (id, person) = (quarantine.uuid()?, ctx.principal.user_id);
    if !tx.query_one(HOLDS, &[&id, &ctx.now()]).await?.try_get::<_, bool>(0)? {
        return Err(Problem::conflict("This quarantine has ended already; the test counts.").into());
    }
    tx.execute(END, &[&id, &ctx.now(), &person, &reason]).await?;
    let change = Change {
        event: "test_quarantine.ended",
        resource_type: "test_case",
        resource_id: quarantine.id.clone(),
        resource_name: quarantine.title.clone(),
        project: quarantine.project,
        old: Some(json!({"ended_at": null})),
        new: Some(json!({"ended_at": ctx.now().to_string(), "ended_by": person, "ended_reason": reason})),
    };
    let mut why = ctx.clone();
    why.request = Request { reason: Some(reason.to_owned()), ..(*ctx.request).clone() }.into();
    record(&why, tx, &change).await?;
    Ok(Ended { id, ended_by: person })
}

/// The operations on quarantines.
pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation::on_record::<Update, Ending, Ended, _>(
        "test-quarantines",
        "end",
        "Ends a quarantine before its time: the test holds up builds again.",
        |ctx, tx, quarantine, input| Box::pin(end(ctx, tx, quarantine, input)),
    )]
}
