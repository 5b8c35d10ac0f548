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
use crate::forge::{CONTEXT, ForgeError, OpenPull, OpenPulls, StatusNow, Trial};
use crate::gather;
use crate::model::evidence::UserId;
use crate::model::ids::CommitId;
use crate::model::pull::{PromotionBranch, PullNumber, RemoteCommit};
use crate::plan::guard::GuardVerdict;
use crate::report::escape;
use merges::Guard;

/// So many pull requests are looked at in a run, those first that were touched last.
const MOST_PULLS: usize = 200;
/// Waits for trials of merges that GitHub has not made yet, in seconds.
const WAITS: [u32; 3] = [1, 2, 4];
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
    let open = match open_pulls(turn).await {
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
            turn.seen.snapshot.base
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
        if let Err(error) = say(turn, head, &verdict, open.viewer).await {
            went_wrong(turn, error, memory)?;
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

/// The open pull requests, once GitHub has tried their merges, or does not come to it in time.
async fn open_pulls(turn: &Turn<'_>) -> Result<OpenPulls, ForgeError> {
    let forge = &turn.session.forge;
    let snapshot = &turn.seen.snapshot;
    let mut waits = WAITS.iter();
    loop {
        let open = forge
            .open_pulls(&snapshot.base, CONTEXT, MOST_PULLS)
            .await?;
        let waiting = open.tip == snapshot.tip.id
            && Head::all(turn, &open)
                .iter()
                .flat_map(|head| &head.pulls)
                .any(|pull| matches!(trial(&snapshot.tip.id, pull), Tried::NotYet));
        match waits.next() {
            Some(seconds) if waiting && forge.wait(*seconds).await => {}
            _ => return Ok(open),
        }
    }
}

/// What a merge into the tip would give.
enum Tried<'p> {
    Commit(&'p RemoteCommit),
    Conflicts,
    NotYet,
}

fn trial<'p>(tip: &CommitId, pull: &'p OpenPull) -> Tried<'p> {
    match &pull.merge {
        Trial::Commit(commit) if commit.parents == [*tip, pull.head] => Tried::Commit(commit),
        Trial::Conflicts => Tried::Conflicts,
        // Also a trial on an older tip.
        Trial::Commit(_) | Trial::Unknown => Tried::NotYet,
    }
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
}

fn is_named_like_ours(pull: &OpenPull) -> bool {
    !pull.foreign && pull.branch.starts_with("sluice/")
}

/// Sets the status, unless it says exactly that already in the name of this account.
async fn say(
    turn: &Turn<'_>,
    head: &Head<'_>,
    verdict: &GuardVerdict,
    own: Option<UserId>,
) -> Result<(), ForgeError> {
    let forge = &turn.session.forge;
    let description = verdict.description(escape::terminal);
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
    let same = said.is_some_and(|said| {
        said.state == verdict.state()
            && said.description == description
            && own.is_some()
            && said.creator == own
    });
    if same {
        return Ok(());
    }
    forge
        .say(&head.commit, CONTEXT, verdict.state(), &description)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trial_of_this_head_on_this_tip_tells_what_a_merge_would_give() {
        let id = |digit: &str| -> CommitId { digit.repeat(40).parse().unwrap() };
        let (tip, head, older) = (id("1"), id("2"), id("3"));
        let pull = |merge| OpenPull {
            number: PullNumber(1),
            head,
            branch: "x".to_owned(),
            foreign: false,
            own: false,
            files: 1,
            merge,
            said: None,
        };
        let of_parents = |parents: &[CommitId]| {
            pull(Trial::Commit(RemoteCommit {
                id: id("4"),
                tree: "5".repeat(40).parse().unwrap(),
                parents: parents.to_vec(),
                message: String::new(),
                author: String::new(),
                authored: jiff::Timestamp::UNIX_EPOCH,
                committed: jiff::Timestamp::UNIX_EPOCH,
            }))
        };
        let told = of_parents(&[tip, head]);
        assert!(matches!(trial(&tip, &told), Tried::Commit(_)));
        for parents in [
            vec![older, head],
            vec![tip, older],
            vec![head, tip],
            vec![tip],
            vec![tip, head, older],
            vec![],
        ] {
            assert!(
                matches!(trial(&tip, &of_parents(&parents)), Tried::NotYet),
                "{parents:?}"
            );
        }
        let conflicts = pull(Trial::Conflicts);
        assert!(matches!(trial(&tip, &conflicts), Tried::Conflicts));
        assert!(matches!(trial(&tip, &pull(Trial::Unknown)), Tried::NotYet));
    }
}
