//! Lists of requirements with their evidence: what an address asks for, which rows fit, in which order, from where on.

use uuid::Uuid;
use work::{Outcomes, Proof, Standing};

use super::form::Fields;
use crate::{
    components::{Choice, ChoiceOption, Counts, Filters},
    state::{Level, ProofState, RequirementStatus, Shown},
};

/// The longest text that is looked for, in characters.
const TEXT: usize = 200;

/// What the address of a list asks for. Words that are not known are left out, so that an old address still works.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    pub(super) text: String,
    pub(super) states: Vec<ProofState>,
    pub(super) statuses: Vec<RequirementStatus>,
    pub(super) priorities: Vec<Level>,
    /// `me` or `nobody`.
    pub(super) owners: Vec<String>,
    pub(super) sort: String,
    pub(super) build: Option<i32>,
    /// The key after which the page begins.
    pub(super) after: String,
}

fn codes<S: Shown>(fields: &Fields, name: &'static str) -> Vec<S> {
    fields.all(name).filter_map(S::from_code).collect()
}

impl Ask {
    /// Reads a query.
    pub(super) fn parse(query: Option<&str>) -> Self {
        let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
        Self {
            text: fields.text("q").chars().filter(|c| !c.is_control()).take(TEXT).collect(),
            states: codes(&fields, "state"),
            statuses: codes(&fields, "status"),
            priorities: codes(&fields, "priority"),
            owners: fields.all("owner").filter(|owner| matches!(*owner, "me" | "nobody")).map(str::to_owned).collect(),
            sort: fields.text("sort").to_owned(),
            build: fields.text("build").parse().ok(),
            after: fields.text("after").to_owned(),
        }
    }

    /// The same question at `path`, with another order or beginning.
    pub(super) fn href(&self, path: &str, sort: &str, after: Option<&str>) -> String {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        if !self.text.is_empty() {
            pairs.push(("q", &self.text));
        }
        pairs.extend(self.states.iter().map(|one| ("state", one.code())));
        pairs.extend(self.statuses.iter().map(|one| ("status", one.code())));
        pairs.extend(self.priorities.iter().map(|one| ("priority", one.code())));
        pairs.extend(self.owners.iter().map(|one| ("owner", one.as_str())));
        let build = self.build.map(|number| number.to_string());
        if let Some(build) = &build {
            pairs.push(("build", build));
        }
        if !sort.is_empty() {
            pairs.push(("sort", sort));
        }
        if let Some(after) = after {
            pairs.push(("after", after));
        }
        match serde_urlencoded::to_string(&pairs) {
            Ok(query) if !query.is_empty() => format!("{path}?{query}"),
            _ => path.to_owned(),
        }
    }

    /// Whether a requirement fits. Rejected ones are shown only to those who ask for them.
    pub(super) fn fits(&self, proof: &Proof, me: Uuid) -> bool {
        let status = RequirementStatus::from_code(&proof.status);
        let standing = shown(proof.evidence.standing());
        proof.matches
            && (self.states.is_empty() || self.states.contains(&standing))
            && match status {
                Some(status) if !self.statuses.is_empty() => self.statuses.contains(&status),
                status => status != Some(RequirementStatus::Rejected),
            }
            && (self.priorities.is_empty()
                || Level::from_code(&proof.priority).is_some_and(|level| self.priorities.contains(&level)))
            && (self.owners.is_empty()
                || self.owners.iter().any(|owner| match owner.as_str() {
                    "me" => proof.owner == Some(me),
                    _ => proof.owner.is_none(),
                }))
    }

    /// The filter bar, with how many of `all` each state has.
    pub(super) fn filters(&self, action: String, all: &[Proof]) -> Filters {
        let wanted: Vec<&Proof> = all.iter().filter(|proof| proof.status != "rejected").collect();
        let count = |standing: ProofState| {
            i64::try_from(wanted.iter().filter(|proof| shown(proof.evidence.standing()) == standing).count()).ok()
        };
        let owners = [("me", "Me"), ("nobody", "Nobody")].map(|(value, label)| ChoiceOption {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: self.owners.iter().any(|owner| owner == value),
            count: None,
        });
        Filters {
            action,
            text: Some(self.text.clone()),
            choices: vec![
                several("state", "State", &self.states, count),
                several("status", "Status", &self.statuses, |status| {
                    i64::try_from(all.iter().filter(|proof| proof.status == status.code()).count()).ok()
                }),
                several("priority", "Priority", &self.priorities, |_| None),
                Choice { name: "owner".to_owned(), label: "Owner".to_owned(), many: true, options: owners.to_vec() },
            ],
            carry: Vec::new(),
        }
    }
}

fn several<S: Shown + PartialEq>(name: &str, label: &str, chosen: &[S], count: impl Fn(S) -> Option<i64>) -> Choice {
    let options = S::ALL.iter().map(|one| ChoiceOption {
        value: one.code().to_owned(),
        label: one.word().to_owned(),
        chosen: chosen.contains(one),
        count: count(*one),
    });
    Choice { name: name.to_owned(), label: label.to_owned(), many: true, options: options.collect() }
}

/// A choice of exactly one of several words.
pub(super) fn one_of(name: &str, label: &str, options: &[(String, String)], chosen: &str) -> Choice {
    let option = |(value, label): &(String, String)| ChoiceOption {
        value: value.clone(),
        label: label.clone(),
        chosen: value == chosen,
        count: None,
    };
    Choice {
        name: name.to_owned(),
        label: label.to_owned(),
        many: false,
        options: options.iter().map(option).collect(),
    }
}

/// One page of an ordered list: the rows after the one with the key `after`, and the key the next page begins after.
pub(super) fn page_of<'a>(sorted: &'a [&'a Proof], after: &str, most: usize) -> (&'a [&'a Proof], Option<&'a str>) {
    let start = sorted.iter().position(|proof| proof.key == after).map_or(0, |at| at + 1);
    let rest = &sorted[start..];
    let page = &rest[..rest.len().min(most)];
    let next = (rest.len() > most).then(|| page.last().map(|proof| proof.key.as_str())).flatten();
    (page, next)
}

/// The state as pages show it.
pub(super) fn shown(standing: Standing) -> ProofState {
    match standing {
        Standing::Failing => ProofState::Failing,
        Standing::Gap => ProofState::Gap,
        Standing::Partial => ProofState::Partial,
        Standing::Proven => ProofState::Proven,
    }
}

/// Outcomes as a bar shows them.
pub(super) fn counts(outcomes: Outcomes) -> Counts {
    Counts { passed: outcomes.passed, failed: outcomes.failed, errors: outcomes.errors, skipped: outcomes.skipped }
}
