//! Work on the cores that are there: each thread has a repository of its own.

use std::num::NonZeroUsize;
use std::thread;

use anyhow::{Result, anyhow};

use crate::repo::Repo;

/// How many threads are worth starting.
pub(super) fn threads() -> usize {
    thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(8)
}

/// Does `work` for every item, in order, split over threads. The first error wins.
pub(super) fn chunks<T: Sync, R: Send>(
    repo: &Repo,
    items: &[T],
    work: impl Fn(&Repo, &T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let size = items.len().div_ceil(threads()).max(1);
    let mut own = Vec::new();
    for _ in items.chunks(size) {
        own.push(repo.reopen()?);
    }
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = items
            .chunks(size)
            .zip(own)
            .map(|(chunk, repo)| {
                scope.spawn(move || {
                    chunk
                        .iter()
                        .map(|item| work(&repo, item))
                        .collect::<Result<Vec<R>>>()
                })
            })
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for thread in running {
            let done = thread
                .join()
                .map_err(|_| anyhow!("a reading thread panicked"))?;
            all.extend(done?);
        }
        Ok(all)
    })
}
