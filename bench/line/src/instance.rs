//! A server of its own on a throw-away data directory, started the way a newcomer does: `throughline up`.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::{
    Failure,
    http::{self, Connection},
    processor::{Processes, ms},
};

/// A running server with its database.
pub struct Instance {
    /// Its data directory.
    pub data: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// An API token of its administrator.
    pub token: String,
    /// How the application's role connects.
    pub application_url: String,
    /// The organisation everything happens in.
    pub organization: Uuid,
    /// The administrator.
    pub user: Uuid,
    /// From starting the program to its first answer at `/`, in milliseconds.
    pub first_page_ms: f64,
    /// The status of that answer.
    pub first_page_status: u16,
    server: Child,
    pid: u32,
    postmaster: u32,
}

impl Instance {
    /// Starts `program` on `data` and waits for the first page.
    ///
    /// # Errors
    /// When it does not come up within two minutes; the message holds what it said.
    pub async fn start(program: &Path, data: &Path) -> Result<Self, Failure> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        fs::create_dir_all(data)?;
        let log = data.with_extension("log");
        let started = Instant::now();
        let mut server = Command::new(program)
            .arg("--data")
            .arg(data)
            .args(["up", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .kill_on_drop(false)
            .spawn()
            .map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        let (first_page_ms, first_page_status) = loop {
            if let Ok(mut connection) = Connection::open(address).await
                && let Ok(answer) = connection.exchange(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n").await
                && answer.status < 500
            {
                break (ms(started), answer.status);
            }
            if server.try_wait()?.is_some() || started.elapsed() > Duration::from_secs(120) {
                return Err(format!("the server did not come up:\n{}", fs::read_to_string(&log)?).into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        let credentials: Value = serde_json::from_slice(&fs::read(data.join("credentials.json"))?)?;
        let token = text(&credentials, "token")?;
        let cluster: Value = serde_json::from_slice(&fs::read(data.join("cluster.json"))?)?;
        let socket = text(&cluster, "socket_directory")?;
        let application_url = format!(
            "postgresql://application_user:{}@/throughline?host={}",
            text(&cluster, "application_password")?,
            socket.replace('/', "%2F")
        );
        let pid = server.id().ok_or("the server ended at once")?;
        let postmaster = fs::read_to_string(data.join("postgres/postmaster.pid"))?
            .lines()
            .next()
            .ok_or("postmaster.pid is empty")?
            .trim()
            .parse()?;
        let mut instance = Self {
            data: data.to_owned(),
            address,
            token,
            application_url,
            organization: Uuid::nil(),
            user: Uuid::nil(),
            first_page_ms,
            first_page_status,
            server,
            pid,
            postmaster,
        };
        let me = instance.get("/v1/me").await?;
        instance.organization = text(&me, "organization_id")?.parse()?;
        instance.user = text(&me, "user_id")?.parse()?;
        Ok(instance)
    }

    /// The server's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its processes, for their processor time.
    #[must_use]
    pub fn processes(&self) -> Processes {
        Processes { server: Some(self.pid), postmaster: self.postmaster }
    }

    /// Those of its database alone.
    #[must_use]
    pub fn database(&self) -> Processes {
        Processes { server: None, postmaster: self.postmaster }
    }

    /// A JSON answer.
    ///
    /// # Errors
    /// When it is not a `200`.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(&http::get(path, &self.token)).await
    }

    /// Posts and gives the JSON answer.
    ///
    /// # Errors
    /// When it is not a success.
    pub async fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Value, Failure> {
        self.send(&http::post(path, &self.token, content_type, body)).await
    }

    async fn send(&self, request: &[u8]) -> Result<Value, Failure> {
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.exchange(request).await?;
        let line: Vec<u8> = request.iter().copied().take_while(|byte| *byte != b'\r').collect();
        if !(200..300).contains(&answer.status) {
            let (line, body) = (String::from_utf8_lossy(&line), String::from_utf8_lossy(answer.body));
            return Err(format!("{line} answered {}: {body}", answer.status).into());
        }
        Ok(serde_json::from_slice(answer.body)?)
    }

    /// A connection as the cluster's superuser, for seeding and for what row security refuses, such as COPY.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn superuser(&self) -> Result<Client, Failure> {
        let cluster: Value = serde_json::from_slice(&fs::read(self.data.join("cluster.json"))?)?;
        let mut config = tokio_postgres::Config::new();
        config.host_path(text(&cluster, "socket_directory")?).user("postgres").dbname("throughline");
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// The statement that the server sends for a request, and its parameters, as PostgreSQL's own log has them.
    ///
    /// # Errors
    /// When the log shows no statement on `table`.
    pub async fn statement_behind(&self, path: &str, table: &str) -> Result<(String, Vec<String>), Failure> {
        let log = self.data.join("postgres.log");
        let client = self.superuser().await?;
        let before = fs::metadata(&log)?.len() as usize;
        client.batch_execute("alter system set log_min_duration_statement = 0").await?;
        client.batch_execute("select pg_reload_conf()").await?;
        let mut found = None;
        for _ in 0..100 {
            self.get(path).await?;
            let text = fs::read(&log)?;
            let text = String::from_utf8_lossy(text.get(before..).unwrap_or_default()).into_owned();
            found = logged(&text, table);
            if found.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        client.batch_execute("alter system reset log_min_duration_statement").await?;
        client.batch_execute("select pg_reload_conf()").await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        found.ok_or_else(|| format!("PostgreSQL's log shows no statement on {table}").into())
    }

    /// Stops the server and its database; gives the data directory.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn stop(mut self) -> Result<PathBuf, Failure> {
        Command::new("kill").arg(self.pid.to_string()).status().await?;
        self.server.wait().await?;
        Ok(std::mem::take(&mut self.data))
    }
}

impl Drop for Instance {
    /// A measurement that fails must not leave a server and its database behind.
    fn drop(&mut self) {
        if !matches!(self.server.try_wait(), Ok(None)) {
            return;
        }
        let _ = std::process::Command::new("kill").arg(self.pid.to_string()).status();
        let asked = Instant::now();
        while matches!(self.server.try_wait(), Ok(None)) && asked.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn text(value: &Value, name: &str) -> Result<String, Failure> {
    value[name].as_str().map(str::to_owned).ok_or_else(|| format!("there is no `{name}`").into())
}

/// The last executed statement of a log that reads `table`, with its parameters.
fn logged(log: &str, table: &str) -> Option<(String, Vec<String>)> {
    let lines: Vec<&str> = log.lines().collect();
    let from = format!(" from {table} ");
    let at = lines.iter().rposition(|line| line.contains(" execute ") && line.contains(&from))?;
    let (_, statement) = lines[at].split_once(" execute ")?.1.split_once(": ")?;
    let parameters = lines.get(at + 1).and_then(|line| line.split_once("parameters: "));
    let values = parameters.map_or_else(Vec::new, |(_, list)| {
        list.split("', $").filter_map(|one| Some(one.split_once(" = '")?.1.trim_end_matches('\'').to_owned())).collect()
    });
    Some((statement.to_owned(), values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_found_in_a_log_with_its_parameters() {
        let log = "2026 [1] a@b LOG:  duration: 0.1 ms  bind s1: select 1 from t x\n\
                   2026 [1] a@b LOG:  duration: 0.1 ms  execute s1: select t.a from work.t t where t.b = $1 and t.c = $2\n\
                   2026 [1] a@b DETAIL:  parameters: $1 = '0193', $2 = 'approved'\n";
        let (statement, values) = logged(log, "work.t").expect("it is there");
        assert_eq!(statement, "select t.a from work.t t where t.b = $1 and t.c = $2");
        assert_eq!(values, ["0193", "approved"]);
    }
}
