//! How often a schedule starts a run.

use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The past in which starts are counted: more than a month, so that a monthly schedule has two.
const SPAN: SignedDuration = SignedDuration::from_hours(24 * 63);
/// More starts than GitHub's shortest schedule, every five minutes, has in that time.
const MAX_STARTS: usize = 20_000;

/// The longest time between two starts of a schedule; `None` if there is none, or if it starts less often than once a month. A line that
/// is not valid is left out: GitHub does not start it either.
pub(crate) fn longest_interval(lines: &[String], now: Timestamp) -> Option<SignedDuration> {
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let begin = now.checked_sub(SPAN).ok()?.to_zoned(TimeZone::UTC);
    let mut starts = Vec::new();
    for cron in lines.iter().filter_map(|line| parser.parse(line).ok()) {
        let times = cron.iter_after(begin.clone()).map(|at| at.timestamp());
        starts.extend(times.take_while(|at| *at <= now).take(MAX_STARTS));
    }
    starts.sort_unstable();
    let pairs = starts.windows(2);
    pairs.map(|pair| pair[1].duration_since(pair[0])).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_interval_is_that_between_all_lines_together() {
        // A Wednesday.
        let now = "2026-07-01T12:00:00Z".parse().unwrap();
        let hours = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            longest_interval(&lines, now).map(|longest| longest.as_mins() as f64 / 60.0)
        };
        for (lines, expected) in [
            (&["17 * * * *"][..], Some(1.0)),
            (&["7,27,47 * * * *"], Some(1.0 / 3.0)),
            (&["*/5 * * * *"], Some(5.0 / 60.0)),
            (&["17 * * * *", "47 * * * *"], Some(0.5)),
            (&["0 6 * * *"], Some(24.0)),
            // From Friday evening to Monday morning.
            (&["0 6-18 * * 1-5"], Some(60.0)),
            (&["0 6 * * MON"], Some(7.0 * 24.0)),
            (&["0 0 1 * *"], Some(31.0 * 24.0)),
            (&["0 0 1 1 *"], None),
            (&["nonsense", "0 0 6 * * *", "17 * * * *"], Some(1.0)),
            (&["nonsense"], None),
            (&[], None),
        ] {
            assert_eq!(hours(lines), expected, "{lines:?}");
        }
    }
}
