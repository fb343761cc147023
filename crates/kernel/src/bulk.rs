//! Many writes in one request, each with a result of its own.

use base::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Ctx, Error, Record, Verb,
    access::{Allowed, authorise},
    catalogue::Served,
    store::Tx,
    write::{create, delete, restore, update},
};

/// The most items of one request.
const MOST: usize = 1000;

/// What is done to one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Create it from `data`.
    Create,
    /// Change it by `data`.
    Update,
    /// Delete it.
    Delete,
    /// Restore it.
    Restore,
}

/// One item.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkItem {
    /// What is done.
    pub action: BulkAction,
    /// The record, for everything but creating.
    #[serde(default)]
    #[schemars(with = "String")]
    pub id: Option<String>,
    /// The fields, for creating and changing.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub data: Option<Value>,
    /// The version the record must still have, as its ETag shows it without quotes.
    #[serde(default)]
    #[schemars(with = "String")]
    pub if_match: Option<String>,
}

/// A request to write many.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// The items, carried out in order.
    #[schemars(length(min = 1, max = 1000))]
    pub items: Vec<BulkItem>,
    /// Whether one failure undoes all; otherwise each item stands for itself.
    #[serde(default)]
    pub atomic: bool,
}

/// Carries out the items in order and answers with a result for each.
///
/// # Errors
/// When there are no items or too many, or the database fails as such. A failing item is a result, not an error.
pub async fn bulk(ctx: &Ctx, tx: &mut Tx, served: &Served, request: &BulkRequest) -> Result<Value, Error> {
    if request.items.is_empty() || request.items.len() > MOST {
        return Err(Problem::invalid(format!("Send from 1 to {MOST} items."))
            .field("/items", format!("must have from 1 to {MOST} items"))
            .into());
    }
    let mut results = Vec::with_capacity(request.items.len());
    let (mut done, mut failed) = (0, 0);
    for (at, item) in request.items.iter().enumerate() {
        let recorded = tx.recorded();
        tx.savepoint().await?;
        match one(ctx, tx, served, item).await {
            Ok((status, id, body)) => {
                tx.keep().await?;
                done += 1;
                results.push(json!({"status": status, "id": id, "data": body}));
            }
            Err(error) => {
                tx.undo(recorded).await?;
                let problem = ctx.catalogue().explain(&error);
                if request.atomic {
                    let mut problem = problem;
                    problem.detail = format!("Item {at} failed, so nothing was done: {}", problem.detail);
                    for error in &mut problem.errors {
                        error.pointer = format!("/items/{at}/data{}", error.pointer);
                    }
                    return Err(problem.into());
                }
                failed += 1;
                results.push(json!({"status": problem.status(), "id": item.id, "problem": problem.to_json()}));
            }
        }
    }
    Ok(json!({"results": results, "done": done, "failed": failed}))
}

async fn one(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    item: &BulkItem,
) -> Result<(u16, Option<String>, Option<Value>), Error> {
    let (verb, name) = match item.action {
        BulkAction::Create => (Verb::Create, "create"),
        BulkAction::Update => (Verb::Update, "update"),
        BulkAction::Delete => (Verb::Delete, "delete"),
        BulkAction::Restore => (Verb::Restore, "restore"),
    };
    if !served.resource.offers(verb) {
        let words = served.resource.plural_words();
        return Err(Problem::invalid(format!("{words} do not offer `{name}`.")).field("/action", "not offered").into());
    }
    let nothing = json!({});
    let data = item.data.as_ref().unwrap_or(&nothing);
    if item.action == BulkAction::Create {
        let written = create(ctx, tx, served, data).await?;
        return Ok((201, Some(written.id), Some(written.body.parse()?)));
    }
    let id =
        item.id.as_deref().ok_or_else(|| Problem::invalid("This action needs an `id`.").field("/id", "is required"))?;
    let record = Record::find(tx, served, id, true).await?;
    match item.action {
        BulkAction::Delete => {
            delete(ctx, tx, served, unchanged(item, authorise(ctx, record)?)?).await?;
            Ok((204, Some(id.to_owned()), None))
        }
        BulkAction::Restore => {
            let written = restore(ctx, tx, served, unchanged(item, authorise(ctx, record)?)?).await?;
            Ok((200, Some(written.id), Some(written.body.parse()?)))
        }
        _ => {
            let written = update(ctx, tx, served, unchanged(item, authorise(ctx, record)?)?, data).await?;
            Ok((200, Some(written.id), Some(written.body.parse()?)))
        }
    }
}

/// The record, while it is still what the caller read. Asked once it is allowed: the version of a record that the
/// caller may not read would confirm that it is there.
fn unchanged<A>(item: &BulkItem, record: Allowed<Record, A>) -> Result<Allowed<Record, A>, Error> {
    match &item.if_match {
        Some(version) if *version != record.version => Err(Problem::new(
            base::ProblemKind::PreconditionFailed,
            "The record has changed since you read it; read it again and repeat your change.",
        )
        .into()),
        _ => Ok(record),
    }
}
