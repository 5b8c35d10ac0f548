//! Changes to promoted fields that came another way: the manifests that promotions may write are followed back through
//! history, also where they were moved, and every change of such a field by something else than a landing is noted.
//!
//! Adding a key counts; creating a manifest does not. Values are compared as a promotion would read them, so a manifest
//! that was only written anew shows nothing.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use super::fields::{Promoted, PromotedFields, Then, changes};
use super::{AskedOfHistory, words};
use crate::gather::history::past::{Past, Wanted};
use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::model::landed::{FieldChange, Unread};
use crate::model::reference::{Kind, ManifestKey};
use crate::repo::{Change, CommitInfo, ReadObjects, RepoError};
use crate::yaml::Located;

/// What a commit is, for whoever looks for drift.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// A landing: what it changed is its plan.
    Landing,
    /// Anything else.
    Other,
    /// Not to be looked at, nor anything before it.
    Beyond,
}

/// What was found.
#[derive(Default)]
pub(super) struct Drift {
    /// By commit: what it says of itself, and the fields that it changed.
    pub commits: HashMap<CommitId, (CommitInfo, Vec<FieldChange>)>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// Follows all fields back to where their manifests were created.
pub(super) fn find(
    asked: &AskedOfHistory<'_>,
    fields: &PromotedFields,
    met: &dyn Fn(&CommitId) -> Met,
) -> Drift {
    let search = Search {
        asked,
        met,
        keys: fields.keys(),
        past: RefCell::new(Past::new(asked.repo, asked.policy)),
        read: Cell::new(0),
    };
    let mut drift = Drift::default();
    let mut followed: Vec<Followed<'_>> = fields
        .manifests
        .iter()
        .map(|((key, file), promoted)| Followed {
            key,
            promoted,
            file: file.to_string(),
        })
        .collect();
    // Each round walks once for all files; a manifest that was moved is followed from there in another one.
    let mut from = BTreeMap::from([(asked.tip, (0..followed.len()).collect::<Vec<_>>())]);
    while let Some((start, members)) = from.pop_first() {
        for (member, moved_at) in search.walk(start, &mut followed, &members, &mut drift) {
            from.entry(moved_at).or_default().push(member);
        }
    }
    for (_, changes) in drift.commits.values_mut() {
        changes.sort_by(|a, b| (&a.manifest, &a.path).cmp(&(&b.manifest, &b.path)));
    }
    drift
}

/// One manifest on its way back through history.
struct Followed<'a> {
    key: &'a ManifestKey,
    promoted: &'a Promoted,
    /// Where it stood at the point that was reached.
    file: String,
}

impl<'a> Followed<'a> {
    fn wanted(&self) -> Wanted<'a> {
        Wanted::new(self.key, self.promoted.written_namespace.as_deref())
    }
}

/// How a manifest goes on before a commit.
enum Earlier {
    /// In the same file.
    Here,
    /// In another one.
    Elsewhere(String),
    /// It was created there.
    Nowhere,
}

/// So many commits' files are kept at a time: a file is read again at the next older commit that changed it.
const KEPT: usize = 256;

struct Search<'a> {
    asked: &'a AskedOfHistory<'a>,
    met: &'a dyn Fn(&CommitId) -> Met,
    /// Every key that is promoted.
    keys: Vec<Located<String>>,
    past: RefCell<Past<'a>>,
    read: Cell<usize>,
}

impl<'a> Search<'a> {
    /// Walks back from `start` for these manifests. Answers which of them go on elsewhere, and from where.
    fn walk(
        &self,
        start: CommitId,
        followed: &mut [Followed<'a>],
        members: &[usize],
        drift: &mut Drift,
    ) -> Vec<(usize, CommitId)> {
        let mut waiting: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for member in members {
            let file = followed[*member].file.clone();
            waiting.entry(file).or_default().push(*member);
        }
        let paths: Vec<String> = waiting.keys().cloned().collect();
        let mut waiting: Vec<Vec<usize>> = waiting.into_values().collect();
        let mut elsewhere = Vec::new();
        let repo: &dyn ReadObjects = self.asked.repo;
        let walked = repo.walk_changes(&start, &paths, &mut |change| {
            let met = (self.met)(&change.commit);
            if met == Met::Beyond {
                return Ok((0..paths.len()).collect());
            }
            // A landing neither creates nor moves a manifest.
            if met == Met::Landing {
                return Ok(Vec::new());
            }
            self.forget_now_and_then();
            let mut done = Vec::new();
            for path in &change.paths {
                waiting[*path].retain(|member| {
                    match self.step(&mut followed[*member], change, drift) {
                        Earlier::Here => true,
                        Earlier::Nowhere => false,
                        Earlier::Elsewhere(file) => {
                            followed[*member].file = file;
                            elsewhere.extend(change.parent.map(|parent| (*member, parent)));
                            false
                        }
                    }
                });
                if waiting[*path].is_empty() {
                    done.push(*path);
                }
            }
            Ok(done)
        });
        match walked {
            // Where a clone ends is said once, for all of it.
            Ok(()) | Err(RepoError::Shallow { .. }) => {}
            Err(error) => drift.unread.push(Unread {
                commit: None,
                why: words(&error),
            }),
        }
        elsewhere
    }

    fn forget_now_and_then(&self) {
        self.read.set(self.read.get() + 1);
        if self.read.get().is_multiple_of(KEPT) {
            *self.past.borrow_mut() = Past::new(self.asked.repo, self.asked.policy);
        }
    }

    /// Looks at one commit that changed the file of a manifest.
    fn step(&self, followed: &mut Followed<'a>, change: &Change, drift: &mut Drift) -> Earlier {
        let Some(parent) = change.parent else {
            return Earlier::Nowhere;
        };
        match self.try_step(followed, &change.commit, &parent, drift) {
            Ok(earlier) => earlier,
            Err(why) => {
                let unread = Unread {
                    commit: Some(change.commit),
                    why,
                };
                if !drift.unread.contains(&unread) {
                    drift.unread.push(unread);
                }
                Earlier::Here
            }
        }
    }

    fn try_step(
        &self,
        followed: &Followed<'a>,
        commit: &CommitId,
        parent: &CommitId,
        drift: &mut Drift,
    ) -> Result<Earlier, String> {
        let Some(after) = self.at(followed, &followed.file, commit)? else {
            return Ok(Earlier::Here);
        };
        let mut earlier = Earlier::Here;
        let mut before = self.at(followed, &followed.file, parent)?;
        if before.is_none() {
            let past = self.past.borrow();
            let from = past.moved_from(&followed.wanted(), parent, commit);
            earlier = match from.map_err(why)? {
                Some(file) => {
                    drop(past);
                    before = self.at(followed, &file, parent)?;
                    Earlier::Elsewhere(file)
                }
                None => Earlier::Nowhere,
            };
        }
        if let Some(before) = before {
            let changes = changes(
                followed.key,
                &followed.file,
                followed.promoted,
                &before,
                &after,
            );
            if !changes.is_empty() {
                self.note(commit, changes, drift)?;
            }
        }
        Ok(earlier)
    }

    fn note(
        &self,
        commit: &CommitId,
        changes: Vec<FieldChange>,
        drift: &mut Drift,
    ) -> Result<(), String> {
        if !drift.commits.contains_key(commit) {
            let info = self.asked.repo.commit_info(commit);
            let info = info.map_err(|error| words(&error))?;
            drift.commits.insert(*commit, (info, Vec::new()));
        }
        if let Some((_, known)) = drift.commits.get_mut(commit) {
            known.extend(changes);
        }
        Ok(())
    }

    /// The manifest in a file at a commit; `None` where it is not there.
    fn at(
        &self,
        followed: &Followed<'a>,
        file: &str,
        commit: &CommitId,
    ) -> Result<Option<Then>, String> {
        let past = self.past.borrow();
        let wanted = followed.wanted();
        if followed.key.kind == Kind::Secret {
            let secret = past.secret(&wanted, file, commit).map_err(why)?;
            return secret
                .map(|secret| Then::of_secret(&secret, &followed.promoted.slots, commit))
                .transpose();
        }
        let service = past.service(&wanted, file, commit).map_err(why)?;
        Ok(service.map(|service| Then::of_service(&service, &self.keys, self.asked.policy)))
    }
}

fn why(failed: LastSet) -> String {
    match failed {
        LastSet::Failed { why, .. } => why,
        _ => "its history could not be read".to_owned(),
    }
}
