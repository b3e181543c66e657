//! Renditions in a bucket: each one PUT, so that it is there whole or not at all.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use bytes::Bytes;
use md5::{Digest as _, Md5};
use rustix::fs::{Mode, OFlags};
use strongroom_core::id::BlobKey;

use super::BucketStore;
use super::blocks::BLOCK_BYTES;
use crate::blocking::blocking;
use crate::error::StoreError;
use crate::names;
use crate::part::Landing;
use crate::rendition::NewRendition;

/// The longest object that S3 takes in one request.
const MAX_PUT_BYTES: u64 = 5 << 30;
/// A file can be sent again, unlike what a client sends.
const TRIES: u32 = 3;

impl BucketStore {
    pub(crate) async fn put_renditions(&self, blob: BlobKey, renditions: &[NewRendition]) -> Result<(), StoreError> {
        for new in renditions {
            let key = self.key(&names::rendition(blob, new.name, new.format));
            let mut tries = 1;
            loop {
                match self.put_file(&key, &new.from).await {
                    Err(StoreError::Busy(text)) if tries < TRIES => {
                        tracing::debug!(key, text, "sending a rendition again");
                        tries += 1;
                    }
                    put => break put?,
                }
            }
        }
        // Moved, as on a local disk. A failure is nobody's loss: the directory they lie in is removed with all it holds.
        let sent: Vec<_> = renditions.iter().map(|new| new.from.clone()).collect();
        drop(tokio::task::spawn_blocking(move || sent.iter().for_each(|path| drop(std::fs::remove_file(path)))).await);
        Ok(())
    }

    async fn put_file(&self, key: &str, from: &Path) -> Result<(), StoreError> {
        let path = from.to_owned();
        let (mut file, length) = blocking(move || open_plain(&path)).await?;
        let mut sending = self.client().send(key, &[], length, Landing::default()).await?;
        let mut md5 = Md5::new();
        let mut left = length;
        loop {
            let path = from.to_owned();
            let wanted = usize::try_from(left).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
            let block: Bytes;
            (file, md5, block) = blocking(move || {
                let mut block = vec![0; wanted];
                file.read_exact(&mut block).map_err(|e| StoreError::of("read", &path, &e))?;
                md5.update(&block);
                Ok((file, md5, block.into()))
            })
            .await?;
            left -= wanted as u64;
            if left == 0 {
                let tag = sending.finish(block).await?;
                return match tag.contradicts(md5.finalize().into()) {
                    true => Err(StoreError::Busy("the object store has other bytes than were sent".to_owned())),
                    false => Ok(()),
                };
            }
            sending.pass(&mut Some(block)).await?;
        }
    }

    pub(crate) async fn delete_blob(&self, blob: BlobKey) -> Result<(), StoreError> {
        for rendition in self.client().list(&names::renditions(blob)).await? {
            self.client().delete(&self.key(&rendition.name)).await?;
        }
        Ok(self.client().delete(&self.key(&names::blob(blob))).await?)
    }
}

/// Opens what a decoder has left. Anything but a plain file with one name is refused: a link to something else must not become
/// a rendition.
fn open_plain(path: &Path) -> Result<(File, u64), StoreError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| StoreError::of_open(path, &e.into()))?;
    let file = File::from(file);
    let metadata = file.metadata().map_err(|e| StoreError::of("inspect", path, &e))?;
    if !metadata.is_file() || metadata.nlink() != 1 {
        return Err(StoreError::Io(format!("refused to publish {}: not a plain file", path.display())));
    }
    match metadata.len() {
        length @ ..=MAX_PUT_BYTES => Ok((file, length)),
        length => Err(StoreError::Io(format!("{} has {length} bytes, more than one object takes", path.display()))),
    }
}
