//! Settings: each is a flag, a variable of the environment or a line of `throughline.toml`, in this order of precedence. A
//! secret may also lie in a file of its own, which the same variable with `_FILE` at its end names, as orchestrators hand
//! secrets over.
//!
//! [`SETTINGS`] lists all there are; tests hold it to the command line, to the sources and to `docs/configuration.md`.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, parser::ValueSource};
use shared::Rate;
use wire::Place;

use crate::{
    cli::{Cli, network},
    credentials::data_dir,
    failure::Failure,
};

/// One thing that can be set.
#[derive(Debug)]
pub(crate) struct Setting {
    /// What it is called in `throughline.toml`.
    pub(crate) name: &'static str,
    /// The variable of the environment.
    pub(crate) variable: &'static str,
    /// The flag, for those that have one.
    pub(crate) flag: Option<&'static str>,
    /// What may be in it.
    pub(crate) kind: Kind,
    /// Whether nobody else may see it.
    pub(crate) secret: bool,
    /// What holds when nothing is said.
    pub(crate) default: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
}

/// What may be in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A place on this machine.
    Path,
    /// A number of a port.
    Port,
    /// An address.
    Address,
    /// Addresses and networks, several with commas between.
    Networks,
    /// How much may be asked for.
    Rate,
    /// Yes or no.
    Switch,
    /// How to connect to PostgreSQL.
    Database,
}

impl Kind {
    /// What is wrong with a text, if anything is. Never repeats the text: it may be a secret.
    pub(crate) fn fault(self, text: &str) -> Option<String> {
        match self {
            Self::Path if text.is_empty() => Some("names no file".into()),
            Self::Text | Self::Path => None,
            Self::Port => text.parse::<u16>().is_err().then(|| "is no port: a number from 0 to 65535".into()),
            Self::Address => text.parse::<IpAddr>().is_err().then(|| "is no address such as 127.0.0.1 or ::".into()),
            Self::Networks => text.split(',').find_map(|one| network(one).err()),
            Self::Rate => text.parse::<Rate>().err(),
            Self::Switch => (!["true", "false"].contains(&text)).then(|| "is neither `true` nor `false`".into()),
            Self::Database => Place::read(text).err().map(|why| why.to_string()),
        }
    }
}

const fn setting(
    name: &'static str,
    variable: &'static str,
    flag: Option<&'static str>,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { name, variable, flag, kind, secret: false, default, about }
}

const fn secret(
    name: &'static str,
    variable: &'static str,
    flag: Option<&'static str>,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { name, variable, flag, kind, secret: true, default, about }
}

/// Everything that can be set.
#[rustfmt::skip]
pub(crate) const SETTINGS: &[Setting] = &[
    setting("config", "THROUGHLINE_CONFIG", Some("--config"), Kind::Path, "`throughline.toml` in the data directory, if it is there", "The file with settings."),
    setting("data", "THROUGHLINE_DATA", Some("--data"), Kind::Path, "`~/.local/share/throughline`; for root `/var/lib/throughline`", "Where the embedded database, keys and uploads live."),
    secret("database_url", "DATABASE_URL", None, Kind::Database, "the embedded database", "How the server connects to a database elsewhere, as the role that serves."),
    secret("owner_url", "THROUGHLINE_OWNER_URL", None, Kind::Database, "none", "How it connects as the role that migrates and maintains that database."),
    setting("pg_bin", "THROUGHLINE_PG_BIN", None, Kind::Path, "looked for", "The directory with PostgreSQL's programs, for the embedded database. Only in the environment."),
    setting("pg_user", "THROUGHLINE_PG_USER", None, Kind::Text, "chosen", "The account PostgreSQL runs under when the server is started as root. Only in the environment."),
    setting("host", "THROUGHLINE_HOST", Some("--host"), Kind::Address, "127.0.0.1", "The address to listen on."),
    setting("port", "THROUGHLINE_PORT", Some("--port"), Kind::Port, "7400", "The port to listen on."),
    setting("tls_cert", "THROUGHLINE_TLS_CERT", Some("--tls-cert"), Kind::Path, "none: plain HTTP", "The certificate, with those that vouch for it."),
    setting("tls_key", "THROUGHLINE_TLS_KEY", Some("--tls-key"), Kind::Path, "none", "The key of the certificate."),
    setting("trusted_proxy", "THROUGHLINE_TRUSTED_PROXY", Some("--trusted-proxy"), Kind::Networks, "none", "Proxies whose word about their clients is believed; several with commas between."),
    setting("rate_limit_principal", "THROUGHLINE_RATE_LIMIT_PRINCIPAL", Some("--rate-limit-principal"), Kind::Rate, "100/s:1000", "What one principal may ask for."),
    setting("rate_limit_address", "THROUGHLINE_RATE_LIMIT_ADDRESS", Some("--rate-limit-address"), Kind::Rate, "200/s:2000", "What one address may ask for."),
    setting("rate_limit_sign_in", "THROUGHLINE_RATE_LIMIT_SIGN_IN", Some("--rate-limit-sign-in"), Kind::Rate, "10/m:30", "How often one address may fail to sign in."),
    secret("metrics_token", "THROUGHLINE_METRICS_TOKEN", Some("--metrics-token"), Kind::Text, "none: `/metrics` is for this machine", "What other machines show for `/metrics`."),
    setting("signing_key", "THROUGHLINE_SIGNING_KEY_FILE", Some("--signing-key"), Kind::Path, "`signing.key` in the data directory", "The file with the key this installation signs with."),
    setting("backup_repository", "THROUGHLINE_BACKUP_REPOSITORY", Some("--backup-repository"), Kind::Text, "none: no backups are made", "Where backups of the embedded database are kept: a directory, or `s3://BUCKET/PREFIX`."),
    setting("backup_key", "THROUGHLINE_BACKUP_KEY_FILE", Some("--backup-key"), Kind::Path, "none", "The file with the key of the backups, which `throughline backup key` makes."),
    setting("backup_at", "THROUGHLINE_BACKUP_AT", Some("--backup-at"), Kind::Text, "01:00", "When the server makes a full backup every day, in UTC."),
    setting("health_check_networks", "THROUGHLINE_HEALTH_CHECK_NETWORKS", Some("--health-check-networks"), Kind::Networks, "none: nobody is asked", "Networks in which services are asked how they are; several with commas between."),
    setting("json_logs", "THROUGHLINE_JSON_LOGS", Some("--json-logs"), Kind::Switch, "false", "Write the log as JSON lines."),
    setting("log", "THROUGHLINE_LOG", None, Kind::Text, "warn,throughline=info", "What the log tells, as directives of tracing."),
    setting("url", "THROUGHLINE_URL", Some("--url"), Kind::Text, "the instance of this machine", "For the command line: the server to talk to."),
    secret("token", "THROUGHLINE_TOKEN", Some("--token"), Kind::Text, "that of the instance of this machine", "For the command line: an API token."),
    setting("ca_file", "THROUGHLINE_CA_FILE", Some("--ca-file"), Kind::Path, "the system's authorities", "For the command line: who may vouch for the server."),
    setting("project", "THROUGHLINE_PROJECT", Some("--project"), Kind::Text, "none", "For `import`: the project."),
];

/// Those that are read before `throughline.toml` is, or by what does not read it.
const ENVIRONMENT_ONLY: [&str; 4] = ["config", "data", "pg_bin", "pg_user"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag on the command line.
    Flag,
    /// A variable of the environment.
    Environment,
    /// A file of its own.
    File(PathBuf),
    /// `throughline.toml`.
    Toml(PathBuf),
    /// Nobody said anything.
    Default,
}

/// What the environment and the files say.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The file with settings, when there is one.
    pub(crate) toml: Option<PathBuf>,
    values: BTreeMap<&'static str, (String, Origin)>,
    /// What cannot be used, as sentences.
    pub(crate) faults: Vec<String>,
}

static SOURCES: OnceLock<Sources> = OnceLock::new();

/// What was said about a setting other than by a flag.
pub(crate) fn said(name: &str) -> Option<String> {
    sources().get(name).map(|(value, _)| value.clone())
}

/// All that was said other than by flags.
pub(crate) fn sources() -> &'static Sources {
    SOURCES.get_or_init(|| Sources::gather(&|name| std::env::var(name).ok(), None))
}

impl Sources {
    /// The value of a setting and where it comes from, unless it is a flag's or the default.
    pub(crate) fn get(&self, name: &str) -> Option<&(String, Origin)> {
        self.values.get(name)
    }

    /// Reads the environment by `variable`, the files it names, and the file with settings.
    pub(crate) fn gather(variable: &dyn Fn(&str) -> Option<String>, toml: Option<PathBuf>) -> Self {
        let mut sources = Self { toml, ..Self::default() };
        let mut lines = sources.read_toml();
        for setting in SETTINGS {
            let line = lines.remove(setting.name);
            let file = setting.secret.then(|| variable(&format!("{}_FILE", setting.variable))).flatten();
            let found = match (variable(setting.variable), file) {
                (Some(_), Some(_)) => {
                    sources.faults.push(format!("{0} and {0}_FILE are both set: leave one out", setting.variable));
                    continue;
                }
                (Some(value), None) => (value, Origin::Environment),
                (None, Some(file)) => match std::fs::read_to_string(&file) {
                    Ok(text) => (text.trim_end_matches(['\r', '\n']).to_owned(), Origin::File(file.into())),
                    Err(error) => {
                        sources.faults.push(format!("{}_FILE: {file} cannot be read: {error}", setting.variable));
                        continue;
                    }
                },
                (None, None) => match (line, &sources.toml) {
                    (Some(value), Some(path)) => (value, Origin::Toml(path.clone())),
                    _ => continue,
                },
            };
            // What a flag could say too, clap refuses by itself, and shows how to say it.
            let left_to_clap = found.1 == Origin::Environment && setting.flag.is_some();
            let fault = match setting.secret && found.0.is_empty() {
                true => Some("is empty".to_owned()),
                false if left_to_clap => None,
                false => setting.kind.fault(&found.0),
            };
            if let Some(fault) = fault {
                sources.faults.push(format!("{} ({}) {fault}", setting.name, place(setting, &found.1)));
                continue;
            }
            sources.values.insert(setting.name, found);
        }
        sources
    }

    fn read_toml(&mut self) -> BTreeMap<String, String> {
        let Some(path) = self.toml.clone() else { return BTreeMap::new() };
        let shown = path.display();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                self.faults.push(format!("{shown} cannot be read: {error}"));
                return BTreeMap::new();
            }
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                // The whole message would show the line, which may hold a secret.
                let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
                self.faults.push(format!("{shown}, line {line}: {}", error.message()));
                return BTreeMap::new();
            }
        };
        let mut lines = BTreeMap::new();
        for (name, value) in table {
            let known = SETTINGS.iter().any(|setting| setting.name == name);
            if !known || ENVIRONMENT_ONLY.contains(&name.as_str()) {
                let why = if known { "is not read from a file; set its variable" } else { "is no setting" };
                self.faults.push(format!("{shown}: `{name}` {why}"));
                continue;
            }
            match in_words(&value) {
                Some(text) => drop(lines.insert(name, text)),
                None => self
                    .faults
                    .push(format!("{shown}: `{name}` must be a text, a number, true, false or a list of texts")),
            }
        }
        lines
    }
}

fn in_words(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(all) => {
            let texts: Option<Vec<&str>> = all.iter().map(toml::Value::as_str).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}

/// Where a value comes from, in words.
pub(crate) fn place(setting: &Setting, origin: &Origin) -> String {
    match origin {
        Origin::Flag => setting.flag.unwrap_or("flag").to_owned(),
        Origin::Environment => setting.variable.to_owned(),
        Origin::File(path) => format!("{}_FILE: {}", setting.variable, path.display()),
        Origin::Toml(path) => path.display().to_string(),
        Origin::Default => "default".to_owned(),
    }
}

/// The command line with everything the environment and the files say behind it.
///
/// # Errors
/// When a setting cannot be used. What is wrong with the command line itself ends the program, as clap does.
pub(crate) fn parse(arguments: &[OsString]) -> Result<(Cli, ArgMatches), Failure> {
    // Where the file is has to be known before what is in it.
    let first = Cli::command().ignore_errors(true).try_get_matches_from(arguments).ok();
    let named = |name: &str| first.as_ref().and_then(|first| first.get_one::<PathBuf>(name).cloned());
    let toml = match named("config") {
        Some(named) => Some(named),
        None => data_dir(named("data")).ok().map(|data| data.join("throughline.toml")).filter(|path| path.exists()),
    };
    let sources = Sources::gather(&|name| std::env::var(name).ok(), toml);
    let matches = behind(Cli::command(), &sources).get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Looking at the settings must be possible while they are wrong.
    if !sources.faults.is_empty() && !matches!(cli.command, crate::cli::Command::Config { .. }) {
        return Err(Failure::usage(sources.faults.join("\n             ")));
    }
    let _ = SOURCES.set(sources);
    Ok((cli, matches))
}

/// Puts what files say below what flags and the environment say.
fn behind(mut command: clap::Command, sources: &Sources) -> clap::Command {
    command = command.mut_args(|argument| {
        let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
        let setting = SETTINGS.iter().find(|setting| variable.as_deref() == Some(setting.variable));
        let Some(setting) = setting else { return argument };
        match sources.get(setting.name) {
            Some((value, Origin::File(_) | Origin::Toml(_))) => {
                let values: Vec<String> = match setting.kind {
                    Kind::Networks => value.split(',').map(str::to_owned).collect(),
                    _ => vec![value.clone()],
                };
                // The help shows defaults, and these may be secrets.
                argument.default_values(values).hide_default_value(true)
            }
            _ => argument,
        }
    });
    command.mut_subcommands(|below| behind(below, sources))
}

/// The value of a flag, if it was given.
pub(crate) fn by_flag(matches: &ArgMatches, setting: &Setting) -> Option<String> {
    let name = setting.flag?.trim_start_matches("--").replace('-', "_");
    let name = if name == "trusted_proxy" { "trusted_proxies".to_owned() } else { name };
    let mut level = Some(matches);
    while let Some(matches) = level {
        let known = matches.try_contains_id(&name).is_ok();
        if known && matches.value_source(&name) == Some(ValueSource::CommandLine) {
            let values = matches.get_raw(&name).map(|values| values.map(|value| value.to_string_lossy().into_owned()));
            return Some(values.map_or_else(|| "true".to_owned(), |values| values.collect::<Vec<_>>().join(",")));
        }
        level = matches.subcommand().map(|(_, below)| below);
    }
    None
}

/// Whether a file can be read by others than the account that owns it.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// Every argument of every command that a variable can set: the variable and the flag.
    fn arguments(command: &clap::Command, found: &mut BTreeSet<(String, String)>) {
        for argument in command.get_arguments() {
            if let (Some(variable), Some(flag)) = (argument.get_env(), argument.get_long()) {
                found.insert((variable.to_string_lossy().into_owned(), format!("--{flag}")));
            }
        }
        command.get_subcommands().for_each(|below| arguments(below, found));
    }

    #[test]
    fn the_table_of_settings_is_the_command_line() {
        let mut found = BTreeSet::new();
        arguments(&Cli::command(), &mut found);
        let listed: BTreeSet<(String, String)> = SETTINGS
            .iter()
            .filter_map(|setting| Some((setting.variable.to_owned(), setting.flag?.to_owned())))
            .collect();
        assert_eq!(listed, found);
        for setting in SETTINGS.iter().filter(|setting| [Kind::Port, Kind::Address, Kind::Rate].contains(&setting.kind))
        {
            assert_eq!(setting.kind.fault(setting.default), None, "{}", setting.name);
        }
    }

    #[test]
    fn the_program_reads_no_variable_that_is_no_setting() {
        fn files(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    files(&path, found);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        files(&root().join("crates"), &mut found);
        found.retain(|path| {
            let path = path.to_string_lossy();
            path.contains("/src/") && !path.contains("/testkit/")
        });
        let mut strange = BTreeSet::new();
        for path in found {
            let text = std::fs::read_to_string(&path).expect("a source");
            for literal in text.split('"').skip(1).step_by(2).filter(|text| text.starts_with("THROUGHLINE_")) {
                let known = SETTINGS.iter().any(|one| one.variable == literal.trim_end_matches(['_']));
                if !known
                    && literal.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
                    && literal != "THROUGHLINE_"
                {
                    strange.insert(format!("{literal} in {}", path.display()));
                }
            }
        }
        assert!(strange.is_empty(), "add a line to SETTINGS for {strange:#?}");
    }

    fn page() -> String {
        let mut table = String::from(
            "| In `throughline.toml` | Flag | In the environment | Default | What it is |\n|---|---|---|---|---|\n",
        );
        for setting in SETTINGS {
            let name =
                if ENVIRONMENT_ONLY.contains(&setting.name) { String::new() } else { format!("`{}`", setting.name) };
            let flag = setting.flag.map(|flag| format!("`{flag}`")).unwrap_or_default();
            let file = if setting.secret { format!(" or `{}_FILE`", setting.variable) } else { String::new() };
            table.push_str(&format!(
                "| {name} | {flag} | `{}`{file} | {} | {} |\n",
                setting.variable, setting.default, setting.about
            ));
        }
        table
    }

    /// Written anew with `UPDATE_GOLDEN=1`.
    #[test]
    fn the_page_about_configuration_lists_every_setting() {
        const BEGIN: &str = "<!-- settings -->\n";
        const END: &str = "<!-- end of settings -->\n";
        let path = root().join("docs/configuration.md");
        let text = std::fs::read_to_string(&path).expect("the page");
        let (before, rest) = text.split_once(BEGIN).expect("where the settings begin");
        let (told, after) = rest.split_once(END).expect("where they end");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", page())).expect("written");
            return;
        }
        assert_eq!(told, page(), "run this test with UPDATE_GOLDEN=1 and commit docs/configuration.md");
    }

    fn gathered(variables: &[(&str, &str)], toml: Option<&str>) -> Sources {
        let place = tempfile::tempdir().expect("a directory");
        let path = toml.map(|text| {
            let path = place.path().join("throughline.toml");
            std::fs::write(&path, text).expect("written");
            path
        });
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sources::gather(&|name| variables.get(name).cloned(), path)
    }

    #[test]
    fn the_environment_is_above_the_file_and_a_secret_may_have_its_own() {
        let secret = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(secret.path(), "from a file\n").expect("written");
        let own = secret.path().to_str().expect("a name");
        let value = |sources: &Sources, name: &str| sources.get(name).map(|(value, _)| value.clone());
        let toml = "port = 443\nhost = \"::\"\ntrusted_proxy = [\"10.0.0.0/8\", \"::1\"]\nmetrics_token = \"below\"\njson_logs = true\n";
        let sources =
            gathered(&[("THROUGHLINE_HOST", "127.0.0.9"), ("THROUGHLINE_METRICS_TOKEN_FILE", own)], Some(toml));
        assert_eq!(sources.faults, Vec::<String>::new());
        assert_eq!(value(&sources, "host").as_deref(), Some("127.0.0.9"));
        assert_eq!(value(&sources, "port").as_deref(), Some("443"));
        assert_eq!(value(&sources, "trusted_proxy").as_deref(), Some("10.0.0.0/8,::1"));
        assert_eq!(value(&sources, "metrics_token").as_deref(), Some("from a file"), "without the end of its line");
        assert_eq!(value(&sources, "tls_cert"), None);
        let names = [("THROUGHLINE_HOST_FILE", own), ("THROUGHLINE_LOG", "debug")];
        assert_eq!(value(&gathered(&names, None), "host"), None, "what is no secret has no file");
    }

    #[test]
    fn what_cannot_be_used_is_said_without_showing_it() {
        let toml = "prot = 1\nport = 70000\nmetrics_token = 7.5\ndata = \"/x\"\nrate_limit_address = \"hidden\"\n";
        let both = [
            ("DATABASE_URL", "nonsense hidden"),
            ("THROUGHLINE_TOKEN", "hidden"),
            ("THROUGHLINE_TOKEN_FILE", "/x"),
            ("THROUGHLINE_OWNER_URL_FILE", "/no/such/file"),
            ("THROUGHLINE_METRICS_TOKEN", ""),
        ];
        let faults = gathered(&both, Some(toml)).faults.join("\n");
        for part in [
            "`prot` is no setting",
            "`data` is not read from a file",
            "port (",
            "is no port",
            "write a rate such as",
            "`metrics_token` must be",
            "database_url (DATABASE_URL) is no connection string",
            "THROUGHLINE_TOKEN and THROUGHLINE_TOKEN_FILE are both set",
            "/no/such/file cannot be read",
            "is empty",
        ] {
            assert!(faults.contains(part), "{part}: {faults}");
        }
        assert!(!faults.contains("hidden"), "{faults}");
        let broken = gathered(&[], Some("port = 443\nmetrics_token = hidden\n")).faults.join("\n");
        assert!(broken.contains("line 2") && !broken.contains("hidden"), "{broken}");
    }
}
