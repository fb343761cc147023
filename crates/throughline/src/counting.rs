//! Counts the dashboards every few minutes. Of several servers on one database, whoever comes first counts for all.

use std::time::Duration;

use wire::Way;

use crate::{database, failure::Failure};

/// How old figures may become before they are counted again.
const EVERY: Duration = Duration::from_secs(300);
const COUNT: &str = "select analytics.refresh_dashboards()";

/// Counts until the server ends.
pub(crate) async fn always(application: Way) {
    loop {
        if let Err(failure) = count(&application).await {
            tracing::warn!("the dashboards could not be counted: {failure}; they show older figures until they are");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// A connection of its own: counting may take longer than a request is allowed to.
async fn count(application: &Way) -> Result<(), Failure> {
    database::talk(application, async |client| {
        // For its own transaction only: behind a pooler the connection to PostgreSQL is somebody else's afterwards.
        let statements = format!(
            "begin; set local statement_timeout = '10min'; set local application_name = 'throughline dashboards'; {COUNT}; commit"
        );
        Ok(client.batch_execute(&statements).await?)
    })
    .await
}
