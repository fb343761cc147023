//! P13: where a vulnerability runs, over as many components as asked for.

use std::sync::Arc;

use line::{
    Failure, http,
    instance::Instance,
    load,
    report::{Goal, Section},
    seed,
};

use crate::{Plan, progress};

/// Connections, so that a time is one of the question and not of waiting for a processor.
const FEW: usize = 2;
/// Vulnerabilities that are asked for in turn.
const ASKED: u64 = 1_000;
/// Vulnerabilities of versions of the most popular package that only old builds have.
const OLD: u64 = 10;

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    let mut section = Section::new("P13: where a vulnerability runs");
    section.note(format!(
        "`GET /v1/findings/exposure?identifier=CVE-…`: {ASKED} vulnerabilities in turn, known by another name (GHSA), each of one of 20,000 packages in a range \
         of versions, over bills of materials with a hundred components each, in 50 projects; a thousand builds run. The packages asked for are spread from \
         the most popular to the rarest. The answer names service, environment, version, owner, requirements and tests. {FEW} connections, as the administrator."
    ));
    for rows in &plan.rows {
        let instance = plan.start(&format!("exposed-{rows}")).await?;
        progress(&format!("P13: storing {rows} components"));
        seed::exposed(&instance, *rows).await?;
        let first = instance.get("/v1/findings/exposure?identifier=CVE-2030-0500").await?;
        if first["statements"] != 1 || first["aliases"][0] != "GHSA-500" {
            return Err(format!("the vulnerability is not known: {first}").into());
        }
        progress(&format!("P13: asking over {rows} components"));
        let spread = (1..=ASKED).map(|n| n * 7 % ASKED + 1).collect();
        let old = (ASKED + 1..=ASKED + OLD).collect();
        for (which, asked) in [("", spread), (", versions that only old builds have", old)] {
            let (middle, slow) = ask(plan, &instance, asked).await?;
            let reason = "see the plan of `exposure.sql` for the most popular packages";
            section.figure(&format!("p50 over {rows} components{which}"), &middle, " ms", Goal::None, "");
            section.figure(&format!("p95 over {rows} components{which}"), &slow, " ms", Goal::AtMost(200.0), reason);
        }
        instance.stop().await?;
    }
    Ok(section)
}

/// The p50 and the p95 of each round, in milliseconds, of asking for these vulnerabilities in turn.
async fn ask(plan: &Plan, instance: &Instance, asked: Vec<u64>) -> Result<(Vec<f64>, Vec<f64>), Failure> {
    let request = |n| http::get(&format!("/v1/findings/exposure?identifier=CVE-2030-{n:04}"), &instance.token);
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(asked.into_iter().map(request).collect());
    let (mut middle, mut slow) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let requests = requests.clone();
        let next = Arc::new(move |n: u64| requests[(n % requests.len() as u64) as usize].clone());
        let taken = load::run(instance.address, FEW, plan.time, next).await?;
        // The first round only warms up.
        if round > 0 {
            middle.push(taken.p50_ms);
            slow.push(taken.p95_ms);
        }
    }
    Ok((middle, slow))
}
