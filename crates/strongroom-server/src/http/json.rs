//! JSON bodies, with errors that name the field, what it was, and what it should have been.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::{Kind, Problem};

mod object;

use object::Object;
pub(super) use object::object;

/// A JSON body. Unknown keys are ignored.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        // A body this small has no more time for all of it than a large one has for a pause.
        let patience = app.config.server.deadlines.body_idle;
        let reading = axum::Json::<Object<T>>::from_request(request, app);
        let read = tokio::time::timeout(patience, reading).await.map_err(|_| {
            let seconds = patience.as_secs();
            Problem::new(Kind::RequestTimeout, format!("the body did not come within {seconds} seconds"))
        })?;
        match read {
            Ok(axum::Json(Object(value))) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                Kind::UnsupportedMediaType,
                "the body must be JSON, sent with Content-Type: application/json",
            )),
            Err(JsonRejection::BytesRejection(error)) if error.status() == 413 => Err(Problem::new(
                Kind::TooLarge,
                format!("a JSON body may have at most {} bytes", super::JSON_LIMIT_BYTES),
            )),
            Err(error) => Err(explain(&error.body_text())),
        }
    }
}

/// serde's own sentence, without the framework's words around it and in the form that all errors about a field have.
fn explain(text: &str) -> Problem {
    if let Some(rest) = text.strip_prefix("Failed to parse the request body as JSON: ") {
        // A path may lead hundreds of levels down; what is wrong, and where, is at the end.
        let reason = rest.rsplit(": ").next().unwrap_or(rest);
        return Problem::new(Kind::BadRequest, format!("the body is not JSON: {reason}"));
    }
    let sentence = text.strip_prefix("Failed to deserialize the JSON body into the target type: ").unwrap_or(text);
    let sentence = sentence.rsplit_once(" at line ").map_or(sentence, |(sentence, _position)| sentence);
    if let Some((path, name)) = sentence.split_once("missing field `") {
        return Problem::missing(&format!("{}{}", path.replace(": ", "."), name.trim_end_matches('`')));
    }
    let typed = ["invalid type: ", "invalid value: ", "invalid "].iter().find_map(|kind| sentence.split_once(kind));
    let judged = typed.and_then(|(path, rest)| Some((path, rest.rsplit_once(", expected ")?)));
    match judged {
        Some((path, (value, expected))) => {
            let name = path.strip_suffix(": ").unwrap_or("body");
            Problem::field(name, shown(value), in_terms_of_json(expected))
        }
        None => Problem::new(Kind::BadRequest, sentence),
    }
}

/// What serde found, as it stood in the body: ``integer `7` `` was `7`, `string "7"` was `"7"`.
fn shown(found: &str) -> &str {
    match found {
        "sequence" => "a list",
        "map" => "an object",
        found if found.starts_with("length ") => "a list",
        found => found.strip_prefix("string ").or_else(|| found.split('`').nth(1)).unwrap_or(found),
    }
}

/// What serde expected, for those who do not know our types.
fn in_terms_of_json(expected: &str) -> &str {
    match expected {
        "u32" | "u64" => "a whole number",
        "a JSON number" => "a number",
        "a sequence" => "a list",
        expected if expected.starts_with("struct ") => "a JSON object",
        expected => expected,
    }
}
