//! The root of queries, repositories and refs.

use super::super::access::{acting_role, visible};
use super::super::clock::stamp;
use super::super::ids::RepoId;
use super::super::reply::Refusal;
use super::super::rest::{people as rest_people, pulls as rest_pulls};
use super::super::session::Role;
use super::super::world::{Kind as AccountKind, World};
use super::super::{budget, rules, view};
use super::people::{named, user_of};
use super::pull_parts::label_of;
use super::value::{
    Args, CONTENTS, Ctx, DEPLOYMENTS, Found, ISSUES, Kind, Out, PULLS, plain, unmodelled,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Reads a node id of [`view::node`].
pub fn by_id(world: &World, id: &str) -> Option<Kind> {
    let (kind, rest) = id.split_once('_')?;
    let number = || rest.parse::<u64>().ok();
    let repo_of = |number: &str| {
        let number: u64 = number.parse().ok()?;
        world.repos.iter().position(|repo| repo.id == number)
    };
    match kind {
        "R" => Some(Kind::Repository(repo_of(rest)?)),
        "U" => Some(Kind::Account(
            number().filter(|id| world.users.contains_key(id))?,
        )),
        "PR" => world.repos.iter().enumerate().find_map(|(at, repo)| {
            let pull = repo.pulls.values().find(|pull| Some(pull.id) == number())?;
            Some(Kind::Pull(at, pull.number))
        }),
        "PRR" => world.repos.iter().enumerate().find_map(|(at, repo)| {
            let holds = |pull: &&super::super::pull::Pull| {
                pull.reviews.iter().any(|one| Some(one.id) == number())
            };
            let pull = repo.pulls.values().find(holds)?;
            Some(Kind::Review(at, pull.number, number()?))
        }),
        "REF" => {
            let (repo, name) = rest.split_once(':')?;
            Some(Kind::Ref(repo_of(repo)?, name.to_owned()))
        }
        "C" => {
            let (repo, oid) = rest.split_once(':')?;
            Some(Kind::Commit(repo_of(repo)?, git2::Oid::from_str(oid).ok()?))
        }
        _ => None,
    }
}

/// The node with that id, or GitHub's refusal.
pub fn need_id(world: &World, id: &str) -> Result<Kind, Refusal> {
    by_id(world, id).ok_or_else(|| Refusal {
        message: format!("Could not resolve to a node with the global id of '{id}'"),
        ..Refusal::not_found()
    })
}

/// The pull request with that node id.
pub fn need_pull(world: &World, id: &str) -> Result<(RepoId, u64), Refusal> {
    match need_id(world, id)? {
        Kind::Pull(at, number) => Ok((at, number)),
        _ => Err(Refusal {
            message: format!("Could not resolve to a PullRequest with the global id of '{id}'"),
            ..Refusal::not_found()
        }),
    }
}

/// `Query`.
pub fn root(ctx: &Ctx<'_>, field: &str, args: &Args) -> Found {
    let mut world = ctx.world();
    Ok(match field {
        "viewer" => Out::maybe(ctx.session.actor().map(|who| user_of(&world, who))),
        "rateLimit" => {
            let left = budget::view(&mut world, ctx.session, "graphql");
            let reset = jiff::Timestamp::from_second(left["reset"].as_i64().unwrap_or_default())
                .unwrap_or_default();
            Out::One(plain(
                "RateLimit",
                [
                    ("cost", Out::leaf(1)),
                    ("nodeCount", Out::leaf(1)),
                    ("limit", Out::Leaf(left["limit"].clone())),
                    ("remaining", Out::Leaf(left["remaining"].clone())),
                    ("used", Out::Leaf(left["used"].clone())),
                    ("resetAt", Out::leaf(stamp(reset))),
                ],
            ))
        }
        "repository" => {
            let (owner, name) = (
                args.text("owner").unwrap_or_default(),
                args.text("name").unwrap_or_default(),
            );
            let found = world
                .repo_id(owner, name)
                .filter(|id| visible(&world, ctx.session, *id));
            let missing = || Refusal {
                message: format!(
                    "Could not resolve to a Repository with the name '{owner}/{name}'."
                ),
                ..Refusal::not_found()
            };
            Out::One(Kind::Repository(found.ok_or_else(missing)?))
        }
        "node" => Out::One(need_id(&world, args.text("id").unwrap_or_default())?),
        "nodes" => {
            let ids = args.texts("ids").unwrap_or_default();
            Out::Many(
                ids.iter()
                    .map(|id| need_id(&world, id))
                    .collect::<Result<_, _>>()?,
            )
        }
        "user" => Out::One(named(&world, args, AccountKind::User, "a User")?),
        "organization" => Out::One(named(
            &world,
            args,
            AccountKind::Organization,
            "an Organization",
        )?),
        _ => unmodelled("Query", field),
    })
}

/// `RepositoryPermission`.
fn permission(role: Role) -> Value {
    match role {
        Role::None => Value::Null,
        other => json!(other.name().to_uppercase()),
    }
}

/// Whether a person with access has it in the way that `affiliation` asks for: own, as an outsider, or any.
fn affiliated(world: &World, at: RepoId, who: u64, affiliation: Option<&str>) -> bool {
    let repo = world.repo(at);
    let direct = repo.owner == who || repo.roles.contains_key(&who);
    let member = world
        .orgs
        .get(&repo.owner)
        .is_some_and(|org| org.members.contains_key(&who));
    match affiliation {
        Some("DIRECT") => direct,
        Some("OUTSIDE") => direct && !member && repo.owner != who,
        _ => true,
    }
}

/// `pullRequests` of a repository, a ref or an account, filtered and in order.
pub fn pulls(ctx: &Ctx<'_>, found: Vec<(RepoId, u64)>, args: &Args) -> Out {
    let mut world = ctx.world();
    let states = args.texts("states");
    let mut rows: Vec<(RepoId, u64)> = found
        .into_iter()
        .filter(|(at, number)| {
            let pull = &world.repo(*at).pulls[number];
            states
                .as_ref()
                .is_none_or(|states| states.iter().any(|state| state == pull.state()))
                && args
                    .text("headRefName")
                    .is_none_or(|name| pull.head == name)
                && args
                    .text("baseRefName")
                    .is_none_or(|name| pull.base == name)
                && args.texts("labels").is_none_or(|names| {
                    names.iter().any(|name| {
                        world
                            .repo(*at)
                            .label(name)
                            .is_some_and(|label| pull.labels.contains(&label.id))
                    })
                })
        })
        .collect();
    rows.retain(|(at, number)| rest_pulls::listed(&mut world, *at, *number));
    if args.get("orderBy")["field"] == "UPDATED_AT" {
        rows.sort_by_key(|(at, number)| world.repo(*at).pulls[number].updated_at);
    }
    if args.get("orderBy")["direction"] == "DESC" {
        rows.reverse();
    }
    Out::page(
        rows.into_iter()
            .map(|(at, number)| Kind::Pull(at, number))
            .collect(),
    )
}

/// `object(expression:)` and `object(oid:)`: `main`, `main:path`, `HEAD:path`, `<id>:path`.
fn object(world: &World, at: RepoId, args: &Args) -> Option<Kind> {
    let repo = world.repo(at);
    let of = |oid: git2::Oid| match repo.store.kind(oid)? {
        git2::ObjectType::Commit => Some(Kind::Commit(at, oid)),
        git2::ObjectType::Tree => Some(Kind::Tree(at, oid)),
        git2::ObjectType::Blob => Some(Kind::Blob(at, oid)),
        git2::ObjectType::Tag => Some(Kind::Tag(at, oid)),
        _ => None,
    };
    if let Some(oid) = args.text("oid") {
        return of(git2::Oid::from_str(oid).ok()?);
    }
    let expression = args.text("expression")?;
    let Some((revision, path)) = expression.split_once(':') else {
        let direct = ["", "refs/heads/", "refs/tags/"]
            .iter()
            .find_map(|prefix| repo.refs.get(&format!("{prefix}{expression}")).copied());
        return of(direct
            .or_else(|| repo.resolve(expression))
            .or_else(|| repo.store.by_prefix(expression))?);
    };
    let commit = repo.store.info(repo.resolve(revision)?);
    let tree = commit
        .map(|commit| commit.tree)
        .or_else(|| repo.store.by_prefix(revision))?;
    of(repo.store.at(tree, path)?.oid)
}

/// `Repository`.
pub fn repository(ctx: &Ctx<'_>, at: RepoId, field: &str, args: &Args) -> Found {
    match field {
        "object" | "ref" | "refs" | "defaultBranchRef" => ctx.need(at, CONTENTS, Role::Read)?,
        "pullRequest" | "pullRequests" => ctx.need(at, PULLS, Role::Read)?,
        "label" | "labels" => ctx.need(at, ISSUES, Role::Read)?,
        "deployments" => ctx.need(at, DEPLOYMENTS, Role::Read)?,
        "collaborators"
            if !ctx.world().switches.collaborators
                || acting_role(&ctx.world(), ctx.session, at) < Role::Write =>
        {
            return Err(Refusal::forbidden(
                "You do not have permission to view repository collaborators.",
            ));
        }
        _ => {}
    }
    if field == "pullRequests" {
        let found = ctx
            .world()
            .repo(at)
            .pulls
            .keys()
            .map(|number| (at, *number))
            .collect();
        return Ok(pulls(ctx, found, args));
    }
    let world = ctx.world();
    let repo = world.repo(at);
    let slug = world.slug(at);
    let branch = |name: &str| {
        repo.branch(name)
            .map(|_| Kind::Ref(at, format!("refs/heads/{name}")))
    };
    Ok(match field {
        "id" => Out::leaf(view::node("R", repo.id)),
        "databaseId" => Out::leaf(repo.id),
        "name" => Out::leaf(repo.name.as_str()),
        "nameWithOwner" => Out::leaf(slug),
        "owner" => Out::One(Kind::Account(repo.owner)),
        "url" => Out::leaf(view::page(&world, at)),
        "resourcePath" => Out::leaf(format!("/{slug}")),
        "isPrivate" => Out::leaf(repo.private),
        "visibility" => Out::leaf(if repo.private { "PRIVATE" } else { "PUBLIC" }),
        "isFork" => Out::leaf(repo.fork_of.is_some()),
        "parent" => Out::maybe(repo.fork_of.map(Kind::Repository)),
        "isArchived" | "isDisabled" | "isLocked" | "isMirror" | "isTemplate" => Out::leaf(false),
        "isEmpty" => Out::leaf(repo.refs.is_empty()),
        "isInOrganization" => Out::leaf(world.user(repo.owner).kind == AccountKind::Organization),
        "hasIssuesEnabled" | "hasWikiEnabled" | "forkingAllowed" => Out::leaf(true),
        "description" | "homepageUrl" | "tempCloneToken" => Out::NULL,
        "createdAt" | "updatedAt" => Out::leaf(stamp(repo.created_at)),
        "pushedAt" => Out::leaf(repo.activity.last().map(|one| stamp(one.at))),
        "defaultBranchRef" => Out::maybe(branch(&repo.default_branch)),
        "mergeCommitAllowed" => Out::leaf(repo.settings.merge),
        "squashMergeAllowed" => Out::leaf(repo.settings.squash),
        "rebaseMergeAllowed" => Out::leaf(repo.settings.rebase),
        "autoMergeAllowed" => Out::leaf(repo.settings.auto_merge),
        "deleteBranchOnMerge" => Out::leaf(repo.settings.delete_branch),
        // To an App GitHub says nothing of its own permission.
        "viewerPermission" if ctx.session.app().is_some() => Out::NULL,
        "viewerPermission" => Out::Leaf(permission(acting_role(&world, ctx.session, at))),
        "viewerCanAdminister" => Out::leaf(acting_role(&world, ctx.session, at) >= Role::Admin),
        "viewerDefaultMergeMethod" => Out::leaf("MERGE"),
        "object" => Out::maybe(object(&world, at, args)),
        "ref" => {
            let name = args.text("qualifiedName").unwrap_or_default();
            let names = [
                name.to_owned(),
                format!("refs/heads/{name}"),
                format!("refs/tags/{name}"),
            ];
            let found = names.into_iter().find(|name| repo.refs.contains_key(name));
            Out::maybe(found.map(|name| Kind::Ref(at, name)))
        }
        "refs" => {
            let prefix = args.text("refPrefix").unwrap_or_default();
            let part = args.text("query").unwrap_or_default();
            let mut names: Vec<&String> = repo
                .refs
                .keys()
                .filter(|name| {
                    name.strip_prefix(prefix)
                        .is_some_and(|rest| rest.contains(part))
                })
                .collect();
            if args.text("direction") == Some("DESC") || args.get("orderBy")["direction"] == "DESC"
            {
                names.reverse();
            }
            Out::page(
                names
                    .into_iter()
                    .map(|name| Kind::Ref(at, name.clone()))
                    .collect(),
            )
        }
        "pullRequest" => {
            let number = args.number("number").unwrap_or_default();
            if !repo.pulls.contains_key(&number) {
                return Err(Refusal {
                    message: format!(
                        "Could not resolve to a PullRequest with the number of {number}."
                    ),
                    ..Refusal::not_found()
                });
            }
            Out::One(Kind::Pull(at, number))
        }
        "label" => Out::maybe(
            repo.label(args.text("name").unwrap_or_default())
                .map(|label| label_of(&world, at, label)),
        ),
        "labels" => {
            let part = args.text("query").unwrap_or_default().to_lowercase();
            Out::page(
                repo.labels
                    .iter()
                    .filter(|label| label.name.to_lowercase().contains(&part))
                    .map(|label| label_of(&world, at, label))
                    .collect(),
            )
        }
        "collaborators" => {
            // `query` is a substring of login or name, not a login.
            let part = args.text("query").unwrap_or_default().to_lowercase();
            let ids: Vec<u64> = rest_people::everybody(&world, at)
                .into_iter()
                .filter(|id| world.user(*id).kind == AccountKind::User)
                .filter(|id| affiliated(&world, at, *id, args.text("affiliation")))
                .filter(|id| {
                    args.text("login")
                        .is_none_or(|login| world.user(*id).login.eq_ignore_ascii_case(login))
                })
                .filter(|id| {
                    let user = world.user(*id);
                    user.login.to_lowercase().contains(&part)
                        || user.name.to_lowercase().contains(&part)
                })
                .collect();
            let edges: Vec<Value> = ids
                .iter()
                .map(|id| json!({"permission": permission(world.role(at, *id))}))
                .collect();
            Out::Page(
                ids.into_iter().map(Kind::Account).collect(),
                BTreeMap::from([("edges", Value::Array(edges))]),
            )
        }
        "assignableUsers" | "mentionableUsers" => {
            let part = args.text("query").unwrap_or_default();
            let ids = rest_people::everybody(&world, at);
            let people = ids.into_iter().filter(|id| {
                world.user(*id).kind == AccountKind::User && world.user(*id).login.contains(part)
            });
            Out::page(people.map(Kind::Account).collect())
        }
        "deployments" => super::checks::deployments(&world, at, None, args),
        "mergeQueue" => super::merge_queue::queue(
            &world,
            at,
            args.text("branch").unwrap_or(&repo.default_branch),
        ),
        "milestones" | "projects" | "projectsV2" => Out::page(Vec::new()),
        _ => unmodelled("Repository", field),
    })
}

/// `Ref`.
pub fn reference(ctx: &Ctx<'_>, at: RepoId, name: &str, field: &str, args: &Args) -> Found {
    let (prefix, short) = match name.match_indices('/').nth(1) {
        Some((end, _)) => name.split_at(end + 1),
        None => ("", name),
    };
    if field == "associatedPullRequests" {
        ctx.need(at, PULLS, Role::Read)?;
        let found = {
            let world = ctx.world();
            let mut found = Vec::new();
            for (base, repo) in world.repos.iter().enumerate() {
                let here = repo
                    .pulls
                    .values()
                    .filter(|pull| pull.head_repo == Some(at) && pull.head == short);
                found.extend(here.map(|pull| (base, pull.number)));
            }
            found
        };
        return Ok(pulls(ctx, found, args));
    }
    let world = ctx.world();
    let target = world.repo(at).refs.get(name).copied();
    Ok(match field {
        "id" => Out::leaf(view::node("REF", format!("{}:{name}", world.repo(at).id))),
        "name" => Out::leaf(short),
        "prefix" => Out::leaf(prefix),
        "repository" => Out::One(Kind::Repository(at)),
        "target" => Out::maybe(target.map(|oid| match world.repo(at).store.kind(oid) {
            Some(git2::ObjectType::Tag) => Kind::Tag(at, oid),
            _ => Kind::Commit(at, oid),
        })),
        "compare" => {
            let store = &world.repo(at).store;
            let base = target.and_then(|oid| store.peel(oid));
            let head = args
                .text("headRef")
                .and_then(|text| world.repo(at).resolve(text));
            let (Some(base), Some(head)) = (base, head) else {
                return Ok(Out::NULL);
            };
            let (mut ahead, behind) = (
                store.between(Some(base), head),
                store.between(Some(head), base).len(),
            );
            ahead.reverse();
            let status = match (ahead.len(), behind) {
                (0, 0) => "IDENTICAL",
                (_, 0) => "AHEAD",
                (0, _) => "BEHIND",
                _ => "DIVERGED",
            };
            Out::One(plain(
                "Comparison",
                [
                    ("id", Out::leaf(view::node("CMP", format!("{base}:{head}")))),
                    ("aheadBy", Out::leaf(ahead.len())),
                    ("behindBy", Out::leaf(behind)),
                    ("status", Out::leaf(status)),
                    ("baseTarget", Out::One(Kind::Commit(at, base))),
                    ("headTarget", Out::One(Kind::Commit(at, head))),
                    (
                        "commits",
                        Out::page(ahead.into_iter().map(|oid| Kind::Commit(at, oid)).collect()),
                    ),
                ],
            ))
        }
        "branchProtectionRule" => Out::NULL,
        "refUpdateRule" => update_rule(&world, ctx, at, name),
        _ => unmodelled("Ref", field),
    })
}

/// `RefUpdateRule` of a branch: its classic protection; null if there is none. Rulesets do not appear here.
fn update_rule(world: &World, ctx: &Ctx<'_>, at: RepoId, name: &str) -> Out {
    let branch = name.trim_start_matches("refs/heads/");
    let all = rules::of(world.repo(at), branch);
    let Some(rule) = all.into_iter().find(|rule| !rule.ruleset) else {
        return Out::NULL;
    };
    let contexts: Vec<&str> = rule.statuses.iter().map(|(name, _)| &**name).collect();
    let writes = acting_role(world, ctx.session, at) >= Role::Write;
    let free = !rule.restrict || rules::bypassed(world, ctx.session, at, rule);
    Out::One(plain(
        "RefUpdateRule",
        [
            ("allowsDeletions", Out::leaf(rule.allow_force)),
            ("allowsForcePushes", Out::leaf(rule.allow_force)),
            ("blocksCreations", Out::leaf(false)),
            ("pattern", Out::leaf(rule.branch.as_str())),
            ("requiredApprovingReviewCount", Out::leaf(rule.reviews)),
            ("requiredStatusCheckContexts", Out::leaf(contexts)),
            ("requiresCodeOwnerReviews", Out::leaf(false)),
            ("requiresConversationResolution", Out::leaf(false)),
            ("requiresLinearHistory", Out::leaf(rule.linear)),
            ("requiresSignatures", Out::leaf(false)),
            ("viewerAllowedToDismissReviews", Out::leaf(writes)),
            ("viewerCanPush", Out::leaf(writes && free)),
        ],
    ))
}
