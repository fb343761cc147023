//! Connection strings: what libpq's users say about TLS is taken out before tokio-postgres reads the rest, for it knows three of
//! the five words of `sslmode` and nothing of authorities.

use std::{fmt, path::PathBuf};

use tokio_postgres::{Config, config::SslMode};

use crate::{
    TextError, Way,
    tls::{Authorities, Tls},
};

/// What the client side of libpq can be told of TLS and nothing here understands: ignoring it would be less than was asked for.
const NOT_UNDERSTOOD: [&str; 11] = [
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "sslcompression",
    "requiressl",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
];

/// How far the other end is looked at, in libpq's words, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// No TLS.
    Disable,
    /// TLS where the server offers it; whoever is on the way can say that it does not.
    Prefer,
    /// TLS with whoever answers.
    Require,
    /// TLS with somebody an authority vouches for, whatever their name.
    VerifyCa,
    /// TLS with the server of that name.
    VerifyFull,
}

impl Mode {
    fn read(word: &str) -> Option<Self> {
        let all = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];
        all.into_iter().find(|mode| mode.to_string() == word)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        })
    }
}

/// What a connection string says, before any file is read.
#[derive(Debug, Clone)]
pub struct Place {
    config: Config,
    mode: Mode,
    /// `sslrootcert`, when it names a file.
    file: Option<PathBuf>,
}

impl Place {
    /// Understands a connection string in either of libpq's forms.
    ///
    /// # Errors
    /// When it is none, or asks for what does not go together.
    pub fn read(text: &str) -> Result<Self, TextError> {
        let (rest, ours) = split(text).ok_or_else(unreadable)?;
        if let Some(name) = ours.not_understood {
            return Err(TextError(format!(
                "says {name}, which is not understood here: leave it out (docs/configuration.md has what a connection string may say of TLS)"
            )));
        }
        let mut config = rest.parse::<Config>().map_err(|_| unreadable())?;
        let said = match ours.mode.as_deref() {
            None => None,
            Some(word) => Some(Mode::read(word).ok_or_else(|| {
                TextError("has an sslmode that is none of disable, prefer, require, verify-ca and verify-full".into())
            })?),
        };
        if config.get_hosts().is_empty() {
            // Without a name, a certificate is held against the address.
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        let (mode, file) = agree(said, ours.authorities)?;
        config.ssl_mode(match mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        Ok(Self { config, mode, file })
    }

    /// Where to and as whom.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How far the other end is looked at.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Reads the authorities.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate, or the system names no authority.
    pub fn way(self) -> Result<Way, TextError> {
        let authorities = match (self.mode, &self.file) {
            (Mode::Disable, _) => return Ok(Way::new(self.config, Tls::none())),
            (Mode::Prefer | Mode::Require, _) => None,
            (Mode::VerifyCa | Mode::VerifyFull, Some(file)) => Some(Authorities::of_file(file)?),
            (Mode::VerifyCa | Mode::VerifyFull, None) => Some(Authorities::of_the_system()?),
        };
        let tls = Tls::new(authorities, self.mode == Mode::VerifyFull)?;
        Ok(Way::new(self.config, tls))
    }
}

/// The mode in force and the file of authorities, as libpq takes the two together.
fn agree(said: Option<Mode>, authorities: Option<String>) -> Result<(Mode, Option<PathBuf>), TextError> {
    let (mode, file) = match authorities.as_deref() {
        None => (said.unwrap_or(Mode::Prefer), None),
        Some("system") => (said.unwrap_or(Mode::VerifyFull), None),
        Some(path) => match said.unwrap_or(Mode::Prefer) {
            Mode::Prefer => {
                return Err(TextError(
                    "names an sslrootcert, and sslmode=prefer does without TLS where there is none: say sslmode=verify-full too".into(),
                ));
            }
            // Whoever names an authority wants it looked at.
            Mode::Require => (Mode::VerifyCa, Some(path.into())),
            mode => (mode, Some(path.into())),
        },
    };
    let of_the_system = file.is_none() && (mode == Mode::VerifyCa || authorities.is_some());
    if of_the_system && mode < Mode::VerifyFull && mode != Mode::Disable {
        return Err(TextError(format!(
            "says sslmode={mode} of the system's authorities, who vouch for anybody under their own name: say sslmode=verify-full, or let \
             sslrootcert name the file of an authority of your own"
        )));
    }
    Ok((mode, file))
}

fn unreadable() -> TextError {
    TextError(
        "is no connection string such as postgres://user:password@host/database; in a user or a password write `@` as %40, `:` as %3A, `/` as %2F, \
         `?` as %3F and `%` as %25"
            .into(),
    )
}

/// What was taken out.
#[derive(Debug, Default)]
struct Ours {
    mode: Option<String>,
    authorities: Option<String>,
    not_understood: Option<&'static str>,
}

impl Ours {
    /// Takes a pair if it is one of ours. The last of several counts, as it does in libpq.
    fn takes(&mut self, key: &str, value: &str) -> bool {
        match key {
            "sslmode" => self.mode = Some(value.to_owned()),
            // libpq takes an empty value for none.
            "sslrootcert" => self.authorities = Some(value.to_owned()).filter(|value| !value.is_empty()),
            _ => match NOT_UNDERSTOOD.into_iter().find(|name| *name == key) {
                Some(name) => self.not_understood = Some(name),
                None => return false,
            },
        }
        true
    }
}

/// The string without what is ours, and that. `None`: it is no connection string.
fn split(text: &str) -> Option<(String, Ours)> {
    let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if is_url { split_url(text) } else { split_pairs(text) }
}

fn split_url(text: &str) -> Option<(String, Ours)> {
    let mut ours = Ours::default();
    // An `@` ends the password in front of the first `/` or `?` alone (RFC 3986); tokio-postgres would take one anywhere for it.
    let host = text.find("://")? + 3;
    let path = text[host..].find(['/', '?']).map_or(text.len(), |at| at + host);
    let text = format!("{}{}", &text[..path], text[path..].replace('@', "%40"));
    let Some(mark) = text.find('?') else {
        return Some((text, ours));
    };
    let mut kept = Vec::new();
    for pair in text[mark + 1..].split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !ours.takes(&decoded(key)?, &decoded(value)?) {
            kept.push(pair);
        }
    }
    let between = if kept.is_empty() { "" } else { "?" };
    Some((format!("{}{between}{}", &text[..mark], kept.join("&")), ours))
}

/// Undoes percent-encoding (RFC 3986). `None`: it is broken, or no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

fn split_pairs(text: &str) -> Option<(String, Ours)> {
    let (mut ours, mut kept) = (Ours::default(), Vec::new());
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|char| char.is_whitespace()).is_some() {}
        let mut key = String::new();
        while let Some(char) = rest.next_if(|char| !char.is_whitespace() && *char != '=') {
            key.push(char);
        }
        if key.is_empty() {
            return rest.peek().is_none().then(|| (kept.join(" "), ours));
        }
        while rest.next_if(|char| char.is_whitespace()).is_some() {}
        rest.next_if_eq(&'=')?;
        while rest.next_if(|char| char.is_whitespace()).is_some() {}
        let is_quoted = rest.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        while let Some(char) = rest.next_if(|char| if is_quoted { *char != '\'' } else { !char.is_whitespace() }) {
            value.push(if char == '\\' { rest.next()? } else { char });
        }
        if is_quoted {
            rest.next_if_eq(&'\'')?;
        }
        if !ours.takes(&key, &value) {
            kept.push(format!("{key}='{}'", value.replace('\\', r"\\").replace('\'', r"\'")));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;

    fn mode(text: &str) -> Mode {
        Place::read(text).unwrap().mode
    }

    fn refused(text: &str) -> String {
        Place::read(text).unwrap_err().to_string()
    }

    #[test]
    fn both_forms_say_the_same() {
        for text in [
            "postgresql://me:p%40ss%3F@db.example:5433/home?sslmode=verify-full&connect_timeout=3&sslrootcert=%2Fetc%2Fit%27s%20ours.pem",
            r"host=db.example port=5433 user = me password='p@ss?' dbname=home sslmode=verify-full connect_timeout=3 sslrootcert='/etc/it\'s ours.pem'",
        ] {
            let place = Place::read(text).unwrap();
            assert_eq!(
                (place.mode, place.file.as_deref()),
                (Mode::VerifyFull, Some("/etc/it's ours.pem".as_ref())),
                "{text}"
            );
            let config = place.config();
            assert_eq!(config.get_hosts(), [Host::Tcp("db.example".to_owned())]);
            assert_eq!((config.get_user(), config.get_password()), (Some("me"), Some(&b"p@ss?"[..])));
            assert_eq!((config.get_dbname(), config.get_ports()), (Some("home"), &[5433][..]));
            assert_eq!(config.get_connect_timeout(), Some(&std::time::Duration::from_secs(3)));
        }
    }

    #[test]
    fn mode_and_authorities_are_taken_together_as_libpq_does() {
        assert_eq!(mode("postgres://db.example/home"), Mode::Prefer);
        assert_eq!(mode("host=db.example sslmode=disable"), Mode::Disable);
        assert_eq!(mode("postgres://db.example/home?sslrootcert=system"), Mode::VerifyFull);
        assert_eq!(mode("postgres://db.example/home?sslmode=require"), Mode::Require);
        assert_eq!(mode("postgres://db.example/home?sslmode=require&sslrootcert=/ca.pem"), Mode::VerifyCa);
        assert_eq!(mode("postgres://db.example/home?sslmode=require&sslmode=verify-full"), Mode::VerifyFull);
        for weak in ["sslmode=verify-ca", "sslmode=require&sslrootcert=system"] {
            let said = refused(&format!("postgres://db.example/home?{weak}"));
            assert!(said.contains("say sslmode=verify-full"), "{said}");
        }
        assert!(refused("postgres://db.example/home?sslrootcert=/ca.pem").contains("say sslmode=verify-full too"));
    }

    #[test]
    fn what_is_not_understood_is_refused_without_repeating_secrets() {
        assert!(refused("postgres://me:secret@db.example/home?sslmode=full").contains("none of disable, prefer"));
        assert!(refused("host=db.example sslkey=/secret.key").starts_with("says sslkey, which is not understood"));
        for text in [
            "nonsense secret",
            "postgres://h/d?secret=1",
            "host='secret",
            "postgres://h/d?sslmode=%zzsecret",
            "= secret",
        ] {
            assert!(
                refused(text).starts_with("is no connection string") && !refused(text).contains("secret"),
                "{text}"
            );
        }
    }

    #[test]
    fn an_at_sign_hides_nothing_wherever_it_stands() {
        let full = Mode::VerifyFull;
        for (text, mode, user, host, database) in [
            (
                "postgres://db.example/home?sslmode=verify-full&application_name=a@b",
                full,
                None,
                "db.example",
                Some("home"),
            ),
            (
                "postgres://db.example/home?application_name=a@b&sslmode=verify-full",
                full,
                None,
                "db.example",
                Some("home"),
            ),
            ("postgres://db.example?sslmode=verify-full&application_name=a@b", full, None, "db.example", None),
            ("postgres://me@db.example?sslmode=verify-full&application_name=a@b", full, Some("me"), "db.example", None),
            (
                "postgres://me:p%40ss@db.example/home?application_name=a@b&sslmode=verify-full",
                full,
                Some("me"),
                "db.example",
                Some("home"),
            ),
            ("postgres://db.example/ho@me?sslmode=verify-full", full, None, "db.example", Some("ho@me")),
            (
                "postgresql://db.example/home?user=me@there&sslmode=disable",
                Mode::Disable,
                Some("me@there"),
                "db.example",
                Some("home"),
            ),
            (
                "postgres://me:p%2Fss%3Fsslmode=disable@db.example/home?sslmode=verify-full",
                full,
                Some("me"),
                "db.example",
                Some("home"),
            ),
            ("postgres://me@db.example", Mode::Prefer, Some("me"), "db.example", None),
        ] {
            let place = Place::read(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            let config = place.config();
            assert_eq!((place.mode, config.get_user(), config.get_dbname()), (mode, user, database), "{text}");
            assert_eq!(config.get_hosts(), [Host::Tcp(host.to_owned())], "{text}");
        }
        // What psql takes for a port is none, and the words say how a password is written.
        for text in ["postgres://me:p?ss@db.example/home", "postgres://me:p/ss@db.example/home?sslmode=verify-full"] {
            assert!(refused(text).contains("`?` as %3F"), "{text}");
        }
    }

    #[test]
    fn an_address_alone_is_a_name_too() {
        let place = Place::read("hostaddr=192.0.2.7 user=me sslmode=require").unwrap();
        assert_eq!(place.config().get_hosts(), [Host::Tcp("192.0.2.7".to_owned())]);
        let place = Place::read("host=db.example hostaddr=192.0.2.7").unwrap();
        assert_eq!(place.config().get_hosts(), [Host::Tcp("db.example".to_owned())]);
    }

    #[test]
    fn a_socket_needs_no_tls() {
        let way = Way::read("host=/run/postgresql sslmode=require user=me").unwrap();
        assert_eq!(way.config().get_ssl_mode(), SslMode::Disable);
        // With an address beside it the connection leaves the machine.
        let way = Way::read("host=/run/postgresql hostaddr=192.0.2.7 sslmode=require user=me").unwrap();
        assert_eq!(way.config().get_ssl_mode(), SslMode::Require);
        let said = Way::read("host=db.example sslmode=verify-full sslrootcert=/no/such/file").unwrap_err().to_string();
        assert!(said.contains("/no/such/file") && said.contains("cannot be read"), "{said}");
    }
}
