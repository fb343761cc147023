//! The real program on a database of its own, callers that write and import whatever happens to it, and a look at whether what
//! was acknowledged is there.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each of the programs of tests uses a part of this")]

mod load;
mod pooler;

pub use load::{Load, check};
pub use pooler::Pooler;

use std::{
    fs::File,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
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

/// How long the program may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A running program.
pub struct Server {
    pub child: Child,
    pub data: PathBuf,
}

impl Server {
    /// Starts the program and waits until it says that it is up.
    pub async fn start(data: &Path) -> Self {
        Self::start_with(data, &["up"], &[]).await
    }

    /// The same with more to say: the command and its flags, and variables of the environment.
    pub async fn start_with(data: &Path, command: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_logging(data, command, variables, None).await
    }

    /// The same with a log of its own beside what it says to whoever started it.
    pub async fn start_logging(data: &Path, command: &[&str], variables: &[(&str, &str)], into: Option<File>) -> Self {
        let log = data.with_extension("log");
        let output = File::create(&log).unwrap();
        let errors = into.unwrap_or_else(|| output.try_clone().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_throughline"))
            .args(command)
            .args(["--port", "0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .env_remove("DATABASE_URL")
            .env_remove("THROUGHLINE_URL")
            .env_remove("THROUGHLINE_TOKEN")
            .envs(variables.iter().copied())
            .spawn()
            .unwrap();
        let mut server = Self { child, data: data.to_owned() };
        let began = Instant::now();
        loop {
            let told = std::fs::read_to_string(&log).unwrap();
            if told.contains("Throughline is up") || told.contains(" serving ") {
                return server;
            }
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < START, "it did not come up ({ended:?}):\n{told}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn caller(&self) -> Caller {
        let text = std::fs::read(self.data.join("credentials.json")).unwrap();
        let known: Value = serde_json::from_slice(&text).unwrap();
        // Fails when another test has done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let field = |name: &str| known[name].as_str().unwrap().to_owned();
        Caller { client: Client::new(), url: field("url"), token: field("token") }
    }

    /// Signal 9 to the program; its database is left to its guard.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn kill_postgres(&self) {
        let text = std::fs::read_to_string(self.data.join("postgres/postmaster.pid")).unwrap();
        kill(Pid::from_raw(text.lines().next().unwrap().parse().unwrap()), Signal::SIGKILL).unwrap();
    }

    pub async fn stop(mut self) {
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
pub struct Caller {
    pub client: Client,
    pub url: String,
    pub token: String,
}

impl Caller {
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let answer = request.bearer_auth(&self.token).timeout(Duration::from_secs(20)).send().await.ok()?;
        let status = answer.status().as_u16();
        // An answer that was cut off acknowledges nothing.
        let body = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    pub async fn create(&self, resource: &str, body: &Value, key: &str) -> Option<(u16, Value)> {
        let request = self.client.post(format!("{}/v1/{resource}", self.url)).header("idempotency-key", key);
        self.send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    pub async fn import(&self, name: &str) -> Option<(u16, Value)> {
        let form = Form::new()
            .text("project", "faults")
            .part("file", Part::bytes(load::report(name).into_bytes()).file_name(format!("{name}.xml")));
        self.send(self.client.post(format!("{}/v1/imports", self.url)).multipart(form)).await
    }

    pub async fn serves(&self) -> bool {
        let answer = self.send(self.client.get(format!("{}/v1/projects", self.url))).await;
        answer.is_some_and(|(status, _)| status == 200)
    }

    /// How long it took until it served; no longer than `patience`.
    pub async fn until_it_serves(&self, patience: Duration) -> Duration {
        let began = Instant::now();
        while !self.serves().await {
            assert!(began.elapsed() < patience, "not serving after {patience:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    }
}

/// Runs the program to its end with these arguments; its exit code, and all that it said.
pub fn throughline(data: &Path, arguments: &[&str]) -> (i32, String) {
    throughline_with(data, arguments, &[])
}

/// The same with variables of the environment.
pub fn throughline_with(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_throughline"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .env_remove("DATABASE_URL")
        .env_remove("THROUGHLINE_URL")
        .env_remove("THROUGHLINE_TOKEN")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// The database as it is, past row security.
pub async fn database(data: &Path) -> tokio_postgres::Client {
    let connections = cluster::Connections::read(data).unwrap();
    let mut config = connections.superuser();
    config.dbname(connections.config(cluster::Role::Owner).get_dbname().unwrap());
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub async fn number(client: &tokio_postgres::Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error}")).get(0)
}

pub fn home() -> tempfile::TempDir {
    let home = tempfile::Builder::new().prefix("throughline-faults-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    home
}

pub async fn project(caller: &Caller) -> String {
    let (status, made) =
        caller.create("projects", &json!({"name": "Faults", "slug": "faults"}), "project").await.unwrap();
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// Somewhere between a moment and a second under load.
pub async fn a_while() {
    tokio::time::sleep(Duration::from_millis(200 + u64::from(rand::random::<u16>() % 900))).await;
}
