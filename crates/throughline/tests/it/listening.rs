//! Whether what PostgreSQL announces arrives: behind a pooler that lends connections for a transaction it does not, and nobody says so.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use testkit::World;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_postgres::{Config, config::Host};

use crate::world;

/// Stands before PostgreSQL, and can be made to pass on notifications as PgBouncer does in transaction mode: only in the middle of an answer.
struct Between {
    config: Config,
    is_pooler: Arc<AtomicBool>,
    /// How often somebody announced something through it.
    announced: Arc<AtomicUsize>,
}

impl Between {
    async fn start(world: &World, is_pooler: bool) -> Self {
        let mut config = world.database().application_config.clone();
        config.dbname(&world.database().name);
        let Host::Unix(directory) = &config.get_hosts()[0] else { panic!("the tests' database has a socket") };
        let socket = directory.join(format!(".s.PGSQL.{}", config.get_ports().first().unwrap_or(&5432)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut through = Config::new();
        through.host("127.0.0.1").port(listener.local_addr().unwrap().port());
        through.user(config.get_user().unwrap()).dbname(&world.database().name);
        if let Some(password) = config.get_password() {
            through.password(password);
        }
        let between = Self { config: through, is_pooler: Arc::default(), announced: Arc::default() };
        between.is_pooler.store(is_pooler, Ordering::Relaxed);
        let (is_pooler, announced) = (between.is_pooler.clone(), between.announced.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, socket.clone(), is_pooler.clone(), announced.clone()));
            }
        });
        between
    }
}

async fn pass(client: TcpStream, socket: PathBuf, is_pooler: Arc<AtomicBool>, announced: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = UnixStream::connect(socket).await.unwrap().into_split();
    // Answers that are owed to the client.
    let is_asked = Arc::new(AtomicBool::new(true));
    let asks = is_asked.clone();
    tokio::spawn(async move {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
            asks.store(true, Ordering::SeqCst);
            let words = bytes[..length].windows(9).filter(|window| window == b"pg_notify").count();
            announced.fetch_add(words, Ordering::Relaxed);
            if to_server.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
    });
    // One message at a time: its kind, its length with these four bytes, and the rest.
    while let Ok(kind) = from_server.read_u8().await {
        let length = from_server.read_u32().await.unwrap();
        let mut rest = vec![0; length as usize - 4];
        from_server.read_exact(&mut rest).await.unwrap();
        if kind == b'Z' {
            is_asked.store(false, Ordering::SeqCst);
        }
        if kind == b'A' && is_pooler.load(Ordering::Relaxed) && !is_asked.load(Ordering::SeqCst) {
            continue;
        }
        let message = [&[kind][..], &length.to_be_bytes(), &rest].concat();
        if to_client.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// Somebody else takes back everything the viewer signed in with; how long it works on.
async fn works_on(world: &World) -> Duration {
    let client = world.superuser().await.unwrap();
    let sql = "update identity.sessions set revoked_at = now() where user_id = $1";
    client.execute(sql, &[&world.home.viewer.user_id]).await.unwrap();
    let began = Instant::now();
    while status(world).await != 401 {
        assert!(began.elapsed() < Duration::from_secs(20), "a session that was ended works on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

async fn status(world: &World) -> u16 {
    world.get("/v1/me").bearing(&world.home.viewer.token).send().await.status
}

#[tokio::test]
async fn where_nothing_arrives_nothing_is_remembered() {
    let world = world().await;
    let between = Between::start(&world, true).await;
    let listener = tokio::spawn(Arc::clone(&world.authenticator).listen(between.config.clone()));
    let began = Instant::now();
    while between.announced.load(Ordering::Relaxed) == 0 {
        assert!(began.elapsed() < Duration::from_secs(5), "whether anything arrives is not tried");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((status(&world).await, status(&world).await), (200, 200));
    let works_on = works_on(&world).await;
    assert!(works_on < Duration::from_millis(500), "it worked on for {works_on:?}");
    listener.abort();
}

#[tokio::test]
async fn what_ceases_to_arrive_is_noticed_within_seconds() {
    let world = world().await;
    let between = Between::start(&world, false).await;
    let listener = tokio::spawn(Arc::clone(&world.authenticator).listen(between.config.clone()));
    // Nothing is said while nothing is remembered, but for the word that began it.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(between.announced.load(Ordering::Relaxed), 1);
    assert_eq!(status(&world).await, 200);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(
        between.announced.load(Ordering::Relaxed) > 1,
        "something is remembered, and it is not looked whether anything arrives"
    );
    between.is_pooler.store(true, Ordering::Relaxed);
    assert_eq!(status(&world).await, 200);
    let works_on = works_on(&world).await;
    assert!(works_on < Duration::from_secs(8), "it worked on for {works_on:?}");
    assert!(works_on > Duration::from_millis(500), "nothing was remembered, so nothing is shown");
    listener.abort();
}
