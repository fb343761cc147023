//! Form fields with their hints and errors. Errors come as the API gives them: JSON pointers (RFC 6901) and a sentence.

use maud::{Markup, html};

use crate::icons::{Icon, icon};

/// One refused field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Which field, as a JSON pointer: `/title`.
    pub pointer: String,
    /// What is wrong and what is allowed, as a sentence.
    pub detail: String,
}

/// Everything refused about a form; empty when it is shown for the first time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors {
    /// What is wrong with the whole; shown on top.
    pub summary: Option<String>,
    /// What is wrong with single fields.
    pub fields: Vec<FieldError>,
}

impl FormErrors {
    /// Whether nothing was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.summary.is_none() && self.fields.is_empty()
    }

    /// What is wrong with one field, named without its slash.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&str> {
        let about = |error: &&FieldError| error.pointer.strip_prefix('/') == Some(name);
        self.fields.iter().find(about).map(|error| error.detail.as_str())
    }
}

/// How a field takes its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// One line of text.
    Text,
    /// An e-mail address.
    Email,
    /// A password, with what a password manager should make of it.
    Password {
        /// A password being chosen rather than entered.
        new: bool,
    },
    /// A day, as `2026-11-20`.
    Date,
    /// Several lines.
    Area {
        /// How many lines show at first.
        rows: u8,
    },
    /// A moment, as `2026-11-20T14:00`; in UTC.
    Moment,
    /// A text with suggestions: values and words.
    Suggested(Vec<(String, String)>),
    /// One of a few: values and words.
    Select(Vec<(String, String)>),
    /// One or several files.
    Files,
}

/// One field of a form.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// The form's prefix, which keeps ids apart when a page has several forms.
    pub form: &'a str,
    /// The parameter's name.
    pub name: &'a str,
    /// The label above it.
    pub label: &'a str,
    /// What is in it.
    pub value: &'a str,
    /// How it is entered.
    pub input: Input,
    /// Whether it must be filled.
    pub required: bool,
    /// A quiet sentence under the label.
    pub hint: Option<&'a str>,
}

/// A labelled field with hint and error, tied together for assistive technology.
#[must_use]
pub fn field(field: &Field<'_>, errors: &FormErrors) -> Markup {
    let id = format!("{}-{}", field.form, field.name);
    let error = errors.of(field.name);
    let described: Vec<String> = [field.hint.map(|_| format!("{id}-hint")), error.map(|_| format!("{id}-error"))]
        .into_iter()
        .flatten()
        .collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let invalid = error.map(|_| "true");
    let line = |kind: &str, complete: Option<&str>| {
        html! {
            input id=(id) name=(field.name) type=(kind) value=(field.value) required[field.required] autocomplete=[complete]
                aria-describedby=[described.as_ref()] aria-invalid=[invalid];
        }
    };
    html! {
        div class="field" {
            label for=(id) { (field.label) @if !field.required { " " span class="muted" { "optional" } } }
            @if let Some(hint) = field.hint { p class="hint" id={ (id) "-hint" } { (hint) } }
            @match &field.input {
                Input::Text => (line("text", Some("off"))),
                Input::Email => (line("email", Some("username"))),
                Input::Password { new } => (line("password", Some(if *new { "new-password" } else { "current-password" }))),
                Input::Date => (line("date", None)),
                Input::Moment => (line("datetime-local", None)),
                Input::Suggested(options) => {
                    input id=(id) name=(field.name) type="text" value=(field.value) required[field.required] autocomplete="off" list={ (id) "-list" }
                        aria-describedby=[described.as_ref()] aria-invalid=[invalid];
                    datalist id={ (id) "-list" } { @for (value, words) in options { option value=(value) { (words) } } }
                },
                Input::Area { rows } => {
                    textarea id=(id) name=(field.name) rows=(rows) required[field.required]
                        aria-describedby=[described.as_ref()] aria-invalid=[invalid] { "\n" (field.value) }
                },
                Input::Select(options) => {
                    select id=(id) name=(field.name) required[field.required]
                        aria-describedby=[described.as_ref()] aria-invalid=[invalid] {
                        @if !field.required { option value="" selected[field.value.is_empty()] { "–" } }
                        @for (value, words) in options { option value=(value) selected[value == field.value] { (words) } }
                    }
                },
                Input::Files => {
                    input id=(id) name=(field.name) type="file" multiple required[field.required]
                        aria-describedby=[described.as_ref()] aria-invalid=[invalid];
                },
            }
            @if let Some(error) = error { p class="error" id={ (id) "-error" } { (icon(Icon::CircleX)) (error) } }
        }
    }
}

/// What is wrong with the whole form, with a link to each refused field.
#[must_use]
pub fn error_summary(form: &str, errors: &FormErrors) -> Markup {
    html! {
        @if !errors.is_empty() {
            div class="flash bad" role="alert" {
                (icon(Icon::CircleX))
                div {
                    p { (errors.summary.as_deref().unwrap_or("This was not saved. Please look at the marked fields.")) }
                    @if !errors.fields.is_empty() {
                        ul {
                            @for error in &errors.fields {
                                li { a href={ "#" (form) "-" (error.pointer.trim_start_matches('/')) } { (error.detail) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A hidden field.
#[must_use]
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// The button that sends the form.
#[must_use]
pub fn submit(text: &str) -> Markup {
    html! { button class="button main" { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_tied_to_its_field() {
        let errors = FormErrors {
            summary: None,
            fields: vec![FieldError { pointer: "/title".into(), detail: "A title is at most 300 characters".into() }],
        };
        let one = Field {
            form: "new",
            name: "title",
            label: "Title",
            value: "\"><script>",
            input: Input::Text,
            required: true,
            hint: None,
        };
        let html = field(&one, &errors).into_string();
        assert!(
            html.contains("aria-describedby=\"new-title-error\"") && html.contains("aria-invalid=\"true\""),
            "{html}"
        );
        assert!(html.contains("id=\"new-title-error\""));
        assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;\""));
        assert!(error_summary("new", &errors).into_string().contains("href=\"#new-title\""));
        let calm = field(&one, &FormErrors::default()).into_string();
        assert!(!calm.contains("aria-invalid"));
    }
}
