//! Settings that clients of the stored-media calls send and expect back. Kept for them as they are: everything in the vault is
//! stored here, so there is nothing that they could switch.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Every field may be left out, and is then not in the answer either.
macro_rules! all_optional {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase", default)]
        pub(crate) struct $name {
            $($(#[$field_meta])* #[serde(skip_serializing_if = "Option::is_none")] $field: Option<$type>,)+
        }
    };
}

all_optional! {
    /// Kept for clients of the stored-media calls; it changes nothing.
    VaultPlusSettings {
        /// Store what is in the vault.
        auto_cache_vault: bool,
        /// Store what was sent in messages.
        auto_cache_messages: bool,
        /// Store what was shown in posts.
        auto_cache_posts: bool,
        /// Store what was shown in stories.
        auto_cache_stories: bool,
        /// Only what was fetched so often.
        #[schema(value_type = Option<f64>)]
        min_access_count_vault: Number,
        /// Only what was fetched so often.
        #[schema(value_type = Option<f64>)]
        min_access_count_messages: Number,
        /// Only what was fetched so often.
        #[schema(value_type = Option<f64>)]
        min_access_count_posts: Number,
        /// Only what was fetched so often.
        #[schema(value_type = Option<f64>)]
        min_access_count_stories: Number,
        /// Store pictures.
        cache_images: bool,
        /// Store films.
        cache_videos: bool,
        /// Store sounds.
        cache_audio: bool,
        /// Which renditions of pictures.
        image_qualities: Vec<ImageQuality>,
        /// Which renditions of films.
        video_qualities: Vec<VideoQuality>,
        /// How long what is stored is kept.
        #[schema(value_type = Option<f64>)]
        retention_days: Number,
        /// How long what nobody fetches is kept.
        #[schema(value_type = Option<f64>)]
        access_expiry_days: Number,
        /// How long URLs are good.
        #[schema(value_type = Option<f64>)]
        presigned_url_ttl_seconds: Number,
        /// How much is kept; `quotaBytes` is what limits it.
        #[schema(value_type = Option<f64>)]
        storage_limit_bytes: Number,
        /// What happens at that limit.
        storage_limit_purge_strategy: PurgeStrategy,
    }
}

/// A rendition of a picture.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ImageQuality {
    /// Small.
    Thumb,
    /// Medium.
    Preview,
    /// Whole.
    Full,
}

/// A rendition of a film.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(crate) enum VideoQuality {
    /// Its poster.
    #[serde(rename = "preview")]
    Preview,
    /// 720 lines.
    #[serde(rename = "720p")]
    Lines720,
    /// 1080 lines.
    #[serde(rename = "1080p")]
    Lines1080,
    /// Whole.
    #[serde(rename = "source")]
    Source,
}

/// What happens when a limit is reached. Here it is always the last one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PurgeStrategy {
    /// The oldest go.
    PurgeOldest,
    /// The largest go.
    PurgeLargest,
    /// The smallest go.
    PurgeSmallest,
    /// Nothing more is taken.
    BlockNew,
}

impl VaultPlusSettings {
    /// What this server does, in these words.
    pub(super) fn standard() -> Result<Self, Problem> {
        read(json!({
            "autoCacheVault": true, "autoCacheMessages": true, "autoCachePosts": true, "autoCacheStories": true,
            "minAccessCountVault": 0, "minAccessCountMessages": 0, "minAccessCountPosts": 0, "minAccessCountStories": 0,
            "cacheImages": true, "cacheVideos": true, "cacheAudio": true,
            "imageQualities": ["thumb", "preview", "full"], "videoQualities": ["preview", "720p", "source"],
            "retentionDays": 0, "accessExpiryDays": 0, "presignedUrlTtlSeconds": 86_400,
            "storageLimitBytes": 0, "storageLimitPurgeStrategy": "block_new",
        }))
    }

    /// As they are kept.
    pub(super) fn kept(text: &str) -> Result<Self, Problem> {
        read(serde_json::from_str(text).map_err(|error| Problem::internal(error.to_string()))?)
    }

    /// As they are to be kept.
    pub(super) fn to_text(&self) -> Result<String, Problem> {
        serde_json::to_string(self).map_err(|error| Problem::internal(error.to_string()))
    }

    /// These, and where they are silent, `others`.
    pub(super) fn over(&self, others: &Self) -> Result<Self, Problem> {
        let object = |settings: &Self| match serde_json::to_value(settings) {
            Ok(Value::Object(fields)) => Ok(fields),
            _ => Err(Problem::internal("settings are no JSON object")),
        };
        let mut fields = object(others)?;
        fields.extend(object(self)?);
        read(Value::Object(fields))
    }
}

fn read(value: Value) -> Result<VaultPlusSettings, Problem> {
    serde_json::from_value(value).map_err(|error| Problem::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_leaves_nothing_out() {
        let standard = serde_json::to_value(VaultPlusSettings::standard().unwrap()).unwrap();
        assert_eq!(standard.as_object().unwrap().len(), 18);
        let own = VaultPlusSettings { cache_audio: Some(false), ..VaultPlusSettings::default() };
        assert_eq!(own.to_text().unwrap(), r#"{"cacheAudio":false}"#);
        let whole = serde_json::to_value(own.over(&VaultPlusSettings::standard().unwrap()).unwrap()).unwrap();
        assert_eq!((&whole["cacheAudio"], &whole["cacheImages"]), (&json!(false), &json!(true)));
    }
}
