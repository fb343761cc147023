//! Trace links join what belongs together and nothing else, many at once and all or none; commits and branches make them by naming keys.

use kernel::Tx;
use serde_json::{Value, json};
use testkit::World;
use uuid::Uuid;

use crate::{rows, world};

async fn one(tx: &Tx, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Uuid {
    tx.query_one(sql, params).await.unwrap().get(0)
}

/// A project with REQ-1 (two criteria), REQ-2, FEAT-1 of REQ-1, TC-1, DEF-1, TASK-1 and a repository.
struct Scene {
    project: Uuid,
    requirement: Uuid,
    test: Uuid,
    defect: Uuid,
    repository: Uuid,
}

async fn scene(world: &World, slug: &str) -> Scene {
    let ctx = world.home.ctx(&world.kernel);
    let tx = ctx.begin().await.unwrap();
    let project = "insert into work.projects (name, slug) values ($1, $1) returning id";
    let project = one(&tx, project, &[&slug]).await;
    let requirement = "insert into work.requirements (project_id, title) values ($1, $2) returning id";
    let first = one(&tx, requirement, &[&project, &"Refunds happen once"]).await;
    one(&tx, requirement, &[&project, &"Refunds are quick"]).await;
    let criterion = "insert into work.requirement_items (project_id, requirement_id, item_kind, position, body)
                     values ($1, $2, 'acceptance_criterion', $3, 'It holds.') returning id";
    for place in 1..=2_i32 {
        one(&tx, criterion, &[&project, &first, &place]).await;
    }
    let feature =
        "insert into work.features (project_id, requirement_id, name) values ($1, $2, 'Refunds') returning id";
    one(&tx, feature, &[&project, &first]).await;
    let test = "insert into quality.test_cases (project_id, name) values ($1, 'refunds_once') returning id";
    let test = one(&tx, test, &[&project]).await;
    let defect = "insert into quality.defects (project_id, title) values ($1, 'Refunded twice') returning id";
    let defect = one(&tx, defect, &[&project]).await;
    one(&tx, "insert into work.tasks (project_id, title) values ($1, 'Mend it') returning id", &[&project]).await;
    let repository = "insert into delivery.repositories (project_id, url) values ($1, $2) returning id";
    let repository = one(&tx, repository, &[&project, &format!("https://code.example/{slug}")]).await;
    tx.commit().await.unwrap();
    Scene { project, requirement: first, test, defect, repository }
}

/// A project in which TC-1 and REQ-1 can be linked.
pub(crate) async fn something_to_link(world: &World) -> String {
    scene(world, "linked").await.project.to_string()
}

/// The links of a project as `TC-1 verifies REQ-1.2 (import)`, sorted.
async fn links(world: &World, project: Uuid) -> Vec<String> {
    let sql = "select coalesce(s.key, e.entity_type) || ' ' || l.link_type || ' ' || t.key || coalesce('.' || i.position, '') || ' (' || l.origin || ')'
                 from work.trace_links l
                 join platform.entities e on e.id = l.source_id
                 left join work.entity_keys s on s.entity_id = l.source_id
                 left join work.entity_keys t on t.entity_id = l.target_id
                 left join work.requirement_items i on i.id = l.criterion_id
                where l.project_id = $1 order by 1";
    let tx = world.home.ctx(&world.kernel).begin_read().await.unwrap();
    let found = tx.query(sql, &[&project]).await.unwrap();
    tx.commit().await.unwrap();
    found.iter().map(|row| row.get(0)).collect()
}

/// Proves REQ-57.3.
#[tokio::test]
async fn only_pairs_that_make_sense_are_linked() {
    let world = world().await;
    let (owner, made) = (&world.home.owner, scene(&world, "pay").await);
    let link = |source: Uuid, kind: &str, target: Uuid| json!({"project_id": made.project, "source_id": source, "target_id": target, "link_type": kind});

    let refused =
        world.post("/v1/trace-links", &link(made.defect, "verifies", made.requirement)).by(owner).send().await;
    let problem = refused.expect(422).json();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("A link of the type verifies cannot lead from a defect to a requirement."), "{detail}");
    assert!(detail.contains("Between these two may be: affects."), "{detail}");
    assert!(detail.contains("test case to change request, defect, feature, requirement, vulnerability"), "{detail}");
    assert_eq!(problem["errors"][0]["pointer"], "/link_type");
    world.post("/v1/trace-links", &link(made.defect, "affects", made.requirement)).by(owner).send().await.expect(201);
    world.post("/v1/trace-links", &link(made.test, "verifies", made.requirement)).by(owner).send().await.expect(201);
    // Whatever the door: the database refuses it.
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    let sql =
        "insert into work.trace_links (project_id, source_id, target_id, link_type) values ($1, $2, $3, 'satisfies')";
    assert!(tx.execute(sql, &[&made.project, &made.test, &made.requirement]).await.is_err());
    drop(tx);
    assert_eq!(links(&world, made.project).await, ["DEF-1 affects REQ-1 (manual)", "TC-1 verifies REQ-1 (manual)"]);

    // Everybody who reads links sees which pairs there are.
    let pairs = world.get("/v1/trace-link-pairs?limit=200").by(&world.home.viewer).send().await.expect(200).json();
    let codes: Vec<&str> = rows(&pairs).iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"test_case.verifies.requirement") && !codes.contains(&"defect.verifies.requirement"));
}

/// Proves REQ-57.5.
#[tokio::test]
async fn a_list_of_links_is_made_as_a_whole_or_refused_with_every_fault() {
    let world = world().await;
    let (owner, made) = (&world.home.owner, scene(&world, "pay").await);
    let csv = "source,link_type,target,criterion\n\
               TC-1,verifies,REQ-1,2\n\
               refunds_once,,req-1.1,\n\
               FEAT-1,implements,REQ-2,\n\
               TC-1,satisfies,REQ-1,\n\
               TC-9,,REQ-1,\n\
               TC-1,verifies,REQ-1,3\n";
    let load = |csv: &str, dry_run: bool| json!({"project": "pay", "csv": csv, "dry_run": dry_run});

    let seen = world.post("/v1/trace-links/load", &load(csv, true)).by(owner).send().await.expect(200).json();
    assert_eq!((&seen["created"], &seen["unchanged"], &seen["id"]), (&json!(3), &json!(0), &Value::Null));
    let told: Vec<(u64, &str)> = seen["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["line"].as_u64().unwrap(), error["field"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(5, "link_type"), (6, "source"), (7, "criterion")]);
    let refused = world.post("/v1/trace-links/load", &load(csv, false)).by(owner).send().await.expect(422).json();
    let pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/csv/5/link_type", "/csv/6/source", "/csv/7/criterion"]);
    assert!(links(&world, made.project).await.is_empty(), "a dry run and a refusal store nothing");

    let good: String = csv.lines().take(4).map(|line| format!("{line}\n")).collect();
    let answer = world.post("/v1/trace-links/load", &load(&good, false)).by(owner).send().await.expect(200).json();
    assert_eq!((&answer["created"], &answer["unchanged"]), (&json!(3), &json!(0)));
    let all = ["FEAT-1 implements REQ-2 (import)", "TC-1 verifies REQ-1.1 (import)", "TC-1 verifies REQ-1.2 (import)"];
    assert_eq!(links(&world, made.project).await, all);
    let again = world.post("/v1/trace-links/load", &load(&good, false)).by(owner).send().await.expect(200).json();
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(3)), "the same list creates nothing");

    let list = json!({"project": made.project, "links": [{"source": "DEF-1", "target": "REQ-2"}]});
    let answer = world.post("/v1/trace-links/load", &list).by(&world.home.developer).send().await.expect(200).json();
    assert_eq!(answer["created"], json!(1));
    assert!(links(&world, made.project).await.contains(&"DEF-1 affects REQ-2 (manual)".to_owned()));
    world.post("/v1/trace-links/load", &list).by(&world.home.viewer).send().await.expect(403);
    world.post("/v1/trace-links/load", &list).by(&world.abroad.owner).send().await.expect(404);
    for wrong in [
        json!({"project": "pay"}),
        json!({"project": "pay", "csv": "a,b\n"}),
        json!({"project": "pay", "csv": "", "links": [{"source": "a", "target": "b"}]}),
    ] {
        world.post("/v1/trace-links/load", &wrong).by(owner).send().await.expect(422);
    }
}

/// Proves REQ-57.6.
#[tokio::test]
async fn a_commit_links_what_it_names_and_says_which_keys_it_does_not_know() {
    let world = world().await;
    let (owner, made) = (&world.home.owner, scene(&world, "pay").await);
    let commit = |hash: char, message: &str, branch: Option<&str>| {
        json!({"repository_id": made.repository, "commit_hash": hash.to_string().repeat(40), "message": message,
               "branch_name": branch, "committed_at": "2026-03-04T05:06:07Z"})
    };
    let said = "Refund once, with UTF-8 names and CVE-2024-3094 in mind\n\nSee REQ-7 for more. Fixes DEF-1, BUG-3\n\nImplements: REQ-1.2\nAffects: TC-1\n";
    let stored = commit('a', said, Some("feature/req-2-quick_refunds"));
    let answer = world.post("/v1/commits", &stored).by(owner).send().await.expect(201).json();
    assert_eq!(answer["unknown_keys"], json!(["BUG-3", "REQ-7"]));
    let all = [
        "commit affects TC-1 (commit)",
        "commit implements REQ-1.2 (commit)",
        "commit implements REQ-2 (branch)",
        "commit mitigates DEF-1 (commit)",
    ];
    assert_eq!(links(&world, made.project).await, all);
    // The same commit again is refused as a whole, and one that names nothing new adds nothing.
    world.post("/v1/commits", &stored).by(owner).send().await.expect(409);
    assert_eq!(links(&world, made.project).await, all);
    let quiet = world.post("/v1/commits", &commit('b', "XREQ-1 and REQ-1-2 are no keys", None)).by(owner).send().await;
    assert_eq!(quiet.expect(201).json()["unknown_keys"], json!([]));
    assert_eq!(links(&world, made.project).await, all);

    // Many in one request take the same way, and so does a build by its branch.
    let many = json!({"items": [{"action": "create", "data": commit('c', "Work on TASK-1", None)}]});
    world.post("/v1/commits/bulk", &many).by(owner).send().await.expect(200);
    let build = json!({"project_id": made.project, "git_branch": "fix/def-1", "status": "pending"});
    let build = world.post("/v1/builds", &build).by(owner).send().await.expect(201).json();
    let path = format!("/v1/builds/{}", build["id"].as_str().unwrap());
    world.patch(&path, &json!({"git_branch": "feature/TASK-1"})).by(owner).send().await.expect(200);
    let now = links(&world, made.project).await;
    for expected in
        ["commit implements TASK-1 (commit)", "build mitigates DEF-1 (branch)", "build implements TASK-1 (branch)"]
    {
        assert!(now.contains(&expected.to_owned()), "{expected} is missing from {now:?}");
    }
    assert_eq!(now.len(), 7, "{now:?}");
}

#[tokio::test]
async fn a_key_names_records_of_the_own_project_alone() {
    let world = world().await;
    let (owner, made) = (&world.home.owner, scene(&world, "pay").await);
    let other = scene(&world, "other").await;
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.execute("update work.requirements set deleted_at = now() where id = $1", &[&made.requirement]).await.unwrap();
    tx.commit().await.unwrap();
    let commit = json!({"repository_id": made.repository, "commit_hash": "d".repeat(40), "message": "REQ-1 and REQ-2",
                        "committed_at": "2026-03-04T05:06:07Z"});
    let answer = world.post("/v1/commits", &commit).by(owner).send().await.expect(201).json();
    assert_eq!(answer["unknown_keys"], json!(["REQ-1"]), "what is in the bin is linked to nothing");
    assert_eq!(links(&world, made.project).await, ["commit implements REQ-2 (commit)"]);
    assert!(links(&world, other.project).await.is_empty());
}

/// Proves REQ-57.7.
#[tokio::test]
async fn suspects_are_accepted_together_or_not_at_all() {
    let world = world().await;
    let (owner, made) = (&world.home.owner, scene(&world, "pay").await);
    let list = json!({"project": "pay", "csv": "source,target\nTC-1,REQ-1\nTC-1,REQ-1.1\nTC-1,REQ-1.2\nTC-1,REQ-2\n"});
    world.post("/v1/trace-links/load", &list).by(owner).send().await.expect(200);
    let path = format!("/v1/requirements/{}", made.requirement);
    world.patch(&path, &json!({"title": "Refunds happen exactly once"})).by(owner).send().await.expect(200);
    let filter = format!("/v1/trace-links?filter[project_id]={}", made.project);
    let found = world.get(&filter).by(owner).send().await.expect(200).json();
    let of = |suspect: bool| -> Vec<Value> {
        rows(&found)
            .iter()
            .filter(|row| row["suspect_since"].is_null() != suspect)
            .map(|row| row["id"].clone())
            .collect()
    };
    let (suspects, fine) = (of(true), of(false));
    assert_eq!((suspects.len(), fine.len()), (3, 1));
    let accept = |links: &[Value]| json!({"links": links, "reason": "The wording alone has changed."});
    let both = [suspects.as_slice(), &fine].concat();
    let refused = world.post("/v1/trace-links/accept", &accept(&both)).by(owner).send().await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains(fine[0].as_str().unwrap()), "{refused}");
    let suspect = "/v1/trace-links?filter[suspect_since][gte]=2000-01-01T00:00:00Z";
    assert_eq!(rows(&world.get(suspect).by(owner).send().await.json()).len(), 3, "nothing was accepted by half");
    world.post("/v1/trace-links/accept", &accept(&suspects)).by(&world.home.viewer).send().await.expect(403);
    world.post("/v1/trace-links/accept", &accept(&suspects)).by(&world.abroad.owner).send().await.expect(404);
    world.post("/v1/trace-links/accept", &accept(&[])).by(owner).send().await.expect(422);
    world.post("/v1/trace-links/accept", &accept(&suspects)).by(owner).send().await.expect(200);
    assert!(rows(&world.get(suspect).by(owner).send().await.json()).is_empty());
    let sql =
        "select count(*), count(distinct resource_id) from audit.audit_logs where event_type = 'trace_link.accepted'";
    let row = world.superuser().await.unwrap().query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (3, 3), "each link has its row in the trail");
}
