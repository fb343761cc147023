//! The web door's views: tokens, stylesheet, script and pure functions from plain structs to HTML.
//!
//! Nothing here knows the database, the session or the router. A route gathers what a page needs into the page's
//! `View` struct and a [`layout::Frame`], calls `views::<page>::page(&frame, &view)`, and answers with the markup under
//! [`layout::CONTENT_SECURITY_POLICY`]. Every page is whole without script; `assets/app.js` only makes it quicker.
//!
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
pub mod state;
pub mod views;
