//! Fields of bodies: texts that people type, times, ids, and the difference between null and nothing.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use strongroom_core::clock::Timestamp;
use strongroom_core::id::PersonId;

use crate::http::ids::read_id;
use crate::problem::Problem;

/// The longest name, in characters.
pub(super) const NAME: usize = 200;
/// The longest word: a type, a code, the name of an account.
pub(super) const WORD: usize = 100;
/// The longest description.
pub(super) const PROSE: usize = 4000;

/// `text` without spaces around it, if it has one to `most` characters.
pub(super) fn bounded(field: &str, text: &str, most: usize) -> Result<String, Problem> {
    let text = text.trim();
    if (1..=most).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(Problem::field(field, text, &format!("a text of 1 to {most} characters")))
}

/// The same of a text that may be left out.
pub(super) fn optional(field: &str, text: Option<String>, most: usize) -> Result<Option<String>, Problem> {
    text.map(|text| bounded(field, &text, most)).transpose()
}

/// The same of a text that may be left out or taken away.
pub(super) fn removable(
    field: &str,
    text: Option<Option<String>>,
    most: usize,
) -> Result<Option<Option<String>>, Problem> {
    text.map(|text| optional(field, text, most)).transpose()
}

/// A time that may be left out: RFC 3339, or a bare date.
pub(super) fn time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let read = |text: &str| text.parse().map_err(|malformed| Problem::malformed(field, &malformed));
    text.map(read).transpose()
}

/// A person's id that may be left out.
pub(super) fn person(field: &str, id: Option<&Value>) -> Result<Option<PersonId>, Problem> {
    id.map(|id| read_id(field, id, "the id of a tagged friend user")).transpose()
}

/// For a field of a PATCH that can be taken away: nothing is `None`, null is `Some(None)`.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
