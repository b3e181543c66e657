//! Every request's id: in `X-Request-Id`, in errors, and in every line that is logged for it.

use axum::http::{HeaderMap, HeaderValue};
use strongroom_core::id::RequestId;

/// The longest id that is taken over.
const LONGEST: usize = 64;

/// The client's own id, where it sent a good one, so that its log and ours can be laid side by side; otherwise a new one. What may
/// be in it is neither syntax in a log nor in a header, and an id proves nothing, so a forged one does no harm.
pub(super) fn of(headers: &HeaderMap) -> String {
    let theirs = headers.get("x-request-id").and_then(|value| value.to_str().ok()).filter(|id| is_good(id));
    theirs.map_or_else(|| RequestId::random().to_string(), str::to_owned)
}

fn is_good(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_plain)
}

/// The header field.
pub(super) fn field(id: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_and_short_ids_are_taken_over() {
        let of = |id: &str| of(&HeaderMap::from_iter([("x-request-id".parse().unwrap(), id.parse().unwrap())]));
        let longest = "a".repeat(LONGEST);
        for good in ["7f-A._", &longest] {
            assert_eq!(of(good), good);
        }
        for bad in ["", "a b", "a\"b", "a/b", "a:b", &"a".repeat(LONGEST + 1)] {
            assert!(of(bad).starts_with("req_"), "{bad}");
        }
        assert!(super::of(&HeaderMap::new()).starts_with("req_"));
    }
}
