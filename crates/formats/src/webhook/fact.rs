//! What a payload tells, in one language for all servers.

use jiff::Timestamp;

/// One thing to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A commit that was pushed.
    Commit(Commit),
    /// A run of a workflow or pipeline.
    Run(Run),
    /// One check of a commit: a job, a check run, a suite or a status.
    Check(Check),
    /// A pull or merge request.
    Pull(Pull),
    /// What somebody thinks of a pull or merge request.
    Review(Review),
    /// A deployment.
    Deployment(Deployment),
    /// A release.
    Release(Release),
    /// An issue.
    Issue(Issue),
}

impl Fact {
    /// The kind of thing, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Commit(_) => "commit",
            Self::Run(_) => "run",
            Self::Check(_) => "check",
            Self::Pull(_) => "pull request",
            Self::Review(_) => "review",
            Self::Deployment(_) => "deployment",
            Self::Release(_) => "release",
            Self::Issue(_) => "issue",
        }
    }
}

/// A repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// Owner and name, or the whole path: `acme/pay`.
    pub full_name: String,
    /// Where people look at it.
    pub web_url: Option<String>,
    /// Where it is cloned from over HTTPS.
    pub clone_url: Option<String>,
    /// Where it is cloned from over SSH.
    pub ssh_url: Option<String>,
    /// The branch that counts when none is named.
    pub default_branch: Option<String>,
}

/// How far something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// It has not begun.
    Waiting,
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// It was called off.
    Cancelled,
    /// It was left out, or says neither yes nor no.
    Skipped,
}

impl Progress {
    /// Whether it has ended.
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    /// Of two tellings of the same moment the one that is further counts.
    pub fn rank(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Running => 1,
            _ => 2,
        }
    }
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full hash in lower case.
    pub hash: String,
    /// The whole message.
    pub message: String,
    /// Who wrote it, as written there.
    pub author_name: Option<String>,
    /// Their address.
    pub author_email: Option<String>,
    /// When, by the clock of who did.
    pub committed_at: Timestamp,
}

/// A run of a workflow or pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What the server calls it, with the attempt: `289782451/1`.
    pub id: String,
    /// The number people see.
    pub number: Option<u64>,
    /// The workflow's or pipeline's name.
    pub name: Option<String>,
    /// The commit that is built.
    pub commit: Option<String>,
    /// The branch. None for a tag.
    pub branch: Option<String>,
    /// The tag. None for a branch.
    pub tag: Option<String>,
    /// How far it has come.
    pub progress: Progress,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended. None before it has.
    pub completed_at: Option<Timestamp>,
    /// When this was so.
    pub at: Option<Timestamp>,
    /// Where people look at it.
    pub url: Option<String>,
    /// Commits told of beside it.
    pub commits: Vec<Commit>,
}

/// One check of a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What the server calls it, with a word for what it is: `check/128620228`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who makes it: an application, or a stage of a pipeline.
    pub source: Option<String>,
    /// The commit it is about.
    pub commit: String,
    /// The run it is a part of, as [`Run::id`].
    pub run: Option<String>,
    /// How far it has come.
    pub progress: Progress,
    /// How it ended, as the server writes it.
    pub conclusion: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended. None before it has.
    pub completed_at: Option<Timestamp>,
    /// When this was so. None: nothing of it has happened yet.
    pub at: Option<Timestamp>,
    /// Where people look at it.
    pub url: Option<String>,
}

/// Where a pull or merge request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    /// It can be merged.
    Open,
    /// It was turned down, or taken back.
    Closed,
    /// It was merged.
    Merged,
}

/// A pull or merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: PullState,
    /// Whether its author still works on it.
    pub is_draft: bool,
    /// The branch it comes from.
    pub source_branch: Option<String>,
    /// The branch it goes to.
    pub target_branch: Option<String>,
    /// The last commit it brings.
    pub head: Option<String>,
    /// The commit that brought it in. None before it is merged.
    pub merge_commit: Option<String>,
    /// Who wrote it, by the name they sign in with.
    pub author: Option<String>,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it was closed or merged.
    pub closed_at: Option<Timestamp>,
    /// When this was so.
    pub at: Option<Timestamp>,
    /// Where people look at it.
    pub url: Option<String>,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It can go in.
    Approved,
    /// Not like this.
    ChangesRequested,
    /// Only remarks.
    Commented,
    /// What they said before no longer counts.
    Dismissed,
}

/// A review of a pull or merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The number of the pull or merge request.
    pub pull: u64,
    /// Who, by the name they sign in with.
    pub reviewer: String,
    /// What they say.
    pub verdict: Verdict,
    /// When.
    pub at: Option<Timestamp>,
    /// The commit they looked at.
    pub commit: Option<String>,
}

/// What an environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Developers try things.
    Development,
    /// Tests run.
    Test,
    /// As in production, without users.
    Staging,
    /// Users are there.
    Production,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// What the server calls it.
    pub id: String,
    /// The environment's name.
    pub environment: String,
    /// What the environment is for, where the server says it. None: its name has to tell.
    pub tier: Option<Tier>,
    /// Where it can be seen running.
    pub environment_url: Option<String>,
    /// The commit that is deployed.
    pub commit: Option<String>,
    /// The branch or tag that was asked for.
    pub reference: Option<String>,
    /// The run that deploys it, as [`Run::id`].
    pub run: Option<String>,
    /// How far it has come. None: this telling says nothing about that, such as that another took its place.
    pub progress: Option<Progress>,
    /// What is said about it.
    pub description: Option<String>,
    /// When it was asked for.
    pub started_at: Option<Timestamp>,
    /// When this was so.
    pub at: Option<Timestamp>,
    /// Where people look at it.
    pub url: Option<String>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What the server calls it.
    pub id: String,
    /// Its tag.
    pub tag: String,
    /// Its name. None: the tag says it.
    pub name: Option<String>,
    /// What is new, as Markdown.
    pub notes: Option<String>,
    /// The commit, where the server says it.
    pub commit: Option<String>,
    /// Whether it is still being written.
    pub is_draft: bool,
    /// Whether it was deleted, or is no longer published.
    pub is_withdrawn: bool,
    /// When it was published. None: not yet.
    pub published_at: Option<Timestamp>,
    /// When this was so.
    pub at: Option<Timestamp>,
    /// Where people look at it.
    pub url: Option<String>,
}

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// What it says, as Markdown.
    pub body: Option<String>,
    /// Whether it is open.
    pub is_open: bool,
    /// Whether it was closed because nothing will be done.
    pub is_declined: bool,
    /// Its labels.
    pub labels: Vec<String>,
    /// How much it hurts, where the server says it: `critical`, `high`, `medium`, `low`.
    pub severity: Option<String>,
    /// Who wrote it, by the name they sign in with.
    pub author: Option<String>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When this was so.
    pub at: Option<Timestamp>,
    /// Where people look at it.
    pub url: Option<String>,
    /// Repository and number that it has now: it was transferred.
    pub moved_to: Option<(String, u64)>,
}
