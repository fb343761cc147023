//! The command line.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use crate::{check::CheckArguments, exposure::ExposureArguments, import::ImportArguments};

/// The system of record for software delivery by people and AI agents.
#[derive(Debug, Parser)]
#[command(name = "throughline", version, propagate_version = true)]
pub(crate) struct Cli {
    /// Where the embedded database and the local credentials live.
    #[arg(long, global = true, env = "THROUGHLINE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print machine-readable JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write the log as JSON lines.
    #[arg(long, global = true, env = "THROUGHLINE_JSON_LOGS")]
    pub(crate) json_logs: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring everything up: database, migrations, first organisation, server.
    Up(UpArguments),
    /// Serve on a database that is there already (`DATABASE_URL`, or the embedded one).
    Serve(ServeArguments),
    /// Hand reports and requirements to a server, and say what became of each.
    Import(ImportArguments),
    /// Ask whether somebody may do something, and why. Exit code 0: yes, 1: no.
    Check(CheckArguments),
    /// Tell where a vulnerability runs: service, environment, version, owner. Exit code 0: not in production, 1: it is.
    Exposure(ExposureArguments),
    /// Move the schema forward or back.
    Migrate {
        #[command(subcommand)]
        what: Migrate,
    },
    /// The database in use.
    Db {
        #[command(subcommand)]
        what: Db,
    },
    /// Do what the database needs once a day: partitions, retention, statistics. Two at once are safe.
    Maintain,
    /// Look at the database and say what is wrong and what to do; exits with 1 when something is.
    Doctor,
    /// Say how complete, right, consistent and fresh the data are, and where to begin. Exit code 1: a target is missed.
    Quality,
    /// API tokens.
    Token {
        #[command(subcommand)]
        what: TokenCommand,
    },
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Where to listen.
#[derive(Debug, Args, Clone)]
pub(crate) struct Listen {
    /// The port.
    #[arg(long, default_value_t = 7400, env = "THROUGHLINE_PORT")]
    pub(crate) port: u16,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1", env = "THROUGHLINE_HOST")]
    pub(crate) host: IpAddr,
    /// A proxy, or a network of proxies, whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody's are
    /// otherwise. May be given several times.
    #[arg(
        long = "trusted-proxy",
        env = "THROUGHLINE_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = network,
        value_name = "CIDR"
    )]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// What `Authorization: Bearer` has to carry for /metrics from another machine. Without it, they are for this
    /// machine alone.
    #[arg(long, env = "THROUGHLINE_METRICS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) metrics_token: Option<String>,
    /// The file with the key this server signs with; made when it is not there. Several servers of one database share
    /// one. Without it: `signing.key` in the data directory.
    #[arg(long, env = "THROUGHLINE_SIGNING_KEY_FILE", value_name = "FILE")]
    pub(crate) signing_key: Option<PathBuf>,
}

/// A network such as `10.0.0.0/8`, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "is neither a network such as 10.0.0.0/8 nor an address".to_owned())
}

/// How to come up.
#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Load Throughline's own record, to have something to look at.
    #[arg(long)]
    pub(crate) demo: bool,
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) listen: Listen,
}

/// Moves of the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Apply what is pending.
    Up {
        /// Stop at this version.
        #[arg(long)]
        to: Option<i32>,
    },
    /// Undo the last step, or all down to a version.
    Down {
        /// Stop at this version; 0 undoes everything.
        #[arg(long)]
        to: Option<i32>,
    },
    /// Say what is applied and what is pending.
    Status,
    /// Run up, down and up again on a scratch database and compare the schemas.
    Verify,
}

/// Questions about the database.
#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Print a connection string.
    Url {
        /// The role to connect as.
        #[arg(long, value_enum, default_value_t = RoleName::Application)]
        role: RoleName,
    },
}

/// A role of the database.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    /// Owns the tables and migrates.
    Owner,
    /// Serves.
    Application,
    /// Reads masked views.
    Readonly,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for the person of the local credentials. The server must be running.
    Create {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it may be used for, such as `*:read` or `import:create`. May be given several times.
        #[arg(long, default_value = "*")]
        scope: Vec<String>,
        /// After how many days it ends.
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
}

/// Prints completions.
pub(crate) fn print_completions(shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "throughline", &mut std::io::stdout());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        assert_eq!(network("10.0.0.0/8").map(|net| net.prefix_len()), Ok(8));
        assert_eq!(network("::1").map(|net| net.prefix_len()), Ok(128));
        assert!(network("proxy.example").is_err());
    }
}
