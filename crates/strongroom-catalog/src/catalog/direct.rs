//! Uploads whose parts go to the object store itself.

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, UploadId};

use super::{Catalog, methods};
use crate::CatalogError;
use crate::records::Part;

methods! {
    /// Puts off the expiry of an open session. Says whether it is open.
    write direct::keep_open(owner: ConnectionId, id: UploadId, now: Timestamp, expires_at: Timestamp) -> bool;
    /// Lets a session be completed whose digest is not known yet, of parts with these tags. Says whether it was open.
    write[owner] direct::begin_completing_unread(owner: ConnectionId, id: UploadId, tags: Vec<String>, now: Timestamp) -> bool;
    /// The tags of the parts that are to be joined, in order.
    read direct::part_tags(owner: ConnectionId, id: UploadId) -> Vec<String>;
    /// Keeps the digest of a part that was read from the joined file. Says whether the session is `completing` still.
    write direct::keep_read_part(owner: ConnectionId, upload: UploadId, part: Part, now: Timestamp) -> bool;
}
