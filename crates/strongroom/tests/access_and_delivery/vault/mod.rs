//! The vault: media as a team sees them.

mod concealed;
mod cursor;
mod edit;
mod list;
mod list_media;
mod lists;
mod named;
mod one;
mod original;
mod profile;
mod search;
mod trash;
