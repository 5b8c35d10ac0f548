//! What stands under Sluice's names and is not used: pull requests of other accounts, and branches without a pull request.
//!
//! Nothing here is adopted, whatever it holds: a record can be computed by anybody. It stops nothing either.

use jiff::SignedDuration;

use crate::error::Failure;
use crate::execute::TEMPORARY;
use crate::forge::ForgeError;
use crate::model::pull::PromotionBranch;
use crate::reconcile::act::result::ends_the_run;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

/// At most this many pull requests or branches are named, or looked at, in a run.
const MAX_NAMED: usize = 5;
/// A branch without a pull request is left alone for this long: the run that made it may still be under way.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

fn without_pull(count: usize) -> String {
    match count {
        1 => "1 old branch under sluice/ has no pull request".to_owned(),
        several => format!("{several} old branches under sluice/ have no pull request"),
    }
}

impl Round<'_> {
    /// Names the pull requests that other accounts opened from branches under Sluice's names.
    pub(crate) fn name_foreign_pulls(&self, run: &mut RunState) {
        let all = &self.assessment.all_foreign;
        for pull in all.iter().take(MAX_NAMED) {
            let by = pull.author.as_ref();
            let by = by.map_or("a deleted account", |author| author.login.as_str());
            run.note(format!(
                "{} comes from the branch {}, and {by} opened it, not Sluice: it is left alone, and promotes nothing",
                pull.number, pull.branch
            ));
        }
        if all.len() > MAX_NAMED {
            run.note(format!(
                "pull requests of other accounts from branches under sluice/ that are not named here: {}",
                all.len() - MAX_NAMED
            ));
        }
    }

    /// Names the pull requests of ours that lead into another branch than the one that is promoted on: somebody changed their base.
    pub(crate) fn name_moved_bases(&self, run: &mut RunState) {
        let base = &self.observation.snapshot.base;
        let pulls = self.observation.snapshot.branches.iter();
        let pulls = pulls.flat_map(|branch| &branch.pulls);
        let moved =
            pulls.filter(|pull| pull.is_open() && pull.own && !pull.foreign && pull.base != *base);
        for pull in moved.take(MAX_NAMED) {
            run.note(format!(
                "somebody changed the base of {} to {}: it promotes nothing any more; change it back to {base}, or close it",
                pull.number, pull.base
            ));
        }
    }

    /// Deletes branches without a pull request that this account made more than a day ago and that still are at the commit with which it made
    /// them. A workflow's own token cannot tell its branches from those of other workflows: they are counted.
    pub(crate) async fn delete_orphans(&self, run: &mut RunState) -> Result<(), Failure> {
        let now = self.observation.now;
        let branches = self.observation.snapshot.branches.iter();
        // A committer's date may be forged: it only spares a look at the log of pushes.
        let old = |branch: &&PromotionBranch| now.duration_since(branch.tip.committed) > KEPT;
        let orphans: Vec<&PromotionBranch> = branches
            .filter(|branch| branch.pulls.is_empty() && !branch.name.starts_with(TEMPORARY))
            .filter(old)
            .collect();
        if orphans.is_empty() {
            return Ok(());
        }
        let own = match self.session.own().await {
            Ok(own) => own,
            Err(why) => {
                run.note(format!("{} and stay: {why}", without_pull(orphans.len())));
                return Ok(());
            }
        };
        if own.is_workflow() {
            run.note(format!(
                "{}: delete by hand what nobody needs (only an App's token can tell whose they are)",
                without_pull(orphans.len())
            ));
            return Ok(());
        }
        for branch in orphans.into_iter().take(MAX_NAMED) {
            if let Err(error) = self.delete_orphan(branch, own.id).await {
                if ends_the_run(&error) {
                    return Err(error.into());
                }
                run.note(format!(
                    "the branch {} has no pull request, and could not be deleted: {}",
                    branch.name,
                    error.reason()
                ));
            }
        }
        Ok(())
    }

    async fn delete_orphan(
        &self,
        branch: &PromotionBranch,
        own: Option<u64>,
    ) -> Result<(), ForgeError> {
        let forge = &self.session.forge;
        let (pushes, more) = forge.pushes(&branch.name, 1).await?;
        let head = branch.tip.id.to_string();
        let made_here = match &pushes[..] {
            [only] => {
                let by = only.by.as_ref().and_then(|by| by.id);
                only.before.bytes().all(|byte| byte == b'0')
                    && only.after == head
                    && by.is_some()
                    && by == own
                    && self.observation.now.duration_since(only.at) > KEPT
            }
            _ => false,
        };
        if !more && made_here {
            let node = &self.observation.snapshot.node;
            forge
                .delete_branch(node, &branch.name, &branch.tip.id)
                .await?;
        }
        Ok(())
    }
}
