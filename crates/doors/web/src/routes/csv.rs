//! Tables for what a page shows: CSV (RFC 4180) or a workbook, by the ending of the address.

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::Response,
};
use kernel::{Cell, Ctx, Error, Exported, Workbook};
use uuid::Uuid;

use super::error::PageError;

/// The form that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An address that ends in `.csv`.
    Csv,
    /// One that ends in `.xlsx`.
    Xlsx,
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        Ok(if parts.uri.path().ends_with(".xlsx") { Self::Xlsx } else { Self::Csv })
    }
}

/// A table, row by row.
pub(super) struct Csv {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    /// A table that begins with its heads.
    pub(super) fn new<T: AsRef<str>>(heads: &[T]) -> Self {
        Self { heads: heads.iter().map(|head| head.as_ref().to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        self.rows.push(cells.iter().map(|cell| cell.as_ref().to_owned()).collect());
    }

    fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for cells in std::iter::once(&self.heads).chain(&self.rows) {
            kernel::write_row(&mut out, cells);
        }
        out
    }

    fn workbook(&self) -> Result<Vec<u8>, Error> {
        let mut book = Workbook::new(&self.heads)?;
        for cells in &self.rows {
            // What counts something is a number there.
            book.row(cells.iter().map(|cell| match cell.parse::<u32>() {
                Ok(number) if number.to_string() == *cell => Cell::Number(f64::from(number)),
                _ if cell.is_empty() => Cell::Nothing,
                _ => Cell::Text(cell),
            }))?;
        }
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut book.finish()?, &mut bytes)
            .map_err(|source| Error::Io { doing: "a workbook could not be read back".into(), source })?;
        Ok(bytes)
    }

    /// The answer, to be saved under `name`: rows of the permission type `kind`, of a project or of several. That it was taken
    /// away is in the trail before it is.
    pub(super) async fn answer(
        self,
        ctx: &Ctx,
        kind: &str,
        project: Option<Uuid>,
        name: &str,
        form: Form,
    ) -> Result<Response, PageError> {
        let format = if form == Form::Csv { "csv" } else { "xlsx" };
        let rows = Some(self.rows.len() as u64);
        let file = Exported { resource_type: kind, what: name, format, project, record: None, filter: &[], rows };
        kernel::exported(ctx, &file).await?;
        let (bytes, kind, extension) = match form {
            Form::Csv => (self.text(), "text/csv; charset=utf-8; header=present", "csv"),
            Form::Xlsx => {
                let packed = tokio::task::spawn_blocking(move || self.workbook()).await;
                let packed = packed.map_err(|error| Error::Broken(format!("a writing thread died: {error}")))?;
                (packed?, kernel::WORKBOOK_TYPE, "xlsx")
            }
        };
        Ok(attached(bytes, kind, &format!("{name}.{extension}")))
    }
}

/// A file as an answer, to be saved under `name` and nowhere on the way.
pub(super) fn attached(content: impl Into<Body>, kind: &str, name: &str) -> Response {
    let mut response = shared::attached(content, kind, name);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table() -> Csv {
        let mut csv = Csv::new(&["Key", "Title"]);
        csv.row(&["REQ-1", "a, \"b\""]);
        csv.row(&["REQ-2", "=1+1"]);
        csv.row(&["REQ-3", " ＠SUM(A1)"]);
        csv
    }

    #[test]
    fn cells_are_quoted_where_needed_and_never_become_formulas() {
        let text = String::from_utf8(table().text()).unwrap();
        assert_eq!(text, "Key,Title\r\nREQ-1,\"a, \"\"b\"\"\"\r\nREQ-2,'=1+1\r\nREQ-3,' ＠SUM(A1)\r\n");
        assert!(table().workbook().unwrap().starts_with(b"PK"));
    }
}
