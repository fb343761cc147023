//! Chores of the repository: `cargo xtask check`.

mod check;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the repository.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Walk the rules of the house: arrows between crates, length of files, leftovers.
    Check,
}

fn main() -> ExitCode {
    let faults = match Cli::parse().chore {
        Chore::Check => check::run(),
    };
    match faults {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            for fault in faults {
                println!("{fault}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("cargo xtask could not look: {error}");
            ExitCode::FAILURE
        }
    }
}
