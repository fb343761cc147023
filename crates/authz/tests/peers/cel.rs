//! The part of CEL (<https://cel.dev>) that our conditions can say: attributes, literals and lists, compared, combined and negated.

use serde_json::{Value as Json, json};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Literal(Json),
    List(Vec<Expr>),
    /// `R.attr.status`, step by step.
    Name(Vec<String>),
    Not(Box<Expr>),
    /// An operator as our conditions write it, between two.
    Two(&'static str, Box<[Expr; 2]>),
    /// Whether an attribute is there.
    Has(Box<Expr>),
    Now,
}

/// Why an expression is not taken.
pub(crate) type Why = &'static str;

pub(crate) const EACH: Why =
    "`map` `filter` `exists` `exists_one` `all`: nothing is done for each element of a list: write `in`";
pub(crate) const SETS: Why = "`hasIntersection` `isSubset` `intersect` `except`: sets are asked for one element";
pub(crate) const INDEX: Why = "`[…]`: attributes are read by names that are written out";
pub(crate) const FUNCTION: Why =
    "`hierarchy` and other functions of values: what is below what is known from the tree of resources";

/// Between two operands, those that bind less first; those of three letters before their beginnings.
const LEVELS: [&[(&str, &str)]; 3] = [
    &[("||", "or")],
    &[("&&", "and")],
    &[("==", "=="), ("!=", "!="), ("<=", "<="), (">=", ">="), ("<", "<"), (">", ">"), ("in ", "in")],
];

/// Reads an expression.
///
/// # Errors
/// The reason, when it asks for what our conditions do not have.
pub(crate) fn parse(text: &str) -> Result<Expr, Why> {
    let mut reader = Reader { rest: text.trim() };
    let expression = reader.level(0)?;
    assert!(reader.rest.is_empty(), "`{}` of `{text}` is not understood", reader.rest);
    Ok(expression)
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest).trim_start();
        found.is_some()
    }

    fn level(&mut self, level: usize) -> Result<Expr, Why> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some((_, ours)) = operators.iter().find(|(token, _)| self.eat(token)) {
            left = Expr::Two(ours, Box::new([left, self.level(level + 1)?]));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, Why> {
        if self.eat("!") {
            return Ok(Expr::Not(Box::new(self.unary()?)));
        }
        let first = self.primary()?;
        if self.rest.starts_with('[') { Err(INDEX) } else { Ok(first) }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Expr>, Why> {
        let mut all = Vec::new();
        while !self.eat(end) {
            all.push(self.level(0)?);
            self.eat(",");
        }
        Ok(all)
    }

    fn primary(&mut self) -> Result<Expr, Why> {
        if self.eat("(") {
            let inner = self.level(0)?;
            assert!(self.eat(")"), "a parenthesis is open before `{}`", self.rest);
            return Ok(inner);
        }
        if self.eat("[") {
            return Ok(Expr::List(self.list("]")?));
        }
        if let Some(rest) = self.rest.strip_prefix('"') {
            let (text, rest) = rest.split_once('"').expect("a text ends");
            self.rest = rest.trim_start();
            return Ok(Expr::Literal(json!(text)));
        }
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        if rest.starts_with('(') {
            return self.called(word);
        }
        match serde_json::from_str(word) {
            Ok(literal) => Ok(Expr::Literal(literal)),
            Err(_) => Ok(Expr::Name(word.split('.').map(str::to_owned).collect())),
        }
    }

    fn called(&mut self, word: &str) -> Result<Expr, Why> {
        match word.rsplit('.').next().unwrap_or_default() {
            "map" | "filter" | "exists" | "exists_one" | "all" => return Err(EACH),
            "hasIntersection" | "isSubset" | "intersect" | "except" => return Err(SETS),
            _ => self.eat("("),
        };
        let arguments = self.list(")")?;
        match (word, arguments.as_slice()) {
            ("now", []) => Ok(Expr::Now),
            ("has", [one]) => Ok(Expr::Has(Box::new(one.clone()))),
            ("timestamp", [one @ Expr::Literal(_)]) => Ok(one.clone()),
            _ => Err(FUNCTION),
        }
    }
}
