//! Pages of media: walks along one index of `listing`, and look-ups in the index of texts.
//!
//! A page is the ids of a narrow walk, and only what those name is joined. A search goes one of two ways: a shelf is walked and
//! the text of each media on it read, or the words are looked up and each media found is asked whether it is on the shelf. Words
//! are found in the order of creation, so the whole vault's newest are looked up whatever the words are. Everywhere else each
//! way is slow where the other is quick: rare words on a large shelf, or common ones on a shelf that few of them are on. So
//! small shelves are walked, rare words looked up, and common words walked to, since they are never far.

mod statements;

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, MediaId};
use strongroom_core::media::{MediaStatus, MediaType};

use super::media::whole;
use super::search::Needle;
use super::{Answer, Columns as _, Connection, Row, dialect, signed, sql};
use crate::records::{Media, MediaOrder, MediaPage, MediaPlace, Shelf};
pub(crate) use statements::{Filter, page_text, search_text};

/// The most media on a shelf that is walked for whatever words. Reading the text of one takes microseconds.
const SMALL_SHELF: i64 = 1000;

/// A page of a connection's media.
pub(crate) async fn list_media(
    connection: &mut Connection,
    owner: ConnectionId,
    page: MediaPage,
) -> Answer<Vec<Media>> {
    let needle = page.words.as_deref().map(|text| Needle::of(&owner, text));
    let looked_up = match &needle {
        Some(needle) if is_looked_up(connection, &owner, &page, needle).await? => needle.words.clone(),
        _ => None,
    };
    let is_by_id = looked_up.is_some() && page.order == MediaOrder::Created;
    let rows = match looked_up {
        Some(words) => look_up(connection, &owner, &page, words).await?,
        None => walk(connection, &owner, &page, needle).await?,
    };
    let mut media = whole(connection, &owner, &rows).await?;
    // By id already, which is the order of look-ups by creation.
    if !is_by_id {
        media.sort_by_key(|media| page.order.value_of(media));
    }
    if page.descending {
        media.reverse();
    }
    Ok(media)
}

/// Which of its two ways a search goes.
async fn is_looked_up(
    connection: &mut Connection,
    owner: &ConnectionId,
    page: &MediaPage,
    needle: &Needle,
) -> Answer<bool> {
    if needle.words.is_none() {
        return Ok(false);
    }
    let has_span = page.created_from.is_some() || page.created_to.is_some();
    let is_whole = page.shelf == Shelf::Vault && Filter::of(page) == Filter::Any && !has_span;
    if dialect::FINDS_IN_ORDER && is_whole && page.order == MediaOrder::Created {
        return Ok(true);
    }
    Ok(!is_small(connection, owner, page).await? && needle.is_rare(connection).await?)
}

async fn walk(
    connection: &mut Connection,
    owner: &ConnectionId,
    page: &MediaPage,
    needle: Option<Needle>,
) -> Answer<Vec<Row>> {
    let start = start(page);
    let words = needle.as_ref().filter(|needle| !needle.is_all_in_patterns).and_then(|needle| needle.words.clone());
    let [lower, upper] = needle.map(|needle| needle.patterns.map(Some)).unwrap_or_default();
    Ok(sql(page_text(page.order, page.descending, Filter::of(page)))
        .bind(owner.to_string())
        .bind(number_of(page.shelf))
        .bind(from(page))
        .bind(to(page))
        .bind(page.media_type.map(MediaType::as_str))
        .bind(page.status.map(MediaStatus::as_str))
        .bind(i64::from(page.limit))
        .bind(start.value)
        .bind(start.media.number())
        .bind(signed(page.offset))
        .bind(words)
        .bind(lower)
        .bind(upper)
        .fetch_all(connection)
        .await?)
}

async fn look_up(
    connection: &mut Connection,
    owner: &ConnectionId,
    page: &MediaPage,
    words: String,
) -> Answer<Vec<Row>> {
    let start = start(page);
    let statement = sql(search_text(page.order, page.descending))
        .bind(owner.to_string())
        .bind(number_of(page.shelf))
        .bind(words)
        .bind(start.media.number())
        .bind(from(page))
        .bind(to(page))
        .bind(page.media_type.map(MediaType::as_str))
        .bind(page.status.map(MediaStatus::as_str))
        .bind(i64::from(page.limit))
        .bind(signed(page.offset));
    let statement = if page.order == MediaOrder::Created { statement } else { statement.bind(start.value) };
    Ok(statement.fetch_all(connection).await?)
}

/// Whether what passes the page's filter is few enough to be walked.
async fn is_small(connection: &mut Connection, owner: &ConnectionId, page: &MediaPage) -> Answer<bool> {
    let row = sql(statements::count_text(Filter::of(page)))
        .bind(owner.to_string())
        .bind(number_of(page.shelf))
        .bind(from(page))
        .bind(to(page))
        .bind(page.media_type.map(MediaType::as_str))
        .bind(page.status.map(MediaStatus::as_str))
        .bind(SMALL_SHELF + 1)
        .fetch_one(connection)
        .await?;
    Ok(row.number("total")? <= SMALL_SHELF)
}

/// Where a page begins: after the place that was given, or at the end of the span of time that it comes from.
fn start(page: &MediaPage) -> MediaPlace {
    let is_by_time = page.order == MediaOrder::Created;
    let (value, media) = match page.descending {
        true => (if is_by_time { to(page) } else { i64::MAX }, i64::MAX),
        false => (if is_by_time { from(page) } else { i64::MIN }, i64::MIN),
    };
    let is_within = |after: &MediaPlace| if page.descending { after.value <= value } else { after.value >= value };
    page.after.filter(is_within).unwrap_or(MediaPlace { value, media: MediaId::new(media) })
}

fn from(page: &MediaPage) -> i64 {
    page.created_from.map_or(i64::MIN, Timestamp::as_millis)
}

fn to(page: &MediaPage) -> i64 {
    page.created_to.map_or(i64::MAX, Timestamp::as_millis)
}

/// The list's number in `listing`.
pub(super) const fn number_of(shelf: Shelf) -> i64 {
    match shelf {
        Shelf::Vault => 0,
        Shelf::List(id) => id.number(),
        Shelf::Trash => -1,
    }
}
