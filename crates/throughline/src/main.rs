//! The `throughline` program: its command line and its wiring. The only crate that sees everything.

mod administration;
mod annotations;
mod asking;
mod audit;
mod backing_up;
mod backup;
mod check;
mod cli;
mod config;
mod counting;
mod credentials;
mod data_quality;
mod database;
mod detecting;
mod doctor;
mod erase;
mod evidence;
mod export;
mod exposure;
mod failure;
mod gate;
mod import;
mod link;
mod maintain;
mod migrate;
mod rehearse;
mod remote;
mod sealing;
mod server;
mod settings;
mod token;
mod trust;
mod undo;
mod up;
mod watching;
mod which;
mod within;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::ArgMatches;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let (cli, matches) = match settings::parse(&arguments) {
        Ok(parsed) => parsed,
        Err(failure) => return failure.report(),
    };
    start_logging(cli.json_logs);
    // One line where it happened; the doors answer 500 and go on.
    std::panic::set_hook(Box::new(|fall| tracing::error!("a part of the program fell over: {fall}")));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(error).report(),
    };
    match runtime.block_on(run(cli, &matches)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn run(cli: Cli, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let data = credentials::data_dir(cli.data.clone())?;
    match cli.command {
        Command::Up(arguments) => up::run(&data, arguments).await?,
        Command::Import(arguments) => return import::run(&data, arguments, cli.json).await,
        Command::Link(arguments) => return link::run(&data, arguments, cli.json).await,
        Command::Export(arguments) => return export::run(&data, arguments).await,
        Command::Exposure(arguments) => return exposure::run(&data, arguments, cli.json).await,
        Command::Check(arguments) => return check::run(&data, arguments, cli.json).await,
        Command::Erase(arguments) => return erase::run(&data, arguments, cli.json).await,
        Command::Undo(arguments) => return undo::run(&data, arguments, cli.json).await,
        Command::Gate(arguments) => return gate::run(&data, arguments, cli.json).await,
        Command::Evidence { what } => return evidence::run(&data, what, cli.json).await,
        Command::Serve(arguments) => server::run(&data, arguments).await?,
        Command::Migrate { what } => return migrate::run(&data, what, cli.json).await,
        Command::Db { what } => database::print_url(&data, &what)?,
        Command::Maintain => maintain::run(&data, cli.json).await?,
        Command::Backup(arguments) => return backup::run(&data, arguments, cli.json).await,
        Command::Restore(arguments) => return backup::restore(&data, arguments, cli.json).await,
        Command::Audit { what } => return audit::run(&data, what, cli.json).await,
        Command::Security { what } => detecting::run(&data, what, cli.json).await?,
        Command::Quality => return data_quality::run(&data, cli.json).await,
        Command::Doctor => return doctor::run(&data, cli.json).await,
        Command::Token { what } => token::run(&data, what, cli.json).await?,
        Command::Config { what: cli::Config::Check(arguments) } => {
            return config::check(&data, &arguments.listen, matches, cli.json);
        }
        Command::Completions { shell } => cli::print_completions(shell),
    }
    Ok(ExitCode::SUCCESS)
}

fn start_logging(json: bool) {
    use tracing_subscriber::EnvFilter;
    let filter = settings::said("log")
        .and_then(|said| said.parse::<EnvFilter>().ok())
        .unwrap_or_else(|| EnvFilter::new("warn,throughline=info"));
    // Colours are for a terminal: in a file they stand between a reader (or `grep`) and the level of a line.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false)
        // A line that cannot be written, because the disk below the log is full, is lost. Telling so on standard error, where the same
        // disk is, would fail as well and panic; and a panic that meets the same end takes the whole server with it.
        .log_internal_errors(false);
    if json {
        builder.json().init();
    } else {
        builder.init();
    }
}
