//! What is proved about pull requests.

use http::Method;
use serde_json::{Value, json};

use super::super::error::ForgeError;
use super::super::merge::{MergeMethod, MergeRefused};
use super::super::pulls::NewPull;
use super::Bench;
use super::commits::ProofCommits;
use crate::model::ids::PullNumber;
use crate::model::pull::PullState;

/// How often to check for something that GitHub computes asynchronously.
pub(super) const LOOKS: u32 = 6;

const NAMES: &str = "query($owner: String!, $name: String!, $prefix: String!) { repository(owner: $owner, name: $name) { \
    refs(refPrefix: $prefix, first: 100) { nodes { prefix name } } } }";

impl Bench<'_> {
    pub(super) async fn pulls(
        &mut self,
        repository: u64,
        base: &str,
        head: &str,
        made: &ProofCommits,
    ) {
        self.none_between(base).await;
        let Some(number) = self.open(repository, base, head).await else {
            return;
        };
        self.pull = Some(number);
        self.exists(base, head).await;
        self.by_prefix(head, number).await;
        self.name_split(head).await;
        self.did_author(number).await;
        self.team_reviewer(number).await;
        self.labels(number).await;
        self.review(number, made).await;
        self.head_moved(number).await;
        self.reopen(number).await;
        self.activity(head, made).await;
    }

    async fn post(&self, base: &str, head: &str, operation: &str) -> Result<(), ForgeError> {
        let body =
            json!({ "title": "Test what Sluice assumes about GitHub", "head": head, "base": base });
        let path = self.forge.path("/pulls");
        self.writer
            .write(Method::POST, path, Some(body), operation)
            .await?;
        Ok(())
    }

    /// The proof's base is at the default branch's tip, so that there is nothing between them.
    async fn none_between(&mut self, base: &str) {
        let into = self.live.base;
        let answer = self
            .post(into, base, "open a pull request without a difference")
            .await;
        if matches!(answer, Err(ForgeError::ActionsMayNotOpen)) {
            let why = "GitHub Actions may not open pull requests here";
            return self.untold("pull-none-between", why);
        }
        self.refused("pull-none-between", &["no commits between"], answer);
    }

    async fn open(&mut self, repository: u64, base: &str, head: &str) -> Option<PullNumber> {
        let code = "setting-refusal";
        let new = NewPull {
            title: "Test what Sluice assumes about GitHub",
            body: "Opened by `sluice doctor --live`, which closes it again.",
            branch: head,
            base,
            repository,
        };
        match self.writer.open_pull(&new).await {
            Ok(opened) => {
                let why = "this token was allowed to open one";
                self.untold(code, why);
                Some(opened.number)
            }
            Err(error @ ForgeError::ActionsMayNotOpen) => {
                self.judge(code, true, "refused with this message");
                self.ended = Some(error.to_string());
                None
            }
            Err(error @ ForgeError::Forbidden { .. }) => {
                self.judge(code, false, error.to_string());
                self.ended = Some(error.to_string());
                None
            }
            Err(error) => {
                self.untold(code, error.to_string());
                self.ended = Some(error.to_string());
                None
            }
        }
    }

    async fn exists(&mut self, base: &str, head: &str) {
        let answer = self.post(base, head, "open a pull request twice").await;
        self.refused("pull-exists", &["a pull request already exists"], answer);
    }

    async fn by_prefix(&mut self, head: &str, number: PullNumber) {
        let code = "refs-by-prefix";
        match self.forge.snapshot().await {
            Ok(found) => {
                let branch = found.branches.iter().find(|branch| branch.name == head);
                let pulls: Option<Vec<PullNumber>> =
                    branch.map(|branch| branch.pulls.iter().map(|pull| pull.number).collect());
                let right = pulls.as_ref().is_some_and(|pulls| pulls.contains(&number));
                let seen = match &pulls {
                    None => "the branch was not found".to_owned(),
                    Some(pulls) => format!("found with {} of its pull requests", pulls.len()),
                };
                self.judge(code, right, seen);
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    async fn name_split(&mut self, head: &str) {
        let code = "ref-name-split";
        let slug = self.forge.slug();
        let variables =
            json!({ "owner": slug.owner(), "name": slug.name(), "prefix": "refs/heads/sluice/" });
        match self.forge.query(NAMES, variables, "list refs").await {
            Ok((data, _)) => {
                let nodes = data["repository"]["refs"]["nodes"].as_array();
                let parts = |node: &Value| {
                    let part = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
                    (part("prefix"), part("name"))
                };
                let full = format!("refs/heads/{head}");
                let named = nodes.into_iter().flatten().map(parts);
                let ours: Vec<(String, String)> = named
                    .filter(|(_, name)| full.ends_with(name.as_str()))
                    .collect();
                match &ours[..] {
                    [(prefix, name)] => {
                        let right = format!("{prefix}{name}") == full;
                        self.judge(code, right, format!("“{prefix}” and “{name}”"));
                    }
                    _ => self.untold(code, "the branch was not found"),
                }
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    async fn did_author(&mut self, number: PullNumber) {
        let code = "viewer-did-author";
        match self.forge.pull(number).await {
            Ok(pull) => {
                let who = pull.author.map_or_else(String::new, |author| author.login);
                self.judge(code, pull.own, format!("{} of {who}'s", pull.own));
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    /// The heads of the reviews of a pull request.
    async fn reviews(&self, number: PullNumber) -> Result<Vec<String>, ForgeError> {
        let pull = self.forge.pull(number).await?;
        let evidence = self.forge.evidence(&pull).await?;
        let reviews = evidence.reviews.unwrap_or_default();
        let heads = reviews
            .iter()
            .map(|review| review.commit.map(|commit| commit.to_string()));
        Ok(heads.map(Option::unwrap_or_default).collect())
    }

    async fn review(&mut self, number: PullNumber, made: &ProofCommits) {
        let code = "review-commit";
        let body = json!({ "event": "COMMENT", "body": "A review of `sluice doctor --live`." });
        let path = self.forge.path(&format!("/pulls/{}/reviews", number.0));
        if let Err(error) = self
            .writer
            .write(Method::POST, path, Some(body), "review")
            .await
        {
            return self.untold(code, error.to_string());
        }
        match self.reviews(number).await {
            Ok(heads) => {
                let right = heads == [made.one.to_string()];
                let seen = format!("{} review of the head {}", heads.len(), made.one.short());
                self.judge(code, right, if right { seen } else { format!("{heads:?}") });
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    /// Asks the team that was named, as a promotion does, and withdraws the request.
    async fn team_reviewer(&mut self, number: PullNumber) {
        let code = "team-reviewer";
        let Some(team) = self.live.team else {
            return self.untold(code, "no team was given: add `--team NAME`");
        };
        let path = self
            .forge
            .path(&format!("/pulls/{}/requested_reviewers", number.0));
        let body = json!({ "reviewers": [], "team_reviewers": [team] });
        let asked = self
            .writer
            .write(Method::POST, path.clone(), Some(body.clone()), "ask a team")
            .await;
        match asked {
            Ok(_) => {
                let taken_back = self
                    .writer
                    .write_again(Method::DELETE, path, Some(body), "take a request back")
                    .await;
                self.report(
                    code,
                    match taken_back {
                        Ok(_) => format!("{team} was asked, and the request was withdrawn"),
                        Err(error) => {
                            format!("{team} was asked; withdrawing the request failed: {error}")
                        }
                    },
                );
            }
            Err(error) if error.refused() => self.report(code, error.to_string()),
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    async fn head_moved(&mut self, number: PullNumber) {
        let code = "merge-head-moved";
        let node = match self.forge.pull(number).await {
            Ok(pull) => pull.node,
            Err(error) => return self.untold(code, error.to_string()),
        };
        let merged = self
            .writer
            .merge(
                (number, &node),
                &self.live.tip,
                MergeMethod::Squash,
                "Proof",
                "",
            )
            .await;
        match merged {
            Err(MergeRefused::HeadMoved) => self.judge(code, true, "refused with this message"),
            Ok(_) => self.judge(code, false, "it was merged"),
            Err(MergeRefused::Uncertain(error)) => self.untold(code, error.to_string()),
            Err(MergeRefused::Failed(error)) => self.judge(code, false, error.to_string()),
            Err(MergeRefused::WantsQueue) => self.untold(code, "a merge queue is required"),
            Err(MergeRefused::TryAgain(said) | MergeRefused::ByRules(said)) => {
                self.judge(code, false, said);
            }
        }
    }

    async fn reopen(&mut self, number: PullNumber) {
        let code = "reopen-keeps-reviews";
        let before = match self.reviews(number).await {
            Ok(before) if !before.is_empty() => before,
            Ok(_) => return self.untold(code, "there is no review to keep"),
            Err(error) => return self.untold(code, error.to_string()),
        };
        let path = self.forge.path(&format!("/pulls/{}", number.0));
        let open = json!({ "state": "open" });
        let turned = match self.writer.close_pull(number).await {
            Ok(()) => {
                self.writer
                    .write(Method::PATCH, path, Some(open), "reopen")
                    .await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = turned {
            return self.untold(code, error.to_string());
        }
        match self.reviews(number).await {
            Ok(after) => {
                let seen = format!("{} before, {} after", before.len(), after.len());
                self.judge(code, before == after, seen);
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    async fn activity(&mut self, head: &str, made: &ProofCommits) {
        let code = "activity-log";
        let name = percent_encoding::utf8_percent_encode(head, percent_encoding::NON_ALPHANUMERIC);
        let path = self
            .forge
            .path(&format!("/activity?ref=refs%2Fheads%2F{name}&per_page=100"));
        for look in 1..=LOOKS {
            match self
                .forge
                .get_all(path.clone(), "read the log of pushes")
                .await
            {
                Ok(rows) => {
                    let row = rows
                        .iter()
                        .find(|row| row["after"].as_str() == Some(&made.one.to_string()));
                    if let Some(row) = row {
                        let kind = row["activity_type"].as_str().unwrap_or_default();
                        return match row["actor"]["id"].as_u64() {
                            Some(id) => self.judge(code, true, format!("{kind} (id {id})")),
                            None => self.judge(code, false, format!("{kind} by no one")),
                        };
                    }
                }
                Err(ForgeError::NotFound { .. }) => {
                    return self.judge(code, false, "this server has no such log");
                }
                Err(error) => return self.untold(code, error.to_string()),
            }
            if !self.forge.wait(look).await {
                break;
            }
        }
        self.judge(code, false, format!("not there after {LOOKS} attempts"));
    }

    pub(super) async fn deleted_branch_closes(
        &mut self,
        repository: &str,
        head: &str,
        made: &ProofCommits,
    ) {
        let code = "deleted-branch-closes";
        let Some(number) = self.pull else { return };
        if let Err(error) = self.writer.delete_branch(repository, head, &made.one).await {
            return self.untold(code, error.to_string());
        }
        for look in 1..=LOOKS {
            match self.forge.pull(number).await {
                Ok(pull) if pull.state == PullState::Open => {}
                Ok(_) => {
                    let seen = format!("{number} is closed at attempt {look}");
                    return self.judge(code, true, seen);
                }
                Err(error) => return self.untold(code, error.to_string()),
            }
            if !self.forge.wait(look).await {
                break;
            }
        }
        self.judge(code, false, format!("{number} is still open"));
    }
}
