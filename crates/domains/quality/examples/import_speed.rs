//! How fast a report is imported, how much memory that takes, and how that compares with COPY of the same rows into the same
//! tables in the same run.
//!
//! `cargo run --release -p quality --example import_speed -- [cases] [megabytes] [rounds]` (default 10,000, 5 and 3). Every round
//! imports a report of new cases, a second one of the same cases, and then copies the rows of the first into an emptied
//! database.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{fmt::Write as _, time::Instant};

use common::World;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio_postgres::NoTls;

/// The tables an import of test results fills, parents first.
const TABLES: [&str; 5] = [
    "quality.test_runs",
    "quality.test_cases",
    "quality.test_case_aliases",
    "quality.test_results",
    "work.trace_links",
];

fn report(cases: u64, bytes: u64, attempt: u64) -> Vec<u8> {
    let output = (bytes / cases).saturating_sub(330) as usize;
    let line = "2026-01-01T00:00:00Z INFO billing: paid invoice 4711, total 12.50 EUR, attempt 1\n";
    let filler: String = line.chars().cycle().take(output).collect();
    let mut text = String::with_capacity(bytes as usize + 1000);
    let _ = writeln!(text, "<testsuites><testsuite name=\"generated {attempt}\" timestamp=\"2026-02-03T04:05:06Z\">");
    for n in 0..cases {
        let failed = match n.is_multiple_of(50) {
            true => "<failure message=\"expected 1 &lt; 2\" type=\"AssertionError\">at billing.rs:1\n</failure>",
            false => "",
        };
        let _ = writeln!(
            text,
            "<testcase classname=\"com.example.billing.Suite{}\" name=\"REQ-{} case {n} [p{}]\" time=\"0.{:03}\" file=\"src/billing.rs\" line=\"{n}\">\
             <properties><property name=\"requirement\" value=\"REQ-{}\"/></properties>{failed}<system-out><![CDATA[{filler}]]></system-out></testcase>",
            n % 500,
            n % 20 + 1,
            n % 3,
            n % 1000,
            n % 20 + 1,
        );
    }
    text.push_str("</testsuite></testsuites>");
    text.into_bytes()
}

fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[tokio::main]
async fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let cases = numbers.first().copied().unwrap_or(10_000);
    let bytes = numbers.get(1).copied().unwrap_or(5) * 1_000_000;
    let rounds = numbers.get(2).copied().unwrap_or(3);
    for round in 0..rounds {
        one_round(round, cases, bytes).await;
    }
}

async fn one_round(round: u64, cases: u64, bytes: u64) {
    let world = World::new().await;
    for n in 1..=20 {
        let text = format!("---\nkey: REQ-{n}\ntitle: Requirement {n}\n---\n");
        world.import_one("r.md", &text).await;
    }
    // Written to the spool first and let go of, so that the memory measured is the import's.
    let mut times = Vec::new();
    for attempt in 0..2 {
        let ids = {
            let content = report(cases, bytes, attempt);
            world.queue(&[("generated.xml", &content)], json!({"build": attempt.to_string() + ".0"})).await.unwrap()
        };
        let before = peak_memory();
        let began = Instant::now();
        world.imports.run(&world.ctx, &ids).await;
        let seconds = began.elapsed().as_secs_f64();
        let ended = world.ended(ids[0]).await;
        assert_eq!(ended.status, "completed", "{:?}", ended.error);
        eprintln!(
            "round {round}, {}: {cases} cases in {seconds:.2} s, {:.0} cases/s; peak memory {before} MB before, {} MB after",
            if attempt == 0 { "new cases" } else { "known cases" },
            cases as f64 / seconds,
            peak_memory()
        );
        times.push(seconds);
    }
    let (rows, seconds) = copy(&world).await;
    let imported: i64 = rows.iter().sum();
    eprintln!(
        "round {round}, COPY of the {imported} rows of the first import into the same tables: {seconds:.2} s; the import reaches {:.2} of it",
        seconds / times[0]
    );
}

/// Takes the rows of the first run out of its tables, empties them and copies the rows in again, as their owner and in one
/// transaction. Triggers, keys, checks and indexes are those of the import.
async fn copy(world: &World) -> (Vec<i64>, f64) {
    let (mut client, connection) = world.database.owner_config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let organization = world.ctx.organization_id();
    client
        .batch_execute(&format!("set app.current_organization_id = '{organization}'; set app.project_access = 'all'"))
        .await
        .unwrap();
    let all = ["platform.entities", "work.entity_keys", "work.key_counters"].into_iter().chain(TABLES);
    for table in all.chain(["delivery.builds", "platform.imports", "work.requirements", "work.projects"]) {
        client.batch_execute(&format!("alter table {table} no force row level security")).await.unwrap();
    }
    let mut kept = Vec::new();
    for table in TABLES {
        let columns: String = client
            .query_one(
                "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                 where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
                &[&table],
            )
            .await
            .unwrap()
            .get(0);
        // Statistics are written by triggers, on the way in.
        let picked = columns
            .replace("last_run_at, last_run_status, run_count, pass_count, fail_count", "null, null, 0, 0, 0")
            .replace("tests_total, tests_passed, tests_failed, tests_errored, tests_skipped", "0, 0, 0, 0, 0");
        let only = match table {
            "quality.test_runs" => "where build_id = (select min(build_id::text)::uuid from quality.test_runs)",
            "quality.test_results" => {
                "where test_run_id = (select id from quality.test_runs where build_id = (select min(build_id::text)::uuid from quality.test_runs))"
            }
            _ => "",
        };
        let stream = client.copy_out(&format!("copy (select {picked} from {table} {only}) to stdout")).await.unwrap();
        let chunks: Vec<_> = stream.map(|chunk| chunk.unwrap()).collect().await;
        kept.push((table, columns, chunks));
    }
    for table in [
        "work.trace_links",
        "quality.test_results",
        "quality.test_runs",
        "quality.test_case_aliases",
        "quality.test_cases",
    ] {
        client.batch_execute(&format!("delete from {table}")).await.unwrap();
    }
    client.batch_execute("delete from work.entity_keys where key like 'TC-%'").await.unwrap();
    for table in TABLES.into_iter().chain(["platform.entities", "work.entity_keys"]) {
        client.batch_execute(&format!("vacuum {table}")).await.unwrap();
    }
    let began = Instant::now();
    let transaction = client.transaction().await.unwrap();
    let mut rows = Vec::new();
    for (table, columns, chunks) in kept {
        let sink = transaction.copy_in(&format!("copy {table} ({columns}) from stdin")).await.unwrap();
        let mut sink = std::pin::pin!(sink);
        for chunk in chunks {
            sink.feed(chunk).await.unwrap();
        }
        rows.push(i64::try_from(sink.finish().await.unwrap()).unwrap());
    }
    transaction.commit().await.unwrap();
    (rows, began.elapsed().as_secs_f64())
}
