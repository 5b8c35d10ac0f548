//! Identifiers: what git and a promotion are called by.
//!
//! Each is parsed once, at the edge, and cannot be mixed up with another inside. This file knows how an ID is written,
//! not where it comes from.

use std::fmt;
use std::str::FromStr;

/// A text that is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct IdError {
    /// What was given, cut to a printable length.
    pub text: String,
    /// What it should have been, with its article.
    pub expected: &'static str,
}

impl IdError {
    pub(super) fn new(text: &str, expected: &'static str) -> Self {
        Self {
            text: text.chars().take(80).collect(),
            expected,
        }
    }
}

/// Bytes of a git object id: 20 (SHA-1) or 32 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Digest {
    Sha1([u8; 20]),
    Sha256([u8; 32]),
}

impl Digest {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            20 => bytes.try_into().ok().map(Self::Sha1),
            32 => bytes.try_into().ok().map(Self::Sha256),
            _ => None,
        }
    }

    fn from_hex(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 40 && text.len() != 64 {
            return None;
        }
        let mut bytes = [0u8; 32];
        for (slot, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *slot = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Self::from_bytes(&bytes[..text.len() / 2])
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Digest);

        impl $name {
            /// From the raw bytes of a git object id: 20 or 32 of them, otherwise `None`.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Digest::from_bytes(bytes).map(Self)
            }

            /// The raw bytes, 20 or 32.
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }

            /// The first seven digits, for people.
            pub fn short(&self) -> String {
                self.to_string().chars().take(7).collect()
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Takes 40 or 64 hexadecimal digits in either case.
            fn from_str(text: &str) -> Result<Self, IdError> {
                Digest::from_hex(text)
                    .map(Self)
                    .ok_or_else(|| IdError::new(text, $expected))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(self.as_bytes(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(self.as_bytes(), f)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

object_id!(
    /// A commit, by its full id.
    CommitId,
    "a full commit ID (40 or 64 hexadecimal digits)"
);
object_id!(
    /// The content of a file, by its full id.
    BlobId,
    "a full blob ID (40 or 64 hexadecimal digits)"
);
object_id!(
    /// The content of a folder, by its full id.
    TreeId,
    "a full tree ID (40 or 64 hexadecimal digits)"
);

/// What a reviewer approves: the SHA-256 of everything a promotion would change (semantics: plan id).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId([u8; 32]);

impl PlanId {
    /// From the 32 bytes of the digest.
    pub fn from_digest(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Six digits: how a plan is shown.
    pub fn shown(&self) -> String {
        self.to_string().chars().take(6).collect()
    }

    /// Twelve digits: how a plan is named in branches and inputs.
    pub fn named(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl FromStr for PlanId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match Digest::from_hex(text) {
            Some(Digest::Sha256(bytes)) => Ok(Self(bytes)),
            _ => Err(IdError::new(text, "a plan ID (64 hexadecimal digits)")),
        }
    }
}

impl serde::Serialize for PlanId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The number of a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct PullNumber(pub u64);

impl fmt::Display for PullNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub usize);
    };
}

index!(
    /// Which pipeline of the catalog.
    PipelineId
);
index!(
    /// Which service of the catalog.
    ServiceId
);
index!(
    /// Which secret of the catalog.
    SecretId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_ids_are_forty_or_sixty_four_digits_in_either_case() {
        let sha1 = "9BE04D1aaaabbbbccccddddeeeeffff000011112";
        let id: CommitId = sha1.parse().unwrap();
        assert_eq!(id.to_string(), sha1.to_lowercase());
        assert_eq!(id.short(), "9be04d1");
        assert_eq!(CommitId::from_bytes(id.as_bytes()), Some(id));
        assert!("ab".repeat(32).parse::<BlobId>().is_ok());
        for wrong in [
            "",
            "9be04d1",
            &"g".repeat(40),
            &"a".repeat(41),
            &"é".repeat(20),
        ] {
            assert!(wrong.parse::<CommitId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_plan_id_is_sixty_four_digits_and_shows_six() {
        let id: PlanId = "7c1e09ab".repeat(8).parse().unwrap();
        assert_eq!(id.shown(), "7c1e09");
        assert_eq!(id.named(), "7c1e09ab7c1e");
        assert!("7c".repeat(20).parse::<PlanId>().is_err());
    }
}
