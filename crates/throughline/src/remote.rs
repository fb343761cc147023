//! A server that the command line talks to like any other client: its address, a token, and what it answers.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::{credentials::Credentials, failure::Failure, trust};

/// Exit code for callers who are not signed in, or may not do this.
const NOT_ALLOWED: u8 = 4;

/// Which server, and how to sign in.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Remote {
    /// The address of the server; that of the local instance when nothing is said.
    #[arg(long, global = true, env = "THROUGHLINE_URL")]
    pub(crate) url: Option<String>,
    /// An API token that may do this.
    #[arg(long, global = true, env = "THROUGHLINE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// A PEM file with the authorities whose certificates are believed of the server, in place of the system's.
    #[arg(long, global = true, env = "THROUGHLINE_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// Why nothing came of it.
pub(crate) enum Refusal {
    /// The server said why, or the command line is wrong.
    Told { message: String, code: u8 },
    /// We could not even ask.
    Failed(Failure),
}

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Refusal {
    /// What was asked for is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Told { message: message.into(), code: 2 }
    }

    /// Says it on standard error.
    ///
    /// # Errors
    /// When we could not even ask.
    pub(crate) fn tell(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Told { message, code } => {
                let _ = writeln!(std::io::stderr(), "throughline: {message}");
                Ok(ExitCode::from(code))
            }
            Self::Failed(failure) => Err(failure),
        }
    }
}

/// A server and the token to sign in with.
pub(crate) struct Server {
    client: Client,
    url: String,
    token: String,
}

impl Server {
    /// The server that was named, or the local instance.
    ///
    /// # Errors
    /// When nothing says who is asking, or the address cannot be used.
    pub(crate) fn of(data: &Path, arguments: &Remote) -> Result<Self, Refusal> {
        let local = match (&arguments.url, &arguments.token) {
            (Some(_), Some(_)) => None,
            _ => Credentials::read(data).map_err(Refusal::Failed)?,
        };
        // The local token is for the local server alone: it is never sent to an address that was named.
        let (url, token, certificate) = match (arguments.url.clone(), arguments.token.clone(), local) {
            (Some(url), Some(token), _) => (url, token, None),
            (None, token, Some(local)) => (local.url, token.unwrap_or(local.token), local.certificate),
            (Some(url), None, Some(local)) if same_place(&url, &local.url) => (url, local.token, local.certificate),
            _ => {
                return Err(Refusal::Told {
                    message:
                        "not signed in: give --url and --token, set THROUGHLINE_URL and THROUGHLINE_TOKEN, or bring an \
                              instance up here"
                            .to_owned(),
                    code: NOT_ALLOWED,
                });
            }
        };
        let client = trust::client(url.starts_with("https:"), arguments.ca_file.as_deref(), certificate.as_deref())
            .map_err(Refusal::Failed)?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), token })
    }

    /// The JSON behind a path.
    ///
    /// # Errors
    /// The sentence with which the server refused.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Refusal> {
        self.send(self.client.get(format!("{}{path}", self.url))).await
    }

    /// What a POST to a path is answered; `with` gives it its body.
    ///
    /// # Errors
    /// The sentence with which the server refused.
    pub(crate) async fn post(
        &self,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Value, Refusal> {
        self.send(with(self.client.post(format!("{}{path}", self.url)))).await
    }

    /// Saves what is behind a path, piece by piece. Answers how many bytes that were.
    ///
    /// # Errors
    /// The sentence with which the server refused, or why it could not be written.
    pub(crate) async fn save(&self, path: &str, to: &mut impl std::io::Write) -> Result<u64, Refusal> {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let mut answer = request.send().await?;
        if !answer.status().is_success() {
            body(answer).await?;
            return Err(Refusal::usage("the server answered with nothing to save"));
        }
        let mut size = 0;
        while let Some(piece) = answer.chunk().await? {
            size += piece.len() as u64;
            to.write_all(&piece)?;
        }
        Ok(size)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Refusal> {
        body(request.bearer_auth(&self.token).send().await?).await
    }
}

fn same_place(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// The JSON of an answer, or the sentence with which the server refused.
async fn body(answer: Response) -> Result<Value, Refusal> {
    let status = answer.status();
    let text = answer.text().await?;
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    if status.is_success() {
        return Ok(value);
    }
    let mut message = match value["detail"].as_str().or(value["title"].as_str()) {
        Some(sentence) => sentence.to_owned(),
        None => format!("the server answered {status}"),
    };
    for field in value["errors"].as_array().into_iter().flatten() {
        let (pointer, detail) =
            (field["pointer"].as_str().unwrap_or_default(), field["detail"].as_str().unwrap_or_default());
        message = format!("{message} {} {detail}.", pointer.trim_start_matches('/'));
    }
    let code = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => NOT_ALLOWED,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => 2,
        _ => 1,
    };
    Err(Refusal::Told { message, code })
}

/// A query value with everything percent-encoded that is not plain.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_value_stays_one() {
        assert_eq!(escaped("1.0 rc&x"), "1.0%20rc%26x");
    }

    #[test]
    fn the_local_token_goes_to_the_local_server_only() {
        let place = tempfile::tempdir().expect("a directory");
        let local = Credentials {
            url: "http://127.0.0.1:7400".into(),
            organization: "o".into(),
            email: "e".into(),
            password: "p".into(),
            token: "local".into(),
            certificate: None,
        };
        local.write(place.path()).expect("written");
        let token = |url: Option<&str>, token: Option<&str>| {
            let remote = Remote { url: url.map(str::to_owned), token: token.map(str::to_owned), ca_file: None };
            Server::of(place.path(), &remote).map(|server| server.token).ok()
        };
        assert_eq!(token(None, None).as_deref(), Some("local"));
        assert_eq!(token(Some("http://127.0.0.1:7400/"), None).as_deref(), Some("local"));
        assert_eq!(token(Some("http://elsewhere.example"), None), None);
        assert_eq!(token(Some("http://elsewhere.example"), Some("own")).as_deref(), Some("own"));
    }
}
