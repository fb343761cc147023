//! A condition explained: each part as people would say it, what it saw, and what came of it.

use std::fmt;

use super::{
    expression::{Attribute, ClockPart, Comparison, Leaf, Term, Test, TextTest, Truth},
    value::{Facts, Value},
};

/// One part of a condition and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The part in words: `resource.status is "open"`, `all of these hold`.
    pub expression: String,
    /// What came of it.
    pub truth: Truth,
    /// The attributes that this part itself reads, each with its value; none: it is missing.
    pub saw: Vec<(String, Option<Value>)>,
    /// The parts it is made of.
    pub parts: Vec<Self>,
}

impl Trace {
    /// The names of the attributes that were missing, in this part and in the parts it is made of, each once.
    pub fn missing(&self) -> Vec<&str> {
        let own = self.saw.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = own.chain(self.parts.iter().flat_map(Self::missing)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Test {
    pub(super) fn trace(&self, facts: &dyn Facts) -> Trace {
        let of = |expression: &str, parts: &[Self]| Trace {
            expression: expression.to_owned(),
            truth: self.evaluate(facts),
            saw: Vec::new(),
            parts: parts.iter().map(|part| part.trace(facts)).collect(),
        };
        match self {
            Self::Constant(truth) => of(
                match truth {
                    Truth::True => "always",
                    Truth::False => "never",
                    Truth::Unknown => "something is missing",
                },
                &[],
            ),
            Self::Leaf(leaf) => Trace {
                expression: leaf.to_string(),
                truth: leaf.evaluate(facts),
                saw: leaf.attributes().map(|attribute| seen(attribute, facts)).collect(),
                parts: Vec::new(),
            },
            Self::Not(part) => of("this does not hold", std::slice::from_ref(part)),
            Self::All(parts) => of("all of these hold", parts),
            Self::Any(parts) => of("one of these holds", parts),
            Self::If(parts) => of("the second where the first holds, the third where it does not", parts.as_slice()),
            Self::Same(parts) => of("both of these hold, or neither does", parts.as_slice()),
        }
    }
}

fn seen(attribute: &Attribute, facts: &dyn Facts) -> (String, Option<Value>) {
    (attribute.name.to_string(), attribute.value(facts).map(std::borrow::Cow::into_owned))
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(term) => write!(f, "{term} is true"),
            Self::Compare { comparison, left, right } => write!(f, "{left} {} {right}", comparison.words()),
            Self::Listed { element, list } => {
                write!(f, "{element} is one of ")?;
                listed(f, list)
            }
            Self::Member { element, set } => write!(f, "{element} is in {set}"),
            Self::Text { test, text, part } => write!(f, "{text} {} {part}", test.words()),
            Self::Network { address, networks } => {
                write!(f, "{address} is in the network ")?;
                listed(f, networks)
            }
            Self::Fewer { needed, attributes } => {
                let names: Vec<&str> = attributes.iter().map(|attribute| &*attribute.name).collect();
                match names.as_slice() {
                    [name] => write!(f, "{name} is missing"),
                    names if *needed == names.len() => write!(f, "one of {} is missing", names.join(", ")),
                    names => write!(f, "fewer than {needed} of {} are there", names.join(", ")),
                }
            }
        }
    }
}

/// The first of a list, and how many more there are.
fn listed(f: &mut fmt::Formatter<'_>, list: &[impl fmt::Display]) -> fmt::Result {
    const SHOWN: usize = 10;
    let shown: Vec<String> = list.iter().take(SHOWN).map(ToString::to_string).collect();
    match list.len() {
        0 => f.write_str("nothing"),
        length if length > SHOWN => write!(f, "{} and {} more", shown.join(", "), length - SHOWN),
        _ => f.write_str(&shown.join(", ")),
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute { attribute, default: None } => f.write_str(&attribute.name),
            Self::Attribute { attribute, default: Some(default) } => {
                write!(f, "{} (where missing: {default})", attribute.name)
            }
            Self::Literal(value) => value.fmt(f),
            Self::Nothing(_) => f.write_str("something missing"),
            Self::Clock { part, time, zone } => {
                let part = match part {
                    ClockPart::Hour => "the hour",
                    ClockPart::Weekday => "the weekday",
                };
                write!(f, "{part} of {} in {}", time.name, zone.iana_name().unwrap_or("its time zone"))
            }
        }
    }
}

impl Comparison {
    fn words(self) -> &'static str {
        match self {
            Self::Equal => "is",
            Self::Different => "is not",
            Self::Less => "is less than",
            Self::AtMost => "is at most",
            Self::Greater => "is greater than",
            Self::AtLeast => "is at least",
        }
    }
}

impl TextTest {
    fn words(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::StartsWith => "starts with",
            Self::EndsWith => "ends with",
        }
    }
}
