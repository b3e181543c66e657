//! Typed reading, with every problem kept until the end.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use toml::Value;

use super::Layers;

/// One setting that is not of the form it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    key: String,
    source: String,
    value: String,
    expected: String,
}

impl Problem {
    pub(super) fn new(key: &str, source: &str, value: &str, expected: &str) -> Self {
        Self { key: key.to_owned(), source: source.to_owned(), value: value.to_owned(), expected: expected.to_owned() }
    }
}

/// Every problem of a configuration at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(Vec<Problem>);

impl ConfigError {
    pub(super) fn one(source: &str, key: &str, value: &str, expected: &str) -> Self {
        Self(vec![Problem::new(key, source, value, expected)])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { key, source, value, expected }) in self.0.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{key} ({source}): {value} is not {expected}")?;
        }
        Ok(())
    }
}

/// Reads settings by key. A setting of the wrong form is noted, and a placeholder takes its place until [`Self::finish`].
pub(super) struct Reader<'a> {
    layers: &'a Layers,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a Layers) -> Self {
        Self { layers, problems: layers.unknown.clone() }
    }

    /// The configuration, unless anything was wrong.
    pub(super) fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(config) } else { Err(ConfigError(self.problems)) }
    }

    pub(super) fn problem(&mut self, key: &str, value: &str, expected: &str) {
        let source = self.layers.settings.iter().find(|(name, _)| name == key).map_or("", |(_, s)| s.source.as_str());
        self.problems.push(Problem::new(key, source, value, expected));
    }

    fn value(&self, key: &str) -> Option<&'a Value> {
        self.layers.settings.iter().find(|(name, _)| name == key).map(|(_, setting)| &setting.value)
    }

    /// Reads `key` with `read`; notes `expected` where it answers nothing.
    fn take<T>(&mut self, key: &str, expected: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.value(key);
        let taken = value.and_then(read);
        if taken.is_none() {
            let shown = value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            self.problem(key, &shown, expected);
        }
        taken
    }

    pub(super) fn text(&mut self, key: &str) -> String {
        self.take(key, "a text", |value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub(super) fn truth(&mut self, key: &str) -> bool {
        self.take(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    /// A text that is not to be shown: a problem with it says so without it.
    pub(super) fn secret(&mut self, key: &str, expected: &str, is_good: impl Fn(&str) -> bool) -> String {
        match self.value(key).and_then(Value::as_str) {
            Some(text) if is_good(text) => return text.to_owned(),
            _ => self.problem(key, "what was given", expected),
        }
        String::new()
    }

    pub(super) fn parsed<T: FromStr + Placeholder>(&mut self, key: &str, expected: &str) -> T {
        self.take(key, expected, |value| value.as_str()?.parse().ok()).unwrap_or_else(T::placeholder)
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> T {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let expected = names.join(" or ");
        self.take(key, &expected, |value| {
            let text = value.as_str()?;
            choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice)
        })
        .unwrap_or(choices[0].1)
    }

    pub(super) fn whole(&mut self, key: &str, range: RangeInclusive<u64>) -> u64 {
        let expected = match (*range.start(), *range.end()) {
            (start, u64::MAX) => format!("a whole number of at least {start}"),
            (start, end) => format!("a whole number from {start} to {end}"),
        };
        self.take(key, &expected, |value| u64::try_from(value.as_integer()?).ok().filter(|n| range.contains(n)))
            .unwrap_or(*range.start())
    }

    pub(super) fn whole_signed(&mut self, key: &str, range: RangeInclusive<u64>) -> i64 {
        i64::try_from(self.whole(key, range)).unwrap_or(i64::MAX)
    }

    pub(super) fn whole_u32(&mut self, key: &str, range: RangeInclusive<u64>) -> u32 {
        u32::try_from(self.whole(key, range)).unwrap_or(u32::MAX)
    }

    /// Web origins, separated by spaces.
    pub(super) fn origins(&mut self, key: &str) -> Vec<String> {
        let expected = "empty, *, or origins such as https://example.com, separated by spaces";
        self.take(key, expected, |value| {
            let origins = value.as_str()?.split_whitespace();
            origins.map(|origin| super::is_origin(origin).then(|| origin.to_owned())).collect()
        })
        .unwrap_or_default()
    }

    pub(super) fn count(&mut self, key: &str, range: RangeInclusive<u64>) -> usize {
        usize::try_from(self.whole(key, range)).unwrap_or(usize::MAX)
    }

    pub(super) fn power_of_two(&mut self, key: &str, range: RangeInclusive<u64>) -> u64 {
        let expected = format!("a power of two from {} to {}", range.start(), range.end());
        self.take(key, &expected, |value| {
            u64::try_from(value.as_integer()?).ok().filter(|n| range.contains(n) && n.is_power_of_two())
        })
        .unwrap_or(*range.start())
    }

    /// An address and port; `None` where it is empty.
    pub(super) fn optional_address(&mut self, key: &str) -> Option<SocketAddr> {
        self.take(key, "empty, or an address and port, such as 127.0.0.1:9464", |value| match value.as_str()? {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        })
        .flatten()
    }

    /// A part of a whole.
    pub(super) fn share(&mut self, key: &str) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "0 and 1 are exact")]
        let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
        self.take(key, "a number from 0 to 1", |value| number(value).filter(|share| (0.0..=1.0).contains(share)))
            .unwrap_or_default()
    }

    /// A length of time in units of `unit_seconds`, at least `least` units.
    pub(super) fn span(&mut self, key: &str, unit_seconds: f64, least: f64) -> Duration {
        #[allow(clippy::cast_precision_loss, reason = "no span of time needs 53 bits of units")]
        let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
        self.take(key, &format!("a number of at least {least}"), |value| {
            let units = number(value).filter(|units| *units >= least)?;
            Duration::try_from_secs_f64(units * unit_seconds).ok()
        })
        .unwrap_or_default()
    }

    /// An `http` or `https` URL without query or fragment; `None` where it is empty. A trailing slash is cut.
    pub(super) fn base_url(&mut self, key: &str) -> Option<String> {
        let expected = "empty, or a URL such as https://media.example.com";
        self.take(key, expected, |value| {
            let text = value.as_str()?.trim_end_matches('/');
            let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
            let is_url = !rest.is_empty() && !rest.contains(['?', '#', ' ', '@', '"']);
            (text.is_empty() || is_url).then(|| (!text.is_empty()).then(|| text.to_owned()))
        })
        .flatten()
    }
}

/// A value that stands in for a setting that was noted as a problem.
pub(super) trait Placeholder {
    fn placeholder() -> Self;
}

impl Placeholder for SocketAddr {
    fn placeholder() -> Self {
        Self::from(([127, 0, 0, 1], 0))
    }
}
