//! Words a person looks for, as a pattern.

/// A pattern for `ilike` that finds `text` anywhere; its own wildcards mean themselves.
pub(crate) fn pattern(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// `text` with the wildcards of `like` made plain.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    #[test]
    fn wildcards_mean_themselves() {
        assert_eq!(super::pattern(r"100%_\"), r"%100\%\_\\%");
    }
}
