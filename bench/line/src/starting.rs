//! P10: how long `up` takes to its first page, and what the server holds in memory when nobody asks for anything.

use std::time::Duration;

use line::{
    Failure,
    instance::Instance,
    processor::memory_mib,
    report::{Goal, Section},
};

use crate::{Plan, progress};

/// How long a server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    progress("P10: starting");
    let mut section = Section::new("P10: from `throughline up` to the first page");
    let (mut cold, mut warm, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let mut status = 0;
    for round in 0..plan.rounds.min(5) {
        let first = plan.start(&format!("start-{round}")).await?;
        cold.push(first.first_page_ms / 1e3);
        let data = first.stop().await?;
        let again = Instance::start(&plan.program, &data).await?;
        warm.push(again.first_page_ms / 1e3);
        status = again.first_page_status;
        tokio::time::sleep(IDLE).await;
        memory.push(memory_mib(again.pid(), "VmRSS").ok_or("the server's memory cannot be read")?);
        again.stop().await?;
    }
    section.note(if status == 404 {
        "Warm: the data directory is there, the cluster is stopped. Nothing is served at `/` in this build, so the time is that of the \
         first answer."
            .to_owned()
    } else {
        format!("Warm: the data directory is there, the cluster is stopped. The first page is `/`, answered with {status}.")
    });
    let slow = "the log of the server says which step took how long (`THROUGHLINE_LOG=debug`)";
    section.figure("warm, program start to first page", &warm, " s", Goal::AtMost(1.0), slow);
    section.figure("cold: new cluster, all migrations, first organisation", &cold, " s", Goal::None, "");
    let large = "resident memory includes the pages of the program itself";
    section.figure("memory of the idle server (resident)", &memory, " MiB", Goal::AtMost(60.0), large);
    Ok(section)
}
