//! An example for every JSON body, made from its schema and from what each word of the wire usually holds.

use serde_json::{Map, Value, json};

use super::Operation;

/// Deeper than any schema nests, and an end to one that holds itself.
const DEEPEST: usize = 32;

/// Adds examples to an operation's request and to its answer.
pub(super) fn add(operation: &mut Operation<'_>, schemas: &Value) {
    let mut illustrate = |pointer: &str, direction: Direction| {
        if let Some(content) = operation.body.pointer_mut(pointer) {
            content["example"] = Maker { schemas, direction }.of(&content["schema"], "", 0);
        }
    };
    illustrate("/requestBody/content/application~1json", Direction::Request);
    illustrate("/responses/200/content/application~1json", Direction::Answer);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

/// Makes values that a schema allows.
struct Maker<'a> {
    schemas: &'a Value,
    direction: Direction,
}

impl Maker<'_> {
    /// A value of `schema`, which stands under `name`.
    fn of(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if !schema["example"].is_null() {
            return schema["example"].clone();
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            return self.of(&self.schemas[target], name, depth + 1);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
        if schema["properties"].is_object() {
            return self.object(schema, depth);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(chosen) = schema[choice].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"))
            {
                return self.of(chosen, name, depth + 1);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            let parts = all.iter().map(|part| self.of(part, name, depth + 1));
            return Value::Object(parts.filter_map(|part| part.as_object().cloned()).flatten().collect());
        }
        self.of_type(schema, name, depth)
    }

    fn of_type(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
            kind => kind.as_str(),
        };
        match kind {
            Some("object") => self.object(schema, depth),
            Some("array") => json!([self.of(&schema["items"], name.strip_suffix('s').unwrap_or(name), depth + 1)]),
            Some("boolean") => json!(true),
            Some("integer") => integer(name).unwrap_or_else(|| schema["minimum"].as_i64().unwrap_or(0).max(1)).into(),
            Some("number") => json!(12.5),
            Some("string") => json!(text(name)),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_shown = |name: &String| {
            self.direction == Direction::Answer || !is_passed_over(name) || required.iter().any(|known| known == name)
        };
        let shown = properties.filter(|(name, _)| is_shown(name));
        let mut object: Map<String, Value> =
            shown.map(|(name, property)| (name.clone(), self.of(property, name, depth + 1))).collect();
        if schema["additionalProperties"].is_object() {
            object.insert("full".to_owned(), self.of(&schema["additionalProperties"], "full", depth + 1));
        }
        Value::Object(object)
    }
}

/// What an example request does not say where it need not: other names for the same, and what must exist already.
fn is_passed_over(name: &str) -> bool {
    const PASSED_OVER: &[&str] = &[
        "filesize",
        "mimeType",
        "vaultUpload",
        "directParts",
        "parts",
        "sha256",
        "listIds",
        "releaseFormIds",
        "connectionIds",
        "userId",
    ];
    PASSED_OVER.contains(&name)
}

fn integer(name: &str) -> Option<i64> {
    Some(match name {
        "id" | "mediaId" | "userId" | "listId" | "releaseFormId" => 1,
        "size" | "sizeBytes" | "filesize" | "receivedBytes" | "freedBytes" => 5_242_880,
        "totalSizeBytes" | "totalStorageBytes" | "storedBytes" => 734_003_200,
        "quotaBytes" | "storageLimitBytes" => 107_374_182_400,
        "partSize" => 8_388_608,
        "end" => 5_242_879,
        "start" => 0,
        "width" => 4032,
        "height" => 3024,
        "createdAt" | "storedAt" | "lastAccessedAt" => 1_795_337_085_120,
        "expiresAt" => 1_795_424_400_000,
        "deliveryTtlSeconds" => 86_400,
        "trashRetentionDays" => 30,
        _ => return None,
    })
}

fn text(name: &str) -> String {
    let example = match name {
        "filename" => "beach.jpg",
        "contentType" | "mimeType" => "image/jpeg",
        "mediaUploadId" => "upload:6f1c1d1e-8a0b-4c57-9d0f-2f6f6f0c9a11",
        "uploadUrl" => "https://vault.example.com/v2/access/uploads/upload:6f1c1d1e-8a0b-4c57-9d0f-2f6f6f0c9a11",
        "completeUrl" => "https://vault.example.com/v2/access/uploads/complete",
        "url" | "240" | "720" | "avatar" | "c50" | "c144" => {
            "https://vault.example.com/media/1/full.jpg?exp=1795424400&v=1&kid=k1&sig=3q2-7w"
        }
        "etag" => "\"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262\"",
        "sha256" | "documentSha256" => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "connectionId" => "conn_a1b2c3d4e5f6g7h8i9j0k1l2",
        "key" => "sk_live_… (shown once)",
        "corsOrigin" => "https://studio.example.com",
        "username" => "ana",
        "name" => "Ana",
        "mediaId" | "listId" | "id" => "1",
        "quality" => "full",
        "consent" => "granted",
        "consentPolicy" => "require",
        "permission" => "vault:read",
        "scope" => "ACCOUNT",
        "uploadType" => "single",
        "nextCursor" => "MTc5NTMzNzA4NTEyMC40Mg",
        "status" => "ready",
        "type" => "photo",
        "message" => "The file ends in the middle of its picture.",
        "code" => "malformed",
        "expiresAt" => "2036-11-22T00:00:00.000Z",
        _ if name.ends_with("At") || name == "validFrom" => "2026-11-22T08:44:45.120Z",
        _ => "…",
    };
    example.to_owned()
}
