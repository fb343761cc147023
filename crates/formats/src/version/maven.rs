//! Maven's versions: ComparableVersion and its "Version Order Specification".
//!
//! Lists inside lists: a hyphen, and a change between digits and letters, begin an inner one. What Maven compares with nothing at all (the end
//! of the other version) is told by where the byte that begins an item stands to the byte that ends a list.

use super::push_number;

const END: u8 = 0x20;
/// Begins a list that is before the end, such as one that begins with `alpha`.
const EARLY_LIST: u8 = 0x18;
const LIST: u8 = 0x40;
const NUMBER: u8 = 0x60;
/// A zero and the least number behind it: words may follow zeros (`4.1.0.Beta1`), and those are still words behind `4.1`.
pub(super) const FURTHER_NUMBER: [u8; 4] = [NUMBER, 0, NUMBER, 1];
/// Qualifiers before a release; their places are their bytes after this one.
const EARLY: u8 = 0x10;
const SERVICE_PACK: u8 = 0x30;
const WORD: u8 = 0x31;

enum Item {
    Number(String),
    /// In small letters, its other names resolved; empty for a release.
    Word(String),
    List(Vec<Item>),
}

impl Item {
    fn word(text: &str, before_digit: bool) -> Self {
        let name = match (text, before_digit) {
            ("a", true) => "alpha",
            ("b", true) => "beta",
            ("m", true) => "milestone",
            ("cr", _) => "rc",
            ("ga" | "final" | "release", _) => "",
            _ => text,
        };
        Self::Word(name.to_owned())
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Number(digits) => digits.bytes().all(|byte| byte == b'0'),
            Self::Word(word) => word.is_empty(),
            Self::List(items) => items.is_empty(),
        }
    }

    /// How it stands to the end of the other version.
    fn is_early(&self) -> bool {
        match self {
            Self::Number(_) => false,
            Self::Word(word) => early(word).is_some(),
            Self::List(items) => items.iter().find(|item| !item.is_nothing()).is_some_and(Self::is_early),
        }
    }
}

fn early(word: &str) -> Option<u8> {
    let all = ["alpha", "beta", "milestone", "rc", "snapshot"];
    all.iter().position(|one| *one == word).and_then(|at| u8::try_from(at).ok()).map(|at| EARLY + at)
}

pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    if !version.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut out = Vec::with_capacity(version.len() * 2);
    push_list(&mut out, &parse(&version.to_lowercase()))?;
    Some(out)
}

/// The lists that are open, the innermost last; all are closed at the end.
fn parse(version: &str) -> Vec<Item> {
    let mut open: Vec<Vec<Item>> = vec![Vec::new()];
    let mut piece = String::new();
    let take = |open: &mut Vec<Vec<Item>>, piece: &mut String, before_digit: bool| {
        let item = match piece.chars().next() {
            None => Item::Number("0".to_owned()),
            Some(first) if first.is_ascii_digit() => Item::Number(std::mem::take(piece)),
            Some(_) => Item::word(&std::mem::take(piece), before_digit),
        };
        if let Some(list) = open.last_mut() {
            list.push(item);
        }
    };
    for c in version.chars() {
        match c {
            '.' => take(&mut open, &mut piece, false),
            '-' | '_' => {
                take(&mut open, &mut piece, false);
                open.push(Vec::new());
            }
            _ => {
                if piece.chars().last().is_some_and(|last| last.is_ascii_digit() != c.is_ascii_digit()) {
                    take(&mut open, &mut piece, c.is_ascii_digit());
                    open.push(Vec::new());
                }
                piece.push(c);
            }
        }
    }
    if !piece.is_empty() {
        take(&mut open, &mut piece, false);
    }
    loop {
        let mut inner = open.pop().unwrap_or_default();
        trim(&mut inner);
        match open.last_mut() {
            Some(outer) => outer.push(Item::List(inner)),
            None => return inner,
        }
    }
}

/// Takes away what says nothing at the end, also before inner lists.
fn trim(items: &mut Vec<Item>) {
    for at in (0..items.len()).rev() {
        if items[at].is_nothing() {
            items.remove(at);
        } else if !matches!(items[at], Item::List(_)) {
            break;
        }
    }
}

fn push_list(out: &mut Vec<u8>, items: &[Item]) -> Option<()> {
    for item in items {
        match item {
            Item::Number(digits) => {
                out.push(NUMBER);
                push_number(out, digits)?;
            }
            Item::Word(word) if word.is_empty() => out.push(END + 1),
            Item::Word(word) if word == "sp" => out.push(SERVICE_PACK),
            Item::Word(word) => match early(word) {
                Some(code) => out.push(code),
                None => {
                    out.push(WORD);
                    out.extend(word.bytes());
                    out.push(0);
                }
            },
            Item::List(inner) => {
                out.push(if item.is_early() { EARLY_LIST } else { LIST });
                push_list(out, inner)?;
            }
        }
    }
    out.push(END);
    Some(())
}
