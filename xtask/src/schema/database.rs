//! A scratch database with every migration applied, and what its catalogue says.

use std::{os::unix::fs::PermissionsExt, path::Path};

use cluster::{
    Cluster, Durability, OWNER_ROLE, Options,
    migrate::{Migrator, Source, Target},
};
use tokio_postgres::NoTls;

use super::model::Schema;
use crate::Failure;

/// Applies the migrations of this checkout to a private PostgreSQL of its own, and reads the result.
pub(super) fn read(root: &Path) -> Result<Vec<Schema>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let home = tempfile::Builder::new().prefix("throughline-schema-").tempdir()?;
        // PostgreSQL may run as another account, which has to come through here.
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711))?;
        let mut options = Options::new(home.path().join("data"));
        options.durability = Durability::Throwaway;
        let cluster = Cluster::start(options).await?;
        let facts = facts(&cluster, root).await;
        cluster.stop().await;
        facts
    })
}

async fn facts(cluster: &Cluster, root: &Path) -> Result<Vec<Schema>, Failure> {
    // The files as they are now, not as they were when this program was built.
    let source = Source::directory(&root.join("migrations"))?;
    let owner = cluster.connections().config(cluster::Role::Owner);
    Migrator::new(source).up(&owner, Target::Next, &mut |_| {}).await?;
    let (client, connection) = owner.connect(NoTls).await?;
    let conversation = tokio::spawn(connection);
    // Row security holds for the owner too; what is read here belongs to no organisation.
    let text: String = client.query_one(include_str!("facts.sql"), &[]).await?.get(0);
    drop(client);
    conversation.await??;
    // The owner of a deployment may have another name.
    Ok(serde_json::from_str(&text.replace(&format!("\"{OWNER_ROLE}\""), "\"owner\""))?)
}
