//! States and the one way each is shown: a shape, a colour and a word.
//!
//! The codes are the words of the database's check constraints and of the filters in URLs.

use maud::{Markup, html};

/// The six ways a state can look. Shape and colour change together, so neither carries the meaning alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A filled green circle: it holds.
    Good,
    /// A red square: it does not hold, somebody should act.
    Bad,
    /// An amber triangle: look at this.
    Warn,
    /// A half-filled blue circle: under way.
    Active,
    /// A grey ring: not begun, or nothing to report.
    Idle,
    /// A dashed ring: something that ought to be here is missing.
    Gap,
}

impl Tone {
    /// Every tone, for the design page.
    pub const ALL: &'static [Self] = &[Self::Good, Self::Bad, Self::Warn, Self::Active, Self::Idle, Self::Gap];

    /// The class that gives it its colour.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Active => "active",
            Self::Idle => "idle",
            Self::Gap => "gap",
        }
    }
}

/// A closed list of states that can be stored, filtered by and shown.
pub trait Shown: Copy + 'static {
    /// Every member, in the order of its life.
    const ALL: &'static [Self];
    /// The word of the database and of URLs.
    fn code(self) -> &'static str;
    /// The word a person reads.
    fn word(self) -> &'static str;
    /// How it looks.
    fn tone(self) -> Tone;
    /// The member with this code; `None` for a word that is not in the list.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.code() == code)
    }
}

macro_rules! states {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $code:literal, $word:literal, $tone:ident;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = concat!("Shown as “", $word, "”; `", $code, "` in the database and in URLs.")] $variant,)+
        }

        impl Shown for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn code(self) -> &'static str { match self { $(Self::$variant => $code,)+ } }
            fn word(self) -> &'static str { match self { $(Self::$variant => $word,)+ } }
            fn tone(self) -> Tone { match self { $(Self::$variant => Tone::$tone,)+ } }
        }
    };
}

states! {
    /// What the evidence says about a requirement, a criterion or a whole project.
    ProofState {
        Failing = "failing", "Failing", Bad;
        Gap = "gap", "Gap", Gap;
        Partial = "partial", "Partial", Active;
        Proven = "proven", "Proven", Good;
    }
}

states! {
    /// Where a requirement stands in its life.
    RequirementStatus {
        Draft = "draft", "Draft", Idle;
        Approved = "approved", "Approved", Good;
        InProgress = "in_progress", "In progress", Active;
        Completed = "completed", "Completed", Good;
        Rejected = "rejected", "Rejected", Bad;
    }
}

states! {
    /// How far a feature is built.
    FeatureStatus {
        NotStarted = "not_started", "Not started", Idle;
        InProgress = "in_progress", "In progress", Active;
        Completed = "completed", "Completed", Good;
        Blocked = "blocked", "Blocked", Warn;
    }
}

states! {
    /// The outcome of one test result.
    Outcome {
        Passed = "passed", "Passed", Good;
        Failed = "failed", "Failed", Bad;
        Error = "error", "Error", Bad;
        Skipped = "skipped", "Skipped", Warn;
    }
}

states! {
    /// Whether a test case is still run.
    TestCaseStatus {
        Active = "active", "Active", Good;
        Deprecated = "deprecated", "Deprecated", Warn;
        Disabled = "disabled", "Disabled", Idle;
    }
}

states! {
    /// How a build ended.
    BuildStatus {
        Pending = "pending", "Pending", Idle;
        Building = "building", "Building", Active;
        Success = "success", "Success", Good;
        Failed = "failed", "Failed", Bad;
        Cancelled = "cancelled", "Cancelled", Warn;
    }
}

states! {
    /// How a deployment ended.
    DeploymentStatus {
        Pending = "pending", "Pending", Idle;
        Deploying = "deploying", "Deploying", Active;
        Success = "success", "Deployed", Good;
        Failed = "failed", "Failed", Bad;
        RolledBack = "rolled_back", "Rolled back", Warn;
    }
}

states! {
    /// Where a defect stands in its life.
    DefectStatus {
        Open = "open", "Open", Bad;
        Assigned = "assigned", "Assigned", Warn;
        InProgress = "in_progress", "In progress", Active;
        Resolved = "resolved", "Resolved", Good;
        Verified = "verified", "Verified", Good;
        Closed = "closed", "Closed", Idle;
        WontFix = "wont_fix", "Won’t fix", Idle;
    }
}

states! {
    /// How much a defect hurts, or how soon a requirement is wanted.
    Level {
        Critical = "critical", "Critical", Bad;
        High = "high", "High", Warn;
        Medium = "medium", "Medium", Active;
        Low = "low", "Low", Idle;
    }
}

states! {
    /// How bad a scanner's finding is.
    Severity {
        Critical = "critical", "Critical", Bad;
        High = "high", "High", Warn;
        Medium = "medium", "Medium", Active;
        Low = "low", "Low", Idle;
        Info = "info", "Info", Idle;
    }
}

states! {
    /// How a security event stands.
    EventStatus {
        Open = "open", "Open", Warn;
        Investigating = "investigating", "Investigating", Active;
        Resolved = "resolved", "Resolved", Good;
        FalsePositive = "false_positive", "False positive", Idle;
    }
}

states! {
    /// How the 72 hours stand in which an authority has to be told.
    ClockState {
        Running = "running", "To be told", Warn;
        Overdue = "overdue", "Overdue", Bad;
        Told = "told", "Told in time", Good;
        ToldLate = "told_late", "Told late", Active;
    }
}

states! {
    /// Where a scanner's finding stands.
    FindingState {
        Open = "open", "Open", Bad;
        Confirmed = "confirmed", "Confirmed", Warn;
        Accepted = "accepted", "Risk accepted", Idle;
        FalsePositive = "false_positive", "False positive", Idle;
        WontFix = "wont_fix", "Won’t fix", Idle;
        Suppressed = "suppressed", "Suppressed", Idle;
        Fixed = "fixed", "Fixed", Good;
    }
}

states! {
    /// What became of something that the audit trail tells.
    TrailOutcome {
        Success = "success", "Done", Good;
        Failure = "failure", "Refused or failed", Bad;
        Pending = "pending", "Not decided yet", Active;
    }
}

states! {
    /// How closely to look at an entry of the audit trail.
    Risk {
        Low = "low", "Low", Idle;
        Medium = "medium", "Medium", Active;
        High = "high", "High", Warn;
        Critical = "critical", "Critical", Bad;
    }
}

states! {
    /// Which server tells of a repository.
    Server {
        Github = "github", "GitHub", Idle;
        Gitlab = "gitlab", "GitLab", Idle;
        Forgejo = "forgejo", "Forgejo or Gitea", Idle;
    }
}

states! {
    /// What became of a message of a repository server.
    MessageStatus {
        Received = "received", "To be worked on", Active;
        Waiting = "waiting", "Waiting", Warn;
        Done = "done", "Done", Good;
        Unused = "unused", "Not used", Idle;
        Repeated = "repeated", "Repeated", Idle;
        Failed = "failed", "Failed", Bad;
    }
}

states! {
    /// What a message did to a record.
    RecordedAs {
        Created = "created", "Created", Good;
        Changed = "changed", "Changed", Active;
        Unchanged = "unchanged", "Unchanged", Idle;
        Older = "older", "Known better already", Idle;
        Left = "left", "Left as it is", Warn;
        Deleted = "deleted", "Deleted", Idle;
    }
}

states! {
    /// How far a check of a commit has come.
    CheckStatus {
        Waiting = "waiting", "Waiting", Idle;
        Running = "running", "Running", Active;
        Passed = "passed", "Passed", Good;
        Failed = "failed", "Failed", Bad;
        Cancelled = "cancelled", "Cancelled", Warn;
        Skipped = "skipped", "Skipped", Idle;
    }
}

states! {
    /// Where an import job stands.
    ImportStatus {
        Waiting = "waiting", "Waiting", Idle;
        Running = "running", "Running", Active;
        Done = "done", "Done", Good;
        Rejected = "rejected", "Done, with rejections", Warn;
        Failed = "failed", "Failed", Bad;
    }
}

states! {
    /// What became of one file of an import.
    FileStatus {
        Waiting = "waiting", "Waiting", Idle;
        Running = "running", "Running", Active;
        Imported = "imported", "Imported", Good;
        Unchanged = "unchanged", "Unchanged", Idle;
        Rejected = "rejected", "Rejected", Bad;
        Tried = "tried", "Only tried", Idle;
    }
}

states! {
    /// Where something that was given stands.
    GrantState {
        Live = "live", "Holds", Good;
        Ending = "ending", "Ends soon", Warn;
        Scheduled = "scheduled", "Begins later", Active;
        Ended = "ended", "Ended", Idle;
        Revoked = "revoked", "Taken back", Idle;
    }
}

states! {
    /// How a membership stands.
    MemberStatus {
        Active = "active", "Active", Good;
        Invited = "invited", "Invited", Active;
        Inactive = "inactive", "Inactive", Idle;
        Suspended = "suspended", "Suspended", Bad;
    }
}

states! {
    /// Who a member is.
    MemberKind {
        Person = "person", "Person", Idle;
        Agent = "agent", "Agent", Idle;
        Service = "service", "Service", Idle;
    }
}

states! {
    /// How a request for approval stands.
    ApprovalStatus {
        Pending = "pending", "Waiting", Active;
        Approved = "approved", "Approved", Good;
        Rejected = "rejected", "Rejected", Bad;
        Cancelled = "cancelled", "Taken back", Idle;
        Expired = "expired", "Expired", Idle;
    }
}

states! {
    /// How a baseline stands.
    BaselineStatus {
        Taken = "taken", "Taken", Active;
        Waiting = "waiting", "Waits for approval", Warn;
        Approved = "approved", "Approved", Good;
        Rejected = "rejected", "Rejected", Bad;
    }
}

states! {
    /// How a build stands to a rule.
    RuleState {
        Passed = "passed", "Passed", Good;
        Failed = "failed", "Failed", Bad;
        Unknown = "unknown", "Cannot be told", Gap;
        WouldPass = "would_pass", "Would pass", Idle;
        WouldFail = "would_fail", "Would fail", Warn;
    }
}

states! {
    /// How a release stands.
    ReleaseStatus {
        Planned = "planned", "Planned", Idle;
        Released = "released", "Released", Good;
        Withdrawn = "withdrawn", "Withdrawn", Bad;
    }
}

states! {
    /// How a record differs between two moments.
    Change {
        Added = "added", "Added", Good;
        Removed = "removed", "Removed", Bad;
        Changed = "changed", "Changed", Active;
    }
}

states! {
    /// What a test looks at; the columns of the matrix.
    TestLevel {
        Unit = "unit", "Unit", Idle;
        Integration = "integration", "Integration", Idle;
        EndToEnd = "e2e", "End to end", Idle;
        Performance = "performance", "Performance", Idle;
        Security = "security", "Security", Idle;
        Accessibility = "accessibility", "Accessibility", Idle;
    }
}

/// The shape alone, for where the word stands right beside it already.
#[must_use]
pub fn dot(tone: Tone) -> Markup {
    html! {
        svg class={ "dot " (tone.class()) } viewBox="0 0 10 10" width="10" height="10" aria-hidden="true" {
            @match tone {
                Tone::Good => circle cx="5" cy="5" r="4.5" {},
                Tone::Bad => rect x="1" y="1" width="8" height="8" rx="1.5" {},
                Tone::Warn => path d="M5 .8 9.7 9.2H.3Z" {},
                Tone::Active => {
                    circle class="ring" cx="5" cy="5" r="4" {}
                    path d="M5 1a4 4 0 0 1 0 8Z" {}
                },
                Tone::Idle => circle class="ring" cx="5" cy="5" r="4" {},
                Tone::Gap => circle class="ring dashed" cx="5" cy="5" r="4" {},
            }
        }
    }
}

/// Shape, colour and word.
#[must_use]
pub fn state<S: Shown>(state: S) -> Markup {
    state_as(state.tone(), state.word())
}

/// Shape, colour and a word of your own, for states that are computed rather than stored.
#[must_use]
pub fn state_as(tone: Tone, word: &str) -> Markup {
    html! { span class={ "state " (tone.class()) } { (dot(tone)) (word) } }
}
