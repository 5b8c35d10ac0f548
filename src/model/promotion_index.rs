//! The index of a promotion, and of a change in it, in one plan.
//!
//! An index means nothing in another plan: what a promotion is called in all of them is its
//! [`PromotionId`](super::promotion_id::PromotionId).

use super::plan::{PipelinePlan, Plan, Promotion};

/// A promotion of one plan. Ordered as the plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PromotionIndex {
    /// Which of [`Plan::pipelines`].
    pub pipeline: usize,
    /// Which of its promotions.
    pub promotion: usize,
}

impl Plan {
    /// The promotion at an index of this plan.
    ///
    /// # Panics
    /// If the index is another plan's.
    pub(crate) fn promotion(&self, at: PromotionIndex) -> &Promotion {
        &self.pipelines[at.pipeline].promotions[at.promotion]
    }

    /// The same, to be changed.
    ///
    /// # Panics
    /// If the index is another plan's.
    pub(crate) fn promotion_mut(&mut self, at: PromotionIndex) -> &mut Promotion {
        &mut self.pipelines[at.pipeline].promotions[at.promotion]
    }

    /// The pipeline of the promotion at an index of this plan.
    ///
    /// # Panics
    /// If the index is another plan's.
    pub(crate) fn pipeline_of(&self, at: PromotionIndex) -> &PipelinePlan {
        &self.pipelines[at.pipeline]
    }

    /// Every promotion with its index, in the plan's order.
    pub(crate) fn promotions(&self) -> impl Iterator<Item = (PromotionIndex, &Promotion)> {
        self.pipelines
            .iter()
            .enumerate()
            .flat_map(|(pipeline, planned)| {
                let promotions = planned.promotions.iter().enumerate();
                promotions.map(move |(promotion, found)| {
                    let at = PromotionIndex {
                        pipeline,
                        promotion,
                    };
                    (at, found)
                })
            })
    }
}
