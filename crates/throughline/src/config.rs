//! `throughline config check`: what is in force, where each setting comes from, and what is wrong or weak about it.

use std::{net::IpAddr, path::Path, process::ExitCode};

use clap::ArgMatches;
use serde::Serialize;
use tokio_postgres::config::Host;
use wire::{Mode, Place};

use crate::{
    cli::Listen,
    failure::Failure,
    settings::{self, Kind, Origin, SETTINGS, Setting, Sources},
};

/// A setting as it is in force.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    value: String,
    from: String,
    about: &'static str,
}

/// Something to mend.
#[derive(Debug, Serialize)]
struct Finding {
    /// `wrong`: it cannot work. `weak`: it works, and should not be left so.
    level: &'static str,
    message: String,
}

/// Everything that is in force.
struct InForce<'a> {
    sources: &'a Sources,
    matches: &'a ArgMatches,
}

impl InForce<'_> {
    fn of(&self, setting: &Setting) -> Option<(String, Origin)> {
        settings::by_flag(self.matches, setting)
            .map(|value| (value, Origin::Flag))
            .or_else(|| self.sources.get(setting.name).cloned())
    }

    fn named(&self, name: &str) -> Option<String> {
        SETTINGS
            .iter()
            .find(|setting| setting.name == name)
            .and_then(|setting| self.of(setting))
            .map(|(value, _)| value)
    }
}

/// Prints what is in force. Exit code 0 when nothing is wrong or weak, 1 otherwise.
pub(crate) fn check(data: &Path, listen: &Listen, matches: &ArgMatches, json: bool) -> Result<ExitCode, Failure> {
    let sources = settings::sources();
    let force = InForce { sources, matches };
    let lines: Vec<Line> = SETTINGS.iter().map(|setting| line(&force, setting, data)).collect();
    let mut findings: Vec<Finding> =
        sources.faults.iter().map(|fault| Finding { level: "wrong", message: fault.clone() }).collect();
    look(&force, listen, &mut findings);
    if json {
        println!("{}", serde_json::json!({"settings": lines, "findings": findings}));
    } else {
        let width = |part: fn(&Line) -> &str| lines.iter().map(|line| part(line).chars().count()).max().unwrap_or(0);
        let (names, values) = (width(|line| line.name), width(|line| &line.value).min(50));
        for Line { name, value, from, .. } in &lines {
            println!("{name:names$}  {value:values$}  {from}");
        }
        for Finding { level, message } in &findings {
            println!("\n{level}: {message}");
        }
        if findings.is_empty() {
            println!("\nNothing is wrong, and nothing is weak.");
        }
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(force: &InForce<'_>, setting: &Setting, data: &Path) -> Line {
    let (value, origin) = force.of(setting).unwrap_or_else(|| (setting.default.replace('`', ""), Origin::Default));
    let shown = match (&origin, setting.name) {
        (Origin::Default, "data") => data.display().to_string(),
        (Origin::Default, "config") => {
            force.sources.toml.as_ref().map_or_else(|| value.clone(), |path| path.display().to_string())
        }
        (Origin::Default, _) => value,
        _ if setting.kind == Kind::Database => without_password(&value),
        _ if setting.secret => format!("hidden, {} characters", value.chars().count()),
        _ => value,
    };
    Line { name: setting.name, value: shown, from: settings::place(setting, &origin), about: setting.about }
}

/// Where a connection string leads, without what it takes to get in.
fn without_password(url: &str) -> String {
    let Ok(place) = Place::read(url) else { return "hidden".to_owned() };
    let config = place.config();
    let host = config.get_hosts().first().map_or_else(String::new, |host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{} at {host}:{port}/{}", config.get_user().unwrap_or("?"), config.get_dbname().unwrap_or("?"))
}

fn look(force: &InForce<'_>, listen: &Listen, findings: &mut Vec<Finding>) {
    let mut add = |level, message: String| findings.push(Finding { level, message });
    if let Err(failure) = listen.certificates() {
        add("wrong", failure.to_string());
    }
    let public = !listen.host.is_loopback();
    if public && listen.tls_cert.is_none() && listen.trusted_proxies.is_empty() {
        add(
            "weak",
            format!(
                "others reach the port at {} without TLS, and passwords travel in the clear: set tls_cert and tls_key, or listen on \
             127.0.0.1 behind a proxy and name it with trusted_proxy",
                listen.host
            ),
        );
    }
    if listen.trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
        add(
            "weak",
            "trusted_proxy believes everybody, so every caller chooses the address that is counted and recorded: \
                     name the proxy alone"
                .to_owned(),
        );
    }
    for name in ["rate_limit_principal", "rate_limit_address", "rate_limit_sign_in"] {
        if public && force.named(name).as_deref() == Some("off") {
            add(
                "weak",
                format!("{name} is off while others reach the port: one caller can take the server from all others"),
            );
        }
    }
    if force.named("backup_repository").is_some() && force.named("backup_key").is_none() {
        add(
            "wrong",
            "backup_repository is set and backup_key is not: make a key with `throughline backup key FILE`, name the file, and keep a \
             copy of it elsewhere"
                .to_owned(),
        );
    }
    if force.named("metrics_token").is_some_and(|token| token.chars().count() < 16) {
        add(
            "weak",
            "metrics_token has fewer than 16 characters and can be guessed: make one with `openssl rand -hex 16`"
                .to_owned(),
        );
    }
    for name in ["database_url", "owner_url"] {
        let Some(place) = force.named(name).and_then(|url| Place::read(&url).ok()) else { continue };
        let mode = place.mode();
        if let Some(host) = elsewhere(place.config()).filter(|_| mode < Mode::VerifyFull) {
            add(
                "weak",
                format!(
                    "{name} leads to {host} with sslmode={mode}, and somebody on the way can read along or pass for it: say \
                     sslmode=verify-full, with sslrootcert=FILE where the system does not know the authority"
                ),
            );
        }
        if let Err(why) = place.way() {
            add("wrong", format!("{name} {why}"));
        }
    }
    let (serving, owning) = (force.named("database_url"), force.named("owner_url"));
    let user = |url: &Option<String>| {
        url.as_deref()
            .and_then(|url| Place::read(url).ok())
            .and_then(|place| place.config().get_user().map(str::to_owned))
    };
    if let (Some(serves), Some(owns)) = (user(&serving), user(&owning))
        && serves == owns
    {
        add(
            "weak",
            format!(
                "database_url and owner_url both sign in as {serves}: row security holds for a role that owns nothing"
            ),
        );
    }
    for setting in SETTINGS {
        let Some((value, origin)) = force.of(setting) else { continue };
        let flag = setting.flag.unwrap_or_default();
        match origin {
            Origin::Flag if setting.secret => add(
                "weak",
                format!(
                    "{flag} is on the command line, where everybody on this machine can read it: use {}_FILE",
                    setting.variable
                ),
            ),
            Origin::File(path) if settings::is_open_to_others(&path) => add("weak", open(&path)),
            Origin::Toml(path) if setting.secret && settings::is_open_to_others(&path) => add("weak", open(&path)),
            _ if ["tls_key", "signing_key", "backup_key"].contains(&setting.name)
                && settings::is_open_to_others(Path::new(&value)) =>
            {
                add("weak", open(Path::new(&value)));
            }
            _ => {}
        }
    }
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let known =
            SETTINGS.iter().any(|one| name == one.variable || (one.secret && name == format!("{}_FILE", one.variable)));
        if name.starts_with("THROUGHLINE_") && !known {
            add("wrong", format!("{name} is no setting, and nothing reads it: look for a slip of the pen"));
        }
    }
}

fn open(path: &Path) -> String {
    format!("{} can be read by other accounts of this machine: chmod 600 {0}", path.display())
}

/// The machine a connection string leads to, when it is another one.
fn elsewhere(config: &tokio_postgres::Config) -> Option<String> {
    // With an address beside it, a name is only what the certificate is held against.
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().find(|address| !address.is_loopback()).map(ToString::to_string);
    }
    config.get_hosts().iter().find_map(|host| match host {
        Host::Tcp(name) => {
            let here = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            (!here).then(|| name.clone())
        }
        Host::Unix(_) => None,
    })
}
