//! A promotion before it was judged.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::reason::Reason;
use crate::model::change::Change;
use crate::model::ids::ServiceId;
use crate::model::plan::{SkippedService, Take};
use crate::model::reference::ManifestKey;
use crate::model::rollback::{BackTo, RolledBack};
use crate::model::source_location::RepoPath;
use crate::yaml::FieldPath;

/// What a promotion is made of before its state is known.
#[derive(Default)]
pub(super) struct PromotionDraft {
    pub changes: Vec<Change>,
    pub skipped_services: Vec<SkippedService>,
    pub skipped: Vec<String>,
    pub takes: Vec<Take>,
    pub errors: Vec<(String, Option<String>)>,
    pub holds: Vec<Reason>,
    pub notes: Vec<String>,
    pub ahead: bool,
    pub service_held: bool,
    pub unread: bool,
    /// Whether a value is taken along each of the promotion's edges.
    pub takes_over: BTreeMap<usize, bool>,
    /// Services from which something that changes is taken: the edge, the target's place in its stage, the source.
    pub sources: Vec<(usize, usize, ServiceId)>,
    /// It is not the plan that would be made now.
    pub older: bool,
    /// It is a rollback: the landing to which the stage goes back.
    pub rollback: Option<BackTo>,
    /// When a landing set any of what it changes last.
    pub landed: Option<Timestamp>,
    /// When an ordinary landing along the same edges set any of what it changes last: no rollback, and no emergency.
    pub landed_along: Option<Timestamp>,
    /// The stage went back, and this would undo that.
    pub after_rollback: Option<RolledBack>,
    /// It goes back, and only because a person asked for it.
    pub on_request: bool,
    /// Services whose hotfix this would overwrite.
    pub overwritten_hotfixes: Vec<SkippedService>,
}

impl PromotionDraft {
    /// Two services of a stage may share one `Secret` and copy the same key into it: that is one change. Two values for
    /// one field are an error, because only one of them can be right.
    pub(super) fn merge_equal_changes(&mut self) {
        let mut kept: Vec<Change> = Vec::with_capacity(self.changes.len());
        let mut known: HashMap<(ManifestKey, RepoPath, FieldPath), usize> = HashMap::new();
        for change in std::mem::take(&mut self.changes) {
            let place = (
                change.manifest.clone(),
                change.file.clone(),
                change.path.clone(),
            );
            match known.get(&place) {
                None => {
                    known.insert(place, kept.len());
                    kept.push(change);
                }
                Some(first) if kept[*first].new == change.new => {}
                Some(_) => self.errors.push((
                    format!(
                        "two services of this stage need different values for {} of {}",
                        change.path, change.manifest.name
                    ),
                    Some("name the key in the criteria of only one of them".to_owned()),
                )),
            }
        }
        self.changes = kept;
    }
}
