//! Finds the tests that say what they prove: `/// Proves REQ-28.1.` in the doc comment of a Rust test, `// Proves REQ-35.1.` above
//! a test of the pages. It reads just enough of Rust to know which function a comment belongs to and in which module that is:
//! comments, literals, braces, `mod` and `fn`. So it also sees tests that a macro will make.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::claims::{Claim, Claimed, Need, keys};
use crate::Failure;

/// The claims of every program of the workspace.
pub(crate) fn workspace(root: &Path, metadata: &Value) -> Result<Vec<Claim>, Failure> {
    let mut claims = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let package_name = package["name"].as_str().unwrap_or_default();
        for target in package["targets"].as_array().into_iter().flatten() {
            let name = target["name"].as_str().unwrap_or_default();
            let suite = match target["kind"][0].as_str() {
                Some("lib" | "rlib" | "proc-macro") => package_name.to_owned(),
                Some("test") => format!("{package_name}::{name}"),
                Some(kind @ ("bin" | "example")) => format!("{package_name}::{kind}/{name}"),
                _ => continue,
            };
            let file = PathBuf::from(target["src_path"].as_str().unwrap_or_default());
            let mut scan = Scan { root, suite: &suite, claims: &mut claims };
            let home = file.parent().unwrap_or(root).to_path_buf();
            scan.file(&file, &home, "")?;
        }
    }
    Ok(claims)
}

/// The claims of the tests in `tests/browser`.
pub(crate) fn browser_tests(root: &Path) -> Result<Vec<Claim>, Failure> {
    let mut claims = Vec::new();
    for file in super::reports::browser_files(root)? {
        let text = fs::read_to_string(&file)?;
        let mut pending: Option<(Claimed, String)> = None;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let place = format!("{}:{}", relative(root, &file), at + 1);
            if let Some(comment) = line.strip_prefix("//") {
                if let Some(found) = keys(comment) {
                    pending = Some((found.map_err(|why| format!("{place}: {why}"))?, place));
                }
                continue;
            }
            let Some(((keys, needs), claimed_at)) = pending.take() else { continue };
            let test = test_name(line).ok_or_else(|| format!("{claimed_at}: no test follows in the next line"))?;
            claims.push(Claim { suite: super::reports::browser_suite(&file), test, keys, needs, place: claimed_at });
        }
    }
    Ok(claims)
}

/// The name in `test("name", …` or `` test(`name ${x}`, …``, with `**` for what is filled in.
fn test_name(line: &str) -> Option<String> {
    let rest = line.strip_prefix("test(").or_else(|| line.strip_prefix("it("))?;
    let quote = rest.chars().next().filter(|quote| ['"', '\'', '`'].contains(quote))?;
    let mut name = rest[1..].split(quote).next()?.to_owned();
    while let Some(start) = name.find("${") {
        let end = name[start..].find('}')? + start;
        name.replace_range(start..=end, "**");
    }
    Some(name)
}

fn relative(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).display().to_string()
}

/// One program.
struct Scan<'a> {
    root: &'a Path,
    suite: &'a str,
    claims: &'a mut Vec<Claim>,
}

impl Scan<'_> {
    /// Reads a file and the modules it names. `home` is where those are looked for.
    fn file(&mut self, file: &Path, home: &Path, module: &str) -> Result<(), Failure> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        for item in items(&text).map_err(|(line, why)| format!("{}:{line}: {why}", relative(self.root, file)))? {
            match item {
                Item::Module { path } => {
                    let inner = path.iter().fold(home.to_path_buf(), |home, name| home.join(name));
                    let name = join(module, &path);
                    for (file, home) in [(inner.with_extension("rs"), inner.clone()), (inner.join("mod.rs"), inner)] {
                        // A name that no file has is a module that a feature leaves out or a macro makes.
                        if file.is_file() {
                            self.file(&file, &home, &name)?;
                            break;
                        }
                    }
                }
                Item::Test { path, line, keys, needs } => self.claims.push(Claim {
                    suite: self.suite.to_owned(),
                    test: join(module, &path),
                    keys,
                    needs,
                    place: format!("{}:{line}", relative(self.root, file)),
                }),
            }
        }
        Ok(())
    }
}

fn join(module: &str, path: &[String]) -> String {
    let mut parts: Vec<&str> = if module.is_empty() { Vec::new() } else { vec![module] };
    parts.extend(path.iter().map(String::as_str));
    parts.join("::")
}

/// What is looked for in a file.
#[derive(Debug, PartialEq, Eq)]
enum Item {
    /// `mod name;` within the modules before it.
    Module { path: Vec<String> },
    /// A function whose comment says what it proves.
    Test { path: Vec<String>, line: usize, keys: Vec<String>, needs: Option<Need> },
}

fn items(text: &str) -> Result<Vec<Item>, (usize, String)> {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    // The open braces; those of modules have a name.
    let mut braces: Vec<Option<String>> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut claimed: Claimed = (Vec::new(), None);
    let mut claimed_at = 0;
    let mut found = Vec::new();
    let within = |braces: &[Option<String>], name: &str| {
        braces.iter().flatten().cloned().chain([name.to_owned()]).collect::<Vec<String>>()
    };
    while at < bytes.len() {
        let rest = &text[at..];
        let end = at + token(rest);
        let token = &text[at..end];
        match bytes[at] {
            b'/' if token.starts_with("///") => {
                if let Some(keys) = keys(&token[3..]) {
                    let (keys, needs) = keys.map_err(|why| (line, why))?;
                    claimed.0.extend(keys);
                    claimed.1 = claimed.1.or(needs);
                    claimed_at = line;
                }
            }
            // Attributes stand between a comment and its function.
            b'#' => {}
            b'{' => {
                braces.push(match words.as_slice() {
                    [.., "mod", name] => Some((*name).to_owned()),
                    _ => None,
                });
                words.clear();
                claimed = Claimed::default();
            }
            b'}' => {
                braces.pop();
                words.clear();
                claimed = Claimed::default();
            }
            b';' => {
                if let [.., "mod", name] = words.as_slice() {
                    found.push(Item::Module { path: within(&braces, name) });
                }
                words.clear();
                claimed = Claimed::default();
            }
            first if first.is_ascii_alphabetic() || first == b'_' => {
                if words.last() == Some(&"fn") && !claimed.0.is_empty() {
                    let (keys, needs) = std::mem::take(&mut claimed);
                    found.push(Item::Test { path: within(&braces, token), line: claimed_at, keys, needs });
                }
                words.push(token);
            }
            _ => {}
        }
        line += token.matches('\n').count();
        at = end;
    }
    Ok(found)
}

/// The length of the token at the beginning of `text`, which is not empty.
fn token(text: &str) -> usize {
    let bytes = text.as_bytes();
    let one = text.chars().next().map_or(1, char::len_utf8);
    match bytes[0] {
        b'/' if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        b'/' if text.starts_with("/*") => block_comment(bytes),
        b'"' => quoted(bytes, 0),
        b'#' if text.starts_with("#[") || text.starts_with("#![") => attribute(text),
        b'\'' => character_or_lifetime(text),
        b'r' | b'b' | b'c' => literal_prefix(text).unwrap_or_else(|| word(bytes)),
        first if first.is_ascii_alphanumeric() || first == b'_' => word(bytes),
        _ => one,
    }
}

fn word(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(bytes.len())
}

fn block_comment(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a literal in double quotes that begin at `start`.
fn quoted(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of `#[…]`, whose brackets may hold literals and other brackets.
fn attribute(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, text.find('[').unwrap_or(0));
    while at < text.len() {
        let length = token(&text[at..]);
        match text.as_bytes()[at] {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        at += length;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// `'a'`, `'\n'`, or only the quote of a lifetime.
fn character_or_lifetime(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => text[3..].find('\'').map_or(text.len(), |end| end + 4),
        Some((at, character)) if text[at + character.len_utf8()..].starts_with('\'') => at + character.len_utf8() + 1,
        _ => 1,
    }
}

/// The length of a literal with a prefix: `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `b'…'`, `c"…"`. None for a plain word.
fn literal_prefix(text: &str) -> Option<usize> {
    let prefix = text.bytes().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let rest = &text[prefix..];
    if prefix > 2 || !rest.starts_with(['"', '#', '\'']) {
        return None;
    }
    if rest.starts_with('\'') {
        return (&text[..prefix] == "b").then(|| prefix + character_or_lifetime(rest));
    }
    if !text[..prefix].contains('r') {
        return rest.starts_with('"').then(|| quoted(text.as_bytes(), prefix));
    }
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    if !rest[hashes..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let inner = prefix + hashes + 1;
    Some(text[inner..].find(&close).map_or(text.len(), |end| inner + end + close.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn test(path: &[&str], line: usize, keys: &[&str]) -> Item {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Item::Test { path: owned(path), line, keys: owned(keys), needs: None }
    }

    #[test]
    fn a_claim_belongs_to_the_next_function_whatever_stands_between() {
        let text = "
mod tests {
    /// It works.
    /// Proves REQ-28.1, REQ-28.3.
    #[tokio::test(flavor = \"multi_thread\")]
    #[cfg_attr(x, y([\"]\"]))]
    pub(crate) async fn it_works() { let _ = \"mod a { fn \"; }
    fn helper() {}
}
/// Proves REQ-2.
fn outside() {}";
        let found = items(text).unwrap();
        assert_eq!(
            found,
            [test(&["tests", "it_works"], 4, &["REQ-28.1", "REQ-28.3"]), test(&["outside"], 10, &["REQ-2"])]
        );
    }

    #[test]
    fn literals_comments_and_lifetimes_do_not_confuse_it() {
        let text = r####"
mod a {
    const A: &str = r#"}"# ; const B: u8 = b'}'; const C: char = '\''; const D: char = '}'; const E: &[u8] = br"}";
    fn f<'a>(x: &'a str) -> &'a str { /* } /* } */ } */ x }
    // }
    proptest! {
        /// Proves REQ-7.2.
        #[test]
        fn made_by_a_macro(n in 0..9) { g(r, b) }
    }
}
mod b;
mod c { mod d; }
"####;
        let module = |path: &[&str]| Item::Module { path: path.iter().map(|name| (*name).to_owned()).collect() };
        let found = items(text).unwrap();
        assert_eq!(found, [test(&["a", "made_by_a_macro"], 7, &["REQ-7.2"]), module(&["b"]), module(&["c", "d"])]);
    }

    #[test]
    fn a_claim_in_a_literal_or_above_something_else_counts_for_nothing() {
        assert_eq!(items("const A: &str = \"/// Proves REQ-1.\"; fn f() {}").unwrap(), []);
        assert_eq!(items("/// Proves REQ-1.\nstruct A; fn f() {}").unwrap(), []);
        assert_eq!(items("// Proves REQ-1.\nfn f() {}").unwrap(), []);
        assert_eq!(items("\n/// Proves REQ-1 or so\nfn f() {}").unwrap_err().0, 2);
    }

    #[test]
    fn names_of_page_tests_may_have_parts_that_are_filled_in() {
        assert_eq!(test_name("test(\"plain\", async () => {").unwrap(), "plain");
        assert_eq!(test_name("test(`axe, ${scheme}, ${width} px`, x").unwrap(), "axe, **, ** px");
        assert!(test_name("const a = 1;").is_none());
    }
}
