//! Checks the base after a landing: what is there must be what was approved (A25, R-3.12).

use crate::error::Failure;
use crate::model::life::LifeState;
use crate::model::pull::PullState;
use crate::reconcile::landing::Landed;
use crate::reconcile::observe::observation::Observation;
use crate::reconcile::state::RunState;
use crate::session::Session;

/// Whether the landing of the round before can be seen on the base branch.
pub(crate) enum Seen {
    /// It can, or there was none.
    Yes,
    /// GitHub does not show it yet.
    NotYet,
}

/// Looks for the landing of the round before on the base branch, and judges it.
pub(crate) async fn verify(
    session: &Session,
    observation: &Observation,
    run: &mut RunState,
) -> Result<Seen, Failure> {
    let Some(mut landing) = run.landing.take() else {
        return Ok(Seen::Yes);
    };
    let tip = &observation.snapshot.tip;
    let merged = landing.pull.and_then(|number| {
        let pulls = observation
            .snapshot
            .branches
            .iter()
            .flat_map(|branch| &branch.pulls);
        // A pull request that was merged into another branch at the last moment did not land (A26).
        pulls
            .into_iter()
            .find(|pull| pull.number == number && pull.base == observation.snapshot.base)
            .cloned()
    });
    let commit = match merged.as_ref().map(|pull| &pull.state) {
        Some(PullState::Merged { commit, .. }) => *commit,
        // GitHub may have deleted its branch already.
        _ => {
            let mut all = observation.snapshot.merged.iter();
            all.find(|pull| Some(pull.number) == landing.pull)
                .and_then(|pull| pull.commit)
        }
    };
    let commit = landing.commit.or(commit);
    let still_open = merged.as_ref().is_some_and(|pull| pull.is_open());
    if tip.id == landing.tip || still_open {
        // GitHub accepted the merge, but its reads lag behind for a moment.
        if session.forge.wait_for(&mut landing.looks).await {
            run.landing = Some(landing);
            return Ok(Seen::NotYet);
        }
        if still_open {
            // The merge was not applied after all: the next run finds the pull request as it is.
            return Ok(Seen::Yes);
        }
    }
    let repo = session.remotes.here();
    let policy = &observation.repository.policy;
    let landed = if tip.tree == landing.tree {
        Landed::AsApproved
    } else {
        session
            .fetch_until_complete(|| {
                Ok(match commit {
                    Some(commit) => landing.judge(repo, &commit, &tip.id, policy)?,
                    // GitHub names no commit for it: then the files at the tip are compared.
                    None if landing.is_at(repo, &tip.id)? => Landed::AsApproved,
                    None => Landed::Otherwise,
                })
            })
            .await?
    };
    landing.row.why = match landed {
        Landed::AsApproved => "landed".to_owned(),
        Landed::Merged => format!(
            "landed, merged by GitHub with a change that {} received at the same moment",
            observation.snapshot.base
        ),
        Landed::Otherwise => format!(
            "{} does not contain what was approved: compare {} with its plan",
            observation.snapshot.base,
            landing
                .pull
                .map_or_else(|| "the commit".to_owned(), |number| number.to_string())
        ),
    };
    if landed == Landed::Otherwise {
        run.stopped
            .insert(landing.key.pipeline.clone(), landing.row.why.clone());
        landing.row.state = LifeState::Blocked;
        landing.row.next = Some("fix the base branch by hand".to_owned());
        run.failed.insert(landing.key);
    } else {
        landing.row.commit = Some(commit.unwrap_or(tip.id));
        run.landed.insert(landing.key);
        run.landed_plans.insert(landing.plan);
        run.receipts.extend(landing.receipt);
    }
    run.outcome.happened(landing.row);
    Ok(Seen::Yes)
}
