//! Linking many records at once from a list, and which kinds of records a link may join.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use kernel::{Call, Error, Subject};
use serde_json::{Value, json};

use super::{Site, answer::html, error::PageError, error::refused, form::Posted, session::Visitor};
use crate::{
    components::FormErrors,
    format::plural,
    layout::Section,
    state::Tone,
    views::links::{Fault, Pair, View, page},
};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/p/{project}/links", get(show).post(load))
}

async fn show(visitor: Visitor, Path(slug): Path<String>) -> Result<Response, PageError> {
    answer(&visitor, &slug, View::default(), StatusCode::OK).await
}

/// The page around what came of a list.
async fn answer(visitor: &Visitor, slug: &str, mut view: View, status: StatusCode) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Matrix).await?;
    let tx = visitor.ctx.begin_read().await?;
    let pairs = work::link_pairs(&tx).await?;
    tx.commit().await?;
    let words = |text: String| text.replace('_', " ");
    for pair in pairs {
        let (link_type, source, target) = (words(pair.link_type), words(pair.source), words(pair.target));
        match view.pairs.last_mut() {
            Some(last) if last.link_type == link_type && last.source == source && last.says == pair.says => {
                last.targets.push(target);
            }
            _ => view.pairs.push(Pair { link_type, source, targets: vec![target], says: pair.says }),
        }
    }
    view.may_link = visitor.may("trace_link", "create", Some(project.id));
    Ok((status, html(page(&frame, &view))).into_response())
}

/// Looks at a list, or makes its links: all of them or none.
async fn load(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let ctx = &visitor.ctx;
    let operation = ctx
        .catalogue()
        .operations()
        .find(|operation| operation.subject == Subject::Collection("trace-links") && operation.name == "load")
        .cloned()
        .ok_or_else(|| Error::Broken("links cannot be loaded: the operation is not served".into()))?;
    let text = fields.raw("csv").replace("\r\n", "\n");
    let dry_run = fields.text("do") != "link";
    let input = json!({"project": slug, "csv": text, "dry_run": dry_run});
    let loading = async {
        let mut tx = ctx.begin().await?;
        let loaded = operation.run(ctx, &mut tx, Call { id: None, input }).await?;
        tx.commit().await?;
        Ok(loaded)
    };
    match loading.await {
        Ok(loaded) => {
            let view = told(&loaded, dry_run, text);
            answer(visitor, &slug, view, StatusCode::OK).await
        }
        Err(error) => {
            let errors = refused(ctx, error)?;
            let faults: Vec<Fault> =
                errors.fields.iter().filter_map(|field| of_pointer(&field.pointer, &field.detail)).collect();
            let fields = errors.fields.into_iter().filter(|field| field.pointer == "/csv").collect();
            let view = View { text, errors: FormErrors { summary: errors.summary, fields }, faults, ..View::default() };
            answer(visitor, &slug, view, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

fn told(loaded: &Value, dry_run: bool, text: String) -> View {
    let number = |name: &str| loaded[name].as_i64().unwrap_or_default();
    let there = match number("unchanged") {
        0 => String::new(),
        count => format!(", {} there already", plural(count, "is", "are")),
    };
    let faults: Vec<Fault> = loaded["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| Fault {
            line: error["line"].as_i64().unwrap_or_default(),
            field: error["field"].as_str().unwrap_or_default().to_owned(),
            detail: error["detail"].as_str().unwrap_or_default().to_owned(),
        })
        .collect();
    let new = plural(number("created"), "link", "links");
    let says = match (dry_run, faults.is_empty()) {
        (false, _) => (Tone::Good, format!("{new} made{there}.")),
        (true, true) => (Tone::Good, format!("{new} would be made{there}. Nothing is stored yet.")),
        (true, false) => (Tone::Warn, format!("{new} could be made{there}, once the lines below are mended.")),
    };
    let text = if dry_run { text } else { String::new() };
    View { text, says: Some(says), faults, ..View::default() }
}

/// `/csv/4/target` as line 4 and its field.
fn of_pointer(pointer: &str, detail: &str) -> Option<Fault> {
    let (line, field) = pointer.strip_prefix("/csv/")?.split_once('/')?;
    let line: i64 = line.parse().ok()?;
    let detail = detail.strip_prefix(&format!("line {line}: ")).unwrap_or(detail).to_owned();
    Some(Fault { line, field: field.to_owned(), detail })
}
