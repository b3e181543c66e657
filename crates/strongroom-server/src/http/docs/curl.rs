//! A call as a line for a shell.

use serde_json::Value;

use super::operation::Operation;
use super::resolved;

/// The line. The server, the key and the connection are variables of the shell's.
pub(super) fn line(document: &Value, operation: &Operation<'_>) -> String {
    let parameters = operation.body["parameters"].as_array().into_iter().flatten();
    let has_connection =
        parameters.map(|parameter| resolved(document, parameter)).any(|known| known["name"] == "x-connection-id");
    let mut line =
        format!("curl -X {} \"$STRONGROOM{}\" -H \"apiKey: $KEY\"", operation.method.to_uppercase(), path(operation));
    if has_connection {
        line.push_str(" -H \"x-connection-id: $CONNECTION\"");
    }
    let content = &operation.body["requestBody"]["content"];
    if content["application/json"].is_object() {
        let json = content["application/json"]["example"].to_string();
        line.push_str(&format!(" \\\n  -H 'Content-Type: application/json' -d {}", quoted(&json)));
    } else if content.is_object() {
        line.push_str(" \\\n  --data-binary @file");
    }
    line
}

/// The path, with ids in it that look like ids.
fn path(operation: &Operation<'_>) -> String {
    let segments = operation.path.split('/').map(|segment| match segment {
        "{mediaUploadId}" => "upload:6f1c1d1e-8a0b-4c57-9d0f-2f6f6f0c9a11",
        "{partNumber}" => "1",
        "{connectionId}" => "$CONNECTION",
        "{keyId}" => "$KEY_ID",
        id if id.starts_with('{') => "42",
        fixed => fixed,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Between single quotes a shell changes nothing; one of them is written `'\''`.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
