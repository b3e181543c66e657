//! What a derive cannot say of a body: which fields it needs where one of two will do, and that ids are positive.

use serde_json::{Value, json};

/// Fields that these bodies need, of which the types say only that they may be missing.
const REQUIRED: &[(&str, &[&str])] = &[
    ("InitRequest", &["filename"]),
    ("CreateConnectionRequest", &["name", "username"]),
    ("CreateKeyRequest", &["name"]),
];

/// Fields of which these bodies need one or the other.
const ONE_OF: &[(&str, &[[&str; 2]])] =
    &[("InitRequest", &[["size", "filesize"], ["contentType", "mimeType"]]), ("CheckRequest", &[["etag", "sha256"]])];

/// Narrows the schemas of bodies.
pub(super) fn narrow(schemas: &mut Value) {
    for (name, required) in REQUIRED {
        for field in *required {
            without_null(&mut schemas[name]["properties"][field]);
            super::push(&mut schemas[name]["required"], json!(field));
        }
    }
    for (name, choices) in ONE_OF {
        let needs =
            |field: &str| json!({ "required": [field], "properties": { field: { "not": { "type": "null" } } } });
        let all: Vec<Value> = choices.iter().map(|choice| json!({ "anyOf": choice.map(needs) })).collect();
        schemas[name]["allOf"] = json!(all);
    }
    for (body, schema) in schemas.as_object_mut().into_iter().flatten() {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            match name.as_str() {
                "mediaIds" | "listIds" | "releaseFormIds" => positive(&mut property["items"]),
                // Read as wide as a JSON number is, and refused in a sentence of its own where no file is that large.
                "size" | "filesize" if body.ends_with("Request") => remove(property, "format"),
                // Clients send null for what they do not change.
                "vaultPlus" if property["type"] == "object" => property["type"] = json!(["object", "null"]),
                _ => {}
            }
        }
    }
}

/// Takes `null` out of what a schema allows.
pub(super) fn without_null(schema: &mut Value) {
    let Some(kinds) = schema["type"].as_array() else { return };
    let mut kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
    schema["type"] = if kinds.len() == 1 { kinds.remove(0) } else { json!(kinds) };
}

fn remove(schema: &mut Value, keyword: &str) {
    drop(schema.as_object_mut().and_then(|schema| schema.remove(keyword)));
}

/// Ids count from 1, and stay whole in readers that know only doubles.
fn positive(items: &mut Value) {
    if items["type"] == "string" {
        // Text is what those clients send; numbers are taken, too.
        let mut number = json!({ "type": "integer" });
        positive(&mut number);
        *items = json!({ "oneOf": [{ "type": "string" }, number] });
        return;
    }
    if items["type"] == "integer" {
        items["minimum"] = json!(1);
        items["maximum"] = json!(9_007_199_254_740_991_u64);
    }
    for choice in items.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        positive(choice);
    }
}
