//! The line of a record from requirement to production, drawn as stops, and the criteria it is judged by.

use maud::{Markup, html};

use crate::format::plural;
use crate::state::{ProofState, Shown, Tone, dot, state, state_as};

/// One stop of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What stops here: "Features", "Tests", "Production".
    pub label: String,
    /// The figure or version, in strong type.
    pub value: String,
    /// A few quiet words after it.
    pub detail: Option<String>,
    /// How it stands.
    pub tone: Tone,
    /// The word for how it stands.
    pub word: String,
    /// Where to look.
    pub href: Option<String>,
}

/// The stops in order; the rail between them is dashed where the next stop has not been reached.
#[must_use]
pub fn line(label: &str, stops: &[Stop]) -> Markup {
    let inside = |stop: &Stop| {
        html! {
            span class="stop-label" { (stop.label) }
            b { (stop.value) }
            span class="stop-detail" { (state_as(stop.tone, &stop.word)) @if let Some(detail) = &stop.detail { " " span class="muted" { (detail) } } }
        }
    };
    html! {
        ol class="line" aria-label=(label) {
            @for stop in stops {
                li class={ "stop " (stop.tone.class()) } {
                    span class="node" aria-hidden="true" { (dot(stop.tone)) }
                    @match &stop.href { Some(href) => a href=(href) { (inside(stop)) }, None => div { (inside(stop)) } }
                }
            }
        }
    }
}

/// One acceptance criterion with what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Its text.
    pub text: String,
    /// What the evidence says.
    pub state: ProofState,
    /// Test cases linked to it.
    pub tests: i64,
    /// How many of them failed last time.
    pub failing: i64,
    /// The tests themselves: key, name, address.
    pub links: Vec<(String, String, String)>,
}

/// The criteria with their state and the tests that prove them.
#[must_use]
pub fn criteria(list: &[Criterion]) -> Markup {
    let says = |one: &Criterion| match (one.tests, one.failing) {
        (0, _) => "no test".to_owned(),
        (tests, 0) => plural(tests, "test", "tests"),
        (tests, failing) => format!("{failing} of {} failing", plural(tests, "test", "tests")),
    };
    html! {
        ol class="criteria" {
            @for one in list {
                li class=(one.state.tone().class()) {
                    (state(one.state))
                    div {
                        p { (one.text) }
                        @if !one.links.is_empty() {
                            p class="criterion-tests" {
                                @for (key, name, href) in &one.links { a class="key" href=(href) title=(name) { (key) } " " }
                            }
                        }
                    }
                    span class="says" { (says(one)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_criterion_without_a_test_says_so() {
        let one = Criterion { text: "<script>".into(), state: ProofState::Gap, tests: 0, failing: 0, links: vec![] };
        let html = criteria(&[one]).into_string();
        assert!(html.contains("no test") && html.contains("Gap") && html.contains("&lt;script&gt;"), "{html}");
    }
}
