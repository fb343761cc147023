//! The web door: pages for people, rendered on the server and whole without script; `assets/app.js` only makes them quicker.
//!
//! Views are pure functions from plain structs to HTML: nothing in [`views`], [`components`] or [`layout`] knows the
//! database, the session or the router. A route gathers what a page needs into the page's `View` struct and a
//! [`layout::Frame`], and answers with `views::<page>::page(&frame, &view)` under [`layout::CONTENT_SECURITY_POLICY`].
//!
//! - [`router`]: every page, wired to the kernel
//! - [`layout`]: the frame around every page, its navigation and dialogs
//! - [`components`]: the pieces, each shown in every state on the `/design` page
//! - [`views`]: one page a file
//! - [`paths`]: the addresses that links and forms use, so that routes and views agree
//! - [`assets`]: the embedded stylesheet, script and mark, served under content-hashed names

pub mod assets;
pub mod components;
pub mod format;
pub mod icons;
pub mod layout;
pub mod paths;
mod routes;
pub mod state;
pub mod views;

pub use routes::{AfterUpload, SESSION_COOKIE, Site, router};
