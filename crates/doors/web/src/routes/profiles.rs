//! Import profiles: listing them, making one, looking at one and changing it.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use base::Problem;
use kernel::{Ctx, Error};
use quality::ImportProfile;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Site,
    answer::{html, see_other, with_status},
    change::change,
    error::{PageError, refused},
    form::{Fields, Posted},
    session::Visitor,
};
use crate::{
    components::FormErrors,
    format::When,
    layout::Section,
    paths,
    state::Tone,
    views::profiles::{Entered, LISTS, One, View, one, page},
};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/import-profiles", get(list).post(make))
        .route("/p/{project}/import-profiles/{id}", get(show).post(save))
}

async fn list(visitor: Visitor, Path(slug): Path<String>) -> Result<Response, PageError> {
    render(&visitor, &slug, (String::new(), FormErrors::default())).await
}

async fn render(visitor: &Visitor, slug: &str, form: (String, FormErrors)) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Import).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let profiles = quality::import_profiles(ctx, &tx, project.id, None).await?;
    tx.commit().await?;
    let status = if form.1.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let words = |target: &str| {
        match target {
            "requirements" => "requirements",
            "defects" => "defects",
            _ => "as usual",
        }
        .to_owned()
    };
    let view = View {
        rows: profiles
            .into_iter()
            .map(|one| (one.id.to_string(), one.name, words(&one.target), When::new(one.at, ctx.now())))
            .collect(),
        form: visitor.may("import", "create", Some(project.id)).then_some(form),
    };
    Ok(with_status(status, page(&frame, &view)))
}

async fn make(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    let project = work::project(ctx, &slug).await?;
    let name = posted.fields.text("name");
    let made = async {
        let mut tx = ctx.begin().await?;
        let served = ctx.catalogue().served(&quality::IMPORT_PROFILES)?;
        let written = kernel::create(ctx, &mut tx, served, &json!({"project_id": project.id, "name": name})).await?;
        tx.commit().await?;
        Ok::<String, Error>(written.id)
    };
    match made.await {
        Ok(id) => Ok(see_other(paths::import_profile(&slug, &id))
            .saying(Tone::Good, "The profile is there. Say what differs from what would be guessed.".to_owned())
            .into_response()),
        Err(error) => {
            let errors = refused(ctx, error)?;
            render(&posted.visitor, &slug, (name.to_owned(), errors)).await
        }
    }
}

async fn find(ctx: &Ctx, project: Uuid, id: &str) -> Result<ImportProfile, PageError> {
    let missing = || Problem::not_found("import profile");
    let id: Uuid = id.parse().map_err(|_| missing())?;
    let tx = ctx.begin_read().await?;
    let found = quality::import_profiles(ctx, &tx, project, Some(id)).await?;
    tx.commit().await?;
    Ok(found.into_iter().next().ok_or_else(missing)?)
}

async fn show(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Import).await?;
    let profile = find(&visitor.ctx, project.id, &id).await?;
    let view = One {
        id,
        version: profile.version.clone(),
        entered: entered(&profile),
        errors: FormErrors::default(),
        may_change: visitor.may("import", "update", Some(project.id)),
    };
    Ok(html(one(&frame, &view)))
}

async fn save(Path((slug, id)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (project, frame) = posted.visitor.project(&slug, Section::Import).await?;
    let (ctx, fields) = (&posted.visitor.ctx, &posted.fields);
    let profile = find(ctx, project.id, &id).await?;
    let (mapping, mut errors) = mapping(fields);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if errors.is_empty() {
        let body = json!({
            "name": fields.text("name"),
            "target": fields.text("target"),
            "system": Some(fields.text("system")).filter(|text| !text.is_empty()),
            "mapping": mapping,
        });
        let stored = async {
            let mut tx = ctx.begin().await?;
            change(ctx, &mut tx, &quality::IMPORT_PROFILES, (project.id, profile.id), fields.text("version"), &body)
                .await?;
            tx.commit().await
        };
        match stored.await {
            Ok(()) => {
                return Ok(see_other(paths::import_profile(&slug, &id))
                    .saying(Tone::Good, "The profile was saved.".to_owned())
                    .into_response());
            }
            Err(error) => {
                if let Some(problem) = error.problem() {
                    status = StatusCode::from_u16(problem.status()).unwrap_or(status);
                }
                errors = refused(ctx, error)?;
            }
        }
    }
    let text = |name: &str| fields.text(name).replace("\r\n", "\n");
    let view = One {
        id,
        version: fields.text("version").to_owned(),
        entered: Entered {
            name: text("name"),
            target: text("target"),
            system: text("system"),
            sheet: text("sheet"),
            lists: LISTS.map(|(name, ..)| text(name)),
        },
        errors,
        may_change: true,
    };
    Ok(with_status(status, one(&frame, &view)))
}

/// A profile as it is entered.
fn entered(profile: &ImportProfile) -> Entered {
    let lines = |name: &str| {
        let list = profile.mapping.get(name).and_then(Value::as_object);
        let lines = list
            .into_iter()
            .flatten()
            .map(|(theirs, ours)| format!("{theirs} = {}", ours.as_str().unwrap_or_default()));
        lines.collect::<Vec<_>>().join("\n")
    };
    Entered {
        name: profile.name.clone(),
        target: profile.target.clone(),
        system: profile.system.clone().unwrap_or_default(),
        sheet: profile.mapping.get("sheet").and_then(Value::as_str).unwrap_or_default().to_owned(),
        lists: LISTS.map(|(name, ..)| lines(name)),
    }
}

/// The mapping that a form describes, and what is wrong with it.
fn mapping(fields: &Fields) -> (Value, FormErrors) {
    let mut mapping = Map::new();
    let mut errors = FormErrors::default();
    for (name, ..) in LISTS {
        let mut list = Map::new();
        for (at, line) in fields.text(name).lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match line.rsplit_once('=').map(|(theirs, ours)| (theirs.trim(), ours.trim())) {
                Some((theirs, ours)) if !theirs.is_empty() && !ours.is_empty() => {
                    _ = list.insert(theirs.to_owned(), json!(ours))
                }
                _ => refuse(&mut errors, name, format!("line {} is not of the form: theirs = ours", at + 1)),
            }
        }
        if !list.is_empty() {
            mapping.insert(name.to_owned(), Value::Object(list));
        }
    }
    if !fields.text("sheet").is_empty() {
        mapping.insert("sheet".to_owned(), json!(fields.text("sheet")));
    }
    let mapping = Value::Object(mapping);
    if errors.is_empty()
        && let Err((list, reason)) = quality::imports::check_mapping(&mapping)
    {
        refuse(&mut errors, list, reason);
    }
    (mapping, errors)
}

fn refuse(errors: &mut FormErrors, name: &str, detail: String) {
    errors.fields.push(crate::components::FieldError { pointer: format!("/{name}"), detail });
}
