//! Test cases: the list with its filters, one with its results, and its links to requirements.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::Problem;
use jiff::Timestamp;
use kernel::{Delete, Error, Export, Read, Record, authorise, permit_in};
use quality::{TestCaseFilter, TestCaseLine, TestCaseOrder};
use serde_json::json;
use uuid::Uuid;

use super::{
    Site,
    answer::{html, see_other, with_status},
    csv::{Csv, Form},
    error::{PageError, refused},
    form::Posted,
    history,
    listing::{Asked, FILE_STEP, Gathered, ROWS, beside, choice, cut, stamp, states},
    memory,
    session::Visitor,
};
use crate::{
    components::{Column, Filters, FormErrors, Pager, Sort, Stop},
    format::{When, plural},
    layout::Section,
    paths,
    state::{DefectStatus, Outcome, Shown, TestCaseStatus, TestLevel, Tone},
    views::{test_case, test_cases},
};

/// What a list can be narrowed to by what is remembered of tests.
const RELIABILITY: [(&str, &str); 2] = [("flaky", "Flaky"), ("quarantined", "Set aside")];
/// Builds in a trend.
const TREND: i64 = 12;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/tests", get(list))
        .route("/p/{project}/tests.csv", get(file))
        .route("/p/{project}/tests.xlsx", get(file))
        .route("/p/{project}/tests/{key}", get(show))
        .route("/p/{project}/tests/{key}/links", post(link))
        .route("/p/{project}/tests/{key}/unlink", post(unlink))
}

/// What a list is narrowed by, and the words in the address for it.
fn filter(asked: &Asked) -> TestCaseFilter {
    let linked = asked.values("linked");
    let mut outcomes = asked.codes::<Outcome>("outcome");
    if asked.values("outcome").iter().any(|value| value == "never") {
        outcomes.push("never".to_owned());
    }
    TestCaseFilter {
        outcomes,
        levels: asked.codes::<TestLevel>("level"),
        text: asked.one("q"),
        linked: match (linked.contains(&"yes".to_owned()), linked.contains(&"no".to_owned())) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        },
        reliability: asked
            .values("reliability")
            .into_iter()
            .filter(|one| RELIABILITY.iter().any(|known| known.0 == one))
            .collect(),
    }
}

fn order(asked: &Asked) -> TestCaseOrder {
    let after = asked.one("after");
    if asked.one("sort").as_deref() == Some("ran") {
        let after = after.as_deref().and_then(|text| {
            let (time, id) = text.split_once('~')?;
            let time = if time.is_empty() { None } else { Some(Timestamp::from_microsecond(time.parse().ok()?).ok()?) };
            Some((time, id.parse().ok()?))
        });
        return TestCaseOrder::LastRun { after };
    }
    TestCaseOrder::Known { after: after.and_then(|text| text.parse().ok()) }
}

/// Where a page after `row` begins.
fn mark(order: TestCaseOrder, row: &TestCaseLine) -> String {
    match order {
        TestCaseOrder::Known { .. } => row.id.to_string(),
        TestCaseOrder::LastRun { .. } => {
            let time = row.ran_at.map_or_else(String::new, |at| at.as_microsecond().to_string());
            format!("{time}~{}", row.id)
        }
    }
}

async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Tests).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let (filter, order) = (filter(&asked), order(&asked));
    let number: Option<i32> = asked.parsed("build");
    let tx = ctx.begin_read().await?;
    let mut rows = match number {
        Some(number) => {
            let build = delivery::find_build(ctx, &tx, project.id, number)
                .await?
                .ok_or_else(|| Problem::not_found(format!("build #{number}")))?;
            let after = asked.parsed("after");
            quality::list_results_of_build::<Read>(ctx, &tx, (project.id, build.id), &filter, after, ROWS + 1).await?
        }
        None => quality::list_test_cases::<Read>(ctx, &tx, project.id, &filter, order, ROWS + 1).await?,
    };
    let more = cut(&mut rows, ROWS);
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut trends: HashMap<Uuid, Vec<Option<String>>> =
        beside(quality::trends_of_test_cases(ctx, &tx, project.id, &ids, TREND).await)?.into_iter().collect();
    tx.commit().await?;

    let (path, now) = (paths::section(&slug, "tests"), ctx.now());
    let order = if number.is_some() { TestCaseOrder::Known { after: None } } else { order };
    let next =
        rows.last().filter(|_| more).map(|row| asked.address(&path, &["after"], &[("after", &mark(order, row))]));
    let count = i64::try_from(rows.len()).unwrap_or_default();
    let view = test_cases::View {
        filters: Filters {
            action: path.clone(),
            text: Some(filter.text.clone().unwrap_or_default()),
            choices: choices(&filter, number.is_some()),
            carry: ["build", "sort"]
                .into_iter()
                .filter_map(|name| asked.one(name).map(|value| (name.to_owned(), value)))
                .collect(),
        },
        columns: if number.is_some() { Vec::new() } else { columns(&asked, &path, order) },
        rows: rows.into_iter().map(|row| shown(row, &mut trends, now)).collect(),
        pager: Pager {
            shown: plural(count, "test case", "test cases"),
            first: asked.one("after").map(|_| asked.address(&path, &["after"], &[])),
            next,
        },
        build: number.map(i64::from),
        export: asked.address(&format!("{path}.csv"), &["after"], &[]),
    };
    Ok(html(test_cases::page(&frame, &view)))
}

fn choices(filter: &TestCaseFilter, of_build: bool) -> Vec<crate::components::Choice> {
    let mut outcomes: Vec<(String, String)> =
        Outcome::ALL.iter().map(|one| (one.code().to_owned(), one.word().to_owned())).collect();
    if !of_build {
        outcomes.push(("never".to_owned(), "Never run".to_owned()));
    }
    let linked = [("yes".to_owned(), "Linked".to_owned()), ("no".to_owned(), "Not linked".to_owned())];
    let chosen = filter.linked.map(|linked| if linked { "yes" } else { "no" }.to_owned());
    vec![
        choice("outcome", if of_build { "Outcome" } else { "Latest" }, &outcomes, &filter.outcomes),
        states::<TestLevel>("level", "Level", &filter.levels),
        choice("linked", "Requirement", &linked, chosen.as_slice()),
        choice(
            "reliability",
            "Reliability",
            &RELIABILITY.map(|(code, word)| (code.to_owned(), word.to_owned())),
            &filter.reliability,
        ),
    ]
}

/// Column heads: by key, or those that ran last first.
fn columns(asked: &Asked, path: &str, order: TestCaseOrder) -> Vec<Column> {
    let by_run = matches!(order, TestCaseOrder::LastRun { .. });
    test_cases::COLUMNS
        .iter()
        .map(|title| {
            let head = Column::text(title);
            match *title {
                "Key" => {
                    head.sorts(Some(asked.address(path, &["after", "sort"], &[])), (!by_run).then_some(Sort::Ascending))
                }
                "Ran" => head.sorts(
                    Some(asked.address(path, &["after", "sort"], &[("sort", "ran")])),
                    by_run.then_some(Sort::Descending),
                ),
                _ => head,
            }
        })
        .collect()
}

fn shown(row: TestCaseLine, trends: &mut HashMap<Uuid, Vec<Option<String>>>, now: Timestamp) -> test_cases::Row {
    test_cases::Row {
        level: TestLevel::from_code(&row.level).unwrap_or(TestLevel::Unit),
        latest: row.outcome.as_deref().and_then(Outcome::from_code),
        trend: trend(trends.remove(&row.id).unwrap_or_default()),
        when: row.ran_at.map(|at| When::new(at, now)),
        key: row.key,
        name: own_name(row.name, &row.place),
        place: row.place,
        requirements: row.requirements,
        is_flaky: row.is_flaky,
        is_quarantined: row.is_quarantined,
    }
}

/// A name without the place in front of it, which stands beside it: reports name both, and the name is kept with both.
fn own_name(name: String, place: &str) -> String {
    match name.strip_prefix(place).and_then(|rest| rest.strip_prefix(" › ")) {
        Some(own) if !place.is_empty() && !own.is_empty() => own.to_owned(),
        _ => name,
    }
}

/// A trend without the builds before the case was known; empty when it took part in none.
fn trend(outcomes: Vec<Option<String>>) -> Vec<Option<Outcome>> {
    outcomes
        .into_iter()
        .map(|outcome| outcome.as_deref().and_then(Outcome::from_code))
        .skip_while(Option::is_none)
        .collect()
}

async fn file(
    visitor: Visitor,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Tests).await?;
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    permit_in::<Export>(ctx, &quality::TEST_CASES, project.id)?;
    let filter = filter(&asked);
    let by_run = matches!(order(&asked), TestCaseOrder::LastRun { .. });
    let tx = ctx.begin_read().await?;
    let build = match asked.parsed::<i32>("build") {
        Some(number) => Some(
            delivery::find_build(ctx, &tx, project.id, number)
                .await?
                .ok_or_else(|| Problem::not_found(format!("build #{number}")))?,
        ),
        None => None,
    };
    let mut gathered = Gathered::new();
    while gathered.goes_on() {
        let last: Option<&TestCaseLine> = gathered.last();
        let step = match &build {
            Some(build) => {
                let after = last.map(|row| row.id);
                quality::list_results_of_build::<Export>(ctx, &tx, (project.id, build.id), &filter, after, FILE_STEP)
                    .await?
            }
            None => {
                let order = if by_run {
                    TestCaseOrder::LastRun { after: last.map(|row| (row.ran_at, row.id)) }
                } else {
                    TestCaseOrder::Known { after: last.map(|row| row.id) }
                };
                quality::list_test_cases::<Export>(ctx, &tx, project.id, &filter, order, FILE_STEP).await?
            }
        };
        gathered.add(step);
    }
    tx.commit().await?;
    let head = ["key", "name", "place", "level", "status", "outcome", "ran_at", "requirements"];
    let mut csv = Csv::new(&head);
    for row in gathered.into_rows() {
        csv.row(&[
            row.key,
            row.name,
            row.place,
            row.level,
            row.status,
            row.outcome.unwrap_or_default(),
            stamp(row.ran_at),
            row.requirements.join(" "),
        ]);
    }
    csv.answer(ctx, "test_case", Some(project.id), &format!("{}-tests", project.slug), form).await
}

async fn show(
    visitor: Visitor,
    Path((slug, key)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let asked = Asked::of(query.as_deref())?;
    let shown = Beside { before: asked.parsed("before"), ..Beside::default() };
    page(&visitor, &slug, &key, shown, StatusCode::OK).await
}

/// What the page of a test case shows besides the test case.
#[derive(Default)]
pub(super) struct Beside {
    /// Results older than this one.
    pub(super) before: Option<Uuid>,
    /// What was refused about a link, and what was entered.
    pub(super) link: (FormErrors, (String, String)),
    /// What was refused about a quarantine, and what was entered.
    pub(super) quarantine: (FormErrors, (String, String)),
}

/// The page of a test case.
pub(super) async fn page(
    visitor: &Visitor,
    slug: &str,
    key: &str,
    Beside { before, link: (link_errors, entered), quarantine }: Beside,
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Tests).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let found = find(visitor, &tx, project.id, key).await?;
    let suspects = beside(work::suspects_counted(ctx, &tx, &project, Some(found.line.id)).await)?;
    let place = (project.id, found.line.id);
    let mut results = beside(quality::results_of_test_case(ctx, &tx, place, before, ROWS + 1).await)?;
    let proves = quality::requirements_of_test_case(ctx, &tx, place).await?;
    let remembered = beside(quality::memory_of_test_case(ctx, &tx, place).await)?;
    let defects = beside(quality::defects_of_test_case(ctx, &tx, place).await)?;
    let trends = beside(quality::trends_of_test_cases(ctx, &tx, project.id, &[found.line.id], TREND).await)?;
    let live = beside(delivery::live_deployments(ctx, &tx, project.id).await)?;
    let may_change = visitor.may("test_case", "update", Some(project.id));
    let people = if may_change { work::members(&tx, &project).await? } else { Vec::new() };
    tx.commit().await?;
    let history = history::of(ctx, ctx.catalogue().served(&quality::TEST_CASES)?, &found.line.id.to_string()).await?;

    let (now, here) = (ctx.now(), paths::test_case(slug, &found.line.key));
    let more = cut(&mut results, ROWS);
    let next = results.last().filter(|_| more).map(|last| format!("{here}?before={}", last.id));
    let line = line_of(slug, &found, &proves, &results, &live);
    let shown = plural(i64::try_from(results.len()).unwrap_or_default(), "result", "results");
    let view = test_case::View {
        level: TestLevel::from_code(&found.line.level).unwrap_or(TestLevel::Unit),
        status: TestCaseStatus::from_code(&found.line.status).unwrap_or(TestCaseStatus::Active),
        key: found.line.key,
        name: own_name(found.line.name, &found.line.place),
        place: found.line.place,
        description: found.description,
        suspects,
        runs: (found.runs.0, found.runs.1),
        line,
        trend: trend(trends.into_iter().next().map(|(_, outcomes)| outcomes).unwrap_or_default()),
        results: results
            .into_iter()
            .map(|result| test_case::ResultLine {
                id: result.id.to_string(),
                build: result.build.map(i64::from),
                outcome: Outcome::from_code(&result.outcome).unwrap_or(Outcome::Error),
                parameters: result.parameters,
                duration_ms: result.duration_ms,
                message: result.message,
                defect: result.defect,
                when: When::new(result.ran_at, now),
            })
            .collect(),
        pager: Pager { shown: format!("{shown}, newest first"), first: before.map(|_| here.clone()), next },
        requirements: proves
            .into_iter()
            .map(|one| test_case::Proves {
                link: one.link.to_string(),
                key: one.key,
                title: one.title,
                criterion: one.criterion.map(|(position, text)| (i64::from(position), text)),
                origin: match one.origin.as_str() {
                    "import" => "named in a report",
                    "commit" => "named in a commit",
                    _ => "linked by hand",
                },
            })
            .collect(),
        defects: defects
            .into_iter()
            .filter_map(|(key, title, status)| Some((key, title, DefectStatus::from_code(&status)?)))
            .collect(),
        history,
        memory: remembered.map(|memory| memory::view(memory, (may_change, people), quarantine, now)),
        may_link: visitor.may("trace_link", "create", Some(project.id)),
        may_record: visitor.may("defect", "create", Some(project.id)),
        link_errors,
        entered,
    };
    Ok(with_status(status, test_case::page(&frame, &view)))
}

pub(super) async fn find(
    visitor: &Visitor,
    tx: &kernel::Tx,
    project: Uuid,
    key: &str,
) -> Result<quality::TestCaseRecord, PageError> {
    let missing = || Problem::not_found(format!("test case `{}`", key.chars().take(40).collect::<String>()));
    if key.contains('\0') {
        return Err(missing().into());
    }
    Ok(quality::find_test_case(&visitor.ctx, tx, project, key).await?.ok_or_else(missing)?)
}

/// Requirement, this test, the build it ran in last, and the environments that run this build or a later one.
fn line_of(
    slug: &str,
    found: &quality::TestCaseRecord,
    proves: &[quality::Proves],
    results: &[quality::ResultLine],
    live: &[delivery::Environment],
) -> Vec<Stop> {
    let requirement = match proves.first() {
        None => Stop {
            label: "Requirement".into(),
            value: "–".into(),
            detail: None,
            tone: Tone::Gap,
            word: "Not linked".into(),
            href: None,
        },
        Some(one) => {
            let mut keys: Vec<&str> = proves.iter().map(|one| one.key.as_str()).collect();
            keys.dedup();
            Stop {
                label: if keys.len() == 1 { "Requirement".into() } else { "Requirements".into() },
                value: if keys.len() == 1 { one.key.clone() } else { keys.len().to_string() },
                detail: None,
                tone: Tone::Good,
                word: "Linked".into(),
                href: Some(if keys.len() == 1 { paths::requirement(slug, &one.key) } else { "#proves".to_owned() }),
            }
        }
    };
    let latest = found.line.outcome.as_deref().and_then(Outcome::from_code);
    let test = Stop {
        label: "Test".into(),
        value: found.line.key.clone(),
        detail: None,
        tone: latest.map_or(Tone::Idle, Shown::tone),
        word: latest.map_or("Never run", Shown::word).to_owned(),
        href: None,
    };
    let Some(build) = results.iter().find_map(|result| result.build) else { return vec![requirement, test] };
    let outcome =
        results.iter().find(|result| result.build == Some(build)).and_then(|r| Outcome::from_code(&r.outcome));
    let mut stops = vec![
        requirement,
        test,
        Stop {
            label: "Build".into(),
            value: format!("#{build}"),
            detail: None,
            tone: outcome.map_or(Tone::Idle, Shown::tone),
            word: outcome.map_or("No result", Shown::word).to_owned(),
            href: Some(paths::build(slug, i64::from(build))),
        },
    ];
    stops.extend(environments(slug, live, build));
    stops
}

/// Staging and production: whether they run a build, or what they run instead.
pub(super) fn environments(slug: &str, live: &[delivery::Environment], build: i32) -> Vec<Stop> {
    let last: Vec<&delivery::Environment> =
        live.iter().filter(|one| matches!(one.tier.as_str(), "staging" | "production")).collect();
    last.into_iter()
        .map(|one| {
            let (value, tone, word) = match one.live.as_ref().map(|live| (live, live.build)) {
                None => ("–".to_owned(), Tone::Idle, "Nothing deployed"),
                Some((live, Some(number))) if number == build => (live.version.clone(), Tone::Good, "Runs this build"),
                Some((live, Some(number))) if number > build => {
                    (live.version.clone(), Tone::Good, "Runs a later build")
                }
                Some((live, _)) => (live.version.clone(), Tone::Warn, "Runs an earlier build"),
            };
            let mut label = one.name.clone();
            if let Some(first) = label.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            Stop {
                label,
                value,
                detail: None,
                tone,
                word: word.to_owned(),
                href: Some(paths::section(slug, "deployments")),
            }
        })
        .collect()
}

/// Links a test case to a requirement, or to one criterion of it.
async fn link(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Tests).await?;
    let ctx = &visitor.ctx;
    let mut tx = ctx.begin().await?;
    let found = find(visitor, &tx, project.id, &key).await?;
    let wanted = fields.text("requirement").to_uppercase();
    let made = async {
        let (requirement, criterion) =
            target(&tx, ctx, (project.id, &project.slug), &wanted, fields.text("criterion")).await?;
        let body = json!({
            "project_id": project.id,
            "source_id": found.line.id,
            "target_id": requirement,
            "link_type": "verifies",
            "criterion_id": criterion,
        });
        kernel::create(ctx, &mut tx, ctx.catalogue().served(&work::TRACE_LINKS)?, &body).await
    }
    .await;
    match made {
        Ok(_) => {
            tx.commit().await?;
            let to = paths::test_case(&slug, &found.line.key);
            let said = format!("{} now proves {wanted}.", found.line.key);
            let there = paths::requirement(&slug, &wanted);
            Ok(see_other(to).saying(Tone::Good, said).linking(format!("Open {wanted}"), there).into_response())
        }
        Err(error) => {
            drop(tx);
            let errors = refused(ctx, error)?;
            let entered = (fields.text("requirement").to_owned(), fields.text("criterion").to_owned());
            let shown = Beside { link: (errors, entered), ..Beside::default() };
            page(visitor, &slug, &key, shown, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// The requirement with this key and, when one is asked for, its criterion with this number.
async fn target(
    tx: &kernel::Tx,
    ctx: &kernel::Ctx,
    (project, slug): (Uuid, &str),
    key: &str,
    criterion: &str,
) -> Result<(Uuid, Option<Uuid>), Error> {
    let served = ctx.catalogue().served(&work::REQUIREMENTS)?;
    let missing = || {
        Error::from(
            Problem::invalid("No such requirement.")
                .field("/requirement", format!("{key} is no requirement of this project")),
        )
    };
    let record = Record::find(tx, served, &format!("{slug}:{key}"), false)
        .await
        .and_then(|record| authorise::<Read, _>(ctx, record))
        .map_err(|error| if error.problem().is_some() { missing() } else { error })?;
    if record.deleted || record.project != Some(project) {
        return Err(missing());
    }
    let requirement = record.uuid()?;
    if criterion.is_empty() {
        return Ok((requirement, None));
    }
    let wrong = || {
        Error::from(
            Problem::invalid("No such criterion.")
                .field("/criterion", format!("{key} has no criterion {criterion}; leave it empty to link the whole")),
        )
    };
    let position: i32 = criterion.parse().map_err(|_| wrong())?;
    let item = quality::criterion(ctx, tx, (project, requirement), position).await?.ok_or_else(wrong)?;
    Ok((requirement, Some(item)))
}

/// Takes a link away.
async fn unlink(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let (project, _) = visitor.project(&slug, Section::Tests).await?;
    let ctx = &visitor.ctx;
    let mut tx = ctx.begin().await?;
    let found = find(visitor, &tx, project.id, &key).await?;
    let proves = quality::requirements_of_test_case(ctx, &tx, (project.id, found.line.id)).await?;
    let one = proves
        .iter()
        .find(|one| one.link.to_string() == fields.text("link"))
        .ok_or_else(|| Problem::not_found("link"))?;
    let served = ctx.catalogue().served(&work::TRACE_LINKS)?;
    let record = Record::find(&tx, served, &one.link.to_string(), true).await?;
    kernel::delete(ctx, &mut tx, served, authorise::<Delete, _>(ctx, record)?).await?;
    tx.commit().await?;
    let to = paths::test_case(&slug, &found.line.key);
    Ok(see_other(to).saying(Tone::Good, format!("{} no longer proves {}.", found.line.key, one.key)).into_response())
}

#[cfg(test)]
mod own_names {
    use super::own_name;

    #[test]
    fn a_place_is_not_said_twice() {
        assert_eq!(own_name("a.B › works".into(), "a.B"), "works");
        assert_eq!(own_name("a.BC › works".into(), "a.B"), "a.BC › works");
        assert_eq!(own_name("works".into(), ""), "works");
    }
}
