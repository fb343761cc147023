//! The rows of test results, column by column.

use kernel::{Error, Tx};
use uuid::Uuid;

use super::{case::CaseRow, job::Job, ordered_id};

const INSERT_TEST_RESULTS: &str = include_str!("../../sql/insert_test_results.sql");

/// Stores one result a row. `stored` results of the same file are there already, so that identifiers keep its order.
///
/// # Errors
/// When PostgreSQL refuses a row.
pub(crate) async fn insert_results(
    tx: &Tx,
    job: &Job,
    run: Uuid,
    stored: u64,
    rows: &[CaseRow],
    cases: &[Uuid],
) -> Result<(), Error> {
    let times: Vec<_> = rows.iter().map(|row| row.executed_at).collect();
    job.past.expect(tx, &times).await?;
    let text = |of: fn(&CaseRow) -> Option<&str>| -> Vec<Option<&str>> { rows.iter().map(of).collect() };
    let ids: Vec<Uuid> = rows.iter().zip(stored..).map(|(row, nth)| ordered_id(row.executed_at, nth)).collect();
    let names = text(|row| row.name.as_deref());
    let parameters = text(|row| row.parameters.as_deref());
    let statuses: Vec<&str> = rows.iter().map(|row| row.status).collect();
    let attempts: Vec<i32> = rows.iter().map(|row| row.attempts).collect();
    let durations: Vec<Option<i64>> = rows.iter().map(|row| row.duration_ms).collect();
    let messages = text(|row| row.error_message.as_deref());
    let traces = text(|row| row.error_stacktrace.as_deref());
    let outputs = text(|row| row.system_out.as_deref());
    let errors = text(|row| row.system_err.as_deref());
    let properties = text(|row| row.properties.as_deref());
    tx.execute(
        INSERT_TEST_RESULTS,
        &[
            &job.project,
            &run,
            &job.build_of_results(),
            &job.wishes.environment,
            &ids,
            &cases,
            &names,
            &parameters,
            &statuses,
            &attempts,
            &durations,
            &messages,
            &traces,
            &outputs,
            &errors,
            &properties,
            &times,
        ],
    )
    .await?;
    Ok(())
}
