//! Three ways from a row in PostgreSQL to JSON text at the client, on the same table, the same queries and the same answers.
//!
//! `bench/decisions/run rows-become-json` makes a scratch cluster and runs this against it.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use decisions::{
    encode::{Plan, Raw},
    machine, median, processor_ms, spread,
};
use futures_util::{TryStreamExt, future::join_all, pin_mut};
use tokio_postgres::{Client, NoTls, Statement, types::ToSql};
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

const ORGANISATIONS: u64 = 10;
const ROWS: u64 = 1_000_000;
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 9;
const SLICE: Duration = Duration::from_millis(1_500);

const COLUMNS: &str = "id, project_id, key, title, description, status, priority, position, estimate, size_bytes, is_blocked, cost, \
    progress, due_on, created_at, updated_at, closed_at, details, labels, organization_id";

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Binary,
    PerRow,
    WholeArray,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    List,
    Get,
}

const WAYS: [(Way, &str); 3] = [
    (Way::Binary, "binary columns, encoded by the client"),
    (Way::PerRow, "row_to_json per row, passed through"),
    (Way::WholeArray, "json_agg of the page, passed through"),
];
const SHAPES: [(Shape, &str); 2] = [(Shape::List, "list of 50"), (Shape::Get, "one row by key")];

impl Way {
    fn sql(self, shape: Shape) -> String {
        let tail = match shape {
            Shape::List => {
                "where (created_at, id) < (to_timestamp($1::int8), $2) order by created_at desc, id desc limit 50"
            }
            Shape::Get => "where organization_id = $1 and id = $2",
        };
        let rows = format!("select {COLUMNS} from bench.items {tail}");
        match self {
            Self::Binary => rows,
            Self::PerRow => format!("select row_to_json(r) from ({rows}) r"),
            Self::WholeArray => {
                format!("select coalesce(json_agg(row_to_json(r)), '[]') from ({rows}) r")
            }
        }
    }
}

/// One connection with its prepared statements, its backend's process identifier and what it has transferred.
struct Connection {
    client: Client,
    backend: String,
    statements: Vec<(Way, Shape, Statement, Option<Plan>)>,
}

impl Connection {
    async fn open(url: &str) -> Result<Self, Failure> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("a connection ended early: {error}");
            }
        });
        client
            .batch_execute("set role bench_application; set timezone = 'UTC'")
            .await?;
        let backend: i32 = client
            .query_one("select pg_backend_pid()", &[])
            .await?
            .get(0);
        let mut statements = Vec::new();
        for (way, _) in WAYS {
            for (shape, _) in SHAPES {
                let statement = client.prepare(&way.sql(shape)).await?;
                let plan = if way == Way::Binary {
                    Some(Plan::of(&statement)?)
                } else {
                    None
                };
                statements.push((way, shape, statement, plan));
            }
        }
        Ok(Self {
            client,
            backend: backend.to_string(),
            statements,
        })
    }

    /// One request: transaction, setting, query and commit in one round trip; the answer is JSON text in `out`.
    /// Gives the bytes of the data rows as they came over the wire.
    async fn request(
        &self,
        way: Way,
        shape: Shape,
        pick: &Pick,
        out: &mut Vec<u8>,
    ) -> Result<u64, Failure> {
        let (_, _, statement, plan) = self
            .statements
            .iter()
            .find(|(w, s, ..)| *w == way && *s == shape)
            .ok_or("not prepared")?;
        out.clear();
        let begin = format!(
            "begin; set local app.current_organization_id = '{}'",
            pick.organisation
        );
        let query = async {
            let parameters: [&(dyn ToSql + Sync); 2] = match shape {
                Shape::List => [&pick.before, &pick.id],
                Shape::Get => [&pick.organisation, &pick.id],
            };
            let rows = self.client.query_raw(statement, parameters).await?;
            pin_mut!(rows);
            let mut bytes = 0;
            let array = shape == Shape::List && way != Way::WholeArray;
            if array {
                out.push(b'[');
            }
            while let Some(row) = rows.try_next().await? {
                bytes += row.raw_size_bytes() as u64 + 7;
                if array && out.len() > 1 {
                    out.push(b',');
                }
                match plan {
                    Some(plan) => plan.row(out, &row),
                    None => out.extend_from_slice(row.get::<_, Raw<'_>>(0).0.unwrap_or_default()),
                }
            }
            if array {
                out.push(b']');
            }
            Ok::<u64, tokio_postgres::Error>(bytes)
        };
        let (begun, bytes, committed) = tokio::join!(
            self.client.batch_execute(&begin),
            query,
            self.client.batch_execute("commit")
        );
        begun?;
        committed?;
        Ok(bytes?)
    }
}

/// What a request asks for.
struct Pick {
    organisation: Uuid,
    before: i64,
    id: Uuid,
}

/// A small generator with a fixed seed, so that every candidate is asked for the same sequence.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pick(&mut self) -> Pick {
        let row = self.below(ROWS);
        Pick {
            organisation: organisation(row % ORGANISATIONS),
            before: 1_700_000_000 + row as i64 * 30,
            id: item(row),
        }
    }
}

fn organisation(number: u64) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(number))
}

/// The identifier that `SEED` gives to a row.
fn item(row: u64) -> Uuid {
    Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 | u128::from(row))
}

const SEED: &str = r#"
drop schema if exists bench cascade;
do $$ begin create role bench_application nologin; exception when duplicate_object then null; end $$;
create schema bench;
create table bench.items (
  organization_id uuid not null, id uuid not null, project_id uuid not null, key text not null, title text not null,
  description text, status text not null check (status in ('draft', 'approved', 'in_progress', 'completed')), priority text not null,
  position int4 not null, estimate int4, size_bytes int8 not null, is_blocked bool not null, cost numeric(18, 4) not null, progress numeric,
  due_on date, created_at timestamptz not null, updated_at timestamptz not null, closed_at timestamptz, details jsonb not null,
  labels text[] not null, primary key (organization_id, id)
);
insert into bench.items
select ('01900000-0000-7000-8000-' || lpad(to_hex(n % 10), 12, '0'))::uuid,
  ('01910000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, md5((n % 400)::text)::uuid, 'REQ-' || n,
  'A report of ' || n || ' results is imported whole, or "refused" with a reason',
  case when n % 5 > 0 then repeat('The importer reads the file once, keeps naïve café names and C:\paths as they are' || E'\n', 1 + n % 4) end,
  (array['draft', 'approved', 'in_progress', 'completed'])[1 + n % 4], (array['low', 'medium', 'high', 'critical'])[1 + n % 4],
  n % 1000, case when n % 3 > 0 then n % 40 end, n::int8 * 7919, n % 11 = 0, (n % 900001) / 70.0, case when n % 4 > 0 then (n % 101) / 100.0 end,
  date '2026-01-01' + n % 700, to_timestamp(1700000000 + n::int8 * 30), to_timestamp(1700000000 + n::int8 * 30 + (n % 1000) / 1000.0),
  case when n % 4 = 3 then to_timestamp(1700000000 + n::int8 * 31) end,
  jsonb_build_object('source', 'import', 'line', n % 5000, 'owner', jsonb_build_object('name', 'Ada', 'team', n % 30), 'weights', '[1, 2.5, null]'::jsonb),
  array['import', 'needs "review"', 'team-' || n % 30]
from generate_series(0, 999999) n;
update bench.items set labels = '{}' where position = 0;
create index on bench.items (organization_id, created_at desc, id desc);
alter table bench.items enable row level security;
alter table bench.items force row level security;
create policy everyone on bench.items using (true);
create policy tenant on bench.items as restrictive
  using (organization_id = nullif(current_setting('app.current_organization_id', true), '')::uuid);
grant usage on schema bench to bench_application;
grant select on bench.items to bench_application;
vacuum (freeze, analyze) bench.items;
"#;

/// What one slice of one round gave, per request.
struct Slice {
    rate: f64,
    client_us: f64,
    server_us: f64,
    wire_bytes: f64,
}

async fn slice(
    connections: &Arc<Vec<Connection>>,
    way: Way,
    shape: Shape,
    round: usize,
) -> Result<Slice, Failure> {
    let servers =
        || -> std::io::Result<f64> { connections.iter().map(|c| processor_ms(&c.backend)).sum() };
    let (client_before, server_before) = (processor_ms("self")?, servers()?);
    let wire = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let workers = (0..connections.len()).map(|worker| {
        let (connections, wire) = (Arc::clone(connections), Arc::clone(&wire));
        tokio::spawn(async move {
            let mut chance = Chance((round * 100 + worker) as u64);
            let (mut out, mut done) = (Vec::with_capacity(64 << 10), 0_u64);
            while started.elapsed() < SLICE {
                let bytes = connections[worker]
                    .request(way, shape, &chance.pick(), &mut out)
                    .await?;
                wire.fetch_add(bytes, Ordering::Relaxed);
                done += 1;
            }
            Ok::<u64, Failure>(done)
        })
    });
    let mut requests = 0.0;
    for done in join_all(workers).await {
        requests += done?? as f64;
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Slice {
        rate: requests / seconds,
        client_us: (processor_ms("self")? - client_before) * 1_000.0 / requests,
        server_us: (servers()? - server_before) * 1_000.0 / requests,
        wire_bytes: wire.load(Ordering::Relaxed) as f64 / requests,
    })
}

/// The three ways must give the same answer before their speed means anything. `json_agg` puts a blank behind each comma.
async fn same_answers(connection: &Connection) -> Result<(), Failure> {
    let mut chance = Chance(7);
    for _ in 0..500 {
        let pick = chance.pick();
        for (shape, name) in SHAPES {
            let mut answers = Vec::new();
            for (way, _) in WAYS {
                let mut out = Vec::new();
                connection.request(way, shape, &pick, &mut out).await?;
                let mut answer = String::from_utf8(out)?.replace("}, {\"id\"", "},{\"id\"");
                if way == Way::WholeArray && shape == Shape::Get {
                    answer = answer.trim_matches(['[', ']']).to_owned();
                }
                answers.push(answer);
            }
            if answers[0].len() < 100 || answers.iter().any(|answer| *answer != answers[0]) {
                let heads: Vec<String> = answers
                    .iter()
                    .map(|answer| answer.chars().take(2_000).collect())
                    .collect();
                return Err(format!("the ways disagree on {name}:\n{}", heads.join("\n")).into());
            }
        }
    }
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let url = std::env::var("BENCH_DATABASE_URL")
        .map_err(|_| "BENCH_DATABASE_URL is not set; `bench/decisions/run rows-become-json` makes a scratch cluster and sets it")?;
    let (seeder, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    eprintln!("seeding {ROWS} rows");
    for statement in statements(SEED) {
        seeder.batch_execute(statement).await?;
    }
    let connections = Arc::new(
        futures_util::future::try_join_all((0..CONNECTIONS).map(|_| Connection::open(&url)))
            .await?,
    );
    same_answers(&connections[0]).await?;

    let mut slices: Vec<(Way, Shape, Slice)> = Vec::new();
    for round in 0..ROUNDS {
        for (shape, _) in SHAPES {
            for turn in 0..WAYS.len() {
                let (way, _) = WAYS[(turn + round) % WAYS.len()];
                slices.push((way, shape, slice(&connections, way, shape, round).await?));
            }
        }
        eprintln!("round {} of {ROUNDS}", round + 1);
    }

    println!(
        "{}; {ROWS} rows, {ORGANISATIONS} organisations, {CONNECTIONS} connections, {ROUNDS} rounds of {SLICE:?}\n",
        machine()
    );
    println!(
        "| Request | Way | requests/s (median) | ratio | spread of ratio | client µs | server µs | bytes of data rows |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (shape, shape_name) in SHAPES {
        let of = |way: Way, figure: fn(&Slice) -> f64| -> Vec<f64> {
            slices
                .iter()
                .filter(|(w, s, _)| *w == way && *s == shape)
                .map(|(.., slice)| figure(slice))
                .collect()
        };
        let first = of(WAYS[0].0, |s| s.rate);
        for (way, way_name) in WAYS {
            let rates = of(way, |s| s.rate);
            let ratios: Vec<f64> = rates
                .iter()
                .zip(&first)
                .map(|(rate, base)| rate / base)
                .collect();
            let (low, high) = spread(&ratios);
            println!(
                "| {shape_name} | {way_name} | {:.0} | {:.2} | {low:.2} to {high:.2} | {:.0} | {:.0} | {:.0} |",
                median(&rates),
                median(&ratios),
                median(&of(way, |s| s.client_us)),
                median(&of(way, |s| s.server_us)),
                median(&of(way, |s| s.wire_bytes)),
            );
        }
    }
    Ok(())
}

/// The statements of a script, one by one: VACUUM refuses to run in the implicit transaction of several.
fn statements(script: &str) -> Vec<&str> {
    script
        .split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .collect()
}
