//! TLS to a PostgreSQL elsewhere, as libpq's users know it: a real server with a certificate of its own, whoever may not pass for it, and
//! the whole program on a server that takes nobody in the clear.
#![cfg(target_os = "linux")]

use std::{
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use cluster::{Cluster, Database, Durability, Options, Role};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_postgres::Client;

const NAME: &str = "db.example";

/// An authority, and its certificate in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

fn authority(place: &Path, name: &str) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let file = place.join(format!("{name}.pem"));
    std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
    Authority { issuer: Issuer::new(params, key), file }
}

/// A PostgreSQL that listens to the network by TLS. An address of its own stands for another machine, since every private cluster has the same port.
struct Elsewhere {
    home: TempDir,
    cluster: Cluster,
    address: String,
    ours: Authority,
}

impl Elsewhere {
    async fn start() -> Self {
        let home = tempfile::Builder::new().prefix("throughline-elsewhere-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let options = || Options { durability: Durability::Throwaway, ..Options::new(home.path().join("data")) };
        let [one, two, three] = rand::random::<[u8; 3]>();
        let address = format!("127.{}.{two}.{}", one.max(1), three.clamp(1, 254));
        let ours = authority(home.path(), "ours");
        let cluster = Cluster::start(options()).await.unwrap();
        let setting = format!(
            "alter system set listen_addresses = '{address}'; alter system set ssl = on;
             alter system set ssl_cert_file = 'server.crt'; alter system set ssl_key_file = 'server.key';
             alter system set hba_file = '{}'",
            home.path().join("data/postgres/hba.conf").display()
        );
        let client = superuser(&cluster).await;
        for one in setting.split(';') {
            client.batch_execute(one).await.unwrap();
        }
        cluster.stop().await;
        let place = options().data_dir;
        let (key, params) = (KeyPair::generate().unwrap(), CertificateParams::new([NAME.to_owned()]).unwrap());
        keep(&place, &params.signed_by(&key, &ours.issuer).unwrap().pem(), &key);
        allow(&place, "hostssl");
        let cluster = Cluster::start(options()).await.unwrap();
        Self { home, cluster, address, ours }
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A connection string: as whom, what the server is called, and what is said of TLS.
    fn url(&self, role: Role, name: &str, more: &str) -> String {
        let config = self.cluster.connections().config(role);
        let (user, database) = (config.get_user().unwrap(), config.get_dbname().unwrap());
        let password = String::from_utf8(config.get_password().unwrap().to_vec()).unwrap();
        format!("postgresql://{user}:{password}@{name}/{database}?hostaddr={}&{more}", self.address)
    }

    /// Tries to connect as the owner. Whether TLS was spoken, or why it came to nothing, as the program would say it.
    async fn tried(&self, name: &str, more: &str) -> Result<bool, String> {
        let unused = Options::new(self.home.path().join("unused"));
        let database = Database::open(Some(&self.url(Role::Owner, name, more)), unused).await.map_err(told)?;
        let (client, connection) = database.way(Role::Application).connect().await.map_err(told)?;
        tokio::spawn(connection);
        let sql = "select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()";
        Ok(client.query_one(sql, &[]).await.unwrap().get(0))
    }

    async fn refused(&self, name: &str, more: &str) -> String {
        let tried = self.tried(name, more).await;
        tried.expect_err(more)
    }

    /// Lets the server take in what was changed, and waits until it has.
    async fn reload(&self, sql: &[&str]) {
        let client = superuser(&self.cluster).await;
        for one in sql {
            client.batch_execute(one).await.unwrap();
        }
        let before = loaded_at(&client).await;
        client.query_one("select pg_reload_conf()", &[]).await.unwrap();
        let began = Instant::now();
        // A connection that is there already takes in nothing of how new ones are let in.
        while loaded_at(&superuser(&self.cluster).await).await == before {
            assert!(began.elapsed() < Duration::from_secs(30), "not reloaded");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn loaded_at(client: &Client) -> jiff::Timestamp {
    client.query_one("select pg_conf_load_time()", &[]).await.unwrap().get(0)
}

async fn superuser(cluster: &Cluster) -> Client {
    let (client, connection) = cluster.connections().superuser().connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn told(error: impl std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}

/// Writes a file as the account that runs the server.
fn write(data: &Path, name: &str, text: &str) {
    let (place, file) = (data.join("postgres"), data.join("postgres").join(name));
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let of = std::fs::metadata(place).unwrap();
    chown(&file, Some(of.uid()), Some(of.gid())).unwrap();
}

/// The certificate that the server shows.
fn keep(data: &Path, certificate: &str, key: &KeyPair) {
    write(data, "server.crt", certificate);
    write(data, "server.key", &key.serialize_pem());
}

/// Whom the server lets in over the network: `hostssl` by TLS alone, `host` in any way.
fn allow(data: &Path, how: &str) {
    let own = std::fs::read_to_string(data.join("postgres/pg_hba.conf")).unwrap();
    write(data, "hba.conf", &format!("{own}{how} all all 127.0.0.0/8 scram-sha-256\n"));
}

#[tokio::test]
async fn nobody_passes_for_a_database_elsewhere() {
    let elsewhere = Elsewhere::start().await;
    let root = format!("sslrootcert={}", elsewhere.ours.file.display());
    let stranger = authority(elsewhere.home.path(), "stranger");
    let stranger = format!("sslrootcert={}", stranger.file.display());
    let full = format!("sslmode=verify-full&{root}");

    assert_eq!(elsewhere.tried(NAME, &full).await, Ok(true));
    assert_eq!(elsewhere.tried(NAME, &format!("{full}&channel_binding=require")).await, Ok(true));
    let said = elsewhere.refused("other.example", &full).await;
    assert!(said.starts_with("could not reach the PostgreSQL server that DATABASE_URL names"), "{said}");
    assert!(said.contains("answers at other.example is for another name") && said.contains(NAME), "{said}");
    assert_eq!(elsewhere.tried("other.example", &format!("sslmode=verify-ca&{root}")).await, Ok(true));
    for mode in ["verify-ca", "verify-full", "require"] {
        let said = elsewhere.refused(NAME, &format!("sslmode={mode}&{stranger}")).await;
        assert!(said.contains("stranger.pem vouches for the certificate of db.example"), "{mode}: {said}");
        assert!(said.contains("let sslrootcert name a PEM file with the authority that signed it"), "{said}");
    }
    // The system knows nothing of an authority that was made a moment ago.
    let said = elsewhere.refused(NAME, "sslmode=verify-full").await;
    assert!(said.contains("authorities"), "{said}");
    // Sealed, but with whoever answers.
    for weak in ["sslmode=require", "sslmode=prefer", ""] {
        assert_eq!(elsewhere.tried("whatever.example", weak).await, Ok(true), "{weak}");
    }
    // Where no name is given, the address is one.
    assert_eq!(elsewhere.tried("", "sslmode=require").await, Ok(true));
    let said = elsewhere.refused("", &full).await;
    assert!(said.contains(&format!("answers at {} is for another name", elsewhere.address)), "{said}");
    let said = elsewhere.refused(NAME, "sslmode=disable").await;
    assert!(said.contains("no encryption"), "the server's own words: {said}");

    // One that vouches for itself, as `openssl req -x509` makes it, is believed when it is named, and as long as it lasts.
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = params.self_signed(&key).unwrap().pem();
    keep(&elsewhere.data(), &own, &key);
    let file = elsewhere.home.path().join("own.pem");
    std::fs::write(&file, &own).unwrap();
    elsewhere.reload(&[]).await;
    let alone = format!("sslmode=verify-full&sslrootcert={}", file.display());
    assert_eq!(elsewhere.tried(NAME, &alone).await, Ok(true));
    let said = elsewhere.refused("other.example", &alone).await;
    assert!(said.contains("is for another name"), "{said}");
    let said = elsewhere.refused(NAME, &full).await;
    assert!(said.contains("ours.pem vouches for"), "{said}");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let own = params.self_signed(&key).unwrap().pem();
    keep(&elsewhere.data(), &own, &key);
    std::fs::write(&file, &own).unwrap();
    elsewhere.reload(&[]).await;
    let said = elsewhere.refused(NAME, &alone).await;
    assert!(said.contains("has ended or has not begun"), "{said}");

    // Without TLS there is none to insist on.
    allow(&elsewhere.data(), "host");
    elsewhere.reload(&["alter system set ssl = off"]).await;
    for strict in ["sslmode=require", &full] {
        let said = elsewhere.refused(NAME, strict).await;
        assert!(
            said.contains("the PostgreSQL server at db.example offers no TLS") && said.contains("ssl = on"),
            "{said}"
        );
    }
    assert_eq!(elsewhere.tried(NAME, "sslmode=prefer").await, Ok(false));
    let Elsewhere { cluster, .. } = elsewhere;
    cluster.stop().await;
}

/// The program itself, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every part of the program that connects does so by TLS: the server lets nobody else in.
#[tokio::test]
async fn the_whole_program_works_on_a_database_that_takes_nobody_in_the_clear() {
    let elsewhere = Elsewhere::start().await;
    let data = elsewhere.home.path().join("program");
    std::fs::create_dir(&data).unwrap();
    let root = format!("sslmode=verify-full&sslrootcert={}", elsewhere.ours.file.display());
    let owning = elsewhere.url(Role::Owner, NAME, &root);
    // Nobody serves as the owner; for this one the authority is among those of the system.
    let serving = elsewhere.url(Role::Application, NAME, "sslmode=verify-full");
    let program = |serving: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
        command.env_remove("THROUGHLINE_URL").env_remove("THROUGHLINE_TOKEN").args(arguments);
        command.env("THROUGHLINE_DATA", &data).env("THROUGHLINE_PORT", "0").env("SSL_CERT_FILE", &elsewhere.ours.file);
        command.env("DATABASE_URL", serving).env("THROUGHLINE_OWNER_URL", &owning);
        command
    };
    let ran = |mut command: Command| {
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (code, said) = ran(program(&owning, &["migrate", "up"]));
    assert_eq!(code, Some(0), "{said}");
    elsewhere.cluster.open_logins().await.unwrap();
    let (_, said) = ran(program(&serving, &["doctor"]));
    assert!(said.contains("ok   application role") && said.contains("ok   migrations"), "{said}");
    let (code, said) = ran(program(&serving, &["maintain"]));
    assert_eq!(code, Some(0), "{said}");

    let log = elsewhere.home.path().join("log");
    let mut command = program(&serving, &["serve"]);
    let running = command.stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let mut running = Running(running);
    let client = superuser(&elsewhere.cluster).await;
    let sql = "select count(*) filter (where not s.ssl), count(distinct a.usename), string_agg(distinct a.application_name, ', ')
                 from pg_stat_activity a join pg_stat_ssl s using (pid)
                where a.client_addr is not null and a.datname = 'throughline'";
    let began = Instant::now();
    loop {
        let said = std::fs::read_to_string(&log).unwrap();
        if said.contains(" serving ") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60) && running.0.try_wait().unwrap().is_none(), "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let row = client.query_one(sql, &[]).await.unwrap();
    let (open, names): (i64, Option<String>) = (row.get(0), row.get(2));
    assert!(open == 0 && names.as_ref().is_some_and(|names| names.contains("throughline")), "{open} {names:?}");
    drop(running);

    let (code, said) = ran(program(&elsewhere.url(Role::Application, "other.example", &root), &["serve"]));
    assert!(code == Some(1) && said.contains("answers at other.example is for another name"), "{said}");
    let (code, said) = ran(program(&elsewhere.url(Role::Application, NAME, "sslmode=verify-ca"), &["serve"]));
    assert!(
        code == Some(2) && said.contains("DATABASE_URL) says sslmode=verify-ca of the system's authorities"),
        "{said}"
    );
    let Elsewhere { cluster, .. } = elsewhere;
    cluster.stop().await;
}
