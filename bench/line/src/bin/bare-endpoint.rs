//! The least an HTTP endpoint on this database can do: the query in the same pipelined transaction, and the columns' bytes as they come.
//! Nobody signs in, nothing is decided, nothing becomes JSON, there is no ETag, no request identifier and no metric.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::future::try_join3;
use line::Failure;
use tokio_postgres::{
    NoTls, Row,
    types::{FromSql, ToSql, Type},
};
use uuid::Uuid;

struct Bare {
    pool: Pool,
    opening: String,
    one: String,
    list: String,
    list_values: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let given = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let config: tokio_postgres::Config = given("BENCH_DATABASE_URL")?.parse()?;
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let bare = Bare {
        // As many connections as the server keeps.
        pool: Pool::builder(manager).max_size(16).build()?,
        opening: format!(
            "begin transaction read only; set local app.current_organization_id = '{}'; \
             set local app.current_user_id = '{}'; set local app.project_access = 'all'",
            given("BENCH_ORGANIZATION")?,
            given("BENCH_USER")?
        ),
        one: given("BENCH_ONE")?,
        list: given("BENCH_LIST")?,
        list_values: serde_json::from_str(&given("BENCH_LIST_VALUES")?)?,
    };
    let routes = Router::new().route("/one/{id}", get(one)).route("/list", get(list)).with_state(Arc::new(bare));
    let listener = tokio::net::TcpListener::bind(given("BENCH_ADDRESS")?).await?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, routes).await?)
}

async fn one(State(bare): State<Arc<Bare>>, Path(id): Path<Uuid>) -> Result<Response, StatusCode> {
    answer(&bare, &bare.one, &[&id]).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn list(State(bare): State<Arc<Bare>>) -> Result<Response, StatusCode> {
    let values: Vec<Value<'_>> = bare.list_values.iter().map(|value| Value(value)).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    answer(&bare, &bare.list, &values).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn answer(bare: &Bare, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Response, Failure> {
    let client = bare.pool.get().await?;
    let statement = client.prepare_cached(sql).await?;
    let (_, rows, _) = try_join3(
        client.batch_execute(&bare.opening),
        client.query(&statement, values),
        client.batch_execute("commit"),
    )
    .await?;
    let mut body = Vec::with_capacity(rows.len() * 512);
    for row in &rows {
        append(&mut body, row)?;
    }
    Ok(Response::new(Body::from(body)))
}

fn append(body: &mut Vec<u8>, row: &Row) -> Result<(), Failure> {
    for at in 0..row.len() {
        body.extend_from_slice(row.try_get::<_, Raw<'_>>(at)?.0);
    }
    Ok(())
}

/// A column's bytes as PostgreSQL sends them.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(raw))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self(b"null"))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A parameter known by its text.
#[derive(Debug)]
struct Value<'a>(&'a str);

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Failure> {
        match *kind {
            Type::UUID => self.0.parse::<Uuid>()?.to_sql(kind, out),
            _ => self.0.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID || *kind == Type::TEXT
    }

    tokio_postgres::types::to_sql_checked!();
}
