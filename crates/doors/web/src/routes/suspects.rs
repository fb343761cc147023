//! Suspect links of a project or of one record, and accepting those that were looked at.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::{IntoResponse, Response},
    routing::get,
};
use kernel::{Call, Error, Subject};
use serde_json::json;
use uuid::Uuid;
use work::SuspectLink;

use super::{
    Site,
    answer::{html, see_other},
    error::{PageError, refused},
    form::Posted,
    listing::{Asked, ROWS, cut},
    session::Visitor,
};
use crate::{
    components::Pager,
    format::{When, plural},
    layout::Section,
    paths,
    state::Tone,
    views::suspects::{Row, View, page},
};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/p/{project}/suspects", get(list).post(accept))
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Matrix).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let of = asked.one("record").map(|key| key.to_uppercase());
    let after: Option<(jiff::Timestamp, Uuid)> = asked.parsed("since").zip(asked.parsed("after"));
    let tx = ctx.begin_read().await?;
    let record = match &of {
        // A key that was never given has no links: nobody learns from the answer which keys there are.
        Some(key) => Some(work::record_of_key(&tx, &project, key).await?.unwrap_or_default()),
        None => None,
    };
    let mut found = work::suspects(ctx, &tx, &project, record, after, ROWS + 1).await?;
    tx.commit().await?;
    let (path, more) = (paths::section(&slug, "suspects"), cut(&mut found, ROWS));
    let next = found.last().filter(|_| more).map(|last| {
        let (since, id) = (last.since.to_string(), last.id.to_string());
        asked.address(&path, &["since", "after"], &[("since", &since), ("after", &id)])
    });
    let shown = plural(i64::try_from(found.len()).unwrap_or_default(), "link", "links");
    let view = View {
        of,
        rows: found.into_iter().map(|link| row(&slug, link, ctx.now())).collect(),
        pager: Pager {
            shown: format!("{shown}, those that have waited longest first"),
            first: after.map(|_| asked.address(&path, &["since", "after"], &[])),
            next,
        },
        may_accept: visitor.may("trace_link", "update", Some(project.id)),
    };
    Ok(html(page(&frame, &view)))
}

fn row(slug: &str, link: SuspectLink, now: jiff::Timestamp) -> Row {
    let end = |key: Option<String>| {
        let href = key.as_deref().and_then(|key| match key.split('-').next() {
            Some("REQ") => Some(paths::requirement(slug, key)),
            Some("TC") => Some(paths::test_case(slug, key)),
            Some("DEF") => Some(paths::defect(slug, key)),
            _ => None,
        });
        (key.unwrap_or_else(|| "a record".to_owned()), href)
    };
    let (source, target) = (end(link.source), end(link.target));
    let [by_source, by_target, by_criterion] = link.changed;
    let changed: Vec<String> = [(by_source, source.0.as_str()), (by_target, &target.0), (by_criterion, "a criterion")]
        .into_iter()
        .filter(|(is_changed, _)| *is_changed)
        .map(|(_, what)| what.to_owned())
        .collect();
    Row {
        id: link.id.to_string(),
        link_type: link.link_type.replace('_', " "),
        criterion: link.criterion.map(i64::from),
        changed: changed.join(" and "),
        since: When::new(link.since, now),
        source,
        target,
    }
}

/// Accepts what was chosen, all or nothing, each with its row in the trail.
async fn accept(Path(slug): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    visitor.project(&slug, Section::Matrix).await?;
    let ctx = &visitor.ctx;
    let operation = ctx
        .catalogue()
        .operations()
        .find(|operation| operation.subject == Subject::Collection("trace-links") && operation.name == "accept")
        .cloned()
        .ok_or_else(|| Error::Broken("trace links cannot be accepted: the operation is not served".into()))?;
    let chosen: Vec<&str> = fields.all("link").take(usize::try_from(ROWS).unwrap_or_default()).collect();
    let back = paths::asking(&paths::section(&slug, "suspects"), &[("record", fields.text("record"))]);
    let to_list = see_other(back);
    if chosen.is_empty() {
        return Ok(to_list.saying(Tone::Warn, "Choose the links that you have looked at.").into_response());
    }
    let input = json!({"links": chosen, "reason": fields.text("reason")});
    let accepting = async {
        let mut tx = ctx.begin().await?;
        let accepted = operation.run(ctx, &mut tx, Call { id: None, input }).await?;
        tx.commit().await?;
        Ok(accepted["links"].as_array().map_or(0, Vec::len))
    };
    match accepting.await {
        Ok(count) => {
            let count = plural(i64::try_from(count).unwrap_or_default(), "link is", "links are");
            Ok(to_list.saying(Tone::Good, format!("{count} accepted.")).into_response())
        }
        Err(error) => {
            let errors = refused(ctx, error)?;
            let why = errors.summary.or_else(|| errors.fields.first().map(|field| field.detail.clone()));
            let why = why.unwrap_or_default();
            Ok(to_list.saying(Tone::Bad, format!("Nothing was accepted: {why}")).into_response())
        }
    }
}
