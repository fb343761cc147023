//! Saying yes or no to what somebody asks for. Only an operation says who decided, so that nobody can decide in somebody
//! else's name; the table itself refuses whoever asked, is to gain, or is no approver.

use base::Problem;
use kernel::{Allowed, Change, Ctx, Error, Operation, PrincipalKind, Record, Tx, Update, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

kernel::action!(
    /// Say yes or no on a step of an approval.
    pub Approve = "approve");

const DECIDE: &str = include_str!("../sql/decide_approval_request.sql");
const STATUS: &str = include_str!("../sql/approval_request_status.sql");
const CANCEL: &str = include_str!("../sql/cancel_approval_request.sql");

/// What an approver says.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Approved,
    Rejected,
    Abstained,
}

impl Answer {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Abstained => "abstained",
        }
    }
}

/// A decision on the step that is open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// One rejection ends the request; abstaining leaves it as it is.
    decision: Answer,
    /// Why, for those who read it later.
    #[serde(default)]
    #[schemars(with = "String", length(max = 10000))]
    comment: Option<String>,
}

/// How a request stands now.
#[derive(Debug, Serialize, JsonSchema)]
struct Standing {
    /// The request.
    id: Uuid,
    /// pending while steps are left, then how it ended.
    status: String,
}

async fn decide(ctx: &Ctx, tx: &mut Tx, request: Allowed<Record, Approve>, input: Decision) -> Result<Standing, Error> {
    if ctx.principal.kind == PrincipalKind::Agent {
        return Err(Problem::forbidden("A person approves; an agent proposes.").into());
    }
    if input.comment.as_ref().is_some_and(|comment| comment.contains('\0')) {
        return Err(Problem::invalid("A text contains the character U+0000.").field("/comment", "holds U+0000").into());
    }
    let id = request.uuid()?;
    tx.execute(DECIDE, &[&id, &input.decision.as_str(), &input.comment]).await?;
    let status: String = tx.query_one(STATUS, &[&id]).await?.try_get(0)?;
    let change = Change {
        event: "approval_request.decided",
        resource_type: "approval_request",
        resource_id: request.id.clone(),
        resource_name: request.title.clone(),
        project: request.project,
        old: Some(json!({"status": "pending"})),
        new: Some(json!({"status": status, "decision": input.decision, "comment": input.comment})),
    };
    record(ctx, tx, &change).await?;
    Ok(Standing { id, status })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn cancel(ctx: &Ctx, tx: &mut Tx, request: Allowed<Record, Update>, _: Nothing) -> Result<Standing, Error> {
    let id = request.uuid()?;
    tx.execute(CANCEL, &[&id]).await?;
    let change = Change {
        event: "approval_request.cancelled",
        resource_type: "approval_request",
        resource_id: request.id.clone(),
        resource_name: request.title.clone(),
        project: request.project,
        old: Some(json!({"status": "pending"})),
        new: Some(json!({"status": "cancelled"})),
    };
    record(ctx, tx, &change).await?;
    Ok(Standing { id, status: "cancelled".into() })
}

/// The operations on approvals.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::on_record::<Approve, Decision, Standing, _>(
            "approval-requests",
            "decide",
            "Says yes or no on the step that is open, in your own name.",
            |ctx, tx, request, input| Box::pin(decide(ctx, tx, request, input)),
        ),
        Operation::on_record::<Update, Nothing, Standing, _>(
            "approval-requests",
            "cancel",
            "Takes a request back that nobody has decided yet.",
            |ctx, tx, request, input| Box::pin(cancel(ctx, tx, request, input)),
        ),
    ]
}
