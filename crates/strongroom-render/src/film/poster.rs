//! The poster of a film: its renditions are made while the film still is.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use strongroom_core::media::FailureCode;
use strongroom_core::rendition::RenditionName;
use tokio::sync::oneshot;

use super::arguments::POSTER_FILE;
use super::make::{Course, run_course};
use super::{FilmStep, Work};
use crate::renderer::{RenderError, RenderedFile, failed};

/// The last chunk of every PNG.
const PNG_END: [u8; 12] = *b"\0\0\0\0IEND\xaeB`\x82";

/// Runs ffmpeg to its end. As soon as its poster is whole, a photo child makes the renditions of that.
pub(super) async fn with_poster(work: &Work<'_>, arguments: Vec<String>, course: &Course) -> Result<(), RenderError> {
    let poster = work.films.join(POSTER_FILE);
    let (found, is_found) = oneshot::channel();
    let making = async {
        let mut found = Some(found);
        let mut look = || {
            if found.is_some() && is_whole_png(&poster) {
                found.take().map(|found| found.send(()));
            }
        };
        run_course(work, arguments, course, &mut look).await?;
        look();
        match found {
            None => Ok(()),
            Some(_) => Err(failed(FailureCode::Malformed, "not one picture of it could be decoded")),
        }
    };
    let picturing = async {
        // Dropped without a word only when ffmpeg has failed, and that failure is the one that counts.
        is_found.await.map_err(|_| RenderError::Broken("ffmpeg ended without a poster".to_owned()))?;
        let pictures = pictures_of(work, &poster).await?;
        work.tell(FilmStep::Made(pictures)).await;
        Ok(())
    };
    tokio::try_join!(making, picturing)?;
    Ok(())
}

/// The poster's reduced renditions; as a `full` it would stand in the film's place.
async fn pictures_of(work: &Work<'_>, poster: &Path) -> Result<Vec<RenderedFile>, RenderError> {
    let mut renditions = work.renderer.render_photo(poster, &work.pictures).await?.renditions;
    renditions.retain(|made| made.name != RenditionName::Full);
    Ok(renditions)
}

fn is_whole_png(file: &Path) -> bool {
    let end = || -> std::io::Result<[u8; 12]> {
        let (mut file, mut end) = (File::open(file)?, [0; 12]);
        file.seek(SeekFrom::End(-12))?;
        file.read_exact(&mut end)?;
        Ok(end)
    };
    end().is_ok_and(|end| end == PNG_END)
}
