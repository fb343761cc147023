//! The account page: theme, shortcuts, and the sessions that are signed in.

use maud::{Markup, html};

use crate::components::{
    Column, Field, FormErrors, Head, Input, error_summary, field, head, hidden, panel, submit, table,
};
use crate::format::{When, time};
use crate::layout::{Frame, csrf, page as framed, shortcuts_list, theme_form};
use crate::paths;
use crate::state::{Tone, state_as};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The person's e-mail address.
    pub email: String,
    /// Their role in words.
    pub role: String,
    /// The sessions signed in, this one first.
    pub sessions: Vec<Session>,
    /// What was refused about a new password.
    pub errors: FormErrors,
}

/// One session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id, for revoking.
    pub id: String,
    /// Browser and system, as far as they say.
    pub agent: String,
    /// The address it came from.
    pub address: String,
    /// When it was last active.
    pub active: When,
    /// When it ends.
    pub expires: When,
    /// Whether it is the one looking at this page.
    pub current: bool,
}

/// The page.
#[must_use]
pub fn page(frame: &Frame, view: &View) -> Markup {
    framed(
        frame,
        "Account",
        &[],
        &html! {
            (head(&Head { title: frame.person.as_deref().unwrap_or("Account"), sub: Some(html! { (view.email) " · " (view.role) }), ..Head::default() }))
            (panel("sessions", "Sessions", i64::try_from(view.sessions.len()).ok(), &html! {
                (table("Sessions", &[Column::text("Where"), Column::text("Address"), Column::text("Active"), Column::text("Ends"), Column::text("Revoke")], &html! {
                    @for session in &view.sessions {
                        tr {
                            td class="title" { (session.agent) }
                            td { span class="key" { (session.address) } }
                            td { (time(session.active)) }
                            td { (time(session.expires)) }
                            td {
                                @if session.current { (state_as(Tone::Good, "This one")) }
                                @else { form method="post" action=(paths::SESSIONS_REVOKE) { (csrf(frame)) (hidden("session", &session.id)) button class="button danger" aria-label={ "Revoke the session of " (session.agent) } { "Revoke" } } }
                            }
                        }
                    }
                }))
                @if view.sessions.len() > 1 {
                    form method="post" action=(paths::SESSIONS_REVOKE) class="pager" { (csrf(frame)) (hidden("session", "others")) button class="button danger" { "Revoke all others" } }
                }
            }))
            (panel("password", "Password", None, &html! {
                form method="post" action=(paths::PASSWORD) class="form box" {
                    (csrf(frame)) (error_summary("password", &view.errors))
                    (password("current", "Current password", false, None, &view.errors))
                    (password("new", "New password", true, Some("At least 12 characters; a few words are easier to remember than signs."), &view.errors))
                    (password("again", "New password again", true, None, &view.errors))
                    label class="option" {
                        input type="checkbox" name="revoke_tokens" value="yes" checked;
                        span { "End my API tokens too; whoever knew the old password may have made some" }
                    }
                    (submit("Change password"))
                }
            }))
            div class="half" {
                (panel("theme-setting", "Theme", None, &theme_form(frame)))
                (panel("shortcuts-setting", "Keyboard shortcuts", None, &html! {
                    form method="post" action=(paths::SHORTCUTS) {
                        (csrf(frame)) (hidden("return_to", paths::ACCOUNT))
                        div class="segments" role="group" aria-labelledby="shortcuts-setting" {
                            button name="shortcuts" value="on" aria-pressed=(!frame.shortcuts_off) { "On" }
                            button name="shortcuts" value="off" aria-pressed=(frame.shortcuts_off) { "Off, except Ctrl K" }
                        }
                    }
                    (shortcuts_list())
                }))
            }
        },
    )
}

fn password(name: &str, label: &str, new: bool, hint: Option<&str>, errors: &FormErrors) -> Markup {
    field(
        &Field { form: "password", name, label, value: "", input: Input::Password { new }, required: true, hint },
        errors,
    )
}
