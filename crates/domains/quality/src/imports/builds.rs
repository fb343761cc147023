//! Builds that Jenkins or Bazel tell of: found again by what they are called there, else by their commit, else made.
//!
//! What is known of a build stays: a report fills what is missing and ends what was not ended. A build that the sender named is
//! the one that is meant, whatever the file calls it.

use formats::{
    Format, Limits,
    builds::{self, Build, Standing},
};
use kernel::{Action, Create, Ctx, Tx, Update};
use uuid::Uuid;

use super::{
    case::cut,
    job::{Job, Stop},
    source::Source,
    summary::{Changed, Summary},
};

const FIND: &str = include_str!("../../sql/builds_find.sql");
const FREE: &str = include_str!("../../sql/builds_free.sql");
const INSERT: &str = include_str!("../../sql/builds_insert.sql");
const UPDATE: &str = include_str!("../../sql/builds_update.sql");
const REFER: &str = include_str!("../../sql/builds_refer.sql");

/// Builds of one file at most.
const BUILDS: usize = 10_000;

/// What became of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    Made,
    Changed,
    Same,
}

/// Stores the builds of Jenkins that `source` holds.
///
/// # Errors
/// A rejection when the file cannot be read, or its sender may not make builds; else whatever the database says.
pub(crate) async fn import(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source) -> Result<Summary, Stop> {
    let limits = Limits { max_records: BUILDS, ..Limits::default() };
    let read = source.read(move |file| builds::read(file, &limits)).await?;
    let read = read.map_err(Stop::unreadable)?;
    if job.build.is_some() && read.builds.len() > 1 {
        return Err(Stop::rejected(format!(
            "the file tells of {} builds, and was sent for one; leave the build out",
            read.builds.len()
        )));
    }
    let mut summary = Summary::of(&job.file_name, super::format_name(Format::Jenkins));
    summary.count("builds", 0, 0, 0);
    // A job lists its newest build first; numbers here follow the order in which they were made.
    for build in read.builds.iter().rev() {
        let (_, became) = store(ctx, tx, job, "jenkins", build).await?.map_err(Stop::rejected)?;
        count(&mut summary, build, became);
    }
    if read.named_only > 0 {
        summary.warn(format!(
            "{} builds are told by their number alone and were passed over; ask Jenkins for more (`…/api/json?depth=1`)",
            read.named_only
        ));
    }
    if read.replaced.count > 0 {
        summary.warn(format!("{} characters could not be shown and were replaced", read.replaced.count));
    }
    Ok(summary)
}

/// What is known of the build that a file of build events is about.
pub(crate) enum Told {
    /// Its results belong to this one; what became of it.
    Build(Uuid, Box<dyn FnOnce(&mut Summary) + Send>),
    /// Its sender may not make or change builds: the results come in all the same, for the build that was named, or none.
    Not(String),
    /// Nothing identifies it.
    Nothing,
}

/// The build that a file of build events is about, to which its results belong.
///
/// # Errors
/// When the file cannot be read, or whatever the database says.
pub(crate) async fn of_events(ctx: &Ctx, tx: &Tx, job: &Job, source: &Source, format: Format) -> Result<Told, Stop> {
    let read = source.read(move |file| builds::survey(format, file, &Limits::default())).await?;
    let build = read.map_err(Stop::unreadable)?;
    if build.identifier.is_empty() {
        return Ok(Told::Nothing);
    }
    Ok(match store(ctx, tx, job, "bazel", &build).await? {
        Ok((id, became)) => Told::Build(id, Box::new(move |summary: &mut Summary| count(summary, &build, became))),
        Err(why) => Told::Not(why),
    })
}

fn count(summary: &mut Summary, build: &Build, became: Became) {
    let one = |is: Became| u64::from(became == is);
    summary.count("builds", one(Became::Made), one(Became::Changed), one(Became::Same));
    let what = match became {
        Became::Made => "created",
        Became::Changed => "updated",
        Became::Same => return,
    };
    let title = build.name.as_deref().unwrap_or(&build.identifier);
    summary.tell(Changed::new(what, &cut(&build.identifier, 200), &cut(title, 200), Vec::new()));
}

/// The build made or changed; or why the sender may not.
async fn store(
    ctx: &Ctx,
    tx: &Tx,
    job: &Job,
    system: &str,
    build: &Build,
) -> Result<Result<(Uuid, Became), String>, Stop> {
    let identifier = cut(&build.identifier, 500);
    let status = match build.standing {
        Standing::Unknown => "pending",
        Standing::Running => "building",
        Standing::Succeeded => "success",
        Standing::Failed => "failed",
        Standing::Cancelled => "cancelled",
    };
    let mut known = job.build;
    if known.is_none() {
        known =
            tx.query_opt(FIND, &[&job.project, &system, &identifier]).await?.map(|row| row.try_get(0)).transpose()?;
    }
    if known.is_none() && build.commit.is_some() {
        let found = tx.query_opt(FREE, &[&job.project, &build.commit, &system]).await?;
        known = found.map(|row| row.try_get(0)).transpose()?;
    }
    let (id, became) = match known {
        Some(id) => {
            if let Some(why) = refusal(ctx, job, Update::NAME) {
                return Ok(Err(why));
            }
            let changed = tx
                .execute(UPDATE, &[&id, &build.commit, &build.branch, &status, &build.started_at, &build.completed_at])
                .await?;
            (id, if changed > 0 { Became::Changed } else { Became::Same })
        }
        None => {
            if let Some(why) = refusal(ctx, job, Create::NAME) {
                return Ok(Err(why));
            }
            let id = ctx.new_id();
            let (from, to) = (&build.started_at, &build.completed_at);
            tx.execute(
                INSERT,
                &[&id, &job.project, &build.commit, &build.branch, &status, from, to, &ctx.principal.user_id],
            )
            .await?;
            (id, Became::Made)
        }
    };
    let is_address =
        |url: &&String| url.chars().count() <= 2000 && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    let url = build.url.as_ref().filter(is_address);
    let title = build.name.as_deref().map(|name| cut(name, 500));
    tx.execute(REFER, &[&job.project, &id, &system, &identifier, &url, &title, &ctx.now()]).await?;
    Ok(Ok((id, became)))
}

/// Why the sender may not do this to builds; nothing when they may.
fn refusal(ctx: &Ctx, job: &Job, action: &'static str) -> Option<String> {
    if ctx.may("build", action, Some(job.project)) {
        return None;
    }
    let reason = ctx.why_not("build", action, Some(job.project));
    Some(format!("the file tells of builds, and you may not {action} builds: {reason}"))
}
