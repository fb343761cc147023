//! The organisation's projects, and making one.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::{Problem, ProblemKind};
use insight::UserFigures;
use jiff::{Timestamp, tz::TimeZone};
use kernel::Ctx;
use serde_json::json;

use super::{
    Site,
    answer::{html, see_other, with_status},
    error::{PageError, refused},
    evidence::shown,
    form::Posted,
    session::Visitor,
};
use crate::{
    components::{Counts, Figure, FormErrors},
    format::When,
    layout::Section,
    paths,
    state::Tone,
    views::home::{Project, View, Waiting, Work, page},
};

/// How many tasks, defects, decisions and messages are listed.
const OF_EACH_KIND: i64 = 5;
/// How many slugs are tried for one name.
const SLUGS: u32 = 50;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route(paths::HOME, get(show)).route(paths::PROJECTS, post(create))
}

async fn show(visitor: Visitor) -> Result<Response, PageError> {
    render(&visitor, StatusCode::OK, String::new(), FormErrors::default()).await
}

async fn render(
    visitor: &Visitor,
    status: StatusCode,
    name: String,
    errors: FormErrors,
) -> Result<Response, PageError> {
    let now = visitor.ctx.now();
    let tx = visitor.ctx.begin_read().await?;
    let cards = work::project_cards(&visitor.ctx, &tx).await?;
    let figures = insight::my_figures(&visitor.ctx, &tx).await?;
    let waiting = insight::my_work(&visitor.ctx, &tx, OF_EACH_KIND).await?;
    tx.commit().await?;
    let projects = cards
        .into_iter()
        .map(|card| Project {
            name: card.name,
            slug: card.slug,
            description: card.description,
            state: card.worst.map(shown),
            requirements: card.requirements,
            proven: card.proven,
            open_defects: card.open_defects,
            latest: card.latest.map(|(number, passed, failed, at)| {
                (format!("#{number}"), Counts { passed, failed, ..Counts::default() }, When::new(at, now))
            }),
        })
        .collect();
    let work = Work {
        counted: figures.as_ref().map(|figures| When::new(figures.counted_at, now)),
        figures: figures.map(|figures| figures_of(&figures)).unwrap_or_default(),
        waiting: waiting.into_iter().map(|one| waits(one, now)).collect(),
    };
    let view = View { work, projects, may_create: visitor.may("project", "create", None), errors, name };
    let frame = visitor.frame(Section::Home).await?;
    let markup = page(&frame, &view);
    Ok(if status == StatusCode::OK { html(markup) } else { with_status(status, markup) })
}

/// How much waits; what there is nothing of is left out, so that an idle person sees no row of zeros.
fn figures_of(figures: &UserFigures) -> Vec<Figure> {
    [
        (figures.overdue_tasks, "tasks overdue", Some(Tone::Bad)),
        (figures.open_tasks, "tasks to do", None),
        (figures.assigned_defects, "defects to resolve", Some(Tone::Warn)),
        (figures.pending_approvals, "decisions awaited", Some(Tone::Active)),
        (figures.open_change_requests, "change requests open", None),
        (figures.unread_notifications, "messages unread", None),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, label, tone)| Figure::count(count, label, None, tone))
    .collect()
}

fn waits(one: insight::Waiting, now: Timestamp) -> Waiting {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (kind, href) = match one.kind.as_str() {
        "task" => ("Task", None),
        "defect" => ("Defect", Some(paths::defect(&one.slug, &one.key))),
        "approval" => ("Decision", None),
        _ => ("Message", (!one.slug.is_empty()).then(|| paths::project(&one.slug))),
    };
    Waiting {
        kind: kind.to_owned(),
        href,
        due: one.due.map(|day| (day.strftime("%-d %b %Y").to_string(), day < today)),
        when: When::new(one.at, now),
        key: one.key,
        title: one.title,
        project: one.project,
    }
}

async fn create(posted: Posted) -> Result<Response, PageError> {
    let (ctx, name) = (&posted.visitor.ctx, posted.fields.text("name"));
    let wish = slug_of(name);
    for number in 1..=SLUGS {
        let slug = if number == 1 { wish.clone() } else { format!("{wish}-{number}") };
        match store(ctx, name, &slug).await {
            Ok(()) => {
                return Ok(see_other(paths::project(&slug))
                    .saying(Tone::Good, format!("The project “{name}” is there."))
                    .into_response());
            }
            Err(error) if ctx.kernel.catalogue.explain(&error).kind == ProblemKind::Conflict => {}
            Err(error) => {
                let errors = refused(ctx, error)?;
                return render(&posted.visitor, StatusCode::UNPROCESSABLE_ENTITY, name.to_owned(), errors).await;
            }
        }
    }
    Err(Problem::conflict("Many projects have this name already; choose another.").into())
}

async fn store(ctx: &Ctx, name: &str, slug: &str) -> Result<(), kernel::Error> {
    let served = ctx.catalogue().served(&work::PROJECTS)?;
    let mut tx = ctx.begin().await?;
    kernel::create(ctx, &mut tx, served, &json!({"name": name, "slug": slug})).await?;
    tx.commit().await
}

/// A name as it can stand in an address: lower-case letters, digits and hyphens.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() >= 50 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "project".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::slug_of;

    #[test]
    fn a_slug_has_what_addresses_can_carry() {
        assert_eq!(slug_of("  Payments & Refunds! "), "payments-refunds");
        assert_eq!(slug_of("Größe"), "groesse");
        assert_eq!(slug_of("決済"), "project");
        assert!(slug_of(&"x".repeat(300)).len() <= 61);
    }
}
