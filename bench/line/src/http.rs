//! One HTTP/1.1 request at a time over a kept-alive connection, with no more work than reading the answer to its end.
//! The generator shares the machine with what it measures, so it must cost little; it is the same for every peer.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::Failure;

/// A kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer; the body is what follows the head.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// Status line and headers.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 << 10) })
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// # Errors
    /// When the connection breaks, or the answer carries no `Content-Length` (the peers here all send one).
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.fill().await?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let status = std::str::from_utf8(self.buffer.get(9..12).ok_or("a short status line")?)?.parse()?;
        let length = match content_length(&self.buffer[..head]) {
            Some(length) => length,
            None if matches!(status, 204 | 304) => 0,
            None => return Err("an answer without Content-Length".into()),
        };
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        let (head, body) = self.buffer[..].split_at(head);
        Ok(Answer { status, head, body })
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(())
    }
}

/// The bytes of a GET.
#[must_use]
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// The bytes of a POST.
#[must_use]
pub fn post(path: &str, token: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    with_body("POST", path, token, content_type, body)
}

/// The bytes of a PATCH with a JSON body.
#[must_use]
pub fn patch(path: &str, token: &str, body: &[u8]) -> Vec<u8> {
    with_body("PATCH", path, token, "application/json", body)
}

fn with_body(method: &str, path: &str, token: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: {content_type}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn content_length(head: &[u8]) -> Option<usize> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        name.eq_ignore_ascii_case(b"content-length:").then(|| std::str::from_utf8(value).ok()?.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_found_whatever_its_case() {
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"), Some(42));
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\ncontent-length:7\r\n\r\n"), Some(7));
        assert_eq!(content_length(b"HTTP/1.1 200 OK\r\ncontent-type: a\r\n\r\n"), None);
    }
}
