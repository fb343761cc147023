//! The rules that there are: what each watches for, by which query, and how it speaks of what it found.

use kernel::{Resource, Verb};

/// The rules of an organisation. Which there are is fixed; their figures are rows that owners change.
pub static DETECTION_RULES: Resource =
    Resource::new("detection-rules", "security.detection_rules", "detection_rule", "key")
        .writable(&["threshold", "window_minutes", "severity", "opens_incident", "notifies", "is_enabled"])
        .sorted_by("key")
        .verbs(&[Verb::List, Verb::Read, Verb::Update]);

/// A rule that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One account whose sign-ins fail.
    FailedSignIns,
    /// One address whose sign-ins fail at several accounts.
    Spraying,
    /// A sign-in from elsewhere, or with another program, after long absence.
    UnusualSession,
    /// Many open sessions of one member.
    ManySessions,
    /// The rights of an owner or administrator, given.
    PrivilegeGranted,
    /// A token that may do everything.
    WideToken,
    /// Many files taken out.
    ExportedFiles,
    /// Many rows taken out as files.
    ExportedRows,
    /// A trail that is not what was sealed. Not found by a query: by examining it.
    TrailTampered,
}

/// What the threshold of a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Refused sign-ins.
    Failures,
    /// Accounts.
    Accounts,
    /// Days of absence.
    Days,
    /// Sessions.
    Sessions,
    /// Roles given.
    Grants,
    /// Tokens.
    Tokens,
    /// Rows.
    Rows,
    /// Files.
    Files,
    /// What an examination of the trail found.
    Findings,
}

impl Unit {
    /// The unit in words, for more than one.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Accounts => "accounts",
            Self::Days => "days of absence",
            Self::Sessions => "sessions",
            Self::Grants => "grants",
            Self::Tokens => "tokens",
            Self::Rows => "rows",
            Self::Files => "files",
            Self::Findings => "findings",
        }
    }
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 9] = [
        Self::FailedSignIns,
        Self::Spraying,
        Self::UnusualSession,
        Self::ManySessions,
        Self::PrivilegeGranted,
        Self::WideToken,
        Self::ExportedFiles,
        Self::ExportedRows,
        Self::TrailTampered,
    ];

    /// Its key, which is also the type of the events it makes.
    pub const fn key(self) -> &'static str {
        match self {
            Self::FailedSignIns => "sign_in.failed",
            Self::Spraying => "sign_in.spraying",
            Self::UnusualSession => "session.unusual",
            Self::ManySessions => "session.many",
            Self::PrivilegeGranted => "privilege.granted",
            Self::WideToken => "token.wide",
            Self::ExportedRows => "export.rows",
            Self::ExportedFiles => "export.files",
            Self::TrailTampered => "trail.tampered",
        }
    }

    /// The rule of a key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.key() == key)
    }

    /// What it watches for, as a heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FailedSignIns => "Repeated failed sign-ins",
            Self::Spraying => "One address at many accounts",
            Self::UnusualSession => "Unusual sign-in",
            Self::ManySessions => "Many sessions at once",
            Self::PrivilegeGranted => "Strong role given",
            Self::WideToken => "Token that may do everything",
            Self::ExportedRows => "Many rows exported",
            Self::ExportedFiles => "Many files exported",
            Self::TrailTampered => "Audit trail tampered with",
        }
    }

    /// When it makes an event, in a sentence that leaves the figures open.
    pub const fn watches(self) -> &'static str {
        match self {
            Self::FailedSignIns => {
                "The sign-ins of one account are refused as often as the threshold says, within the window."
            }
            Self::Spraying => {
                "The sign-ins from one address are refused at as many accounts as the threshold says, within the window."
            }
            Self::UnusualSession => {
                "A member who did nothing for as many days as the threshold says signs in from a network or with a program that is unknown of \
                 them; known is what the window reaches back to."
            }
            Self::ManySessions => {
                "A member who began a session within the window has as many open ones as the threshold says."
            }
            Self::PrivilegeGranted => {
                "A member is given the role owner or administrator, or one below these, as often as the threshold says, within the window."
            }
            Self::WideToken => {
                "A member makes as many API tokens without any limit to their scope as the threshold says, within the window."
            }
            Self::ExportedRows => "A member takes out as many rows as the threshold says, within the window.",
            Self::ExportedFiles => "A member takes out as many files as the threshold says, within the window.",
            Self::TrailTampered => {
                "An examination of the whole trail, one in every window, finds as much as the threshold says that is not what was sealed."
            }
        }
    }

    /// What its threshold counts.
    pub const fn unit(self) -> Unit {
        match self {
            Self::FailedSignIns => Unit::Failures,
            Self::Spraying => Unit::Accounts,
            Self::UnusualSession => Unit::Days,
            Self::ManySessions => Unit::Sessions,
            Self::PrivilegeGranted => Unit::Grants,
            Self::WideToken => Unit::Tokens,
            Self::ExportedRows => Unit::Rows,
            Self::ExportedFiles => Unit::Files,
            Self::TrailTampered => Unit::Findings,
        }
    }

    /// Its query. `None`: it is not found by one.
    pub(super) fn query(self) -> Option<String> {
        const FOUND: &str = include_str!("../../sql/detection/found.sql");
        const EACH: &str = "count(*)";
        const ACCOUNTS: &str = "count(distinct h.target_id)";
        const WEIGHT: &str = "sum(h.weight)";
        let (hits, measure) = match self {
            Self::FailedSignIns => (include_str!("../../sql/detection/failed.sql").to_owned(), EACH),
            Self::Spraying => (include_str!("../../sql/detection/spraying.sql").to_owned(), ACCOUNTS),
            Self::UnusualSession => (include_str!("../../sql/detection/unusual.sql").to_owned(), EACH),
            Self::ManySessions => (include_str!("../../sql/detection/sessions.sql").to_owned(), EACH),
            Self::PrivilegeGranted => (include_str!("../../sql/detection/privilege.sql").to_owned(), EACH),
            Self::WideToken => (include_str!("../../sql/detection/token.sql").to_owned(), EACH),
            Self::ExportedRows => (include_str!("../../sql/detection/exported_rows.sql").to_owned(), WEIGHT),
            Self::ExportedFiles => (include_str!("../../sql/detection/exports.sql").to_owned(), EACH),
            Self::TrailTampered => return None,
        };
        Some(FOUND.replace("{hits}", &hits).replace("{measure}", measure))
    }

    /// How much there has to be of what its query counts: the threshold, save where that is about something else.
    pub(super) const fn least(self, threshold: i64) -> i64 {
        match self {
            Self::UnusualSession => 1,
            _ => threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_key_of_its_own_and_is_found_by_it() {
        for rule in Rule::ALL {
            assert_eq!(Rule::of(rule.key()), Some(rule));
        }
        assert_eq!(Rule::of("sign_in"), None);
    }
}
