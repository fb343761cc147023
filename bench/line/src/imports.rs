//! P3: a JUnit report from the first byte sent to committed results, held against COPY of the very same rows into the same
//! tables, with their indexes, constraints and triggers.

use std::time::{Duration, Instant};

use decisions::median;
use line::{
    Failure,
    instance::Instance,
    junit,
    processor::{Used, memory_mib, ms, reset_peak},
    report::{Goal, Section, short},
    seed,
};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{Plan, progress};

/// Cases of the report that COPY is held against.
const CASES: usize = 10_000;
/// Cases of the large report, and the bytes of output of each that make it 100 MB.
const MANY: (usize, usize) = (200_000, 250);
/// Requirements of each project, some of which the cases name.
const REQUIREMENTS: u64 = 60;
/// How long an import may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Which rows of a table an import for a build stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// All of the project, stored with its first build.
    Once,
    /// Those of the build.
    OfBuild,
    /// Those that hang on a bill of materials of the build.
    OfBill,
}

/// What a report is stored in, in an order that foreign keys allow.
pub(crate) const RESULTS: [(&str, Kept); 4] = [
    ("quality.test_cases", Kept::Once),
    ("quality.test_case_aliases", Kept::Once),
    ("quality.test_runs", Kept::OfBuild),
    ("quality.test_results", Kept::OfBuild),
];

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    let instance = plan.start("imports").await?;
    progress("P3: reports of 10,000 cases");
    let report = junit::report(CASES, 200, None);
    let client = instance.superuser().await?;
    client.batch_execute(&session(&instance)).await?;
    let (mut first, mut later, mut first_copy, mut later_copy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut busy: [Vec<Used>; 4] = Default::default();
    for round in 0..=plan.rounds.min(5) {
        let project = new_project(&instance, &client, &format!("line-{round}")).await?;
        let copy = new_project(&instance, &client, &format!("copy-{round}")).await?;
        let took = [
            import(&instance, project, "1", report.as_bytes()).await?,
            import(&instance, project, "2", report.as_bytes()).await?,
        ];
        let counted = counted(&client, project).await?;
        if counted != (2 * CASES as i64, 2 * CASES as i64, CASES as i64) {
            return Err(format!("results, results counted by runs, and cases do not add up: {counted:?}").into());
        }
        let copied = [
            copied(&instance, &client, &RESULTS, project, copy, 1).await?,
            copied(&instance, &client, &RESULTS, project, copy, 2).await?,
        ];
        if round > 0 {
            first.push(took[0].seconds);
            later.push(took[1].seconds);
            first_copy.push(copied[0].seconds);
            later_copy.push(copied[1].seconds);
            for (busy, taken) in busy.iter_mut().zip(took.iter().chain(&copied)) {
                busy.push(taken.used);
            }
        }
    }
    progress("P3: a report of 100 MB");
    let large = junit::report(MANY.0, MANY.1, None);
    let megabytes = large.len() as f64 / 1e6;
    let project = new_project(&instance, &client, "large").await?;
    let before = memory_mib(instance.pid(), "VmRSS").unwrap_or_default();
    reset_peak(instance.pid())?;
    let took = import(&instance, project, "1", large.as_bytes()).await?;
    let peak = memory_mib(instance.pid(), "VmHWM").ok_or("the server's memory cannot be read")?;
    drop(large);
    let rate = MANY.0 as f64 / took.seconds;
    instance.stop().await?;

    let mut section = Section::new("P3: a JUnit report, file in to committed");
    section.note(format!(
        "{CASES} cases with output, 1 in 50 failed with a stack trace, 1 in 200 names a requirement ({} MB), sent as \
         `POST /v1/imports`; the time ends when the import says `completed`, counts of build, run and cases and the links behind the \
         matrix included. COPY stores the same rows in the same tables of another project, as the superuser (row security refuses \
         COPY to the application's role), with the same indexes, constraints and triggers, in one transaction.",
        short(report.len() as f64 / 1e6)
    ));
    let ratios = |copy: &[f64], import: &[f64]| -> Vec<f64> {
        copy.iter().zip(import).map(|(copy, import)| copy / import).collect()
    };
    let why = |import: &[f64], copy: &[f64]| {
        format!(
            "an import takes {} s where COPY takes {} s; the difference is sending, spooling to disk with fsync, parsing, finding the \
             cases behind the names, and INSERT … SELECT unnest(…) with checks of row security",
            short(median(import)),
            short(median(copy))
        )
    };
    section.figure(
        "rows/s of COPY's, cases new",
        &ratios(&first_copy, &first),
        "×",
        Goal::AtLeast(0.5),
        &why(&first, &first_copy),
    );
    section.figure(
        "rows/s of COPY's, cases known",
        &ratios(&later_copy, &later),
        "×",
        Goal::AtLeast(0.5),
        &why(&later, &later_copy),
    );
    let slow = "most of it is PostgreSQL's own work on rows, indexes, foreign keys and triggers, which COPY pays too; see the table";
    section.figure("10,000 results committed, cases new", &first, " s", Goal::AtMost(1.0), slow);
    section.figure("10,000 results committed, cases known", &later, " s", Goal::AtMost(1.0), slow);
    section.figure(
        &format!("peak memory of the server, {} MB with {} cases", megabytes.round(), MANY.0),
        &[peak],
        " MiB",
        Goal::AtMost(256.0),
        &format!("it held {} MiB before", short(before)),
    );
    let seconds =
        |used: &[Used], pick: fn(&Used) -> f64| short(median(&used.iter().map(pick).collect::<Vec<_>>()) / 1e6);
    let row = |name: &str, took: &[f64], used: &[Used]| {
        vec![
            name.to_owned(),
            short(median(took)),
            seconds(used, |used| used.server),
            seconds(used, |used| used.database),
        ]
    };
    section.table(
        "Where the time goes, in seconds (medians):",
        &["10,000 results", "On the clock", "Processor time of the server", "of PostgreSQL"],
        &[
            row("import, cases new", &first, &busy[0]),
            row("COPY, cases new", &first_copy, &busy[2]),
            row("import, cases known", &later, &busy[1]),
            row("COPY, cases known", &later_copy, &busy[3]),
        ],
    );
    section.table(
        "The large report:",
        &["Results", "Seconds", "Results a second", "Processor time of the server, s", "of PostgreSQL, s"],
        &[vec![
            MANY.0.to_string(),
            short(took.seconds),
            format!("{rate:.0}"),
            short(took.used.server / 1e6),
            short(took.used.database / 1e6),
        ]],
    );
    Ok(section)
}

/// The settings under which the superuser's rows get the same defaults and counts as the application's.
pub(crate) fn session(instance: &Instance) -> String {
    format!(
        "set app.current_organization_id = '{}'; set app.current_user_id = '{}'; set app.project_access = 'all'",
        instance.organization, instance.user
    )
}

pub(crate) async fn new_project(instance: &Instance, client: &Client, slug: &str) -> Result<Uuid, Failure> {
    let project = seed::project(instance, slug).await?;
    client
        .execute(
            "insert into work.requirements (project_id, title, status)
             select $1, 'The ledger stays in balance, part ' || n, 'approved' from generate_series(1, $2::bigint) n",
            &[&project, &(REQUIREMENTS as i64)],
        )
        .await?;
    Ok(project)
}

/// What one import or copy took.
pub(crate) struct Taken {
    pub(crate) seconds: f64,
    /// Processor time, in microseconds.
    pub(crate) used: Used,
}

/// Sends a report and waits until it is stored; the time runs from the first byte.
pub(crate) async fn import(instance: &Instance, project: Uuid, build: &str, report: &[u8]) -> Result<Taken, Failure> {
    let boundary = "throughline-bench";
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut body = (field("project", &project.to_string()) + &field("build", build)).into_bytes();
    body.extend_from_slice(
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"report.xml\"\r\n\
             Content-Type: application/xml\r\n\r\n"
        )
        .as_bytes(),
    );
    body.extend_from_slice(report);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let media_type = format!("multipart/form-data; boundary={boundary}");

    let before = instance.processes().used();
    let started = Instant::now();
    let queued = instance.post("/v1/imports", &media_type, &body).await?;
    let id = queued["imports"][0]["id"].as_str().ok_or_else(|| format!("no import was queued: {queued}"))?.to_owned();
    loop {
        let state = instance.get(&format!("/v1/imports/{id}")).await?;
        match state["status"].as_str() {
            Some("completed") => {
                let seconds = ms(started) / 1e3;
                return Ok(Taken { seconds, used: instance.processes().used().per_request(before, 1) });
            }
            Some("queued" | "running") if started.elapsed() < PATIENCE => {}
            _ => return Err(format!("the import did not complete: {state}").into()),
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
}

/// Results stored, results that the runs have counted, and test cases of a project.
async fn counted(client: &Client, project: Uuid) -> Result<(i64, i64, i64), Failure> {
    let row = client
        .query_one(
            "select (select count(*) from quality.test_results where project_id = $1),
                    (select coalesce(sum(tests_total), 0) from quality.test_runs where project_id = $1),
                    (select count(*) from quality.test_cases where project_id = $1)",
            &[&project],
        )
        .await?;
    Ok((row.get(0), row.get(1), row.get(2)))
}

/// Copies what the import for a build stored in these tables into another project by COPY; the time is that of COPY and its commit.
pub(crate) async fn copied(
    instance: &Instance,
    client: &Client,
    tables: &[(&str, Kept)],
    from: Uuid,
    to: Uuid,
    build: i32,
) -> Result<Taken, Failure> {
    let directory = instance.data.join("postgres").display().to_string();
    let mut load = Vec::new();
    let of_build = format!("(select id from delivery.builds where project_id = '{from}' and build_number = {build})");
    // The build is one row; it is there before the clock starts.
    for (table, kept) in
        [("delivery.builds", None)].into_iter().chain(tables.iter().map(|(table, kept)| (*table, Some(*kept))))
    {
        if kept == Some(Kept::Once) && build > 1 {
            continue;
        }
        let columns = columns(client, table).await?;
        let values: Vec<String> = columns.iter().map(|column| value(table, column, to)).collect();
        let some = match kept {
            None => format!("and t.build_number = {build}"),
            Some(Kept::Once) => String::new(),
            Some(Kept::OfBuild) => format!("and t.build_id = {of_build}"),
            Some(Kept::OfBill) => {
                format!("and t.sbom_id in (select id from security.sboms where build_id = {of_build})")
            }
        };
        let file = format!("{directory}/{}.copy", table.replace('.', "-"));
        client
            .batch_execute(&format!(
                "copy (select {} from {table} t where t.project_id = '{from}' {some} order by t.id) to '{file}'",
                values.join(", ")
            ))
            .await?;
        let statement = format!("copy {table} ({}) from '{file}'", columns.join(", "));
        if kept.is_none() {
            client.batch_execute(&statement).await?;
        } else {
            load.push(statement);
        }
    }
    let before = instance.database().used();
    let started = Instant::now();
    client.batch_execute(&format!("begin; {}; commit", load.join("; "))).await?;
    let seconds = ms(started) / 1e3;
    Ok(Taken { seconds, used: instance.database().used().per_request(before, 1) })
}

/// The columns that can be written.
async fn columns(client: &Client, table: &str) -> Result<Vec<String>, Failure> {
    let rows = client
        .query(
            "select attname::text from pg_attribute
             where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum",
            &[&table],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// A column as the copy has it: in the other project, under an identifier of its own of the same moment, with the counts at
/// zero that triggers are about to make again.
fn value(table: &str, column: &str, project: Uuid) -> String {
    let other =
        |column: &str| format!("(left(t.{column}::text, 24) || left(md5(t.{column}::text || 'copy'), 12))::uuid");
    match column {
        "project_id" => format!("'{project}'"),
        "id"
        | "build_id"
        | "test_case_id"
        | "test_run_id"
        | "finding_id"
        | "sbom_id"
        | "first_seen_build_id"
        | "last_seen_build_id" => other(column),
        "import_id" => "null".into(),
        "run_count" | "pass_count" | "fail_count" => "0".into(),
        "last_run_at" | "last_run_status" => "null".into(),
        _ if column.starts_with("tests_") && matches!(table, "quality.test_runs" | "delivery.builds") => "0".into(),
        _ => format!("t.{column}"),
    }
}
