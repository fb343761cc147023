//! Requests without a network: straight into the router.

use std::net::{IpAddr, SocketAddr};

use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Person, World};

/// A request in the making.
pub struct Call<'a> {
    world: &'a World,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    peer: IpAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl World {
    /// A request of any method.
    pub fn call(&self, method: &str, path: impl Into<String>) -> Call<'_> {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        Call {
            world: self,
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            peer: IpAddr::from([127, 0, 0, 1]),
        }
    }

    /// A GET.
    pub fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call("GET", path)
    }

    /// A POST of JSON.
    pub fn post(&self, path: impl Into<String>, body: &Value) -> Call<'_> {
        self.call("POST", path).json(body)
    }

    /// A PATCH of JSON.
    pub fn patch(&self, path: impl Into<String>, body: &Value) -> Call<'_> {
        self.call("PATCH", path).json(body)
    }

    /// A DELETE.
    pub fn delete(&self, path: impl Into<String>) -> Call<'_> {
        self.call("DELETE", path)
    }
}

impl Call<'_> {
    /// The same as a person.
    #[must_use]
    pub fn by(self, person: &Person) -> Self {
        self.bearing(&person.token)
    }

    /// The same with a token.
    #[must_use]
    pub fn bearing(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same from another machine.
    #[must_use]
    pub fn from(mut self, peer: IpAddr) -> Self {
        self.peer = peer;
        self
    }

    /// The same with query parameters, encoded here.
    #[must_use]
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
        self.path = format!("{}?{query}", self.path);
        self
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header(header::CONTENT_TYPE.as_str(), "application/json").bytes(body.to_string())
    }

    /// The same with these bytes as its body.
    #[must_use]
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it.
    ///
    /// # Panics
    /// When the request cannot be built or its answer cannot be read: a fault of the test.
    pub async fn send(self) -> Answer {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::from(self.body)).expect("the test makes a request that can be sent");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.peer, 1)));
        let response = self.world.router.clone().oneshot(request).await.expect("a router always answers");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 << 20).await.expect("the whole answer arrives");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The pointers of the fields that a problem names, sorted.
    pub fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let mut pointers: Vec<String> =
            errors.iter().filter_map(|error| error["pointer"].as_str().map(str::to_owned)).collect();
        pointers.sort();
        pointers
    }

    /// The same answer, once its status is what the test expects.
    ///
    /// # Panics
    /// When it is another one; the message shows the body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the answer was {}", self.text());
        self
    }
}
