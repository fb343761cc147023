//! Defects: the list, recording one by hand or from a failing result, editing, and moving its status.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::Problem;
use kernel::{Export, Read, Update, permit_in};
use quality::{DEFECTS, DefectFilter, DefectLine, DefectRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    answer::{see_other, with_status},
    change::change,
    csv::{Csv, Form},
    error::{PageError, refused},
    form::{Fields, Posted},
    history,
    listing::{Asked, FILE_STEP, Gathered, ROWS, beside, choice, cut, stamp, states},
    session::Visitor,
};
use crate::{
    components::{Column, Filters, FormErrors, Pager, Stop},
    format::{When, plural},
    layout::Section,
    paths,
    state::{DefectStatus, Level, Outcome, Shown, Tone},
    views::{defect, defects},
};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/defects", get(list).post(create))
        .route("/p/{project}/defects.csv", get(file))
        .route("/p/{project}/defects.xlsx", get(file))
        .route("/p/{project}/defects/{key}", get(show).post(edit))
        .route("/p/{project}/defects/{key}/status", post(move_on))
}

fn filter(visitor: &Visitor, asked: &Asked) -> DefectFilter {
    DefectFilter {
        statuses: asked.codes::<DefectStatus>("status"),
        severities: asked.codes::<Level>("severity"),
        owner: asked.values("owner").iter().any(|one| one == "me").then_some(visitor.ctx.principal.user_id),
        text: asked.one("q"),
    }
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let entered = defects::Entered { severity: Level::Medium.code().to_owned(), ..defects::Entered::default() };
    page_of_list(&visitor, &slug, query.as_deref(), (entered, None, FormErrors::default()), StatusCode::OK).await
}

/// The list with its form: what was entered, the result it is about, and what was refused.
async fn page_of_list(
    visitor: &Visitor,
    slug: &str,
    query: Option<&str>,
    (mut entered, result, errors): (defects::Entered, Option<Uuid>, FormErrors),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Defects).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query)?);
    let (filter, before) = (filter(visitor, &asked), asked.parsed("before"));
    let may_create = visitor.may("defect", "create", Some(project.id));
    let tx = ctx.begin_read().await?;
    let mut rows = quality::list_defects::<Read>(ctx, &tx, project.id, &filter, before, ROWS + 1).await?;
    let more = cut(&mut rows, ROWS);
    let about = match result.or_else(|| asked.parsed("result")).filter(|_| may_create) {
        Some(id) => beside(quality::find_result(ctx, &tx, project.id, id).await)?,
        None => None,
    };
    tx.commit().await?;
    if let Some(found) = about.as_ref().filter(|_| errors.is_empty()) {
        prefill(&mut entered, found);
    }

    let (path, now) = (paths::section(slug, "defects"), ctx.now());
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| asked.address(&path, &["before", "new", "result"], &[("before", &row.id.to_string())]));
    let shown = plural(i64::try_from(rows.len()).unwrap_or_default(), "defect", "defects");
    let mine = filter.owner.map(|_| "me".to_owned());
    let view = defects::View {
        filters: Filters {
            action: path.clone(),
            text: Some(filter.text.clone().unwrap_or_default()),
            choices: vec![
                states::<DefectStatus>("status", "Status", &filter.statuses),
                states::<Level>("severity", "Severity", &filter.severities),
                choice("owner", "Owner", &[("me".to_owned(), "Me".to_owned())], mine.as_slice()),
            ],
            carry: Vec::new(),
        },
        columns: defects::COLUMNS.map(Column::text).to_vec(),
        rows: rows
            .into_iter()
            .map(|row| defects::Row {
                status: DefectStatus::from_code(&row.status).unwrap_or(DefectStatus::Open),
                severity: Level::from_code(&row.severity).unwrap_or(Level::Medium),
                updated: When::new(row.updated_at, now),
                key: row.key,
                title: row.title,
                requirement: row.requirement,
                owner: row.owner,
            })
            .collect(),
        pager: Pager {
            shown: format!("{shown}, newest first"),
            first: before.map(|_: Uuid| asked.address(&path, &["before"], &[])),
            next,
        },
        may_create,
        entered,
        result: about.map(|found| (found.id.to_string(), called(&found))),
        open: asked.one("new").is_some(),
        export: asked.address(&format!("{path}.csv"), &["before", "new", "result"], &[]),
        errors,
    };
    Ok(with_status(status, defects::page(&frame, &view)))
}

/// A result as the form calls it.
fn called(found: &quality::FoundResult) -> String {
    match found.build.0 {
        Some(number) => format!("the result of {} ({}) in build #{number}", found.key, found.name),
        None => format!("a result of {} ({})", found.key, found.name),
    }
}

/// What can be said of a defect from the result that shows it.
fn prefill(entered: &mut defects::Entered, found: &quality::FoundResult) {
    let first = found.message.as_deref().and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty()));
    let title = match first {
        Some(line) => format!("{}: {line}", found.name),
        None => format!("{} fails", found.name),
    };
    entered.title = title.chars().take(500).collect();
    entered.description = found.message.clone().unwrap_or_default();
    entered.steps = match found.build.0 {
        Some(number) => format!("Run {} ({}) on build #{number}.", found.name, found.key),
        None => format!("Run {} ({}).", found.name, found.key),
    };
    if Outcome::from_code(&found.outcome) == Some(Outcome::Failed) {
        entered.severity = Level::High.code().to_owned();
    }
}

async fn create(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Defects).await?;
    let ctx = &visitor.ctx;
    let result: Option<Uuid> = fields.text("test_result_id").parse().ok();
    let mut body = fields.object(&["title", "severity", "description", "reproduction_steps"]);
    body.retain(|_, value| !value.is_null());
    body.insert("project_id".to_owned(), json!(project.id));
    let mut tx = ctx.begin().await?;
    if let Some(id) = result {
        body.insert("test_result_id".to_owned(), json!(id));
        if let Some(found) = quality::find_result(ctx, &tx, project.id, id).await? {
            body.insert("affected_version".to_owned(), json!(found.build.1));
        }
    }
    match kernel::create(ctx, &mut tx, ctx.catalogue().served(&DEFECTS)?, &Value::Object(body)).await {
        Ok(written) => {
            tx.commit().await?;
            let made = written.body.parse()?;
            let key = made["key"].as_str().unwrap_or_default();
            Ok(see_other(paths::defect(&slug, key)).saying(Tone::Good, format!("{key} is recorded.")).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            let entered = defects::Entered {
                title: fields.text("title").to_owned(),
                severity: fields.text("severity").to_owned(),
                description: fields.text("description").to_owned(),
                steps: fields.text("reproduction_steps").to_owned(),
            };
            page_of_list(visitor, &slug, None, (entered, result, errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

async fn file(
    visitor: Visitor,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Defects).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    permit_in::<Export>(ctx, &DEFECTS, project.id)?;
    let filter = filter(&visitor, &asked);
    let tx = ctx.begin_read().await?;
    let mut gathered: Gathered<DefectLine> = Gathered::new();
    while gathered.goes_on() {
        let before = gathered.last().map(|row| row.id);
        gathered.add(quality::list_defects::<Export>(ctx, &tx, project.id, &filter, before, FILE_STEP).await?);
    }
    tx.commit().await?;
    let mut csv = Csv::new(&["key", "title", "status", "severity", "owner", "requirement", "updated_at"]);
    for row in gathered.into_rows() {
        csv.row(&[
            row.key,
            row.title,
            row.status,
            row.severity,
            row.owner.unwrap_or_default(),
            row.requirement.unwrap_or_default(),
            stamp(Some(row.updated_at)),
        ]);
    }
    csv.answer(ctx, "defect", Some(project.id), &format!("{}-defects", project.slug), form).await
}

async fn show(visitor: Visitor, Path((slug, key)): Path<(String, String)>) -> Result<Response, PageError> {
    page(&visitor, &slug, &key, (FormErrors::default(), None), StatusCode::OK).await
}

async fn find(visitor: &Visitor, tx: &kernel::Tx, project: Uuid, key: &str) -> Result<DefectRecord, PageError> {
    let missing = || Problem::not_found(format!("defect `{}`", key.chars().take(40).collect::<String>()));
    if key.contains('\0') {
        return Err(missing().into());
    }
    Ok(quality::find_defect(&visitor.ctx, tx, project, key).await?.ok_or_else(missing)?)
}

/// The page of a defect; with what was entered when it was refused.
async fn page(
    visitor: &Visitor,
    slug: &str,
    key: &str,
    (errors, entered): (FormErrors, Option<&Fields>),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Defects).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let found = find(visitor, &tx, project.id, key).await?;
    let id = found.line.id.to_string();
    let may_edit = visitor.may_do::<Update>(&tx, &DEFECTS, &id, Some(project.id)).await?;
    let people = if may_edit { work::members(&tx, &project).await? } else { Vec::new() };
    let suspects = beside(work::suspects_counted(ctx, &tx, &project, Some(found.line.id)).await)?;
    tx.commit().await?;
    let history = history::of(ctx, ctx.catalogue().served(&DEFECTS)?, &id).await?;

    let moves = DEFECTS.status.as_ref().filter(|_| may_edit).map_or(&[][..], |moves| moves.after(&found.line.status));
    let view = defect::View {
        status: DefectStatus::from_code(&found.line.status).unwrap_or(DefectStatus::Open),
        severity: Level::from_code(&found.line.severity).unwrap_or(Level::Medium),
        line: line(slug, &found),
        updated: When::new(found.line.updated_at, ctx.now()),
        key: found.line.key,
        title: found.line.title,
        suspects,
        description: found.description,
        reproduction_steps: found.reproduction_steps,
        owner: found.line.owner,
        reporter: found.reporter,
        affected_version: found.affected_version,
        fixed_version: found.fixed_version,
        requirement: found.requirement,
        test_case: found.test_case.map(|(key, name, _)| (key, name)),
        message: found.message,
        history,
        history_href: paths::history("defects", &id),
        moves: moves.iter().filter_map(|code| DefectStatus::from_code(code)).collect(),
        may_edit,
        version: found.version,
        form: form_of(entered),
        errors,
        people: people.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        owner_id: found.owner_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    Ok(with_status(status, defect::page(&frame, &view)))
}

/// What was entered into the edit form, to be shown again.
fn form_of(entered: Option<&Fields>) -> Option<defect::Entered> {
    let fields = entered?;
    let text = |name: &str| fields.text(name).to_owned();
    Some(defect::Entered {
        title: text("title"),
        description: text("description"),
        reproduction_steps: text("reproduction_steps"),
        severity: text("severity"),
        owner: text("assigned_to_user_id"),
        affected_version: text("affected_version"),
        fixed_version: text("fixed_version"),
    })
}

/// Requirement, test, this defect, and the version it is gone from.
fn line(slug: &str, found: &DefectRecord) -> Vec<Stop> {
    let gap = |label: &str, word: &str| Stop {
        label: label.to_owned(),
        value: "–".to_owned(),
        detail: None,
        tone: Tone::Idle,
        word: word.to_owned(),
        href: None,
    };
    let status = DefectStatus::from_code(&found.line.status).unwrap_or(DefectStatus::Open);
    let requirement = match &found.requirement {
        None => gap("Requirement", "None in the way"),
        Some((key, _)) => Stop {
            tone: if matches!(status, DefectStatus::Verified | DefectStatus::Closed) { Tone::Good } else { Tone::Warn },
            value: key.clone(),
            word: "Hindered by this".to_owned(),
            href: Some(paths::requirement(slug, key)),
            ..gap("Requirement", "")
        },
    };
    let test = match &found.test_case {
        None => gap("Test", "Found by hand"),
        Some((key, _, latest)) => {
            let latest = latest.as_deref().and_then(Outcome::from_code);
            Stop {
                tone: latest.map_or(Tone::Idle, Shown::tone),
                value: key.clone(),
                word: latest.map_or("Never run", Shown::word).to_owned(),
                href: Some(paths::test_case(slug, key)),
                ..gap("Test", "")
            }
        }
    };
    let this = Stop {
        tone: status.tone(),
        value: found.line.key.clone(),
        word: status.word().to_owned(),
        ..gap("Defect", "")
    };
    let fixed = match &found.fixed_version {
        None => gap("Gone from", "Not fixed yet"),
        Some(version) => {
            Stop { tone: Tone::Good, value: version.clone(), word: "Fixed".to_owned(), ..gap("Gone from", "") }
        }
    };
    let mut stops = vec![requirement, test];
    stops.extend(found.build.map(|number| Stop {
        tone: Tone::Bad,
        value: format!("#{number}"),
        word: "Seen here".to_owned(),
        href: Some(paths::build(slug, i64::from(number))),
        ..gap("Build", "")
    }));
    stops.extend([this, fixed]);
    stops
}

async fn edit(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    const FIELDS: [&str; 7] = [
        "title",
        "description",
        "reproduction_steps",
        "severity",
        "assigned_to_user_id",
        "affected_version",
        "fixed_version",
    ];
    let body = Value::Object(posted.fields.object(&FIELDS));
    apply(&posted, &slug, &key, &body, "The change is saved.").await
}

async fn move_on(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let to = DefectStatus::from_code(posted.fields.text("status"))
        .ok_or_else(|| Problem::bad_request("There is no such status."))?;
    let said = format!("{key} is now: {}.", to.word().to_lowercase());
    apply(&posted, &slug, &key, &json!({"status": to.code()}), &said).await
}

/// Changes a defect and goes back to its page, or shows the page again with what was refused.
async fn apply(posted: &Posted, slug: &str, key: &str, body: &Value, said: &str) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(slug, Section::Defects).await?;
    let ctx = &visitor.ctx;
    let mut tx = ctx.begin().await?;
    let found = find(visitor, &tx, project.id, key).await?;
    match change(ctx, &mut tx, &DEFECTS, (project.id, found.line.id), fields.text("version"), body).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other(paths::defect(slug, &found.line.key)).saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            let entered = fields.has("title").then_some(fields);
            page(visitor, slug, key, (errors, entered), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}
