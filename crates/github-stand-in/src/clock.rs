//! The stand-in's own time. Owns "now" and how it moves: one second per write unless frozen, so that two writes never
//! share a time by accident and never depend on the machine's clock.

use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// A virtual clock. Starts at 2026-03-02T09:00:00Z, a Monday.
#[derive(Clone)]
pub struct Clock {
    now: Timestamp,
    frozen: bool,
    /// Since when it runs on its own, and how long one of its seconds then takes in real time.
    running: Option<(Instant, Duration)>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            now: "2026-03-02T09:00:00Z".parse().unwrap(),
            frozen: false,
            running: None,
        }
    }
}

impl Clock {
    /// The present moment; whole seconds.
    pub fn now(&self) -> Timestamp {
        match self.running {
            None => self.now,
            Some((since, second)) => {
                let seconds = since.elapsed().as_nanos() / second.as_nanos().max(1);
                self.now + SignedDuration::from_secs(i64::try_from(seconds).unwrap())
            }
        }
    }

    /// From now on time also passes on its own: one second of this clock in this much real time. For clients that
    /// really wait, with seconds as short as these.
    pub fn run(&mut self, second: Duration) {
        self.now = self.now();
        self.running = Some((Instant::now(), second));
    }

    /// Jumps to a moment (RFC 3339), backwards too; fractions of a second are dropped.
    pub fn set(&mut self, to: &str) {
        let to: Timestamp = to.parse().unwrap();
        self.now = Timestamp::from_second(to.as_second()).unwrap();
        if let Some((since, _)) = &mut self.running {
            *since = Instant::now();
        }
    }

    /// Moves on by a number of seconds.
    pub fn advance(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// While frozen, writes do not move the clock: everything made then shares one time.
    pub fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Called once by every write.
    pub(super) fn tick(&mut self) {
        if !self.frozen {
            self.advance(1);
        }
    }
}

/// The form that GitHub prints times in.
pub fn stamp(at: Timestamp) -> String {
    at.to_string()
}

/// The form of the `Date` header (RFC 9110).
pub fn http_date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap()
}
