//! Three ways to keep forty named queries for four domains, held against each other by what a change of one query costs.
//!
//! Each way becomes a scratch workspace with a kernel, four domains and a binary: clorinde with one generated crate, clorinde
//! with one generated crate a domain, and plain `.sql` files taken in with `include_str!` and run through the kernel's `Tx`.
//! `bench/decisions/run named-queries` makes a scratch cluster and runs this against it.

use std::{error::Error, fmt::Write as _, fs, process::Command, time::Instant};

use bytes::BytesMut;
use decisions::{
    machine, median,
    scratch::{Scratch, build, timed},
    spread,
};
use tokio_postgres::{
    NoTls,
    types::{IsNull, ToSql, Type},
};

type Failure = Box<dyn Error + Send + Sync>;

const DOMAINS: usize = 4;
const CLEAN_ROUNDS: usize = 5;
const EDIT_ROUNDS: usize = 5;
const CLORINDE: &str = "2.0.0";

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Plain,
    OneCrate,
    CrateEach,
}

const WAYS: [(Way, &str, &str); 3] = [
    (Way::Plain, "plain", "plain .sql files, no generator"),
    (Way::OneCrate, "one", "clorinde, one crate"),
    (Way::CrateEach, "each", "clorinde, one crate a domain"),
];

/// Two tables a domain, five queries a table: forty queries.
struct Table {
    domain: usize,
    name: String,
}

impl Table {
    fn all() -> Vec<Self> {
        (0..DOMAINS * 2)
            .map(|n| Self {
                domain: n / 2,
                name: format!("items_{n}"),
            })
            .collect()
    }

    fn schema(&self) -> String {
        format!(
            "create table {} (organization_id uuid not null, id uuid not null, project_id uuid not null, title text not null, note text,\n  \
             status text not null, position int4 not null, size_bytes int8 not null, details jsonb not null, labels text[] not null,\n  \
             done bool not null, primary key (organization_id, id));\n",
            self.name
        )
    }

    /// Name, the columns that may be null in the annotation, text and parameters of each query.
    fn queries(&self) -> [(&'static str, &'static str, String, &'static [&'static str]); 5] {
        let columns =
            "id, project_id, title, note, status, position, size_bytes, details, labels, done";
        let t = &self.name;
        [
            (
                "list",
                " : (note?)",
                format!(
                    "select {columns} from {t} where project_id = :project and id > :id order by id limit 50"
                ),
                &["project", "id"],
            ),
            (
                "find",
                " : (note?)",
                format!("select {columns} from {t} where id = :id"),
                &["id"],
            ),
            (
                "finish",
                "",
                format!("update {t} set done = true, position = position + 1 where id = :id"),
                &["id"],
            ),
            (
                "open",
                " : (note?)",
                format!(
                    "select {columns} from {t} where project_id = :project and not done order by position, id limit 50"
                ),
                &["project"],
            ),
            (
                "count",
                "",
                format!(
                    "select status, count(*) as total, sum(size_bytes)::int8 as bytes from {t} where project_id = :project group by status order by status"
                ),
                &["project"],
            ),
        ]
    }
}

const KERNEL: &str = r#"//! The transaction that all SQL runs on.
pub use tokio_postgres::{Error, Row};
use tokio_postgres::{Transaction, types::ToSql};
pub struct Tx<'a>(pub Transaction<'a>);
impl Tx<'_> {
    pub async fn query(&self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.0.query(sql, parameters).await
    }
    pub async fn execute(&self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        self.0.execute(sql, parameters).await
    }
}
"#;

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}"
    )
}

fn numbered(sql: &str, parameters: &[&str]) -> String {
    parameters
        .iter()
        .enumerate()
        .fold(sql.to_owned(), |sql, (n, name)| {
            sql.replace(&format!(":{name}"), &format!("${}", n + 1))
        })
}

/// Writes the sources of one way.
fn lay_out(scratch: &Scratch, way: Way, dir: &str) -> Result<(), Failure> {
    let mut members = vec!["kernel".to_owned(), "app".to_owned()];
    scratch.write(&format!("{dir}/kernel/src/lib.rs"), KERNEL)?;
    scratch.write(
        &format!("{dir}/kernel/Cargo.toml"),
        &manifest(
            "kernel",
            "tokio-postgres = { version = \"0.7.18\", features = [\"with-uuid-1\", \"with-jiff-0_2\", \"with-serde_json-1\"] }\n\
             deadpool-postgres = \"0.14\"\nserde = { version = \"1\", features = [\"derive\"] }\nserde_json = { version = \"1\", features = [\"raw_value\"] }\n",
        ),
    )?;
    let (mut app, mut app_needs) = (String::from("fn main() {\n"), String::new());
    for domain in 0..DOMAINS {
        members.push(format!("domain_{domain}"));
        writeln!(
            app_needs,
            "domain_{domain} = {{ path = \"../domain_{domain}\" }}"
        )?;
        writeln!(app, "    println!(\"{{}}\", domain_{domain}::NAME);")?;
        let mut source = format!(
            "use kernel::{{Error, Tx}};\nuse uuid::Uuid;\npub const NAME: &str = \"domain {domain}\";\n"
        );
        for table in Table::all().iter().filter(|table| table.domain == domain) {
            writeln!(source, "pub mod {} {{\n    use super::*;", table.name)?;
            if way == Way::Plain {
                source.push_str(PLAIN_ROW);
            }
            for (name, _, _, parameters) in table.queries() {
                function(&mut source, way, domain, &table.name, name, parameters)?;
            }
            source.push_str("}\n");
        }
        scratch.write(&format!("{dir}/domain_{domain}/src/lib.rs"), &source)?;
        let queries = match way {
            Way::Plain => String::new(),
            Way::OneCrate => "queries = { path = \"../queries\", default-features = false, features = [\"deadpool\"] }\n".to_owned(),
            Way::CrateEach => format!("queries_{domain} = {{ path = \"../queries_{domain}\", default-features = false, features = [\"deadpool\"] }}\n"),
        };
        let needs = format!(
            "kernel = {{ path = \"../kernel\" }}\nuuid = \"1\"\nserde_json = \"1\"\n{queries}"
        );
        scratch.write(
            &format!("{dir}/domain_{domain}/Cargo.toml"),
            &manifest(&format!("domain_{domain}"), &needs),
        )?;
    }
    match way {
        Way::Plain => {}
        Way::OneCrate => members.push("queries".to_owned()),
        Way::CrateEach => members.extend((0..DOMAINS).map(|domain| format!("queries_{domain}"))),
    }
    for generated in members
        .iter()
        .filter(|member| member.starts_with("queries"))
    {
        let lines = format!("[manifest.package]\nname = \"{generated}\"\nversion = \"0.1.0\"\n");
        scratch.write(&format!("{dir}/{generated}.toml"), &lines)?;
    }
    app.push_str("}\n");
    scratch.write(&format!("{dir}/app/src/main.rs"), &app)?;
    scratch.write(
        &format!("{dir}/app/Cargo.toml"),
        &manifest("app", &app_needs),
    )?;
    let quoted: Vec<String> = members
        .iter()
        .map(|member| format!("\"{member}\""))
        .collect();
    // Dependencies are not optimised: what is compared is the compiler's work on the candidates.
    scratch.write(
        &format!("{dir}/Cargo.toml"),
        &format!(
            "[workspace]\nresolver = \"3\"\nmembers = [{}]\n[profile.dev]\ndebug = \"line-tables-only\"\n",
            quoted.join(", ")
        ),
    )?;
    write_queries(scratch, way, dir, 0)
}

const PLAIN_ROW: &str = "    pub struct Item { pub id: Uuid, pub project_id: Uuid, pub title: String, pub note: Option<String>, pub status: String,
        pub position: i32, pub size_bytes: i64, pub details: serde_json::Value, pub labels: Vec<String>, pub done: bool }
    impl Item {
        fn of(row: &kernel::Row) -> Result<Self, Error> {
            Ok(Self { id: row.try_get(\"id\")?, project_id: row.try_get(\"project_id\")?, title: row.try_get(\"title\")?, note: row.try_get(\"note\")?,
                status: row.try_get(\"status\")?, position: row.try_get(\"position\")?, size_bytes: row.try_get(\"size_bytes\")?,
                details: row.try_get(\"details\")?, labels: row.try_get(\"labels\")?, done: row.try_get(\"done\")? })
        }
    }
";

/// One operation of a domain that runs one named query.
fn function(
    source: &mut String,
    way: Way,
    domain: usize,
    table: &str,
    name: &str,
    parameters: &[&str],
) -> Result<(), Failure> {
    let arguments: String = parameters.iter().map(|p| format!(", {p}: Uuid")).collect();
    let references: Vec<String> = parameters.iter().map(|p| format!("&{p}")).collect();
    let references = references.join(", ");
    let row = if name == "count" {
        "(String, i64, Option<i64>)"
    } else {
        "Item"
    };
    if way == Way::Plain {
        let sql = format!("include_str!(\"../sql/{table}_{name}.sql\")");
        if name == "finish" {
            writeln!(
                source,
                "    pub async fn {name}(tx: &Tx<'_>{arguments}) -> Result<u64, Error> {{ tx.execute({sql}, &[{references}]).await }}"
            )?;
        } else {
            let map = if name == "count" {
                "|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))"
            } else {
                "Item::of"
            };
            writeln!(
                source,
                "    pub async fn {name}(tx: &Tx<'_>{arguments}) -> Result<Vec<{row}>, Error> {{ tx.query({sql}, &[{references}]).await?.iter().map({map}).collect() }}"
            )?;
        }
        return Ok(());
    }
    let generated = if way == Way::OneCrate {
        "queries".to_owned()
    } else {
        format!("queries_{domain}")
    };
    let call = format!("{generated}::queries::{table}::{table}_{name}().bind(&tx.0, {references})");
    if name == "finish" {
        writeln!(
            source,
            "    pub async fn {name}(tx: &Tx<'_>{arguments}) -> Result<u64, Error> {{ {call}.await }}"
        )?;
    } else {
        let pascal = format!(
            "Items{}{}",
            table.trim_start_matches("items_"),
            name[..1].to_uppercase() + &name[1..]
        );
        writeln!(
            source,
            "    pub async fn {name}(tx: &Tx<'_>{arguments}) -> Result<Vec<{generated}::queries::{table}::{pascal}>, Error> {{ {call}.all().await }}"
        )?;
    }
    Ok(())
}

/// Writes the query files; `edit` changes the text of the first query of the first table.
fn write_queries(scratch: &Scratch, way: Way, dir: &str, edit: usize) -> Result<(), Failure> {
    for table in Table::all() {
        let mut file = String::new();
        for (name, nullable, sql, parameters) in table.queries() {
            let edited = table.name == "items_0" && name == "list" && edit > 0;
            let sql = if edited {
                sql.replace("limit 50", &format!("limit {}", 50 + edit))
            } else {
                sql
            };
            if way == Way::Plain {
                if edit == 0 || edited {
                    scratch.write(
                        &format!(
                            "{dir}/domain_{}/sql/{}_{name}.sql",
                            table.domain, table.name
                        ),
                        &numbered(&sql, parameters),
                    )?;
                }
            } else {
                writeln!(file, "--! {}_{name}{nullable}\n{sql};\n", table.name)?;
            }
        }
        match way {
            Way::Plain => {}
            Way::OneCrate => scratch.write(&format!("{dir}/sql/{}.sql", table.name), &file)?,
            Way::CrateEach => scratch.write(
                &format!("{dir}/sql_{}/{}.sql", table.domain, table.name),
                &file,
            )?,
        }
    }
    Ok(())
}

/// Regenerates what the edited query belongs to (or everything), and gives the seconds.
fn generate(
    scratch: &Scratch,
    way: Way,
    dir: &str,
    tool: &str,
    url: &str,
    only_first: bool,
) -> Result<f64, Failure> {
    let schema = scratch.at("schema.sql");
    let schema = schema
        .to_str()
        .ok_or("the temporary directory's name is not UTF-8")?;
    let crates: Vec<String> = match way {
        Way::Plain => Vec::new(),
        Way::OneCrate => vec![String::new()],
        Way::CrateEach => (0..if only_first { 1 } else { DOMAINS })
            .map(|domain| format!("_{domain}"))
            .collect(),
    };
    let mut seconds = 0.0;
    for suffix in crates {
        let (config, sql, out) = (
            format!("queries{suffix}.toml"),
            format!("sql{suffix}"),
            format!("queries{suffix}"),
        );
        seconds += timed(
            &scratch.at(dir),
            tool,
            &[
                "fresh", "--url", url, "-c", &config, "-q", &sql, "-d", &out, schema,
            ],
        )?;
    }
    Ok(seconds)
}

/// A parameter that is null, whatever the type.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Failure> {
        Ok(IsNull::Yes)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    fn to_sql_checked(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Failure> {
        Ok(IsNull::Yes)
    }
}

/// What the test of the plain way costs: every query prepared and executed once, in a transaction that is rolled back.
async fn check_all(url: &str) -> Result<f64, Failure> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let tx = client.transaction().await?;
    tx.batch_execute(&Table::all().iter().map(Table::schema).collect::<String>())
        .await?;
    let started = Instant::now();
    for table in Table::all() {
        for (_, _, sql, parameters) in table.queries() {
            let statement = tx.prepare(&numbered(&sql, parameters)).await?;
            tx.query_raw(&statement, parameters.iter().map(|_| Null))
                .await?;
        }
    }
    Ok(started.elapsed().as_secs_f64())
}

fn clorinde() -> Result<String, Failure> {
    if let Ok(tool) = std::env::var("CLORINDE") {
        return Ok(tool);
    }
    let root = std::env::current_dir()?.join("target/tools");
    let tool = root.join("bin/clorinde");
    if !tool.exists() {
        eprintln!("installing clorinde {CLORINDE} into {}", root.display());
        let installed = Command::new("cargo")
            .args([
                "install",
                "clorinde",
                "--version",
                CLORINDE,
                "--locked",
                "--root",
            ])
            .arg(&root)
            .status()?;
        if !installed.success() {
            return Err("clorinde could not be installed; set CLORINDE to its path".into());
        }
    }
    Ok(tool.to_string_lossy().into_owned())
}

/// The packages of a way's lock file that the plain way does not have: its own crates, the generated ones and what those need.
/// The rest is built in every way, as Throughline needs it anyhow, and stays built between the rounds.
fn added(scratch: &Scratch, dir: &str) -> Result<Vec<String>, Failure> {
    let names = |dir: &str| -> Result<Vec<String>, Failure> {
        let lock = fs::read_to_string(scratch.at(dir).join("Cargo.lock"))?;
        Ok(lock
            .lines()
            .filter_map(|line| line.strip_prefix("name = "))
            .map(|name| name.trim_matches('"').to_owned())
            .collect())
    };
    let plain = names(WAYS[0].1)?;
    let own = |name: &String| {
        name == "kernel"
            || name == "app"
            || name.starts_with("domain_")
            || name.starts_with("queries")
    };
    let mut added = names(dir)?;
    added.retain(|name| own(name) || !plain.contains(name));
    added.dedup();
    Ok(added)
}

/// Seconds to build what a way adds, from nothing.
fn build_added(scratch: &Scratch, dir: &str) -> Result<f64, Failure> {
    let packages = added(scratch, dir)?;
    let mut arguments = vec!["clean", "--quiet"];
    for package in &packages {
        arguments.extend(["-p", package.as_str()]);
    }
    timed(&scratch.at(dir), "cargo", &arguments)?;
    build(&scratch.at(dir))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::var("BENCH_DATABASE_URL")
        .map_err(|_| "BENCH_DATABASE_URL is not set; `bench/decisions/run named-queries` makes a scratch cluster and sets it")?;
    let server = url.strip_suffix("/postgres").unwrap_or(&url);
    let tool = clorinde()?;
    let scratch = Scratch::new("named-queries")?;
    scratch.write(
        "schema.sql",
        &Table::all().iter().map(Table::schema).collect::<String>(),
    )?;
    let mut generated_lines = Vec::new();
    for (way, dir, _) in WAYS {
        lay_out(&scratch, way, dir)?;
        generate(&scratch, way, dir, &tool, server, false)?;
        generated_lines.push(lines_of_generated(&scratch.at(dir))?);
        // Fetches and builds what all ways share, so that no round waits for the network.
        build(&scratch.at(dir))?;
    }
    let mut figures: Vec<[Vec<f64>; 4]> = WAYS.iter().map(|_| Default::default()).collect();
    for round in 0..CLEAN_ROUNDS {
        for turn in 0..WAYS.len() {
            let n = (turn + round) % WAYS.len();
            figures[n][0].push(build_added(&scratch, WAYS[n].1)?);
        }
        eprintln!("clean round {} of {CLEAN_ROUNDS}", round + 1);
    }
    for round in 0..EDIT_ROUNDS {
        for turn in 0..WAYS.len() {
            let n = (turn + round) % WAYS.len();
            let (way, dir, _) = WAYS[n];
            write_queries(&scratch, way, dir, round + 1)?;
            let generating = generate(&scratch, way, dir, &tool, server, true)?;
            let building = build(&scratch.at(dir))?;
            figures[n][1].push(generating);
            figures[n][2].push(building);
            figures[n][3].push(generating + building);
        }
    }
    let mut checks = Vec::new();
    for _ in 0..EDIT_ROUNDS {
        checks.push(check_all(&url).await?);
    }

    println!(
        "{}; 40 queries, {DOMAINS} domains, development profile, processor seconds; clean {CLEAN_ROUNDS} rounds, edit {EDIT_ROUNDS} rounds\n",
        machine()
    );
    println!(
        "| Way | own crates and what they add, from nothing, s | ratio | edit one query: generate s | build s | both | ratio | spread of ratio | generated lines | packages added |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (n, (_, _, name)) in WAYS.iter().enumerate() {
        let ratio = |figure: usize| {
            figures[n][figure]
                .iter()
                .zip(&figures[0][figure])
                .map(|(a, b)| a / b)
                .collect::<Vec<f64>>()
        };
        let (low, high) = spread(&ratio(3));
        println!(
            "| {name} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {low:.2} to {high:.2} | {} | {} |",
            median(&figures[n][0]),
            median(&ratio(0)),
            median(&figures[n][1]),
            median(&figures[n][2]),
            median(&figures[n][3]),
            median(&ratio(3)),
            generated_lines[n],
            added(&scratch, WAYS[n].1)?.len() - added(&scratch, WAYS[0].1)?.len(),
        );
    }
    println!(
        "\npreparing and executing all 40 once: {:.0} ms",
        median(&checks) * 1_000.0
    );
    Ok(())
}

fn lines_of_generated(directory: &std::path::Path) -> Result<usize, Failure> {
    let mut lines = 0;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            lines += lines_of_generated(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            lines += if path
                .components()
                .any(|c| c.as_os_str().to_string_lossy().starts_with("queries"))
            {
                text.lines().count()
            } else {
                0
            };
        }
    }
    Ok(lines)
}
