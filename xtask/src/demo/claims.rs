//! What tests claim to prove, and what there is to be proven.

use std::{collections::BTreeMap, fs, path::Path};

use crate::Failure;

/// A test that says what it proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The program it is part of, as the report names it: `kernel`, `cluster::migrate`, `throughline::bin/throughline`.
    pub(crate) suite: String,
    /// Its name in that program. Two stars stand for anything: a name may have parts that are known only when it runs.
    pub(crate) test: String,
    /// The keys: `REQ-28`, `REQ-28.1`.
    pub(crate) keys: Vec<String>,
    /// What the test needs to prove anything; without it, it passes and shows nothing.
    pub(crate) needs: Option<Need>,
    /// Where it is written.
    pub(crate) place: String,
}

/// What a machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The samples, which are not part of the repository: `Proves REQ-28.1 with the samples.`
    Samples,
    /// To run as root: `Proves REQ-2.3 as root.`
    Root,
}

impl Need {
    /// Whether this machine has it. The samples are looked for where the tests look for them.
    pub(crate) fn is_met(self, root: &Path) -> bool {
        match self {
            Self::Samples => {
                let place =
                    std::env::var_os("THROUGHLINE_SAMPLES").map_or_else(|| root.join("../shared/samples"), Into::into);
                place.join("FACTS.json").is_file()
            }
            Self::Root => {
                Path::new("/proc/self").metadata().is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
            }
        }
    }
}

/// What a line claims.
pub(crate) type Claimed = (Vec<String>, Option<Need>);

/// The keys of a line that begins with `Proves`, such as `Proves REQ-28.1, REQ-28.3.`; None for any other line.
pub(crate) fn keys(line: &str) -> Option<Result<Claimed, String>> {
    let list = line.trim().strip_prefix("Proves ")?;
    if !list.starts_with("REQ") {
        return None;
    }
    let list = list.strip_suffix('.').unwrap_or(list);
    let (list, needs) = [(" with the samples", Need::Samples), (" as root", Need::Root)]
        .into_iter()
        .find_map(|(words, need)| Some((list.strip_suffix(words)?, Some(need))))
        .unwrap_or((list, None));
    let keys: Vec<String> = list.replace(" and ", ", ").split(',').map(|key| key.trim().to_owned()).collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_key = |key: &String| {
        let number = key.strip_prefix("REQ-").unwrap_or_default();
        let (number, criterion) = number.split_once('.').unwrap_or((number, "1"));
        is_number(number) && is_number(criterion)
    };
    Some(match keys.iter().find(|key| !is_key(key)) {
        Some(wrong) => Err(format!("`{wrong}` is not a key; write `Proves REQ-28.1, REQ-28.3.`")),
        None => Ok((keys, needs)),
    })
}

/// How many acceptance criteria each requirement has.
pub(crate) fn criteria(directory: &Path) -> Result<BTreeMap<String, usize>, Failure> {
    let mut known = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let key = text.lines().find_map(|line| line.strip_prefix("key:"));
        let key = key.ok_or_else(|| format!("{} has no key", path.display()))?.trim().to_owned();
        let list = text.lines().skip_while(|line| *line != "## Acceptance criteria").skip(1);
        let list = list.take_while(|line| !line.starts_with('#'));
        let is_item = |line: &&str| line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        known.insert(key, list.filter(is_item).count());
    }
    Ok(known)
}

/// Refuses a claim to prove what nobody requires.
pub(crate) fn check(claims: &[Claim], known: &BTreeMap<String, usize>) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for claim in claims {
        for key in &claim.keys {
            let (requirement, criterion) = key.split_once('.').unwrap_or((key, "1"));
            let fits =
                known.get(requirement).is_some_and(|count| (1..=*count).contains(&criterion.parse().unwrap_or(0)));
            if !fits {
                faults.push(format!("{}: there is no {key} in docs/requirements", claim.place));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_read_from_one_line() {
        let read = |line| keys(line).unwrap().unwrap();
        assert_eq!(read(" Proves REQ-28.1."), (vec!["REQ-28.1".to_owned()], None));
        assert_eq!(read("Proves REQ-28.1, REQ-3 and REQ-4.12").0, ["REQ-28.1", "REQ-3", "REQ-4.12"]);
        assert_eq!(read("Proves REQ-2.3 as root."), (vec!["REQ-2.3".to_owned()], Some(Need::Root)));
        assert_eq!(read("Proves REQ-2.3, REQ-4 with the samples.").1, Some(Need::Samples));
        assert!(keys("Proves that it works").is_none());
        assert!(keys("proves REQ-1").is_none());
        assert!(keys("Proves REQ-28.1 and so on").unwrap().is_err());
        assert_eq!(read("Proves REQ-28.").0, ["REQ-28"]);
    }

    #[test]
    fn a_claim_beyond_the_requirements_is_refused() {
        let known = BTreeMap::from([("REQ-1".to_owned(), 2)]);
        let claim = |key: &str| Claim {
            suite: "a".into(),
            test: "b".into(),
            keys: vec![key.into()],
            needs: None,
            place: "a.rs:1".into(),
        };
        assert!(check(&[claim("REQ-1"), claim("REQ-1.2")], &known).is_ok());
        for wrong in ["REQ-1.3", "REQ-1.0", "REQ-2"] {
            let told = check(&[claim(wrong)], &known).unwrap_err().to_string();
            assert_eq!(told, format!("a.rs:1: there is no {wrong} in docs/requirements"));
        }
    }
}
