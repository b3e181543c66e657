//! What a PATCH of settings may say. Checked by hand, so that whatever is wrong is named; null is a value: it inherits again.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use strongroom_catalog::records::SettingsChange;
use utoipa::ToSchema;

use crate::config::is_origin;
use crate::http::json::object;
use crate::problem::Problem;

/// A month; a signed URL that lives longer is as good as a public one.
const LONGEST_DELIVERY_SECONDS: u64 = 30 * 24 * 3600;

/// Origins that a connection may list.
const MOST_ORIGINS: usize = 50;

/// A change of settings. What is left out stays; null is inherited again; unknown keys are passed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", bound = "V: Deserialize<'de>")]
pub(crate) struct SettingsRequest<V> {
    /// `off`, `warn` or `require`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    consent_policy: Option<Value>,
    /// How many bytes a connection may keep.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    quota_bytes: Option<Value>,
    /// How long deleted media can be restored: 0 to 365.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 365)]
    trash_retention_days: Option<Value>,
    /// How long a signed URL is good at least: 60 to 2,592,000.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 60, maximum = 2_592_000)]
    delivery_ttl_seconds: Option<Value>,
    /// Web origins whose pages may read delivered media, such as `https://example.com`; `*` is all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    cors_origins: Option<Value>,
    /// What clients of the stored-media calls keep here.
    #[serde(default, deserialize_with = "object")]
    pub(super) vault_plus: Option<V>,
}

/// A value that may be null, told from one that is not there.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The same for an object.
pub(super) fn given_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    object(deserializer).map(Some)
}

impl<V> SettingsRequest<V> {
    /// The change that is asked for, but for what concerns `vaultPlus`.
    pub(super) fn check(&self) -> Result<SettingsChange, Problem> {
        let days = (0, 365, "a whole number of days from 0 to 365");
        let seconds = (60, LONGEST_DELIVERY_SECONDS, "a whole number of seconds from 60 to 2592000 (30 days)");
        Ok(SettingsChange {
            consent_policy: change("consentPolicy", &self.consent_policy, "off, warn or require", |value| {
                value.as_str()?.parse().ok()
            })?,
            quota_bytes: change("quotaBytes", &self.quota_bytes, "a whole number of bytes", whole)?,
            trash_retention_days: within("trashRetentionDays", &self.trash_retention_days, days)?,
            delivery_ttl_seconds: within("deliveryTtlSeconds", &self.delivery_ttl_seconds, seconds)?,
            cors_origins: change(
                "corsOrigins",
                &self.cors_origins,
                "a list of at most 50 origins such as https://example.com, or of *",
                origins,
            )?,
            ..SettingsChange::default()
        })
    }
}

fn change<T>(
    name: &str,
    value: &Option<Value>,
    expected: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<Option<T>>, Problem> {
    match value {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(value) => match read(value) {
            Some(read) => Ok(Some(Some(read))),
            None => Err(Problem::field(name, &shown(value), expected)),
        },
    }
}

fn within(
    name: &str,
    value: &Option<Value>,
    (least, most, expected): (u64, u64, &str),
) -> Result<Option<Option<u32>>, Problem> {
    change(name, value, expected, |value| {
        let number = whole(value).filter(|number| (least..=most).contains(number))?;
        u32::try_from(number).ok()
    })
}

/// A whole number, also when a client printed it as a float.
fn whole(value: &Value) -> Option<u64> {
    let float = value.as_f64().filter(|float| float.fract() == 0.0 && (0.0..9e15).contains(float));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range, checked above")]
    value.as_u64().filter(|number| *number < 1 << 53).or(float.map(|float| float as u64))
}

fn origins(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array().filter(|list| list.len() <= MOST_ORIGINS)?;
    list.iter().map(|origin| origin.as_str().filter(|text| is_origin(text)).map(str::to_owned)).collect()
}

/// A text as it is, and anything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: Value) -> Result<SettingsChange, Problem> {
        serde_json::from_value::<SettingsRequest<Value>>(body).unwrap().check()
    }

    #[test]
    fn null_is_told_from_nothing() {
        assert_eq!(check(json!({ "whatever": 1 })).unwrap(), SettingsChange::default());
        let change = check(json!({ "quotaBytes": null, "deliveryTtlSeconds": 60.0, "corsOrigins": ["*"] })).unwrap();
        assert_eq!((change.quota_bytes, change.delivery_ttl_seconds), (Some(None), Some(Some(60))));
        assert_eq!((change.cors_origins, change.trash_retention_days), (Some(Some(vec!["*".to_owned()])), None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value, shown) in [
            ("consentPolicy", json!("sometimes"), "sometimes"),
            ("consentPolicy", json!(1), "1"),
            ("quotaBytes", json!(-1), "-1"),
            ("quotaBytes", json!(1.5), "1.5"),
            ("quotaBytes", json!("1"), "1"),
            ("trashRetentionDays", json!(366), "366"),
            ("deliveryTtlSeconds", json!(59), "59"),
            ("deliveryTtlSeconds", json!(2_592_001), "2592001"),
            ("corsOrigins", json!("*"), "*"),
            ("corsOrigins", json!(["https://Example.com"]), "[\"https://Example.com\"]"),
            ("corsOrigins", json!(vec!["*"; 51]), &format!("[{}", "\"*\",".repeat(20))[..80]),
        ] {
            let problem = check(json!({ name: value })).unwrap_err();
            assert!(problem.message.starts_with(&format!("{name}: `{shown}` is not ")), "{}", problem.message);
        }
    }
}
