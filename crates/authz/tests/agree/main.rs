//! One condition, two worlds: what Rust evaluates is what PostgreSQL selects, over random conditions, rows and nulls.
//!
//! `PROPTEST_CASES=20000` tries longer; every case is one condition over some forty rows.
#![allow(clippy::unwrap_used)]

mod random;
mod world;

use std::cell::Cell;

use authz::condition::{Condition, Truth};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use serde_json::{Value as Json, json};
use tokio_postgres::{Client, NoTls, types::ToSql};
use world::{Everything, Known, Parameters, Words};

/// The rows become a table with a column of every type, two where two are compared.
const TABLE: &str = "with t as materialized (
    select * from jsonb_to_recordset($1::jsonb) as t (
        number integer, status text, title text, size numeric, \"limit\" numeric, closed boolean, public boolean,
        created timestamptz, due timestamptz, owner uuid, author uuid, host inet, peer inet, labels text[], tags text[]))";

/// A list can hold exactly the rows that a check would allow.
/// Proves REQ-53.4.
#[test]
fn rust_and_postgresql_agree_about_every_row() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let database = runtime.block_on(testkit::Database::fresh()).unwrap();
    let (client, connection) = runtime.block_on(database.superuser_config().connect(NoTls)).unwrap();
    runtime.spawn(connection);

    let conditions = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    let (compared, tally, generic) = (Cell::new(0_u32), Cell::new([0_u32; 3]), Cell::new(false));
    let mut runner = TestRunner::new(Config {
        cases: conditions,
        max_shrink_iters: 4_000,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (random::condition(), random::known(), prop::collection::vec(random::row(), 20..=60));
    let outcome = runner.run(&strategy, |(document, known, rows)| {
        // A statement that is planned for its values and one that is planned for all are not simplified alike.
        generic.set(!generic.get());
        let mode = if generic.get() { "force_generic_plan" } else { "force_custom_plan" };
        runtime.block_on(client.batch_execute(&format!("set plan_cache_mode = {mode}"))).unwrap();
        let truths = runtime.block_on(agree(&client, &document, &known, &rows))?;
        compared.set(compared.get() + u32::try_from(truths.len()).unwrap());
        let mut counts = tally.get();
        for truth in truths {
            counts[truth as usize] += 1;
        }
        tally.set(counts);
        Ok(())
    });
    if let Err(TestError::Fail(_, (document, known, rows))) = outcome {
        let disagreement = |document: &Json, rows: &[Known]| {
            Condition::parse(document, &Words).ok()?;
            runtime.block_on(agree(&client, document, &known, rows)).err()
        };
        let row = rows.iter().find(|row| disagreement(&document, std::slice::from_ref(*row)).is_some());
        let rows = row.map_or(rows.clone(), |row| vec![row.clone()]);
        let mut document = document;
        while let Some(part) = simpler(&document).into_iter().find(|part| disagreement(part, &rows).is_some()) {
            document = part;
        }
        let reason = disagreement(&document, &rows).map(|error| error.to_string()).unwrap_or_default();
        panic!("{reason}\ncondition: {document}\nknown: {known:?}\nrows: {rows:#?}");
    }
    outcome.unwrap();
    if conditions >= 400 {
        assert!(compared.get() >= 10_000, "only {} rows were compared", compared.get());
        assert!(tally.get().iter().all(|count| count * 20 >= compared.get()), "lopsided: {:?}", tally.get());
    }
}

/// Parts of a condition, and the condition with one of its parts decided. Not all of them are conditions.
fn simpler(document: &Json) -> Vec<Json> {
    let Some((operator, Json::Array(arguments))) = document.as_object().and_then(|object| object.iter().next()) else {
        return Vec::new();
    };
    let parts = || arguments.iter().filter(|argument| argument.is_object());
    let with = |at: usize, part: Json| {
        let mut arguments = arguments.clone();
        arguments[at] = part;
        json!({ operator: arguments })
    };
    let inner = arguments
        .iter()
        .enumerate()
        .flat_map(|(at, argument)| simpler(argument).into_iter().map(move |part| with(at, part)));
    let decided = (0..arguments.len())
        .filter(|at| arguments[*at].is_object())
        .flat_map(|at| [with(at, json!(true)), with(at, json!(false))]);
    parts().cloned().chain(decided).chain(inner).collect()
}

/// What the condition is of every row, once both worlds and both ways to them agree.
async fn agree(client: &Client, document: &Json, known: &Known, rows: &[Known]) -> Result<Vec<Truth>, TestCaseError> {
    let condition = Condition::parse(document, &Words).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let remains = condition.given(known);
    prop_assert!(remains.attributes().all(|name| name.starts_with("resource.")), "left: {remains:?}");
    let mut parameters = Parameters::default();
    let predicate = remains.sql(&mut parameters).map_err(|error| TestCaseError::fail(error.to_string()))?;

    let sql = format!("{TABLE} select {predicate} as truth, {predicate} is true as chosen from t order by number");
    let table = Json::Array(rows.iter().enumerate().map(|(number, row)| world::as_json(number, row)).collect());
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&table];
    values.extend(parameters.values.iter().map(|value| &**value as &(dyn ToSql + Sync)));
    let selected = client
        .query(&sql, &values)
        .await
        .map_err(|error| TestCaseError::fail(format!("{error}: {:?}\n{sql}", error.as_db_error())))?;
    prop_assert_eq!(selected.len(), rows.len());

    let mut truths = Vec::new();
    for (row, selected) in rows.iter().zip(selected) {
        let everything = Everything { known, row };
        let here = condition.evaluate(&everything);
        let there = match selected.get::<_, Option<bool>>("truth") {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => Truth::Unknown,
        };
        prop_assert_eq!(here, there, "PostgreSQL disagrees about {:?}\n{}", row, sql);
        prop_assert_eq!(here.is_true(), selected.get::<_, bool>("chosen"), "is true: {}", sql);
        prop_assert_eq!(here, remains.evaluate(&everything), "what remains disagrees about {:?}: {:?}", row, remains);
        prop_assert_eq!(here, condition.trace(&everything).truth);
        prop_assert!(!(condition.is_always() && here != Truth::True));
        prop_assert!(!(remains.is_never() && here == Truth::True), "said to be never true: {:?}", remains);
        truths.push(here);
    }
    Ok(truths)
}
