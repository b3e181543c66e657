//! `Content-Disposition` (RFC 6266), with names that are data and never header text.

use axum::http::HeaderValue;

/// Shown in place, under a neutral name: a stranger's file name may hold another stranger's.
pub(crate) fn inline(file: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("inline; filename=\"{file}\"")).unwrap_or(HeaderValue::from_static("inline"))
}

/// Saved, under the name that was given at init.
pub(crate) fn attachment(filename: &str) -> HeaderValue {
    let name: String = filename.chars().filter(|c| !c.is_control()).take(200).collect();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let encoded: String = name.bytes().map(percent_encode).collect();
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// RFC 8187 `attr-char` as it is, all else in hexadecimal.
fn percent_encode(byte: u8) -> String {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'-' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_header() {
        for (name, header) in [
            ("a b.jpg", "attachment; filename=\"a b.jpg\"; filename*=UTF-8''a%20b.jpg"),
            (
                "a\"\r\nSet-Cookie: x=1",
                "attachment; filename=\"a_Set-Cookie_ x_1\"; filename*=UTF-8''a%22Set-Cookie%3A%20x%3D1",
            ),
            ("\";filename*=x", "attachment; filename=\"__filename__x\"; filename*=UTF-8''%22%3Bfilename%2A%3Dx"),
            ("é.jpg", "attachment; filename=\"_.jpg\"; filename*=UTF-8''%C3%A9.jpg"),
            ("../../x", "attachment; filename=\".._.._x\"; filename*=UTF-8''..%2F..%2Fx"),
        ] {
            assert_eq!(attachment(name).to_str().unwrap(), header);
        }
        assert!(attachment(&"x".repeat(4096)).len() < 1000);
    }
}
