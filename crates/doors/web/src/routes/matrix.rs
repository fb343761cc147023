//! The traceability matrix, as a page and as CSV.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Response,
    routing::get,
};
use base::Problem;
use delivery::{Deployed, RecentBuild};
use kernel::{Allowed, Collection, Export, Read, Tx, authorise};
use maud::html as markup;
use uuid::Uuid;
use work::{Evidence, Outcomes, Project, Proof, Standing};

use super::{
    Site,
    answer::html,
    csv::Csv,
    error::PageError,
    evidence::{Ask, counts, one_of, page_of, shown},
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
    Router::new().route("/p/{project}/matrix", get(show)).route("/p/{project}/matrix.csv", get(export))
}

/// The matrix of a project, as an address asks for it.
struct Matrix {
    ask: Ask,
    builds: Vec<RecentBuild>,
    build: Option<RecentBuild>,
    deployed: Vec<Deployed>,
    levels: Vec<TestLevel>,
    proofs: Vec<Proof>,
    me: Uuid,
}

impl Matrix {
    async fn read(
        visitor: &Visitor,
        tx: &Tx,
        project: &Allowed<Project, Read>,
        query: Option<&str>,
    ) -> Result<Self, PageError> {
        let ctx = &visitor.ctx;
        let ask = Ask::parse(query);
        let builds = delivery::recent_builds(ctx, tx, project.id, BUILDS).await?;
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
        let deployed = delivery::deployed(ctx, tx, project.id).await?;
        let levels = work::project_levels(tx, project).await?;
        let levels = levels.iter().filter_map(|level| TestLevel::from_code(level)).collect();
        let proofs =
            work::proofs(ctx, tx, project, build.as_ref().map(|build| build.id), Some(ask.text.as_str())).await?;
        Ok(Self { ask, builds, build, deployed, levels, proofs, me: ctx.principal.user_id })
    }

    /// What fits, gaps first or by key.
    fn sorted(&self) -> Vec<&Proof> {
        let mut fitting: Vec<&Proof> = self.proofs.iter().filter(|proof| self.ask.fits(proof, self.me)).collect();
        match self.ask.sort.as_str() {
            "key" => fitting.sort_by_key(|proof| proof.number()),
            "-updated" => fitting.sort_by_key(|proof| (Reverse(proof.updated_at), proof.number())),
            _ => fitting.sort_by_key(|proof| (order(proof.evidence.standing()), proof.number())),
        }
        fitting
    }

    async fn rows(&self, tx: &Tx, project: &Allowed<Project, Read>, proofs: &[&Proof]) -> Result<Vec<Row>, PageError> {
        let ids: Vec<Uuid> = proofs.iter().map(|proof| proof.id).collect();
        let titles = work::titles(tx, project, &ids).await?;
        let levels: HashMap<(Uuid, String), Outcomes> =
            work::levels(tx, project, &ids, self.build.as_ref().map(|build| build.id)).await?;
        let live: Vec<Uuid> = self.deployed.iter().filter_map(|one| one.build_id).collect();
        let tested = work::tested_in(tx, project, &ids, &live).await?;
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
        let wanted: Vec<Evidence> =
            self.proofs.iter().filter(|proof| proof.status != "rejected").map(|proof| proof.evidence).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let number = |standing| {
            wanted.iter().filter(|evidence| evidence.standing() == standing).count().try_into().unwrap_or(i64::MAX)
        };
        let sum = |part: fn(&Evidence) -> i64| wanted.iter().map(part).sum::<i64>();
        let (gaps, failing, proven) = (number(Standing::Gap), number(Standing::Failing), number(Standing::Proven));
        let at = |state: &str| {
            Some(Ask { states: Vec::new(), ..self.ask.clone() }.href(path, "", None)).map(|href| {
                let joint = if href.contains('?') { '&' } else { '?' };
                format!("{href}{joint}state={state}")
            })
        };
        let alarm = |count: i64, tone| (count > 0).then_some(tone);
        vec![
            Figure {
                value: percent(sum(|e| e.proven), sum(|e| e.criteria)),
                label: "criteria proven".to_owned(),
                href: None,
                tone: None,
            },
            Figure::count(gaps, "with gaps", at("gap"), alarm(gaps, Tone::Gap)),
            Figure::count(failing, "failing", at("failing"), alarm(failing, Tone::Bad)),
            Figure::count(proven, "proven", at("proven"), alarm(proven, Tone::Good)),
        ]
    }
}

/// Gaps first, then what fails.
fn order(standing: Standing) -> u8 {
    match standing {
        Standing::Gap => 0,
        Standing::Failing => 1,
        Standing::Partial => 2,
        Standing::Proven => 3,
    }
}

async fn show(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Matrix).await?;
    let tx = visitor.ctx.begin_read().await?;
    let matrix = Matrix::read(&visitor, &tx, &project, query.as_deref()).await?;
    let sorted = matrix.sorted();
    let (shown_rows, next) = page_of(&sorted, &matrix.ask.after, ROWS);
    let rows = matrix.rows(&tx, &project, shown_rows).await?;
    tx.commit().await?;

    let path = paths::section(&slug, "matrix");
    let sort = matrix.ask.sort.as_str();
    let now = visitor.ctx.now();
    let mut filters = matrix.ask.filters(path.clone(), &matrix.proofs);
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
    let total = plural(sorted.len().try_into().unwrap_or(i64::MAX), "requirement", "requirements");
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
            next: next.map(|key| matrix.ask.href(&path, sort, Some(key))),
        },
        rows,
        csv_href: matrix.ask.href(&paths::section(&slug, "matrix.csv"), sort, None),
    };
    Ok(html(page(&frame, &view)))
}

async fn export(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (project, _) = visitor.project(&slug, Section::Matrix).await?;
    let _allowed: Allowed<_, Export> = authorise(&visitor.ctx, Collection::of(&work::REQUIREMENTS, Some(project.id)))?;
    let tx = visitor.ctx.begin_read().await?;
    let matrix = Matrix::read(&visitor, &tx, &project, query.as_deref()).await?;
    let rows = matrix.rows(&tx, &project, &matrix.sorted()).await?;
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
    Ok(csv.answer(&format!("{}-matrix", project.slug)))
}
