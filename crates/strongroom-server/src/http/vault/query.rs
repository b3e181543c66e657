//! What a query string says of a page of media, in the words of every generation of clients.

use std::time::Duration;

use strongroom_catalog::records::{MediaOrder, MediaPage, Shelf};
use strongroom_core::clock::Timestamp;

use super::cursor::Cursor;
use crate::http::page::{Page, QueryPairs};
use crate::problem::Problem;

/// The most characters that are searched for.
const MOST_CHARACTERS: usize = 100;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Reads a page of `shelf`; one media more is asked for than is shown, to know whether there are more.
pub(super) fn read(query: &QueryPairs, shelf: Shelf, page: Page) -> Result<MediaPage, Problem> {
    const TYPES: &str = "photo, video, audio or gif";
    let (order, descending) = read_order(query)?;
    let after = query.get("cursor").map(|text| Cursor::read(text, order, descending)).transpose()?;
    Ok(MediaPage {
        shelf,
        order,
        descending,
        media_type: query.word("type", TYPES)?.or(query.word("mediaType", TYPES)?),
        status: query.word("status", "processing, playable, ready or error")?,
        created_from: time(query, "createdFrom")?.map(|(instant, _)| instant),
        created_to: time(query, "createdTo")?
            .map(|(instant, is_day)| if is_day { end_of_day(instant) } else { instant }),
        words: words(query)?,
        after,
        limit: page.limit + 1,
        // A cursor says where the page begins; who counts along all the same must not skip by it.
        offset: if after.is_some() { 0 } else { page.offset },
    })
}

/// The text that is searched for.
pub(super) fn words(query: &QueryPairs) -> Result<Option<String>, Problem> {
    let Some(text) = query.get("query") else { return Ok(None) };
    if text.chars().count() > MOST_CHARACTERS || text.contains('\0') {
        let expected = format!("a text of at most {MOST_CHARACTERS} characters, none of them NUL");
        return Err(Problem::field("query", text, &expected));
    }
    Ok(Some(text.to_owned()))
}

/// An instant, and whether only its day was given.
fn time(query: &QueryPairs, name: &str) -> Result<Option<(Timestamp, bool)>, Problem> {
    const EXPECTED: &str = "a time (RFC 3339, such as 2026-11-22T08:44:45Z, a date, or milliseconds since 1970)";
    let Some(text) = query.get(name) else { return Ok(None) };
    let millis = text.strip_suffix(".0").unwrap_or(text).parse().map(Timestamp::from_millis);
    // A plus in a query is a blank, and who writes offsets by hand forgets it.
    let instant = millis.or_else(|_| text.replace(' ', "+").parse());
    let is_day = text.len() == "2026-11-22".len() && text.contains('-');
    instant
        .map(|instant| Some((instant, is_day)))
        .map_err(|_: strongroom_core::id::Malformed| Problem::field(name, text, EXPECTED))
}

/// The last millisecond of the day that begins at `midnight`.
fn end_of_day(midnight: Timestamp) -> Timestamp {
    midnight.after(DAY).before(Duration::from_millis(1))
}

/// The order, in either generation's words, and whether it descends.
fn read_order(query: &QueryPairs) -> Result<(MediaOrder, bool), Problem> {
    let newer = match query.get("sort") {
        None => None,
        Some("recent") => Some((MediaOrder::Created, true)),
        Some("oldest") => Some((MediaOrder::Created, false)),
        Some("most_liked") => Some((MediaOrder::Likes, true)),
        Some("highest_tips") => Some((MediaOrder::Tips, true)),
        Some(other) => return Err(Problem::field("sort", other, "recent, oldest, most_liked or highest_tips")),
    };
    if let Some(order) = newer {
        return Ok(order);
    }
    let order = match query.get("sortBy") {
        None | Some("recent") => MediaOrder::Created,
        Some("most-liked") => MediaOrder::Likes,
        Some("highest-tips") => MediaOrder::Tips,
        Some(other) => return Err(Problem::field("sortBy", other, "recent, most-liked or highest-tips")),
    };
    match query.get("sortDirection") {
        None | Some("desc") => Ok((order, true)),
        Some("asc") => Ok((order, false)),
        Some(other) => Err(Problem::field("sortDirection", other, "asc or desc")),
    }
}
