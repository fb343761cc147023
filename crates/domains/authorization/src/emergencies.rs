//! Breaking the glass: in an emergency somebody takes a permission that they do not hold. It needs a reason, ends by itself
//! within four hours, is told to every owner and to those who look after security, and never reaches rights over rights.

use base::Problem;
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Allowed, Change, Collection, Credential, Ctx, Error, Operation, Place, PrincipalKind, Tx, Update, authorise, record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    places::{Where, thing},
    resources::USER_PERMISSIONS,
};

kernel::action!(
    /// Take a permission in an emergency.
    pub BreakGlass = "break_glass");

/// Kinds of things that no emergency reaches: whoever could decide over access would not have to give it back.
pub const OUT_OF_REACH: [&str; 9] = [
    "role",
    "membership",
    "user",
    "api_token",
    "session",
    "organization",
    "sso_provider",
    "approval_workflow",
    "audit_log",
];
/// The longest an emergency lasts, in minutes.
const LONGEST: i64 = 240;

const PERMISSION: &str = include_str!("../sql/find_permission.sql");
const TAKE: &str = include_str!("../sql/take_in_emergency.sql");
const ALERT: &str = include_str!("../sql/alert_of_emergency.sql");
const TELL_OWNERS: &str = include_str!("../sql/tell_owners_of_emergency.sql");
const END: &str = include_str!("../sql/end_own_emergencies.sql");

/// A permission taken in an emergency.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Emergency {
    /// The permission's name, such as `deployment:approve`.
    #[schemars(length(min = 1, max = 200))]
    permission: String,
    /// The one thing that it is needed for. Left out: the whole organisation.
    #[serde(default)]
    #[schemars(with = "Where")]
    place: Option<Where>,
    /// For how many minutes.
    #[schemars(range(min = 1, max = 240))]
    minutes: i64,
    /// What happened. Every owner reads it.
    #[schemars(length(min = 10, max = 2000))]
    reason: String,
}

/// What was taken.
#[derive(Debug, Serialize, JsonSchema)]
struct Taken {
    /// The grant; it is among `/v1/user-permissions`.
    id: Uuid,
    /// What it allows.
    permission: String,
    /// When it ends.
    #[schemars(with = "String", extend("format" = "date-time"))]
    valid_until: Timestamp,
}

/// A permission that somebody named.
pub(crate) struct Named {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) workflow: Option<Uuid>,
}

pub(crate) async fn permission(tx: &Tx, name: &str) -> Result<Named, Error> {
    let row = if name.contains('\0') { None } else { tx.query_opt(PERMISSION, &[&name]).await? };
    let Some(row) = row else {
        let detail = "names no permission that is here";
        return Err(Problem::invalid(format!("`permission` {detail}.")).field("/permission", detail).into());
    };
    Ok(Named { id: row.try_get(0)?, kind: row.try_get(1)?, workflow: row.try_get(2)? })
}

async fn break_glass(ctx: &Ctx, tx: &mut Tx, input: Emergency) -> Result<Taken, Error> {
    let _allowed: Allowed<_, BreakGlass> = authorise(ctx, Collection::of(&USER_PERMISSIONS, None))?;
    let as_oneself =
        ctx.principal.on_behalf_of.is_none() && !matches!(ctx.principal.credential, Credential::ApiToken(_));
    if ctx.principal.kind != PrincipalKind::Person || !as_oneself {
        return Err(Problem::forbidden("A person breaks the glass, signed in as themselves.").into());
    }
    if !(1..=LONGEST).contains(&input.minutes) {
        let detail = format!("must be from 1 to {LONGEST}");
        return Err(Problem::invalid("An emergency lasts at most four hours.").field("/minutes", detail).into());
    }
    let reason = input.reason.trim();
    if !(10..=2000).contains(&reason.chars().count()) || reason.contains('\0') {
        let detail = "must say in 10 to 2000 characters what happened";
        return Err(Problem::invalid(format!("`reason` {detail}.")).field("/reason", detail).into());
    }
    let wanted = permission(tx, &input.permission).await?;
    if OUT_OF_REACH.contains(&wanted.kind.as_str()) {
        return Err(Problem::forbidden(format!(
            "No emergency needs {}: whoever could decide over access would not have to give it back.",
            input.permission
        ))
        .into());
    }
    let place = match &input.place {
        Some(place) => Some(thing(ctx, tx, place).await?),
        None => None,
    };
    let (id, now) = (ctx.new_id(), ctx.now());
    let valid_until =
        now.checked_add(SignedDuration::from_mins(input.minutes)).map_err(|error| Error::Broken(error.to_string()))?;
    let scope = place.as_ref().map(|thing| thing.id);
    let user = ctx.principal.user_id;
    tx.execute(TAKE, &[&id, &user, &wanted.id, &scope, &now, &reason, &valid_until]).await?;
    let name = &ctx.principal.display_name;
    let title: String = format!("{name} took {} in an emergency", input.permission).chars().take(255).collect();
    let address = ctx.request.address.map(|address| address.to_string());
    let event = json!({"user_permission_id": id, "permission": input.permission, "valid_until": valid_until,
                       "place": place.as_ref().map(|thing| &thing.name)});
    tx.execute(ALERT, &[&title, &reason, &user, &address, &ctx.request.user_agent, &id.to_string(), &event, &now])
        .await?;
    tx.execute(TELL_OWNERS, &[&title, &format!("Until {valid_until}, because: {reason}"), &now]).await?;
    let change = Change {
        event: "role.break_glass",
        resource_type: "role",
        resource_id: id.to_string(),
        resource_name: Some(input.permission.clone()),
        project: None,
        old: None,
        new: Some(json!({
            "permission": input.permission, "reason": reason, "valid_until": valid_until,
            "place": place.as_ref().map(|thing| &thing.name),
        })),
    };
    record(ctx, tx, &change).await?;
    Ok(Taken { id, permission: input.permission, valid_until })
}

/// What one took in an emergency: it is one's own to give back.
struct OwnEmergency;

impl Place for OwnEmergency {
    fn resource_type(&self) -> &'static str {
        "role"
    }

    fn project(&self) -> Option<Uuid> {
        None
    }

    fn called(&self) -> String {
        "what was taken in an emergency".into()
    }

    fn is_hidden_from_strangers(&self) -> bool {
        false
    }

    fn belongs_to_actor(&self, ctx: &Ctx) -> bool {
        ctx.own().is_some()
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What was given back.
#[derive(Debug, Serialize, JsonSchema)]
struct Ended {
    /// Whose it was.
    user_id: Uuid,
    /// How many permissions ended.
    ended: u64,
}

async fn end_emergency(ctx: &Ctx, tx: &mut Tx, _: Nothing) -> Result<Ended, Error> {
    let _allowed: Allowed<_, Update> = authorise(ctx, OwnEmergency)?;
    let user_id = ctx.principal.user_id;
    let ended = tx.execute(END, &[&user_id, &ctx.now()]).await?;
    if ended == 0 {
        return Err(Problem::conflict("You hold nothing that was taken in an emergency.").into());
    }
    let change = Change {
        event: "role.emergency_ended",
        resource_type: "role",
        resource_id: user_id.to_string(),
        resource_name: Some(ctx.principal.display_name.clone()),
        project: None,
        old: None,
        new: Some(json!({"ended": ended})),
    };
    record(ctx, tx, &change).await?;
    Ok(Ended { user_id, ended })
}

/// The operations on emergencies.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::on_collection::<BreakGlass, Emergency, Taken, _>(
            "user-permissions",
            "break-glass",
            "Takes a permission that you do not hold, for an emergency: with a reason, for at most four hours, and every owner is told.",
            |ctx, tx, input| Box::pin(break_glass(ctx, tx, input)),
        )
        .answering(201),
        Operation::on_collection::<Update, Nothing, Ended, _>(
            "user-permissions",
            "end-emergency",
            "Gives back what you took in an emergency.",
            |ctx, tx, input| Box::pin(end_emergency(ctx, tx, input)),
        ),
    ]
}
