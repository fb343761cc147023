//! Lists of requirements with their evidence: what an address asks for, which rows fit, in which order, from where on.

use uuid::Uuid;
use work::{Order, Outcomes, Standing, Tally, Wanted};

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

    /// The same question to the record. `build` is the one with the number asked for.
    pub(super) fn wanted(&self, me: Uuid, build: Option<Uuid>, order: Order) -> Wanted {
        let codes = |words: Vec<&'static str>| words.into_iter().map(str::to_owned).collect();
        Wanted {
            text: self.text.clone(),
            standings: self.states.iter().map(|state| standing(*state)).collect(),
            statuses: codes(self.statuses.iter().map(|one| one.code()).collect()),
            priorities: codes(self.priorities.iter().map(|one| one.code()).collect()),
            owner: self.owners.iter().any(|owner| owner == "me").then_some(me),
            nobodys: self.owners.iter().any(|owner| owner == "nobody"),
            build,
            order,
        }
    }

    /// The filter bar, with how many of all requirements each state has.
    pub(super) fn filters(&self, action: String, tally: &Tally) -> Filters {
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
                several("state", "State", &self.states, |state| Some(tally.standing(standing(state)))),
                several("status", "Status", &self.statuses, |status| Some(tally.status(status.code()))),
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

/// The state as pages show it.
pub(super) fn shown(standing: Standing) -> ProofState {
    match standing {
        Standing::Failing => ProofState::Failing,
        Standing::Gap => ProofState::Gap,
        Standing::Partial => ProofState::Partial,
        Standing::Proven => ProofState::Proven,
    }
}

/// The other way round.
fn standing(state: ProofState) -> Standing {
    match state {
        ProofState::Failing => Standing::Failing,
        ProofState::Gap => Standing::Gap,
        ProofState::Partial => Standing::Partial,
        ProofState::Proven => Standing::Proven,
    }
}

/// Outcomes as a bar shows them.
pub(super) fn counts(outcomes: Outcomes) -> Counts {
    Counts { passed: outcomes.passed, failed: outcomes.failed, errors: outcomes.errors, skipped: outcomes.skipped }
}
