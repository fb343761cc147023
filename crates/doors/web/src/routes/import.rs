//! Importing files in the browser: the form, and the page that follows what it sent until all of it has ended.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use base::{Problem, ProblemKind};
use delivery::BuildFilter;
use kernel::{Call, Collection, Create, Ctx, Error, Read, Subject, Tx, authorise};
use quality::{ImportedFile, imports::Summary};
use serde_json::{Value, json};
use shared::Upload;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    Site,
    answer::{html, see_other, with_status},
    builds::import_status,
    deployments::words,
    error::{PageError, refused},
    listing::beside,
    session::Visitor,
};
use crate::{
    components::{Counts, FormErrors},
    format::When,
    layout::Section,
    paths,
    state::{FileStatus, ImportStatus},
    views::{import, import_job},
};

/// Builds to choose from, and imports listed as the latest.
const CHOICES: i64 = 50;
const RECENT: i64 = 10;
/// Rejections that are listed.
const REJECTIONS: i64 = 300;
/// The values of the field `build` that name no build.
const NEW: &str = "new";
const NONE: &str = "none";

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/import", get(show).post(send))
        // The size of each file is bounded as it arrives.
        .layer(DefaultBodyLimit::disable())
        .route("/p/{project}/imports/{id}", get(job))
}

async fn show(visitor: Visitor, Path(slug): Path<String>) -> Result<Response, PageError> {
    page(&visitor, &slug, (NEW, FormErrors::default()), StatusCode::OK).await
}

/// The form; with what was chosen and refused.
async fn page(
    visitor: &Visitor,
    slug: &str,
    (chosen, errors): (&str, FormErrors),
    status: StatusCode,
) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Import).await?;
    let ctx = &visitor.ctx;
    let tx = ctx.begin_read().await?;
    let projects = beside(quality::projects_to_import_into(ctx, &tx).await)?;
    let builds = delivery::list_builds::<Read>(ctx, &tx, project.id, &BuildFilter::default(), None, CHOICES).await;
    let builds = beside(builds)?;
    // Whoever may import has something to do here, though they may read nothing of what came in.
    let profiles = beside(quality::import_profiles(ctx, &tx, project.id, None).await)?;
    let recent = quality::recent_imports(ctx, &tx, project.id, RECENT).await;
    let recent = if projects.is_empty() { recent? } else { beside(recent)? };
    tx.commit().await?;
    let now = ctx.now();
    let fixed =
        [(NEW.to_owned(), "A new build".to_owned()), (NONE.to_owned(), "No build, these are requirements".to_owned())];
    let view = import::View {
        projects,
        builds: fixed.into_iter().chain(builds.iter().map(|build| (build.id.to_string(), words(build)))).collect(),
        chosen: chosen.to_owned(),
        profiles: profiles.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        errors,
        recent: recent
            .into_iter()
            .map(|one| {
                let status = import_status(&one.status, one.rejected);
                (one.id.to_string(), one.file_name, status, When::new(one.at, now))
            })
            .collect(),
    };
    Ok(with_status(status, import::page(&frame, &view)))
}

async fn send(
    State(site): State<Arc<Site>>,
    Path(slug): Path<String>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, PageError> {
    visitor.project(&slug, Section::Import).await?;
    let form = Multipart::from_request(request, &site)
        .await
        .map_err(|_| Problem::new(ProblemKind::UnsupportedMediaType, "This address takes forms with files."))?;
    let upload = receive(&site, &visitor, &slug, form).await?;
    let (ctx, chosen) = (&visitor.ctx, upload.text("build").to_owned());
    // A browser that goes away drops this request; what is about to be committed must be handed over all the same.
    let handing_over = hand_over(site.clone(), ctx.clone(), slug.clone(), upload).in_current_span();
    match tokio::spawn(handing_over).await.map_err(|error| Error::Broken(error.to_string()))? {
        Ok((to, first)) => Ok(see_other(paths::import(&to, &first)).into_response()),
        Err(error) => {
            let mut errors = refused(ctx, error)?;
            for field in &mut errors.fields {
                if field.pointer.starts_with("/files/") {
                    field.pointer = "/files".to_owned();
                }
            }
            page(&visitor, &slug, (&chosen, errors), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// Reads the form. Nothing is written to disk before its token is right and the sender may import into its project.
async fn receive(site: &Site, visitor: &Visitor, slug: &str, mut form: Multipart) -> Result<Upload, PageError> {
    let mut upload = Upload::new(&site.spool, site.file_bytes);
    let mut trusted = false;
    while let Some(field) = form.next_field().await.map_err(|error| Upload::unreadable(&error))? {
        if field.name() != Some("files") {
            upload.take_field(field).await?;
            continue;
        }
        if !trusted {
            visitor.check_csrf(upload.text("csrf"))?;
            let project = work::project(&visitor.ctx, chosen_project(&upload, slug)).await.map_err(no_project)?;
            authorise::<Create, _>(&visitor.ctx, Collection::of(&quality::IMPORTS, Some(project.id)))?;
            trusted = true;
        }
        upload.take_file(field, visitor.ctx.new_id()).await?;
    }
    visitor.check_csrf(upload.text("csrf"))?;
    Ok(upload)
}

/// The project that the form names, or else the one of the page.
fn chosen_project<'a>(upload: &'a Upload, slug: &'a str) -> &'a str {
    Some(upload.text("project")).filter(|text| !text.is_empty()).unwrap_or(slug)
}

fn no_project(error: Error) -> Error {
    match error.problem() {
        Some(_) => {
            Problem::invalid("No such project.").field("/project", "choose a project you may import into").into()
        }
        None => error,
    }
}

/// Queues what came and begins it. Answers the project and the first import.
async fn hand_over(site: Arc<Site>, ctx: Ctx, slug: String, upload: Upload) -> Result<(String, String), Error> {
    let mut tx = ctx.begin().await?;
    let (to, first, output) = queue(&ctx, &mut tx, &slug, &upload).await?;
    let committed = tx.commit().await;
    // Also when nobody knows whether the commit arrived: what turns out to belong to nothing is swept up later.
    upload.hand_over();
    committed?;
    (site.after_upload)(&ctx, &output);
    Ok((to, first))
}

/// Queues the files. Answers the project they went to, the first import, and what the operation said.
async fn queue(ctx: &Ctx, tx: &mut Tx, slug: &str, upload: &Upload) -> Result<(String, String, Value), Error> {
    if upload.is_empty() {
        return Err(Problem::invalid("No file was chosen.").field("/files", "choose at least one file").into());
    }
    let project = chosen_project(upload, slug).to_owned();
    let mut input = json!({"project": project, "files": upload.files()});
    let tries = !upload.text("dry_run").is_empty();
    if tries {
        input["dry_run"] = json!("true");
    }
    if !upload.text("profile").is_empty() {
        input["profile"] = json!(upload.text("profile"));
    }
    match upload.text("build") {
        // What is only tried makes no build and tells of none.
        _ if tries => {}
        NONE => {}
        "" | NEW => input["build"] = json!(new_build(ctx, tx, &project).await?),
        build => input["build"] = json!(build),
    }
    let operation = ctx.catalogue().operation(Subject::Collection("imports"), "create")?;
    let output = operation.run(ctx, tx, Call { id: None, input }).await?;
    let first = output["imports"][0]["id"].as_str().unwrap_or_default().to_owned();
    Ok((project, first, output))
}

/// Makes the build that the files tell about. What was tested has been built, so it counts as such.
async fn new_build(ctx: &Ctx, tx: &mut Tx, slug: &str) -> Result<Uuid, Error> {
    let project = work::project(ctx, slug).await.map_err(no_project)?;
    let body = json!({"project_id": project.id, "status": "success", "triggered_by": ctx.principal.user_id});
    let written = kernel::create(ctx, tx, ctx.catalogue().served(&delivery::BUILDS)?, &body).await?;
    written.id.parse().map_err(|_| Error::Broken("a build has an identifier".into()))
}

async fn job(visitor: Visitor, Path((slug, id)): Path<(String, String)>) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(&slug, Section::Import).await?;
    let ctx = &visitor.ctx;
    let missing = || Problem::not_found("import");
    let id: Uuid = id.parse().map_err(|_| missing())?;
    let tx = ctx.begin_read().await?;
    let files = quality::imports_sent_together(ctx, &tx, project.id, id).await?;
    let ids: Vec<Uuid> = files.iter().map(|file| file.id).collect();
    let (rejections, rejected_total) = quality::rejections_of_imports(ctx, &tx, project.id, &ids, REJECTIONS).await?;
    tx.commit().await?;
    let first = files.first().ok_or_else(missing)?;
    let ended = |file: &&ImportedFile| matches!(file.status.as_str(), "completed" | "failed");
    let done = i64::try_from(files.iter().filter(ended).count()).unwrap_or_default();
    let view = import_job::View {
        id: id.to_string(),
        status: status_of(&files, rejected_total),
        when: When::new(first.at, ctx.now()),
        build: files.iter().find_map(|file| file.build).map(i64::from),
        files_done: (done, i64::try_from(files.len()).unwrap_or_default()),
        bytes: files.iter().fold((0, 0), |sum, file| {
            let read = if ended(&file) { file.bytes.0 } else { file.bytes.1 };
            (sum.0 + read, sum.1 + file.bytes.0)
        }),
        kinds: kinds(&files),
        rejections: rejections
            .into_iter()
            .map(|one| import_job::Rejection { file: one.file_name, line: one.line, reason: one.reason })
            .collect(),
        changes: files.iter().flat_map(changes).collect(),
        tried: !files.is_empty()
            && files.iter().all(|file| summary(file).status == quality::imports::FileStatus::Tried),
        rejected_total,
        failure: None,
        files: files.iter().map(shown).collect(),
    };
    Ok(html(import_job::page(&frame, &view)))
}

/// Where the whole request stands: under way until every file has ended.
fn status_of(files: &[ImportedFile], rejected: i64) -> ImportStatus {
    let all = |status: &str| files.iter().all(|file| file.status == status);
    if all("queued") {
        ImportStatus::Waiting
    } else if files.iter().any(|file| matches!(file.status.as_str(), "queued" | "running")) {
        ImportStatus::Running
    } else if all("failed") {
        ImportStatus::Failed
    } else if rejected > 0 || files.iter().any(|file| file.status == "failed") {
        ImportStatus::Rejected
    } else {
        ImportStatus::Done
    }
}

/// The summary of a file that has ended; an empty one before.
fn summary(file: &ImportedFile) -> Summary {
    match file.status.as_str() {
        "completed" | "failed" => serde_json::from_value(file.summary.clone()).unwrap_or_default(),
        _ => Summary::default(),
    }
}

/// What became of its records, one by one.
fn changes(file: &ImportedFile) -> Vec<import_job::Change> {
    let told = |one: quality::imports::Changed| import_job::Change {
        what: one.what,
        record: one.record,
        title: one.title,
        fields: one.fields.into_iter().map(|field| (field.field, field.from, field.to)).collect(),
    };
    summary(file).changes.into_iter().map(told).collect()
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Created, updated and unchanged records of all files, by kind.
fn kinds(files: &[ImportedFile]) -> Vec<(String, [i64; 3])> {
    let mut sums = std::collections::BTreeMap::<String, [i64; 3]>::new();
    for file in files {
        let summary = summary(file);
        for (at, counts) in [&summary.created, &summary.updated, &summary.unchanged].into_iter().enumerate() {
            for (kind, count) in counts {
                sums.entry(kind.replace('_', " ")).or_default()[at] += number(*count);
            }
        }
    }
    sums.into_iter().collect()
}

fn shown(file: &ImportedFile) -> import_job::File {
    let summary = summary(file);
    let sum = |counts: &quality::imports::Counts| number(counts.values().sum());
    let remark = file.error.clone().or_else(|| summary.reason.clone()).or_else(|| {
        let first = summary.warnings.first()?;
        Some(match summary.warnings.len() {
            1 => first.clone(),
            more => format!("{first} (and {} more remarks)", more - 1),
        })
    });
    let (created, updated, unchanged) = (sum(&summary.created), sum(&summary.updated), sum(&summary.unchanged));
    import_job::File {
        name: file.file_name.clone(),
        size: file.bytes.0,
        format: format_words(file.format.as_deref().or(summary.format.as_deref())),
        status: match (file.status.as_str(), summary.status) {
            ("queued", _) => FileStatus::Waiting,
            ("running", _) => FileStatus::Running,
            ("failed", _) | (_, quality::imports::FileStatus::Rejected) => FileStatus::Rejected,
            (_, quality::imports::FileStatus::Unchanged) => FileStatus::Unchanged,
            (_, quality::imports::FileStatus::Tried) => FileStatus::Tried,
            (_, quality::imports::FileStatus::Imported) => FileStatus::Imported,
        },
        recognised: created + updated + unchanged,
        created,
        updated,
        unchanged,
        rejected: i64::try_from(summary.rejected.len()).unwrap_or(i64::MAX),
        outcomes: summary.outcomes.map(|outcomes| Counts {
            passed: number(outcomes.passed),
            failed: number(outcomes.failed),
            errors: number(outcomes.error),
            skipped: number(outcomes.skipped),
        }),
        remark,
    }
}

/// A format as people call it.
fn format_words(format: Option<&str>) -> String {
    match format {
        Some("junit") => "JUnit XML",
        Some("nunit") => "NUnit",
        Some("trx") => "TRX",
        Some("xunit") => "xUnit.net",
        Some("ctest") => "CTest",
        Some("robot") => "Robot Framework",
        Some("go-test") => "go test -json",
        Some("mocha") => "mocha",
        Some("rspec") => "RSpec",
        Some("dart") => "dart test",
        Some("cobertura") => "Cobertura",
        Some("lcov") => "lcov",
        Some("jacoco") => "JaCoCo",
        Some("requirement") => "Requirement",
        Some("sarif") => "SARIF",
        Some("cyclonedx") => "CycloneDX",
        Some("reqif") => "ReqIF",
        Some("reqifz") => "REQIFZ",
        Some("strictdoc") => "StrictDoc",
        Some("doorstop") => "Doorstop",
        Some("asvs") => "OWASP ASVS",
        Some("csv") => "CSV",
        Some("xlsx") => "XLSX",
        Some("jira" | "jira-csv") => "Jira",
        Some("github-issues") => "GitHub issues",
        Some("gitlab-issues") => "GitLab issues",
        Some("bugzilla" | "bugzilla-xml") => "Bugzilla",
        Some("redmine" | "redmine-xml") => "Redmine",
        Some("openapi") => "OpenAPI",
        Some("bazel") => "Bazel",
        Some("jenkins" | "jenkins-tests") => "Jenkins",
        Some(other) => other,
        None => "not known yet",
    }
    .to_owned()
}
