//! JSON bodies, with errors that name the field.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// A JSON body. Unknown keys are ignored.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                Kind::UnsupportedMediaType,
                "the body must be JSON, sent with Content-Type: application/json",
            )),
            Err(JsonRejection::BytesRejection(error)) if error.status() == 413 => Err(Problem::new(
                Kind::TooLarge,
                format!("a JSON body may have at most {} bytes", super::JSON_LIMIT_BYTES),
            )),
            Err(error) => Err(Problem::new(Kind::BadRequest, plain(&error.body_text()))),
        }
    }
}

/// serde's own sentence, which names the field and what it should be, without the framework's words around it.
fn plain(text: &str) -> String {
    let text = text.strip_prefix("Failed to deserialize the JSON body into the target type: ").unwrap_or(text);
    text.strip_prefix("Failed to parse the request body as JSON: ")
        .map_or_else(|| text.to_owned(), |rest| format!("the body is not JSON: {rest}"))
}
