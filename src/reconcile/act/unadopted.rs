//! What exists under Sluice's names and is not used: pull requests of other accounts, and branches without a pull
//! request.
//!
//! None of it is adopted, whatever it contains: anyone can compute a record. It does not stop a run either.

use jiff::SignedDuration;

use crate::error::Failure;
use crate::forge::{ForgeError, Push, Writer};
use crate::model::pull::PromotionBranch;
use crate::model::wire_words::TEMPORARY_BRANCHES;
use crate::reconcile::act::result::ends_the_run;
use crate::reconcile::round::Round;
use crate::reconcile::state::RunState;

/// At most this many pull requests or branches are named, or looked at, in a run.
const MAX_NAMED: usize = 5;
/// A branch without a pull request is left alone for this long: the run that created it may still be in progress.
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
                "{} is from the branch {}, but was opened by {by}, not by Sluice: it is left alone, and promotes nothing",
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

    /// Names our pull requests whose base someone changed to another branch.
    pub(crate) fn name_moved_bases(&self, run: &mut RunState) {
        let base = &self.observation.snapshot.base;
        let pulls = self.observation.snapshot.branches.iter();
        let pulls = pulls.flat_map(|branch| &branch.pulls);
        let moved =
            pulls.filter(|pull| pull.is_open() && pull.own && !pull.foreign && pull.base != *base);
        for pull in moved.take(MAX_NAMED) {
            run.note(format!(
                "someone changed the base of {} to {}: it promotes nothing any more; change it back to {base}, or close it",
                pull.number, pull.base
            ));
        }
    }

    /// Deletes branches without a pull request that this account created more than a day ago and that are still where it
    /// left them. With a workflow's own token they are only counted: it cannot tell its
    /// branches from those of other workflows.
    pub(crate) async fn delete_orphans(
        &self,
        writer: &Writer,
        run: &mut RunState,
    ) -> Result<(), Failure> {
        let now = self.observation.now;
        let branches = self.observation.snapshot.branches.iter();
        // A committer date can be forged: it only saves reading the push log.
        let old = |branch: &&PromotionBranch| now.duration_since(branch.tip.committed) > KEPT;
        let orphans: Vec<&PromotionBranch> = branches
            .filter(|branch| {
                branch.pulls.is_empty() && !branch.name.starts_with(TEMPORARY_BRANCHES)
            })
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
                "{}: delete by hand what no one needs (only an App's token can determine whose they are)",
                without_pull(orphans.len())
            ));
            return Ok(());
        }
        for branch in orphans.into_iter().take(MAX_NAMED) {
            if let Err(error) = self.delete_orphan(writer, branch, own.id).await {
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
        writer: &Writer,
        branch: &PromotionBranch,
        own: Option<u64>,
    ) -> Result<(), ForgeError> {
        let forge = &self.session.forge;
        let (pushes, more) = forge.pushes(&branch.name, 1).await?;
        if !more && self.is_as_created(&pushes, branch, own) {
            let node = &self.observation.snapshot.node;
            writer
                .delete_branch(node, &branch.name, &branch.tip.id)
                .await?;
        }
        Ok(())
    }

    /// Whether the pushes to a branch, the newest first, are nothing but what this account did when it created it, long enough ago:
    /// the creation, and the commit on it if that came after.
    fn is_as_created(&self, pushes: &[Push], branch: &PromotionBranch, own: Option<u64>) -> bool {
        let Some((newest, created)) = pushes.first().zip(pushes.last()) else {
            return false;
        };
        let ours = |push: &Push| {
            let by = push.by.as_ref().and_then(|by| by.id);
            by.is_some() && by == own && self.observation.now.duration_since(push.at) > KEPT
        };
        pushes.len() <= 2
            && pushes.iter().all(ours)
            && created.before.bytes().all(|byte| byte == b'0')
            && (pushes.len() == 1 || newest.before == created.after)
            && newest.after == branch.tip.id.to_string()
    }
}
