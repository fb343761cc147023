//! Chores of the repository: `cargo xtask check`, `cargo xtask demo`.

mod check;
mod demo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Why a chore failed, for whoever ran it.
type Failure = Box<dyn std::error::Error>;

/// Chores of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Walk the rules of the house: arrows between crates, length of files, leftovers.
    Check,
    /// Run all tests and keep their results, coverage and the commits as the demonstration in `demo/`.
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    // Cargo calls this program instead of the compiler while coverage is measured.
    if let Some(code) = demo::coverage::stand_in_for_compiler() {
        return code;
    }
    let outcome = match Arguments::parse().chore {
        Chore::Check => check(),
        Chore::Demo(arguments) => demo::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<ExitCode, Failure> {
    let faults = check::run()?;
    for fault in &faults {
        println!("{fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
