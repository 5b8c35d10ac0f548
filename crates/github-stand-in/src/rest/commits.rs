//! Commits of a repository: lists by path, single ones, comparisons, and file contents.

use super::super::call::Call;
use super::super::ids::RepoId;
use super::super::reply::{Answer, Body, Outcome, Refusal};
use super::super::view;
use super::super::world::World;
use super::data::wrapped_base64;
use git2::Oid;
use serde_json::{Value, json};

/// `GET commits`: newest first, by `sha`, `path`, `author`, `since`, `until`.
pub fn list(world: &mut World, call: &Call) -> Outcome {
    let repo = world.repo(call.repo);
    let start = call.query("sha").unwrap_or(&repo.default_branch);
    let head = repo.resolve(start).ok_or_else(Refusal::not_found)?;
    let time = |name: &str| call.query(name).and_then(|text| text.parse().ok());
    let (since, until): (Option<jiff::Timestamp>, Option<jiff::Timestamp>) =
        (time("since"), time("until"));
    let rows = repo
        .store
        .history(head, call.query("path"))
        .iter()
        .filter_map(|oid| repo.store.info(*oid))
        .filter(|commit| since.is_none_or(|since| commit.committer.at >= since))
        .filter(|commit| until.is_none_or(|until| commit.committer.at <= until))
        .filter(|commit| {
            call.query("author").is_none_or(|wanted| {
                commit.author.email.eq_ignore_ascii_case(wanted)
                    || world
                        .user_by_email(&commit.author.email)
                        .is_some_and(|user| user.login.eq_ignore_ascii_case(wanted))
            })
        })
        .map(|commit| view::commit(world, call.repo, &commit))
        .collect();
    Answer::list(rows)
}

/// A commit with the files in which it differs from its first parent.
fn detailed(world: &World, at: RepoId, oid: Oid) -> Option<Value> {
    let store = &world.repo(at).store;
    let commit = store.info(oid)?;
    let before = commit
        .parents
        .first()
        .and_then(|parent| store.info(*parent))
        .map(|parent| parent.tree);
    let changes = store.diff(before, commit.tree);
    let mut row = view::commit(world, at, &commit);
    let added: usize = changes.iter().map(|change| change.additions).sum();
    let removed: usize = changes.iter().map(|change| change.deletions).sum();
    row["stats"] = json!({"total": added + removed, "additions": added, "deletions": removed});
    row["files"] = changes
        .iter()
        .map(|change| view::change(world, at, oid, change))
        .collect();
    Some(row)
}

/// `GET commits/{ref}`.
pub fn get(world: &mut World, call: &Call) -> Outcome {
    let text = call.param("sha");
    let repo = world.repo(call.repo);
    let Some(oid) = repo.resolve(text) else {
        return Err(Refusal::unprocessable(format!(
            "No commit found for SHA: {text}"
        )));
    };
    if call.accept.contains("application/vnd.github.sha") {
        return Ok(Answer {
            status: 200,
            body: Body::Raw(
                "application/vnd.github.sha; charset=utf-8",
                oid.to_string().into_bytes(),
            ),
        });
    }
    Answer::ok(detailed(world, call.repo, oid).ok_or_else(Refusal::not_found)?)
}

/// `GET commits/{sha}/pulls`: see [`super::super::repo::Repo::pulls_of_commit`].
pub fn pulls(world: &mut World, call: &Call) -> Outcome {
    let repo = world.repo(call.repo);
    let oid = repo
        .resolve(call.param("sha"))
        .ok_or_else(Refusal::not_found)?;
    let rows = repo
        .pulls_of_commit(oid)
        .iter()
        .map(|number| view::pull::pull_short(world, call.repo, &repo.pulls[number]))
        .collect();
    Answer::list(rows)
}

/// `GET compare/{base}...{head}`: the ends may be `owner:branch` of a fork.
pub fn compare(world: &mut World, call: &Call) -> Outcome {
    let range = call.param("range");
    let (base, head) = range.split_once("...").ok_or_else(Refusal::not_found)?;
    let end = |text: &str| -> Option<Oid> {
        match text.split_once(':') {
            Some((owner, branch)) => {
                let id = world.in_network(call.repo, owner)?;
                world.repo(id).resolve(branch)
            }
            None => world.repo(call.repo).resolve(text),
        }
    };
    let (base, head) = (
        end(base).ok_or_else(Refusal::not_found)?,
        end(head).ok_or_else(Refusal::not_found)?,
    );
    let store = &world.repo(call.repo).store;
    let Some(common) = store.merge_base(base, head) else {
        return Err(Refusal::not_found());
    };
    let mut ahead = store.between(Some(base), head);
    ahead.reverse();
    let behind = store.between(Some(head), base).len();
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let row = |oid: Oid| {
        store.info(oid).map_or(Value::Null, |commit| {
            view::commit(world, call.repo, &commit)
        })
    };
    let tree = |oid: Oid| store.info(oid).map(|commit| commit.tree);
    let files: Vec<Value> = tree(head)
        .map(|to| store.diff(tree(common), to))
        .unwrap_or_default()
        .iter()
        .take(300)
        .map(|change| view::change(world, call.repo, head, change))
        .collect();
    let (api, page) = (view::base(world, call.repo), view::page(world, call.repo));
    let per_page = call
        .query("per_page")
        .and_then(|text| text.parse().ok())
        .unwrap_or(250usize)
        .min(250);
    let number = call
        .query("page")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1usize)
        .max(1);
    let rows: Vec<Value> = ahead
        .iter()
        .skip((number - 1) * per_page)
        .take(per_page)
        .map(|oid| row(*oid))
        .collect();
    Answer::ok(json!({
        "url": format!("{api}/compare/{range}"), "html_url": format!("{page}/compare/{range}"), "permalink_url": format!("{page}/compare/{base}...{head}"),
        "diff_url": format!("{page}/compare/{range}.diff"), "patch_url": format!("{page}/compare/{range}.patch"),
        "base_commit": row(base), "merge_base_commit": row(common), "status": status, "ahead_by": ahead.len(), "behind_by": behind,
        "total_commits": ahead.len(), "commits": rows, "files": files,
    }))
}

/// `GET contents/{path}`: a file (up to 1 MB with its content), a folder, a link or a submodule.
pub fn contents(world: &mut World, call: &Call) -> Outcome {
    let repo = world.repo(call.repo);
    let name = call.query("ref").unwrap_or(&repo.default_branch).to_owned();
    let commit = repo
        .resolve(&name)
        .and_then(|oid| repo.store.info(oid))
        .ok_or_else(|| match call.query("ref") {
            Some(_) => Refusal {
                message: format!("No commit found for the ref {name}"),
                ..Refusal::not_found()
            },
            None => Refusal::not_found(),
        })?;
    let path = call.param("path").trim_matches('/').to_owned();
    let found = repo
        .store
        .at(commit.tree, &path)
        .ok_or_else(Refusal::not_found)?;
    let (api, page) = (view::base(world, call.repo), view::page(world, call.repo));
    let head = |path: &str, mode: &str, kind: &str, oid: Oid, size: usize| {
        let (kind, git) = match (kind, mode) {
            ("tree", _) => ("dir", "trees"),
            ("commit", _) => ("submodule", "trees"),
            (_, "120000") => ("symlink", "blobs"),
            _ => ("file", "blobs"),
        };
        let (url, git, html) = (
            format!("{api}/contents/{path}?ref={name}"),
            format!("{api}/git/{git}/{oid}"),
            format!("{page}/blob/{name}/{path}"),
        );
        json!({
            "name": path.rsplit('/').next(), "path": path, "sha": oid.to_string(), "size": size, "url": url, "html_url": html, "git_url": git,
            "download_url": if kind == "file" { json!(format!("{page}/raw/{name}/{path}")) } else { Value::Null }, "type": kind,
            "_links": {"self": url, "git": git, "html": html},
        })
    };
    if found.kind == "tree" {
        let rows: Vec<Value> = repo
            .store
            .entries(found.oid, false)
            .unwrap_or_default()
            .iter()
            .map(|entry| {
                let below = if path.is_empty() {
                    entry.path.clone()
                } else {
                    format!("{path}/{}", entry.path)
                };
                head(
                    &below,
                    &entry.mode,
                    entry.kind,
                    entry.oid,
                    entry.size.unwrap_or(0),
                )
            })
            .collect();
        return Answer::ok(Value::Array(rows));
    }
    let bytes = repo.store.bytes(found.oid).unwrap_or_default();
    if call.accept.contains("raw") {
        return Ok(Answer {
            status: 200,
            body: Body::Raw("application/vnd.github.raw; charset=utf-8", bytes),
        });
    }
    let mut row = head(&path, &found.mode, found.kind, found.oid, bytes.len());
    let whole = bytes.len() <= 1_048_576;
    view::merge(
        &mut row,
        json!({"encoding": if whole { "base64" } else { "none" }, "content": if whole { wrapped_base64(&bytes) } else { String::new() }}),
    );
    if found.mode == "120000" {
        row["target"] = json!(String::from_utf8_lossy(&bytes));
    }
    Answer::ok(row)
}
