//! The statements of pages: one for each index that a page is walked along. All of it is text that is put together when this is
//! compiled; whatever a client says is a parameter.

use strongroom_core::media::MediaStatus;

use super::super::dialect;
use super::super::media::select_media;
use crate::records::{MediaOrder, MediaPage};

/// Which index a page walks along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// All media, or those that are ready, as nearly all are.
    Any,
    /// Those of one type.
    Type,
    /// Those that are not ready, which are few.
    Unready,
}

impl Filter {
    pub(super) fn of(page: &MediaPage) -> Self {
        match (page.status, page.media_type) {
            (Some(status), _) if status != MediaStatus::Ready => Self::Unready,
            (_, Some(_)) => Self::Type,
            (_, None) => Self::Any,
        }
    }
}

/// The conditions of a filter: type is `$5`, status `$6`.
macro_rules! filter {
    (any) => {
        "$5 is null and ($6 is null or status = $6)"
    };
    (type) => {
        "type = $5 and ($6 is null or status = $6)"
    };
    (unready) => {
        "status = $6 and status <> 'ready' and ($5 is null or type = $5)"
    };
}

/// Ids along one index. The sort's column, its direction and all that follows from them are text, never data. The sign keeps
/// a condition from being the one that the index is entered by: that has to be the place where the page begins.
macro_rules! walk {
    ($column:literal, $direction:literal, $beyond:literal, $span:literal, $filter:tt) => {
        concat!(
            "select media_id from listing where connection_id = $1 and list_id = $2 and (",
            $column,
            ", media_id) ",
            $beyond,
            " ($8, $9) and ",
            $span,
            " and ",
            filter!($filter),
            " and ($12 is null or ",
            dialect::text_is_like!("media_id", "$12", "$13"),
            ")
              and ($11 is null or ",
            dialect::text_matches!("media_id", "$11"),
            ")
              order by ",
            $column,
            " ",
            $direction,
            ", media_id ",
            $direction,
            " limit $7 offset $10"
        )
    };
}

/// The media that a statement finds the ids of.
macro_rules! media_of {
    ($ids:expr) => {
        select_media!(concat!("connection_id = $1 and id in (", $ids, ")"), "page.id")
    };
}

macro_rules! walk_in {
    ($order:expr, $descending:expr, $filter:tt) => {
        match ($order, $descending) {
            (MediaOrder::Created, true) => {
                media_of!(walk!("created_at", "desc", "<", "created_at >= $3 and +created_at <= $4", $filter))
            }
            (MediaOrder::Created, false) => {
                media_of!(walk!("created_at", "asc", ">", "+created_at >= $3 and created_at <= $4", $filter))
            }
            (MediaOrder::Likes, true) => {
                media_of!(walk!("likes", "desc", "<", "created_at >= $3 and created_at <= $4", $filter))
            }
            (MediaOrder::Likes, false) => {
                media_of!(walk!("likes", "asc", ">", "created_at >= $3 and created_at <= $4", $filter))
            }
            (MediaOrder::Tips, true) => {
                media_of!(walk!("tips", "desc", "<", "created_at >= $3 and created_at <= $4", $filter))
            }
            (MediaOrder::Tips, false) => {
                media_of!(walk!("tips", "asc", ">", "created_at >= $3 and created_at <= $4", $filter))
            }
        }
    };
}

/// The statement of a page in this order.
pub(crate) const fn page_text(order: MediaOrder, descending: bool, filter: Filter) -> &'static str {
    match filter {
        Filter::Any => walk_in!(order, descending, any),
        Filter::Type => walk_in!(order, descending, type),
        Filter::Unready => walk_in!(order, descending, unready),
    }
}

/// Ids that the words of `$3` lead to.
macro_rules! look_up {
    ($beyond:expr, $order:expr) => {
        media_of!(concat!(
            "select listing.media_id from ",
            dialect::places_of_words!("$3"),
            " and listing.connection_id = $1 and listing.list_id = $2 and ",
            $beyond,
            " and listing.created_at >= $5 and listing.created_at <= $6
              and ($7 is null or listing.type = $7) and ($8 is null or listing.status = $8)
              order by ",
            $order,
            " limit $9 offset $10"
        ))
    };
}

/// The statement of a search's page in this order. Creation is taken from the ids, which is the order in which the words are
/// found: nothing is sorted. By likes and tips, all that is found is.
pub(crate) const fn search_text(order: MediaOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (MediaOrder::Created, true) => {
            look_up!(concat!(dialect::found_id!(), " < $4"), concat!(dialect::found_id!(), " desc"))
        }
        (MediaOrder::Created, false) => {
            look_up!(concat!(dialect::found_id!(), " > $4"), concat!(dialect::found_id!(), " asc"))
        }
        (MediaOrder::Likes, true) => {
            look_up!("(listing.likes, listing.media_id) < ($11, $4)", "listing.likes desc, listing.media_id desc")
        }
        (MediaOrder::Likes, false) => {
            look_up!("(listing.likes, listing.media_id) > ($11, $4)", "listing.likes asc, listing.media_id asc")
        }
        (MediaOrder::Tips, true) => {
            look_up!("(listing.tips, listing.media_id) < ($11, $4)", "listing.tips desc, listing.media_id desc")
        }
        (MediaOrder::Tips, false) => {
            look_up!("(listing.tips, listing.media_id) > ($11, $4)", "listing.tips asc, listing.media_id asc")
        }
    }
}

/// How many media pass a filter, counted no further than `$7`.
macro_rules! count {
    ($filter:tt) => {
        concat!(
            "select count(*) as total from (
                 select 1 as one from listing
                 where connection_id = $1 and list_id = $2 and created_at >= $3 and created_at <= $4 and ",
            filter!($filter),
            " limit $7) as counted"
        )
    };
}

/// The statement that counts what passes a filter.
pub(super) const fn count_text(filter: Filter) -> &'static str {
    match filter {
        Filter::Any => count!(any),
        Filter::Type => count!(type),
        Filter::Unready => count!(unready),
    }
}
