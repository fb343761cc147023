//! Text of any length, of which only the beginning and the end are kept.

use std::fmt;

/// At most `most` characters of a text.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => text[..at].to_owned(),
    }
}

/// The beginning and the end of a long text, and how much lies between them.
///
/// Test frameworks put megabytes of captured output into one element. The beginning tells how a run was set up, the
/// end how it failed; what lies between is counted and dropped. A text that fits is kept whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The beginning; the whole text when nothing was dropped.
    pub head: String,
    /// The end; empty when nothing was dropped.
    pub tail: String,
    /// UTF-8 bytes left out between the two.
    pub dropped_bytes: u64,
    /// Characters (Unicode scalar values) of the whole text, dropped ones included.
    pub total_chars: u64,
}

impl Excerpt {
    /// Nothing was written at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total_chars == 0
    }
}

/// Head, a line saying how much is missing, tail.
impl fmt::Display for Excerpt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.head)?;
        if self.dropped_bytes > 0 {
            write!(out, "\n… {} bytes left out …\n", self.dropped_bytes)?;
        }
        out.write_str(&self.tail)
    }
}

/// Collects an [`Excerpt`] piece by piece. The result depends on the text alone, not on how it was cut into pieces.
#[derive(Debug)]
pub(crate) struct Collector {
    head: String,
    tail: String,
    head_limit: usize,
    tail_limit: usize,
    head_full: bool,
    total_bytes: u64,
    total_chars: u64,
}

impl Collector {
    pub(crate) fn new(head_limit: usize, tail_limit: usize) -> Self {
        Self {
            head: String::new(),
            tail: String::new(),
            head_limit,
            tail_limit,
            head_full: false,
            total_bytes: 0,
            total_chars: 0,
        }
    }

    pub(crate) fn push(&mut self, mut piece: &str) {
        self.total_bytes += piece.len() as u64;
        self.total_chars += piece.chars().count() as u64;
        if !self.head_full {
            let room = self.head_limit - self.head.len();
            let fits = piece.floor_char_boundary(room);
            self.head.push_str(&piece[..fits]);
            piece = &piece[fits..];
            self.head_full = !piece.is_empty();
        }
        if self.head_full {
            // Only the last `tail_limit` bytes of a piece can matter.
            if piece.len() > self.tail_limit {
                self.tail.clear();
                piece = &piece[piece.ceil_char_boundary(piece.len() - self.tail_limit)..];
            }
            self.tail.push_str(piece);
            // Trimming at twice the limit keeps the cost per byte constant.
            if self.tail.len() > self.tail_limit.saturating_mul(2) {
                self.trim_tail();
            }
        }
    }

    /// Adds what an excerpt kept, and counts what it did not.
    pub(crate) fn push_excerpt(&mut self, excerpt: &Excerpt) {
        let kept_chars = (excerpt.head.chars().count() + excerpt.tail.chars().count()) as u64;
        self.push(&excerpt.head);
        if excerpt.dropped_bytes > 0 {
            // What follows a gap can only be an end.
            self.head_full = true;
            self.tail.clear();
            self.total_bytes += excerpt.dropped_bytes;
            self.total_chars += excerpt.total_chars - kept_chars;
        }
        self.push(&excerpt.tail);
    }

    fn trim_tail(&mut self) {
        if self.tail.len() > self.tail_limit {
            let cut = self.tail.ceil_char_boundary(self.tail.len() - self.tail_limit);
            self.tail.drain(..cut);
        }
    }

    pub(crate) fn finish(mut self) -> Excerpt {
        self.trim_tail();
        let dropped_bytes = self.total_bytes - (self.head.len() + self.tail.len()) as u64;
        if dropped_bytes == 0 {
            self.head.push_str(&self.tail);
            self.tail.clear();
        }
        Excerpt { head: self.head, tail: self.tail, dropped_bytes, total_chars: self.total_chars }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(text: &str, piece: usize, head: usize, tail: usize) -> Excerpt {
        let mut collector = Collector::new(head, tail);
        let characters: Vec<char> = text.chars().collect();
        for part in characters.chunks(piece) {
            collector.push(&part.iter().collect::<String>());
        }
        collector.finish()
    }

    #[test]
    fn a_text_that_fits_is_kept_whole() {
        let kept = collect("hello world", 3, 6, 6);
        assert_eq!((kept.head.as_str(), kept.tail.as_str(), kept.dropped_bytes), ("hello world", "", 0));
        assert_eq!(kept.total_chars, 11);
    }

    #[test]
    fn a_long_text_keeps_both_ends_and_counts_the_middle() {
        let kept = collect("0123456789", 1, 3, 2);
        assert_eq!((kept.head.as_str(), kept.tail.as_str(), kept.dropped_bytes), ("012", "89", 5));
        assert_eq!(kept.to_string(), "012\n… 5 bytes left out …\n89");
    }

    #[test]
    fn excerpts_join_without_losing_count() {
        let mut collector = Collector::new(3, 2);
        collector.push_excerpt(&collect("0123456789", 1, 3, 2));
        collector.push_excerpt(&collect("abc", 1, 3, 2));
        let kept = collector.finish();
        assert_eq!((kept.head.as_str(), kept.tail.as_str()), ("012", "bc"));
        assert_eq!((kept.dropped_bytes, kept.total_chars), (8, 13));
    }

    #[test]
    fn characters_are_never_cut_in_two_however_the_text_arrives() {
        let text = "añ€𒍺".repeat(50);
        let whole = collect(&text, 10_000, 6, 7);
        for piece in 1..9 {
            assert_eq!(collect(&text, piece, 6, 7), whole);
        }
        assert_eq!(whole.head.len() + whole.tail.len() + whole.dropped_bytes as usize, text.len());
    }
}
