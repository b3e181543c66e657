//! `--name value`, and nothing else.

use std::collections::HashMap;
use std::str::FromStr;

use crate::Outcome;

/// The arguments after the command.
pub struct Arguments(HashMap<String, String>);

impl Arguments {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut named = HashMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or_else(|| format!("`{word}`: expected --name"))?;
            let value = words.next().ok_or_else(|| format!("--{name} has no value"))?;
            named.insert(name.to_owned(), value);
        }
        Ok(Self(named))
    }

    pub fn text(&self, name: &str) -> Outcome<&str> {
        self.0.get(name).map(String::as_str).ok_or_else(|| format!("--{name} is missing").into())
    }

    pub fn text_or<'a>(&'a self, name: &str, otherwise: &'a str) -> &'a str {
        self.0.get(name).map_or(otherwise, String::as_str)
    }

    pub fn number<T: FromStr>(&self, name: &str) -> Outcome<T> {
        let text = self.text(name)?;
        text.parse().map_err(|_| format!("--{name}: `{text}` is not a number").into())
    }

    pub fn number_or<T: FromStr>(&self, name: &str, otherwise: T) -> Outcome<T> {
        if self.0.contains_key(name) { self.number(name) } else { Ok(otherwise) }
    }
}
