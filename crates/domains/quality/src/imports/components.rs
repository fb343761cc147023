//! Stores a CycloneDX document: a bill of materials with its components, and what is said of vulnerabilities.
//!
//! A document may name what is vulnerable before it lists it, so its statements wait in memory until its components are stored.

use std::io::BufRead;

use formats::{Limits, ReadError, cyclonedx};
use kernel::{Ctx, Error, Tx};
use uuid::Uuid;

use super::{
    case::cut,
    job::{Job, Stop},
    source::Source,
    summary::Summary,
};

const INSERT_SBOM: &str = "insert into security.sboms (id, project_id, build_id, import_id, spec_version, received_at) values ($1, $2, $3, $4, '', $5)";
const FINISH_SBOM: &str = "update security.sboms set serial_number = $2, spec_version = $3, subject_name = $4, subject_version = $5, components_count = $6 where id = $1";
const INSERT_COMPONENTS: &str = include_str!("../../sql/insert_components.sql");
const INSERT_STATEMENTS: &str = include_str!("../../sql/insert_statements.sql");
const INSERT_AFFECTS: &str = include_str!("../../sql/insert_affects.sql");

/// Components or statements handled at once.
const BATCH: usize = 5_000;
/// Statements of one document at most, because they wait in memory.
const STATEMENTS: usize = 200_000;

enum Piece {
    Components(Vec<cyclonedx::Component>),
    End(Box<(cyclonedx::Totals, Vec<cyclonedx::Vulnerability>)>),
}

/// Stores the document that `source` holds.
///
/// # Errors
/// A rejection when the document cannot be read to its end; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source) -> Result<Summary, Stop> {
    let mut pieces = source.stream(read);
    let mut store =
        Store { ctx, tx, job, sbom: None, subject: None, summary: Summary::of(&job.file_name, "cyclonedx") };
    while let Some(piece) = pieces.recv().await {
        match piece.map_err(Stop::unreadable)? {
            Piece::Components(components) => store.components(&components).await?,
            Piece::End(end) => return Ok(store.finish(&end.0, &end.1).await?),
        }
    }
    Err(Stop::Failed(Error::Broken("the reader ended without the end of the document".into())))
}

fn read(file: impl BufRead, hand_over: &dyn Fn(Result<Piece, ReadError>) -> bool) {
    let (mut batch, mut statements) = (Vec::new(), Vec::new());
    for event in cyclonedx::Reader::new(file, Limits::default()) {
        let piece = match event {
            Ok(cyclonedx::Event::Component(component)) => {
                batch.push(*component);
                if batch.len() < BATCH {
                    continue;
                }
                Ok(Piece::Components(std::mem::take(&mut batch)))
            }
            Ok(cyclonedx::Event::Vulnerability(vulnerability)) => {
                if statements.len() < STATEMENTS {
                    statements.push(*vulnerability);
                    continue;
                }
                let reason = format!("the document has more than {STATEMENTS} vulnerabilities; split it");
                hand_over(Err(ReadError { line: 1, column: None, reason }));
                return;
            }
            Ok(cyclonedx::Event::Finished(totals)) => {
                if !batch.is_empty() && !hand_over(Ok(Piece::Components(std::mem::take(&mut batch)))) {
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
    sbom: Option<Uuid>,
    subject: Option<(Option<String>, Option<String>)>,
    summary: Summary,
}

/// A text of at most so many characters, or nothing.
fn some(text: Option<&str>, most: usize) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| cut(text, most))
}

/// The package and version that a package URL names, in the form they are stored in.
fn package(url: Option<&str>) -> (Option<String>, Option<String>) {
    let read = url.and_then(cyclonedx::package).filter(|one| one.base.chars().count() <= 1000);
    read.map_or((None, None), |one| (Some(one.base), some(one.version.as_deref(), 1000)))
}

impl Store<'_> {
    /// The bill of materials, made when the first component comes.
    async fn sbom(&mut self) -> Result<Uuid, Error> {
        if let Some(sbom) = self.sbom {
            return Ok(sbom);
        }
        let (id, job) = (self.ctx.new_id(), self.job);
        self.tx.execute(INSERT_SBOM, &[&id, &job.project, &job.build, &job.id, &self.ctx.now()]).await?;
        self.sbom = Some(id);
        Ok(id)
    }

    async fn components(&mut self, all: &[cyclonedx::Component]) -> Result<(), Error> {
        let sbom = self.sbom().await?;
        self.tx.batch("discard plans").await?;
        let list = |of: &dyn Fn(&cyclonedx::Component) -> Option<String>| -> Vec<Option<String>> {
            all.iter().map(of).collect()
        };
        let packages: Vec<_> = all.iter().map(|one| package(one.purl.as_deref())).collect();
        let bases: Vec<Option<&str>> = packages.iter().map(|(base, _)| base.as_deref()).collect();
        let versions: Vec<Option<String>> = packages
            .iter()
            .zip(all)
            .map(|((base, version), one)| {
                base.as_ref()?;
                version.clone().or_else(|| some(one.version.as_deref(), 200))
            })
            .collect();
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
        totals: &cyclonedx::Totals,
        statements: &[cyclonedx::Vulnerability],
    ) -> Result<Summary, Error> {
        if statements.is_empty() {
            self.sbom().await?;
        }
        if let Some(sbom) = self.sbom {
            let (name, version) = self.subject.take().unwrap_or_default();
            let count = i32::try_from(totals.components).unwrap_or(i32::MAX);
            let serial = some(totals.serial_number.as_deref(), 200).map(|serial| serial.to_ascii_lowercase());
            let spec = cut(&totals.spec_version, 20);
            self.tx.execute(FINISH_SBOM, &[&sbom, &serial, &spec, &name, &version, &count]).await?;
            self.summary.count("sboms", 1, 0, 0);
        }
        let mut unnamed = 0;
        for batch in statements.chunks(BATCH) {
            unnamed += self.statements(batch).await?;
        }
        let mut say = |n: u64, what: &str| {
            if n > 0 {
                self.summary.warn(format!("{n} {what}"));
            }
        };
        say(unnamed, "vulnerabilities have no identifier; they are kept as `UNNAMED`");
        say(totals.services, "services are counted and not kept");
        say(totals.replaced.count, "characters could not be shown and were replaced");
        Ok(self.summary)
    }

    async fn statements(&mut self, all: &[cyclonedx::Vulnerability]) -> Result<u64, Error> {
        let ids: Vec<Uuid> = all.iter().map(|_| self.ctx.new_id()).collect();
        let list = |of: &dyn Fn(&cyclonedx::Vulnerability) -> Option<String>| -> Vec<Option<String>> {
            all.iter().map(of).collect()
        };
        let identifiers: Vec<String> = all
            .iter()
            .map(|one| some(Some(&one.id), 200).map_or_else(|| "UNNAMED".into(), |id| cut(&id.to_uppercase(), 200)))
            .collect();
        let severities: Vec<Option<&str>> = all.iter().map(|one| one.severity.map(cyclonedx::Severity::name)).collect();
        let scores: Vec<Option<f64>> =
            all.iter().map(|one| one.score.filter(|score| (0.0..=10.0).contains(score))).collect();
        let analysis = |of: fn(&cyclonedx::Analysis) -> Option<&str>, most| {
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
                rows.push(*id, at, affected);
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
                ],
            )
            .await?;
        self.summary.count("vulnerabilities", all.len() as u64, 0, 0);
        let affects: usize = all.iter().map(|one| one.affects.len()).sum();
        self.summary.count("affected", affects as u64, 0, 0);
        Ok(all.iter().filter(|one| one.id.trim().is_empty()).count() as u64)
    }
}

/// What statements are about, column by column.
#[derive(Default)]
struct Affects {
    statements: Vec<Uuid>,
    positions: Vec<i32>,
    references: Vec<String>,
    serials: Vec<Option<String>>,
    packages: Vec<Option<String>>,
    versions: Vec<Option<String>>,
    ranges: Vec<Option<String>>,
    affected: Vec<bool>,
}

impl Affects {
    fn push(&mut self, statement: Uuid, at: usize, affected: &cyclonedx::Affected) {
        let (serial, reference) = link(&affected.reference);
        let (base, version) = package(Some(reference));
        let mut row = |version: Option<String>, range: Option<String>, is_affected: bool| {
            self.statements.push(statement);
            self.positions.push(i32::try_from(at).unwrap_or(i32::MAX - 1) + 1);
            self.references.push(cut(reference, 1000));
            self.serials.push(serial.clone());
            self.packages.push(base.clone());
            self.versions.push(version);
            self.ranges.push(range);
            self.affected.push(is_affected);
        };
        if affected.versions.is_empty() {
            row(version, None, true);
            return;
        }
        for one in &affected.versions {
            let is_affected = one.status.as_deref() != Some("unaffected");
            let text = some(Some(&one.version), if one.is_range { 2000 } else { 1000 });
            if one.is_range { row(None, text, is_affected) } else { row(text, None, is_affected) }
        }
    }
}

/// The document and the reference in it that a link names (`urn:cdx:SERIAL/VERSION#REFERENCE`); anything else is a reference of
/// the same document.
fn link(written: &str) -> (Option<String>, &str) {
    let of = written.strip_prefix("urn:cdx:").and_then(|rest| rest.split_once('#'));
    match of {
        Some((document, reference)) => {
            let serial = document.split('/').next().unwrap_or_default().to_ascii_lowercase();
            (Some(cut(&format!("urn:uuid:{serial}"), 200)), reference)
        }
        None => (None, written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_into_another_document_names_both() {
        let serial = "3e671687-395b-41f5-a30f-a58921a69b79";
        let written = format!("urn:cdx:{serial}/1#pkg:npm/a@1");
        assert_eq!(link(&written), (Some(format!("urn:uuid:{serial}")), "pkg:npm/a@1"));
        assert_eq!(link("component-a"), (None, "component-a"));
    }
}
