//! The right to write a part in place.

use strongroom_core::id::UploadId;

use crate::local::LocalSlot;

/// The right to write a part in place. On a local disk only one exists for a slot, and dropping it frees the slot. For a
/// bucket it says that the caller has claimed the slot in the catalog, and dropping it changes nothing there.
#[must_use = "a slot is held for as long as its guard lives"]
#[derive(Debug)]
pub struct SlotGuard {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Local(LocalSlot),
    Claimed { upload: UploadId, number: u32 },
}

impl SlotGuard {
    pub(crate) const fn of_local(slot: LocalSlot) -> Self {
        Self { kind: Kind::Local(slot) }
    }

    pub(crate) const fn claimed(upload: UploadId, number: u32) -> Self {
        Self { kind: Kind::Claimed { upload, number } }
    }

    /// The guard of a local slot.
    pub(crate) fn into_local(self) -> Option<LocalSlot> {
        match self.kind {
            Kind::Local(slot) => Some(slot),
            Kind::Claimed { .. } => None,
        }
    }

    /// Whether it stands for a claim of this part.
    pub(crate) fn is_claim_of(&self, upload: UploadId, number: u32) -> bool {
        matches!(self.kind, Kind::Claimed { upload: of, number: claimed } if of == upload && claimed == number)
    }
}
