//! What is in a database, small enough to compare: of each table, how many rows and a checksum of all of them.

use crate::error::{Doing as _, Error};
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// Rows and checksum of each table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture(pub BTreeMap<String, (i64, String)>);

/// Whatever would make the same row read differently.
const ALIKE: &str =
    "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
                     set extra_float_digits = 1; set statement_timeout = 0; set lock_timeout = 0";

/// All tables that hold rows of their own, partitions included.
const TABLES: &str = "select format('%I.%I', n.nspname, c.relname)
   from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  order by 1";

impl Picture {
    /// Reads every row of every table in the transaction that `client` is in, or one by one. Needs a role that row security
    /// does not hold back.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub async fn take(client: &Client) -> Result<Self, Error> {
        let doing = || "count the rows of every table".to_owned();
        client.batch_execute(ALIKE).await.doing(doing)?;
        let mut tables = BTreeMap::new();
        for row in client.query(TABLES, &[]).await.doing(doing)? {
            let table: String = row.get(0);
            // The sum does not depend on the order of the rows.
            let sql = format!(
                "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text from only {table} t"
            );
            let row = client.query_one(&sql, &[]).await.doing(|| format!("count the rows of {table}"))?;
            tables.insert(table, (row.get(0), row.get(1)));
        }
        Ok(Self(tables))
    }

    /// How many rows there are in all.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.0.values().map(|(rows, _)| rows).sum()
    }

    /// Locks every table against writing, waiting no longer than `lock_timeout` for those who write.
    ///
    /// # Errors
    /// When somebody writes for longer.
    pub async fn hold_still(client: &Client) -> Result<(), Error> {
        let doing = || "wait for those who write".to_owned();
        let rows = client.query(TABLES, &[]).await.doing(doing)?;
        let names: Vec<String> = rows.iter().map(|row| format!("only {}", row.get::<_, String>(0))).collect();
        client.batch_execute(&format!("lock table {} in share mode", names.join(", "))).await.doing(doing)
    }
}

/// Where two pictures differ, as sentences.
#[must_use]
pub fn differences(before: &Picture, after: &Picture) -> Vec<String> {
    let mut told = Vec::new();
    for (table, (rows, sum)) in &before.0 {
        match after.0.get(table) {
            None => told.push(format!("{table} is gone")),
            Some((there, _)) if there != rows => told.push(format!("{table} has {there} rows instead of {rows}")),
            Some((_, other)) if other != sum => told.push(format!("{table} has as many rows, but not the same")),
            Some(_) => {}
        }
    }
    told.extend(after.0.keys().filter(|table| !before.0.contains_key(*table)).map(|table| format!("{table} is new")));
    told
}
