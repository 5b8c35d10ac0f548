//! Counts the scalars that this thread reads out of syntax trees, and whatever else is done again and again, so that a test can bound
//! the work without a clock.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Counts one step.
pub fn count() {
    count_many(1);
}

/// Counts work that grows with a size: bytes that are searched, entries that are copied.
pub fn count_many(steps: usize) {
    STEPS.set(STEPS.get() + steps as u64);
}

/// The steps that `work` takes. Work that goes to the threads of a pool runs on one of them, and is counted.
pub fn counted(work: impl FnOnce() + Send) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let Ok(pool) = pool else { return u64::MAX };
    pool.install(|| {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    })
}
