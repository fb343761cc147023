//! Reads what a bundle says, at one moment and with a limit on how much it may be.

use std::pin::pin;

use base::Problem;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use kernel::{Allowed, Create, Ctx, Error, PrincipalKind, Read, Record, Tx};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use uuid::Uuid;

use super::record::{About, Baseline, Build, Evidence, FORM, Gate, Made, Named, ProjectName, Rule, Summary, Trail};
use crate::sealing;

const GATHERED: &str = include_str!("../../sql/evidence/gathered.sql");
const PLACE: &str = "
select o.id, o.name, p.id, p.name, p.slug from work.projects p join identity.organizations o on o.id = p.organization_id where p.id = $1";
const BUILD: &str = "
select b.build_number, b.version_tag, b.git_branch, b.git_commit_hash, b.status, coalesce(b.completed_at, b.started_at, b.created_at),
       delivery.coverage_in(b.project_id, b.id)::text, b.security_scan_status
  from delivery.builds b where b.id = $1";
const BASELINE: &str = "
select b.name, b.status, b.created_at, coalesce(c.display_name, c.email), b.decided_at, coalesce(d.display_name, d.email), b.decision_reason,
       i.records, i.sha256
  from work.baselines b
  left join identity.users c on c.id = b.created_by
  left join identity.users d on d.id = b.decided_by
  cross join lateral (
    select count(*) as records, encode(sha256(convert_to(coalesce(string_agg(x.fingerprint, '' order by x.kind, x.record_id), ''), 'UTF8')), 'hex') as sha256
      from work.baseline_items x where x.baseline_id = b.id) i
 where b.id = $1";
const TRAIL: &str = "select tree_size, root, checkpoint from audit.seals order by tree_size desc limit 1";

/// The most text that a bundle is made of, in bytes. Its making holds some times as much in memory.
const MOST_TEXT: usize = 64 << 20;

/// What a bundle is made for, and the build that it is about.
pub(super) struct Subject {
    pub(super) about: About,
    pub(super) build: Uuid,
    pub(super) project: Uuid,
}

/// What is to be read in whole for a bundle: permission types with what people call their records. What somebody happens to see proves nothing.
const READ_FOR: [(&str, &str); 13] = [
    ("requirement", "requirement"),
    ("trace_link", "trace link"),
    ("test_case", "test case"),
    ("test_result", "test result"),
    ("coverage_report", "coverage report"),
    ("defect", "defect"),
    ("vulnerability", "finding and vulnerability"),
    ("build", "build"),
    ("artifact", "artefact"),
    ("commit", "commit"),
    ("deployment", "deployment"),
    ("import", "imported report"),
    ("gate_rule", "rule of the gate"),
];

fn reads_everything(ctx: &Ctx, project: Uuid, with_baseline: bool) -> Result<(), Problem> {
    let baseline = with_baseline.then_some(("baseline", "baseline"));
    for (kind, words) in READ_FOR.into_iter().chain(baseline) {
        let whole = ctx.reach(kind, "read").whole_projects();
        if whole.is_some_and(|projects| !projects.contains(&project)) {
            return Err(Problem::forbidden(format!(
                "You may not make evidence here: it needs the right to read every {words} of the project, or what is left out would look as if it were not there."
            )));
        }
    }
    Ok(())
}

/// Reads what a bundle about `subject` says. The proof is that the actor may make one in its project.
///
/// # Errors
/// 403 when the actor may not read all of it, 422 when it is too much for one bundle.
pub(super) async fn gather(
    ctx: &Ctx,
    tx: &Tx,
    _may: &Allowed<kernel::Collection, Create>,
    subject: Subject,
    baseline: Option<&Allowed<Record, Read>>,
) -> Result<Evidence, Error> {
    let Subject { about, build, project } = subject;
    reads_everything(ctx, project, baseline.is_some())?;
    let place = tx.query_one(PLACE, &[&project]).await?;
    let made = tx.query_one(BUILD, &[&build]).await?;
    let baseline = match baseline {
        None => None,
        Some(baseline) => Some(read_baseline(baseline.uuid()?, &tx.query_one(BASELINE, &[&baseline.uuid()?]).await?)?),
    };
    let trail = match tx.query_opt(TRAIL, &[]).await? {
        None => None,
        Some(row) => Some(Trail {
            rows: row.try_get(0)?,
            root: row.try_get(1)?,
            head: row.try_get(2)?,
            key: ctx.kernel.signing_key()?.public_key().named(&sealing::origin(ctx.organization_id())),
        }),
    };
    let answer = delivery::gate_of(ctx, tx, &build.to_string()).await?;
    let rules = answer.rules.into_iter().map(|rule| Rule {
        name: rule.rule,
        passed: rule.passed,
        in_force: rule.in_force,
        allowed: rule.allowed,
        severity: rule.severity,
        reason: rule.reason,
    });
    let mut evidence = Evidence {
        form: FORM,
        about,
        made: maker(ctx),
        organization: Named { id: place.try_get(0)?, name: place.try_get(1)? },
        project: ProjectName { id: place.try_get(2)?, name: place.try_get(3)?, slug: place.try_get(4)? },
        build: read_build(build, &made)?,
        summary: Summary::default(),
        requirements: Vec::new(),
        tests: Vec::new(),
        defects: Vec::new(),
        findings: Vec::new(),
        vulnerabilities: Vec::new(),
        suspect_links: Vec::new(),
        waivers: Vec::new(),
        gate: Gate { passed: answer.passed, rules: rules.collect() },
        deployments: Vec::new(),
        commits: Vec::new(),
        artifacts: Vec::new(),
        reports: Vec::new(),
        bills_of_materials: Vec::new(),
        trail,
        baseline,
    };
    let of_baseline = evidence.baseline.as_ref().map(|baseline| baseline.id);
    let mut rows = pin!(tx.stream(GATHERED, &[&project, &build, &of_baseline]).await?);
    let mut text = 0;
    while let Some(row) = rows.try_next().await? {
        let (part, content): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        text += content.len();
        if text > MOST_TEXT {
            return Err(Problem::invalid(format!(
                "This is more than one bundle holds ({} MiB of text). Split the project, or take a baseline of less and name it.",
                MOST_TEXT >> 20
            ))
            .into());
        }
        add(&mut evidence, part, content)?;
    }
    evidence.count();
    Ok(evidence)
}

fn maker(ctx: &Ctx) -> Made {
    let principal = &ctx.principal;
    Made {
        at: ctx.now(),
        by: principal.display_name.clone(),
        by_kind: match principal.kind {
            PrincipalKind::Person => "person",
            PrincipalKind::Agent => "agent",
            PrincipalKind::Service => "service",
        }
        .into(),
        on_behalf_of: principal.on_behalf_of,
        program: super::program().into(),
    }
}

fn read_build(id: Uuid, row: &Row) -> Result<Build, Error> {
    Ok(Build {
        id,
        number: row.try_get(0)?,
        version: row.try_get(1)?,
        branch: row.try_get(2)?,
        commit: row.try_get(3)?,
        status: row.try_get(4)?,
        at: row.try_get(5)?,
        coverage_percent: row.try_get(6)?,
        security_scan: row.try_get(7)?,
    })
}

fn read_baseline(id: Uuid, row: &Row) -> Result<Baseline, Error> {
    Ok(Baseline {
        id,
        name: row.try_get(0)?,
        status: row.try_get(1)?,
        taken_at: row.try_get::<_, Timestamp>(2)?,
        taken_by: row.try_get(3)?,
        decided_at: row.try_get(4)?,
        decided_by: row.try_get(5)?,
        decision_reason: row.try_get(6)?,
        records: row.try_get(7)?,
        sha256: row.try_get(8)?,
    })
}

fn add(evidence: &mut Evidence, part: &str, content: &str) -> Result<(), Error> {
    fn read<T: DeserializeOwned>(into: &mut Vec<T>, content: &str) -> Result<(), serde_json::Error> {
        into.push(serde_json::from_str(content)?);
        Ok(())
    }
    let outcome = match part {
        "requirement" => read(&mut evidence.requirements, content),
        "test" => read(&mut evidence.tests, content),
        "defect" => read(&mut evidence.defects, content),
        "finding" => read(&mut evidence.findings, content),
        "vulnerability" => read(&mut evidence.vulnerabilities, content),
        "suspect_link" => read(&mut evidence.suspect_links, content),
        "waiver" => read(&mut evidence.waivers, content),
        "deployment" => read(&mut evidence.deployments, content),
        "commit" => read(&mut evidence.commits, content),
        "artifact" => read(&mut evidence.artifacts, content),
        "report" => read(&mut evidence.reports, content),
        "bill_of_materials" => read(&mut evidence.bills_of_materials, content),
        other => return Err(Error::Broken(format!("evidence has no part {other}"))),
    };
    outcome.map_err(|error| Error::Broken(format!("a {part} of the evidence cannot be read: {error}")))
}
