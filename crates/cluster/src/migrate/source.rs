//! The files: their names, their order, their checksums.

use super::error::MigrateError;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// One step of the schema: what does it and what undoes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// 1, 2, 3 … without gaps.
    pub version: i32,
    /// The words of the file name.
    pub name: String,
    /// The text of the `V` file.
    pub up: String,
    /// The text of the `U` file.
    pub down: String,
}

impl Step {
    /// The checksum of the `V` file: SHA-256 with line ends as LF, so that a checkout on Windows gives the same.
    #[must_use]
    pub fn checksum(&self) -> Vec<u8> {
        checksum(&self.up)
    }

    /// The checksum of the `U` file.
    #[must_use]
    pub fn undo_checksum(&self) -> Vec<u8> {
        checksum(&self.down)
    }

    /// The name of the `V` file.
    #[must_use]
    pub fn up_file(&self) -> String {
        format!("V{:03}__{}.sql", self.version, self.name)
    }

    /// The name of the `U` file.
    #[must_use]
    pub fn down_file(&self) -> String {
        format!("U{:03}__{}.sql", self.version, self.name)
    }
}

/// A proper sequence of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    steps: Vec<Step>,
}

/// The files of the repository's `migrations/`, as they were when this was compiled.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

impl Source {
    /// The migrations that belong to this binary.
    ///
    /// # Errors
    /// [`MigrateError::Source`], when the binary was built from improper files.
    pub fn embedded() -> Result<Self, MigrateError> {
        Self::from_files(EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    }

    /// The migrations in a directory. Files that do not end in `.sql` are ignored.
    ///
    /// # Errors
    /// [`MigrateError::Read`] and [`MigrateError::Source`].
    pub fn directory(path: &Path) -> Result<Self, MigrateError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| MigrateError::Read { path, source }
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed(path))? {
            let entry = entry.map_err(failed(path))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".sql") {
                files.push((name, std::fs::read_to_string(entry.path()).map_err(failed(&entry.path()))?));
            }
        }
        Self::from_files(files)
    }

    /// Orders and checks files given as name and text. All faults are reported together.
    ///
    /// # Errors
    /// [`MigrateError::Source`]: names, gaps, duplicates, missing halves, empty files.
    pub fn from_files(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, MigrateError> {
        let mut faults = Vec::new();
        let mut ups: BTreeMap<i32, (String, String)> = BTreeMap::new();
        let mut downs: BTreeMap<i32, (String, String)> = BTreeMap::new();
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort();
        for (file, text) in files {
            let Some((forward, version, name)) = parse_name(&file) else {
                faults.push(format!(
                    "`{file}` is no migration's name; write V001__what_it_does.sql or U001__what_it_does.sql"
                ));
                continue;
            };
            if text.trim().is_empty() {
                faults.push(format!("`{file}` is empty; a step that does nothing says `select;`"));
            }
            let half = if forward { &mut ups } else { &mut downs };
            if let Some((other, _)) = half.get(&version) {
                let letter = if forward { 'V' } else { 'U' };
                faults.push(format!("version {version} is there twice, `{letter}…__{other}.sql` and `{file}`; give the later one the next number"));
            } else {
                half.insert(version, (name, text));
            }
        }
        let mut steps = Vec::new();
        let mut expected = 1;
        for (version, (name, up)) in ups {
            if version != expected {
                faults.push(format!(
                    "version {expected} is missing before {version}; versions follow each other without gaps"
                ));
            }
            expected = version.saturating_add(1);
            match downs.remove(&version) {
                None => faults.push(format!("V{version:03}__{name}.sql has no undo; write U{version:03}__{name}.sql")),
                Some((other, _)) if other != name => {
                    faults.push(format!(
                        "the halves of version {version} have two names, `{name}` and `{other}`; use one"
                    ));
                }
                Some((_, down)) => steps.push(Step { version, name, up, down }),
            }
        }
        for (version, (name, _)) in downs {
            faults.push(format!(
                "U{version:03}__{name}.sql undoes nothing; write V{version:03}__{name}.sql or remove it"
            ));
        }
        if faults.is_empty() { Ok(Self { steps }) } else { Err(MigrateError::Source(faults)) }
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The newest version, 0 when there is none.
    #[must_use]
    pub fn newest(&self) -> i32 {
        self.steps.last().map_or(0, |step| step.version)
    }

    /// The step of a version.
    #[must_use]
    pub fn step(&self, version: i32) -> Option<&Step> {
        self.steps.binary_search_by_key(&version, |step| step.version).ok().map(|index| &self.steps[index])
    }

    /// One name for the whole set, in hexadecimal: two sources with the same fingerprint make the same schema.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for step in &self.steps {
            hash.update(step.version.to_be_bytes());
            hash.update(step.checksum());
            hash.update(step.undo_checksum());
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn checksum(text: &str) -> Vec<u8> {
    Sha256::digest(text.replace("\r\n", "\n")).to_vec()
}

/// Splits `V001__tenancy.sql` into direction (forward is true), version and name.
fn parse_name(file: &str) -> Option<(bool, i32, String)> {
    let stem = file.strip_suffix(".sql")?;
    let (forward, rest) = match stem.split_at_checked(1)? {
        ("V", rest) => (true, rest),
        ("U", rest) => (false, rest),
        _ => return None,
    };
    let (digits, name) = rest.split_once("__")?;
    let proper_digits = digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let proper_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let version = digits.parse().ok().filter(|version| *version > 0)?;
    // One way to write a number, so that a version has one file name.
    let canonical = format!("{version:03}") == digits;
    (proper_digits && proper_name && canonical).then(|| (forward, version, name.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn source(names: &[&str]) -> Result<Source, MigrateError> {
        Source::from_files(names.iter().map(|name| ((*name).to_owned(), "select;".to_owned())))
    }

    fn refusal(names: &[&str]) -> String {
        source(names).unwrap_err().to_string()
    }

    #[test]
    fn pairs_become_steps_in_order() {
        let source = source(&["U002__b.sql", "V001__a.sql", "V002__b.sql", "U001__a.sql"]).unwrap();
        assert_eq!(source.steps().iter().map(Step::up_file).collect::<Vec<_>>(), ["V001__a.sql", "V002__b.sql"]);
        assert_eq!((source.newest(), source.step(2).unwrap().name.as_str()), (2, "b"));
    }

    /// Proves REQ-3.5.
    #[test]
    fn a_missing_undo_and_an_undo_of_nothing_are_refused_by_name() {
        assert!(refusal(&["V001__a.sql"]).contains("V001__a.sql has no undo; write U001__a.sql"));
        assert!(refusal(&["V001__a.sql", "U001__a.sql", "U002__b.sql"]).contains("U002__b.sql undoes nothing"));
        assert!(refusal(&["V001__a.sql", "U001__b.sql"]).contains("two names, `a` and `b`"));
    }

    #[test]
    fn gaps_and_duplicates_are_refused() {
        assert!(
            refusal(&["V001__a.sql", "U001__a.sql", "V003__c.sql", "U003__c.sql"])
                .contains("version 2 is missing before 3")
        );
        assert!(refusal(&["V001__a.sql", "V001__b.sql", "U001__a.sql"]).contains("version 1 is there twice"));
    }

    #[test]
    fn names_that_break_the_pattern_are_refused() {
        for name in [
            "v001__a.sql",
            "V1__a.sql",
            "V001_a.sql",
            "V001__.sql",
            "V001__A b.sql",
            "V000__a.sql",
            "V0001__a.sql",
            "notes.sql",
        ] {
            assert!(refusal(&[name]).contains("is no migration's name"), "{name}");
        }
        let empty =
            Source::from_files([("V001__a.sql".into(), " \n".into()), ("U001__a.sql".into(), "select;".into())]);
        assert!(empty.unwrap_err().to_string().contains("`V001__a.sql` is empty"));
    }

    #[test]
    fn line_ends_do_not_change_a_checksum_and_words_do() {
        assert_eq!(checksum("a\r\nb\r\n"), checksum("a\nb\n"));
        assert_ne!(checksum("a\nb\n"), checksum("a\nb \n"));
    }

    #[test]
    fn the_embedded_migrations_are_a_proper_sequence() {
        Source::embedded().unwrap();
    }
}
