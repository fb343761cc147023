//! Annotations in code that name keys: `Verifies: REQ-12.3` above a test, `Implements: REQ-12` in what implements it. In comments and attributes of any
//! language; what is said in a string or in plain code is passed over.

use std::sync::LazyLock;

use regex::Regex;

/// Lines between an annotation of a test and its name, at most: attributes and further comments.
const BETWEEN: usize = 20;

/// One key that an annotation names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The type of link it asks for.
    pub(crate) link_type: &'static str,
    /// The key, with the place of a criterion behind a dot where one is meant.
    pub(crate) target: String,
    /// What it is about.
    pub(crate) about: About,
}

/// What an annotation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum About {
    /// The test of this name.
    Test(String),
    /// Whatever brought the line.
    Line,
    /// A test, and none follows.
    Nothing,
}

fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

static SAID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"(?i-u:\b(verifies|proves|covers|requirement|implements|satisfies))[ \t]*[:(=]{0,2}[ \t]*["']?((?:[A-Z]{2,10}-[1-9][0-9]{0,14}(?:\.[1-9][0-9]{0,3})?["']?(?:[ \t]*(?:,|&|and)[ \t]*["']?)?)+)"#,
    )
});
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(r"\b[A-Z]{2,10}-[1-9][0-9]{0,14}(?:\.[1-9][0-9]{0,3})?\b"));
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"\b(?:fn|def|function|sub|func(?:[ \t]*\([^)]*\))?|fun|void|Task|test|it|specify|scenario)[ \t]*(?:\([ \t]*)?(?:"([^"]+)"|'([^']+)'|`([^`]+)`|\b([A-Za-z_]\w*)[ \t]*[(<{:=])"#,
    )
});

/// The annotations of a file.
pub(crate) fn read(text: &str) -> Vec<Annotation> {
    let (Some(said), Some(key)) = (SAID.as_ref(), KEY.as_ref()) else { return Vec::new() };
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if !is_remark(line) {
            continue;
        }
        for words in said.captures_iter(line) {
            let link_type = match words[1].to_ascii_lowercase().as_str() {
                "implements" => "implements",
                "satisfies" => "satisfies",
                _ => "verifies",
            };
            let about = match link_type {
                "verifies" => name_after(&lines[at + 1..]).map_or(About::Nothing, About::Test),
                _ => About::Line,
            };
            for target in key.find_iter(&words[2]) {
                found.push(Annotation {
                    line: at + 1,
                    link_type,
                    target: target.as_str().to_owned(),
                    about: about.clone(),
                });
            }
        }
    }
    found
}

/// Whether a line is a comment, or an attribute or decorator.
fn is_remark(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "#", "*", "/*", "--", ";", "@", "[", "%", "<!--", "\"\"\"", "'''"].iter().any(|sign| line.starts_with(sign))
}

/// The name of the test that follows.
fn name_after(lines: &[&str]) -> Option<String> {
    let name = NAME.as_ref()?;
    for line in lines.iter().take(BETWEEN) {
        if is_remark(line) || line.trim().is_empty() {
            continue;
        }
        let words = name.captures(line)?;
        return words.iter().skip(1).flatten().next().map(|found| found.as_str().to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(text: &str) -> Vec<(usize, &'static str, String, String)> {
        read(text)
            .into_iter()
            .map(|one| {
                let about = match one.about {
                    About::Test(name) => name,
                    About::Line => "(line)".to_owned(),
                    About::Nothing => "(nothing)".to_owned(),
                };
                (one.line, one.link_type, one.target, about)
            })
            .collect()
    }

    #[test]
    fn a_test_is_known_by_the_name_that_follows() {
        for (text, name) in [
            ("/// Verifies REQ-1.2.\n#[tokio::test]\nasync fn refunds_once() {", "refunds_once"),
            ("@pytest.mark.requirement(\"REQ-1.2\")\n@slow\ndef test_refund(client):", "test_refund"),
            ("// Verifies: REQ-1.2\nfunc TestRefund(t *testing.T) {", "TestRefund"),
            ("  // covers REQ-1.2\n  it('refunds once', async () => {", "refunds once"),
            ("/** @verifies REQ-1.2 */\n@Test\npublic void refundsOnce() {", "refundsOnce"),
            ("@Requirement(\"REQ-1.2\")\n@Test\nfun `refunds once`() {", "refunds once"),
            ("# Proves REQ-1.2\n\ntest \"refunds once\" do", "refunds once"),
        ] {
            let found = told(text);
            assert_eq!(found, [(1, "verifies", "REQ-1.2".to_owned(), name.to_owned())], "{text}");
        }
        assert_eq!(told("// Verifies REQ-1\nlet x = 1;")[0].3, "(nothing)");
    }

    #[test]
    fn what_implements_is_about_its_line_and_several_keys_count() {
        let found = told("// Implements: REQ-1, REQ-2.3 and FEAT-4\nfn pay() {}");
        let keys: Vec<&str> = found.iter().map(|one| one.2.as_str()).collect();
        assert_eq!(keys, ["REQ-1", "REQ-2.3", "FEAT-4"]);
        assert!(found.iter().all(|one| one.1 == "implements" && one.3 == "(line)"));
    }

    #[test]
    fn plain_code_and_plain_mentions_say_nothing() {
        for text in ["let a = \"Verifies REQ-1\";", "// see REQ-1", "// verifies that REQ holds", "// Verifies: req-1"]
        {
            assert!(read(text).is_empty(), "{text}");
        }
    }
}
