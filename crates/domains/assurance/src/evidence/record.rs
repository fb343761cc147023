//! What a bundle says, as data: `evidence.json`. Every member is written always, `null` where there is nothing to say, so that nothing
//! can be left out unnoticed. Numbers are whole: percentages are text, as they were worked out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The form of the data; a reader that knows another one says so.
pub const FORM: u32 = 1;

/// Everything a bundle says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// [`FORM`].
    pub form: u32,
    /// The release, build or deployment it was made for.
    pub about: About,
    /// When, by whom and with what it was made.
    pub made: Made,
    /// The organisation.
    pub organization: Named,
    /// The project.
    pub project: ProjectName,
    /// Where what was required was taken from; none: from what the project said at that moment.
    pub baseline: Option<Baseline>,
    /// The build that everything is about.
    pub build: Build,
    /// The figures of the whole.
    pub summary: Summary,
    /// What was required, with what proves it.
    pub requirements: Vec<Requirement>,
    /// The tests of the build, and those that should have run.
    pub tests: Vec<Test>,
    /// Defects of the project that are open.
    pub defects: Vec<Defect>,
    /// What tools found and nobody has settled.
    pub findings: Vec<Finding>,
    /// Vulnerabilities that are open.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Links that nobody has accepted since an end changed.
    pub suspect_links: Vec<SuspectLink>,
    /// What was found and let pass, with reason and term.
    pub waivers: Vec<Waiver>,
    /// The rules that builds are held to, and how this one stands.
    pub gate: Gate,
    /// Where the build was brought.
    pub deployments: Vec<Deployment>,
    /// What is new in the build.
    pub commits: Vec<Commit>,
    /// What the build made.
    pub artifacts: Vec<Artifact>,
    /// The report files the record was made from.
    pub reports: Vec<Report>,
    /// Bills of materials.
    pub bills_of_materials: Vec<BillOfMaterials>,
    /// Where the audit trail stood.
    pub trail: Option<Trail>,
}

/// What a bundle was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// `release`, `build` or `deployment`.
    pub kind: String,
    /// Its identifier.
    pub id: Uuid,
    /// What people call it, such as Release 2.4.0.
    pub name: String,
    /// How it stands, as stored.
    pub status: String,
    /// When it was released, built or deployed.
    pub at: Option<Timestamp>,
    /// What is said about it.
    pub notes: Option<String>,
}

/// Who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// `person`, `agent` or `service`.
    pub by_kind: String,
    /// For which member, where somebody acted for another.
    pub on_behalf_of: Option<Uuid>,
    /// The program and its version.
    pub program: String,
}

/// Something with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectName {
    /// Its identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its short name.
    pub slug: String,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// `taken`, `approved` or `rejected`.
    pub status: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// By whom.
    pub taken_by: Option<String>,
    /// When it was decided about.
    pub decided_at: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<String>,
    /// Why so.
    pub decision_reason: Option<String>,
    /// How many records it holds.
    pub records: i64,
    /// SHA-256 over the fingerprints of its records, in their order.
    pub sha256: String,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Its identifier.
    pub id: Uuid,
    /// Its number.
    pub number: i32,
    /// Its version.
    pub version: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// Its commit, in full.
    pub commit: Option<String>,
    /// How it ended, as stored.
    pub status: String,
    /// When it was made.
    pub at: Timestamp,
    /// Lines covered, in percent.
    pub coverage_percent: Option<String>,
    /// What scanners said, as stored.
    pub security_scan: String,
}

/// The figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Requirements that are in the bundle.
    pub requirements: u64,
    /// Those that had to be fulfilled: approved, in progress or completed.
    pub required: u64,
    /// Their acceptance criteria.
    pub criteria: u64,
    /// Criteria of which a test passed and none failed.
    pub proven: u64,
    /// Criteria of which a test failed.
    pub failing: u64,
    /// Criteria whose tests did not run, or were skipped.
    pub not_run: u64,
    /// Criteria without a test.
    pub without_test: u64,
    /// Tests that passed.
    pub tests_passed: u64,
    /// Tests that failed or broke.
    pub tests_failed: u64,
    /// Tests that were skipped or did not run.
    pub tests_not_run: u64,
    /// Open defects.
    pub defects: u64,
    /// Open findings.
    pub findings: u64,
    /// Open vulnerabilities.
    pub vulnerabilities: u64,
    /// Suspect links.
    pub suspect_links: u64,
    /// Everything that is open, together.
    pub open: u64,
}

/// What was required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its key.
    pub key: String,
    /// The need in one line.
    pub title: String,
    /// The need in full.
    pub description: Option<String>,
    /// How it stood.
    pub status: String,
    /// How urgent it was.
    pub priority: Option<String>,
    /// Its acceptance criteria.
    pub criteria: Vec<Criterion>,
    /// Keys of tests that verify it as a whole.
    pub tests: Vec<String>,
    /// `changed` or `removed`, where it says something else since the baseline.
    pub since_baseline: Option<String>,
}

impl Requirement {
    /// Whether it had to be fulfilled: a draft is not agreed, a rejected one is not wanted.
    pub fn is_required(&self) -> bool {
        matches!(self.status.as_str(), "approved" | "in_progress" | "completed")
    }
}

/// An acceptance criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// Its place, from 1.
    pub position: i32,
    /// What it says.
    pub text: String,
    /// `proven`, `failing`, `not_run` or `no_test`.
    pub proof: String,
    /// Keys of the tests that verify it.
    pub tests: Vec<String>,
    /// `changed` or `removed`, where it says something else since the baseline.
    pub since_baseline: Option<String>,
}

/// A test, and how it ended in the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// Its key.
    pub key: String,
    /// What it checks.
    pub name: String,
    /// At which level.
    pub level: String,
    /// Whether it counts: `active`, or else.
    pub status: String,
    /// `passed`, `failed`, `error`, `skipped` or `not_run`.
    pub outcome: String,
    /// When it ran.
    pub at: Option<Timestamp>,
    /// SHA-256 of the report that says so.
    pub report_sha256: Option<String>,
    /// Until when it is set aside.
    pub set_aside_until: Option<Timestamp>,
}

/// An open defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// Its key.
    pub key: String,
    /// What is wrong.
    pub title: String,
    /// How much harm it does.
    pub severity: String,
    /// How it stands.
    pub status: String,
    /// The version it was seen in.
    pub affected_version: Option<String>,
    /// When it was reported.
    pub reported_at: Timestamp,
}

/// What a tool found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about.
    pub name: String,
    /// The tool.
    pub tool: String,
    /// The rule that was broken.
    pub rule: Option<String>,
    /// How bad it is.
    pub severity: String,
    /// `open` or `confirmed`.
    pub state: String,
    /// The file, as the tool names it.
    pub file: Option<String>,
    /// The line.
    pub line: Option<i32>,
    /// Since when it is known.
    pub first_seen_at: Timestamp,
}

/// A vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vulnerability {
    /// Its number in the CVE list, or what its source calls it.
    pub name: String,
    /// What it is.
    pub title: Option<String>,
    /// How much harm it can do.
    pub severity: Option<String>,
    /// How it stands.
    pub state: String,
    /// Who says so: a record of the project, or a bill of materials of the build.
    pub source: String,
}

/// A link that nobody has accepted since an end changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspectLink {
    /// What it joins.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

/// What was let pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// What.
    pub name: String,
    /// `finding`, `test` or `vulnerability`.
    pub kind: String,
    /// How it was decided.
    pub decision: Option<String>,
    /// How bad it is.
    pub severity: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// By whom; none: by the report itself.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// Until when; none: for good.
    pub until: Option<Timestamp>,
}

/// The gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Whether every rule in force is met.
    pub passed: bool,
    /// The rules as they were.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What is counted.
    pub name: String,
    /// Whether it is met.
    pub passed: bool,
    /// Whether it counts.
    pub in_force: bool,
    /// How many still pass.
    pub allowed: i32,
    /// The least severity that counts.
    pub severity: Option<String>,
    /// Why.
    pub reason: String,
}

/// Where the build was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Version and environment.
    pub name: String,
    /// Where to.
    pub environment: String,
    /// How far that is from the users.
    pub tier: String,
    /// Which service.
    pub service: Option<String>,
    /// Which version.
    pub version: String,
    /// How it went.
    pub status: String,
    /// When.
    pub at: Timestamp,
    /// Who set it off; none: a machine.
    pub by: Option<String>,
    /// What kind of principal that is.
    pub by_kind: Option<String>,
    /// Who agreed.
    pub approved_by: Option<String>,
    /// What was said.
    pub remark: Option<String>,
    /// Whether nothing newer has taken its place.
    pub runs_there_now: bool,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its hash, in full.
    pub name: String,
    /// The first line of its message.
    pub subject: String,
    /// When.
    pub at: Timestamp,
}

/// What the build made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where it lies.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// Name and digest of an image.
    pub image: Option<String>,
    /// How large it is.
    pub size_bytes: Option<i64>,
    /// SHA-256 of its content.
    pub sha256: Option<String>,
}

/// A report file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// As the sender called it.
    pub name: String,
    /// What it was recognised as.
    pub format: Option<String>,
    /// What became of it.
    pub status: String,
    /// How large it is.
    pub size_bytes: Option<i64>,
    /// SHA-256 of its content.
    pub sha256: Option<String>,
    /// When it came in.
    pub at: Timestamp,
}

/// A bill of materials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillOfMaterials {
    /// What it is about.
    pub name: String,
    /// The version of that.
    pub version: Option<String>,
    /// What it is called among all documents.
    pub serial_number: Option<String>,
    /// The version of CycloneDX.
    pub spec_version: String,
    /// How many components it lists.
    pub components: i32,
    /// SHA-256 of the file it came in.
    pub report_sha256: Option<String>,
}

/// Where the audit trail stood: its latest signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Rows under the head.
    pub rows: i64,
    /// Its root, in base64.
    pub root: String,
    /// The head, as a signed note.
    pub head: String,
    /// The public key of its signature, as `name+hash+key`.
    pub key: String,
}

impl Evidence {
    /// Counts the figures.
    pub fn count(&mut self) {
        let mut all = Summary { requirements: self.requirements.len() as u64, ..Summary::default() };
        for requirement in self.requirements.iter().filter(|requirement| requirement.is_required()) {
            all.required += 1;
            for criterion in &requirement.criteria {
                all.criteria += 1;
                match criterion.proof.as_str() {
                    "proven" => all.proven += 1,
                    "failing" => all.failing += 1,
                    "not_run" => all.not_run += 1,
                    _ => all.without_test += 1,
                }
            }
        }
        let (mut red, mut aside) = (0, 0);
        for test in &self.tests {
            match test.outcome.as_str() {
                "passed" => all.tests_passed += 1,
                "failed" | "error" => {
                    all.tests_failed += 1;
                    red += u64::from(test.status == "active");
                    aside += u64::from(test.status == "active" && test.set_aside_until.is_some());
                }
                _ => all.tests_not_run += 1,
            }
        }
        all.defects = self.defects.len() as u64;
        all.findings = self.findings.len() as u64;
        all.vulnerabilities = self.vulnerabilities.len() as u64;
        all.suspect_links = self.suspect_links.len() as u64;
        let gaps = all.criteria - all.proven;
        all.open = gaps + red - aside + all.defects + all.findings + all.vulnerabilities + all.suspect_links;
        self.summary = all;
    }
}
