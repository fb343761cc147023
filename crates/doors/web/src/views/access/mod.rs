//! Who may do what: members, roles, grants, approvals, and the answer to any question about them.

pub mod approvals;
pub mod explorer;
pub mod grants;
mod held;
pub mod matrix;
pub mod member;
pub mod members;
pub mod role;
pub mod roles;
mod verdict;

pub use held::{Grant, How, Place, chip, condition, grant_line, how_words, place, validity};
pub use verdict::{Considered, Test, Verdict, tests, verdict};

use maud::{Markup, html};

use crate::components::{ActorKind, actor};
use crate::state::MemberKind;

/// Something by its short name: `approve` of `change_request` is "approve" of "change request".
#[must_use]
pub fn spelled(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

/// Several of a kind of thing.
#[must_use]
pub fn several(kind: &str) -> String {
    let words = spelled(kind);
    match words.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{words}s"),
    }
}

/// A member with their mark and a link to their page.
#[must_use]
pub fn member_link(name: &str, kind: MemberKind, href: &str) -> Markup {
    let mark = if kind == MemberKind::Person { ActorKind::Person } else { ActorKind::Agent };
    let shown = crate::components::Actor { name: name.to_owned(), kind: mark, on_behalf_of: None };
    html! { a data-row href=(href) { (actor(&shown)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_spoken_of_in_the_plural() {
        assert_eq!(several("trace_link"), "trace links");
        assert_eq!(several("activity"), "activities");
        assert_eq!(several("survey"), "surveys");
    }
}
