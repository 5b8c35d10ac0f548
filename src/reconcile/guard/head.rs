//! The heads of open pull requests that are no promotions.

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::{OpenPull, OpenPulls};
use crate::gather;
use crate::model::ids::CommitId;
use crate::model::pull::{PromotionBranch, PullNumber};
use crate::reconcile::round::Round;

/// A commit that stands at the head of pull requests: they share its status.
pub(crate) struct Head<'p> {
    pub(crate) commit: CommitId,
    pub(crate) pulls: Vec<&'p OpenPull>,
}

impl<'p> Head<'p> {
    /// All heads but those of promotions, and those of which it is not known yet whether they are ones.
    pub(crate) fn all(round: &Round<'_>, open: &'p OpenPulls) -> Vec<Self> {
        let snapshot = &round.observation.snapshot;
        let (proposals, _) = gather::proposals(snapshot);
        let promotions: BTreeSet<PullNumber> = proposals
            .iter()
            .filter_map(|proposal| Some(proposal.open(&snapshot.base)?.number))
            .collect();
        let unseen = |pull: &OpenPull| {
            let known =
                |branch: &PromotionBranch| branch.name == pull.branch && branch.tip.id == pull.head;
            is_named_like_ours(pull) && !snapshot.branches.iter().any(known)
        };
        let mut heads: Vec<Self> = Vec::new();
        let mut places: BTreeMap<CommitId, usize> = BTreeMap::new();
        for pull in &open.pulls {
            let place = *places.entry(pull.head).or_insert_with(|| {
                heads.push(Self {
                    commit: pull.head,
                    pulls: Vec::new(),
                });
                heads.len() - 1
            });
            heads[place].pulls.push(pull);
        }
        heads.retain(|head| {
            head.pulls
                .iter()
                .all(|pull| !promotions.contains(&pull.number) && !unseen(pull))
        });
        heads
    }

    pub(crate) fn numbers(&self) -> String {
        let numbers: Vec<String> = self
            .pulls
            .iter()
            .map(|pull| pull.number.to_string())
            .collect();
        numbers.join(", ")
    }
}

pub(crate) fn is_named_like_ours(pull: &OpenPull) -> bool {
    !pull.foreign && pull.branch.starts_with("sluice/")
}
