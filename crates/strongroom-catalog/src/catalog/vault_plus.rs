//! What the stored-media calls need.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, ListId, MediaReference};

use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::{Counted, Freed, NewFetches, OrganisationTotals, StoredMedia, StoredPage, StoredTotals};

methods! {
    /// A page of a connection's stored media.
    read stored::list_stored(owner: ConnectionId, page: StoredPage) -> Vec<StoredMedia>;
    /// Those of these media that a connection has, in the order of their ids.
    read stored::stored_media(owner: ConnectionId, wanted: Vec<MediaReference>) -> Vec<StoredMedia>;
    /// Puts a media in the trash. Answers what that frees, if there is such a media.
    write[owner] stored::remove_stored(owner: ConnectionId, media: MediaReference, now: Timestamp) -> Option<Freed>;
    /// Puts at most `limit` of a connection's media in the trash. Answers what that frees.
    write[owner] stored::purge_stored(owner: ConnectionId, limit: u32, now: Timestamp) -> Freed;

    /// What a connection has stored.
    read stored_totals::stored_totals(owner: ConnectionId) -> StoredTotals;
    /// What an organisation's connections have stored.
    read stored_totals::organisation_totals(counted: Counted) -> OrganisationTotals;
    /// How many media a list has, if there is such a list.
    read stored_totals::media_on_list(owner: ConnectionId, list: ListId) -> Option<u64>;

    /// Adds to the counts of fetches. Media that are gone by now are passed over.
    write fetches::count_fetches(fetches: Vec<NewFetches>) -> ();
}
