//! Renditions: which ones a photo gets and how large each is. Geometry only; pixels are strongroom-render's.

use crate::text_enum::text_enum;

text_enum! {
    /// The name of a rendition, in URLs, file names and the catalog.
    RenditionName {
        /// Full resolution, metadata gone.
        Full = "full",
        /// Longest side 1280, JPEG.
        Preview = "preview",
        /// Longest side 1280, WebP.
        PreviewWebp = "preview-webp",
        /// Longest side 640, WebP.
        Preview640Webp = "preview-640-webp",
        /// Centre crop, at most 960 a side, JPEG.
        SquarePreview = "square",
        /// 300 wide, JPEG.
        Thumb = "thumb",
        /// A film whose short side is at most 720, or a moving picture's, MP4.
        Video720 = "720p",
        /// A film whose short side is at most 240, MP4.
        Video240 = "240p",
        /// Of an avatar: centre crop, at most 144 a side, JPEG.
        Avatar144 = "c144",
        /// Of an avatar: centre crop, at most 50 a side, JPEG.
        Avatar50 = "c50",
    }
}

impl RenditionName {
    /// Whether it stands for the media before it is opened, so that a preview chosen by hand takes its place.
    #[must_use]
    pub const fn is_preview(self) -> bool {
        matches!(self, Self::Preview | Self::PreviewWebp | Self::Preview640Webp | Self::SquarePreview | Self::Thumb)
    }
}

text_enum! {
    /// A format that renditions are made in.
    RenditionFormat {
        /// JPEG.
        Jpeg = "jpg",
        /// PNG.
        Png = "png",
        /// WebP.
        Webp = "webp",
        /// MP4: H.264 with or without AAC.
        Mp4 = "mp4",
        /// MPEG-4 audio: AAC.
        M4a = "m4a",
    }
}

impl RenditionFormat {
    /// The `Content-Type` it is served with.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::M4a => "audio/mp4",
        }
    }

    /// The ending of its URL; the same as its name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        self.as_str()
    }
}

/// Width and height in pixels, upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// A size of `width` × `height`.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Scaled down so that the longest side is at most `longest`; never up, and no side below one pixel.
    #[must_use]
    pub fn fit_longest(self, longest: u32) -> Self {
        let side = self.width.max(self.height);
        if side <= longest { self } else { self.scale(longest, side) }
    }

    /// Scaled down so that it is at most `width` wide; never up.
    #[must_use]
    pub fn fit_width(self, width: u32) -> Self {
        if self.width <= width { self } else { self.scale(width, self.width) }
    }

    /// The largest centred square of this picture that is at most `side` a side.
    #[must_use]
    pub fn square(self, side: u32) -> Self {
        let side = side.min(self.width).min(self.height);
        Self::new(side, side)
    }

    /// Scaled down so that the shortest side is at most `shortest`; never up. Both sides even, as 4:2:0 video needs them: an
    /// odd side loses its last pixel, and no side is below two.
    #[must_use]
    pub fn fit_shortest_even(self, shortest: u32) -> Self {
        let side = self.width.min(self.height);
        let fitted = if side <= shortest { self } else { self.scale(shortest, side) };
        let even = |side: u32| (side & !1).max(2);
        Self::new(even(fitted.width), even(fitted.height))
    }

    fn scale(self, numerator: u32, denominator: u32) -> Self {
        let by = |side: u32| {
            let scaled = (u64::from(side) * u64::from(numerator) + u64::from(denominator) / 2) / u64::from(denominator);
            u32::try_from(scaled.max(1)).unwrap_or(u32::MAX)
        };
        Self::new(by(self.width), by(self.height))
    }
}

/// How a reduced rendition is cut from the upright picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Geometry {
    /// The whole picture at this size.
    Whole(Size),
    /// The largest centred square, at this size.
    CentreSquare(Size),
}

impl Geometry {
    /// The size of the result.
    #[must_use]
    pub const fn size(self) -> Size {
        match self {
            Self::Whole(size) | Self::CentreSquare(size) => size,
        }
    }
}

/// One reduced rendition to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reduced {
    /// Its name.
    pub name: RenditionName,
    /// What it shows and how large.
    pub geometry: Geometry,
    /// What it is encoded as.
    pub format: RenditionFormat,
    /// Encoder quality, 1–100 on the encoder's own scale.
    pub quality: u8,
}

text_enum! {
    /// What a photo's renditions are for.
    PhotoUse {
        /// To show the media.
        Media = "media",
        /// To show someone beside their name, too: the squares of an avatar on top.
        Avatar = "avatar",
    }
}

impl PhotoUse {
    /// The reduced renditions of an upright picture of `size`, largest first so that each can be made from the one before.
    #[must_use]
    pub fn plan(self, size: Size) -> Vec<Reduced> {
        let mut plan = plan_reduced(size);
        if self == Self::Avatar {
            let square = |name, side| {
                let geometry = Geometry::CentreSquare(size.square(side));
                Reduced { name, geometry, format: RenditionFormat::Jpeg, quality: 85 }
            };
            plan.extend([square(RenditionName::Avatar144, 144), square(RenditionName::Avatar50, 50)]);
        }
        plan
    }
}

/// The reduced renditions that every photo has, largest first.
#[must_use]
pub fn plan_reduced(size: Size) -> Vec<Reduced> {
    use {Geometry::*, RenditionFormat::*, RenditionName::*};
    let preview = size.fit_longest(1280);
    let small = size.fit_longest(640);
    let mut plan = vec![
        Reduced { name: Preview, geometry: Whole(preview), format: Jpeg, quality: 80 },
        Reduced { name: PreviewWebp, geometry: Whole(preview), format: Webp, quality: 80 },
        Reduced { name: SquarePreview, geometry: CentreSquare(size.square(960)), format: Jpeg, quality: 80 },
        Reduced { name: Preview640Webp, geometry: Whole(small), format: Webp, quality: 80 },
        Reduced { name: Thumb, geometry: Whole(size.fit_width(300)), format: Jpeg, quality: 80 },
    ];
    plan.retain(|r| r.name != Preview640Webp || small != preview);
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_enlarged_and_no_side_vanishes() {
        assert_eq!(Size::new(4032, 3024).fit_longest(1280), Size::new(1280, 960));
        assert_eq!(Size::new(3024, 4032).fit_width(300), Size::new(300, 400));
        assert_eq!(Size::new(100, 50).fit_longest(1280), Size::new(100, 50));
        assert_eq!(Size::new(10_000, 1).fit_width(300), Size::new(300, 1));
        assert_eq!(Size::new(4032, 3024).square(960), Size::new(960, 960));
        assert_eq!(Size::new(500, 200).square(960), Size::new(200, 200));
    }

    #[test]
    fn films_have_even_sides() {
        assert_eq!(Size::new(1920, 1080).fit_shortest_even(720), Size::new(1280, 720));
        assert_eq!(Size::new(1080, 1920).fit_shortest_even(240), Size::new(240, 426));
        assert_eq!(Size::new(641, 359).fit_shortest_even(720), Size::new(640, 358));
        assert_eq!(Size::new(1, 1).fit_shortest_even(720), Size::new(2, 2));
    }

    #[test]
    fn a_small_picture_has_no_smaller_option() {
        let names: Vec<_> = plan_reduced(Size::new(600, 400)).into_iter().map(|r| r.name).collect();
        assert!(!names.contains(&RenditionName::Preview640Webp));
        assert_eq!(plan_reduced(Size::new(4032, 3024)).len(), 5);
    }

    #[test]
    fn an_avatar_has_two_squares_more_and_no_larger_than_itself() {
        let sides = |size| -> Vec<Size> {
            PhotoUse::Avatar.plan(size).iter().rev().take(2).map(|reduced| reduced.geometry.size()).collect()
        };
        assert_eq!(sides(Size::new(800, 600)), [Size::new(50, 50), Size::new(144, 144)]);
        assert_eq!(sides(Size::new(100, 40)), [Size::new(40, 40), Size::new(40, 40)]);
        assert_eq!(PhotoUse::Media.plan(Size::new(800, 600)), plan_reduced(Size::new(800, 600)));
    }
}
