//! Stores what products are made of and what is known of vulnerabilities in it: bills of materials, advisories, VEX, and the reports of scanners.
//!
//! A document may name what is vulnerable before it lists it, so its statements wait in memory until its components are stored.

use std::{
    collections::HashMap,
    io::{BufRead, Seek},
};

use formats::{Format, Limits, ReadError, cyclonedx, supply, version::Scheme};
use jiff::Timestamp;
use kernel::{Ctx, Error, Tx};
use uuid::Uuid;

use super::{
    affects::{Affects, link},
    case::cut,
    findings::{self, Line, Row},
    format_name,
    job::{Job, Stop},
    ordered_id,
    source::Source,
    summary::Summary,
};

const INSERT_SBOM: &str = "insert into security.sboms (id, project_id, build_id, import_id, spec_version, received_at, format) values ($1, $2, $3, $4, '', $5, $6)";
const FINISH_SBOM: &str = "update security.sboms set serial_number = $2, spec_version = $3, subject_name = $4, subject_version = $5, components_count = $6, is_partial = $7 where id = $1";
const INSERT_COMPONENTS: &str = include_str!("../../sql/insert_components.sql");
const INSERT_STATEMENTS: &str = include_str!("../../sql/insert_statements.sql");
const INSERT_AFFECTS: &str = include_str!("../../sql/insert_affects.sql");
const INSERT_NAMES: &str = include_str!("../../sql/insert_names.sql");
const FIND_PACKAGES: &str = include_str!("../../sql/find_packages.sql");

/// Components or statements handled at once.
const BATCH: usize = 5_000;
/// Statements of one document at most, because they wait in memory.
const STATEMENTS: usize = 200_000;

/// Bytes of text of one batch of findings, about.
const BATCH_BYTES: usize = 6 << 20;

enum Piece {
    Components(Vec<supply::Component>),
    Findings(Vec<Row>),
    End(Box<(supply::Totals, Vec<supply::Vulnerability>)>),
}

/// Stores the document that `source` holds.
///
/// # Errors
/// A rejection when the document cannot be read to its end; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source, format: Format) -> Result<Summary, Stop> {
    let declared = job.wishes.scope.clone();
    let mut pieces = source.stream(move |file, hand_over| read(file, format, declared.as_deref(), hand_over));
    let line = Line::of(tx, job).await?;
    let mut store = Store {
        ctx,
        tx,
        job,
        line,
        format: format_name(format),
        sbom: None,
        subject: None,
        summary: Summary::of(&job.file_name, format_name(format)),
    };
    while let Some(piece) = pieces.recv().await {
        match piece.map_err(Stop::unreadable)? {
            Piece::Components(components) => store.components(&components).await?,
            Piece::Findings(rows) => findings::store(ctx, tx, job, &store.line, &rows, &mut store.summary).await?,
            Piece::End(end) => return Ok(store.finish(end.0, end.1).await?),
        }
    }
    Err(Stop::Failed(Error::Broken("the reader ended without the end of the document".into())))
}

fn read(
    mut file: impl BufRead + Seek,
    format: Format,
    declared: Option<&str>,
    hand_over: &dyn Fn(Result<Piece, ReadError>) -> bool,
) {
    let limits = Limits::default();
    if format == Format::CycloneDx {
        return hand_out(cyclonedx::Reader::new(file, limits), declared, hand_over);
    }
    let survey = supply::survey(&mut file, &limits, format).and_then(|survey| match file.rewind() {
        Ok(()) => Ok(survey),
        Err(error) => {
            Err(ReadError { line: 1, column: None, reason: format!("the file could not be read again: {error}") })
        }
    });
    match survey {
        Ok(survey) => hand_out(supply::Reader::new(file, &limits, &survey), declared, hand_over),
        Err(error) => {
            hand_over(Err(error));
        }
    }
}

/// Hands a document over in batches, the end last.
fn hand_out(
    events: impl Iterator<Item = Result<supply::Event, ReadError>>,
    declared: Option<&str>,
    hand_over: &dyn Fn(Result<Piece, ReadError>) -> bool,
) {
    let (mut batch, mut statements) = (Vec::new(), Vec::new());
    let (mut rows, mut weight, mut twins) = (Vec::new(), 0, HashMap::new());
    for event in events {
        let piece = match event {
            Ok(supply::Event::Component(component)) => {
                batch.push(*component);
                if batch.len() < BATCH {
                    continue;
                }
                Ok(Piece::Components(std::mem::take(&mut batch)))
            }
            Ok(supply::Event::Vulnerability(vulnerability)) => {
                if statements.len() < STATEMENTS {
                    statements.push(*vulnerability);
                    continue;
                }
                let reason = format!("the document has more than {STATEMENTS} vulnerabilities; split it");
                hand_over(Err(ReadError { line: 1, column: None, reason }));
                return;
            }
            Ok(supply::Event::Finding(finding)) => {
                let row = Row::of_scanner(&finding, declared, &mut twins);
                weight += row.weight();
                rows.push(row);
                if rows.len() < BATCH && weight < BATCH_BYTES {
                    continue;
                }
                weight = 0;
                Ok(Piece::Findings(std::mem::take(&mut rows)))
            }
            Ok(supply::Event::Finished(totals)) => {
                if !batch.is_empty() && !hand_over(Ok(Piece::Components(std::mem::take(&mut batch)))) {
                    return;
                }
                if !rows.is_empty() && !hand_over(Ok(Piece::Findings(std::mem::take(&mut rows)))) {
                    return;
                }
                Ok(Piece::End(Box::new((totals, std::mem::take(&mut statements)))))
            }
            Err(error) => Err(error),
        };
        if !hand_over(piece) {
            return;
        }
    }
}

struct Store<'a> {
    ctx: &'a Ctx,
    tx: &'a Tx,
    job: &'a Job,
    line: Line,
    format: &'static str,
    sbom: Option<Uuid>,
    subject: Option<(Option<String>, Option<String>)>,
    summary: Summary,
}

/// A text of at most so many characters, or nothing.
pub(super) fn some(text: Option<&str>, most: usize) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| cut(text, most))
}

/// When something was said, for putting statements in order.
fn stated(one: &supply::Vulnerability) -> Option<Timestamp> {
    one.stated.as_deref()?.parse().ok()
}

impl Store<'_> {
    /// The bill of materials, made when the first component comes.
    async fn sbom(&mut self) -> Result<Uuid, Error> {
        if let Some(sbom) = self.sbom {
            return Ok(sbom);
        }
        let (id, job) = (self.ctx.new_id(), self.job);
        self.tx.execute(INSERT_SBOM, &[&id, &job.project, &job.build, &job.id, &self.ctx.now(), &self.format]).await?;
        self.sbom = Some(id);
        Ok(id)
    }

    async fn components(&mut self, all: &[supply::Component]) -> Result<(), Error> {
        let sbom = self.sbom().await?;
        self.tx.batch("discard plans").await?;
        let list =
            |of: &dyn Fn(&supply::Component) -> Option<String>| -> Vec<Option<String>> { all.iter().map(of).collect() };
        let packages: Vec<Option<formats::Package>> = all
            .iter()
            .map(|one| formats::package(one.purl.as_deref()?).filter(|read| read.base.chars().count() <= 1000))
            .collect();
        let bases: Vec<Option<&str>> = packages.iter().map(|one| one.as_ref().map(|one| one.base.as_str())).collect();
        let versions: Vec<Option<String>> = packages
            .iter()
            .zip(all)
            .map(|(package, one)| {
                let own = some(package.as_ref()?.version.as_deref(), 1000);
                own.or_else(|| some(one.version.as_deref(), 200))
            })
            .collect();
        let keys: Vec<Option<Vec<u8>>> = packages
            .iter()
            .zip(&versions)
            .map(|(package, version)| Scheme::of(&package.as_ref()?.kind)?.key(version.as_deref()?))
            .collect();
        let distributions: Vec<Option<String>> =
            packages.iter().map(|one| some(one.as_ref()?.distro.as_deref(), 100)).collect();
        let subjects: Vec<bool> = all.iter().map(|one| one.is_subject).collect();
        let names: Vec<String> =
            all.iter().map(|one| some(Some(&one.name), 500).unwrap_or_else(|| "without a name".into())).collect();
        let licences: Vec<String> = all
            .iter()
            .map(|one| {
                let all = one.licences.iter().take(50).map(|licence| cut(&licence.replace('\u{1F}', " "), 500));
                all.collect::<Vec<_>>().join("\u{1F}")
            })
            .collect();
        self.tx
            .execute(
                INSERT_COMPONENTS,
                &[
                    &self.job.project,
                    &sbom,
                    &subjects,
                    &list(&|one| some(one.reference.as_deref(), 1000)),
                    &list(&|one| some(Some(&one.kind), 60)),
                    &list(&|one| some(one.group.as_deref(), 500)),
                    &names,
                    &list(&|one| some(one.version.as_deref(), 200)),
                    &list(&|one| some(one.purl.as_deref(), 1000)),
                    &bases,
                    &versions,
                    &list(&|one| some(one.scope.as_deref(), 60)),
                    &licences,
                    &keys,
                    &distributions,
                ],
            )
            .await?;
        if let Some(subject) = all.iter().find(|one| one.is_subject) {
            self.subject = Some((some(Some(&subject.name), 500), some(subject.version.as_deref(), 200)));
        }
        let parts = all.iter().filter(|one| !one.is_subject).count();
        self.summary.count("components", parts as u64, 0, 0);
        Ok(())
    }

    async fn finish(
        mut self,
        totals: supply::Totals,
        mut statements: Vec<supply::Vulnerability>,
    ) -> Result<Summary, Error> {
        // A bill of materials is one even when it is empty; what else is empty says nothing about a build.
        if statements.is_empty() && matches!(self.format, "cyclonedx" | "spdx") {
            self.sbom().await?;
        }
        if let Some(sbom) = self.sbom {
            let (name, version) = match &totals.subject {
                Some((name, version)) => (some(Some(name), 500), some(version.as_deref(), 200)),
                None => self.subject.take().unwrap_or_default(),
            };
            let count = i32::try_from(totals.components).unwrap_or(i32::MAX);
            let serial = some(totals.serial_number.as_deref(), 200).map(|serial| serial.to_ascii_lowercase());
            let spec = cut(&totals.spec_version, 20);
            let row: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
                [&sbom, &serial, &spec, &name, &version, &count, &totals.is_partial];
            self.tx.execute(FINISH_SBOM, &row).await?;
            self.summary.count("sboms", 1, 0, 0);
        }
        // What was said last counts, and what is stored last is what was said last.
        statements.sort_by_cached_key(stated);
        let (mut unnamed, mut nth) = (0, 0);
        for batch in statements.chunks(BATCH) {
            unnamed += self.statements(batch, &mut nth).await?;
        }
        let declared = self.job.wishes.scope.as_deref();
        let mut covered: Vec<(String, String)> =
            totals.covered.iter().map(|(tool, scope)| (cut(tool, 200), cut(declared.unwrap_or(scope), 500))).collect();
        covered.dedup();
        findings::close(self.ctx, self.tx, self.job, &self.line, &covered, &mut self.summary).await?;
        let mut say = |n: u64, what: &str| {
            if n > 0 {
                self.summary.warn(format!("{n} {what}"));
            }
        };
        say(unnamed, "vulnerabilities have no identifier; they are kept as `UNNAMED`");
        say(totals.services, "services are counted and not kept");
        say(totals.passed, "checks found nothing wrong; they are no findings");
        say(totals.replaced.count, "characters could not be shown and were replaced");
        Ok(self.summary)
    }

    /// The types of the packages that references of the same document lead to.
    async fn kinds(&self, all: &[supply::Vulnerability]) -> Result<HashMap<String, String>, Error> {
        let Some(sbom) = self.sbom else { return Ok(HashMap::new()) };
        let affects = all.iter().flat_map(|one| &one.affects).filter(|one| !one.versions.is_empty());
        let mut references: Vec<&str> = affects
            .filter_map(|one| match link(&one.reference) {
                (None, reference) if formats::package(reference).is_none() => Some(reference),
                _ => None,
            })
            .collect();
        references.sort_unstable();
        references.dedup();
        if references.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = self.tx.query(FIND_PACKAGES, &[&self.job.project, &sbom, &references]).await?;
        let mut kinds = HashMap::new();
        for row in rows {
            let (reference, package): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            kinds.extend(formats::package(&package).map(|one| (reference, one.kind)));
        }
        Ok(kinds)
    }

    async fn statements(&mut self, all: &[supply::Vulnerability], nth: &mut u64) -> Result<u64, Error> {
        let kinds = self.kinds(all).await?;
        let ids: Vec<Uuid> = all
            .iter()
            .map(|_| {
                *nth += 1;
                ordered_id(self.ctx.now(), *nth)
            })
            .collect();
        let list = |of: &dyn Fn(&supply::Vulnerability) -> Option<String>| -> Vec<Option<String>> {
            all.iter().map(of).collect()
        };
        let identifiers: Vec<String> = all
            .iter()
            .map(|one| some(Some(&one.id), 200).map_or_else(|| "UNNAMED".into(), |id| cut(&id.to_uppercase(), 200)))
            .collect();
        let severities: Vec<Option<&str>> = all.iter().map(|one| one.severity.map(supply::Severity::name)).collect();
        let (mut named, mut names) = (Vec::new(), Vec::new());
        for ((id, identifier), one) in ids.iter().zip(&identifiers).zip(all) {
            for alias in one.aliases.iter().take(1_000).filter_map(|alias| some(Some(&alias.to_uppercase()), 200)) {
                if alias != *identifier {
                    named.push(*id);
                    names.push(alias);
                }
            }
        }
        let scores: Vec<Option<f64>> =
            all.iter().map(|one| one.score.filter(|score| (0.0..=10.0).contains(score))).collect();
        let analysis = |of: fn(&supply::Analysis) -> Option<&str>, most| {
            list(&|one| some(one.analysis.as_ref().and_then(of), most))
        };
        self.tx
            .execute(
                INSERT_STATEMENTS,
                &[
                    &self.job.project,
                    &self.sbom,
                    &self.job.id,
                    &self.ctx.now(),
                    &ids,
                    &identifiers,
                    &list(&|one| some(one.source.as_deref(), 500)),
                    &severities,
                    &scores,
                    &list(&|one| some(one.description.as_deref(), 10_000)),
                    &list(&|one| some(one.recommendation.as_deref(), 10_000)),
                    &analysis(|one| one.state.as_deref(), 60),
                    &analysis(|one| one.justification.as_deref(), 200),
                    &analysis(|one| one.detail.as_deref(), 10_000),
                ],
            )
            .await?;
        let mut rows = Affects::default();
        for (id, one) in ids.iter().zip(all) {
            for (at, affected) in one.affects.iter().enumerate() {
                rows.push(*id, at, affected, &kinds);
            }
        }
        self.tx
            .execute(
                INSERT_AFFECTS,
                &[
                    &self.job.project,
                    &self.sbom,
                    &rows.statements,
                    &rows.positions,
                    &rows.references,
                    &rows.serials,
                    &rows.packages,
                    &rows.versions,
                    &rows.ranges,
                    &rows.affected,
                    &rows.named,
                    &rows.lows,
                    &rows.highs,
                    &rows.ordered,
                    &rows.distributions,
                    &rows.products,
                ],
            )
            .await?;
        if !names.is_empty() {
            self.tx.execute(INSERT_NAMES, &[&self.job.project, &named, &names]).await?;
        }
        self.summary.count("vulnerabilities", all.len() as u64, 0, 0);
        let affects: usize = all.iter().map(|one| one.affects.len()).sum();
        self.summary.count("affected", affects as u64, 0, 0);
        Ok(all.iter().filter(|one| one.id.trim().is_empty()).count() as u64)
    }
}
