//! `ext`: an object that is carried and never used.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Foreign fields, kept as the text they came in.
///
/// Even here a repeated field is an error (WIRE 1): two readers could disagree on which one counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Ext(serde_json::Map<String, serde_json::Value>);

impl Ext {
    /// An object with one field.
    #[must_use]
    pub fn single(name: &str, value: serde_json::Value) -> Self {
        Self(serde_json::Map::from_iter([(name.to_owned(), value)]))
    }

    /// An object with these fields.
    #[must_use]
    pub fn of<'a>(fields: impl IntoIterator<Item = (&'a str, serde_json::Value)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A field by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&serde_json::Value> {
        self.0.get(name)
    }
}

impl Serialize for Ext {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Ext {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match StrictValue::deserialize(d)?.0 {
            serde_json::Value::Object(map) => Ok(Self(map)),
            _ => Err(de::Error::custom("`ext` must be an object")),
        }
    }
}

/// A JSON value whose objects may not repeat a field.
struct StrictValue(serde_json::Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> de::Visitor<'de> for Any {
            type Value = StrictValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_bool<E>(self, v: bool) -> Result<StrictValue, E> {
                Ok(StrictValue(v.into()))
            }
            fn visit_i64<E>(self, v: i64) -> Result<StrictValue, E> {
                Ok(StrictValue(v.into()))
            }
            fn visit_u64<E>(self, v: u64) -> Result<StrictValue, E> {
                Ok(StrictValue(v.into()))
            }
            fn visit_f64<E>(self, v: f64) -> Result<StrictValue, E> {
                Ok(StrictValue(v.into()))
            }
            fn visit_str<E>(self, v: &str) -> Result<StrictValue, E> {
                Ok(StrictValue(v.into()))
            }
            fn visit_unit<E>(self) -> Result<StrictValue, E> {
                Ok(StrictValue(serde_json::Value::Null))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<StrictValue, A::Error> {
                let mut items = Vec::new();
                while let Some(StrictValue(item)) = seq.next_element()? {
                    items.push(item);
                }
                Ok(StrictValue(items.into()))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<StrictValue, A::Error> {
                let mut object = serde_json::Map::new();
                while let Some((name, StrictValue(value))) = map.next_entry::<String, StrictValue>()? {
                    if object.contains_key(&name) {
                        return Err(de::Error::custom(format!("field `{name}` is repeated")));
                    }
                    object.insert(name, value);
                }
                Ok(StrictValue(object.into()))
            }
        }
        d.deserialize_any(Any)
    }
}
