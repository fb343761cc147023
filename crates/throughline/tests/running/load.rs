//! Writers and importers that go on whatever happens to the server, and what they were told.

use super::{Caller, database, number};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Test cases of one report: enough that an import is often cut in the middle.
const CASES: usize = 400;

/// A report whose cases no other report has.
pub fn report(name: &str) -> String {
    let cases: String =
        (0..CASES).map(|n| format!("<testcase classname=\"{name}\" name=\"case {n}\" time=\"0.01\"/>")).collect();
    format!("<testsuite name=\"{name}\" tests=\"{CASES}\">{cases}</testsuite>")
}

/// What was acknowledged.
#[derive(Default)]
pub struct Acknowledged {
    /// Identifiers of requirements by title.
    pub requirements: BTreeMap<String, String>,
    /// Identifiers of imports.
    pub imports: BTreeSet<String>,
}

/// Callers that write and import until they are told to stop, whatever happens to the server meanwhile.
pub struct Load {
    stop: Arc<AtomicBool>,
    caller: Arc<Mutex<Caller>>,
    acknowledged: Arc<Mutex<Acknowledged>>,
    tasks: tokio::task::JoinSet<()>,
}

impl Load {
    pub fn begin(caller: Caller, project: &str) -> Self {
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

    pub fn turn_to(&self, caller: Caller) {
        *self.caller.lock().unwrap() = caller;
    }

    pub async fn end(mut self) -> Acknowledged {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.acknowledged.lock().unwrap())
    }
}

/// Holds what is stored to what was acknowledged.
pub async fn check(data: &Path, acknowledged: &Acknowledged) {
    let client = database(data).await;
    // As many as there are may take as long as they need, as long as one after another ends.
    let (mut left, mut since) = (i64::MAX, Instant::now());
    loop {
        let now = number(&client, "select count(*) from platform.imports where status in ('queued', 'running')").await;
        if now == 0 {
            break;
        }
        if now < left {
            (left, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < Duration::from_secs(90), "{left} imports are left unfinished");
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
    // Commands of the operator, refusals, reads and exports change nothing, and nobody is told of them.
    let unlike = "select coalesce(string_agg(distinct event_type, ','), '') from (
                    select event_type, count(*) from audit.audit_logs where event_category not in ('administration', 'access', 'export') group by 1
                    except select event_type, count(*) from platform.outbox_events group by 1) d";
    assert_eq!(client.query_one(unlike, &[]).await.unwrap().get::<_, String>(0), "");
}
