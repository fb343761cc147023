//! The list of requirements, as a page and as CSV, and writing a new one.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use kernel::{Action, Allowed, Ctx, Export, Read, Tx, Within, permit_in};
use serde_json::{Value, json};
use uuid::Uuid;
use work::{Order, Project, Proof};

use super::{
    Site,
    answer::{see_other, with_status},
    csv::{Csv, Form, attached},
    error::{PageError, refused},
    evidence::{Ask, shown},
    form::Posted,
    listing::Asked,
    session::Visitor,
};
use crate::{
    components::{Column, FormErrors, Pager, Sort},
    format::{When, plural},
    layout::Section,
    paths,
    state::{Level, RequirementStatus, Shown, Tone},
    views::requirements::{COLUMNS, Row, View, page},
};

/// Rows of one page.
const ROWS: usize = 100;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/requirements", get(show).post(create))
        .route("/p/{project}/requirements.csv", get(export))
        .route("/p/{project}/requirements.xlsx", get(export))
        .route("/p/{project}/requirements.reqif", get(reqif))
        .route("/p/{project}/requirements.reqifz", get(reqifz))
}

fn order(sort: &str) -> Order {
    match sort {
        "key" => Order::Number,
        "state" => Order::Standing,
        "-state" => Order::StandingFalling,
        "priority" => Order::Priority,
        "-priority" => Order::PriorityFalling,
        "updated" => Order::Updated,
        "-updated" => Order::UpdatedFalling,
        _ => Order::NumberFalling,
    }
}

async fn rows<A: Action>(ctx: &Ctx, tx: &Tx, project: &Project, proofs: &[Proof]) -> Result<Vec<Row>, PageError> {
    let ids: Vec<Uuid> = proofs.iter().map(|proof| proof.id).collect();
    let mut titles = work::titles::<A>(ctx, tx, project.id, &ids).await?;
    let now = ctx.now();
    Ok(proofs
        .iter()
        .map(|proof| {
            let (title, owner) = titles.remove(&proof.id).unwrap_or_default();
            Row {
                key: proof.key.clone(),
                title,
                proof: shown(proof.evidence.standing()),
                criteria: (proof.evidence.proven, proof.evidence.criteria),
                status: RequirementStatus::from_code(&proof.status).unwrap_or(RequirementStatus::Draft),
                priority: Level::from_code(&proof.priority),
                owner,
                updated: When::new(proof.updated_at, now),
            }
        })
        .collect())
}

/// What was entered into the form, and what was refused about it.
#[derive(Default)]
struct Entered {
    title: String,
    errors: FormErrors,
}

async fn show(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    render(&visitor, &slug, query.as_deref(), Entered::default()).await
}

async fn render(visitor: &Visitor, slug: &str, query: Option<&str>, entered: Entered) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Requirements).await?;
    let ctx = &visitor.ctx;
    let ask = Ask::parse(query);
    let tx = ctx.begin_read().await?;
    let wanted = ask.wanted(ctx.principal.user_id, None, order(&ask.sort));
    let listed = work::listed::<Read>(ctx, &tx, &project, &wanted, &ask.after, ROWS).await?;
    let rows = rows::<Read>(ctx, &tx, &project, &listed.proofs).await?;
    tx.commit().await?;

    let path = paths::section(slug, "requirements");
    let mut filters = ask.filters(path.clone(), &listed.tally);
    if !ask.sort.is_empty() {
        filters.carry.push(("sort".to_owned(), ask.sort.clone()));
    }
    let status = if entered.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let total = plural(listed.fitting, "requirement", "requirements");
    let view = View {
        filters,
        columns: columns(&ask, &path),
        pager: Pager {
            shown: format!("{} of {total}", rows.len()),
            first: (!ask.after.is_empty()).then(|| ask.href(&path, &ask.sort, None)),
            next: listed.next.as_deref().map(|key| ask.href(&path, &ask.sort, Some(key))),
        },
        rows,
        csv_href: ask.href(&paths::section(slug, "requirements.csv"), &ask.sort, None),
        may_create: visitor.may("requirement", "create", Some(project.id)),
        title: entered.title,
        errors: entered.errors,
    };
    Ok(with_status(status, page(&frame, &view)))
}

fn columns(ask: &Ask, path: &str) -> Vec<Column> {
    let current = if ask.sort.is_empty() { "-key" } else { ask.sort.as_str() };
    COLUMNS
        .iter()
        .map(|title| {
            let name = match *title {
                "Key" => "key",
                "State" => "state",
                "Priority" => "priority",
                "Changed" => "updated",
                _ => return Column::text(title),
            };
            let falling = format!("-{name}");
            let (next, now) = match current {
                now if now == name => (falling.as_str(), Some(Sort::Ascending)),
                now if now == falling => (name, Some(Sort::Descending)),
                _ => (name, None),
            };
            Column::text(title).sorts(Some(ask.href(path, next, None)), now)
        })
        .collect()
}

async fn export(
    visitor: Visitor,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Requirements).await?;
    let ctx = &visitor.ctx;
    let ask = Ask::parse(query.as_deref());
    let tx = ctx.begin_read().await?;
    let wanted = ask.wanted(ctx.principal.user_id, None, order(&ask.sort));
    let listed = work::listed::<Export>(ctx, &tx, &project, &wanted, "", usize::MAX).await?;
    let rows = rows::<Export>(ctx, &tx, &project, &listed.proofs).await?;
    tx.commit().await?;
    let mut csv = Csv::new(&[
        "Key",
        "Requirement",
        "State",
        "Criteria proven",
        "Criteria",
        "Status",
        "Priority",
        "Owner",
        "Changed",
    ]);
    for row in rows {
        csv.row(&[
            row.key,
            row.title,
            row.proof.word().to_owned(),
            row.criteria.0.to_string(),
            row.criteria.1.to_string(),
            row.status.word().to_owned(),
            row.priority.map(|level| level.word().to_owned()).unwrap_or_default(),
            row.owner.unwrap_or_default(),
            row.updated.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ]);
    }
    csv.answer(ctx, "requirement", Some(project.id), &format!("{}-requirements", project.slug), form).await
}

/// Which requirements are to go out: the project, and one of several documents that came in, which `document` in the query names.
async fn going_out(
    visitor: &Visitor,
    slug: &str,
    query: Option<&str>,
) -> Result<(Allowed<Project, Read>, Allowed<Within, Export>, Option<Uuid>), PageError> {
    let (project, _) = visitor.project(slug, Section::Requirements).await?;
    let document = Asked::of(query)?.parsed("document");
    let allowed = permit_in(&visitor.ctx, &work::REQUIREMENTS, project.id)?;
    Ok((project, allowed, document))
}

/// The requirements as ReqIF.
async fn reqif(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, allowed, document) = going_out(&visitor, &slug, query.as_deref()).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let bytes = quality::requirements_as_reqif(ctx, &tx, &allowed, (project.id, &project.name), document).await?;
    tx.commit().await?;
    quality::requirements_taken(ctx, project.id, "reqif").await?;
    Ok(attached(bytes, quality::REQIF_TYPE, &format!("{}-requirements.reqif", project.slug)))
}

/// The same in an archive, with the files that came beside them.
async fn reqifz(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, allowed, document) = going_out(&visitor, &slug, query.as_deref()).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let file = quality::requirements_as_reqifz(ctx, &tx, &allowed, (project.id, &project.name), document).await?;
    tx.commit().await?;
    quality::requirements_taken(ctx, project.id, "reqifz").await?;
    Ok(attached(shared::body_of(file), quality::REQIFZ_TYPE, &format!("{}-requirements.reqifz", project.slug)))
}

async fn create(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    let project = work::project(ctx, &slug).await?;
    let title = posted.fields.text("title");
    match store(ctx, project.id, title).await {
        Ok(key) => Ok(see_other(paths::requirement(&slug, &key))
            .saying(Tone::Good, format!("{key} is there. Edit it to write down how it will be judged."))
            .into_response()),
        Err(error) => {
            let errors = refused(ctx, error)?;
            render(&posted.visitor, &slug, None, Entered { title: title.to_owned(), errors }).await
        }
    }
}

async fn store(ctx: &Ctx, project: Uuid, title: &str) -> Result<String, kernel::Error> {
    let served = ctx.catalogue().served(&work::REQUIREMENTS)?;
    let mut tx = ctx.begin().await?;
    let written = kernel::create(ctx, &mut tx, served, &json!({"project_id": project, "title": title})).await?;
    tx.commit().await?;
    let body: Value =
        serde_json::from_slice(&written.body.0).map_err(|error| kernel::Error::Broken(error.to_string()))?;
    Ok(body["key"].as_str().unwrap_or_default().to_owned())
}
