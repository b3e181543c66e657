//! Web origins, as browsers send them in `Origin` (RFC 6454, section 6.2).

/// Whether this is `*`, or an origin as browsers spell it: scheme and host in lower case, a port only where it is not the
/// scheme's own, and nothing behind. Compared as text, any other spelling would never match.
pub(crate) fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let (rest, usual_port) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, "443"),
        (_, Some(rest)) => (rest, "80"),
        _ => return false,
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_port = |port: &str| port != usual_port && port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
    is_host(host) && port.is_none_or(is_port)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address);
    }
    let is_label = |label: &str| {
        let is_plain =
            label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
        !label.is_empty() && label.len() <= 63 && is_plain
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_spelled_as_browsers_spell_them() {
        for good in [
            "*",
            "https://example.com",
            "http://localhost:5173",
            "https://a-b.example:8443",
            "http://127.0.0.1",
            "http://[::1]",
            "http://[::1]:8080",
            "https://xn--bcher-kva.example",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "null",
            "example.com",
            "https://",
            "https://Example.com",
            "https://example.com/",
            "https://example.com:443",
            "https://example.com:",
            "https://example.com:070",
            "https://example.com:99999",
            "https://*.example.com",
            "https://user@example.com",
            "ftp://example.com",
            "https://a b",
            "https://example..com",
            "http://[::1",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
