//! Shapes of the answers about settings, as GitHub gives them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::shapes::Nodes;
use crate::model::settings::{Identity, PersonRole, Repository, TokenKind};

#[derive(Deserialize)]
pub(super) struct RepositoryShape {
    default_branch: String,
    private: bool,
    #[serde(default)]
    archived: bool,
    permissions: Option<PermissionsShape>,
}

#[derive(Deserialize)]
struct PermissionsShape {
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    push: bool,
}

impl RepositoryShape {
    pub(super) fn repository(self) -> Repository {
        let role = match self.permissions {
            Some(PermissionsShape { admin: true, .. }) => PersonRole::Admin,
            Some(PermissionsShape { push: true, .. }) => PersonRole::Write,
            _ => PersonRole::Less,
        };
        Repository {
            base: self.default_branch,
            private: self.private,
            archived: self.archived,
            role,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ViewerShape {
    login: String,
    #[serde(rename = "databaseId")]
    id: Option<u64>,
}

impl ViewerShape {
    /// An App's account has `[bot]` behind its slug, which no person's login can have.
    pub(super) fn identity(self) -> Identity {
        let slug = self.login.strip_suffix("[bot]");
        let kind = match slug {
            Some("github-actions") => TokenKind::Workflow,
            Some(slug) => TokenKind::App(slug.to_owned()),
            None => TokenKind::Person,
        };
        Identity {
            login: self.login,
            id: self.id,
            kind,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OverviewShape {
    pub merge_commit_allowed: bool,
    pub squash_merge_allowed: bool,
    pub auto_merge_allowed: bool,
    pub merge_queue: Option<Value>,
    default_branch_ref: Option<TipShape>,
}

impl OverviewShape {
    pub(super) fn tip(&self) -> Option<&str> {
        let target = self.default_branch_ref.as_ref()?.target.as_ref()?;
        Some(&target.oid)
    }
}

#[derive(Deserialize)]
struct TipShape {
    target: Option<super::super::shapes::Oid>,
}

#[derive(Deserialize)]
pub(super) struct NameShape {
    pub name: String,
}

#[derive(Deserialize)]
pub(super) struct WorkflowShape {
    pub can_approve_pull_request_reviews: bool,
}

#[derive(Deserialize)]
pub(super) struct AppShape {
    pub id: u64,
    #[serde(default)]
    pub permissions: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct RateShape {
    pub resources: ResourcesShape,
}

#[derive(Deserialize)]
pub(super) struct ResourcesShape {
    pub core: BucketShape,
    pub graphql: BucketShape,
}

#[derive(Deserialize)]
pub(super) struct BucketShape {
    limit: u64,
    remaining: u64,
}

impl BucketShape {
    pub(super) fn pair(&self) -> (u64, u64) {
        (self.remaining, self.limit)
    }
}

#[derive(Deserialize)]
pub(super) struct BranchShape {
    #[serde(default)]
    pub protection: Option<SummaryShape>,
}

/// The part of classic protection that everyone may read.
#[derive(Deserialize)]
pub(super) struct SummaryShape {
    #[serde(default)]
    pub enabled: bool,
    pub required_status_checks: Option<StatusChecksShape>,
}

/// Classic protection, for administrators.
#[derive(Deserialize)]
pub(super) struct ProtectionShape {
    pub required_status_checks: Option<StatusChecksShape>,
    pub enforce_admins: Option<Switch>,
    pub required_pull_request_reviews: Option<ReviewsShape>,
    pub restrictions: Option<NamesShape>,
    #[serde(default)]
    pub required_linear_history: Switch,
    #[serde(default)]
    pub required_signatures: Switch,
    #[serde(default)]
    pub lock_branch: Switch,
}

#[derive(Default, Deserialize)]
pub(super) struct Switch {
    #[serde(default)]
    pub enabled: bool,
}

#[derive(Deserialize)]
pub(super) struct StatusChecksShape {
    #[serde(default)]
    pub strict: bool,
    #[serde(default)]
    pub contexts: Vec<String>,
    #[serde(default)]
    pub checks: Vec<CheckShape>,
    #[serde(default)]
    pub enforcement_level: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct CheckShape {
    pub context: String,
    pub app_id: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct ReviewsShape {
    #[serde(default)]
    pub required_approving_review_count: u64,
    #[serde(default)]
    pub require_code_owner_reviews: bool,
    pub bypass_pull_request_allowances: Option<NamesShape>,
}

/// People, teams and Apps.
#[derive(Deserialize)]
pub(super) struct NamesShape {
    #[serde(default)]
    pub users: Vec<LoginShape>,
    #[serde(default)]
    pub teams: Vec<SlugShape>,
    #[serde(default)]
    pub apps: Vec<SlugShape>,
}

#[derive(Deserialize)]
pub(super) struct LoginShape {
    pub login: String,
}

#[derive(Deserialize)]
pub(super) struct SlugShape {
    pub slug: String,
}

#[derive(Deserialize)]
pub(super) struct RulesetShape {
    pub name: String,
    pub bypass_actors: Option<Vec<BypassShape>>,
    pub current_user_can_bypass: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct BypassShape {
    pub actor_id: Option<u64>,
    pub actor_type: String,
    pub bypass_mode: Option<String>,
}

/// A branch of a promotion, with what was reported on its head.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeadShape {
    associated_pull_requests: CountShape,
    target: Option<TargetShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountShape {
    total_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetShape {
    status_check_rollup: Option<RollupShape>,
}

#[derive(Deserialize)]
struct RollupShape {
    contexts: Nodes<ContextShape>,
}

/// A status has a context, a check run a name.
#[derive(Deserialize)]
struct ContextShape {
    context: Option<String>,
    name: Option<String>,
}

impl HeadShape {
    /// Whether its pull request is open.
    pub(super) fn open(&self) -> bool {
        self.associated_pull_requests.total_count > 0
    }

    /// The names of what was reported; `None` if there are more than were asked for.
    pub(super) fn names(self) -> Option<Vec<String>> {
        let rollup = self.target.and_then(|target| target.status_check_rollup);
        let Some(contexts) = rollup.map(|rollup| rollup.contexts) else {
            return Some(Vec::new());
        };
        if contexts.next().is_some() {
            return None;
        }
        let names = contexts.nodes.into_iter();
        Some(names.filter_map(|one| one.context.or(one.name)).collect())
    }
}
