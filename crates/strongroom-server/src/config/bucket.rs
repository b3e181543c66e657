//! The bucket that holds the bytes, where they are not below the data directory.

use strongroom_store::BucketOptions;

use super::reader::Reader;

pub(super) fn read(from: &mut Reader<'_>) -> Option<BucketOptions> {
    let url = from.text("store.url");
    let bucket = url.strip_prefix("s3://").map(|rest| rest.split('/').next().unwrap_or_default());
    if !url.is_empty() && bucket.is_none_or(str::is_empty) {
        from.problem("store.url", &url, "empty, or s3://bucket or s3://bucket/prefix");
    }
    let region = from.text("store.region");
    let options = BucketOptions {
        endpoint: from.base_url("store.endpoint"),
        public_endpoint: from.base_url("store.public_endpoint"),
        access_key_id: given(from.text("store.access_key_id")),
        secret_access_key: given(from.secret("store.secret_access_key", "a text", |_| true)),
        path_style: from.truth("store.path_style"),
        ..BucketOptions::new(&url, &region)
    };
    bucket.map(|_| options)
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
