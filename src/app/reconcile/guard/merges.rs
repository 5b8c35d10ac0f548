//! What merging each pull request would change, read and judged.
//!
//! Everything is asked for side by side: history as far back as the merge bases, then the folders that differ, then the files.

mod budget;

use std::collections::{BTreeMap, BTreeSet};

use super::{Head, is_named_like_ours};
use crate::app::reconcile::Memory;
use crate::app::reconcile::turn::Turn;
use crate::catalog::{
    SourceFile, Version, changed_file, load, may_matter, resolve_pipelines, same_shape, wants_file,
};
use crate::error::{Exit, Failure};
use crate::forge::OpenPull;
use crate::gather::{self, MergedFile, MergedPath, Untold};
use crate::model::catalog::MayHold;
use crate::model::guard::{ChangedFile, GateFile, Gated};
use crate::model::ids::PullNumber;
use crate::model::place::RepoPath;
use crate::plan::guard::{GuardVerdict, Merge, Touch, Touched, gate_files, gated, judge};
use crate::repo::RepoError;

/// A pull request of more files is not judged: GitHub itself shows no more.
const MOST_FILES: u64 = 3_000;

/// What is the same for all pull requests.
pub(super) struct Guard<'a> {
    turn: &'a Turn<'a>,
    gated: Gated,
    gate_files: BTreeMap<RepoPath, GateFile>,
    /// A file at the base's tip that may hold pipelines and cannot be read.
    unread: Option<&'a RepoPath>,
}

/// What is known about one pull request.
enum Known {
    Verdict(GuardVerdict),
    Paths(Vec<MergedPath>),
}

impl<'a> Guard<'a> {
    pub(super) fn new(turn: &'a Turn<'a>) -> Self {
        let (world, evaluation) = (&turn.seen.world, &turn.seen.evaluation);
        let catalog = &evaluation.catalog;
        let unread = catalog
            .unread
            .iter()
            .find(|file| file.is_broken() && file.may_hold == MayHold::Ours);
        Self {
            turn,
            gated: gated(catalog, &world.policy, &evaluation.resolved),
            gate_files: gate_files(&world.policy, &world.policy_file),
            unread: unread.map(|file| &file.file),
        }
    }

    /// The verdict on each head: of several pull requests the worst.
    pub(super) async fn verdicts(
        &self,
        heads: &[Head<'_>],
        memory: &mut Memory,
    ) -> Result<Vec<GuardVerdict>, Failure> {
        let pulls: Vec<&OpenPull> = heads.iter().flat_map(|head| head.pulls.clone()).collect();
        let mut known = self.paths(&pulls, memory).await?;
        self.leave_out_what_is_too_much(&pulls, &mut known, memory)
            .await?;
        let mut verdicts = self.judge_all(&pulls, known, memory).await?;
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

    /// What each pull request would change, as far as that has to be looked at.
    async fn paths(&self, pulls: &[&OpenPull], memory: &mut Memory) -> Result<Vec<Known>, Failure> {
        let session = self.turn.session;
        let tip = self.turn.seen.snapshot.tip.id;
        let base = &self.turn.seen.snapshot.base;
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
            if pull.files > MOST_FILES {
                return unknown(format!(
                    "it changes {} files, more than {MOST_FILES}: too many to be judged",
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
            .settle(|| Ok(pulls.iter().map(|pull| read(pull)).collect::<Vec<_>>()))
            .await?;
        let with = pulls.iter().zip(found);
        Ok(with
            .map(|(pull, found)| found.unwrap_or_else(|error| unread(pull, &error, memory)))
            .collect())
    }

    fn wants(&self, path: &str) -> bool {
        wants_file(path, &self.turn.seen.world.policy)
    }

    /// Whether it matters what a merge makes of a path.
    fn is_judged(&self, path: &str) -> bool {
        self.wants(path) || self.gate_files.contains_key(&RepoPath::from(path))
    }

    fn untold(&self, why: Untold) -> Known {
        let base = &self.turn.seen.snapshot.base;
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
                "the commit {} merges more branches than GitHub tells: merge {base} into its branch",
                commit.short()
            ),
        }))
    }

    async fn judge_all(
        &self,
        pulls: &[&OpenPull],
        known: Vec<Known>,
        memory: &mut Memory,
    ) -> Result<BTreeMap<PullNumber, GuardVerdict>, Failure> {
        let session = self.turn.session;
        let repo = session.remotes.here();
        let read = |known: &Known| match known {
            Known::Verdict(_) => Ok(Ok(Vec::new())),
            Known::Paths(paths) => gather::merged_files(repo, paths, |path| self.wants(path)),
        };
        let files = session
            .settle(|| Ok(known.iter().map(read).collect::<Vec<_>>()))
            .await?;
        let mut verdicts = BTreeMap::new();
        for ((pull, known), files) in pulls.iter().zip(known).zip(files) {
            let known = match (known, files) {
                (Known::Paths(_), Ok(Ok(files))) => Known::Verdict(self.judge(files)),
                (Known::Paths(_), Ok(Err(why))) => self.untold(why),
                (Known::Paths(_), Err(error)) => unread(pull, &error, memory),
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
            let before = self.turn.seen.world.file(&path);
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
            return GuardVerdict::Unknown(budget::too_many_nodes());
        };
        let verdict = self.compare(&gate_files, &versions, None);
        if verdict != GuardVerdict::Harmless || versions.is_empty() {
            return verdict;
        }
        if let Some(file) = self.unread {
            let base = &self.turn.seen.snapshot.base;
            let why =
                format!("{file} on {base} cannot be read, so that nobody can tell what is gated");
            return GuardVerdict::Unknown(why);
        }
        let same = |one: &Versions| same_shape(&one.before, &one.after);
        if versions.iter().all(same) {
            return verdict;
        }
        // What is gated may be something else once this is merged: by that, too, nothing may have been set by hand.
        let after = self.gated_after(&versions);
        self.compare(&gate_files, &versions, Some(&after))
    }

    /// Parses each version once; `None` if they have more nodes than are judged.
    fn read(&self, changed: Vec<Changed<'_>>) -> Option<Vec<Versions>> {
        let policy = &self.turn.seen.world.policy;
        let mut nodes = 0;
        let mut versions = Vec::with_capacity(changed.len());
        for (path, before, file) in changed {
            let read = |file: Option<&SourceFile>| {
                file.map_or(Version::NONE, |file| Version::read(file, policy))
            };
            let (before, after) = (read(before), read(file.as_ref()));
            nodes += before.nodes() + after.nodes();
            if nodes > budget::MOST_NODES {
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
        let world = &self.turn.seen.world;
        let changed: BTreeSet<&RepoPath> = versions.iter().map(|version| &version.path).collect();
        let files: Vec<SourceFile> = world
            .files
            .iter()
            .filter(|file| !changed.contains(&file.path))
            .chain(versions.iter().filter_map(|version| version.file.as_ref()))
            .cloned()
            .collect();
        let catalog = load(&files, &world.policy);
        let resolved = resolve_pipelines(&catalog, &world.here);
        gated(&catalog, &world.policy, &resolved)
    }
}

/// A manifest file that a merge changes: as it stands at the base's tip, and afterwards.
type Changed<'a> = (RepoPath, Option<&'a SourceFile>, Option<SourceFile>);

/// Both versions of a manifest file.
struct Versions {
    path: RepoPath,
    before: Version,
    after: Version,
    /// The file afterwards.
    file: Option<SourceFile>,
}

const UNREAD: &str = "what it changes could not be read; the next run tries again";

/// What could not be read is no success; why stands in the run.
fn unread(pull: &OpenPull, error: &RepoError, memory: &mut Memory) -> Known {
    memory
        .outcome
        .notices
        .push(format!("the guard could not read {}: {error}", pull.number));
    memory.outcome.failed = Some(Exit::Failed);
    Known::Verdict(GuardVerdict::NotRead(UNREAD.to_owned()))
}
