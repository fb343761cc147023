//! Chores of the repository: `cargo xtask check`, `cargo xtask coverage`, `cargo xtask demo`, `cargo xtask sbom`, `cargo xtask schema`.

mod check;
mod coverage;
mod demo;
mod sbom;
mod schema;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Why a chore could not be done, for whoever ran it.
type Failure = Box<dyn std::error::Error>;

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
    /// Make docs/coverage.md from what docs/coverage says of every promise of the documents.
    Coverage(coverage::Arguments),
    /// Run all tests and keep their results, coverage and the commits as the demonstration in `demo/`.
    Demo(demo::Arguments),
    /// Write what the program is made of, as a CycloneDX document.
    Sbom(sbom::Arguments),
    /// Write the documents and drawings of the database, `docs/schema`, from the migrations.
    Schema(schema::Arguments),
}

fn main() -> ExitCode {
    // Cargo calls this program instead of the compiler while coverage is measured.
    if let Some(code) = demo::coverage::stand_in_for_compiler() {
        return code;
    }
    let outcome = match Cli::parse().chore {
        Chore::Check => check::run().map(|faults| {
            for fault in &faults {
                println!("{fault}");
            }
            if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }),
        Chore::Coverage(arguments) => coverage::run(&arguments),
        Chore::Demo(arguments) => demo::run(&arguments),
        Chore::Sbom(arguments) => sbom::run(&arguments),
        Chore::Schema(arguments) => schema::run(&arguments),
    };
    outcome.unwrap_or_else(|failure| {
        println!("cargo xtask: {failure}");
        ExitCode::FAILURE
    })
}
