//! What definitions of types say: names of attributes and of the words of enumerations.

use std::collections::HashMap;

use super::super::dom::Element;

/// Names by identifier.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// Words of enumerations.
    words: HashMap<String, String>,
    /// Attributes of all types.
    attributes: HashMap<String, String>,
    /// Types of objects, relations and specifications.
    types: HashMap<String, String>,
}

/// What a definition is called: its long name, else what it is described as, else its identifier.
fn name(element: &Element) -> Option<(String, String)> {
    let identifier = element.attribute("IDENTIFIER")?.to_owned();
    let name = ["LONG-NAME", "DESC"]
        .into_iter()
        .filter_map(|one| element.attribute(one))
        .map(str::trim)
        .find(|text| !text.is_empty() && text.chars().count() <= 200)
        .map_or_else(|| identifier.clone(), str::to_owned);
    Some((identifier, name))
}

impl Types {
    /// Takes the words of `DATATYPES`.
    pub(super) fn take_datatypes(&mut self, element: &Element) {
        for values in element.elements().filter_map(|datatype| datatype.child("SPECIFIED-VALUES")) {
            for value in values.elements() {
                if let Some((identifier, _)) = name(value) {
                    let word = value.attribute("LONG-NAME").map(str::trim).filter(|word| !word.is_empty());
                    self.words.insert(identifier.clone(), word.map_or(identifier, str::to_owned));
                }
            }
        }
    }

    /// Takes the names of `SPEC-TYPES`.
    pub(super) fn take_types(&mut self, element: &Element) {
        for kind in element.elements() {
            if let Some((identifier, name)) = name(kind) {
                self.types.insert(identifier, name);
            }
            for attribute in kind.child("SPEC-ATTRIBUTES").into_iter().flat_map(Element::elements) {
                if let Some((identifier, name)) = name(attribute) {
                    self.attributes.insert(identifier, name);
                }
            }
        }
    }

    pub(super) fn word(&self, identifier: &str) -> String {
        self.words.get(identifier).cloned().unwrap_or_else(|| identifier.to_owned())
    }

    pub(super) fn attribute(&self, identifier: &str) -> String {
        self.attributes.get(identifier).cloned().unwrap_or_else(|| identifier.to_owned())
    }

    /// What a type is called; None when it is not defined.
    pub(super) fn kind(&self, identifier: &str) -> Option<String> {
        self.types.get(identifier).cloned()
    }
}

/// The reference inside an element such as `DEFINITION`, `TYPE` or `OBJECT`.
pub(super) fn reference(element: &Element, name: &str) -> Option<String> {
    let inner = element.child(name)?.elements().next()?.text();
    let inner = inner.trim();
    (!inner.is_empty()).then(|| inner.to_owned())
}
