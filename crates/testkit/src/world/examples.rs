//! One valid record of every declared resource, made from the declaration and the schema, so that a walk covers a new
//! resource without being edited. What cannot be derived stands in the tables of this file.

use std::{
    future::Future,
    pin::Pin,
    sync::{PoisonError, atomic::AtomicU64, atomic::Ordering},
};

use identity::SignIn;
use kernel::{Column, ColumnType, Served, Verb};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Organization, World};
use crate::Failure;

/// Columns that must be given though the schema does not say so, or whose target no served table tells.
const TOLD: &[(&str, &str, Told)] = &[
    ("artifacts", "path", Told::Text("target/example.tar")),
    ("trace-links", "project_id", Told::Example("projects")),
    ("deployments", "build_id", Told::Example("builds")),
    ("trace-links", "source_id", Told::Example("test-cases")),
    ("trace-links", "target_id", Told::Another("requirements")),
    ("trace-links", "link_type", Told::Text("verifies")),
    ("test-case-relations", "related_test_case_id", Told::Another("test-cases")),
    ("gate-rules", "project_id", Told::Another("projects")),
    ("gate-rules", "rule", Told::Text("open_defects")),
    ("gate-rules", "severity", Told::Text("low")),
    ("team-members", "user_id", Told::NewMember),
    ("project-members", "user_id", Told::NewMember),
    ("project-members", "role_id", Told::WeakestRole),
    // Outside a project, or private, they would be their owner's alone.
    ("conversations", "project_id", Told::Example("projects")),
    ("prompt-templates", "visibility", Told::Text("shared")),
    ("reports", "is_public", Told::Usual),
    ("reports", "report_type", Told::Text("usage")),
    ("report-shares", "user_id", Told::NewMember),
    ("llm-providers", "provider_type", Told::Text("local")),
    ("masking-policy-scopes", "column_pattern", Told::Varied),
    ("security-events", "event_type", Told::Text("failed_login")),
    ("storage-locations", "bucket", Told::Text("examples")),
    ("sso-default-roles", "provider_id", Told::Another("sso-providers")),
    ("sso-default-roles", "role_id", Told::WeakestRole),
    ("roles", "name", Told::Varied),
    ("permissions", "name", Told::Varied),
    ("permissions", "resource_type_id", Told::TypeOf("requirement")),
    ("permissions", "action", Told::Text("read")),
    ("role-permissions", "role_id", Told::Another("roles")),
    ("role-permissions", "permission_id", Told::WeakestPermission),
    ("resources", "resource_type_id", Told::TypeOf("requirement")),
    ("resources", "external_id", Told::Varied),
    ("user-permissions", "user_id", Told::NewMember),
    ("user-permissions", "permission_id", Told::WeakestPermission),
    ("approval-workflow-steps", "workflow_id", Told::Another("approval-workflows")),
    ("approval-workflow-steps", "approver_role_id", Told::WeakestRole),
    ("approval-requests", "workflow_id", Told::ColumnOf("approval-workflow-steps", "workflow_id")),
    ("approval-requests", "permission_id", Told::WeakestPermission),
    ("approval-requests", "requested_for_user_id", Told::NewMember),
    ("change-request-approvals", "approver_user_id", Told::NewMember),
    ("decision-links", "decision_id", Told::Another("decisions")),
    ("decision-links", "feature_id", Told::Example("features")),
    ("test-quarantines", "expires_at", Told::Ahead),
    ("metric-samples", "metric_name", Told::Text("service.availability")),
    ("metric-targets", "metric_name", Told::Example("metric-definitions")),
    ("metric-targets", "subject", Told::Varied),
    ("comments", "project_id", Told::Example("projects")),
    ("comments", "entity_id", Told::Example("requirements")),
    ("comment-mentions", "user_id", Told::NewMember),
    ("external-references", "project_id", Told::Example("projects")),
    ("external-references", "entity_id", Told::Example("requirements")),
    ("external-references", "system", Told::Text("jira")),
    ("saved-views", "resource", Told::Text("requirements")),
    ("entity-tags", "project_id", Told::Example("projects")),
    ("entity-tags", "entity_id", Told::Example("requirements")),
    ("document-versions", "content", Told::Text("what it says")),
    ("document-relations", "related_document_id", Told::Another("documents")),
    ("attachments", "project_id", Told::Example("projects")),
    ("attachments", "entity_id", Told::Example("requirements")),
    ("attachments", "file_id", Told::Another("files")),
];

/// What the owner must not have asked for, because nobody decides on what they ask for themselves.
const ASKED_BY_THE_DEVELOPER: &[&str] = &["approval-requests"];

/// Text for columns with a pattern; `#` becomes a number of its own.
const PATTERNS: &[(&str, &str)] = &[
    ("slug", "example-#"),
    ("version", "1.#"),
    ("commit_hash", "%"),
    ("url", "https://code.example/#"),
    ("color", "#00aa00"),
    ("service_type", "api"),
    ("host", "host-#.example"),
    ("config_key", "example.key-#"),
    ("notification_type", "example.type_#"),
];

/// Rows that come with others: an example of the second stands behind one of the first, found by this query.
const BESIDE: &[(&str, &str, &str)] = &[
    ("notification-deliveries", "notifications", ""),
    ("change-sets", "projects", ""),
    ("change-tracking", "projects", ""),
    ("activity", "projects", "&filter[entity_type]=project"),
    ("project-history", "projects", ""),
];

/// Rows that nobody but the owner of the tables writes: `$1` is the new identifier.
const BY_THE_OWNER: &[(&str, &str)] =
    &[("operation-runs", "insert into platform.operation_runs (id, kind, target) values ($1, 'drill', 'example')")];

/// Rows of tables that plain serving does not write: `$1` is the new identifier, `$2` the parent, or the project.
const STORED: &[(&str, &str)] = &[
    ("imports", "insert into platform.imports (id, project_id, file_name) values ($1, $2, 'report.xml')"),
    (
        "import-rejections",
        "insert into platform.import_rejections (id, project_id, import_id, reason)
         select $1, project_id, id, 'cannot be read' from platform.imports where id = $2",
    ),
    (
        "exchange-documents",
        "insert into platform.exchange_documents (id, project_id, system, identifier, title, format)
         values ($1, $2, 'reqif', $1::uuid::text, 'Example', 'reqif')",
    ),
    (
        "exchange-files",
        "insert into platform.exchange_files (id, project_id, document_id, name, media_type, size_bytes, content_sha256, content)
         select $1, project_id, id, $1::uuid || '.txt', 'text/plain', 3, sha256('abc'), 'abc' from platform.exchange_documents where id = $2",
    ),
    (
        "notifications",
        "insert into platform.notifications (id, project_id, recipient_user_id, notification_type, title)
         values ($1, $2, platform.current_user_id(), 'example.told', 'Example')",
    ),
    (
        "metric-alerts",
        "insert into platform.metric_alerts (id, metric_name, subject, severity, target_operator, target_value, opening_value, latest_value)
         values ($1, 'http.error_rate', $1::uuid || ' ' || $2::uuid, 'warning', '<', 1, 2, 2)",
    ),
    (
        "jobs",
        "insert into platform.jobs (id, kind, payload) values ($1, 'example.work', jsonb_build_object('project_id', $2::uuid))",
    ),
    (
        "audit-seals",
        "insert into audit.seals (id, tree_size, root, previous_tree_size, previous_root, newest_audit_log_id, checkpoint)
         select $1, n + 1, repeat('A', 43) || '=', n, repeat('A', 43) || '=', $2::uuid, 'a head'
           from (select coalesce(max(tree_size), 0) as n from audit.seals) s",
    ),
    (
        "document-history",
        "insert into audit.document_history (id, document_id, project_id, row_version, snapshot) values ($1, $1, $2, 1, '{}')",
    ),
    (
        "test-case-aliases",
        "insert into quality.test_case_aliases (id, project_id, test_case_id, fingerprint, case_name)
         select $1, project_id, id, sha256($1::uuid::text::bytea), 'alias' from quality.test_cases where id = $2",
    ),
    (
        "test-flips",
        "insert into quality.test_flips (id, project_id, test_case_id, kind, flipped_at)
         select $1, project_id, id, 'retried', now() from quality.test_cases where id = $2",
    ),
    (
        "coverage-files",
        "insert into quality.coverage_files (id, project_id, coverage_report_id, path, lines_total, lines_covered)
         select $1, project_id, id, 'src/' || $1::uuid::text, 2, 1 from quality.coverage_reports where id = $2",
    ),
    (
        "findings",
        "insert into security.findings (id, project_id, tool, fingerprint, title)
         values ($1, $2, 'lint', sha256($1::uuid::text::bytea), 'Example')",
    ),
    (
        "finding-sightings",
        "insert into security.finding_sightings (id, project_id, finding_id, level, uri)
         select $1, project_id, id, 'warning', 'src/main.rs' from security.findings where id = $2",
    ),
    (
        "sboms",
        "insert into security.sboms (id, project_id, spec_version, subject_name) values ($1, $2, '1.6', 'Example')",
    ),
    (
        "sbom-components",
        "insert into security.sbom_components (id, project_id, sbom_id, name)
         select $1, project_id, id, 'example' from security.sboms where id = $2",
    ),
    (
        "vulnerability-statements",
        "insert into security.vulnerability_statements (id, project_id, identifier) values ($1, $2, 'CVE-2026-0001')",
    ),
    (
        "vulnerability-affects",
        "insert into security.vulnerability_affects (id, project_id, statement_id, reference)
         select $1, project_id, id, 'example' from security.vulnerability_statements where id = $2",
    ),
    (
        "webhook-connections",
        "insert into platform.webhook_connections (id, project_id, name, provider, acts_as, secret_ciphertext)
         values ($1, $2, 'Example ' || $1::uuid, 'github', platform.current_user_id(), sha256('secret'))",
    ),
    (
        "webhook-deliveries",
        "insert into platform.webhook_deliveries (id, project_id, connection_id, event, payload, payload_sha256)
         select $1, project_id, id, 'ping', '{}', sha256('{}') from platform.webhook_connections where id = $2",
    ),
    (
        "vulnerability-names",
        "insert into security.vulnerability_names (id, project_id, statement_id, name)
         select $1, project_id, id, 'GHSA-EXAM-PLE1' from security.vulnerability_statements where id = $2",
    ),
    (
        "api-documents",
        "insert into platform.api_documents (id, service_id, title, specification)
         values ($1, $2, 'Example ' || $1::uuid, 'OpenAPI 3.1.0')",
    ),
    (
        "api-operations",
        "insert into platform.api_operations (id, service_id, document_id, method, path)
         select $1, service_id, id, 'GET', '/' || $1::uuid from platform.api_documents where id = $2",
    ),
    ("usage-sessions", "insert into analytics.usage_sessions (id, city) values ($1, 'Example ' || $2::uuid)"),
    (
        "api-usage-logs",
        "insert into analytics.api_usage_logs (id, endpoint, method, request_id)
         values ($1, '/v1/projects', 'GET', $2::uuid::text)",
    ),
    (
        "cost-allocations",
        "insert into analytics.cost_allocations (id, service_type, cost_amount, resource_id, incurred_at, billing_period)
         select $1, 'llm', 1, $2::uuid::text, t, date_trunc('month', t at time zone 'UTC') from platform.uuid_v7_time($1) t",
    ),
    (
        "encryption-keys",
        "insert into security.encryption_keys (id, key_name, wrapped_key_material) values ($1, $1::uuid || ' ' || $2::uuid, '\\x00')",
    ),
    (
        "encrypted-records",
        "insert into security.encrypted_data_registry (id, table_name, column_name, record_id, encryption_key_id)
         values ($1, 'identity.users', 'phone_number_ciphertext', $1::uuid::text, $2)",
    ),
    (
        "user-sso-accounts",
        "insert into identity.user_sso_accounts (id, user_id, provider_id, external_id)
         select $1, platform.current_user_id(), id, $1::uuid::text from identity.sso_providers where id = $2",
    ),
    (
        "approval-decisions",
        "insert into authz.approval_decisions (id, request_id, step_id, decision)
         select $1, r.id, s.id, 'abstained' from authz.approval_requests r
           join authz.approval_workflow_steps s on s.workflow_id = r.workflow_id where r.id = $2",
    ),
    (
        // It hangs on the project, so that whoever sees the project sees it.
        "files",
        "with stored as (
           insert into documents.files (id, storage_location_id, storage_path, filename, file_size, checksum_sha256)
           select $1, l.id, $1::uuid::text, 'example.bin', 3, sha256($1::uuid::text::bytea)
             from reference.storage_locations l where l.provider = 'local' returning id)
         insert into documents.attachments (file_id, entity_id) select id, $2 from stored",
    ),
];

/// What is counted from everything else, and whether it is counted by project or by member.
const COUNTED: &[(&str, bool)] = &[("project-stats", true), ("dashboards", false)];

#[derive(Clone, Copy)]
enum Told {
    /// The usual example of a resource.
    Example(&'static str),
    /// An example that differs with every record made.
    Another(&'static str),
    /// This text.
    Text(&'static str),
    /// What its type suggests.
    Usual,
    /// Text that no other record has.
    Varied,
    /// An hour from now.
    Ahead,
    /// What the usual example of a resource has in this column.
    ColumnOf(&'static str, &'static str),
    /// The kind of thing of this name.
    TypeOf(&'static str),
    /// The role that everybody who gives roles may give.
    WeakestRole,
    /// A permission that everybody who gives permissions holds.
    WeakestPermission,
    /// Somebody who has just joined.
    NewMember,
}

type Making<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

impl World {
    /// The identifier of an example of `resource` in `organization`: the same for the same `number`.
    pub fn example<'a>(&'a self, organization: &'a Organization, resource: &'a str, number: u8) -> Making<'a, String> {
        Box::pin(async move {
            let served = self.kernel.catalogue.get(resource).ok_or_else(|| format!("{resource} is not served"))?;
            let key = (organization.id, served.resource.name, number);
            if let Some(known) = self.examples.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
                return Ok(known.clone());
            }
            let id = self.make(organization, served, number).await?;
            self.examples.lock().unwrap_or_else(PoisonError::into_inner).insert(key, id.clone());
            Ok(id)
        })
    }

    async fn make(&self, organization: &Organization, served: &Served, number: u8) -> Result<String, Failure> {
        let name = served.resource.name;
        if served.resource.offers(Verb::Create) {
            let body = self.creation_body(organization, name, number).await?;
            let asker =
                if ASKED_BY_THE_DEVELOPER.contains(&name) { &organization.developer } else { &organization.owner };
            let answer = self.post(format!("/v1/{name}"), &body).by(asker).send().await;
            let record = answer.json();
            return match (answer.status, served.has_composed_id(), record["id"].as_str()) {
                (201, _, Some(id)) => Ok(id.to_owned()),
                _ => Err(format!(
                    "no example of `{name}` can be made from {body}: {}. Tell what its columns need in \
                     crates/testkit/src/world/examples.rs.",
                    answer.text()
                )
                .into()),
            };
        }
        if let Some((_, sql)) = STORED.iter().find(|(stored, _)| *stored == name) {
            let parent = served.resource.parent.map_or("projects", |(_, parent)| parent);
            let parent = Uuid::try_parse(&self.example(organization, parent, 0).await?)?;
            let ctx = organization.ctx(&self.kernel);
            let (id, tx) = (ctx.new_id(), ctx.begin().await?);
            tx.execute(sql, &[&id, &parent]).await?;
            tx.commit().await?;
            return Ok(id.to_string());
        }
        if let Some((_, of_project)) = COUNTED.iter().find(|(counted, _)| *counted == name) {
            let project = self.example(organization, "projects", number).await?;
            let tx = organization.ctx(&self.kernel).begin().await?;
            tx.execute("select analytics.refresh_dashboards(interval '0')", &[]).await?;
            tx.commit().await?;
            return Ok(if *of_project { project } else { organization.owner.user_id.to_string() });
        }
        if name == "api-tokens" {
            let input = json!({"name": format!("example {number}"), "scopes": ["*:read"]});
            let answer = self.post("/v1/api-tokens", &input).by(&organization.owner).send().await.expect(201);
            return Ok(answer.json()["id"].as_str().unwrap_or_default().to_owned());
        }
        if name == "evidence-bundles" {
            let input = json!({"build_id": self.example(organization, "builds", 0).await?});
            let answer = self.post("/v1/evidence-bundles", &input).by(&organization.owner).send().await.expect(201);
            return Ok(answer.json()["id"].as_str().unwrap_or_default().to_owned());
        }
        if name == "sessions" {
            let sign_in = SignIn {
                email: organization.owner.email.clone(),
                password: super::Person::PASSWORD.into(),
                organization: None,
            };
            let session = self.authenticator.sign_in(sign_in, kernel::Request::default()).await?;
            return Ok(session.principal.session_id().unwrap_or_default().to_string());
        }
        if let Some((_, sql)) = BY_THE_OWNER.iter().find(|(stored, _)| *stored == name) {
            let id = organization.ctx(&self.kernel).new_id();
            self.superuser().await?.execute(*sql, &[&id]).await?;
            return Ok(id.to_string());
        }
        let beside = BESIDE.iter().find(|(told, ..)| *told == name);
        if let Some((_, other, _)) = beside {
            self.example(organization, other, number).await?;
        }
        // Whatever an organisation starts with.
        let filter = beside.map_or("", |(_, _, filter)| filter);
        let rows =
            self.get(format!("/v1/{name}?limit=200{filter}")).by(&organization.owner).send().await.expect(200).json();
        let row = rows["data"].get(usize::from(number)).ok_or_else(|| {
            format!(
                "there is no example of `{name}`: nothing is there at the start and plain serving makes none. Add a \
                 statement to STORED in crates/testkit/src/world/examples.rs."
            )
        })?;
        Ok(row["id"].as_str().unwrap_or_default().to_owned())
    }

    /// A body that creates a record of `resource` in `organization`, different for each `number`.
    pub fn creation_body<'a>(
        &'a self,
        organization: &'a Organization,
        resource: &'a str,
        number: u8,
    ) -> Making<'a, Value> {
        Box::pin(async move {
            let served = self.kernel.catalogue.get(resource).ok_or_else(|| format!("{resource} is not served"))?;
            let mut body = Map::new();
            let parent = served.resource.parent.map(|(column, _)| column);
            let mut columns: Vec<&str> = served.required().chain(parent).collect();
            columns.extend(TOLD.iter().filter(|(told, ..)| *told == resource).map(|(_, column, _)| *column));
            // Two records must not stand at the same place, which is the default.
            columns.extend(served.resource.writable.iter().filter(|name| **name == "position"));
            columns.sort_unstable();
            columns.dedup();
            for name in columns {
                let column = served.table.column(name).ok_or_else(|| format!("{resource} has no {name}"))?;
                body.insert(name.to_owned(), self.value(organization, served, column, number).await?);
            }
            Ok(Value::Object(body))
        })
    }

    async fn value(
        &self,
        organization: &Organization,
        served: &Served,
        column: &Column,
        number: u8,
    ) -> Result<Value, Failure> {
        let resource = served.resource;
        let told = TOLD.iter().find(|(name, told, _)| *name == resource.name && *told == column.name);
        match told.map(|(_, _, told)| *told) {
            Some(Told::Example(name)) => return Ok(json!(self.example(organization, name, 0).await?)),
            Some(Told::Another(name)) => return Ok(json!(self.example(organization, name, number + 1).await?)),
            Some(Told::Text(text)) => return Ok(json!(text)),
            Some(Told::Usual) => return Ok(self.plain_value(served, column)),
            Some(Told::Varied) => return Ok(json!(format!("example_{}", next()))),
            Some(Told::Ahead) => {
                let hour = std::time::Duration::from_secs(3600);
                return Ok(json!(self.clock.now().saturating_add(hour).map_err(|error| error.to_string())?));
            }
            Some(Told::ColumnOf(name, column)) => {
                let id = self.example(organization, name, 0).await?;
                let record = self.get(format!("/v1/{name}/{id}")).by(&organization.owner).send().await;
                return Ok(record.expect(200).json()[column].clone());
            }
            Some(Told::TypeOf(name)) => {
                let path = format!("/v1/resource-types?filter[name]={name}");
                let types = self.get(path).by(&organization.owner).send().await;
                return Ok(types.expect(200).json()["data"][0]["id"].clone());
            }
            Some(Told::WeakestPermission) => {
                let path = "/v1/permissions?filter[name]=requirement:read";
                let permissions = self.get(path).by(&organization.owner).send().await;
                return Ok(permissions.expect(200).json()["data"][0]["id"].clone());
            }
            Some(Told::WeakestRole) => {
                let roles = self.get("/v1/roles?filter[template_code]=viewer").by(&organization.owner).send().await;
                return Ok(roles.expect(200).json()["data"][0]["id"].clone());
            }
            Some(Told::NewMember) => {
                let name = format!("member{}", next());
                return Ok(json!(organization.join(&self.kernel, &name).await?.user_id));
            }
            None => {}
        }
        if let Some(key) = served.table.reference(&column.name) {
            let target =
                self.kernel.catalogue.resources().find(|there| there.resource.table == key.target).ok_or_else(
                    || format!("{}.{} refers to {}, which is not served", resource.name, column.name, key.target),
                )?;
            // The last part of a composed key differs from record to record.
            let varies = served.has_composed_id() && resource.key.last() == Some(&column.name.as_str());
            let number = if varies { number + 1 } else { 0 };
            let id = self.example(organization, target.resource.name, number).await?;
            return Ok(json!(id.rsplit('~').next().unwrap_or(&id)));
        }
        Ok(self.plain_value(served, column))
    }

    fn plain_value(&self, served: &Served, column: &Column) -> Value {
        if let Some(status) = &served.resource.status
            && status.column == column.name
        {
            return json!(status.initial[0]);
        }
        match column.kind {
            ColumnType::Text | ColumnType::Char(_) => json!(text(column)),
            ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8
                if ["position", "number"].contains(&column.name.as_str()) =>
            {
                json!(next() + 1)
            }
            ColumnType::Int2 | ColumnType::Int4 | ColumnType::Int8 | ColumnType::Numeric(..) | ColumnType::Float8 => {
                json!(1)
            }
            ColumnType::Bool => json!(true),
            ColumnType::Timestamptz => json!(self.clock.now()),
            ColumnType::Date => json!("2026-03-04"),
            ColumnType::TextArray | ColumnType::UuidArray => json!([]),
            _ => json!({}),
        }
    }
}

fn text(column: &Column) -> String {
    if let Some(values) = &column.check.values {
        return values[0].clone();
    }
    match PATTERNS.iter().find(|(name, _)| *name == column.name) {
        Some((_, "%")) => format!("{:040x}", next()),
        Some((_, colour)) if colour.starts_with('#') => (*colour).to_owned(),
        Some((_, pattern)) => pattern.replace('#', &next().to_string()),
        None => format!("Example {}", next()),
    }
}

/// A number that no other example has.
fn next() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
