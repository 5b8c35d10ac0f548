//! Weekly hours as stretches of one week of the wall clock. Knows no zone and no date.

use std::ops::Range;

use jiff::civil::Time;

use super::hours::Hours;

const DAY: i64 = 24 * 60 * 60;

/// The length of a week of the wall clock, in seconds.
pub(super) const WEEK: i64 = 7 * DAY;

/// The open stretches of a week, in seconds since Monday 00:00: sorted, apart from each other, none empty.
#[derive(Clone, Debug)]
pub(super) struct Week(Vec<Range<i64>>);

impl Week {
    /// Hours that touch or overlap become one interval; what extends past the end of Sunday continues on Monday.
    pub(super) fn of(open: &[Hours]) -> Self {
        let mut pieces: Vec<Range<i64>> = Vec::new();
        for hours in open {
            let from = seconds(hours.from);
            let until = hours.until.map_or(DAY, seconds);
            let length = if until > from {
                until - from
            } else {
                until + DAY - from
            };
            for day in &hours.days {
                let start = *day as i64 * DAY + from;
                let end = start + length;
                pieces.push(start..end.min(WEEK));
                if end > WEEK {
                    pieces.push(0..end - WEEK);
                }
            }
        }
        pieces.sort_unstable_by_key(|piece| (piece.start, piece.end));
        let mut week: Vec<Range<i64>> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match week.last_mut() {
                Some(last) if piece.start <= last.end => last.end = last.end.max(piece.end),
                _ => week.push(piece),
            }
        }
        Self(week)
    }

    /// Whether it contains a second of the week.
    pub(super) fn contains(&self, second: i64) -> bool {
        self.0.iter().any(|stretch| stretch.contains(&second))
    }

    /// How many seconds after this one it next opens or closes; `None` if it never does.
    pub(super) fn until_change(&self, second: i64) -> Option<i64> {
        let now = self.contains(second);
        // Both ends of every stretch, in this week and in the next; midnight of Sunday may be inside.
        self.0
            .iter()
            .flat_map(|stretch| [stretch.start, stretch.end])
            .flat_map(|edge| [edge, edge + WEEK])
            .filter(|edge| *edge > second && self.contains(edge % WEEK) != now)
            .min()
            .map(|edge| edge - second)
    }
}

fn seconds(time: Time) -> i64 {
    i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(open: &[&str]) -> Week {
        let open: Vec<Hours> = open.iter().map(|hours| hours.parse().unwrap()).collect();
        Week::of(&open)
    }

    fn stretches(open: &[&str]) -> Vec<(i64, i64)> {
        let week = week(open);
        week.0
            .iter()
            .map(|range| (range.start, range.end))
            .collect()
    }

    const HOUR: i64 = 3600;

    #[test]
    fn hours_that_touch_or_overlap_are_one_stretch() {
        assert_eq!(
            stretches(&["Mon 00:00-24:00", "Tue 00:00-24:00"]),
            [(0, 2 * DAY)]
        );
        assert_eq!(
            stretches(&["Mon 09:00-12:00", "Mon 11:00-17:00", "Mon 10:00-11:00"]),
            [(9 * HOUR, 17 * HOUR)]
        );
        assert_eq!(
            stretches(&["Tue 22:00-06:00", "Wed 06:00-07:00"]),
            [(DAY + 22 * HOUR, 2 * DAY + 7 * HOUR)]
        );
        assert_eq!(stretches(&["Mon-Sun 00:00-24:00"]), [(0, WEEK)]);
        assert_eq!(
            stretches(&["Mon-Sun 12:00-00:00", "Mon-Sun 00:00-12:00"]),
            [(0, WEEK)]
        );
    }

    #[test]
    fn hours_over_the_end_of_sunday_go_on_on_monday() {
        let nights = week(&["Sun 22:00-06:00"]);
        assert_eq!(
            stretches(&["Sun 22:00-06:00"]),
            [(0, 6 * HOUR), (WEEK - 2 * HOUR, WEEK)]
        );
        assert_eq!(nights.until_change(WEEK - HOUR), Some(7 * HOUR));
        assert_eq!(nights.until_change(6 * HOUR), Some(WEEK - 8 * HOUR));
    }

    #[test]
    fn a_week_that_is_open_throughout_never_changes() {
        assert_eq!(week(&["Mon-Sun 00:00-24:00"]).until_change(5), None);
        assert_eq!(
            week(&["Mon-Sun 00:00-23:59"]).until_change(0),
            Some(DAY - 60)
        );
    }

    #[test]
    fn the_only_hours_of_a_week_come_again_a_week_later() {
        let one = week(&["Mon 00:00-01:00"]);
        assert_eq!(one.until_change(0), Some(HOUR));
        assert_eq!(one.until_change(HOUR), Some(WEEK - HOUR));
        let last = week(&["Sun 23:00-24:00"]);
        assert_eq!(last.until_change(WEEK - 1), Some(1));
        assert_eq!(last.until_change(0), Some(WEEK - HOUR));
    }
}
