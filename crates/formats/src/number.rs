//! Numbers as tools write them, which is not always how a number is written.

/// A count: `12`, `1,234`, `1.0`. None for anything else, a negative number among it.
pub(crate) fn count(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let value: f64 = ungroup(text)?.parse().ok()?;
    (value >= 0.0 && value.fract() == 0.0 && value <= 9_007_199_254_740_992.0).then_some(value as u64)
}

/// A decimal number without its thousands separators: `2,503.1` → `2503.1`, `1,234,567` → `1234567`. A lone comma
/// that is not in a thousands position is a decimal comma: `0,25` → `0.25`. None when the commas make no sense or a
/// character has no place in a number.
pub(crate) fn ungroup(text: &str) -> Option<String> {
    let text = text.trim();
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | '+' | '-' | 'e' | 'E');
    if text.is_empty() || !text.chars().all(allowed) {
        return None;
    }
    if !text.contains(',') {
        return Some(text.to_owned());
    }
    let sign = usize::from(text.starts_with(['+', '-']));
    let whole = &text[sign..text[sign..].find(['.', 'e', 'E']).map_or(text.len(), |at| at + sign)];
    let groups: Vec<&str> = whole.split(',').collect();
    let thousands =
        (1..=3).contains(&groups[0].len()) && groups[0] != "0" && groups[1..].iter().all(|group| group.len() == 3);
    if thousands {
        return Some(text.replace(',', ""));
    }
    (groups.len() == 2 && !text.contains('.') && !groups[0].is_empty()).then(|| text.replace(',', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let pairs = [
            ("12", Some(12)),
            (" 3 ", Some(3)),
            ("1,234", Some(1234)),
            ("1.0", Some(1)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("many", None),
        ];
        for (text, expected) in pairs {
            assert_eq!(count(text), expected, "{text}");
        }
    }

    #[test]
    fn separators() {
        let pairs = [
            ("2,503.1", Some("2503.1")),
            ("-1,234,567", Some("-1234567")),
            ("0,25", Some("0.25")),
            ("0,250", Some("0.250")),
            ("1,2,3", None),
            (",5", None),
            ("1e-3", Some("1e-3")),
            ("inf", None),
        ];
        for (text, expected) in pairs {
            assert_eq!(ungroup(text).as_deref(), expected, "{text}");
        }
    }
}
