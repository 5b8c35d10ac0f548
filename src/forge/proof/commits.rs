//! What is proved about commits and refs; also the order in which everything that writes is tried.

use base64::Engine;
use http::Method;
use serde_json::{Value, json};

use super::super::error::ForgeError;
use super::super::git::NewFile;
use super::super::new_branch::{BranchWithCommit, NewBranch};
use super::super::refs::RefWrite;
use super::super::shapes::id;
use super::Bench;
use crate::model::ids::{CommitId, TreeId};

/// The file that the proof's commits hold.
const FILE: &str = "sluice-proof.txt";

/// Two commits on the tip that know nothing of each other.
pub(super) struct ProofCommits {
    pub one: CommitId,
    pub other: CommitId,
}

impl Bench<'_> {
    /// Everything that writes. `Err` if it could not continue.
    pub(super) async fn write(&mut self) -> Result<(), ForgeError> {
        let snapshot = self.forge.snapshot().await?;
        let made = self.commits().await?;
        let (base, head) = (self.branch("base"), self.branch("head"));
        self.create(&base, &self.live.tip).await?;
        self.create(&head, &made.one).await?;
        self.ref_exists(&head, &made).await;
        self.history_file(&made).await;
        self.pulls(snapshot.repository, &base, &head, &made).await;
        self.fast_forward_only(&head, &made).await;
        self.stale_update_refs(&snapshot.node, &base, &made).await;
        self.create_by_update_refs(&snapshot.node, &made).await;
        self.branch_with_commit(&snapshot.node).await;
        self.delete_by_update_refs(&snapshot.node, &made).await;
        self.stale_commit_on_branch(&base, &made).await;
        self.commit_on_branch_verified(&made).await;
        self.test_merge_follows_base(&base).await;
        self.deleted_branch_closes(&snapshot.node, &head, &made)
            .await;
        Ok(())
    }

    async fn commits(&mut self) -> Result<ProofCommits, ForgeError> {
        let tip = self.live.tip;
        let history = self.forge.page(&tip, &[]).await;
        let history = history.map_err(ForgeError::NotUnderstood)?;
        let Some(known) = history.first() else {
            return Err(ForgeError::NotFound {
                what: format!("the commit {}", tip.short()),
            });
        };
        let tree = known.commit.tree;
        let mut made = Vec::new();
        for word in ["one", "other"] {
            let operation = "make a tree";
            let entry = json!({ "path": FILE, "mode": "100644", "type": "blob",
                "content": format!("{word} of {}\n", self.live.run) });
            let body = json!({ "base_tree": tree.to_string(), "tree": [entry] });
            let path = self.forge.path("/git/trees");
            let answer = self
                .writer
                .write(Method::POST, path, Some(body), operation)
                .await?;
            let new: TreeId = id(answer.body["sha"].as_str().unwrap_or_default())?;
            let message = "Prove what Sluice believes of GitHub";
            made.push(self.writer.create_commit(message, &new, &[tip]).await?);
        }
        let verified = made.iter().all(|commit| commit.verified);
        let seen = format!("verified: {verified}");
        if self.person() {
            let seen = format!("{seen}; the token is a person's, for which this is not assumed");
            self.untold("commit-verified", seen);
        } else {
            self.judge("commit-verified", verified, seen);
        }
        Ok(ProofCommits {
            one: made[0].id,
            other: made[1].id,
        })
    }

    async fn create(&self, branch: &str, commit: &CommitId) -> Result<(), ForgeError> {
        match self.writer.create_branch(branch, commit).await? {
            RefWrite::Done => Ok(()),
            RefWrite::Elsewhere(found) => Err(ForgeError::NotUnderstood(format!(
                "{branch} already exists, at {}",
                found.short()
            ))),
        }
    }

    async fn ref_exists(&mut self, head: &str, made: &ProofCommits) {
        let body = json!({ "ref": format!("refs/heads/{head}"), "sha": made.one });
        let path = self.forge.path("/git/refs");
        let answer = self
            .writer
            .write(Method::POST, path, Some(body), "create a branch twice")
            .await;
        self.refused("ref-exists", &["reference already exists"], answer);
    }

    async fn history_file(&mut self, made: &ProofCommits) {
        let code = "history-file";
        let looked = self.forge.page(&made.one, &[FILE.to_owned()]).await;
        match looked {
            Ok(found) => {
                let stood = |commit: &CommitId| {
                    let found = found.iter().find(|one| one.commit.id == *commit)?;
                    Some(found.entries.first()?.is_some())
                };
                let stood = (stood(&made.one), stood(&self.live.tip));
                let seen = match stood {
                    (Some(true), Some(false)) => "present at the commit, but not before",
                    (None, _) | (_, None) => "a commit is missing from the history",
                    _ => "the same at both commits",
                };
                self.judge(code, stood == (Some(true), Some(false)), seen);
            }
            Err(why) => self.untold(code, why),
        }
    }

    async fn fast_forward_only(&mut self, head: &str, made: &ProofCommits) {
        let path = self.forge.path(&format!("/git/refs/heads/{head}"));
        let body = json!({ "sha": made.other, "force": false });
        let answer = self
            .writer
            .write(Method::PATCH, path, Some(body), "move a branch sideways")
            .await;
        self.refused(
            "fast-forward-only",
            &["fast forward", "fast-forward"],
            answer,
        );
    }

    async fn update_refs(
        &self,
        repository: &str,
        branch: &str,
        before: &str,
        after: &str,
    ) -> Result<Value, ForgeError> {
        let query =
            "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
        let update = json!({ "name": format!("refs/heads/{branch}"), "beforeOid": before, "afterOid": after });
        let input = json!({ "repositoryId": repository, "refUpdates": [update] });
        self.writer
            .mutate(query, json!({ "input": input }), "update refs")
            .await
    }

    async fn stale_update_refs(&mut self, repository: &str, base: &str, made: &ProofCommits) {
        let code = "stale-update-refs";
        let before = made.other.to_string();
        let after = made.one.to_string();
        let answer = self.update_refs(repository, base, &before, &after).await;
        match self.forge.branch(base).await {
            Ok(Some(at)) if at == self.live.tip => self.refused(code, &[], answer),
            Ok(_) => self.judge(code, false, "the ref moved"),
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    async fn create_by_update_refs(&mut self, repository: &str, made: &ProofCommits) {
        let code = "create-by-update-refs";
        let branch = self.branch("made");
        let (zeros, after) = ("0".repeat(40), made.one.to_string());
        let first = self.update_refs(repository, &branch, &zeros, &after).await;
        if let Err(error) = first {
            return self.judge(code, false, format!("the first was refused: {error}"));
        }
        let second = self.update_refs(repository, &branch, &zeros, &after).await;
        self.refused(code, &[], second);
    }

    async fn branch_with_commit(&mut self, repository: &str) {
        let code = "branch-with-commit";
        let name = self.branch("whole");
        let files = [NewFile {
            path: FILE.to_owned(),
            mode: 0o100_644,
            bytes: format!("whole of {}\n", self.live.run).into_bytes(),
        }];
        let new = NewBranch {
            repository,
            name: &name,
            parent: &self.live.tip,
            subject: "Prove what Sluice believes of GitHub",
            body: "",
            files: &files,
        };
        let first = self.writer.create_branch_with_commit(&new).await;
        let (head, made) = match first {
            Ok(BranchWithCommit::Created(head, made)) => (head, made),
            Ok(other) => return self.judge(code, false, format!("{other:?}")),
            Err(error) if error.uncertain() => return self.untold(code, error.to_string()),
            Err(error) => return self.judge(code, false, error.to_string()),
        };
        let right = made.parents == [self.live.tip] && made.verified;
        let second = self.writer.create_branch_with_commit(&new).await;
        match (second, self.forge.branch(&name).await) {
            (Ok(BranchWithCommit::NoBranch), Ok(Some(at))) if at == head => {
                let seen = "the branch and its commit were created, and no second time";
                self.judge(code, right, seen);
            }
            (Ok(_), Ok(at)) => {
                let at = at.map_or_else(|| "nowhere".to_owned(), |at| at.short());
                self.judge(
                    code,
                    false,
                    format!("the second time the branch was at {at}"),
                );
            }
            (Err(error), _) | (_, Err(error)) => self.untold(code, error.to_string()),
        }
    }

    async fn delete_by_update_refs(&mut self, repository: &str, made: &ProofCommits) {
        let code = "delete-by-update-refs";
        let (branch, zeros) = (self.branch("gone"), "0".repeat(40));
        if let Err(error) = self.create(&branch, &made.one).await {
            return self.untold(code, error.to_string());
        }
        let stale = made.other.to_string();
        let stale = self.update_refs(repository, &branch, &stale, &zeros).await;
        let stayed = self.forge.branch(&branch).await;
        let right = made.one.to_string();
        let right = self.update_refs(repository, &branch, &right, &zeros).await;
        match (stale, stayed, right, self.forge.branch(&branch).await) {
            (Err(error), ..) if error.uncertain() => self.untold(code, error.to_string()),
            (Ok(_), ..) | (_, Ok(None), ..) => {
                self.judge(code, false, "it was deleted although it was elsewhere");
            }
            (Err(_), Ok(Some(_)), Ok(_), Ok(None)) => {
                self.judge(
                    code,
                    true,
                    "it was deleted from where it was, and from nowhere else",
                );
            }
            (.., Ok(_), Ok(Some(_))) => self.judge(code, false, "it still exists"),
            (.., Err(error), _) | (_, Err(error), ..) | (.., Err(error)) => {
                self.untold(code, error.to_string());
            }
        }
    }

    /// Commits one file onto a branch that is at `expected`.
    pub(super) async fn commit_on_branch(
        &self,
        branch: &str,
        expected: &CommitId,
        file: &str,
    ) -> Result<Value, ForgeError> {
        let query = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { \
            commit { oid signature { isValid } } } }";
        let contents = base64::engine::general_purpose::STANDARD.encode("three\n");
        let input = json!({
            "branch": { "repositoryNameWithOwner": self.forge.slug().as_str(), "branchName": branch },
            "expectedHeadOid": expected,
            "message": { "headline": "Test what Sluice assumes about GitHub" },
            "fileChanges": { "additions": [{ "path": file, "contents": contents }] },
        });
        self.writer
            .mutate(query, json!({ "input": input }), "commit on a branch")
            .await
    }

    async fn stale_commit_on_branch(&mut self, base: &str, made: &ProofCommits) {
        let answer = self.commit_on_branch(base, &made.other, FILE).await;
        self.refused(
            "stale-commit-on-branch",
            &["expected branch to point to"],
            answer,
        );
    }

    async fn commit_on_branch_verified(&mut self, made: &ProofCommits) {
        let code = "commit-on-branch-verified";
        let branch = self.branch("made");
        match self.commit_on_branch(&branch, &made.one, FILE).await {
            Ok(data) => {
                let signature = &data["createCommitOnBranch"]["commit"]["signature"];
                let seen = format!("signature: {signature}");
                self.judge(code, signature["isValid"] == true, seen);
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }
}
