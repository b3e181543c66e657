//! One try of one part: from the first byte to the last sync, or to the object store's answer.

use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{self, AtomicBool};

use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::Digest;
use strongroom_core::id::UploadId;
use strongroom_core::upload::{PartRange, Plan};

use crate::bucket::BucketTry;
use crate::error::StoreError;
use crate::local::LocalTry;
use crate::slot::SlotGuard;
use crate::store::{Backend, Store};

/// Where the acknowledged bytes of a part are; kept in the catalog's row of the part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PartLocation {
    /// At the part's offset in the upload's staging file. In a bucket, the upload's staging object, which is its only part.
    InPlace,
    /// A part of the bucket's multipart upload, under the part's own number, with this entity tag.
    Tagged(Arc<str>),
    /// In a side file, or side object, of this generation: random, and below 2⁶³ so that a signed column keeps it whole.
    Side(u64),
}

/// A part that is stored as surely as the store's durability says, and not yet acknowledged.
///
/// It may hold the part's slot. Keep it until the catalog's commit of the part's row has ended, one way or the other: a
/// slot that is freed earlier could be written by a try which does not yet see that row.
#[must_use = "the slot must be held until the part's row is committed"]
#[derive(Debug)]
pub struct StoredPart {
    /// The part's digest.
    pub digest: Digest,
    /// Where it is.
    pub location: PartLocation,
    _slot: Option<SlotGuard>,
}

impl StoredPart {
    pub(crate) const fn new(digest: Digest, location: PartLocation, slot: Option<SlotGuard>) -> Self {
        Self { digest, location, _slot: slot }
    }
}

/// Whether bytes of a try may be where its slot is, also after the try has failed or was dropped.
#[derive(Debug, Clone, Default)]
pub struct Landing {
    may_have_landed: Arc<AtomicBool>,
}

impl Landing {
    /// False as long as it is certain that the object store has not had the last byte, and so keeps nothing of the try under
    /// the part's number. Only then is the slot's claim given back: two tries under one number could land in either order.
    ///
    /// Always false for a local disk, where the guard alone decides.
    #[must_use]
    pub fn may_have_landed(&self) -> bool {
        self.may_have_landed.load(atomic::Ordering::Acquire)
    }

    /// Called before the last byte is handed over.
    pub(crate) fn expect(&self) {
        self.may_have_landed.store(true, atomic::Ordering::Release);
    }
}

/// One try of one part. Dropped unfinished, nothing of it counts: its side file is removed or its request cut off, and its
/// slot freed, once the write that may still be running has ended.
#[must_use = "a try that is not finished counts for nothing"]
pub struct PartTry {
    length: u64,
    received: u64,
    backend: BackendTry,
}

enum BackendTry {
    Local(LocalTry),
    Bucket(BucketTry),
}

impl Store {
    /// Starts a try of `part`. In place with the part's `slot`; without one in a side file.
    ///
    /// The caller has taken the slot with [`Store::try_slot`] **first** and **then** seen in the catalog that the part's
    /// acknowledged bytes are not in place. In the other order, a try that ends between the two would be scribbled over.
    ///
    /// `multipart` is what [`Store::begin_multipart`] returned. A bucket needs it where the upload has more than one part;
    /// without it, or without a slot, the try becomes a side object.
    ///
    /// # Errors
    /// `Sealed`, `Full` where the part has no room on the disk, `Busy`, or `Io`.
    pub async fn begin_part(
        &self,
        upload: UploadId,
        plan: &Plan,
        part: PartRange,
        expected: ExpectedDigests,
        slot: Option<SlotGuard>,
        multipart: Option<&str>,
    ) -> Result<PartTry, StoreError> {
        let backend = match self.backend() {
            Backend::Local(local) => {
                let slot = slot.and_then(SlotGuard::into_local);
                BackendTry::Local(local.begin_part(upload, plan, part, expected, slot).await?)
            }
            Backend::Bucket(bucket) => {
                BackendTry::Bucket(bucket.begin_part(upload, plan, part, expected, slot, multipart).await?)
            }
        };
        Ok(PartTry { length: part.length, received: 0, backend })
    }
}

impl PartTry {
    /// Takes the next bytes of the body. Waits only while the disk or the object store is a whole block behind, so that a try
    /// never holds more than a MiB of memory.
    ///
    /// # Errors
    /// `TooLong` at the first byte beyond the part's length, `Sealed`, `Full`, `Busy` or `Io`. The try is lost.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > self.length {
            return Err(StoreError::TooLong { expected: self.length });
        }
        match &mut self.backend {
            BackendTry::Local(local) => local.write(bytes).await,
            BackendTry::Bucket(bucket) => bucket.write(bytes).await,
        }
    }

    /// Ends the try: checks length and digests, and waits until the bytes are durable.
    ///
    /// # Errors
    /// `TooShort`, `TooLong`, `Digest`, `Sealed`, `Full`, `Busy` or `Io`. Nothing of the try counts then.
    pub async fn finish(self) -> Result<StoredPart, StoreError> {
        let (expected, actual) = (self.length, self.received);
        match actual.cmp(&expected) {
            Ordering::Less => return Err(StoreError::TooShort { expected, actual }),
            Ordering::Greater => return Err(StoreError::TooLong { expected }),
            Ordering::Equal => {}
        }
        match self.backend {
            BackendTry::Local(local) => local.finish().await,
            BackendTry::Bucket(bucket) => bucket.finish().await,
        }
    }

    /// What tells, now and after the try has ended, whether its bytes may be in the slot.
    #[must_use]
    pub fn landing(&self) -> Landing {
        match &self.backend {
            BackendTry::Local(_) => Landing::default(),
            BackendTry::Bucket(bucket) => bucket.landing(),
        }
    }
}
