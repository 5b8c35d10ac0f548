//! The table of REST routes: what is called, what it asks of the caller, who answers. Also finds the route of a path.
//! A path that is not in this table answers 404, as an unknown path does on GitHub.

use super::access::{self, Need};
use super::call::{Call, decode};
use super::reply::{Outcome, Refusal};
use super::rest::{
    actions, checks, commits, data, deployments, issues, people, pulls, repos, reviews,
};
use super::session::Level::{Read, Write};
use super::session::{Level, Role};
use super::world::World;

/// Who answers.
pub type Handler = fn(&mut World, &Call) -> Outcome;

/// What precedes the handler.
#[derive(Debug, Clone, Copy)]
pub enum Guard {
    /// No repository: the handler looks for itself.
    Free,
    /// A repository, with this need.
    Repo(Need),
}

type Route = (&'static str, &'static str, Guard, Handler);

const fn need(any: &'static [(&'static str, Level)], role: Role) -> Guard {
    Guard::Repo(Need { any, role })
}

const FREE: Guard = Guard::Free;
const SEE: Guard = need(&[("metadata", Read)], Role::None);
const CODE: Guard = need(&[("contents", Read)], Role::Read);
const PUSH: Guard = need(&[("contents", Write)], Role::Write);
const PULLS: Guard = need(&[("pull_requests", Read)], Role::Read);
const REVIEW: Guard = need(&[("pull_requests", Write)], Role::Read);
const REQUEST: Guard = need(&[("pull_requests", Write)], Role::Triage);
const MERGE: Guard = need(&[("contents", Write)], Role::Write);
const ISSUES: Guard = need(&[("issues", Read), ("pull_requests", Read)], Role::Read);
const ONLY_ISSUES: Guard = need(&[("issues", Read)], Role::Read);
const COMMENT: Guard = need(&[("issues", Write), ("pull_requests", Write)], Role::Read);
const TRIAGE: Guard = need(&[("issues", Write), ("pull_requests", Write)], Role::Triage);
const LABELS: Guard = need(&[("issues", Write), ("pull_requests", Write)], Role::Write);
const DISMISS: Guard = need(&[("pull_requests", Write)], Role::Write);
const ACTIONS: Guard = need(&[("actions", Read)], Role::Read);
const DISPATCH: Guard = need(&[("actions", Write)], Role::Write);
const EVENTS: Guard = need(&[("contents", Write)], Role::Write);
const STATUSES: Guard = need(&[("statuses", Read)], Role::Read);
const SET_STATUS: Guard = need(&[("statuses", Write)], Role::Write);
const CHECKS: Guard = need(&[("checks", Read)], Role::Read);
const SET_CHECK: Guard = need(&[("checks", Write)], Role::Write);
const DEPLOYMENTS: Guard = need(&[("deployments", Read)], Role::Read);
const DEPLOY: Guard = need(&[("deployments", Write)], Role::Write);
const COLLABORATORS: Guard = need(&[("metadata", Read)], Role::Write);
const ADMIN: Guard = need(&[("administration", Read)], Role::Admin);

const R: &str = "/repos/{owner}/{repo}";

/// Every route; the part after `/repos/{owner}/{repo}` if it begins with `~`.
const ROUTES: &[Route] = &[
    ("GET", "/", FREE, people::root),
    ("GET", "/meta", FREE, people::meta),
    ("GET", "/rate_limit", FREE, people::rate_limit),
    ("GET", "/user", FREE, people::me),
    ("GET", "/users/{login}", FREE, people::user),
    ("GET", "/user/{id}", FREE, people::user_by_id),
    ("GET", "/app", FREE, people::this_app),
    ("GET", "/apps/{slug}", FREE, people::app),
    ("GET", "/installation/repositories", FREE, people::installed),
    ("GET", "/orgs/{org}", FREE, people::org),
    (
        "GET",
        "/orgs/{org}/members/{login}",
        FREE,
        people::org_member,
    ),
    ("GET", "/orgs/{org}/teams/{slug}", FREE, people::team),
    (
        "GET",
        "/orgs/{org}/teams/{slug}/members",
        FREE,
        people::team_members,
    ),
    (
        "GET",
        "/orgs/{org}/teams/{slug}/memberships/{login}",
        FREE,
        people::membership,
    ),
    ("GET", "~", SEE, repos::get),
    ("GET", "~/activity", CODE, repos::activity),
    ("GET", "~/branches", CODE, repos::branches),
    (
        "GET",
        "~/branches/{*branch}/protection",
        ADMIN,
        repos::protection,
    ),
    ("GET", "~/branches/{*branch}", CODE, repos::branch),
    ("GET", "~/tags", CODE, repos::tags),
    ("GET", "~/rules/branches/{*branch}", SEE, repos::rules),
    ("GET", "~/rulesets/{id}", SEE, repos::ruleset),
    (
        "GET",
        "~/collaborators",
        COLLABORATORS,
        people::collaborators,
    ),
    (
        "GET",
        "~/collaborators/{login}",
        COLLABORATORS,
        people::is_collaborator,
    ),
    (
        "GET",
        "~/collaborators/{login}/permission",
        SEE,
        people::permission,
    ),
    ("GET", "~/git/ref/{*ref}", CODE, data::get_ref),
    (
        "GET",
        "~/git/matching-refs/{*ref}",
        CODE,
        data::matching_refs,
    ),
    ("POST", "~/git/refs", PUSH, data::create_ref),
    ("PATCH", "~/git/refs/{*ref}", PUSH, data::update_ref),
    ("DELETE", "~/git/refs/{*ref}", PUSH, data::delete_ref),
    ("POST", "~/git/blobs", PUSH, data::create_blob),
    ("GET", "~/git/blobs/{sha}", CODE, data::get_blob),
    ("POST", "~/git/trees", PUSH, data::create_tree),
    ("GET", "~/git/trees/{*sha}", CODE, data::get_tree),
    ("POST", "~/git/commits", PUSH, data::create_commit),
    ("GET", "~/git/commits/{sha}", CODE, data::get_commit),
    ("POST", "~/git/tags", PUSH, data::create_tag),
    ("GET", "~/git/tags/{sha}", CODE, data::get_tag),
    ("GET", "~/commits", CODE, commits::list),
    ("GET", "~/commits/{*sha}/pulls", PULLS, commits::pulls),
    ("GET", "~/commits/{*sha}", CODE, commits::get),
    ("GET", "~/compare/{*range}", CODE, commits::compare),
    ("GET", "~/contents/{*path}", CODE, commits::contents),
    ("GET", "~/contents", CODE, commits::contents),
    ("GET", "~/pulls", PULLS, pulls::list),
    ("POST", "~/pulls", REVIEW, pulls::create),
    ("GET", "~/pulls/{number}", PULLS, pulls::get),
    ("PATCH", "~/pulls/{number}", REVIEW, pulls::update),
    ("GET", "~/pulls/{number}/commits", PULLS, pulls::commits),
    ("GET", "~/pulls/{number}/files", PULLS, pulls::files),
    ("GET", "~/pulls/{number}/merge", PULLS, pulls::is_merged),
    ("PUT", "~/pulls/{number}/merge", MERGE, pulls::merge),
    (
        "GET",
        "~/pulls/{number}/comments",
        PULLS,
        pulls::review_comments,
    ),
    (
        "GET",
        "~/pulls/{number}/requested_reviewers",
        PULLS,
        reviews::requested,
    ),
    (
        "POST",
        "~/pulls/{number}/requested_reviewers",
        REQUEST,
        reviews::request,
    ),
    (
        "DELETE",
        "~/pulls/{number}/requested_reviewers",
        REQUEST,
        reviews::unrequest,
    ),
    ("GET", "~/pulls/{number}/reviews", PULLS, reviews::list),
    ("POST", "~/pulls/{number}/reviews", REVIEW, reviews::create),
    (
        "GET",
        "~/pulls/{number}/reviews/{review}",
        PULLS,
        reviews::get,
    ),
    (
        "POST",
        "~/pulls/{number}/reviews/{review}/events",
        REVIEW,
        reviews::submit,
    ),
    (
        "PUT",
        "~/pulls/{number}/reviews/{review}/dismissals",
        DISMISS,
        reviews::dismiss,
    ),
    ("GET", "~/labels", ISSUES, issues::repo_labels),
    ("POST", "~/labels", LABELS, issues::create_label),
    ("GET", "~/labels/{name}", ISSUES, issues::get_label),
    ("PATCH", "~/labels/{name}", LABELS, issues::update_label),
    ("DELETE", "~/labels/{name}", LABELS, issues::delete_label),
    ("GET", "~/issues/{number}", ISSUES, issues::get),
    ("PATCH", "~/issues/{number}", COMMENT, issues::update),
    ("GET", "~/issues", ONLY_ISSUES, issues::list),
    ("GET", "~/issues/{number}/labels", ISSUES, issues::labels),
    (
        "POST",
        "~/issues/{number}/labels",
        TRIAGE,
        issues::add_labels,
    ),
    (
        "PUT",
        "~/issues/{number}/labels",
        TRIAGE,
        issues::set_labels,
    ),
    (
        "DELETE",
        "~/issues/{number}/labels/{name}",
        TRIAGE,
        issues::remove_label,
    ),
    ("GET", "~/issues/{number}/events", ISSUES, issues::events),
    (
        "GET",
        "~/issues/{number}/timeline",
        ISSUES,
        issues::timeline,
    ),
    (
        "GET",
        "~/issues/{number}/comments",
        ISSUES,
        issues::comments,
    ),
    (
        "POST",
        "~/issues/{number}/comments",
        COMMENT,
        issues::create_comment,
    ),
    ("GET", "~/issues/comments/{id}", ISSUES, issues::get_comment),
    (
        "PATCH",
        "~/issues/comments/{id}",
        COMMENT,
        issues::update_comment,
    ),
    (
        "DELETE",
        "~/issues/comments/{id}",
        COMMENT,
        issues::delete_comment,
    ),
    (
        "POST",
        "~/statuses/{sha}",
        SET_STATUS,
        checks::create_status,
    ),
    (
        "GET",
        "~/commits/{*sha}/statuses",
        STATUSES,
        checks::statuses,
    ),
    ("GET", "~/commits/{*sha}/status", STATUSES, checks::combined),
    (
        "GET",
        "~/commits/{*sha}/check-runs",
        CHECKS,
        checks::runs_of,
    ),
    ("POST", "~/check-runs", SET_CHECK, checks::create),
    ("GET", "~/check-runs/{id}", CHECKS, checks::get),
    ("PATCH", "~/check-runs/{id}", SET_CHECK, checks::update),
    (
        "GET",
        "~/actions/permissions/workflow",
        ADMIN,
        actions::permissions,
    ),
    ("GET", "~/actions/workflows", ACTIONS, actions::workflows),
    (
        "GET",
        "~/actions/workflows/{workflow}",
        ACTIONS,
        actions::workflow,
    ),
    (
        "GET",
        "~/actions/workflows/{workflow}/runs",
        ACTIONS,
        actions::runs,
    ),
    (
        "POST",
        "~/actions/workflows/{workflow}/dispatches",
        DISPATCH,
        actions::dispatch,
    ),
    ("POST", "~/dispatches", EVENTS, actions::repository_dispatch),
    ("GET", "~/actions/runs", ACTIONS, actions::runs),
    ("GET", "~/actions/runs/{id}", ACTIONS, actions::run),
    (
        "POST",
        "~/actions/runs/{id}/rerun",
        DISPATCH,
        actions::rerun,
    ),
    (
        "POST",
        "~/actions/runs/{id}/cancel",
        DISPATCH,
        actions::cancel,
    ),
    ("GET", "~/deployments", DEPLOYMENTS, deployments::list),
    ("POST", "~/deployments", DEPLOY, deployments::create),
    ("GET", "~/deployments/{id}", DEPLOYMENTS, deployments::get),
    (
        "GET",
        "~/deployments/{id}/statuses",
        DEPLOYMENTS,
        deployments::statuses,
    ),
    (
        "POST",
        "~/deployments/{id}/statuses",
        DEPLOY,
        deployments::create_status,
    ),
];

/// The segments of a pattern, `/repos/{owner}/{repo}` written out.
fn segments(pattern: &'static str) -> Vec<&'static str> {
    let tail = pattern.strip_prefix('~');
    let head = if tail.is_some() { R } else { "" };
    let halves = [head, tail.unwrap_or(pattern)];
    let parts = halves.iter().flat_map(|half| half.split('/'));
    parts.filter(|part| !part.is_empty()).collect()
}

/// Binds a path to a pattern. `{name}` takes one segment, `{*name}` as many as are left over by what follows it.
fn bind(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let pattern = segments(pattern);
    let slash = path.ends_with('/');
    let mut path = path
        .split('/')
        .filter(|one| !one.is_empty())
        .collect::<Vec<_>>()
        .into_iter();
    let mut bound = Vec::new();
    for (at, part) in pattern.iter().enumerate() {
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        let many = name.and_then(|name| name.strip_prefix('*'));
        match (name, many) {
            (_, Some(name)) => {
                let after = pattern.len() - at - 1;
                let count = path.len().checked_sub(after).filter(|count| *count > 0)?;
                let rest: Vec<&str> = path.by_ref().take(count).collect();
                let slash = if after == 0 && slash { "/" } else { "" };
                bound.push((name, decode(&rest.join("/"), false) + slash));
            }
            (Some(name), None) => bound.push((name, decode(path.next()?, false))),
            (None, _) => {
                if path.next()? != *part {
                    return None;
                }
            }
        }
    }
    path.next().is_none().then_some(bound)
}

/// Finds the route of a call, checks what it asks for, and lets it answer.
pub fn answer(world: &mut World, call: &mut Call) -> Outcome {
    // The route that says most in plain words wins: /commits/{ref}/status before /commits/{ref}, whose ref may hold slashes.
    let plain = |pattern: &'static str| {
        segments(pattern)
            .iter()
            .filter(|part| !part.starts_with('{'))
            .count()
    };
    let found = ROUTES
        .iter()
        .filter(|(method, ..)| *method == call.method)
        .filter_map(|route| Some((route, bind(route.1, &call.path)?)))
        .max_by_key(|((_, pattern, ..), _)| plain(pattern));
    let Some(((_, _, guard, handler), bound)) = found else {
        return Err(Refusal::not_found());
    };
    call.params = bound.into_iter().collect();
    if let Guard::Repo(need) = guard {
        call.repo = world
            .repo_id(call.param("owner"), call.param("repo"))
            .ok_or_else(Refusal::not_found)?;
        access::check(world, &call.session, call.repo, *need)?;
    }
    handler(world, call)
}

/// Whether a call changes something: every method but GET and HEAD.
pub fn writes(method: &str) -> bool {
    method != "GET" && method != "HEAD"
}
