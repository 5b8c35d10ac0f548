//! A mapping of the policy, in the order of the file, with the position of each name.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::OnceLock;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::yaml::Located;

/// Name → rule. Written as an ordinary mapping; a name appears at most once (the parser refuses duplicates).
#[derive(Clone, Debug)]
pub struct Named<K, V> {
    entries: Vec<(Located<K>, V)>,
    /// Indexes of the entries in the order of their names, once one was looked up.
    by_name: OnceLock<Vec<usize>>,
}

impl<K, V> Named<K, V> {
    /// The entries in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &(Located<K>, V)> {
        self.entries.iter()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The same entries with other names and rules.
    pub(super) fn map<L, W>(self, name: impl Fn(K) -> L, rule: impl Fn(V) -> W) -> Named<L, W> {
        let entries = self.entries.into_iter();
        Named {
            entries: entries
                .map(|(key, value)| (key.map(&name), rule(value)))
                .collect(),
            by_name: OnceLock::new(),
        }
    }

    /// The entry of this name.
    pub fn get<Q: ?Sized + Ord>(&self, name: &Q) -> Option<Ruled<'_, V>>
    where
        K: Borrow<Q>,
    {
        let name_of = |at: &usize| self.entries[*at].0.value.borrow();
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: Vec<usize> = (0..self.entries.len()).collect();
            by_name.sort_by(|a, b| name_of(a).cmp(name_of(b)));
            by_name
        });
        let at = by_name.binary_search_by(|at| {
            #[cfg(any(test, fuzzing))]
            crate::yaml::syntax::steps::count();
            name_of(at).cmp(name)
        });
        let (key, rule) = self.entries.get(*by_name.get(at.ok()?)?)?;
        Some(Ruled { rule, at: key.at })
    }
}

impl<K, V> Default for Named<K, V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            by_name: OnceLock::new(),
        }
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Named<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
            type Value = Named<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named {
                    entries,
                    by_name: OnceLock::new(),
                })
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<K: JsonSchema, V: JsonSchema> JsonSchema for Named<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = BTreeMap::<String, V>::json_schema(generator);
        let names = K::json_schema(generator);
        schema.insert("propertyNames".to_owned(), names.to_value());
        schema
    }
}

/// An entry of the policy with its position.
#[derive(Debug)]
pub struct Ruled<'a, T> {
    /// The rule.
    pub rule: &'a T,
    /// The position of its name in the policy file.
    pub at: crate::yaml::Position,
}

impl<T> Clone for Ruled<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ruled<'_, T> {}
