//! What the operations do, without HTTP.

pub(crate) mod access;
pub(crate) mod avatars;
pub(crate) mod completion;
pub(crate) mod direct;
pub(crate) mod documents;
pub(crate) mod fetch_counts;
pub(crate) mod freeing;
pub(crate) mod keeping;
pub(crate) mod one_at_a_time;
pub(crate) mod parts;
pub(crate) mod previews;
pub(crate) mod removal;
pub(crate) mod sessions;
pub(crate) mod settled;
pub(crate) mod trash;
