//! Posted forms: bounded, from this site, by the person whose session it is.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts as _, Request},
    http::header,
};
use base::{Problem, ProblemKind};
use serde_json::{Map, Value};

use super::{Site, error::PageError, session::Visitor};

/// Fields of one form at most.
const FIELDS: usize = 1000;

/// The fields of a form, in the order they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, PageError> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(bytes).map_err(|_| Problem::bad_request("The form cannot be read."))?;
        if pairs.len() > FIELDS {
            return Err(Problem::new(ProblemKind::TooLarge, format!("A form has at most {FIELDS} fields.")).into());
        }
        Ok(Self(pairs))
    }

    /// The text of a field, without spaces around it; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The text of a field as it was sent, for passwords.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field that may come several times.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Every field and its value, in the order they came.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the field was sent at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// A JSON object for the kernel of those of `names` that were sent; an empty field is `null`. Line breaks are those
    /// of the database: HTML sends CRLF.
    pub(super) fn object(&self, names: &[&str]) -> Map<String, Value> {
        names
            .iter()
            .filter(|name| self.has(name))
            .map(|name| {
                let text = self.text(name).replace("\r\n", "\n");
                ((*name).to_owned(), if text.is_empty() { Value::Null } else { Value::String(text) })
            })
            .collect()
    }
}

/// A form posted by a person who is signed in. Extracting it has checked where it comes from and its CSRF token.
pub(super) struct Posted {
    /// Who posted it.
    pub(super) visitor: Visitor,
    /// What is in it.
    pub(super) fields: Fields,
}

impl FromRequest<Arc<Site>> for Posted {
    type Rejection = PageError;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, site).await?;
        let fields = read(Request::from_parts(parts, body), site).await?;
        visitor.check_csrf(fields.raw("csrf"))?;
        Ok(Self { visitor, fields })
    }
}

/// Reads the body of a form.
pub(super) async fn read(request: Request, site: &Arc<Site>) -> Result<Fields, PageError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != "application/x-www-form-urlencoded" {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, "This address takes forms.").into());
    }
    let bytes = Bytes::from_request(request, site)
        .await
        .map_err(|_| Problem::new(ProblemKind::TooLarge, "The form is too large; it takes at most 1 MiB."))?;
    Fields::parse(&bytes)
}
