//! Times of the policy: waits, instants, zones, weekly hours and freezes, and when a window is open. No clock.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

macro_rules! from_text {
    ($name:ident, $pattern:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $pattern
            }
        }
    };
}

mod freeze;
mod hours;
mod opening;
mod week;
mod zone;

pub use freeze::Freeze;
pub use hours::Hours;
pub use opening::OpeningTimes;
pub use zone::Zone;

/// A length of time such as `30m`, `4h`, `90d` or `1h30m`. A day is 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(SignedDuration);

impl Wait {
    /// This many days of 24 hours.
    pub fn days(days: i64) -> Self {
        Self(SignedDuration::from_hours(days * 24))
    }

    /// The length.
    pub fn duration(self) -> SignedDuration {
        self.0
    }
}

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time such as 30m, 4h, 90d or 1h30m");
        let mut seconds = 0i64;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
            let mut after = rest[digits..].chars();
            let unit = match after.next() {
                Some('s') => 1,
                Some('m') => 60,
                Some('h') => 3600,
                Some('d') => 86_400,
                Some('w') => 604_800,
                _ => return Err(wrong()),
            };
            seconds = number
                .checked_mul(unit)
                .and_then(|length| seconds.checked_add(length))
                .filter(|total| *total <= 3_660 * 86_400)
                .ok_or_else(|| format!("`{text}` is longer than ten years"))?;
            rest = after.as_str();
        }
        if text.is_empty() {
            return Err(wrong());
        }
        Ok(Self(SignedDuration::from_secs(seconds)))
    }
}

from_text!(
    Wait,
    schemars::json_schema!({ "type": "string", "pattern": "^([0-9]+[smhdw])+$" })
);

/// An instant in RFC 3339, with its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Timestamp);

impl Instant {
    /// The instant.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| format!("`{text}` is not a time such as 2026-12-19T18:00:00+01:00 (RFC 3339, with its offset)"))
    }
}

from_text!(
    Instant,
    schemars::json_schema!({ "type": "string", "format": "date-time" })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_add_up_and_have_a_unit() {
        let seconds = |text: &str| text.parse::<Wait>().map(|wait| wait.duration().as_secs());
        assert_eq!(seconds("30m"), Ok(1800));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("90d"), Ok(7_776_000));
        for wrong in [
            "",
            "30",
            "m",
            "1.5h",
            "-1h",
            "1y",
            "99999999999999999999h",
            "9999w",
        ] {
            assert!(wrong.parse::<Wait>().is_err(), "{wrong}");
        }
    }
}
