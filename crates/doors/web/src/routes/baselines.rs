//! Baselines: taking one, what it holds, approving it, and what has changed since.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::{Problem, ProblemKind};
use kernel::{Allowed, Call, Ctx, Error, Export, Read, Record, Subject, Tx, permit_in};
use serde_json::{Value, json};
use uuid::Uuid;
use work::{BASELINE_KINDS, BASELINES, BaselineLine, Part, Project};

use super::{
    Site,
    answer::{html, see_other, with_status},
    csv::{Csv, Form},
    error::{PageError, refused},
    form::Posted,
    listing::{Asked, FILE_ROWS, FILE_STEP, ROWS, cut},
    session::Visitor,
};
use crate::{
    components::{Actor, ActorKind, FormErrors, Pager},
    format::{When, plural, thousands},
    layout::Section,
    paths,
    state::{BaselineStatus, Change, Shown, Tone},
    views::baselines::{self, Comparison, Difference, Item, One, Row, Then, View},
};

/// Other baselines to choose from.
const OTHERS: i64 = 200;
/// Characters of a field that a comparison shows; the record's own page shows all of it.
const SHOWN: usize = 400;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/baselines", get(list).post(take))
        .route("/p/{project}/baselines/{id}", get(show))
        .route("/p/{project}/baselines/{id}/decide", post(decide))
        .route("/p/{project}/baselines/{id}/comparison", get(compare))
        .route("/p/{project}/baselines/{id}/comparison.csv", get(file))
        .route("/p/{project}/baselines/{id}/comparison.xlsx", get(file))
        .route("/p/{project}/baselines/{id}/records/{record}", get(then))
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let entered = ([const { String::new() }; 3], FormErrors::default());
    page(&visitor, &slug, query.as_deref(), entered, StatusCode::OK).await
}

async fn page(
    visitor: &Visitor,
    slug: &str,
    query: Option<&str>,
    form: ([String; 3], FormErrors),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Baselines).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query)?);
    let before: Option<Uuid> = asked.parsed("before");
    let tx = ctx.begin_read().await?;
    let mut found = work::baselines(ctx, &tx, project.id, None, before, ROWS + 1).await?;
    tx.commit().await?;
    let (path, more) = (paths::section(slug, "baselines"), cut(&mut found, ROWS));
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| asked.address(&path, &["before"], &[("before", &last.id.to_string())]));
    let shown = plural(i64::try_from(found.len()).unwrap_or_default(), "baseline", "baselines");
    let view = View {
        rows: found.iter().map(|line| row(line, ctx)).collect(),
        pager: Pager { shown: format!("{shown}, newest first"), first: before.map(|_| path.clone()), next },
        form: visitor.may("baseline", "create", Some(project.id)).then_some(form),
    };
    Ok(with_status(status, baselines::page(&frame, &view)))
}

fn row(line: &BaselineLine, ctx: &Ctx) -> Row {
    let kind = if line.by_kind.as_deref() == Some("person") { ActorKind::Person } else { ActorKind::Agent };
    let parts: Vec<String> = BASELINE_KINDS
        .iter()
        .zip(line.sizes)
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{} {}", thousands(count), words(kind, count != 1)))
        .collect();
    let waits = line.status == "taken" && line.requires_approval;
    Row {
        id: line.id.to_string(),
        name: line.name.clone(),
        status: if waits {
            BaselineStatus::Waiting
        } else {
            BaselineStatus::from_code(&line.status).unwrap_or(BaselineStatus::Taken)
        },
        holds: if parts.is_empty() { "nothing that you may read".to_owned() } else { parts.join(", ") },
        by: Actor { name: line.by.clone().unwrap_or_else(|| "The system".to_owned()), kind, on_behalf_of: None },
        when: When::new(line.at, ctx.now()),
    }
}

/// A kind as people say it.
fn words(kind: &str, many: bool) -> &'static str {
    match (kind, many) {
        ("requirement", false) => "requirement",
        ("requirement", true) => "requirements",
        ("user_story", false) => "story",
        ("user_story", true) => "stories",
        ("acceptance_criterion", false) => "criterion",
        ("acceptance_criterion", true) => "criteria",
        ("feature", false) => "feature",
        ("feature", true) => "features",
        ("test_case", false) => "test",
        ("test_case", true) => "tests",
        (_, false) => "link",
        (_, true) => "links",
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The names of members, by which a record names them.
type Names = HashMap<String, String>;

/// A field's name and what it says, in words.
fn said(names: &Names, field: &str, value: &Value) -> (String, String) {
    let name = capital(&field.trim_end_matches("_user_id").trim_end_matches("_code").replace('_', " "));
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => names.get(text).unwrap_or(text).clone(),
        other => other.to_string(),
    };
    (name, text)
}

fn clipped(text: String) -> String {
    if text.chars().nth(SHOWN).is_none() { text } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

/// What a page about one baseline begins with.
struct Found {
    baseline: Allowed<Record, Read>,
    line: BaselineLine,
    others: Vec<(String, String)>,
    names: Names,
}

async fn found(ctx: &Ctx, tx: &Tx, project: &Allowed<Project, Read>, id: &str) -> Result<Found, Error> {
    let missing = || Problem::not_found("baseline");
    let baseline = work::baseline(ctx, tx, id).await?;
    if baseline.project != Some(project.id) {
        return Err(missing().into());
    }
    let all = work::baselines(ctx, tx, project.id, None, None, OTHERS).await?;
    let own = baseline.uuid()?;
    let others = all.iter().filter(|one| one.id != own).map(|one| (one.id.to_string(), one.name.clone())).collect();
    let line = work::baselines(ctx, tx, project.id, Some(own), None, 1).await?.pop().ok_or_else(missing)?;
    let names = work::members(tx, project).await?.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    Ok(Found { baseline, line, others, names })
}

async fn show(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Baselines).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let tx = ctx.begin_read().await?;
    let Found { baseline, line, others, .. } = found(ctx, &tx, &project, &id).await?;
    let first =
        BASELINE_KINDS.iter().zip(line.sizes).find(|(_, count)| *count > 0).map_or(BASELINE_KINDS[0], |(kind, _)| kind);
    let kind =
        asked.one("kind").filter(|kind| BASELINE_KINDS.contains(&kind.as_str())).unwrap_or_else(|| first.to_owned());
    let part = Part { limit: ROWS, cursor: asked.one("cursor") };
    let listed = work::baseline_items(ctx, &tx, &baseline, (Some(&kind), None), &part).await?;
    tx.commit().await?;
    let path = paths::baseline(&slug, &id);
    let may_decide = line.status == "taken"
        && line.by_id != Some(ctx.principal.user_id)
        && visitor.may("baseline", "approve", Some(project.id));
    let shown = plural(i64::try_from(listed.data.len()).unwrap_or_default(), words(&kind, false), words(&kind, true));
    let view = One {
        row: row(&line, ctx),
        description: line.description.clone(),
        decision: line.decision.clone().map(|(at, by, why)| (by, why, When::new(at, ctx.now()))),
        may_decide,
        others,
        kinds: BASELINE_KINDS
            .iter()
            .zip(line.sizes)
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| ((*kind).to_owned(), capital(words(kind, true)), count))
            .collect(),
        items: listed.data.into_iter().map(|one| item(one.id, one.label, &one.content)).collect(),
        pager: Pager {
            shown,
            first: part.cursor.map(|_| asked.address(&path, &["cursor"], &[])),
            next: listed.next_cursor.map(|next| asked.address(&path, &["cursor"], &[("cursor", &next)])),
        },
        kind,
    };
    Ok(html(baselines::one(&frame, &view)))
}

fn item(id: Uuid, label: String, content: &serde_json::Map<String, Value>) -> Item {
    let title = ["title", "name", "body"].iter().find_map(|name| content.get(*name).and_then(Value::as_str));
    Item { id: id.to_string(), label, title: title.unwrap_or_default().to_owned() }
}

async fn then(
    visitor: Visitor,
    Path((slug, id, record)): Path<(String, String, String)>,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Baselines).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let Found { baseline, line, names, .. } = found(ctx, &tx, &project, &id).await?;
    let one = work::baseline_item(ctx, &tx, &baseline, &record).await?;
    tx.commit().await?;
    let view = Then {
        baseline: (id, line.name.clone()),
        when: When::new(line.at, ctx.now()),
        kind: capital(words(&one.kind, false)),
        fields: one.content.iter().map(|(field, value)| said(&names, field, value)).collect(),
        item: item(one.id, one.label, &one.content),
        fingerprint: one.fingerprint,
    };
    Ok(html(baselines::then(&frame, &view)))
}

async fn compare(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Baselines).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let tx = ctx.begin_read().await?;
    let Found { baseline, line, others, names } = found(ctx, &tx, &project, &id).await?;
    let with = match asked.one("with") {
        Some(other) => Some(work::baseline(ctx, &tx, &other).await?),
        None => None,
    };
    let part = Part { limit: ROWS, cursor: asked.one("cursor") };
    let compared = work::compare(ctx, &tx, &baseline, with.as_ref(), &part).await?;
    tx.commit().await?;
    let path = format!("{}/comparison", paths::baseline(&slug, &id));
    let shown = plural(i64::try_from(compared.data.len()).unwrap_or_default(), "difference", "differences");
    let differences = compared.data.into_iter().map(|one| {
        let field = |field: &work::FieldChange| {
            let (name, before) = said(&names, &field.field, &field.before);
            (name, clipped(before), clipped(said(&names, &field.field, &field.after).1))
        };
        // What was added or taken away is told by its name; every field of it would only be noise.
        let is_changed = one.change == "changed";
        Difference {
            kind: capital(words(&one.kind, false)),
            change: Change::from_code(&one.change).unwrap_or(Change::Changed),
            fields: if is_changed { one.fields.iter().map(field).collect() } else { Vec::new() },
            item: Item { id: one.id.to_string(), label: one.label, title: clipped(one.title) },
            was_there: one.change != "added",
        }
    });
    let view = Comparison {
        export: asked.address(&format!("{path}.csv"), &["cursor"], &[]),
        differences: differences.collect(),
        counts: [compared.added, compared.removed, compared.changed],
        with: compared.with.map(|with| (with.id.to_string(), with.name)),
        pager: Pager {
            shown,
            first: part.cursor.map(|_| asked.address(&path, &["cursor"], &[])),
            next: compared.next_cursor.map(|next| asked.address(&path, &["cursor"], &[("cursor", &next)])),
        },
        baseline: (id, line.name),
        others,
    };
    Ok(html(baselines::comparison(&frame, &view)))
}

/// Every difference as a file: a row for each field that differs, and one for each record that was added or removed.
async fn file(
    visitor: Visitor,
    form: Form,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Baselines).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    permit_in::<Export>(ctx, &BASELINES, project.id)?;
    let tx = ctx.begin_read().await?;
    let Found { baseline, line, names, .. } = found(ctx, &tx, &project, &id).await?;
    let with = match asked.one("with") {
        Some(other) => Some(work::baseline(ctx, &tx, &other).await?),
        None => None,
    };
    let mut csv = Csv::new(&["kind", "record", "title", "change", "field", "before", "after"]);
    let (mut part, mut rows) = (Part { limit: FILE_STEP, cursor: None }, 0);
    loop {
        let compared = work::compare(ctx, &tx, &baseline, with.as_ref(), &part).await?;
        rows += compared.data.len();
        if rows > FILE_ROWS {
            let detail = format!(
                "More than {FILE_ROWS} records differ; read them page by page with GET /v1/baselines/{id}/comparison."
            );
            return Err(Problem::new(ProblemKind::TooLarge, detail).into());
        }
        for one in &compared.data {
            let begin = [words(&one.kind, false), one.label.as_str(), one.title.as_str(), one.change.as_str()];
            if one.change != "changed" {
                csv.row(&[&begin[..], &["", "", ""]].concat());
                continue;
            }
            for field in &one.fields {
                let (name, before) = said(&names, &field.field, &field.before);
                let after = said(&names, &field.field, &field.after).1;
                csv.row(&[&begin[..], &[name.as_str(), before.as_str(), after.as_str()]].concat());
            }
        }
        part.cursor = compared.next_cursor;
        if part.cursor.is_none() {
            break;
        }
    }
    tx.commit().await?;
    let later = with.as_ref().and_then(|with| with.title.clone()).unwrap_or_else(|| "now".to_owned());
    let plain = |text: &str| {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect::<String>()
    };
    csv.answer(ctx, "baseline", Some(project.id), &format!("{slug}-{}-to-{}", plain(&line.name), plain(&later)), form)
        .await
}

async fn take(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Baselines).await?;
    let ctx = &visitor.ctx;
    let mut body = json!({"project_id": project.id, "name": fields.text("name"), "requires_approval": fields.text("requires_approval") == "yes"});
    if !fields.text("description").is_empty() {
        body["description"] = json!(fields.text("description"));
    }
    let mut tx = ctx.begin().await?;
    match kernel::create(ctx, &mut tx, ctx.catalogue().served(&BASELINES)?, &body).await {
        Ok(_) => {
            tx.commit().await?;
            let said = format!("{} is taken: what is there now stays readable under this name.", fields.text("name"));
            Ok(see_other(paths::section(&slug, "baselines")).saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            let entered = ["name", "description", "requires_approval"].map(|name| fields.text(name).to_owned());
            page(visitor, &slug, None, (entered, errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

async fn decide(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Baselines).await?;
    let ctx = &visitor.ctx;
    let decision = fields.text("decision");
    let operation = ctx
        .catalogue()
        .operations()
        .filter(|operation| ["approve", "reject"].contains(&operation.name))
        .find(|operation| operation.subject == Subject::Record("baselines") && operation.name == decision)
        .cloned()
        .ok_or_else(|| Problem::bad_request("A baseline is approved or rejected."))?;
    let to_page = see_other(paths::baseline(&slug, &id));
    let deciding = async {
        let mut tx = ctx.begin().await?;
        let record = Record::find(&tx, ctx.catalogue().served(&BASELINES)?, &id, true).await?;
        if record.project != Some(project.id) {
            return Err(Error::from(Problem::not_found("baseline")));
        }
        operation.run(ctx, &mut tx, Call { id: Some(id), input: json!({"reason": fields.text("reason")}) }).await?;
        tx.commit().await
    };
    match deciding.await {
        Ok(()) => {
            let said = if decision == "approve" { "You approved the baseline." } else { "You rejected the baseline." };
            Ok(to_page.saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            let errors = refused(ctx, error)?;
            let why = errors.summary.or_else(|| errors.fields.first().map(|field| field.detail.clone()));
            Ok(to_page.saying(Tone::Bad, why.unwrap_or_default()).into_response())
        }
    }
}
