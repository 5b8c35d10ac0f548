//! Times of the policy: waits, instants, zones, weekly hours and freezes. Parsing only; no clock.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
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

/// A length of time such as `30m`, `4h`, `90d` or `1h30m`. A day is 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(SignedDuration);

impl Wait {
    /// So many days of 24 hours.
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

/// A time zone by its IANA name. Its rules come with the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone.
    pub fn time_zone(&self) -> &TimeZone {
        &self.0
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        TimeZone::get(text)
            .map(Self)
            .map_err(|_| format!("`{text}` is not an IANA time zone such as Europe/Berlin or UTC"))
    }
}

from_text!(Zone, schemars::json_schema!({ "type": "string" }));

/// A civil time of a zone, such as `2026-12-19T18:00`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Civil(DateTime);

impl FromStr for Civil {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let offset_given = text.parse::<Timestamp>().is_ok();
        match text.parse() {
            Ok(time) if !offset_given => Ok(Self(time)),
            _ => Err(format!(
                "`{text}` is not a time such as 2026-12-19T18:00 (without an offset: `zone` says where)"
            )),
        }
    }
}

from_text!(
    Civil,
    schemars::json_schema!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$" })
);

/// A time in which nothing is merged or committed: from `from` on, until just before `until`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "FreezeFields")]
#[schemars(with = "FreezeFields")]
pub struct Freeze {
    /// The first frozen instant.
    pub from: Timestamp,
    /// The first instant that is not frozen any more.
    pub until: Timestamp,
    /// The zone in which the times were given.
    pub zone: Zone,
    /// Why; shown wherever it stops something.
    pub reason: String,
}

impl Freeze {
    /// Whether an instant lies in it.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// A freeze as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FreezeFields {
    /// The first frozen time, in `zone`.
    from: Civil,
    /// The first time that is not frozen any more, in `zone`.
    until: Civil,
    /// The IANA zone of both.
    zone: Zone,
    /// Why; shown wherever it stops something.
    reason: String,
}

impl TryFrom<FreezeFields> for Freeze {
    type Error = String;

    fn try_from(fields: FreezeFields) -> Result<Self, String> {
        let instant = |civil: Civil| {
            civil
                .0
                .to_zoned(fields.zone.0.clone())
                .map(|zoned| zoned.timestamp())
                .map_err(|error| error.to_string())
        };
        let (from, until) = (instant(fields.from)?, instant(fields.until)?);
        if from >= until {
            return Err("`until` is not after `from`, so nothing would ever be frozen".to_owned());
        }
        Ok(Self {
            from,
            until,
            zone: fields.zone,
            reason: fields.reason,
        })
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the seven days say themselves")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    fn of(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|day| format!("{day:?}").eq_ignore_ascii_case(text))
    }
}

/// Weekly hours such as `Mon-Thu 09:00-17:00` or `Sat,Sun 22:00-06:00`; the end is not included, and an end that is
/// not after the start lies on the next day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The days on which they start, in the order of the week.
    pub days: Vec<Weekday>,
    /// The first time inside.
    pub from: Time,
    /// The first time outside; `None` is the midnight at the end of the day.
    pub until: Option<Time>,
    text: String,
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not weekly hours such as Mon-Thu 09:00-17:00");
        let (days, times) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (from, until) = times.trim().split_once('-').ok_or_else(wrong)?;
        let time = |text: &str| -> Result<Time, String> {
            let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
            let number = |digits: &str| -> Result<i8, String> {
                if digits.len() != 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(wrong());
                }
                digits.parse().map_err(|_| wrong())
            };
            Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| wrong())
        };
        let mut set = Vec::new();
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (
                Weekday::of(first).ok_or_else(wrong)?,
                Weekday::of(last).ok_or_else(wrong)?,
            );
            let mut day = first as usize;
            loop {
                set.push(Weekday::ALL[day]);
                if day == last as usize {
                    break;
                }
                day = (day + 1) % 7;
            }
        }
        set.sort_unstable();
        set.dedup();
        let from = time(from)?;
        let until = if until == "24:00" {
            None
        } else {
            Some(time(until)?)
        };
        if until == Some(from) {
            return Err(format!(
                "`{text}` begins and ends at the same time; a whole day is 00:00-24:00"
            ));
        }
        Ok(Self {
            days: set,
            from,
            until,
            text: text.trim().to_owned(),
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

from_text!(Hours, schemars::json_schema!({ "type": "string" }));

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

    #[test]
    fn hours_name_days_and_times() {
        let hours: Hours = "Fri-Mon,Wed 22:00-06:00".parse().unwrap();
        assert_eq!(
            hours.days,
            [
                Weekday::Mon,
                Weekday::Wed,
                Weekday::Fri,
                Weekday::Sat,
                Weekday::Sun
            ]
        );
        assert_eq!("Mon 00:00-24:00".parse::<Hours>().unwrap().until, None);
        for wrong in [
            "",
            "Mon",
            "Mon 9:00-17:00",
            "Mon 09:00",
            "Mo 09:00-10:00",
            "Mon 09:00-25:00",
            "Mon 09:00-09:00",
        ] {
            assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_zone_is_an_iana_name() {
        assert_eq!(
            "Europe/Berlin".parse::<Zone>().unwrap().name(),
            "Europe/Berlin"
        );
        for wrong in ["", "Berlin", "CEST+1", "+01:00"] {
            assert!(wrong.parse::<Zone>().is_err(), "{wrong}");
        }
    }
}
