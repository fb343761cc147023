//! Giving roles to members, passing them on, and taking them back. Nobody gives what they do not hold; what is passed on is
//! never wider, longer or deeper than what it comes from, and ends with it.

use authz::{Rule, Validity};
use base::Problem;
use jiff::Timestamp;
use kernel::{
    Allowed, Change, Ctx, Error, Operation, PrincipalKind, Record, Tx, Update, check_condition, may_confer_on, record,
    rule, terms_of,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::places::{Thing, Where, authorise_for, described, thing};

kernel::action!(
    /// Pass on a role that one holds.
    pub Delegate = "delegate");

const MEMBER: &str = include_str!("../sql/find_active_member.sql");
const ROLE: &str = include_str!("../sql/find_role.sql");
const ASSIGN: &str = include_str!("../sql/assign_role.sql");
const ASSIGNMENT: &str = include_str!("../sql/assignment.sql");
const REVOKE: &str = include_str!("../sql/revoke_role.sql");

/// A role for a member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Assign {
    /// The member: an identifier or the address they sign in with.
    #[schemars(length(min = 1, max = 254))]
    member: String,
    /// The role: its name, such as `developer`, or its identifier.
    #[schemars(length(min = 1, max = 100))]
    role: String,
    /// The one thing that it is limited to. Left out: it holds in the whole organisation.
    #[serde(default)]
    #[schemars(with = "Where")]
    place: Option<Where>,
    /// From when; left out, from now on.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"))]
    valid_from: Option<Timestamp>,
    /// Until when; left out, until it is revoked.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"))]
    valid_until: Option<Timestamp>,
    /// What must hold besides, as a condition on subject, action and circumstances.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, Value>")]
    context_conditions: Option<Value>,
    /// Through how many hands the member may pass it on; left out, through none.
    #[serde(default)]
    #[schemars(with = "i32", range(min = 0, max = 10))]
    may_delegate: Option<i32>,
    /// Why, for the next review.
    #[serde(default)]
    #[schemars(with = "String", length(max = 2000))]
    reason: Option<String>,
}

/// A role that somebody holds.
#[derive(Debug, Serialize, JsonSchema)]
struct Assigned {
    /// The assignment, to be revoked by.
    id: Uuid,
    /// Who holds it.
    user_id: Uuid,
    /// What they hold.
    role_id: Uuid,
    /// The role's name.
    role: String,
    /// The thing that it is limited to, of `/v1/resources`; null for the whole organisation.
    resource_scope_id: Option<Uuid>,
    /// From when.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    valid_from: Option<Timestamp>,
    /// Until when.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    valid_until: Option<Timestamp>,
    /// Through how many further hands it may go.
    may_delegate: i32,
    /// The assignment that it was passed on from.
    delegated_from: Option<Uuid>,
}

/// The role and the member that a caller named.
struct Named {
    id: Uuid,
    name: String,
}

async fn find(tx: &Tx, sql: &str, text: &str, field: &str, what: &str) -> Result<Named, Error> {
    let row = if text.contains('\0') { None } else { tx.query_opt(sql, &[&text]).await? };
    let Some(row) = row else {
        let detail = format!("names no {what} that is here");
        return Err(Problem::invalid(format!("`{field}` {detail}.")).field(format!("/{field}"), detail).into());
    };
    Ok(Named { id: row.try_get(0)?, name: row.try_get(1)? })
}

/// Texts of a request that PostgreSQL cannot keep.
fn clean(text: Option<&String>, field: &str) -> Result<(), Error> {
    match text.filter(|text| text.contains('\0')) {
        None => Ok(()),
        Some(_) => Err(Problem::invalid("A text contains the character U+0000.")
            .field(format!("/{field}"), "holds U+0000")
            .into()),
    }
}

/// A condition as it was given, and as the engine takes it.
fn condition(ctx: &Ctx, given: Option<Value>) -> Result<(Value, Rule), Error> {
    let document = given.unwrap_or_else(|| json!({}));
    check_condition(ctx, "/context_conditions", &document, None)?;
    let rule = rule(&document, &ctx.catalogue().words_of_context());
    Ok((document, rule))
}

async fn assign(ctx: &Ctx, tx: &mut Tx, input: Assign) -> Result<Assigned, Error> {
    let place = match &input.place {
        Some(place) => Some(thing(ctx, tx, place).await?),
        None => None,
    };
    let _rights = authorise_for(ctx, place.as_ref())?;
    clean(input.reason.as_ref(), "reason")?;
    let member = find(tx, MEMBER, &input.member, "member", "member").await?;
    let role = find(tx, ROLE, &input.role, "role", "role").await?;
    let (conditions, rule) = condition(ctx, input.context_conditions)?;
    let validity = Validity { from: input.valid_from, until: input.valid_until };
    let scope = place.as_ref().map(|thing| thing.id);
    may_confer_on(ctx, tx, role.id, &terms_of(tx, scope, validity, rule).await?).await?;
    let assigned = Assigned {
        id: ctx.new_id(),
        user_id: member.id,
        role_id: role.id,
        role: role.name,
        resource_scope_id: scope,
        valid_from: input.valid_from,
        valid_until: input.valid_until,
        may_delegate: input.may_delegate.unwrap_or(0),
        delegated_from: None,
    };
    let given = Given { assigned: &assigned, depth: 0, conditions: &conditions, reason: input.reason, approval: None };
    given.store(ctx, tx).await?;
    let new = given.told(&member.name, place.as_ref());
    told(ctx, tx, "role.assigned", assigned.id, format!("{} of {}", assigned.role, member.name), new).await?;
    Ok(assigned)
}

/// A role on its way into the table.
struct Given<'a> {
    assigned: &'a Assigned,
    depth: i32,
    conditions: &'a Value,
    reason: Option<String>,
    approval: Option<Uuid>,
}

impl Given<'_> {
    async fn store(&self, ctx: &Ctx, tx: &Tx) -> Result<(), Error> {
        let (one, actor) = (self.assigned, ctx.principal.user_id);
        let delegated_by = one.delegated_from.map(|_| actor);
        tx.execute(
            ASSIGN,
            &[
                &one.id,
                &one.user_id,
                &one.role_id,
                &actor,
                &ctx.now(),
                &self.reason,
                &one.valid_from,
                &one.valid_until,
                self.conditions,
                &one.resource_scope_id,
                &one.may_delegate,
                &one.delegated_from,
                &delegated_by,
                &self.depth,
                &self.approval,
            ],
        )
        .await?;
        Ok(())
    }

    fn told(&self, member: &str, place: Option<&Thing>) -> Value {
        json!({
            "assignment": self.assigned.id, "role": self.assigned.role, "member": member, "user_id": self.assigned.user_id,
            "place": place.map(|thing| thing.name.clone()), "valid_from": self.assigned.valid_from,
            "valid_until": self.assigned.valid_until, "context_conditions": self.conditions,
            "may_delegate": self.assigned.may_delegate, "reason": self.reason,
            "delegated_from": self.assigned.delegated_from,
        })
    }
}

async fn told(ctx: &Ctx, tx: &mut Tx, event: &str, about: Uuid, name: String, new: Value) -> Result<(), Error> {
    let change = Change {
        event,
        resource_type: "role",
        resource_id: about.to_string(),
        resource_name: Some(name),
        project: None,
        old: None,
        new: Some(new),
    };
    record(ctx, tx, &change).await
}

/// A role that an approval gives. It leaves its trace in the audit row of the approval.
pub(crate) async fn give_approved(
    ctx: &Ctx,
    tx: &Tx,
    request: Uuid,
    user: Uuid,
    role: Uuid,
    scope: Option<Uuid>,
    until: Option<Timestamp>,
) -> Result<Uuid, Error> {
    let validity = Validity { from: None, until };
    may_confer_on(ctx, tx, role, &terms_of(tx, scope, validity, Rule::default()).await?).await?;
    let assigned = Assigned {
        id: ctx.new_id(),
        user_id: user,
        role_id: role,
        role: String::new(),
        resource_scope_id: scope,
        valid_from: None,
        valid_until: until,
        may_delegate: 0,
        delegated_from: None,
    };
    let reason = Some(format!("approval request {request}"));
    Given { assigned: &assigned, depth: 0, conditions: &json!({}), reason, approval: Some(request) }
        .store(ctx, tx)
        .await?;
    Ok(assigned.id)
}

/// To whom a role is passed on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PassOn {
    /// The member: an identifier or the address they sign in with.
    #[schemars(length(min = 1, max = 254))]
    to: String,
    /// The one thing that it is limited to. Left out: as you hold it yourself.
    #[serde(default)]
    #[schemars(with = "Where")]
    place: Option<Where>,
    /// From when; left out, from now on.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"))]
    valid_from: Option<Timestamp>,
    /// Until when; left out, as long as you hold it yourself.
    #[serde(default)]
    #[schemars(with = "String", extend("format" = "date-time"))]
    valid_until: Option<Timestamp>,
    /// Through how many hands it may go on from there; left out, through none.
    #[serde(default)]
    #[schemars(with = "i32", range(min = 0, max = 10))]
    may_delegate: Option<i32>,
    /// Why, for the next review.
    #[serde(default)]
    #[schemars(with = "String", length(max = 2000))]
    reason: Option<String>,
}

async fn delegate(ctx: &Ctx, tx: &mut Tx, source: Allowed<Record, Delegate>, input: PassOn) -> Result<Assigned, Error> {
    let id = source.uuid()?;
    let row = tx.query_one(ASSIGNMENT, &[&id]).await?;
    let (holder, role_id): (Uuid, Uuid) = (row.try_get(0)?, row.try_get(1)?);
    if holder != ctx.principal.user_id {
        return Err(Problem::forbidden("You pass on only what you hold yourself.").into());
    }
    if ctx.principal.kind == PrincipalKind::Agent || ctx.principal.on_behalf_of.is_some() {
        return Err(Problem::forbidden("Whoever acts for somebody else passes nothing on.").into());
    }
    clean(input.reason.as_ref(), "reason")?;
    let (from, until): (Option<Timestamp>, Option<Timestamp>) = (row.try_get(3)?, row.try_get(4)?);
    let (conditions, depth): (Value, i32) = (row.try_get(5)?, row.try_get(6)?);
    let scope: Option<Uuid> = row.try_get(7)?;
    let place = match (&input.place, scope) {
        (Some(place), _) => Some(thing(ctx, tx, place).await?),
        (None, Some(scope)) => described(tx, scope).await?,
        (None, None) => None,
    };
    let member = find(tx, MEMBER, &input.to, "to", "member").await?;
    let assigned = Assigned {
        id: ctx.new_id(),
        user_id: member.id,
        role_id,
        role: row.try_get(2)?,
        resource_scope_id: place.as_ref().map(|thing| thing.id),
        valid_from: input.valid_from.or(from),
        valid_until: input.valid_until.or(until),
        may_delegate: input.may_delegate.unwrap_or(0),
        delegated_from: Some(id),
    };
    let given =
        Given { assigned: &assigned, depth: depth + 1, conditions: &conditions, reason: input.reason, approval: None };
    // The table knows what was passed on; only the token it comes by may be narrower.
    given.store(ctx, tx).await?;
    let validity = Validity { from: assigned.valid_from, until: assigned.valid_until };
    let rule = rule(&conditions, &ctx.catalogue().words_of_context());
    may_confer_on(ctx, tx, role_id, &terms_of(tx, assigned.resource_scope_id, validity, rule).await?).await?;
    let new = given.told(&member.name, place.as_ref());
    // It is told of the role that was passed on; what came of it is named there.
    told(ctx, tx, "role.delegated", id, format!("{} to {}", assigned.role, member.name), new).await?;
    Ok(assigned)
}

/// Why something is taken back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reason {
    /// Why, for those who read it later.
    #[serde(default)]
    #[schemars(with = "String", length(max = 2000))]
    reason: Option<String>,
}

/// What was taken back.
#[derive(Debug, Serialize, JsonSchema)]
struct Revoked {
    /// The assignment.
    id: Uuid,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    revoked_at: Timestamp,
}

async fn revoke(ctx: &Ctx, tx: &mut Tx, assignment: &Record, input: Reason) -> Result<Revoked, Error> {
    clean(input.reason.as_ref(), "reason")?;
    let (id, now) = (assignment.uuid()?, ctx.now());
    let row = tx
        .query_opt(REVOKE, &[&id, &now, &ctx.principal.user_id, &input.reason])
        .await?
        .ok_or_else(|| Problem::conflict("This role was taken back before."))?;
    let (role, member): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let change = Change {
        event: "role.revoked",
        resource_type: "role",
        resource_id: assignment.id.clone(),
        resource_name: Some(format!("{role} of {member}")),
        project: None,
        old: Some(json!({"revoked_at": null})),
        new: Some(json!({"revoked_at": now, "revocation_reason": input.reason})),
    };
    record(ctx, tx, &change).await?;
    Ok(Revoked { id, revoked_at: now })
}

async fn take_back(
    ctx: &Ctx,
    tx: &mut Tx,
    assignment: Allowed<Record, Delegate>,
    input: Reason,
) -> Result<Revoked, Error> {
    let row = tx.query_one(ASSIGNMENT, &[&assignment.uuid()?]).await?;
    let (holder, giver): (Uuid, Option<Uuid>) = (row.try_get(0)?, row.try_get(8)?);
    let own = ctx.own();
    let owner = match row.try_get::<_, Option<Uuid>>(7)? {
        Some(scope) => described(tx, scope).await?.and_then(|thing| thing.owner),
        None => None,
    };
    if own.is_none() || ![Some(holder), giver, owner].contains(&own) {
        return Err(Problem::forbidden(
            "You take back what you passed on, what you hold and what is limited to a thing of yours, signed in as \
             yourself; `revoke` is for those who may change roles.",
        )
        .into());
    }
    revoke(ctx, tx, &assignment, input).await
}

/// The operations on assignments.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::on_collection::<Update, Assign, Assigned, _>(
            "user-roles",
            "assign",
            "Gives a member a role: everywhere or for one thing, for a time or until revoked. Nobody gives more than they hold.",
            |ctx, tx, input| Box::pin(assign(ctx, tx, input)),
        )
        .answering(201),
        Operation::on_record::<Delegate, PassOn, Assigned, _>(
            "user-roles",
            "delegate",
            "Passes on a role that you hold, never wider, longer or deeper than you hold it; it ends when yours does.",
            |ctx, tx, source, input| Box::pin(delegate(ctx, tx, source, input)),
        )
        .answering(201),
        Operation::on_record::<Update, Reason, Revoked, _>(
            "user-roles",
            "revoke",
            "Takes a role back at once, and everything that was passed on from it.",
            |ctx, tx, assignment, input| Box::pin(async move { revoke(ctx, tx, &assignment, input).await }),
        ),
        Operation::on_record::<Delegate, Reason, Revoked, _>(
            "user-roles",
            "take-back",
            "Takes back a role that you passed on, that you hold yourself, or that is limited to a thing of yours.",
            |ctx, tx, assignment, input| Box::pin(take_back(ctx, tx, assignment, input)),
        ),
    ]
}
