//! Agreeing to a deployment. Only an operation says who agreed, so that nobody can agree in somebody else's name.

use base::Problem;
use kernel::{Allowed, Change, Ctx, Error, Operation, PrincipalKind, Record, Tx, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

kernel::action!(
    /// Agree that it may go ahead.
    pub Approve = "approve");

const ASKED: &str = "select created_by, deployed_by from delivery.deployments where id = $1";

const APPROVE: &str = "
update delivery.deployments set approved_by = $2, approval_notes = coalesce($3, approval_notes)
 where id = $1 and approved_by is null";

/// Why it is agreed to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// A remark for those who read it later. Left out: the remark that is there stays.
    #[serde(default)]
    #[schemars(with = "String", length(max = 10000))]
    notes: Option<String>,
}

/// An agreement.
#[derive(Debug, Serialize, JsonSchema)]
struct Approved {
    /// The deployment.
    id: Uuid,
    /// Who agreed.
    approved_by: Uuid,
}

async fn approve(
    ctx: &Ctx,
    tx: &mut Tx,
    deployment: Allowed<Record, Approve>,
    input: Approval,
) -> Result<Approved, Error> {
    if ctx.principal.kind == PrincipalKind::Agent {
        return Err(Problem::forbidden("A person approves; an agent proposes.").into());
    }
    if input.notes.as_ref().is_some_and(|notes| notes.contains('\0')) {
        return Err(Problem::invalid("A text contains the character U+0000.").field("/notes", "holds U+0000").into());
    }
    let (id, person) = (deployment.uuid()?, ctx.principal.user_id);
    let asked = tx.query_one(ASKED, &[&id]).await?;
    if [asked.try_get::<_, Option<Uuid>>(0)?, asked.try_get(1)?].contains(&Some(person)) {
        return Err(Problem::forbidden(
            "Nobody approves a deployment of their own; ask another member who may approve deployments.",
        )
        .into());
    }
    if tx.execute(APPROVE, &[&id, &person, &input.notes]).await? == 0 {
        return Err(Problem::conflict("This deployment is approved already.").into());
    }
    let change = Change {
        event: "deployment.approved",
        resource_type: "deployment",
        resource_id: deployment.id.clone(),
        resource_name: deployment.title.clone(),
        project: deployment.project,
        old: Some(json!({"approved_by": null})),
        new: Some(json!({"approved_by": person, "approval_notes": input.notes})),
    };
    record(ctx, tx, &change).await?;
    Ok(Approved { id, approved_by: person })
}

/// The operations of this domain.
pub(crate) fn operations() -> Vec<Operation> {
    let approving = Operation::on_record::<Approve, Approval, Approved, _>(
        "deployments",
        "approve",
        "Agrees to a deployment, in your own name. Nobody agrees to one that they recorded or deploy themselves.",
        |ctx, tx, deployment, input| Box::pin(approve(ctx, tx, deployment, input)),
    );
    vec![approving, crate::gate::asking()]
}
