//! How the words of another tool become ours: which column or attribute says what, which states, priorities, kinds and links mean
//! which of ours. A profile says only what differs from what would be guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The profile of a tool or a team. Everything may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// What columns or attributes are taken for, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Field>,
    /// What becomes of kinds of records: `record`, `requirement`, `defect`, `heading` or `left_out`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, Treatment>,
    /// Our state for theirs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<String, String>,
    /// Our priority for theirs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub priorities: BTreeMap<String, String>,
    /// Our severity for theirs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub severities: BTreeMap<String, String>,
    /// Our type of link for theirs: one of ours, `depends_on`, or `left_out`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, String>,
    /// The sheet of a workbook. The first that holds something when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

/// What becomes of records of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// They come in as what the others become.
    Record,
    /// They become requirements.
    Requirement,
    /// They become defects.
    Defect,
    /// They only structure the others.
    Heading,
    /// They are not wanted.
    LeftOut,
}

/// What a column or an attribute says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// What the record is identified by.
    Identifier,
    /// What people call it.
    Key,
    /// It in one line.
    Title,
    /// It in full.
    Text,
    /// Its kind.
    Kind,
    /// Where it stands.
    Status,
    /// How urgent it is.
    Priority,
    /// How bad it is.
    Severity,
    /// The record above it.
    Parent,
    /// How deep it stands, from 1; the record above it is the last one less deep.
    Level,
    /// Who sees to it.
    Owner,
    /// Who reported it.
    Reporter,
    /// Its labels.
    Tags,
    /// Acceptance criteria, one a line.
    Criteria,
    /// Where it can be seen.
    Url,
    /// The last day that is on time.
    Due,
    /// Other records it leads to, by this type of link.
    Link(String),
    /// Nothing of ours; it is kept as it is.
    Keep,
    /// Nothing; it is left out.
    Ignore,
}

/// Names of fields without a parameter.
const NAMES: [(&str, Field); 18] = [
    ("identifier", Field::Identifier),
    ("key", Field::Key),
    ("title", Field::Title),
    ("text", Field::Text),
    ("kind", Field::Kind),
    ("status", Field::Status),
    ("priority", Field::Priority),
    ("severity", Field::Severity),
    ("parent", Field::Parent),
    ("level", Field::Level),
    ("owner", Field::Owner),
    ("reporter", Field::Reporter),
    ("tags", Field::Tags),
    ("criteria", Field::Criteria),
    ("url", Field::Url),
    ("due", Field::Due),
    ("keep", Field::Keep),
    ("ignore", Field::Ignore),
];

impl Field {
    /// By its name; `link:` and a word is a link of that type.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if let Some(kind) = name.strip_prefix("link:") {
            let kind = kind.trim();
            return (!kind.is_empty()).then(|| Self::Link(kind.to_owned()));
        }
        NAMES.iter().find(|(own, _)| *own == name).map(|(_, field)| field.clone())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Link(kind) => format!("link:{kind}"),
            other => NAMES.iter().find(|(_, field)| field == other).map_or("keep", |(name, _)| name).to_owned(),
        }
    }

    /// The names there are, for people to choose from.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(name.trim()).ok_or_else(|| {
            let all: Vec<&str> = Self::names().collect();
            serde::de::Error::custom(format!(
                "`{name}` is not a field; write one of {} or link: and a type of link",
                all.join(", ")
            ))
        })
    }
}

/// A name without what tools write differently: letters and digits only, lower-case.
#[must_use]
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Profile {
    /// What a column or attribute is taken for: what the profile says, else what its name suggests.
    #[must_use]
    pub fn field(&self, name: &str) -> Field {
        let wanted = plain(name);
        self.columns
            .iter()
            .find(|(own, _)| own.as_str() == name || plain(own) == wanted)
            .map_or_else(|| guess(name), |(_, field)| field.clone())
    }

    /// Whether the profile itself says what a column is.
    #[must_use]
    pub fn says(&self, name: &str) -> bool {
        let wanted = plain(name);
        self.columns.keys().any(|own| own == name || plain(own) == wanted)
    }

    /// What becomes of records of a kind, when the profile says so.
    #[must_use]
    pub fn treatment(&self, kind: &str) -> Option<Treatment> {
        looked_up(&self.kinds, kind).copied()
    }
}

/// Looks a word up without regard to case, blanks and signs.
pub(crate) fn looked_up<'a, T>(words: &'a BTreeMap<String, T>, word: &str) -> Option<&'a T> {
    let wanted = plain(word);
    words.get(word).or_else(|| words.iter().find(|(own, _)| plain(own) == wanted).map(|(_, value)| value))
}

/// What the name of a column or attribute suggests. Names of spreadsheets, trackers and modelling tools.
fn guess(name: &str) -> Field {
    let name = plain(name);
    let name = name.strip_prefix("reqif").unwrap_or(&name);
    // Without a definition of its own, an attribute of DOORS is known by the end of its identifier.
    let ends = |end: &str| name.len() > end.len() + 20 && name.ends_with(end);
    match name {
        "id" | "identifier" | "uid" | "guid" | "reqid" | "requirementid" | "externalid" | "foreignid" | "reqno"
        | "number" | "nr" | "no" | "shortcode" | "objectidentifier" | "issueid" | "bugid" | "iid" => Field::Identifier,
        "key" | "issuekey" | "reqkey" => Field::Key,
        "title" | "name" | "summary" | "subject" | "heading" | "chaptername" | "objectheading" | "shorttext"
        | "caption" | "shortdesc" | "headline" => Field::Title,
        "text"
        | "desc"
        | "description"
        | "statement"
        | "requirement"
        | "requirementtext"
        | "requirementdescription"
        | "objecttext"
        | "primarytext"
        | "body"
        | "content"
        | "details"
        | "shalltext"
        | "longtext" => Field::Text,
        "type" | "kind" | "category" | "issuetype" | "tracker" | "requirementtype" | "workitemtype" => Field::Kind,
        "status" | "state" | "foreignstate" | "workflowstate" | "lifecycle" => Field::Status,
        "priority" | "prio" | "importance" | "moscow" => Field::Priority,
        "severity" | "bugseverity" | "criticality" => Field::Severity,
        "parent" | "parentid" | "parentuid" | "parentkey" | "parentissue" | "parentrequirement" | "parentreq" => {
            Field::Parent
        }
        "level" | "depth" | "outlinelevel" | "indent" => Field::Level,
        "owner" | "assignee" | "assignedto" | "responsible" | "assignedtoname" => Field::Owner,
        "reporter" | "author" | "createdby" | "creator" | "openedby" => Field::Reporter,
        "tags" | "labels" | "label" | "keywords" | "components" => Field::Tags,
        "acceptancecriteria" | "criteria" | "acceptancecriterion" => Field::Criteria,
        "url" | "link" | "href" | "weburl" => Field::Url,
        "due" | "duedate" | "targetdate" | "deadline" => Field::Due,
        "dependson" | "dependencies" | "dependency" | "blockedby" => Field::Link("depends_on".to_owned()),
        "satisfies" | "traceto" | "tracesto" | "upstream" | "refines" => Field::Link(name.to_owned()),
        "derivesfrom" | "derivedfrom" => Field::Link("derives_from".to_owned()),
        "verifies" | "implements" | "mitigates" => Field::Link(name.to_owned()),
        _ if name.starts_with("criticality") => Field::Severity,
        _ if ends("objecttext") => Field::Text,
        _ if ends("objectheading") => Field::Title,
        _ => Field::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_suggest_fields_and_a_profile_overrules_them() {
        let profile: Profile = serde_json::from_str(
            r#"{"columns":{"Requirement":"title","Note":"link:satisfies"},"kinds":{"Info":"heading"}}"#,
        )
        .expect("a profile");
        assert_eq!(profile.field("requirement"), Field::Title);
        assert_eq!(profile.field("Note"), Field::Link("satisfies".into()));
        assert_eq!(profile.field("ReqIF.Text"), Field::Text);
        assert_eq!(profile.field("ReqIF.ForeignID"), Field::Identifier);
        assert_eq!(profile.field("_d1cbf7fe-5d6f-4d0a-b14a-c83e3b64477e_OBJECTTEXT"), Field::Text);
        assert_eq!(profile.field("Anything else"), Field::Keep);
        assert_eq!(profile.treatment("info"), Some(Treatment::Heading));
    }

    #[test]
    fn a_field_that_does_not_exist_is_told_with_those_that_do() {
        let error = serde_json::from_str::<Profile>(r#"{"columns":{"a":"nothing"}}"#).expect_err("refused").to_string();
        assert!(error.contains("`nothing` is not a field") && error.contains("identifier"), "{error}");
        for (name, field) in NAMES {
            assert_eq!((Field::named(name), field.name()), (Some(field.clone()), name.to_owned()));
        }
    }
}
