//! The heads of open pull requests that are not promotions.

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::{OpenPull, OpenPulls};
use crate::gather;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::pull::PromotionBranch;
use crate::model::wire_words::BRANCHES;
use crate::reconcile::round::Round;

/// A commit that is the head of one or several pull requests, which share its status.
pub(crate) struct Head<'p> {
    /// The commit.
    pub(crate) commit: CommitId,
    /// The pull requests, at least one.
    pub(crate) pulls: Vec<&'p OpenPull>,
}

impl<'p> Head<'p> {
    /// All heads except those of promotions, and those that may be promotions but are not in the snapshot yet.
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

    /// The numbers of its pull requests, for a message.
    pub(crate) fn numbers(&self) -> String {
        let numbers: Vec<String> = self
            .pulls
            .iter()
            .map(|pull| pull.number.to_string())
            .collect();
        numbers.join(", ")
    }
}

/// Whether a pull request comes from a branch of this repository under Sluice's names.
pub(crate) fn is_named_like_ours(pull: &OpenPull) -> bool {
    !pull.foreign && pull.branch.starts_with(BRANCHES)
}
