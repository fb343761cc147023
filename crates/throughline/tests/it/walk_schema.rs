//! Walk 4: what every table must have, asked of PostgreSQL itself. The questions stand in `migrations/checks`, one a file.

use std::path::Path;

use crate::world;

/// Proves REQ-4.1, REQ-46.1, REQ-46.2, REQ-46.3, REQ-46.4.
#[tokio::test]
async fn no_table_lacks_anything() {
    let world = world().await;
    let client = world.superuser().await.unwrap();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/checks");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 11, "questions are missing: {files:?}");
    let mut faults = Vec::new();
    for file in files {
        let sql = std::fs::read_to_string(&file).unwrap();
        for row in client.query(&sql, &[]).await.unwrap() {
            faults.push(format!("{}: {}", file.file_name().unwrap().display(), row.get::<_, String>(0)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Each question finds what it is there to find: a schema that answers every question with nothing proves nothing.
/// Proves REQ-46.5.
#[tokio::test]
async fn each_question_finds_a_fault() {
    let cases = [
        ("comments.sql", "create table work.bare (id int)"),
        ("table_facts.sql", "create table work.bare (id int)"),
        (
            "table_facts.sql",
            "update platform.table_facts set tenant_exempt_reason = 'old' where table_name = 'requirements'",
        ),
        ("tenant_keys.sql", "create table work.bare (organization_id uuid, id int primary key)"),
        ("row_security.sql", "alter table work.requirements no force row level security"),
        ("row_security.sql", "create policy wide on work.requirements as permissive for all using (true)"),
        ("foreign_key_indexes.sql", "drop index authz.roles_template_code_idx"),
        ("duplicate_indexes.sql", "create index again on authz.roles (organization_id, name) where deleted_at is null"),
        ("dashboards.sql", "grant select on analytics.project_stats to readonly_user"),
        ("dashboards.sql", "grant select (organization_id) on analytics.project_stats to application_user"),
        ("dashboards.sql", "alter view analytics.v_project_stats owner to current_user"),
        ("dashboards.sql", "alter view analytics.v_project_stats set (security_barrier = false)"),
        ("dashboards.sql", "drop index analytics.project_stats_key"),
        ("rights.sql", "grant truncate on work.requirements to application_user"),
        ("rights.sql", "alter function identity.resolve_session(bytea) set search_path = public"),
        ("rights.sql", "grant select on work.requirements to throughline_search"),
        ("rights.sql", "grant update on platform.entities to throughline_search"),
        ("rights.sql", "grant throughline_search to application_user"),
        ("rights.sql", "alter role throughline_search login"),
        (
            "rights.sql",
            "alter function platform.search_query(text) owner to throughline_search; alter function platform.search_query(text) security definer",
        ),
        ("rights.sql", "grant execute on all functions in schema platform to readonly_user"),
        (
            "row_security.sql",
            "create policy search on work.projects as permissive for select to throughline_search using (true)",
        ),
        ("row_security.sql", "alter policy search on platform.entities to throughline_search, readonly_user"),
        (
            "row_security.sql",
            "drop policy search on platform.entities; create policy search on platform.entities for all to throughline_search using (true)",
        ),
        (
            "row_security.sql",
            "alter policy tenant_isolation on work.projects to application_user, readonly_user, super_admin",
        ),
        ("row_security.sql", "alter policy project_access on platform.entities to application_user, readonly_user"),
        ("constraint_names.sql", "alter table work.requirements add constraint odd check (title <> 'x')"),
        (
            "constraint_sentences.sql",
            "alter table work.requirements add constraint requirements_odd_check check (title <> 'x')",
        ),
        ("change_stamps.sql", "drop trigger touch on work.requirements"),
        (
            "data_elements.sql",
            "delete from security.data_elements where (table_name, column_name) = ('llm.providers', 'api_key_ciphertext')",
        ),
        ("data_elements.sql", "alter table delivery.commits drop column author_email"),
        ("retention.sql", "delete from security.retention_policies where table_name = 'test_results'"),
        ("retention.sql", "alter table quality.test_results owner to throughline_owner"),
        ("partitions.sql", "update platform.table_facts set partition_interval = null where table_name = 'audit_logs'"),
    ];
    let world = world().await;
    let mut client = world.superuser().await.unwrap();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/checks");
    for (file, breaking) in cases {
        let sql = std::fs::read_to_string(directory.join(file)).unwrap();
        let transaction = client.transaction().await.unwrap();
        transaction.batch_execute(breaking).await.unwrap();
        let found = transaction.query(&sql, &[]).await.unwrap();
        assert!(!found.is_empty(), "{file} does not notice: {breaking}");
        transaction.rollback().await.unwrap();
    }
}
