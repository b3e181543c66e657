//! The file that is sent: opened once, read at positions, and watched for change.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use sha2::Digest as _;
use strongroom_core::content_digest::ExpectedDigests;
use strongroom_core::upload::PartRange;
use tokio::sync::OnceCell;

use crate::error::Error;

/// How much is hashed in one blocking call: large enough to make the hop to another thread cheap.
const HASH_BLOCK_BYTES: u64 = 1 << 20;

/// Says whether `path` names a file that can be sent, before any call is made.
///
/// # Errors
/// Where there is no file, or it is a directory, not a regular file, or empty.
pub fn check_file(path: &Path) -> Result<(), Error> {
    check_metadata(&std::fs::metadata(path)?)
}

fn check_metadata(metadata: &Metadata) -> Result<(), Error> {
    match metadata {
        directory if directory.is_dir() => Err(Error::Unsendable("is a directory; name the files in it")),
        special if !special.is_file() => Err(Error::Unsendable("is not a regular file")),
        empty if empty.len() == 0 => Err(Error::Unsendable("file is empty")),
        _ => Ok(()),
    }
}

/// An open file and what it looked like when it was opened.
#[derive(Debug)]
pub(crate) struct Source {
    file: Arc<File>,
    path: PathBuf,
    version: Version,
    blake3_hex: OnceCell<String>,
}

/// What moves when a file is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) size_bytes: u64,
    pub(crate) modified_seconds: i64,
    pub(crate) modified_nanos: i64,
}

impl From<&Metadata> for Version {
    fn from(metadata: &Metadata) -> Self {
        let (modified_seconds, modified_nanos) = (metadata.mtime(), metadata.mtime_nsec());
        Self { size_bytes: metadata.len(), modified_seconds, modified_nanos }
    }
}

impl Source {
    /// Opens `path`. It is checked by name first, because opening a pipe would wait for its other end.
    pub(crate) async fn open(path: &Path) -> Result<Self, Error> {
        let path = path.to_owned();
        blocking(move || {
            check_file(&path)?;
            let file = File::open(&path)?;
            let metadata = file.metadata()?;
            check_metadata(&metadata)?;
            let (path, version) = (path.canonicalize()?, Version::from(&metadata));
            Ok(Self { file: Arc::new(file), path, version, blake3_hex: OnceCell::new() })
        })
        .await
    }

    /// Absolute, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.version.size_bytes
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Fails if somebody wrote to the file since it was opened.
    ///
    /// The open file is asked, not the path: a file that was replaced by renaming another over it is still whole here.
    pub(crate) fn ensure_unchanged(&self) -> Result<(), Error> {
        let now = Version::from(&self.file.metadata()?);
        if now == self.version { Ok(()) } else { Err(Error::FileChanged) }
    }

    /// Reads exactly `length` bytes at `offset`.
    pub(crate) async fn read(&self, offset: u64, length: u64) -> Result<Bytes, Error> {
        let file = Arc::clone(&self.file);
        blocking(move || read_exact_at(&file, offset, length).map(Bytes::from)).await
    }

    /// The BLAKE3 of the whole file in hex, what `b3sum` prints. Computed once.
    pub(crate) async fn blake3_hex(&self) -> Result<&str, Error> {
        self.blake3_hex
            .get_or_try_init(|| async {
                let whole = PartRange { number: 1, offset: 0, length: self.size_bytes() };
                let hasher = self.fold(whole, blake3::Hasher::new(), |hasher, bytes| {
                    hasher.update(bytes);
                });
                Ok(hasher.await?.finalize().to_hex().to_string())
            })
            .await
            .map(String::as_str)
    }

    /// A part's `Content-Digest` field (RFC 9530).
    pub(crate) async fn content_digest(&self, part: PartRange) -> Result<Option<String>, Error> {
        let hasher = self.fold(part, sha2::Sha256::new(), |hasher, bytes| hasher.update(bytes)).await?;
        let digests = ExpectedDigests { sha256: Some(hasher.finalize().into()), ..ExpectedDigests::default() };
        Ok(digests.to_digest_field())
    }

    /// Feeds a run of bytes to `state`, a block per blocking call: dropping the future stops it within one block,
    /// which one long blocking call would not allow.
    async fn fold<S: Send + 'static>(
        &self,
        range: PartRange,
        mut state: S,
        update: impl Fn(&mut S, &[u8]) + Copy + Send + 'static,
    ) -> Result<S, Error> {
        let end = range.offset + range.length;
        let mut offset = range.offset;
        while offset < end {
            let length = HASH_BLOCK_BYTES.min(end - offset);
            let file = Arc::clone(&self.file);
            state = blocking(move || {
                update(&mut state, &read_exact_at(&file, offset, length)?);
                Ok(state)
            })
            .await?;
            offset += length;
        }
        Ok(state)
    }
}

fn read_exact_at(file: &File, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut block = vec![0; length];
    file.read_exact_at(&mut block, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::FileChanged,
        _ => Error::Read(error),
    })?;
    Ok(block)
}

/// Runs `work` where blocking is allowed.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn the_digest_is_the_whole_files() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("film.mp4");
        let bytes: Vec<u8> = (0..3_000_017_u32).flat_map(u32::to_le_bytes).take(3_000_017).collect();
        std::fs::write(&path, &bytes).unwrap();
        let source = Source::open(&path).await.unwrap();
        assert_eq!(source.blake3_hex().await.unwrap(), blake3::hash(&bytes).to_hex().as_str());
        assert_eq!(source.read(5, 7).await.unwrap(), bytes[5..12]);
    }

    #[tokio::test]
    async fn a_file_that_moves_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("film.mp4");
        std::fs::write(&path, b"four").unwrap();
        let source = Source::open(&path).await.unwrap();
        source.ensure_unchanged().unwrap();
        std::fs::write(&path, b"fo").unwrap();
        assert!(matches!(source.ensure_unchanged(), Err(Error::FileChanged)));
        assert!(matches!(source.read(0, 4).await, Err(Error::FileChanged)));
    }

    #[test]
    fn what_cannot_be_sent_is_said_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let empty = directory.path().join("empty");
        std::fs::write(&empty, b"").unwrap();
        assert_eq!(check_file(&empty).unwrap_err().to_string(), "file is empty");
        assert_eq!(check_file(directory.path()).unwrap_err().to_string(), "is a directory; name the files in it");
        assert!(matches!(check_file(&directory.path().join("none")), Err(Error::Read(_))));
    }
}
