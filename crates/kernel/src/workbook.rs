//! Tables as workbooks (Office Open XML), row by row and with little memory: rows go to a temporary file as they come.
//!
//! Text is text, so nothing in it is ever run; text that a spreadsheet would take for a formula once it is edited is marked as
//! quoted, as an apostrophe in front would do, and reads back as it was.

use std::io::{Seek as _, SeekFrom};

use base::Problem;
use rust_xlsxwriter::{Format, Workbook as Book, XlsxError};

use crate::{Error, export::is_formula};

/// The media type.
pub const WORKBOOK_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Rows of a sheet at most, its heads included.
const ROWS: u32 = 1_048_576;
/// Characters of a cell at most.
const CHARACTERS: usize = 32_767;
/// Digits that a spreadsheet keeps of a number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Nothing,
    /// Text.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// A workbook of one sheet that is being written.
pub struct Workbook {
    book: Book,
    row: u32,
    quoted: Format,
}

fn broken(error: &XlsxError) -> Error {
    Error::Broken(format!("a workbook could not be written: {error}"))
}

impl Workbook {
    /// A workbook whose first row names the columns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn new<T: AsRef<str>>(heads: &[T]) -> Result<Self, Error> {
        let mut book = Book::new();
        let bold = Format::new().set_bold();
        let sheet = book.add_worksheet_with_constant_memory().map_err(|error| broken(&error))?;
        sheet.set_freeze_panes(1, 0).map_err(|error| broken(&error))?;
        for (at, head) in (0..).zip(heads) {
            sheet.write_string_with_format(0, at, head.as_ref(), &bold).map_err(|error| broken(&error))?;
        }
        Ok(Self { book, row: 0, quoted: Format::new().set_quote_prefix() })
    }

    /// Adds a row. Text over 32,767 characters, the most a cell holds, is cut.
    ///
    /// # Errors
    /// 422 when the sheet is full, and when the disk refuses.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<(), Error> {
        self.row += 1;
        if self.row >= ROWS {
            return Err(Problem::invalid(format!(
                "A workbook holds at most {} rows; narrow the list, or take it as CSV.",
                ROWS - 1
            ))
            .into());
        }
        let sheet = self.book.worksheet_from_index(0).map_err(|error| broken(&error))?;
        for (at, cell) in (0..).zip(cells) {
            let written = match cell {
                Cell::Nothing => continue,
                Cell::Number(number) if number.is_finite() && number.abs() < EXACT => {
                    sheet.write_number(self.row, at, number).map(|_| ())
                }
                Cell::Number(number) => sheet.write_string(self.row, at, number.to_string()).map(|_| ()),
                Cell::Flag(yes) => sheet.write_boolean(self.row, at, yes).map(|_| ()),
                Cell::Text(text) => {
                    let end = text.char_indices().nth(CHARACTERS).map_or(text.len(), |(at, _)| at);
                    let text = &text[..end];
                    if is_formula(text) {
                        sheet.write_string_with_format(self.row, at, text, &self.quoted).map(|_| ())
                    } else {
                        sheet.write_string(self.row, at, text).map(|_| ())
                    }
                }
            };
            written.map_err(|error| broken(&error))?;
        }
        Ok(())
    }

    /// The whole as a file without a name, to be read from its beginning. To be called where waiting is allowed.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(mut self) -> Result<std::fs::File, Error> {
        let failed = |source| Error::Io { doing: "a workbook could not be kept on disk".into(), source };
        let mut file = tempfile::tempfile().map_err(failed)?;
        self.book.save_to_writer(std::io::BufWriter::new(&mut file)).map_err(|error| broken(&error))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(file)
    }
}
