//! When a window is open, as instants: its weekly hours in a zone, outside every freeze.
//!
//! The one rule: **an instant is inside the hours if and only if the date and time that a clock in the zone shows at it
//! are in `[start, end)` of a listed day** (an end that is not after the start is on the day after). This implies,
//! without further rules:
//!
//! - A start that the clock skips is the jump itself, the next instant that exists; so is an end. Hours that are
//!   entirely within a jump do not exist on that day.
//! - Of a time that the clock shows twice both instants are inside if the time is: hours open first at the earlier and
//!   close last at the later one.
//! - If an edge of the hours is among the repeated times, the clock is set back over it, so the hours open (or close)
//!   there twice. In between, a clock shows a time outside them, and they are closed: a gate never passes at a time of
//!   day that the policy does not list.
//!
//! Everything is computed with UTC instants and the offset that applies there: between two jumps the clock runs evenly.
//! A time of day is never turned into an instant, so none is ambiguous.

use jiff::{SignedDuration, Timestamp};

use super::freeze::Freeze;
use super::hours::Hours;
use super::week::{WEEK, Week};
use super::zone::Zone;

/// Seconds from a Monday 00:00 to the Thursday with which Unix time begins.
const MONDAY_TO_EPOCH: i64 = 3 * 24 * 60 * 60;

/// When a window is open: in its weekly hours and outside every freeze.
#[derive(Clone, Debug)]
pub struct OpeningTimes<'a> {
    week: Week,
    zone: &'a Zone,
    freezes: &'a [Freeze],
}

/// The end of a stretch in which a window is open.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// The first instant at which it is shut.
    pub at: Timestamp,
    /// The freeze that begins then, unless the hours end.
    pub freeze: Option<&'a Freeze>,
}

impl<'a> OpeningTimes<'a> {
    /// Hours of a zone, and what shuts the window although it is within them.
    pub fn new(open: &[Hours], zone: &'a Zone, freezes: &'a [Freeze]) -> Self {
        Self {
            week: Week::of(open),
            zone,
            freezes,
        }
    }

    /// Whether an instant is within the hours and not frozen.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.within_hours(at) && self.frozen(at).is_none()
    }

    /// The freeze that covers an instant; of several the one that ends last.
    pub fn frozen(&self, at: Timestamp) -> Option<&'a Freeze> {
        self.freezes
            .iter()
            .filter(|freeze| freeze.covers(at))
            .max_by_key(|freeze| freeze.until)
    }

    /// The first instant within the hours, at or after this one, whether frozen or not. `None`: not before the end of
    /// time (the year 9999).
    pub fn hours_open(&self, at: Timestamp) -> Option<Timestamp> {
        if self.within_hours(at) {
            Some(at)
        } else {
            self.hours_change(at)
        }
    }

    /// The first instant at or after this one at which the window is open. `None`: not before the end of time.
    pub fn opens(&self, at: Timestamp) -> Option<Timestamp> {
        let mut at = self.hours_open(at)?;
        // Every round leaves one freeze behind.
        while let Some(freeze) = self.frozen(at) {
            at = self.hours_open(freeze.until)?;
        }
        Some(at)
    }

    /// The first instant at or after this one at which the window is shut. `None`: it stays open.
    pub fn closes(&self, at: Timestamp) -> Option<Closing<'a>> {
        let hours = if self.within_hours(at) {
            self.hours_change(at)
        } else {
            Some(at)
        };
        let freeze = self
            .freezes
            .iter()
            .filter(|freeze| at < freeze.until)
            .map(|freeze| (freeze.from.max(at), freeze))
            .min_by_key(|(begins, _)| *begins);
        match freeze {
            Some((begins, freeze)) if hours.is_none_or(|end| begins < end) => Some(Closing {
                at: begins,
                freeze: Some(freeze),
            }),
            _ => hours.map(|end| Closing {
                at: end,
                freeze: None,
            }),
        }
    }

    fn within_hours(&self, at: Timestamp) -> bool {
        self.week.contains(self.second_of_week(whole(at)))
    }

    /// The second of the week that a clock in the zone shows.
    fn second_of_week(&self, at: Timestamp) -> i64 {
        let offset = i64::from(self.zone.time_zone().to_offset(at).seconds());
        (at.as_second() + offset + MONDAY_TO_EPOCH).rem_euclid(WEEK)
    }

    /// The first instant after this one at which the hours begin, if it is outside them, or end, if it is inside.
    fn hours_change(&self, at: Timestamp) -> Option<Timestamp> {
        let inside = self.within_hours(at);
        let mut from = whole(at);
        for jump in self.zone.time_zone().following(from) {
            let change = self.change_by_clock(from)?;
            if change < jump.timestamp() {
                return Some(change);
            }
            from = jump.timestamp();
            if self.within_hours(from) != inside {
                return Some(from);
            }
        }
        self.change_by_clock(from)
    }

    /// The next change if the clock ran on evenly, without a jump. `None`: never.
    fn change_by_clock(&self, from: Timestamp) -> Option<Timestamp> {
        let seconds = self.week.until_change(self.second_of_week(from))?;
        from.checked_add(SignedDuration::from_secs(seconds)).ok()
    }
}

/// The second that contains an instant: hours begin and end on whole seconds.
fn whole(at: Timestamp) -> Timestamp {
    let second = at.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(second)
        .ok()
        .and_then(|second| Timestamp::from_second(second).ok())
        .unwrap_or(Timestamp::MIN)
}
