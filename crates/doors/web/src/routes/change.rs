//! Changing one record from a form: found and locked, still the version that was shown, then through the kernel.

use base::{Problem, ProblemKind};
use kernel::{Ctx, Error, Record, Resource, Tx, Update, authorise};
use serde_json::Value;
use uuid::Uuid;

/// Changes the record `id` of `project` by `body`, as long as nobody has changed it since `version` was shown.
///
/// # Errors
/// 404 when it is not in the project, 412 when somebody was quicker, and what the kernel says.
pub(super) async fn change(
    ctx: &Ctx,
    tx: &mut Tx,
    resource: &'static Resource,
    (project, id): (Uuid, Uuid),
    version: &str,
    body: &Value,
) -> Result<(), Error> {
    let served = ctx.catalogue().served(resource)?;
    let record = Record::find(tx, served, &id.to_string(), true).await?;
    if record.project != Some(project) {
        return Err(Problem::not_found(resource.words()).into());
    }
    save(ctx, tx, record, version, body).await
}

/// The same of a record that belongs to no project.
///
/// # Errors
/// As [`change`].
pub(super) async fn change_anywhere(
    ctx: &Ctx,
    tx: &mut Tx,
    resource: &'static Resource,
    id: Uuid,
    version: &str,
    body: &Value,
) -> Result<(), Error> {
    let record = Record::find(tx, ctx.catalogue().served(resource)?, &id.to_string(), true).await?;
    save(ctx, tx, record, version, body).await
}

async fn save(ctx: &Ctx, tx: &mut Tx, record: Record, version: &str, body: &Value) -> Result<(), Error> {
    let resource = record.resource;
    let record = authorise::<Update, _>(ctx, record)?;
    if record.version != version {
        let detail = format!(
            "Somebody changed this {} after the page was shown. Nothing was overwritten: load the page again, look at \
             what is there now, and repeat your change if it still holds.",
            resource.words()
        );
        return Err(Problem::new(ProblemKind::PreconditionFailed, detail).into());
    }
    kernel::update(ctx, tx, ctx.catalogue().served(resource)?, record, body).await?;
    Ok(())
}
