//! The addresses of the pages. Routes mount these shapes and views link to them, so a path is written once.
//!
//! `project` is a project's slug, `key` a record's human key (`REQ-42`); both are percent-encoded here, so a view may
//! pass whatever the database holds.

use std::fmt::Write as _;

/// Organisation home: its projects.
pub const HOME: &str = "/";
/// Sign-in form; the form posts to the same address.
pub const SIGN_IN: &str = "/sign-in";
/// Ends the session; POST only.
pub const SIGN_OUT: &str = "/sign-out";
/// Remembers the theme in a cookie and returns; POST with `theme` and `return_to`.
pub const THEME: &str = "/theme";
/// Remembers whether shortcuts are on and returns; POST with `shortcuts` and `return_to`.
pub const SHORTCUTS: &str = "/shortcuts";
/// Search page, the palette without script; GET with `q`.
pub const FIND: &str = "/search";
/// What the palette lists: `[{"label","hint","kind","href"}]` for `q`.
pub const PALETTE: &str = "/palette.json";
/// The account page: settings and sessions.
pub const ACCOUNT: &str = "/account";
/// Changes the password; POST with `current`, `new` and `again`.
pub const PASSWORD: &str = "/account/password";
/// Revokes one session (`session`) or all others (`session=others`); POST only.
pub const SESSIONS_REVOKE: &str = "/account/sessions/revoke";
/// API tokens; POST creates one.
pub const TOKENS: &str = "/account/tokens";
/// Revokes one API token (`token`); POST only.
pub const TOKENS_REVOKE: &str = "/account/tokens/revoke";
/// Creates a project; POST with `name`.
pub const PROJECTS: &str = "/projects";
/// Where a vulnerability runs; GET with `identifier`.
pub const EXPOSURE: &str = "/exposure";
/// The catalogue of services.
pub const SERVICES: &str = "/services";
/// What a change of a record would touch; GET with `record`.
pub const IMPACT: &str = "/impact";
/// How good the data are; for administrators.
pub const QUALITY: &str = "/quality";
/// How the installation does; for those who look after it. GET with `span`.
pub const HEALTH: &str = "/health";
/// Everybody who belongs to the organisation.
pub const MEMBERS: &str = "/members";
/// Roles and permissions; POST makes a role.
pub const ROLES: &str = "/roles";
/// What members were given one by one.
pub const GRANTS: &str = "/grants";
/// What waits for a yes; POST asks for something.
pub const APPROVALS: &str = "/approvals";
/// May somebody do something, and why; GET with the question.
pub const ACCESS: &str = "/access";
/// Who may do something; GET with the question.
pub const ACCESS_WHO: &str = "/access/who";
/// What somebody may do; GET with `who`.
pub const ACCESS_WHAT: &str = "/access/what";
/// Changes and taking them back; GET with what names them (`set`, `run`, `change`, …), POST tries or does it.
pub const CHANGES: &str = "/changes";
/// The audit trail; GET with what narrows it.
pub const AUDIT: &str = "/audit";
/// Security events; GET with what narrows them.
pub const SECURITY: &str = "/security";
/// The rules by which they are found.
pub const SECURITY_RULES: &str = "/security/rules";
/// The reference of the API, rendered from its own description.
pub const DOCS: &str = "/docs";
/// Every component in every state.
pub const DESIGN: &str = "/design";

/// A project's overview.
#[must_use]
pub fn project(project: &str) -> String {
    format!("/p/{}", segment(project))
}

/// A page of a project, such as `requirements`, `matrix`, `baselines`, `tests`, `builds`, `defects`, `findings`, `deployments`, `releases` or `import`.
#[must_use]
pub fn section(project: &str, section: &str) -> String {
    format!("/p/{}/{section}", segment(project))
}

/// The story of a record: its collection and identifier.
#[must_use]
pub fn history(resource: &str, id: &str) -> String {
    format!("/history/{}/{}", segment(resource), segment(id))
}

/// One entry of the audit trail, by identifier.
#[must_use]
pub fn audit_entry(id: &str) -> String {
    format!("{AUDIT}/{}", segment(id))
}

/// A security event's page; its form posts here.
#[must_use]
pub fn security_event(id: &str) -> String {
    format!("{SECURITY}/{}", segment(id))
}

/// A requirement's page; its edit form posts here.
#[must_use]
pub fn requirement(project: &str, key: &str) -> String {
    format!("/p/{}/requirements/{}", segment(project), segment(key))
}

/// A file that a requirement's text names, by identifier.
#[must_use]
pub fn requirement_file(project: &str, key: &str, id: &str) -> String {
    format!("{}/files/{}", requirement(project, key), segment(id))
}

/// A service with what it offers, by identifier.
#[must_use]
pub fn service(id: &str) -> String {
    format!("{SERVICES}/{}", segment(id))
}

/// What a change of a record would touch: by identifier, by key, or by key with its project, as in `pay:REQ-12`.
#[must_use]
pub fn impact(record: &str) -> String {
    asking(IMPACT, &[("record", record)])
}

/// A baseline's page, by identifier.
#[must_use]
pub fn baseline(project: &str, id: &str) -> String {
    format!("/p/{}/baselines/{}", segment(project), segment(id))
}

/// A bundle of evidence, by identifier: to be saved, or its readable page.
#[must_use]
pub fn evidence(project: &str, id: &str, part: &str) -> String {
    format!("/p/{}/evidence/{}/{part}", segment(project), segment(id))
}

/// A test case's page.
#[must_use]
pub fn test_case(project: &str, key: &str) -> String {
    format!("/p/{}/tests/{}", segment(project), segment(key))
}

/// A build's page, by its number.
#[must_use]
pub fn build(project: &str, number: i64) -> String {
    format!("/p/{}/builds/{number}", segment(project))
}

/// What goes out about a build: `tests.xml` or `bom.cdx.json`.
#[must_use]
pub fn build_export(project: &str, number: i64, part: &str) -> String {
    format!("/p/{}/builds/{number}/{part}", segment(project))
}

/// A defect's page; its edit form posts here.
#[must_use]
pub fn defect(project: &str, key: &str) -> String {
    format!("/p/{}/defects/{}", segment(project), segment(key))
}

/// A finding's page, by identifier; its decision is posted to `…/triage`.
#[must_use]
pub fn finding(project: &str, id: &str) -> String {
    format!("/p/{}/findings/{}", segment(project), segment(id))
}

/// An import job's page.
#[must_use]
pub fn import(project: &str, id: &str) -> String {
    format!("/p/{}/imports/{}", segment(project), segment(id))
}

/// A connection to a repository server, by identifier; its secret is changed at `…/rotate-secret`.
#[must_use]
pub fn webhook(project: &str, id: &str) -> String {
    format!("/p/{}/webhooks/{}", segment(project), segment(id))
}

/// A message of a repository server, by identifier; it is worked on again at `…/work-again`.
#[must_use]
pub fn webhook_message(project: &str, id: &str) -> String {
    format!("/p/{}/webhooks/messages/{}", segment(project), segment(id))
}

/// An import profile's page; its form posts here.
#[must_use]
pub fn import_profile(project: &str, id: &str) -> String {
    format!("/p/{}/import-profiles/{}", segment(project), segment(id))
}

/// A member's page, by identifier.
#[must_use]
pub fn member(id: &str) -> String {
    format!("{MEMBERS}/{}", segment(id))
}

/// A role's page, by its short name.
#[must_use]
pub fn role(name: &str) -> String {
    format!("{ROLES}/{}", segment(name))
}

/// A page with a question in its address; empty parts are left out.
#[must_use]
pub fn asking(page: &str, question: &[(&str, &str)]) -> String {
    let parts: Vec<String> = question
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", segment(name), segment(value)))
        .collect();
    if parts.is_empty() { page.to_owned() } else { format!("{page}?{}", parts.join("&")) }
}

/// One path segment or query value with everything but RFC 3986's unreserved characters percent-encoded.
#[must_use]
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_cannot_leave_its_segment() {
        assert_eq!(requirement("a/b", "REQ-1?x#y"), "/p/a%2Fb/requirements/REQ-1%3Fx%23y");
        assert_eq!(project("größe"), "/p/gr%C3%B6%C3%9Fe");
    }
}
