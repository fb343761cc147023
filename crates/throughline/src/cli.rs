//! The command line.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use shared::{Rate, RateLimits};
use throughline::tls::Certificates;

use crate::{
    audit::Audit,
    backup::{BackupArguments, RestoreArguments},
    check::CheckArguments,
    detecting::Security,
    erase::EraseArguments,
    evidence::EvidenceCommand,
    export::ExportArguments,
    exposure::ExposureArguments,
    failure::Failure,
    gate::GateArguments,
    import::ImportArguments,
    link::LinkArguments,
    undo::UndoArguments,
};

/// The system of record for software delivery by people and AI agents.
#[derive(Debug, Parser)]
#[command(name = "throughline", version, propagate_version = true)]
pub(crate) struct Cli {
    /// Where the embedded database and the local credentials live.
    #[arg(long, global = true, env = "THROUGHLINE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The file with settings; `throughline.toml` in the data directory when it is there and none is named.
    #[arg(long, global = true, env = "THROUGHLINE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
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
    /// Take back changes, a change set, or all that a run, a request or somebody in a time did. Tells first, asks, then does it.
    Undo(UndoArguments),
    /// Take everything that names a person out of the organisation, for good, and say what is kept why. Asks first. For owners.
    Erase(EraseArguments),
    /// Hold a build to the rules of its project. Exit code 0: it passes, 1: it does not, 2: nobody could tell.
    Gate(GateArguments),
    /// Signed evidence of a release, a build or a deployment: make it, fetch it, check it without any server.
    Evidence {
        #[command(subcommand)]
        what: EvidenceCommand,
    },
    /// Link records from annotations in code, such as `Verifies: REQ-12.3` above a test.
    Link(LinkArguments),
    /// Hand out what is recorded in a format that other tools read: test results as JUnit XML, components as CycloneDX, requirements as ReqIF, alone or with their files.
    Export(ExportArguments),
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
    /// Make a full backup of the embedded database now, or look after those there are. Two at once are safe.
    Backup(BackupArguments),
    /// Bring the embedded database back into a new data directory (--data), as it was at a given second.
    Restore(RestoreArguments),
    /// Look at the database and say what is wrong and what to do; exits with 1 when something is.
    Doctor,
    /// Say how complete, right, consistent and fresh the data are, and where to begin. Exit code 1: a target is missed.
    Quality,
    /// The audit trail: whether it is what was sealed, and proofs of it.
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
    /// Security events: look for them now.
    Security {
        #[command(subcommand)]
        what: Security,
    },
    /// API tokens.
    Token {
        #[command(subcommand)]
        what: TokenCommand,
    },
    /// Settings.
    Config {
        #[command(subcommand)]
        what: Config,
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
    #[command(flatten)]
    pub(crate) rates: Rates,
    #[command(flatten)]
    pub(crate) backups: BackupPlace,
    /// When the server makes a full backup every day, in UTC. The log is stored all the time.
    #[arg(long, default_value = "01:00", value_parser = clock, env = "THROUGHLINE_BACKUP_AT", value_name = "HH:MM")]
    pub(crate) backup_at: jiff::civil::Time,
    /// A network in which services that name an address for health checks are asked how they are; nobody is without. May be
    /// given several times.
    #[arg(long, env = "THROUGHLINE_HEALTH_CHECK_NETWORKS", value_delimiter = ',', value_parser = network, value_name = "CIDR")]
    pub(crate) health_check_networks: Vec<IpNet>,
    /// A PEM file with the server's certificate and those that vouch for it. With it the port speaks TLS 1.3 and nothing
    /// else. It and the key are read again when they change, and on SIGHUP.
    #[arg(long, env = "THROUGHLINE_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// A PEM file with the key of that certificate, which only this account should be able to read.
    #[arg(long, env = "THROUGHLINE_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
}

/// Where backups of the embedded database are kept, and who can read them.
#[derive(Debug, Args, Clone)]
pub(crate) struct BackupPlace {
    /// Where backups are kept: a directory, or s3://BUCKET/PREFIX with the variables of Amazon's own tools (AWS_REGION,
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY; AWS_ENDPOINT for other servers). A server with it makes them by itself.
    #[arg(long, global = true, env = "THROUGHLINE_BACKUP_REPOSITORY", value_name = "PLACE")]
    pub(crate) backup_repository: Option<String>,
    /// The file with the key of the backups, as `throughline backup key` makes it. Without it nobody can read them: keep a
    /// copy elsewhere.
    #[arg(long, global = true, env = "THROUGHLINE_BACKUP_KEY_FILE", value_name = "FILE")]
    pub(crate) backup_key: Option<PathBuf>,
}

/// How much anybody may ask for.
#[derive(Debug, Args, Clone)]
pub(crate) struct Rates {
    /// What one principal may ask for, such as 100/s, 100/s:1000 (so many at once) or off. Callers on this machine itself
    /// are not limited.
    #[arg(long, default_value_t = Rate::PRINCIPAL, env = "THROUGHLINE_RATE_LIMIT_PRINCIPAL", value_name = "RATE")]
    rate_limit_principal: Rate,
    /// What one address may ask for, all who are behind it together.
    #[arg(long, default_value_t = Rate::ADDRESS, env = "THROUGHLINE_RATE_LIMIT_ADDRESS", value_name = "RATE")]
    rate_limit_address: Rate,
    /// How often one address may fail to sign in.
    #[arg(long, default_value_t = Rate::SIGN_IN, env = "THROUGHLINE_RATE_LIMIT_SIGN_IN", value_name = "RATE")]
    rate_limit_sign_in: Rate,
}

impl Rates {
    /// Buckets for all who come.
    pub(crate) fn limits(&self) -> RateLimits {
        RateLimits::new(self.rate_limit_principal, self.rate_limit_address, self.rate_limit_sign_in)
    }
}

impl Listen {
    /// The certificate and the key, when the port is to speak TLS.
    ///
    /// # Errors
    /// When one of the two is missing, or they cannot be used.
    pub(crate) fn certificates(&self) -> Result<Option<Arc<Certificates>>, Failure> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Certificates::load(certificate, key)?)),
            (Some(_), None) => {
                Err(Failure::new("--tls-cert needs the key of the certificate; name its file with --tls-key"))
            }
            (None, Some(_)) => Err(Failure::new("--tls-key needs its certificate; name the file with --tls-cert")),
        }
    }
}

/// A time of the day such as `01:00`.
fn clock(text: &str) -> Result<jiff::civil::Time, String> {
    text.parse().map_err(|_| "is no time of the day such as 01:00".to_owned())
}

/// A network such as `10.0.0.0/8`, or a single address.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
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

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Say what is in force, where each setting comes from, and what is wrong or weak; exits with 1 when something is.
    Check(ServeArguments),
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
