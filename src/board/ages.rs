//! How long ago, and how long: in one number, as people say it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// `now`, `12 min`, `5 h`, `6 d`. Of what is dated ahead (committers choose their dates): its day.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at) {
        past if past >= SignedDuration::from_mins(-1) => length(past),
        _ => day(at),
    }
}

/// `now`, `12 min`, `5 h`, `6 d`: rounded down.
pub(super) fn length(length: SignedDuration) -> String {
    let minutes = length.as_mins();
    match minutes {
        ..1 => "now".to_owned(),
        1..=59 => format!("{minutes} min"),
        60..=2879 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / (24 * 60)),
    }
}

/// `1 h`, `30 min`, `2 d 3 h`: a duration of which the smaller part counts, too.
pub(super) fn duration(length: SignedDuration) -> String {
    let minutes = length.as_mins().max(0);
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// `2026-11-20 14:02 UTC`.
pub(super) fn minute(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-11-20`.
pub(super) fn day(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%Y-%m-%d").to_string()
}

/// The middle one; of an even number, the mean of the two in the middle.
pub(super) fn median(mut all: Vec<SignedDuration>) -> Option<SignedDuration> {
    all.sort();
    let half = all.len() / 2;
    let upper = *all.get(half)?;
    match all.len() % 2 {
        1 => Some(upper),
        _ => Some(all[half - 1] + (upper - all[half - 1]) / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_age_is_one_number() {
        let now = at("2026-11-20T14:02:00Z");
        for (then, shown) in [
            ("2026-11-20T14:02:30Z", "now"),
            ("2026-11-20T14:01:01Z", "now"),
            ("2026-11-20T14:01:00Z", "1 min"),
            ("2026-11-20T13:02:01Z", "59 min"),
            ("2026-11-20T13:02:00Z", "1 h"),
            ("2026-11-18T14:02:01Z", "47 h"),
            ("2026-11-18T14:02:00Z", "2 d"),
            ("2025-11-20T14:02:00Z", "365 d"),
            ("2038-01-19T03:14:07Z", "2038-01-19"),
        ] {
            assert_eq!(age(at(then), now), shown, "{then}");
        }
    }

    #[test]
    fn a_duration_has_two_numbers_at_most() {
        for (minutes, shown) in [
            (-5, "0 min"),
            (0, "0 min"),
            (59, "59 min"),
            (60, "1 h"),
            (95, "1 h 35 min"),
            (1440, "1 d"),
            (1500, "1 d 1 h"),
            (2879, "1 d 23 h"),
        ] {
            assert_eq!(duration(SignedDuration::from_mins(minutes)), shown);
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let of = |all: &[i64]| {
            let all = all.iter().map(|one| SignedDuration::from_mins(*one));
            median(all.collect()).map(|one| one.as_mins())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[9, 1, 4]), Some(4));
        assert_eq!(of(&[8, 2, 4, 100]), Some(6));
    }
}
