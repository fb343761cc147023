//! Drills: what fails in life, done on purpose to the real program, each with the figure that came out. `script/drill` runs them,
//! and `docs/reliability.md` keeps the last figures; an ordinary run of the tests leaves them out, for they take minutes and
//! want the machine to themselves.
#![allow(clippy::unwrap_used, missing_docs)]

mod running;

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use running::{Caller, Load, Pooler, Server, a_while, check, database, home, number, project, throughline_with};
use serde_json::json;
use tokio_postgres::NoTls;

/// Prints a figure beside its goal, and ends the drill when it is missed.
fn figure(what: &str, measured: impl std::fmt::Display, goal: &str, is_met: bool) {
    println!("figure | {what} | {measured} | {goal} | {}", if is_met { "met" } else { "MISSED" });
    assert!(is_met, "{what}: {measured}, and the goal is {goal}");
}

/// How often; the variable is for a shorter rehearsal.
fn rounds(usual: usize) -> usize {
    std::env::var("DRILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Answers by status; 0 is no answer. And how long the slowest took.
#[derive(Default)]
struct Answers {
    by_status: BTreeMap<u16, usize>,
    slowest: Duration,
}

impl Answers {
    fn note(&mut self, status: u16, took: Duration) {
        *self.by_status.entry(status).or_default() += 1;
        self.slowest = self.slowest.max(took);
    }

    fn take_in(&mut self, other: Self) {
        other.by_status.into_iter().for_each(|(status, count)| *self.by_status.entry(status).or_default() += count);
        self.slowest = self.slowest.max(other.slowest);
    }

    fn of(&self, status: u16) -> usize {
        self.by_status.get(&status).copied().unwrap_or(0)
    }

    fn told(&self) -> String {
        let told: Vec<String> = self.by_status.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        told.join(", ")
    }
}

/// One record; the status, whether it said when to come again, and how long it took.
async fn create(caller: &Caller, project: &str, title: &str) -> (u16, bool, Duration) {
    let began = Instant::now();
    let request = caller
        .client
        .post(format!("{}/v1/requirements", caller.url))
        .bearer_auth(&caller.token)
        .header("content-type", "application/json")
        .timeout(Duration::from_secs(20))
        .body(json!({"project_id": project, "title": title}).to_string());
    match request.send().await {
        Ok(answer) => (answer.status().as_u16(), answer.headers().contains_key("retry-after"), began.elapsed()),
        Err(_) => (0, false, began.elapsed()),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn kill_server() {
    let home = home();
    let data = home.path().join("data");
    let mut server = Server::start(&data).await;
    let project = project(&server.caller()).await;
    let load = Load::begin(server.caller(), &project);
    let (rounds, mut longest) = (rounds(100), Duration::ZERO);
    for _ in 0..rounds {
        a_while().await;
        server.kill();
        let began = Instant::now();
        server = Server::start(&data).await;
        load.turn_to(server.caller());
        server.caller().until_it_serves(Duration::from_secs(60)).await;
        longest = longest.max(began.elapsed());
    }
    let acknowledged = load.end().await;
    check(&data, &acknowledged).await;
    let told = format!(
        "{rounds} times, {} records and {} imports acknowledged, none lost; the longest restart took {:.1} s",
        acknowledged.requirements.len(),
        acknowledged.imports.len(),
        longest.as_secs_f64()
    );
    figure("server killed while writing", told, "all there; rows, audit and outbox agree", true);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn kill_postgres() {
    let home = home();
    let data = home.path().join("data");
    let server = Server::start(&data).await;
    let caller = server.caller();
    let project = project(&caller).await;
    let load = Load::begin(caller.clone(), &project);
    let (rounds, mut longest) = (rounds(20), Duration::ZERO);
    for _ in 0..rounds {
        a_while().await;
        server.kill_postgres();
        tokio::time::sleep(Duration::from_millis(50)).await;
        longest = longest.max(caller.until_it_serves(Duration::from_secs(60)).await);
    }
    let acknowledged = load.end().await;
    check(&data, &acknowledged).await;
    let told = format!(
        "{rounds} times, {} records and {} imports acknowledged, none lost; serving again after {:.1} s at most",
        acknowledged.requirements.len(),
        acknowledged.imports.len(),
        longest.as_secs_f64()
    );
    figure("PostgreSQL killed", told, "all there; serving within 10 s", longest < Duration::from_secs(10));
    server.stop().await;
}

/// A file system of its own, taken away at the end.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn make(at: &Path, megabytes: usize) -> Self {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m,mode=0711");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status().unwrap();
        assert!(done.success(), "this drill mounts a small file system, for which it has to run as root");
        Self(at.to_path_buf())
    }

    /// Fills it but for so many bytes.
    fn fill(&self, left: u64) -> std::path::PathBuf {
        let file = self.0.join("filler");
        let mut filler = std::fs::File::create(&file).unwrap();
        // The others write meanwhile, so how much there is cannot be asked for beforehand.
        while filler.write_all(&[0; 1 << 20]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(left)).unwrap();
        file
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn disk_full() {
    let home = home();
    let disk = Mounted::make(&home.path().join("disk"), 900);
    let data = disk.0.join("data");
    let server = Server::start(&data).await;
    let caller = server.caller();
    let project = project(&caller).await;
    let load = Load::begin(caller.clone(), &project);
    a_while().await;
    let filler = disk.fill(2 << 20);
    let (began, mut answers, mut refused_at) = (Instant::now(), Answers::default(), None);
    for n in 0.. {
        if began.elapsed() > Duration::from_secs(60)
            || refused_at.is_some_and(|at: Instant| at.elapsed() > Duration::from_secs(10))
        {
            break;
        }
        let (status, _, took) = create(&caller, &project, &format!("while full {n}")).await;
        answers.note(status, took);
        if status != 201 {
            refused_at = refused_at.or(Some(Instant::now()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(refused_at.is_some(), "the disk was never full: {}", answers.told());
    std::fs::remove_file(filler).unwrap();
    let freed = Instant::now();
    loop {
        let (status, _, _) = create(&caller, &project, "after").await;
        if status == 201 {
            break;
        }
        let said = |file: &Path| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            text.lines().rev().take(12).collect::<Vec<_>>().join("\n")
        };
        assert!(
            freed.elapsed() < Duration::from_secs(60),
            "not back: {status}; what was said, the last first:\n{}\n{}",
            said(&data.with_extension("log")),
            said(&data.join("postgres.log"))
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let back = freed.elapsed();
    let acknowledged = load.end().await;
    let client = database(&data).await;
    for (title, id) in &acknowledged.requirements {
        let sql = format!("select count(*) from work.requirements where id = '{id}' and title = '{title}'");
        assert_eq!(number(&client, &sql).await, 1, "{title} was acknowledged");
    }
    let log = std::fs::read_to_string(data.join("postgres.log")).unwrap();
    let told = format!(
        "answers {}; the slowest {:.1} s; writing again {:.1} s after there was room; {} acknowledged, none lost; PostgreSQL began {} times",
        answers.told(),
        answers.slowest.as_secs_f64(),
        back.as_secs_f64(),
        acknowledged.requirements.len(),
        log.matches("database system is ready to accept connections").count()
    );
    let is_clear = answers.of(0) == 0 && answers.of(500) == 0;
    figure(
        "disk full",
        told,
        "clear refusals (503, 507), back without help",
        is_clear && back < Duration::from_secs(30),
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn connections_exhausted() {
    let home = home();
    let data = home.path().join("data");
    let server = Server::start(&data).await;
    let caller = server.caller();
    let project = project(&caller).await;
    let config = cluster::Connections::read(&data).unwrap().config(cluster::Role::Application);
    let mut held = Vec::new();
    let client = database(&data).await;
    let began = Instant::now();
    // The server's own connections are ended again and again until all are somebody else's.
    while began.elapsed() < Duration::from_secs(5) {
        let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                    where usename = 'application_user' and application_name <> 'greedy'";
        number(&client, end).await;
        let mut greedy = config.clone();
        greedy.application_name("greedy");
        while let Ok((client, connection)) = greedy.connect(NoTls).await {
            held.push((client, tokio::spawn(connection)));
        }
    }
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..100 {
        let (caller, project) = (caller.clone(), project.clone());
        tasks.spawn(async move { create(&caller, &project, &format!("crowded {n}")).await });
    }
    let (mut answers, mut silent) = (Answers::default(), 0);
    while let Some(done) = tasks.join_next().await {
        let (status, says_when, took) = done.unwrap();
        answers.note(status, took);
        silent += usize::from(status != 201 && !says_when);
    }
    drop(held);
    let back = caller.until_it_serves(Duration::from_secs(30)).await;
    let told = format!(
        "100 requests at once: {}; the slowest {:.2} s, {silent} without Retry-After; serving {:.1} s after there was room",
        answers.told(),
        answers.slowest.as_secs_f64(),
        back.as_secs_f64()
    );
    let is_met = answers.by_status.keys().all(|status| [201, 503].contains(status))
        && silent == 0
        && answers.slowest < Duration::from_secs(1)
        && back < Duration::from_secs(5);
    figure("connections exhausted", told, "503 with Retry-After within 1 s, back within 5 s", is_met);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn reconnects() {
    let home = home();
    let data = home.path().join("data");
    let server = Server::start(&data).await;
    let caller = server.caller();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..500 {
        // A client of its own makes a connection of its own.
        let alone = Caller { client: reqwest::Client::new(), url: caller.url.clone(), token: caller.token.clone() };
        tasks.spawn(async move {
            let began = Instant::now();
            let request = alone.client.get(format!("{}/v1/projects", alone.url)).bearer_auth(&alone.token);
            let answer = request.timeout(Duration::from_secs(20)).send().await;
            (answer.map_or(0, |answer| answer.status().as_u16()), began.elapsed())
        });
    }
    let mut answers = Answers::default();
    while let Some(done) = tasks.join_next().await {
        let (status, took) = done.unwrap();
        answers.note(status, took);
    }
    let back = caller.until_it_serves(Duration::from_secs(30)).await;
    let told = format!(
        "{}; the slowest {:.2} s; the next request answered after {:.2} s",
        answers.told(),
        answers.slowest.as_secs_f64(),
        back.as_secs_f64()
    );
    let is_met = answers.by_status.keys().all(|status| [200, 503].contains(status)) && back < Duration::from_secs(5);
    figure("500 reconnects at once", told, "all answered, nothing hangs, back within 5 s", is_met);
    server.stop().await;
}

/// A server of its own on the database of another.
async fn beside(first: &Server, data: &Path) -> (Server, Caller) {
    let connections = cluster::Connections::read(&first.data).unwrap();
    let urls = [connections.url(cluster::Role::Application), connections.url(cluster::Role::Owner)];
    through(first, data, &urls).await
}

/// The same over other ways to its database: that of the application, and that of the owner of the schema.
async fn through(first: &Server, data: &Path, [serving, owning]: &[String; 2]) -> (Server, Caller) {
    let key = first.data.join("signing.key").to_str().unwrap().to_owned();
    let variables = [("DATABASE_URL", &**serving), ("THROUGHLINE_OWNER_URL", &**owning)];
    let server = Server::start_with(data, &["serve", "--signing-key", &key], &variables).await;
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    let plain: String = log.chars().filter(|char| char.is_ascii_graphic() || *char == ' ').collect();
    let address = plain.split("127.0.0.1:").nth(1).unwrap();
    let port: String = address.chars().take_while(char::is_ascii_digit).collect();
    let known = first.caller();
    (server, Caller { url: format!("http://127.0.0.1:{port}"), ..known })
}

/// Writes without a pause, over whichever server takes the connection, as a load balancer would, until told to stop.
fn write_over(
    servers: &std::sync::Arc<std::sync::Mutex<Vec<Caller>>>,
    stop: &std::sync::Arc<std::sync::atomic::AtomicBool>,
    project: &str,
) -> tokio::task::JoinSet<Answers> {
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let (servers, stop, project) = (servers.clone(), stop.clone(), project.to_owned());
        tasks.spawn(async move {
            let mut answers = Answers::default();
            for n in 0.. {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                let all = servers.lock().unwrap().clone();
                // Who refuses the connection has not seen the request: another is asked.
                for at in 0..all.len() {
                    let caller = &all[(writer + n + at) % all.len()];
                    let (status, _, took) = create(caller, &project, &format!("rolling {writer} {n}")).await;
                    if status != 0 || at + 1 == all.len() {
                        answers.note(status, took);
                        break;
                    }
                }
            }
            answers
        });
    }
    tasks
}

async fn ended(mut tasks: tokio::task::JoinSet<Answers>, stop: &std::sync::atomic::AtomicBool) -> Answers {
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut all = Answers::default();
    while let Some(one) = tasks.join_next().await {
        all.take_in(one.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn rolling_restart() {
    let home = home();
    let first = Server::start(&home.path().join("data")).await;
    let project = project(&first.caller()).await;
    let places = [home.path().join("one"), home.path().join("two")];
    let mut servers = Vec::new();
    let callers = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for place in &places {
        let (server, caller) = beside(&first, place).await;
        servers.push(server);
        callers.lock().unwrap().push(caller);
    }
    let stop = std::sync::Arc::default();
    let tasks = write_over(&callers, &stop, &project);
    let (rounds, mut longest) = (rounds(5), Duration::ZERO);
    for _ in 0..rounds {
        for (at, place) in places.iter().enumerate() {
            a_while().await;
            let began = Instant::now();
            let mut old = servers.remove(at);
            kill(Pid::from_raw(old.child.id().cast_signed()), Signal::SIGTERM).unwrap();
            while old.child.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            longest = longest.max(began.elapsed());
            let (server, caller) = beside(&first, place).await;
            servers.insert(at, server);
            callers.lock().unwrap()[at] = caller;
        }
    }
    let answers = ended(tasks, &stop).await;
    let told = format!(
        "{} restarts of two servers: {}; the slowest answer {:.2} s; drained within {:.1} s",
        2 * rounds,
        answers.told(),
        answers.slowest.as_secs_f64(),
        longest.as_secs_f64()
    );
    let is_met = answers.by_status.keys().all(|status| *status == 201) && longest < Duration::from_secs(30);
    figure("rolling restart under load", told, "no 5xx; drained within 30 s", is_met);
    for server in servers {
        server.stop().await;
    }
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn migration() {
    let home = home();
    let data = home.path().join("data");
    let server = Server::start(&data).await;
    let project = project(&server.caller()).await;
    let newest = number(&database(&data).await, "select max(version)::int8 from platform.schema_migrations").await;
    let callers = std::sync::Arc::new(std::sync::Mutex::new(vec![server.caller()]));
    let stop = std::sync::Arc::default();
    let tasks = write_over(&callers, &stop, &project);
    let connections = cluster::Connections::read(&data).unwrap();
    let (serving, owning) = (connections.url(cluster::Role::Application), connections.url(cluster::Role::Owner));
    let variables = [("DATABASE_URL", &*serving), ("THROUGHLINE_OWNER_URL", &*owning)];
    let (rounds, before) = (rounds(5), (newest - 1).to_string());
    for _ in 0..rounds {
        for arguments in [&["migrate", "down", "--to", &before][..], &["migrate", "up"][..]] {
            a_while().await;
            // After a step down something is pending, which the exit code tells.
            let (_, said) = tokio::task::block_in_place(|| throughline_with(&data, arguments, &variables));
            assert!(said.contains("done in"), "{arguments:?}: {said}");
        }
    }
    a_while().await;
    let answers = ended(tasks, &stop).await;
    let told = format!(
        "step {newest} undone and applied {rounds} times: {}; the slowest answer {:.2} s",
        answers.told(),
        answers.slowest.as_secs_f64()
    );
    let is_met = answers.by_status.keys().all(|status| *status == 201) && answers.slowest < Duration::from_secs(5);
    figure("migration under load", told, "no 5xx; nobody waits long", is_met);
    server.stop().await;
}

/// A second organisation in the same database, and its owner as a caller.
async fn abroad(first: &Server, like: &Caller) -> Caller {
    let config = cluster::Connections::read(&first.data).unwrap().config(cluster::Role::Application);
    let store = kernel::Store::new(config, &kernel::PoolOptions::default()).unwrap();
    let catalogue = kernel::Catalogue::new([], Vec::new(), kernel::Schema::default()).unwrap();
    let kernel = std::sync::Arc::new(kernel::Kernel::new(store, catalogue));
    let founding = identity::FirstOrganization {
        name: "Abroad",
        slug: "abroad",
        owner: "Olga",
        email: "olga@abroad.example",
        password: "correct horse battery",
    };
    let owner = identity::first_organization(&kernel, &vault::Passwords::cheap(), &founding).await.unwrap();
    let (user, token) = (owner.user_id, vault::Token::generate(vault::TokenKind::Api));
    let ctx = kernel::Ctx::new(kernel, std::sync::Arc::new(owner), kernel::Request::default());
    let tx = ctx.begin().await.unwrap();
    tx.execute(
        "insert into identity.api_tokens (id, user_id, name, token_prefix, token_hash, scopes) values ($1, $2, 'drill', $3, $4, '{*}')",
        &[&ctx.new_id(), &user, &token.shown_prefix(), &token.digest().as_slice()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    Caller { token: token.reveal().to_owned(), ..like.clone() }
}

/// Tokens that work behind the pooler are revoked at the server before it, whose announcements do not come through.
async fn revoked_behind(first: &Server, behind: &Caller) {
    let (times, mut longest) = (10, Duration::ZERO);
    for nth in 0..times {
        let made = ["token", "create", "--json", "--name", &format!("to be revoked {nth}")];
        let (code, said) = tokio::task::block_in_place(|| throughline_with(&first.data, &made, &[]));
        let line = said.lines().find(|line| line.starts_with('{'));
        let made: serde_json::Value = serde_json::from_str(line.unwrap_or_else(|| panic!("{code}: {said}"))).unwrap();
        let caller = Caller { token: made["token"].as_str().unwrap().to_owned(), ..behind.clone() };
        let project = async || caller.send(caller.client.get(format!("{}/v1/projects", caller.url))).await.unwrap().0;
        assert_eq!((project().await, project().await), (200, 200));
        let before = first.caller();
        let revoke = format!("{}/v1/api-tokens/{}/revoke", before.url, made["id"].as_str().unwrap());
        let revoke = before.client.post(revoke).header("content-type", "application/json").body("{}");
        let (status, said) = before.send(revoke).await.unwrap();
        assert_eq!(status, 200, "{said}");
        let began = Instant::now();
        while project().await == 200 {
            assert!(began.elapsed() < Duration::from_secs(60), "a token that was revoked works on");
        }
        longest = longest.max(began.elapsed());
    }
    let told = format!(
        "{times} tokens revoked before it: refused behind it after {:.2} s at most, the first answer included",
        longest.as_secs_f64()
    );
    figure("PgBouncer, a token revoked", told, "refused within 1 s", longest < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a drill; script/drill runs it"]
async fn pgbouncer() {
    let home = home();
    let first = Server::start(&home.path().join("data")).await;
    let pooler = Pooler::start(&first, &home.path().join("pooler"));
    let (server, caller) = through(&first, &home.path().join("behind"), &pooler.urls()).await;
    let callers = [caller.clone(), abroad(&first, &caller).await];
    let mut projects = Vec::new();
    for caller in &callers {
        projects.push(project(caller).await);
    }
    let (began, until) = (Instant::now(), Instant::now() + Duration::from_secs(20));
    let mut tasks = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let (caller, project) = (callers[nth % 2].clone(), projects[nth % 2].clone());
        tasks.spawn(async move {
            let mut answers = Answers::default();
            let own = format!("of organisation {}", nth % 2);
            for n in 0.. {
                let (status, _, took) = create(&caller, &project, &format!("{own}, {nth} {n}")).await;
                answers.note(status, took);
                let began = Instant::now();
                let list = caller.client.get(format!("{}/v1/requirements?limit=50&sort=-created_at", caller.url));
                let (status, list) = caller.send(list).await.unwrap_or_default();
                answers.note(status, began.elapsed());
                for record in list["data"].as_array().into_iter().flatten() {
                    assert!(record["title"].as_str().unwrap().starts_with(&own), "{own}: {record}");
                }
                if until < Instant::now() {
                    break;
                }
            }
            answers
        });
    }
    let mut answers = Answers::default();
    while let Some(done) = tasks.join_next().await {
        answers.take_in(done.unwrap());
    }
    let stored = "select count(*) from work.requirements where title like 'of organisation %'";
    let stored = number(&database(&first.data).await, stored).await;
    let told = format!(
        "two organisations in turn on one connection of the database, 8 callers, {} s: {}; the slowest {:.2} s; {stored} records stored",
        began.elapsed().as_secs(),
        answers.told(),
        answers.slowest.as_secs_f64()
    );
    let is_met = answers.by_status.keys().all(|status| [200, 201].contains(status)) && stored == answers.of(201) as i64;
    figure("PgBouncer, one connection", told, "no organisation sees another's; no 5xx", is_met);
    revoked_behind(&first, &caller).await;
    server.stop().await;
    first.stop().await;
}
