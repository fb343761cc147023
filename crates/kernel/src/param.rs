//! A value on its way into a statement.

use bytes::BytesMut;
use jiff::{Timestamp, civil::Date};
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};
use serde_json::Value;
use uuid::Uuid;

/// A typed value. Decimals and addresses travel as text and are cast in the statement, so that no digit is lost.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL null.
    Null,
    /// `uuid`
    Uuid(Uuid),
    /// `text`, and what is cast from text: `numeric`, `inet`.
    Text(String),
    /// `smallint`
    I16(i16),
    /// `integer`
    I32(i32),
    /// `bigint`
    I64(i64),
    /// `double precision`
    F64(f64),
    /// `boolean`
    Bool(bool),
    /// `timestamptz`
    Time(Timestamp),
    /// `date`
    Date(Date),
    /// `jsonb`
    Json(Value),
    /// `bytea`
    Bytes(Vec<u8>),
    /// `text[]`
    Texts(Vec<String>),
    /// `uuid[]`
    Uuids(Vec<Uuid>),
}

impl Param {
    /// As tokio-postgres wants it.
    pub fn as_sql(&self) -> &(dyn ToSql + Sync) {
        self
    }
}

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Uuid(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
            Self::I16(value) => value.to_sql(ty, out),
            Self::I32(value) => value.to_sql(ty, out),
            Self::I64(value) => value.to_sql(ty, out),
            Self::F64(value) => value.to_sql(ty, out),
            Self::Bool(value) => value.to_sql(ty, out),
            Self::Time(value) => value.to_sql(ty, out),
            Self::Date(value) => value.to_sql(ty, out),
            Self::Json(value) => value.to_sql(ty, out),
            Self::Bytes(value) => value.to_sql(ty, out),
            Self::Texts(value) => value.to_sql(ty, out),
            Self::Uuids(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
