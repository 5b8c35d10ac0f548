//! Reads and judges what merging each pull request would change.
//!
//! Everything is requested for all pull requests at once: history as far back as the merge bases, then the folders that
//! differ, then the files.

mod budget;
mod size;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{
    SourceFile, Version, changed_file, load, may_matter, resolve_pipelines, same_shape, wants_file,
};
use crate::error::{Exit, Failure};
use crate::forge::OpenPull;
use crate::gather::{self, MergedFile, MergedPath, Untold};
use crate::model::catalog::MayHold;
use crate::model::guard::{ChangedFile, GateFile, Gated};
use crate::model::ids::PullNumber;
use crate::model::source_location::RepoPath;
use crate::plan::guard::{GuardVerdict, Merge, Touch, Touched, gate_files, gated, judge};
use crate::reconcile::guard::head::{Head, is_named_like_ours};
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;
use crate::repo::RepoError;

/// A pull request with more files is not judged: GitHub itself does not show more.
const MAX_FILES: u64 = 3_000;

/// What is the same for all pull requests.
pub(crate) struct Guard<'a> {
    round: &'a Round<'a>,
    gated: Gated,
    gate_files: BTreeMap<RepoPath, GateFile>,
    /// A file at the base's tip that may hold pipelines and could not be read.
    unread: Option<&'a RepoPath>,
}

/// What is known about one pull request.
pub(crate) enum Known {
    /// It is judged.
    Verdict(GuardVerdict),
    /// The paths that merging it would change, still to be judged.
    Paths(Vec<MergedPath>),
}

impl<'a> Guard<'a> {
    /// Collects what is gated at the base's tip.
    pub(crate) fn new(round: &'a Round<'a>) -> Self {
        let (repository, evaluation) =
            (&round.observation.repository, &round.observation.evaluation);
        let catalog = &evaluation.catalog;
        let unread = catalog
            .unread
            .iter()
            .find(|file| file.is_broken() && file.may_hold == MayHold::Ours);
        Self {
            round,
            gated: gated(catalog, &repository.policy, &evaluation.resolved),
            gate_files: gate_files(&repository.policy, &repository.policy_file),
            unread: unread.map(|file| &file.file),
        }
    }

    /// The verdict on each head: the worst of its pull requests.
    pub(crate) async fn verdicts(
        &self,
        heads: &[Head<'_>],
        run: &mut RunState,
    ) -> Result<Vec<GuardVerdict>, Failure> {
        let pulls: Vec<&OpenPull> = heads.iter().flat_map(|head| head.pulls.clone()).collect();
        let mut known = self.paths(&pulls, run).await?;
        self.leave_out_what_is_too_much(&pulls, &mut known, run)
            .await?;
        let mut verdicts = self.judge_all(&pulls, known, run).await?;
        Ok(heads
            .iter()
            .map(|head| {
                let of_head = head.pulls.iter().map(|pull| {
                    let unsaid = || GuardVerdict::NotRead(UNREAD.to_owned());
                    verdicts.remove(&pull.number).unwrap_or_else(unsaid)
                });
                of_head.max().unwrap_or(GuardVerdict::Harmless)
            })
            .collect())
    }

    /// The paths that merging each pull request would change, or its verdict if nothing has to be read for that.
    async fn paths(&self, pulls: &[&OpenPull], run: &mut RunState) -> Result<Vec<Known>, Failure> {
        let session = self.round.session;
        let tip = self.round.observation.snapshot.tip.id;
        let base = &self.round.observation.snapshot.base;
        let repo = session.remotes.here();
        let read = |pull: &OpenPull| -> Result<Known, RepoError> {
            let unknown = |why: String| Ok(Known::Verdict(GuardVerdict::Unknown(why)));
            if is_named_like_ours(pull) {
                let touch = Touch {
                    file: pull.branch.as_str().into(),
                    what: Touched::NamedLikePromotion,
                };
                return Ok(Known::Verdict(GuardVerdict::Touches(vec![touch])));
            }
            if pull.files > MAX_FILES {
                return unknown(format!(
                    "it changes {} files, more than {MAX_FILES}: too many to be judged",
                    pull.files
                ));
            }
            if pull.conflicts {
                return unknown(format!("it has conflicts with {base}"));
            }
            let (head, commits) = (&pull.head, &pull.commits);
            let paths = gather::merged_paths(repo, &tip, head, commits, pull.files, |path| {
                self.is_judged(path)
            })?;
            Ok(paths.map_or_else(|why| self.untold(why), Known::Paths))
        };
        let found = session
            .fetch_until_complete(|| Ok(pulls.iter().map(|pull| read(pull)).collect::<Vec<_>>()))
            .await?;
        let with = pulls.iter().zip(found);
        Ok(with
            .map(|(pull, found)| found.unwrap_or_else(|error| unread(pull, &error, run)))
            .collect())
    }

    fn wants(&self, path: &str) -> bool {
        wants_file(path, &self.round.observation.repository.policy)
    }

    /// Whether the verdict depends on what a merge makes of a path.
    fn is_judged(&self, path: &str) -> bool {
        self.wants(path) || self.gate_files.contains_key(&RepoPath::from(path))
    }

    fn untold(&self, why: Untold) -> Known {
        let base = &self.round.observation.snapshot.base;
        Known::Verdict(GuardVerdict::Unknown(match why {
            Untold::Conflict(file) => format!("it conflicts with {base} in {file}"),
            Untold::TooLarge(file) => {
                format!("{base} changed {file} too, which is too large to be merged here")
            }
            Untold::SeveralBases => {
                format!("it has several merge bases with {base}: merge {base} into its branch")
            }
            Untold::Unrelated => format!("it has no commit in common with {base}"),
            Untold::TooFar => {
                format!(
                    "it branched off {base} too long ago to be judged: merge {base} into its branch"
                )
            }
            Untold::CutOff(commit) => format!(
                "the commit {} merges more branches than GitHub lists: merge {base} into its branch",
                commit.short()
            ),
        }))
    }

    async fn judge_all(
        &self,
        pulls: &[&OpenPull],
        known: Vec<Known>,
        run: &mut RunState,
    ) -> Result<BTreeMap<PullNumber, GuardVerdict>, Failure> {
        let session = self.round.session;
        let repo = session.remotes.here();
        let read = |known: &Known| match known {
            Known::Verdict(_) => Ok(Ok(Vec::new())),
            Known::Paths(paths) => gather::merged_files(repo, paths, |path| self.wants(path)),
        };
        let files = session
            .fetch_until_complete(|| Ok(known.iter().map(read).collect::<Vec<_>>()))
            .await?;
        let mut verdicts = BTreeMap::new();
        for ((pull, known), files) in pulls.iter().zip(known).zip(files) {
            let known = match (known, files) {
                (Known::Paths(_), Ok(Ok(files))) => Known::Verdict(self.judge(files)),
                (Known::Paths(_), Ok(Err(why))) => self.untold(why),
                (Known::Paths(_), Err(error)) => unread(pull, &error, run),
                (known, _) => known,
            };
            if let Known::Verdict(verdict) = known {
                verdicts.insert(pull.number, verdict);
            }
        }
        Ok(verdicts)
    }

    /// Judges the files that one merge changes.
    fn judge(&self, files: Vec<MergedFile>) -> GuardVerdict {
        let mut gate_files = Vec::new();
        let mut changed = Vec::new();
        for merged in files {
            let path = RepoPath::from(merged.path.as_str());
            if let Some(found) = self.gate_files.get_key_value(&path) {
                gate_files.push(found);
            }
            if !self.wants(&merged.path) {
                continue;
            }
            let before = self.round.observation.repository.file(&path);
            let after = merged.after.map(|(blob, bytes)| SourceFile {
                path: path.clone(),
                blob,
                bytes,
            });
            let mut both = before.into_iter().chain(&after);
            if both.any(|file| may_matter(&file.bytes)) {
                changed.push((path, before, after));
            }
        }
        let Some(versions) = self.read(changed) else {
            return GuardVerdict::Unknown(size::too_many_nodes());
        };
        let verdict = self.compare(&gate_files, &versions, None);
        if verdict != GuardVerdict::Harmless || versions.is_empty() {
            return verdict;
        }
        if let Some(file) = self.unread {
            let base = &self.round.observation.snapshot.base;
            let why = format!("{file} on {base} cannot be read, so it is unknown what is gated");
            return GuardVerdict::Unknown(why);
        }
        let same = |one: &Versions| same_shape(&one.before, &one.after);
        if versions.iter().all(same) {
            return verdict;
        }
        // The merge may change what is gated: by that, too, nothing may be set by hand.
        let after = self.gated_after(&versions);
        self.compare(&gate_files, &versions, Some(&after))
    }

    /// Parses each version once; `None` if they have more nodes than the limit.
    fn read(&self, changed: Vec<Changed<'_>>) -> Option<Vec<Versions>> {
        let policy = &self.round.observation.repository.policy;
        let mut nodes = 0;
        let mut versions = Vec::with_capacity(changed.len());
        for (path, before, file) in changed {
            let read = |file: Option<&SourceFile>| {
                file.map_or(Version::NONE, |file| Version::read(file, policy))
            };
            let (before, after) = (read(before), read(file.as_ref()));
            nodes += before.nodes() + after.nodes();
            if nodes > size::MAX_NODES {
                return None;
            }
            versions.push(Versions {
                path,
                before,
                after,
                file,
            });
        }
        Some(versions)
    }

    fn compare(
        &self,
        gate_files: &[(&RepoPath, &GateFile)],
        versions: &[Versions],
        after: Option<&Gated>,
    ) -> GuardVerdict {
        let states: Vec<&Gated> = [Some(&self.gated), after].into_iter().flatten().collect();
        let files: Vec<ChangedFile> = versions
            .iter()
            .map(|one| changed_file(&one.path, &one.before, &one.after, &states))
            .collect();
        judge(&Merge {
            gate_files: gate_files.to_vec(),
            files: &files,
            before: &self.gated,
            after,
        })
    }

    fn gated_after(&self, versions: &[Versions]) -> Gated {
        let repository = &self.round.observation.repository;
        let changed: BTreeSet<&RepoPath> = versions.iter().map(|version| &version.path).collect();
        let files: Vec<SourceFile> = repository
            .files
            .iter()
            .filter(|file| !changed.contains(&file.path))
            .chain(versions.iter().filter_map(|version| version.file.as_ref()))
            .cloned()
            .collect();
        let catalog = load(&files, &repository.policy);
        let resolved = resolve_pipelines(&catalog, &repository.here);
        gated(&catalog, &repository.policy, &resolved)
    }
}

/// A manifest file that a merge changes: at the base's tip, and after the merge.
type Changed<'a> = (RepoPath, Option<&'a SourceFile>, Option<SourceFile>);

/// Both versions of a manifest file.
struct Versions {
    path: RepoPath,
    before: Version,
    after: Version,
    /// The file after the merge.
    file: Option<SourceFile>,
}

const UNREAD: &str = "what it changes could not be read; the next run tries again";

/// What could not be read gets no success; a notice of the run says why.
pub(crate) fn unread(pull: &OpenPull, error: &RepoError, run: &mut RunState) -> Known {
    run.outcome
        .notices
        .push(format!("the guard could not read {}: {error}", pull.number));
    run.outcome.failed = Some(Exit::Failed);
    Known::Verdict(GuardVerdict::NotRead(UNREAD.to_owned()))
}
