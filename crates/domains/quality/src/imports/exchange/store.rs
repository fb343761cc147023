//! Records into the database: found, compared, made or changed, and their references kept.

use std::collections::HashMap;

use formats::{
    Format,
    exchange::{Document, Record},
};
use jiff::civil::Date;
use kernel::{Ctx, Error, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        case::cut,
        format_name,
        job::{Job, RowError, Stop},
        summary::{Changed, ChangedField, Summary},
    },
    BATCH, Wanted,
    compare::{self, Fields, NAMES, compare},
    words::Target,
};

const KNOWN_REQUIREMENTS: &str = include_str!("../../../sql/known_requirements.sql");
const KNOWN_DEFECTS: &str = include_str!("../../../sql/known_defects.sql");
const INSERT_REQUIREMENTS: &str = include_str!("../../../sql/exchange_insert_requirements.sql");
const UPDATE_REQUIREMENTS: &str = include_str!("../../../sql/exchange_update_requirements.sql");
const INSERT_DEFECTS: &str = include_str!("../../../sql/exchange_insert_defects.sql");
const UPDATE_DEFECTS: &str = include_str!("../../../sql/exchange_update_defects.sql");
const REFERENCES: &str = include_str!("../../../sql/exchange_references.sql");
const SAVE_DOCUMENT: &str = include_str!("../../../sql/save_document.sql");
const REMOVE_ITEMS: &str = include_str!("../../../sql/remove_items.sql");
const UPDATE_ITEMS: &str = include_str!("../../../sql/update_items.sql");
const INSERT_ITEMS: &str = include_str!("../../../sql/insert_items.sql");

/// What belongs to a document beside its records.
pub(super) struct Kept<'a> {
    pub(super) document: &'a Document,
    pub(super) headings: &'a [Record],
    pub(super) system: &'a str,
    pub(super) format: Format,
}

/// A record that is here.
struct Known {
    id: Uuid,
    key: String,
    said: Option<Value>,
    now: Fields,
    is_in_bin: bool,
}

/// Stores the records. Says which record each identifier became, and the document that is kept.
pub(super) async fn store(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    kept: &Kept<'_>,
    wanted: &[Wanted],
    summary: &mut Summary,
) -> Result<(HashMap<String, (Uuid, Target)>, Option<Uuid>), Stop> {
    let document = save_document(ctx, tx, job, kept, summary).await?;
    let mut stored = HashMap::with_capacity(wanted.len());
    for target in [Target::Requirement, Target::Defect] {
        let own: Vec<&Wanted> = wanted.iter().filter(|one| one.target == target).collect();
        for some in own.chunks(BATCH) {
            tx.batch("discard plans").await?;
            let known = known(tx, job, kept.system, target, some).await?;
            refuse_binned(some, &known)?;
            let mut batch = Batch {
                ctx,
                tx,
                job,
                target,
                made: Vec::new(),
                changed: Vec::new(),
                ids: Vec::new(),
                items: Vec::new(),
            };
            for (one, known) in some.iter().zip(&known) {
                batch.take(one, known.as_ref(), summary);
            }
            batch.write(some, summary).await?;
            let (made, changed) = references(ctx, tx, job, kept.system, document, some, &batch.ids).await?;
            summary.count("external_references", made, changed, some.len() as u64 - made - changed);
            stored.extend(some.iter().zip(&batch.ids).map(|(one, id)| (one.external_id.clone(), (*id, target))));
        }
    }
    Ok((stored, document))
}

/// A ReqIF document is kept beside its records, for the way back.
async fn save_document(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    kept: &Kept<'_>,
    summary: &mut Summary,
) -> Result<Option<Uuid>, Stop> {
    let Some(frame) = &kept.document.frame else { return Ok(None) };
    let broken = |error: serde_json::Error| Error::Broken(error.to_string());
    let mut whole = serde_json::to_value(frame).map_err(broken)?;
    whole["headings"] = serde_json::to_value(kept.headings).map_err(broken)?;
    let identifier =
        cut(kept.document.identifier.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&job.file_name), 500);
    let title =
        cut(kept.document.title.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&job.file_name), 500);
    let format = format_name(kept.format);
    let (id, member) = (ctx.new_id(), &kept.document.member);
    let row = tx
        .query_one(SAVE_DOCUMENT, &[&job.project, &kept.system, &identifier, &title, &format, &whole, &id, member])
        .await?;
    let (is_new, is_changed): (bool, bool) = (row.try_get("is_new")?, row.try_get("is_changed")?);
    summary.count("documents", u64::from(is_new), u64::from(is_changed), u64::from(!is_new && !is_changed));
    Ok(Some(row.try_get("id")?))
}

async fn known(tx: &Tx, job: &Job, system: &str, target: Target, some: &[&Wanted]) -> Result<Vec<Option<Known>>, Stop> {
    let ids: Vec<&str> = some.iter().map(|one| one.external_id.as_str()).collect();
    let keys: Vec<Option<&str>> = some.iter().map(|one| one.key.as_deref()).collect();
    let sql = if target == Target::Requirement { KNOWN_REQUIREMENTS } else { KNOWN_DEFECTS };
    let mut known: Vec<Option<Known>> = some.iter().map(|_| None).collect();
    for row in tx.query(sql, &[&job.project, &system, &ids, &keys]).await? {
        let at: i32 = row.try_get("at")?;
        let text = |name: &str| row.try_get::<_, Option<String>>(name);
        let id = |name: &str| row.try_get::<_, Option<Uuid>>(name).map(|id| id.map(|id| id.to_string()));
        let due: Option<Date> = row.try_get("due")?;
        let now = [
            text("title")?,
            text("description")?,
            text("status")?,
            text("priority")?,
            text("severity")?,
            text("kind")?,
            id("owner")?,
            id("reporter")?,
            due.map(|due| due.to_string()),
        ];
        let found = Known {
            id: row.try_get("id")?,
            key: row.try_get("key")?,
            said: row.try_get("said")?,
            now,
            is_in_bin: row.try_get("in_bin")?,
        };
        if let Some(place) = known.get_mut(usize::try_from(at - 1).unwrap_or(usize::MAX)) {
            // Of several a live one.
            if place.as_ref().is_none_or(|before| before.is_in_bin) {
                *place = Some(found);
            }
        }
    }
    Ok(known)
}

fn refuse_binned(some: &[&Wanted], known: &[Option<Known>]) -> Result<(), Stop> {
    let binned: Vec<RowError> = some
        .iter()
        .zip(known)
        .filter_map(|(one, known)| Some((one, known.as_ref().filter(|known| known.is_in_bin)?)))
        .map(|(one, known)| RowError {
            line: Some(one.line).filter(|line| *line > 0),
            record: Some(one.external_id.clone()),
            reason: format!(
                "it is {} here, which is in the bin; restore that first, or leave this record out",
                known.key
            ),
        })
        .collect();
    if binned.is_empty() { Ok(()) } else { Err(Stop::Rows(binned)) }
}

/// Records of one kind that are written together.
struct Batch<'a> {
    ctx: &'a Ctx,
    tx: &'a Tx,
    job: &'a Job,
    target: Target,
    /// New ones: identifier, key, what they say.
    made: Vec<(Uuid, Option<String>, Fields)>,
    changed: Vec<(Uuid, Fields)>,
    /// The record that each became, in the order of the file.
    ids: Vec<Uuid>,
    /// Requirements whose criteria are to be brought to what the file says, by place.
    items: Vec<usize>,
}

impl Batch<'_> {
    fn take(&mut self, one: &Wanted, known: Option<&Known>, summary: &mut Summary) {
        let kind = self.target.plural();
        let at = self.ids.len();
        let said = |fields: &[usize], before: Option<&Fields>, after: &Fields| -> Vec<ChangedField> {
            let short = |text: Option<&String>| text.map(|text| cut(text, 300));
            fields
                .iter()
                .map(|at| ChangedField {
                    field: NAMES[*at].to_owned(),
                    from: short(before.and_then(|before| before[*at].as_ref())),
                    to: short(after[*at].as_ref()),
                })
                .collect()
        };
        let title = one.fields[compare::TITLE].clone().unwrap_or_default();
        let Some(known) = known else {
            let id = self.ctx.new_id();
            let filled: Vec<usize> = (0..NAMES.len()).filter(|at| one.fields[*at].is_some()).collect();
            summary.tell(Changed::new("created", &one.external_id, &title, said(&filled, None, &one.fields)));
            summary.count(kind, 1, 0, 0);
            self.made.push((id, one.key.clone(), one.fields.clone()));
            self.ids.push(id);
            if !one.criteria.is_empty() {
                self.items.push(at);
            }
            return;
        };
        self.ids.push(known.id);
        let outcome = compare(&one.fields, known.said.as_ref(), &known.now);
        let last: Option<Vec<&str>> = known
            .said
            .as_ref()
            .and_then(|said| said["criteria"].as_array())
            .map(|list| list.iter().filter_map(Value::as_str).collect());
        let differs = last.as_ref().map_or(!one.criteria.is_empty(), |last| *last != one.criteria);
        if differs {
            self.items.push(at);
        }
        if !outcome.contested.is_empty() {
            let fields: Vec<&str> = outcome.contested.iter().map(|at| NAMES[*at]).collect();
            summary.warn(format!(
                "{} ({}) was changed here and in the file: {}; what the file says was taken, the history has the other",
                known.key,
                one.external_id,
                fields.join(", ")
            ));
        }
        if !outcome.left.is_empty() {
            summary.tell(Changed::new("left", &known.key, &title, said(&outcome.left, Some(&one.fields), &known.now)));
        }
        if outcome.changed.is_empty() {
            summary.count(kind, 0, 0, 1);
            return;
        }
        summary.tell(Changed::new(
            "updated",
            &known.key,
            &title,
            said(&outcome.changed, Some(&known.now), &outcome.after),
        ));
        summary.count(kind, 0, 1, 0);
        self.changed.push((known.id, outcome.after));
    }

    async fn write(&self, some: &[&Wanted], summary: &mut Summary) -> Result<(), Stop> {
        let (tx, project) = (self.tx, self.job.project);
        let now = self.ctx.now();
        if !self.made.is_empty() {
            let ids: Vec<Uuid> = self.made.iter().map(|(id, ..)| *id).collect();
            let keys: Vec<Option<&str>> = self.made.iter().map(|(_, key, _)| key.as_deref()).collect();
            let c = Columns::of(&self.made.iter().map(|(.., fields)| fields).collect::<Vec<_>>());
            if self.target == Target::Requirement {
                tx.execute(
                    INSERT_REQUIREMENTS,
                    &[&project, &ids, &keys, &c.title, &c.description, &c.status, &c.priority, &c.owners, &c.due],
                )
                .await?;
            } else {
                tx.execute(
                    INSERT_DEFECTS,
                    &[
                        &project,
                        &ids,
                        &keys,
                        &c.title,
                        &c.description,
                        &c.status,
                        &c.priority,
                        &c.owners,
                        &c.due,
                        &c.severity,
                        &c.kind,
                        &c.reporters,
                        &now,
                    ],
                )
                .await?;
            }
        }
        if !self.changed.is_empty() {
            let ids: Vec<Uuid> = self.changed.iter().map(|(id, _)| *id).collect();
            let c = Columns::of(&self.changed.iter().map(|(_, fields)| fields).collect::<Vec<_>>());
            if self.target == Target::Requirement {
                tx.execute(
                    UPDATE_REQUIREMENTS,
                    &[&project, &ids, &c.title, &c.description, &c.status, &c.priority, &c.owners, &c.due],
                )
                .await?;
            } else {
                tx.execute(
                    UPDATE_DEFECTS,
                    &[
                        &project,
                        &ids,
                        &c.title,
                        &c.description,
                        &c.status,
                        &c.priority,
                        &c.owners,
                        &c.due,
                        &c.severity,
                        &c.kind,
                        &c.reporters,
                        &now,
                    ],
                )
                .await?;
            }
        }
        if self.target == Target::Requirement {
            for at in &self.items {
                self.criteria(self.ids[*at], &some[*at].criteria, summary).await?;
            }
        }
        Ok(())
    }

    async fn criteria(&self, id: Uuid, bodies: &[String], summary: &mut Summary) -> Result<(), Stop> {
        let (tx, project, now) = (self.tx, self.job.project, self.ctx.now());
        let kind = "acceptance_criterion";
        let last = i32::try_from(bodies.len()).unwrap_or(i32::MAX);
        let checked: Vec<Option<bool>> = bodies.iter().map(|_| None).collect();
        let removed = tx.execute(REMOVE_ITEMS, &[&project, &id, &kind, &last]).await?;
        let changed = tx.execute(UPDATE_ITEMS, &[&project, &id, &kind, &bodies, &checked, &now]).await?;
        let made = tx.execute(INSERT_ITEMS, &[&project, &id, &kind, &bodies, &checked, &now]).await?;
        summary.count("acceptance_criteria", made, changed, bodies.len() as u64 - made - changed);
        if removed > 0 {
            summary.count("removed_acceptance_criteria", 0, removed, 0);
        }
        Ok(())
    }
}

/// Fields of records, a column each, as the statements take them.
struct Columns<'a> {
    title: Vec<Option<&'a str>>,
    description: Vec<Option<&'a str>>,
    status: Vec<Option<&'a str>>,
    priority: Vec<Option<&'a str>>,
    severity: Vec<Option<&'a str>>,
    kind: Vec<Option<&'a str>>,
    owners: Vec<Option<Uuid>>,
    reporters: Vec<Option<Uuid>>,
    due: Vec<Option<Date>>,
}

impl<'a> Columns<'a> {
    fn of(rows: &[&'a Fields]) -> Self {
        let texts = |at: usize| -> Vec<Option<&'a str>> { rows.iter().map(|row| row[at].as_deref()).collect() };
        let people = |at: usize| -> Vec<Option<Uuid>> {
            texts(at).into_iter().map(|id| id.and_then(|id| Uuid::try_parse(id).ok())).collect()
        };
        Self {
            title: texts(compare::TITLE),
            description: texts(compare::DESCRIPTION),
            status: texts(compare::STATUS),
            priority: texts(compare::PRIORITY),
            severity: texts(compare::SEVERITY),
            kind: texts(compare::KIND),
            owners: people(compare::OWNER),
            reporters: people(compare::REPORTER),
            due: texts(compare::DUE).into_iter().map(|day| day.and_then(|day| day.parse().ok())).collect(),
        }
    }
}

/// Keeps what the other system calls the records and says of them. Answers how many are new, and how many differed.
async fn references(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    system: &str,
    document: Option<Uuid>,
    some: &[&Wanted],
    ids: &[Uuid],
) -> Result<(u64, u64), Stop> {
    let names: Vec<&str> = some.iter().map(|one| one.external_id.as_str()).collect();
    let is_link =
        |url: &String| url.chars().count() <= 2000 && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    let urls: Vec<Option<&String>> = some
        .iter()
        .map(|one| {
            one.record
                .url
                .as_ref()
                .filter(|url| is_link(url) && (url.starts_with("https://") || url.starts_with("http://")))
        })
        .collect();
    let titles: Vec<Option<String>> = some.iter().map(|one| one.record.key.as_ref().map(|key| cut(key, 500))).collect();
    let mut contents: Vec<Value> = Vec::with_capacity(some.len());
    for one in some {
        let mut content = serde_json::to_value(&one.record).map_err(|error| Error::Broken(error.to_string()))?;
        content["said"] = compare::said(&one.fields);
        content["said"]["criteria"] = json!(one.criteria);
        contents.push(content);
    }
    let positions: Vec<Option<i32>> = some.iter().map(|one| document.map(|_| one.position)).collect();
    let row = tx
        .query_one(
            REFERENCES,
            &[&job.project, &system, &ids, &names, &urls, &titles, &contents, &positions, &document, &ctx.now()],
        )
        .await?;
    let count = |at: usize| row.try_get::<_, i64>(at).map(i64::unsigned_abs);
    Ok((count(0)?, count(1)?))
}
