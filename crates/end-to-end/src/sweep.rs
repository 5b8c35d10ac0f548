//! One life for each trouble that may befall it, on two threads: each must end as the undisturbed life did.

use std::fmt::Debug;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Lives to its end on a runtime of its own.
pub fn run<T>(life: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(life)
}

/// Lives each trouble by `live`.
///
/// # Panics
/// If a life ends with something other than `wanted`, or panics. The message names each such trouble by `name`.
pub fn all_end_alike<T: Sync, E: PartialEq + Debug + Sync>(
    troubles: &[T],
    wanted: &E,
    name: impl Fn(&T) -> String + Sync,
    live: impl Fn(&T) -> E + Sync,
) {
    let differs = |trouble: &T| match catch_unwind(AssertUnwindSafe(|| live(trouble))) {
        Ok(found) if found == *wanted => None,
        Ok(found) => Some(format!("{}: {found:?}", name(trouble))),
        Err(_) => Some(format!("{}: see the panic above", name(trouble))),
    };
    let half = troubles.len().div_ceil(2).max(1);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = troubles
            .chunks(half)
            .map(|half| scope.spawn(|| half.iter().filter_map(differs).collect::<Vec<_>>()))
            .collect();
        halves
            .into_iter()
            .flat_map(|half| half.join().unwrap())
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "wanted {wanted:?}, {} of {}:\n{}",
        wrong.len(),
        troubles.len(),
        wrong.join("\n")
    );
}
