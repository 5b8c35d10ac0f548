//! The fields that promotions may write, what was in them, and how two points of history differ in them.

use std::collections::{BTreeMap, BTreeSet};

use crate::copy::{Pair, values};
use crate::model::catalog::Catalog;
use crate::model::change::Text;
use crate::model::facts::{Slot, Values};
use crate::model::ids::CommitId;
use crate::model::landed::{ChangedValues, FieldChange};
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::model::resolved::ResolvedPipeline;
use crate::model::service::{Secret, SecretField, Service};
use crate::model::source_location::RepoPath;
use crate::yaml::{FieldPath, Located, Position};

/// The fields that promotions may write, by manifest.
#[derive(Debug)]
pub(crate) struct PromotedFields<'a> {
    pub(super) manifests: BTreeMap<(ManifestKey, RepoPath), Promoted>,
    /// The manifests of the tip, and their references looked up.
    pub(super) manifests_of_tip: (&'a Catalog, &'a [ResolvedPipeline]),
}

/// The promoted fields of one manifest.
#[derive(Debug, Default)]
pub(super) struct Promoted {
    /// `metadata.namespace` as the file has it.
    pub written_namespace: Option<String>,
    /// The fields.
    pub slots: BTreeSet<Slot>,
    /// Keys that some side keeps in a `Secret`: not shown where they are in plain text either.
    pub hidden: BTreeSet<Slot>,
}

impl<'a> PromotedFields<'a> {
    /// None yet, of these manifests.
    pub(crate) fn new(catalog: &'a Catalog, resolved: &'a [ResolvedPipeline]) -> Self {
        Self {
            manifests: BTreeMap::new(),
            manifests_of_tip: (catalog, resolved),
        }
    }

    /// Adds what a promotion of this pair may write. A key that is copied is looked for wherever the target may have it.
    pub(crate) fn add(&mut self, pair: &Pair<'_>) {
        let target = pair.target;
        for write in pair.writes() {
            let slot = slot_of(&write.path, write.manifest.kind);
            let own = (target.key.clone(), target.file.clone());
            let promoted = self.manifests.entry(own).or_default();
            promoted.written_namespace = target.written_namespace.clone();
            promoted.slots.insert(slot.clone());
            if let Slot::Key(key) = &slot
                && [pair.source_secret, pair.target_secret]
                    .into_iter()
                    .flatten()
                    .any(|secret| holds(secret, key))
            {
                promoted.hidden.insert(slot.clone());
            }
            if let (Slot::Key(_), Some(secret)) = (&slot, pair.target_secret) {
                let its = (secret.key.clone(), secret.file.clone());
                let promoted = self.manifests.entry(its).or_default();
                promoted.written_namespace = secret.written_namespace.clone();
                promoted.slots.insert(slot);
            }
        }
    }

    /// Every key that is promoted.
    pub(super) fn keys(&self) -> Vec<Located<String>> {
        let promoted = self.manifests.values();
        let slots = promoted.flat_map(|promoted| &promoted.slots);
        let keys: BTreeSet<&String> = slots
            .filter_map(|slot| match slot {
                Slot::Key(key) => Some(key),
                _ => None,
            })
            .collect();
        let located = |key: &String| Located {
            value: key.clone(),
            at: Position::default(),
        };
        keys.into_iter().map(located).collect()
    }

    /// How many fields there are.
    pub(crate) fn count(&self) -> usize {
        let manifests = self.manifests.values();
        manifests.map(|promoted| promoted.slots.len()).sum()
    }
}

fn holds(secret: &Secret, key: &str) -> bool {
    secret.string_data.entries.contains_key(key) || secret.data.entries.contains_key(key)
}

/// The field that a path of a manifest of this kind is.
pub(in crate::gather) fn slot_of(path: &FieldPath, kind: Kind) -> Slot {
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

/// A manifest's promoted fields as they were.
pub(super) struct Then {
    values: Values,
    /// Where keys are in a `Secret`.
    paths: BTreeMap<Slot, FieldPath>,
}

impl Then {
    /// The fields of a service.
    pub(super) fn of_service(service: &Service, keys: &[Located<String>], policy: &Policy) -> Self {
        Self {
            values: values(service, None, keys, policy),
            paths: BTreeMap::new(),
        }
    }

    /// The keys of a `Secret`.
    ///
    /// # Errors
    /// A value that cannot be distinguished from another.
    pub(super) fn of_secret(
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

/// What a manifest's promoted fields became in a commit; `file` holds it there.
pub(super) fn changes(
    key: &ManifestKey,
    file: &str,
    promoted: &Promoted,
    before: &Then,
    after: &Then,
) -> Vec<FieldChange> {
    let shown = |text: Option<&Text>| text.and_then(Text::shown).map(str::to_owned);
    promoted
        .slots
        .iter()
        .filter(|slot| before.values.get(*slot) != after.values.get(*slot))
        .map(|slot| FieldChange {
            manifest: key.clone(),
            file: file.into(),
            path: match (slot, after.paths.get(slot).or(before.paths.get(slot))) {
                (_, Some(path)) => path.clone(),
                (Slot::GitRef, _) => FieldPath::keys(&["spec", "git", "ref"]),
                (Slot::HelmVersion, _) => FieldPath::keys(&["spec", "helm", "version"]),
                (Slot::HelmChart, _) => FieldPath::keys(&["spec", "helm", "chart"]),
                (Slot::Key(name), _) => FieldPath::keys(&["spec", "configuration", name]),
                (Slot::Field(path), _) => path.clone(),
            },
            values: match key.kind {
                Kind::Secret => ChangedValues::Secret,
                _ if promoted.hidden.contains(slot) => ChangedValues::Secret,
                _ => ChangedValues::Shown {
                    old: shown(before.values.get(slot)),
                    new: shown(after.values.get(slot)),
                },
            },
        })
        .collect()
}
