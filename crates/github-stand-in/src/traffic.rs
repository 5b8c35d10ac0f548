//! What a test sees of the calls, and does to them: the record and its counts, faults by call, hooks, latency, a killed client.

use super::faults::{Fault, Hook, When};
use super::record::{Seen, longest_chain};
use super::world::World;
use super::{GitHub, lock};
use std::sync::{Arc, Mutex};
use std::time::Duration;

impl GitHub {
    /// Makes calls go wrong.
    pub fn fault(&self, when: When, fault: Fault) {
        lock(&self.desk).faults.push((when, fault));
    }

    /// Makes the call of that index go wrong (see [`Seen::index`]), whatever it is. For sweeps: run a scenario once and count its calls,
    /// then again for each index and each of [`Fault::every`].
    pub fn fault_at(&self, index: usize, fault: Fault) {
        self.fault(When::call(index), fault);
    }

    /// From the call of that index on every connection is dropped and nothing is applied: the client was killed just before it.
    /// [`GitHub::heal`] ends it, for the run that comes after.
    pub fn kill_at(&self, index: usize) {
        self.fault(When::call(index).always(), Fault::CloseBeforeApply);
    }

    /// Forgets faults and hooks that have not been met.
    pub fn heal(&self) {
        let mut desk = lock(&self.desk);
        desk.faults.clear();
        desk.hooks.clear();
    }

    fn hook(&self, when: When, hook: impl FnMut(&mut World, &Seen) + Send + 'static) {
        let hook: Hook = Arc::new(Mutex::new(hook));
        lock(&self.desk).hooks.push((when, hook));
    }

    /// Does something just before a call is carried out. In it use the `World` given, not the handle.
    pub fn before(&self, when: When, mut hook: impl FnMut(&mut World) + Send + 'static) {
        self.hook(when, move |world, _| hook(world));
    }

    /// Does something just before every call that can change something; gets the call's index.
    pub fn before_each_write(&self, mut hook: impl FnMut(&mut World, usize) + Send + 'static) {
        let each = When::write().always();
        self.hook(each, move |world, seen| hook(world, seen.index));
    }

    /// Does something just before every call that only looks; gets the call's index.
    pub fn before_each_read(&self, mut hook: impl FnMut(&mut World, usize) + Send + 'static) {
        let each = When::read().always();
        self.hook(each, move |world, seen| hook(world, seen.index));
    }

    /// Every answer comes that much later, in real time. Calls that are under way at once wait at once.
    pub fn latency(&self, latency: Duration) {
        lock(&self.desk).latency = latency;
    }

    /// Everything that was called so far, in the order of arrival.
    pub fn calls(&self) -> Vec<Seen> {
        lock(&self.desk).calls.clone()
    }

    /// One line for each call: `GET /path` or `graphql Name`.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.desk).calls.iter().map(Seen::line).collect()
    }

    /// Forgets the calls so far, and with them the counters; the next call has index 1 again.
    pub fn forget_calls(&self) {
        let mut desk = lock(&self.desk);
        desk.calls.clear();
        desk.arrived = 0;
        desk.most_in_flight = 0;
    }

    /// The calls that were refused because of a rate limit, the one that met it first.
    pub fn limited(&self) -> Vec<Seen> {
        let calls = self.calls();
        calls.into_iter().filter(|call| call.limited).collect()
    }

    /// How many calls only looked.
    pub fn reads(&self) -> usize {
        self.calls().iter().filter(|call| !call.write).count()
    }

    /// How many calls could change something.
    pub fn writes(&self) -> usize {
        self.calls().iter().filter(|call| call.write).count()
    }

    /// The most calls that were under way at once.
    pub fn most_in_flight(&self) -> usize {
        lock(&self.desk).most_in_flight
    }

    /// How many times a client waited for GitHub, one after the other: the length of the longest chain of calls of which each arrived
    /// after the one before it was answered. Measured in real time, so set a [`GitHub::latency`] of some milliseconds: without one, calls
    /// that were sent together may be answered one after the other before the last has arrived, and count as a chain.
    pub fn round_trips(&self) -> usize {
        self.waits().len()
    }

    /// The lines of one longest chain (see [`GitHub::round_trips`]): what to examine if there are too many.
    pub fn waits(&self) -> Vec<String> {
        let calls = self.calls();
        longest_chain(&calls).into_iter().map(Seen::line).collect()
    }
}
