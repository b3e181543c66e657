//! Parameters that many operations share, and what they all may hold.

use serde_json::{Value, json};

use super::schemas::without_null;
use super::{Operation, push, rights};

/// Declares the shared ones.
pub(super) fn declare(components: &mut Value) {
    components["parameters"]["connection"] = json!({
        "name": "x-connection-id", "in": "header", "required": true,
        "description": "The connection that the call is about. Another organisation's is as unknown as none.",
        "schema": { "type": "string", "pattern": "^conn_[a-z0-9]{24}$" },
        "example": "conn_a1b2c3d4e5f6g7h8i9j0k1l2",
    });
}

/// Adds the connection, and narrows what the others may hold.
pub(super) fn add(operation: &mut Operation<'_>) {
    let declared = operation.body.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in declared.into_iter().flatten() {
        match narrowed(operation.path, parameter) {
            Some(schema) => parameter["schema"] = schema,
            // The derive says of an optional one that it may be null, which nothing in a URL or header can be.
            None => without_null(&mut parameter["schema"]),
        }
    }
    if rights::takes_connection(operation.path) {
        push(&mut operation.body["parameters"], json!({ "$ref": "#/components/parameters/connection" }));
    }
}

/// The exact schema of a parameter, where its type does not say all.
fn narrowed(path: &str, parameter: &Value) -> Option<Value> {
    let in_self = path.starts_with("/v2/access/self");
    let in_account = path.starts_with("/v2/account");
    let is_stored = path.starts_with("/v2/vault");
    let words = |words: &str| json!({ "type": "string", "enum": words.split(' ').collect::<Vec<_>>() });
    let most = match path {
        _ if parameter["name"] != "limit" => 0,
        "/v2/access/vault/media" | "/v2/access/vault/lists/{listId}/media" => 40,
        "/v2/access/self/release-forms" | "/v2/access/self/tagged-friend-users" => 20,
        _ => 100,
    };
    let schema = match parameter["name"].as_str()? {
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": most }),
        "offset" => json!({ "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 }),
        "durationMin" | "durationMax" => json!({ "type": "number", "minimum": 0, "maximum": 1_000_000_000 }),
        "sortDirection" => words("asc desc"),
        "sortBy" if in_self => words("date name"),
        "sortBy" => words("recent most-liked highest-tips"),
        "sort" => words("recent oldest most_liked highest_tips"),
        "filter" => words("all pending"),
        "mediaType" => words("photo video audio gif"),
        "type" if is_stored => words("image video audio"),
        "type" => words("photo video audio gif"),
        "status" if is_stored => words("edge_only pending storing stored removed"),
        "status" if in_account => words("active expired awaiting_2fa"),
        "status" => words("processing playable ready error"),
        "state" => words("open completing completed aborted expired"),
        "source" => words("vault messages posts stories"),
        "imported" => words("true false"),
        "purge" | "trash" => words("true false 1 0"),
        "listId" | "personId" | "releaseFormId" => json!({ "type": "integer", "format": "int64", "minimum": 1 }),
        "partNumber" => json!({ "type": "integer", "minimum": 1, "maximum": 10_000 }),
        "format" => words("jsonl csv"),
        _ => return None,
    };
    Some(schema)
}
