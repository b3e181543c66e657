//! Side objects into part numbers: streamed through this process, since not every server copies into a part.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, pin_mut};
use md5::{Digest as _, Md5};
use strongroom_core::upload::PartRange;

use super::BucketStore;
use crate::error::StoreError;
use crate::part::Landing;

impl BucketStore {
    /// Puts what the side object `side` has under the number of `part`, and returns its new tag.
    pub(crate) async fn copy_into_part(
        &self,
        side: &str,
        part: &PartRange,
        multipart: &str,
        key: &str,
    ) -> Result<Arc<str>, StoreError> {
        let reader = self.open_reader(side.to_owned()).await?;
        if reader.len() != part.length {
            return Err(StoreError::Missing);
        }
        let number = part.number.to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", multipart)];
        let mut sending = self.client().send(key, &query, part.length, Landing::default()).await?;
        let blocks = reader.read(0..part.length);
        pin_mut!(blocks);
        let mut md5 = Md5::new();
        let mut held: Option<Bytes> = None;
        while let Some(block) = blocks.next().await {
            let block = block?;
            md5.update(&block);
            // The last block is held back here too: a source that breaks off must not become a part.
            if held.is_some() {
                sending.pass(&mut held).await?;
            }
            held = Some(block);
        }
        let tag = sending.finish(held.unwrap_or_default()).await?;
        match tag.contradicts(md5.finalize().into()) {
            true => Err(StoreError::Busy("the object store has other bytes than were sent".to_owned())),
            false => Ok(Arc::clone(tag.text())),
        }
    }
}
