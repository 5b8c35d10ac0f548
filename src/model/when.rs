//! Instants as people read them. Pure: the moment of reading is given.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `18:30 UTC` today, `Mon 18:30 UTC` within a week, else with the date.
pub(crate) fn utc(at: Timestamp, now: Timestamp) -> String {
    let (then, today) = (at.to_zoned(TimeZone::UTC), now.to_zoned(TimeZone::UTC));
    let days = at.duration_since(now).abs().as_hours() / 24;
    let pattern = if then.date() == today.date() {
        "%H:%M UTC"
    } else if days < 6 {
        "%a %H:%M UTC"
    } else {
        "%a %Y-%m-%d %H:%M UTC"
    };
    then.strftime(pattern).to_string()
}

/// `30m`, `4h`, `1h30m`, `2d`.
pub(crate) fn length(length: jiff::SignedDuration) -> String {
    let minutes = length.as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "m")];
    let text: String = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    match text.is_empty() {
        true => format!("{}s", length.as_secs()),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_as_short_as_it_can_be_understood() {
        let now: Timestamp = "2026-11-20T16:02:00Z".parse().unwrap();
        for (at, shown) in [
            ("2026-11-20T18:30:00Z", "18:30 UTC"),
            ("2026-11-21T00:00:00Z", "Sat 00:00 UTC"),
            ("2026-11-23T08:00:00Z", "Mon 08:00 UTC"),
            ("2026-12-01T08:00:00Z", "Tue 2026-12-01 08:00 UTC"),
        ] {
            assert_eq!(utc(at.parse().unwrap(), now), shown);
        }
    }

    #[test]
    fn a_length_has_no_empty_parts() {
        for (seconds, shown) in [
            (1800, "30m"),
            (14_400, "4h"),
            (5_400, "1h30m"),
            (172_800, "2d"),
            (20, "20s"),
        ] {
            assert_eq!(length(jiff::SignedDuration::from_secs(seconds)), shown);
        }
    }
}
