//! Runs the measurements of the line and writes them down. See `bench/README.md` for what each means; start it by `script/bench`.

mod deciding;
mod exposed;
mod history;
mod imports;
mod limited;
mod reading;
mod scans;
mod searching;
mod starting;
mod tracing;
mod writing;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use line::{Failure, instance::Instance, processor::load_average, report::Section};

/// What to run and how long.
struct Plan {
    goals: Vec<String>,
    /// Builds whose results come in one after another.
    builds: usize,
    /// Requirements of the larger database that P9 asks; it has a hundred times as many results.
    requirements: u64,
    /// Requirements of each database that P2 compares, in rising order; peers are measured on the one with a million, or the last.
    rows: Vec<u64>,
    rounds: usize,
    time: Duration,
    connections: usize,
    program: PathBuf,
    scratch: PathBuf,
    results: PathBuf,
}

const USAGE: &str = "script/bench [P1] [P2] [P3] [P4] [P5] [P7] [P8] [P9] [P10] [P13] [scans] [history] [--builds 200] [--rows 10000,1000000] [--requirements 100000] [--rounds 7] [--seconds 3] [--connections 16]\n\
    Without a name everything is measured.";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let plan = plan()?;
    fs::create_dir_all(&plan.scratch)?;
    let outcome = run(&plan).await;
    // The data directories belong to the account that ran PostgreSQL; nothing in them is worth keeping.
    let removed = fs::remove_dir_all(&plan.scratch);
    let text = outcome?;
    removed?;
    print!("{text}");
    if let Some(directory) = plan.results.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(&plan.results, text)?;
    eprintln!("written to {}", plan.results.display());
    Ok(())
}

async fn run(plan: &Plan) -> Result<String, Failure> {
    let mut text = head(plan);
    let mut sections: Vec<Section> = Vec::new();
    if ["P1", "P2", "P5"].iter().any(|goal| plan.wants(goal)) {
        sections.extend(reading::measure(plan).await?);
    }
    if plan.wants("P3") {
        sections.push(imports::measure(plan).await?);
    }
    if plan.wants("scans") {
        sections.push(scans::measure(plan).await?);
    }
    if plan.wants("history") {
        sections.push(history::measure(plan).await?);
    }
    if plan.wants("P4") {
        sections.push(deciding::measure(plan).await?);
    }
    if plan.wants("P7") {
        sections.push(searching::measure(plan).await?);
    }
    if plan.wants("P8") {
        sections.push(writing::measure(plan).await?);
    }
    if plan.wants("P9") {
        sections.push(tracing::measure(plan).await?);
    }
    if plan.wants("P10") {
        sections.push(starting::measure(plan).await?);
    }
    if plan.wants("P13") {
        sections.push(exposed::measure(plan).await?);
    }
    for section in sections {
        text.push('\n');
        text.push_str(&section.markdown());
    }
    Ok(text)
}

impl Plan {
    fn wants(&self, goal: &str) -> bool {
        self.goals.is_empty() || self.goals.iter().any(|wanted| wanted == goal)
    }

    /// Starts a server on a new data directory of this name.
    async fn start(&self, name: &str) -> Result<Instance, Failure> {
        progress(&format!("starting the server `{name}`"));
        Instance::start(&self.program, &self.scratch.join(name)).await
    }
}

fn plan() -> Result<Plan, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut plan = Plan {
        goals: Vec::new(),
        builds: 200,
        requirements: 100_000,
        rows: vec![10_000, 1_000_000],
        rounds: 7,
        time: Duration::from_secs(3),
        connections: 16,
        program: std::env::var_os("THROUGHLINE").map_or_else(|| root.join("target/release/throughline"), PathBuf::from),
        scratch: std::env::temp_dir().join(format!("throughline-bench-{}", std::process::id())),
        results: root.join("bench/results/latest.md"),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n{USAGE}"));
        match argument.as_str() {
            "P1" | "P2" | "P3" | "P4" | "P5" | "P7" | "P8" | "P9" | "P10" | "P13" | "scans" | "history" => {
                plan.goals.push(argument)
            }
            "--rows" => plan.rows = value()?.split(',').map(str::parse).collect::<Result<_, _>>()?,
            "--builds" => plan.builds = value()?.parse()?,
            "--requirements" => plan.requirements = value()?.parse()?,
            "--rounds" => plan.rounds = value()?.parse()?,
            "--seconds" => plan.time = Duration::from_secs(value()?.parse()?),
            "--connections" => plan.connections = value()?.parse()?,
            "--output" => plan.results = value()?.into(),
            _ => return Err(format!("{argument} is not known\n{USAGE}").into()),
        }
    }
    if plan.rows.is_empty() || plan.builds == 0 || plan.requirements == 0 || plan.rounds == 0 || plan.connections == 0 {
        return Err(
            format!("rows, builds, requirements, rounds and connections must not be empty or zero\n{USAGE}").into()
        );
    }
    Ok(plan)
}

fn head(plan: &Plan) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR")]).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".into());
    // The page being written is itself a file of the repository.
    let changes = git(&["status", "--porcelain", "--", ":/", ":(top,exclude)bench/results"]).unwrap_or_default();
    let changed = if changes.is_empty() { "" } else { " with changes" };
    let version = Command::new("pgbench").arg("--version").output().map_or_else(
        |_| "unknown".into(),
        |output| String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("pgbench ").to_owned(),
    );
    let command: Vec<String> = std::env::args().skip(1).collect();
    format!(
        "# Measured\n\nWhat the figures mean: [bench/README.md](../README.md).\n\n\
         | | |\n|---|---|\n| Machine | {} |\n| PostgreSQL | {version} |\n| Commit | {commit}{changed} |\n\
         | Command | `script/bench{}{}` |\n| Load of the machine before the start | {} |\n\
         | Rounds | {} of {} s, peers in turn, {} connections |\n",
        decisions::machine(),
        if command.is_empty() { "" } else { " " },
        command.join(" "),
        load_average(),
        plan.rounds,
        plan.time.as_secs(),
        plan.connections,
    )
}

/// Tells whoever waits what is being done.
fn progress(what: &str) {
    eprintln!("bench: {what}");
}
