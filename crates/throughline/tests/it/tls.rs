//! TLS on the server's own port: 1.3 and nothing older, certificates that are renewed while it runs, and what is said when
//! one is missing or is another's.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, middleware, routing::get};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use serde_json::json;
use shared::TrustedProxies;
use tempfile::TempDir;
use throughline::{
    connections::{self, ConnectionLimits},
    tls::Certificates,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::world;

const NAME: &str = "throughline.example";

/// A certificate and its key in two files.
struct Pair {
    place: TempDir,
}

impl Pair {
    fn new() -> Self {
        let pair = Self { place: tempfile::tempdir().unwrap() };
        pair.renew();
        pair
    }

    /// Another certificate with another key, in the same files.
    fn renew(&self) {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
        std::fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
        std::fs::write(self.certificate(), made.cert.pem()).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.place.path().join("server.pem")
    }

    fn key(&self) -> PathBuf {
        self.place.path().join("server.key")
    }

    fn load(&self) -> Arc<Certificates> {
        Certificates::load(&self.certificate(), &self.key()).unwrap()
    }

    /// A client that believes the certificate as it is now.
    fn client(&self, version: &'static SupportedProtocolVersion) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.certificate()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

async fn connect(client: &TlsConnector, port: u16) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    client.connect(ServerName::try_from(NAME).unwrap(), stream).await
}

async fn ask(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

/// What the port says to bytes that come without TLS, until it closes.
async fn plainly(port: u16, text: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(text).await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

async fn listening(certificates: &Arc<Certificates>, limits: ConnectionLimits) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxies = TrustedProxies::default();
    let router = Router::new()
        .route("/", get(|headers: axum::http::HeaderMap| async move { format!("{}\n", shared::over_https(&headers)) }))
        .layer(middleware::from_fn(move |request, next| proxies.clone().believe(request, next)));
    let tls = certificates.acceptor().unwrap();
    tokio::spawn(async move { connections::serve(listener, Some(tls), router, &limits, std::future::pending()).await });
    port
}

#[tokio::test]
async fn tls_1_3_is_spoken_and_nothing_else() {
    let pair = Pair::new();
    let port = listening(&pair.load(), ConnectionLimits::default()).await;
    let mut stream = connect(&pair.client(&TLS13), port).await.unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let said = ask(&mut stream, "/").await;
    assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("true\n"), "cookies are for TLS alone: {said}");
    assert!(said.contains("strict-transport-security: max-age=31536000\r\n"), "{said}");

    assert!(connect(&pair.client(&TLS12), port).await.is_err(), "nothing older");
    let said = plainly(port, b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.1 400") && said.contains("begin the address with https://"), "{said}");
}

#[tokio::test]
async fn whoever_begins_to_shake_hands_and_dawdles_loses_the_connection() {
    let pair = Pair::new();
    let limits = ConnectionLimits { handshake: Duration::from_millis(300), most: 2, ..Default::default() };
    let port = listening(&pair.load(), limits).await;
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00"] {
        let began = Instant::now();
        plainly(port, beginning).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{beginning:?} was kept for {:?}", began.elapsed());
    }
    let taken = [
        TcpStream::connect(("127.0.0.1", port)).await.unwrap(),
        TcpStream::connect(("127.0.0.1", port)).await.unwrap(),
    ];
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(connect(&pair.client(&TLS13), port).await.is_err(), "they count among the connections");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(connect(&pair.client(&TLS13), port).await.is_ok(), "and not for long");
    drop(taken);
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_one_of_no_use_is_not() {
    let pair = Pair::new();
    let certificates = pair.load();
    let port = listening(&certificates, ConnectionLimits::default()).await;
    let before = pair.client(&TLS13);
    let mut open = connect(&before, port).await.unwrap();
    assert!(!certificates.renew().unwrap(), "nothing has changed");

    // One of the two files is there before the other: the old pair stays.
    let old = std::fs::read(pair.key()).unwrap();
    pair.renew();
    let new = std::fs::read(pair.key()).unwrap();
    std::fs::write(pair.key(), &old).unwrap();
    assert!(certificates.renew().unwrap_err().to_string().contains("does not belong to"));
    assert!(!certificates.renew().unwrap(), "it is told once");
    assert!(connect(&before, port).await.is_ok());

    std::fs::write(pair.key(), &new).unwrap();
    assert!(certificates.renew().unwrap());
    assert!(connect(&before, port).await.is_err(), "the old one is gone");
    assert!(connect(&pair.client(&TLS13), port).await.is_ok());
    assert!(ask(&mut open, "/").await.starts_with("HTTP/1.1 200"), "what was open stays open");
}

#[test]
fn a_certificate_of_no_use_is_refused_with_what_to_do() {
    let (pair, other) = (Pair::new(), Pair::new());
    let nowhere = pair.place.path().join("nowhere.pem");
    let odd = pair.place.path().join("odd.pem");
    std::fs::write(&odd, "nothing to see").unwrap();
    let locked = pair.place.path().join("locked.pem");
    let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    std::fs::write(&locked, text).unwrap();
    let said = |certificate: &Path, key: &Path| Certificates::load(certificate, key).unwrap_err().to_string();
    for (said, part) in [
        (said(&nowhere, &pair.key()), "--tls-cert name a PEM file"),
        (said(&pair.certificate(), &nowhere), "--tls-key name a PEM file"),
        (said(&odd, &pair.key()), "there is no certificate in"),
        (said(&pair.certificate(), &odd), "there is no private key in"),
        (said(&pair.certificate(), &pair.certificate()), "there is no private key in"),
        (said(&pair.certificate(), &locked), "openssl pkey"),
        (said(&pair.certificate(), &other.key()), "does not belong to the first certificate"),
    ] {
        assert!(said.contains(part), "{said}");
    }
}

/// The program itself, and the lines of its log.
struct Running {
    child: Child,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(data: &Path, database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    // Where these tests run there may be another server to ask.
    command.env_remove("THROUGHLINE_URL").env_remove("THROUGHLINE_TOKEN");
    command.env("THROUGHLINE_DATA", data).env("DATABASE_URL", database).env("THROUGHLINE_PORT", "0");
    command
}

fn serving(mut command: Command) -> Running {
    let mut child = command.args(["serve", "--json-logs"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = lines.find_map(|line| line.ok().filter(|line| line.contains("\"serving\"")));
    // Whoever logs to nobody would be stopped by it.
    std::thread::spawn(move || lines.for_each(drop));
    let told: serde_json::Value = serde_json::from_str(&told.expect("it serves")).unwrap();
    let address = told["fields"]["address"].as_str().unwrap();
    Running { child, port: address.rsplit_once(':').unwrap().1.parse().unwrap() }
}

/// The whole program: it serves by TLS, its own command line believes it and no other, SIGHUP brings a new certificate, and
/// half a setting is refused.
#[tokio::test]
async fn the_program_serves_and_asks_by_tls() {
    let world = world().await;
    let pair = Pair::new();
    let database = crate::security::url(&world.database().application_config, &world.database().name);
    let data = pair.place.path().join("data");
    std::fs::create_dir(&data).unwrap();

    let half = program(&data, &database).args(["serve", "--tls-cert"]).arg(pair.certificate()).output().unwrap();
    let said = String::from_utf8_lossy(&half.stderr).into_owned();
    assert!(half.status.code() == Some(1) && said.contains("name its file with --tls-key"), "{said}");

    let mut command = program(&data, &database);
    command.env("THROUGHLINE_TLS_CERT", pair.certificate()).env("THROUGHLINE_TLS_KEY", pair.key());
    let running = serving(command);
    let owner = &world.home.owner;
    let known = json!({"url": format!("https://127.0.0.1:{}", running.port), "organization": "home", "email": owner.email,
                       "password": "", "token": owner.token, "certificate": pair.certificate()});
    std::fs::write(data.join("credentials.json"), known.to_string()).unwrap();
    let check = |more: &[&str]| {
        let output = program(&data, &database).args(["check", "me", "read", "project"]).args(more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = check(&[]);
    assert_eq!(code, Some(0), "{said}");
    let elsewhere = format!("https://localhost:{}", running.port);
    let (code, said) = check(&["--url", &elsewhere, "--token", &owner.token]);
    assert!(code == Some(1) && said.to_lowercase().contains("certificate"), "nobody vouches for it: {said}");
    let file = pair.certificate();
    let (code, said) = check(&["--url", &elsewhere, "--token", &owner.token, "--ca-file", file.to_str().unwrap()]);
    assert!(code == Some(1) && said.to_lowercase().contains("certificate"), "it is another name's: {said}");

    pair.renew();
    let fresh = pair.client(&TLS13);
    kill(Pid::from_raw(running.child.id().cast_signed()), Signal::SIGHUP).unwrap();
    let began = Instant::now();
    while connect(&fresh, running.port).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5), "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut stream = connect(&fresh, running.port).await.unwrap();
    let page = ask(&mut stream, "/sign-in").await.to_lowercase();
    assert!(page.contains("set-cookie: throughline_visit=") && page.contains("; secure"), "{page}");
}
