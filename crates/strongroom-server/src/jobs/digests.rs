//! The digests of what was rendered, by which a scrub tells later whether it is still the same.

use std::fs::File;
use std::io;

use strongroom_catalog::records::Rendition;
use strongroom_render::RenderedFile;

use crate::maintenance::digests::hash_file;

/// Finished files, as the catalog keeps them. Read while they are in the page cache still: BLAKE3 costs a third of a
/// millisecond for a megabyte.
pub(super) async fn digested(made: &[RenderedFile]) -> io::Result<Vec<Rendition>> {
    let made = made.to_vec();
    let hashing = tokio::task::spawn_blocking(move || made.iter().map(row).collect());
    hashing.await.map_err(io::Error::other)?
}

fn row(made: &RenderedFile) -> io::Result<Rendition> {
    let digest = hash_file(&mut File::open(&made.file)?, |_| Ok(()))?;
    let RenderedFile { name, format, size: dimensions, bytes: size_bytes, .. } = *made;
    Ok(Rendition { name, format, dimensions, size_bytes, digest: Some(digest) })
}
