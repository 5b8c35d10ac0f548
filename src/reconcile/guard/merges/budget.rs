//! Limits what is read and parsed of pull requests: none of them may keep a run from judging the others.
//!
//! What is not read is not judged, and its status becomes pending, even after a success: anyone who opens enough pull
//! requests could choose which one is left out.

use crate::error::Failure;
use crate::forge::OpenPull;
use crate::gather::{self, MergedPath};
use crate::model::source_location::RepoPath;
use crate::plan::guard::GuardVerdict;
use crate::reconcile::guard::merges::size::REMEDY;
use crate::reconcile::guard::merges::{Guard, Known, unread};
use crate::reconcile::state::RunState;

/// At most this many manifest files are read in a run.
const MAX_FILES_READ: u64 = 1_000;
/// At most this many bytes of manifest files are read for one pull request, both versions of each file: enough for a
/// file of the largest size that is parsed.
const MAX_BYTES: u64 = 8 * MIB;
/// At most this many bytes of manifest files are read in a run.
const MAX_BYTES_READ: u64 = 64 * MIB;

const MIB: u64 = 1 << 20;

impl Guard<'_> {
    /// Gives a verdict to the pull requests that are too large, and to those that exceed what this run may read.
    pub(crate) async fn leave_out_what_is_too_much(
        &self,
        pulls: &[&OpenPull],
        known: &mut [Known],
        run: &mut RunState,
    ) -> Result<(), Failure> {
        let files = known.iter().map(|known| match known {
            Known::Verdict(_) => 0,
            Known::Paths(paths) => paths.iter().filter(|one| self.wants(&one.path)).count() as u64,
        });
        let files: Vec<u64> = files.collect();
        for at in beyond(MAX_FILES_READ, pulls, &files) {
            known[at] = Known::Verdict(GuardVerdict::Unknown(format!(
                "it changes {} manifest files, and a run reads at most {MAX_FILES_READ} for all pull requests",
                files[at]
            )));
        }
        let bytes = self.bytes(pulls, known, run).await?;
        for (known, bytes) in known.iter_mut().zip(&bytes) {
            if *bytes > MAX_BYTES {
                *known = Known::Verdict(GuardVerdict::Unknown(format!(
                    "too large to judge: its manifest files have {} MiB, more than {} MiB: {REMEDY}",
                    bytes.div_ceil(MIB),
                    MAX_BYTES / MIB
                )));
            }
        }
        let reassessed = known.iter().zip(bytes).map(|(known, bytes)| match known {
            Known::Verdict(_) => 0,
            Known::Paths(_) => bytes,
        });
        let reassessed: Vec<u64> = reassessed.collect();
        for at in beyond(MAX_BYTES_READ, pulls, &reassessed) {
            known[at] = Known::Verdict(GuardVerdict::Unknown(format!(
                "its manifest files have {} MiB, and a run reads at most {} MiB for all pull requests",
                reassessed[at].div_ceil(MIB),
                MAX_BYTES_READ / MIB
            )));
        }
        Ok(())
    }

    /// How many bytes have to be read for each pull request; only the sizes are requested. What cannot be read gets its
    /// verdict.
    async fn bytes(
        &self,
        pulls: &[&OpenPull],
        known: &mut [Known],
        run: &mut RunState,
    ) -> Result<Vec<u64>, Failure> {
        let session = self.round.session;
        let repo = session.remotes.here();
        let afterwards = |known: &Known| match known {
            Known::Verdict(_) => Ok(0),
            Known::Paths(paths) => gather::merged_bytes(repo, paths, |path| self.wants(path)),
        };
        let told = session
            .fetch_until_complete(|| Ok(known.iter().map(afterwards).collect::<Vec<_>>()))
            .await?;
        let mut bytes = Vec::with_capacity(told.len());
        for ((pull, known), told) in pulls.iter().zip(known).zip(told) {
            bytes.push(match (&*known, told) {
                (Known::Verdict(_), _) => 0,
                (Known::Paths(paths), Ok(after)) => after.saturating_add(self.bytes_before(paths)),
                (Known::Paths(_), Err(error)) => {
                    *known = unread(pull, &error, run);
                    0
                }
            });
        }
        Ok(bytes)
    }

    fn bytes_before(&self, paths: &[MergedPath]) -> u64 {
        let repository = &self.round.observation.repository;
        let files = paths
            .iter()
            .filter_map(|one| repository.file(&RepoPath::from(one.path.as_str())));
        files.map(|file| file.bytes.len() as u64).sum()
    }
}

/// The pull requests that do not fit into what a run may read. Those of this repository come before those of forks,
/// which anyone can open, and small ones before large ones.
fn beyond(most: u64, pulls: &[&OpenPull], sizes: &[u64]) -> Vec<usize> {
    let mut options: Vec<usize> = (0..sizes.len()).collect();
    options.sort_by_key(|at| (pulls[*at].foreign, sizes[*at]));
    let mut read = 0;
    options.retain(|at| {
        let fits = read + sizes[*at] <= most;
        if fits {
            read += sizes[*at];
        }
        !fits
    });
    options
}
