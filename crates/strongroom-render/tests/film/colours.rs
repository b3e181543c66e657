//! Films that do not say what their samples mean, or say nonsense.

use strongroom_core::rendition::RenditionName;

use crate::support::{Film, Rendered, render};

const ORANGE: [u8; 3] = [200, 90, 40];

/// A film that is all of one colour, by this matrix, and says nothing of it.
fn film(size: &str, matrix: &str, more: &str) -> Film {
    let source = format!("-f lavfi -i color=0xc85a28:s={size}:r=10:d=0.5,format=gbrp");
    let filter =
        format!("-vf scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p,setparams=colorspace=unknown");
    Film::made("a.mp4", &format!("{source} {filter} -c:v libx264 -preset ultrafast {more}"))
}

fn assert_orange(rendered: &Rendered, matrix: &str, what: &str) {
    let poster = image::load_from_memory(&rendered.bytes(RenditionName::PreviewWebp)).unwrap().to_rgb8();
    let middle = poster.get_pixel(poster.width() / 2, poster.height() / 2).0;
    assert!(middle.iter().zip(ORANGE).all(|(a, b)| a.abs_diff(b) <= 5), "{what}: {middle:?}");
    for rung in [RenditionName::Video720, RenditionName::Video240] {
        let film = rendered.picture(rung);
        assert!(film[..3].iter().zip(ORANGE).all(|(a, b)| a.abs_diff(b) <= 5), "{what} {rung}: {:?}", &film[..3]);
        assert_eq!(rendered.probe(rung).video()["color_space"], matrix, "{what} {rung}");
    }
}

/// Poster and small rung of a high-definition film are of sizes that players would take for the old definition.
#[tokio::test]
async fn untold_is_what_players_take_it_for_by_its_size() {
    assert_orange(&render(&film("1920x1080", "bt709", "")).await, "bt709", "1080p");
    assert_orange(&render(&film("720x576", "smpte170m", "-pix_fmt yuv422p")).await, "smpte170m", "576p");
    let reserved = "-bsf:v h264_metadata=matrix_coefficients=3:colour_primaries=3:transfer_characteristics=3";
    assert_orange(&render(&film("1920x1080", "bt709", reserved)).await, "bt709", "reserved");
}

/// Odd sizes, unknown primaries, nonsense for a matrix: HDR is still mapped.
#[tokio::test]
async fn high_dynamic_range_that_tells_half_of_it_is_mapped() {
    for transfer in ["smpte2084", "arib-std-b67"] {
        let signal = if transfer == "smpte2084" { "0x949494" } else { "0xbfbfbf" };
        for (size, told) in [
            ("640x480", String::new()),
            ("641x359", String::new()),
            ("640x480", ":colorprim=bt709:colormatrix=ictcp".to_owned()),
            ("640x480", ":colorprim=smpte432:colormatrix=bt709:range=full".to_owned()),
        ] {
            let film = Film::made(
                "a.mkv",
                &format!(
                    "-f lavfi -i color={signal}:s={size}:r=10:d=0.5 -c:v libx265 -preset ultrafast -pix_fmt yuv444p10le \
                     -x265-params log-level=none:transfer={transfer}{told}"
                ),
            );
            let rendered = render(&film).await;
            let probe = rendered.probe(RenditionName::Video720);
            assert_eq!(probe.video()["color_transfer"], "bt709", "{transfer}{told}");
            assert_eq!(probe.video()["color_space"], "bt709", "{transfer}{told}");
            let picture = rendered.picture(RenditionName::Video720);
            assert!((140..=255).contains(&picture[0]), "{transfer} {size}{told}: {:?}", &picture[..3]);
            assert!(picture[..3].iter().all(|sample| sample.abs_diff(picture[0]) <= 5), "{:?}", &picture[..3]);
        }
    }
}
