//! The values a condition reads, their types, and the two things that whoever asks has to bring: names and facts.

use std::{borrow::Cow, cmp::Ordering, fmt, net::IpAddr};

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

/// What an attribute holds. Two values are compared only when they are of one type: nothing is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A text, compared byte by byte.
    Text,
    /// An exact decimal number.
    Number,
    /// True or false.
    Bool,
    /// A moment, to a microsecond: PostgreSQL keeps no more.
    Time,
    /// A UUID.
    Id,
    /// An address of a network, IPv4 or IPv6.
    Address,
    /// A set of texts, such as the roles of a subject.
    Texts,
}

impl Type {
    /// As it reads in a sentence, with its article.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Time => "a time",
            Self::Id => "an identifier",
            Self::Address => "an address",
            Self::Texts => "a set of texts",
        }
    }

    /// The type in SQL whose values are compared.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "numeric",
            Self::Bool => "boolean",
            Self::Time => "timestamptz",
            Self::Id => "uuid",
            Self::Address => "inet",
            Self::Texts => "text[]",
        }
    }
}

/// One value. That there is none is said by [`Option`], never by a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// See [`Type::Text`].
    Text(String),
    /// See [`Type::Number`].
    Number(Decimal),
    /// See [`Type::Bool`].
    Bool(bool),
    /// See [`Type::Time`].
    Time(Timestamp),
    /// See [`Type::Id`].
    Id(Uuid),
    /// See [`Type::Address`].
    Address(IpAddr),
    /// See [`Type::Texts`]. The order means nothing.
    Texts(Vec<String>),
}

impl Value {
    /// Its type.
    pub fn type_of(&self) -> Type {
        match self {
            Self::Text(_) => Type::Text,
            Self::Number(_) => Type::Number,
            Self::Bool(_) => Type::Bool,
            Self::Time(_) => Type::Time,
            Self::Id(_) => Type::Id,
            Self::Address(_) => Type::Address,
            Self::Texts(_) => Type::Texts,
        }
    }

    /// How two values of one type stand to each other; none for two types. For texts the order is that of bytes and is
    /// only used to find one in a sorted list.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(a.cmp(b)),
            (Self::Id(a), Self::Id(b)) => Some(a.cmp(b)),
            (Self::Address(a), Self::Address(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// What PostgreSQL would hold of it: a text with a NUL cannot be there at all, and a time ends at the microsecond.
    pub(super) fn as_stored(value: Cow<'_, Self>) -> Option<Cow<'_, Self>> {
        match value.as_ref() {
            Self::Text(text) if text.contains('\0') => None,
            Self::Texts(texts) if texts.iter().any(|text| text.contains('\0')) => None,
            Self::Time(time) if time.subsec_nanosecond() % 1000 != 0 => {
                Timestamp::from_microsecond(time.as_microsecond()).ok().map(|time| Cow::Owned(Self::Time(time)))
            }
            _ => Some(value),
        }
    }
}

/// As it reads in a sentence: texts in quotes, sets in brackets.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(number) => number.fmt(f),
            Self::Bool(truth) => truth.fmt(f),
            Self::Time(time) => time.fmt(f),
            Self::Id(id) => id.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Texts(texts) => f.debug_list().entries(texts).finish(),
        }
    }
}

/// Which attributes there are when a condition is written.
pub trait Vocabulary {
    /// The type of `subject.email`, `resource.status`, `resource.attributes.region`, `action.name` or
    /// `environment.time`. None: there is no such attribute.
    fn type_of(&self, attribute: &str) -> Option<Type>;

    /// Every name, to answer a slip of the pen with the name that was meant.
    fn names(&self) -> Vec<String>;
}

/// What is known when a condition is evaluated.
///
/// A value of another type than the vocabulary promised, and a text with a NUL in it, count as missing.
pub trait Facts {
    /// The value of an attribute. None: it is missing.
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>>;
}
