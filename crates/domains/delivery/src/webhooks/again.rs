//! Working on a message once more, because somebody says so.

use kernel::{Allowed, Change, Ctx, Error, Operation, Record, Tx, Update, record};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{connections::Nothing, worker};

const BEFORE: &str = "select status from platform.webhook_deliveries where id = $1 for update";
const AGAIN: &str = "
update platform.webhook_deliveries
   set status = 'received', next_attempt_at = $2, attempts = 0, completed_at = null, error = null, repeat_of = null
 where id = $1";

/// A message that is worked on again.
#[derive(Debug, Serialize, JsonSchema)]
struct Queued {
    /// The message.
    id: Uuid,
    /// `received`: it is worked on in a moment.
    status: &'static str,
}

async fn again(ctx: &Ctx, tx: &mut Tx, delivery: Allowed<Record, Update>, _: Nothing) -> Result<Queued, Error> {
    let id = delivery.uuid()?;
    let before = tx.query_one(BEFORE, &[&id]).await?;
    let status: String = before.try_get(0)?;
    tx.execute(AGAIN, &[&id, &ctx.now()]).await?;
    let change = Change {
        event: "webhook.worked_on_again",
        resource_type: "webhook",
        resource_id: delivery.id.clone(),
        resource_name: delivery.title.clone(),
        project: delivery.project,
        old: Some(json!({"status": status})),
        new: Some(json!({"status": "received"})),
    };
    record(ctx, tx, &change).await?;
    worker::wake();
    Ok(Queued { id, status: "received" })
}

pub(super) fn operation() -> Operation {
    Operation::on_record::<Update, Nothing, Queued, _>(
        "webhook-deliveries",
        "work-again",
        "Works on a message once more, such as after what stood in its way has been cleared. What it told before is not told twice.",
        |ctx, tx, delivery, input| Box::pin(again(ctx, tx, delivery, input)),
    )
}
