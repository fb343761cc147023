//! Making a bundle: proven to be allowed, read at one moment, signed, kept, and told in the audit trail.

use base::Problem;
use jiff::Timestamp;
use kernel::{
    Allowed, Change, Collection, Create, Ctx, Error, Operation, Read, Record, Resource, Tx, authorise, permit, record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    EVIDENCE_BUNDLES, bundle,
    canonical::hex,
    gather::{Subject, gather},
    record::{About, Evidence},
};

/// Bundles that are made at once in a process: each holds all it says in memory.
static ROOM: Semaphore = Semaphore::const_new(2);

const RELEASE: &str = "
select r.build_id, r.version, r.status, coalesce(r.released_at, r.planned_on::timestamp at time zone 'UTC'), r.notes, r.name
  from delivery.releases r where r.id = $1";
const BUILD: &str = "
select b.build_number, b.status, coalesce(b.completed_at, b.started_at, b.created_at) from delivery.builds b where b.id = $1";
const DEPLOYMENT: &str = "
select d.build_id, d.version, d.status, coalesce(d.deployed_at, d.completed_at, d.started_at, d.created_at), e.name,
       coalesce(d.rollback_reason, d.approval_notes)
  from delivery.deployments d join delivery.environments e on e.id = d.environment_id where d.id = $1";
const KEEP: &str = "
insert into security.evidence_bundles (id, project_id, name, subject, release_id, deployment_id, build_id, baseline_id, criteria_count,
                                       proven_count, open_count, public_key, size_bytes, content_sha256, content, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// What evidence is made for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The release. One of release, deployment and build has to be given.
    #[serde(default)]
    release_id: Option<Uuid>,
    /// The deployment.
    #[serde(default)]
    deployment_id: Option<Uuid>,
    /// The build.
    #[serde(default)]
    build_id: Option<Uuid>,
    /// The baseline that says what was required. Left out: what the project says now.
    #[serde(default)]
    baseline_id: Option<Uuid>,
}

/// A bundle that was made.
#[derive(Debug, Serialize, JsonSchema)]
struct Bundled {
    /// The bundle.
    id: Uuid,
    /// What it is about, in words.
    name: String,
    /// The project.
    project_id: Uuid,
    /// The build it is about.
    build_id: Uuid,
    /// Acceptance criteria of the requirements that had to be fulfilled.
    criteria_count: i32,
    /// Those of them that the build proves.
    proven_count: i32,
    /// What is open.
    open_count: i32,
    /// The public key of the signature, as `name+hash+key`.
    public_key: String,
    /// How large it is, in bytes.
    size_bytes: i64,
    /// SHA-256 of the bundle, in hexadecimal.
    content_sha256: String,
    /// Where it is fetched.
    content: String,
}

async fn read_record(
    ctx: &Ctx,
    tx: &Tx,
    resource: &'static Resource,
    id: Uuid,
) -> Result<Allowed<Record, Read>, Error> {
    let served = ctx.catalogue().served(resource)?;
    authorise(ctx, Record::find(tx, served, &id.to_string(), false).await?)
}

fn without_build(kind: &str) -> Error {
    Problem::invalid(format!("This {kind} names no build, so there is nothing to show; say which build it is first."))
        .into()
}

/// What is meant, which the actor may read.
async fn subject(ctx: &Ctx, tx: &Tx, wanted: &Wanted) -> Result<Subject, Error> {
    let project = |record: &Record| record.project.ok_or_else(|| Problem::not_found("project"));
    match (wanted.release_id, wanted.deployment_id, wanted.build_id) {
        (Some(id), None, None) => {
            let release = read_record(ctx, tx, &delivery::RELEASES, id).await?;
            let row = tx.query_one(RELEASE, &[&id]).await?;
            let (version, words): (String, Option<String>) = (row.try_get(1)?, row.try_get(5)?);
            let notes: Option<String> = row.try_get(4)?;
            let notes = [words, notes].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
            let about = About {
                kind: "release".into(),
                id,
                name: format!("Release {version}"),
                status: row.try_get(2)?,
                at: row.try_get(3)?,
                notes: (!notes.is_empty()).then_some(notes),
            };
            let build = row.try_get::<_, Option<Uuid>>(0)?.ok_or_else(|| without_build("release"))?;
            Ok(Subject { about, build, project: project(&release)? })
        }
        (None, Some(id), None) => {
            let deployment = read_record(ctx, tx, &delivery::DEPLOYMENTS, id).await?;
            let row = tx.query_one(DEPLOYMENT, &[&id]).await?;
            let (version, environment): (String, String) = (row.try_get(1)?, row.try_get(4)?);
            let about = About {
                kind: "deployment".into(),
                id,
                name: format!("Deployment of {version} to {environment}"),
                status: row.try_get(2)?,
                at: row.try_get(3)?,
                notes: row.try_get(5)?,
            };
            let build = row.try_get::<_, Option<Uuid>>(0)?.ok_or_else(|| without_build("deployment"))?;
            Ok(Subject { about, build, project: project(&deployment)? })
        }
        (None, None, Some(id)) => {
            let build = read_record(ctx, tx, &delivery::BUILDS, id).await?;
            let row = tx.query_one(BUILD, &[&id]).await?;
            let about = About {
                kind: "build".into(),
                id,
                name: format!("Build {}", row.try_get::<_, i32>(0)?),
                status: row.try_get(1)?,
                at: row.try_get::<_, Option<Timestamp>>(2)?,
                notes: None,
            };
            Ok(Subject { about, build: id, project: project(&build)? })
        }
        _ => {
            let problem = Problem::invalid("Say what the evidence is for.");
            let detail = "give one of release_id, deployment_id and build_id";
            Err(problem.field("/release_id", detail).into())
        }
    }
}

async fn make(ctx: &Ctx, tx: &mut Tx, wanted: Wanted) -> Result<Bundled, Error> {
    // Whoever may make none at all is told so, whatever they ask for.
    permit::<Create>(ctx, &EVIDENCE_BUNDLES)?;
    let subject = subject(ctx, tx, &wanted).await?;
    let (project, build) = (subject.project, subject.build);
    let may = authorise::<Create, _>(ctx, Collection::of(&EVIDENCE_BUNDLES, Some(project)))?;
    let baseline = match wanted.baseline_id {
        None => None,
        Some(id) => Some(read_record(ctx, tx, work_baselines(ctx)?, id).await?),
    };
    if baseline.as_ref().is_some_and(|baseline| baseline.project != Some(project)) {
        let problem = Problem::invalid("What was required is taken from a baseline of the same project.");
        return Err(problem.field("/baseline_id", "must be a baseline of the same project").into());
    }
    let busy = || {
        let words = "As many bundles as there can be are being made; try again in a moment.";
        Problem::new(base::ProblemKind::Unavailable, words).retry_after(5)
    };
    let _room = ROOM.try_acquire().map_err(|_| busy())?;
    let evidence = gather(ctx, tx, &may, subject, baseline.as_ref()).await?;
    keep(ctx, tx, evidence, &wanted, build).await
}

/// The declaration of baselines, which another domain owns.
fn work_baselines(ctx: &Ctx) -> Result<&'static Resource, Error> {
    let served = ctx.catalogue().get("baselines").ok_or_else(|| Error::Broken("baselines are not served".into()))?;
    Ok(served.resource)
}

/// Signs the evidence and keeps the bundle.
async fn keep(ctx: &Ctx, tx: &mut Tx, evidence: Evidence, wanted: &Wanted, build: Uuid) -> Result<Bundled, Error> {
    let key = ctx.kernel.signing_key()?.clone();
    let public_key = key.public_key().to_string();
    // Rendering, compressing and signing take their time; others are answered meanwhile.
    let packing = move || {
        let bundle = bundle::make(&evidence, &key);
        (evidence, bundle)
    };
    let packed = tokio::task::spawn_blocking(packing).await;
    let (evidence, content) = packed.map_err(|error| Error::Broken(format!("making a bundle: {error}")))?;
    let content = content.map_err(|error| Error::Broken(format!("making a bundle: {error}")))?;
    let (about, all) = (&evidence.about, &evidence.summary);
    let count = |figure: u64| i32::try_from(figure).unwrap_or(i32::MAX);
    let made = Bundled {
        id: ctx.new_id(),
        name: about.name.clone(),
        project_id: evidence.project.id,
        build_id: build,
        criteria_count: count(all.criteria),
        proven_count: count(all.proven),
        open_count: count(all.open),
        public_key,
        size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
        content_sha256: hex(&Sha256::digest(&content)),
        content: String::new(),
    };
    let digest = Sha256::digest(&content).to_vec();
    tx.execute(
        KEEP,
        &[
            &made.id,
            &made.project_id,
            &made.name,
            &about.kind,
            &wanted.release_id,
            &wanted.deployment_id,
            &build,
            &wanted.baseline_id,
            &made.criteria_count,
            &made.proven_count,
            &made.open_count,
            &made.public_key,
            &made.size_bytes,
            &digest,
            &content,
            &evidence.made.at,
        ],
    )
    .await?;
    let change = Change {
        event: "evidence_bundle.created",
        resource_type: "evidence_bundle",
        resource_id: made.id.to_string(),
        resource_name: Some(made.name.clone()),
        project: Some(made.project_id),
        old: None,
        new: Some(json!({
            "subject": about.kind, "subject_id": about.id, "build_id": build, "baseline_id": wanted.baseline_id, "content_sha256": made.content_sha256,
            "criteria_count": made.criteria_count, "proven_count": made.proven_count, "open_count": made.open_count,
        })),
    };
    record(ctx, tx, &change).await?;
    Ok(Bundled { content: format!("/v1/evidence-bundles/{}/content", made.id), ..made })
}

/// Making one.
pub(crate) fn making() -> Operation {
    Operation::on_collection::<Create, Wanted, Bundled, _>(
        "evidence-bundles",
        "create",
        "Makes the signed evidence of a release, a deployment or a build: what was required, what proves it, what is open, what was deployed where.",
        |ctx, tx, input| Box::pin(make(ctx, tx, input)),
    )
    .answering(201)
}
