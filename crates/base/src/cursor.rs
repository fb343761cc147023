//! Opaque keyset cursors: where a page of a list ended. A cursor belongs to one sort order and says so.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The last row of a page: the values of its sort columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The sort order the values belong to, as written in the request.
    #[serde(rename = "s")]
    pub sort: String,
    /// One value a sort column, in order, the identifier last.
    #[serde(rename = "v")]
    pub values: Vec<Value>,
}

/// The text is not a cursor that this server made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of this list; take `next_cursor` of an earlier answer, or leave it out")]
pub struct CursorError;

impl Cursor {
    /// The text handed to callers.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor back.
    ///
    /// # Errors
    /// When the text was not made by [`Cursor::encode`].
    pub fn decode(text: &str) -> Result<Self, CursorError> {
        if text.len() > 4096 {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        serde_json::from_slice(&bytes).map_err(|_| CursorError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let cursor = Cursor { sort: "-created_at".into(), values: vec![json!("2026-01-02"), json!(null), json!(7)] };
        assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
    }

    #[test]
    fn text_of_a_stranger_is_refused() {
        for text in ["", "x", "bm90IGpzb24", &"A".repeat(5000)] {
            assert_eq!(Cursor::decode(text), Err(CursorError), "{text}");
        }
    }
}
