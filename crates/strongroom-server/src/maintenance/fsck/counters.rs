//! What the catalog keeps beside the rows it follows from, and what the database finds wrong with itself.

use strongroom_core::id::{ConnectionId, MediaId};

use super::{Checked, Fault, FaultKind, Faults, Fsck};
use crate::maintenance::MaintenanceError;

/// Connections that are asked for at a time.
const PAGE: u32 = 200;

/// Media that are mended in one go; then the comparison is made anew.
const BATCH: u32 = 500;

impl Fsck {
    pub(super) async fn check_database(&self) -> Faults {
        let complaints = self.catalog.self_check().await?;
        Ok(complaints.into_iter().map(|complaint| Fault::new(FaultKind::Database, complaint)).collect())
    }

    pub(super) async fn check_connections(&self, checked: &mut Checked) -> Faults {
        let (mut faults, mut after) = (Vec::new(), None);
        loop {
            let page = self.catalog.connections_after(after.clone(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(faults) };
            after = Some(last.clone());
            for owner in page {
                checked.connections += 1;
                self.check_connection(&owner, &mut faults).await?;
            }
        }
    }

    /// In this order: what a media is decides where it is listed and how it is counted.
    async fn check_connection(&self, owner: &ConnectionId, faults: &mut Vec<Fault>) -> Result<(), MaintenanceError> {
        self.check_media(owner, Derived::State, faults).await?;
        self.check_media(owner, Derived::Places, faults).await?;
        self.check_media(owner, Derived::Words, faults).await?;
        let miscounts = self.catalog.miscounts(owner.clone()).await?;
        if self.options.repair && !miscounts.is_empty() {
            self.catalog.recount(owner.clone()).await?;
        }
        for wrong in miscounts {
            let kept = wrong.kept.map_or_else(|| "nothing".to_owned(), |kept| kept.to_string());
            let detail = format!("{} says {kept}, and its rows come to {}", wrong.counter, wrong.counted);
            let fault = Fault { connection: Some(owner.clone()), ..Fault::new(FaultKind::Counter, detail) };
            faults.push(fault.repaired(self.options.repair));
        }
        Ok(())
    }

    async fn check_media(
        &self,
        owner: &ConnectionId,
        derived: Derived,
        faults: &mut Vec<Fault>,
    ) -> Result<(), MaintenanceError> {
        let mut known = std::collections::BTreeSet::new();
        loop {
            let limit = BATCH + u32::try_from(known.len()).unwrap_or(u32::MAX - BATCH);
            let wrong = derived.find(self, owner, limit).await?;
            let fresh: Vec<MediaId> = wrong.iter().copied().filter(|media| known.insert(*media)).collect();
            for media in &fresh {
                if self.options.repair {
                    derived.mend(self, owner, *media).await?;
                }
                let fault = Fault::of_media(derived.kind(), owner, *media, derived.detail());
                faults.push(fault.repaired(self.options.repair));
            }
            // None that is new: all are known, whether they were mended or not.
            if fresh.is_empty() {
                return Ok(());
            }
        }
    }
}

/// What is kept for a media beside its row.
#[derive(Clone, Copy)]
enum Derived {
    State,
    Places,
    Words,
}

impl Derived {
    async fn find(self, fsck: &Fsck, owner: &ConnectionId, limit: u32) -> Result<Vec<MediaId>, MaintenanceError> {
        let (catalog, owner) = (&fsck.catalog, owner.clone());
        Ok(match self {
            Self::State => catalog.disagreeing_media(owner, limit).await?,
            Self::Places => catalog.misplaced_media(owner, limit).await?,
            Self::Words => catalog.misworded_media(owner, limit).await?,
        })
    }

    async fn mend(self, fsck: &Fsck, owner: &ConnectionId, media: MediaId) -> Result<(), MaintenanceError> {
        let (catalog, owner) = (&fsck.catalog, owner.clone());
        match self {
            Self::State => catalog.agree(owner, media).await?,
            Self::Places => catalog.place_again(owner, media).await?,
            Self::Words => catalog.word_again(media).await?,
        }
        Ok(())
    }

    const fn kind(self) -> FaultKind {
        match self {
            Self::State => FaultKind::MediaState,
            Self::Places => FaultKind::Listing,
            Self::Words => FaultKind::SearchText,
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::State => "its type or status is not that of the bytes that it shows",
            Self::Places => "it is listed otherwise than its row and its lists say",
            Self::Words => "searches look at other words than its own",
        }
    }
}
