//! The one shape of errors.

use serde_json::Value;

use crate::support::Answer;

/// Checks that `answer` is a refusal of this status and type, in the one shape of errors. Answers its body.
#[track_caller]
pub(crate) fn problem(answer: &Answer, status: u16, kind: &str) -> Value {
    assert_eq!((answer.status, kind), (status, answer.json()["type"].as_str().unwrap()), "{}", answer.text());
    let body = answer.json();
    let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.retain(|key| *key != "details");
    assert_eq!(keys, ["code", "error", "message", "requestId", "type"]);
    assert_eq!(body["code"], kind);
    assert_eq!(body["error"], body["message"]);
    assert!(!message(&body).is_empty());
    let request_id = body["requestId"].as_str().unwrap();
    assert!(request_id.starts_with("req_"), "{request_id}");
    assert_eq!(answer.header("x-request-id"), request_id);
    body
}

/// The sentence of a problem, which is all that some clients show.
pub(crate) fn message(body: &Value) -> &str {
    body["message"].as_str().unwrap()
}

/// All that a client sees of an answer, but for what is new in each: the request's id, the date, and the texts in `masked`.
pub(crate) fn seen(answer: &Answer, masked: &[&str]) -> String {
    let request_id = answer.header("x-request-id").to_owned();
    let fields = answer.headers.iter().filter(|(name, _)| !["date", "content-length"].contains(&name.as_str()));
    let mut fields: Vec<String> =
        fields.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect();
    fields.sort();
    let whole = format!("{}\n{}\n{}", answer.status, fields.concat(), answer.text());
    [request_id.as_str()].iter().chain(masked).fold(whole, |whole, text| whole.replace(text, "…"))
}
