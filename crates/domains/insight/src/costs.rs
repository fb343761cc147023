//! Storing a cost. Its identifier is made as of the moment it arose, so that it lies in the month it is billed in.

use base::{Problem, id_at};
use jiff::Timestamp;
use kernel::{Allowed, Change, Collection, Create, Ctx, Error, Operation, Tx, authorise, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};
use uuid::Uuid;

use crate::COST_ALLOCATIONS;

const STORE: &str = "
insert into analytics.cost_allocations (id, user_id, cost_center_id, service_type, resource_id, cost_amount, currency,
       billing_period, usage_quantity, usage_unit, cost_breakdown, tags, incurred_at, recorded_at)
values ($1, $2, $3, $4, $5, $6::text::numeric, coalesce($7::text, 'USD'), date_trunc('month', $8::timestamptz at time zone 'UTC')::date,
        $9::text::numeric, $10, $11, $12, $8, $13)
returning billing_period::text";

const MISSES_PARTITION: &str =
    "select platform.missing_partitions('analytics.cost_allocations', array[$1::timestamptz]) <> '{}'";

const MAKE_PARTITION: &str = "select platform.ensure_partition('analytics.cost_allocations', $1)";

/// A cost and who bears it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cost {
    /// What it is for, such as llm, storage, compute or api.
    service_type: String,
    /// How much; negative for a credit.
    #[schemars(with = "f64")]
    cost_amount: Number,
    /// In which currency. Left out: USD.
    #[serde(default)]
    #[schemars(with = "String", length(equal = 3))]
    currency: Option<String>,
    /// What exactly.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 255))]
    resource_id: Option<String>,
    /// How much was used.
    #[serde(default)]
    #[schemars(with = "f64")]
    usage_quantity: Option<Number>,
    /// Of what, such as tokens or minutes; goes with a quantity.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 50))]
    usage_unit: Option<String>,
    /// Who bears it.
    #[serde(default)]
    #[schemars(with = "Uuid")]
    cost_center_id: Option<Uuid>,
    /// Who caused it.
    #[serde(default)]
    #[schemars(with = "Uuid")]
    user_id: Option<Uuid>,
    /// What it is made of, by name.
    #[serde(default)]
    cost_breakdown: Map<String, Value>,
    /// Keys and values for finding it again.
    #[serde(default)]
    tags: Map<String, Value>,
    /// When it arose. Left out: now.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"))]
    incurred_at: Option<Timestamp>,
}

/// A cost that is stored.
#[derive(Debug, Serialize, JsonSchema)]
struct Stored {
    /// The cost.
    id: Uuid,
    /// The first day of the month it is billed in.
    billing_period: String,
}

async fn store(ctx: &Ctx, tx: &mut Tx, cost: Cost) -> Result<Stored, Error> {
    let _allowed: Allowed<_, Create> = authorise(ctx, Collection::of(&COST_ALLOCATIONS, None))?;
    let incurred_at = cost.incurred_at.unwrap_or_else(|| ctx.now());
    if incurred_at > ctx.now() {
        let detail = "must not be in the future: a cost is stored once it has arisen";
        return Err(Problem::invalid(format!("`incurred_at` {detail}.")).field("/incurred_at", detail).into());
    }
    let texts = [Some(&cost.service_type), cost.currency.as_ref(), cost.resource_id.as_ref(), cost.usage_unit.as_ref()];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(Problem::invalid("A text contains the character U+0000.").into());
    }
    if tx.query_one(MISSES_PARTITION, &[&incurred_at]).await?.try_get(0)? {
        // In a transaction of its own, so that the table is locked for a moment only and the month stays when this fails.
        let past = ctx.begin().await?;
        past.query_one(MAKE_PARTITION, &[&incurred_at]).await?;
        past.commit().await?;
    }
    let id = if cost.incurred_at.is_some() { id_at(incurred_at) } else { ctx.new_id() };
    let amount = cost.cost_amount.to_string();
    let (breakdown, tags) = (Value::Object(cost.cost_breakdown), Value::Object(cost.tags));
    let row = tx
        .query_one(
            STORE,
            &[
                &id,
                &cost.user_id,
                &cost.cost_center_id,
                &cost.service_type,
                &cost.resource_id,
                &amount,
                &cost.currency,
                &incurred_at,
                &cost.usage_quantity.map(|quantity| quantity.to_string()),
                &cost.usage_unit,
                &breakdown,
                &tags,
                &ctx.now(),
            ],
        )
        .await?;
    let billing_period: String = row.try_get(0)?;
    let change = Change {
        event: "cost.created",
        resource_type: "cost",
        resource_id: id.to_string(),
        resource_name: Some(cost.service_type.clone()),
        project: None,
        old: None,
        new: Some(json!({
            "service_type": cost.service_type, "cost_amount": amount, "billing_period": billing_period,
            "cost_center_id": cost.cost_center_id, "incurred_at": incurred_at,
        })),
    };
    record(ctx, tx, &change).await?;
    Ok(Stored { id, billing_period })
}

/// The operations of this domain.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::on_collection::<Create, Cost, Stored, _>(
            "cost-allocations",
            "create",
            "Stores a cost in the month it arose in.",
            |ctx, tx, cost| Box::pin(store(ctx, tx, cost)),
        )
        .answering(201),
    ]
}
