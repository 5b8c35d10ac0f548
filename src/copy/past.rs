//! What brings a target back to how it was: the same comparison, with its own past as the source.
//!
//! Only fields that a promotion of the pair may write are set, whatever else was changed since. A value that did not
//! exist then stays, since nothing ever removes one.

use std::collections::BTreeSet;

use super::compare::values;
use super::comparison::{Comparison, Problem};
use super::pair::Pair;
use crate::model::facts::{Slot, Values};
use crate::model::finding::Severity;
use crate::model::policy::RevisionMode;
use crate::model::rollback::ServiceThen;
use crate::model::service::{Field, Secret, Service};
use crate::yaml::FieldPath;

impl Pair<'_> {
    /// Compares the target with itself as it was.
    pub fn back_to(&self, then: &ServiceThen) -> Comparison {
        let promoted: BTreeSet<_> = self
            .writes()
            .into_iter()
            .map(|write| (write.manifest, write.path))
            .collect();
        let service = self.promoted_part(&then.service);
        let past = Pair {
            source: &service,
            source_secret: then.secret.as_ref(),
            source_files: &then.files,
            // The old text is written as it was: it is not resolved again.
            source_origin: None,
            target_origin: None,
            mode: RevisionMode::Literal,
            ..self.clone()
        };
        let mut comparison = past.compare(None);
        comparison
            .changes
            .retain(|change| promoted.contains(&(change.manifest.clone(), change.path.clone())));
        // A key without a value then is not missing at the source: it is left unchanged, and named below.
        comparison
            .problems
            .retain(|problem| problem.severity == Severity::Error);
        let sets_ref = comparison
            .changes
            .iter()
            .any(|change| change.sets_git_ref());
        if !then.same_origin && sets_ref {
            comparison.problems.push(Problem {
                code: "repository-differs",
                severity: Severity::Error,
                place: self.target.place(self.target.at),
                message: format!(
                    "{} took git from another repository then: its ref would cross repositories",
                    self.target.key.name
                ),
                help: Some("restore repository and ref by hand".to_owned()),
            });
        }
        let before = self.promoted_values(&then.service, then.secret.as_ref());
        let now = self.promoted_values(self.target, self.target_secret);
        let missing = now
            .into_keys()
            .filter(|slot| !before.contains_key(slot))
            .map(|slot| match slot {
                Slot::Key(key) => key,
                slot => slot
                    .own_path()
                    .map(|path| path.to_string())
                    .unwrap_or_default(),
            });
        let stays = missing.map(|what| {
            let name = &self.target.key.name;
            format!("{what} of {name} had no value then, and is left unchanged")
        });
        comparison.skipped.extend(stays);
        comparison
    }

    /// The promoted values of the target, or of what it was.
    pub fn promoted_values(&self, then: &Service, secret: Option<&Secret>) -> Values {
        values(&self.promoted_part(then), secret, self.keys, self.policy)
    }

    /// The manifest as it was, as far as promotions write it: the rest must neither be set nor cause errors.
    fn promoted_part(&self, then: &Service) -> Service {
        let writes = self.writes();
        let own = |path: &FieldPath| {
            let mut writes = writes.iter();
            writes.any(|write| write.manifest == self.target.key && write.path == *path)
        };
        let absent = || Field::Absent { parent: None };
        let promoted = |slot: Slot| slot.own_path().is_some_and(|path| own(&path));
        let mut then = then.clone();
        if !promoted(Slot::GitRef) {
            then.git = None;
        }
        if let Some(helm) = &mut then.helm {
            if !promoted(Slot::HelmVersion) {
                helm.version = absent();
            }
            if !promoted(Slot::HelmChart) {
                helm.chart = absent();
            }
        }
        for (path, field) in self.policy.fields.iter().zip(&mut then.fields) {
            if !own(path.path()) {
                *field = absent();
            }
        }
        then
    }
}
