//! Lists of media.

use crate::text_enum::text_enum;

text_enum! {
    /// What kind of list it is. People make custom ones; the others are known from the compatible API.
    ListType {
        /// Made by hand.
        Custom = "custom",
        /// What was sent in messages.
        Messages = "messages",
        /// What was shown in posts.
        Posts = "posts",
        /// What was shown in stories.
        Stories = "stories",
        /// Recordings of streams.
        Streams = "streams",
        /// Stickers.
        MediaStickers = "media_stickers",
    }
}
