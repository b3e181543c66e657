//! Bytes that belong to no media: previews, avatars, signed documents. They are stored as a file is that comes whole,
//! without a session: whoever sends them waits for the end.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use strongroom_catalog::CatalogError;
use strongroom_catalog::records::{NewBlob, NextStep};
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::Digest;
use strongroom_core::id::{BlobKey, ConnectionId};
use strongroom_core::job::JobKind;
use strongroom_core::media::{Format, MediaType};
use strongroom_core::upload::Plan;
use strongroom_store::WholeFile;

use super::parts::Incoming;
use crate::app::App;
use crate::problem::Problem;

/// The largest file that is kept this way.
pub(crate) const LARGEST_BYTES: u64 = 64 << 20;

/// How long a picture may take to render while its sender waits. Longer than any attempt may.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Bytes that lie in the store, and in no row yet.
pub(crate) struct Stored {
    pub(crate) key: BlobKey,
    pub(crate) sha256: [u8; 32],
    /// What they are, as far as their first bytes tell.
    pub(crate) format: Format,
    etag: Digest,
    size_bytes: u64,
}

/// Stores a body of `size_bytes` that `sniff` takes for something to be rendered as a photo. What is not leaves no bytes behind.
pub(crate) async fn store_picture(
    app: &App,
    size_bytes: u64,
    body: &mut impl Incoming,
    sniff: fn(&[u8]) -> Option<Format>,
) -> Result<Option<Stored>, Problem> {
    let plan = Plan::with_part_bytes(size_bytes, size_bytes.next_power_of_two().max(1024))
        .ok_or_else(|| Problem::internal("a file could not be planned"))?;
    let mut writing = app.store.begin_whole(&plan, ExpectedDigests::default()).await?;
    let mut sha256 = Sha256::new();
    while let Some(bytes) = body.next().await? {
        sha256.update(&bytes);
        writing.write(&bytes).await?;
    }
    let WholeFile { blob: key, digest: etag, head } = writing.finish().await?;
    let Some(format) = sniff(&head).filter(|format| is_picture(*format)) else {
        app.store.delete_blob(key).await?;
        return Ok(None);
    };
    Ok(Some(Stored { key, sha256: sha256.finalize().into(), format, etag, size_bytes }))
}

impl Stored {
    /// As a row, for the transaction that keeps them.
    pub(crate) fn to_blob(&self, owner: &ConnectionId) -> NewBlob {
        NewBlob {
            connection: owner.clone(),
            key: self.key,
            etag: self.etag,
            size_bytes: self.size_bytes,
            media_type: MediaType::Photo,
            format: Some(self.format),
            next: NextStep::Render(JobKind::for_format(self.format)),
        }
    }

    /// Writes the row, and deletes the bytes where they are not needed: the catalog would not keep them, or had them already.
    pub(crate) async fn keep<T>(
        &self,
        app: &App,
        row: impl Future<Output = Result<T, CatalogError>>,
        kept_under: impl Fn(&T) -> Option<BlobKey>,
    ) -> Result<T, Problem> {
        let kept = row.await;
        // Where the answer is not known, the bytes stay: a row may name them. The sweeper finds out.
        let is_needed = match &kept {
            Ok(kept) => kept_under(kept) == Some(self.key),
            Err(CatalogError::OverQuota(_)) => false,
            Err(_) => true,
        };
        if !is_needed {
            app.store.delete_blob(self.key).await?;
        }
        app.wake.wake();
        Ok(kept?)
    }
}

/// Whether a file of this format is rendered as a photo, as a PDF's first page is; a GIF may yet turn out to move.
fn is_picture(format: Format) -> bool {
    JobKind::for_format(format) == JobKind::RenderPhoto
}
