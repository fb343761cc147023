//! Asking, and saying yes or no to what somebody asks for. Only an operation says who decided, so that nobody can decide in
//! somebody else's name; the table itself refuses whoever asked, is to gain, or is no approver. With the last yes the
//! permission or the role is given, by somebody who could give it, or to somebody who held it and had to ask.

use authz::{Rule, Validity};
use base::Problem;
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Allowed, Change, Collection, Create, Ctx, Error, Operation, PrincipalKind, Record, Tx, Update, authorise,
    may_approve, may_ask, record, terms_of,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    assigning::give_approved,
    emergencies::permission,
    places::{Where, thing},
    resources::APPROVAL_REQUESTS,
};

kernel::action!(
    /// Say yes or no on a step of an approval.
    pub Approve = "approve");

const DECIDE: &str = include_str!("../sql/decide_approval_request.sql");
const REQUEST: &str = include_str!("../sql/approval_request.sql");
const EXPIRE: &str = include_str!("../sql/expire_approval_request.sql");
const GIVE: &str = include_str!("../sql/give_approved_permission.sql");
const ASK: &str = include_str!("../sql/ask.sql");
const CANCEL: &str = include_str!("../sql/cancel_approval_request.sql");
/// How long a permission is given when the request does not say, in hours.
const USUAL: i32 = 8;

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
    let asked = Asked::of(ctx, tx, id).await?;
    if asked.status == "pending" && asked.overdue {
        tx.execute(EXPIRE, &[&id, &ctx.now()]).await?;
        return told(ctx, tx, &request, "approval_request.expired", json!({"status": "expired"})).await;
    }
    tx.execute(DECIDE, &[&id, &input.decision.as_str(), &input.comment]).await?;
    let status = Asked::of(ctx, tx, id).await?.status;
    let given = if status == "approved" { asked.give(ctx, tx, id).await? } else { None };
    let new = json!({"status": status, "decision": input.decision, "comment": input.comment, "given": given});
    told(ctx, tx, &request, "approval_request.decided", new).await
}

/// The audit row of a request that moved on, and how it stands now.
async fn told(ctx: &Ctx, tx: &mut Tx, request: &Record, event: &str, new: Value) -> Result<Standing, Error> {
    let status = new["status"].as_str().unwrap_or_default().to_owned();
    let change = Change {
        event,
        resource_type: "approval_request",
        resource_id: request.id.clone(),
        resource_name: request.title.clone(),
        project: request.project,
        old: Some(json!({"status": "pending"})),
        new: Some(new),
    };
    record(ctx, tx, &change).await?;
    Ok(Standing { id: request.uuid()?, status })
}

/// What a request asks for.
struct Asked {
    kind: String,
    permission: Option<Uuid>,
    role: Option<Uuid>,
    receiver: Option<Uuid>,
    project: Option<Uuid>,
    hours: Option<i32>,
    thing: Option<Uuid>,
    status: String,
    overdue: bool,
}

impl Asked {
    async fn of(ctx: &Ctx, tx: &Tx, id: Uuid) -> Result<Self, Error> {
        let row = tx.query_one(REQUEST, &[&id, &ctx.now()]).await?;
        Ok(Self {
            kind: row.try_get(0)?,
            permission: row.try_get(1)?,
            role: row.try_get(2)?,
            receiver: row.try_get(3)?,
            project: row.try_get(4)?,
            hours: row.try_get(5)?,
            thing: row.try_get(6)?,
            status: row.try_get(7)?,
            overdue: row.try_get(8)?,
        })
    }

    /// The thing that it is limited to: the one that was named, or the project of the request.
    async fn scope(&self, ctx: &Ctx, tx: &Tx) -> Result<Option<Uuid>, Error> {
        match (self.thing, self.project) {
            (Some(thing), _) => Ok(Some(thing)),
            (None, Some(project)) => {
                let place = Where { resource: "projects".into(), id: project.to_string() };
                Ok(Some(thing(ctx, tx, &place).await?.id))
            }
            (None, None) => Ok(None),
        }
    }

    /// Gives what was approved, and says what; nothing for requests that are about something else.
    async fn give(&self, ctx: &Ctx, tx: &Tx, request: Uuid) -> Result<Option<Value>, Error> {
        let Some(receiver) = self.receiver else { return Ok(None) };
        let scope = self.scope(ctx, tx).await?;
        match (self.kind.as_str(), self.permission, self.role) {
            ("permission_grant", Some(permission), _) => {
                let until = after(ctx.now(), self.hours.unwrap_or(USUAL))?;
                let validity = Validity { from: None, until: Some(until) };
                let terms = terms_of(tx, scope, validity, Rule::default()).await?;
                may_approve(ctx, tx, permission, receiver, &terms).await?;
                let id = ctx.new_id();
                let reason = format!("approval request {request}");
                tx.execute(GIVE, &[&id, &receiver, &permission, &scope, &ctx.now(), &reason, &until, &request]).await?;
                Ok(Some(json!({"user_permission_id": id, "user_id": receiver, "valid_until": until})))
            }
            (_, _, Some(role)) => {
                let until = self.hours.map(|hours| after(ctx.now(), hours)).transpose()?;
                let id = give_approved(ctx, tx, request, receiver, role, scope, until).await?;
                Ok(Some(json!({"user_role_id": id, "user_id": receiver, "valid_until": until})))
            }
            _ => Ok(None),
        }
    }
}

fn after(now: Timestamp, hours: i32) -> Result<Timestamp, Error> {
    now.checked_add(SignedDuration::from_hours(hours.into())).map_err(|error| Error::Broken(error.to_string()))
}

/// A permission that one holds and has to ask for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// The permission's name.
    #[schemars(length(min = 1, max = 200))]
    permission: String,
    /// For how many hours; 8 when nothing is said.
    #[serde(default)]
    #[schemars(with = "i32", range(min = 1, max = 720))]
    hours: Option<i32>,
    /// The one thing that it is needed for. Left out: wherever one holds it.
    #[serde(default)]
    #[schemars(with = "Where")]
    place: Option<Where>,
}

async fn ask(ctx: &Ctx, tx: &mut Tx, input: Ask) -> Result<Standing, Error> {
    let allowed: Allowed<_, Create> = authorise(ctx, Collection::of(&APPROVAL_REQUESTS, None))?;
    let hours = input.hours.unwrap_or(USUAL);
    if !(1..=720).contains(&hours) {
        return Err(Problem::invalid("A permission is asked for by the hour.")
            .field("/hours", "must be from 1 to 720")
            .into());
    }
    let wanted = permission(tx, &input.permission).await?;
    let scope = match &input.place {
        Some(place) => Some(thing(ctx, tx, place).await?.id),
        None => None,
    };
    let validity = Validity { from: None, until: Some(after(ctx.now(), hours)?) };
    may_ask(ctx, tx, wanted.id, &terms_of(tx, scope, validity, Rule::default()).await?).await?;
    let id = ctx.new_id();
    let payload = match scope {
        Some(scope) => json!({"hours": hours, "resource": scope}),
        None => json!({"hours": hours}),
    };
    let user = ctx.principal.user_id;
    if tx.execute(ASK, &[&id, &wanted.id, &user, &payload, &wanted.workflow, &ctx.now()]).await? == 0 {
        return Err(Problem::conflict(
            "Nobody is named who could approve this: it takes a workflow for permissions that is in use and has a step.",
        )
        .into());
    }
    let change = Change {
        event: "approval_request.created",
        resource_type: allowed.resource.permission,
        resource_id: id.to_string(),
        resource_name: Some(input.permission),
        project: None,
        old: None,
        new: Some(json!({"status": "pending", "payload": payload})),
    };
    record(ctx, tx, &change).await?;
    Ok(Standing { id, status: "pending".into() })
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn cancel(ctx: &Ctx, tx: &mut Tx, request: Allowed<Record, Update>, _: Nothing) -> Result<Standing, Error> {
    tx.execute(CANCEL, &[&request.uuid()?]).await?;
    told(ctx, tx, &request, "approval_request.cancelled", json!({"status": "cancelled"})).await
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
        Operation::on_collection::<Create, Ask, Standing, _>(
            "approval-requests",
            "ask",
            "Asks for a permission that a role of yours has and that needs somebody's approval each time.",
            |ctx, tx, input| Box::pin(ask(ctx, tx, input)),
        )
        .answering(201),
        Operation::on_record::<Update, Nothing, Standing, _>(
            "approval-requests",
            "cancel",
            "Takes a request back that nobody has decided yet.",
            |ctx, tx, request, input| Box::pin(cancel(ctx, tx, request, input)),
        ),
    ]
}
