//! How fast the JUnit reader is, and how much memory it needs, on a generated report.
//!
//! `cargo run --release -p formats --example throughput -- [megabytes] [cases]` (default 100 and 200,000). The report is generated
//! while it is read, so the memory that is measured is the reader's alone. With `--one-output` all of it is one case's
//! captured output.
#![allow(clippy::print_stderr)]

use std::io::{BufReader, Read};
use std::time::Instant;

use formats::{Limits, junit};

/// Produces a report piece by piece.
struct Generated {
    piece: Vec<u8>,
    at: usize,
    case: u64,
    cases: u64,
    output_bytes: usize,
    output_left: usize,
    /// The case that was begun still needs its end.
    case_open: bool,
    closed: bool,
}

impl Generated {
    fn new(bytes: u64, cases: u64) -> Self {
        let output_bytes = (bytes / cases).saturating_sub(255) as usize;
        let piece =
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites><testsuite name=\"generated\">\n".to_vec();
        Self { piece, at: 0, case: 0, cases, output_bytes, output_left: 0, case_open: false, closed: false }
    }

    fn next_piece(&mut self) {
        self.piece.clear();
        self.at = 0;
        if self.output_left > 0 {
            let line = b"2026-01-01T00:00:00Z INFO billing: paid invoice 4711, total 12.50 EUR, attempt 1\n";
            let take = line.len().min(self.output_left);
            self.piece.extend_from_slice(&line[..take]);
            self.output_left -= take;
            self.case_open = self.output_left == 0;
        } else if std::mem::take(&mut self.case_open) {
            self.piece.extend_from_slice(b"]]></system-out></testcase>\n");
        } else if self.case < self.cases {
            let n = self.case;
            let failed = n.is_multiple_of(50);
            let head = format!(
                "<testcase classname=\"com.example.billing.Suite{}\" name=\"REQ-{}.{} case {n} [p{}]\" time=\"0.{:03}\" file=\"src/billing.rs\" line=\"{n}\">\
                 <properties><property name=\"requirement\" value=\"REQ-{}\"/></properties>{}<system-out><![CDATA[",
                n % 500,
                n % 900,
                n % 7,
                n % 3,
                n % 1000,
                n % 900,
                if failed {
                    "<failure message=\"expected 1 &lt; 2\" type=\"AssertionError\">at billing.rs:1\n</failure>"
                } else {
                    ""
                },
            );
            self.piece.extend_from_slice(head.as_bytes());
            self.output_left = self.output_bytes;
            self.case_open = self.output_bytes == 0;
            self.case += 1;
        } else if !self.closed {
            self.piece.extend_from_slice(b"</testsuite></testsuites>");
            self.closed = true;
        }
    }
}

impl Read for Generated {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut taken = 0;
        while taken < out.len() {
            if self.at == self.piece.len() {
                self.next_piece();
                if self.piece.is_empty() {
                    break;
                }
            }
            let more = (out.len() - taken).min(self.piece.len() - self.at);
            out[taken..taken + more].copy_from_slice(&self.piece[self.at..self.at + more]);
            self.at += more;
            taken += more;
        }
        Ok(taken)
    }
}

/// Peak resident memory of this process in bytes, as Linux reports it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

fn main() -> Result<(), formats::ReadError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let megabytes = numbers.first().copied().unwrap_or(100);
    let one_output = arguments.iter().any(|argument| argument == "--one-output");
    let cases = if one_output { 1 } else { numbers.get(1).copied().unwrap_or(200_000).max(1) };

    // What generating alone costs is taken off afterwards.
    let started = Instant::now();
    let mut bytes = 0_u64;
    let mut generated = Generated::new(megabytes * 1_000_000, cases);
    if !one_output {
        let mut sink = [0; 64 << 10];
        while let Ok(taken @ 1..) = generated.read(&mut sink) {
            bytes += taken as u64;
        }
    }
    let generating = started.elapsed();

    let started = Instant::now();
    let (mut references, mut totals) = (0_usize, None);
    let source = BufReader::with_capacity(64 << 10, Generated::new(megabytes * 1_000_000, cases));
    let before = peak_memory();
    for event in junit::Reader::new(source, Limits::default()) {
        match event? {
            junit::Event::Case(case) => references += junit::requirement_references(&case).len(),
            junit::Event::Finished(finished) => totals = Some(finished),
            _ => {}
        }
    }
    let seconds = (started.elapsed().saturating_sub(generating)).as_secs_f64();
    let Some(totals) = totals else { return Ok(()) };
    let size = if one_output { megabytes as f64 } else { bytes as f64 / 1e6 };
    eprintln!(
        "{size:.1} MB, {} cases, {} failed, {references} references: {:.0} MB/s, {:.0} cases/s; generating took {:.2} s and is not in these figures",
        totals.counts.cases,
        totals.counts.failed,
        size / seconds,
        totals.counts.cases as f64 / seconds,
        generating.as_secs_f64(),
    );
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        eprintln!(
            "peak memory of the process: {:.1} MB before reading, {:.1} MB after",
            before as f64 / 1e6,
            after as f64 / 1e6
        );
    }
    Ok(())
}
