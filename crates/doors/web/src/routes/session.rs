//! Who visits: the session behind the cookie, the frame around their pages, and the defence against forged requests.
//!
//! A forged request fails twice: the browser says where it comes from (`Sec-Fetch-Site`, else `Origin`), and it lacks
//! the token in the form, which is a digest of the session's own secret and so cannot be known elsewhere (ASVS 5.0 3.5.1).

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, request::Parts},
};
use base::{Problem, ProblemKind};
use kernel::{Action, Allowed, Ctx, Error, Read, Record, Resource, Tx, authorise};
use sha2::{Digest as _, Sha256};
pub(super) use shared::{REQUEST_ID, cookie, request_of, same};
use shared::{RateLimits, SESSION_COOKIE, clean, over_https};
use uuid::Uuid;
use work::{Counted, Project};

use super::{Site, answer, error::PageError};
use crate::layout::{AccessNav, Flash, Frame, ProjectNav, Section, Theme};

/// Counts that the navigation shows; what is more is not counted to its end.
const COUNTED: i64 = 10_000;
/// The cookie that remembers the theme.
pub(super) const THEME_COOKIE: &str = "throughline_theme";
/// The cookie that remembers that single-key shortcuts are off.
pub(super) const SHORTCUTS_COOKIE: &str = "throughline_shortcuts";

/// A person who is signed in, and what their request says about the page around the answer.
pub(super) struct Visitor {
    /// Their context.
    pub(super) ctx: Ctx,
    csrf: String,
    theme: Theme,
    shortcuts_off: bool,
    path: String,
    flashes: Vec<Flash>,
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, PageError> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            check_origin(&parts.headers)?;
        }
        let visitor = Self::of(site, parts).await?;
        let who = (visitor.ctx.principal.organization_id, visitor.ctx.principal.user_id);
        RateLimits::by_principal(&parts.extensions, &parts.headers, who)?;
        Ok(visitor)
    }
}

impl Visitor {
    /// The visitor behind a request's cookie.
    pub(super) async fn of(site: &Site, parts: &Parts) -> Result<Self, PageError> {
        let token = cookie(&parts.headers, SESSION_COOKIE)
            .ok_or_else(|| Problem::new(ProblemKind::Unauthenticated, "Sign in to see this page."))?;
        let principal = site.authenticator.principal(&token).await?;
        if principal.session_id().is_none() {
            // An API token in the cookie would carry its scopes past the forms that people read.
            return Err(Problem::new(ProblemKind::Unauthenticated, "Pages take sessions, not API tokens.").into());
        }
        Ok(Self {
            ctx: Ctx::new(site.kernel.clone(), principal, request_of(parts)),
            csrf: csrf_of(&token),
            theme: theme(&parts.headers),
            shortcuts_off: shortcuts_off(&parts.headers),
            path: path_of(parts),
            flashes: flashes(&parts.headers),
        })
    }

    /// Refuses a form whose CSRF token is not that of the session.
    pub(super) fn check_csrf(&self, token: &str) -> Result<(), PageError> {
        if same(token.as_bytes(), self.csrf.as_bytes()) {
            return Ok(());
        }
        Err(forged().into())
    }

    /// The frame of a page outside any project.
    pub(super) async fn frame(&self, section: Section) -> Result<Frame, Error> {
        Ok(self.around(section, identity::organization_name(&self.ctx).await?, None))
    }

    /// The project with this slug and the frame of a page in it.
    pub(super) async fn project(&self, slug: &str, section: Section) -> Result<(Allowed<Project, Read>, Frame), Error> {
        let (project, frame, _) = self.project_counted(slug, section).await?;
        Ok((project, frame))
    }

    /// The same, and what there is in the project.
    pub(super) async fn project_counted(
        &self,
        slug: &str,
        section: Section,
    ) -> Result<(Allowed<Project, Read>, Frame, Counted), Error> {
        let (project, counted) = work::project_counted(&self.ctx, slug).await?;
        let shown = |count: Option<i64>| count.filter(|count| *count <= COUNTED);
        let navigation = ProjectNav {
            name: project.name.clone(),
            slug: project.slug.clone(),
            requirements: shown(counted.requirements),
            tests: shown(counted.tests),
            open_defects: shown(counted.open_defects),
        };
        let frame = self.around(section, project.organization.clone(), Some(navigation));
        Ok((project, frame, counted))
    }

    /// Whether the visitor may do `action` to things of `resource_type` in `project`; for showing or hiding a button,
    /// never instead of asking the kernel.
    pub(super) fn may(&self, resource_type: &str, action: &str, project: Option<Uuid>) -> bool {
        self.ctx.may(resource_type, action, project)
    }

    /// Whether the visitor may do `A` to this record, also when they may not do it to all of its kind; for showing or hiding a
    /// button, never instead of asking the kernel.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub(super) async fn may_do<A: Action>(
        &self,
        tx: &Tx,
        resource: &'static Resource,
        id: &str,
        project: Option<Uuid>,
    ) -> Result<bool, Error> {
        let action = resource.needs(A::NAME);
        if self.may(resource.permission, action, project) {
            return Ok(true);
        }
        if resource.owner.is_none() && self.ctx.reach(resource.permission, action) == authz::Reach::Nothing {
            return Ok(false);
        }
        let served = self.ctx.catalogue().served(resource)?;
        match Record::find(tx, served, id, false).await.and_then(|record| authorise::<A, _>(&self.ctx, record)) {
            Ok(_) => Ok(true),
            Err(error) if error.problem().is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn around(&self, section: Section, organization: String, project: Option<ProjectNav>) -> Frame {
        Frame {
            organization,
            section,
            project,
            looks_after: self.may("data_quality", "read", None),
            access: AccessNav {
                members: self.ctx.reach("membership", "read") != authz::Reach::Nothing,
                roles: self.ctx.reach("role", "read") != authz::Reach::Nothing,
                about_others: self.may("role", "read", None),
                approvals: self.ctx.reach("approval_request", "read") != authz::Reach::Nothing,
                trail: self.ctx.reach("audit_log", "read") != authz::Reach::Nothing,
                security: self.ctx.reach("security_event", "read") != authz::Reach::Nothing,
            },
            person: Some(self.ctx.principal.display_name.clone()),
            csrf: self.csrf.clone(),
            theme: self.theme,
            shortcuts_off: self.shortcuts_off,
            path: self.path.clone(),
            flashes: self.flashes.clone(),
        }
    }
}

/// The frame of somebody who is not signed in.
pub(super) fn frame_of_nobody(parts: &Parts) -> Frame {
    Frame {
        theme: theme(&parts.headers),
        shortcuts_off: shortcuts_off(&parts.headers),
        path: path_of(parts),
        flashes: flashes(&parts.headers),
        ..Frame::default()
    }
}

fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, THEME_COOKIE).map_or(Theme::System, |code| Theme::from_code(&code))
}

fn shortcuts_off(headers: &HeaderMap) -> bool {
    cookie(headers, SHORTCUTS_COOKIE).as_deref() == Some("off")
}

fn flashes(headers: &HeaderMap) -> Vec<Flash> {
    cookie(headers, answer::FLASH_COOKIE).and_then(|value| answer::flash_from_cookie(&value)).into_iter().collect()
}

/// The path and query of a request.
pub(super) fn path_of(parts: &Parts) -> String {
    parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// Whether a path leads into this site and nowhere else: `//host` and `/\host` lead out of it.
pub(super) fn is_local(path: &str) -> bool {
    path.len() <= 2000
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\')
}

/// The text of a `Set-Cookie` header. `seconds` is its life: `None` ends with the browser, zero removes it.
pub(super) fn set_cookie(headers: &HeaderMap, name: &str, value: &str, seconds: Option<i64>) -> String {
    let life = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if over_https(headers) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{life}{secure}")
}

/// The CSRF token that belongs to a secret only the browser and we know.
pub(super) fn csrf_of(secret: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"throughline form token\0");
    digest.update(secret.as_bytes());
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request that comes from elsewhere.
pub(super) fn forged() -> Problem {
    Problem::forbidden("The form did not come from this site, or its session has ended. Load the page again and retry.")
}

/// Refuses a post that the browser says comes from another site.
pub(super) fn check_origin(headers: &HeaderMap) -> Result<(), PageError> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let fine = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some() && authority == text("host")
        }
        (None, None) => true,
    };
    if fine { Ok(()) } else { Err(forged().into()) }
}

/// The identifier of a request as its caller or the door gave it.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    clean(headers, REQUEST_ID, 128).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for local in ["/", "/p/a/requirements?status=draft&q=%20x", "/p/a#b"] {
            assert!(is_local(local), "{local}");
        }
        for foreign in [
            "",
            "p",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie:x",
            "/\t/evil",
            "/ä",
        ] {
            assert!(!is_local(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_post_from_elsewhere_is_refused() {
        let answer = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, axum::http::HeaderValue::from_static(value));
            }
            check_origin(&headers).is_ok()
        };
        assert!(answer(&[("sec-fetch-site", "same-origin")]));
        assert!(answer(&[("host", "a.example:80"), ("origin", "http://a.example:80")]));
        assert!(answer(&[]));
        assert!(!answer(&[("sec-fetch-site", "same-site")]));
        assert!(!answer(&[("sec-fetch-site", "cross-site"), ("host", "a.example"), ("origin", "http://a.example")]));
        assert!(!answer(&[("host", "a.example"), ("origin", "http://b.example")]));
        assert!(!answer(&[("host", "a.example"), ("origin", "null")]));
    }

    #[test]
    fn form_tokens_belong_to_one_secret() {
        assert_eq!(csrf_of("a").len(), 64);
        assert_ne!(csrf_of("a"), csrf_of("b"));
        assert!(same(b"ab", b"ab") && !same(b"ab", b"ac") && !same(b"ab", b"abc"));
    }
}
