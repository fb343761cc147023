//! A file as an answer.

use std::{fmt::Write as _, fs::File, io::Read as _};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};

/// Bytes of a file read at once.
const PIECE: usize = 64 << 10;

/// An answer that is saved under `name` (RFC 6266) and not shown. A media type or name that no header can carry is left out.
#[must_use]
pub fn attached(content: impl Into<Body>, media_type: &str, name: &str) -> Response {
    sent(content.into(), media_type, &disposition("attachment", name))
}

/// An answer that a page shows, and that is called `name` where it is saved.
#[must_use]
pub fn shown(content: impl Into<Body>, media_type: &str, name: &str) -> Response {
    sent(content.into(), media_type, &disposition("inline", name))
}

fn sent(content: Body, media_type: &str, disposition: &str) -> Response {
    let mut response = Response::new(content);
    for (header, value) in [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, disposition)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(header, value);
        }
    }
    response
}

/// How a file is to be taken, and its name, which a stranger may have chosen: what does not fit between quotes is replaced there, and
/// written once more in full (RFC 8187).
fn disposition(kind: &str, name: &str) -> String {
    let is_plain = |c: char| (c == ' ' || c.is_ascii_graphic()) && !matches!(c, '"' | '\\' | '%' | '/');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut text = format!("{kind}; filename=\"{plain}\"");
    if plain != name {
        text.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => text.push(char::from(byte)),
                _ => {
                    let _ = write!(text, "%{byte:02X}");
                }
            }
        }
    }
    text
}

/// A file on the disk as a body, read piece by piece on threads that may wait.
pub fn body_of(file: File) -> Body {
    let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
        let reading = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece)?;
            piece.truncate(read);
            Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
        });
        reading.await.map_err(std::io::Error::other)?
    });
    Body::from_stream(pieces)
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_that_a_stranger_chose_stays_a_name() {
        assert_eq!(disposition("attachment", "a b.csv"), "attachment; filename=\"a b.csv\"");
        assert_eq!(
            disposition("inline", "ä\"; filename=\"x.html"),
            "inline; filename=\"__; filename=_x.html\"; filename*=UTF-8''%C3%A4%22%3B%20filename%3D%22x.html"
        );
        assert_eq!(disposition("attachment", "a\r\nb"), "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab");
    }
}
