//! Stores a report of test results, JUnit XML or any other: test cases found or made, one run, its results, and links to what they verify. Everything is
//! set-wise, a batch at a time, inside the one transaction of the file.

use std::collections::{BTreeMap, HashMap, HashSet};

use formats::{Format, junit::Reference};
use jiff::Timestamp;
use kernel::{Ctx, Error, Tx};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{
    case::{CaseRow, Fingerprint},
    job::{Job, Stop},
    report::{Piece, RunFacts, read_report},
    results::insert_results,
    source::Source,
    summary::{Outcomes, Summary},
};

const INSERT_TEST_RUN: &str = include_str!("../../sql/insert_test_run.sql");
const FINISH_TEST_RUN: &str = include_str!("../../sql/finish_test_run.sql");
const FIND_ALIASES: &str = include_str!("../../sql/find_aliases.sql");
const RESERVE_KEYS: &str = include_str!("../../sql/reserve_keys.sql");
const INSERT_TEST_CASES: &str = include_str!("../../sql/insert_test_cases.sql");
const INSERT_ALIASES: &str = include_str!("../../sql/insert_aliases.sql");
const RENAME_TEST_CASES: &str = include_str!("../../sql/rename_test_cases.sql");
const RESOLVE_REQUIREMENTS: &str = include_str!("../../sql/resolve_requirements.sql");
const INSERT_LINKS: &str = include_str!("../../sql/insert_links.sql");

/// References remembered at most, so that a report with millions of keys cannot fill the memory.
const REMEMBERED: usize = 50_000;

/// Stores the report that `source` holds.
///
/// # Errors
/// A rejection when the report cannot be read to its end; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source, format: Format) -> Result<Summary, Stop> {
    let received = ctx.now();
    let mut pieces = source.stream(move |file, hand_over| read_report(format, file, received, hand_over));
    let mut store = Store {
        ctx,
        tx,
        job,
        received,
        run: None,
        stored: 0,
        made: 0,
        resolved: HashMap::new(),
        unknown: BTreeMap::new(),
        summary: Summary {
            outcomes: Some(Outcomes::default()),
            ..Summary::of(&job.file_name, super::format_name(format))
        },
    };
    store.summary.count("test_cases", 0, 0, 0);
    store.summary.count("test_results", 0, 0, 0);
    while let Some(piece) = pieces.recv().await {
        match piece.map_err(Stop::unreadable)? {
            Piece::Cases(rows) => store.batch(&rows).await?,
            Piece::End(facts) => return Ok(store.finish(&facts).await?),
        }
    }
    Err(Stop::Failed(Error::Broken("the reader ended without the end of the report".into())))
}

/// A test case as far as it is known to this file.
struct Known {
    id: Uuid,
    name: String,
    has_key: bool,
}

/// A case or alias to make.
#[derive(Default)]
struct Fresh<'a> {
    cases: Vec<(Uuid, &'a CaseRow)>,
    aliases: Vec<(Uuid, Fingerprint, &'a CaseRow, Option<&'a str>)>,
    renames: BTreeMap<Uuid, &'a str>,
}

struct Store<'a> {
    ctx: &'a Ctx,
    tx: &'a Tx,
    job: &'a Job,
    received: Timestamp,
    run: Option<Uuid>,
    stored: u64,
    made: u64,
    resolved: HashMap<Reference, Option<(Uuid, Option<Uuid>)>>,
    unknown: BTreeMap<String, u64>,
    summary: Summary,
}

impl Store<'_> {
    async fn run(&mut self) -> Result<Uuid, Error> {
        if let Some(run) = self.run {
            return Ok(run);
        }
        let (run, job) = (self.ctx.new_id(), self.job);
        self.tx
            .execute(
                INSERT_TEST_RUN,
                &[&run, &job.project, &job.build_of_results(), &job.id, &job.wishes.environment, &job.wishes.shard],
            )
            .await?;
        self.run = Some(run);
        Ok(run)
    }

    async fn batch(&mut self, rows: &[CaseRow]) -> Result<(), Error> {
        let run = self.run().await?;
        // Plans that this connection kept, also those of keys and triggers, may be from when the tables were nearly empty and
        // any index would do. Made anew they cost milliseconds a batch; kept, they cost minutes.
        self.tx.batch("discard plans").await?;
        let cases = self.cases(rows).await?;
        insert_results(self.tx, self.job, run, self.stored, rows, &cases).await?;
        self.stored += rows.len() as u64;
        self.summary.count("test_results", rows.len() as u64, 0, 0);
        let outcomes = self.summary.outcomes.get_or_insert_default();
        for row in rows {
            match row.status {
                "passed" => outcomes.passed += 1,
                "failed" => outcomes.failed += 1,
                "error" => outcomes.error += 1,
                _ => outcomes.skipped += 1,
            }
        }
        self.links(rows, &cases).await
    }

    /// The test case of every row, found or made.
    async fn cases(&mut self, rows: &[CaseRow]) -> Result<Vec<Uuid>, Error> {
        let mut known = self.known(rows).await?;
        let mut fresh = Fresh::default();
        let mut ids = Vec::with_capacity(rows.len());
        let (mut created, mut updated) = (0, 0);
        for row in rows {
            let by_key =
                row.key.as_ref().and_then(|(_, print)| known.get(print)).map(|case| (case.id, case.name.clone()));
            let by_name = known.get(&row.fingerprint);
            // A case of another key may have the same name; then the key alone tells them apart.
            let named = by_name.filter(|case| row.key.is_none() || !case.has_key).map(|case| case.id);
            let taken = by_name.is_some();
            let id = match (by_key, named) {
                (Some((id, name)), _) => {
                    if by_name.is_none() {
                        fresh.aliases.push((id, row.fingerprint, row, None));
                    }
                    let differs = name != row.case_name && by_name.is_none_or(|case| case.id == id);
                    if differs {
                        fresh.renames.insert(id, &row.case_name);
                    }
                    updated += u64::from(differs || !taken);
                    if let Some((_, print)) = &row.key {
                        let now = || Known { id, name: row.case_name.clone(), has_key: true };
                        known.entry(row.fingerprint).or_insert_with(now);
                        if differs {
                            known.insert(*print, now());
                        }
                    }
                    id
                }
                (None, Some(id)) => {
                    if let Some((key, print)) = &row.key {
                        fresh.aliases.push((id, *print, row, Some(key)));
                        updated += 1;
                        for print in [*print, row.fingerprint] {
                            known.insert(print, Known { id, name: row.case_name.clone(), has_key: true });
                        }
                    }
                    id
                }
                (None, None) => {
                    let id = super::ordered_id(self.received, self.made);
                    self.made += 1;
                    created += 1;
                    fresh.cases.push((id, row));
                    let has_key = row.key.is_some();
                    if !taken {
                        fresh.aliases.push((id, row.fingerprint, row, None));
                        known.insert(row.fingerprint, Known { id, name: row.case_name.clone(), has_key });
                    }
                    if let Some((key, print)) = &row.key {
                        fresh.aliases.push((id, *print, row, Some(key)));
                        known.insert(*print, Known { id, name: row.case_name.clone(), has_key });
                    }
                    id
                }
            };
            ids.push(id);
        }
        self.make(&fresh).await?;
        self.summary.count("test_cases", created, updated, rows.len() as u64 - created - updated);
        Ok(ids)
    }

    /// Runs a look-up of thousands of values with a plan of its own. The tables grow while we work, and a plan that was kept
    /// from when they were nearly empty reads all of a project for each value.
    async fn planned_anew(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.tx.batch("set local plan_cache_mode = force_custom_plan").await?;
        let rows = self.tx.query(sql, params).await?;
        // Checks of foreign keys run thousands of times a statement; they had better keep their plans.
        self.tx.batch("set local plan_cache_mode = auto").await?;
        Ok(rows)
    }

    async fn known(&self, rows: &[CaseRow]) -> Result<HashMap<Fingerprint, Known>, Error> {
        let mut prints: HashSet<&[u8]> = HashSet::with_capacity(rows.len());
        for row in rows {
            prints.insert(&row.fingerprint);
            if let Some((_, print)) = &row.key {
                prints.insert(print);
            }
        }
        let prints: Vec<&[u8]> = prints.into_iter().collect();
        let found = self.planned_anew(FIND_ALIASES, &[&self.job.project, &prints]).await?;
        let mut known = HashMap::with_capacity(rows.len());
        for row in found {
            let print: &[u8] = row.try_get(0)?;
            if let Ok(print) = Fingerprint::try_from(print) {
                known.insert(print, Known { id: row.try_get(1)?, name: row.try_get(2)?, has_key: row.try_get(3)? });
            }
        }
        Ok(known)
    }

    async fn make(&self, fresh: &Fresh<'_>) -> Result<(), Error> {
        let project = &self.job.project;
        if !fresh.cases.is_empty() {
            let count = i32::try_from(fresh.cases.len()).unwrap_or(i32::MAX);
            let first: i64 = self.tx.query_one(RESERVE_KEYS, &[project, &"TC", &count]).await?.try_get(0)?;
            let ids: Vec<Uuid> = fresh.cases.iter().map(|(id, _)| *id).collect();
            let names: Vec<&str> = fresh.cases.iter().map(|(_, row)| row.case_name.as_str()).collect();
            let types: Vec<&str> = fresh.cases.iter().map(|(_, row)| row.test_type).collect();
            let paths: Vec<Option<&str>> = fresh.cases.iter().map(|(_, row)| row.script_path.as_deref()).collect();
            self.tx.execute(INSERT_TEST_CASES, &[project, &first, &ids, &names, &types, &paths]).await?;
        }
        if !fresh.aliases.is_empty() {
            // Made here: a default of the table costs as much as an index for each row.
            let ids: Vec<Uuid> = fresh.aliases.iter().map(|_| self.ctx.new_id()).collect();
            let cases: Vec<Uuid> = fresh.aliases.iter().map(|alias| alias.0).collect();
            let prints: Vec<&[u8]> = fresh.aliases.iter().map(|alias| alias.1.as_slice()).collect();
            let keys: Vec<Option<&str>> = fresh.aliases.iter().map(|alias| alias.3).collect();
            // A name belongs to the alias by name; the one by key says nothing but the key.
            let named = |of: fn(&CaseRow) -> Option<&str>| -> Vec<Option<&str>> {
                fresh.aliases.iter().map(|alias| alias.3.is_none().then(|| of(alias.2)).flatten()).collect()
            };
            let suites = named(|row| row.suite_path.as_deref());
            let classes = named(|row| row.class_name.as_deref());
            let names = named(|row| Some(&row.base_name));
            self.tx
                .execute(INSERT_ALIASES, &[project, &ids, &cases, &prints, &suites, &classes, &names, &keys])
                .await?;
        }
        if !fresh.renames.is_empty() {
            let ids: Vec<Uuid> = fresh.renames.keys().copied().collect();
            let names: Vec<&str> = fresh.renames.values().copied().collect();
            self.tx.execute(RENAME_TEST_CASES, &[project, &ids, &names]).await?;
        }
        Ok(())
    }

    /// Links the cases to the requirements they name, each pair once.
    async fn links(&mut self, rows: &[CaseRow], cases: &[Uuid]) -> Result<(), Error> {
        self.resolve(rows).await?;
        let mut links = HashSet::new();
        for (row, case) in rows.iter().zip(cases) {
            for reference in &row.references {
                match self.resolved.get(reference) {
                    Some(Some((requirement, criterion))) => {
                        links.insert((*case, *requirement, *criterion));
                        if reference.criterion.is_some() && criterion.is_none() {
                            *self.unknown.entry(reference.to_string()).or_default() += 1;
                        }
                    }
                    // Tags such as UTF-8 look like keys; only what can be a requirement's key is worth a word.
                    _ if reference.key.starts_with("REQ-") && self.unknown.len() < REMEMBERED => {
                        *self.unknown.entry(reference.key.clone()).or_default() += 1;
                    }
                    _ => {}
                }
            }
        }
        if links.is_empty() {
            return Ok(());
        }
        let mut links: Vec<_> = links.into_iter().collect();
        links.sort_unstable();
        let sources: Vec<Uuid> = links.iter().map(|link| link.0).collect();
        let targets: Vec<Uuid> = links.iter().map(|link| link.1).collect();
        let criteria: Vec<Option<Uuid>> = links.iter().map(|link| link.2).collect();
        let made = self.tx.execute(INSERT_LINKS, &[&self.job.project, &sources, &targets, &criteria]).await?;
        self.summary.count("trace_links", made, 0, links.len() as u64 - made);
        Ok(())
    }

    /// Learns what the references of a batch mean, where that is not known yet.
    async fn resolve(&mut self, rows: &[CaseRow]) -> Result<(), Error> {
        if self.resolved.len() > REMEMBERED {
            self.resolved.clear();
        }
        let mut asked: HashSet<&Reference> = HashSet::new();
        for reference in rows.iter().flat_map(|row| &row.references) {
            if !self.resolved.contains_key(reference) {
                asked.insert(reference);
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let asked: Vec<&Reference> = asked.into_iter().collect();
        let number = |reference: &Reference| reference.criterion.and_then(|number| i32::try_from(number).ok());
        let keys: Vec<&str> = asked.iter().map(|reference| reference.key.as_str()).collect();
        let criteria: Vec<Option<i32>> = asked.iter().map(|reference| number(reference)).collect();
        let found = self.planned_anew(RESOLVE_REQUIREMENTS, &[&self.job.project, &keys, &criteria]).await?;
        let mut meanings = HashMap::with_capacity(found.len());
        for row in &found {
            let key: &str = row.try_get(0)?;
            let criterion: Option<i32> = row.try_get(1)?;
            meanings.insert((key, criterion), (row.try_get(2)?, row.try_get(3)?));
        }
        for reference in asked {
            let meaning = meanings.get(&(reference.key.as_str(), number(reference))).copied();
            self.resolved.insert(reference.clone(), meaning);
        }
        Ok(())
    }

    async fn finish(mut self, facts: &RunFacts) -> Result<Summary, Error> {
        let run = self.run().await?;
        let started = facts.started_at.filter(|time| *time <= self.received);
        let name = facts.name.as_deref().map(|name| super::case::cut(name, 1000));
        let duration = facts.duration_ms.filter(|duration| *duration >= 0);
        let properties = serde_json::Value::Object(facts.properties.clone());
        self.tx.query_one(FINISH_TEST_RUN, &[&run, &name, &started, &duration, &facts.declared(), &properties]).await?;
        self.summary.count("test_runs", 1, 0, 0);
        for warning in facts.warnings() {
            self.summary.warn(warning);
        }
        for (key, times) in std::mem::take(&mut self.unknown) {
            let place = if key.contains('.') {
                "which the requirement does not have; the requirement as a whole was linked"
            } else {
                "which is not in this project"
            };
            self.summary.warn(format!("{times} results name {key}, {place}"));
        }
        Ok(self.summary)
    }
}
