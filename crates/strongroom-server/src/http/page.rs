//! Query strings: unknown keys are ignored, known ones are read by name, and what is wrong is named.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::request::Parts;

use crate::problem::Problem;

/// A query's pairs, decoded.
pub(super) struct QueryPairs(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for QueryPairs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        const MOST_PAIRS: usize = 100;
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::field("query", "", &format!("readable: {}", error.body_text())))?;
        if pairs.len() > MOST_PAIRS {
            return Err(Problem::field("query", &pairs.len().to_string(), "a query of at most 100 pairs"));
        }
        Ok(Self(pairs))
    }
}

impl QueryPairs {
    /// The first value under `name`; what some clients send for nothing is nothing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        value.filter(|value| !matches!(*value, "" | "null" | "undefined"))
    }

    /// A word of the core.
    pub(super) fn word<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Problem> {
        self.get(name).map(|text| text.parse().map_err(|_| Problem::field(name, text, expected))).transpose()
    }
}

/// Limit and offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) limit: u32,
    pub(super) offset: u64,
}

impl Page {
    /// Reads `limit` (1 to `most`, else `usual`) and `offset`.
    pub(super) fn read(query: &QueryPairs, usual: u32, most: u32) -> Result<Self, Problem> {
        let limit = match query.get("limit") {
            None => usual,
            Some(text) => number(text)
                .and_then(|limit| u32::try_from(limit).ok())
                .filter(|limit| (1..=most).contains(limit))
                .ok_or_else(|| Problem::field("limit", text, &format!("a whole number from 1 to {most}")))?,
        };
        let offset = match query.get("offset") {
            None => 0,
            Some(text) => number(text).ok_or_else(|| Problem::field("offset", text, "a whole number of at least 0"))?,
        };
        Ok(Self { limit, offset })
    }

    /// Cuts a list that was asked for with one more than the limit, and says whether there are more.
    pub(super) fn cut<T>(self, mut list: Vec<T>) -> (Vec<T>, bool) {
        let limit = self.limit as usize;
        let has_more = list.len() > limit;
        list.truncate(limit);
        (list, has_more)
    }
}

/// A whole number, also when a client printed it as a float.
fn number(text: &str) -> Option<u64> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    whole.parse().ok().filter(|number| *number < 1 << 53)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Page, Problem> {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Page::read(&QueryPairs(pairs), 24, 40)
    }

    #[test]
    fn pages_are_read_as_clients_send_them() {
        let page = read(&[("limit", "40"), ("offset", "null")]).unwrap();
        assert_eq!((page.limit, page.offset), (40, 0));
        let page = read(&[("offset", "48.0")]).unwrap();
        assert_eq!((page.limit, page.offset), (24, 48));
        for (name, value) in [("limit", "0"), ("limit", "41"), ("limit", "x"), ("offset", "-1")] {
            let problem = read(&[(name, value)]).unwrap_err();
            assert!(
                problem.message.starts_with(&format!("{name}: `{value}` is not a whole number")),
                "{}",
                problem.message
            );
        }
        assert_eq!(Page { limit: 2, offset: 0 }.cut(vec![1, 2, 3]), (vec![1, 2], true));
        assert_eq!(Page { limit: 2, offset: 0 }.cut(vec![1, 2]), (vec![1, 2], false));
    }
}
