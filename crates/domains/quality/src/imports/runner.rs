//! The worker: takes queued imports, a few at a time, and takes up those that a killed server left behind.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use kernel::{Ctx, Error, Kernel, Principal, Request};
use serde_json::Value;
use tokio::sync::Semaphore;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::{job, order};

/// Spooled files that belong to nothing are removed after this long; younger ones may still be arriving.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// Finds the principal, with what they may do now, behind an organisation and a member of it: None for somebody who may no
/// longer sign in. Handed in by the program, because who people are is another domain's business.
pub type PrincipalOf = Arc<dyn Fn(Uuid, Uuid) -> BoxFuture<'static, Result<Option<Principal>, Error>> + Send + Sync>;

/// Runs imports in the background. One for a server.
pub struct Imports {
    kernel: Arc<Kernel>,
    spool: PathBuf,
    turns: Semaphore,
    // Those that wait or run here, so that looking after the others begins none of them twice.
    in_hand: Mutex<HashSet<Uuid>>,
}

impl Imports {
    /// A worker over the directory where the doors spool files. At most `at_once` files are read at the same time; each
    /// needs two connections and about 40 MB.
    pub fn new(kernel: Arc<Kernel>, spool: impl Into<PathBuf>, at_once: usize) -> Arc<Self> {
        Arc::new(Self { kernel, spool: spool.into(), turns: Semaphore::new(at_once.max(1)), in_hand: Mutex::default() })
    }

    /// Begins the imports that an operation has just queued: `output` is what it answered. Anything else is ignored.
    pub fn start_queued(self: &Arc<Self>, ctx: &Ctx, output: &Value) {
        let queued = output["imports"].as_array().map_or(&[][..], Vec::as_slice);
        let ids: Vec<Uuid> =
            queued.iter().filter_map(|one| Uuid::try_parse(one["id"].as_str().unwrap_or_default()).ok()).collect();
        if !ids.is_empty() {
            self.start(ctx, ids);
        }
    }

    /// Begins imports and comes back at once. They run as the actor of `ctx`.
    pub fn start(self: &Arc<Self>, ctx: &Ctx, ids: Vec<Uuid>) {
        self.in_hand().extend(&ids);
        let (this, ctx) = (self.clone(), ctx.clone());
        tokio::spawn(async move {
            this.run(&ctx, &ids).await;
            let mut in_hand = this.in_hand();
            in_hand.retain(|id| !ids.contains(id));
        });
    }

    fn in_hand(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs imports to their end, requirements first and in the order of their dependencies. What goes wrong is told by each
    /// import; what cannot even be written down is logged, and taken up again a little later.
    pub async fn run(&self, ctx: &Ctx, ids: &[Uuid]) {
        let planned = match order::plan(ctx, &self.spool, ids).await {
            Ok(planned) => planned,
            Err(error) => {
                // Order is a kindness; without it every file still says for itself what it misses.
                warn!(%error, "the files of a request are imported in the order they were sent");
                let plain = |id: &Uuid| order::Planned { id: *id, spool_path: None, circles: Vec::new() };
                ids.iter().map(plain).collect()
            }
        };
        for one in &planned {
            let Ok(_turn) = self.turns.acquire().await else { return };
            if let Err(error) = job::run(ctx, &self.spool, one).await {
                error!(import.id = %one.id, %error, "an import could not be ended; it will be taken up again");
            }
        }
    }

    /// Looks after imports that nobody runs, `every` so often, for as long as the server lives. A commit whose answer was
    /// lost when the database went away has queued files of which no caller and no worker was told. Younger ones than that
    /// may still be on the way from the request that queued them.
    pub async fn attend(self: Arc<Self>, principal_of: PrincipalOf, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            if let Err(error) = self.take_up(&principal_of, every).await {
                warn!(%error, "whether imports wait could not be asked; it is asked again soon");
            }
        }
    }

    /// Takes up what a killed server left queued or running, and removes spooled files that belong to nothing. Says how
    /// many imports were taken up; they run in the background.
    ///
    /// # Errors
    /// When the database cannot say which those are.
    pub async fn resume(self: &Arc<Self>, principal_of: &PrincipalOf) -> Result<usize, Error> {
        self.take_up(principal_of, Duration::ZERO).await
    }

    async fn take_up(self: &Arc<Self>, principal_of: &PrincipalOf, settled: Duration) -> Result<usize, Error> {
        let until = base::id_at(self.kernel.now() - settled);
        let rows = self
            .kernel
            .store
            .query_outside(
                "select organization_id, id, requested_by, spool_path from platform.unfinished_imports()",
                &[],
            )
            .await?;
        let mut needed = HashSet::new();
        let mut by_person: BTreeMap<(Uuid, Uuid), Vec<Uuid>> = BTreeMap::new();
        for row in rows {
            if let Some(path) = super::spooled(&self.spool, row.try_get::<_, Option<&str>>(3)?) {
                needed.insert(path);
            }
            let id: Uuid = row.try_get(1)?;
            // Identifiers carry the time they were made.
            if self.in_hand().contains(&id) || (!settled.is_zero() && id > until) {
                continue;
            }
            match row.try_get::<_, Option<Uuid>>(2)? {
                Some(person) => by_person.entry((row.try_get(0)?, person)).or_default().push(id),
                None => warn!(import.id = %id, "an import without a sender cannot be taken up"),
            }
        }
        let mut imports = 0;
        for ((organization, person), ids) in by_person {
            match principal_of(organization, person).await? {
                Some(principal) => {
                    imports += ids.len();
                    let request = Request { endpoint: "imports taken up again".into(), ..Request::default() };
                    self.start(&Ctx::new(self.kernel.clone(), Arc::new(principal), request), ids);
                }
                None => warn!(user.id = %person, imports = ids.len(), "imports wait for a sender who may not sign in"),
            }
        }
        let files = sweep(&self.spool, &needed).await;
        if imports + files > 0 {
            info!(imports, files, "took up unfinished imports and removed forgotten files");
        }
        Ok(imports)
    }
}

/// Removes spooled files that nobody needs any more: an upload that was cut off, or an import that ended a moment before
/// the server did.
async fn sweep(spool: &Path, needed: &HashSet<PathBuf>) -> usize {
    let mut removed = 0;
    let Ok(mut entries) = tokio::fs::read_dir(spool).await else { return 0 };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let path = entry.path();
        let is_old = match entry.metadata().await.and_then(|facts| facts.modified()) {
            Ok(modified) => SystemTime::now().duration_since(modified).is_ok_and(|age| age > FORGOTTEN),
            Err(_) => false,
        };
        if is_old
            && path.extension().is_some_and(|extension| extension == "upload")
            && !needed.contains(&path)
            && tokio::fs::remove_file(&path).await.is_ok()
        {
            removed += 1;
        }
    }
    removed
}
