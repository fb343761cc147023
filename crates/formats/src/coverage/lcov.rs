//! lcov tracefiles (`geninfo(1)`, formats of lcov 1 and 2), as written by lcov, gcov wrappers, Istanbul, coverlet,
//! cargo-llvm-cov and others.
//!
//! Line by line: `SF` opens a file, `end_of_record` closes it, between them `DA`, `BRDA`, `FN`, `FNDA` (lcov 2: `FNL`,
//! `FNA`). The same file may occur once per test name, so records are merged and come at the end.

use std::collections::HashMap;
use std::io::BufRead;

use crate::coverage::collect::Files;
use crate::coverage::record::{Event, Ratio, Totals};
use crate::decode::Text;
use crate::xml::shorten;
use crate::{Limits, ReadError};

/// Reads one tracefile. Files come in the order of their first appearance, then the totals.
pub struct Reader<R> {
    text: Text<R>,
    max_line_bytes: usize,
    files: Option<Files>,
    ready: std::vec::IntoIter<Event>,
}

/// Where in the tracefile the reader stands.
#[derive(Default)]
struct Place {
    line: u64,
    test: String,
    in_record: bool,
    /// Line of each function of the record by name (`FN`), or by index (`FNL`).
    functions: HashMap<String, u64>,
    any: bool,
}

impl<R: BufRead> Reader<R> {
    /// A reader of the tracefile that `inner` holds.
    pub fn new(inner: R, limits: Limits) -> Self {
        Self {
            text: Text::new(inner, &limits),
            max_line_bytes: limits.max_tag_bytes,
            files: Some(Files::new(&limits)),
            ready: Vec::new().into_iter(),
        }
    }

    fn read(&mut self, mut files: Files) -> Result<(), ReadError> {
        let mut totals = Totals::default();
        let mut place = Place::default();
        let mut buffer = String::new();
        loop {
            let more = self.text.read_into(&mut buffer)?;
            let mut from = 0;
            while let Some(length) = memchr::memchr(b'\n', &buffer.as_bytes()[from..]) {
                let line = &buffer[from..from + length];
                record(line, &mut place, &mut files, &mut totals)?;
                from += length + 1;
            }
            if !more && from < buffer.len() {
                record(&buffer[from..], &mut place, &mut files, &mut totals)?;
            }
            buffer.drain(..from);
            if !more {
                break;
            }
            if buffer.len() > self.max_line_bytes {
                return Err(ReadError::at_line(place.line + 1, "this line is too long for an lcov record"));
            }
        }
        if place.in_record {
            return Err(ReadError::at_line(
                place.line,
                "the file ends inside a record: its last `SF` has no `end_of_record`; it was probably cut off",
            ));
        }
        if !place.any {
            return Err(ReadError::at_line(1, "the file holds no lcov record (`SF:` … `end_of_record`)"));
        }
        totals.replaced = self.text.replaced();
        let mut events: Vec<Event> =
            files.finish(&mut totals).into_iter().map(|file| Event::File(Box::new(file))).collect();
        events.push(Event::Finished(Box::new(totals)));
        self.ready = events.into_iter();
        Ok(())
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(files) = self.files.take()
            && let Err(error) = self.read(files)
        {
            return Some(Err(error));
        }
        self.ready.next().map(Ok)
    }
}

fn record(text: &str, place: &mut Place, files: &mut Files, totals: &mut Totals) -> Result<(), ReadError> {
    place.line += 1;
    take(text.trim_matches([' ', '\t', '\u{FEFF}']), place, files, totals)
        .map_err(|reason| ReadError::at_line(place.line, reason))
}

fn take(text: &str, place: &mut Place, files: &mut Files, totals: &mut Totals) -> Result<(), String> {
    if text.is_empty() || text.starts_with('#') {
        return Ok(());
    }
    if text == "end_of_record" {
        if !std::mem::take(&mut place.in_record) {
            return Err("`end_of_record` closes nothing".to_owned());
        }
        place.functions.clear();
        return Ok(());
    }
    let Some((kind, value)) = text.split_once(':') else {
        return Err(format!("`{}` is not an lcov record", shorten(text)));
    };
    match kind {
        "TN" => value.clone_into(&mut place.test),
        "SF" => {
            if place.in_record {
                return Err("`SF` begins a record before `end_of_record` has closed the last one".to_owned());
            }
            if value.is_empty() {
                return Err("`SF` names no file".to_owned());
            }
            files.enter(&place.test, value)?;
            totals.entries.files += 1;
            (place.in_record, place.any) = (true, true);
        }
        "DA" | "BRDA" | "FN" | "FNDA" | "FNL" | "FNA" | "LF" | "LH" | "BRF" | "BRH" if !place.in_record => {
            return Err(format!("`{kind}` stands outside of a record; `SF` has to come first"));
        }
        "DA" => line(value, files, totals)?,
        "BRDA" => branch(value, files, totals)?,
        "FN" => {
            let (number, rest) = value.split_once(',').ok_or("`FN` needs a line and a name")?;
            // lcov 2 writes `FN:first,last,name`; a name cannot begin with a number and a comma.
            let name = match rest.split_once(',') {
                Some((last, name)) if last.parse::<u64>().is_ok() => name,
                _ => rest,
            };
            function(place, files, totals, name, number)?;
        }
        "FNDA" => {
            let (hits, name) = value.split_once(',').ok_or("`FNDA` needs a count and a name")?;
            called(place, files, totals, name, name, hits)?;
        }
        "FNL" => {
            let mut parts = value.split(',');
            let (Some(index), Some(number)) = (parts.next(), parts.next()) else {
                return Err("`FNL` needs an index and a line".to_owned());
            };
            place.functions.insert(index.to_owned(), whole(number, "FNL")?);
        }
        "FNA" => {
            let mut parts = value.splitn(3, ',');
            let (Some(index), Some(hits), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
                return Err("`FNA` needs an index, a count and a name".to_owned());
            };
            totals.entries.functions.total += 1;
            called(place, files, totals, index, name, hits)?;
        }
        "LF" => declare(&mut totals.declared.lines_total, value, kind)?,
        "LH" => declare(&mut totals.declared.lines_covered, value, kind)?,
        "BRF" => declare(&mut totals.declared.branches_total, value, kind)?,
        "BRH" => declare(&mut totals.declared.branches_covered, value, kind)?,
        // FNF, FNH, VER, MCDC and whatever comes next: known not to change lines, branches or functions.
        _ if !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') => {}
        _ => return Err(format!("`{}` is not an lcov record", shorten(text))),
    }
    Ok(())
}

/// `DA:line,hits[,checksum]`
fn line(value: &str, files: &mut Files, totals: &mut Totals) -> Result<(), String> {
    let mut parts = value.split(',');
    let (Some(number), Some(hits)) = (parts.next(), parts.next()) else {
        return Err("`DA` needs a line and a count".to_owned());
    };
    let number = whole(number, "DA")?;
    let hits = count(hits, "DA")?;
    totals.entries.lines.count(hits > 0);
    files.line(number, hits, true, Ratio::default())
}

/// `BRDA:line,[e]block,branch,taken`; a taken of `-` means that the line never ran. The branch may be an expression
/// with commas in it.
fn branch(value: &str, files: &mut Files, totals: &mut Totals) -> Result<(), String> {
    let needs = "`BRDA` needs a line, a block, a branch and a count";
    let (number, rest) = value.split_once(',').ok_or(needs)?;
    let (block, rest) = rest.split_once(',').ok_or(needs)?;
    let (branch, taken) = rest.rsplit_once(',').ok_or(needs)?;
    let taken = taken.trim() != "-" && count(taken, "BRDA")? > 0;
    totals.entries.branches.count(taken);
    files.branch(whole(number, "BRDA")?, block, branch, taken)
}

fn function(place: &mut Place, files: &mut Files, totals: &mut Totals, name: &str, line: &str) -> Result<(), String> {
    let line = whole(line, "FN")?;
    totals.entries.functions.total += 1;
    place.functions.insert(name.to_owned(), line);
    files.function(line, name, false)
}

fn called(
    place: &Place,
    files: &mut Files,
    totals: &mut Totals,
    id: &str,
    name: &str,
    hits: &str,
) -> Result<(), String> {
    let hit = count(hits, "FNDA")? > 0;
    totals.entries.functions.covered += u64::from(hit);
    // A call count for a function that was never declared still names a function; its line is unknown.
    files.function(place.functions.get(id).copied().unwrap_or(0), name, hit)
}

fn declare(sum: &mut Option<u64>, value: &str, kind: &str) -> Result<(), String> {
    *sum = Some(sum.unwrap_or(0).saturating_add(whole(value, kind)?));
    Ok(())
}

fn whole(text: &str, kind: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("`{kind}` has `{}` where a number belongs", shorten(text)))
}

/// A number of hits. Some tools write fractions or exponents, and counters have overflowed into the negative.
fn count(text: &str, kind: &str) -> Result<u64, String> {
    let text = text.trim();
    if let Ok(count) = text.parse() {
        return Ok(count);
    }
    match text.parse::<f64>() {
        Ok(count) if count.is_finite() && count < 0.0 => Ok(u64::MAX),
        // A fraction of a hit is a hit.
        Ok(count) if count.is_finite() => Ok(count.ceil() as u64),
        _ => Err(format!("`{kind}` has `{}` where a count belongs", shorten(text))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Vec<Event>, ReadError> {
        Reader::new(text.as_bytes(), Limits::default()).collect()
    }

    #[test]
    fn records_of_the_same_file_are_merged() {
        let text = "TN:one\nSF:a,b.c\nFN:3,f\nFN:5,9,g\nFNDA:1,f\nFNDA:0,g\nDA:1,0\nDA:2,1,checksum\nBRDA:2,0,0,-\nBRDA:2,0,a, b,1\nLF:2\nLH:1\nend_of_record\n\
                    TN:two\r\nSF:a,b.c\r\nFNL:0,7,8\r\nFNA:0,4,h\r\nDA:1,5\r\nBRDA:2,0,0,1\r\nLF:1\r\nLH:1\r\nVER:x\r\nend_of_record";
        let events = read(text).expect("well formed");
        let (Event::File(file), Event::Finished(totals)) = (&events[0], &events[1]) else { panic!("{events:?}") };
        assert_eq!((file.component.as_str(), file.path.as_str()), ("one", "a,b.c"));
        assert_eq!(file.lines, Ratio { covered: 2, total: 2 });
        assert_eq!(file.branches, Ratio { covered: 2, total: 2 });
        assert_eq!(file.functions, Ratio { covered: 2, total: 3 });
        assert_eq!(totals.entries.lines, Ratio { covered: 2, total: 3 });
        assert_eq!(totals.entries.branches, Ratio { covered: 2, total: 3 });
        assert_eq!((totals.entries.files, totals.files, totals.max_hits), (2, 1, 5));
        assert_eq!((totals.declared.lines_total, totals.declared.lines_covered), (Some(3), Some(2)));
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_line() {
        let reason = |text: &str| read(text).unwrap_err().to_string();
        assert!(reason("").contains("no lcov record"));
        assert!(reason("SF:a\nDA:1,1\n").starts_with("line 2: the file ends inside a record"));
        assert!(reason("SF:a\nDA:x,1\nend_of_record\n").starts_with("line 2: `DA` has `x`"));
        assert!(reason("DA:1,1\n").contains("outside of a record"));
        assert!(reason("SF:a\nhello\n").contains("`hello` is not"));
        assert!(reason("SF:a\nSF:b\n").contains("before `end_of_record`"));
        assert!(read("SF:a\nDA:1,-5\nDA:2,0.0\nend_of_record\n").is_ok());
    }
}
