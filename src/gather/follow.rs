//! Following manifests back through history: one walk for the files of all of them, and one more from each commit at which
//! some came from other files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::repo::{Change, ReadObjects, RepoError};

/// Something that is looked for on the way back.
pub(super) trait Search {
    /// The files in which it is looked for at the point that was reached; none once it is answered.
    fn files(&self) -> Vec<&str>;

    /// It cannot be looked for any further.
    fn fail(&mut self, error: &RepoError);
}

/// The answer about a history that the repository could not give.
pub(super) fn unreadable(error: &RepoError) -> LastSet {
    LastSet::Failed {
        why: format!("its history could not be read: {error}"),
        help: None,
    }
}

/// Walks back from `tip` until every search is answered or history ends. `step` examines one commit that changed a file
/// of a search; it returns the parent if the manifest came from another file, so that the search continues there.
pub(super) fn follow<S: Search>(
    repo: &dyn ReadObjects,
    tip: CommitId,
    searches: &mut [S],
    step: &dyn Fn(&mut S, &Change) -> Option<CommitId>,
) {
    let mut from = BTreeMap::from([(tip, (0..searches.len()).collect::<Vec<_>>())]);
    while let Some((start, members)) = from.pop_first() {
        for (member, moved_at) in walk(repo, start, searches, &members, step) {
            from.entry(moved_at).or_default().push(member);
        }
    }
}

/// How a walk continues after a commit.
pub(super) enum Next {
    /// With the next one.
    On,
    /// From this one, which is further back or has other files.
    From(CommitId),
    /// It ends.
    Stop,
}

/// Walks back from a commit for one thing, which is in these `files` at the point that was reached; the walk ends if
/// there are none. It also ends `most` commits after the last one from which it continued.
pub(super) fn follow_one<T>(
    repo: &dyn ReadObjects,
    from: CommitId,
    most: usize,
    thing: &mut T,
    files: &dyn Fn(&T) -> Vec<String>,
    step: &mut dyn FnMut(&mut T, &Change) -> Result<Next, LastSet>,
) -> Result<(), LastSet> {
    let mut start = Some(from);
    while let Some(from) = start.take() {
        let mut paths = files(thing);
        paths.sort();
        paths.dedup();
        let all: Vec<usize> = (0..paths.len()).collect();
        let mut failed = None;
        let walked = repo.walk_changes(&from, &paths, most, &mut |change| {
            match step(thing, change) {
                Ok(Next::On) if !files(thing).is_empty() => return Ok(Vec::new()),
                Ok(Next::On | Next::Stop) => {}
                Ok(Next::From(commit)) => start = Some(commit),
                Err(why) => failed = Some(why),
            }
            Ok(all.clone())
        });
        if let Some(why) = failed {
            return Err(why);
        }
        walked.map_err(|error| unreadable(&error))?;
    }
    Ok(())
}

/// Walks back from `start` for these searches. Returns which of them continue elsewhere, and from where.
fn walk<S: Search>(
    repo: &dyn ReadObjects,
    start: CommitId,
    searches: &mut [S],
    members: &[usize],
    step: &dyn Fn(&mut S, &Change) -> Option<CommitId>,
) -> Vec<(usize, CommitId)> {
    let mut paths: Vec<String> = Vec::new();
    let mut waiting: HashMap<String, Vec<usize>> = HashMap::new();
    let mut own: HashMap<usize, Vec<String>> = HashMap::new();
    for member in members {
        let files: BTreeSet<String> = searches[*member]
            .files()
            .into_iter()
            .map(str::to_owned)
            .collect();
        for file in files {
            let list = waiting.entry(file.clone()).or_default();
            if list.is_empty() {
                paths.push(file.clone());
            }
            list.push(*member);
            own.entry(*member).or_default().push(file);
        }
    }
    let open = |search: &S| !search.files().is_empty();
    let mut elsewhere: Vec<(usize, CommitId)> = Vec::new();
    let mut gone: HashSet<usize> = HashSet::new();
    let walked = repo.walk_changes(&start, &paths, usize::MAX, &mut |change| {
        let touched: BTreeSet<usize> = change
            .paths
            .iter()
            .flat_map(|path| &waiting[&paths[*path]])
            .copied()
            .filter(|member| open(&searches[*member]) && !gone.contains(member))
            .collect();
        let mut settled: BTreeSet<&String> =
            change.paths.iter().map(|path| &paths[*path]).collect();
        for member in touched {
            if let Some(parent) = step(&mut searches[member], change) {
                elsewhere.push((member, parent));
                gone.insert(member);
            }
            if !open(&searches[member]) || gone.contains(&member) {
                settled.extend(own.get(&member).into_iter().flatten());
            }
        }
        let wanted = |path: &String| {
            waiting[path].iter().any(|member| {
                !gone.contains(member) && searches[*member].files().contains(&path.as_str())
            })
        };
        let done: BTreeSet<&String> = settled.into_iter().filter(|path| !wanted(path)).collect();
        Ok((0..paths.len())
            .filter(|index| done.contains(&paths[*index]))
            .collect())
    });
    if let Err(error) = walked {
        for member in members {
            let search = &mut searches[*member];
            if open(search) && !gone.contains(member) {
                search.fail(&error);
            }
        }
    }
    elsewhere
}
