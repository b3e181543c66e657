//! The right to write a part under its own number in a store that several nodes write to. Kept in the catalog, since tries of
//! one part may come to different nodes, and an object store lets the last of them win, whichever the catalog counts.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::Upload;
use strongroom_core::id::{ConnectionId, UploadId};
use strongroom_store::Landing;
use tracing::Instrument as _;

use crate::problem::Problem;

/// The right, for one try. Dropped, it is given back, unless bytes of this try may be there: then no other try may ever write
/// there, since ours could still arrive over it.
pub(super) struct Claim {
    catalog: Catalog,
    owner: ConnectionId,
    upload: UploadId,
    number: u32,
    landing: Option<Landing>,
}

impl Claim {
    /// Claims it. `None` where another try has it: this one goes elsewhere.
    pub(super) async fn take(catalog: &Catalog, upload: &Upload, number: u32) -> Result<Option<Self>, Problem> {
        let (owner, id) = (upload.connection.clone(), upload.id);
        let is_ours = catalog.claim_slot(owner.clone(), id, number).await?;
        Ok(is_ours.then(|| Self { catalog: catalog.clone(), owner, upload: id, number, landing: None }))
    }

    /// From here on `landing` tells whether bytes may be there.
    pub(super) fn watch(&mut self, landing: Landing) {
        self.landing = Some(landing);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.landing.as_ref().is_some_and(Landing::may_have_landed) {
            return;
        }
        let (catalog, owner, upload, number) = (self.catalog.clone(), self.owner.clone(), self.upload, self.number);
        // Also where the client has gone away, and with it the future that held this.
        let releasing = async move {
            if let Err(error) = catalog.release_slot(owner, upload, number).await {
                tracing::warn!(%upload, number, %error, "a slot stays claimed; later tries of the part go elsewhere");
            }
        };
        tokio::spawn(releasing.in_current_span());
    }
}
