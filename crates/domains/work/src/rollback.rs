//! Bringing a project back to one of its versions.

use base::Problem;
use kernel::{Allowed, Change, Ctx, Error, Operation, Record, Request, Tx, Update, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

const IMAGE: &str = "
select to_jsonb(p) - array['organization_id', 'search_vector', 'updated_at', 'updated_by', 'row_version'] from work.projects p where p.id = $1";
const RESTORE: &str = "select audit.restore_project_version($1, $2)";

/// Where to, and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rollback {
    /// The `row_version` to come back to, as the project's history names it.
    #[schemars(range(min = 1))]
    version: i64,
    /// Why.
    #[schemars(length(min = 1, max = 1000))]
    reason: String,
}

/// A project as it was.
#[derive(Debug, Serialize, JsonSchema)]
struct RolledBack {
    /// The project.
    id: Uuid,
    /// The version it has now: coming back is a change like any other.
    row_version: i64,
}

async fn roll_back(
    ctx: &Ctx,
    tx: &mut Tx,
    project: Allowed<Record, Update>,
    input: Rollback,
) -> Result<RolledBack, Error> {
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > 1000 || reason.contains('\0') {
        let problem = Problem::invalid("Coming back to a version needs a reason.");
        return Err(problem.field("/reason", "must have from 1 to 1000 characters, none of them U+0000").into());
    }
    if project.deleted {
        return Err(Problem::conflict("This project is deleted; restore it first.").into());
    }
    let id = project.uuid()?;
    let before: Value = tx.query_one(IMAGE, &[&id]).await?.try_get(0)?;
    let Some(row_version) = tx.query_one(RESTORE, &[&id, &input.version]).await?.try_get::<_, Option<i64>>(0)? else {
        let problem = Problem::invalid("This project has no such version.");
        return Err(problem.field("/version", "names no version in the project's history").into());
    };
    let missing =
        || Problem::conflict("In that version you could not see this project; somebody who can may go back to it.");
    let after: Value = tx.query_opt(IMAGE, &[&id]).await?.ok_or_else(missing)?.try_get(0)?;
    let (old, new) = differing(&before, &after);
    let change = Change {
        event: "project.rolled_back",
        resource_type: "project",
        resource_id: project.id.clone(),
        resource_name: project.title.clone(),
        project: Some(id),
        old: Some(old),
        new: Some(new),
    };
    let mut why = ctx.clone();
    why.request = Request { reason: Some(reason.to_owned()), ..(*ctx.request).clone() }.into();
    record(&why, tx, &change).await?;
    Ok(RolledBack { id, row_version })
}

/// What differs, before and after.
fn differing(before: &Value, after: &Value) -> (Value, Value) {
    let empty = serde_json::Map::new();
    let (before, after) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let only = |of: &serde_json::Map<String, Value>, other: &serde_json::Map<String, Value>| {
        of.iter()
            .filter(|(name, value)| other.get(*name) != Some(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    (Value::Object(only(before, after)), Value::Object(only(after, before)))
}

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    let [approving, rejecting] = crate::baselines::deciding();
    let [accepting, accepting_together] = crate::suspects::accepting();
    vec![
        approving,
        rejecting,
        accepting,
        accepting_together,
        crate::links::loading(),
        Operation::on_record::<Update, Rollback, RolledBack, _>(
            "projects",
            "rollback",
            "Brings a project back to one of its versions.",
            |ctx, tx, project, input| Box::pin(roll_back(ctx, tx, project, input)),
        ),
    ]
}
