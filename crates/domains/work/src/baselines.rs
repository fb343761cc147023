//! Baselines: what a project agreed on, frozen under a name. The database copies it in one statement when a baseline is
//! recorded and lets nobody change it; here it is read, compared, and approved or rejected.

use base::{Cursor, FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{
    Allowed, Change, Ctx, Error, Operation, PrincipalKind, Read, Record, Request, Resource, Tx, Verb, authorise,
    permit_in, record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

kernel::action!(
    /// Decide whether it is what was agreed.
    pub Approve = "approve");

const LIST: &str = include_str!("../sql/baselines.sql");
const SIZES: &str = include_str!("../sql/baseline_sizes.sql");
const ITEMS: &str = include_str!("../sql/baseline_items.sql");
const DIFFERENCES: &str = include_str!("../sql/baseline_differences.sql");
const TAKEN: &str = "select created_by from work.baselines where id = $1";
const DECIDE: &str = "
update work.baselines set status = $2, decided_at = $3, decided_by = $4, decision_reason = $5 where id = $1 and status = 'taken'";
/// What cursors of these lists say they belong to.
const SORT: &str = "baseline";

/// What is copied into a baseline, in the order it is shown.
pub const BASELINE_KINDS: [&str; 6] =
    ["requirement", "user_story", "acceptance_criterion", "feature", "test_case", "trace_link"];

/// Baselines. Creating one copies the project.
pub static BASELINES: Resource = Resource::new("baselines", "work.baselines", "baseline", "name")
    .create_only(&["project_id", "name", "description", "requires_approval"])
    .verbs(&[Verb::List, Verb::Read, Verb::Create])
    .page("baselines");

/// A baseline as lists of pages show it.
#[derive(Debug, Clone)]
pub struct BaselineLine {
    /// Its identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it was taken for.
    pub description: Option<String>,
    /// Whether it counts only once it is approved.
    pub requires_approval: bool,
    /// `taken`, `approved` or `rejected`.
    pub status: String,
    /// When it was taken.
    pub at: Timestamp,
    /// By whom; `None`: the system.
    pub by: Option<String>,
    /// What kind of principal that is, as stored.
    pub by_kind: Option<String>,
    /// Their identifier: they do not decide about it.
    pub by_id: Option<Uuid>,
    /// When, by whom and why it was approved or rejected; `None`: it was not.
    pub decision: Option<(Timestamp, String, String)>,
    /// How many records of each kind it holds, of those that may be read, in the order of [`BASELINE_KINDS`].
    pub sizes: [i64; 6],
}

/// The baselines of a project that the actor may read, newest first: those behind `before`, or the one asked for.
///
/// # Errors
/// 403 when they may read none in the project.
pub async fn baselines(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    one: Option<Uuid>,
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<BaselineLine>, Error> {
    let allowed = permit_in::<Read>(ctx, &BASELINES, project)?;
    let mut lines = Vec::new();
    for row in allowed.query(ctx, tx, LIST, &[&project, &one, &before, &rows]).await? {
        let decided: Option<Timestamp> = row.try_get(9)?;
        let (by, why): (Option<String>, Option<String>) = (row.try_get(10)?, row.try_get(11)?);
        lines.push(BaselineLine {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            description: row.try_get(2)?,
            requires_approval: row.try_get(3)?,
            status: row.try_get(4)?,
            at: row.try_get(5)?,
            by: row.try_get(6)?,
            by_kind: row.try_get(7)?,
            by_id: row.try_get(8)?,
            decision: decided.map(|at| (at, by.unwrap_or_default(), why.unwrap_or_default())),
            sizes: [0; 6],
        });
    }
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id).collect();
    for row in allowed.query(ctx, tx, SIZES, &[&ids, &project]).await? {
        let (id, kind): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
        let place = BASELINE_KINDS.iter().position(|known| *known == kind);
        if let (Some(line), Some(place)) = (lines.iter_mut().find(|line| line.id == id), place) {
            line.sizes[place] = row.try_get(2)?;
        }
    }
    Ok(lines)
}

/// The baseline with this identifier.
///
/// # Errors
/// 404 when there is none, or the actor may not read it.
pub async fn baseline(ctx: &Ctx, tx: &Tx, id: &str) -> Result<Allowed<Record, Read>, Error> {
    let found = Record::find(tx, ctx.catalogue().served(&BASELINES)?, id, false).await?;
    authorise(ctx, found)
}

/// A part of a list, and where it goes on.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Rows at most.
    pub limit: i64,
    /// `next_cursor` of the part before.
    pub cursor: Option<String>,
}

impl Part {
    /// Place of the kind and record of the last row of the part before.
    fn after(&self) -> Result<(Option<i32>, Option<Uuid>), Error> {
        let Some(text) = &self.cursor else { return Ok((None, None)) };
        let read = || {
            let cursor = Cursor::decode(text).ok().filter(|cursor| cursor.sort == SORT)?;
            let place = cursor.values.first()?.as_i64().and_then(|place| i32::try_from(place).ok())?;
            Some((Some(place), Some(cursor.values.get(1)?.as_str()?.parse().ok()?)))
        };
        read().ok_or_else(|| {
            let field = FieldError { pointer: "?cursor".into(), detail: base::CursorError.to_string() };
            Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![field]) }.into()
        })
    }
}

fn cursor(place: i32, id: Uuid) -> String {
    Cursor { sort: SORT.into(), values: vec![json!(place), json!(id)] }.encode()
}

/// A record as it was when the baseline was taken.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BaselineItem {
    /// What it is: `requirement`, `user_story`, `acceptance_criterion`, `feature`, `test_case` or `trace_link`.
    pub kind: String,
    /// The record's identifier.
    pub id: Uuid,
    /// What people call it: its key, or what a link joins.
    pub label: String,
    /// What people had written in it, by field; a field that was empty is left out.
    pub content: Map<String, Value>,
    /// SHA-256 of the content, in hexadecimal.
    pub fingerprint: String,
}

/// What a baseline holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BaselineItems {
    /// The records, kind by kind.
    pub data: Vec<BaselineItem>,
    /// Where the list goes on; null at its end.
    pub next_cursor: Option<String>,
}

/// What a baseline holds of what the actor may read: of one kind, where it is given, and of one record by its identifier or key.
///
/// # Errors
/// 400 for a cursor that is none, and 422 for a kind that there is not.
pub async fn baseline_items(
    ctx: &Ctx,
    tx: &Tx,
    baseline: &Allowed<Record, Read>,
    (kind, record): (Option<&str>, Option<&str>),
    part: &Part,
) -> Result<BaselineItems, Error> {
    if kind.is_some_and(|kind| !BASELINE_KINDS.contains(&kind)) {
        let detail = format!("must be one of {}", BASELINE_KINDS.join(", "));
        return Err(Problem::invalid("There is no such kind of record.").field("?kind", detail).into());
    }
    let (id, (place, after), rows) = (baseline.uuid()?, part.after()?, part.limit + 1);
    let found =
        baseline.query(ctx, tx, ITEMS, &[&id, &kind, &record, &place, &after, &rows, &baseline.project]).await?;
    let more = found.len() > usize::try_from(part.limit).unwrap_or(usize::MAX);
    let (mut data, mut last) = (Vec::new(), None);
    for row in found.iter().take(usize::try_from(part.limit).unwrap_or(usize::MAX)) {
        let (kind, content): (String, Map<String, Value>) = (row.try_get(0)?, object(row.try_get(2)?));
        let label = label(&kind, &content, row.try_get(5)?, row.try_get(6)?);
        last = Some((row.try_get(4)?, row.try_get(1)?));
        data.push(BaselineItem { kind, id: row.try_get(1)?, label, content, fingerprint: row.try_get(3)? });
    }
    Ok(BaselineItems { data, next_cursor: last.filter(|_| more).map(|(place, id)| cursor(place, id)) })
}

/// A record of a baseline, by its identifier or key.
///
/// # Errors
/// 404 when the baseline holds no such record, or the actor may not read it.
pub async fn baseline_item(
    ctx: &Ctx,
    tx: &Tx,
    baseline: &Allowed<Record, Read>,
    record: &str,
) -> Result<BaselineItem, Error> {
    let missing =
        || Problem::not_found(format!("record `{}` in this baseline", record.chars().take(80).collect::<String>()));
    if record.contains('\0') {
        return Err(missing().into());
    }
    let part = Part { limit: 1, cursor: None };
    let found = baseline_items(ctx, tx, baseline, (None, Some(record)), &part).await?;
    Ok(found.data.into_iter().next().ok_or_else(missing)?)
}

/// One side of a comparison.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Compared {
    /// The baseline.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// A field that says something else.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// What it said; null: nothing.
    pub before: Value,
    /// What it says; null: nothing.
    pub after: Value,
}

/// A record that differs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Difference {
    /// What it is, as in [`BaselineItem`].
    pub kind: String,
    /// The record's identifier.
    pub id: Uuid,
    /// What people call it: its key, or what a link joins.
    pub label: String,
    /// Its title, name or text on the later side, or on the earlier one where it is not there later.
    pub title: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// The fields that differ, by name; all of them when the record was added or removed.
    pub fields: Vec<FieldChange>,
}

/// What differs between a baseline and another, or what is there now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Comparison {
    /// The earlier side.
    pub baseline: Compared,
    /// The later side; null: what is there now.
    pub with: Option<Compared>,
    /// Records that only the later side has.
    pub added: i64,
    /// Records that only the earlier side has.
    pub removed: i64,
    /// Records that both have and that say something else.
    pub changed: i64,
    /// The differences, kind by kind.
    pub data: Vec<Difference>,
    /// Where the list goes on; null at its end.
    pub next_cursor: Option<String>,
}

/// What differs between a baseline and another of its project, or what is there now, of what the actor may read. What was
/// removed for good only those see who may read all records of its kind.
///
/// # Errors
/// 400 for a cursor that is none, and 422 when the other is of another project.
pub async fn compare(
    ctx: &Ctx,
    tx: &Tx,
    baseline: &Allowed<Record, Read>,
    with: Option<&Allowed<Record, Read>>,
    part: &Part,
) -> Result<Comparison, Error> {
    if with.is_some_and(|with| with.project != baseline.project) {
        let problem = Problem::invalid("Only baselines of one project can be compared.");
        return Err(problem.field("?with", "must be a baseline of the same project").into());
    }
    let other = with.map(|with| with.uuid()).transpose()?;
    let (id, (place, after), rows) = (baseline.uuid()?, part.after()?, part.limit + 1);
    let found = baseline.query(ctx, tx, DIFFERENCES, &[&id, &other, &place, &after, &rows, &baseline.project]).await?;
    let figure = |column| found.first().map_or(Ok(0), |row| row.try_get::<_, i64>(column));
    let (added, removed, changed) = (figure(6)?, figure(7)?, figure(8)?);
    let limit = usize::try_from(part.limit).unwrap_or(usize::MAX);
    let (mut data, mut last) = (Vec::new(), None);
    for row in found.iter().take(limit) {
        let kind: String = row.try_get(0)?;
        let side = |column| Ok::<_, Error>(row.try_get::<_, Option<Value>>(column)?.map(object).unwrap_or_default());
        let (before, after) = (side(3)?, side(4)?);
        let shown = if after.is_empty() { &before } else { &after };
        last = Some((row.try_get(5)?, row.try_get(1)?));
        data.push(Difference {
            id: row.try_get(1)?,
            label: label(&kind, shown, row.try_get(9)?, row.try_get(10)?),
            title: title(shown),
            change: row.try_get(2)?,
            fields: fields(&before, &after),
            kind,
        });
    }
    let next_cursor = last.filter(|_| found.len() > limit).map(|(place, id)| cursor(place, id));
    let named = |record: &Record, id| Compared { id, name: record.title.clone().unwrap_or_default() };
    let with = with.zip(other).map(|(record, id)| named(record, id));
    Ok(Comparison { baseline: named(baseline, id), with, added, removed, changed, data, next_cursor })
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

/// What people call a record: its key, its place below a requirement, or what a link joins.
fn label(kind: &str, content: &Map<String, Value>, source: Option<String>, target: Option<String>) -> String {
    let text = |name: &str| content.get(name).and_then(Value::as_str).unwrap_or_default();
    let end = |key: Option<String>, id: &str| key.unwrap_or_else(|| text(id).to_owned());
    match kind {
        "trace_link" => {
            let part = if content.contains_key("criterion_id") { " (one criterion)" } else { "" };
            let (source, target) = (end(source, "source_id"), end(target, "target_id"));
            format!("{source} {} {target}{part}", text("link_type").replace('_', " "))
        }
        "user_story" | "acceptance_criterion" => {
            let what = if kind == "user_story" { "story" } else { "criterion" };
            format!("{} {what} {}", text("requirement"), content.get("position").unwrap_or(&Value::Null))
        }
        _ => text("key").to_owned(),
    }
}

/// What a record says first.
fn title(content: &Map<String, Value>) -> String {
    let text = ["title", "name", "body"].iter().find_map(|name| content.get(*name).and_then(Value::as_str));
    text.unwrap_or_default().to_owned()
}

/// The fields that differ, by name.
fn fields(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<FieldChange> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let side = |content: &Map<String, Value>, name: &str| content.get(name).cloned().unwrap_or_default();
    names
        .into_iter()
        .map(|name| FieldChange { field: name.clone(), before: side(before, name), after: side(after, name) })
        .filter(|field| field.before != field.after)
        .collect()
}

/// Why it is decided so.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// Why.
    #[schemars(length(min = 1, max = 1000))]
    reason: String,
}

/// What was decided.
#[derive(Debug, Serialize, JsonSchema)]
struct Decided {
    /// The baseline.
    id: Uuid,
    /// `approved` or `rejected`.
    status: &'static str,
    /// Who decided.
    decided_by: Uuid,
}

async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    baseline: Allowed<Record, Approve>,
    input: Decision,
    status: &'static str,
) -> Result<Decided, Error> {
    if ctx.principal.kind == PrincipalKind::Agent {
        return Err(Problem::forbidden("A person decides about a baseline; an agent proposes.").into());
    }
    let reason = input.reason.trim();
    if reason.is_empty() || reason.chars().count() > 1000 || reason.contains('\0') {
        let problem = Problem::invalid("Deciding about a baseline needs a reason.");
        return Err(problem.field("/reason", "must have from 1 to 1000 characters, none of them U+0000").into());
    }
    let (id, person) = (baseline.uuid()?, ctx.principal.user_id);
    if tx.query_one(TAKEN, &[&id]).await?.try_get::<_, Option<Uuid>>(0)? == Some(person) {
        let detail = "Nobody decides about a baseline that they took; ask another member who may approve baselines.";
        return Err(Problem::forbidden(detail).into());
    }
    if tx.execute(DECIDE, &[&id, &status, &ctx.now(), &person, &reason]).await? == 0 {
        return Err(Problem::conflict(
            "Somebody has decided about this baseline already, and it stays so; take another.",
        )
        .into());
    }
    let change = Change {
        event: if status == "approved" { "baseline.approved" } else { "baseline.rejected" },
        resource_type: "baseline",
        resource_id: baseline.id.clone(),
        resource_name: baseline.title.clone(),
        project: baseline.project,
        old: Some(json!({"status": "taken"})),
        new: Some(json!({"status": status, "decided_by": person, "decision_reason": reason})),
    };
    let mut why = ctx.clone();
    why.request = Request { reason: Some(reason.to_owned()), ..(*ctx.request).clone() }.into();
    record(&why, tx, &change).await?;
    Ok(Decided { id, status, decided_by: person })
}

/// Approving and rejecting.
pub(crate) fn deciding() -> [Operation; 2] {
    [
        Operation::on_record::<Approve, Decision, Decided, _>(
            "baselines",
            "approve",
            "Approves a baseline that somebody else took: it is what was agreed.",
            |ctx, tx, baseline, input| Box::pin(decide(ctx, tx, baseline, input, "approved")),
        ),
        Operation::on_record::<Approve, Decision, Decided, _>(
            "baselines",
            "reject",
            "Rejects a baseline that somebody else took.",
            |ctx, tx, baseline, input| Box::pin(decide(ctx, tx, baseline, input, "rejected")),
        ),
    ]
}
