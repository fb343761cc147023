//! From a document to a condition, or to the place where it is refused. After JsonLogic, <https://jsonlogic.com>.

use serde_json::Value as Json;

use super::{
    expression::{Attribute, Comparison, Leaf, Term, Test, TextTest, Truth},
    literal,
    operators::{OPERATORS, REFUSED},
    place::{ConditionError, Place},
    suggest::did_you_mean,
    value::{Type, Vocabulary},
};

/// The most operations around one another.
const DEEPEST: usize = 32;
/// The most operations and values; elements of lists are not counted.
const LARGEST: usize = 500;

type Parsed<T> = Result<T, ConditionError>;

/// What stands at one place of the document.
pub(super) enum Operand<'j> {
    /// Something of any type but true or false.
    Term(Term),
    Test(Test),
    /// An attribute that is itself true or false, apart because it can be missing.
    Flag(Term),
    /// A text, a number, true or false; its type depends on its neighbour.
    Literal(&'j Json),
    List(&'j [Json]),
    Null,
}

impl Operand<'_> {
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Term(term) => term.type_of().noun(),
            Self::Test(_) => "a condition",
            Self::Flag(_) => Type::Bool.noun(),
            Self::Literal(json) => literal::noun(json),
            Self::List(_) => "a list",
            Self::Null => "null",
        }
    }
}

/// An operation: its name and what it is applied to.
#[derive(Clone, Copy)]
pub(super) struct Call<'c, 'j> {
    pub(super) name: &'j str,
    pub(super) arguments: &'j [Json],
    /// Whether the arguments are written as a list; one alone may be written without.
    pub(super) is_list: bool,
    pub(super) place: &'c Place<'c>,
}

impl<'c> Call<'c, '_> {
    /// Where one of the arguments stands.
    pub(super) fn at(&self, index: usize) -> Place<'c> {
        if self.is_list { self.place.index(index) } else { *self.place }
    }

    /// # Errors
    /// When there are more or fewer arguments.
    pub(super) fn expect(&self, wanted: std::ops::RangeInclusive<usize>) -> Parsed<()> {
        let (least, most, given) = (*wanted.start(), *wanted.end(), self.arguments.len());
        if wanted.contains(&given) {
            return Ok(());
        }
        let wanted = match () {
            () if least == most => format!("{least}"),
            () if most == usize::MAX => format!("at least {least}"),
            () => format!("{least} to {most}"),
        };
        Err(self.place.refuse(format!("`{}` takes {wanted} arguments, and here are {given}", self.name)))
    }
}

/// The test that a document stands for.
///
/// # Errors
/// The first thing that is wrong, and where.
pub(super) fn parse(document: &Json, vocabulary: &dyn Vocabulary) -> Parsed<Test> {
    if document.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(Test::Constant(Truth::True));
    }
    Parser { vocabulary, size: 0 }.test(document, &Place::root())
}

pub(super) struct Parser<'v> {
    vocabulary: &'v dyn Vocabulary,
    size: usize,
}

impl Parser<'_> {
    /// Something that has to be true or false.
    pub(super) fn test(&mut self, json: &Json, place: &Place<'_>) -> Parsed<Test> {
        let operand = self.operand(json, place)?;
        let noun = operand.noun();
        as_test(operand)
            .ok_or_else(|| place.refuse(format!("a condition is expected, and {noun} is neither true nor false")))
    }

    pub(super) fn operand<'j>(&mut self, json: &'j Json, place: &Place<'_>) -> Parsed<Operand<'j>> {
        self.size += 1;
        if self.size > LARGEST {
            return Err(place.refuse(format!("the condition has more than {LARGEST} operations and values")));
        }
        match json {
            Json::Null => Ok(Operand::Null),
            Json::Array(list) => Ok(Operand::List(list)),
            Json::Object(object) => {
                let mut entries = object.iter();
                let (Some((name, arguments)), None) = (entries.next(), entries.next()) else {
                    return Err(place.refuse("an operation is an object with exactly one key, its operator"));
                };
                let inner = place.key(name);
                if inner.depth > DEEPEST {
                    return Err(inner.refuse(format!("more than {DEEPEST} operations are inside one another")));
                }
                let call = match arguments {
                    Json::Array(list) => Call { name, arguments: list, is_list: true, place: &inner },
                    one => Call { name, arguments: std::slice::from_ref(one), is_list: false, place: &inner },
                };
                self.call(call)
            }
            scalar => Ok(Operand::Literal(scalar)),
        }
    }

    fn call<'j>(&mut self, call: Call<'_, 'j>) -> Parsed<Operand<'j>> {
        let test = match call.name {
            "var" => return self.var(call),
            "hour_of" | "weekday_of" => return self.clock(call).map(Operand::Term),
            "==" | "===" => self.equal(call)?,
            "!=" | "!==" => self.different(call)?,
            "<" => self.ordered(call, Comparison::Less, 3)?,
            "<=" => self.ordered(call, Comparison::AtMost, 3)?,
            ">" => self.ordered(call, Comparison::Greater, 2)?,
            ">=" => self.ordered(call, Comparison::AtLeast, 2)?,
            "and" => Test::All(self.tests(call)?),
            "or" => Test::Any(self.tests(call)?),
            "!" => Test::Not(Box::new(self.only(call)?)),
            "!!" => self.only(call)?,
            "if" => self.branches(call)?,
            "?:" => {
                call.expect(3..=3)?;
                self.branches(call)?
            }
            "in" => self.is_in(call)?,
            "starts_with" => self.text(call, TextTest::StartsWith)?,
            "ends_with" => self.text(call, TextTest::EndsWith)?,
            "in_network" => self.network(call)?,
            "missing" => {
                call.expect(1..=literal::LONGEST_LIST)?;
                let attributes = self.named(call.arguments, |index| call.at(index))?;
                Test::Leaf(Leaf::Fewer { needed: attributes.len(), attributes })
            }
            "missing_some" => self.missing_some(call)?,
            name => return Err(unknown_operator(name, call.place)),
        };
        Ok(Operand::Test(test))
    }

    fn tests(&mut self, call: Call<'_, '_>) -> Parsed<Vec<Test>> {
        call.expect(1..=usize::MAX)?;
        if !call.is_list {
            return Err(call.place.refuse(format!("`{}` takes its arguments in a list", call.name)));
        }
        call.arguments.iter().enumerate().map(|(index, json)| self.test(json, &call.at(index))).collect()
    }

    fn only(&mut self, call: Call<'_, '_>) -> Parsed<Test> {
        call.expect(1..=1)?;
        self.test(&call.arguments[0], &call.at(0))
    }

    fn branches(&mut self, call: Call<'_, '_>) -> Parsed<Test> {
        call.expect(3..=usize::MAX)?;
        if call.arguments.len().is_multiple_of(2) {
            return Err(call.place.refuse(format!(
                "`{}` ends with what holds when none of its conditions does: one argument is left out",
                call.name
            )));
        }
        let mut parts = self.tests(call)?;
        let mut otherwise = parts.pop();
        while let (Some(last), Some(then), Some(condition)) = (otherwise.take(), parts.pop(), parts.pop()) {
            if parts.is_empty() {
                return Ok(Test::If(Box::new([condition, then, last])));
            }
            otherwise = Some(Test::If(Box::new([condition, then, last])));
        }
        Err(call.place.refuse("the branches are incomplete"))
    }

    fn missing_some(&mut self, call: Call<'_, '_>) -> Parsed<Test> {
        call.expect(2..=2)?;
        let (Some(needed), Json::Array(names)) = (call.arguments[0].as_u64(), &call.arguments[1]) else {
            return Err(call.place.refuse("`missing_some` takes a count and a list of names of attributes"));
        };
        let list = call.at(1);
        let attributes = self.named(names, |index| list.index(index))?;
        let needed = usize::try_from(needed).unwrap_or(usize::MAX);
        if !(1..=attributes.len()).contains(&needed) {
            return Err(call.at(0).refuse(format!("1 to {} of these attributes can be needed", attributes.len())));
        }
        Ok(Test::Leaf(Leaf::Fewer { needed, attributes }))
    }

    fn named<'p>(&mut self, names: &[Json], at: impl Fn(usize) -> Place<'p>) -> Parsed<Vec<Attribute>> {
        names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                self.size += 1;
                if self.size > LARGEST {
                    return Err(
                        at(index).refuse(format!("the condition has more than {LARGEST} operations and values"))
                    );
                }
                match name {
                    Json::String(name) => self.attribute(name, &at(index)),
                    other => Err(at(index)
                        .refuse(format!("the name of an attribute is expected, and here is {}", literal::noun(other)))),
                }
            })
            .collect()
    }

    /// The attribute of that name.
    pub(super) fn attribute(&self, name: &str, place: &Place<'_>) -> Parsed<Attribute> {
        literal::checked(name).map_err(|reason| place.refuse(reason))?;
        match self.vocabulary.type_of(name) {
            Some(ty) => Ok(Attribute { name: name.into(), ty }),
            None => {
                let names = self.vocabulary.names();
                let meant = did_you_mean(name, names.iter().map(String::as_str));
                Err(place.refuse(format!("there is no attribute `{name}`{meant}")))
            }
        }
    }
}

/// The operand as a condition; none when it is a value.
pub(super) fn as_test(operand: Operand<'_>) -> Option<Test> {
    match operand {
        Operand::Test(test) => Some(test),
        Operand::Flag(term) => Some(Test::Leaf(Leaf::Flag(term))),
        Operand::Literal(Json::Bool(known)) => Some(Test::Constant(Truth::from(*known))),
        _ => None,
    }
}

fn unknown_operator(name: &str, place: &Place<'_>) -> ConditionError {
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, reason)) => place.refuse(format!("`{name}`: {reason}")),
        None => {
            let meant = did_you_mean(name, OPERATORS.iter().map(|operator| operator.name));
            place.refuse(format!("there is no operator `{name}`{meant}"))
        }
    }
}
