//! JSON objects, and nothing else. What is derived by serde also takes a list for an object, its fields in their order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A `T` that was written as an object.
#[derive(Debug)]
pub(in crate::http) struct Object<T>(pub(in crate::http) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// For a field that is an object, or null, or not there.
pub(in crate::http) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|Object(value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Pair {
        #[serde(default, deserialize_with = "object")]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        a: u8,
    }

    #[test]
    fn a_list_is_no_object() {
        let read =
            |text| serde_json::from_str::<Object<Pair>>(text).map(|Object(pair)| pair.inner.map(|inner| inner.a));
        assert_eq!(read(r#"{"inner":{"a":1}}"#).unwrap(), Some(1));
        assert_eq!(read(r#"{"inner":null}"#).unwrap(), None);
        assert_eq!(read("{}").unwrap(), None);
        for text in [r#"[{"a":1}]"#, r#"{"inner":[1]}"#, "7"] {
            assert!(read(text).unwrap_err().to_string().contains("expected a JSON object"), "{text}");
        }
    }
}
