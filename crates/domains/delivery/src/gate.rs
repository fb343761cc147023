//! The gate: whether a build fulfils the rules of its project, with a reason for each. A rule that cannot be answered
//! fails and says what is missing; one that is not in force is answered and fails nothing.

use base::Problem;
use futures_util::future::{try_join, try_join_all};
use kernel::{Allowed, Change, Ctx, Error, Operation, Read, Record, Resource, Tx, Verb, authorise, permit_in, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::BUILDS;

/// The rules of projects. A project has one row for each rule from its beginning, and those that it adds.
pub static GATE_RULES: Resource = Resource::new("gate-rules", "delivery.gate_rules", "gate_rule", "rule")
    .create_only(&["project_id", "rule"])
    .writable(&["allowed", "severity", "is_active"])
    .sorted_by("id")
    .verbs(&[Verb::List, Verb::Read, Verb::Create, Verb::Update, Verb::Delete])
    .page("gate");

const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];
/// How many of what breaks a rule are named.
const NAMED: usize = 5;

const RULES: &str = "
select r.id, r.rule, r.severity, r.allowed, r.is_active, r.row_version, r.id::text = min(r.id::text) over (partition by r.rule)
  from delivery.gate_rules r
 where r.project_id = $1
 order by array_position(array['failing_tests', 'unproven_criteria', 'suspect_links', 'open_defects', 'falling_coverage', 'new_vulnerabilities'], r.rule),
          array_position(array['critical', 'high', 'medium', 'low'], r.severity)";
const LISTED: &str = "
select r.id from delivery.gate_rules r where r.project_id = $1 and /* readable gate-rules r.id */ true";
const BUILD: &str = "select build_number, git_branch, security_scan_status from delivery.builds where id = $1";
const RESULTS: &str = "select exists (select from quality.test_results where project_id = $1 and build_id = $2)";
const FAILING: &str =
    "select key || ' ' || name, 1::bigint, count(*) over () from delivery.failing_tests($1, $2) limit 5";
const UNPROVEN: &str = "
select key || case when criteria = 1 then '' else ' (' || criteria || ')' end, criteria, (sum(criteria) over ())::bigint
  from delivery.unproven_criteria($1, $2) limit 5";
const SUSPECT: &str = "
with suspect as (
  select l.source_id, l.target_id, l.link_type, count(*) over () as total
    from work.trace_links l
   where l.project_id = $1 and l.suspect_since is not null
   order by l.suspect_since, l.id limit 5)
select coalesce((select k.key from work.entity_keys k where k.project_id = $1 and k.entity_id = s.source_id limit 1), 'a record') || ' ' ||
       replace(s.link_type, '_', ' ') || ' ' ||
       coalesce((select k.key from work.entity_keys k where k.project_id = $1 and k.entity_id = s.target_id limit 1), 'a record'), 1::bigint, s.total
  from suspect s";
const DEFECTS: &str = "
select d.key || ' ' || d.title, 1::bigint, count(*) over ()
  from quality.defects d
 where d.project_id = $1 and d.deleted_at is null and d.status in ('open', 'assigned', 'in_progress') and d.severity = any ($2)
 order by array_position(array['critical', 'high', 'medium', 'low'], d.severity), d.id limit 5";
const VULNERABILITIES: &str = "
select v.key || ' ' || coalesce(v.cve_id, v.title), 1::bigint, count(*) over ()
  from security.vulnerabilities v
 where v.project_id = $1 and v.build_id = $2 and v.deleted_at is null and v.status in ('open', 'acknowledged') and v.severity = any ($3)
   and not exists (
     select from security.vulnerabilities o join delivery.builds b on b.id = o.build_id
      where o.project_id = $1 and b.build_number < $4 and b.git_branch is not distinct from $5::text
        and case when v.cve_id is null then o.cve_id is null and o.title = v.title else o.cve_id = v.cve_id end)
 order by array_position(array['critical', 'high', 'medium', 'low'], v.severity), v.id limit 5";
const SCANNED_BEFORE: &str = "
select max(b.build_number) from delivery.builds b
 where b.project_id = $1 and b.build_number < $2 and b.git_branch is not distinct from $3::text and b.security_scan_status <> 'pending'";
const COVERAGE: &str = "select delivery.coverage_in($1, $2)::float8";
const COVERED_BEFORE: &str = "
select b.build_number, c.percent::float8
  from (select b.id, b.build_number from delivery.builds b
         where b.project_id = $1 and b.build_number < $2 and b.git_branch is not distinct from $3::text
           and exists (select from quality.coverage_reports r where r.project_id = $1 and r.build_id = b.id)
         order by b.build_number desc limit 1) b
 cross join lateral (select delivery.coverage_in($1, b.id) as percent) c
 where c.percent is not null";

/// A rule as a page shows it.
#[derive(Debug, Clone)]
pub struct RuleLine {
    /// Its identifier.
    pub id: Uuid,
    /// What it counts, as stored.
    pub rule: String,
    /// The least severity that counts.
    pub severity: Option<String>,
    /// How many still pass.
    pub allowed: i32,
    /// Whether it is in force.
    pub in_force: bool,
    /// The optimistic lock.
    pub version: i64,
    /// Whether it is the first of its kind, which a project begins with.
    pub is_first: bool,
}

/// The rules of a project that the actor may read, in the order they are answered.
///
/// # Errors
/// 403 when they may read none there.
pub async fn gate_rules(ctx: &Ctx, tx: &Tx, project: Uuid) -> Result<Vec<RuleLine>, Error> {
    let allowed = permit_in::<Read>(ctx, &GATE_RULES, project)?;
    let listed = allowed.query(ctx, tx, LISTED, &[&project]).await?;
    let listed = listed.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<Uuid>, Error>>()?;
    Ok(rules(tx, project).await?.into_iter().filter(|line| listed.contains(&line.id)).collect())
}

/// All rules of a project: a build is held to each of them, whoever asks.
async fn rules(tx: &Tx, project: Uuid) -> Result<Vec<RuleLine>, Error> {
    let rows = tx.query(RULES, &[&project]).await?;
    rows.iter()
        .map(|row| {
            Ok(RuleLine {
                id: row.try_get(0)?,
                rule: row.try_get(1)?,
                severity: row.try_get(2)?,
                allowed: row.try_get(3)?,
                in_force: row.try_get(4)?,
                version: row.try_get(5)?,
                is_first: row.try_get(6)?,
            })
        })
        .collect()
}

/// How a build stands to one rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleAnswer {
    /// The rule's identifier.
    pub id: Uuid,
    /// `failing_tests`, `unproven_criteria`, `suspect_links`, `open_defects`, `falling_coverage` or `new_vulnerabilities`.
    pub rule: String,
    /// Whether it is met.
    pub passed: bool,
    /// Whether it counts; a rule that does not is answered all the same, so that it can be tried first.
    pub in_force: bool,
    /// What was counted; percentage points for coverage. Null: it could not be.
    pub figure: Option<f64>,
    /// What still passes.
    pub allowed: i32,
    /// The least severity that counts; null where the rule is about none.
    pub severity: Option<String>,
    /// Why it is met, why not, or what is missing to tell, with the worst offenders.
    pub reason: String,
}

/// Whether a build fulfils the rules of its project.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GateAnswer {
    /// The build.
    pub id: Uuid,
    /// Its number.
    pub build_number: i32,
    /// Whether every rule in force is met.
    pub passed: bool,
    /// The rules as they are now.
    pub rules: Vec<RuleAnswer>,
}

/// What a rule came to: the figure, or what is missing, and the worst offenders.
enum Counted {
    Figure(f64, Vec<String>),
    /// There is nothing the rule could be held against, and that is fine.
    Nothing(String),
    /// It cannot be told, and what is missing.
    Missing(String),
}

/// The build that is asked about.
struct Build {
    id: Uuid,
    project: Uuid,
    number: i32,
    branch: Option<String>,
    is_scanned: bool,
}

/// How a build stands to the rules of its project.
///
/// # Errors
/// 403 when the actor may not read the rules of the project.
pub async fn gate(ctx: &Ctx, tx: &Tx, build: &Allowed<Record, Read>) -> Result<GateAnswer, Error> {
    let (id, project) = (build.uuid()?, build.project.ok_or_else(|| Problem::not_found("build"))?);
    permit_in::<Read>(ctx, &GATE_RULES, project)?;
    // What does not wait for an answer is asked at once, so that all of it takes two round trips and not one a question.
    let (row, lines) = try_join(tx.query_one(BUILD, &[&id]), rules(tx, project)).await?;
    let is_scanned = row.try_get::<_, String>(2)? != "pending";
    let build = Build { id, project, number: row.try_get(0)?, branch: row.try_get(1)?, is_scanned };
    let counting = lines.iter().map(|line| count(ctx, tx, &build, &line.rule, line.severity.as_deref()));
    let counted = try_join_all(counting).await?;
    let rules: Vec<RuleAnswer> = lines.into_iter().zip(counted).map(|(line, counted)| judged(line, counted)).collect();
    let passed = rules.iter().all(|rule| rule.passed || !rule.in_force);
    Ok(GateAnswer { id, build_number: build.number, passed, rules })
}

/// The same for a build by its identifier.
///
/// # Errors
/// 404 when there is no such build or the actor may not read it, and as [`gate`].
pub async fn gate_of(ctx: &Ctx, tx: &Tx, id: &str) -> Result<GateAnswer, Error> {
    let record = Record::find(tx, ctx.catalogue().served(&BUILDS)?, id, false).await?;
    gate(ctx, tx, &authorise(ctx, record)?).await
}

/// What has to be read in whole to answer a rule: permission types with what people call their records.
fn read_for(rule: &str) -> &'static [(&'static str, &'static str)] {
    match rule {
        "failing_tests" => &[("test_case", "test case"), ("test_result", "test result")],
        "unproven_criteria" => &[
            ("requirement", "requirement"),
            ("trace_link", "trace link"),
            ("test_case", "test case"),
            ("test_result", "test result"),
        ],
        "suspect_links" => &[("trace_link", "trace link")],
        "open_defects" => &[("defect", "defect")],
        "falling_coverage" => &[("build", "build"), ("coverage_report", "coverage report")],
        _ => &[("build", "build"), ("vulnerability", "vulnerability")],
    }
}

async fn count(ctx: &Ctx, tx: &Tx, build: &Build, rule: &str, severity: Option<&str>) -> Result<Counted, Error> {
    // A count of what somebody happens to see would pass builds that fail.
    for (kind, words) in read_for(rule) {
        let whole = ctx.reach(kind, "read").whole_projects();
        if whole.is_some_and(|projects| !projects.contains(&build.project)) {
            let missing = format!("You may not read every {words} of this project; ask with a token that may.");
            return Ok(Counted::Missing(missing));
        }
    }
    let (project, id, number, branch) = (&build.project, &build.id, &build.number, &build.branch);
    let least = SEVERITIES.iter().position(|known| Some(*known) == severity).unwrap_or_default();
    let severities = &SEVERITIES[..=least];
    let found = match rule {
        "failing_tests" => {
            let (there, failing) =
                try_join(tx.query_one(RESULTS, &[project, id]), tx.query(FAILING, &[project, id])).await?;
            if !there.try_get::<_, bool>(0)? {
                return Ok(Counted::Missing("This build has no results; import its reports first.".into()));
            }
            failing
        }
        "unproven_criteria" => tx.query(UNPROVEN, &[project, id]).await?,
        "suspect_links" => tx.query(SUSPECT, &[project]).await?,
        "open_defects" => tx.query(DEFECTS, &[project, &severities]).await?,
        "falling_coverage" => return falling(tx, build).await,
        "new_vulnerabilities" => {
            if !build.is_scanned {
                let before: Option<i32> = tx.query_one(SCANNED_BEFORE, &[project, number, branch]).await?.try_get(0)?;
                return Ok(match before {
                    Some(before) => Counted::Missing(format!(
                        "This build was not scanned, and build {before} was; record its scan, or set its security_scan_status."
                    )),
                    None => Counted::Nothing("No build of this branch was scanned yet.".into()),
                });
            }
            tx.query(VULNERABILITIES, &[project, id, &severities, number, branch]).await?
        }
        other => return Err(Error::Broken(format!("nobody knows how to answer the rule {other}"))),
    };
    let total: i64 = found.first().map_or(Ok(0), |row| row.try_get(2))?;
    let mut names = Vec::new();
    let mut named = 0_i64;
    for row in found.iter().take(NAMED) {
        named += row.try_get::<_, i64>(1)?;
        let name: String = row.try_get(0)?;
        names.push(if name.chars().nth(100).is_some() {
            name.chars().take(100).chain(['…']).collect()
        } else {
            name
        });
    }
    if total > named {
        names.push(format!("{} more", total - named));
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 of anything")]
    Ok(Counted::Figure(total as f64, names))
}

/// Percentage points of line coverage lost since the last build of the branch that was measured.
async fn falling(tx: &Tx, build: &Build) -> Result<Counted, Error> {
    let (now, before) = try_join(
        tx.query_one(COVERAGE, &[&build.project, &build.id]),
        tx.query_opt(COVERED_BEFORE, &[&build.project, &build.number, &build.branch]),
    )
    .await?;
    let now: Option<f64> = now.try_get(0)?;
    let before: Option<(i32, f64)> =
        before.map(|row| Ok::<_, Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?;
    Ok(match (now, before) {
        (Some(now), Some((number, before))) => {
            let lost = ((before - now).max(0.0) * 100.0).round() / 100.0;
            Counted::Figure(lost, vec![format!("{before:.2} % in build {number}, {now:.2} % now")])
        }
        (Some(now), None) => {
            Counted::Nothing(format!("{now:.2} % are covered; no build before this one was measured on its branch."))
        }
        (None, Some((number, _))) => Counted::Missing(format!(
            "No coverage came in for this build, and build {number} was measured; import its coverage report."
        )),
        (None, None) => Counted::Nothing("Coverage was never measured on this branch.".into()),
    })
}

/// What a figure is of, one and several.
fn of_what(rule: &str, severity: Option<&str>) -> (String, String) {
    let least = match severity {
        Some("critical") => " of severity critical".to_owned(),
        Some(severity) => format!(" of severity {severity} or worse"),
        None => String::new(),
    };
    let (one, many) = match rule {
        "failing_tests" => ("failing test", "failing tests"),
        "unproven_criteria" => ("criterion that this build does not prove", "criteria that this build does not prove"),
        "suspect_links" => ("suspect link", "suspect links"),
        "open_defects" => ("open defect", "open defects"),
        "falling_coverage" => ("percentage point of coverage lost", "percentage points of coverage lost"),
        _ => ("new vulnerability", "new vulnerabilities"),
    };
    (format!("{one}{least}"), format!("{many}{least}"))
}

fn judged(line: RuleLine, counted: Counted) -> RuleAnswer {
    let RuleLine { id, rule, severity, allowed, in_force, .. } = line;
    let (passed, figure, reason) = match counted {
        Counted::Missing(missing) => (false, None, missing),
        Counted::Nothing(why) => (true, None, why),
        Counted::Figure(figure, names) => {
            let (one, many) = of_what(&rule, severity.as_deref());
            let exactly_one = (figure - 1.0).abs() < f64::EPSILON;
            let what = format!("{figure} {}", if exactly_one { one } else { many });
            let limit = if allowed > 0 || figure > 0.0 { format!(", {allowed} allowed") } else { String::new() };
            let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            (figure <= f64::from(allowed), Some(figure), format!("{what}{limit}{names}."))
        }
    };
    RuleAnswer { id, rule, passed, in_force, figure, allowed, severity, reason }
}

/// Nothing more is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {}

async fn ask(ctx: &Ctx, tx: &mut Tx, build: Allowed<Record, Read>, _: Asked) -> Result<GateAnswer, Error> {
    let answer = gate(ctx, tx, &build).await?;
    let change = Change {
        event: if answer.passed { "build.gate_passed" } else { "build.gate_failed" },
        resource_type: "build",
        resource_id: build.id.clone(),
        resource_name: build.title.clone(),
        project: build.project,
        old: None,
        new: Some(json!({"passed": answer.passed, "rules": answer.rules})),
    };
    record(ctx, tx, &change).await?;
    Ok(answer)
}

/// Asking for the record.
pub(crate) fn asking() -> Operation {
    Operation::on_record::<Read, Asked, GateAnswer, _>(
        "builds",
        "gate",
        "Holds a build to the rules of its project and keeps the answer, with the rules as they are, in the audit trail.",
        |ctx, tx, build, input| Box::pin(ask(ctx, tx, build, input)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_what_was_counted_what_is_allowed_and_names_the_worst() {
        let one = |rule: &str, severity: Option<&str>, allowed, figure, names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let line = RuleLine {
                id: Uuid::nil(),
                rule: rule.into(),
                severity: severity.map(str::to_owned),
                allowed,
                in_force: true,
                version: 1,
                is_first: true,
            };
            let answer = judged(line, Counted::Figure(figure, names));
            (answer.passed, answer.reason)
        };
        assert_eq!(one("failing_tests", None, 0, 0.0, &[]), (true, "0 failing tests.".into()));
        assert_eq!(
            one("open_defects", Some("high"), 0, 1.0, &["DEF-1 Late"]),
            (false, "1 open defect of severity high or worse, 0 allowed: DEF-1 Late.".into())
        );
        assert_eq!(
            one("falling_coverage", None, 1, 0.5, &["80.00 % in build 3, 79.50 % now"]),
            (true, "0.5 percentage points of coverage lost, 1 allowed: 80.00 % in build 3, 79.50 % now.".into())
        );
    }
}
