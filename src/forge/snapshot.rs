//! The one look that finds the base branch's tip, our branches and their pull requests.
//!
//! Promotions are found by their branches, never by listing pull requests: a list lags, and anyone may open a pull
//! request that looks like ours.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::files_of_base::{FilesOfBase, files_part, files_told};
use super::graphql::{GraphqlError, PartialResponse, whole};
use super::held::{held_part, held_told};
use super::labels::CONTEXT;
use super::merged::{MERGED, MergedShape};
use super::object_lookup::{self, may_be_too_much};
use super::object_query::{ObjectAnswer, ObjectQuery};
use super::paging::{MAX_PAGES, too_long};
use super::pull_shape::{Named, SAID, pull_fragment, pull_of};
use super::pulls::{ClosedPage, closed_part, closed_told};
use super::query_builder::QueryBuilder;
use super::rules_of_ref::{RuleShape, rules_of_ref};
use super::shapes::{
    ACTOR, COMMIT, CommitShape, ContextShape, Nodes, StatusShape, shape, take, time,
};
use crate::model::actor::Actor;
use crate::model::fetched::Fetched;
use crate::model::pull::{Allows, OwnStatus, PromotionBranch, Protection, Snapshot, StatusState};

/// `{rules}` is replaced by [`RULES`], or by nothing if they are not asked for.
const SNAPSHOT: &str = "id databaseId mergeCommitAllowed squashMergeAllowed \
    defaultBranchRef { name target { __typename ...commit } \
    refUpdateRule { requiredStatusCheckContexts requiredApprovingReviewCount requiresCodeOwnerReviews } {rules} } \
    mergeQueue { id } deleteBranchOnMerge \
    approve: labels(first: 100, query: \"approve/\") { nodes { name } } \
    own: labels(first: 100, query: \"sluice/\") { nodes { name } } \
    refs(refPrefix: \"refs/heads/sluice/\", first: $refs, after: $after) { pageInfo { hasNextPage endCursor } \
    nodes { prefix name target { __typename oid ...commit ... on Commit { status { context(name: $context) { state description createdAt creator { ...who } } } } } \
    associatedPullRequests(first: $pulls, orderBy: { field: CREATED_AT, direction: DESC }) { pageInfo { hasNextPage endCursor } \
    nodes { ...pull } } } }";

/// The rulesets' rules for the base branch. Only those of their parameters that decide whether GitHub would merge.
const RULES: &str = "rules(first: 100) { pageInfo { hasNextPage endCursor } nodes { type repositoryRuleset { databaseId } \
    parameters { __typename ... on RequiredStatusChecksParameters { requiredStatusChecks { context integrationId } \
    strictRequiredStatusChecksPolicy } ... on PullRequestParameters { requiredApprovingReviewCount requireCodeOwnerReview } } } }";

/// This many branches are asked for at once. GitHub charges for as many as are requested, so a later look asks for as many as
/// the one before it showed, and a few more.
const MOST_BRANCHES: usize = 50;
/// Branches that may have been created since the look before.
const SPARE: usize = 5;

/// Each of our branches has one pull request. GitHub charges for as many as are requested, for every branch, and not
/// for what exists: more are requested only if someone opened another one, and then with fewer of each one's reviews
/// and events.
const PULLS_OF_A_BRANCH: [(u32, u32); 2] = [(1, SAID), (20, FEW_SAID)];
/// This many reviews and events if more may be too much at once.
const FEW_SAID: u32 = 5;

/// What is asked along with a look, so that it costs no call of its own.
#[derive(Clone, Debug, Default)]
pub struct Prefetch {
    /// Things to look up.
    pub wanted: Vec<ObjectQuery>,
    /// The pull requests that were closed last.
    pub closed: bool,
    /// All files of the base branch.
    pub files: bool,
}

/// What was prefetched. Whatever is missing has to be requested separately.
#[derive(Clone, Debug, Default)]
pub struct Prefetched {
    /// What was looked up, in the order requested; empty if it was not answered.
    pub looked_up: Vec<Fetched<ObjectAnswer>>,
    /// The first page of closed pull requests.
    pub closed: Option<ClosedPage>,
    /// Files of the base branch; empty if they were not asked for or not answered.
    pub files: FilesOfBase,
}

impl Prefetch {
    fn is_empty(&self) -> bool {
        self.wanted.is_empty() && !self.closed && !self.files
    }

    fn part(&self) -> QueryBuilder {
        let mut part = object_lookup::part_of(&self.wanted);
        if self.closed {
            part.join(closed_part(None));
        }
        if self.files {
            part.join(files_part());
        }
        part
    }

    fn told(
        &self,
        repository: &mut Value,
        errors: &[GraphqlError],
        operation: &str,
    ) -> Result<Prefetched, ForgeError> {
        Ok(Prefetched {
            looked_up: object_lookup::told(&self.wanted, repository, errors, operation),
            closed: match self.closed {
                true => Some(closed_told(repository, operation)?),
                false => None,
            },
            files: match self.files {
                true => files_told(repository),
                false => FilesOfBase::default(),
            },
        })
    }
}

impl Forge {
    /// Reads the snapshot: one call for fifty branches.
    ///
    /// # Errors
    /// Any [`ForgeError`]; one page that cannot be read fails the whole.
    pub async fn snapshot(&self) -> Result<Snapshot, ForgeError> {
        let (snapshot, _) = self.snapshot_and(&Prefetch::default()).await?;
        Ok(snapshot)
    }

    /// Reads the snapshot, and the prefetched objects in the same call. If both together are not answered, the snapshot
    /// is read separately.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub async fn snapshot_and(
        &self,
        along: &Prefetch,
    ) -> Result<(Snapshot, Prefetched), ForgeError> {
        let operation = "read the repository and its promotions";
        let mut after: Option<String> = None;
        let mut found: Option<Snapshot> = None;
        let mut told = Prefetched::default();
        let mut ended = false;
        let mut along = Some(along).filter(|along| !along.is_empty());
        for _ in 0..MAX_PAGES {
            let mut read = None;
            for (pulls, said) in PULLS_OF_A_BRANCH {
                let mut answer = None;
                if let Some(asked) = along.take() {
                    let mut looked = self.look_and(asked, pulls, said, operation).await;
                    if looked
                        .as_ref()
                        .is_err_and(|error| self.notes_lack_of_rules(error))
                    {
                        looked = self.look_and(asked, pulls, said, operation).await;
                    }
                    match looked {
                        Ok((data, date, along)) => {
                            told = along;
                            answer = Some((data, date));
                        }
                        Err(error) if ends_the_run(&error) => return Err(error),
                        // It was asked along to save a call: the look does not depend on it.
                        Err(_) => {}
                    }
                }
                let (mut data, date) = match answer {
                    Some(answer) => answer,
                    None => self.look(pulls, said, after.as_deref(), operation).await?,
                };
                let page: RepositoryShape = shape(take(&mut data, &["repository"]), operation)?;
                let mut branches = page.refs.nodes.iter();
                let cut = branches.any(|found| found.associated_pull_requests.next().is_some());
                read = Some((page, date));
                if !cut {
                    break;
                }
            }
            let Some((mut page, date)) = read else {
                break;
            };
            let next = page.refs.next();
            let held = page.held.take().filter(|held| !held.is_null());
            let held = held.map(|held| held_told(held, operation)).transpose()?;
            let now = date.ok_or_else(|| {
                ForgeError::NotUnderstood(format!("to {operation}: it has no `Date` header"))
            })?;
            let mut page = page.snapshot(now)?;
            if self.wire.shows_pulls_of_apps.get() {
                page.count_pulls_of_apps();
            }
            match &mut found {
                None => {
                    if let Some(first) = held {
                        page.held_closed = self.all_held(first).await;
                    }
                    found = Some(page);
                }
                // A base that moved between two pages would mix two states.
                Some(known) if known.tip.id != page.tip.id => {
                    return Err(ForgeError::Unreachable {
                        operation: operation.to_owned(),
                        why: "the base branch moved while it was being read".to_owned(),
                    });
                }
                Some(known) => known.branches.extend(page.branches),
            }
            match next {
                Some(cursor) => after = Some(cursor),
                None => {
                    ended = true;
                    break;
                }
            }
        }
        // What was cut off could hold a promotion, its hold and its refusals.
        let mut snapshot = found.filter(|_| ended).ok_or_else(|| too_long(operation))?;
        self.wire.branches_seen.set(Some(snapshot.branches.len()));
        snapshot.branches.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((snapshot, told))
    }

    /// One page of the snapshot; if GitHub does not answer all of it, with fewer of the reviews and events.
    async fn look(
        &self,
        pulls: u32,
        said: u32,
        after: Option<&str>,
        operation: &str,
    ) -> Result<(Value, Option<Timestamp>), ForgeError> {
        let part = |said| self.look_part(pulls, said, after);
        let (query, variables) = self.build(part(said));
        let probed = self.probe_once(&query, variables, operation).await;
        match probed.and_then(|probed| whole(set_protection_apart(probed), operation)) {
            Err(error) if may_be_too_much(&error) => {
                let said = match self.notes_lack_of_rules(&error) {
                    true => said,
                    false => FEW_SAID,
                };
                let (query, variables) = self.build(part(said));
                let probed = self.query_partial(&query, variables, operation).await?;
                whole(set_protection_apart(probed), operation)
            }
            answer => answer,
        }
    }

    /// The first page of the look, and what is asked along with it.
    async fn look_and(
        &self,
        along: &Prefetch,
        pulls: u32,
        said: u32,
        operation: &str,
    ) -> Result<(Value, Option<Timestamp>, Prefetched), ForgeError> {
        let mut part = self.look_part(pulls, said, None);
        part.join(along.part());
        let (query, variables) = self.build(part);
        let probed = set_protection_apart(self.probe_once(&query, variables, operation).await?);
        let (mut data, errors, date) = object_lookup::in_parts(probed, operation)?;
        let told = match data.get_mut("repository") {
            Some(repository) => along.told(repository, &errors, operation)?,
            None => {
                let why = format!("to {operation}: the answer has no repository");
                return Err(ForgeError::NotUnderstood(why));
            }
        };
        Ok((data, date, told))
    }
}

/// Branch protection and rules that cannot be read fail nothing else of the look: the error takes the place of the protection in the
/// data, and the rules are read separately when they are needed.
fn set_protection_apart((mut data, errors, date): PartialResponse) -> PartialResponse {
    let is_of = |error: &GraphqlError, field: &str| {
        let place = ["repository", "defaultBranchRef", field].map(str::to_owned);
        error.path.starts_with(&place) && !error.is_broken_off()
    };
    let (of_rules, errors): (Vec<_>, Vec<_>) =
        errors.into_iter().partition(|error| is_of(error, "rules"));
    let (of_protection, others): (Vec<_>, Vec<_>) = errors
        .into_iter()
        .partition(|error| is_of(error, "refUpdateRule"));
    let branch = data.pointer_mut("/repository/defaultBranchRef");
    if let (false, Some(branch)) = (of_rules.is_empty(), branch.and_then(Value::as_object_mut)) {
        branch.insert("rules".to_owned(), Value::Null);
    }
    let branch = data.pointer_mut("/repository/defaultBranchRef");
    let branch = branch.and_then(Value::as_object_mut);
    if let (Some(error), Some(branch)) = (of_protection.first(), branch) {
        let why = error.typed("read the protection of the default branch");
        let unread = json!({ "unread": why.to_string() });
        branch.insert("refUpdateRule".to_owned(), unread);
    }
    (data, others, date)
}

impl Forge {
    fn look_part(&self, pulls: u32, said: u32, after: Option<&str>) -> QueryBuilder {
        let rules = match self.wire.lacks_rules_of_refs.get() {
            true => "",
            false => RULES,
        };
        let mut part = QueryBuilder::default();
        part.field(&SNAPSHOT.replace("{rules}", rules));
        if after.is_none() {
            part.field(MERGED);
            part.join(held_part(None));
        }
        let seen = self.wire.branches_seen.get();
        let refs = seen.map_or(MOST_BRANCHES, |seen| (seen + SPARE).min(MOST_BRANCHES));
        part.variable("refs", "Int!", refs);
        part.variable("pulls", "Int!", pulls);
        part.variable("said", "Int!", said);
        part.variable("context", "String!", CONTEXT);
        part.variable("after", "String", after);
        for fragment in [pull_fragment(), ACTOR, COMMIT] {
            part.fragment(fragment);
        }
        part
    }

    /// Whether a look failed because the server does not know `Ref.rules`. Then it is not asked for any more.
    fn notes_lack_of_rules(&self, error: &ForgeError) -> bool {
        let lacks = error.said("field 'rules' doesn't exist");
        if lacks {
            self.wire.lacks_rules_of_refs.set(true);
        }
        lacks
    }
}

/// Whether nothing else can be asked either.
fn ends_the_run(error: &ForgeError) -> bool {
    matches!(
        error,
        ForgeError::Stopped(_) | ForgeError::RateLimited { .. } | ForgeError::Unauthorized(_)
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryShape {
    id: String,
    database_id: u64,
    merge_commit_allowed: bool,
    squash_merge_allowed: bool,
    default_branch_ref: Option<DefaultBranch>,
    merge_queue: Option<Value>,
    delete_branch_on_merge: bool,
    /// With the first page alone.
    merged: Option<Nodes<MergedShape>>,
    /// With the first page alone.
    held: Option<Value>,
    approve: Nodes<Named>,
    own: Nodes<Named>,
    refs: Nodes<RefShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefaultBranch {
    name: String,
    target: CommitShape,
    ref_update_rule: Option<ProtectionShape>,
    rules: Option<Nodes<Option<RuleShape>>>,
}

/// What GitHub shows of classic branch protection, or why it shows nothing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProtectionShape {
    unread: Option<String>,
    required_status_check_contexts: Option<Vec<Option<String>>>,
    required_approving_review_count: Option<u64>,
    #[serde(default)]
    requires_code_owner_reviews: bool,
}

impl ProtectionShape {
    fn protection(self) -> Fetched<Protection> {
        if let Some(why) = self.unread {
            return Err(why);
        }
        let contexts = self.required_status_check_contexts.into_iter().flatten();
        let reviews = self.required_approving_review_count.unwrap_or_default();
        Ok(Protection {
            contexts: contexts.flatten().collect(),
            reviews: reviews > 0 || self.requires_code_owner_reviews,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefShape {
    prefix: String,
    name: String,
    target: TipShape,
    associated_pull_requests: Nodes<Value>,
}

/// The tip of a branch, and what our status says of it.
#[derive(Deserialize)]
struct TipShape {
    #[serde(flatten)]
    commit: CommitShape,
    status: Option<StatusShape>,
}

impl RepositoryShape {
    fn snapshot(self, now: Timestamp) -> Result<Snapshot, ForgeError> {
        let base = self.default_branch_ref.ok_or_else(|| {
            ForgeError::NotUnderstood(
                "the repository has no default branch yet: it is empty".to_owned(),
            )
        })?;
        let labels: BTreeSet<String> = self
            .approve
            .nodes
            .into_iter()
            .chain(self.own.nodes)
            .map(|label| label.name)
            .collect();
        let mut branches = Vec::new();
        for found in self.refs.nodes {
            // A ref that does not resolve to a commit is not ours.
            let context = found.target.status.and_then(|status| status.context);
            let Ok(tip) = found.target.commit.commit() else {
                continue;
            };
            branches.push(PromotionBranch {
                name: short_name(&found.prefix, &found.name)?,
                tip,
                status: context.map(own_status).transpose()?,
                has_more_pulls: found.associated_pull_requests.next().is_some(),
                pulls: found
                    .associated_pull_requests
                    .nodes
                    .into_iter()
                    .map(|pull| pull_of(&pull, "read our pull requests"))
                    .collect::<Result<_, _>>()?,
            });
        }
        let rules = base.rules.and_then(rules_of_ref);
        let protection = base.ref_update_rule.unwrap_or_default();
        let merged = self.merged.into_iter().flat_map(|page| page.nodes);
        let merged = merged
            .filter(|pull| pull.is_ours(&base.name))
            .map(MergedShape::merged)
            .collect::<Result<_, _>>()?;
        Ok(Snapshot {
            repository: self.database_id,
            node: self.id,
            base: base.name,
            tip: base.target.commit()?,
            protection: protection.protection(),
            rules,
            branches,
            merged,
            held_closed: Err("they were not read".to_owned()),
            deletes_merged: self.delete_branch_on_merge,
            labels,
            allows: Allows {
                squash: self.squash_merge_allowed,
                merge: self.merge_commit_allowed,
            },
            queue: self.merge_queue.is_some_and(|queue| !queue.is_null()),
            now,
        })
    }
}

fn own_status(context: ContextShape) -> Result<OwnStatus, ForgeError> {
    let at = context.created_at.as_deref();
    Ok(OwnStatus {
        state: match context.state.as_str() {
            "SUCCESS" => StatusState::Success,
            "PENDING" | "EXPECTED" => StatusState::Pending,
            "FAILURE" => StatusState::Failure,
            _ => StatusState::Error,
        },
        description: context.description.unwrap_or_default(),
        at: time(at.unwrap_or_default())?,
        creator: context.creator.and_then(|who| Actor::from(who).id),
    })
}

/// The branch's short name: GitHub splits it differently into prefix and name.
fn short_name(prefix: &str, name: &str) -> Result<String, ForgeError> {
    let full = format!("{prefix}{name}");
    full.strip_prefix("refs/heads/")
        .map(str::to_owned)
        .ok_or_else(|| ForgeError::NotUnderstood(format!("{full} is not a branch")))
}

#[cfg(test)]
mod tests;
