//! Whether a page of each list comes from an index in the list's own order, as the serving role and under row security. The tables of a test
//! are empty, so sorting and reading tables whole are forbidden: a plan that does it all the same has no index to use. What is chosen at a
//! million rows is shown by `script/bench plans`.

use std::collections::BTreeSet;

use kernel::Verb;
use serde_json::Value;
use testkit::World;
use tokio_postgres::Client;

use crate::world;

/// Small by nature: catalogues that everybody shares, what an organisation sets up by hand, and one row a person or project.
const SMALL: &[&str] = &[
    "analytics.v_project_stats",
    "analytics.v_user_dashboard_stats",
    "authz.approval_workflow_steps",
    "authz.resource_type_actions",
    "authz.resource_types",
    "identity.sso_default_roles",
    "identity.team_members",
    // Not small: shared by all organisations and read by key, and row security asks person by person whether they are members here.
    "identity.users",
    "llm.prompt_template_models",
    "platform.configuration_settings",
    "platform.metric_definitions",
    "platform.operation_runs",
    "platform.saved_views",
    "security.classification_frameworks",
    "security.compliance_controls",
    "security.compliance_frameworks",
    "security.data_classifications",
    "security.data_elements",
    "security.retention_policies",
];

/// Parts of something, which are read with it, and what they are part of: in their order within it, which nobody asks for across all.
const PARTS: &[(&str, &str)] = &[
    ("build-commits", "build_id"),
    ("comment-mentions", "comment_id"),
    ("compliance-findings", "assessment_id"),
    ("coverage-files", "coverage_report_id"),
    ("deployment-checks", "deployment_id"),
    ("document-versions", "document_id"),
    ("entity-tags", "entity_id"),
    ("project-members", "project_id"),
    ("report-shares", "report_id"),
    ("requirement-items", "requirement_id"),
    ("test-case-steps", "test_case_id"),
];

const HARD: &str =
    "set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off; set enable_incremental_sort = off;
    set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan";

async fn inside(world: &World) -> Client {
    let client = world.application().await.unwrap();
    client.batch_execute(HARD).await.unwrap();
    let (organization, user) = (world.home.id, world.home.owner.user_id);
    let settings = format!(
        "set app.current_organization_id = '{organization}'; set app.current_user_id = '{user}'; set app.project_access = 'all'"
    );
    client.batch_execute(&settings).await.unwrap();
    client
}

/// The plan of a statement whose parameters are not known.
async fn plan(client: &Client, sql: &str) -> Value {
    let places = client.prepare(sql).await.unwrap().params().len();
    client.batch_execute(&format!("prepare asked as {sql}")).await.unwrap();
    let nothing = vec!["null"; places].join(", ");
    let call = if places == 0 { "execute asked".to_owned() } else { format!("execute asked({nothing})") };
    let row = client.query_one(&format!("explain (verbose, format json) {call}"), &[]).await.unwrap();
    client.batch_execute("deallocate asked").await.unwrap();
    row.get::<_, Value>(0)[0]["Plan"].clone()
}

fn is_small(table: &str) -> bool {
    SMALL.contains(&table) || table.starts_with("reference.")
}

/// How a plan reads `table` otherwise than by an index in the order asked for.
fn faults(plan: &Value, table: &str, found: &mut BTreeSet<String>) {
    let kind = plan["Node Type"].as_str().unwrap_or_default();
    let read = format!(
        "{}.{}",
        plan["Schema"].as_str().unwrap_or_default(),
        plan["Relation Name"].as_str().unwrap_or_default()
    );
    if read == table && !plan["Index Cond"].is_string() {
        found.insert(format!("{kind} of {table} without a condition"));
    }
    if kind.ends_with("Sort") {
        found.insert(format!("sorts by {}", plan["Sort Key"]));
    }
    for below in plan["Plans"].as_array().into_iter().flatten() {
        faults(below, table, found);
    }
}

/// Reads what the database of a world was asked on behalf of a request.
struct Listener<'a> {
    world: &'a World,
    heard: u64,
}

impl<'a> Listener<'a> {
    async fn new(world: &'a World) -> Self {
        let superuser = world.superuser().await.unwrap();
        let name = &world.database().name;
        superuser.batch_execute(&format!("alter database {name} set log_min_duration_statement = 0")).await.unwrap();
        let sessions =
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()";
        superuser.execute(sessions, &[name]).await.unwrap();
        let (_, heard) = world.database().log(0).unwrap();
        Self { world, heard }
    }

    async fn statements(&mut self, path: &str) -> Vec<String> {
        self.world.get(path).by(&self.world.home.owner).send().await.expect(200);
        let (log, heard) = self.world.database().log(self.heard).unwrap();
        self.heard = heard;
        let said = log.lines().filter_map(|line| line.split_once(" execute ")?.1.split_once(": "));
        said.map(|(_, sql)| sql.to_owned()).collect()
    }
}

#[tokio::test]
async fn every_list_can_be_read_from_an_index() {
    let world = world().await;
    let mut listener = Listener::new(&world).await;
    let client = inside(&world).await;
    let (mut wrong, mut read) = (Vec::new(), 0);
    for served in world.kernel.catalogue.resources().filter(|served| served.resource.offers(Verb::List)) {
        let (all, table) = (format!("/v1/{}", served.resource.name), served.resource.table);
        let whole = PARTS.iter().find(|(part, _)| *part == served.resource.name).map(|(_, whole)| *whole);
        let mut paths = Vec::new();
        match whole {
            Some(whole) => paths.push(format!("{all}?filter[{whole}]={}", world.home.id)),
            None if is_small(table) => continue,
            None => {
                paths.push(all.clone());
                if served.listed().any(|column| column.name == "project_id") {
                    paths.push(format!("{all}?filter[project_id]={}", world.home.id));
                }
            }
        }
        for path in paths {
            for sql in listener.statements(&path).await.iter().filter(|sql| sql.contains(&format!(" from {table} "))) {
                let mut found = BTreeSet::new();
                let plan = plan(&client, sql).await;
                faults(&plan, table, &mut found);
                if let Some(whole) = whole {
                    // Few enough to be sorted.
                    found.retain(|fault| !fault.starts_with("sorts"));
                    if !plan.to_string().contains(&format!("{whole} = $")) {
                        found.insert(format!("does not begin with {whole}"));
                    }
                }
                if !found.is_empty() {
                    wrong.push(format!("{path}: {found:?}"));
                }
                read += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 100, "only {read} lists were read");
}

/// What the test above rests on: the same look at an order that no index gives, and at a condition that must not be tried on rows before
/// row security has let them through.
#[tokio::test]
async fn an_order_without_an_index_is_noticed() {
    let world = world().await;
    let client = inside(&world).await;
    let (requirements, entities) = ("work.requirements", "platform.entities");
    for (table, sql, expected) in [
        (
            requirements,
            "select t.id from work.requirements t where t.project_id = $1 and t.deleted_at is null order by t.updated_at desc, t.id desc limit 51",
            false,
        ),
        (
            requirements,
            "select t.id from work.requirements t where t.project_id = $1 order by t.start_date, t.id limit 51",
            true,
        ),
        (
            entities,
            "select t.id from platform.entities t where t.search_vector @@ to_tsquery('simple', $1) order by t.search_vector",
            true,
        ),
    ] {
        let mut found = BTreeSet::new();
        faults(&plan(&client, sql).await, table, &mut found);
        assert_eq!(!found.is_empty(), expected, "{sql}: {found:?}");
    }
}
