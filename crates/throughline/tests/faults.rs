//! What was acknowledged is there after the server, or PostgreSQL, was killed with signal 9 at any moment; what was not is whole
//! or absent. The real program on a database of its own, under concurrent writes and imports.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{
    Client,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use tokio_postgres::NoTls;

/// Test cases of one report: enough that an import is often cut in the middle.
const CASES: usize = 400;
/// How long the program may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A running program.
struct Server {
    child: Child,
    data: PathBuf,
}

impl Server {
    /// Starts the program and waits until it says that it is up.
    async fn start(data: &Path) -> Self {
        let log = data.with_extension("log");
        let output = File::create(&log).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_throughline"))
            .args(["up", "--port", "0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .env_remove("DATABASE_URL")
            .spawn()
            .unwrap();
        let mut server = Self { child, data: data.to_owned() };
        let began = Instant::now();
        loop {
            let told = std::fs::read_to_string(&log).unwrap();
            if told.contains("Throughline is up") {
                return server;
            }
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < START, "it did not come up ({ended:?}):\n{told}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn caller(&self) -> Caller {
        let text = std::fs::read(self.data.join("credentials.json")).unwrap();
        let known: Value = serde_json::from_slice(&text).unwrap();
        // Fails when another test has done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let field = |name: &str| known[name].as_str().unwrap().to_owned();
        Caller { client: Client::new(), url: field("url"), token: field("token") }
    }

    /// Signal 9 to the program; its database is left to its guard.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn kill_postgres(&self) {
        let text = std::fs::read_to_string(self.data.join("postgres/postmaster.pid")).unwrap();
        kill(Pid::from_raw(text.lines().next().unwrap().parse().unwrap()), Signal::SIGKILL).unwrap();
    }

    async fn stop(mut self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        while self.child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A signed-in client of one run of the program.
#[derive(Clone)]
struct Caller {
    client: Client,
    url: String,
    token: String,
}

impl Caller {
    async fn send(&self, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let answer = request.bearer_auth(&self.token).timeout(Duration::from_secs(20)).send().await.ok()?;
        let status = answer.status().as_u16();
        // An answer that was cut off acknowledges nothing.
        let body = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    async fn create(&self, resource: &str, body: &Value, key: &str) -> Option<(u16, Value)> {
        let request = self.client.post(format!("{}/v1/{resource}", self.url)).header("idempotency-key", key);
        self.send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    async fn import(&self, name: &str) -> Option<(u16, Value)> {
        let form = Form::new()
            .text("project", "faults")
            .part("file", Part::bytes(report(name).into_bytes()).file_name(format!("{name}.xml")));
        self.send(self.client.post(format!("{}/v1/imports", self.url)).multipart(form)).await
    }

    async fn serves(&self) -> bool {
        let answer = self.send(self.client.get(format!("{}/v1/projects", self.url))).await;
        answer.is_some_and(|(status, _)| status == 200)
    }
}

/// A report whose cases no other report has.
fn report(name: &str) -> String {
    let cases: String =
        (0..CASES).map(|n| format!("<testcase classname=\"{name}\" name=\"case {n}\" time=\"0.01\"/>")).collect();
    format!("<testsuite name=\"{name}\" tests=\"{CASES}\">{cases}</testsuite>")
}

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Identifiers of requirements by title.
    requirements: BTreeMap<String, String>,
    /// Identifiers of imports.
    imports: BTreeSet<String>,
}

/// Callers that write and import until they are told to stop, whatever happens to the server meanwhile.
struct Load {
    stop: Arc<AtomicBool>,
    caller: Arc<Mutex<Caller>>,
    acknowledged: Arc<Mutex<Acknowledged>>,
    tasks: tokio::task::JoinSet<()>,
}

impl Load {
    fn begin(caller: Caller, project: &str) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            caller: Arc::new(Mutex::new(caller)),
            acknowledged: Arc::default(),
            tasks: tokio::task::JoinSet::new(),
        };
        for writer in 0..3 {
            let (stop, caller, acknowledged) = load.shared();
            let project = project.to_owned();
            load.tasks.spawn(async move {
                for n in 0.. {
                    let title = format!("writer-{writer}-record-{n}");
                    // Asked again with the same key until it is acknowledged: it must be made once all the same.
                    loop {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let now = caller.lock().unwrap().clone();
                        let body = json!({"project_id": project, "title": title});
                        match now.create("requirements", &body, &title).await {
                            Some((201, made)) => {
                                let id = made["id"].as_str().unwrap().to_owned();
                                acknowledged.lock().unwrap().requirements.insert(title.clone(), id);
                                break;
                            }
                            // Away, or the first try is still running somewhere.
                            None | Some((409 | 500..=599, _)) => tokio::time::sleep(Duration::from_millis(30)).await,
                            other => panic!("{title}: {other:?}"),
                        }
                    }
                }
            });
        }
        let (stop, caller, acknowledged) = load.shared();
        load.tasks.spawn(async move {
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let now = caller.lock().unwrap().clone();
                match now.import(&format!("report{n}")).await {
                    Some((202, queued)) => {
                        let id = queued["imports"][0]["id"].as_str().unwrap().to_owned();
                        acknowledged.lock().unwrap().imports.insert(id);
                    }
                    None | Some((500..=599, _)) => {}
                    other => panic!("report {n}: {other:?}"),
                }
                tokio::time::sleep(Duration::from_millis(60)).await;
            }
        });
        load
    }

    #[allow(clippy::type_complexity)]
    fn shared(&self) -> (Arc<AtomicBool>, Arc<Mutex<Caller>>, Arc<Mutex<Acknowledged>>) {
        (self.stop.clone(), self.caller.clone(), self.acknowledged.clone())
    }

    fn turn_to(&self, caller: Caller) {
        *self.caller.lock().unwrap() = caller;
    }

    async fn end(mut self) -> Acknowledged {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.acknowledged.lock().unwrap())
    }
}

/// The database as it is, past row security.
async fn database(data: &Path) -> tokio_postgres::Client {
    let connections = cluster::Connections::read(data).unwrap();
    let mut config = connections.superuser();
    config.dbname(connections.config(cluster::Role::Owner).get_dbname().unwrap());
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn number(client: &tokio_postgres::Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
}

/// Holds what is stored to what was acknowledged.
async fn check(data: &Path, acknowledged: &Acknowledged) {
    let client = database(data).await;
    let began = Instant::now();
    while number(&client, "select count(*) from platform.imports where status in ('queued', 'running')").await > 0 {
        assert!(began.elapsed() < Duration::from_secs(90), "imports are left unfinished");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let rows = client.query("select title, id::text from work.requirements", &[]).await.unwrap();
    let stored: BTreeMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(stored.len(), rows.len(), "a request that was repeated acted once");
    for (title, id) in &acknowledged.requirements {
        assert_eq!(stored.get(title), Some(id), "{title} was acknowledged");
    }

    let rows = client
        .query(
            "select i.id::text, i.status, coalesce(i.error, ''), (i.summary -> 'created' ->> 'test_results')::bigint,
                    (select count(*) from quality.test_runs t join quality.test_results r
                        on r.organization_id = t.organization_id and r.test_run_id = t.id where t.import_id = i.id)
               from platform.imports i",
            &[],
        )
        .await
        .unwrap();
    let mut imported = BTreeSet::new();
    for row in &rows {
        let (id, status, error): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        assert_eq!((status.as_str(), error.as_str()), ("completed", ""), "import {id}");
        let (told, stored): (Option<i64>, i64) = (row.get(3), row.get(4));
        assert_eq!((told, stored), (Some(CASES as i64), CASES as i64), "import {id} is whole");
        imported.insert(id);
    }
    assert!(imported.is_superset(&acknowledged.imports), "an import that was acknowledged is gone");
    let whole = imported.len() as i64;
    assert_eq!(number(&client, "select count(*) from quality.test_results").await, whole * CASES as i64);
    assert_eq!(number(&client, "select count(*) from quality.test_runs").await, whole);

    // One audit row and one outbox row a change: of each kind, and of all there were.
    let records = stored.len() as i64;
    for (event, changes) in [("requirement.created", records), ("import.created", whole), ("import.completed", whole)] {
        let audited = format!("select count(*) from audit.audit_logs where event_type = '{event}'");
        let told = format!("select count(*) from platform.outbox_events where event_type = '{event}'");
        assert_eq!((number(&client, &audited).await, number(&client, &told).await), (changes, changes), "{event}");
    }
    let all = number(&client, "select count(*) from audit.audit_logs").await;
    assert_eq!(number(&client, "select count(*) from platform.outbox_events").await, all);
}

fn home() -> tempfile::TempDir {
    let home = tempfile::Builder::new().prefix("throughline-faults-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    home
}

async fn project(caller: &Caller) -> String {
    let (status, made) =
        caller.create("projects", &json!({"name": "Faults", "slug": "faults"}), "project").await.unwrap();
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// Somewhere between a moment and a second under load.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(200 + u64::from(rand::random::<u16>() % 900))).await;
}

/// Proves REQ-34.1, REQ-34.2, REQ-34.4, REQ-7.3.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    let home = home();
    let data = home.path().join("data");
    let mut server = Server::start(&data).await;
    let project = project(&server.caller()).await;
    let load = Load::begin(server.caller(), &project);
    for _ in 0..4 {
        a_while().await;
        server.kill();
        server = Server::start(&data).await;
        load.turn_to(server.caller());
    }
    a_while().await;
    let acknowledged = load.end().await;
    assert!(!acknowledged.requirements.is_empty() && !acknowledged.imports.is_empty(), "there was load");
    check(&data, &acknowledged).await;
    server.stop().await;
}

/// Proves REQ-34.1, REQ-34.2, REQ-34.3, REQ-34.4.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_comes_back_under_the_running_server() {
    let home = home();
    let data = home.path().join("data");
    let server = Server::start(&data).await;
    let caller = server.caller();
    let project = project(&caller).await;
    let load = Load::begin(caller.clone(), &project);
    for _ in 0..3 {
        a_while().await;
        server.kill_postgres();
        let began = Instant::now();
        tokio::time::sleep(Duration::from_millis(50)).await;
        while !caller.serves().await {
            assert!(began.elapsed() < Duration::from_secs(10), "not serving after ten seconds");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "served only after {:?}", began.elapsed());
    }
    a_while().await;
    let acknowledged = load.end().await;
    assert!(!acknowledged.requirements.is_empty() && !acknowledged.imports.is_empty(), "there was load");
    check(&data, &acknowledged).await;
    server.stop().await;
}
