//! Threats T12 to T15 and T19 to T21 of the threat model, as files. Each ends refused or rendered; none hangs, none reaches
//! another file or the network, and none is anybody's fault but its own.

use std::net::TcpListener;

use strongroom_core::media::FailureCode::{Malformed, NotMedia, TooLarge, TooLong, UnsupportedCodec};
use strongroom_core::rendition::RenditionName;
use strongroom_render::{Limits, RenderError};

use crate::support::{CLIP, Film, SOUND, assert_refused, refusal, render, try_render};

/// A film of 64 × 48 with its index at the end: `ftyp`, `free`, `mdat`, `moov`.
fn small() -> Vec<u8> {
    Film::made(
        "a.mp4",
        "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -f lavfi -i sine=d=0.5 -c:v libx264 -preset ultrafast -c:a aac",
    )
    .bytes()
}

fn at(bytes: &[u8], kind: &[u8; 4]) -> usize {
    bytes.windows(4).position(|window| window == kind).unwrap_or_else(|| panic!("no {kind:?}"))
}

/// Accepts connections for as long as it lives, and says whether there were any.
struct Canary(TcpListener);

impl Canary {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn assert_untouched(&self) {
        assert!(self.0.accept().is_err(), "somebody connected");
    }
}

#[tokio::test]
async fn t12_t13_t14_lists_of_other_files_are_no_media() {
    let canary = Canary::new();
    let secret = Film::made("secret.ts", CLIP);
    let (secret, port) = (secret.file.display(), canary.port());
    for list in [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"),
        format!("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/x.ts\n#EXT-X-ENDLIST\n"),
        format!("ffconcat version 1.0\nfile '{secret}'\n"),
        format!("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n"),
        format!("<?xml version=\"1.0\"?><MPD><BaseURL>http://127.0.0.1:{port}/</BaseURL></MPD>"),
    ] {
        assert_refused(&Film::of(list.as_bytes()), NotMedia, &["no picture"]).await;
    }
    canary.assert_untouched();
}

/// The same lists behind the first bytes of a film: our sniffing lets them in, the one demuxer they get does not know them.
#[tokio::test]
async fn t12_t13_lists_disguised_as_films() {
    let canary = Canary::new();
    let list = format!("\n#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{}/x.ts\n#EXT-X-ENDLIST\n", canary.port());
    for head in [
        &b"\0\0\0\x10ftypisom\0\0\0\0"[..],
        b"\x1a\x45\xdf\xa3",
        b"RIFF\0\0\0\0AVI LIST",
        b"OggS",
        b"ID3\x04\0\0\0\0\0\0",
    ] {
        let failure = refusal(&Film::of(&[head, list.as_bytes()].concat()), Limits::default()).await;
        assert!([Malformed, UnsupportedCodec].contains(&failure.code), "{failure}");
    }
    canary.assert_untouched();
}

/// A QuickTime file whose pictures are said to lie in another file.
#[tokio::test]
async fn t13_references_to_other_files_are_not_followed() {
    let secret = Film::of(&small());
    let path = secret.file.to_str().unwrap();
    let mut film = small();
    // `url ` with flag 0 and a path, in place of the one that says "in this file": longer, so every box around it grows.
    let reference = at(&film, b"url ") - 4;
    let location = [path.as_bytes(), b"\0"].concat();
    let entry = [&(12 + location.len() as u32).to_be_bytes()[..], b"url \0\0\0\0", &location].concat();
    film.splice(reference..reference + 12, entry);
    for kind in [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"] {
        let start = at(&film, kind) - 4;
        let length = u32::from_be_bytes(film[start..start + 4].try_into().unwrap()) + location.len() as u32;
        film[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
    // Without its own samples nothing can be shown but the other file's.
    let mdat = at(&film, b"mdat") + 4;
    let moov = at(&film, b"moov") - 4;
    film[mdat..moov].fill(0);
    match try_render(&Film::of(&film), Limits::default()).await {
        Err(RenderError::Failed(failure)) => assert!(!failure.code.is_retryable(), "{failure}"),
        Err(error) => panic!("{error}"),
        Ok(rendered) => {
            let honest = render(&secret).await;
            assert_ne!(rendered.picture(RenditionName::Video720), honest.picture(RenditionName::Video720));
        }
    }
}

#[tokio::test]
async fn t19_what_is_too_much_is_refused_by_number() {
    let wide = Film::made("a.mp4", "-f lavfi -i color=s=8224x32:r=5:d=0.4 -c:v libx264 -preset ultrafast");
    assert_refused(&wide, TooLarge, &["8224", "8192"]).await;
    let flat = Film::made("a.mkv", "-f lavfi -i color=s=128x64:r=5:d=0.4,setsar=100 -c:v mpeg4");
    assert_refused(&flat, TooLarge, &["12800", "8192"]).await;
    let fast = Film::made("a.mkv", "-f lavfi -i color=s=64x64:r=500:d=0.4 -c:v libx264");
    assert_refused(&fast, TooLarge, &["500", "240"]).await;
    let many = Film::made("a.mkv", &format!("{SOUND} {} -c:a pcm_s16le", "-map 0 ".repeat(17)));
    assert_refused(&many, TooLarge, &["17", "16"]).await;
    let mut limits = Limits::default();
    limits.film.max_seconds = 2;
    let long = Film::made("a.mp4", "-f lavfi -i color=s=64x64:r=5:d=3 -c:v libx264");
    let failure = refusal(&long, limits).await;
    assert_eq!(failure.code, TooLong);
    assert!(failure.message.contains("3 s") && failure.message.contains("2 s"), "{failure}");
}

#[tokio::test]
async fn t19_headers_that_lie() {
    let film = small();
    let moov = at(&film, b"moov") - 4;
    assert_refused(&Film::of(&film[..moov]), Malformed, &["damaged"]).await;
    let failure = refusal(&Film::of(&film[..moov + 200]), Limits::default()).await;
    assert!([Malformed, UnsupportedCodec].contains(&failure.code), "{failure}");

    let mut empty = film.clone();
    let mdat = at(&empty, b"mdat");
    empty.drain(mdat + 4..moov);
    empty[mdat - 4..mdat].copy_from_slice(&8_u32.to_be_bytes());
    let failure = refusal(&Film::of(&empty), Limits::default()).await;
    assert_eq!(failure.code, Malformed, "{failure}");

    let mut samples = film.clone();
    let sizes = at(&samples, b"stsz") + 12;
    samples[sizes..sizes + 4].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    assert_ends(&samples).await;

    let mut nested = film[..moov].to_vec();
    for depth in (1..=10_000_u32).rev() {
        nested.extend_from_slice(&(depth * 8).to_be_bytes());
        nested.extend_from_slice(b"moov");
    }
    assert_ends(&nested).await;
}

#[tokio::test]
async fn t20_noise_stays_below_the_cap_or_is_refused() {
    let film = Film::made(
        "a.mkv",
        "-f lavfi -i nullsrc=s=640x360:r=25:d=1,geq=random(1)*255:128:128 -c:v libx264 -preset ultrafast",
    );
    let rendered = render(&film).await;
    // 4 Mb/s is aimed at; what cannot be compressed at all comes out larger, but never as large as it came in.
    assert!(rendered.file(RenditionName::Video720).bytes < film.bytes().len() as u64);
    let mut limits = Limits::default();
    limits.film.output_bytes = 100_000;
    let failure = refusal(&film, limits).await;
    assert_eq!(failure.code, TooLarge, "{failure}");
}

#[tokio::test]
async fn t21_out_of_time_or_memory() {
    let film = Film::of(&small());
    let mut limits = Limits::default();
    limits.film.wall_seconds = 0;
    assert_eq!(refusal(&film, limits).await.code, strongroom_core::media::FailureCode::Timeout);
    let mut limits = Limits::default();
    limits.film.address_space_bytes = 64 << 20;
    assert!(matches!(try_render(&film, limits).await, Err(RenderError::Failed(_) | RenderError::Broken(_))));
}

#[tokio::test]
async fn fifty_films_with_broken_boxes() {
    let film = small();
    let moov = at(&film, b"moov");
    for seed in 0..50_u64 {
        let mut random = crate::support::random(seed);
        let mut mutant = film.clone();
        for _ in 0..=seed % 4 {
            match random(3) {
                // A byte of the index, a byte of anything, a box that ends elsewhere.
                0 => mutant[moov + random(film.len() - moov)] = random(256) as u8,
                1 => mutant[random(film.len())] ^= 1 << random(8),
                _ => {
                    let kinds: [&[u8; 4]; 8] = [b"trak", b"stsz", b"stco", b"stsc", b"stts", b"mdhd", b"stsd", b"avcC"];
                    let start = at(&film, kinds[random(8)]) - 4;
                    mutant[start..start + 4].copy_from_slice(&(random(1 << 16) as u32).to_be_bytes());
                }
            }
        }
        assert_ends(&mutant).await;
    }
}

/// Rendered, or failed by its own fault.
async fn assert_ends(bytes: &[u8]) {
    match try_render(&Film::of(bytes), Limits::default()).await {
        Ok(_) | Err(RenderError::Failed(_)) => {}
        Err(error) => panic!("{error}"),
    }
}
