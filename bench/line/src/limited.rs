//! P5: a list that a policy filters, held against the same list without a filter, by the same server on the same rows.

use std::sync::Arc;

use line::{
    Failure, http,
    instance::Instance,
    load,
    report::{Goal, Section},
    seed,
};
use uuid::Uuid;

use crate::{Plan, progress};

/// Pages that are compared: what is asked for, and what it is called.
const PAGES: [(&str, &str); 2] = [
    ("&filter[status]=approved&sort=-updated_at&limit=50", "of one status, by the time of the last change"),
    ("&sort=-updated_at&limit=50", "of any status, by the time of the last change"),
];

pub(crate) async fn measure(plan: &Plan, instance: &Instance, project: Uuid, rows: u64) -> Result<Section, Failure> {
    progress("P5: a list under a policy");
    let reader = seed::reader(instance, project).await?;
    let mut section = Section::new("P5: a list filtered by policy");
    section.note(format!(
        "The newest 50 of {rows} requirements of a project, as its administrator, who reads all, and as a member who reads those of \
         three of five statuses and their own: one more predicate in the same statement, under the same row security."
    ));
    for (filter, what) in PAGES {
        let path = format!("/v1/requirements?filter[project_id]={project}{filter}");
        let (sql, _) = instance.statement_behind(&path, "work.requirements").await?;
        let (mut ratios, mut p95) = (Vec::new(), Vec::new());
        for round in 0..=plan.rounds {
            let mut rates = Vec::new();
            for token in [&instance.token, &reader] {
                let request = http::get(&path, token);
                rates.push(
                    load::run(instance.address, plan.connections, plan.time, Arc::new(move |_| request.clone()))
                        .await?,
                );
            }
            // The first round only warms up.
            if round > 0 {
                ratios.push(rates[1].rate / rates[0].rate);
                p95.push(rates[1].p95_ms / rates[0].p95_ms);
            }
        }
        let reason = "the condition is asked of every row that the index gives, until the page is full";
        section.figure(&format!("requests/s, {what}"), &ratios, "×", Goal::AtLeast(0.8), reason);
        section.figure(&format!("p95, {what}"), &p95, "×", Goal::None, "");
        section.note(format!("Without the policy's predicate: `{sql}`"));
    }
    Ok(section)
}
