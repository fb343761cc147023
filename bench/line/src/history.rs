//! A long history: a million results of two hundred builds come in one report after another, held against COPY of the very same
//! rows, with what the matrix says looked up after each.

use decisions::median;
use line::{
    Failure, junit,
    processor::Used,
    report::{Goal, Section, short},
};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    Plan,
    imports::{RESULTS, Taken, copied, import, new_project, session},
    progress,
};

/// Results of each build, and the bytes of output of each.
const CASES: usize = 5_000;
const OUTPUT: usize = 100;
/// The case that names the first requirement, and that fails in every other build.
const NAMING: usize = 7;
/// Builds that are shown together in the table.
const PARTS: usize = 5;

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    let instance = plan.start("history").await?;
    let client = instance.superuser().await?;
    client.batch_execute(&session(&instance)).await?;
    let project = new_project(&instance, &client, "line").await?;
    let copy = new_project(&instance, &client, "copy").await?;
    let reports = [junit::report(CASES, OUTPUT, None), junit::report(CASES, OUTPUT, Some(NAMING))];
    let (mut imported, mut by_copy) = (Vec::new(), Vec::new());
    for build in 1..=plan.builds {
        let fails = build % 2 == 0;
        imported.push(import(&instance, project, &build.to_string(), reports[usize::from(fails)].as_bytes()).await?);
        let (standing, in_one) = standing(&client, project, i32::try_from(build)?).await?;
        let expected = if fails { "failing" } else { "proven" };
        if standing != expected || !in_one {
            return Err(format!(
                "after build {build} the matrix says {standing} instead of {expected}; stored with the results: {in_one}"
            )
            .into());
        }
        by_copy.push(copied(&instance, &client, &RESULTS, project, copy, i32::try_from(build)?).await?);
        if build % 20 == 0 {
            progress(&format!("history: {build} builds, {} results", build * CASES));
        }
    }
    instance.stop().await?;

    let results = plan.builds * CASES;
    let mut section = Section::new("A history of results");
    section.note(format!(
        "{results} results of {} builds, {CASES} a build, each sent as `POST /v1/imports` and followed to `completed`, and then copied as P3 does it. After each \
         build what the matrix says of a requirement was read: it was that of the build's results, stored by the transaction that stored them (the same \
         `xmin`), all {} times.",
        plan.builds, plan.builds
    ));
    let ratios: Vec<f64> = by_copy.iter().zip(&imported).map(|(copy, import)| copy.seconds / import.seconds).collect();
    let whole = |taken: &[Taken]| taken.iter().map(|taken| taken.seconds).sum::<f64>();
    section.figure(
        "rows/s of COPY's, all builds together",
        &[whole(&by_copy) / whole(&imported)],
        "×",
        Goal::AtLeast(0.5),
        "see P3: sending, spooling with fsync, parsing and finding the cases behind the names",
    );
    section.figure("rows/s of COPY's, build by build", &ratios, "×", Goal::None, "");
    let part = (imported.len() / PARTS).max(1);
    let rows: Vec<Vec<String>> = imported
        .chunks(part)
        .zip(by_copy.chunks(part))
        .enumerate()
        .map(|(at, (import, copy))| {
            let middle =
                |taken: &[Taken], pick: fn(&Taken) -> f64| short(median(&taken.iter().map(pick).collect::<Vec<_>>()));
            let server: fn(&Taken) -> f64 = |taken| seconds(taken.used, |used| used.server);
            let database: fn(&Taken) -> f64 = |taken| seconds(taken.used, |used| used.database);
            vec![
                format!("{}–{}", at * part + 1, at * part + import.len()),
                middle(import, |taken| taken.seconds),
                middle(import, server),
                middle(import, database),
                middle(copy, |taken| taken.seconds),
                middle(copy, database),
            ]
        })
        .collect();
    section.table(
        "Medians by age, in seconds for a build:",
        &["Builds", "Import", "of it the server's processor", "PostgreSQL's", "COPY", "of it PostgreSQL's processor"],
        &rows,
    );
    Ok(section)
}

fn seconds(used: Used, pick: fn(Used) -> f64) -> f64 {
    pick(used) / 1e6
}

/// What the matrix says of the first requirement, and whether it was stored by the transaction that stored the results of this build.
async fn standing(client: &Client, project: Uuid, build: i32) -> Result<(String, bool), Failure> {
    let row = client
        .query_one(
            "select e.standing, e.xmin = (select r.xmin from quality.test_results r
               where r.project_id = e.project_id and r.build_id = (select b.id from delivery.builds b where b.project_id = $1 and b.build_number = $2)
               limit 1)
             from work.requirement_evidence e where e.project_id = $1 and e.number = 1",
            &[&project, &build],
        )
        .await?;
    Ok((row.get(0), row.get(1)))
}
