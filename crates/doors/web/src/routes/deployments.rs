//! Deployments: what runs where, what ran there before, recording one, and what became of it.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::Problem;
use delivery::{Approve, BuildFilter, DEPLOYMENTS, DeploymentFilter, DeploymentLine};
use kernel::{Call, Ctx, Error, Export, Read, Record, Subject, Tx, Update, permit_in};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    answer::{see_other, with_status},
    change::change,
    csv::{Csv, Form},
    error::{PageError, refused},
    form::{Fields, Posted},
    listing::{Asked, FILE_STEP, Gathered, ROWS, beside, choice, cut, stamp, states},
    session::Visitor,
};
use crate::{
    components::{Actor, ActorKind, Filters, FormErrors, Pager},
    format::{When, plural},
    layout::Section,
    paths,
    state::{DeploymentStatus, Shown, Tone},
    views::{builds::short, deployments},
};

/// Builds to choose from.
const BUILDS: i64 = 50;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/deployments", get(list).post(create))
        .route("/p/{project}/deployments.csv", get(file))
        .route("/p/{project}/deployments.xlsx", get(file))
        .route("/p/{project}/deployments/{id}/status", post(move_on))
        .route("/p/{project}/deployments/{id}/approve", post(approve))
}

fn filter(asked: &Asked) -> DeploymentFilter {
    DeploymentFilter {
        environments: asked.values("environment"),
        statuses: asked.codes::<DeploymentStatus>("status"),
        text: asked.one("q"),
    }
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let entered = [const { String::new() }; 5];
    page(&visitor, &slug, query.as_deref(), (entered, FormErrors::default()), StatusCode::OK).await
}

/// The page with its form: what was entered and what was refused about it.
async fn page(
    visitor: &Visitor,
    slug: &str,
    query: Option<&str>,
    (mut entered, errors): ([String; 5], FormErrors),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Deployments).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query)?);
    let (filter, before) = (filter(&asked), asked.parsed("before"));
    let may_create = visitor.may("deployment", "create", Some(project.id));
    let tx = ctx.begin_read().await?;
    let live = delivery::live_deployments(ctx, &tx, project.id).await?;
    let mut rows = delivery::list_deployments::<Read>(ctx, &tx, project.id, &filter, before, ROWS + 1).await?;
    let builds = if may_create {
        beside(delivery::list_builds::<Read>(ctx, &tx, project.id, &BuildFilter::default(), None, BUILDS).await)?
    } else {
        Vec::new()
    };
    let more = cut(&mut rows, ROWS);
    let mut may = HashMap::new();
    for id in rows.iter().map(|line| line.id) {
        let (record, project) = (id.to_string(), Some(project.id));
        let update = visitor.may_do::<Update>(&tx, &DEPLOYMENTS, &record, project).await?;
        let approve = visitor.may_do::<Approve>(&tx, &DEPLOYMENTS, &record, project).await?;
        may.insert(id, May { update, approve, actor: ctx.principal.user_id });
    }
    tx.commit().await?;

    let (path, now) = (paths::section(slug, "deployments"), ctx.now());
    let next =
        rows.last().filter(|_| more).map(|row| asked.address(&path, &["before"], &[("before", &row.id.to_string())]));
    let shown = plural(i64::try_from(rows.len()).unwrap_or_default(), "deployment", "deployments");
    let names: Vec<(String, String)> = live.iter().map(|one| (one.name.clone(), one.name.clone())).collect();
    if let Some(first) = builds.first().filter(|_| entered[1].is_empty() && errors.is_empty()) {
        entered[1] = first.number.to_string();
    }
    // A form without a build to choose would lead nowhere.
    let form = (may_create && !builds.is_empty()).then(|| deployments::Form {
        environments: live.iter().map(|one| (one.id.to_string(), one.name.clone())).collect(),
        builds: builds.iter().map(|build| (build.number.to_string(), words(build))).collect(),
        entered,
        errors,
    });
    let view = deployments::View {
        environments: live
            .into_iter()
            .map(|one| deployments::Environment {
                name: one.name,
                protected: one.protected,
                current: one.live.map(|live| row(live, &May::default(), now)),
                behind: one.behind,
            })
            .collect(),
        filters: Filters {
            action: path.clone(),
            text: Some(filter.text.clone().unwrap_or_default()),
            choices: vec![
                choice("environment", "Environment", &names, &filter.environments),
                states::<DeploymentStatus>("status", "Status", &filter.statuses),
            ],
            carry: Vec::new(),
        },
        history: rows
            .into_iter()
            .map(|line| {
                let may = may.remove(&line.id).unwrap_or_default();
                row(line, &may, now)
            })
            .collect(),
        pager: Pager {
            shown: format!("{shown}, newest first"),
            first: before.map(|_: Uuid| asked.address(&path, &["before"], &[])),
            next,
        },
        export: asked.address(&format!("{path}.csv"), &["before"], &[]),
        form,
    };
    Ok(with_status(status, deployments::page(&frame, &view)))
}

/// A build in a list to choose from: its number and what tells it from the others.
pub(super) fn words(build: &delivery::BuildLine) -> String {
    let parts = [build.version.clone(), build.branch.clone(), build.commit.as_deref().map(short)];
    let known: Vec<String> = parts.into_iter().flatten().collect();
    if known.is_empty() { format!("#{}", build.number) } else { format!("#{} · {}", build.number, known.join(" · ")) }
}

/// What the visitor may do to deployments; for showing buttons.
#[derive(Default)]
struct May {
    update: bool,
    approve: bool,
    actor: Uuid,
}

fn row(line: DeploymentLine, may: &May, now: jiff::Timestamp) -> deployments::Row {
    let moves = DEPLOYMENTS.status.as_ref().filter(|_| may.update).map_or(&[][..], |moves| moves.after(&line.status));
    let status = DeploymentStatus::from_code(&line.status).unwrap_or(DeploymentStatus::Pending);
    let waits = line.needs_approval && matches!(status, DeploymentStatus::Pending | DeploymentStatus::Failed);
    let approval = match line.approved_by {
        Some(name) => deployments::Approval::Given(name),
        None if waits && may.approve && !line.involved.contains(&Some(may.actor)) => deployments::Approval::Yours,
        None if waits => deployments::Approval::Wanted,
        None => deployments::Approval::NotNeeded,
    };
    let goes_ahead =
        |status: &DeploymentStatus| matches!(status, DeploymentStatus::Deploying | DeploymentStatus::Success);
    let kind = match line.by_kind.as_deref() {
        Some("person") => ActorKind::Person,
        _ => ActorKind::Agent,
    };
    deployments::Row {
        status,
        approval,
        by: Actor { name: line.by.unwrap_or_else(|| "A machine".to_owned()), kind, on_behalf_of: None },
        duration_ms: line.seconds.map(|seconds| i64::from(seconds) * 1000),
        when: When::new(line.at, now),
        moves: moves
            .iter()
            .filter_map(|code| DeploymentStatus::from_code(code))
            .filter(|status| !line.needs_approval || !goes_ahead(status))
            .collect(),
        id: (line.id.to_string(), line.version_of_row),
        environment: line.environment,
        version: line.version,
        build: line.build.map(i64::from),
        reason: line.remark,
    }
}

async fn file(
    visitor: Visitor,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Deployments).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    permit_in::<Export>(ctx, &DEPLOYMENTS, project.id)?;
    let filter = filter(&asked);
    let tx = ctx.begin_read().await?;
    let mut gathered: Gathered<DeploymentLine> = Gathered::new();
    while gathered.goes_on() {
        let before = gathered.last().map(|line| line.id);
        gathered.add(delivery::list_deployments::<Export>(ctx, &tx, project.id, &filter, before, FILE_STEP).await?);
    }
    tx.commit().await?;
    let heads = ["environment", "version", "build", "status", "by", "approved by", "seconds", "remark", "at"];
    let mut csv = Csv::new(&heads);
    for line in gathered.into_rows() {
        let number = |number: Option<i32>| number.map_or_else(String::new, |number| number.to_string());
        csv.row(&[
            line.environment,
            line.version,
            number(line.build),
            line.status,
            line.by.unwrap_or_default(),
            line.approved_by.unwrap_or_default(),
            number(line.seconds),
            line.remark.unwrap_or_default(),
            stamp(Some(line.at)),
        ]);
    }
    csv.answer(ctx, "deployment", Some(project.id), &format!("{}-deployments", project.slug), form).await
}

async fn create(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Deployments).await?;
    let ctx = &visitor.ctx;
    let mut tx = ctx.begin().await?;
    match record(ctx, &mut tx, project.id, fields).await {
        Ok(version) => {
            tx.commit().await?;
            let said = format!("The deployment of {version} is recorded.");
            Ok(see_other(paths::section(&slug, "deployments")).saying(Tone::Good, said).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            let entered = ["environment_id", "build", "version", "status", "approval_notes"]
                .map(|name| fields.text(name).to_owned());
            page(visitor, &slug, None, (entered, errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// Records what the form says and answers the version. The times of what has happened already are now.
async fn record(ctx: &Ctx, tx: &mut Tx, project: Uuid, fields: &Fields) -> Result<String, Error> {
    let no_build = || Problem::invalid("No such build.").field("/build", "choose a build of this project");
    let number: i32 = fields.text("build").trim_start_matches('#').parse().map_err(|_| no_build())?;
    let build = delivery::find_build(ctx, tx, project, number).await?.ok_or_else(no_build)?;
    let version = match fields.text("version") {
        "" => build.version.clone().unwrap_or_else(|| format!("#{number}")),
        text => text.to_owned(),
    };
    let environment: Uuid = fields
        .text("environment_id")
        .parse()
        .map_err(|_| Problem::invalid("No such environment.").field("/environment_id", "choose an environment"))?;
    let mut body = json!({
        "project_id": project,
        "environment_id": environment,
        "build_id": build.id,
        "version": version,
        "deployed_by": ctx.principal.user_id,
    });
    let now = json!(ctx.now().to_string());
    if let Some(status) = Some(fields.text("status")).filter(|status| !status.is_empty()) {
        body["status"] = json!(status);
        let times: &[&str] = match status {
            "success" => &["started_at", "completed_at", "deployed_at"],
            "failed" => &["started_at", "completed_at"],
            "deploying" => &["started_at"],
            _ => &[],
        };
        for time in times {
            body[*time] = now.clone();
        }
    }
    if !fields.text("approval_notes").is_empty() {
        body["approval_notes"] = json!(fields.text("approval_notes"));
    }
    kernel::create(ctx, tx, ctx.catalogue().served(&DEPLOYMENTS)?, &body).await?;
    Ok(version)
}

async fn move_on(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Deployments).await?;
    let ctx = &visitor.ctx;
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("deployment"))?;
    let to = DeploymentStatus::from_code(fields.text("status"))
        .ok_or_else(|| Problem::bad_request("There is no such status."))?;
    let mut body = json!({"status": to.code()});
    if to == DeploymentStatus::RolledBack && !fields.text("rollback_reason").is_empty() {
        body["rollback_reason"] = Value::String(fields.text("rollback_reason").to_owned());
    }
    let mut tx = ctx.begin().await?;
    let to_list = see_other(paths::section(&slug, "deployments"));
    match change(ctx, &mut tx, &DEPLOYMENTS, (project.id, id), fields.text("version"), &body).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to_list.saying(Tone::Good, format!("It is now: {}.", to.word().to_lowercase())).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            let why = errors.summary.or_else(|| errors.fields.first().map(|field| field.detail.clone()));
            Ok(to_list.saying(Tone::Bad, why.unwrap_or_default()).into_response())
        }
    }
}

async fn approve(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, notes) = (&posted.visitor, posted.fields.text("notes"));
    let (project, _) = visitor.project(&slug, Section::Deployments).await?;
    let ctx = &visitor.ctx;
    let operation = ctx.catalogue().operation(Subject::Record("deployments"), "approve")?;
    let input = if notes.is_empty() { json!({}) } else { json!({"notes": notes}) };
    let approving = async {
        let mut tx = ctx.begin().await?;
        let record = Record::find(&tx, ctx.catalogue().served(&DEPLOYMENTS)?, &id, true).await?;
        if record.project != Some(project.id) {
            return Err(Error::from(Problem::not_found("deployment")));
        }
        operation.run(ctx, &mut tx, Call { id: Some(id), input }).await?;
        tx.commit().await
    };
    let to_list = see_other(paths::section(&slug, "deployments"));
    match approving.await {
        Ok(()) => Ok(to_list.saying(Tone::Good, "You agreed to the deployment; it may go ahead.").into_response()),
        Err(error) => {
            let errors = refused(ctx, error)?;
            let why = errors.summary.or_else(|| errors.fields.first().map(|field| field.detail.clone()));
            Ok(to_list.saying(Tone::Bad, why.unwrap_or_default()).into_response())
        }
    }
}
