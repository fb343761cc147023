//! P9: the matrices over many requirements and results, held against themselves at a hundredth of the data.

use std::{sync::Arc, time::Duration};

use decisions::median;
use line::{
    Failure, http,
    instance::Instance,
    load,
    report::{Goal, Section, short},
    seed,
};

use crate::{Plan, progress};

/// Connections, so that a time is one of answering and not of waiting for a processor.
const FEW: usize = 2;
/// Results of each test: one a build.
const BUILDS: u64 = 100;

/// What is asked, and what it is called in the report. Each goes through an API token, with decision and row security.
const QUESTIONS: [(&str, &str); 8] = [
    ("requirements with what they are linked to", "/v1/matrix?project=payments"),
    ("gaps", "/v1/matrix?project=payments&show=gaps"),
    ("suspect links", "/v1/matrix?project=payments&show=suspects"),
    ("stale results", "/v1/matrix?project=payments&show=stale"),
    (
        "tests turned round, that verify nothing",
        "/v1/matrix?project=payments&rows=test_case&columns=requirement&show=gaps",
    ),
    ("flaky tests, of which there are none", "/v1/matrix?project=payments&show=flaky"),
    ("evidence: gaps first", "/v1/requirement-evidence?filter[standing]=gap&limit=50"),
    ("impact of a requirement", "/v1/impact?record=payments:REQ-17&depth=5"),
];

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    let few = (plan.requirements / 100).max(100);
    let mut section = Section::new("P9: the matrix over many requirements and results");
    section.note(format!(
        "{} requirements of two criteria each in one project, a test for each and {} results, {BUILDS} a test; the small database has {few} requirements and \
         as many results a test. The first part of each list. {FEW} connections; the two servers take turns.",
        plan.requirements,
        plan.requirements * BUILDS,
    ));
    let large = stored(plan, "matrix-large", plan.requirements).await?;
    let small = stored(plan, "matrix-small", few).await?;
    progress("P9: asking");
    let mut table = Vec::new();
    for (name, path) in QUESTIONS {
        let (mut many, mut hundredth) = (Vec::new(), Vec::new());
        for round in 0..=plan.rounds {
            let of_large = asked(&large, path, plan.time).await?;
            let of_small = asked(&small, path, plan.time).await?;
            // The first round only warms up.
            if round > 0 {
                many.push(of_large);
                hundredth.push(of_small);
            }
        }
        let p95: Vec<f64> = many.iter().map(|round| round.1).collect();
        section.figure(&format!("p95, {name}"), &p95, " ms", Goal::AtMost(200.0), "see the table");
        let growth: Vec<f64> = many.iter().zip(&hundredth).map(|(many, few)| many.1 / few.1).collect();
        section.figure(&format!("the same, of that with a hundredth, {name}"), &growth, "×", Goal::None, "");
        let middle = |rounds: &[(f64, f64)], pick: fn(&(f64, f64)) -> f64| {
            short(median(&rounds.iter().map(pick).collect::<Vec<_>>()))
        };
        table.push(vec![
            name.to_owned(),
            middle(&many, |round| round.0),
            middle(&many, |round| round.1),
            middle(&hundredth, |round| round.0),
            middle(&hundredth, |round| round.1),
        ]);
    }
    section.table("In milliseconds:", &["Asked", "p50", "p95", "p50 of a hundredth", "p95"], &table);
    large.stop().await?;
    small.stop().await?;
    Ok(section)
}

async fn stored(plan: &Plan, name: &str, requirements: u64) -> Result<Instance, Failure> {
    let instance = plan.start(name).await?;
    progress(&format!("P9: storing {requirements} requirements and {} results", requirements * BUILDS));
    seed::matrix(&instance, requirements, BUILDS).await?;
    Ok(instance)
}

/// The p50 and p95 of a round, in milliseconds.
async fn asked(instance: &Instance, path: &str, time: Duration) -> Result<(f64, f64), Failure> {
    let request = http::get(path, &instance.token);
    let next = Arc::new(move |_: u64| request.clone());
    let taken = load::run(instance.address, FEW, time, next).await?;
    Ok((taken.p50_ms, taken.p95_ms))
}
