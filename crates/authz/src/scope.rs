//! What an API token was made for: `*`, `requirement:read`, `*:read`, `import:*`.

use std::{fmt, str::FromStr};

/// One scope of a token. `*` stands for every kind of thing or every action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    resource_type: Option<String>,
    action: Option<String>,
}

/// The text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scope; write `*`, `*:read`, or a pair such as `requirement:read` or `import:*`")]
pub struct ScopeError(String);

impl Scope {
    /// Whether the scope covers `action` on things of `resource_type`.
    pub fn covers(&self, resource_type: &str, action: &str) -> bool {
        self.resource_type.as_deref().is_none_or(|name| name == resource_type)
            && self.action.as_deref().is_none_or(|name| name == action)
    }
}

impl Scope {
    /// Whether everything that `other` covers is covered too.
    pub fn contains(&self, other: &Self) -> bool {
        let holds = |own: &Option<String>, other: &Option<String>| own.is_none() || own == other;
        holds(&self.resource_type, &other.resource_type) && holds(&self.action, &other.action)
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let word = |part: &str| match part {
            "*" => Ok(None),
            _ if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
                Ok(Some(part.to_owned()))
            }
            _ => Err(ScopeError(text.to_owned())),
        };
        match text.split_once(':') {
            None if text == "*" => Ok(Self { resource_type: None, action: None }),
            None => Err(ScopeError(text.to_owned())),
            Some((resource_type, action)) => Ok(Self { resource_type: word(resource_type)?, action: word(action)? }),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".into());
        write!(f, "{}:{}", word(&self.resource_type), word(&self.action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_it_names() {
        let scope: Scope = "import:create".parse().expect("a scope");
        assert!(
            scope.covers("import", "create") && !scope.covers("import", "read") && !scope.covers("build", "create")
        );
        assert!("*".parse::<Scope>().expect("a scope").covers("anything", "at_all"));
    }

    #[test]
    fn a_scope_contains_what_is_no_wider() {
        let scope = |text: &str| text.parse::<Scope>().expect("a scope");
        for (wide, narrow) in [("*", "*"), ("*", "*:read"), ("*:read", "build:read"), ("build:*", "build:read")] {
            assert!(scope(wide).contains(&scope(narrow)), "{wide} contains {narrow}");
        }
        for (narrow, wide) in [("*:read", "*"), ("build:read", "*:read"), ("build:*", "*"), ("build:*", "*:read")] {
            assert!(!scope(narrow).contains(&scope(wide)), "{narrow} does not contain {wide}");
        }
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        for text in ["", "read", "a:b:c", "Requirement:read", ":", "requirement:"] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }
}
