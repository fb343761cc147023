//! What a CHECK constraint says about one column, read from its definition as PostgreSQL prints it. A definition that
//! is not understood teaches nothing; PostgreSQL still enforces it.

use std::sync::LazyLock;

use regex::Regex;

use crate::schema::{Check, Column};

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).expect("a constant pattern is valid"));
    };
}

pattern!(VALUES, r"^\(*(\w+) = ANY \(ARRAY\[(.*)\]\)\)*$");
pattern!(VALUE, r"'((?:[^']|'')*)'(?:::\w+)?");
pattern!(ONE_VALUE, r"^\(*(\w+) = '([^']*)'::text\)*$");
pattern!(LENGTH, r"^\(*char_length\((\w+)\) (<=|>=|<|>) (\d+)\)*$");
pattern!(LENGTH_BETWEEN, r"^\(*char_length\((\w+)\) BETWEEN (\d+) AND (\d+)\)*$");
pattern!(NOT_EMPTY, r"^\(*(?:btrim\()?(\w+)\)? <> ''::text\)*$");
pattern!(BOUND, r"^\(*(\w+) (<=|>=|<|>) (?:\()?(-?\d+(?:\.\d+)?)(?:\))?(?:::\w+)?\)*$");
pattern!(MATCHES, r"^\(*(\w+) ~ '((?:[^']|'')*)'::text\)*$");

/// Adds to `columns` what the definition of a CHECK constraint says.
pub(crate) fn learn(columns: &mut [Column], definition: &str) {
    let Some(body) = definition.strip_prefix("CHECK ") else { return };
    for term in conjuncts(body) {
        learn_term(columns, term);
    }
}

/// The terms of a conjunction at its top level; one term when it is none.
fn conjuncts(body: &str) -> Vec<&str> {
    let inner = strip_parentheses(body.trim());
    let (mut depth, mut quoted, mut start, mut parts) = (0_i32, false, 0, Vec::new());
    let bytes = inner.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'(' | b'[' if !quoted => depth += 1,
            b')' | b']' if !quoted => depth -= 1,
            b' ' if !quoted && depth == 0 && inner[at..].starts_with(" AND ") => {
                parts.push(inner[start..at].trim());
                start = at + 5;
            }
            // A disjunction promises nothing about either side.
            b' ' if !quoted && depth == 0 && inner[at..].starts_with(" OR ") => return Vec::new(),
            _ => {}
        }
    }
    parts.push(inner[start..].trim());
    match parts.as_slice() {
        [one] => vec![one],
        many => many.iter().flat_map(|part| conjuncts(part)).collect(),
    }
}

fn strip_parentheses(mut text: &str) -> &str {
    while text.starts_with('(') && text.ends_with(')') && closes_at_end(text) {
        text = text[1..text.len() - 1].trim();
    }
    text
}

fn closes_at_end(text: &str) -> bool {
    let (mut depth, mut quoted) = (0_i32, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at == text.len() - 1;
        }
    }
    false
}

fn learn_term(columns: &mut [Column], term: &str) {
    let mut with = |name: &str, teach: &dyn Fn(&mut Check)| {
        if let Some(column) = columns.iter_mut().find(|column| column.name == name) {
            teach(&mut column.check);
        }
    };
    if let Some(found) = VALUES.captures(term) {
        let values: Vec<String> = VALUE.captures_iter(&found[2]).map(|value| value[1].replace("''", "'")).collect();
        if !values.is_empty() {
            with(&found[1], &|check| check.values = Some(values.clone()));
        }
    } else if let Some(found) = ONE_VALUE.captures(term) {
        with(&found[1], &|check| check.values = Some(vec![found[2].to_owned()]));
    } else if let Some(found) = LENGTH.captures(term) {
        let Ok(bound) = found[3].parse::<u32>() else { return };
        with(&found[1], &|check| match &found[2] {
            "<=" => check.max_length = Some(bound),
            "<" => check.max_length = bound.checked_sub(1),
            ">=" => check.min_length = Some(bound),
            _ => check.min_length = bound.checked_add(1),
        });
    } else if let Some(found) = LENGTH_BETWEEN.captures(term) {
        with(&found[1], &|check| {
            (check.min_length, check.max_length) = (found[2].parse().ok(), found[3].parse().ok());
        });
    } else if let Some(found) = NOT_EMPTY.captures(term) {
        with(&found[1], &|check| check.min_length = Some(check.min_length.unwrap_or(0).max(1)));
    } else if let Some(found) = MATCHES.captures(term) {
        with(&found[1], &|check| check.pattern = Some(found[2].replace("''", "'")));
    } else if let Some(found) = BOUND.captures(term) {
        let Ok(bound) = found[3].parse::<f64>() else { return };
        // Strict bounds are taken for whole numbers only; a fraction keeps PostgreSQL's own judgement.
        let whole = bound.fract() == 0.0;
        with(&found[1], &|check| match &found[2] {
            "<=" => check.maximum = Some(bound),
            "<" if whole => check.maximum = Some(bound - 1.0),
            ">=" => check.minimum = Some(bound),
            ">" if whole => check.minimum = Some(bound + 1.0),
            _ => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ColumnType;

    fn learned(definition: &str) -> Check {
        let mut columns = [Column {
            name: "x".into(),
            kind: ColumnType::Text,
            nullable: true,
            has_default: false,
            generated: false,
            comment: String::new(),
            check: Check::default(),
        }];
        learn(&mut columns, definition);
        columns[0].check.clone()
    }

    #[test]
    fn value_lists_are_read() {
        let check = learned("CHECK ((x = ANY (ARRAY['draft'::text, 'it''s'::text])))");
        assert_eq!(check.values, Some(vec!["draft".into(), "it's".into()]));
    }

    #[test]
    fn lengths_and_bounds_are_read_from_conjunctions() {
        let check = learned("CHECK (((char_length(x) >= 1) AND (char_length(x) <= 200)))");
        assert_eq!((check.min_length, check.max_length), (Some(1), Some(200)));
        let check = learned("CHECK (((x >= (0)::numeric) AND (x <= (100)::numeric)))");
        assert_eq!((check.minimum, check.maximum), (Some(0.0), Some(100.0)));
        assert_eq!(learned("CHECK ((x > 0))").minimum, Some(1.0));
        assert_eq!(learned("CHECK ((x <> ''::text))").min_length, Some(1));
        assert_eq!(learned("CHECK ((x ~ '^[a-z]+$'::text))").pattern.as_deref(), Some("^[a-z]+$"));
    }

    #[test]
    fn a_disjunction_teaches_nothing() {
        assert_eq!(learned("CHECK (((x = 'a'::text) OR (y IS NOT NULL)))"), Check::default());
    }
}
