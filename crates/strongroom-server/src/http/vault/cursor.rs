//! Cursors: where a page ended, for the next one to begin. Good for the order that they were made in.
//!
//! A cursor holds what its page was sorted by and an id, so the page after it costs as much as the first, and media that
//! arrive meanwhile move nothing. It tells its holder nothing new and is not sealed: another's is just another place.

use std::fmt;

use strongroom_catalog::records::{Media, MediaOrder, MediaPage, MediaPlace};
use strongroom_core::id::MediaId;

use crate::problem::Problem;

/// The end of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    order: MediaOrder,
    is_descending: bool,
    place: MediaPlace,
}

impl Cursor {
    /// The end of a page whose last media is `last`.
    pub(super) fn after(page: &MediaPage, last: &Media) -> Self {
        let place = MediaPlace { value: page.order.value_of(last), media: last.id };
        Self { order: page.order, is_descending: page.descending, place }
    }

    /// The place in this order that a client gave back.
    pub(super) fn read(text: &str, order: MediaOrder, is_descending: bool) -> Result<MediaPlace, Problem> {
        match Self::parse(text) {
            Some(cursor) if (cursor.order, cursor.is_descending) == (order, is_descending) => Ok(cursor.place),
            Some(_) => Err(Problem::field("cursor", text, "a cursor of this sort order; begin again without one")),
            None => Err(Problem::field("cursor", text, "a nextCursor of this call")),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(2)?;
        let (order, is_descending) =
            KINDS.iter().find(|(name, ..)| *name == kind).map(|(_, order, down)| (*order, *down))?;
        let (value, media) = rest.split_once('-')?;
        let value = u64::from_str_radix(value, 16).ok()?.cast_signed();
        let media = i64::from_str_radix(media, 16).ok().filter(|number| *number > 0)?;
        Some(Self { order, is_descending, place: MediaPlace { value, media: MediaId::new(media) } })
    }
}

const KINDS: [(&str, MediaOrder, bool); 6] = [
    ("cd", MediaOrder::Created, true),
    ("ca", MediaOrder::Created, false),
    ("ld", MediaOrder::Likes, true),
    ("la", MediaOrder::Likes, false),
    ("td", MediaOrder::Tips, true),
    ("ta", MediaOrder::Tips, false),
];

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_kind = |kind: &&(&str, MediaOrder, bool)| (kind.1, kind.2) == (self.order, self.is_descending);
        let kind = KINDS.iter().find(is_kind).map_or("", |(name, ..)| name);
        write!(f, "{kind}{:x}-{:x}", self.place.value.cast_unsigned(), self.place.media.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        for (_, order, is_descending) in KINDS {
            for value in [i64::MIN, -1, 0, 1_795_337_085_120, i64::MAX] {
                let place = MediaPlace { value, media: MediaId::new(7) };
                let text = Cursor { order, is_descending, place }.to_string();
                assert_eq!(Cursor::read(&text, order, is_descending).unwrap(), place);
                let problem = Cursor::read(&text, order, !is_descending).unwrap_err();
                assert!(problem.message.contains("is not a cursor of this sort order"), "{}", problem.message);
            }
        }
        for bad in ["", "c", "cd", "cd-", "cd1-0", "cd1-x", "cdx-1", "cd1--1", "xd1-1", "é1-1", "cd11111111111111111-1"]
        {
            assert!(Cursor::parse(bad).is_none(), "{bad}");
        }
    }
}
