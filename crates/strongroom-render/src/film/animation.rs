//! Animations: unrolled by a child of our own, then made like a film without sound.

use strongroom_core::media::{FailureCode, Format, MediaType};

use super::source::{Picture, Source};
use super::{Work, broken, make};
use crate::order::UNROLLED_FILE;
use crate::renderer::{RenderError, failed};

pub(super) async fn render(work: &Work<'_>, format: Format) -> Result<(), RenderError> {
    let directory = work.pictures.with_file_name("unrolled");
    std::fs::create_dir(&directory).map_err(broken)?;
    let unrolled = work.renderer.unroll(work.input, &directory).await?;
    if unrolled.frames < 2 {
        return Err(failed(
            FailureCode::Malformed,
            format!("only one picture of this {format} can be shown: it is a photo"),
        ));
    }
    let picture = Picture {
        index: 0,
        codec: "rawvideo".to_owned(),
        profile: String::new(),
        width: unrolled.size.width,
        height: unrolled.size.height,
        aspect: (1, 1),
        rotation: 0.0,
        pixel_format: "rgb24".to_owned(),
        field_order: "progressive".to_owned(),
        range: String::new(),
        matrix: String::new(),
        transfer: String::new(),
        primaries: String::new(),
        frames_per_second: 0.0,
        start_ms: 0,
        bits_per_second: None,
    };
    let (streams, duration_ms) = (1, unrolled.duration_ms);
    let source = Source { format: Format::Matroska, streams, duration_ms, picture: None, sound: None };
    source.check_duration(&work.renderer.limits().film)?;
    let input = directory.join(UNROLLED_FILE);
    let unrolled = Work { input: &input, films: work.films.clone(), pictures: work.pictures.clone(), ..*work };
    make::film(&unrolled, &source, &picture, MediaType::Gif, format).await?;
    // As large as all pictures together, and of no use to anybody any more.
    std::fs::remove_file(&input).map_err(broken)
}
