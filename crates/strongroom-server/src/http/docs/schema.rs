//! Schemas as tables and short names.

use serde_json::Value;

use super::html::{escaped, prose, sentence};
use super::{resolved, text};

/// Every schema of the document, each at an anchor of its own.
pub(super) fn all(document: &Value) -> String {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    let articles: String = schemas
        .map(|(name, schema)| {
            let id = escaped(name);
            let description = prose(text(&schema["description"]));
            let table = table(document, schema);
            let body = if table.is_empty() { format!("<p>{}</p>\n", kind(schema)) } else { table };
            format!("<article id=\"schema-{id}\"><h3>{id}</h3>\n{description}{body}</article>\n")
        })
        .collect();
    format!("<section id=\"schemas\"><h2>Schemas</h2>\n{articles}</section>\n")
}

/// The fields of an object, or nothing where it is none.
pub(super) fn table(document: &Value, schema: &Value) -> String {
    let rows: String = parts(document, schema).into_iter().map(fields).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("<table><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead><tbody>{rows}</tbody></table>\n")
}

/// The schemas whose fields an object has: its own, or those that it is composed of.
fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(document, schema);
    match schema["allOf"].as_array() {
        Some(all) if schema["properties"].is_null() => all.iter().flat_map(|part| parts(document, part)).collect(),
        _ => vec![schema],
    }
}

fn fields(schema: &Value) -> String {
    let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| {
            let mark = if required.iter().any(|known| *known == name) { "" } else { " <i>optional</i>" };
            let (name, kind) = (escaped(name), kind(property));
            let meaning = sentence(text(&property["description"]));
            format!("<tr><td><code>{name}</code>{mark}</td><td>{kind}</td><td>{meaning}</td></tr>\n")
        })
        .collect()
}

/// What a schema allows, in a few words; what has a name is linked.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let joined = |schemas: &Vec<Value>, by: &str| schemas.iter().map(kind).collect::<Vec<_>>().join(by);
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().map(|word| format!("<code>{}</code>", escaped(&plain(word))));
        return words.collect::<Vec<_>>().join(" | ");
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return joined(choices, " or ");
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return joined(parts, " and ");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        one => vec![text(one)],
    };
    kinds.into_iter().map(|kind| of_type(schema, kind)).collect::<Vec<_>>().join(" or ")
}

fn of_type(schema: &Value, kind: &str) -> String {
    match kind {
        "array" => format!("list of {}", self::kind(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("object of {}", self::kind(&schema["additionalProperties"]))
        }
        "integer" | "number" => format!("{kind}{}", bounds(schema)),
        other => escaped(other),
    }
}

/// Between what a number lies; that one is not negative need not be said.
fn bounds(schema: &Value) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, Value::Null) => String::new(),
        (least, Value::Null) if *least == 0 => String::new(),
        (least, Value::Null) => format!(", at least {}", escaped(&plain(least))),
        (Value::Null, most) => format!(", at most {}", escaped(&plain(most))),
        (least, most) => format!(", {} to {}", escaped(&plain(least)), escaped(&plain(most))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
