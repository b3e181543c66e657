//! The `Range` field (RFC 9110 §14): what of a file a client wants.

use std::ops::Range;

/// Ranges that one request may name. More is an attack, and is refused unread.
const MOST_RANGES: usize = 5;

/// What to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: no range, or one in a form that we pass over, as the RFC allows.
    Whole,
    /// These bytes, in order, none twice.
    Ranges(Vec<Range<u64>>),
    /// Nothing that there is, or too many pieces.
    NotSatisfiable,
}

/// Reads a `Range` field against a file of `length` bytes.
pub(super) fn wanted(field: &str, length: u64) -> Wanted {
    let Some(specs) = field.trim().strip_prefix("bytes=") else { return Wanted::Whole };
    if specs.split(',').take(MOST_RANGES + 1).count() > MOST_RANGES {
        return Wanted::NotSatisfiable;
    }
    let mut ranges = Vec::new();
    for spec in specs.split(',') {
        match range(spec.trim(), length) {
            None => return Wanted::Whole,
            Some(range) if range.is_empty() => {}
            Some(range) => ranges.push(range),
        }
    }
    if ranges.is_empty() { Wanted::NotSatisfiable } else { Wanted::Ranges(merge(ranges)) }
}

/// One range; empty where it lies behind the end, `None` where it is no range.
fn range(spec: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = spec.split_once('-')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // A number too large for us is beyond every file's end.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    if first.is_empty() {
        return Some(length.saturating_sub(number(last)?)..length);
    }
    let first = number(first)?;
    let end = if last.is_empty() { length } else { number(last)?.saturating_add(1).min(length) };
    if !last.is_empty() && number(last)? < first {
        return None;
    }
    Some(first.min(length)..end.max(first.min(length)))
}

/// Sorted, and joined where they touch or overlap.
fn merge(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        use Wanted::*;
        let one = |range| Ranges(vec![range]);
        for (field, expected) in [
            ("bytes=0-9", one(0..10)),
            ("bytes=90-", one(90..100)),
            ("bytes=90-200", one(90..100)),
            ("bytes=-10", one(90..100)),
            ("bytes=-1000", one(0..100)),
            ("bytes=0-0,2-2", Ranges(vec![0..1, 2..3])),
            ("bytes=5-9,0-4", one(0..10)),
            ("bytes=0-50,10-20", one(0..51)),
            ("bytes=100-", NotSatisfiable),
            ("bytes=-0", NotSatisfiable),
            ("bytes=9223372036854775807-", NotSatisfiable),
            ("bytes=99999999999999999999999-", NotSatisfiable),
            ("bytes=0-9,200-", one(0..10)),
            ("bytes=9-0", Whole),
            ("bytes=a-b", Whole),
            ("bytes=", Whole),
            ("bytes=-", Whole),
            ("lines=0-9", Whole),
            ("", Whole),
        ] {
            assert_eq!(wanted(field, 100), expected, "{field}");
        }
        assert_eq!(wanted(&format!("bytes={}", "0-,".repeat(10_000)), 100), NotSatisfiable);
        assert_eq!(wanted("bytes=0-", 0), NotSatisfiable);
    }
}
