//! Time zones by their IANA name.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use schemars::JsonSchema;
use serde::Deserialize;

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

    /// An instant as its clock shows it, with the date, such as `Mon 2027-01-04 08:00 Europe/Berlin`.
    pub fn shown(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.0.clone());
        format!("{} {}", zoned.strftime("%a %Y-%m-%d %H:%M"), self.name())
    }

    /// The first and the last instant at which a clock shows a civil time. They differ if the clock is set back and
    /// shows it twice; if the clock is set forward and never shows it, both are the next instant that exists.
    pub(super) fn instants(&self, civil: DateTime) -> Result<(Timestamp, Timestamp), String> {
        let ambiguous = self.0.to_ambiguous_timestamp(civil);
        let earlier = ambiguous.earlier().map_err(|error| error.to_string())?;
        let later = ambiguous.later().map_err(|error| error.to_string())?;
        match ambiguous.offset() {
            AmbiguousOffset::Gap { after, .. } => {
                // `earlier` is before the jump and `later` on or after it.
                let jump = self
                    .0
                    .following(earlier)
                    .find(|jump| jump.offset() == after)
                    .map_or(later, |jump| jump.timestamp());
                Ok((jump, jump))
            }
            _ => Ok((earlier, later)),
        }
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Named, so that no feature of a dependency can make the machine's own rules count.
        TimeZoneDatabase::bundled()
            .get(text)
            .ok()
            .filter(|zone| !zone.is_unknown())
            .map(Self)
            .ok_or_else(|| {
                format!("`{text}` is not an IANA time zone such as Europe/Berlin or UTC")
            })
    }
}

from_text!(Zone, schemars::json_schema!({ "type": "string" }));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_an_iana_name() {
        assert_eq!(
            "Europe/Berlin".parse::<Zone>().unwrap().name(),
            "Europe/Berlin"
        );
        for wrong in [
            "",
            "Berlin",
            "CEST+1",
            "+01:00",
            "Etc/Unknown",
            "posixrules",
        ] {
            assert!(wrong.parse::<Zone>().is_err(), "{wrong}");
        }
    }
}
