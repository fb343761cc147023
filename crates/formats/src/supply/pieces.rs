//! A JSON document as its head, and as the items of its long lists.

use std::io::BufRead;

use crate::decode::Replaced;
use crate::json::{Json, Token, Value};
use crate::{Limits, ReadError};

/// Lists, each by the members that lead to it, arrays passed through: `Results.Vulnerabilities`. `""`: an array at the top.
pub(super) type Lists = &'static [&'static str];

/// What one value takes beside its text.
const VALUE_BYTES: usize = 32;

/// What a value takes, about.
pub(super) fn size(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::Text(text) | Value::Number(text) => text.len(),
            Value::List(items) => items.iter().map(size).sum(),
            Value::Object(members) => members.iter().map(|(name, value)| name.len() + VALUE_BYTES + size(value)).sum(),
            Value::Null | Value::Bool(_) => 0,
        }
}

/// Reads a document and keeps everything but the items of `lists`. `take` is asked for a list (no item) whether it wants its items (not 0), and is
/// then given each; it says how many bytes it kept.
pub(super) fn head<R: BufRead>(
    json: &mut Json<R>,
    lists: &[&str],
    room: usize,
    take: &mut dyn FnMut(usize, Option<&Value>) -> usize,
) -> Result<Value, ReadError> {
    let mut walk = Walk { json, lists, left: room, room, take, path: Vec::new() };
    if walk.json.next_document()? == Some(b'[')
        && let Some(list) = lists.iter().position(|own| own.is_empty())
    {
        walk.list(list)?;
        walk.json.next()?;
        return Ok(Value::List(Vec::new()));
    }
    let token = walk.json.next()?;
    let value = walk.value(token)?;
    walk.json.next()?;
    Ok(value)
}

struct Walk<'a, R> {
    json: &'a mut Json<R>,
    lists: &'a [&'a str],
    left: usize,
    room: usize,
    take: &'a mut dyn FnMut(usize, Option<&Value>) -> usize,
    path: Vec<String>,
}

impl<R: BufRead> Walk<'_, R> {
    fn pay(&mut self, size: usize) -> Result<(), ReadError> {
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            self.json.error(format!("its head takes more than the {} bytes this server keeps of it", self.room))
        })?;
        Ok(())
    }

    fn list(&mut self, list: usize) -> Result<(), ReadError> {
        if !self.json.enter_array()? {
            return Ok(());
        }
        let wanted = (self.take)(list, None) > 0;
        while self.json.another()? {
            if wanted {
                let value = Value::read(self.json, self.room)?;
                let kept = (self.take)(list, Some(&value));
                self.pay(kept)?;
            } else {
                self.json.skip()?;
            }
        }
        Ok(())
    }

    // Depth is bounded by the tokenizer.
    fn value(&mut self, token: Token) -> Result<Value, ReadError> {
        let size = match &token {
            Token::Text(text) | Token::Number(text) => text.len(),
            _ => 0,
        };
        self.pay(VALUE_BYTES + size)?;
        Ok(match token {
            Token::Null => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Number(text) => Value::Number(text),
            Token::Text(text) => Value::Text(text),
            Token::ArrayStart => {
                let mut items = Vec::new();
                loop {
                    match self.json.next()? {
                        Token::ArrayEnd => return Ok(Value::List(items)),
                        token => items.push(self.value(token)?),
                    }
                }
            }
            Token::ObjectStart => {
                let mut members = Vec::new();
                while let Token::Name(name) = self.json.next()? {
                    self.pay(name.len() + VALUE_BYTES)?;
                    self.path.push(name);
                    let path = self.path.join(".");
                    let value = match self.lists.iter().position(|own| *own == path) {
                        Some(list) => {
                            self.list(list)?;
                            Value::Null
                        }
                        None => {
                            let token = self.json.next()?;
                            self.value(token)?
                        }
                    };
                    members.push((self.path.pop().unwrap_or_default(), value));
                }
                Value::Object(members)
            }
            Token::ObjectEnd | Token::ArrayEnd | Token::Name(_) | Token::Finished => {
                return Err(self.json.error("a value is missing"));
            }
        })
    }
}

/// One item.
pub(super) struct Item {
    /// Which of the lists it is in.
    pub(super) list: usize,
    /// Which item of the outermost array on the way, from 0.
    pub(super) nth: usize,
    pub(super) value: Value,
}

/// What is open on the way to the lists.
struct Open {
    is_array: bool,
    /// Whether it is the value of the last name of the path.
    is_named: bool,
    /// Values so far, of an array.
    count: usize,
}

/// Yields the items of the lists and passes over the rest.
pub(super) struct Items<R> {
    json: Json<R>,
    lists: Lists,
    room: usize,
    begun: bool,
    ended: bool,
    path: Vec<String>,
    /// Whether the value that comes next belongs to the last name.
    named: bool,
    open: Vec<Open>,
    /// The list whose items come next, and how many have come.
    within: Option<(usize, usize)>,
}

impl<R: BufRead> Items<R> {
    pub(super) fn new(inner: R, limits: &Limits, lists: Lists) -> Self {
        Self {
            json: Json::new(inner, limits),
            lists,
            room: limits.max_record_bytes,
            begun: false,
            ended: false,
            path: Vec::new(),
            named: false,
            open: Vec::new(),
            within: None,
        }
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> ReadError {
        self.json.error(reason)
    }

    pub(super) fn replaced(&self) -> Replaced {
        self.json.replaced()
    }

    /// The next item; nothing at the end of a complete document.
    pub(super) fn next(&mut self) -> Result<Option<Item>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        if !self.begun {
            self.begun = true;
            if self.json.next_document()? == Some(b'[')
                && let Some(list) = self.lists.iter().position(|own| own.is_empty())
                && self.json.enter_array()?
            {
                self.within = Some((list, 0));
            }
        }
        loop {
            if let Some((list, count)) = self.within {
                if self.json.another()? {
                    self.within = Some((list, count + 1));
                    let value = Value::read(&mut self.json, self.room)?;
                    let outermost = self.open.iter().find(|open| open.is_array);
                    let nth = outermost.map_or(count, |open| open.count.saturating_sub(1));
                    return Ok(Some(Item { list, nth, value }));
                }
                self.within = None;
                self.path.pop();
            }
            let token = self.json.next()?;
            let named = std::mem::take(&mut self.named);
            if !matches!(token, Token::Name(_) | Token::ObjectEnd | Token::ArrayEnd | Token::Finished)
                && let Some(array) = self.open.last_mut().filter(|open| open.is_array)
            {
                array.count += 1;
            }
            match token {
                Token::Name(name) => self.member(name)?,
                Token::ObjectStart | Token::ArrayStart => {
                    self.open.push(Open { is_array: token == Token::ArrayStart, is_named: named, count: 0 });
                }
                Token::ObjectEnd | Token::ArrayEnd => {
                    if self.open.pop().is_some_and(|open| open.is_named) {
                        self.path.pop();
                    }
                }
                Token::Finished => {
                    self.ended = true;
                    return Ok(None);
                }
                _ => {
                    if named {
                        self.path.pop();
                    }
                }
            }
        }
    }

    fn member(&mut self, name: String) -> Result<(), ReadError> {
        self.path.push(name);
        let path = self.path.join(".");
        if let Some(list) = self.lists.iter().position(|own| *own == path) {
            if self.json.enter_array()? {
                self.within = Some((list, 0));
            } else {
                self.path.pop();
            }
        } else if self.lists.iter().any(|own| own.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.')))
        {
            self.named = true;
        } else {
            self.json.skip()?;
            self.path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_one_by_one_and_the_head_is_what_is_left() {
        let text = r#"{"b":{"x":[1]},"r":[{"v":[{"a":1},{"a":2}],"t":"one"},3,{"t":"two","w":{"v":[9]},"v":[{"a":3}]}],"v":[4],"z":null}"#;
        let mut items = Items::new(text.as_bytes(), &Limits::default(), &["r.v", "v"]);
        let mut all = Vec::new();
        while let Some(item) = items.next().expect("readable") {
            all.push((item.list, item.nth, item.value.get("a").and_then(Value::count)));
        }
        assert_eq!(all, [(0, 0, Some(1)), (0, 0, Some(2)), (0, 2, Some(3)), (1, 0, None)]);
        let mut json = Json::new(text.as_bytes(), &Limits::default());
        let head = head(&mut json, &["r.v", "v"], 10_000, &mut |_, _| 0).expect("readable");
        let results = head.items_of("r");
        assert_eq!(results.len(), 3);
        assert_eq!(results[0].get("v"), Some(&Value::Null));
        assert_eq!(results[2].text_of("t").as_deref(), Some("two"));
    }
}
