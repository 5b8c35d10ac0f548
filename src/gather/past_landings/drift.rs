//! Changes to promoted fields that came another way: the manifests that promotions may write are followed back through
//! history, also where they were moved, and every change of such a field by something else than a landing is noted.
//!
//! Adding a key counts; creating a manifest does not. Values are compared as a promotion would read them, so a manifest
//! that was only written anew shows nothing.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{AskedOfHistory, words};
use crate::copy::{Pair, values};
use crate::gather::history::past::{Past, Wanted};
use crate::model::change::Text;
use crate::model::facts::{LastSet, Slot, Values};
use crate::model::ids::CommitId;
use crate::model::landed::{ChangedValues, FieldChange, Unread};
use crate::model::place::RepoPath;
use crate::model::reference::{Kind, ManifestKey};
use crate::model::service::{Secret, SecretField};
use crate::repo::{Change, CommitInfo, ReadObjects, RepoError};
use crate::yaml::{FieldPath, Located};

/// The fields that promotions may write, by manifest.
#[derive(Debug, Default)]
pub struct PromotedFields {
    manifests: BTreeMap<(ManifestKey, RepoPath), Promoted>,
}

/// The promoted fields of one manifest.
#[derive(Debug, Default)]
struct Promoted {
    written_namespace: Option<String>,
    slots: BTreeSet<Slot>,
}

impl PromotedFields {
    /// Adds what a promotion of this pair may write. A key that is copied is looked for wherever the target may have it.
    pub fn add(&mut self, pair: &Pair<'_>) {
        let target = pair.target;
        for write in pair.writes() {
            let slot = slot_of(&write.path, write.manifest.kind);
            let own = (target.key.clone(), target.file.clone());
            let promoted = self.manifests.entry(own).or_default();
            promoted.written_namespace = target.written_namespace.clone();
            promoted.slots.insert(slot.clone());
            if let (Slot::Key(_), Some(secret)) = (&slot, pair.target_secret) {
                let its = (secret.key.clone(), secret.file.clone());
                let promoted = self.manifests.entry(its).or_default();
                promoted.written_namespace = secret.written_namespace.clone();
                promoted.slots.insert(slot);
            }
        }
    }

    /// How many fields there are.
    pub fn count(&self) -> usize {
        let manifests = self.manifests.values();
        manifests.map(|promoted| promoted.slots.len()).sum()
    }
}

fn slot_of(path: &FieldPath, kind: Kind) -> Slot {
    let is = |keys: &[&str]| *path == FieldPath::keys(keys);
    let below_configuration = path.starts_with(&FieldPath::keys(&["spec", "configuration"]));
    match path.last_key() {
        Some(key) if kind == Kind::Secret || below_configuration => Slot::Key(key.to_owned()),
        _ if is(&["spec", "git", "ref"]) => Slot::GitRef,
        _ if is(&["spec", "helm", "version"]) => Slot::HelmVersion,
        _ if is(&["spec", "helm", "chart"]) => Slot::HelmChart,
        _ => Slot::Field(path.clone()),
    }
}

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
    let keys = fields
        .manifests
        .values()
        .flat_map(|promoted| &promoted.slots);
    let keys: BTreeSet<&String> = keys
        .filter_map(|slot| match slot {
            Slot::Key(key) => Some(key),
            _ => None,
        })
        .collect();
    let search = Search {
        asked,
        met,
        keys: keys
            .into_iter()
            .map(|key| Located {
                value: key.clone(),
                at: Default::default(),
            })
            .collect(),
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
            let changes = changes(followed, &before, &after);
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
        Ok(service.map(|service| Then {
            values: values(&service, None, &self.keys, self.asked.policy),
            paths: BTreeMap::new(),
        }))
    }
}

/// A manifest's promoted fields as they were.
struct Then {
    values: Values,
    /// Where keys stand in a `Secret`.
    paths: BTreeMap<Slot, FieldPath>,
}

impl Then {
    /// # Errors
    /// Where a value cannot be told from another.
    fn of_secret(
        secret: &Secret,
        slots: &BTreeSet<Slot>,
        commit: &CommitId,
    ) -> Result<Self, String> {
        let mut then = Self {
            values: Values::new(),
            paths: BTreeMap::new(),
        };
        for slot in slots {
            let Slot::Key(key) = slot else { continue };
            let parts = [("stringData", &secret.string_data), ("data", &secret.data)];
            let found = parts
                .into_iter()
                .find_map(|(part, entries)| Some((part, entries.entries.get(key)?)));
            match found {
                Some((part, SecretField::Value { value, .. })) => {
                    then.values
                        .insert(slot.clone(), Text::Secret(value.clone()));
                    then.paths
                        .insert(slot.clone(), FieldPath::keys(&[part, key]));
                }
                Some((_, SecretField::Unusable { why, .. })) => {
                    return Err(format!(
                        "`{key}` of {} cannot be compared at {}: {why}",
                        secret.key,
                        commit.short()
                    ));
                }
                Some((_, SecretField::Empty(_))) | None => {}
            }
        }
        Ok(then)
    }
}

fn changes(followed: &Followed<'_>, before: &Then, after: &Then) -> Vec<FieldChange> {
    let shown = |text: Option<&Text>| text.and_then(Text::shown).map(str::to_owned);
    followed
        .promoted
        .slots
        .iter()
        .filter(|slot| before.values.get(*slot) != after.values.get(*slot))
        .map(|slot| FieldChange {
            manifest: followed.key.clone(),
            file: followed.file.as_str().into(),
            path: match (slot, after.paths.get(slot).or(before.paths.get(slot))) {
                (_, Some(path)) => path.clone(),
                (Slot::GitRef, _) => FieldPath::keys(&["spec", "git", "ref"]),
                (Slot::HelmVersion, _) => FieldPath::keys(&["spec", "helm", "version"]),
                (Slot::HelmChart, _) => FieldPath::keys(&["spec", "helm", "chart"]),
                (Slot::Key(key), _) => FieldPath::keys(&["spec", "configuration", key]),
                (Slot::Field(path), _) => path.clone(),
            },
            values: match followed.key.kind {
                Kind::Secret => ChangedValues::Secret,
                _ => ChangedValues::Shown {
                    old: shown(before.values.get(slot)),
                    new: shown(after.values.get(slot)),
                },
            },
        })
        .collect()
}

fn why(failed: LastSet) -> String {
    match failed {
        LastSet::Failed { why, .. } => why,
        _ => "its history could not be read".to_owned(),
    }
}
