//! Names that manifests and the policy give to things.
//!
//! They are foreign text: kept exactly as written and compared byte for byte. What leaves for a log, a summary or a
//! pull request goes through the escaping of its destination.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
        )]
        #[serde(transparent)]
        #[schemars(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                #[cfg(any(test, fuzzing))]
                crate::yaml::syntax::steps::count();
                self.0 == other.0
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name!(
    /// `metadata.name` of a `Pipeline`.
    PipelineName
);
name!(
    /// `spec.stages[].name`: the identity of a stage inside its pipeline.
    StageName
);
name!(
    /// `spec.edges[].gates[].name`.
    GateName
);

/// One end of an edge and the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct EdgeName {
    /// `from`.
    pub from: StageName,
    /// `to`.
    pub to: StageName,
}

/// A manifest as people name it: `namespace/name`, or `name` without a namespace.
pub fn full_name(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}
