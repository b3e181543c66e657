//! A caller that keeps its side of the contract, with maps for a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt as _, pin_mut};
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::digest::{Digest, merge};
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::upload::{PartRange, Plan};
use strongroom_store::{BlobReader, Landing, PartLocation, PartTry, Store, StoreError, StoredPart};
use tokio::sync::OnceCell;

/// The part length of small tests: one memory page.
pub const PART_BYTES: u64 = 4096;

/// The least part length that a store takes: S3 wants 5 MiB of all parts but the last.
pub fn part_bytes(store: &Store) -> u64 {
    if store.is_shared() { 8 << 20 } else { PART_BYTES }
}

/// One upload and its rows.
pub struct Caller {
    pub store: Store,
    pub upload: UploadId,
    pub plan: Plan,
    rows: Mutex<BTreeMap<u32, (PartLocation, Digest)>>,
    /// The slots that were claimed and not given back; only for a shared store.
    claims: Arc<Mutex<BTreeSet<u32>>>,
    multipart: OnceCell<Option<String>>,
}

/// A try, and the claim that it has.
pub struct Attempt {
    part_try: PartTry,
    _claim: Option<Claim>,
}

/// Given back only where the try has certainly left nothing.
struct Claim {
    claims: Arc<Mutex<BTreeSet<u32>>>,
    number: u32,
    landing: Landing,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.landing.may_have_landed() {
            self.claims.lock().unwrap().remove(&self.number);
        }
    }
}

impl Attempt {
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.part_try.write(bytes).await
    }

    pub async fn finish(self) -> Result<StoredPart, StoreError> {
        self.part_try.finish().await
    }
}

impl Caller {
    pub fn new(store: &Store, size: u64) -> Self {
        Self::with_part_bytes(store, size, part_bytes(store))
    }

    pub fn with_part_bytes(store: &Store, size: u64, part_bytes: u64) -> Self {
        let plan = Plan::with_part_bytes(size, part_bytes).unwrap();
        let (store, upload) = (store.clone(), UploadId::random());
        Self { store, upload, plan, rows: Mutex::default(), claims: Arc::default(), multipart: OnceCell::new() }
    }

    /// The same upload after a restart of the process, or on another node.
    pub fn restarted(self, store: &Store) -> Self {
        Self { store: store.clone(), ..self }
    }

    /// The id of the multipart upload, where the upload needs one.
    pub async fn multipart(&self) -> Option<&str> {
        let begin = async || {
            let needs_one = self.store.is_shared() && self.plan.total_parts() > 1;
            if needs_one { Some(self.store.begin_multipart(self.upload).await.unwrap()) } else { None }
        };
        self.multipart.get_or_init(begin).await.as_deref()
    }

    /// Takes the slot of a part, and never gives it back.
    pub fn occupy(&self, number: u32) -> Option<strongroom_store::SlotGuard> {
        self.claims.lock().unwrap().insert(number);
        self.store.try_slot(self.upload, number)
    }

    /// Whether the acknowledged bytes are in the part's slot.
    pub fn is_in_slot(&self, number: u32) -> bool {
        matches!(self.location(number), Some(PartLocation::InPlace | PartLocation::Tagged(_)))
    }

    pub fn blob(&self) -> BlobKey {
        BlobKey::of_upload(self.upload)
    }

    pub fn part(&self, number: u32) -> PartRange {
        self.plan.part(number).unwrap()
    }

    pub fn location(&self, number: u32) -> Option<PartLocation> {
        self.rows.lock().unwrap().get(&number).map(|(location, _)| location.clone())
    }

    /// Begins a try as the contract says: the slot first, then the row. Of a shared store the claim comes before.
    pub async fn begin(&self, number: u32) -> Result<Attempt, StoreError> {
        self.begin_expecting(number, ExpectedDigests::default()).await
    }

    pub async fn begin_expecting(&self, number: u32, expected: ExpectedDigests) -> Result<Attempt, StoreError> {
        let is_claimed = self.store.is_shared() && self.claims.lock().unwrap().insert(number);
        let slot = if is_claimed || !self.store.is_shared() { self.store.try_slot(self.upload, number) } else { None };
        let slot = slot.filter(|_| !self.is_in_slot(number));
        let (plan, part, multipart) = (&self.plan, self.part(number), self.multipart().await);
        let part_try = self.store.begin_part(self.upload, plan, part, expected, slot, multipart).await?;
        let landing = part_try.landing();
        let claim = is_claimed.then(|| Claim { claims: Arc::clone(&self.claims), number, landing });
        Ok(Attempt { part_try, _claim: claim })
    }

    /// Ends a try and commits its row.
    pub async fn end(&self, number: u32, part_try: Attempt) -> Result<(), StoreError> {
        let stored = part_try.finish().await?;
        let replaced = self.commit(number, &stored);
        drop(stored);
        self.forget(number, replaced).await
    }

    /// Writes the row, and tells where the part was before.
    pub fn commit(&self, number: u32, stored: &StoredPart) -> Option<PartLocation> {
        let replaced = self.rows.lock().unwrap().insert(number, (stored.location.clone(), stored.digest));
        replaced.map(|(location, _)| location)
    }

    /// Gives back what a row no longer names.
    pub async fn forget(&self, number: u32, replaced: Option<PartLocation>) -> Result<(), StoreError> {
        match replaced {
            Some(PartLocation::Side(generation)) => self.store.discard_side(self.upload, number, generation).await,
            _ => Ok(()),
        }
    }

    pub async fn put(&self, number: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let mut part_try = self.begin(number).await?;
        for frame in bytes.chunks(1500) {
            part_try.write(frame).await?;
        }
        self.end(number, part_try).await
    }

    /// Puts part `number` of `file`.
    pub async fn put_of(&self, number: u32, file: &[u8]) -> Result<(), StoreError> {
        self.put(number, self.slice(number, file)).await
    }

    pub async fn put_all(&self, file: &[u8]) {
        for part in self.plan.parts() {
            self.put_of(part.number, file).await.unwrap();
        }
    }

    pub fn slice<'f>(&self, number: u32, file: &'f [u8]) -> &'f [u8] {
        let part = self.part(number);
        &file[usize::try_from(part.offset).unwrap()..][..usize::try_from(part.length).unwrap()]
    }

    pub fn list(&self) -> Vec<(PartRange, PartLocation)> {
        self.rows.lock().unwrap().iter().map(|(number, (location, _))| (self.part(*number), location.clone())).collect()
    }

    pub async fn publish(&self) -> Result<(), StoreError> {
        self.store.publish(self.upload, &self.plan, &self.list(), self.multipart().await, self.blob()).await
    }

    pub async fn discard(&self) -> Result<(), StoreError> {
        self.store.discard_upload(self.upload, self.multipart().await).await
    }

    pub async fn published(&self) -> Result<Vec<u8>, StoreError> {
        read_all(&self.store.open_blob(self.blob()).await?).await
    }

    /// The whole file's digest, from the digests that the store returned.
    pub fn merged(&self) -> Digest {
        let digests: Vec<_> = self.rows.lock().unwrap().values().map(|(_, digest)| *digest).collect();
        merge(&digests).unwrap()
    }

    /// Asserts that the published bytes and the digest are those of `file`.
    pub async fn assert_published(&self, file: &[u8]) {
        assert!(self.published().await.unwrap() == file, "the published bytes differ from the file's");
        assert_eq!(self.merged().to_string(), blake3::hash(file).to_hex().as_str());
    }
}

pub async fn read_all(reader: &BlobReader) -> Result<Vec<u8>, StoreError> {
    read_range(reader, 0..reader.len()).await
}

pub async fn read_range(reader: &BlobReader, range: std::ops::Range<u64>) -> Result<Vec<u8>, StoreError> {
    let blocks = reader.read(range);
    pin_mut!(blocks);
    let mut bytes = Vec::new();
    while let Some(block) = blocks.next().await {
        bytes.extend_from_slice(&block?);
    }
    Ok(bytes)
}

/// `length` bytes that differ with `seed` and from part to part.
pub fn pattern(length: u64, seed: u64) -> Vec<u8> {
    let mut reader = blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof();
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    reader.fill(&mut bytes);
    bytes
}

/// Waits until something that another thread is about to do has happened.
pub async fn eventually<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            match attempt() {
                Some(value) => return value,
                None => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), wait).await.expect("it happens within ten seconds")
}
