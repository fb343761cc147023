//! Stores a coverage report: one row for the whole, which has the files, and one for each component where there are
//! several. Counted lines are stored; totals that a report declares about itself are not.

use std::collections::BTreeMap;

use formats::{Format, Limits, ReadError, coverage};
use kernel::{Ctx, Error, Tx};
use uuid::Uuid;

use super::{
    case::cut,
    job::{Job, Stop},
    source::Source,
    summary::{Covered, Summary},
};

const INSERT_REPORTS: &str = include_str!("../../sql/insert_coverage_reports.sql");
const INSERT_FILES: &str = include_str!("../../sql/insert_coverage_files.sql");
const COVER_BUILD: &str = include_str!("../../sql/cover_build.sql");

/// Files handed over at once.
const BATCH_FILES: usize = 5_000;

enum Piece {
    Files(Vec<coverage::FileCoverage>),
    End(Box<coverage::Totals>),
}

/// Stores the report that `source` holds.
///
/// # Errors
/// A rejection when the report cannot be read to its end; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source, format: Format) -> Result<Summary, Stop> {
    let mut pieces = source.stream(move |file, hand_over| match format {
        Format::Cobertura => read(coverage::cobertura::Reader::new(file, Limits::default()), hand_over),
        Format::Lcov => read(coverage::lcov::Reader::new(file, Limits::default()), hand_over),
        _ => read(coverage::jacoco::Reader::new(file, Limits::default()), hand_over),
    });
    // The whole is known last, but its row has to be there before its files: they wait here, counts only.
    let (mut files, mut totals) = (Vec::new(), None);
    while let Some(piece) = pieces.recv().await {
        match piece.map_err(Stop::unreadable)? {
            Piece::Files(more) => files.extend(more),
            Piece::End(all) => totals = Some(all),
        }
    }
    let totals =
        totals.ok_or_else(|| Stop::Failed(Error::Broken("the reader ended without the end of the report".into())))?;
    Ok(store(ctx, tx, job, super::format_name(format), &files, &totals).await?)
}

fn read(
    events: impl Iterator<Item = Result<coverage::Event, ReadError>>,
    hand_over: &dyn Fn(Result<Piece, ReadError>) -> bool,
) {
    let mut batch = Vec::new();
    for event in events {
        let piece = match event {
            Ok(coverage::Event::File(file)) => {
                batch.push(*file);
                if batch.len() < BATCH_FILES {
                    continue;
                }
                Ok(Piece::Files(std::mem::take(&mut batch)))
            }
            Ok(coverage::Event::Finished(totals)) => {
                if !hand_over(Ok(Piece::Files(std::mem::take(&mut batch)))) {
                    return;
                }
                Ok(Piece::End(totals))
            }
            Err(error) => Err(error),
        };
        if !hand_over(piece) {
            return;
        }
    }
}

/// Columns of reports and files.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    lines: (Vec<i32>, Vec<i32>),
    branches: (Vec<i32>, Vec<i32>),
}

impl Columns {
    fn push(&mut self, name: String, lines: coverage::Ratio, branches: coverage::Ratio) {
        let int = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
        self.names.push(name);
        self.lines.0.push(int(lines.total));
        self.lines.1.push(int(lines.covered));
        self.branches.0.push(int(branches.total));
        self.branches.1.push(int(branches.covered));
    }
}

async fn store(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    format: &'static str,
    files: &[coverage::FileCoverage],
    totals: &coverage::Totals,
) -> Result<Summary, Error> {
    let mut summary = Summary::of(&job.file_name, format);
    let mut parts: BTreeMap<&str, (coverage::Ratio, coverage::Ratio)> = BTreeMap::new();
    for file in files {
        let part = parts.entry(&file.component).or_default();
        for (sum, more) in [(&mut part.0, file.lines), (&mut part.1, file.branches)] {
            sum.covered += more.covered;
            sum.total += more.total;
        }
    }
    let mut reports = Columns::default();
    reports.push(String::new(), totals.lines, totals.branches);
    if parts.len() > 1 {
        for (name, (lines, branches)) in parts.into_iter().filter(|(name, _)| !name.is_empty()) {
            reports.push(cut(name, 500), lines, branches);
        }
    }
    let ids: Vec<Uuid> = reports.names.iter().map(|_| ctx.new_id()).collect();
    tx.execute(
        INSERT_REPORTS,
        &[
            &job.project,
            &job.build,
            &job.id,
            &format,
            &ctx.now(),
            &ids,
            &reports.names,
            &reports.lines.0,
            &reports.lines.1,
            &reports.branches.0,
            &reports.branches.1,
        ],
    )
    .await?;
    for batch in files.chunks(BATCH_FILES) {
        let mut rows = Columns::default();
        for file in batch {
            let path = if file.path.is_empty() { "(no path)".to_owned() } else { cut(&file.path, 2000) };
            rows.push(path, file.lines, file.branches);
        }
        tx.execute(
            INSERT_FILES,
            &[&job.project, &ids[0], &rows.names, &rows.lines.0, &rows.lines.1, &rows.branches.0, &rows.branches.1],
        )
        .await?;
    }
    if let Some(build) = job.build {
        tx.execute(COVER_BUILD, &[&job.project, &build]).await?;
    }
    summary.count("coverage_reports", ids.len() as u64, 0, 0);
    summary.count("coverage_files", files.len() as u64, 0, 0);
    summary.coverage = Some(Covered {
        lines_total: totals.lines.total,
        lines_covered: totals.lines.covered,
        branches_total: totals.branches.total,
        branches_covered: totals.branches.covered,
    });
    for warning in warnings(totals) {
        summary.warn(warning);
    }
    Ok(summary)
}

fn warnings(totals: &coverage::Totals) -> Vec<String> {
    let mut all = Vec::new();
    let declared = &totals.declared;
    for (what, says, counted) in [
        ("lines", declared.lines_total, totals.lines.total),
        ("covered lines", declared.lines_covered, totals.lines.covered),
        ("branches", declared.branches_total, totals.branches.total),
        ("covered branches", declared.branches_covered, totals.branches.covered),
    ] {
        if let Some(says) = says.filter(|says| *says != counted) {
            all.push(format!("the report declares {says} {what}, its files hold {counted}"));
        }
    }
    if totals.method_only_lines.total > 0 {
        let lines = totals.method_only_lines;
        all.push(format!(
            "{} lines, {} of them covered, are listed by methods only and are not counted",
            lines.total, lines.covered
        ));
    }
    if totals.replaced.count > 0 {
        all.push(format!("{} characters could not be shown and were replaced", totals.replaced.count));
    }
    all
}
