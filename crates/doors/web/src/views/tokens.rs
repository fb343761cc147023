//! API tokens. A new token is shown once, because only its hash is kept.

use maud::{Markup, html};

use crate::components::{
    Column, Empty, Field, FormErrors, Head, Input, empty, error_summary, field, head, hidden, key, none, panel, submit,
    table,
};
use crate::format::{When, time};
use crate::icons::{Icon, icon};
use crate::layout::{Frame, csrf, page as framed};
use crate::paths;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The person's tokens.
    pub tokens: Vec<Token>,
    /// Scopes on offer: value and words.
    pub scopes: Vec<(String, String)>,
    /// Scopes ticked.
    pub chosen: Vec<String>,
    /// The name entered.
    pub name: String,
    /// Days until expiry on offer: value and words.
    pub lifetimes: Vec<(String, String)>,
    /// What was refused.
    pub errors: FormErrors,
    /// The token just made, in full. Put it into no other place.
    pub created: Option<String>,
}

/// One token.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its id, for revoking.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was used last.
    pub last_used: Option<When>,
    /// When it ends.
    pub expires: Option<When>,
}

/// The page. Answer with `Cache-Control: no-store` when `created` is set.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "API tokens",
        &[],
        &html! {
            (head(&Head { title: "API tokens", sub: Some(html! { "For CI and scripts; a token can do no more than you" }), ..Head::default() }))
            @if let Some(token) = &view.created {
                div class="flash good" role="status" {
                    (icon(Icon::KeyRound))
                    div {
                        p { b { "This is the only time the token is shown." } " Put it where your pipeline keeps its secrets." }
                        div class="secret" { code { (token) } button type="button" class="icon-button script-only" data-copy=(token) aria-label="Copy the token" { (icon(Icon::Copy)) } }
                    }
                }
            }
            (panel("list", "Tokens", i64::try_from(view.tokens.len()).ok(), &html! {
                @if view.tokens.is_empty() {
                    (empty(&Empty { glyph: Icon::KeyRound, title: "No token yet", text: "Make one below and give it to your pipeline:", command: Some("export THROUGHLINE_TOKEN=…".to_owned()), link: None }))
                } @else {
                    (table("Tokens", &[Column::text("Name"), Column::text("Begins with"), Column::text("May"), Column::text("Last used"), Column::text("Ends"), Column::text("Revoke")], &html! {
                        @for token in &view.tokens {
                            tr {
                                td class="title" { (token.name) }
                                td { (key(&token.prefix)) "…" }
                                td class="text" { (token.scopes.join(", ")) }
                                td { @match token.last_used { Some(when) => (time(when)), None => (none("never")) } }
                                td { @match token.expires { Some(when) => (time(when)), None => (none("never")) } }
                                td { form method="post" action=(paths::TOKENS_REVOKE) { (csrf(frame)) (hidden("token", &token.id)) button class="button danger" aria-label={ "Revoke " (token.name) } { "Revoke" } } }
                            }
                        }
                    }))
                }
            }))
            (panel("new", "New token", None, &html! {
                form method="post" action=(paths::TOKENS) class="form box" {
                    (csrf(frame)) (error_summary("token", &view.errors))
                    (field(&Field { form: "token", name: "name", label: "Name", value: &view.name, input: Input::Text, required: true, hint: Some("Where it will be used, for example “CI of payments”.") }, &view.errors))
                    fieldset id="token-scopes" {
                        legend { b { "It may" } }
                        @for (value, words) in &view.scopes {
                            label class="option" { input type="checkbox" name="scopes" value=(value) checked[view.chosen.contains(value)]; span { (words) } }
                        }
                        @if let Some(error) = view.errors.of("scopes") { p class="error" { (icon(Icon::CircleX)) (error) } }
                    }
                    (field(&Field { form: "token", name: "lifetime", label: "Ends after", value: "", input: Input::Select(view.lifetimes.clone()), required: true, hint: None }, &view.errors))
                    (submit("Create token"))
                }
            }))
        },
    )
}
