//! The end of a direct upload: what has arrived is checked and joined, then read once for its digest. From there on it is an
//! upload like any other: each part has a row, with the digest of the bytes that are in the bucket.

use futures_util::{StreamExt as _, TryStreamExt as _, pin_mut, stream};
use serde_json::json;
use strongroom_catalog::records::{Part, Upload};
use strongroom_core::digest::{Digest, PartHasher};
use strongroom_core::id::{BlobKey, fill_random};
use strongroom_core::upload::{PartRange, Plan};
use strongroom_store::{BlobReader, PartLocation, StoreError};

use super::{Direct, Landed};
use crate::problem::{Kind, Problem};
use crate::services::completion::{NamedPart, Unpublished, incomplete};

/// Parts of one file that are read at a time.
const READ_AT_ONCE: usize = 4;

impl Direct {
    /// Begins to complete an open direct upload: every part is there, whole, and the one that the client means, or a 409 says which is
    /// not. Says whether the session was open still.
    pub(in crate::services) async fn begin_completing(
        &self,
        upload: &Upload,
        named: &[NamedPart],
    ) -> Result<bool, Problem> {
        let landed = match self.landed(upload).await {
            // Joined by a run whose answer was lost and which was given up since. What has no tag any more cannot be compared.
            Err(StoreError::Missing) if named.is_empty() && self.is_joined(upload).await? => None,
            Err(StoreError::Missing) => Some(Vec::new()),
            landed => Some(landed?),
        };
        let mut tags = Vec::new();
        if let Some(landed) = landed {
            check_landed(&upload.plan, &landed)?;
            check_named(&landed, named)?;
            tags = upload.plan.parts().filter_map(|part| tag_of(&landed, part.number)).map(str::to_owned).collect();
        }
        let (owner, now) = (upload.connection.clone(), self.clock.now());
        Ok(self.catalog.begin_completing_unread(owner, upload.id, tags, now).await?)
    }

    /// Joins the parts of an upload that is `completing`, reads them, and gives each its row. May be run again: what was done
    /// is found, and what was read is not read again. Nodes that do it at the same time share the work.
    pub(in crate::services) async fn take_in(&self, upload: &Upload) -> Result<(), Unpublished> {
        let blob = BlobKey::of_upload(upload.id);
        let tags = self.catalog.part_tags(upload.connection.clone(), upload.id).await?;
        let reader = match self.store.open_blob(blob).await {
            Err(StoreError::Missing) => {
                self.join(upload, &tags, blob).await?;
                self.store.open_blob(blob).await?
            }
            opened => opened?,
        };
        if reader.len() != upload.plan.size() {
            return Err(StoreError::Io(format!("the original of {} has {} bytes", upload.id, reader.len())).into());
        }
        let known = self.catalog.parts(upload.connection.clone(), upload.id).await?;
        let is_unread = |part: &PartRange| !known.iter().any(|known| known.number == part.number);
        let mut unread: Vec<PartRange> = upload.plan.parts().filter(is_unread).collect();
        scatter(&mut unread);
        let tag = |part: PartRange| tags.get(part.number as usize - 1).cloned();
        let reading = stream::iter(unread).map(|part| self.read_part(upload, &reader, part, tag(part)));
        reading.buffer_unordered(READ_AT_ONCE).try_collect::<()>().await
    }

    async fn is_joined(&self, upload: &Upload) -> Result<bool, Problem> {
        match self.store.open_blob(BlobKey::of_upload(upload.id)).await {
            Err(StoreError::Missing) => Ok(false),
            opened => Ok(opened?.len() == upload.plan.size()),
        }
    }

    /// Joins the parts that were checked, and no others: whoever has the URL of one may have sent it anew since.
    async fn join(&self, upload: &Upload, tags: &[String], blob: BlobKey) -> Result<(), Unpublished> {
        let placed = |(part, tag): (PartRange, &String)| (part, PartLocation::Tagged(tag.as_str().into()));
        let parts: Vec<_> = upload.plan.parts().zip(tags).map(placed).collect();
        match self.store.publish(upload.id, &upload.plan, &parts, upload.multipart.as_deref(), blob).await {
            Err(StoreError::Missing) => Err(self.why_not_joined(upload, tags).await),
            published => Ok(published?),
        }
    }

    /// Why the object store does not join what was checked: there is another part by now, or none.
    async fn why_not_joined(&self, upload: &Upload, tags: &[String]) -> Unpublished {
        let now = match self.landed(upload).await {
            Ok(now) => now,
            Err(error) => return error.into(),
        };
        let is_changed = |(number, tag): &(u32, &String)| tag_of(&now, *number) != Some(tag);
        match (1..).zip(tags).find(is_changed) {
            Some((number, _)) => {
                let message = format!("part {number} was sent anew while the upload was completed; complete it again");
                refusal(message, number, &now).into()
            }
            None => StoreError::Busy(format!("the parts of {} are there and were not joined", upload.id)).into(),
        }
    }

    async fn read_part(
        &self,
        upload: &Upload,
        reader: &BlobReader,
        part: PartRange,
        tag: Option<String>,
    ) -> Result<(), Unpublished> {
        let _turn = self.reading.acquire().await;
        let (owner, number) = (upload.connection.clone(), part.number);
        if self.catalog.part(owner.clone(), upload.id, number).await?.is_some() {
            // Another node has read it.
            return Ok(());
        }
        let digest = digest_of(reader, &upload.plan, part).await?;
        let row = Part { number, size_bytes: part.length, digest, side: None, tag };
        match self.catalog.keep_read_part(owner, upload.id, row, self.clock.now()).await? {
            true => Ok(()),
            false => Err(StoreError::Busy(format!("{} was ended by another node", upload.id)).into()),
        }
    }
}

/// Begins anywhere, so that two nodes that read the same file meet as late as may be.
fn scatter(parts: &mut [PartRange]) {
    let mut random = [0; 2];
    fill_random(&mut random);
    let middle = usize::from(u16::from_ne_bytes(random)).checked_rem(parts.len()).unwrap_or_default();
    parts.rotate_left(middle);
}

async fn digest_of(reader: &BlobReader, plan: &Plan, part: PartRange) -> Result<Digest, StoreError> {
    let mut hasher = PartHasher::new(plan, part);
    let blocks = reader.read(part.offset..part.offset + part.length);
    pin_mut!(blocks);
    while let Some(block) = blocks.next().await {
        hasher.update(&block?);
    }
    Ok(hasher.finish())
}

/// All parts are there and whole, or a 409 that names those that are not.
fn check_landed(plan: &Plan, landed: &[Landed]) -> Result<(), Problem> {
    for part in landed {
        let Some(PartRange { number, length, .. }) = plan.part(part.number) else { continue };
        if part.size_bytes != length {
            let size = part.size_bytes;
            let message = format!("part {number} has arrived with {size} bytes, and it has {length}; send it again");
            return Err(refusal(message, number, landed));
        }
    }
    // Numbers that the plan has not are no parts of this file, whoever sent them.
    let of_plan = landed.iter().map(|part| part.number).filter(|number| plan.part(*number).is_some());
    incomplete(plan, of_plan, received_bytes(landed))
}

/// The parts are those that the client means, or a 409 that names the first that is not.
fn check_named(landed: &[Landed], named: &[NamedPart]) -> Result<(), Problem> {
    for NamedPart { number, etag } in named {
        let there = tag_of(landed, *number);
        if there != Some(etag.trim().trim_matches('"')) {
            let actual = there.map_or_else(|| "absent".to_owned(), |tag| format!("\"{tag}\""));
            let message = format!("parts: part {number} is {actual}, not `{etag}`; send it again or leave it out");
            return Err(refusal(message, *number, landed));
        }
    }
    Ok(())
}

fn tag_of(landed: &[Landed], number: u32) -> Option<&str> {
    landed.iter().find(|part| part.number == number).map(|part| &*part.tag)
}

fn refusal(message: String, number: u32, landed: &[Landed]) -> Problem {
    let range = json!([{ "from": number, "to": number }]);
    Problem::new(Kind::UploadIncomplete, message)
        .with_details(json!({ "missingParts": range, "receivedBytes": received_bytes(landed) }))
}

fn received_bytes(landed: &[Landed]) -> u64 {
    landed.iter().map(|part| part.size_bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landed(number: u32, size_bytes: u64, tag: &str) -> Landed {
        Landed { number, size_bytes, tag: tag.into() }
    }

    #[test]
    fn only_whole_parts_of_the_plan_are_joined() {
        let plan = Plan::with_part_bytes(2500, 1024).unwrap();
        let mut parts = vec![landed(1, 1024, "a"), landed(2, 1024, "b"), landed(3, 452, "c"), landed(9, 7, "beyond")];
        check_landed(&plan, &parts).unwrap();
        parts[1].size_bytes = 1023;
        let problem = check_landed(&plan, &parts).unwrap_err();
        assert_eq!(problem.message, "part 2 has arrived with 1023 bytes, and it has 1024; send it again");
        parts.remove(1);
        let problem = check_landed(&plan, &parts).unwrap_err();
        assert_eq!(problem.message, "1 of 3 parts are missing, the first is part 2");
        assert!(problem.details.unwrap()["missingParts"] == json!([{ "from": 2, "to": 2 }]));
    }

    #[test]
    fn named_parts_are_compared() {
        let parts = [landed(1, 1024, "aa"), landed(2, 1024, "bb")];
        let named = |number, etag: &str| NamedPart { number, etag: etag.to_owned() };
        check_named(&parts, &[named(2, "\"bb\""), named(1, "aa")]).unwrap();
        for (number, etag, actual) in [(1, "bb", "\"aa\""), (3, "cc", "absent")] {
            let problem = check_named(&parts, &[named(number, etag)]).unwrap_err();
            let expected = format!("parts: part {number} is {actual}, not `{etag}`; send it again or leave it out");
            assert_eq!(problem.message, expected);
        }
    }
}
