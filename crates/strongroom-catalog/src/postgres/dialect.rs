//! What PostgreSQL spells in its own way.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Postgres, Row as _, Type};

use super::{Connection, Statement};
use crate::CatalogError;

tokio::task_local! {
    /// Set where a query function runs through a pooler.
    static THROUGH_A_POOLER: ();
}

/// A statement. What the pool's connections were given once they only name afterwards, which saves a round trip and the
/// planning; through a pooler nothing has a name, since the next transaction may be another connection's.
pub(crate) fn statement(text: &'static str) -> Statement {
    let is_named = THROUGH_A_POOLER.try_with(|()| ()).is_err();
    sqlx::query(text).persistent(is_named)
}

/// A statement that is put together for one call.
pub(crate) fn assembled(text: String) -> Statement {
    sqlx::query(AssertSqlSafe(text)).persistent(false)
}

/// The value in a column, by its name or its place from 0.
pub(crate) fn value<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    column: impl ColumnIndex<PgRow>,
) -> Result<T, CatalogError> {
    Ok(row.try_get(column)?)
}

/// What `read` makes of every row of a statement.
pub(crate) async fn read_all<T>(
    statement: Statement,
    connection: &mut Connection,
    read: impl FnMut(&PgRow) -> Result<T, CatalogError>,
) -> Result<Vec<T>, CatalogError> {
    statement.fetch_all(connection).await?.iter().map(read).collect()
}

/// Runs what makes statements for a pooler.
pub(super) async fn through_a_pooler<F: Future>(work: F) -> F::Output {
    THROUGH_A_POOLER.scope((), work).await
}

/// Appended to the sub-select of a claim.
macro_rules! skip_locked {
    () => {
        "for update skip locked"
    };
}
pub(crate) use skip_locked;

/// Appended to a select from several tables: rows of these tables that nobody is at, locked until the transaction ends.
macro_rules! skip_locked_of {
    ($tables:literal) => {
        concat!(" for update of ", $tables, " skip locked")
    };
}
pub(crate) use skip_locked_of;

/// Appended to a select whose answer is to hold until the transaction ends.
macro_rules! locking {
    ($table:literal) => {
        concat!(" for update of ", $table)
    };
}
pub(crate) use locking;

/// Follows a column of numbers: is it one of those in this parameter, which is a JSON list? The array is made once, and
/// looked up in an index.
macro_rules! one_of {
    ($parameter:literal) => {
        concat!(
            "= any (array(select cast(value as bigint) from jsonb_array_elements_text(cast(",
            $parameter,
            " as jsonb)) as listed (value)))"
        )
    };
}
pub(crate) use one_of;

/// Follows a column of words: is it one of those in this parameter, which is a JSON list?
macro_rules! one_of_words {
    ($parameter:literal) => {
        concat!(
            "= any (array(select value from jsonb_array_elements_text(cast(",
            $parameter,
            " as jsonb)) as listed (value)))"
        )
    };
}
pub(crate) use one_of_words;

/// Whether the text of the media with the id `$media` holds the words of [`words`] in the parameter `$words`. Not `exists`: that
/// may be turned into a look at all texts at once.
macro_rules! text_matches {
    ($media:literal, $words:literal) => {
        concat!(
            "(select (media_text.owner || E'\\n' || media_text.text) like folded(",
            $words,
            ") escape '\\' from media_text where media_text.id = ",
            $media,
            ")"
        )
    };
}
pub(crate) use text_matches;

/// Whether the text of the media with the id `$media` is like one of two patterns.
macro_rules! text_is_like {
    ($media:literal, $lower:literal, $upper:literal) => {
        concat!(
            "(select media_text.text like folded(",
            $lower,
            ") escape '\\' or media_text.text like folded(",
            $upper,
            ") escape '\\' from media_text where media_text.id = ",
            $media,
            ")"
        )
    };
}
pub(crate) use text_is_like;

/// The texts that hold the words of [`words`] in the parameter `$words`. Materialized, so that they are looked up in the index,
/// whatever else the statement asks for: how rare the words are the planner does not know.
macro_rules! texts_of_words {
    ($words:literal) => {
        concat!(
            "(with found as materialized (
                  select id from media_text where (owner || E'\\n' || text) like folded(",
            $words,
            ") escape '\\')
              select id from found) as media_text"
        )
    };
}
pub(crate) use texts_of_words;

/// The places of all media whose text holds the words of [`words`] in the parameter `$words`.
macro_rules! places_of_words {
    ($words:literal) => {
        concat!(
            $crate::postgres::dialect::texts_of_words!($words),
            " join listing on listing.media_id = media_text.id where true"
        )
    };
}
pub(crate) use places_of_words;

/// The id of the media in [`places_of_words`].
macro_rules! found_id {
    () => {
        "media_text.id"
    };
}
pub(crate) use found_id;

/// The column of `media_text` that is the media's id.
macro_rules! text_id {
    () => {
        "id"
    };
}
pub(crate) use text_id;

/// Where `$part` occurs in `$text`, from 1; 0 where it does not.
macro_rules! position {
    ($text:literal, $part:literal) => {
        concat!("strpos(", $text, ", ", $part, ")")
    };
}
pub(crate) use position;

/// The fewest characters that the index of texts can look for.
pub(crate) const SHORTEST_WORD: usize = 3;

/// Whether words are found in the order of their media's ids. The index of texts has no order: all that holds the words is found
/// before the first of it is shown.
pub(crate) const FINDS_IN_ORDER: bool = false;

/// The parameter that finds `text` among an owner's: a pattern for the whole of what the index holds, of which the first line
/// hints at the owner. Escaped, so that none of it is syntax.
pub(crate) fn words(owner: &strongroom_core::id::ConnectionId, text: &str) -> String {
    let hint: String = owner.as_str().chars().skip(5).take(SHORTEST_WORD).collect();
    let escaped = text.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]));
    format!("{hint}\n%{}%", escaped.collect::<String>())
}
