//! Under strain: many who want the same, clients that are slow or go away, handlers that fall over.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, http::Request};
use futures_util::future::join_all;
use kernel::{Create, Operation};
use serde_json::{Value, json};
use testkit::World;
use throughline::connections::{self, ConnectionLimits};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tower::ServiceExt as _;

use crate::world;

/// Waiting for a lock takes nothing from those who only read.
#[tokio::test]
async fn readers_are_answered_while_five_hundred_writers_wait_for_one_row() {
    let world = world().await;
    let owner = &world.home.owner;
    let id = world.example(&world.home, "requirements", 0).await.unwrap();
    let path = format!("/v1/requirements/{id}");
    let mut locker = world.superuser().await.unwrap();
    let held = locker.transaction().await.unwrap();
    held.execute("select 1 from work.requirements where id = $1::text::uuid for update", &[&id]).await.unwrap();

    let began = Instant::now();
    let server = world.home.ctx(&world.kernel);
    // Straight at the transactions: who asks is known, so that all five hundred want to write at the same moment.
    let writers = join_all((0..500).map(|n| {
        let (server, id) = (&server, &id);
        async move {
            let served = server.catalogue().get("requirements").unwrap();
            let outcome = async {
                let mut tx = server.begin().await?;
                let record = kernel::Record::find(&tx, served, id, true).await?;
                let record = kernel::authorise(server, record)?;
                kernel::update(server, &mut tx, served, record, &json!({"title": format!("title {n}")})).await?;
                tx.commit().await
            };
            outcome.await.map_err(|error: kernel::Error| server.catalogue().explain(&error))
        }
    }));
    let readers = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..15 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let asked = Instant::now();
            world.get(path.as_str()).by(&world.home.viewer).send().await.expect(200);
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let (answers, slowest) = tokio::join!(writers, readers);
    let problems: Vec<_> = answers.into_iter().map(|answer| answer.expect_err("nobody gets past the lock")).collect();
    for problem in &problems {
        assert!([409, 503].contains(&problem.status()), "{problem}");
        assert!(problem.retry_after.is_some() && problem.detail.contains("send the request again"), "{problem}");
    }
    assert!(problems.iter().any(|problem| problem.status() == 409), "somebody reached the lock");
    assert!(problems.iter().any(|problem| problem.status() == 503), "and most were told to come again");
    assert!(slowest < Duration::from_secs(1), "a reader waited {slowest:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let told = world.patch(path.as_str(), &json!({"title": "x"})).by(owner).send().await.expect(409);
    assert_eq!(told.header("retry-after"), Some("1"));
    held.rollback().await.unwrap();
    world.patch(path.as_str(), &json!({"title": "free again"})).by(owner).send().await.expect(200);
}

struct Listening {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<bool>,
}

async fn listening(router: Router, limits: ConnectionLimits) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        connections::serve(listener, None, router, &limits, async {
            let _ = stopped.await;
        })
        .await
    });
    Listening { address, stop, ended }
}

fn plain() -> Router {
    Router::new().route("/", axum::routing::get(|| async { "here\n" })).route(
        "/slow",
        axum::routing::get(|| async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            "at last\n"
        }),
    )
}

/// Sends `text` and reads until the other end has nothing more to say.
async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

const GET: &str = "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_client_that_dawdles_loses_its_connection() {
    let limits = ConnectionLimits {
        head: Duration::from_millis(300),
        body: Duration::from_millis(300),
        ..ConnectionLimits::default()
    };
    let router =
        plain().route("/take", axum::routing::post(|body: axum::body::Bytes| async move { body.len().to_string() }));
    let server = listening(router, limits).await;
    for beginning in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: t\r\nX-Slow: ", "GET / HTTP/1.1\r\nHost: t\r\n\r\n"] {
        let began = Instant::now();
        exchange(server.address, beginning).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{beginning:?} was kept for {:?}", began.elapsed());
    }
    let began = Instant::now();
    let said = exchange(server.address, "POST /take HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nonly this").await;
    assert!(began.elapsed() < Duration::from_secs(5) && !said.starts_with("HTTP/1.1 200"), "{said}");
    assert!(exchange(server.address, GET).await.ends_with("here\n"));
}

#[tokio::test]
async fn who_finds_every_connection_taken_is_told_so() {
    let server = listening(plain(), ConnectionLimits { most: 3, ..ConnectionLimits::default() }).await;
    let mut taken = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        taken.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    let said = exchange(server.address, GET).await;
    assert!(said.starts_with("HTTP/1.1 503") && said.contains("Retry-After: 1"), "{said}");
    let body: Value = serde_json::from_str(said.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["status"], 503);
    assert!(began.elapsed() < Duration::from_secs(2));
    drop(taken);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(exchange(server.address, GET).await.ends_with("here\n"));
}

#[tokio::test]
async fn what_runs_ends_before_the_server_does() {
    let server = listening(plain(), ConnectionLimits::default()).await;
    let running = tokio::spawn(exchange(server.address, "GET /slow HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"));
    // A connection that only waits for its next request holds nothing up.
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    assert!(running.await.unwrap().ends_with("at last\n"));
    assert!(server.ended.await.unwrap(), "everything ended in time");

    let server = listening(plain(), ConnectionLimits { drain: Duration::from_millis(50), ..Default::default() }).await;
    let cut = tokio::spawn(exchange(server.address, "GET /slow HTTP/1.1\r\nHost: t\r\n\r\n"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(()).unwrap();
    assert!(!server.ended.await.unwrap(), "somebody was cut off");
    cut.abort();
}

#[tokio::test]
async fn a_handler_that_falls_over_answers_and_takes_nobody_along() {
    let falls = Operation::on_collection::<Create, Value, Value, _>(
        "projects",
        "fall-over",
        "Falls over, for a test.",
        |ctx, tx, _| {
            Box::pin(async move {
                tx.execute("update work.projects set name = 'half done'", &[]).await?;
                assert!(ctx.principal.display_name.is_empty(), "this falls over on purpose");
                Ok(json!({}))
            })
        },
    );
    let operations = throughline::operations().into_iter().chain([falls]).collect();
    let world = World::new(throughline::resources(), operations).await.unwrap();
    let owner = &world.home.owner;
    world.example(&world.home, "projects", 0).await.unwrap();
    let answer = world.post("/v1/projects/fall-over", &json!({})).by(owner).send().await.expect(500);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.header("x-request-id").is_some() && !answer.text().contains("on purpose"), "{}", answer.text());
    let listed = world.get("/v1/projects?filter[name]=half done".replace(' ', "%20")).by(owner).send().await;
    assert_eq!(listed.expect(200).json()["data"], json!([]), "what it began is undone");

    // On one connection: the next request is answered as if nothing had happened.
    let server = listening(world.router.clone(), ConnectionLimits::default()).await;
    let head = format!("Host: t\r\nAuthorization: Bearer {}\r\n", owner.token);
    let both = format!(
        "POST /v1/projects/fall-over HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}\
         GET /healthz HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    );
    let said = exchange(server.address, &both).await;
    assert!(said.contains("HTTP/1.1 500") && said.ends_with("ok\n"), "{said}");
}

#[tokio::test]
async fn answers_say_who_may_keep_them_and_what_they_are() {
    let world = world().await;
    let owner = &world.home.owner;
    let id = world.example(&world.home, "requirements", 0).await.unwrap();
    let one = format!("/v1/requirements/{id}");
    for (path, control) in [
        ("/v1/requirements", "no-store"),
        (one.as_str(), "private, no-cache"),
        ("/v1/me", "no-store"),
        ("/v1/nothing", "no-store"),
    ] {
        let answer = world.get(path).by(owner).send().await;
        assert_eq!(answer.header("cache-control"), Some(control), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
        assert!(["authorization", "cookie", "accept"].iter().all(|name| vary.join(",").contains(name)), "{vary:?}");
    }
    let tag = world.get(one.as_str()).by(owner).send().await.header("etag").unwrap().to_owned();
    let again = world.get(one.as_str()).by(owner).header("if-none-match", &tag).send().await.expect(304);
    assert_eq!(again.header("cache-control"), Some("private, no-cache"));
    for path in ["/healthz", "/openapi.json", "/metrics"] {
        assert_eq!(world.get(path).send().await.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_who_has_the_token() {
    let world = world().await;
    let elsewhere = "192.0.2.7".parse().unwrap();
    world.get("/metrics").send().await.expect(200);
    world.get("/metrics").from(elsewhere).send().await.expect(401);
    world.get("/metrics").header("x-forwarded-for", "192.0.2.7").send().await.expect(401);
    world.get("/metrics").from(elsewhere).bearing(testkit::METRICS_TOKEN).send().await.expect(200);
    for wrong in ["", "a token for metric", &world.home.owner.token] {
        world.get("/metrics").from(elsewhere).bearing(wrong).send().await.expect(401);
    }
}

/// The client hangs up while its files are being queued: whatever was committed has its file.
#[tokio::test]
async fn an_upload_whose_sender_hangs_up_keeps_what_was_committed() {
    let world = world().await;
    let project = world.example(&world.home, "projects", 0).await.unwrap();
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"project\"\r\n\r\n{project}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.xml\"\r\n\r\n<testsuite/>\r\n--b--\r\n"
    );
    let client = world.superuser().await.unwrap();
    // The commit is held up until the sender has gone.
    client
        .batch_execute(
            "create function public.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.4); return new; end $$;
             create constraint trigger slow after insert on platform.imports deferrable initially deferred
               for each row execute function public.slow()",
        )
        .await
        .unwrap();
    let request = Request::post("/v1/imports")
        .header("authorization", format!("Bearer {}", world.home.developer.token))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Body::from(form))
        .unwrap();
    let sent = tokio::time::timeout(Duration::from_millis(300), world.router.clone().oneshot(request)).await;
    assert!(sent.is_err(), "the sender went away before the commit");
    let sql = "select spool_path from platform.imports";
    let mut rows = Vec::new();
    for _ in 0..100 {
        rows = client.query(sql, &[]).await.unwrap();
        if !rows.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rows.len(), 1, "it was committed all the same");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let path: String = rows[0].get(0);
    assert!(std::path::Path::new(&path).exists(), "{path} is gone");
}

/// A disk that is full is told as what passes, as it is when PostgreSQL is the one to find it so, and not as a fault of the program.
#[tokio::test]
async fn a_file_that_finds_no_room_is_no_fault_of_the_program() {
    let world = world().await;
    let ctx = world.home.ctx(&world.kernel);
    let told = |kind: std::io::ErrorKind| {
        let failed = kernel::Error::Io { doing: "an upload could not be kept on disk".into(), source: kind.into() };
        ctx.catalogue().explain(&failed).status()
    };
    assert_eq!((told(std::io::ErrorKind::StorageFull), told(std::io::ErrorKind::PermissionDenied)), (503, 500));
}
