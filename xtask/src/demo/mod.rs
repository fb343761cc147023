//! `cargo xtask demo`: our own record. Runs every test, says in the reports which requirement each test proves, and keeps the
//! reports, the coverage of the same run, the commits and the build in `demo/`, where the program takes them from.

mod claims;
pub(crate) mod coverage;
mod git;
mod reports;
mod scan;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Failure;

/// How the demonstration is made.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Leave the tests in the browser out.
    #[arg(long)]
    no_browser: bool,
    /// Do not measure coverage.
    #[arg(long)]
    no_coverage: bool,
    /// Only check the lines `/// Proves REQ-28.1.` against the requirements, and run nothing.
    #[arg(long)]
    check: bool,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let root = root();
    let metadata = metadata(&root)?;
    let known = claims::criteria(&root.join("docs/requirements"))?;
    let mut claims = scan::workspace(&root, &metadata)?;
    claims.extend(scan::browser_tests(&root)?);
    claims::check(&claims, &known)?;
    println!("{} tests say what they prove", claims.len());
    if arguments.check {
        return Ok(ExitCode::SUCCESS);
    }

    let made = claims.len();
    claims.retain(|claim| claim.needs.is_none_or(|need| need.is_met(&root)));
    if claims.len() < made {
        println!("{} of them show nothing on this machine and are left out", made - claims.len());
    }
    let commit = git::clean_commit(&root)?;
    let target = PathBuf::from(metadata["target_directory"].as_str().ok_or("cargo names no target directory")?);
    let measuring = match (arguments.no_coverage, coverage::Measuring::new(&target)) {
        (true, _) => None,
        (false, Ok(measuring)) => Some(measuring),
        (false, Err(reason)) => {
            println!("coverage is not measured: {reason}");
            None
        }
    };
    let started_at = Timestamp::now();
    let mut suites = rust_tests(&root, &target, measuring.as_ref())?;
    if !arguments.no_browser {
        suites.extend(reports::browser_tests(&root)?);
    }
    let completed_at = Timestamp::now();
    let proven = reports::annotate(&mut suites, &claims)?;

    let home = root.join("demo");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(home.join("junit"))?;
    let words = Private::new(&root, &target);
    let mut by_package: BTreeMap<&str, Vec<&reports::Suite>> = BTreeMap::new();
    for suite in &suites {
        by_package.entry(suite.package()).or_default().push(suite);
    }
    for (package, suites) in by_package {
        fs::write(home.join(format!("junit/{package}.xml")), words.remove(&reports::xml(package, &suites)))?;
    }
    let covered = measuring.map(|measuring| measuring.report(&root)).transpose()?;
    if let Some(covered) = &covered {
        fs::create_dir_all(home.join("coverage"))?;
        fs::write(home.join("coverage/lcov.info"), &covered.lcov)?;
    }
    write_json(&home.join("commits.json"), &git::commits(&root)?)?;
    let counts = reports::count(&suites);
    let build = json!({
        "commit": commit.hash,
        "branch": commit.branch,
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": whole_seconds(started_at)?,
        "completed_at": whole_seconds(completed_at)?,
        "tests": {"run": counts.run, "passed": counts.passed, "failed": counts.failed, "skipped": counts.skipped},
        "lines": covered.as_ref().map(|covered| json!({"total": covered.lines, "covered": covered.reached})),
    });
    write_json(&home.join("build.json"), &build)?;
    println!(
        "demo/ is made: {} tests ran, {} passed, {} failed; {proven} of them prove something{}",
        counts.run,
        counts.passed,
        counts.failed,
        covered.map_or_else(String::new, |covered| format!("; {} of {} lines reached", covered.reached, covered.lines)),
    );
    // The record of a failure is a true record, but nobody should commit it without noticing.
    Ok(if counts.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn rust_tests(
    root: &Path,
    target: &Path,
    measuring: Option<&coverage::Measuring>,
) -> Result<Vec<reports::Suite>, Failure> {
    let report = target.join("nextest/demo/junit.xml");
    let _ = fs::remove_file(&report);
    let mut command = Command::new("cargo");
    command.args(["nextest", "run", "--workspace", "--locked", "--profile", "demo"]).current_dir(root);
    if let Some(measuring) = measuring {
        measuring.apply(&mut command);
    }
    // A failed test is part of the record; no report at all is a failure of ours.
    let status = command.status().map_err(|error| format!("cargo nextest cannot be run: {error}"))?;
    let text = fs::read_to_string(&report)
        .map_err(|error| format!("cargo nextest ({status}) wrote no report to {}: {error}", report.display()))?;
    reports::read(&text)
}

fn metadata(root: &Path) -> Result<Value, Failure> {
    let output =
        Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn write_json(path: &Path, value: &Value) -> Result<(), Failure> {
    fs::write(path, serde_json::to_string_pretty(value)? + "\n")?;
    Ok(())
}

fn whole_seconds(time: Timestamp) -> Result<String, Failure> {
    Ok(Timestamp::from_second(time.as_second())?.to_string())
}

/// What of a text would tell of the machine it was made on.
struct Private(Vec<(String, &'static str)>);

impl Private {
    fn new(root: &Path, target: &Path) -> Self {
        let mut words = vec![
            (format!("{}/", target.display()), "target/"),
            (format!("{}/", root.display()), ""),
            (root.display().to_string(), "."),
        ];
        for (variable, stands_for) in [("CARGO_HOME", "~/.cargo"), ("HOME", "~")] {
            // A home at the root of the file system is a prefix of everything.
            if let Ok(value) = std::env::var(variable)
                && value.len() > 1
            {
                words.push((value, stands_for));
            }
        }
        if let Ok(name) = fs::read_to_string("/etc/hostname")
            && name.trim().len() > 3
        {
            words.push((name.trim().to_owned(), "host"));
        }
        Self(words)
    }

    fn remove(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (word, instead)| text.replace(word, instead))
    }
}
