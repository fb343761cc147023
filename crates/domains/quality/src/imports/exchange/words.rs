//! Their words and ours: states, priorities, severities, kinds and links.

use std::collections::{BTreeMap, BTreeSet};

use formats::exchange::Profile;

/// What a record becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Requirement,
    Defect,
}

impl Target {
    /// The name of its kind in summaries.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Requirement => "requirements",
            Self::Defect => "defects",
        }
    }

    fn statuses(self) -> &'static [&'static str] {
        match self {
            Self::Requirement => &["draft", "approved", "in_progress", "completed", "rejected"],
            Self::Defect => &["open", "assigned", "in_progress", "resolved", "verified", "closed", "wont_fix"],
        }
    }
}

const LEVELS: [&str; 4] = ["critical", "high", "medium", "low"];

/// What a link becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    /// A trace link of this type.
    Trace(&'static str),
    /// The source waits for the target.
    DependsOn,
    /// The target waits for the source.
    Blocks,
    /// Nothing.
    LeftOut,
}

/// A word of a profile that is none of ours.
#[derive(Debug)]
pub(super) struct Unknown(pub(super) String);

/// Words that have no counterpart, each with the number of records.
#[derive(Debug, Default)]
pub(super) struct Missing(BTreeMap<(&'static str, String), u64>);

impl Missing {
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|((what, word), many)| {
            let list = if *what == "status" { "statuses" } else { "priorities or severities" };
            format!("the {what} `{word}` ({many} records) has no counterpart and was left as it is; add it to `{list}` of a profile")
        })
    }
}

/// Without what tools write differently: letters and digits only, lower-case.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a profile says for a word.
fn said<'a>(list: &'a BTreeMap<String, String>, word: &str) -> Option<&'a str> {
    let wanted = plain(word);
    list.get(word)
        .or_else(|| list.iter().find(|(own, _)| plain(own) == wanted).map(|(_, ours)| ours))
        .map(String::as_str)
}

/// Checks that a profile maps to words of ours. Says what is wrong with the first one that is not.
pub(super) fn check(profile: &Profile) -> Result<(), Unknown> {
    let statuses: BTreeSet<&str> =
        Target::Requirement.statuses().iter().chain(Target::Defect.statuses()).copied().collect();
    let levels: BTreeSet<&str> = LEVELS.into_iter().collect();
    let links: BTreeSet<&str> = [
        "satisfies",
        "implements",
        "verifies",
        "affects",
        "mitigates",
        "derives_from",
        "depends_on",
        "blocks",
        "left_out",
    ]
    .into_iter()
    .collect();
    let lists = [
        ("statuses", &profile.statuses, &statuses),
        ("priorities", &profile.priorities, &levels),
        ("severities", &profile.severities, &levels),
        ("links", &profile.links, &links),
    ];
    for (name, list, ours) in lists {
        if let Some((word, wrong)) = list.iter().find(|(_, to)| !ours.contains(to.as_str())) {
            let all: Vec<&str> = ours.iter().copied().collect();
            return Err(Unknown(format!("{name}: `{word}` means `{wrong}`, which is none of {}", all.join(", "))));
        }
    }
    Ok(())
}

/// Words to words, through a profile.
pub(super) struct Words<'a> {
    pub(super) profile: &'a Profile,
    pub(super) missing: Missing,
}

impl Words<'_> {
    pub(super) fn status(&mut self, target: Target, word: Option<&str>) -> Option<&'static str> {
        let word = word?;
        let ours = said(&self.profile.statuses, word)
            .and_then(|ours| target.statuses().iter().find(|own| **own == ours).copied());
        let found = ours.or_else(|| match target {
            Target::Requirement => requirement_status(&plain(word)),
            Target::Defect => defect_status(&plain(word)),
        });
        self.note("status", word, found)
    }

    pub(super) fn priority(&mut self, word: Option<&str>) -> Option<&'static str> {
        let word = word?;
        let ours =
            said(&self.profile.priorities, word).and_then(|ours| LEVELS.iter().find(|own| **own == ours).copied());
        let found = ours.or_else(|| level(&plain(word)));
        self.note("priority", word, found)
    }

    pub(super) fn severity(&mut self, word: Option<&str>) -> Option<&'static str> {
        let word = word?;
        let ours =
            said(&self.profile.severities, word).and_then(|ours| LEVELS.iter().find(|own| **own == ours).copied());
        let found = ours.or_else(|| level(&plain(word)));
        self.note("severity", word, found)
    }

    fn note(&mut self, what: &'static str, word: &str, found: Option<&'static str>) -> Option<&'static str> {
        if found.is_none() && !word.trim().is_empty() {
            let word: String = word.chars().take(60).collect();
            if self.missing.0.len() < 50 || self.missing.0.contains_key(&(what, word.clone())) {
                *self.missing.0.entry((what, word)).or_default() += 1;
            }
        }
        found
    }

    /// What a link of this name becomes between records of these kinds.
    pub(super) fn link(&self, kind: &str, source: Target, target: Target) -> Linked {
        let own = said(&self.profile.links, kind).map_or_else(|| plain(kind), plain);
        let found = match own.as_str() {
            "leftout" | "back" => return Linked::LeftOut,
            "satisfies" | "satisfy" | "satisfiedby" | "fulfills" => Linked::Trace("satisfies"),
            "implements" | "implementation" => Linked::Trace("implements"),
            "verifies" | "verify" | "tests" | "test" | "validates" => Linked::Trace("verifies"),
            "mitigates" => Linked::Trace("mitigates"),
            "affects" | "relates" | "relatesto" | "relate" | "duplicate" | "duplicates" | "cloners" | "copiedto"
            | "related" => Linked::Trace("affects"),
            "dependson" | "depends" | "requires" | "follows" | "isblockedby" | "blockedby" => Linked::DependsOn,
            "blocks" | "blocker" | "precedes" => Linked::Blocks,
            "derivesfrom" | "derive" | "derivereq" | "parent" | "refines" | "links" | "parentneeds" => {
                Linked::Trace("derives_from")
            }
            _ if source == Target::Defect => Linked::Trace("affects"),
            _ => Linked::Trace("derives_from"),
        };
        fitting(found, source, target)
    }
}

/// What may join two records of these kinds and is nearest to what was found; see `reference.trace_link_pairs`.
fn fitting(found: Linked, source: Target, target: Target) -> Linked {
    match (source, target, found) {
        // Only requirements wait for each other.
        (Target::Requirement, Target::Requirement, Linked::Trace("implements" | "verifies")) => {
            Linked::Trace("satisfies")
        }
        (Target::Requirement, Target::Requirement, Linked::Trace("mitigates")) => Linked::Trace("affects"),
        (Target::Requirement, Target::Requirement, other) => other,
        (_, _, Linked::LeftOut) => Linked::LeftOut,
        (Target::Requirement, Target::Defect, Linked::Trace("derives_from")) => Linked::Trace("derives_from"),
        (Target::Requirement, Target::Defect, _) => Linked::Trace("mitigates"),
        (Target::Defect, Target::Defect, Linked::Trace("derives_from")) => Linked::Trace("derives_from"),
        (Target::Defect, ..) => Linked::Trace("affects"),
    }
}

fn requirement_status(word: &str) -> Option<&'static str> {
    Some(match word {
        "draft" | "proposed" | "new" | "open" | "opened" | "todo" | "backlog" | "inreview" | "review" | "reviewed"
        | "submitted" | "tbd" | "inanalysis" | "analysis" | "reopened" | "unconfirmed" => "draft",
        "approved" | "accepted" | "agreed" | "active" | "baselined" | "released" | "confirmed" | "ready"
        | "planned" => "approved",
        "inprogress" | "started" | "indevelopment" | "underdevelopment" | "assigned" | "ongoing" => "in_progress",
        "completed" | "complete" | "done" | "implemented" | "verified" | "closed" | "resolved" | "finished"
        | "satisfied" | "tested" => "completed",
        "rejected" | "withdrawn" | "obsolete" | "deleted" | "deprecated" | "descoped" | "wontfix" | "wontdo"
        | "notplanned" | "duplicate" | "invalid" | "cancelled" | "canceled" => "rejected",
        _ => return None,
    })
}

fn defect_status(word: &str) -> Option<&'static str> {
    Some(match word {
        "open"
        | "opened"
        | "new"
        | "todo"
        | "backlog"
        | "reopened"
        | "unconfirmed"
        | "confirmed"
        | "needsinfo"
        | "feedback"
        | "ready"
        | "selectedfordevelopment"
        | "triage" => "open",
        "assigned" => "assigned",
        "inprogress" | "started" | "inreview" | "review" | "codereview" | "indevelopment" | "patchavailable"
        | "ongoing" => "in_progress",
        "resolved" | "done" | "fixed" | "completed" | "complete" | "implemented" => "resolved",
        "verified" | "tested" => "verified",
        "closed" => "closed",
        "wontfix" | "wontdo" | "rejected" | "notplanned" | "duplicate" | "invalid" | "worksforme" | "incomplete"
        | "cancelled" | "canceled" | "notabug" | "moved" | "expired" => "wont_fix",
        _ => return None,
    })
}

/// How urgent or bad, in the words of several tools.
fn level(word: &str) -> Option<&'static str> {
    Some(match word {
        "critical" | "highest" | "blocker" | "must" | "musthave" | "urgent" | "immediate" | "p0" | "p1" | "s1"
        | "1" | "showstopper" | "essential" => "critical",
        "high" | "major" | "should" | "shouldhave" | "p2" | "s2" | "2" | "important" => "high",
        "medium" | "normal" | "moderate" | "could" | "couldhave" | "p3" | "s3" | "3" | "average" => "medium",
        "low" | "lowest" | "minor" | "trivial" | "enhancement" | "p4" | "p5" | "s4" | "4" | "5" | "wont"
        | "optional" | "nicetohave" | "small" => "low",
        _ => return None,
    })
}

/// What kind of defect an issue is.
pub(super) fn defect_type(kind: Option<&str>) -> &'static str {
    match plain(kind.unwrap_or("bug")).as_str() {
        "task" | "subtask" | "technicaltask" | "todo" | "spike" | "support" | "question" | "incident" => "task",
        "documentation" | "docs" => "documentation",
        "enhancement" | "feature" | "newfeature" | "featurerequest" | "improvement" | "story" | "userstory"
        | "epic" | "wish" | "requirement" => "enhancement",
        _ => "bug",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_and_a_profile_overrules_them() {
        let profile: Profile = serde_json::from_str(
            r#"{"statuses":{"Ready for QA":"in_progress"},"priorities":{"P0":"low"},"links":{"Cloners":"left_out"}}"#,
        )
        .expect("a profile");
        assert!(check(&profile).is_ok());
        let mut words = Words { profile: &profile, missing: Missing::default() };
        assert_eq!(words.status(Target::Defect, Some("ready for qa")), Some("in_progress"));
        assert_eq!(words.status(Target::Requirement, Some("In Review")), Some("draft"));
        assert_eq!((words.priority(Some("p0")), words.severity(Some("Blocker"))), (Some("low"), Some("critical")));
        assert_eq!(words.status(Target::Defect, Some("Zombie")), None);
        assert_eq!(words.missing.warnings().count(), 1);
        assert_eq!(words.link("Cloners", Target::Defect, Target::Defect), Linked::LeftOut);
        assert_eq!(words.link("Blocks", Target::Requirement, Target::Requirement), Linked::Blocks);
        assert_eq!(words.link("Blocks", Target::Defect, Target::Defect), Linked::Trace("affects"));
        assert_eq!(words.link("parent", Target::Defect, Target::Requirement), Linked::Trace("affects"));
        assert_eq!(words.link("verifies", Target::Requirement, Target::Requirement), Linked::Trace("satisfies"));
    }

    #[test]
    fn a_profile_that_means_nothing_of_ours_is_told() {
        let profile: Profile = serde_json::from_str(r#"{"statuses":{"Open":"opne"}}"#).expect("a profile");
        assert!(check(&profile).expect_err("refused").0.contains("`opne`"));
    }
}
