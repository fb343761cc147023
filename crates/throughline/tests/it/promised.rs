//! What the documents promise of the schema itself and no feature's test shows: keys, indexes, partitions, what is there from the start, and what
//! triggers keep true. `docs/coverage/promises.tsv` names these tests.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Client, Transaction, error::SqlState};
use uuid::Uuid;

use crate::world;

/// Arrays that are no rows: an ordered parameter of a protocol, a snapshot that nobody joins on, a catalogue that is only unfolded, labels of a foreign
/// document that are replaced as a whole, words of a message that mean nothing here.
const ARRAYS: &[&str] = &[
    "audit.audit_logs.changed_fields",
    "authz.role_grants_template.actions",
    "delivery.commits.unknown_keys",
    "identity.api_tokens.scopes",
    "identity.sso_providers.scopes",
    "llm.messages.content_categories",
    "platform.api_operations.request_media_types",
    "platform.api_operations.response_media_types",
    "platform.api_operations.tags",
    "platform.table_facts.statistics",
    "security.findings.tags",
    "security.sbom_components.licences",
    "security.security_events.affected_data_types",
    "security.security_events.affected_systems",
];

/// Each of the second has many of the first.
const CHILDREN: &[(&str, &str)] = &[
    ("identity.memberships", "identity.organizations"),
    ("work.projects", "identity.organizations"),
    ("security.security_events", "identity.organizations"),
    ("work.requirements", "work.projects"),
    ("work.change_requests", "work.projects"),
    ("quality.test_cases", "work.projects"),
    ("documents.documents", "work.projects"),
    ("security.vulnerabilities", "work.projects"),
    ("work.features", "work.requirements"),
    ("quality.test_cases", "work.features"),
    ("delivery.builds", "work.features"),
    ("delivery.deployments", "delivery.builds"),
    ("quality.test_results", "quality.test_cases"),
    ("quality.test_case_relations", "quality.test_cases"),
    ("documents.document_versions", "documents.documents"),
    ("documents.document_relations", "documents.documents"),
    ("documents.document_relations", "quality.test_cases"),
    ("work.change_request_impacts", "work.change_requests"),
    ("work.change_request_approvals", "work.change_requests"),
    ("work.tasks", "work.change_requests"),
    ("work.project_members", "authz.roles"),
    ("authz.role_permissions", "authz.permissions"),
    ("work.comments", "platform.entities"),
    ("work.entity_tags", "platform.entities"),
];

/// A table, and columns with which one of its indexes begins. The identifier is the time.
const INDEXES: &[(&str, &str)] = &[
    ("identity.organizations", "slug"),
    ("identity.users", "email"),
    ("identity.memberships", "organization_id username"),
    ("work.projects", "organization_id manager_user_id"),
    ("work.projects", "organization_id owner_user_id"),
    ("work.requirements", "organization_id project_id status"),
    ("work.features", "organization_id project_id implementation_status"),
    ("work.features", "organization_id project_id updated_at"),
    ("work.tasks", "organization_id project_id status"),
    ("work.tasks", "organization_id project_id due_date"),
    ("work.tasks", "organization_id assignee_user_id"),
    ("work.change_requests", "organization_id project_id status"),
    ("work.change_requests", "organization_id project_id due_date"),
    ("work.change_requests", "organization_id project_id updated_at"),
    ("work.change_requests", "organization_id assignee_user_id"),
    ("work.comments", "organization_id entity_id project_id id"),
    ("work.comments", "organization_id author_user_id"),
    ("quality.test_cases", "organization_id project_id status"),
    ("quality.test_cases", "organization_id template_id"),
    ("quality.test_results", "organization_id feature_id project_id id"),
    ("quality.test_results", "organization_id build_id project_id status"),
    ("quality.defects", "organization_id project_id status"),
    ("documents.documents", "organization_id project_id status"),
    ("documents.documents", "organization_id updated_at"),
    ("documents.documents", "organization_id created_at"),
    ("documents.documents", "custom_properties"),
    ("analytics.cost_allocations", "tags"),
    ("platform.entities", "platform.search_terms"),
    ("platform.notifications", "organization_id recipient_user_id id"),
    ("audit.audit_logs", "organization_id id"),
    ("audit.audit_logs", "organization_id resource_type resource_id id"),
    ("audit.activity_logs", "organization_id user_id id"),
    ("audit.activity_logs", "organization_id project_id id"),
    ("reference.tags", "organization_id category name"),
    ("reference.tech_stacks", "organization_id name"),
    ("reference.feature_catalog", "organization_id name"),
    ("reference.storage_locations", "organization_id name"),
];

/// The names of columns that are no values of rows but of the one index on words or maps.
const WORDS_AND_MAPS: &[&str] = &["custom_properties", "tags", "platform.search_terms"];

/// Partitioned tables, and how: a hash, or the time one partition covers.
const PARTITIONED: &[(&str, &str)] = &[
    ("analytics.api_usage_logs", "month"),
    ("analytics.cost_allocations", "month"),
    ("audit.activity_logs", "month"),
    ("audit.audit_logs", "month"),
    ("audit.change_tracking", "month"),
    ("identity.user_profiles", "hash"),
    ("llm.conversations", "hash"),
    ("llm.messages", "month"),
    ("platform.metric_samples", "month"),
    ("platform.notification_deliveries", "month"),
    ("platform.notifications", "month"),
    ("platform.outbox_events", "month"),
    ("quality.test_results", "quarter"),
    ("security.security_events", "quarter"),
];

async fn texts(client: &Client, sql: &str) -> BTreeSet<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// An organisation and a project, in a transaction that sees and writes there and is never kept.
async fn project<'a>(client: &'a mut Client) -> (Transaction<'a>, Uuid) {
    let tx = client.transaction().await.unwrap();
    let organization: Uuid = tx
        .query_one("insert into identity.organizations (name, slug) values ('Harbour', 'harbour') returning id", &[])
        .await
        .unwrap()
        .get(0);
    tx.batch_execute(&format!(
        "set local app.current_organization_id = '{organization}'; set local app.project_access = 'all'"
    ))
    .await
    .unwrap();
    let project = insert(&tx, "work.projects (name, slug) values ('Quay', 'quay')").await;
    (tx, project)
}

async fn insert(tx: &Transaction<'_>, what: &str) -> Uuid {
    tx.query_one(&format!("insert into {what} returning id"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn lists_are_rows() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let found = texts(
        &client,
        "select c.table_schema || '.' || c.table_name || '.' || c.column_name from information_schema.columns c
           join pg_class k on k.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
          where c.data_type = 'ARRAY' and k.relkind in ('r', 'p') and not k.relispartition
            and c.table_schema not in ('pg_catalog', 'information_schema')",
    )
    .await;
    let known: BTreeSet<String> = ARRAYS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(found, known, "a list of things one may ask for is a table; anything else gets a reason here");
}

#[tokio::test]
async fn keys_hold_and_follow() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let loose = texts(
        &client,
        "select conrelid::regclass || ': ' || conname from pg_constraint
          where contype = 'f' and conparentid = 0 and (confupdtype::text <> 'c' or confdeltype::text not in ('c', 'r', 'n') or not convalidated)",
    )
    .await;
    assert!(loose.is_empty(), "these follow no change of a key, or say nothing about its end: {loose:?}");
    let keys = texts(
        &client,
        "select distinct conrelid::regclass || ' ' || confrelid::regclass || ' ' || confdeltype::text from pg_constraint where contype = 'f' and conparentid = 0",
    )
    .await;
    for (child, parent) in CHILDREN {
        assert!(
            keys.iter().any(|key| key.starts_with(&format!("{child} {parent} "))),
            "{child} does not refer to {parent}"
        );
    }
    for kept in ["delivery.deployments delivery.builds r", "quality.test_results delivery.builds r"] {
        assert!(keys.contains(kept), "what was built or tested would vanish with the build: {kept}");
    }
    for part in ["work.requirement_items work.requirements c", "quality.test_case_steps quality.test_cases c"] {
        assert!(keys.contains(part), "a part outlives its whole: {part}");
    }
}

#[tokio::test]
async fn what_is_asked_for_often_has_an_index() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let mut missing = Vec::new();
    let mut indexes: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let sql = "select i.indrelid::regclass::text, a.amname::text,
                      array_to_string(array(select coalesce(t.attname, regexp_replace(pg_get_indexdef(i.indexrelid, k.place::int, true), '\\(.*', '')) from unnest(i.indkey::int2[]) with ordinality k (number, place)
                                              left join pg_attribute t on t.attrelid = i.indrelid and t.attnum = k.number
                                             where k.place <= i.indnkeyatts order by k.place), ' ')
                 from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam where i.indisvalid";
    for row in client.query(sql, &[]).await.unwrap() {
        indexes.entry(row.get(0)).or_default().push((row.get(1), row.get(2)));
    }
    for (table, columns) in INDEXES {
        let kind = if WORDS_AND_MAPS.contains(columns) { "gin" } else { "btree" };
        let there = indexes.get(*table).into_iter().flatten();
        if !there
            .into_iter()
            .any(|(method, keys)| method == kind && format!("{keys} ").starts_with(&format!("{columns} ")))
        {
            missing.push(format!("{table} ({columns})"));
        }
    }
    assert!(missing.is_empty(), "no index begins with: {missing:#?}");
}

/// What is asked of live records leaves deleted ones out.
#[tokio::test]
async fn indexes_on_states_leave_the_bin_out() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let whole = texts(
        &client,
        "select x.indexrelid::regclass::text from pg_index x join pg_class i on i.oid = x.indexrelid
          where i.relname ~ '_(status|implementation_status|due_date|updated_at)_idx$' and not i.relispartition
            and exists (select from pg_attribute a where a.attrelid = x.indrelid and a.attname = 'deleted_at' and not a.attisdropped)
            and coalesce(pg_get_expr(x.indpred, x.indrelid), '') not like '%deleted_at IS NULL%'",
    )
    .await;
    assert!(whole.is_empty(), "these carry deleted records: {whole:?}");
}

#[tokio::test]
async fn big_tables_are_partitioned_as_promised() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let found = texts(
        &client,
        "select n.nspname || '.' || c.relname || ' '
             || case when p.partstrat = 'h' then 'hash' when f.partition_interval = interval '3 months' then 'quarter'
                     when f.partition_interval = interval '1 month' then 'month' else 'unknown' end
           from pg_partitioned_table p join pg_class c on c.oid = p.partrelid join pg_namespace n on n.oid = c.relnamespace
           left join platform.table_facts f on f.table_schema = n.nspname and f.table_name = c.relname",
    )
    .await;
    let promised: BTreeSet<String> = PARTITIONED.iter().map(|(table, by)| format!("{table} {by}")).collect();
    assert_eq!(found, promised);
}

#[tokio::test]
async fn a_new_database_knows_what_was_promised() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let questions: &[(&str, &[&str])] = &[
        ("select code from reference.priorities", &["critical", "high", "medium", "low"]),
        ("select code from reference.access_roles", &["owner", "admin", "developer", "viewer"]),
        ("select distinct action from authz.resource_type_actions", &["create", "read", "update", "delete", "approve"]),
        ("select name from authz.resource_types", &["project", "requirement", "document", "task", "test_case", "role"]),
        ("select name from security.data_classifications", &["public", "internal", "confidential", "restricted"]),
        ("select name from security.compliance_frameworks", &["GDPR", "HIPAA", "SOX", "SOC 2", "PCI-DSS"]),
        (
            "select table_name || '.' || column_name || ' ' || masking_method from security.data_elements",
            &[
                "identity.user_credentials.secret_hash redact",
                "identity.user_credentials.secret_ciphertext redact",
                "identity.users.email partial",
                "identity.users.phone_number_ciphertext encrypt",
                "work.projects.budget_allocated_cents redact",
            ],
        ),
        (
            "select table_schema || '.' || table_name || ' ' || extract(epoch from retention_period)::bigint / 86400 || ' ' || disposal
               from security.retention_policies where retention_period is not null",
            &[
                "audit.audit_logs 2555 archive",
                "audit.change_tracking 2555 archive",
                "audit.activity_logs 365 drop",
                "platform.notifications 90 drop",
                "identity.sessions 30 delete",
            ],
        ),
        (
            "select name || ' ' || target_operator || ' ' || target_value::float8 from platform.metric_definitions where target_value is not null",
            &["dq.completeness > 98", "dq.accuracy > 99.5", "dq.consistency = 100"],
        ),
    ];
    for (sql, wanted) in questions {
        let found = texts(&client, sql).await;
        let missing: Vec<_> = wanted.iter().filter(|name| !found.contains(**name)).collect();
        assert!(missing.is_empty(), "{missing:?} of {sql}: {found:?}");
    }
    for list in ["phases", "licenses", "decision_types", "filetypes"] {
        let rows: i64 = client.query_one(&format!("select count(*) from reference.{list}"), &[]).await.unwrap().get(0);
        assert!(rows > 4, "reference.{list} has {rows} rows");
    }
}

#[tokio::test]
async fn operators_have_views() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    for (view, at_least) in [
        ("v_slow_queries", 0),
        ("v_lock_waits", 0),
        ("v_connections", 1),
        ("v_database_role_members", 4),
        ("v_table_sizes", 100),
        ("v_unused_indexes", 1),
        ("v_partitions", 40),
    ] {
        let rows: i64 = client.query_one(&format!("select count(*) from platform.{view}"), &[]).await.unwrap().get(0);
        assert!(rows >= at_least, "platform.{view} shows {rows} rows");
    }
}

#[tokio::test]
async fn nothing_is_its_own_parent() {
    let world = world().await;
    let mut client = world.superuser().await.unwrap();
    let (tx, quay) = project(&mut client).await;
    let below =
        insert(&tx, &format!("work.projects (name, slug, parent_project_id) values ('Berth', 'berth', '{quay}')"))
            .await;
    let error = tx
        .execute("update work.projects set parent_project_id = $1 where id = $2", &[&below, &quay])
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::CHECK_VIOLATION), "{error}");
}

#[tokio::test]
async fn what_is_used_again_is_counted() {
    let world = world().await;
    let mut client = world.superuser().await.unwrap();
    let (tx, quay) = project(&mut client).await;
    let template = insert(
        &tx,
        &format!("quality.test_cases (project_id, name, is_template) values ('{quay}', 'Lines hold', true)"),
    )
    .await;
    for name in ["Bow line holds", "Stern line holds"] {
        insert(
            &tx,
            &format!("quality.test_cases (project_id, name, template_id) values ('{quay}', '{name}', '{template}')"),
        )
        .await;
    }
    let count: i64 = tx
        .query_one("select reuse_count::bigint from quality.test_cases where id = $1", &[&template])
        .await
        .unwrap()
        .get(0);
    assert_eq!(count, 2);
}

/// Title before text before tags, and the words follow the record.
#[tokio::test]
async fn words_weigh_by_where_they_stand() {
    let world = world().await;
    let mut client = world.superuser().await.unwrap();
    let (tx, quay) = project(&mut client).await;
    let document = insert(
        &tx,
        &format!("documents.documents (project_id, title, content) values ('{quay}', 'Anchors', 'Winches turn')"),
    )
    .await;
    let tag = insert(&tx, "reference.tags (name) values ('storm')").await;
    tx.execute(
        "insert into work.entity_tags (project_id, entity_id, tag_id) values ($1, $2, $3)",
        &[&quay, &document, &tag],
    )
    .await
    .unwrap();
    let found = async |word: &str, weight: &str| -> bool {
        let sql = "select search_vector @@ (plainto_tsquery('english', $2)::text || ':' || $3)::tsquery from platform.entities where id = $1";
        tx.query_one(sql, &[&document, &word, &weight]).await.unwrap().get(0)
    };
    for (word, weight) in [("anchor", "A"), ("winch", "B"), ("storm", "C")] {
        assert!(found(word, weight).await, "{word} does not weigh {weight}");
    }
    assert!(!found("winch", "A").await);
    tx.execute("update documents.documents set title = 'Chains' where id = $1", &[&document]).await.unwrap();
    assert!(found("chain", "A").await && !found("anchor", "A").await);
    assert!(found("storm", "C").await, "the tag was forgotten");
}

#[tokio::test]
async fn a_document_can_be_read_as_it_was_and_brought_back() {
    let world = world().await;
    let mut client = world.superuser().await.unwrap();
    let (tx, quay) = project(&mut client).await;
    let document = insert(
        &tx,
        &format!("documents.documents (project_id, title, priority_code, phase_code) select '{quay}', 'Anchors', 'high', min(code) from reference.phases"),
    )
    .await;
    tx.execute("update documents.documents set title = 'Chains', priority_code = 'low' where id = $1", &[&document])
        .await
        .unwrap();
    let sql = "select row_version, snapshot ->> 'title', priority_code, phase_code is not null, change_summary
                 from audit.document_history where document_id = $1 order by row_version";
    let kept: Vec<(i64, String, String, bool, String)> = tx
        .query(sql, &[&document])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)))
        .collect();
    let version = |number, title: &str, priority: &str, summary: &str| {
        (number, title.to_owned(), priority.to_owned(), true, summary.to_owned())
    };
    assert_eq!(
        kept,
        [version(1, "Anchors", "high", "Created"), version(2, "Chains", "low", "Changed priority code, title")]
    );
    tx.execute("select audit.restore_document_version($1, 1)", &[&document]).await.unwrap();
    let now: String =
        tx.query_one("select title from documents.documents where id = $1", &[&document]).await.unwrap().get(0);
    assert_eq!(now, "Anchors");
}
