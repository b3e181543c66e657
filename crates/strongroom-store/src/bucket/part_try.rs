//! One try of one part in a bucket: streamed as it arrives, and whole only once it has been checked.

use std::sync::Arc;

use bytes::Bytes;
use strongroom_core::content_digest::{DigestChecker, ExpectedDigests};
use strongroom_core::digest::PartHasher;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::{PartRange, Plan};
use tokio::task::JoinHandle;

use super::BucketStore;
use super::blocks::{BLOCK_BYTES, PartDigests};
use super::client::Client;
use super::sending::Sending;
use super::tag::Tag;
use crate::blocking::{blocking, joined};
use crate::error::StoreError;
use crate::filling::Filling;
use crate::names::{self, random_generation};
use crate::part::{Landing, PartLocation, StoredPart};
use crate::slot::SlotGuard;

/// One try. Dropped unfinished, its request is cut off before its last byte.
pub(crate) struct BucketTry {
    client: Arc<Client>,
    place: Place,
    length: u64,
    filling: Filling,
    digests: State,
    /// A block that is hashed and not yet handed over.
    hashed: Option<Bytes>,
    /// Begun with the first block, so that a small part is one request made of a checked body.
    sending: Option<Sending>,
    landing: Landing,
    slot: Option<SlotGuard>,
}

/// Where the bytes go.
enum Place {
    /// A part of the multipart upload, under its own number.
    Part { key: String, multipart: String, number: u32 },
    /// The upload's only part, in place.
    Staging { key: String },
    /// An object of the try's own.
    Side { key: String, generation: u64 },
    /// A blob that only this try writes.
    Blob { key: String },
}

enum State {
    Idle(Box<PartDigests>),
    Hashing(JoinHandle<(Box<PartDigests>, Bytes)>),
    Failed,
}

impl BucketStore {
    #[allow(clippy::unused_async, reason = "a local disk waits here")]
    pub(crate) async fn begin_part(
        &self,
        upload: UploadId,
        plan: &Plan,
        part: PartRange,
        expected: ExpectedDigests,
        slot: Option<SlotGuard>,
        multipart: Option<&str>,
    ) -> Result<BucketTry, StoreError> {
        // A guard of another part guards nothing here; a side object is right whatever the guard.
        let slot = slot.filter(|slot| slot.is_claim_of(upload, part.number));
        let place = match (&slot, multipart) {
            (Some(_), Some(multipart)) => Place::Part {
                key: self.key(&names::blob(BlobKey::of_upload(upload))),
                multipart: multipart.to_owned(),
                number: part.number,
            },
            (Some(_), None) if plan.total_parts() == 1 => Place::Staging { key: self.key(&names::staging(upload)) },
            _ => {
                let generation = random_generation();
                Place::Side { key: self.key(&names::side(upload, part.number, generation)), generation }
            }
        };
        Ok(self.begin(place, plan, part, expected, slot))
    }

    /// A try of a file's only part, right under its key: what was cut off before its last byte leaves no object.
    pub(crate) fn begin_whole(
        &self,
        blob: BlobKey,
        plan: &Plan,
        part: PartRange,
        expected: ExpectedDigests,
    ) -> BucketTry {
        self.begin(Place::Blob { key: self.key(&names::blob(blob)) }, plan, part, expected, None)
    }

    fn begin(
        &self,
        place: Place,
        plan: &Plan,
        part: PartRange,
        expected: ExpectedDigests,
        slot: Option<SlotGuard>,
    ) -> BucketTry {
        let digests = Box::new(PartDigests::new(PartHasher::new(plan, part), DigestChecker::new(expected)));
        BucketTry {
            client: Arc::clone(self.client()),
            place,
            length: part.length,
            filling: Filling::new(part.length, BLOCK_BYTES),
            digests: State::Idle(digests),
            hashed: None,
            sending: None,
            landing: Landing::default(),
            slot,
        }
    }
}

impl BucketTry {
    /// Waits only while the object store is a block behind.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            // A full block goes on its way only when another byte follows: the last one waits for the check.
            if self.filling.is_full() {
                self.begin_block().await?;
            }
            bytes = self.filling.gather(bytes);
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<StoredPart, StoreError> {
        let digests = self.idle_digests().await?;
        let last = Bytes::from(self.filling.replace(Vec::new()));
        let (sums, last) = blocking(move || Ok((digests.finish(&last)?, last))).await?;
        self.connect().await?;
        let sending = self.sending.take().ok_or_else(failed_before)?;
        let tag = sending.finish(last).await?;
        if tag.contradicts(sums.md5) {
            let text = format!("the object store has other bytes than were sent: {}", tag.text());
            return Err(StoreError::Busy(text));
        }
        Ok(StoredPart::new(sums.digest, self.location(&tag), self.slot))
    }

    pub(crate) fn landing(&self) -> Landing {
        self.landing.clone()
    }

    fn location(&self, tag: &Tag) -> PartLocation {
        match &self.place {
            Place::Part { .. } => PartLocation::Tagged(Arc::clone(tag.text())),
            Place::Staging { .. } | Place::Blob { .. } => PartLocation::InPlace,
            Place::Side { generation, .. } => PartLocation::Side(*generation),
        }
    }

    /// Hands the full block to a thread, once the one before is on its way.
    async fn begin_block(&mut self) -> Result<(), StoreError> {
        let mut digests = self.idle_digests().await?;
        let block = Bytes::from(self.filling.replace(Vec::new()));
        self.digests = State::Hashing(tokio::task::spawn_blocking(move || {
            digests.update(&block);
            (digests, block)
        }));
        Ok(())
    }

    /// Waits for the block that is being hashed, and hands it over. All that is under way stays in `self` meanwhile, so a
    /// caller that stops waiting loses nothing.
    async fn idle_digests(&mut self) -> Result<Box<PartDigests>, StoreError> {
        if let State::Hashing(handle) = &mut self.digests {
            let hashed = joined(handle.await);
            self.digests = State::Failed;
            let (digests, block) = hashed?;
            self.digests = State::Idle(digests);
            self.hashed = Some(block);
        }
        if self.hashed.is_some() {
            self.connect().await?;
            let sending = self.sending.as_mut().ok_or_else(failed_before)?;
            if let Err(failure) = sending.pass(&mut self.hashed).await {
                self.digests = State::Failed;
                return Err(failure.into());
            }
        }
        match std::mem::replace(&mut self.digests, State::Failed) {
            State::Idle(digests) => Ok(digests),
            _ => Err(failed_before()),
        }
    }

    /// Begins the request, where it has not begun.
    async fn connect(&mut self) -> Result<(), StoreError> {
        if self.sending.is_none() {
            let (landing, length) = (self.landing.clone(), self.length);
            self.sending = Some(match &self.place {
                Place::Part { key, multipart, number } => {
                    let number = number.to_string();
                    let query = [("partNumber", number.as_str()), ("uploadId", multipart.as_str())];
                    self.client.send(key, &query, length, landing).await?
                }
                Place::Staging { key } | Place::Side { key, .. } | Place::Blob { key } => {
                    self.client.send(key, &[], length, landing).await?
                }
            });
        }
        Ok(())
    }
}

fn failed_before() -> StoreError {
    StoreError::Io("the try has failed before".to_owned())
}
