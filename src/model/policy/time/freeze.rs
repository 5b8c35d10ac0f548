//! Freezes: civil times of a zone in the policy, instants from here on.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::Deserialize;

use super::zone::Zone;

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
                "`{text}` is not a time such as 2026-12-19T18:00 (without an offset: `zone` names the time zone)"
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
    /// The first frozen instant: if the clock shows `from` twice, the earlier one; if it skips `from`, the next instant
    /// that exists.
    pub from: Timestamp,
    /// The first instant that is not frozen any more: if the clock shows `until` twice, the later one; if it skips
    /// `until`, the next instant that exists.
    pub until: Timestamp,
    /// The zone in which the times were given.
    pub zone: Zone,
    /// Why; shown wherever it stops something.
    pub reason: String,
}

impl Freeze {
    /// Whether it contains an instant.
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
        // If the clock is set back, the freeze lasts from the earlier to the later of two equal times.
        let (from, _) = fields.zone.instants(fields.from.0)?;
        let (_, until) = fields.zone.instants(fields.until.0)?;
        if fields.from.0 >= fields.until.0 || from >= until {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze(from: &str, until: &str, zone: &str) -> Result<(String, String), String> {
        let fields = FreezeFields {
            from: from.parse()?,
            until: until.parse()?,
            zone: zone.parse()?,
            reason: "x".to_owned(),
        };
        Freeze::try_from(fields).map(|freeze| (freeze.from.to_string(), freeze.until.to_string()))
    }

    #[test]
    fn a_freeze_lasts_from_the_earlier_to_the_later_of_repeated_times_and_skipped_ones_are_the_next_instant()
     {
        for (zone, from, until, begins, ends) in [
            // Ordinary, on both sides of a change of offset.
            (
                "Europe/Berlin",
                "2026-03-28T12:00",
                "2026-03-29T12:00",
                "2026-03-28T11:00:00Z",
                "2026-03-29T10:00:00Z",
            ),
            // 02:30 does not exist: the jump is at 01:00 UTC.
            (
                "Europe/Berlin",
                "2026-03-29T02:30",
                "2026-03-30T00:00",
                "2026-03-29T01:00:00Z",
                "2026-03-29T22:00:00Z",
            ),
            (
                "Europe/Berlin",
                "2026-03-28T00:00",
                "2026-03-29T02:30",
                "2026-03-27T23:00:00Z",
                "2026-03-29T01:00:00Z",
            ),
            // 02:30 exists twice, at 00:30 and at 01:30 UTC.
            (
                "Europe/Berlin",
                "2026-10-25T02:30",
                "2026-10-26T00:00",
                "2026-10-25T00:30:00Z",
                "2026-10-25T23:00:00Z",
            ),
            (
                "Europe/Berlin",
                "2026-10-24T00:00",
                "2026-10-25T02:30",
                "2026-10-23T22:00:00Z",
                "2026-10-25T01:30:00Z",
            ),
            // Half an hour is repeated, from 01:30 to 02:00.
            (
                "Australia/Lord_Howe",
                "2026-04-05T01:45",
                "2026-04-05T01:50",
                "2026-04-04T14:45:00Z",
                "2026-04-04T15:20:00Z",
            ),
            // A whole day does not exist.
            (
                "Pacific/Apia",
                "2011-12-30T08:00",
                "2011-12-31T08:00",
                "2011-12-30T10:00:00Z",
                "2011-12-30T18:00:00Z",
            ),
        ] {
            assert_eq!(
                freeze(from, until, zone),
                Ok((begins.to_owned(), ends.to_owned())),
                "{zone} {from} {until}"
            );
        }
    }

    #[test]
    fn a_freeze_in_which_no_instant_lies_is_refused() {
        for (from, until) in [
            ("2026-10-25T02:30", "2026-10-25T02:30"),
            ("2026-10-25T02:30", "2026-10-25T02:15"),
            ("2026-03-29T02:10", "2026-03-29T02:50"),
        ] {
            let why = freeze(from, until, "Europe/Berlin").unwrap_err();
            assert!(why.contains("not after"), "{from} {until}: {why}");
        }
    }
}
