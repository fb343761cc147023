//! The current filter as a file: CSV (RFC 4180), NDJSON or a workbook, read row by row.

use std::time::Duration;

use base::{Problem, ProblemKind};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_postgres::RowStream;

use crate::{
    Ctx, Error, Export,
    access::permit,
    catalogue::Served,
    encode::{Raw, Row, write_value},
    param::Param,
    past::must_be_told,
    schema::ColumnType,
    select::ListQuery,
    store::Tx,
    trail::{Exported, export_ended, exported},
    workbook::{Cell, WORKBOOK_TYPE, Workbook},
};

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// `text/csv`, with a header line.
    Csv,
    /// `application/x-ndjson`, one object a line.
    Ndjson,
    /// A workbook of Office Open XML.
    Xlsx,
}

impl ExportFormat {
    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => WORKBOOK_TYPE,
        }
    }

    /// The ending of the file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Pieces of the file, in order.
pub type ExportStream = std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// Bytes gathered before a piece is handed on.
const PIECE: usize = 32 * 1024;

/// Exports at once at most. Each holds a connection, and a slow reader must not take them all.
pub(crate) const AT_ONCE: usize = 4;

/// How long a reader may leave a piece lying before the export is broken off.
const PATIENCE: Duration = Duration::from_secs(10);

struct Exporter {
    rows: std::pin::Pin<Box<RowStream>>,
    // Keeps the transaction open until the last row has been read.
    tx: Option<Tx>,
    head: Option<Bytes>,
    shape: Shape,
    count: u64,
    done: bool,
}

enum Shape {
    Csv(Vec<(ColumnType, usize)>),
    Ndjson(Row),
    /// A workbook is whole only at its end: rows are gathered in it, and it is handed on as a file.
    Xlsx(Vec<(ColumnType, usize)>, Book),
}

enum Book {
    Open(Box<Workbook>),
    Whole(std::fs::File),
    Gone,
}

/// All rows of `served` that the filter of `query` lets through and the actor may export. A reader that takes nothing
/// for ten seconds is cut off: the stream ends with an error, so that half a file is never taken for a whole one.
///
/// # Errors
/// 403 when the actor may export none of these, 503 when too many exports are running.
pub async fn export(
    ctx: &Ctx,
    served: &Served,
    mut query: ListQuery,
    format: ExportFormat,
) -> Result<ExportStream, Error> {
    let reach = permit::<Export>(ctx, served.resource)?;
    query.within(ctx, served, &reach)?;
    let selection = query.selection(served);
    let (sql, params) = query.sql(served, &selection, None)?;
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let room = ctx.kernel.exports.clone().try_acquire_owned().map_err(|_| {
        Problem::new(
            ProblemKind::Unavailable,
            "As many exports as there can be are running; try again when one has ended.",
        )
        .retry_after(5)
    })?;
    // Before the first row leaves: what cannot be written down is not handed out.
    let taken = Exported {
        resource_type: served.resource.permission,
        what: served.resource.name,
        format: format.extension(),
        project: None,
        record: None,
        filter: query.asked(),
        rows: None,
    };
    exported(ctx, &taken).await?;
    let tx = ctx.begin_read().await?;
    if let Some(moment) = query.as_of() {
        must_be_told(&tx, served, moment, None).await?;
    }
    let rows = Box::pin(tx.stream(&sql, &refs).await?);
    let (head, shape) = match format {
        ExportFormat::Ndjson => (None, Shape::Ndjson(selection.encoder())),
        ExportFormat::Csv => {
            let names: Vec<&str> = selection.shown().map(|(name, _, _)| name).collect();
            let head = Bytes::from(format!("{}\r\n", names.join(",")));
            (Some(head), Shape::Csv(selection.shown().map(|(_, kind, at)| (kind, at)).collect()))
        }
        ExportFormat::Xlsx => {
            let names: Vec<&str> = selection.shown().map(|(name, _, _)| name).collect();
            let book = Book::Open(Box::new(Workbook::new(&names)?));
            (None, Shape::Xlsx(selection.shown().map(|(_, kind, at)| (kind, at)).collect(), book))
        }
    };
    let mut exporter = Exporter { rows, tx: Some(tx), head, shape, count: 0, done: false };
    let (pieces, taken) = mpsc::channel(2);
    let (ctx, resource) = (ctx.clone(), served.resource);
    // Not driven by the reader, so that a reader who stops does not keep the connection.
    let work = tokio::spawn(async move {
        let _room = room;
        let (mut is_taken, mut is_whole) = (true, true);
        while is_taken && let Some(piece) = exporter.next_piece().await {
            is_whole &= piece.is_ok();
            is_taken = pieces.send_timeout(piece, PATIENCE).await.is_ok();
        }
        let rows = exporter.count;
        // Its connection first: the row takes another one.
        drop(exporter);
        export_ended(&ctx, resource, format.extension(), rows, is_taken && is_whole).await;
        is_taken
    });
    Ok(Box::pin(stream::unfold((taken, Some(work)), |(mut taken, work)| async move {
        if let Some(piece) = taken.recv().await {
            return Some((piece, (taken, work)));
        }
        match work?.await {
            Ok(true) => None,
            _ => {
                Some((Err(Error::Broken("the export was broken off: its reader took too long".into())), (taken, None)))
            }
        }
    })))
}

impl Exporter {
    async fn next_piece(&mut self) -> Option<Result<Bytes, Error>> {
        if let Some(head) = self.head.take() {
            return Some(Ok(head));
        }
        if self.done {
            return self.shape.rest().await;
        }
        let mut piece = Vec::with_capacity(PIECE + 4096);
        while piece.len() < PIECE {
            match self.rows.next().await {
                Some(Ok(row)) => {
                    if let Err(error) = self.shape.write(&mut piece, &row) {
                        self.done = true;
                        self.shape.give_up();
                        return Some(Err(error));
                    }
                    self.count += 1;
                }
                Some(Err(error)) => {
                    self.done = true;
                    self.shape.give_up();
                    return Some(Err(error.into()));
                }
                None => {
                    self.done = true;
                    if let Some(tx) = self.tx.take()
                        && let Err(error) = tx.commit().await
                    {
                        return Some(Err(error));
                    }
                    break;
                }
            }
        }
        if piece.is_empty() { self.shape.rest().await } else { Some(Ok(piece.into())) }
    }
}

impl Shape {
    /// What follows when all rows have been read: the workbook, piece by piece. Nothing of the other forms.
    async fn rest(&mut self) -> Option<Result<Bytes, Error>> {
        let Self::Xlsx(_, book) = self else { return None };
        // Packing the file and reading it wait for the disk.
        let work = match std::mem::replace(book, Book::Gone) {
            Book::Gone => return None,
            Book::Open(open) => tokio::task::spawn_blocking(move || piece_of(open.finish()?)),
            Book::Whole(file) => tokio::task::spawn_blocking(move || piece_of(file)),
        };
        match work.await {
            Ok(Ok(Some((piece, file)))) => {
                *book = Book::Whole(file);
                Some(Ok(piece))
            }
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some(Err(error)),
            Err(error) => Some(Err(Error::Broken(format!("a writing thread died: {error}")))),
        }
    }

    fn give_up(&mut self) {
        if let Self::Xlsx(_, book) = self {
            *book = Book::Gone;
        }
    }

    fn write(&mut self, out: &mut Vec<u8>, row: &tokio_postgres::Row) -> Result<(), Error> {
        match self {
            Self::Ndjson(encoder) => {
                encoder.write(out, row)?;
                out.push(b'\n');
            }
            Self::Csv(columns) => {
                let mut json = Vec::new();
                for (position, (kind, at)) in columns.iter().enumerate() {
                    if position > 0 {
                        out.push(b',');
                    }
                    json.clear();
                    let raw = row.try_get::<_, Raw<'_>>(*at)?.0;
                    if raw.is_some() {
                        write_value(&mut json, *kind, raw)?;
                        cell(out, *kind, &json);
                    }
                }
                out.extend_from_slice(b"\r\n");
            }
            Self::Xlsx(columns, Book::Open(book)) => {
                let mut texts = Vec::with_capacity(columns.len());
                for (kind, at) in columns.iter() {
                    let raw = row.try_get::<_, Raw<'_>>(*at)?.0;
                    let mut json = Vec::new();
                    if raw.is_some() {
                        write_value(&mut json, *kind, raw)?;
                    }
                    texts.push(Valued::of(&json));
                }
                book.row(texts.iter().map(Valued::cell))?;
            }
            Self::Xlsx(..) => {}
        }
        Ok(())
    }
}

/// The next piece of a file; None at its end.
fn piece_of(mut file: std::fs::File) -> Result<Option<(Bytes, std::fs::File)>, Error> {
    let mut piece = vec![0; PIECE];
    let read = std::io::Read::read(&mut file, &mut piece)
        .map_err(|source| Error::Io { doing: "a workbook could not be read back".into(), source })?;
    piece.truncate(read);
    Ok((read > 0).then(|| (piece.into(), file)))
}

/// A value on its way into a cell.
enum Valued {
    Nothing,
    Text(String),
    Number(f64),
    Flag(bool),
}

impl Valued {
    fn of(json: &[u8]) -> Self {
        if json.is_empty() {
            return Self::Nothing;
        }
        match serde_json::from_slice::<serde_json::Value>(json) {
            Ok(serde_json::Value::String(text)) => Self::Text(text),
            Ok(serde_json::Value::Bool(yes)) => Self::Flag(yes),
            Ok(serde_json::Value::Null) => Self::Nothing,
            Ok(serde_json::Value::Number(number)) => match number.as_f64() {
                Some(number) => Self::Number(number),
                None => Self::Text(number.to_string()),
            },
            _ => Self::Text(String::from_utf8_lossy(json).into_owned()),
        }
    }

    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Nothing => Cell::Nothing,
            Self::Text(text) => Cell::Text(text),
            Self::Number(number) => Cell::Number(*number),
            Self::Flag(yes) => Cell::Flag(*yes),
        }
    }
}

/// One cell of a column.
fn cell(out: &mut Vec<u8>, kind: ColumnType, json: &[u8]) {
    let text = match serde_json::from_slice::<serde_json::Value>(json) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::from_utf8_lossy(json).into_owned(),
    };
    write_cell(out, &text, matches!(kind, ColumnType::Text));
}

/// Whether a spreadsheet would run a text as a formula.
pub(crate) fn is_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Writes a row of a CSV file (RFC 4180) whose cells are free text.
pub fn write_row<T: AsRef<str>>(out: &mut Vec<u8>, cells: &[T]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_cell(out, cell.as_ref(), true);
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes one cell of a CSV file, quoted where it has to be. `free` text that a spreadsheet would run as a formula gets
/// an apostrophe in front; numbers and dates of ours stay what they are.
fn write_cell(out: &mut Vec<u8>, text: &str, free: bool) {
    let text = if free && is_formula(text) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        out.push(b'"');
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell_of(text: &str) -> String {
        let mut out = Vec::new();
        cell(&mut out, ColumnType::Text, &serde_json::to_vec(text).expect("a string"));
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn cells_are_quoted_where_needed_and_never_formulas() {
        assert_eq!(cell_of("plain"), "plain");
        assert_eq!(cell_of("a,b"), "\"a,b\"");
        assert_eq!(cell_of("say \"x\""), "\"say \"\"x\"\"\"");
        for formula in ["=1+1", "  @SUM(A1)", "＝1", "\t=1"] {
            assert!(cell_of(formula).trim_start_matches('"').starts_with('\''), "{formula}");
        }
    }
}
