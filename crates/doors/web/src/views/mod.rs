//! One page a file: a plain `View` struct with what the page shows, and `page(frame, view)`.
//!
//! Views never look anything up and never decide who may do what: a route leaves out what a person may not do
//! (`may_edit: false` hides the form), and the operation behind the form refuses it all the same.

pub mod access;
pub mod account;
pub mod audit;
pub mod baselines;
pub mod build;
pub mod builds;
pub mod changes;
pub mod defect;
pub mod defects;
pub mod deployments;
pub mod design;
pub mod docs;
pub mod errors;
pub mod evidence;
pub mod exposure;
pub mod find;
pub mod finding;
pub mod findings;
pub mod gate;
pub mod gate_rules;
pub mod home;
pub mod impact;
pub mod import;
pub mod import_job;
pub mod kinds;
pub mod links;
pub mod matrix;
pub mod memory;
pub mod overview;
pub mod profiles;
pub mod quality;
pub mod releases;
pub mod requirement;
pub mod requirements;
pub mod security;
pub mod service;
pub mod services;
pub mod sign_in;
pub mod suspects;
pub mod test_case;
pub mod test_cases;
pub mod tokens;
pub mod watching;
pub mod webhooks;

use maud::{Markup, html};

use crate::icons::{Icon, icon};
use crate::layout::{Crumb, Frame};
use crate::paths;

/// The slug of the frame's project; empty on pages outside a project.
fn slug(frame: &Frame) -> &str {
    frame.project.as_ref().map_or("", |project| project.slug.as_str())
}

/// The address of a section of the frame's project.
fn at(frame: &Frame, section: &str) -> String {
    paths::section(slug(frame), section)
}

/// The breadcrumb of a section of the frame's project.
fn crumb(frame: &Frame, text: &str, section: &str) -> Crumb {
    (text.to_owned(), at(frame, section))
}

/// Leads from a record, or from everything of a kind, to who can see it and why; whoever may only ask about themselves asks
/// that.
fn seen_by(frame: &Frame, kind: &str, record: &str) -> Markup {
    let (page, words) = match frame.access.about_others {
        true => (paths::ACCESS_WHO, "Who can see this?"),
        false => (paths::ACCESS, "Why can I see this?"),
    };
    let question = [("action", "read"), ("kind", kind), ("record", record), ("project", slug(frame))];
    html! { a class="quiet-link" href=(paths::asking(page, &question)) { (icon(Icon::ScanEye)) (words) } }
}
