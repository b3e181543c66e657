//! What a search asks for, as parameters of statements.

use strongroom_core::id::ConnectionId;

use super::{Answer, Columns as _, Connection, dialect, sql};

/// The most places where words are looked up before anything else is known of them.
const FEW: i64 = 1000;

/// A text in the shapes that the database can look for.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    /// For the index of trigrams; none where the text is shorter than one.
    pub(super) words: Option<String>,
    /// For reading, in both cases.
    pub(super) patterns: [String; 2],
    /// Whether the patterns say all, and what they find need not be asked for its words.
    pub(super) is_all_in_patterns: bool,
}

impl Needle {
    /// The database tells upper from lower case beyond ASCII. What is short is read for in both; in what is longer any such
    /// character will do until the index of trigrams, which folds all of them, has the last word.
    pub(super) fn of(owner: &ConnectionId, text: &str) -> Self {
        if text.chars().count() < dialect::SHORTEST_WORD {
            let patterns = [pattern(&text.to_lowercase()), pattern(&text.to_uppercase())];
            return Self { words: None, patterns, is_all_in_patterns: true };
        }
        let loose: String = pattern(text).chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
        Self {
            words: Some(dialect::words(owner, text)),
            patterns: [loose.clone(), loose],
            is_all_in_patterns: text.is_ascii(),
        }
    }

    /// Whether its words are in few places, which are soon looked up.
    pub(super) async fn is_rare(&self, connection: &mut Connection) -> Answer<bool> {
        let row = sql(concat!(
            "select count(*) as total from (select 1 as one from ",
            dialect::texts_of_words!("$1"),
            " limit $2) as counted"
        ))
        .bind(self.words.clone())
        .bind(FEW + 1)
        .fetch_one(connection)
        .await?;
        Ok(row.number("total")? <= FEW)
    }
}

/// What stands for any text around `text`, which stands for itself in a pattern with `escape '\'`.
fn pattern(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]));
    format!("%{}%", escaped.collect::<String>())
}
