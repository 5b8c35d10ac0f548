//! Counts the scalars that this thread reads out of syntax trees, so that a test can bound the work of a look-up.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn count() {
    STEPS.set(STEPS.get() + 1);
}

/// The scalars that `work` reads. Work that goes to the threads of a pool runs on one of them, and is counted.
pub(crate) fn counted(work: impl FnOnce() + Send) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.unwrap().install(|| {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    })
}
