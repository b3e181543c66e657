//! What a move tells of itself.

use std::collections::BTreeMap;

use serde::Serialize;
use strongroom_core::id::{BlobKey, ConnectionId, UploadId};

/// How far a move is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveStep {
    /// A run before this one came to the end; only the last step may be done again.
    AlreadyMoved,
    /// A pass over the bytes is done, and has copied so many files.
    Copied(u64),
    /// The old vault takes no writes from here on.
    Held,
    /// A table is copied: its name, and its rows.
    Table(&'static str, u64),
    /// Both sides are compared.
    Comparing,
}

/// What a move came to.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MoveReport {
    /// Originals that this run copied.
    pub originals: u64,
    /// Renditions that this run copied.
    pub renditions: u64,
    /// Parts of uploads under way that this run copied.
    pub parts: u64,
    /// Bytes that this run copied.
    pub bytes: u64,
    /// Rows of the new database, by table.
    pub rows: BTreeMap<&'static str, u64>,
    /// Files that the new store has and that were compared with their rows.
    pub files_verified: u64,
    /// What is lost or damaged in the old vault itself, and so not in the new one.
    pub damaged: Vec<Damage>,
    /// How long the old vault took no writes, within this run, before the new one did.
    pub held_milliseconds: u64,
}

/// Bytes that could not be copied as their row has them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Damage {
    /// Whose.
    pub connection: ConnectionId,
    /// The blob that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<BlobKey>,
    /// The upload that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadId>,
    /// What is wrong.
    pub detail: String,
}

/// What a piece of work has copied.
#[derive(Debug, Clone, Default)]
pub(super) struct Copied {
    pub(super) originals: u64,
    pub(super) renditions: u64,
    pub(super) parts: u64,
    pub(super) bytes: u64,
    pub(super) damaged: Vec<Damage>,
}

impl Copied {
    pub(super) fn damaged(damage: Damage) -> Self {
        Self { damaged: vec![damage], ..Self::default() }
    }

    pub(super) const fn files(&self) -> u64 {
        self.originals + self.renditions + self.parts
    }

    pub(super) fn add(&mut self, more: Self) {
        self.originals += more.originals;
        self.renditions += more.renditions;
        self.parts += more.parts;
        self.bytes += more.bytes;
        self.damaged.extend(more.damaged);
    }
}
