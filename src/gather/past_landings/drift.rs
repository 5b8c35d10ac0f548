//! Changes to promoted fields made any other way: the manifests that promotions may write are followed back through
//! history, also through moves, and every change of such a field by something other than a landing is recorded.
//!
//! Adding a key counts; creating a manifest does not. Values are compared as a promotion would read them, so a manifest
//! that was only reformatted shows nothing.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use super::asked::{LandingsSearch, words};
use super::fields::{Promoted, PromotedFields, Then, changes};
use crate::gather::lineage::{self, Lineage, Trail};
use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::model::landed::{FieldChange, Unread};
use crate::model::reference::{Kind, ManifestKey};
use crate::repo::{Change, CommitInfo, ReadObjects, RepoError};
use crate::yaml::Located;

/// What a commit is, for the search for drift.
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
    asked: &LandingsSearch<'_>,
    fields: &PromotedFields,
    met: &dyn Fn(&CommitId) -> Met,
) -> Drift {
    let search = Search {
        asked,
        met,
        keys: fields.keys(),
        lineage: RefCell::new(lineage(asked, fields)),
        fields,
        read: Cell::new(0),
    };
    let mut drift = Drift::default();
    let mut followed: Vec<Followed<'_>> = fields
        .manifests
        .iter()
        .map(|((key, file), promoted)| Followed {
            key,
            promoted,
            trail: search.begin(key, promoted, file.as_str()),
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
    trail: Trail,
}

fn lineage<'a>(asked: &LandingsSearch<'a>, fields: &'a PromotedFields<'a>) -> Lineage<'a> {
    let (catalog, resolved) = fields.manifests_of_tip;
    Lineage::new(asked.repo, asked.tip, asked.policy, catalog, resolved)
}

/// How a manifest continues before a commit.
enum Earlier {
    /// In the same file.
    Here,
    /// In another one, under another name or further back: from this commit.
    Elsewhere(CommitId),
    /// It was created there.
    Nowhere,
}

/// The files of this many commits are kept at a time: a file is read again at the next older commit that changed it.
const KEPT: usize = 256;

struct Search<'a> {
    asked: &'a LandingsSearch<'a>,
    met: &'a dyn Fn(&CommitId) -> Met,
    /// Every key that is promoted.
    keys: Vec<Located<String>>,
    lineage: RefCell<Lineage<'a>>,
    fields: &'a PromotedFields<'a>,
    read: Cell<usize>,
}

impl<'a> Search<'a> {
    /// Walks back from `start` for these manifests. Returns which of them continue elsewhere, and from where.
    fn walk(
        &self,
        start: CommitId,
        followed: &mut [Followed<'a>],
        members: &[usize],
        drift: &mut Drift,
    ) -> Vec<(usize, CommitId)> {
        let mut waiting: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for member in members {
            for file in followed[*member].trail.files() {
                waiting.entry(file.to_owned()).or_default().push(*member);
            }
        }
        let paths: Vec<String> = waiting.keys().cloned().collect();
        let mut waiting: Vec<Vec<usize>> = waiting.into_values().collect();
        let mut elsewhere = Vec::new();
        let repo: &dyn ReadObjects = self.asked.repo;
        let walked = repo.walk_changes(&start, &paths, usize::MAX, &mut |change| {
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
                        Earlier::Elsewhere(from) => {
                            elsewhere.push((*member, from));
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
            // The end of a clone is reported once, for all of it.
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
            *self.lineage.borrow_mut() = lineage(self.asked, self.fields);
        }
    }

    /// Looks at one commit that changed the file of a manifest.
    fn step(&self, followed: &mut Followed<'a>, change: &Change, drift: &mut Drift) -> Earlier {
        if change.parent.is_none() {
            return Earlier::Nowhere;
        }
        match self.try_step(followed, change, drift) {
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
        followed: &mut Followed<'a>,
        change: &Change,
        drift: &mut Drift,
    ) -> Result<Earlier, String> {
        let was = followed.trail.clone();
        let stepped = self
            .lineage
            .borrow()
            .step(&mut followed.trail, change)
            .map_err(LastSet::into_why)?;
        let Some(after) = self.then(followed, &stepped.after, &change.commit)? else {
            return Ok(Earlier::Here);
        };
        if let Some(why) = stepped.untold {
            return Err(why);
        }
        let file = was.files().first().copied().unwrap_or_default().to_owned();
        let at = stepped
            .goes_on_at
            .or(change.parent)
            .unwrap_or(change.commit);
        let before = self.then(followed, &stepped.before, &at)?;
        let Some(before) = before else {
            return Ok(Earlier::Nowhere);
        };
        let changes = changes(followed.key, &file, followed.promoted, &before, &after);
        if !changes.is_empty() {
            self.note(&change.commit, changes, drift)?;
        }
        Ok(stepped.goes_on_at.map_or(Earlier::Here, Earlier::Elsewhere))
    }

    fn begin(&self, key: &ManifestKey, promoted: &Promoted, file: &str) -> Trail {
        let one = lineage::naming::Followed {
            key: key.clone(),
            written: promoted.written_namespace.clone(),
            file: file.to_owned(),
        };
        let lineage = self.lineage.borrow();
        match key.kind {
            Kind::Secret => lineage.trail(None, Some(one)),
            _ => lineage.trail(Some(one), None),
        }
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

    /// What the manifest held; `None` if it was not there.
    fn then(
        &self,
        followed: &Followed<'a>,
        then: &lineage::Then,
        commit: &CommitId,
    ) -> Result<Option<Then>, String> {
        if followed.key.kind == Kind::Secret {
            let secret = then.secret.as_ref();
            return secret
                .map(|secret| Then::of_secret(secret, &followed.promoted.slots, commit))
                .transpose();
        }
        let service = then.service.as_ref();
        Ok(service.map(|service| Then::of_service(service, &self.keys, self.asked.policy)))
    }
}
