//! Listing, searching, lists, the trash.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, FormId, ListId, MediaId, MediaReference, UploadId};

use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::{
    Attaching, KnownMedia, ListChange, Media, MediaEdit, MediaPage, Purged, VaultList, VaultOverview,
};

methods! {
    /// A page of a connection's media.
    read listing::list_media(owner: ConnectionId, page: MediaPage) -> Vec<Media>;
    /// Changes a media. Says whether there is such a media.
    write[owner] edits::edit_media(owner: ConnectionId, id: MediaId, edit: MediaEdit) -> bool;

    /// The media of this name, in the vault or in the trash.
    read trash::known_media(owner: ConnectionId, reference: MediaReference) -> Option<KnownMedia>;
    /// Puts a media in the trash: every URL dies. Says whether it was in the vault.
    write[owner] trash::trash_media(owner: ConnectionId, id: MediaId, now: Timestamp) -> bool;
    /// Takes a media out of the trash. Says whether there is such a media.
    write[owner] trash::restore_media(owner: ConnectionId, id: MediaId) -> bool;
    /// Deletes a media for good, from the vault or the trash. `None` where there is no such media.
    write[owner] trash::purge_media(owner: ConnectionId, id: MediaId, now: Timestamp) -> Option<Purged>;
    /// Deletes at most `limit` media for good whose time in the trash is over: `usual_days`, unless settings say otherwise.
    write trash::purge_trash(now: Timestamp, usual_days: u32, limit: u32) -> Purged;

    /// Makes a list. `None` where the numbers of the connection are used up.
    write[owner] lists::create_list(owner: ConnectionId, name: String, now: Timestamp) -> Option<ListId>;
    /// Gives a list another name. Says whether there is such a list.
    write[owner] lists::rename_list(owner: ConnectionId, id: ListId, name: String, now: Timestamp) -> bool;
    /// Takes at most `limit` media off a list. Answers how many.
    write[owner] members::clear_list(owner: ConnectionId, id: ListId, limit: u32) -> u64;
    /// Deletes a list; its media stay. Says whether there was such a list.
    write[owner] lists::delete_list(owner: ConnectionId, id: ListId) -> bool;
    /// One list.
    read lists::vault_list(owner: ConnectionId, id: ListId) -> Option<VaultList>;
    /// A connection's lists, newest first: all of them, or those in whose name `words` occur, in whatever case.
    read lists::vault_lists(owner: ConnectionId, words: Option<String>, limit: u32, offset: u64) -> Vec<VaultList>;
    /// The vault as a whole.
    read lists::vault_overview(owner: ConnectionId) -> VaultOverview;
    /// Puts media on a list, all or none. Those that are on it stay as they are.
    write[owner] members::add_to_list(owner: ConnectionId, list: ListId, media: Vec<MediaReference>, now: Timestamp) -> ListChange;
    /// Takes media off a list, all or none. Those that are not on it are passed over.
    write[owner] members::take_off_list(owner: ConnectionId, list: ListId, media: Vec<MediaReference>) -> ListChange;

    /// Those of these lists that a connection has.
    read named::known_lists(owner: ConnectionId, ids: Vec<ListId>) -> Vec<ListId>;
    /// Those of these release forms that a connection has.
    read named::known_forms(owner: ConnectionId, ids: Vec<FormId>) -> Vec<FormId>;
    /// Adds lists and release forms to those that an upload's media is to have. One that is complete has them at once.
    write[forms.connection] named::name_for_upload(upload: UploadId, lists: Vec<ListId>, forms: Attaching, now: Timestamp) -> ();
}
