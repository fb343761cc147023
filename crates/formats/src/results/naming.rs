//! Names and tags as test frameworks write them, taken apart into what identifies a test and what describes it.

use crate::junit::{Case, Property, is_reference_name};

/// The property that holds categories, labels and tags, whatever a format calls them.
const TAGS: &str = "tags";
/// Properties kept of one case, and bytes kept of one value. What goes over is left out.
const PROPERTIES: usize = 1_000;
const VALUE_BYTES: usize = 64 << 10;

/// Adds a property. A name that is there already gets the value added to its own, so that no value is lost where
/// properties become a map.
pub(super) fn add_property(properties: &mut Vec<Property>, name: &str, value: &str) {
    let (name, value) = (name.trim(), value.trim());
    let is_full = properties.len() >= PROPERTIES;
    match properties.iter_mut().find(|property| property.name == name) {
        Some(property) if property.value.len() + value.len() > VALUE_BYTES => {}
        Some(property) => {
            property.value.push_str(if property.value.is_empty() { "" } else { ", " });
            property.value.push_str(value);
        }
        None if is_full => {}
        None => {
            let value = value[..value.floor_char_boundary(VALUE_BYTES)].to_owned();
            properties.push(Property { name: name.to_owned(), value });
        }
    }
}

/// Adds a category, label or tag. One that is a pair, such as `requirement:REQ-1` or `test_key=TC-9`, and whose name means a
/// reference becomes a property of that name.
pub(super) fn add_tag(properties: &mut Vec<Property>, tag: &str) {
    let tag = tag.trim();
    if tag.is_empty() {
        return;
    }
    match tag.split_once([':', '=']) {
        Some((name, value)) if !value.trim().is_empty() && is_reference_name(name.trim()) => {
            add_property(properties, name, value);
        }
        _ => add_property(properties, TAGS, tag),
    }
}

/// Gives a case its name, and its parameters where the name goes on behind the name of the method: `Adds(1, 2)` of
/// `Adds` is `Adds` with `1, 2`, so that all rows of a table are results of one case.
pub(super) fn name_by_method(case: &mut Case, name: &str, method: &str) {
    match name.strip_prefix(method).map(str::trim) {
        Some(rest) if !method.is_empty() && rest.starts_with(['(', '<', '[']) => {
            case.name = Some(method.to_owned());
            case.parameters = Some(without_brackets(rest).to_owned());
        }
        _ => case.name = Some(name.to_owned()).filter(|name| !name.trim().is_empty()),
    }
}

fn without_brackets(text: &str) -> &str {
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}

/// Takes `Space.Class.Method(1, "a.b")` apart: class, if there is one, and the name with its parameters.
pub(super) fn split_full_name(full: &str) -> (Option<&str>, &str) {
    let (mut depth, mut quoted, mut escaped, mut last) = (0_usize, false, false, None);
    for (at, character) in full.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => last = Some(at),
            _ => {}
        }
    }
    match last {
        Some(at) if at > 0 && at + 1 < full.len() => (Some(&full[..at]), &full[at + 1..]),
        _ => (None, full),
    }
}

/// The name of a method without the parameters behind it.
pub(super) fn method_of(name: &str) -> &str {
    name[..name.find('(').unwrap_or(name.len())].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junit::{empty_case, requirement_references, test_keys};

    #[test]
    fn full_names_are_split_outside_of_brackets_and_quotes() {
        let cases = [
            ("A.B.Works", Some("A.B"), "Works"),
            ("A.B.Works(\"x.y(\", 2.5)", Some("A.B"), "Works(\"x.y(\", 2.5)"),
            ("A.Fixture<C.D>(1.5).Works", Some("A.Fixture<C.D>(1.5)"), "Works"),
            ("Works", None, "Works"),
            ("Works.", None, "Works."),
            (".", None, "."),
            ("", None, ""),
        ];
        for (full, class, name) in cases {
            assert_eq!(split_full_name(full), (class, name), "{full}");
        }
    }

    #[test]
    fn parameters_come_off_the_name_of_their_method() {
        let cases = [
            ("Adds(1, 2)", "Adds", "Adds", Some("1, 2")),
            ("Adds (row 1)", "Adds", "Adds", Some("row 1")),
            ("Is<System.String>(\"A\")", "Is", "Is", Some("<System.String>(\"A\")")),
            ("AddsMore", "Adds", "AddsMore", None),
            ("a sentence of its own", "Adds", "a sentence of its own", None),
            ("Adds", "", "Adds", None),
        ];
        for (name, method, expected, parameters) in cases {
            let mut case = empty_case();
            name_by_method(&mut case, name, method);
            assert_eq!((case.name.as_deref(), case.parameters.as_deref()), (Some(expected), parameters), "{name}");
        }
    }

    #[test]
    fn tags_name_requirements_and_keys() {
        let mut case = empty_case();
        for tag in ["smoke", "REQ-7.2", "requirement:PAY-3", "test_key=CALC-1", "url:http://x"] {
            add_tag(&mut case.properties, tag);
        }
        let keys: Vec<String> = requirement_references(&case).iter().map(ToString::to_string).collect();
        assert_eq!(keys, ["REQ-7.2", "PAY-3"]);
        assert_eq!(test_keys(&case), ["CALC-1"]);
        assert_eq!(case.properties[0].value, "smoke, REQ-7.2, url:http://x");
    }
}
