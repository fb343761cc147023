//! Tables as CSV (RFC 4180), for what a page shows.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

/// A table, row by row.
pub(super) struct Csv(Vec<u8>);

impl Csv {
    /// A table that begins with its heads.
    pub(super) fn new<T: AsRef<str>>(heads: &[T]) -> Self {
        let mut csv = Self(Vec::new());
        csv.row(heads);
        csv
    }

    /// Adds a row.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.0.push(b',');
            }
            kernel::write_cell(&mut self.0, cell.as_ref(), true);
        }
        self.0.extend_from_slice(b"\r\n");
    }

    /// The answer, to be saved under `name`.
    pub(super) fn answer(self, name: &str) -> Response {
        let mut response = self.0.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cells_are_quoted_where_needed_and_never_become_formulas() {
        let mut csv = Csv::new(&["Key", "Title"]);
        csv.row(&["REQ-1", "a, \"b\""]);
        csv.row(&["REQ-2", "=1+1"]);
        csv.row(&["REQ-3", " ＠SUM(A1)"]);
        let text = String::from_utf8(csv.0).unwrap();
        assert_eq!(text, "Key,Title\r\nREQ-1,\"a, \"\"b\"\"\"\r\nREQ-2,'=1+1\r\nREQ-3,' ＠SUM(A1)\r\n");
    }
}
