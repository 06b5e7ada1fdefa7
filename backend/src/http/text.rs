//! Text that no table can hold (U+0000) is refused at the door, the same on every database: in addresses, in conditions, and
//! in JSON. Documents have a rule of their own, in the gate and in what is made from them.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::http::error::ApiError;

/// The refusal.
pub fn refusal() -> ApiError {
    ApiError::invalid("使えない文字（U+0000）が入っています。その文字を消して、もう一度送ってください。")
}

/// Refuses a path or a condition that names the letter.
pub async fn layer(request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|asked| asked.as_str().contains("%00")) {
        return refusal().into_response();
    }
    next.run(request).await
}

/// Whether a string in this JSON names the letter: `\u0000` after no backslash, or after an even number of them.
pub fn in_json(bytes: &[u8]) -> bool {
    let named = |(at, six): (usize, &[u8])| {
        let before = bytes.get(..at).unwrap_or_default();
        six == b"\\u0000" && before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    };
    bytes.windows(6).enumerate().any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_is_found_and_a_word_that_looks_like_it_is_not() {
        for (json, found) in [
            (r#"{"a":"x\u0000"}"#, true),
            (r#"{"a":"\\\u0000"}"#, true),
            (r#"{"a":"\\u0000"}"#, false),
            (r#"{"a":"\u00001"}"#, true),
            (r#"{"a":"\u0001"}"#, false),
        ] {
            assert_eq!(in_json(json.as_bytes()), found, "{json}");
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(value["a"].as_str().unwrap().contains('\0'), found, "{json}");
        }
    }
}
