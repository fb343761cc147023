//! Parameters in the names of test cases.

/// A display name in two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitName<'a> {
    /// The name of the test itself, the same for all its parameters.
    pub base: &'a str,
    /// The parameters without their brackets, when the name ends in some: `1-2` of `test_x[1-2]`, `3` of
    /// `name(int)[3]`.
    pub parameters: Option<&'a str>,
}

/// Takes the parameters off a name, so that an importer can decide what identifies a test case.
///
/// The rule: a name that ends in `]` is split at the bracket that matches the last one, provided something stands
/// before it (`test_x[a[0]]` → `test_x`, `a[0]`). This is how pytest, JUnit 4 and 5, and TestNG write parameters. A signature
/// such as `(int)` belongs to the base: it tells overloads apart. Where the brackets do not match (a parameter may contain any
/// text) the split is at the first bracket. Index suffixes of googletest (`Test/0`) stay in the base, since a slash means other
/// things elsewhere.
#[must_use]
pub fn split_name(name: &str) -> SplitName<'_> {
    let trimmed = name.trim_end();
    let whole = SplitName { base: name, parameters: None };
    let Some(inner) = trimmed.strip_suffix(']') else {
        return whole;
    };
    let mut open = 1_usize;
    let matching = inner.char_indices().rev().find_map(|(at, character)| {
        match character {
            ']' => open += 1,
            '[' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    });
    let Some(at) = matching.or_else(|| inner.find('[')) else {
        return whole;
    };
    let base = inner[..at].trim_end();
    if base.is_empty() {
        return whole;
    }
    SplitName { base, parameters: Some(&inner[at + 1..]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_their_parameters() {
        let cases = [
            ("test_x[1-2]", "test_x", Some("1-2")),
            ("name(int)[3]", "name(int)", Some("3")),
            ("test_x[a[0]]", "test_x", Some("a[0]")),
            ("test_x[a]b]", "test_x", Some("a]b")),
            ("test_x []", "test_x", Some("")),
            ("plain", "plain", None),
            ("[chrome]", "[chrome]", None),
            ("a [b] c", "a [b] c", None),
            ("odd]", "odd]", None),
            ("", "", None),
        ];
        for (name, base, parameters) in cases {
            assert_eq!(split_name(name), SplitName { base, parameters }, "{name}");
        }
    }
}
