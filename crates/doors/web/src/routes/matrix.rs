//! The traceability matrix, as a page and as CSV.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::get,
};
use base::Problem;
use delivery::{Deployed, RecentBuild};
use kernel::{Action, Allowed, Ctx, Export, Read, Tx};
use maud::html as markup;
use uuid::Uuid;
use work::{Order, Outcomes, Page, Project, Standing};

use super::{
    Site,
    answer::html,
    csv::{Csv, Form},
    error::PageError,
    evidence::{Ask, counts, one_of, shown},
    listing::beside,
    session::Visitor,
};
use crate::{
    components::{Figure, Pager, key},
    format::{When, percent, plural, time},
    layout::Section,
    paths,
    state::{Shown, TestLevel, Tone},
    views::matrix::{Row, View, page},
};

/// Rows of one page.
const ROWS: usize = 100;
/// Builds on offer.
const BUILDS: u8 = 100;

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/matrix", get(show))
        .route("/p/{project}/matrix.csv", get(export))
        .route("/p/{project}/matrix.xlsx", get(export))
}

/// The matrix of a project, as an address asks for it.
struct Matrix {
    ask: Ask,
    builds: Vec<RecentBuild>,
    build: Option<RecentBuild>,
    deployed: Vec<Deployed>,
    levels: Vec<TestLevel>,
    page: Page,
    suspects: i64,
}

impl Matrix {
    async fn read<A: Action>(
        visitor: &Visitor,
        tx: &Tx,
        project: &Allowed<Project, Read>,
        query: Option<&str>,
        most: usize,
    ) -> Result<Self, PageError> {
        let ctx = &visitor.ctx;
        let ask = Ask::parse(query);
        let builds = beside(delivery::recent_builds(ctx, tx, project.id, BUILDS).await)?;
        let build = match ask.build {
            None => None,
            Some(number) => Some(
                builds
                    .iter()
                    .find(|build| build.number == number)
                    .cloned()
                    .ok_or_else(|| Problem::not_found(format!("build #{number} among the last {BUILDS}")))?,
            ),
        };
        let deployed = beside(delivery::deployed(ctx, tx, project.id).await)?;
        let levels = work::project_levels(ctx, tx, project).await?;
        let levels = levels.iter().filter_map(|level| TestLevel::from_code(level)).collect();
        let order = match ask.sort.as_str() {
            "key" => Order::Number,
            "-updated" => Order::UpdatedFalling,
            _ => Order::Standing,
        };
        let wanted = ask.wanted(ctx.principal.user_id, build.as_ref().map(|build| build.id), order);
        let page = work::listed::<A>(ctx, tx, project, &wanted, &ask.after, most).await?;
        let suspects = beside(work::suspects_counted(ctx, tx, project, None).await)?;
        Ok(Self { ask, builds, build, deployed, levels, page, suspects })
    }

    async fn rows<A: Action>(
        &self,
        ctx: &Ctx,
        tx: &Tx,
        project: &Allowed<Project, Read>,
    ) -> Result<Vec<Row>, PageError> {
        let proofs = &self.page.proofs;
        let ids: Vec<Uuid> = proofs.iter().map(|proof| proof.id).collect();
        let titles = work::titles::<A>(ctx, tx, project.id, &ids).await?;
        let levels: HashMap<(Uuid, String), Outcomes> =
            work::levels(ctx, tx, project, &ids, self.build.as_ref().map(|build| build.id)).await?;
        let live: Vec<Uuid> = self.deployed.iter().filter_map(|one| one.build_id).collect();
        let tested = work::tested_in(ctx, tx, project, &ids, &live).await?;
        Ok(proofs
            .iter()
            .map(|proof| Row {
                key: proof.key.clone(),
                title: titles.get(&proof.id).map(|(title, _)| title.clone()).unwrap_or_default(),
                state: shown(proof.evidence.standing()),
                criteria: (proof.evidence.proven, proof.evidence.criteria),
                results: self
                    .levels
                    .iter()
                    .map(|level| levels.get(&(proof.id, level.code().to_owned())).copied().map(counts))
                    .collect(),
                deployed: self
                    .deployed
                    .iter()
                    .map(|one| {
                        let build = one.build_id.filter(|build| tested.contains(&(proof.id, *build)));
                        build.and_then(|_| one.version.clone())
                    })
                    .collect(),
                attention: proof.evidence.attention(),
            })
            .collect())
    }

    fn environments(&self) -> Vec<String> {
        self.deployed.iter().map(|one| one.environment.clone()).collect()
    }

    fn figures(&self, path: &str) -> Vec<Figure> {
        let tally = &self.page.tally;
        if tally.all() == 0 {
            return Vec::new();
        }
        let [gaps, failing, proven] =
            [Standing::Gap, Standing::Failing, Standing::Proven].map(|one| tally.standing(one));
        let (proven_criteria, criteria) = tally.criteria();
        let at = |state: &str| {
            Some(Ask { states: Vec::new(), ..self.ask.clone() }.href(path, "", None)).map(|href| {
                let joint = if href.contains('?') { '&' } else { '?' };
                format!("{href}{joint}state={state}")
            })
        };
        let alarm = |count: i64, tone| (count > 0).then_some(tone);
        let suspects = (self.suspects > 0).then(|| {
            let href = path.rsplit_once('/').map(|(project, _)| format!("{project}/suspects"));
            Figure::count(self.suspects, "suspect links", href, Some(Tone::Warn))
        });
        let mut figures = vec![
            Figure {
                value: percent(proven_criteria, criteria),
                label: "criteria proven".to_owned(),
                href: None,
                tone: None,
            },
            Figure::count(gaps, "with gaps", at("gap"), alarm(gaps, Tone::Gap)),
            Figure::count(failing, "failing", at("failing"), alarm(failing, Tone::Bad)),
            Figure::count(proven, "proven", at("proven"), alarm(proven, Tone::Good)),
        ];
        figures.extend(suspects);
        figures
    }
}

async fn show(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Matrix).await?;
    let tx = visitor.ctx.begin_read().await?;
    let matrix = Matrix::read::<Read>(&visitor, &tx, &project, query.as_deref(), ROWS).await?;
    let rows = matrix.rows::<Read>(&visitor.ctx, &tx, &project).await?;
    tx.commit().await?;

    let path = paths::section(&slug, "matrix");
    let sort = matrix.ask.sort.as_str();
    let now = visitor.ctx.now();
    let mut filters = matrix.ask.filters(path.clone(), &matrix.page.tally);
    let orders = [("", "Gaps first"), ("key", "Key"), ("-updated", "Last changed")]
        .map(|(value, label)| (value.to_owned(), label.to_owned()));
    let chosen = if orders.iter().any(|(value, _)| value == sort) { sort } else { "" };
    filters.choices.push(one_of("sort", "Order", &orders, chosen));
    if !matrix.builds.is_empty() {
        let mut builds = vec![(String::new(), "Latest results".to_owned())];
        builds.extend(matrix.builds.iter().take(20).map(|build| {
            (build.number.to_string(), format!("#{} {}", build.number, build.label).trim_end().to_owned())
        }));
        let number = matrix.ask.build.map(|number| number.to_string()).unwrap_or_default();
        filters.choices.push(one_of("build", "Results of", &builds, &number));
    }
    let total = plural(matrix.page.fitting, "requirement", "requirements");
    let in_order = match chosen {
        "key" => "by key",
        "-updated" => "last changed first",
        _ => "gaps first",
    };
    let view = View {
        build: matrix.build.as_ref().map(|build| {
            let href = paths::build(&slug, build.number.into());
            markup! { a href=(href) { "build #" (build.number) } " " (key(&build.label)) ", " (time(When::new(build.at, now))) }
        }),
        figures: matrix.figures(&path),
        filters,
        levels: matrix.levels.clone(),
        environments: matrix.environments(),
        pager: Pager {
            shown: format!("{} of {total}, {in_order}", rows.len()),
            first: (!matrix.ask.after.is_empty()).then(|| matrix.ask.href(&path, sort, None)),
            next: matrix.page.next.as_deref().map(|key| matrix.ask.href(&path, sort, Some(key))),
        },
        rows,
        csv_href: matrix.ask.href(&paths::section(&slug, "matrix.csv"), sort, None),
    };
    Ok(html(page(&frame, &view)))
}

async fn export(
    visitor: Visitor,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Matrix).await?;
    let tx = visitor.ctx.begin_read().await?;
    let matrix = Matrix::read::<Export>(&visitor, &tx, &project, query.as_deref(), usize::MAX).await?;
    let rows = matrix.rows::<Export>(&visitor.ctx, &tx, &project).await?;
    tx.commit().await?;

    let mut heads: Vec<String> =
        ["Key", "Requirement", "State", "Criteria proven", "Criteria"].map(str::to_owned).to_vec();
    for level in &matrix.levels {
        heads.push(format!("{} passed", level.word()));
        heads.push(format!("{} failed", level.word()));
        heads.push(format!("{} not run", level.word()));
    }
    heads.extend(matrix.environments());
    heads.push("Needs attention".to_owned());
    let mut csv = Csv::new(&heads);
    for row in rows {
        let mut cells = vec![
            row.key,
            row.title,
            row.state.word().to_owned(),
            row.criteria.0.to_string(),
            row.criteria.1.to_string(),
        ];
        for counts in row.results {
            match counts {
                Some(counts) => {
                    cells.extend([counts.passed, counts.bad(), counts.skipped].map(|count| count.to_string()));
                }
                None => cells.extend([String::new(), String::new(), String::new()]),
            }
        }
        cells.extend(row.deployed.into_iter().map(Option::unwrap_or_default));
        cells.push(row.attention.unwrap_or_default());
        csv.row(&cells);
    }
    csv.answer(&visitor.ctx, "requirement", Some(project.id), &format!("{}-matrix", project.slug), form).await
}
