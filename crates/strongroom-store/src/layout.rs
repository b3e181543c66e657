//! Where everything lies below the root. Paths are asked of this type and formatted nowhere else.
//!
//! ```text
//! staging/3f/3f0c…-uuid                         an upload: every part at its offset
//! staging/3f/3f0c…-uuid.7.00c0ffee00c0ffee      a side file: one try of part 7
//! blobs/3f/3f0c…-uuid                           an original
//! renditions/3f/3f0c…-uuid.thumb.jpg            a rendition
//! scratch/3f0c…-uuid.8d1b…/{input,out/}          one render job's own directory
//! reserve                                       room for the rows that free other bytes
//! ```
//!
//! The 256 shards of each exist from the start, so that a new file never waits for a new directory to be synced, and no
//! directory grows to millions of names. Every name is made of a random UUID, never of a client's text.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use strongroom_core::id::{BlobKey, UploadId};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use crate::disk::Disk;
use crate::error::StoreError;

const DIRECTORY_MODE: u32 = 0o700;

/// The paths below one root.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

/// What a directory of 256 shards holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Staging,
    Blobs,
    Renditions,
}

impl Area {
    const ALL: [Self; 3] = [Self::Staging, Self::Blobs, Self::Renditions];

    const fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Blobs => "blobs",
            Self::Renditions => "renditions",
        }
    }
}

impl Layout {
    /// Creates what is missing of the layout, and refuses what is not a private directory of ours.
    pub(crate) fn create(root: &Path, disk: &Disk) -> Result<Self, StoreError> {
        let layout = Self { root: root.to_owned() };
        let is_new = !root.exists();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(root)
            .map_err(|e| StoreError::of("create", root, &e))?;
        if let (true, Some(parent)) = (is_new, root.canonicalize().ok().as_deref().and_then(Path::parent)) {
            disk.sync_directory(parent)?;
        }
        ensure_directory(&layout.scratch_area())?;
        for area in Area::ALL {
            ensure_directory(&root.join(area.name()))?;
            for shard in 0..=u8::MAX {
                ensure_directory(&layout.shard(area, shard))?;
            }
            // Also where all were there: the process that made them may have been killed before it synced them.
            disk.sync_directory(&root.join(area.name()))?;
        }
        disk.sync_directory(root)?;
        Ok(layout)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn shard(&self, area: Area, shard: u8) -> PathBuf {
        self.root.join(area.name()).join(format!("{shard:02x}"))
    }

    /// The shard in which an upload's files lie.
    pub(crate) fn staging_shard(&self, upload: UploadId) -> PathBuf {
        self.in_shard(Area::Staging, &upload.uuid().to_string(), None)
    }

    /// The file that an upload's parts share.
    pub(crate) fn staging(&self, upload: UploadId) -> PathBuf {
        let name = upload.uuid().to_string();
        self.in_shard(Area::Staging, &name, Some(&name))
    }

    /// The file of one try of one part.
    pub(crate) fn side(&self, upload: UploadId, number: u32, generation: u64) -> PathBuf {
        let name = upload.uuid().to_string();
        self.in_shard(Area::Staging, &name, Some(&format!("{name}.{number}.{generation:016x}")))
    }

    /// An original.
    pub(crate) fn blob(&self, blob: BlobKey) -> PathBuf {
        let name = blob.to_string();
        self.in_shard(Area::Blobs, &name, Some(&name))
    }

    /// A rendition.
    pub(crate) fn rendition(&self, blob: BlobKey, name: RenditionName, format: RenditionFormat) -> PathBuf {
        let key = blob.to_string();
        self.in_shard(Area::Renditions, &key, Some(&format!("{key}.{name}.{}", format.extension())))
    }

    /// The directory of all scratch directories.
    pub(crate) fn scratch_area(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// The file that keeps room aside.
    pub(crate) fn reserve(&self) -> PathBuf {
        self.root.join("reserve")
    }

    fn in_shard(&self, area: Area, key: &str, file: Option<&str>) -> PathBuf {
        let shard = self.root.join(area.name()).join(key.get(..2).unwrap_or(key));
        file.map_or(shard.clone(), |file| shard.join(file))
    }
}

/// What a file name in `staging` says: the upload, and the part and generation where it is a side file.
pub(crate) fn parse_staged(name: &str) -> Option<(UploadId, Option<(u32, u64)>)> {
    let mut pieces = name.split('.');
    let upload = format!("upload:{}", pieces.next()?).parse().ok()?;
    let side = match (pieces.next(), pieces.next(), pieces.next()) {
        (None, None, None) => None,
        (Some(number), Some(generation), None) => {
            Some((number.parse().ok()?, u64::from_str_radix(generation, 16).ok()?))
        }
        _ => return None,
    };
    Some((upload, side))
}

/// The blob that a file name in `blobs` or `renditions` belongs to.
pub(crate) fn parse_blob(name: &str) -> Option<BlobKey> {
    name.split('.').next()?.parse().ok()
}

/// Makes a directory that only its owner may enter.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(DIRECTORY_MODE).create(path)
}

/// As [`make_directory`]; one that is there is made private, and anything else by that name is refused.
fn ensure_directory(path: &Path) -> Result<(), StoreError> {
    match make_directory(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StoreError::of("create", path, &error)),
        _ => keep_private(path).map_err(|e| StoreError::of("protect", path, &e)),
    }
}

fn keep_private(path: &Path) -> io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let mut permissions = metadata.permissions();
    if permissions.mode() & 0o7777 != DIRECTORY_MODE {
        permissions.set_mode(DIRECTORY_MODE);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}
