//! One requirement: its page, editing it, moving it on, linking tests.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base::Problem;
use kernel::{Allowed, Ctx, Error, Read, Record, Served, Tx, Update, authorise};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use work::{Project, Requirement, Surroundings};

use super::{
    Site,
    answer::{see_other, with_status},
    criteria,
    error::{PageError, refused},
    evidence::{counts, shown},
    form::{Fields, Posted},
    history,
    listing::beside,
    requirement_files, requirement_form,
    session::Visitor,
};
use crate::{
    components::{Criterion, FormErrors, Stop},
    format::{When, plural, relative},
    layout::Section,
    paths,
    state::{DefectStatus, FeatureStatus, Level, Outcome, ProofState, RequirementStatus, Shown, TestLevel, Tone},
    views::requirement::{Conflict, EnteredEdit, TestLine, View, page},
};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/p/{project}/requirements/{key}", get(show).post(edit))
        .route("/p/{project}/requirements/{key}/status", post(advance))
        .route("/p/{project}/requirements/{key}/links", post(link))
}

/// A requirement as it stands in the database.
struct Known {
    requirement: Allowed<Requirement, Read>,
    around: Surroundings,
}

impl Known {
    async fn read(ctx: &Ctx, tx: &Tx, project: &Allowed<Project, Read>, key: &str) -> Result<Self, Error> {
        let requirement = work::requirement(ctx, tx, project, key).await?;
        let around = work::surroundings(ctx, tx, project, &requirement).await?;
        Ok(Self { requirement, around })
    }

    /// What the forms carry to notice that somebody else was quicker. The requirement's own lock says nothing about its
    /// criteria, which the same form edits.
    fn version(&self) -> i64 {
        let mut digest = Sha256::new();
        digest.update(self.requirement.version.to_be_bytes());
        for criterion in &self.around.criteria {
            digest.update(criterion.id.as_bytes());
            digest.update(criterion.text.as_bytes());
        }
        let bytes: [u8; 32] = digest.finalize().into();
        bytes.iter().take(7).fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte))
    }

    fn criteria_text(&self) -> String {
        let lines: Vec<String> = self.around.criteria.iter().map(|one| criteria::line(&one.text)).collect();
        lines.join("\n")
    }
}

/// What was entered and refused.
#[derive(Default)]
struct Entered {
    edit: Option<Fields>,
    errors: FormErrors,
    link_errors: FormErrors,
    conflict: Option<Conflict>,
}

async fn show(visitor: Visitor, Path((slug, key)): Path<(String, String)>) -> Result<Response, PageError> {
    render(&visitor, &slug, &key, Entered::default()).await
}

async fn render(visitor: &Visitor, slug: &str, key: &str, entered: Entered) -> Result<Response, PageError> {
    let (project, frame) = visitor.project(slug, Section::Requirements).await?;
    let (ctx, now) = (&visitor.ctx, visitor.ctx.now());
    let tx = ctx.begin_read().await?;
    let known = Known::read(ctx, &tx, &project, key).await?;
    let id = known.requirement.id.to_string();
    let may_edit = visitor.may_do::<Update>(&tx, &work::REQUIREMENTS, &id, Some(project.id)).await?;
    let deployed = beside(delivery::deployed(ctx, &tx, project.id).await)?;
    let live: Vec<Uuid> = deployed.iter().filter_map(|one| one.build_id).collect();
    let tested = work::tested_in(ctx, &tx, &project, &[known.requirement.id], &live).await?;
    let suspects = beside(work::suspects_counted(ctx, &tx, &project, Some(known.requirement.id)).await)?;
    let files = beside(quality::files_named_by(&tx, &known.requirement, known.requirement.id).await)?;
    let people = if may_edit { work::members(&tx, &project).await? } else { Vec::new() };
    tx.commit().await?;
    let served = ctx.catalogue().served(&work::REQUIREMENTS)?;
    let history = history::of(ctx, served, &id).await?;

    let (requirement, around) = (&known.requirement, &known.around);
    let status = RequirementStatus::from_code(&requirement.status).unwrap_or(RequirementStatus::Draft);
    let mut stops = line(slug, &known, status, now);
    stops.extend(deployed.iter().map(|one| {
        let here = one.build_id.is_some_and(|build| tested.contains(&(requirement.id, build)));
        Stop {
            label: one.environment.clone(),
            value: one.version.clone().filter(|_| here).unwrap_or_else(|| "–".to_owned()),
            detail: one.since.filter(|_| here).map(|at| relative(When::new(at, now))),
            tone: if here { Tone::Good } else { Tone::Idle },
            word: if here { "Live" } else { "Not there yet" }.to_owned(),
            href: Some(paths::section(slug, "deployments")),
        }
    }));
    let neighbours = |needed: bool| {
        let wanted = around.neighbours.iter().filter(move |one| one.needed == needed);
        wanted.map(|one| (one.key.clone(), one.title.clone(), shown(one.evidence.standing()))).collect()
    };
    let view = View {
        key: requirement.key.clone(),
        title: requirement.title.clone(),
        description: requirement.description.clone(),
        files: requirement_files::lines(slug, &requirement.key, &files),
        proof: shown(around.evidence().standing()),
        status,
        priority: Level::from_code(&requirement.priority),
        owner: requirement.owner.clone(),
        target: requirement.target.map(|day| day.to_string()),
        updated: When::new(requirement.updated_at, now),
        suspects,
        line: stops,
        criteria: around.criteria.iter().map(|one| criterion(slug, around, one)).collect(),
        features: around
            .features
            .iter()
            .map(|(name, status)| (name.clone(), FeatureStatus::from_code(status).unwrap_or(FeatureStatus::NotStarted)))
            .collect(),
        tests: around
            .tests
            .iter()
            .filter(|test| test.is_shown)
            .map(|test| TestLine {
                key: test.key.clone(),
                name: test.name.clone(),
                level: TestLevel::from_code(&test.level).unwrap_or(TestLevel::Unit),
                latest: test.outcome.as_deref().and_then(Outcome::from_code),
                when: test.at.map(|at| When::new(at, now)),
            })
            .collect(),
        results: around
            .results
            .iter()
            .map(|(number, outcomes, at)| (i64::from(*number), counts(*outcomes), When::new(*at, now)))
            .collect(),
        defects: around
            .defects
            .iter()
            .map(|(key, title, status)| {
                (key.clone(), title.clone(), DefectStatus::from_code(status).unwrap_or(DefectStatus::Open))
            })
            .collect(),
        depends_on: neighbours(true),
        needed_by: neighbours(false),
        history,
        history_href: paths::history("requirements", &id),
        moves: if may_edit { moves(served, &requirement.status) } else { Vec::new() },
        may_edit,
        version: known.version(),
        errors: entered.errors,
        link_errors: entered.link_errors,
        link_criteria: around.criteria.iter().map(|one| (one.id.to_string(), criteria::line(&one.text))).collect(),
        conflict: entered.conflict,
        people: owners(people, requirement),
        entered: Some(match &entered.edit {
            Some(fields) => requirement_form::entered(fields),
            None => EnteredEdit {
                title: requirement.title.clone(),
                description: requirement.description.clone(),
                criteria: known.criteria_text(),
                priority: requirement.priority.clone(),
                owner: requirement.owner_id.map(|id| id.to_string()).unwrap_or_default(),
                target: requirement.target.map(|day| day.to_string()).unwrap_or_default(),
            },
        }),
    };
    let fine = view.errors.is_empty() && view.link_errors.is_empty() && view.conflict.is_none();
    let status = match &view.conflict {
        Some(_) => StatusCode::CONFLICT,
        None if fine => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(with_status(status, page(&frame, &view)))
}

/// Who can own it: the members, and whoever owns it now even after they have left.
fn owners(members: Vec<(Uuid, String)>, requirement: &Requirement) -> Vec<(String, String)> {
    let mut owners = Vec::new();
    if let (Some(id), Some(name)) = (requirement.owner_id, &requirement.owner)
        && !members.iter().any(|(member, _)| *member == id)
    {
        owners.push((id.to_string(), name.clone()));
    }
    owners.extend(members.into_iter().map(|(id, name)| (id.to_string(), name)));
    owners
}

fn criterion(slug: &str, around: &Surroundings, one: &work::Criterion) -> Criterion {
    let evidence = around.of_criterion(one);
    let tests = one.tests.iter().filter_map(|at| around.tests.get(*at)).filter(|test| test.is_shown);
    Criterion {
        text: criteria::line(&one.text),
        state: shown(evidence.standing()),
        tests: evidence.tests,
        failing: evidence.outcomes.bad(),
        links: tests
            .take(50)
            .map(|test| (test.key.clone(), test.name.clone(), paths::test_case(slug, &test.key)))
            .collect(),
    }
}

/// The stops of a requirement's line up to its latest build.
fn line(slug: &str, known: &Known, status: RequirementStatus, now: jiff::Timestamp) -> Vec<Stop> {
    let (requirement, around) = (&known.requirement, &known.around);
    let evidence = around.evidence();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut stops = vec![Stop {
        label: "Requirement".to_owned(),
        value: requirement.key.clone(),
        detail: None,
        tone: status.tone(),
        word: status.word().to_owned(),
        href: None,
    }];
    if !around.features.is_empty() {
        let complete = number(around.features.iter().filter(|(_, status)| status == "completed").count());
        let all = number(around.features.len());
        let (tone, word) = if complete == all { (Tone::Good, "Complete") } else { (Tone::Active, "In progress") };
        stops.push(Stop {
            label: plural(all, "Feature", "Features").split_once(' ').map_or("Features", |(_, word)| word).to_owned(),
            value: all.to_string(),
            detail: Some(format!("{complete} complete")),
            tone,
            word: word.to_owned(),
            href: None,
        });
    }
    let proof: ProofState = shown(evidence.standing());
    stops.push(Stop {
        label: "Tests".to_owned(),
        value: evidence.tests.to_string(),
        detail: evidence.attention(),
        tone: proof.tone(),
        word: proof.word().to_owned(),
        href: Some("#tests".to_owned()),
    });
    stops.push(match around.results.first() {
        None => Stop {
            label: "Build".to_owned(),
            value: "–".to_owned(),
            detail: None,
            tone: Tone::Gap,
            word: "No results".to_owned(),
            href: None,
        },
        Some((number, outcomes, at)) => Stop {
            label: "Build".to_owned(),
            value: format!("#{number}"),
            detail: Some(relative(When::new(*at, now))),
            tone: if outcomes.bad() > 0 { Tone::Bad } else { Tone::Good },
            word: if outcomes.bad() > 0 { "Failing" } else { "Passing" }.to_owned(),
            href: Some(paths::build(slug, (*number).into())),
        },
    });
    stops
}

/// The moves that the declaration allows from `status`.
fn moves(served: &Served, status: &str) -> Vec<RequirementStatus> {
    let next = served.resource.status.as_ref().map(|moves| moves.after(status)).unwrap_or_default();
    next.iter().filter_map(|code| RequirementStatus::from_code(code)).collect()
}

/// The requirement, locked for a change, with what the form must have been made from.
async fn locked(
    ctx: &Ctx,
    tx: &Tx,
    project: &Allowed<Project, Read>,
    key: &str,
) -> Result<(Allowed<Record, Update>, Known), Error> {
    let served = ctx.catalogue().served(&work::REQUIREMENTS)?;
    let id = work::requirement(ctx, tx, project, key).await?.id;
    let record = Record::find(tx, served, &id.to_string(), true).await?;
    let record = authorise::<Update, _>(ctx, record)?;
    Ok((record, Known::read(ctx, tx, project, key).await?))
}

async fn edit(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let (ctx, fields) = (&posted.visitor.ctx, posted.fields);
    let project = work::project(ctx, &slug).await?;
    let mut tx = ctx.begin().await?;
    let (record, known) = locked(ctx, &tx, &project, &key).await?;
    if fields.text("version") != known.version().to_string() {
        drop(tx);
        let conflict = conflict(ctx, &known, &fields).await?;
        let entered = Entered { edit: Some(fields), conflict: Some(conflict), ..Entered::default() };
        return render(&posted.visitor, &slug, &key, entered).await;
    }
    let change = requirement_form::change(&fields);
    let served = ctx.catalogue().served(&work::REQUIREMENTS)?;
    let written = async {
        kernel::update(ctx, &mut tx, served, record, &Value::Object(change)).await?;
        if fields.has("criteria") {
            criteria::write(ctx, &mut tx, known.requirement.id, &known.around.criteria, fields.text("criteria"))
                .await?;
        }
        tx.commit().await
    }
    .await;
    match written {
        Ok(()) => Ok(see_other(paths::requirement(&slug, &key)).saying(Tone::Good, "Saved.").into_response()),
        Err(error) => {
            let errors = requirement_form::named(refused(ctx, error)?);
            render(&posted.visitor, &slug, &key, Entered { edit: Some(fields), errors, ..Entered::default() }).await
        }
    }
}

/// What somebody else changed while the form was open, beside what was entered.
async fn conflict(ctx: &Ctx, known: &Known, fields: &Fields) -> Result<Conflict, Error> {
    let requirement = &known.requirement;
    let served = ctx.catalogue().served(&work::REQUIREMENTS)?;
    let by = history::of(ctx, served, &requirement.id.to_string()).await?.into_iter().next();
    let theirs = [
        ("title", "Title", requirement.title.clone()),
        ("description", "Description", requirement.description.clone()),
        ("criteria", "Acceptance criteria", known.criteria_text()),
        ("priority", "Priority", requirement.priority.clone()),
        ("target", "Target", requirement.target.map(|day| day.to_string()).unwrap_or_default()),
    ];
    let differing = theirs.into_iter().filter_map(|(name, label, theirs)| {
        let yours = fields.text(name).replace("\r\n", "\n");
        (theirs.trim() != yours).then(|| (label.to_owned(), theirs, yours))
    });
    Ok(Conflict { by: by.map_or_else(|| "Somebody".to_owned(), |entry| entry.actor.name), fields: differing.collect() })
}

async fn advance(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    let project = work::project(ctx, &slug).await?;
    let to = posted.fields.text("status");
    let mut tx = ctx.begin().await?;
    let (record, known) = locked(ctx, &tx, &project, &key).await?;
    let here = paths::requirement(&slug, &key);
    if posted.fields.text("version") != known.version().to_string() {
        return Ok(see_other(here)
            .saying(Tone::Warn, format!("{key} was changed meanwhile, so it was not moved. Look at it again."))
            .into_response());
    }
    let served = ctx.catalogue().served(&work::REQUIREMENTS)?;
    match kernel::update(ctx, &mut tx, served, record, &json!({"status": to})).await {
        Ok(_) => tx.commit().await?,
        Err(error) => {
            let errors = refused(ctx, error)?;
            let says = errors.summary.or_else(|| errors.fields.into_iter().next().map(|field| field.detail));
            return Ok(see_other(here).saying(Tone::Bad, says.unwrap_or_default()).into_response());
        }
    }
    let word = RequirementStatus::from_code(to).map_or_else(|| to.to_owned(), |status| status.word().to_owned());
    Ok(see_other(here).saying(Tone::Good, format!("{key} is now: {word}.")).into_response())
}

async fn link(Path((slug, key)): Path<(String, String)>, posted: Posted) -> Result<Response, PageError> {
    let ctx = &posted.visitor.ctx;
    let project = work::project(ctx, &slug).await?;
    let mut tx = ctx.begin().await?;
    let requirement = work::requirement(ctx, &tx, &project, &key).await?;
    let test = posted.fields.text("test_case").to_uppercase();
    let outcome = store_link(ctx, &mut tx, &project, &requirement, &test, posted.fields.text("criterion")).await;
    match outcome {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other(paths::requirement(&slug, &key))
                .saying(Tone::Good, format!("{test} is linked to {key}."))
                .linking(format!("Look at {test}"), paths::test_case(&slug, &test))
                .into_response())
        }
        Err(error) => {
            drop(tx);
            let link_errors = refused(ctx, error)?;
            render(&posted.visitor, &slug, &key, Entered { link_errors, ..Entered::default() }).await
        }
    }
}

async fn store_link(
    ctx: &Ctx,
    tx: &mut Tx,
    project: &Project,
    requirement: &Requirement,
    test: &str,
    criterion: &str,
) -> Result<(), Error> {
    let tests = ctx.catalogue().served(&quality::TEST_CASES)?;
    let missing = || {
        let detail = format!("There is no test case `{test}` in this project; its key looks like TC-12.");
        Problem::invalid(detail.clone()).field("/test_case", detail)
    };
    let found = Record::find(tx, tests, &format!("{}:{test}", project.slug), false).await;
    let found = found.and_then(|record| authorise::<Read, _>(ctx, record)).map_err(|error| match error.problem() {
        Some(_) => missing().into(),
        None => error,
    })?;
    if found.deleted || found.project != Some(project.id) {
        return Err(missing().into());
    }
    let mut body = Map::new();
    body.insert("project_id".to_owned(), json!(project.id));
    body.insert("source_id".to_owned(), json!(found.uuid()?));
    body.insert("target_id".to_owned(), json!(requirement.id));
    body.insert("link_type".to_owned(), json!("verifies"));
    if !criterion.is_empty() {
        body.insert("criterion_id".to_owned(), json!(criterion));
    }
    let served = ctx.catalogue().served(&work::TRACE_LINKS)?;
    kernel::create(ctx, tx, served, &Value::Object(body)).await.map(|_| ())
}
