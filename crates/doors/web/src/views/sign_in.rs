//! Sign-in by e-mail and password.

use maud::{Markup, html};

use crate::assets::MARK;
use crate::components::{Field, FormErrors, Input, error_summary, field, hidden, submit};
use crate::layout::{Frame, bare, csrf};
use crate::paths;

/// What the sign-in page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The e-mail address tried before; empty at first.
    pub email: String,
    /// Why it did not work. Say the same for an unknown name and a wrong password.
    pub errors: FormErrors,
    /// Where to go afterwards; a local path.
    pub return_to: String,
}

/// The sign-in page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    let one =
        |name, label, value, input| Field { form: "sign-in", name, label, value, input, required: true, hint: None };
    bare(
        frame,
        "Sign in",
        &html! {
            div class="card" {
                img src=(MARK.href) alt="" width="32" height="32";
                h1 { "Sign in" @if !frame.organization.is_empty() { " to " (frame.organization) } }
                p class="muted" { "From requirement to production, on one line." }
                form method="post" action=(paths::SIGN_IN) class="form" {
                    (csrf(frame)) (hidden("return_to", &view.return_to))
                    (error_summary("sign-in", &view.errors))
                    (field(&one("email", "E-mail", &view.email, Input::Email), &view.errors))
                    (field(&one("password", "Password", "", Input::Password { new: false }), &view.errors))
                    (submit("Sign in"))
                }
            }
        },
    )
}
