//! P8: a change over REST with its audit row, its change by column and its outbox row, held against pgbench making the same change alone.

use std::sync::Arc;

use decisions::median;
use line::{
    Failure, http, load,
    pgbench::{Mode, Script},
    report::{Goal, Section, short},
    seed,
};

use crate::{Plan, progress, reading::Taken};

/// Requirements that are changed, one at random each time.
const ROWS: u64 = 100_000;

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    let instance = plan.start("writing").await?;
    progress(&format!("P8: storing {ROWS} requirements"));
    seed::requirements(&instance, ROWS).await?;
    let bare = format!(
        "update work.requirements set title = 'The customer sees balance ' || random(), updated_by = '{}' \
         where id = ('019300000000700080' || lpad(:n::text, 14, '0'))::uuid",
        instance.user
    );
    let script = Script::write(&plan.scratch, "write", &instance, (Mode::Write, &bare), &[], ROWS)?;
    let token = instance.token.clone();
    let next = Arc::new(move |n: u64| {
        let body = format!(r#"{{"title": "The customer sees balance {n}"}}"#);
        http::patch(&format!("/v1/requirements/{}", seed::id(1 + n % ROWS)), &token, body.as_bytes())
    });
    let (mut of_pgbench, mut of_server) = (Taken::default(), Taken::default());
    progress("P8: changing");
    for round in 0..=plan.rounds {
        let before = instance.database().used();
        let (rate, count) = script.run(&instance, plan.connections, plan.time).await?;
        let by_pgbench = instance.database().used().per_request(before, count);

        let before = instance.processes().used();
        let taken = load::run(instance.address, plan.connections, plan.time, next.clone()).await?;
        let by_server = instance.processes().used().per_request(before, taken.count);
        // The first round only warms up.
        if round > 0 {
            of_pgbench.add(rate, by_pgbench, None);
            of_server.add(taken.rate, by_server, Some(&taken));
        }
    }
    let mut section = Section::new("P8: a change with audit, history and outbox");
    section.note(format!(
        "`PATCH /v1/requirements/{{id}}` of {ROWS} requirements: token, decision, row security, and in the same transaction the row of the audit trail with \
         both images, the change by column and the outbox row. pgbench changes the same column of the same table alone, with its triggers, as the same role \
         under the same row security, in one pipeline. Both wait for the disk (`synchronous_commit` is on)."
    ));
    let by_rate: Vec<f64> = of_server.rates.iter().zip(&of_pgbench.rates).map(|(ours, bare)| ours / bare).collect();
    let in_database: Vec<f64> =
        of_pgbench.used.iter().zip(&of_server.used).map(|(bare, ours)| bare.database / ours.database).collect();
    let of = |taken: &Taken| median(&taken.used.iter().map(|used| used.database).collect::<Vec<_>>());
    let reason = format!(
        "PostgreSQL takes {} µs of processor time for a change with its trail and {} µs for the change alone; the rest is HTTP, signing in and deciding",
        short(of(&of_server)),
        short(of(&of_pgbench))
    );
    section.figure("changes/s, of pgbench's", &by_rate, "×", Goal::AtLeast(0.6), &reason);
    section.figure(
        "the same by PostgreSQL's processor time: of a change alone, of one with its trail",
        &in_database,
        "×",
        Goal::None,
        "",
    );
    section.table(
        "Where the processor time of a change goes (medians):",
        &["Peer", "Changes/s", "Generator µs", "Server µs", "PostgreSQL µs", "p50 ms", "p95 ms"],
        &[of_pgbench.row("pgbench, the change alone"), of_server.row("Throughline")],
    );
    instance.stop().await?;
    Ok(section)
}
