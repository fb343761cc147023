//! A database of one's own with an organisation, a project and a worker.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::{path::PathBuf, sync::Arc};

use identity::FirstOrganization;
use kernel::{Call, Catalogue, Ctx, Kernel, PoolOptions, Principal, Request, Schema, Store, Subject};
use quality::Imports;
use quality::imports::Summary;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vault::Passwords;

pub struct World {
    pub kernel: Arc<Kernel>,
    pub ctx: Ctx,
    pub imports: Arc<Imports>,
    pub project: Uuid,
    pub spool: tempfile::TempDir,
    pub database: testkit::Database,
}

/// What an import said of itself.
#[derive(Debug)]
pub struct Ended {
    pub id: Uuid,
    pub status: String,
    pub error: Option<String>,
    pub summary: Summary,
}

impl World {
    pub async fn new() -> Self {
        let database = testkit::Database::fresh().await.unwrap();
        let store = Store::new(database.application_config.clone(), &PoolOptions::default()).unwrap();
        let schema = Schema::read(&store).await.unwrap();
        let resources = identity::RESOURCES
            .into_iter()
            .chain(work::RESOURCES)
            .chain(quality::RESOURCES)
            .chain(delivery::RESOURCES)
            .chain(assurance::RESOURCES);
        let catalogue = Catalogue::new(resources, quality::operations(), schema).unwrap();
        let kernel = Arc::new(Kernel::new(store, catalogue));
        let first = FirstOrganization {
            name: "Acme",
            slug: "acme",
            owner: "Ada Lovelace",
            email: "ada@example.org",
            password: "a plum falls in the canal at nine",
        };
        let owner = identity::first_organization(&kernel, &Passwords::cheap(), &first).await.unwrap();
        let ctx = Ctx::new(kernel.clone(), Arc::new(owner), Request::default());
        let project = ctx.new_id();
        let tx = ctx.begin().await.unwrap();
        tx.execute("insert into work.projects (id, name, slug) values ($1, 'Billing', 'billing')", &[&project])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let spool = tempfile::tempdir().unwrap();
        let imports = Imports::new(kernel.clone(), spool.path(), 1);
        Self { kernel, ctx, imports, project, spool, database }
    }

    pub fn principal(&self) -> Principal {
        (*self.ctx.principal).clone()
    }

    /// Puts a file where the door would have put it.
    pub fn spooled(&self, name: &str, content: &[u8]) -> Value {
        let path: PathBuf = self.spool.path().join(format!("{}.upload", self.ctx.new_id()));
        std::fs::write(&path, content).unwrap();
        let digest: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"name": name, "path": path, "size": content.len(), "sha256": digest})
    }

    /// Queues files as the door does; `more` is merged into the input.
    pub async fn queue(&self, files: &[(&str, &[u8])], more: Value) -> Result<Vec<Uuid>, kernel::Error> {
        let mut input = json!({"project": "billing"});
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input["files"] = files.iter().map(|(name, content)| self.spooled(name, content)).collect();
        let operation = self
            .kernel
            .catalogue
            .operations()
            .find(|operation| operation.subject == Subject::Collection("imports") && operation.name == "create")
            .unwrap()
            .clone();
        let mut tx = self.ctx.begin().await.unwrap();
        let output = operation.run(&self.ctx, &mut tx, Call { id: None, input }).await?;
        assert_eq!(tx.recorded(), 1, "one audit row a request");
        tx.commit().await.unwrap();
        Ok(output["imports"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| Uuid::try_parse(one["id"].as_str().unwrap()).unwrap())
            .collect())
    }

    /// Queues files, imports them and says how each ended, in the order they were sent.
    pub async fn import(&self, files: &[(&str, &[u8])], more: Value) -> Vec<Ended> {
        let ids = self.queue(files, more).await.unwrap();
        self.imports.run(&self.ctx, &ids).await;
        let mut ended = Vec::new();
        for id in ids {
            ended.push(self.ended(id).await);
        }
        ended
    }

    pub async fn import_one(&self, name: &str, content: &str) -> Ended {
        self.import(&[(name, content.as_bytes())], json!({})).await.remove(0)
    }

    pub async fn ended(&self, id: Uuid) -> Ended {
        let tx = self.ctx.begin_read().await.unwrap();
        let row =
            tx.query_one("select status, error, summary from platform.imports where id = $1", &[&id]).await.unwrap();
        let ended = Ended {
            id,
            status: row.get(0),
            error: row.get(1),
            summary: serde_json::from_value(row.get(2)).unwrap_or_default(),
        };
        tx.commit().await.unwrap();
        ended
    }

    /// One number.
    pub async fn count(&self, sql: &str) -> i64 {
        let tx = self.ctx.begin_read().await.unwrap();
        let count = tx.query_one(sql, &[]).await.unwrap().get(0);
        tx.commit().await.unwrap();
        count
    }

    /// Rows of every table an import can write to, but those that tell of the import itself.
    pub async fn stored(&self) -> Vec<(&'static str, i64)> {
        const TABLES: [&str; 14] = [
            "quality.test_cases",
            "quality.test_case_aliases",
            "quality.test_runs",
            "quality.test_results",
            "quality.coverage_reports",
            "quality.coverage_files",
            "work.trace_links",
            "work.requirements",
            "work.requirement_items",
            "work.requirement_dependencies",
            "work.features",
            "work.entity_keys",
            "platform.entities",
            "delivery.builds",
        ];
        let mut all = Vec::new();
        for table in TABLES {
            all.push((table, self.count(&format!("select count(*) from {table}")).await));
        }
        all
    }

    pub fn spool_is_empty(&self) -> bool {
        std::fs::read_dir(self.spool.path()).unwrap().next().is_none()
    }
}

/// For every kind: recognised = created + updated + unchanged.
pub fn assert_adds_up(summary: &Summary) {
    for (kind, recognised) in &summary.recognised {
        let of = |counts: &quality::imports::Counts| counts.get(kind).copied().unwrap_or(0);
        let sum = of(&summary.created) + of(&summary.updated) + of(&summary.unchanged);
        assert_eq!(*recognised, sum, "{kind} of {}: {summary:?}", summary.path);
    }
    for kind in summary.created.keys().chain(summary.updated.keys()).chain(summary.unchanged.keys()) {
        assert!(summary.recognised.contains_key(kind), "{kind} was not recognised: {summary:?}");
    }
}
