//! Whether a bundle is what was signed, with nothing but the bundle and the public key; and if not, what was altered.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Map, Value};
use vault::{dsse::Envelope, note::Checkpoint, signing::PublicKey};

use super::{
    DATA_FILE, PAGE_FILE, SIGNATURE_FILE, bundle, canonical, page,
    record::{Evidence, FORM},
    statement::{PAYLOAD_TYPE, PREDICATE_TYPE, Part, STATEMENT_TYPE, Statement, parts},
};

/// Findings that are named; more of them say nothing new.
const NAMED: usize = 100;

/// Something that is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alteration {
    /// `altered`, `added`, `removed`, `moved`, `forged` or `unreadable`.
    pub kind: &'static str,
    /// Which file of the bundle.
    pub file: String,
    /// Which part of it, such as `requirements REQ-42`; empty: the file as a whole.
    pub what: String,
    /// What is wrong, in a sentence.
    pub detail: String,
}

/// What came of the check.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verdict {
    /// What the bundle is about, as far as it can be read.
    pub about: Option<String>,
    /// When it was made, and by whom, as far as that can be read.
    pub made: Option<String>,
    /// The public key whose signature it bears; none: of none that is believed.
    pub signed_by: Option<String>,
    /// Records whose digests were compared.
    pub records: usize,
    /// Whether the page was worked out anew from the data and is the same, letter by letter. False: it was made in another form, and
    /// only its digest was compared.
    pub page_is_of_the_data: bool,
    /// Rows of the audit trail under the signed head in the bundle.
    pub trail_rows: Option<i64>,
    /// What is not as it was signed.
    pub alterations: Vec<Alteration>,
}

impl Verdict {
    /// Whether everything is as it was signed.
    pub fn is_sound(&self) -> bool {
        self.alterations.is_empty()
    }

    fn find(&mut self, kind: &'static str, file: &str, what: impl Into<String>, detail: impl Into<String>) {
        let what = what.into();
        if self.alterations.len() < NAMED {
            self.alterations.push(Alteration { kind, file: file.to_owned(), what, detail: detail.into() });
        }
    }
}

/// Checks a bundle with the keys that are believed.
pub fn verify(bundle: &[u8], keys: &[PublicKey]) -> Verdict {
    let mut verdict = Verdict::default();
    let opened = match bundle::open(bundle) {
        Ok(opened) => opened,
        Err(why) => {
            verdict.find("unreadable", "the bundle", "", why);
            return verdict;
        }
    };
    for name in &opened.besides {
        verdict.find("added", name, "", "it is in the archive and is no part of the bundle");
    }
    let statement = signed(&mut verdict, opened.signature.as_deref(), keys);
    let evidence = data(&mut verdict, opened.data.as_deref(), statement.as_ref());
    shown(&mut verdict, opened.page.as_deref(), statement.as_ref(), evidence.as_ref());
    if let Some(evidence) = &evidence {
        trail(&mut verdict, evidence, keys);
    }
    verdict
}

/// The statement, whose signature is looked at. One that nobody believed has signed is read all the same: what differs from it says more.
fn signed(verdict: &mut Verdict, file: Option<&[u8]>, keys: &[PublicKey]) -> Option<Statement> {
    let Some(file) = file else {
        verdict.find("removed", SIGNATURE_FILE, "", "the signature is missing, so nothing here is proven");
        return None;
    };
    let envelope: Envelope = match serde_json::from_slice(file) {
        Ok(envelope) => envelope,
        Err(error) => {
            verdict.find("unreadable", SIGNATURE_FILE, "", format!("it is no signed envelope: {error}"));
            return None;
        }
    };
    let payload = match envelope.open(PAYLOAD_TYPE, keys) {
        Ok((payload, key)) => {
            verdict.signed_by = Some(key.to_string());
            payload
        }
        Err(error) => {
            verdict.find("forged", SIGNATURE_FILE, "the signature", error.to_string());
            envelope.unverified_payload().ok()?
        }
    };
    match serde_json::from_slice::<Statement>(&payload) {
        Ok(statement) if statement.kind == STATEMENT_TYPE && statement.predicate_type == PREDICATE_TYPE => {
            verdict.about = Some(format!("{} of {}", statement.predicate.about.name, statement.predicate.project.name));
            verdict.made = Some(format!("{} by {}", statement.predicate.made.at, statement.predicate.made.by));
            Some(statement)
        }
        Ok(_) => {
            verdict.find("unreadable", SIGNATURE_FILE, "", "what is signed is no evidence of a release");
            None
        }
        Err(error) => {
            verdict.find("unreadable", SIGNATURE_FILE, "", format!("what is signed cannot be read: {error}"));
            None
        }
    }
}

/// The data, compared with their digest; where it differs, part by part and record by record.
fn data(verdict: &mut Verdict, file: Option<&[u8]>, statement: Option<&Statement>) -> Option<Evidence> {
    let Some(file) = file else {
        verdict.find("removed", DATA_FILE, "", "the data are missing");
        return None;
    };
    let value: Value = match serde_json::from_slice(file) {
        Ok(value) => value,
        Err(error) => {
            verdict.find("altered", DATA_FILE, "", format!("it is no JSON any more: {error}"));
            return None;
        }
    };
    let nothing = Map::new();
    let members = value.as_object().unwrap_or(&nothing);
    if let Some(statement) = statement {
        let before = verdict.alterations.len();
        match parts(members) {
            Ok(there) => compare(verdict, &statement.predicate.parts, &there),
            Err(error) => verdict.find("altered", DATA_FILE, "", error.to_string()),
        }
        let is_same = statement.digest_of(DATA_FILE) == Some(canonical::sha256(file).as_str());
        if !is_same && verdict.alterations.len() == before {
            let detail = "its records are those that were signed, and its bytes are not: it was written anew";
            verdict.find("altered", DATA_FILE, "", detail);
        }
    }
    match serde_json::from_value::<Evidence>(value.clone()) {
        Ok(evidence) => {
            if let Some(statement) = statement {
                repeated(verdict, statement, &evidence);
            }
            Some(evidence)
        }
        Err(_) if value["form"] != FORM => None,
        Err(error) => {
            verdict.find("altered", DATA_FILE, "", format!("it cannot be read as evidence: {error}"));
            None
        }
    }
}

fn compare(verdict: &mut Verdict, signed: &BTreeMap<String, Part>, there: &BTreeMap<String, Part>) {
    for (name, part) in signed {
        match (part, there.get(name)) {
            (_, None) => verdict.find("removed", DATA_FILE, name, format!("the part {name} is gone")),
            (Part::Whole(one), Some(Part::Whole(other))) => {
                verdict.records += 1;
                if one != other {
                    verdict.find(
                        "altered",
                        DATA_FILE,
                        name,
                        format!("{name} says something else than what was signed"),
                    );
                }
            }
            (Part::Records(one), Some(Part::Records(other))) => {
                verdict.records += one.len();
                records(verdict, name, one, other);
            }
            _ => verdict.find("altered", DATA_FILE, name, format!("{name} is of another kind than what was signed")),
        }
    }
    for name in there.keys().filter(|name| !signed.contains_key(*name)) {
        verdict.find("added", DATA_FILE, name, format!("the part {name} was not signed"));
    }
}

/// Names which records of a part differ.
fn records(verdict: &mut Verdict, part: &str, signed: &[(String, String)], there: &[(String, String)]) {
    if signed == there {
        return;
    }
    let what = |name: &str| format!("{part} {name}");
    let before = verdict.alterations.len();
    let mut left: HashMap<&str, usize> = HashMap::new();
    for (_, digest) in there {
        *left.entry(digest).or_default() += 1;
    }
    let mut missing: Vec<&str> = Vec::new();
    for (name, digest) in signed {
        match left.get_mut(digest.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push(name),
        }
    }
    for (name, digest) in there.iter().rev() {
        let Some(count) = left.get_mut(digest.as_str()).filter(|count| **count > 0) else { continue };
        *count -= 1;
        match missing.iter().position(|known| known == name) {
            Some(at) => {
                missing.remove(at);
                verdict.find(
                    "altered",
                    DATA_FILE,
                    what(name),
                    format!("{name} says something else than what was signed"),
                );
            }
            None => verdict.find("added", DATA_FILE, what(name), format!("{name} was not there when it was signed")),
        }
    }
    for name in missing {
        verdict.find("removed", DATA_FILE, what(name), format!("{name} was there when it was signed"));
    }
    if verdict.alterations.len() == before {
        verdict.find(
            "moved",
            DATA_FILE,
            part,
            format!("the {part} stand in another order than the one that was signed"),
        );
    }
}

/// What the statement says itself has to be what the data say: whoever reads only the statement must not read something else.
fn repeated(verdict: &mut Verdict, statement: &Statement, evidence: &Evidence) {
    let predicate = &statement.predicate;
    for (name, is_same) in [
        ("about", predicate.about == evidence.about),
        ("made", predicate.made == evidence.made),
        ("organization", predicate.organization == evidence.organization),
        ("project", predicate.project == evidence.project),
        ("form", predicate.form == evidence.form),
    ] {
        if !is_same && !verdict.alterations.iter().any(|known| known.what == name) {
            verdict.find(
                "altered",
                DATA_FILE,
                name,
                format!("{name} differs between the data and the signed statement"),
            );
        }
    }
    let named = |name: &str, algorithm: &str, digest: &str| {
        let mut subjects = statement.subject.iter().filter(|subject| subject.name == name);
        subjects.any(|subject| subject.digest.get(algorithm).is_some_and(|known| known == digest))
    };
    let commit = evidence.build.commit.as_deref().filter(|commit| !named("commit", "gitCommit", commit));
    let made = evidence
        .artifacts
        .iter()
        .find(|artifact| artifact.sha256.as_deref().is_some_and(|digest| !named(&artifact.name, "sha256", digest)));
    let unnamed = commit.map(str::to_owned).or_else(|| made.map(|artifact| artifact.name.clone()));
    if let Some(name) = unnamed.filter(|_| verdict.is_sound()) {
        verdict.find(
            "altered",
            DATA_FILE,
            &name,
            format!("{name} is in the data and not among the subjects that were signed"),
        );
    }
}

/// The page, compared with its digest and with what the data say.
fn shown(verdict: &mut Verdict, file: Option<&[u8]>, statement: Option<&Statement>, evidence: Option<&Evidence>) {
    let Some(file) = file else {
        verdict.find("removed", PAGE_FILE, "", "the page is missing");
        return;
    };
    let is_signed =
        statement.is_none_or(|statement| statement.digest_of(PAGE_FILE) == Some(canonical::sha256(file).as_str()));
    let fresh = evidence.filter(|evidence| evidence.form == FORM).map(page::render);
    let differs = fresh.as_ref().filter(|fresh| fresh.as_bytes() != file).map(|fresh| place(fresh, file));
    verdict.page_is_of_the_data = fresh.is_some() && differs.is_none();
    match (is_signed, differs) {
        (true, None) => {}
        (false, Some((line, detail))) => verdict.find("altered", PAGE_FILE, line, detail),
        (false, None) => verdict.find("altered", PAGE_FILE, "", "the page is not the one that was signed"),
        // It is as it was signed; whether it says what the data say is told by the data only as long as they are whole.
        (true, Some((line, _))) => {
            let are_whole = verdict.alterations.iter().all(|known| known.file != DATA_FILE);
            let is_ours = evidence.is_some_and(|evidence| evidence.made.program == super::program());
            if are_whole && is_ours {
                verdict.find("altered", PAGE_FILE, line, "the page says something else than the data");
            }
        }
    }
}

/// Where two pages part, and what the one that is there says.
fn place(fresh: &str, there: &[u8]) -> (String, String) {
    let there = String::from_utf8_lossy(there);
    let mut lines = there.lines();
    for (at, line) in fresh.lines().enumerate() {
        let found = lines.next();
        if found != Some(line) {
            let found: String =
                found.unwrap_or("nothing").trim().chars().filter(|letter| !letter.is_control()).take(200).collect();
            return (format!("line {}", at + 1), format!("it says `{found}`, which the data do not"));
        }
    }
    ("its end".to_owned(), "it says more than the data".to_owned())
}

/// The head of the audit trail, which the same installation signed.
fn trail(verdict: &mut Verdict, evidence: &Evidence, keys: &[PublicKey]) {
    let Some(trail) = &evidence.trail else { return };
    let origin = crate::sealing::origin(evidence.organization.id);
    let head = keys.iter().find_map(|key| Checkpoint::open(&trail.head, &origin, key).ok());
    match head {
        Some(head) if i64::try_from(head.size).is_ok_and(|size| size == trail.rows) => {
            verdict.trail_rows = Some(trail.rows)
        }
        Some(_) => verdict.find("altered", DATA_FILE, "trail", "the head of the audit trail is one of another size"),
        // Whose signature is missing has been said already.
        None if verdict.signed_by.is_none() => {}
        None => verdict.find(
            "forged",
            DATA_FILE,
            "trail",
            "none of the keys that are believed has signed the head of the audit trail",
        ),
    }
}

/// The files that a bundle names by their digest, each with what it is: artefacts of the build, and the reports behind it.
pub fn files_named(bundle: &[u8]) -> Vec<(String, String)> {
    let data = bundle::open(bundle).ok().and_then(|opened| opened.data);
    let Some(evidence) = data.and_then(|data| serde_json::from_slice::<Evidence>(&data).ok()) else {
        return Vec::new();
    };
    let made = evidence.artifacts.into_iter().map(|one| (one.sha256, format!("the artefact {}", one.name)));
    let sent = evidence.reports.into_iter().map(|one| (one.sha256, format!("the report {}", one.name)));
    made.chain(sent).filter_map(|(digest, what)| Some((digest?, what))).collect()
}
