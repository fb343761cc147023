//! The demonstration: Throughline's own record, which is part of the program. Its requirements, its commits, the build whose
//! tests ran, their results and coverage, and the deployment of that build to this very instance.
//!
//! Everything goes in as anybody's would: records through the kernel, files through the import. It is safe to repeat: what is
//! there is left as it is, also what somebody has changed since, and a program with a newer record adds to it.

use std::{collections::HashSet, path::Path};

use jiff::Timestamp;
use kernel::{BulkAction, BulkItem, BulkRequest, Call, Ctx, Error, Resource, Subject, Tx, bulk, create};
use quality::{
    Imports,
    imports::{Counts, Summary},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The files of the record by their names in the repository.
static RECORD: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/record.rs"));
const REQUIREMENTS: &str = "docs/requirements/";
/// The project's slug.
const PROJECT: &str = "throughline";
const REPOSITORY: &str = "https://localhost/throughline.git";
const ENVIRONMENT: &str = "development";
/// Records of one bulk request.
const AT_ONCE: usize = 500;

/// `demo/build.json`
#[derive(Debug, Deserialize)]
struct Build {
    commit: String,
    branch: String,
    version: String,
    started_at: Timestamp,
    completed_at: Timestamp,
}

/// A line of `demo/commits.json`
#[derive(Debug, Deserialize)]
struct Commit {
    hash: String,
    author: String,
    committed_at: Timestamp,
    subject: String,
}

/// What is there before the files come.
struct Ground {
    project: Uuid,
    environment: Uuid,
    build: Option<(Uuid, Build)>,
    commits: usize,
}

/// What the demonstration added.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Records by kind: `requirements`, `test_results`, `commits` and so on. None: everything was there.
    pub created: Counts,
    /// Files that were refused, each with the reason.
    pub rejected: Vec<(String, String)>,
}

impl std::fmt::Display for Loaded {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.created.is_empty() {
            return out.write_str("Throughline's own record is there already; nothing was added");
        }
        let counts: Vec<String> =
            self.created.iter().map(|(kind, n)| format!("{n} {}", kind.replace('_', " "))).collect();
        write!(out, "Loaded Throughline's own record: {}", counts.join(", "))
    }
}

/// Loads what of the record is not there yet. `spool` is where `imports` reads files from.
///
/// # Errors
/// When the actor may not, or the database fails; what was loaded until then stays, and the next time goes on from there.
pub async fn load(ctx: &Ctx, imports: &Imports, spool: &Path) -> Result<Loaded, Error> {
    let mut loaded = Loaded::default();
    let ground = lay_ground(ctx, &mut loaded).await?;
    let is_requirement = |(name, _): &&(&'static str, &'static [u8])| name.starts_with(REQUIREMENTS);
    let requirements: Vec<_> = RECORD.iter().filter(is_requirement).collect();
    import(ctx, imports, spool, &ground, None, &requirements, &mut loaded).await?;
    let Some((build, about)) = &ground.build else { return Ok(loaded) };
    let is_report = |(name, _): &&(&'static str, &'static [u8])| name.ends_with(".xml") || name.ends_with(".info");
    let reports: Vec<_> = RECORD.iter().filter(is_report).collect();
    import(ctx, imports, spool, &ground, Some(*build), &reports, &mut loaded).await?;
    deploy(ctx, &ground, *build, about, &mut loaded).await?;
    if ground.commits > 0 {
        loaded.created.insert("commits".into(), ground.commits as u64);
    }
    Ok(loaded)
}

fn file(name: &str) -> Option<&'static [u8]> {
    RECORD.iter().find(|(known, _)| *known == name).map(|(_, content)| *content)
}

fn parsed<T: serde::de::DeserializeOwned>(name: &str) -> Result<Option<T>, Error> {
    let unreadable = |error| Error::Broken(format!("{name} cannot be read ({error}); make it anew: cargo xtask demo"));
    file(name).map(|content| serde_json::from_slice(content).map_err(unreadable)).transpose()
}

/// The project with its repository, commits, build and environment, in one transaction.
async fn lay_ground(ctx: &Ctx, loaded: &mut Loaded) -> Result<Ground, Error> {
    let mut tx = ctx.begin().await?;
    let project = match found(&tx, "select id from work.projects where slug = $1 and deleted_at is null", PROJECT)
        .await?
    {
        Some(project) => project,
        None => {
            count(loaded, "projects");
            make(ctx, &mut tx, &work::PROJECTS, json!({
                "name": "Throughline",
                "slug": PROJECT,
                "description": "The system of record for software delivery by people and AI agents. This is its own record: \
                                what it is to do, and what its tests have shown.",
                "visibility": "internal",
                "license_code": "Apache-2.0",
            }))
            .await?
        }
    };
    let repository = format!(
        "select id from delivery.repositories where project_id = '{project}' and url = $1 and deleted_at is null"
    );
    let repository = match found(&tx, &repository, REPOSITORY).await? {
        Some(repository) => repository,
        None => {
            let body = json!({"project_id": project, "url": REPOSITORY, "default_branch": "main", "is_primary": true});
            make(ctx, &mut tx, &delivery::REPOSITORIES, body).await?
        }
    };
    // That of the organisation, unless somebody took it away.
    let environment = format!(
        "select id from delivery.environments
          where (project_id = '{project}' or project_id is null) and name = $1 and deleted_at is null order by project_id nulls last limit 1"
    );
    let environment = match found(&tx, &environment, ENVIRONMENT).await? {
        Some(environment) => environment,
        None => {
            let body = json!({"project_id": project, "name": ENVIRONMENT, "tier": "development"});
            make(ctx, &mut tx, &delivery::ENVIRONMENTS, body).await?
        }
    };
    let commits = new_commits(ctx, &mut tx, repository).await?;
    let build = match parsed::<Build>("demo/build.json")? {
        None => None,
        Some(about) => {
            let known = format!(
                "select id from delivery.builds where project_id = '{project}' and git_commit_hash = $1 order by id limit 1"
            );
            let id = match found(&tx, &known, &about.commit).await? {
                Some(id) => id,
                None => {
                    count(loaded, "builds");
                    new_build(ctx, &mut tx, project, repository, &about, &commits).await?
                }
            };
            Some((id, about))
        }
    };
    tx.commit().await?;
    Ok(Ground { project, environment, build, commits: commits.len() })
}

fn count(loaded: &mut Loaded, kind: &str) {
    *loaded.created.entry(kind.to_owned()).or_default() += 1;
}

async fn found(tx: &Tx, sql: &str, value: &str) -> Result<Option<Uuid>, Error> {
    Ok(tx.query_opt(sql, &[&value]).await?.map(|row| row.try_get(0)).transpose()?)
}

async fn make(ctx: &Ctx, tx: &mut Tx, resource: &'static Resource, body: Value) -> Result<Uuid, Error> {
    let written = create(ctx, tx, ctx.catalogue().served(resource)?, &body).await?;
    Uuid::try_parse(&written.id).map_err(|error| Error::Broken(error.to_string()))
}

async fn make_all(ctx: &Ctx, tx: &mut Tx, resource: &'static Resource, bodies: Vec<Value>) -> Result<Vec<Uuid>, Error> {
    let served = ctx.catalogue().served(resource)?;
    let mut ids = Vec::with_capacity(bodies.len());
    for part in bodies.chunks(AT_ONCE) {
        let item =
            |body: &Value| BulkItem { action: BulkAction::Create, id: None, data: Some(body.clone()), if_match: None };
        let answer =
            bulk(ctx, tx, served, &BulkRequest { items: part.iter().map(item).collect(), atomic: true }).await?;
        let made = answer["results"].as_array().map_or(&[][..], Vec::as_slice);
        ids.extend(made.iter().filter_map(|one| Uuid::try_parse(one["id"].as_str().unwrap_or_default()).ok()));
    }
    Ok(ids)
}

/// Makes the commits that are not there, oldest first, and gives their identifiers.
async fn new_commits(ctx: &Ctx, tx: &mut Tx, repository: Uuid) -> Result<Vec<Uuid>, Error> {
    let rows = tx.query("select commit_hash from delivery.commits where repository_id = $1", &[&repository]).await?;
    let known = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<String>, _>>()?;
    let commits: Vec<Commit> = parsed("demo/commits.json")?.unwrap_or_default();
    let body = |commit: &Commit| {
        json!({
            "repository_id": repository,
            "commit_hash": commit.hash,
            "author_name": commit.author,
            "message": commit.subject,
            "committed_at": commit.committed_at,
        })
    };
    let bodies = commits.iter().filter(|commit| !known.contains(&commit.hash)).map(body).collect();
    make_all(ctx, tx, &delivery::COMMITS, bodies).await
}

/// Makes the build, with the commits that no earlier build has brought.
async fn new_build(
    ctx: &Ctx,
    tx: &mut Tx,
    project: Uuid,
    repository: Uuid,
    about: &Build,
    commits: &[Uuid],
) -> Result<Uuid, Error> {
    let build = make(
        ctx,
        tx,
        &delivery::BUILDS,
        json!({
            "project_id": project,
            "repository_id": repository,
            "version_tag": about.version,
            "git_commit_hash": about.commit,
            "git_branch": about.branch,
            "status": "success",
            "started_at": about.started_at,
            "completed_at": about.completed_at,
        }),
    )
    .await?;
    let body = |(at, commit): (usize, &Uuid)| json!({"build_id": build, "commit_id": commit, "position": at + 1});
    make_all(ctx, tx, &delivery::BUILD_COMMITS, commits.iter().enumerate().map(body).collect()).await?;
    Ok(build)
}

/// Imports the files whose content has not come in yet, for a build or for none.
async fn import(
    ctx: &Ctx,
    imports: &Imports,
    spool: &Path,
    ground: &Ground,
    build: Option<Uuid>,
    files: &[&(&'static str, &'static [u8])],
    loaded: &mut Loaded,
) -> Result<(), Error> {
    let mut tx = ctx.begin().await?;
    // The newest import of a name counts: a requirement that was changed and changed back has to come in again.
    let rows = tx
        .query(
            "select distinct on (file_name) file_name, content_sha256, status from platform.imports
              where project_id = $1 and build_id is not distinct from $2::uuid order by file_name, id desc",
            &[&ground.project, &build],
        )
        .await?;
    let mut known = HashSet::new();
    for row in &rows {
        if row.try_get::<_, &str>(2)? != "failed" {
            known.insert((row.try_get::<_, String>(0)?, row.try_get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default()));
        }
    }
    let mut sent = Vec::new();
    for (name, content) in files {
        let digest = Sha256::digest(content);
        if !known.contains(&((*name).to_owned(), digest.to_vec())) {
            let path = spool.join(format!("{}.upload", ctx.new_id()));
            keep(&path, content).await?;
            let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            sent.push(json!({"name": name, "path": path, "size": content.len(), "sha256": digits}));
        }
    }
    if sent.is_empty() {
        return Ok(());
    }
    let subject = Subject::Collection(quality::IMPORTS.name);
    let operation = ctx.catalogue().operations().find(|one| one.subject == subject && one.name == "create").cloned();
    let operation = operation.ok_or_else(|| Error::Broken("imports are not served".into()))?;
    let mut input = json!({"project": ground.project, "files": sent});
    if let Some(build) = build {
        input["build"] = json!(build);
    }
    let queued = operation.run(ctx, &mut tx, Call { id: None, input }).await?;
    tx.commit().await?;
    let queued = queued["imports"].as_array().map_or(&[][..], Vec::as_slice);
    let ids: Vec<Uuid> = queued.iter().filter_map(|one| Uuid::try_parse(one["id"].as_str()?).ok()).collect();
    imports.run(ctx, &ids).await;
    sum_up(ctx, &ids, loaded).await
}

async fn keep(path: &Path, content: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Io { doing: "a file of the demonstration could not be kept on disk".into(), source };
    tokio::fs::write(path, content).await.map_err(failed)
}

async fn sum_up(ctx: &Ctx, ids: &[Uuid], loaded: &mut Loaded) -> Result<(), Error> {
    let tx = ctx.begin_read().await?;
    let rows = tx.query("select file_name, error, summary from platform.imports where id = any($1)", &[&ids]).await?;
    tx.commit().await?;
    for row in rows {
        if let Some(error) = row.try_get(1)? {
            loaded.rejected.push((row.try_get(0)?, error));
        }
        let summary: Summary = serde_json::from_value(row.try_get(2)?).unwrap_or_default();
        for (kind, n) in summary.created {
            *loaded.created.entry(kind).or_default() += n;
        }
    }
    Ok(())
}

/// Writes down that the build runs here, once.
async fn deploy(ctx: &Ctx, ground: &Ground, build: Uuid, about: &Build, loaded: &mut Loaded) -> Result<(), Error> {
    let mut tx = ctx.begin().await?;
    let known = "select id from delivery.deployments where build_id = $1 and environment_id = $2 limit 1";
    if tx.query_opt(known, &[&build, &ground.environment]).await?.is_some() {
        return tx.commit().await;
    }
    let now = ctx.now();
    let body = json!({
        "project_id": ground.project,
        "build_id": build,
        "environment_id": ground.environment,
        "version": about.version,
        "status": "success",
        "started_at": now,
        "completed_at": now,
        "deployed_at": now,
        "deployed_by": ctx.principal.user_id,
    });
    make(ctx, &mut tx, &delivery::DEPLOYMENTS, body).await?;
    count(loaded, "deployments");
    tx.commit().await
}
