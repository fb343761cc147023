//! Where PostgreSQL's programs are on this machine, and whether they are new enough.
//!
//! "New enough" is decided for each major version, because the fix that row security needs (CVE-2025-8713: planner
//! statistics leak rows that a policy hides) came to every supported branch separately.

use crate::error::Error;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable that names the directory with `postgres` and `initdb`; nothing else is looked at when it is set.
pub const BIN_VARIABLE: &str = "THROUGHLINE_PG_BIN";

/// A PostgreSQL release: major version, and the minor that carries the fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 15, 16, 17 …: data directories of different majors are incompatible.
    pub major: u32,
    /// The patch release within the major.
    pub minor: u32,
}

impl Version {
    /// Whether this release has the fixes that row security relies on.
    #[must_use]
    pub fn is_suitable(self) -> bool {
        match self.major {
            15 => self.minor >= 14,
            16 => self.minor >= 10,
            17 => self.minor >= 6,
            major => major >= 18,
        }
    }

    /// Reads the answer of `postgres --version`, such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    /// Development and beta versions (`19devel`, `18beta1`) count as minor 0.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.split_once("(PostgreSQL)").map_or(text, |(_, rest)| rest).split_whitespace().next()?;
        let digits = |text: &str| -> Option<u32> {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text.get(..end)?.parse().ok()
        };
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        Some(Self { major: digits(major)?, minor: digits(minor)? })
    }

    /// Reads `server_version_num`, such as `150018`.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        Self { major: number / 10_000, minor: number % 10_000 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The programs of one PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
    version: Version,
}

impl Binaries {
    /// Finds the newest suitable installation; with `major`, only one that can open existing data of that major.
    ///
    /// `directory` (or, when it is `None`, `THROUGHLINE_PG_BIN`) is binding: when it does not fit, no other place is tried.
    ///
    /// # Errors
    /// [`Error::NoBinaries`] lists every place that was looked at and what was found there.
    pub fn find(directory: Option<&Path>, major: Option<u32>) -> Result<Self, Error> {
        let named = directory.map(Path::to_path_buf).or_else(|| std::env::var_os(BIN_VARIABLE).map(PathBuf::from));
        let places = named.map_or_else(usual_places, |directory| vec![directory]);
        choose(&places, major)
    }

    /// The release of these programs.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The path of one program, such as `pg_dump`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Picks the newest suitable installation out of `places`.
fn choose(places: &[PathBuf], major: Option<u32>) -> Result<Binaries, Error> {
    let mut looked_at = Vec::new();
    let mut best: Option<Binaries> = None;
    let mut seen = BTreeSet::new();
    for place in places {
        // Asking takes a process each, and the same installation is often reachable by several names.
        if let Ok(real) = place.join("postgres").canonicalize()
            && !seen.insert(real)
        {
            continue;
        }
        match inspect(place) {
            Ok(found) if !found.version.is_suitable() => {
                looked_at.push(format!("  {}: {}, too old", place.display(), found.version));
            }
            Ok(found) if major.is_some_and(|major| major != found.version.major) => {
                looked_at.push(format!("  {}: {}, another major version", place.display(), found.version));
            }
            Ok(found) => {
                if best.as_ref().is_none_or(|best| found.version > best.version) {
                    best = Some(found);
                }
            }
            Err(why) => looked_at.push(format!("  {}: {why}", place.display())),
        }
    }
    best.ok_or_else(|| Error::NoBinaries {
        wanted: major.map_or_else(String::new, |major| format!("; the existing data need PostgreSQL {major}")),
        looked_at: if looked_at.is_empty() { usual_places_in_words() } else { looked_at.join("\n") },
    })
}

/// Asks the `postgres` in one directory for its version, and checks that `initdb` is beside it.
fn inspect(directory: &Path) -> Result<Binaries, String> {
    let postgres = directory.join("postgres");
    if !postgres.exists() {
        return Err("no `postgres` there".to_owned());
    }
    // A link such as /usr/local/bin/postgres leads to the directory where all the other programs are.
    let beside = postgres.canonicalize().ok().and_then(|real| real.parent().map(Path::to_path_buf));
    let directory = [beside, Some(directory.to_path_buf())]
        .into_iter()
        .flatten()
        .find(|directory| directory.join("initdb").exists())
        .ok_or("`postgres` is there, `initdb` is not")?;
    let output = Command::new(&postgres)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`postgres --version` could not run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = Version::parse(&text).ok_or_else(|| format!("`postgres --version` said {:?}", text.trim()))?;
    Ok(Binaries { directory: directory.canonicalize().unwrap_or(directory), version })
}

/// Families of installation directories beside PATH: parent, how a name in it begins, and what follows.
const FAMILIES: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// Every directory with a `postgres` in PATH, in the packages of Debian, Red Hat and Alpine, and in Homebrew.
fn usual_places() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for (parent, prefix, suffix) in FAMILIES {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                places.push(entry.path().join(suffix));
            }
        }
    }
    places.retain(|place| place.join("postgres").exists());
    places
}

/// The report when no place had a `postgres` at all.
fn usual_places_in_words() -> String {
    let families =
        FAMILIES.map(|(parent, prefix, suffix)| format!("  {parent}/{prefix}*/{suffix}: no `postgres` there"));
    format!("  every directory of PATH: no `postgres` there\n{}", families.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn installation(parent: &Path, name: &str, answer: &str) -> PathBuf {
        let directory = parent.join(name);
        std::fs::create_dir_all(&directory).unwrap();
        for program in ["postgres", "initdb"] {
            let path = directory.join(program);
            std::fs::write(&path, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        directory
    }

    #[test]
    fn versions_are_read_from_what_postgres_prints() {
        let parse = |text| Version::parse(text).map(|version| (version.major, version.minor));
        assert_eq!(parse("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some((15, 18)));
        assert_eq!(parse("postgres (PostgreSQL) 18beta2"), Some((18, 0)));
        assert_eq!(parse("postgres (PostgreSQL) 9.6.24"), Some((9, 6)));
        assert_eq!(parse("no such file"), None);
        assert_eq!(Version::from_number(150_018), Version { major: 15, minor: 18 });
    }

    #[test]
    fn a_release_that_leaks_statistics_is_not_suitable_whatever_its_major() {
        let suitable = |major, minor| Version { major, minor }.is_suitable();
        assert!(suitable(15, 14) && suitable(16, 10) && suitable(17, 6) && suitable(18, 0));
        assert!(!suitable(15, 13) && !suitable(16, 9) && !suitable(17, 5) && !suitable(14, 30));
    }

    #[test]
    fn the_newest_suitable_installation_is_taken_and_existing_data_keep_their_major() {
        let home = tempfile::tempdir().unwrap();
        let places = [
            installation(home.path(), "old", "postgres (PostgreSQL) 14.2"),
            installation(home.path(), "fifteen", "postgres (PostgreSQL) 15.20"),
            installation(home.path(), "leaky", "postgres (PostgreSQL) 17.1"),
            installation(home.path(), "sixteen", "postgres (PostgreSQL) 16.11"),
        ];
        assert_eq!(choose(&places, None).unwrap().version(), Version { major: 16, minor: 11 });
        assert_eq!(choose(&places, Some(15)).unwrap().version(), Version { major: 15, minor: 20 });
    }

    /// Proves REQ-1.5.
    #[test]
    fn what_was_looked_at_and_what_to_do_is_in_the_refusal() {
        let home = tempfile::tempdir().unwrap();
        let old = installation(home.path(), "old", "postgres (PostgreSQL) 15.2");
        let empty = home.path().join("empty");
        let message = choose(&[old.clone(), empty.clone()], None).unwrap_err().to_string();
        assert!(message.contains(&format!("{}: 15.2, too old", old.display())), "{message}");
        assert!(message.contains(&format!("{}: no `postgres` there", empty.display())), "{message}");
        assert!(message.contains("THROUGHLINE_PG_BIN") && message.contains("apt-get install"), "{message}");
        let message = choose(&[old], Some(16)).unwrap_err().to_string();
        assert!(message.contains("the existing data need PostgreSQL 16"), "{message}");
    }
}
