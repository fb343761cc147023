//! The state of a given second comes back from a backup, whole and nothing more; what is damaged is recognised, and nobody
//! reads without the key. The real program, a database of its own, a directory as the repository.
#![allow(clippy::unwrap_used, missing_docs)]

mod running;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use running::{Caller, Server, database, home, number, project, throughline};
use serde_json::{Value, json};

/// A data directory, a key and a repository.
struct Place {
    _home: tempfile::TempDir,
    root: PathBuf,
    data: PathBuf,
    repository: String,
    key: String,
}

impl Place {
    fn new() -> Self {
        let home = home();
        let root = home.path().to_path_buf();
        let key = root.join("backup.key");
        let (code, said) = throughline(&root.join("data"), &["backup", "key", key.to_str().unwrap()]);
        assert!(code == 0 && said.contains("without it nobody can read them"), "{said}");
        Self {
            data: root.join("data"),
            repository: root.join("repository").to_str().unwrap().to_owned(),
            key: key.to_str().unwrap().to_owned(),
            root,
            _home: home,
        }
    }

    fn flags(&self) -> [&str; 4] {
        ["--backup-repository", &self.repository, "--backup-key", &self.key]
    }

    async fn serve(&self) -> Server {
        let command: Vec<&str> = ["up"].into_iter().chain(self.flags()).collect();
        Server::start_with(&self.data, &command, &[]).await
    }

    /// Runs a command on backups: its exit code and its JSON.
    fn ask(&self, arguments: &[&str]) -> (i32, Value) {
        let all: Vec<&str> = arguments.iter().copied().chain(["--json"]).chain(self.flags()).collect();
        let (code, said) = throughline(&self.data, &all);
        let json = said.lines().find(|line| line.starts_with('{') || line.starts_with('['));
        (code, serde_json::from_str(json.unwrap_or_else(|| panic!("{arguments:?}: {said}"))).unwrap())
    }

    fn restore(&self, into: &str, more: &[&str]) -> (i32, String) {
        let all: Vec<&str> = ["restore"].into_iter().chain(self.flags()).chain(more.iter().copied()).collect();
        throughline(&self.root.join(into), &all)
    }

    /// All stored objects whose name ends so.
    fn stored(&self, ending: &str) -> Vec<PathBuf> {
        fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                if entry.path().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
            }
        }
        let mut found = Vec::new();
        walk(Path::new(&self.repository), &mut found);
        found.retain(|path| path.to_string_lossy().ends_with(ending));
        found.sort();
        found
    }

    fn reaches(&self) -> Option<jiff::Timestamp> {
        let head = self.stored("head.json").pop()?;
        let head: Value = serde_json::from_slice(&std::fs::read(head).ok()?).ok()?;
        head["confirmed_at"].as_str()?.parse().ok()
    }

    /// Waits until everything that was acknowledged until now is stored; how long that took.
    async fn stored_until_now(&self) -> Duration {
        let (now, began) = (jiff::Timestamp::now(), Instant::now());
        while self.reaches().is_none_or(|reaches| reaches <= now) {
            assert!(began.elapsed() < Duration::from_secs(90), "the log is not stored");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        began.elapsed()
    }
}

async fn write(caller: &Caller, project: &str, title: &str) {
    let body = json!({"project_id": project, "title": title});
    let (status, made) = caller.create("requirements", &body, &title.replace(" ", "-")).await.unwrap();
    assert_eq!(status, 201, "{made}");
}

async fn titles(data: &Path) -> BTreeSet<String> {
    let client = database(data).await;
    client.query("select title from work.requirements", &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Waits for the first full backup, which a server makes by itself.
async fn first_backup(place: &Place) {
    let began = Instant::now();
    while place.stored("manifest.json").is_empty() {
        assert!(began.elapsed() < Duration::from_secs(90), "no backup was made");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Proves REQ-71.1, REQ-71.2, REQ-71.3.
#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_any_second_comes_back_and_the_drill_compares_all_of_it() {
    let place = Place::new();
    let server = place.serve().await;
    let caller = server.caller();
    let project = project(&caller).await;
    write(&caller, &project, "before the backup").await;
    first_backup(&place).await;
    write(&caller, &project, "before the mistake").await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let moment = jiff::Timestamp::now();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    write(&caller, &project, "the mistake").await;
    let behind = place.stored_until_now().await;
    assert!(behind < Duration::from_secs(60), "a lost disk would have cost {behind:?}");

    // While it serves: everything that is there now comes back, row for row, with its audit trail.
    let (code, drill) = place.ask(&["backup", "drill", "--scratch", place.root.join("drill").to_str().unwrap()]);
    assert_eq!((code, &drill["ok"], &drill["differences"]), (0, &json!(true), &json!([])), "{drill}");
    assert!(drill["rows"].as_i64().unwrap() > 100 && drill["tables"].as_i64().unwrap() > 100, "{drill}");
    assert!(drill["lost_at_most_seconds"].as_f64().unwrap() < 60.0 && !place.root.join("drill").exists(), "{drill}");
    println!(
        "figure | restore drill | lost at most {:.1} s; back after {:.1} s for {:.0} MB; {} tables and {} rows equal | 60 s; 15 min for 10 GB | met",
        drill["lost_at_most_seconds"].as_f64().unwrap(),
        drill["back_after_seconds"].as_f64().unwrap(),
        drill["database_bytes"].as_f64().unwrap() / 1e6,
        drill["tables"],
        drill["rows"]
    );
    let client = database(&place.data).await;
    let told = "select count(*) from platform.operation_runs where status = 'completed'
                   and (kind = 'restore_test' or kind = 'backup_full' and size_bytes > 0 and retain_until > now() + interval '29 days')";
    assert_eq!(number(&client, told).await, 2);

    let caller_metrics = caller.client.get(format!("{}/metrics", caller.url)).send().await.unwrap();
    let metrics = caller_metrics.text().await.unwrap();
    for name in [
        "throughline_backup_age_seconds",
        "throughline_backup_archive_lag_seconds",
        "throughline_backup_failures_total 0",
    ] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    let (code, said) = throughline(&place.data, &["doctor"]);
    assert!(said.contains("backups: no backups are made"), "the doctor was told of none: {code} {said}");
    let settings =
        [("THROUGHLINE_BACKUP_REPOSITORY", &*place.repository), ("THROUGHLINE_BACKUP_KEY_FILE", &*place.key)];
    let (_, said) = running::throughline_with(&place.data, &["doctor"], &settings);
    assert!(said.contains("ok   backups: the newest is 20"), "{said}");

    // The disk is lost.
    server.kill();
    std::fs::rename(&place.data, place.root.join("lost")).unwrap();
    let all = titles_after(&place, "all", &[]).await;
    assert_eq!(all, ["before the backup", "before the mistake", "the mistake"].map(str::to_owned).into());
    let to = moment.to_string();
    let then = titles_after(&place, "then", &["--to", &to]).await;
    assert_eq!(then, ["before the backup", "before the mistake"].map(str::to_owned).into());

    // Not over anything, not from before there was anything.
    let (code, said) = place.restore("then", &[]);
    assert!(code == 1 && said.contains("is not empty"), "{said}");
    let (code, said) = place.restore("never", &["--to", "2001-01-01T00:00:00Z"]);
    assert!(code == 1 && said.contains("the earliest moment that can be restored is"), "{said}");
    assert!(!place.root.join("never/postgres").exists());

    // What was restored goes on where the old one was, on a timeline of its own, into the same repository, and can be restored
    // again; and so can what was before.
    std::fs::rename(place.root.join("then"), &place.data).unwrap();
    let server = place.serve().await;
    assert_eq!(told_restores(&place.data).await, [Some(to)], "one row for one restore");
    let caller = server.caller();
    write(&caller, &project, "another way").await;
    place.stored_until_now().await;
    let began = Instant::now();
    while place.stored("manifest.json").len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(90), "a new timeline begins with a backup");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    server.stop().await;
    let again = titles_after(&place, "again", &[]).await;
    assert_eq!(again, ["another way", "before the backup", "before the mistake"].map(str::to_owned).into());
    let old = titles_after(&place, "old", &["--timeline", "1"]).await;
    assert!(old.contains("the mistake") && !old.contains("another way"), "{old:?}");
}

/// Restores into a directory, starts the server there and signs in with the restored token; what the database holds.
async fn titles_after(place: &Place, name: &str, more: &[&str]) -> BTreeSet<String> {
    let (code, said) = place.restore(name, more);
    assert_eq!(code, 0, "{said}");
    let data = place.root.join(name);
    let server = Server::start_with(&data, &["up"], &[]).await;
    assert!(server.caller().serves().await, "the files beside the database are back too");
    let found = titles(&data).await;
    let (code, said) = throughline(&data, &["audit", "verify"]);
    assert_eq!(code, 0, "{said}");
    let to = more.iter().position(|flag| *flag == "--to").map(|at| more[at + 1].to_owned());
    assert_eq!(told_restores(&data).await.last(), Some(&to), "the trail says how it came here");
    server.stop().await;
    found
}

/// The moments of the restores that the trail tells of, the first first; `None`: all there was.
async fn told_restores(data: &Path) -> Vec<Option<String>> {
    let sql = "select additional_data ->> 'to' from audit.audit_logs
                where event_type = 'backup.restored' and event_category = 'administration' and status = 'success'
                  and api_endpoint = 'throughline restore' and additional_data ? 'label'
                order by id";
    database(data).await.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Proves REQ-71.4, REQ-71.5.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_recognised_and_nobody_reads_without_the_key() {
    let place = Place::new();
    let server = place.serve().await;
    let project = project(&server.caller()).await;
    write(&server.caller(), &project, "a secret title").await;
    first_backup(&place).await;
    place.stored_until_now().await;
    server.stop().await;
    // Nothing runs: the command starts the database for itself.
    let (code, made) = place.ask(&["backup"]);
    assert_eq!((code, made["objects"].as_array().map(Vec::len)), (0, Some(2)), "{made}");
    assert!(made["files"].as_array().unwrap().contains(&json!("signing.key")), "{made}");
    let (code, report) = place.ask(&["backup", "verify"]);
    assert_eq!((code, &report["ok"]), (0, &json!(true)), "{report}");
    assert_eq!(report["report"]["backups"].as_array().map(Vec::len), Some(2), "{report}");

    for path in place.stored(".age") {
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "{}", path.display());
        assert!(!bytes.windows(14).any(|part| part == b"a secret title"), "{}", path.display());
    }
    let other = place.root.join("other.key").to_str().unwrap().to_owned();
    assert_eq!(throughline(&place.data, &["backup", "key", &other]).0, 0);
    let with_another = ["restore", "--backup-repository", &place.repository, "--backup-key", &other];
    let (code, said) = throughline(&place.root.join("stranger"), &with_another);
    assert!(code == 1 && said.contains("made for another key"), "{said}");
    assert!(!place.root.join("stranger/postgres").exists());

    // Each kind of object, one bit turned, cut off, or gone: named, and never restored as if nothing were.
    let label = made["label"].as_str().unwrap();
    let base = place.stored(&format!("full/{label}/base.tar.zst.age")).pop().unwrap();
    let manifest = place.stored(&format!("full/{label}/manifest.json")).pop().unwrap();
    let segment = place.stored(".zst.age").into_iter().find(|path| path.to_string_lossy().contains("/wal/")).unwrap();
    for path in [&base, &manifest, &segment] {
        let whole = std::fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut turned = whole.clone();
        turned[whole.len() / 2] ^= 1;
        for (what, bytes) in [("turned", Some(&turned[..])), ("cut", Some(&whole[..whole.len() - 1])), ("gone", None)] {
            if bytes.is_none() && path != &base {
                // A backup without a manifest is none; a segment that is gone is a gap, and this is the last one.
                continue;
            }
            match bytes {
                Some(bytes) => std::fs::write(path, bytes).unwrap(),
                None => std::fs::remove_file(path).unwrap(),
            }
            let (code, report) = place.ask(&["backup", "verify"]);
            let faults = report["report"]["faults"].to_string();
            assert!(code == 1 && faults.contains(name), "{name} {what}: {report}");
            if path == &base {
                let (code, said) = place.restore(&format!("damaged-{what}"), &[]);
                assert!(code == 1 && said.contains(name), "{name} {what}: {said}");
                assert!(!place.root.join(format!("damaged-{what}/postgres")).exists());
            }
            std::fs::write(path, &whole).unwrap();
        }
    }
    assert_eq!(place.ask(&["backup", "verify"]).0, 0);

    // Another database does not mix its backups with these.
    let stranger = Place { data: place.root.join("second"), ..Place::new() };
    let (code, said) = throughline(&stranger.root.join("second"), &["migrate", "up"]);
    assert_eq!(code, 0, "{said}");
    let foreign = ["backup", "--backup-repository", &place.repository, "--backup-key", &place.key];
    let (code, said) = throughline(&stranger.root.join("second"), &foreign);
    assert!(code == 1 && said.contains("holds the backups of another database"), "{said}");
    let without_a_key = ["backup", "--backup-repository", &place.repository];
    let (code, said) = throughline(&place.data, &without_a_key);
    assert!(code == 2 && said.contains("always encrypted"), "{said}");
}

/// A bucket serves as well as a directory: the same commands, against a server that speaks S3.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_of_an_object_store_holds_backups_too() {
    let place = Place::new();
    let stored = place.root.join("buckets");
    std::fs::create_dir_all(stored.join("kept")).unwrap();
    let endpoint = object_store(&stored, "somebody", "very secret").await;
    let variables = [
        ("AWS_ENDPOINT", &*endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "very secret"),
        ("THROUGHLINE_BACKUP_REPOSITORY", "s3://kept/throughline/main"),
        ("THROUGHLINE_BACKUP_KEY_FILE", &*place.key),
    ];
    let run = |data: &Path, arguments: &[&str]| {
        tokio::task::block_in_place(|| running::throughline_with(data, arguments, &variables))
    };
    let server = Server::start_with(&place.data, &["up"], &variables).await;
    let project = project(&server.caller()).await;
    write(&server.caller(), &project, "in the bucket").await;
    let began = Instant::now();
    while !run(&place.data, &["backup", "list", "--json"]).1.contains("\"label\"") {
        assert!(began.elapsed() < Duration::from_secs(90), "no backup was made");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (code, said) = run(&place.data, &["backup", "drill", "--scratch", place.root.join("drill").to_str().unwrap()]);
    assert!(code == 0 && said.contains("The rehearsal went well."), "{said}");
    server.stop().await;
    let (code, said) = run(&place.data, &["backup", "verify"]);
    assert!(code == 0 && said.contains("sound"), "{said}");
    assert!(stored.join("kept/throughline/main/throughline-backup.json").is_file());
    let (code, said) = run(&place.root.join("new"), &["restore"]);
    assert_eq!(code, 0, "{said}");
    let wrong: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, if *name == "AWS_SECRET_ACCESS_KEY" { "guessed" } else { *value }))
        .collect();
    let refused = tokio::task::block_in_place(|| running::throughline_with(&place.data, &["backup", "verify"], &wrong));
    assert!(refused.0 == 1 && refused.1.contains("could not read throughline-backup.json"), "{}", refused.1);
}

/// A server of somebody else's that speaks S3, over a directory; its address.
async fn object_store(directory: &Path, name: &str, secret: &str) -> String {
    let mut builder = s3s::service::S3ServiceBuilder::new(s3s_fs::FileSystem::new(directory).unwrap());
    builder.set_auth(s3s::auth::SimpleAuth::from_single(name, secret));
    let service = builder.build();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let Ok((socket, _)) = listener.accept().await else { return };
            let socket = hyper_util::rt::TokioIo::new(socket);
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(socket, service.clone());
            tokio::spawn(async move {
                let _ = connection.await;
            });
        }
    });
    format!("http://{address}")
}

/// A repository that takes nothing is told of, and what was written meanwhile is stored once it takes again.
#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_fails_is_loud_and_catches_up() {
    let place = Place::new();
    let server = place.serve().await;
    let caller = server.caller();
    let project = project(&caller).await;
    first_backup(&place).await;
    place.stored_until_now().await;
    let aside = place.root.join("aside");
    std::fs::rename(&place.repository, &aside).unwrap();
    // A file where the directory was: root may write anywhere else.
    std::fs::write(&place.repository, "").unwrap();
    write(&caller, &project, "while it was away").await;
    let log = place.data.with_extension("log");
    let began = Instant::now();
    while !std::fs::read_to_string(&log).unwrap().contains("the log cannot be stored") {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody was told");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(caller.serves().await, "the server goes on");
    let slots =
        "select count(*) from pg_replication_slots where slot_name = 'throughline_archive' and wal_status = 'reserved'";
    assert_eq!(number(&database(&place.data).await, slots).await, 1, "what could not be stored is kept");
    let bound = "select setting::int8 from pg_settings where name = 'max_slot_wal_keep_size'";
    assert!((1024..=16 * 1024).contains(&number(&database(&place.data).await, bound).await), "within bounds");
    std::fs::remove_file(&place.repository).unwrap();
    std::fs::rename(&aside, &place.repository).unwrap();
    place.stored_until_now().await;
    assert!(std::fs::read_to_string(&log).unwrap().contains("the log is stored again"));
    server.kill();
    std::fs::rename(&place.data, place.root.join("lost")).unwrap();
    assert!(titles_after(&place, "back", &[]).await.contains("while it was away"));
}

/// An old backup knows nothing of the month in which it is restored; a partition of the trail goes when nothing in it has to be kept.
#[tokio::test(flavor = "multi_thread")]
async fn the_row_of_a_restore_lies_in_its_own_month_however_old_the_backup() {
    let place = Place::new();
    let server = place.serve().await;
    first_backup(&place).await;
    let client = database(&place.data).await;
    let coming = "select i.inhrelid::regclass::text from pg_inherits i cross join platform.partition_bounds(i.inhrelid::regclass) b
                   where i.inhparent = 'audit.audit_logs'::regclass and not b.is_default and platform.uuid_v7_time(b.until_id) > now()";
    let coming = client.query(coming, &[]).await.unwrap();
    assert!(coming.len() > 1, "this month and those to come");
    for row in coming {
        client.batch_execute(&format!("drop table {}", row.get::<_, String>(0))).await.unwrap();
    }
    place.stored_until_now().await;
    server.stop().await;
    let (code, said) = place.restore("restored", &[]);
    assert_eq!(code, 0, "{said}");
    let data = place.root.join("restored");
    let cluster = cluster::Cluster::start(cluster::Options::new(&data)).await.unwrap();
    assert_eq!(told_restores(&data).await, [None]);
    let astray = "select count(*) from audit.audit_logs_default";
    assert_eq!(number(&database(&data).await, astray).await, 0, "the row lies where nothing may");
    cluster.stop().await;
}
