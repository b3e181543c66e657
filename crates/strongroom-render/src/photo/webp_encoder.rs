//! Lossy WebP through libwebp: the only unsafe code of the workspace.
//!
//! `image` encodes WebP without loss only, and the maintained binding is raw. Encoding, not decoding: what comes in here
//! is pixels of our own making, of a size we chose.
#![allow(unsafe_code, reason = "libwebp's interface is C; every block says why it is sound")]

use std::ffi::c_int;

use image::DynamicImage;
use libwebp_sys::{
    WebPConfig, WebPEncode, WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear, WebPMemoryWriterInit,
    WebPPicture, WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA, WebPValidateConfig,
};

/// 0 (fast) to 6 (small). A 1280 × 960 picture at quality 80 took 28 ms for 79 kB with method 1, 55 ms for 77 kB with 2,
/// 123 ms for 72 kB with 3, 130 ms for 73 kB with 4: the last 7 % of the bytes would cost as much as all the rest of a run.
const METHOD: c_int = 2;

/// Encodes 8-bit RGB or RGBA.
pub(super) fn encode(pixels: &DynamicImage, quality: u8) -> Result<Vec<u8>, String> {
    let mut config = WebPConfig::new().map_err(|()| "libwebp is of another version than its header")?;
    config.quality = quality.into();
    config.method = METHOD;
    // SAFETY: `config` is initialised, and is only read.
    if unsafe { WebPValidateConfig(&raw const config) } == 0 {
        return Err(format!("libwebp does not know quality {quality}"));
    }
    let mut picture = Picture::import(pixels)?;
    let mut output = Output::new();
    picture.0.writer = Some(WebPMemoryWrite);
    picture.0.custom_ptr = (&raw mut *output.0).cast();
    // SAFETY: `config` and `picture` are initialised, and the picture owns its planes. libwebp hands the picture to
    // `WebPMemoryWrite`, whose contract is that `custom_ptr` is a `WebPMemoryWriter`; ours is one, and outlives the call.
    if unsafe { WebPEncode(&raw const config, &raw mut picture.0) } == 0 {
        return Err(format!("libwebp cannot encode: {:?}", picture.0.error_code));
    }
    Ok(output.to_vec())
}

/// A picture that owns what libwebp allocated for it.
struct Picture(WebPPicture);

impl Picture {
    fn import(pixels: &DynamicImage) -> Result<Self, String> {
        let side =
            |length: u32| c_int::try_from(length).map_err(|_| format!("a side of {length} pixels is not a WebP's"));
        let mut picture = Self(WebPPicture::new().map_err(|()| "libwebp is of another version than its header")?);
        (picture.0.width, picture.0.height) = (side(pixels.width())?, side(pixels.height())?);
        // SAFETY: `image` guarantees width × height × channels samples without padding, which is what the strides say;
        // libwebp copies them before it returns.
        let imported = unsafe {
            match pixels {
                DynamicImage::ImageRgb8(rgb) => {
                    WebPPictureImportRGB(&raw mut picture.0, rgb.as_raw().as_ptr(), side(pixels.width() * 3)?)
                }
                DynamicImage::ImageRgba8(rgba) => {
                    WebPPictureImportRGBA(&raw mut picture.0, rgba.as_raw().as_ptr(), side(pixels.width() * 4)?)
                }
                other => return Err(format!("cannot encode {:?} as WebP", other.color())),
            }
        };
        if imported == 0 { Err("libwebp has no memory for the picture".to_owned()) } else { Ok(picture) }
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: initialised by `WebPPicture::new`, which is all that freeing asks for; it is freed once, here.
        unsafe { WebPPictureFree(&raw mut self.0) }
    }
}

/// What libwebp has written. Boxed, so that its address stays the one libwebp was given.
struct Output(Box<WebPMemoryWriter>);

impl Output {
    fn new() -> Self {
        let mut writer = Box::new(WebPMemoryWriter { mem: std::ptr::null_mut(), size: 0, max_size: 0, pad: [0] });
        // SAFETY: a valid pointer to a writer, whose fields it sets.
        unsafe { WebPMemoryWriterInit(&raw mut *writer) };
        Self(writer)
    }

    fn to_vec(&self) -> Vec<u8> {
        if self.0.mem.is_null() {
            return Vec::new();
        }
        // SAFETY: the writer owns `size` initialised bytes at `mem` until it is cleared, and nobody writes to them now.
        unsafe { std::slice::from_raw_parts(self.0.mem, self.0.size) }.to_vec()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`; it is cleared once, here.
        unsafe { WebPMemoryWriterClear(&raw mut *self.0) }
    }
}
