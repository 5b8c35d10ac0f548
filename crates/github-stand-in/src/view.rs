//! How the REST API prints things: one function per kind of object, with every member that GitHub's own description requires.
//! Reads the state; changes nothing. This file: accounts, repositories, commits and refs. `view/pull.rs` and `view/run.rs` hold the rest.

pub mod pull;
pub mod run;

use super::access::acting_role;
use super::clock::stamp;
use super::ids::{AppId, RepoId, UserId};
use super::repo::Settings;
use super::session::{Role, Session};
use super::store::{Change, Commit, Person};
use super::world::{Kind, Team, World};
use git2::Oid;
use serde_json::{Map, Value, json};

/// A global node id: kind and number, readable.
pub fn node(kind: &str, id: impl std::fmt::Display) -> String {
    format!("{kind}_{id}")
}

/// An account.
pub fn user(world: &World, id: UserId) -> Value {
    let user = world.user(id);
    let api = world.api_url(&format!(
        "/users/{}",
        user.login.replace('[', "%5B").replace(']', "%5D")
    ));
    let mut map = Map::new();
    map.insert("login".into(), json!(user.login));
    map.insert("id".into(), json!(id));
    map.insert("node_id".into(), json!(node("U", id)));
    map.insert(
        "avatar_url".into(),
        json!(format!("{}/avatars/u/{id}", world.html)),
    );
    map.insert("gravatar_id".into(), json!(""));
    map.insert("url".into(), json!(api));
    let page = match user.kind {
        Kind::Bot => format!("apps/{}", user.login.trim_end_matches("[bot]")),
        _ => user.login.clone(),
    };
    map.insert("html_url".into(), json!(format!("{}/{page}", world.html)));
    for (key, tail) in [
        ("followers_url", "followers"),
        ("following_url", "following{/other_user}"),
        ("gists_url", "gists{/gist_id}"),
        ("starred_url", "starred{/owner}{/repo}"),
        ("subscriptions_url", "subscriptions"),
        ("organizations_url", "orgs"),
        ("repos_url", "repos"),
        ("events_url", "events{/privacy}"),
        ("received_events_url", "received_events"),
    ] {
        map.insert(key.into(), json!(format!("{api}/{tail}")));
    }
    map.insert("type".into(), json!(user.kind.name()));
    map.insert("site_admin".into(), json!(false));
    Value::Object(map)
}

/// An account, or null if it was deleted.
pub fn user_or_null(world: &World, id: Option<UserId>) -> Value {
    id.map_or(Value::Null, |id| user(world, id))
}

/// An account in full (`GET /user`, `GET /users/{login}`).
pub fn profile(world: &World, id: UserId) -> Value {
    let mut view = user(world, id);
    let account = world.user(id);
    let created = stamp("2020-01-01T00:00:00Z".parse().unwrap());
    let more = json!({
        "name": account.name, "company": null, "blog": "", "location": null, "email": null,
        "hireable": null, "bio": null, "twitter_username": null, "public_repos": 0, "public_gists": 0,
        "followers": 0, "following": 0, "created_at": created, "updated_at": created,
    });
    merge(&mut view, more);
    view
}

/// Adds the members of one object to another.
pub fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

/// An App, or null.
pub fn app(world: &World, id: Option<AppId>) -> Value {
    let Some(app) = id.and_then(|id| world.apps.get(&id)) else {
        return Value::Null;
    };
    let created = stamp("2020-01-01T00:00:00Z".parse().unwrap());
    json!({
        "id": app.id, "slug": app.slug, "node_id": node("A", app.id), "owner": user(world, app.owner),
        "name": app.slug, "description": "", "external_url": "https://example.com",
        "html_url": format!("{}/apps/{}", world.html, app.slug), "created_at": created, "updated_at": created,
        "permissions": {"metadata": "read"}, "events": [],
    })
}

/// A team.
pub fn team(world: &World, org: UserId, team: &Team) -> Value {
    let login = &world.user(org).login;
    let api = world.api_url(&format!("/organizations/{org}/team/{}", team.id));
    json!({
        "id": team.id, "node_id": node("T", team.id), "name": team.slug, "slug": team.slug, "description": null,
        "privacy": "closed", "notification_setting": "notifications_enabled", "permission": "pull", "url": api,
        "html_url": format!("{}/orgs/{login}/teams/{}", world.html, team.slug),
        "members_url": format!("{api}/members{{/member}}"), "repositories_url": format!("{api}/repos"),
        "type": "organization", "organization_id": org, "parent": null,
    })
}

/// The start of a repository's routes.
pub fn base(world: &World, repo: RepoId) -> String {
    world.api_url(&format!("/repos/{}", world.slug(repo)))
}

/// The start of a repository's pages.
pub fn page(world: &World, repo: RepoId) -> String {
    format!("{}/{}", world.html, world.slug(repo))
}

const URLS: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// A repository in the short form that runs and statuses carry.
pub fn repo_short(world: &World, id: RepoId) -> Value {
    let repo = world.repo(id);
    let (api, page) = (base(world, id), page(world, id));
    let mut view = json!({
        "id": repo.id, "node_id": node("R", repo.id), "name": repo.name, "full_name": world.slug(id),
        "private": repo.private, "owner": user(world, repo.owner), "html_url": page, "description": null,
        "fork": repo.fork_of.is_some(), "url": api,
    });
    if let Some(map) = view.as_object_mut() {
        for (key, tail) in URLS {
            map.insert((*key).to_owned(), json!(format!("{api}{tail}")));
        }
    }
    view
}

/// A repository as pull requests carry it.
pub fn repo(world: &World, id: RepoId) -> Value {
    let repo = world.repo(id);
    let page = page(world, id);
    let open = repo.pulls.values().filter(|pull| pull.open).count();
    let created = stamp(repo.created_at);
    let forks = world
        .repos
        .iter()
        .filter(|fork| fork.fork_of == Some(id))
        .count();
    let mut view = repo_short(world, id);
    let more = json!({
        "created_at": created, "updated_at": created, "pushed_at": repo.activity.last().map_or(created.clone(), |a| stamp(a.at)),
        "git_url": format!("git:{}.git", page.trim_start_matches("http:")), "ssh_url": format!("git@localhost:{}.git", world.slug(id)),
        "clone_url": format!("{page}.git"), "svn_url": page, "mirror_url": null, "homepage": null, "language": null, "license": null,
        "forks": forks, "forks_count": forks, "stargazers_count": 0, "watchers_count": 0, "watchers": 0, "size": 0,
        "default_branch": repo.default_branch, "open_issues": open, "open_issues_count": open, "is_template": false, "topics": [],
        "has_issues": true, "has_projects": true, "has_wiki": true, "has_pages": false, "has_downloads": true,
        "has_discussions": false, "archived": false, "disabled": false, "visibility": if repo.private { "private" } else { "public" },
        "allow_forking": true, "web_commit_signoff_required": false,
    });
    merge(&mut view, more);
    view
}

/// A repository in full (`GET /repos/{owner}/{repo}`), with what the asker may do.
pub fn repo_full(world: &World, session: &Session, id: RepoId) -> Value {
    let mut view = repo(world, id);
    merge(
        &mut view,
        json!({"subscribers_count": 0, "network_count": 0}),
    );
    let here = world.repo(id);
    if session.actor().is_some() {
        let role = acting_role(world, session, id);
        merge(&mut view, json!({"permissions": role_flags(role)}));
        // A person who cannot push does not see how merges are made.
        if role >= Role::Write {
            merge(&mut view, merge_settings(&here.settings));
        }
    }
    if world.user(here.owner).kind == Kind::Organization {
        merge(&mut view, json!({"organization": user(world, here.owner)}));
    }
    if let Some(parent) = here.fork_of {
        merge(
            &mut view,
            json!({"parent": repo(world, parent), "source": repo(world, parent)}),
        );
    }
    view
}

fn merge_settings(settings: &Settings) -> Value {
    json!({
        "allow_merge_commit": settings.merge, "allow_squash_merge": settings.squash, "allow_rebase_merge": settings.rebase,
        "allow_auto_merge": settings.auto_merge, "delete_branch_on_merge": settings.delete_branch, "allow_update_branch": false,
        "use_squash_pr_title_as_default": false, "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "squash_merge_commit_message": "COMMIT_MESSAGES", "merge_commit_title": "MERGE_MESSAGE", "merge_commit_message": "PR_TITLE",
    })
}

/// The five flags that REST spells a role out in.
pub fn role_flags(role: Role) -> Value {
    json!({
        "admin": role >= Role::Admin, "maintain": role >= Role::Maintain, "push": role >= Role::Write,
        "triage": role >= Role::Triage, "pull": role >= Role::Read,
    })
}

fn person(person: &Person) -> Value {
    json!({"name": person.name, "email": person.email, "date": stamp(person.at)})
}

/// Whether GitHub vouches for a commit.
pub fn verification(world: &World, repo: RepoId, oid: Oid) -> Value {
    if world.repos.iter().any(|one| one.verified.contains(&oid)) {
        let made = world.repo(repo).store.info(oid);
        let at = made.map(|commit| stamp(commit.committer.at));
        json!({"verified": true, "reason": "valid", "signature": "-----BEGIN PGP SIGNATURE-----\n\nstand-in\n-----END PGP SIGNATURE-----",
            "payload": "stand-in", "verified_at": at})
    } else {
        json!({"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null})
    }
}

/// A commit as the git data API prints it.
pub fn git_commit(world: &World, repo: RepoId, commit: &Commit) -> Value {
    let (api, page) = (base(world, repo), page(world, repo));
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|oid| json!({"sha": oid.to_string(), "url": format!("{api}/git/commits/{oid}"), "html_url": format!("{page}/commit/{oid}")}))
        .collect();
    json!({
        "sha": commit.oid.to_string(), "node_id": node("C", format!("{}:{}", world.repo(repo).id, commit.oid)),
        "url": format!("{api}/git/commits/{}", commit.oid), "html_url": format!("{page}/commit/{}", commit.oid),
        "author": person(&commit.author), "committer": person(&commit.committer), "message": commit.message,
        "tree": {"sha": commit.tree.to_string(), "url": format!("{api}/git/trees/{}", commit.tree)},
        "parents": parents, "verification": verification(world, repo, commit.oid),
    })
}

/// A commit as the repository's commit routes print it.
pub fn commit(world: &World, repo: RepoId, commit: &Commit) -> Value {
    let (api, page) = (base(world, repo), page(world, repo));
    let oid = commit.oid;
    let account = |person: &Person| {
        world
            .user_by_email(&person.email)
            .map_or(Value::Null, |found| user(world, found.id))
    };
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|oid| json!({"sha": oid.to_string(), "url": format!("{api}/commits/{oid}"), "html_url": format!("{page}/commit/{oid}")}))
        .collect();
    json!({
        "sha": oid.to_string(), "node_id": node("C", format!("{}:{oid}", world.repo(repo).id)),
        "commit": {
            "author": person(&commit.author), "committer": person(&commit.committer), "message": commit.message,
            "tree": {"sha": commit.tree.to_string(), "url": format!("{api}/git/trees/{}", commit.tree)},
            "url": format!("{api}/git/commits/{oid}"), "comment_count": 0, "verification": verification(world, repo, oid),
        },
        "url": format!("{api}/commits/{oid}"), "html_url": format!("{page}/commit/{oid}"),
        "comments_url": format!("{api}/commits/{oid}/comments"),
        "author": account(&commit.author), "committer": account(&commit.committer), "parents": parents,
    })
}

/// One changed file.
pub fn change(world: &World, repo: RepoId, at: Oid, change: &Change) -> Value {
    let (api, page) = (base(world, repo), page(world, repo));
    let path = &change.path;
    let mut view = json!({
        "sha": change.oid.to_string(), "filename": path, "status": change.status, "additions": change.additions,
        "deletions": change.deletions, "changes": change.additions + change.deletions,
        "blob_url": format!("{page}/blob/{at}/{path}"), "raw_url": format!("{page}/raw/{at}/{path}"),
        "contents_url": format!("{api}/contents/{path}?ref={at}"),
    });
    if let Some(patch) = &change.patch {
        view["patch"] = json!(patch.trim_end());
    }
    view
}

/// A ref.
pub fn git_ref(world: &World, repo: RepoId, name: &str, oid: Oid) -> Value {
    let api = base(world, repo);
    let kind = match world.repo(repo).store.kind(oid) {
        Some(git2::ObjectType::Tag) => "tag",
        Some(git2::ObjectType::Tree) => "tree",
        Some(git2::ObjectType::Blob) => "blob",
        _ => "commit",
    };
    json!({
        "ref": name, "node_id": node("REF", format!("{}:{name}", world.repo(repo).id)), "url": format!("{api}/git/{name}"),
        "object": {"sha": oid.to_string(), "type": kind, "url": format!("{api}/git/{kind}s/{oid}")},
    })
}
