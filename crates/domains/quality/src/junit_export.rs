//! Test results of a build on their way out as JUnit XML: a suite for each run, a case for each result.

use std::collections::VecDeque;

use bytes::Bytes;
use formats::junit::write::{Ended, Heading, Outgoing, SuiteHeading, Trouble, Writer};
use futures_util::{Stream, stream};
use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Export, Tx, Within, permit_in};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::TEST_RESULTS;

const RUNS: &str = include_str!("../sql/junit_runs.sql");
const RESULTS: &str = include_str!("../sql/junit_results.sql");

/// The media type of a report.
pub const JUNIT_TYPE: &str = "application/xml";

/// Results read at once. Each may have outputs of 64 KiB.
const ROWS: i64 = 200;

/// The results of a build that are to go out.
#[derive(Debug)]
pub struct JunitExport {
    allowed: Allowed<Within, Export>,
    build: Uuid,
    heading: Heading,
    runs: VecDeque<Run>,
    with_properties: bool,
}

#[derive(Debug)]
struct Run {
    id: Option<Uuid>,
    heading: SuiteHeading,
}

/// Begins to hand out the results of a build: what the actor may export of them. `title` names the whole.
///
/// # Errors
/// 403 when they may export none in this project.
pub async fn junit_of_build(
    ctx: &Ctx,
    tx: &Tx,
    (project, build): (Uuid, Uuid),
    title: &str,
    with_properties: bool,
) -> Result<JunitExport, Error> {
    let allowed: Allowed<Within, Export> = permit_in(ctx, &TEST_RESULTS, project)?;
    let rows = allowed.query(ctx, tx, RUNS, &[&project, &build]).await?;
    let mut counts = Ended::default();
    let mut runs = VecDeque::new();
    for row in rows {
        let count = |name: &str| -> Result<u64, Error> { Ok(u64::try_from(row.try_get::<_, i64>(name)?).unwrap_or(0)) };
        let own = Ended {
            tests: count("tests")?,
            failures: count("failures")?,
            errors: count("errors")?,
            skipped: count("skipped")?,
        };
        counts.tests += own.tests;
        counts.failures += own.failures;
        counts.errors += own.errors;
        counts.skipped += own.skipped;
        let started: Option<Timestamp> = row.try_get("started_at")?;
        let mut properties = Vec::new();
        for name in ["environment", "shard"] {
            if let Some(value) = row.try_get::<_, Option<String>>(name)? {
                properties.push((name.to_owned(), value));
            }
        }
        let heading = SuiteHeading {
            name: row.try_get::<_, Option<String>>("name")?.unwrap_or_else(|| "results".to_owned()),
            timestamp: started.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            duration_ms: row.try_get("duration_ms")?,
            counts: own,
            properties,
        };
        runs.push_back(Run { id: row.try_get("id")?, heading });
    }
    let heading = Heading { name: title.to_owned(), counts };
    Ok(JunitExport { allowed, build, heading, runs, with_properties })
}

/// Where a report is that is being written.
struct Going {
    ctx: Ctx,
    export: JunitExport,
    writer: Writer,
    run: Option<Option<Uuid>>,
    last: Option<Uuid>,
    is_over: bool,
}

impl JunitExport {
    /// Whether there is no result that may be handed out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The report, piece by piece. Each is read in a transaction of its own, so that a slow reader keeps no connection; results
    /// never change, and those that come in meanwhile are not in it when their run was not.
    pub fn pieces(self, ctx: Ctx) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        let writer = Writer::new(&self.heading);
        let going = Going { ctx, export: self, writer, run: None, last: None, is_over: false };
        stream::try_unfold(going, |mut going| async move {
            if going.is_over {
                return Ok(None);
            }
            going.step().await?;
            Ok(Some((Bytes::from(going.writer.take()), going)))
        })
    }
}

impl Going {
    async fn step(&mut self) -> Result<(), Error> {
        let run = match self.run {
            Some(run) => run,
            None => {
                let Some(next) = self.export.runs.pop_front() else {
                    self.writer.finish();
                    self.is_over = true;
                    return Ok(());
                };
                self.writer.suite(&next.heading);
                (self.run, self.last) = (Some(next.id), None);
                next.id
            }
        };
        let tx = self.ctx.begin_read().await?;
        let allowed = &self.export.allowed;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&allowed.project, &self.export.build, &run, &self.last, &ROWS];
        let ctx = &self.ctx;
        let rows = allowed.query(ctx, &tx, RESULTS, &params).await?;
        tx.commit().await?;
        for row in &rows {
            self.last = Some(row.try_get("id")?);
            self.writer.case(&outgoing(row, self.export.with_properties)?);
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS {
            self.writer.end_suite();
            self.run = None;
        }
        Ok(())
    }
}

fn outgoing(row: &Row, with_properties: bool) -> Result<Outgoing, Error> {
    let text = |name: &str| -> Result<Option<String>, Error> { Ok(row.try_get(name)?) };
    let more: Value = row.try_get::<_, Option<Value>>("properties")?.unwrap_or_default();
    let mut name = match text("name")? {
        Some(name) => name,
        None => row.try_get("case_name")?,
    };
    // Some formats tell parameters apart from the name; JUnit does not.
    if let Some(parameters) = text("parameters")?
        && !name.contains(&parameters)
    {
        name = format!("{name}[{parameters}]");
    }
    let status: &str = row.try_get("status")?;
    let element = match status {
        "failed" => Some("failure"),
        "error" => Some("error"),
        "skipped" => Some("skipped"),
        _ => None,
    };
    let kind = more["error_type"].as_str().map(str::to_owned);
    let mut troubles = Vec::new();
    if let Some(element) = element {
        troubles.push(Trouble { element, message: text("error_message")?, kind, detail: text("error_stacktrace")? });
    }
    let attempts = more["attempts"].as_array().into_iter().flatten().map(|attempt| {
        let said = |name: &str| attempt[name].as_str().map(str::to_owned);
        let element = match (element.is_none(), attempt["outcome"] == "error") {
            (true, false) => "flakyFailure",
            (true, true) => "flakyError",
            (false, false) => "rerunFailure",
            (false, true) => "rerunError",
        };
        Trouble { element, message: said("message"), kind: said("type"), detail: said("detail") }
    });
    let properties = more["properties"].as_object().into_iter().flatten().filter(|_| with_properties);
    Ok(Outgoing {
        name,
        class_name: text("class_name")?,
        duration_ms: row.try_get("duration_ms")?,
        attempts: attempts.collect(),
        properties: properties.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        system_out: text("system_out")?,
        system_err: text("system_err")?,
        troubles,
    })
}
