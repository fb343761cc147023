//! The rules of the gate of a project: seeing, adding, changing and taking them away.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base::Problem;
use delivery::{BuildFilter, GATE_RULES, RuleAnswer};
use kernel::{Delete, Error, Read, Record, authorise};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    answer::{see_other, with_status},
    change::change,
    error::{PageError, refused},
    form::{Fields, Posted},
    listing::beside,
    session::Visitor,
};
use crate::{
    components::{FieldError, FormErrors},
    layout::Section,
    paths,
    state::{RuleState, Tone},
    views::gate_rules as shown,
};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/p/{project}/gate", get(list).post(add)).route("/p/{project}/gate/{id}", post(save))
}

/// How a build stands to a rule, in one word.
pub(super) fn state_of(rule: &RuleAnswer) -> RuleState {
    match (rule.in_force, rule.passed) {
        (true, true) => RuleState::Passed,
        (true, false) if rule.figure.is_none() => RuleState::Unknown,
        (true, false) => RuleState::Failed,
        (false, true) => RuleState::WouldPass,
        (false, false) => RuleState::WouldFail,
    }
}

/// What a rule counts.
fn counts(rule: &str) -> &'static str {
    match rule {
        "failing_tests" => "Active tests that failed or broke in the build and are not set aside.",
        "unproven_criteria" => "Criteria of agreed requirements that no test of the build proves.",
        "suspect_links" => "Links that nobody has accepted since an end changed.",
        "open_defects" => "Defects of the project that are open, assigned or in progress.",
        "falling_coverage" => "Percentage points of line coverage lost since the last measured build of the branch.",
        _ => "Open vulnerabilities of the build that no earlier build of its branch had.",
    }
}

async fn list(visitor: Visitor, Path(slug): Path<String>) -> Result<Response, PageError> {
    let entered = (["open_defects", "high", "0"].map(str::to_owned), FormErrors::default());
    page(&visitor, &slug, entered, StatusCode::OK).await
}

async fn page(
    visitor: &Visitor,
    slug: &str,
    form: ([String; 3], FormErrors),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Builds).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let rules = delivery::gate_rules(ctx, &tx, project.id).await?;
    let latest = beside(delivery::list_builds::<Read>(ctx, &tx, project.id, &BuildFilter::default(), None, 1).await)?;
    let answer = match latest.first() {
        Some(build) => beside(delivery::gate_of(ctx, &tx, &build.id.to_string()).await.map(Some))?,
        None => None,
    };
    tx.commit().await?;
    let answered = |id: Uuid| answer.as_ref().and_then(|answer| answer.rules.iter().find(|rule| rule.id == id));
    let view = shown::View {
        build: answer.as_ref().map(|answer| i64::from(answer.build_number)),
        rules: rules
            .iter()
            .map(|rule| shown::Rule {
                id: rule.id.to_string(),
                name: rule.rule.replace('_', " "),
                counts: counts(&rule.rule).to_owned(),
                now: answered(rule.id).map(|answer| (state_of(answer), answer.reason.clone())),
                allowed: rule.allowed,
                severity: rule.severity.clone(),
                in_force: rule.in_force,
                version: rule.version.to_string(),
                is_first: rule.is_first,
            })
            .collect(),
        form: visitor.may("gate_rule", "create", Some(project.id)).then_some(form),
        may_change: visitor.may("gate_rule", "update", Some(project.id)),
        may_remove: visitor.may("gate_rule", "delete", Some(project.id)),
    };
    Ok(with_status(status, shown::page(&frame, &view)))
}

/// How many still pass, as it was entered.
fn allowed(fields: &Fields) -> Value {
    let text = fields.text("allowed");
    // What is no number is refused by the kernel, which says what it takes.
    text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
}

async fn add(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Builds).await?;
    let ctx = &visitor.ctx;
    let body = json!({
        "project_id": project.id, "rule": fields.text("rule"), "severity": fields.text("severity"), "allowed": allowed(fields), "is_active": false,
    });
    let adding = async {
        let mut tx = ctx.begin().await?;
        kernel::create(ctx, &mut tx, ctx.catalogue().served(&GATE_RULES)?, &body).await?;
        tx.commit().await
    };
    match adding.await {
        Ok(()) => {
            let to = see_other(paths::section(&slug, "gate"));
            Ok(to.saying(Tone::Good, "The rule is added and not in force yet: see what it comes to.").into_response())
        }
        Err(error) => {
            let entered = ["rule", "severity", "allowed"].map(|name| fields.text(name).to_owned());
            let mut errors = refused(ctx, error)?;
            if errors.fields.is_empty() {
                let detail = errors.summary.take().unwrap_or_default();
                errors.fields.push(FieldError { pointer: "/severity".into(), detail });
            }
            page(visitor, &slug, (entered, errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

async fn save(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Builds).await?;
    let ctx = &visitor.ctx;
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("rule"))?;
    let remove = fields.text("do") == "remove";
    let mut body = json!({"allowed": allowed(fields), "is_active": fields.text("is_active") != "no"});
    if fields.has("severity") {
        body["severity"] = json!(fields.text("severity"));
    }
    let saving = async {
        let mut tx = ctx.begin().await?;
        if remove {
            let served = ctx.catalogue().served(&GATE_RULES)?;
            let record = Record::find(&tx, served, &id.to_string(), true).await?;
            if record.project != Some(project.id) {
                return Err(Error::from(Problem::not_found("rule")));
            }
            kernel::delete(ctx, &mut tx, served, authorise::<Delete, _>(ctx, record)?).await?;
        } else {
            change(ctx, &mut tx, &GATE_RULES, (project.id, id), fields.text("version"), &body).await?;
        }
        tx.commit().await
    };
    let to = see_other(paths::section(&slug, "gate"));
    match saving.await {
        Ok(()) if remove => Ok(to.saying(Tone::Good, "The rule is taken away.").into_response()),
        Ok(()) => Ok(to.saying(Tone::Good, "The rule is changed.").into_response()),
        Err(error) => {
            let errors = refused(ctx, error)?;
            let why = errors.summary.or_else(|| errors.fields.first().map(|field| field.detail.clone()));
            Ok(to.saying(Tone::Bad, format!("Nothing was changed: {}", why.unwrap_or_default())).into_response())
        }
    }
}
