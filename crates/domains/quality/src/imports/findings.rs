//! Stores a log of findings (SARIF): each finding once for all reports, with a sighting for every report that has it.
//!
//! A report speaks for the tools it is from and the scope it declares (`automationDetails.id` up to its last slash). What it does not
//! repeat of these is fixed; nothing else is touched. Whoever sends it may say the scope instead. Nothing is closed by a run that lists no results, says that it failed, or names no
//! tool, nor by the report of an earlier build than the finding was seen in, nor of another branch: a branch speaks for what was found on
//! it, and the default branch for what it has itself.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead, Seek},
};

use formats::{Limits, ReadError, sarif, supply};
use kernel::{Ctx, Error, Tx};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    case::cut,
    components::some,
    job::{Job, Stop},
    source::Source,
    summary::Summary,
};

const STORE_FINDINGS: &str = include_str!("../../sql/store_findings.sql");
const CLOSE_FINDINGS: &str = include_str!("../../sql/close_findings.sql");
const FIND_LINE: &str = include_str!("../../sql/find_line.sql");

/// Findings handed over at once.
const BATCH_FINDINGS: usize = 5_000;
/// Bytes of text of one batch, about.
const BATCH_BYTES: usize = 6 << 20;
/// What findings of a tool that does not say its name are kept under.
const UNNAMED: &str = "unnamed tool";

enum Piece {
    Rows(Vec<Row>),
    End(Box<Facts>),
}

/// What is known once the log is read.
#[derive(Default)]
struct Facts {
    /// Tools and scopes the log speaks for, and whether it may close what it does not repeat.
    covered: BTreeMap<(String, String), bool>,
    failed: BTreeSet<String>,
    kept_rules: u64,
    gone: u64,
    replaced: u64,
}

/// The build that was looked at, and whether its branch is the one that counts.
#[derive(Default)]
pub(super) struct Line {
    number: Option<i32>,
    branch: Option<String>,
    is_default: bool,
}

impl Line {
    /// That of the build a report is sent for.
    ///
    /// # Errors
    /// When the query fails.
    pub(super) async fn of(tx: &Tx, job: &Job) -> Result<Self, Error> {
        let Some(build) = job.build else { return Ok(Self::default()) };
        let row = tx.query_one(FIND_LINE, &[&job.project, &build]).await?;
        Ok(Self { number: row.try_get(0)?, branch: row.try_get(1)?, is_default: row.try_get(2)? })
    }
}

/// One finding as it is stored.
pub(super) struct Row {
    tool: String,
    scope: String,
    fingerprint: Vec<u8>,
    rule_id: Option<String>,
    title: String,
    message: Option<String>,
    level: &'static str,
    severity: &'static str,
    security_severity: Option<f64>,
    uri: Option<String>,
    line: Option<i32>,
    column: Option<i32>,
    logical: Option<String>,
    help_uri: Option<String>,
    tags: String,
    is_suppressed: bool,
    suppression: Option<String>,
    baseline: Option<&'static str>,
    vulnerability: Option<String>,
    package: Option<String>,
    package_version: Option<String>,
}

/// Stores the log that `source` holds.
///
/// # Errors
/// A rejection when the log cannot be read to its end; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source) -> Result<Summary, Stop> {
    let declared = job.wishes.scope.clone();
    let mut pieces = source.stream(move |file, hand_over| read(file, declared.as_deref(), hand_over));
    let mut summary = Summary::of(&job.file_name, "sarif");
    summary.count("findings", 0, 0, 0);
    let line = Line::of(tx, job).await?;
    while let Some(piece) = pieces.recv().await {
        match piece.map_err(Stop::unreadable)? {
            Piece::Rows(rows) => store(ctx, tx, job, &line, &rows, &mut summary).await?,
            Piece::End(facts) => {
                let closing = facts.covered.iter().filter(|(_, closes)| **closes).map(|(place, _)| place.clone());
                close(ctx, tx, job, &line, &closing.collect::<Vec<_>>(), &mut summary).await?;
                for warning in facts.warnings() {
                    summary.warn(warning);
                }
                return Ok(summary);
            }
        }
    }
    Err(Stop::Failed(Error::Broken("the reader ended without the end of the log".into())))
}

/// Marks as fixed what these tools found before in these scopes and the report does not repeat.
///
/// # Errors
/// When the database refuses.
pub(super) async fn close(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    line: &Line,
    covered: &[(String, String)],
    summary: &mut Summary,
) -> Result<(), Error> {
    let (tools, scopes): (Vec<&str>, Vec<&str>) =
        covered.iter().map(|(tool, scope)| (tool.as_str(), scope.as_str())).unzip();
    let fixed = tx
        .execute(
            CLOSE_FINDINGS,
            &[
                &job.project,
                &job.id,
                &job.build,
                &ctx.now(),
                &line.number,
                &tools,
                &scopes,
                &line.branch,
                &line.is_default,
            ],
        )
        .await?;
    if fixed > 0 {
        summary.count("findings_fixed", 0, fixed, 0);
    }
    Ok(())
}

/// Stores findings, each at most once in a report.
///
/// # Errors
/// When the database refuses.
pub(super) async fn store(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    line: &Line,
    rows: &[Row],
    summary: &mut Summary,
) -> Result<(), Error> {
    // As for test results: a plan from when the tables were nearly empty costs minutes on later batches.
    tx.batch("discard plans").await?;
    let new_ids = || -> Vec<Uuid> { rows.iter().map(|_| ctx.new_id()).collect() };
    let text = |of: fn(&Row) -> &str| -> Vec<&str> { rows.iter().map(of).collect() };
    let maybe = |of: fn(&Row) -> Option<&str>| -> Vec<Option<&str>> { rows.iter().map(of).collect() };
    let number_of = |of: fn(&Row) -> Option<i32>| -> Vec<Option<i32>> { rows.iter().map(of).collect() };
    let fingerprints: Vec<&[u8]> = rows.iter().map(|row| row.fingerprint.as_slice()).collect();
    let scores: Vec<Option<f64>> = rows.iter().map(|row| row.security_severity).collect();
    let suppressed: Vec<bool> = rows.iter().map(|row| row.is_suppressed).collect();
    let counted = tx
        .query_one(
            STORE_FINDINGS,
            &[
                &job.project,
                &job.id,
                &job.build,
                &ctx.now(),
                &line.number,
                &new_ids(),
                &text(|row| &row.tool),
                &text(|row| &row.scope),
                &fingerprints,
                &maybe(|row| row.rule_id.as_deref()),
                &text(|row| &row.title),
                &maybe(|row| row.message.as_deref()),
                &text(|row| row.level),
                &text(|row| row.severity),
                &scores,
                &maybe(|row| row.uri.as_deref()),
                &number_of(|row| row.line),
                &number_of(|row| row.column),
                &maybe(|row| row.logical.as_deref()),
                &maybe(|row| row.help_uri.as_deref()),
                &text(|row| &row.tags),
                &suppressed,
                &maybe(|row| row.suppression.as_deref()),
                &maybe(|row| row.baseline),
                &maybe(|row| row.vulnerability.as_deref()),
                &maybe(|row| row.package.as_deref()),
                &maybe(|row| row.package_version.as_deref()),
                &line.branch,
                &line.is_default,
                &new_ids(),
            ],
        )
        .await?;
    let [made, changed, same] = [0, 1, 2].map(|at| counted.get::<_, i64>(at).unsigned_abs());
    summary.count("findings", made, changed, same);
    summary.count("finding_sightings", rows.len() as u64, 0, 0);
    Ok(())
}

/// Reads a log twice, its tools and rules first, and hands its findings over in batches, the end last.
fn read(mut file: impl BufRead + Seek, declared: Option<&str>, hand_over: &dyn Fn(Result<Piece, ReadError>) -> bool) {
    let limits = Limits::default();
    let survey = sarif::survey(&mut file, &limits).and_then(|survey| match file.rewind() {
        Ok(()) => Ok(survey),
        Err(error) => {
            Err(ReadError { line: 1, column: None, reason: format!("the file could not be read again: {error}") })
        }
    });
    let survey = match survey {
        Ok(survey) => survey,
        Err(error) => {
            hand_over(Err(error));
            return;
        }
    };
    let mut facts = Facts::of(&survey, declared);
    let (mut batch, mut weight, mut twins) = (Vec::new(), 0, HashMap::<[u8; 32], u64>::new());
    for event in sarif::Reader::new(file, &limits, &survey) {
        match event {
            Ok(sarif::Event::Finding(finding)) => {
                if matches!(finding.kind, sarif::Kind::Pass | sarif::Kind::NotApplicable) {
                    facts.kept_rules += 1;
                } else if finding.baseline == Some(sarif::Baseline::Absent) {
                    facts.gone += 1;
                } else {
                    let own = || survey.runs.get(finding.run).map_or("", sarif::Run::scope);
                    let scope = declared.unwrap_or_else(own);
                    let row = Row::of(&finding, scope, &mut twins);
                    weight += row.weight();
                    batch.push(row);
                    if batch.len() >= BATCH_FINDINGS || weight >= BATCH_BYTES {
                        weight = 0;
                        if !hand_over(Ok(Piece::Rows(std::mem::take(&mut batch)))) {
                            return;
                        }
                    }
                }
            }
            Ok(sarif::Event::Finished(totals)) => facts.replaced = totals.replaced.count,
            Err(error) => {
                hand_over(Err(error));
                return;
            }
        }
    }
    if batch.is_empty() || hand_over(Ok(Piece::Rows(batch))) {
        hand_over(Ok(Piece::End(Box::new(facts))));
    }
}

fn tool_name(tool: &str) -> String {
    if tool.is_empty() { UNNAMED.to_owned() } else { cut(tool, 200) }
}

impl Facts {
    fn of(survey: &sarif::Survey, declared: Option<&str>) -> Self {
        let mut facts = Self::default();
        for run in &survey.runs {
            let closes = run.has_results && !run.failed && !run.tool.is_empty();
            let place = (tool_name(&run.tool), cut(declared.unwrap_or_else(|| run.scope()), 500));
            facts.covered.entry(place).and_modify(|all| *all &= closes).or_insert(closes);
            if run.failed {
                facts.failed.insert(tool_name(&run.tool));
            }
        }
        facts
    }

    fn warnings(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .failed
            .iter()
            .map(|tool| {
                format!("{tool} says that it did not end well; what it did not report again was left as it was")
            })
            .collect();
        let mut say = |n: u64, what: &str| {
            if n > 0 {
                all.push(format!("{n} {what}"));
            }
        };
        say(self.kept_rules, "results say that a rule is kept or does not apply; they are no findings");
        say(self.gone, "results say that they are gone; they are no findings, and what they were is fixed");
        say(self.replaced, "characters could not be shown and were replaced");
        all
    }
}

impl Row {
    /// Bytes of its text, about.
    pub(super) fn weight(&self) -> usize {
        self.message.as_deref().map_or(0, str::len) + self.title.len() + self.tags.len() + 200
    }

    fn of(finding: &sarif::Finding, scope: &str, twins: &mut HashMap<[u8; 32], u64>) -> Self {
        let scope = cut(scope, 500);
        let fingerprint = fingerprint(&scope, &finding.identity(), twins);
        let message = Some(&finding.message).filter(|text| !text.trim().is_empty());
        let first_line = message.and_then(|text| text.trim().lines().next()).map(str::to_owned);
        let title = some(finding.rule_title.as_deref(), 500)
            .or_else(|| some(first_line.as_deref(), 500))
            .or_else(|| some(finding.rule_id.as_deref(), 500))
            .unwrap_or_else(|| "without words".to_owned());
        let reasons = finding.suppressions.iter().filter_map(|one| one.justification.as_deref()).next();
        let mut names = finding.rule_id.iter().chain(&finding.tags);
        Self {
            tool: tool_name(&finding.tool),
            scope,
            fingerprint,
            rule_id: some(finding.rule_id.as_deref(), 500),
            title,
            message: some(message.map(String::as_str), 10_000),
            level: finding.level.name(),
            severity: severity(finding),
            // Kept to a tenth, so that what is stored equals what is compared.
            security_severity: finding.security_severity.map(|score| (score * 10.0).round() / 10.0),
            uri: some(finding.location.uri.as_deref(), 2000),
            line: place(finding.location.line),
            column: place(finding.location.column),
            logical: some(finding.location.logical.as_deref(), 2000),
            help_uri: finding.help_uri.clone().filter(|link| is_link(link)),
            tags: joined(&finding.tags),
            is_suppressed: finding.is_suppressed(),
            suppression: some(reasons, 2000),
            baseline: finding.baseline.and_then(|state| match state {
                sarif::Baseline::New => Some("new"),
                sarif::Baseline::Unchanged => Some("unchanged"),
                sarif::Baseline::Updated => Some("updated"),
                sarif::Baseline::Absent => None,
            }),
            // A rule that is a vulnerability, or is labelled as one.
            vulnerability: names.find_map(|name| supply::vulnerability_name(name)),
            package: None,
            package_version: None,
        }
    }

    /// What a scanner of packages, configurations or secrets found.
    pub(super) fn of_scanner(
        finding: &supply::Finding,
        declared: Option<&str>,
        twins: &mut HashMap<[u8; 32], u64>,
    ) -> Self {
        use supply::Severity::{Critical, High, Info, Low, Medium, None as Harmless, Unknown};
        let scope = cut(declared.unwrap_or(&finding.scope), 500);
        let identity = [finding.tool.as_str(), "scanner"]
            .into_iter()
            .chain(finding.identity.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join("\u{1F}");
        let fingerprint = fingerprint(&scope, &identity, twins);
        let (severity, level) = match finding.severity.unwrap_or(Unknown) {
            Critical => ("critical", "error"),
            High => ("high", "error"),
            Medium | Unknown => ("medium", "warning"),
            Low => ("low", "note"),
            Info | Harmless => ("info", "none"),
        };
        let package = finding.purl.as_deref().and_then(formats::package).filter(|one| one.base.chars().count() <= 1000);
        Self {
            tool: tool_name(&finding.tool),
            scope,
            fingerprint,
            rule_id: some(finding.rule_id.as_deref(), 500),
            title: some(Some(&finding.title), 500).unwrap_or_else(|| "without words".to_owned()),
            message: some(finding.message.as_deref(), 10_000),
            level,
            severity,
            security_severity: finding.score.map(|score| (score * 10.0).round() / 10.0),
            uri: some(finding.uri.as_deref(), 2000),
            line: place(finding.line),
            column: None,
            logical: some(finding.logical.as_deref(), 2000),
            help_uri: finding.help_uri.clone().filter(|link| is_link(link)),
            tags: joined(&finding.tags),
            is_suppressed: finding.is_suppressed,
            suppression: some(finding.suppression.as_deref(), 2000),
            baseline: None,
            vulnerability: some(finding.vulnerability.as_deref(), 200),
            package_version: package.as_ref().and_then(|one| some(one.version.as_deref(), 1000)),
            package: package.map(|one| one.base),
        }
    }
}

/// Equal ones of one report are told apart by their order.
fn fingerprint(scope: &str, identity: &str, twins: &mut HashMap<[u8; 32], u64>) -> Vec<u8> {
    let nth = twins.entry(Sha256::digest(format!("{scope}\u{1E}{identity}")).into()).or_default();
    *nth += 1;
    Sha256::digest(format!("{identity}\u{1E}{nth}")).to_vec()
}

fn place(number: Option<u64>) -> Option<i32> {
    number.and_then(|number| i32::try_from(number).ok()).filter(|number| *number > 0)
}

fn joined(all: &[String]) -> String {
    let mut tags: Vec<String> = Vec::new();
    for tag in all {
        let tag = cut(&tag.replace('\u{1F}', " "), 200);
        if tags.len() < 100 && !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.join("\u{1F}")
}

fn is_link(link: &str) -> bool {
    (link.starts_with("https://") || link.starts_with("http://"))
        && link.chars().count() <= 2000
        && !link.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// How bad a finding is: by the score of its rule, with the borders that CVSS has, else by its level.
fn severity(finding: &sarif::Finding) -> &'static str {
    match (finding.security_severity, finding.level) {
        (Some(score), _) if score >= 9.0 => "critical",
        (Some(score), _) if score >= 7.0 => "high",
        (Some(score), _) if score >= 4.0 => "medium",
        (Some(score), _) if score > 0.0 => "low",
        (Some(_), _) => "info",
        (None, sarif::Level::Error) => "high",
        (None, sarif::Level::Warning) => "medium",
        (None, sarif::Level::Note) => "low",
        (None, sarif::Level::None) => "info",
    }
}
