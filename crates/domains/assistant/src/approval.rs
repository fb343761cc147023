//! Agreeing that a version of a prompt template may be used. From then on its words stay as they are.

use base::Problem;
use kernel::{Allowed, Change, Ctx, Error, Operation, PrincipalKind, Record, Tx, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

kernel::action!(
    /// Agree that it may be used.
    pub Approve = "approve");

const APPROVE: &str = "
update llm.prompt_template_versions set approved_by = $2, approved_at = $3
 where id = $1 and approved_at is null returning template_id, version_number";

/// Nothing needs to be said beyond the version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Approval {}

/// An agreement.
#[derive(Debug, Serialize, JsonSchema)]
struct Approved {
    /// The version.
    id: Uuid,
    /// Its template.
    template_id: Uuid,
    /// Its number, from now on the template's current one unless a newer one is approved.
    version_number: i32,
    /// Who agreed.
    approved_by: Uuid,
}

async fn approve(ctx: &Ctx, tx: &mut Tx, version: Allowed<Record, Approve>) -> Result<Approved, Error> {
    if ctx.principal.kind == PrincipalKind::Agent {
        return Err(Problem::forbidden("A person approves; an agent proposes.").into());
    }
    let (id, person) = (version.uuid()?, ctx.principal.user_id);
    let Some(row) = tx.query_opt(APPROVE, &[&id, &person, &ctx.now()]).await? else {
        return Err(Problem::conflict("This version is approved already.").into());
    };
    let approved = Approved { id, template_id: row.try_get(0)?, version_number: row.try_get(1)?, approved_by: person };
    let change = Change {
        event: "prompt_template.approved",
        resource_type: "prompt_template",
        resource_id: version.id.clone(),
        resource_name: version.title.clone(),
        project: None,
        old: Some(json!({"approved_by": null})),
        new: Some(json!({"approved_by": person, "version_number": approved.version_number})),
    };
    record(ctx, tx, &change).await?;
    Ok(approved)
}

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    vec![Operation::on_record::<Approve, Approval, Approved, _>(
        "prompt-template-versions",
        "approve",
        "Agrees in your own name that a version may be used; its words no longer change.",
        |ctx, tx, version, Approval {}| Box::pin(approve(ctx, tx, version)),
    )]
}
