//! The one shape of errors, and which of them each operation can answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Operation, rights};
use crate::problem::Kind;

/// A status, what it is called in the document, the kinds of errors that have it, and what one of them says.
struct Answer {
    name: &'static str,
    kinds: &'static [Kind],
    says: &'static str,
}

/// Every answer that is an error.
const ANSWERS: &[Answer] = &[
    Answer {
        name: "BadRequest",
        kinds: &[Kind::BadRequest, Kind::PartLengthMismatch, Kind::PartDigestMismatch],
        says: "limit: `0` is not a whole number from 1 to 40",
    },
    Answer {
        name: "Unauthorized",
        kinds: &[Kind::Unauthorized, Kind::SessionNotProvided, Kind::SessionExpired],
        says: "this API key is unknown, expired or revoked",
    },
    Answer {
        name: "Forbidden",
        kinds: &[Kind::Forbidden, Kind::SignatureInvalid, Kind::UrlExpired, Kind::ReleaseFormRequired],
        says: "this API key does not have the permission vault:read",
    },
    Answer { name: "NotFound", kinds: &[Kind::NotFound, Kind::RouteNotFound], says: "there is no media 42" },
    Answer {
        name: "MethodNotAllowed",
        kinds: &[Kind::MethodNotAllowed],
        says: "this path does not take this method; /openapi.json lists those it takes",
    },
    Answer { name: "RequestTimeout", kinds: &[Kind::RequestTimeout], says: "the body did not come within 30 seconds" },
    Answer {
        name: "Conflict",
        kinds: &[Kind::UploadIncomplete, Kind::UploadClosed, Kind::UploadDirect],
        says: "part 3 of 5 is missing; send it and complete again",
    },
    Answer { name: "Gone", kinds: &[Kind::UploadExpired, Kind::UploadAborted], says: "this upload was aborted" },
    Answer { name: "LengthRequired", kinds: &[Kind::LengthRequired], says: "a preview needs a Content-Length" },
    Answer {
        name: "ContentTooLarge",
        kinds: &[Kind::TooLarge, Kind::QuotaExceeded],
        says: "a JSON body may have at most 1048576 bytes",
    },
    Answer {
        name: "UnsupportedMediaType",
        kinds: &[Kind::UnsupportedMediaType],
        says: "the body must be JSON, sent with Content-Type: application/json",
    },
    Answer {
        name: "RangeNotSatisfiable",
        kinds: &[Kind::RangeNotSatisfiable],
        says: "Range: nothing of that is in the file's 4 bytes, or it is in too many pieces",
    },
    Answer {
        name: "UnprocessableContent",
        kinds: &[Kind::FileDigestMismatch],
        says: "the file's sha-256 is not the one that init was told",
    },
    Answer { name: "TooManyRequests", kinds: &[Kind::RateLimited], says: "too many requests; wait 2 seconds" },
    Answer {
        name: "InternalServerError",
        kinds: &[Kind::Internal],
        says: "something went wrong here; the request id finds it in the server's log",
    },
    Answer {
        name: "ServiceUnavailable",
        kinds: &[Kind::StorageUnavailable],
        says: "the server's storage does not answer right now; nothing that was acknowledged is lost",
    },
];

impl Answer {
    fn status(&self) -> u16 {
        self.kinds.first().map_or(500, |kind| kind.wire().0)
    }

    fn types(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().map(|kind| kind.wire().1)
    }

    fn component(&self) -> Value {
        let types: Vec<&str> = self.types().collect();
        let example = json!({
            "error": self.says, "message": self.says, "type": types[0], "code": types[0],
            "requestId": "req_0a1b2c3d4e5f6g7h8i9j0k1l",
        });
        let schema = json!({ "$ref": "#/components/schemas/Error" });
        let mut component = json!({
            "description": format!("`{}`", types.join("`, `")),
            "content": { "application/json": { "schema": schema, "example": example } },
        });
        if matches!(self.status(), 429 | 503) {
            let schema = json!({ "type": "integer", "minimum": 0 });
            component["headers"]["Retry-After"] = json!({ "description": "Seconds to wait", "schema": schema });
        }
        component
    }
}

/// Declares the shape of errors, and an answer for each of their statuses.
pub(super) fn declare(components: &mut Value) {
    let types: BTreeSet<&str> = ANSWERS.iter().flat_map(Answer::types).collect();
    let text = |description: &str| json!({ "type": "string", "minLength": 1, "description": description });
    components["schemas"]["Error"] = json!({
        "type": "object",
        "description": "Why a call was refused, or failed.",
        "required": ["error", "message", "type", "code", "requestId"],
        "properties": {
            "error": text("The same as `message`."),
            "message": text("A sentence for a person: it names the field, the value and what was expected."),
            "type": { "type": "string", "enum": types, "description": "The class of error." },
            "code": { "type": "string", "enum": types, "description": "The same as `type`." },
            "requestId": { "type": "string", "pattern": "^req_", "description": "Finds the request in the server's log." },
            "details": { "type": "object", "description": "The same in pieces: of a 400 `field`, `value` and `expected`." },
        },
    });
    for answer in ANSWERS {
        components["responses"][answer.name] = answer.component();
    }
}

/// Adds the errors that an operation can answer.
pub(super) fn add(operation: &mut Operation<'_>) {
    let statuses = statuses(operation);
    for answer in ANSWERS.iter().filter(|answer| statuses.contains(&answer.status())) {
        let reference = json!({ "$ref": format!("#/components/responses/{}", answer.name) });
        operation.body["responses"][answer.status().to_string()] = reference;
    }
}

fn statuses(operation: &Operation<'_>) -> BTreeSet<u16> {
    let Operation { method, path, body } = operation;
    let mut statuses = BTreeSet::from([401, 403, 500, 503]);
    let takes = |place: &str| body["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["in"] == place));
    if takes("query") || takes("header") {
        statuses.insert(400);
    }
    let names_one = |parameter: &Value| parameter["in"] == "path" || parameter["name"] == "listId";
    if body["parameters"].as_array().is_some_and(|all| all.iter().any(names_one)) {
        statuses.insert(404);
    }
    if rights::takes_connection(path) {
        statuses.insert(429);
    }
    let content = &body["requestBody"]["content"];
    if content.is_object() {
        statuses.extend([400, 408, 413, 415]);
        if content["application/json"].is_null() {
            statuses.insert(411);
        } else {
            // A body names media, lists or forms, which may not exist.
            statuses.insert(404);
        }
    }
    if body["responses"]["206"].is_object() {
        statuses.insert(416);
    }
    if path.starts_with("/v2/access/uploads/") {
        statuses.extend(match (*method, path.ends_with("/complete")) {
            (_, true) => &[409, 410, 413, 422][..],
            ("put", _) => &[409, 410, 422],
            ("delete", _) => &[409, 410],
            _ if path.ends_with("/direct-parts") => &[409, 410],
            _ => &[],
        });
    }
    statuses
}
