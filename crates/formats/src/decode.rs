//! Bytes in whatever encoding a tool chose → clean UTF-8 text.
//!
//! What leaves this module can be stored as it is: no NUL, no control character that XML 1.0 forbids, no
//! noncharacter, line ends as `\n`. Anything that cannot be shown becomes U+FFFD and is counted, so that one stray
//! escape sequence in captured output does not cost somebody a report of 200,000 cases.

use std::io::BufRead;

use encoding_rs::{CoderResult, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::{Limits, ReadError};

/// How far into the file an XML declaration is looked for.
const DECLARATION_BYTES: usize = 1024;
/// Text decoded in one step.
const STEP_BYTES: usize = 64 << 10;

/// What was replaced by U+FFFD while decoding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replaced {
    /// How many characters or malformed byte sequences.
    pub count: u64,
    /// The line of the first one, from 1; 0 when there was none.
    pub first_line: u64,
}

/// Decodes a byte stream step by step.
pub(crate) struct Text<R> {
    inner: R,
    decoder: Option<encoding_rs::Decoder>,
    /// Bytes read while looking for the encoding, not decoded yet.
    prefix: Vec<u8>,
    scratch: String,
    read_bytes: u64,
    max_bytes: u64,
    line: u64,
    carriage_return_pending: bool,
    finished: bool,
    replaced: Replaced,
}

impl<R: BufRead> Text<R> {
    pub(crate) fn new(inner: R, limits: &Limits) -> Self {
        Self {
            inner,
            decoder: None,
            prefix: Vec::new(),
            scratch: String::new(),
            read_bytes: 0,
            max_bytes: limits.max_total_bytes,
            line: 1,
            carriage_return_pending: false,
            finished: false,
            replaced: Replaced::default(),
        }
    }

    pub(crate) fn replaced(&self) -> Replaced {
        self.replaced
    }

    /// Appends the next piece of text. False: the file has ended and nothing was appended.
    pub(crate) fn read_into(&mut self, out: &mut String) -> Result<bool, ReadError> {
        let before = out.len();
        while out.len() == before {
            if self.finished {
                return Ok(false);
            }
            self.step(out)?;
        }
        Ok(true)
    }

    fn step(&mut self, out: &mut String) -> Result<(), ReadError> {
        if self.decoder.is_none() {
            self.find_encoding()?;
        }
        let Some(decoder) = self.decoder.as_mut() else {
            return Ok(());
        };
        let reading_prefix = !self.prefix.is_empty();
        let (source, last) = if reading_prefix {
            (self.prefix.as_slice(), false)
        } else {
            let source = fill(&mut self.inner, self.line)?;
            (&source[..source.len().min(STEP_BYTES)], source.is_empty())
        };
        let taken = source.len();
        // Where in the scratch the first malformed sequence stands.
        let mut malformed_at = None;
        self.scratch.clear();
        let mut rest = source;
        loop {
            self.scratch.reserve(rest.len().max(64));
            let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut self.scratch, last);
            rest = &rest[read..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.scratch.push('\u{FFFD}');
                    self.replaced.count += 1;
                    malformed_at.get_or_insert(self.scratch.len() - 3);
                }
            }
        }
        if reading_prefix {
            self.prefix.clear();
        } else {
            self.inner.consume(taken);
            self.read_bytes += taken as u64;
        }
        if self.read_bytes > self.max_bytes {
            return Err(ReadError::at_line(
                self.line,
                format!("the file is larger than the {} bytes this server reads; split it", self.max_bytes),
            ));
        }
        self.clean(out, malformed_at);
        if last {
            self.finished = true;
            if std::mem::take(&mut self.carriage_return_pending) {
                out.push('\n');
            }
        }
        Ok(())
    }

    /// Moves the decoded text to `out`, with line ends and forbidden characters put right.
    fn clean(&mut self, out: &mut String, malformed_at: Option<usize>) {
        let clean = !self.carriage_return_pending
            && (malformed_at.is_none() || self.replaced.first_line > 0)
            && !self.scratch.bytes().any(|byte| byte < 0x20 && byte != b'\n' && byte != b'\t')
            && !self.scratch.contains(['\u{FFFE}', '\u{FFFF}']);
        if clean {
            self.line += memchr::memchr_iter(b'\n', self.scratch.as_bytes()).count() as u64;
            out.push_str(&self.scratch);
            return;
        }
        for (at, character) in self.scratch.char_indices() {
            if std::mem::take(&mut self.carriage_return_pending) {
                out.push('\n');
                self.line += 1;
                if character == '\n' {
                    continue;
                }
            }
            if malformed_at == Some(at) && self.replaced.first_line == 0 {
                self.replaced.first_line = self.line;
            }
            match character {
                '\r' => self.carriage_return_pending = true,
                '\n' => {
                    out.push('\n');
                    self.line += 1;
                }
                other if is_allowed(other) => out.push(other),
                _ => {
                    out.push('\u{FFFD}');
                    self.replaced.count += 1;
                    if self.replaced.first_line == 0 {
                        self.replaced.first_line = self.line;
                    }
                }
            }
        }
    }

    fn find_encoding(&mut self) -> Result<(), ReadError> {
        while self.prefix.len() < DECLARATION_BYTES {
            let source = fill(&mut self.inner, 1)?;
            if source.is_empty() {
                break;
            }
            let taken = source.len().min(DECLARATION_BYTES - self.prefix.len());
            self.prefix.extend_from_slice(&source[..taken]);
            self.inner.consume(taken);
            self.read_bytes += taken as u64;
        }
        let (encoding, mark) = detect(&self.prefix)?;
        self.prefix.drain(..mark);
        self.decoder = Some(encoding.new_decoder_without_bom_handling());
        Ok(())
    }
}

fn fill<R: BufRead>(inner: &mut R, line: u64) -> Result<&[u8], ReadError> {
    // The borrow checker does not accept returning from inside the retry loop, hence the two calls.
    loop {
        match inner.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(ReadError::at_line(line, format!("the file could not be read further: {error}")));
            }
        }
    }
    inner.fill_buf().map_err(|error| ReadError::at_line(line, format!("the file could not be read further: {error}")))
}

/// A character that XML 1.0 (§2.2) allows, carriage return aside; also what PostgreSQL can store.
pub(crate) fn is_allowed(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{B}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// The encoding of a file by its first bytes, and how many of them are a byte order mark.
///
/// A byte order mark wins, then the pattern of zero bytes that UTF-16 leaves, then what an XML declaration says,
/// then UTF-8. A declaration of UTF-16 in a file that is visibly not UTF-16 is what remains when a tool converts a
/// file without touching its first line; such a file is UTF-8.
pub(crate) fn detect(prefix: &[u8]) -> Result<(&'static Encoding, usize), ReadError> {
    let refuse = |reason: &str| Err(ReadError::at_line(1, reason));
    match prefix {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] | [b'<', 0, 0, 0, ..] | [0, 0, 0, b'<', ..] => {
            return refuse("the file is in UTF-32, which this server does not read; save it as UTF-8");
        }
        [0xEF, 0xBB, 0xBF, ..] => return Ok((UTF_8, 3)),
        [0xFF, 0xFE, ..] => return Ok((UTF_16LE, 2)),
        [0xFE, 0xFF, ..] => return Ok((UTF_16BE, 2)),
        [low, 0, ..] if low.is_ascii() && *low != 0 => return Ok((UTF_16LE, 0)),
        [0, high, ..] if high.is_ascii() && *high != 0 => return Ok((UTF_16BE, 0)),
        _ => {}
    }
    let Some(label) = declared_encoding(prefix) else {
        return Ok((UTF_8, 0));
    };
    let plain: String = label.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
    if plain.starts_with("utf16") || plain.starts_with("utf8") || plain.starts_with("ucs2") || plain == "unicode" {
        return Ok((UTF_8, 0));
    }
    match Encoding::for_label(label.as_bytes()) {
        // Single-byte and East Asian encodings alike; the Encoding Standard reads ISO-8859-1 as its superset windows-1252.
        Some(encoding) if encoding != encoding_rs::REPLACEMENT => Ok((encoding, 0)),
        _ => refuse(&format!(
            "the file declares the encoding `{}`, which this server does not know; save it as UTF-8",
            label.chars().take(40).collect::<String>()
        )),
    }
}

/// The `encoding` of an XML declaration, as written.
fn declared_encoding(prefix: &[u8]) -> Option<String> {
    let start = prefix.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let declaration = prefix[start..].strip_prefix(b"<?xml")?;
    let end = memchr::memmem::find(declaration, b"?>")?;
    let declaration = String::from_utf8_lossy(&declaration[..end]);
    let after = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let value = after[1..].split(quote).next()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Decodes as much of `prefix` as is whole, for recognition. Malformed bytes become U+FFFD.
pub(crate) fn decode_prefix(prefix: &[u8]) -> Result<String, ReadError> {
    let (encoding, mark) = detect(prefix)?;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let source = &prefix[mark..];
    let capacity = decoder.max_utf8_buffer_length(source.len()).unwrap_or(source.len() * 3);
    let mut text = String::with_capacity(capacity);
    let (result, _, _) = decoder.decode_to_string(source, &mut text, false);
    debug_assert_eq!(result, CoderResult::InputEmpty);
    Ok(text)
}
