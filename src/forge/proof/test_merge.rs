//! Tests of test merges. A test merge that is read right after opening is always on the base's tip and proves nothing:
//! so the proof's own base branch is moved first, as another merge moves the base of a promotion that waits.

use serde_json::json;

use super::super::error::ForgeError;
use super::super::shapes::id;
use super::Bench;
use super::pulls::LOOKS;
use crate::model::ids::{CommitId, PullNumber};

/// A file that the pull request does not touch, so that nothing conflicts.
const ASIDE: &str = "sluice-proof-aside.txt";

const TEST_MERGE: &str = "query TestMerge($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { \
    pullRequest(number: $number) { mergeable potentialMergeCommit { parents(first: 2) { nodes { oid } } } } } }";

/// What GitHub says of merging a pull request.
struct TestMerge {
    /// GitHub's word for whether it can be merged.
    mergeable: String,
    /// The commit of the base that the test merge is on; `None` before there is one.
    base: Option<CommitId>,
}

impl Bench<'_> {
    /// From here on the proof's base branch is on its own commit; it is deleted at the end.
    pub(super) async fn test_merge_follows_base(&mut self, base: &str) {
        let code = "test-merge-follows-base";
        let Some(number) = self.pull else { return };
        match self.move_base_and_look(number, base).await {
            Ok(Some(seen)) => self.report(code, seen),
            Ok(None) => self.untold(
                code,
                format!("there was no test merge after {LOOKS} attempts"),
            ),
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    async fn move_base_and_look(
        &self,
        number: PullNumber,
        base: &str,
    ) -> Result<Option<String>, ForgeError> {
        let mut look = 1;
        let old = loop {
            if let Some(old) = self.test_merge(number).await?.base {
                break old;
            }
            if look == LOOKS || !self.forge.wait(look).await {
                return Ok(None);
            }
            look += 1;
        };
        let made = self.commit_on_branch(base, &self.live.tip, ASIDE).await?;
        let oid = made["createCommitOnBranch"]["commit"]["oid"].as_str();
        let new: CommitId = id(oid.unwrap_or_default())?;
        for look in 1.. {
            let now = self.test_merge(number).await?;
            let mergeable = now.mergeable;
            match now.base {
                Some(at) if at == new => {
                    let seen =
                        format!("it does: at attempt {look} it is on the new tip ({mergeable})");
                    return Ok(Some(seen));
                }
                _ if look < LOOKS && self.forge.wait(look).await => {}
                Some(at) if at == old => {
                    let seen = format!(
                        "it does not: at attempt {look} it is on the old tip ({mergeable})"
                    );
                    return Ok(Some(seen));
                }
                Some(at) => {
                    let at = at.short();
                    let seen = format!(
                        "at attempt {look} it is on neither tip, but on {at} ({mergeable})"
                    );
                    return Ok(Some(seen));
                }
                None => {
                    let seen = format!(
                        "it disappeared, and at attempt {look} there is none ({mergeable})"
                    );
                    return Ok(Some(seen));
                }
            }
        }
        Ok(None)
    }

    async fn test_merge(&self, number: PullNumber) -> Result<TestMerge, ForgeError> {
        let slug = self.forge.slug();
        let variables = json!({ "owner": slug.owner(), "name": slug.name(), "number": number.0 });
        let operation = "read the test merge";
        let (data, _) = self.forge.query(TEST_MERGE, variables, operation).await?;
        let pull = &data["repository"]["pullRequest"];
        let parent = pull["potentialMergeCommit"]["parents"]["nodes"][0]["oid"].as_str();
        Ok(TestMerge {
            mergeable: pull["mergeable"].as_str().unwrap_or("null").to_owned(),
            base: parent.map(id).transpose()?,
        })
    }
}
