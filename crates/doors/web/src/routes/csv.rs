//! Tables as CSV (RFC 4180), for what a page shows.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

/// A table, row by row.
pub(super) struct Csv(String);

impl Csv {
    /// A table that begins with its heads.
    pub(super) fn new<T: AsRef<str>>(heads: &[T]) -> Self {
        let mut csv = Self(String::new());
        csv.row(heads);
        csv
    }

    /// Adds a row.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            self.cell(cell.as_ref());
        }
        self.0.push_str("\r\n");
    }

    /// A spreadsheet must not take a text for a formula: such a text gets an apostrophe in front.
    fn cell(&mut self, text: &str) {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if !formula && !text.contains([',', '"', '\n', '\r']) {
            self.0.push_str(text);
            return;
        }
        self.0.push('"');
        if formula {
            self.0.push('\'');
        }
        self.0.push_str(&text.replace('"', "\"\""));
        self.0.push('"');
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
    use super::*;

    #[test]
    fn cells_are_quoted_where_needed_and_never_become_formulas() {
        let mut csv = Csv::new(&["Key", "Title"]);
        csv.row(&["REQ-1", "a, \"b\""]);
        csv.row(&["REQ-2", "=1+1"]);
        assert_eq!(csv.0, "Key,Title\r\nREQ-1,\"a, \"\"b\"\"\"\r\nREQ-2,\"'=1+1\"\r\n");
    }
}
