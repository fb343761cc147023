//! A project at a glance.

use std::sync::Arc;

use axum::{Router, extract::Path, response::Response, routing::get};
use delivery::{Deployed, RecentBuild};
use insight::{Day, ProjectFigures};
use jiff::{Timestamp, tz::TimeZone};
use kernel::Read;
use work::{Standing, Tally};

use super::{Site, answer::html, error::PageError, evidence::shown, listing::beside, session::Visitor};
use crate::{
    components::{Counts, Figure, Stop, TrendPoint},
    format::{When, percent, plural, thousands},
    layout::Section,
    paths,
    state::{BuildStatus, DeploymentStatus, Shown, Tone},
    views::overview::{self, BuildLine, View},
};

/// Days in the trend by day.
const DAYS: i64 = 60;
/// Builds in the trend.
const BUILDS: u8 = 30;
/// Builds in the short list, and requirements that need attention.
const SHORT: usize = 6;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/p/{project}", get(show))
}

async fn show(visitor: Visitor, Path(slug): Path<String>) -> Result<Response, PageError> {
    let (project, frame, counts) = visitor.project_counted(&slug, Section::Overview).await?;
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let tx = ctx.begin_read().await?;
    let tally = beside(work::tally(ctx, &tx, &project).await)?;
    let builds = beside(delivery::recent_builds(ctx, &tx, project.id, BUILDS).await)?;
    let deployed = beside(delivery::deployed(ctx, &tx, project.id).await)?;
    let worst = beside(work::attention(ctx, &tx, &project, SHORT.try_into().unwrap_or(i64::MAX)).await)?;
    let ids: Vec<_> = worst.iter().map(|proof| proof.id).collect();
    let titles = beside(work::titles::<Read>(ctx, &tx, project.id, &ids).await)?;
    let suspects = beside(work::suspects_counted(ctx, &tx, &project, None).await)?;
    let counted = insight::project_figures(&tx, project.id).await?;
    let days = insight::results_by_day(ctx, &tx, project.id, DAYS).await?;
    tx.commit().await?;

    let nothing = tally.all() == 0 && builds.is_empty();
    let view = View {
        name: project.name.clone(),
        description: project.description.clone(),
        figures: if nothing { Vec::new() } else { figures(&slug, &tally, &builds, (counts.open_defects, suspects)) },
        line: if nothing { Vec::new() } else { line(&slug, &tally, counts.tests, &builds, &deployed) },
        trend: builds
            .iter()
            .rev()
            .filter(|build| build.passed + build.failed > 0)
            .map(|build| TrendPoint {
                label: format!("#{}", build.number),
                href: paths::build(&slug, build.number.into()),
                counts: results(build),
                when: When::new(build.at, now),
            })
            .collect(),
        days: days.iter().map(|day| by_day(&slug, day, now)).collect(),
        counted: counted.map(|figures| (in_words(&figures), When::new(figures.counted_at, now))),
        attention: worst
            .iter()
            .map(|proof| {
                let title = titles.get(&proof.id).map(|(title, _)| title.clone()).unwrap_or_default();
                let why = proof.evidence.attention().unwrap_or_default();
                (proof.key.clone(), title, shown(proof.evidence.standing()), why)
            })
            .collect(),
        builds: builds
            .iter()
            .take(SHORT)
            .map(|build| BuildLine {
                number: build.number.into(),
                label: build.label.clone(),
                status: BuildStatus::from_code(&build.status).unwrap_or(BuildStatus::Pending),
                counts: results(build),
                when: When::new(build.at, now),
            })
            .collect(),
        deployed: deployed
            .iter()
            .map(|one| overview::Deployed {
                environment: one.environment.clone(),
                version: one.version.clone(),
                status: one.last_status.as_deref().and_then(DeploymentStatus::from_code),
                when: one.last_at.map(|at| When::new(at, now)),
            })
            .collect(),
    };
    Ok(html(overview::page(&frame, &view)))
}

fn by_day(slug: &str, day: &Day, now: Timestamp) -> TrendPoint {
    TrendPoint {
        label: day.day.strftime("%-d %b %Y").to_string(),
        href: paths::section(slug, "builds"),
        counts: Counts { passed: day.passed, failed: day.failed, errors: day.errors, skipped: day.skipped },
        when: When::new(day.day.to_zoned(TimeZone::UTC).map_or(now, |day| day.timestamp()), now),
    }
}

/// What the figures say, without what there is nothing of.
fn in_words(figures: &ProjectFigures) -> Vec<(String, String)> {
    let overdue = |words: String| match figures.overdue_tasks {
        0 => words,
        late => format!("{words}, {} overdue", thousands(late)),
    };
    let failed = |words: String| match figures.failed_deployments {
        0 => words,
        failed => format!("{words}, {} failed or rolled back", thousands(failed)),
    };
    let grave = figures.grave_vulnerabilities;
    let all = [
        ("Tasks", figures.open_tasks, overdue(format!("{} to do", thousands(figures.open_tasks)))),
        (
            "Changes",
            figures.open_change_requests,
            plural(figures.open_change_requests, "request open", "requests open"),
        ),
        (
            "Vulnerabilities",
            grave + figures.other_vulnerabilities,
            format!("{} critical or high, {} others", thousands(grave), thousands(figures.other_vulnerabilities)),
        ),
        ("Deployments", figures.deployments, failed(format!("{} in 30 days", thousands(figures.deployments)))),
        ("Documents", figures.documents, thousands(figures.documents)),
        ("Members", figures.members, thousands(figures.members)),
    ];
    let mut rows: Vec<(String, String)> =
        all.into_iter().filter(|(_, count, _)| *count > 0).map(|(name, _, words)| (name.to_owned(), words)).collect();
    if let Some(coverage) = figures.coverage {
        rows.push(("Coverage".to_owned(), format!("{coverage:.1} % of lines")));
    }
    if figures.hours_planned > 0.0 || figures.hours_actual > 0.0 {
        let words = format!("{:.1} planned, {:.1} logged", figures.hours_planned, figures.hours_actual);
        rows.push(("Hours".to_owned(), words));
    }
    rows
}

fn results(build: &RecentBuild) -> Counts {
    Counts { passed: build.passed.into(), failed: build.failed.into(), ..Counts::default() }
}

fn figures(slug: &str, tally: &Tally, builds: &[RecentBuild], (defects, suspects): (Option<i64>, i64)) -> Vec<Figure> {
    let all = tally.all();
    let (proven, failing, gaps) =
        (tally.standing(Standing::Proven), tally.standing(Standing::Failing), tally.standing(Standing::Gap));
    let matrix = |state: &str| Some(format!("{}?state={state}", paths::section(slug, "matrix")));
    let alarm = |count: i64, tone| (count > 0).then_some(tone);
    let mut figures = vec![
        Figure {
            value: percent(proven, all),
            label: "requirements proven".to_owned(),
            href: matrix("proven"),
            tone: None,
        },
        Figure::count(failing, "failing", matrix("failing"), alarm(failing, Tone::Bad)),
        Figure::count(gaps, "with gaps", matrix("gap"), alarm(gaps, Tone::Gap)),
    ];
    if let Some(defects) = defects {
        let href = Some(paths::section(slug, "defects"));
        figures.push(Figure::count(defects, "open defects", href, alarm(defects, Tone::Warn)));
    }
    if suspects > 0 {
        let href = Some(paths::section(slug, "suspects"));
        figures.push(Figure::count(suspects, "suspect links", href, Some(Tone::Warn)));
    }
    if let Some(build) = builds.iter().find(|build| build.passed + build.failed > 0) {
        let counts = results(build);
        figures.push(Figure {
            value: percent(counts.passed, counts.ran()),
            label: format!("results passed in #{}", build.number),
            href: Some(paths::build(slug, build.number.into())),
            tone: None,
        });
    }
    figures
}

fn line(slug: &str, tally: &Tally, tests: Option<i64>, builds: &[RecentBuild], deployed: &[Deployed]) -> Vec<Stop> {
    let all = tally.all();
    let (proven, failing, gaps) =
        (tally.standing(Standing::Proven), tally.standing(Standing::Failing), tally.standing(Standing::Gap));
    let (tone, word) = match (failing, gaps) {
        (0, 0) if proven == all && all > 0 => (Tone::Good, "Proven"),
        (0, 0) => (Tone::Active, "Partial"),
        (0, _) => (Tone::Gap, "Gaps"),
        _ => (Tone::Bad, "Failing"),
    };
    let mut stops = vec![Stop {
        label: "Requirements".to_owned(),
        value: thousands(all),
        detail: Some(format!("{} proven", thousands(proven))),
        tone,
        word: word.to_owned(),
        href: Some(paths::section(slug, "matrix")),
    }];
    let untested = tally.untested();
    stops.push(Stop {
        label: "Tests".to_owned(),
        value: match tests {
            None => "–".to_owned(),
            Some(10_001..) => "10,000+".to_owned(),
            Some(tests) => thousands(tests),
        },
        detail: (untested > 0).then(|| plural(untested, "requirement untested", "requirements untested")),
        tone: match tests {
            None => Tone::Idle,
            Some(0) => Tone::Gap,
            Some(_) => Tone::Good,
        },
        word: match tests {
            None => "Not yours to see",
            Some(0) => "None",
            Some(_) => "Active",
        }
        .to_owned(),
        href: Some(paths::section(slug, "tests")),
    });
    stops.push(match builds.first() {
        None => Stop {
            label: "Build".to_owned(),
            value: "–".to_owned(),
            detail: None,
            tone: Tone::Gap,
            word: "None".to_owned(),
            href: Some(paths::section(slug, "builds")),
        },
        Some(build) => {
            let status = BuildStatus::from_code(&build.status).unwrap_or(BuildStatus::Pending);
            Stop {
                label: "Latest build".to_owned(),
                value: format!("#{}", build.number),
                detail: (!build.label.is_empty()).then(|| build.label.clone()),
                tone: status.tone(),
                word: status.word().to_owned(),
                href: Some(paths::build(slug, build.number.into())),
            }
        }
    });
    let newest = builds.first().map(|build| build.id);
    stops.extend(deployed.iter().map(|one| {
        let (tone, word) = match (&one.version, one.build_id) {
            (None, _) => (Tone::Idle, "Nothing deployed"),
            (Some(_), build) if build.is_some() && build == newest => (Tone::Good, "Latest"),
            (Some(_), _) => (Tone::Warn, "Behind"),
        };
        Stop {
            label: one.environment.clone(),
            value: one.version.clone().unwrap_or_else(|| "–".to_owned()),
            detail: None,
            tone,
            word: word.to_owned(),
            href: Some(paths::section(slug, "deployments")),
        }
    }));
    stops
}
