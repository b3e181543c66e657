//! Laying one source of settings over another.

use std::path::Path;

use toml::{Table, Value};

use super::ConfigError;
use super::reader::Problem;

/// Settings by section and key, each with the source it came from.
#[derive(Debug, Clone)]
pub struct Layers {
    pub(super) settings: Vec<(String, Setting)>,
    pub(super) unknown: Vec<Problem>,
}

/// One setting and where it was set.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) source: String,
}

impl Layers {
    /// The defaults.
    ///
    /// # Errors
    /// Never, unless the embedded file is broken; a test reads it.
    pub fn defaults() -> Result<Self, ConfigError> {
        let mut layers = Self { settings: Vec::new(), unknown: Vec::new() };
        for (section, table) in parse(super::DEFAULT_TOML, "config.default.toml")? {
            for (key, value) in table.as_table().into_iter().flatten() {
                let setting = Setting { value: value.clone(), source: "config.default.toml".to_owned() };
                layers.settings.push((format!("{section}.{key}"), setting));
            }
        }
        Ok(layers)
    }

    /// Lays a file over what is there.
    ///
    /// # Errors
    /// Where the file cannot be read or is no TOML.
    pub fn with_file(mut self, path: &Path) -> Result<Self, ConfigError> {
        let source = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::one(&source, "", &error.to_string(), "a readable file"))?;
        for (section, value) in parse(&text, &source)? {
            match value {
                Value::Table(table) => {
                    table.into_iter().for_each(|(key, value)| self.set(&format!("{section}.{key}"), value, &source));
                }
                value => self.set(&section, value, &source),
            }
        }
        Ok(self)
    }

    /// Lays `STRONGROOM_SECTION__KEY` variables over what is there. Others of that prefix belong to the command line.
    #[must_use]
    pub fn with_environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        for (name, text) in variables {
            let Some((section, key)) = name.strip_prefix("STRONGROOM_").and_then(|rest| rest.split_once("__")) else {
                continue;
            };
            let name_in_file = format!("{}.{}", section.to_lowercase(), key.to_lowercase());
            let value = self.plain(&name_in_file, &text);
            self.set(&name_in_file, value, &name);
        }
        self
    }

    /// Lays one option of the command line over what is there.
    #[must_use]
    pub fn with_option(mut self, name: &str, value: Option<&str>, flag: &str) -> Self {
        if let Some(text) = value {
            let value = self.plain(name, text);
            self.set(name, value, flag);
        }
        self
    }

    /// A variable's or option's text as what it is: a text where the default is one, or else a number or truth.
    fn plain(&self, name: &str, text: &str) -> Value {
        match self.settings.iter().find(|(known, _)| known == name).map(|(_, setting)| &setting.value) {
            Some(Value::Boolean(_)) => text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Boolean),
            Some(Value::String(_)) => Value::String(text.to_owned()),
            _ => plain(text),
        }
    }

    fn set(&mut self, name: &str, value: Value, source: &str) {
        let setting = Setting { value, source: source.to_owned() };
        match self.settings.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = setting,
            None => {
                let shown = setting.value.to_string();
                self.unknown.push(Problem::new(name, source, &shown, "a key of config.default.toml"));
            }
        }
    }
}

fn parse(text: &str, source: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| ConfigError::one(source, "", error.message(), "a TOML file"))
}

/// A text as the number or word it is.
fn plain(text: &str) -> Value {
    let digits = text.replace('_', "");
    if let Ok(number) = digits.parse::<i64>() {
        return Value::Integer(number);
    }
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Float(number),
        _ => Value::String(text.to_owned()),
    }
}
