//! How the repository is set up: its settings, the token's identity, and what the token can read. Only reads.
//!
//! Each thing is requested separately, so that one refusal hides nothing else, and independent requests are sent
//! concurrently.

mod people;
mod rules;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::shapes::{AppShape, OverviewShape, RateShape, RepositoryShape, ViewerShape};
use super::client::Forge;
use super::error::ForgeError;
use super::shapes::{shape, take};
use crate::model::ids::CommitId;
use crate::model::settings::{
    AppEntry, Area, Budget, Identity, Merging, Reported, Repository, RuleFrom, Settings,
    SettingsAnswer, TokenKind, Unread, Wanted, WorkflowSetting,
};

const VIEWER: &str = "query { viewer { login databaseId } }";

const OVERVIEW: &str = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { \
    mergeCommitAllowed squashMergeAllowed autoMergeAllowed mergeQueue { id } defaultBranchRef { target { oid } } } }";

const LABELS: &str = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { \
    approve: labels(first: 100, query: \"approve/\") { pageInfo { hasNextPage endCursor } nodes { name } } \
    own: labels(first: 100, query: \"sluice/\") { pageInfo { hasNextPage endCursor } nodes { name } } } }";

const REPORTED: &str = "query Reported($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { \
    refs(refPrefix: \"refs/heads/sluice/\", first: 20) { nodes { associatedPullRequests(states: [OPEN], first: 1) { totalCount } \
    target { ... on Commit { statusCheckRollup { contexts(first: 100) { pageInfo { hasNextPage endCursor } nodes { ... on StatusContext { context } \
    ... on CheckRun { name } } } } } } } } } }";

/// What is known after the first look, before the policy was read.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The repository.
    pub repository: Repository,
    /// Whose token it is.
    pub identity: SettingsAnswer<Identity>,
    /// What pull requests may do, and the base branch's tip.
    pub merging: SettingsAnswer<Merging>,
    /// The server's time, if it said it.
    pub now: Option<Timestamp>,
}

impl Forge {
    /// The first requests: the repository, the token's account, and the tip of the base branch.
    ///
    /// # Errors
    /// Any [`ForgeError`] if the repository itself cannot be read.
    pub async fn overview(&self) -> Result<Overview, ForgeError> {
        let (repository, identity, merging) =
            tokio::join!(self.about(), self.identity(), self.merging());
        let (repository, now) = repository?;
        Ok(Overview {
            repository,
            identity,
            merging,
            now,
        })
    }

    /// Everything else; teams with the token for `elsewhere`. Never fails as a whole.
    pub async fn settings(
        &self,
        overview: &Overview,
        wanted: &Wanted,
        elsewhere: &Self,
    ) -> Settings {
        let base = &overview.repository.base;
        let tip = overview.merging.as_ref().ok().and_then(|found| found.tip);
        let (
            areas,
            workflows,
            base_rules,
            branch_rules,
            classic,
            reported,
            labels,
            teams,
            people,
            budget,
        ) = tokio::join!(
            join_all(
                wanted
                    .areas
                    .iter()
                    .map(|area| async move { (*area, self.area(*area, tip).await) })
            ),
            self.workflow_setting(),
            self.branch_rules(base),
            self.branch_rules(&wanted.promotion_branch),
            self.classic(base),
            self.reported(),
            self.own_labels(),
            join_all(
                wanted
                    .teams
                    .iter()
                    .map(|team| async move { (team.clone(), elsewhere.team(team).await) })
            ),
            self.logins(&wanted.people),
            self.budget(),
        );
        let (budget, scopes) = budget;
        let app = match &overview.identity {
            Ok(Identity {
                kind: TokenKind::App(slug),
                ..
            }) => Some(self.app(slug).await),
            _ => None,
        };
        let numbers: BTreeSet<u64> = [&base_rules, &branch_rules]
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|rule| match &rule.from {
                RuleFrom::Ruleset(number) => Some(*number),
                RuleFrom::Classic(_) => None,
            })
            .collect();
        let rulesets = numbers
            .into_iter()
            .map(|number| async move { (number, self.ruleset(number).await) });
        Settings {
            identity: overview.identity.clone(),
            scopes,
            app,
            areas: areas.into_iter().collect(),
            merging: overview.merging.clone(),
            workflows,
            base_rules,
            branch_rules,
            rulesets: join_all(rulesets).await.into_iter().collect(),
            classic,
            reported,
            labels,
            teams: teams.into_iter().collect(),
            people,
            budget,
        }
    }

    async fn about(&self) -> Result<(Repository, Option<Timestamp>), ForgeError> {
        let operation = format!("read the repository {}", self.slug());
        let answer = self.get(self.path(""), &operation).await?;
        let now = answer.date;
        let found: RepositoryShape = answer.parse(&operation)?;
        Ok((found.repository(), now))
    }

    async fn identity(&self) -> SettingsAnswer<Identity> {
        let operation = "identify the token's account";
        let (mut data, _) = self
            .query(VIEWER, json!({}), operation)
            .await
            .map_err(unread)?;
        let found: ViewerShape = shape(take(&mut data, &["viewer"]), operation).map_err(unread)?;
        Ok(found.identity())
    }

    async fn merging(&self) -> SettingsAnswer<Merging> {
        let operation = "read the repository's merge settings";
        let variables = json!({ "owner": self.slug().owner(), "name": self.slug().name() });
        let (mut data, _) = self
            .query(OVERVIEW, variables, operation)
            .await
            .map_err(unread)?;
        let found: OverviewShape =
            shape(take(&mut data, &["repository"]), operation).map_err(unread)?;
        let tip = found.tip().map(super::shapes::id::<CommitId>).transpose();
        Ok(Merging {
            squash: found.squash_merge_allowed,
            merge: found.merge_commit_allowed,
            auto: found.auto_merge_allowed,
            queue: found.merge_queue.is_some_and(|queue| !queue.is_null()),
            tip: tip.map_err(unread)?,
        })
    }

    /// What was reported on the heads of the promotions that are open, up to twenty of them.
    async fn reported(&self) -> SettingsAnswer<Reported> {
        let operation = "read the statuses and checks on promotions";
        let variables = json!({ "owner": self.slug().owner(), "name": self.slug().name() });
        let (mut data, _) = self
            .query(REPORTED, variables, operation)
            .await
            .map_err(unread)?;
        let heads: super::shapes::Nodes<shapes::HeadShape> =
            shape(take(&mut data, &["repository", "refs"]), operation).map_err(unread)?;
        let open = heads.nodes.into_iter().filter(shapes::HeadShape::open);
        let mut found = Reported::default();
        for head in open {
            found.heads += 1;
            let names = head.names();
            found.names.extend(names.ok_or_else(|| {
                Unread::Failed("a promotion has more than 100 statuses and checks".to_owned())
            })?);
        }
        Ok(found)
    }

    async fn own_labels(&self) -> SettingsAnswer<BTreeSet<String>> {
        let operation = "read the labels";
        let variables = json!({ "owner": self.slug().owner(), "name": self.slug().name() });
        let (mut data, _) = self
            .query(LABELS, variables, operation)
            .await
            .map_err(unread)?;
        let mut names = BTreeSet::new();
        for part in ["approve", "own"] {
            let page: super::shapes::Nodes<shapes::NameShape> =
                shape(take(&mut data, &["repository", part]), operation).map_err(unread)?;
            if page.next().is_some() {
                return Err(Unread::Failed("there are more than 100".to_owned()));
            }
            names.extend(page.nodes.into_iter().map(|label| label.name));
        }
        Ok(names)
    }

    /// Reads something that only the permission for this part shows. What is public proves nothing.
    async fn area(&self, area: Area, tip: Option<CommitId>) -> SettingsAnswer<()> {
        let operation = format!("read {}", area.key());
        let empty = || Unread::Failed("the repository has no commits".to_owned());
        let of_tip = |rest: &str| Ok(format!("/commits/{}{rest}", tip.ok_or_else(empty)?));
        let path = match area {
            Area::Contents => of_tip(""),
            Area::PullRequests => Ok("/pulls?per_page=1".to_owned()),
            Area::Issues => Ok("/issues?per_page=1".to_owned()),
            Area::Statuses => of_tip("/statuses?per_page=1"),
            Area::Checks => of_tip("/check-runs?per_page=1"),
            Area::Actions => Ok("/actions/runs?per_page=1".to_owned()),
            Area::Deployments => Ok("/deployments?per_page=1".to_owned()),
        };
        self.get(self.path(&path?), &operation)
            .await
            .map(|_| ())
            .map_err(unread)
    }

    async fn workflow_setting(&self) -> SettingsAnswer<WorkflowSetting> {
        let operation = "read the permissions of workflows";
        let path = self.path("/actions/permissions/workflow");
        let found: shapes::WorkflowShape = self
            .get(path, operation)
            .await
            .and_then(|answer| answer.parse(operation))
            .map_err(unread)?;
        Ok(WorkflowSetting {
            may_open_pulls: found.can_approve_pull_request_reviews,
        })
    }

    /// The public entry of an App.
    pub async fn app(&self, slug: &str) -> SettingsAnswer<AppEntry> {
        let operation = format!("read the App {slug}");
        let found: AppShape = self
            .get(format!("/apps/{slug}"), &operation)
            .await
            .and_then(|answer| answer.parse(&operation))
            .map_err(unread)?;
        let words = found.permissions.into_iter();
        let permissions: BTreeMap<String, String> = words
            .filter_map(|(name, level)| match level {
                Value::String(level) => Some((name, level)),
                _ => None,
            })
            .collect();
        Ok(AppEntry {
            id: found.id,
            permissions,
        })
    }

    /// The requests that are left, and the token's scopes, which are in a header of every answer.
    async fn budget(&self) -> (SettingsAnswer<Budget>, Option<BTreeSet<String>>) {
        let operation = "read the rate limit";
        let answer = match self.get("/rate_limit".to_owned(), operation).await {
            Ok(answer) => answer,
            Err(error) => return (Err(unread(error)), None),
        };
        let scopes = answer
            .headers
            .get("x-oauth-scopes")
            .and_then(|value| value.to_str().ok())
            .map(|text| {
                let words = text.split(',').map(str::trim);
                words
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect()
            });
        let budget = answer.parse::<RateShape>(operation).map(|found| Budget {
            rest: found.resources.core.pair(),
            graphql: found.resources.graphql.pair(),
        });
        (budget.map_err(unread), scopes)
    }
}

/// Why something is not known.
pub(super) fn unread(error: ForgeError) -> Unread {
    match error {
        ForgeError::Forbidden { said, .. } => Unread::Forbidden(said),
        ForgeError::NotFound { .. } => Unread::Hidden,
        other => Unread::Failed(other.to_string()),
    }
}

/// A name as one segment of a path.
fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}
