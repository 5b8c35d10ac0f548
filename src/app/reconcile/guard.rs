//! The guard of `guard: true`: the status `sluice` on every open pull request into the base that is no promotion.
//!
//! Promotions keep their own. Whatever cannot be told gets no success, and nothing is written where the status already
//! says the same in our name.

mod merges;

use std::collections::{BTreeMap, BTreeSet};

use super::Memory;
use super::carry::FLOOR;
use super::turn::{Done, Turn};
use crate::error::{Exit, Failure};
use crate::forge::{CONTEXT, ForgeError, OpenPull, OpenPulls, StatusNow};
use crate::gather;
use crate::model::actor::UserId;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::pull::PromotionBranch;
use crate::plan::guard::GuardVerdict;
use crate::report::escape;
use merges::Guard;

/// So many pull requests are looked at in a run, those first that were touched last.
const MOST_PULLS: usize = 200;
/// GitHub's words if a commit has a thousand statuses of one context.
const FULL: &str = "has reached the maximum number of statuses";
/// So often the whole state is read again because the base moved meanwhile.
const MOST_LATE: u32 = 3;

/// Looks at every other open pull request. `Changed`: the base moved, and everything has to be looked at again.
pub(super) async fn guard(turn: &Turn<'_>, memory: &mut Memory) -> Result<Done, Failure> {
    let world = &turn.seen.world;
    if turn.writes_nothing() || !world.policy.guard || world.policy_finding.is_some() {
        return Ok(Done::Unchanged);
    }
    if !may_go_on(turn, memory) {
        return Ok(Done::Unchanged);
    }
    let forge = &turn.session.forge;
    let base = &turn.seen.snapshot.base;
    let open = match forge.open_pulls(base, CONTEXT, MOST_PULLS).await {
        Ok(open) => open,
        Err(error) => {
            went_wrong(turn, error, memory)?;
            return Ok(Done::Unchanged);
        }
    };
    if open.tip != turn.seen.snapshot.tip.id {
        memory.guarded_late += 1;
        if memory.guarded_late <= MOST_LATE {
            return Ok(Done::Changed);
        }
        memory.outcome.notices.push(format!(
            "{} moves while other pull requests are looked at: the next run says what the guard thinks of them",
            base
        ));
        return Ok(Done::Unchanged);
    }
    if open.total > MOST_PULLS as u64 {
        memory.outcome.notices.push(format!(
            "of {} open pull requests the guard looked at the {MOST_PULLS} that were touched last: the others have no new \
             status",
            open.total
        ));
    }
    let heads = Head::all(turn, &open);
    let verdicts = Guard::new(turn).verdicts(&heads, memory).await?;
    for (head, verdict) in heads.iter().zip(verdicts) {
        if !may_go_on(turn, memory) {
            break;
        }
        match say(turn, head, &verdict, open.viewer).await {
            Ok(()) => {}
            Err(error) if error.said(FULL) => memory.outcome.notices.push(format!(
                "the guard: GitHub takes no further status `{CONTEXT}` on {}, the head of {}, which keeps the one that it has: push a new \
                 commit to that branch",
                head.commit.short(),
                head.numbers()
            )),
            Err(error) => went_wrong(turn, error, memory)?,
        }
    }
    Ok(Done::Unchanged)
}

/// Whether GitHub takes enough more calls, and writing is still allowed.
fn may_go_on(turn: &Turn<'_>, memory: &mut Memory) -> bool {
    let forge = &turn.session.forge;
    if forge.is_read_only() {
        return false;
    }
    let few = forge.remaining().is_some_and(|left| left < FLOOR);
    let notice = format!(
        "GitHub takes less than {FLOOR} more calls for now: the guard leaves the other pull requests as they are"
    );
    if few && !memory.outcome.notices.contains(&notice) {
        memory.outcome.notices.push(notice);
    }
    !few
}

/// What ends the run is returned; anything else is said, and makes it an operational failure.
fn went_wrong(turn: &Turn<'_>, error: ForgeError, memory: &mut Memory) -> Result<(), Failure> {
    match error {
        ForgeError::ReadOnly => return Ok(()),
        ForgeError::Stopped | ForgeError::RateLimited { .. } | ForgeError::Unauthorized(_) => {
            return Err(error.into());
        }
        // One clear error, and no further write in this run.
        ForgeError::Forbidden { .. } if error.said("not accessible by") => {
            turn.session.forge.set_read_only();
        }
        _ => {}
    }
    let failure = Failure::from(error);
    let mut notice = format!("the guard: {}", failure.message);
    for hint in &failure.hints {
        notice.push_str(&format!(" ({hint})"));
    }
    memory.outcome.notices.push(notice);
    memory.outcome.failed = Some(Exit::Failed);
    Ok(())
}

/// A commit that stands at the head of pull requests: they share its status.
struct Head<'p> {
    commit: CommitId,
    pulls: Vec<&'p OpenPull>,
}

impl<'p> Head<'p> {
    /// All heads but those of promotions, and those of which it is not known yet whether they are ones.
    fn all(turn: &Turn<'_>, open: &'p OpenPulls) -> Vec<Self> {
        let snapshot = &turn.seen.snapshot;
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

    fn numbers(&self) -> String {
        let numbers: Vec<String> = self
            .pulls
            .iter()
            .map(|pull| pull.number.to_string())
            .collect();
        numbers.join(", ")
    }
}

fn is_named_like_ours(pull: &OpenPull) -> bool {
    !pull.foreign && pull.branch.starts_with("sluice/")
}

/// Sets the status, unless it says exactly that already in the name of this account. A success of ours on this commit stays while it is
/// only not known whether it still holds: GitHub takes a thousand statuses for a commit, and a base that moves often would use them up.
async fn say(
    turn: &Turn<'_>,
    head: &Head<'_>,
    verdict: &GuardVerdict,
    own: Option<UserId>,
) -> Result<(), ForgeError> {
    let forge = &turn.session.forge;
    let said = match head.pulls.iter().find_map(|pull| pull.said.clone()) {
        Some(said) => said,
        None => {
            let all = forge.statuses(&head.commit).await?;
            let newest = all.into_iter().find(|status| status.context == CONTEXT);
            newest.map(|status| StatusNow {
                state: status.state,
                description: status.description,
                creator: status.creator,
            })
        }
    };
    let ours = said.filter(|said| own.is_some() && said.creator == own);
    let stays = ours.is_some_and(|said| {
        let says = |verdict: &GuardVerdict| {
            said.state == verdict.state()
                && said.description == verdict.description(escape::terminal)
        };
        let not_read = matches!(verdict, GuardVerdict::NotRead(_));
        says(verdict) || (not_read && says(&GuardVerdict::Harmless))
    });
    if stays {
        return Ok(());
    }
    let description = verdict.description(escape::terminal);
    forge
        .say(&head.commit, CONTEXT, verdict.state(), &description)
        .await?;
    Ok(())
}
