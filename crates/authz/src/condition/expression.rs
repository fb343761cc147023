//! What a parsed condition is: tests that are true, false or unknown, over terms that have a value or none.

use std::sync::Arc;

use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::value::{Type, Value};

/// The beginning of the names that a table may have columns for. Everything else is known before a table is asked.
const OF_RESOURCE: &str = "resource.";

/// The outcome of a condition. What depends on something missing is unknown, and unknown is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Something that it depends on is missing.
    Unknown,
}

impl Truth {
    /// Whether it holds for certain.
    pub fn is_true(self) -> bool {
        self == Self::True
    }

    pub(super) fn of(known: Option<bool>) -> Self {
        known.map_or(Self::Unknown, Self::from)
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

/// A name of the vocabulary with its type.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attribute {
    pub(super) name: Arc<str>,
    pub(super) ty: Type,
}

impl Attribute {
    pub(super) fn is_of_resource(&self) -> bool {
        self.name.starts_with(OF_RESOURCE)
    }
}

/// Something with a value, or with none.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Attribute {
        attribute: Attribute,
        default: Option<Value>,
    },
    Literal(Value),
    /// What was missing when everything but the resource became known.
    Nothing(Type),
    /// A part of a moment that is known before a table is asked.
    Clock {
        part: ClockPart,
        time: Attribute,
        zone: TimeZone,
    },
}

impl Term {
    pub(super) fn type_of(&self) -> Type {
        match self {
            Self::Attribute { attribute, .. } => attribute.ty,
            Self::Literal(value) => value.type_of(),
            Self::Nothing(ty) => *ty,
            Self::Clock { .. } => Type::Number,
        }
    }

    pub(super) fn attribute(&self) -> Option<&Attribute> {
        match self {
            Self::Attribute { attribute, .. } => Some(attribute),
            Self::Clock { time, .. } => Some(time),
            Self::Literal(_) | Self::Nothing(_) => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ClockPart {
    /// 0 to 23.
    Hour,
    /// 1 for Monday to 7 for Sunday.
    Weekday,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

/// Something that is true, false or unknown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Constant(Truth),
    Leaf(Leaf),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
    /// The second when the first is true, the third when it is false.
    If(Box<[Test; 3]>),
    /// Whether both are true or both are false.
    Same(Box<[Test; 2]>),
}

/// A test that holds no other test.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Leaf {
    /// A term that is itself true or false.
    Flag(Term),
    Compare {
        comparison: Comparison,
        left: Term,
        right: Term,
    },
    /// Whether a value is in a list: sorted, of one type, each once.
    Listed {
        element: Term,
        list: Arc<[Value]>,
    },
    /// Whether a text is in a set of texts.
    Member {
        element: Term,
        set: Term,
    },
    Text {
        test: TextTest,
        text: Term,
        part: Term,
    },
    Network {
        address: Term,
        networks: Arc<[IpNet]>,
    },
    /// Whether fewer than so many of the attributes have a value.
    Fewer {
        needed: usize,
        attributes: Vec<Attribute>,
    },
}

impl Leaf {
    /// Its terms; none for [`Leaf::Fewer`], which asks for attributes and not for their values.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        let (first, second) = match self {
            Self::Flag(term) | Self::Listed { element: term, .. } | Self::Network { address: term, .. } => {
                (Some(term), None)
            }
            Self::Compare { left, right, .. } => (Some(left), Some(right)),
            Self::Member { element, set } => (Some(element), Some(set)),
            Self::Text { text, part, .. } => (Some(text), Some(part)),
            Self::Fewer { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The same test of other terms.
    pub(super) fn with_terms(&self, mut change: impl FnMut(&Term) -> Term) -> Self {
        match self {
            Self::Flag(term) => Self::Flag(change(term)),
            Self::Compare { comparison, left, right } => {
                Self::Compare { comparison: *comparison, left: change(left), right: change(right) }
            }
            Self::Listed { element, list } => Self::Listed { element: change(element), list: list.clone() },
            Self::Member { element, set } => Self::Member { element: change(element), set: change(set) },
            Self::Text { test, text, part } => Self::Text { test: *test, text: change(text), part: change(part) },
            Self::Network { address, networks } => {
                Self::Network { address: change(address), networks: networks.clone() }
            }
            Self::Fewer { .. } => self.clone(),
        }
    }

    /// The attributes it reads.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        let counted = match self {
            Self::Fewer { attributes, .. } => attributes.as_slice(),
            _ => &[],
        };
        counted.iter().chain(self.terms().filter_map(Term::attribute))
    }
}

impl Test {
    /// Adds every attribute that it reads.
    pub(super) fn collect_attributes<'t>(&'t self, into: &mut Vec<&'t Attribute>) {
        match self {
            Self::Constant(_) => {}
            Self::Leaf(leaf) => into.extend(leaf.attributes()),
            Self::Not(part) => part.collect_attributes(into),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect_attributes(into)),
            Self::If(parts) => parts.iter().for_each(|part| part.collect_attributes(into)),
            Self::Same(parts) => parts.iter().for_each(|part| part.collect_attributes(into)),
        }
    }
}
