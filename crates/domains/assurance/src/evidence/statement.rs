//! What is signed: an in-toto statement (<https://github.com/in-toto/attestation>, v1) that names the files of the bundle and what the
//! build made by their digests, and every record of the data by its own, so that an altered one can be named.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    canonical::{self, CanonicalError},
    record::{About, Evidence, Made, Named, ProjectName},
};

/// The media type of what is signed, as in-toto defines it.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// What kind of statement it is.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// What kind of thing it says about its subjects.
pub const PREDICATE_TYPE: &str = "urn:throughline:release-evidence:v1";

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about: the files of the bundle, the commit and what the build made.
    pub subject: Vec<Subject>,
    /// [`PREDICATE_TYPE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What it says.
    pub predicate: Predicate,
}

/// Something with a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Its digests, by algorithm.
    pub digest: BTreeMap<String, String>,
}

/// What the statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicate {
    /// The form of the data.
    pub form: u32,
    /// What the bundle was made for.
    pub about: About,
    /// When, by whom and with what.
    pub made: Made,
    /// The organisation.
    pub organization: Named,
    /// The project.
    pub project: ProjectName,
    /// The digests of the data, part by part.
    pub parts: BTreeMap<String, Part>,
}

/// The digests of one part of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// Of the part as a whole: SHA-256 of its canonical bytes.
    Whole(String),
    /// Of each of its records, in their order: what it is called, and SHA-256 of its canonical bytes.
    Records(Vec<(String, String)>),
}

/// What a record is called.
fn called(record: &Value) -> String {
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    text("key").or_else(|| text("name")).unwrap_or_default().to_owned()
}

/// The digests of data, part by part.
///
/// # Errors
/// When they have no canonical form.
pub fn parts(data: &Map<String, Value>) -> Result<BTreeMap<String, Part>, CanonicalError> {
    let mut parts = BTreeMap::new();
    for (name, value) in data {
        let part = match value {
            Value::Array(records) => {
                let digest =
                    |record| Ok::<_, CanonicalError>((called(record), canonical::sha256(&canonical::bytes(record)?)));
                Part::Records(records.iter().map(digest).collect::<Result<_, _>>()?)
            }
            whole => Part::Whole(canonical::sha256(&canonical::bytes(whole)?)),
        };
        parts.insert(name.clone(), part);
    }
    Ok(parts)
}

fn subject(name: &str, algorithm: &str, digest: &str) -> Subject {
    Subject { name: name.to_owned(), digest: BTreeMap::from([(algorithm.to_owned(), digest.to_owned())]) }
}

impl Statement {
    /// The statement about `evidence`, whose data and page have these bytes.
    ///
    /// # Errors
    /// When the data have no canonical form.
    pub fn about(evidence: &Evidence, data: &[u8], page: &[u8]) -> Result<Self, CanonicalError> {
        let value: Value = serde_json::from_slice(data)?;
        let mut all = vec![
            subject(super::DATA_FILE, "sha256", &canonical::sha256(data)),
            subject(super::PAGE_FILE, "sha256", &canonical::sha256(page)),
        ];
        if let Some(commit) = &evidence.build.commit {
            // A hash of 64 digits is one of a repository that uses SHA-256; in-toto calls both the same.
            all.push(subject("commit", "gitCommit", commit));
        }
        for artifact in &evidence.artifacts {
            if let Some(digest) = &artifact.sha256 {
                all.push(subject(&artifact.name, "sha256", digest));
            }
        }
        let predicate = Predicate {
            form: evidence.form,
            about: evidence.about.clone(),
            made: evidence.made.clone(),
            organization: evidence.organization.clone(),
            project: evidence.project.clone(),
            parts: parts(value.as_object().unwrap_or(&Map::new()))?,
        };
        Ok(Self { kind: STATEMENT_TYPE.into(), subject: all, predicate_type: PREDICATE_TYPE.into(), predicate })
    }

    /// The digest of a file of the bundle.
    pub fn digest_of(&self, file: &str) -> Option<&str> {
        let found = self.subject.iter().find(|subject| subject.name == file)?;
        found.digest.get("sha256").map(String::as_str)
    }
}
