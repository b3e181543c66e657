//! The query of a list of stored media, in the words of its clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_catalog::records::{StoredPage, StoredPlace};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::MediaId;
use strongroom_core::media::{MediaStatus, MediaType};
use strongroom_core::rendition::RenditionFormat;

use crate::http::page::{Page, QueryPairs};
use crate::problem::Problem;

/// Reads a query. Answers which media it asks for.
pub(super) fn read(query: &QueryPairs) -> Result<StoredPage, Problem> {
    let status = query.get("status");
    let statuses = match status {
        None | Some("removed") => None,
        Some("stored") => Some(vec![MediaStatus::Ready, MediaStatus::Playable]),
        Some("pending") => Some(vec![MediaStatus::Processing]),
        Some("edge_only" | "storing") => Some(Vec::new()),
        Some(other) => {
            return Err(Problem::field("status", other, "edge_only, pending, storing, stored or removed"));
        }
    };
    let statuses = match query.get("source") {
        None | Some("vault") => statuses,
        Some("messages" | "posts" | "stories") => Some(Vec::new()),
        Some(other) => return Err(Problem::field("source", other, "vault, messages, posts or stories")),
    };
    Ok(StoredPage {
        in_trash: status == Some("removed"),
        types: types(query)?,
        statuses,
        formats: query.get("contentType").map(formats),
        shortest_ms: milliseconds(query, "durationMin")?,
        longest_ms: milliseconds(query, "durationMax")?,
        created_from: created_from(query)?,
        after: query.get("cursor").map(place).transpose()?,
        limit: Page::read(query, 50, 100)?.limit,
    })
}

fn types(query: &QueryPairs) -> Result<Option<Vec<MediaType>>, Problem> {
    Ok(Some(match query.get("type") {
        None => return Ok(None),
        Some("image") => vec![MediaType::Photo],
        Some("video") => vec![MediaType::Video, MediaType::Gif],
        Some("audio") => vec![MediaType::Audio],
        Some(other) => return Err(Problem::field("type", other, "image, video or audio")),
    }))
}

/// The formats that a media type means: one, or with `image/*` or `image` a family of them.
fn formats(content_type: &str) -> Vec<RenditionFormat> {
    let family = content_type.strip_suffix("/*").unwrap_or(content_type);
    let is_meant = |known: &str| known == content_type || known.split('/').next() == Some(family);
    RenditionFormat::ALL.iter().copied().filter(|format| is_meant(format.content_type())).collect()
}

/// A length in seconds.
fn milliseconds(query: &QueryPairs, name: &str) -> Result<Option<u64>, Problem> {
    const LONGEST_SECONDS: f64 = 1e9;
    let Some(text) = query.get(name) else { return Ok(None) };
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=LONGEST_SECONDS).contains(seconds));
    let seconds = seconds.ok_or_else(|| Problem::field(name, text, "a number of seconds from 0 to a billion"))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range, checked above")]
    Ok(Some((seconds * 1000.0).round() as u64))
}

/// A time: ISO 8601, or milliseconds since 1970 as in the answers of these calls.
fn created_from(query: &QueryPairs) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = query.get("createdAtFrom") else { return Ok(None) };
    let millis = text.strip_suffix(".0").unwrap_or(text).parse().ok().map(Timestamp::from_millis);
    let time = millis.or_else(|| text.parse().ok());
    time.map(Some).ok_or_else(|| Problem::field("createdAtFrom", text, "a time (ISO 8601, or milliseconds since 1970)"))
}

/// A place as clients carry it. They may not look inside, so it may change.
pub(super) fn cursor(place: StoredPlace) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{}", place.at.as_millis(), place.media))
}

fn place(cursor: &str) -> Result<StoredPlace, Problem> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (at, media) = text.split_once('.')?;
        Some(StoredPlace { at: Timestamp::from_millis(at.parse().ok()?), media: MediaId::new(media.parse().ok()?) })
    };
    read().ok_or_else(|| Problem::field("cursor", cursor, "the nextCursor of an answer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_whole() {
        let here = StoredPlace { at: Timestamp::from_millis(1_795_337_085_120), media: MediaId::new(42) };
        assert_eq!(place(&cursor(here)).unwrap(), here);
        for wrong in ["x", "MQ", "MS4", "MS54", "é", "MS4y="] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_content_type_may_name_a_family() {
        use RenditionFormat::{Jpeg, M4a, Mp4, Png, Webp};
        for (text, meant) in [
            ("image/jpeg", &[Jpeg][..]),
            ("image/*", &[Jpeg, Png, Webp]),
            ("video", &[Mp4]),
            ("audio/*", &[M4a]),
            ("image/", &[]),
            ("text/html", &[]),
        ] {
            assert_eq!(formats(text), meant, "{text}");
        }
    }
}
