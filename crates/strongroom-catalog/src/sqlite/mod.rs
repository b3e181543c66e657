//! The embedded engine: one file, one writer, many readers.

mod commits;
mod connection;
mod engine;
#[cfg(test)]
mod plans;
mod readers;
mod remembered;
mod schema;
mod scrub;
mod statement;
pub(crate) mod transfer;
mod watch;
mod writer;

use crate::CatalogError;

pub(crate) use connection::Synchronous;
pub(crate) use engine::Engine;

/// What `queries` is compiled against here.
pub(crate) use rusqlite::Connection;
pub(crate) use statement::{Row, Statement};

/// Runs what waits for the disk on a thread that may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CatalogError> + Send + 'static,
) -> Result<T, CatalogError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|_| Err(CatalogError::Unavailable("a call to the catalog was cut short".to_owned())))
}

/// What PostgreSQL spells `for update skip locked`; a database with one writer needs nothing.
pub(crate) mod dialect {
    use rusqlite::types::FromSql;

    use super::statement::Column;
    use super::{Connection, Row, Statement};
    use crate::CatalogError;

    /// A statement.
    pub(crate) fn statement(text: &'static str) -> Statement {
        Statement::new(text)
    }

    /// A statement that is put together for one call.
    pub(crate) fn assembled(text: String) -> Statement {
        Statement::new(text)
    }

    /// The value in a column, by its name or its place from 0.
    pub(crate) fn value<T: FromSql>(row: &Row, column: impl Column) -> Result<T, CatalogError> {
        row.get(column)
    }

    /// What `read` makes of every row of a statement.
    pub(crate) async fn read_all<T>(
        statement: Statement,
        connection: &mut Connection,
        read: impl FnMut(&Row) -> Result<T, CatalogError>,
    ) -> Result<Vec<T>, CatalogError> {
        statement.read_all(connection, read).await
    }

    /// Appended to the sub-select of a claim.
    macro_rules! skip_locked {
        () => {
            ""
        };
    }
    pub(crate) use skip_locked;

    /// Appended to a select whose answer is to hold until the transaction ends: PostgreSQL's `for update of` this table. A
    /// database with one writer needs nothing.
    macro_rules! locking {
        ($table:literal) => {
            ""
        };
    }
    pub(crate) use locking;

    /// Appended to a select from several tables: PostgreSQL's `for update of` these `skip locked`.
    macro_rules! skip_locked_of {
        ($tables:literal) => {
            ""
        };
    }
    pub(crate) use skip_locked_of;

    /// Follows a column of numbers: is it one of the numbers in this parameter, which is a JSON list?
    macro_rules! one_of {
        ($parameter:literal) => {
            concat!("in (select value from json_each(", $parameter, "))")
        };
    }
    pub(crate) use one_of;

    /// Follows a column of words: is it one of those in this parameter, which is a JSON list?
    macro_rules! one_of_words {
        ($parameter:literal) => {
            concat!("in (select value from json_each(", $parameter, "))")
        };
    }
    pub(crate) use one_of_words;

    /// Whether the text of the media with the id `$media` holds the words of [`words`] in the parameter `$words`.
    macro_rules! text_matches {
        ($media:literal, $words:literal) => {
            concat!("exists (select 1 from media_text where media_text match ", $words, " and rowid = ", $media, ")")
        };
    }
    pub(crate) use text_matches;

    /// Whether the text of the media with the id `$media` is like one of two patterns. The sign keeps the table's own index
    /// out of it: it knows no patterns this short.
    macro_rules! text_is_like {
        ($media:literal, $lower:literal, $upper:literal) => {
            concat!(
                "exists (select 1 from media_text where rowid = ",
                $media,
                " and (+text like ",
                $lower,
                " escape '\\' or +text like ",
                $upper,
                " escape '\\'))"
            )
        };
    }
    pub(crate) use text_is_like;

    /// The texts that hold the words of [`words`] in the parameter `$words`.
    macro_rules! texts_of_words {
        ($words:literal) => {
            concat!("media_text where media_text match ", $words)
        };
    }
    pub(crate) use texts_of_words;

    /// The places of all media whose text holds the words of [`words`] in the parameter `$words`, in the order of their ids.
    macro_rules! places_of_words {
        ($words:literal) => {
            concat!(
                "media_text cross join listing
                 where media_text match ",
                $words,
                " and listing.media_id = media_text.rowid"
            )
        };
    }
    pub(crate) use places_of_words;

    /// The id of the media in [`places_of_words`].
    macro_rules! found_id {
        () => {
            "media_text.rowid"
        };
    }
    pub(crate) use found_id;

    /// The column of `media_text` that is the media's id.
    macro_rules! text_id {
        () => {
            "rowid"
        };
    }
    pub(crate) use text_id;

    /// Where `$part` occurs in `$text`, from 1; 0 where it does not.
    macro_rules! position {
        ($text:literal, $part:literal) => {
            concat!("instr(", $text, ", ", $part, ")")
        };
    }
    pub(crate) use position;

    /// The fewest characters that the index of texts can look for.
    pub(crate) const SHORTEST_WORD: usize = 3;

    /// Whether words are found in the order of their media's ids.
    pub(crate) const FINDS_IN_ORDER: bool = true;

    /// The parameter that finds `text` among an owner's. Quoted, so that none of it is syntax.
    pub(crate) fn words(owner: &strongroom_core::id::ConnectionId, text: &str) -> String {
        let hint: String = owner.as_str().chars().skip(5).take(SHORTEST_WORD).collect();
        format!("owner : \"{hint}\" AND text : \"{}\"", text.replace('"', "\"\""))
    }
}

#[path = "../queries/mod.rs"]
pub(crate) mod queries;
