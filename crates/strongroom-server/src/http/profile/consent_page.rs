//! The query of both lists, of forms and of people: they share it, word for word.

use strongroom_catalog::records::{ConsentPage, NameOrder};
use strongroom_core::clock::Timestamp;

use crate::http::page::{Page, QueryPairs};
use crate::problem::Problem;

/// The longest text to search for, in characters.
const LONGEST_SEARCH: usize = 100;

/// Reads `limit` (1 to 20, else 10), `offset`, `filter`, `sortBy`, `sortDirection` and `search`. What is asked for is one more
/// than the limit, which tells whether there are more.
pub(super) fn read(query: &QueryPairs, now: Timestamp) -> Result<(Page, ConsentPage), Problem> {
    let page = Page::read(query, 10, 20)?;
    let is_pending = match query.get("filter") {
        None | Some("all") => false,
        Some("pending") => true,
        Some(other) => return Err(Problem::field("filter", other, "all or pending")),
    };
    let order = match query.get("sortBy") {
        None | Some("date") => NameOrder::Date,
        Some("name") => NameOrder::Name,
        Some(other) => return Err(Problem::field("sortBy", other, "date or name")),
    };
    let descending = match query.get("sortDirection") {
        // Newest first, but names from A on.
        None => order == NameOrder::Date,
        Some("asc") => false,
        Some("desc") => true,
        Some(other) => return Err(Problem::field("sortDirection", other, "asc or desc")),
    };
    let search = query.get("search").map(str::to_owned);
    if let Some(long) = search.as_deref().filter(|text| text.chars().count() > LONGEST_SEARCH) {
        return Err(Problem::field("search", long, &format!("at most {LONGEST_SEARCH} characters")));
    }
    let wanted = ConsentPage { is_pending, order, descending, search, limit: page.limit + 1, offset: page.offset, now };
    Ok((page, wanted))
}
