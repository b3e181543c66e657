//! What a check of the whole store needs: every file of a shard by its name and size, and ways to set single ones right.

use std::path::{Path, PathBuf};

use strongroom_core::clock::Timestamp;
use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use crate::error::StoreError;
use crate::names::{self, Area};
use crate::part::PartLocation;
use crate::read::BlobReader;
use crate::store::{Backend, Store};
use crate::sweep::Found;

/// A file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// What its name says it is.
    pub name: StoredName,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// When bytes last came.
    pub modified_at: Timestamp,
}

/// What the name of a file says it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoredName {
    /// The parts of an upload that lie in place.
    Staged(UploadId),
    /// A try of a part that has bytes of its own.
    Side {
        /// The upload.
        upload: UploadId,
        /// The part's number.
        number: u32,
        /// Which try of the part it is.
        generation: u64,
    },
    /// An original.
    Original(BlobKey),
    /// A rendition.
    Rendition {
        /// Of which original.
        blob: BlobKey,
        /// Which one.
        name: RenditionName,
        /// What it is encoded as.
        format: RenditionFormat,
    },
    /// No name of ours: below the root, or after the prefix.
    Foreign(PathBuf),
}

impl StoredName {
    /// What `file` in the directory `area` is.
    pub(crate) fn parse(area: Area, shard: u8, file: &str) -> Self {
        let known = match area {
            Area::Staging => names::parse_staged(file).map(|(upload, side)| match side {
                None => Self::Staged(upload),
                Some((number, generation)) => Self::Side { upload, number, generation },
            }),
            Area::Blobs => file.parse().ok().map(Self::Original),
            Area::Renditions => parse_rendition(file),
        };
        // One that is written another way than we write it, or lies in another shard, would not be found under its name.
        let path = PathBuf::from(format!("{}/{file}", area.shard(shard)));
        known.filter(|known| known.path() == path).unwrap_or(Self::Foreign(path))
    }

    /// Where it lies, below the root or after the prefix.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match self {
            Self::Staged(upload) => names::staging(*upload).into(),
            Self::Side { upload, number, generation } => names::side(*upload, *number, *generation).into(),
            Self::Original(blob) => names::blob(*blob).into(),
            Self::Rendition { blob, name, format } => names::rendition(*blob, *name, *format).into(),
            Self::Foreign(path) => path.clone(),
        }
    }
}

fn parse_rendition(file: &str) -> Option<StoredName> {
    let mut pieces = file.split('.');
    let (blob, name, format) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let rendition =
        StoredName::Rendition { blob: blob.parse().ok()?, name: name.parse().ok()?, format: format.parse().ok()? };
    pieces.next().is_none().then_some(rendition)
}

impl Store {
    /// Every file of a shard. What lies in a multipart upload is not among them.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn inventory(&self, shard: u8) -> Result<Vec<StoredFile>, StoreError> {
        let mut files = Vec::new();
        for area in Area::ALL {
            let found = match self.backend() {
                Backend::Local(local) => local.found(area, shard).await?,
                Backend::Bucket(bucket) => bucket.found(area, shard).await?,
            };
            files.extend(found.into_iter().map(|Found { name, length: size_bytes, modified_at }| StoredFile {
                name: StoredName::parse(area, shard, &name),
                size_bytes,
                modified_at,
            }));
        }
        Ok(files)
    }

    /// Opens what holds an acknowledged part: all that is in place, or the part's own file. `Missing` for a part in a multipart
    /// upload, which nobody can read before that is complete.
    ///
    /// # Errors
    /// `Missing`, `Busy` or `Io`.
    pub async fn open_part(
        &self,
        upload: UploadId,
        number: u32,
        location: &PartLocation,
    ) -> Result<BlobReader, StoreError> {
        match location {
            PartLocation::InPlace => self.open_named(names::staging(upload)).await,
            PartLocation::Side(generation) => self.open_named(names::side(upload, number, *generation)).await,
            PartLocation::Tagged(_) => Err(StoreError::Missing),
        }
    }

    /// Removes a rendition that no row names. May be run again.
    ///
    /// # Errors
    /// `Busy` or `Io`.
    pub async fn delete_rendition(
        &self,
        blob: BlobKey,
        name: RenditionName,
        format: RenditionFormat,
    ) -> Result<(), StoreError> {
        match self.backend() {
            Backend::Local(local) => local.delete_named(names::rendition(blob, name, format)).await,
            Backend::Bucket(bucket) => bucket.delete_named(names::rendition(blob, name, format)).await,
        }
    }

    /// Gives an original or a rendition a second name, `to`, without copying it. `false` where that cannot be: in a bucket, and
    /// on another file system. Who changes nothing in place, as this store does, can keep such a name for as long as they like.
    ///
    /// # Errors
    /// `Missing`, `Full` or `Io`, also where `to` is there.
    pub async fn link_to(&self, name: &StoredName, to: &Path) -> Result<bool, StoreError> {
        match self.backend() {
            Backend::Local(local) => local.link_to(name.path(), to.to_owned()).await,
            Backend::Bucket(_) => Ok(false),
        }
    }

    /// Moves a file that is not ours out of the way, to `lost+found/`. `false` where it stays: in a bucket, whose names may need an
    /// escaping that ours never do.
    ///
    /// # Errors
    /// `Io`.
    pub async fn set_aside(&self, foreign: &Path) -> Result<bool, StoreError> {
        match self.backend() {
            Backend::Local(local) => local.set_aside(foreign.to_owned()).await.map(|()| true),
            Backend::Bucket(_) => Ok(false),
        }
    }

    /// The scratch directories that nobody works in any more, by name.
    ///
    /// # Errors
    /// `Io`.
    pub async fn dead_scratch(&self) -> Result<Vec<String>, StoreError> {
        let area = self.scratch_area().to_owned();
        crate::blocking::blocking(move || {
            let failed = |error: std::io::Error| StoreError::of("list", &area, &error);
            let mut dead = Vec::new();
            for entry in area.read_dir().map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let Ok(directory) = std::fs::File::open(entry.path()) else { continue };
                if directory.try_lock().is_ok() {
                    dead.push(entry.file_name().to_string_lossy().into_owned());
                }
            }
            Ok(dead)
        })
        .await
    }
}
