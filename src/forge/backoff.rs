//! Waiting longer before each further try of the same thing.

/// The waits between the tries of one thing, in seconds and in order. [`Forge::wait_for`](super::Forge::wait_for) takes
/// the next one, from the run's budget for waiting; when none is left, the last try was made.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    next: u32,
    growth: Growth,
    left: u32,
}

#[derive(Clone, Copy, Debug)]
enum Growth {
    Doubling,
    OneMore,
}

impl Backoff {
    /// This many waits, each twice as long as the one before.
    pub(crate) const fn doubling(first: u32, waits: u32) -> Self {
        Self {
            next: first,
            growth: Growth::Doubling,
            left: waits,
        }
    }

    /// This many waits of 1, 2, 3 … seconds.
    pub(crate) const fn linear(waits: u32) -> Self {
        Self {
            next: 1,
            growth: Growth::OneMore,
            left: waits,
        }
    }
}

impl Iterator for Backoff {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let now = self.next;
        self.next = match self.growth {
            Growth::Doubling => now.saturating_mul(2),
            Growth::OneMore => now.saturating_add(1),
        };
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_longer_and_there_are_as_many_as_were_asked_for() {
        let all = |backoff: Backoff| backoff.collect::<Vec<_>>();
        assert_eq!(all(Backoff::doubling(1, 4)), [1, 2, 4, 8]);
        assert_eq!(all(Backoff::doubling(2, 2)), [2, 4]);
        assert_eq!(all(Backoff::linear(5)), [1, 2, 3, 4, 5]);
        assert!(all(Backoff::linear(0)).is_empty());
    }
}
