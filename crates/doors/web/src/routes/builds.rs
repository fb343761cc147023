//! Builds: the list with its trend, and one with what its tests say and where it runs.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::get,
};
use base::Problem;
use delivery::{BuildFilter, BuildLine};
use kernel::{Ctx, Error, Export, Read, Tx, permit_in};
use quality::{BuildRef, Changed};
use uuid::Uuid;

use super::{
    Site,
    answer::html,
    csv::{Csv, Form},
    error::PageError,
    listing::{Asked, FILE_STEP, Gathered, ROWS, beside, choice, cut, stamp, states},
    releases,
    session::Visitor,
    tests::environments,
};
use crate::{
    components::{Counts, Filters, Pager, Stop, TrendPoint},
    format::{When, plural, thousands},
    layout::Section,
    paths,
    state::{BuildStatus, CheckStatus, DeploymentStatus, ImportStatus, Outcome, Shown, TestLevel, Tone},
    views::{build, builds, gate},
};

/// Builds in the trend.
const TREND: i64 = 30;
/// Tests listed as newly failing, and as newly fixed.
const CHANGED: i64 = 100;
/// Tests listed as slowest.
const SLOWEST: i64 = 10;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/builds", get(list))
        .route("/p/{project}/builds.csv", get(file))
        .route("/p/{project}/builds.xlsx", get(file))
        .route("/p/{project}/builds/{number}", get(show))
}

fn filter(asked: &Asked) -> BuildFilter {
    BuildFilter {
        statuses: asked.codes::<BuildStatus>("status"),
        branches: asked.values("branch"),
        text: asked.one("q"),
    }
}

/// Results as the components count them.
fn counts(outcomes: quality::Outcomes) -> Counts {
    Counts { passed: outcomes.passed, failed: outcomes.failed, errors: outcomes.errors, skipped: outcomes.skipped }
}

/// Builds with their results.
async fn with_counts(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    rows: Vec<BuildLine>,
) -> Result<Vec<(BuildLine, Counts)>, Error> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let outcomes = beside(quality::outcomes_of_builds(ctx, tx, project, &ids).await)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let sums = outcomes.get(&row.id).copied().unwrap_or_default();
            (row, counts(sums))
        })
        .collect())
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Builds).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let (filter, before) = (filter(&asked), asked.parsed("before"));
    let tx = ctx.begin_read().await?;
    let mut rows = delivery::list_builds::<Read>(ctx, &tx, project.id, &filter, before, ROWS + 1).await?;
    let more = cut(&mut rows, ROWS);
    let rows = with_counts(ctx, &tx, project.id, rows).await?;
    // The trend is that of the builds the filter lets through: comparing branches says nothing.
    let latest = delivery::list_builds::<Read>(ctx, &tx, project.id, &filter, None, TREND).await?;
    let latest = with_counts(ctx, &tx, project.id, latest).await?;
    let branches = delivery::branches(ctx, &tx, project.id).await?;
    let live = beside(delivery::live_deployments(ctx, &tx, project.id).await)?;
    tx.commit().await?;

    let (path, now) = (paths::section(&slug, "builds"), ctx.now());
    let next = rows
        .last()
        .filter(|_| more)
        .map(|(row, _)| asked.address(&path, &["before"], &[("before", &row.number.to_string())]));
    let shown = plural(i64::try_from(rows.len()).unwrap_or_default(), "build", "builds");
    let mut choices = vec![states::<BuildStatus>("status", "Status", &filter.statuses)];
    if !branches.is_empty() {
        let options: Vec<(String, String)> = branches.into_iter().map(|name| (name.clone(), name)).collect();
        choices.push(choice("branch", "Branch", &options, &filter.branches));
    }
    let view = builds::View {
        filters: Filters {
            action: path.clone(),
            text: Some(filter.text.clone().unwrap_or_default()),
            choices,
            carry: Vec::new(),
        },
        trend: trend(&slug, &latest, now),
        rows: rows
            .into_iter()
            .map(|(row, counts)| builds::Row {
                number: i64::from(row.number),
                status: BuildStatus::from_code(&row.status).unwrap_or(BuildStatus::Pending),
                live_in: live.iter().filter(|one| one.build_id == Some(row.id)).map(|one| one.name.clone()).collect(),
                duration_ms: row.seconds.map(|seconds| i64::from(seconds) * 1000),
                when: When::new(row.at, now),
                version: row.version,
                commit: row.commit,
                branch: row.branch,
                counts,
            })
            .collect(),
        pager: Pager {
            shown: format!("{shown}, newest first"),
            first: before.map(|_| asked.address(&path, &["before"], &[])),
            next,
        },
        export: asked.address(&format!("{path}.csv"), &["before"], &[]),
    };
    Ok(html(builds::page(&frame, &view)))
}

/// The builds that have results, oldest first.
fn trend(slug: &str, latest: &[(BuildLine, Counts)], now: jiff::Timestamp) -> Vec<TrendPoint> {
    latest
        .iter()
        .rev()
        .filter(|(_, counts)| counts.ran() > 0)
        .map(|(row, counts)| TrendPoint {
            label: format!("#{}", row.number),
            href: paths::build(slug, i64::from(row.number)),
            counts: *counts,
            when: When::new(row.at, now),
        })
        .collect()
}

async fn file(
    visitor: Visitor,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Builds).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    permit_in::<Export>(ctx, &delivery::BUILDS, project.id)?;
    let filter = filter(&asked);
    let tx = ctx.begin_read().await?;
    let mut gathered: Gathered<(BuildLine, Counts)> = Gathered::new();
    while gathered.goes_on() {
        let before = gathered.last().map(|(row, _)| row.number);
        let rows = delivery::list_builds::<Export>(ctx, &tx, project.id, &filter, before, FILE_STEP).await?;
        gathered.add(with_counts(ctx, &tx, project.id, rows).await?);
    }
    tx.commit().await?;
    let head =
        ["build", "status", "version", "commit", "branch", "passed", "failed", "errors", "skipped", "seconds", "at"];
    let mut csv = Csv::new(&head);
    for (row, counts) in gathered.into_rows() {
        csv.row(&[
            row.number.to_string(),
            row.status,
            row.version.unwrap_or_default(),
            row.commit.unwrap_or_default(),
            row.branch.unwrap_or_default(),
            counts.passed.to_string(),
            counts.failed.to_string(),
            counts.errors.to_string(),
            counts.skipped.to_string(),
            row.seconds.map_or_else(String::new, |seconds| seconds.to_string()),
            stamp(Some(row.at)),
        ]);
    }
    csv.answer(ctx, "build", Some(project.id), &format!("{}-builds", project.slug), form).await
}

async fn show(visitor: Visitor, Path((slug, number)): Path<(String, String)>) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Builds).await?;
    let ctx = &visitor.ctx;
    let missing = || Problem::not_found("build");
    let number: i32 = number.parse().map_err(|_| missing())?;
    let tx = ctx.begin_read().await?;
    let found = delivery::find_build(ctx, &tx, project.id, number).await?.ok_or_else(missing)?;
    let place = (project.id, found.id);
    let this = BuildRef { project: project.id, id: found.id, number, branch: found.branch.as_deref() };
    let levels = beside(quality::outcomes_of_build(ctx, &tx, this).await)?;
    let failing = beside(quality::newly_failing(ctx, &tx, this, CHANGED).await)?;
    let fixed = beside(quality::newly_fixed(ctx, &tx, this, CHANGED).await)?;
    let slowest = beside(quality::slowest_tests(ctx, &tx, this, SLOWEST).await)?;
    let coverage = beside(quality::coverage_of_build(ctx, &tx, this).await)?;
    let requirements = beside(quality::requirements_of_build(ctx, &tx, this).await)?;
    let imports = beside(quality::imports_of_build(ctx, &tx, this).await)?;
    let deployments = beside(delivery::deployments_of_build(ctx, &tx, place).await)?;
    let artifacts = beside(delivery::artifacts_of_build(ctx, &tx, place).await)?;
    let checks = beside(delivery::webhooks::checks_of_build(ctx, &tx, place).await)?;
    let commits = beside(delivery::commits_of_build(ctx, &tx, place).await)?;
    let live = beside(delivery::live_deployments(ctx, &tx, project.id).await)?;
    let gate = beside(delivery::gate_of(ctx, &tx, &found.id.to_string()).await.map(Some))?;
    let evidence = releases::of_build(&visitor, &tx, project.id, found.id).await?;
    let has_components = beside(assurance::has_components(ctx, &tx, project.id, found.id).await)?;
    tx.commit().await?;

    let now = ctx.now();
    let levels: Vec<(TestLevel, Counts)> = TestLevel::ALL
        .iter()
        .filter_map(|level| {
            levels.iter().find(|(code, _)| code == level.code()).map(|(_, sums)| (*level, counts(*sums)))
        })
        .collect();
    let all = levels.iter().fold(Counts::default(), |sum, (_, counts)| Counts {
        passed: sum.passed + counts.passed,
        failed: sum.failed + counts.failed,
        errors: sum.errors + counts.errors,
        skipped: sum.skipped + counts.skipped,
    });
    let view = build::View {
        id: found.id.to_string(),
        number: i64::from(number),
        status: BuildStatus::from_code(&found.status).unwrap_or(BuildStatus::Pending),
        when: When::new(found.at, now),
        duration_ms: found.seconds.map(|seconds| i64::from(seconds) * 1000),
        line: line(&slug, &found, requirements, all, &live),
        version: found.version,
        commit: found.commit,
        branch: found.branch,
        counts: all,
        levels,
        coverage: covered(&coverage),
        components: coverage
            .into_iter()
            .map(|one| build::Component { name: one.component, lines: one.lines, branches: one.branches })
            .collect(),
        checks: checks
            .into_iter()
            .map(|one| {
                (
                    one.name,
                    one.source,
                    CheckStatus::from_code(&one.status).unwrap_or(CheckStatus::Waiting),
                    one.conclusion,
                )
            })
            .collect(),
        exports: (all.total() > 0 && visitor.may("test_result", "export", Some(project.id)), has_components),
        gate: gate.map(gated),
        evidence,
        newly_failing: failing.into_iter().map(change).collect(),
        newly_fixed: fixed.into_iter().map(change).collect(),
        slowest,
        deployments: deployments
            .into_iter()
            .filter_map(|(name, status, at)| Some((name, DeploymentStatus::from_code(&status)?, When::new(at, now))))
            .collect(),
        artifacts: artifacts.into_iter().map(|(name, kind, size)| (name, kind.replace('_', " "), size)).collect(),
        commits: commits
            .into_iter()
            .map(|one| build::Commit {
                hash: one.hash,
                subject: one.subject,
                author: one.author,
                when: When::new(one.at, now),
            })
            .collect(),
        imports: imports
            .into_iter()
            .map(|one| {
                let status = import_status(&one.status, one.rejected);
                (one.id.to_string(), one.file_name, status, one.rejected, When::new(one.at, now))
            })
            .collect(),
        all_results: format!("{}?build={number}", paths::section(&slug, "tests")),
    };
    Ok(html(build::page(&frame, &view)))
}

fn gated(answer: delivery::GateAnswer) -> gate::View {
    let rules = answer.rules.into_iter().map(|rule| gate::Rule {
        state: super::gate::state_of(&rule),
        name: rule.rule.replace('_', " "),
        reason: rule.reason,
    });
    gate::View { rules: rules.collect(), passed: answer.passed }
}

fn change(one: Changed) -> build::TestChange {
    build::TestChange {
        outcome: Outcome::from_code(&one.outcome).unwrap_or(Outcome::Error),
        key: one.key,
        name: one.name,
        message: one.message,
        since: i64::from(one.since),
        is_quarantined: one.is_quarantined,
    }
}

/// Lines covered, and lines: of the report on the whole where there is one, else of all components together.
fn covered(coverage: &[quality::Coverage]) -> Option<(i64, i64)> {
    if let Some(whole) = coverage.iter().find(|one| one.component.is_empty()) {
        return Some(whole.lines);
    }
    coverage.iter().map(|one| one.lines).reduce(|sum, lines| (sum.0 + lines.0, sum.1 + lines.1))
}

/// Where the import of one file stands, from what is stored and how many of its records were refused.
pub(super) fn import_status(status: &str, rejected: i64) -> ImportStatus {
    match status {
        "queued" => ImportStatus::Waiting,
        "running" => ImportStatus::Running,
        "failed" => ImportStatus::Failed,
        _ if rejected > 0 => ImportStatus::Rejected,
        _ => ImportStatus::Done,
    }
}

/// Requirements, tests, this build, and the last environments.
fn line(
    slug: &str,
    found: &BuildLine,
    (requirements, failing): (i64, i64),
    counts: Counts,
    live: &[delivery::Environment],
) -> Vec<Stop> {
    let list = |outcome: &str| Some(format!("{}?build={}{outcome}", paths::section(slug, "tests"), found.number));
    let (tone, word) = match (requirements, failing) {
        (0, _) => (Tone::Gap, "None linked".to_owned()),
        (_, 0) => (Tone::Good, "Passing".to_owned()),
        _ => (Tone::Bad, format!("{} failing", thousands(failing))),
    };
    let requirements = Stop {
        label: "Requirements".into(),
        value: if requirements == 0 { "–".into() } else { thousands(requirements) },
        detail: None,
        tone,
        word,
        href: Some(paths::section(slug, "matrix")),
    };
    let (tone, word) = match (counts.total(), counts.bad()) {
        (0, _) => (Tone::Gap, "No results".to_owned()),
        (_, 0) => (Tone::Good, "Passing".to_owned()),
        (_, bad) => (Tone::Bad, format!("{} failing", thousands(bad))),
    };
    let tests = Stop {
        label: "Results".into(),
        value: if counts.total() == 0 { "–".into() } else { thousands(counts.total()) },
        detail: None,
        tone,
        word,
        href: list(if counts.bad() > 0 { "&outcome=failed&outcome=error" } else { "" }),
    };
    let status = BuildStatus::from_code(&found.status).unwrap_or(BuildStatus::Pending);
    let this = Stop {
        label: "Build".into(),
        value: format!("#{}", found.number),
        detail: None,
        tone: status.tone(),
        word: status.word().to_owned(),
        href: None,
    };
    let mut stops = vec![requirements, tests, this];
    stops.extend(environments(slug, live, found.number));
    stops
}
