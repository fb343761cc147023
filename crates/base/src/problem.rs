//! Problem details for HTTP APIs (RFC 9457): the one shape in which every door says what went wrong and what to do.

use std::fmt;

use serde::Serialize;

/// What kind of trouble it is. Each kind has one status and one stable `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// 400: the request cannot be understood.
    BadRequest,
    /// 401: nobody is signed in, or the sign-in has ended.
    Unauthenticated,
    /// 403: the thing may be seen, but this may not be done to it.
    Forbidden,
    /// 404: there is no such thing, or the actor may not know of it.
    NotFound,
    /// 405: the path exists, the method does not.
    MethodNotAllowed,
    /// 406: none of the accepted media types can be produced.
    NotAcceptable,
    /// 409: the request contradicts what is stored now.
    Conflict,
    /// 412: the record has changed since it was read.
    PreconditionFailed,
    /// 413: the body is larger than the limit.
    TooLarge,
    /// 415: the body's media type is not read here.
    UnsupportedMediaType,
    /// 422: the request is understood and breaks a rule; `errors` names the fields.
    Invalid,
    /// 428: a conditional request is needed.
    PreconditionRequired,
    /// 429: too many attempts; `retry_after` says when to try again.
    TooManyRequests,
    /// 500: our fault.
    Internal,
    /// 503: not able to serve just now; `retry_after` says when to try again.
    Unavailable,
}

impl ProblemKind {
    /// Every kind, for documentation.
    pub const ALL: [Self; 15] = [
        Self::BadRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Status code, stable slug and title.
    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "bad-request", "The request cannot be understood"),
            Self::Unauthenticated => (401, "unauthenticated", "Sign in first"),
            Self::Forbidden => (403, "forbidden", "Not allowed"),
            Self::NotFound => (404, "not-found", "Not found"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Method not allowed"),
            Self::NotAcceptable => (406, "not-acceptable", "No acceptable representation"),
            Self::Conflict => (409, "conflict", "In conflict with what is stored"),
            Self::PreconditionFailed => (412, "precondition-failed", "Changed in the meantime"),
            Self::TooLarge => (413, "too-large", "Too large"),
            Self::UnsupportedMediaType => (415, "unsupported-media-type", "Unsupported media type"),
            Self::Invalid => (422, "invalid", "The input breaks a rule"),
            Self::PreconditionRequired => (428, "precondition-required", "A condition is required"),
            Self::TooManyRequests => (429, "too-many-requests", "Too many requests"),
            Self::Internal => (500, "internal", "Something went wrong on our side"),
            Self::Unavailable => (503, "unavailable", "Not able to serve just now"),
        }
    }

    /// The HTTP status code.
    pub const fn status(self) -> u16 {
        self.row().0
    }

    /// The last segment of the problem's `type`.
    pub const fn slug(self) -> &'static str {
        self.row().1
    }

    /// The short title, the same for every occurrence.
    pub const fn title(self) -> &'static str {
        self.row().2
    }
}

/// The most fields that one problem names.
const FIELDS_TOLD: usize = 100;

/// What is wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the body, such as `/title`; `?name` for a query parameter.
    pub pointer: String,
    /// A sentence for the person who has to mend it.
    pub detail: String,
}

/// What somebody may not do, for the audit trail; never said to the caller, who must not learn more than the problem tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The action they wanted.
    pub action: String,
    /// The permission type of what they wanted it of.
    pub resource_type: String,
    /// The record, as callers write its identifier; `None`: none in particular.
    pub record: Option<String>,
    /// Its project, where one is known.
    pub project: Option<uuid::Uuid>,
    /// Whether it is certain that the record is there; otherwise nothing was found, and somebody has to look why.
    pub is_there: bool,
}

/// A problem: said to a caller, never with an internal detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind, which decides status, type and title.
    pub kind: ProblemKind,
    /// What happened here, and what to do next.
    pub detail: String,
    /// The fields that must be mended.
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// What was refused by permission, for the audit trail alone.
    pub refused: Option<Box<Refused>>,
}

impl Problem {
    /// A problem of `kind` that says `detail`.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), retry_after: None, refused: None }
    }

    /// A rule is broken by the input as a whole or by the fields added with [`Problem::field`].
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Invalid, detail)
    }

    /// The request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::BadRequest, detail)
    }

    /// There is no such thing as `what`, or the actor may not know of it.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(ProblemKind::NotFound, format!("There is no {what} here, or you may not see it."))
    }

    /// The actor may see the thing but not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Forbidden, detail)
    }

    /// The request contradicts what is stored now.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, detail)
    }

    /// Adds what is wrong with one field.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// A problem about several fields at once; its detail counts them.
    pub fn of_fields(mut errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            many => format!("{} fields need mending.", many.len()),
        };
        // An answer must not be many times as long as the question.
        errors.truncate(FIELDS_TOLD);
        Self { kind: ProblemKind::Invalid, detail, errors, retry_after: None, refused: None }
    }

    /// Says after how many seconds trying again makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Says what was refused by permission, for the audit trail.
    #[must_use]
    pub fn refusing(mut self, refused: Refused) -> Self {
        self.refused = Some(Box::new(refused));
        self
    }

    /// The HTTP status code.
    pub const fn status(&self) -> u16 {
        self.kind.status()
    }

    /// The body of an `application/problem+json` answer.
    pub fn to_json(&self) -> serde_json::Value {
        let mut body = serde_json::json!({
            "type": format!("/problems/{}", self.kind.slug()),
            "title": self.kind.title(),
            "status": self.status(),
            "detail": self.detail,
        });
        if !self.errors.is_empty() {
            body["errors"] = serde_json::json!(self.errors);
        }
        body
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        for error in &self.errors {
            write!(f, "\n  {}: {}", error.pointer, error.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
