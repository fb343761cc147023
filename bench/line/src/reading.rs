//! P1 and P2: one record, and a page of a list, over REST with everything on, held against pgbench and a bare endpoint.

use std::{net::SocketAddr, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use decisions::median;
use line::{
    Failure,
    http::{self, Connection},
    instance::Instance,
    load::{self, Round},
    pgbench::{Mode, Script},
    processor::{Processes, Used},
    report::{Goal, Section, short},
    seed,
};
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::{Plan, limited, progress};

/// Rows of the page.
const PAGE: u32 = 50;
/// Connections when times are compared, so that a time is one of serving and not of waiting for a processor.
const FEW: usize = 2;

/// Measures what is wanted of P1, P2 and P5; all read the same database.
pub(crate) async fn measure(plan: &Plan) -> Result<Vec<Section>, Failure> {
    let main = plan.rows.iter().position(|rows| *rows == 1_000_000).unwrap_or(plan.rows.len() - 1);
    let mut sized = Vec::new();
    for (at, rows) in plan.rows.iter().copied().enumerate() {
        if at != main && !plan.wants("P2") {
            continue;
        }
        let instance = plan.start(&format!("rows-{rows}")).await?;
        progress(&format!("storing {rows} requirements"));
        let project = seed::requirements(&instance, rows).await?;
        sized.push(Sized { rows, instance, project });
    }
    let of = |rows: u64| sized.iter().find(|one| one.rows == rows).ok_or("no database was made");
    let peers = Peers::start(plan, of(plan.rows[main])?).await?;
    let mut sections = Vec::new();
    if plan.wants("P1") {
        progress("P1: one record");
        sections.push(peers.one(plan).await?);
    }
    if plan.wants("P2") {
        progress("P2: a page of a list");
        let mut section = peers.list(plan).await?;
        flat(plan, &sized, &mut section).await?;
        sections.push(section);
    }
    if plan.wants("P5") {
        let one = of(plan.rows[main])?;
        sections.push(limited::measure(plan, &one.instance, one.project, one.rows).await?);
    }
    drop(peers);
    for one in sized {
        one.instance.stop().await?;
    }
    Ok(sections)
}

/// A database of some size.
struct Sized {
    rows: u64,
    instance: Instance,
    project: Uuid,
}

impl Sized {
    fn list_path(&self) -> String {
        format!(
            "/v1/requirements?filter[project_id]={}&filter[status]=approved&sort=-updated_at&limit={PAGE}",
            self.project
        )
    }
}

type Requests = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// The server and what it is held against, on one database.
struct Peers<'a> {
    sized: &'a Sized,
    one_sql: String,
    list_sql: String,
    one_script: Script,
    list_script: Script,
    bare: Child,
    bare_address: SocketAddr,
}

/// What the rounds of one peer gave.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) rates: Vec<f64>,
    pub(crate) used: Vec<Used>,
    p50: Vec<f64>,
    p95: Vec<f64>,
}

impl Taken {
    pub(crate) fn add(&mut self, rate: f64, used: Used, round: Option<&Round>) {
        self.rates.push(rate);
        self.used.push(used);
        if let Some(round) = round {
            self.p50.push(round.p50_ms);
            self.p95.push(round.p95_ms);
        }
    }

    pub(crate) fn row(&self, name: &str) -> Vec<String> {
        let middle = |pick: fn(&Used) -> f64| short(median(&self.used.iter().map(pick).collect::<Vec<_>>()));
        let time = |values: &[f64]| if values.is_empty() { "–".into() } else { short(median(values)) };
        vec![
            name.to_owned(),
            format!("{:.0}", median(&self.rates)),
            middle(|used| used.generator),
            middle(|used| used.server),
            middle(|used| used.database),
            time(&self.p50),
            time(&self.p95),
        ]
    }
}

impl<'a> Peers<'a> {
    async fn start(plan: &Plan, sized: &'a Sized) -> Result<Self, Failure> {
        let instance = &sized.instance;
        let one_path = format!("/v1/requirements/{}", seed::id(1));
        let mut connection = Connection::open(instance.address).await?;
        let answer = connection.exchange(&http::get(&one_path, &instance.token)).await?;
        if !answer.head.to_ascii_lowercase().windows(6).any(|window| window == b"\netag:") {
            return Err(format!("{one_path} carries no ETag: {}", String::from_utf8_lossy(answer.head)).into());
        }
        let (one_sql, _) = instance.statement_behind(&one_path, "work.requirements").await?;
        let (list_sql, list_values) = instance.statement_behind(&sized.list_path(), "work.requirements").await?;
        let by_number = "('019300000000700080' || lpad(:n::text, 14, '0'))::uuid";
        let one_script = one_sql.replace("$1", by_number);
        let one_script = Script::write(&plan.scratch, "one", instance, (Mode::Read, &one_script), &[], sized.rows)?;
        let list_script = list_sql.replace('$', ":p");
        let list_script =
            Script::write(&plan.scratch, "list", instance, (Mode::Read, &list_script), &list_values, sized.rows)?;

        let bare_address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let program: PathBuf = std::env::current_exe()?.with_file_name("bare-endpoint");
        let bare = Command::new(&program)
            .env("BENCH_ADDRESS", bare_address.to_string())
            .env("BENCH_DATABASE_URL", &instance.application_url)
            .env("BENCH_ORGANIZATION", instance.organization.to_string())
            .env("BENCH_USER", instance.user.to_string())
            .env("BENCH_ONE", &one_sql)
            .env("BENCH_LIST", &list_sql)
            .env("BENCH_LIST_VALUES", serde_json::to_string(&list_values)?)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        for _ in 0..200 {
            if Connection::open(bare_address).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(Self { sized, one_sql, list_sql, one_script, list_script, bare, bare_address })
    }

    async fn one(&self, plan: &Plan) -> Result<Section, Failure> {
        let (rows, token) = (self.sized.rows, self.sized.instance.token.clone());
        let full: Requests =
            Arc::new(move |n| http::get(&format!("/v1/requirements/{}", seed::id(1 + n % rows)), &token));
        let bare: Requests = Arc::new(move |n| http::get(&format!("/one/{}", seed::id(1 + n % rows)), "none"));
        let mut section = Section::new("P1: one record over REST");
        section.note(format!(
            "`GET /v1/requirements/{{id}}` of {rows} requirements, a different one each time: API token, decision, row security, \
             ETag, request identifier and metrics on."
        ));
        self.compare(plan, &mut section, &self.one_script, &bare, &full, 0.85).await?;
        section.note(format!("The statement, the same for all: `{}`", self.one_sql));
        Ok(section)
    }

    async fn list(&self, plan: &Plan) -> Result<Section, Failure> {
        let (path, token) = (self.sized.list_path(), self.sized.instance.token.clone());
        let request = http::get(&path, &token);
        let full: Requests = Arc::new(move |_| request.clone());
        let bare: Requests = Arc::new(move |_| http::get("/list", "none"));
        let mut section = Section::new("P2: a page of a list over REST");
        section.note(format!(
            "The newest {PAGE} approved ones of {} requirements, filtered by project and status, sorted by the time of the last \
             change, with the cursor of the next page.",
            self.sized.rows
        ));
        self.compare(plan, &mut section, &self.list_script, &bare, &full, 0.0).await?;
        section.note(format!("The statement, the same for all: `{}`", self.list_sql));
        Ok(section)
    }

    /// Rounds of all three in turn; the goal against the bare endpoint holds when it is not zero.
    async fn compare(
        &self,
        plan: &Plan,
        section: &mut Section,
        script: &Script,
        bare: &Requests,
        full: &Requests,
        bare_goal: f64,
    ) -> Result<(), Failure> {
        let instance = &self.sized.instance;
        let only_database = instance.database();
        let with_bare = Processes { server: self.bare.id(), ..only_database };
        let (mut of_pgbench, mut of_bare, mut of_full) = (Taken::default(), Taken::default(), Taken::default());
        for round in 0..=plan.rounds {
            let before = only_database.used();
            let (rate, count) = script.run(instance, plan.connections, plan.time).await?;
            let pgbench = (rate, only_database.used().per_request(before, count));

            let before = with_bare.used();
            let bare_round = load::run(self.bare_address, plan.connections, plan.time, bare.clone()).await?;
            let bare_used = with_bare.used().per_request(before, bare_round.count);

            let before = instance.processes().used();
            let full_round = load::run(instance.address, plan.connections, plan.time, full.clone()).await?;
            let full_used = instance.processes().used().per_request(before, full_round.count);
            // The first round only warms up.
            if round > 0 {
                of_pgbench.add(pgbench.0, pgbench.1, None);
                of_bare.add(bare_round.rate, bare_used, Some(&bare_round));
                of_full.add(full_round.rate, full_used, Some(&full_round));
            }
        }
        let ratios = |to: &Taken| -> Vec<f64> { of_full.rates.iter().zip(&to.rates).map(|(a, b)| a / b).collect() };
        let by_time =
            |to: &Taken| -> Vec<f64> { to.used.iter().zip(&of_full.used).map(|(a, b)| a.all() / b.all()).collect() };
        let middle = |taken: &Taken, pick: fn(&Used) -> f64| median(&taken.used.iter().map(pick).collect::<Vec<_>>());
        let (server, bare_server) = (middle(&of_full, |used| used.server), middle(&of_bare, |used| used.server));
        let reason = format!(
            "a request costs {} µs of processor time in the server, {} µs in PostgreSQL and {} µs in the generator; through pgbench \
             it costs {} µs in PostgreSQL and {} µs in pgbench, which speaks to PostgreSQL itself and knows no HTTP",
            short(server),
            short(middle(&of_full, |used| used.database)),
            short(middle(&of_full, |used| used.generator)),
            short(middle(&of_pgbench, |used| used.database)),
            short(middle(&of_pgbench, |used| used.generator)),
        );
        section.figure(
            "requests/s, of pgbench's transactions/s in a pipeline",
            &ratios(&of_pgbench),
            "×",
            Goal::AtLeast(0.40),
            &reason,
        );
        section.figure(
            "the same by processor time: of all processes for one transaction, of those for one request",
            &by_time(&of_pgbench),
            "×",
            Goal::None,
            "",
        );
        let reason = format!(
            "the server takes {} µs of processor time for a request, the bare endpoint {} µs; the difference is signing in, \
             deciding, JSON, ETag, request identifier, log span and metrics",
            short(server),
            short(bare_server)
        );
        let goal = if bare_goal > 0.0 { Goal::AtLeast(bare_goal) } else { Goal::None };
        section.figure("requests/s, of the bare endpoint's", &ratios(&of_bare), "×", goal, &reason);
        section.figure("the same by processor time", &by_time(&of_bare), "×", Goal::None, "");
        section.table(
            "Where the processor time of a request goes (medians; with every core busy, a rate is the inverse of their sum):",
            &["Peer", "Requests/s", "Generator µs", "Server µs", "PostgreSQL µs", "p50 ms", "p95 ms"],
            &[of_pgbench.row("pgbench, pipelined"), of_bare.row("bare endpoint"), of_full.row("Throughline")],
        );
        Ok(())
    }
}

/// The time that 95 % of the pages kept to, of databases of rising size, against the smallest.
async fn flat(plan: &Plan, sized: &[Sized], section: &mut Section) -> Result<(), Failure> {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); sized.len()];
    let mut used: Vec<Vec<f64>> = vec![Vec::new(); sized.len()];
    for round in 0..=plan.rounds {
        for ((one, times), used) in sized.iter().zip(&mut times).zip(&mut used) {
            let request = http::get(&one.list_path(), &one.instance.token);
            let before = one.instance.database().used();
            let taken = load::run(one.instance.address, FEW, plan.time, Arc::new(move |_| request.clone())).await?;
            if round > 0 {
                times.push(taken.p95_ms);
                used.push(one.instance.database().used().per_request(before, taken.count).database);
            }
        }
    }
    for (one, large) in sized.iter().zip(&times).skip(1) {
        let ratios: Vec<f64> = large.iter().zip(&times[0]).map(|(large, small)| large / small).collect();
        section.figure(
            &format!("p95 with {} rows, of that with {} rows", one.rows, sized[0].rows),
            &ratios,
            "×",
            Goal::AtMost(1.2),
            "deeper indexes and colder pages; see the plan of the statement above",
        );
    }
    for (one, large) in sized.iter().zip(&used).skip(1) {
        let ratios: Vec<f64> = large.iter().zip(&used[0]).map(|(large, small)| large / small).collect();
        let what = format!("the same by processor time of PostgreSQL: {} rows, of {} rows", one.rows, sized[0].rows);
        section.figure(&what, &ratios, "×", Goal::None, "");
    }
    let rows: Vec<Vec<String>> = sized
        .iter()
        .zip(times.iter().zip(&used))
        .map(|(one, (times, used))| vec![one.rows.to_string(), short(median(times)), short(median(used))])
        .collect();
    section.table(
        &format!("The p95 of a page by size of the table, {FEW} connections:"),
        &["Requirements", "p95 ms", "PostgreSQL µs"],
        &rows,
    );
    Ok(())
}
