//! Creates the labels that promotions use, and removes approval labels that do not count.
//! [`crate::reconcile::state::labels`] says when a label is created.

use std::collections::BTreeMap;

use crate::forge::{ForgeError, Writer};
use crate::model::label::{NewLabel, approve_label};
use crate::model::promotion_index::PromotionIndex;
use crate::plan::delivery::Decision;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

impl Round<'_> {
    /// Creates those of these labels that the repository lacks and that this run has not tried to create. It never
    /// fails: what could not be created becomes a notice.
    pub(crate) async fn create_labels(
        &self,
        writer: &Writer,
        wanted: &[NewLabel],
        run: &mut RunState,
    ) {
        let snapshot = &self.observation.snapshot;
        for label in wanted {
            if !run.labels.may_create(snapshot, &label.name) || run.lost.stops() {
                continue;
            }
            let key = label.name.to_ascii_lowercase();
            let labels = &mut run.labels;
            match writer.create_label(label).await {
                Ok(()) => {
                    labels.created.insert(key);
                }
                Err(ForgeError::Forbidden { said, .. }) => labels.forbidden = Some(said),
                Err(error @ ForgeError::NotFound { .. }) => {
                    labels.forbidden = Some(error.reason());
                }
                Err(error @ ForgeError::Refused { .. }) => {
                    labels.refused.insert(key);
                    let what = format!("the label {} could not be created", label.name);
                    run.lose(&what, &error);
                }
                Err(error) => {
                    labels.uncertain.insert(key);
                    let what = format!("the label {} could not be created", label.name);
                    run.lose(&what, &error);
                }
            }
        }
        run.labels.note_missing(snapshot, wanted);
    }
}

impl Round<'_> {
    /// Removes approval labels that were added before the current head was pushed, each at most once per run. Whether
    /// there were any. Nothing depends on it: such a label does not count anyway.
    pub(crate) async fn take_stale_labels_off(
        &self,
        writer: &Writer,
        decisions: &BTreeMap<PromotionIndex, Decision>,
        run: &mut RunState,
    ) -> bool {
        let mut any = false;
        for (place, decision) in decisions {
            let standing = decision
                .active_pull
                .and_then(|number| self.assessment.candidate(*place, number));
            let Some(candidate) = standing else { continue };
            let gates = candidate
                .reassessed
                .iter()
                .flat_map(|reassessed| &reassessed.gates);
            for gate in gates.filter(|gate| gate.stale_label) {
                let label = approve_label(&gate.edge.to, &gate.name);
                let number = candidate.pull.number;
                if run.lost.stops() || !run.unlabeled.insert((number, label.clone())) {
                    continue;
                }
                match writer.remove_label(number, &label).await {
                    Ok(()) => any = true,
                    Err(error) => run.lose("a stale label could not be removed", &error),
                }
            }
        }
        any
    }
}
