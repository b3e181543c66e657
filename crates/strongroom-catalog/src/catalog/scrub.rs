//! Checking the whole vault, and mending it: for `strongroom fsck`, `backup` and `restore`.

use std::path::Path;

use strongroom_core::clock::Timestamp;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId, MediaId, UploadId};
use strongroom_core::job::JobKind;
use strongroom_core::rendition::RenditionName;
use strongroom_core::upload::UploadState;

use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::{About, KeptBlob, KeptPart, Miscount, Part};

methods! {
    /// The blobs of a shard of the store, whoever owns them, in the order of their keys. Those of deleted connections, whose
    /// bytes go before their rows, are left out.
    read scrub::blobs_of_shard(shard: u8) -> Vec<KeptBlob>;
    /// One blob, whoever owns it. `None` also where its connection was deleted.
    read scrub::kept_blob(key: BlobKey) -> Option<KeptBlob>;
    /// The acknowledged parts of a shard's uploads that have not ended.
    read scrub::parts_of_shard(shard: u8) -> Vec<KeptPart>;
    /// Whether rows say that this upload is in this state still, and that the part is still this one.
    read scrub::is_kept_part(owner: ConnectionId, upload: UploadId, state: UploadState, part: Part) -> bool;

    /// Takes a blob out of use whose original was found lost or damaged: the media that show it fail, and say so. Says whether
    /// it did: not where it is in quarantine already, or is another by now.
    write[owner] quarantine::quarantine_blob(owner: ConnectionId, key: BlobKey, etag: Digest, reason: String, now: Timestamp) -> bool;
    /// Puts a blob back to use whose original is whole again, and renders it anew. Says whether it did: not where the same
    /// bytes came again meanwhile and are another blob.
    write[owner] quarantine::lift_quarantine(owner: ConnectionId, key: BlobKey, kind: JobKind, now: Timestamp) -> bool;
    /// Shows the same bytes, which came again, wherever those of a blob in quarantine were shown, and deletes that. Says whether
    /// they have come: its own are to be deleted then.
    write[owner] quarantine::replace_lost(owner: ConnectionId, lost: BlobKey, kind: JobKind, now: Timestamp) -> bool;
    /// Forgets a rendition whose bytes are lost or damaged, and renders its blob anew. Says whether it was known.
    write[owner] quarantine::lose_rendition(owner: ConnectionId, blob: BlobKey, name: RenditionName, kind: JobKind, now: Timestamp) -> bool;
    /// Keeps the digest of a rendition of which none was kept. Says whether it did.
    write quarantine::keep_digest(owner: ConnectionId, blob: BlobKey, name: RenditionName, size_bytes: u64, digest: Digest) -> bool;
    /// Forgets an acknowledged part whose bytes are lost, so that the client sends it again; a session untouched since
    /// `before` in `completing` is opened for that. Says whether it did.
    write[owner] quarantine::lose_part(owner: ConnectionId, upload: UploadId, part: Part, before: Timestamp, now: Timestamp) -> bool;
    /// Deletes a blob from before `before` that nothing refers to. Says whether it did: its bytes are to be deleted then.
    write[owner] quarantine::let_go_unreferenced(owner: ConnectionId, key: BlobKey, before: Timestamp) -> bool;
    /// Forgets the parts of every upload that has not ended: their bytes were not copied with these rows. Answers how many.
    write quarantine::forget_staged() -> u64;

    /// Connections in the order of their ids, after one of them.
    read recount::connections_after(after: Option<ConnectionId>, limit: u32) -> Vec<ConnectionId>;
    /// What is counted wrong of what a connection holds and shows.
    read recount::miscounts(owner: ConnectionId) -> Vec<Miscount>;
    /// Counts anew what a connection holds and shows.
    write[owner] recount::recount(owner: ConnectionId) -> ();
    /// Media whose places in lists are not those that their rows say.
    read recount::misplaced_media(owner: ConnectionId, limit: u32) -> Vec<MediaId>;
    /// Writes a media's places anew.
    write[owner] recount::place_again(owner: ConnectionId, media: MediaId) -> ();
    /// Media that a search would find by other words than theirs.
    read recount::misworded_media(owner: ConnectionId, limit: u32) -> Vec<MediaId>;
    /// Writes anew what a search looks at for a media.
    write recount::word_again(media: MediaId) -> ();
    /// Media that have another type or status than the bytes that they show.
    read recount::disagreeing_media(owner: ConnectionId, limit: u32) -> Vec<MediaId>;
    /// Takes type and status of the blob over to a media.
    write[owner] recount::agree(owner: ConnectionId, media: MediaId) -> ();
}

impl Catalog {
    /// Writes a copy of the whole catalog, as it is at one moment, to a new file. Writes go on meanwhile.
    ///
    /// # Errors
    /// Where the file cannot be written, or the engine has no such copies.
    pub async fn copy_into(&self, file: &Path) -> Result<(), CatalogError> {
        self.engine.copy_into(file).await
    }

    /// What the database says of itself.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn about(&self) -> Result<About, CatalogError> {
        self.engine.about().await
    }

    /// What the database itself finds wrong with its file: broken pages, indexes that miss rows, rows that refer to nothing.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn self_check(&self) -> Result<Vec<String>, CatalogError> {
        self.engine.self_check().await
    }
}
