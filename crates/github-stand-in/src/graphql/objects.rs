//! Git objects in the graph: commits, trees, blobs, tags.

use super::super::clock::stamp;
use super::super::ids::RepoId;
use super::super::reply::Refusal;
use super::super::session::{Level, Role};
use super::super::store::Entry;
use super::super::view;
use super::super::world::World;
use super::people::{authors, git_actor};
use super::value::{Args, Ctx, DEPLOYMENTS, Found, Kind, Out, PULLS, plain, unmodelled};
use super::{checks, query};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use git2::Oid;
use std::rc::Rc;

/// Bytes after which `Blob.text` is cut.
const TEXT_LIMIT: usize = 512_000;

const STATUSES: &[(&str, Level)] = &[("statuses", Level::Read), ("checks", Level::Read)];

/// What every git object has; None for fields of its own.
fn common(world: &World, at: RepoId, oid: Oid, kind: &str, field: &str) -> Option<Out> {
    let path = format!("/{}/commit/{oid}", world.slug(at));
    Some(match field {
        "id" => Out::leaf(view::node(kind, format!("{}:{oid}", world.repo(at).id))),
        "oid" => Out::leaf(oid.to_string()),
        "abbreviatedOid" => Out::leaf(&oid.to_string()[..7]),
        "repository" => Out::One(Kind::Repository(at)),
        "commitResourcePath" => Out::leaf(path),
        "commitUrl" => Out::leaf(format!("{}{path}", world.html)),
        _ => return None,
    })
}

/// `Commit`.
pub fn commit(ctx: &Ctx<'_>, at: RepoId, oid: Oid, field: &str, args: &Args) -> Found {
    match field {
        "associatedPullRequests" => {
            ctx.need(at, PULLS, Role::Read)?;
            let found = {
                let world = ctx.world();
                let numbers = world.repo(at).pulls_of_commit(oid);
                numbers.into_iter().map(|number| (at, number)).collect()
            };
            return Ok(query::pulls(ctx, found, args));
        }
        "status" | "statusCheckRollup" => ctx.need(at, STATUSES, Role::Read)?,
        "checkSuites" => ctx.need(at, &[("checks", Level::Read)], Role::Read)?,
        "deployments" => ctx.need(at, DEPLOYMENTS, Role::Read)?,
        _ => {}
    }
    let world = ctx.world();
    let repo = world.repo(at);
    if let Some(out) = common(&world, at, oid, "C", field) {
        return Ok(out);
    }
    let info = repo.store.info(oid).ok_or_else(Refusal::not_found)?;
    let (headline, body) = info.message.split_once('\n').unwrap_or((&info.message, ""));
    let path = format!("/{}/commit/{oid}", world.slug(at));
    let changes = || {
        let before = info
            .parents
            .first()
            .and_then(|parent| repo.store.info(*parent))
            .map(|parent| parent.tree);
        repo.store.diff(before, info.tree)
    };
    Ok(match field {
        "tree" => Out::One(Kind::Tree(at, info.tree)),
        "message" => Out::leaf(info.message.as_str()),
        "messageHeadline" => Out::leaf(headline),
        "messageBody" => Out::leaf(body.trim_start_matches('\n')),
        "author" => git_actor(&world, &info.author),
        "committer" => git_actor(&world, &info.committer),
        "authors" => Out::page(authors(&world, &info)),
        "authoredDate" => Out::leaf(stamp(info.author.at)),
        "committedDate" => Out::leaf(stamp(info.committer.at)),
        "authoredByCommitter" => Out::leaf(info.author.email == info.committer.email),
        "committedViaWeb" => Out::leaf(info.committer.email == "noreply@github.com"),
        "parents" => Out::page(
            info.parents
                .iter()
                .map(|parent| Kind::Commit(at, *parent))
                .collect(),
        ),
        "history" => {
            let time = |name: &str| {
                args.text(name)
                    .and_then(|text| text.parse::<jiff::Timestamp>().ok())
            };
            let (since, until) = (time("since"), time("until"));
            let within = |oid: &Oid| {
                let at = repo.store.info(*oid).map(|commit| commit.committer.at);
                at.is_some_and(|at| {
                    since.is_none_or(|since| at >= since) && until.is_none_or(|until| at <= until)
                })
            };
            let all = repo.store.history(oid, args.text("path"));
            let any = since.is_none() && until.is_none();
            let kept = all.iter().filter(|oid| any || within(oid));
            Out::page(kept.map(|oid| Kind::Commit(at, *oid)).collect())
        }
        "file" => {
            let found = repo
                .store
                .at(info.tree, args.text("path").unwrap_or_default());
            Out::maybe(found.map(|entry| Kind::Entry(at, Rc::new(entry))))
        }
        "additions" => Out::leaf(
            changes()
                .iter()
                .map(|change| change.additions)
                .sum::<usize>(),
        ),
        "deletions" => Out::leaf(
            changes()
                .iter()
                .map(|change| change.deletions)
                .sum::<usize>(),
        ),
        "changedFilesIfAvailable" => Out::leaf(changes().len()),
        "url" => Out::leaf(format!("{}{path}", world.html)),
        "resourcePath" => Out::leaf(path),
        "treeUrl" => Out::leaf(format!("{}/tree/{oid}", view::page(&world, at))),
        "treeResourcePath" => Out::leaf(format!("/{}/tree/{oid}", world.slug(at))),
        "signature" => {
            if world.repos.iter().any(|repo| repo.verified.contains(&oid)) {
                Out::One(plain(
                    "GpgSignature",
                    [
                        ("isValid", Out::leaf(true)),
                        ("state", Out::leaf("VALID")),
                        ("wasSignedByGitHub", Out::leaf(true)),
                        ("email", Out::leaf("noreply@github.com")),
                        ("signer", Out::NULL),
                        ("payload", Out::leaf("stand-in")),
                        ("signature", Out::leaf("stand-in")),
                        ("keyId", Out::leaf("B5690EEEBB952194")),
                        ("verifiedAt", Out::leaf(stamp(info.committer.at))),
                    ],
                ))
            } else {
                Out::NULL
            }
        }
        "status" => checks::status(&world, at, oid),
        "statusCheckRollup" => checks::rollup(&world, at, oid),
        "checkSuites" => checks::suites(&world, at, oid, args),
        "deployments" => checks::deployments(&world, at, Some(oid), args),
        _ => unmodelled("Commit", field),
    })
}

/// `Tree`.
pub fn tree(ctx: &Ctx<'_>, at: RepoId, oid: Oid, field: &str) -> Found {
    let world = ctx.world();
    if let Some(out) = common(&world, at, oid, "T", field) {
        return Ok(out);
    }
    Ok(match field {
        "entries" => {
            let rows = world
                .repo(at)
                .store
                .entries(oid, false)
                .ok_or_else(Refusal::not_found)?;
            Out::Many(
                rows.into_iter()
                    .map(|entry| Kind::Entry(at, Rc::new(entry)))
                    .collect(),
            )
        }
        _ => unmodelled("Tree", field),
    })
}

/// `TreeEntry`.
pub fn entry(ctx: &Ctx<'_>, at: RepoId, entry: &Entry, field: &str) -> Found {
    let _ = ctx;
    let name = entry.path.rsplit('/').next().unwrap_or_default();
    Ok(match field {
        "name" => Out::leaf(name),
        "nameRaw" => Out::leaf(BASE64.encode(&entry.name)),
        "path" => Out::leaf(entry.path.as_str()),
        "pathRaw" => {
            let folder = &entry.path[..entry.path.len() - name.len()];
            Out::leaf(BASE64.encode([folder.as_bytes(), &entry.name].concat()))
        }
        "mode" => Out::leaf(u32::from_str_radix(&entry.mode, 8).unwrap_or_default()),
        "type" => Out::leaf(entry.kind),
        "oid" => Out::leaf(entry.oid.to_string()),
        "size" => Out::leaf(entry.size.unwrap_or(0)),
        "extension" => Out::leaf(
            name.rsplit_once('.')
                .map(|(_, end)| format!(".{end}"))
                .unwrap_or_default(),
        ),
        "isGenerated" => Out::leaf(false),
        "repository" => Out::One(Kind::Repository(at)),
        "object" => match entry.kind {
            "tree" => Out::One(Kind::Tree(at, entry.oid)),
            "blob" => Out::One(Kind::Blob(at, entry.oid)),
            // A submodule's commit is elsewhere.
            _ => Out::NULL,
        },
        _ => unmodelled("TreeEntry", field),
    })
}

/// `Blob`: text is cut at 512,000 bytes and null for binaries.
pub fn blob(ctx: &Ctx<'_>, at: RepoId, oid: Oid, field: &str) -> Found {
    let world = ctx.world();
    if let Some(out) = common(&world, at, oid, "B", field) {
        return Ok(out);
    }
    let bytes = world
        .repo(at)
        .store
        .bytes(oid)
        .ok_or_else(Refusal::not_found)?;
    let binary = bytes.iter().take(8000).any(|byte| *byte == 0);
    Ok(match field {
        "byteSize" => Out::leaf(bytes.len()),
        "isBinary" => Out::leaf(binary),
        "isTruncated" => Out::leaf(bytes.len() > TEXT_LIMIT),
        "text" if binary => Out::NULL,
        "text" => Out::leaf(String::from_utf8_lossy(
            &bytes[..bytes.len().min(TEXT_LIMIT)],
        )),
        _ => unmodelled("Blob", field),
    })
}

/// `Tag`.
pub fn tag(ctx: &Ctx<'_>, at: RepoId, oid: Oid, field: &str) -> Found {
    let world = ctx.world();
    if let Some(out) = common(&world, at, oid, "TA", field) {
        return Ok(out);
    }
    let store = &world.repo(at).store;
    let (name, target, message, tagger) = store.tag_info(oid).ok_or_else(Refusal::not_found)?;
    Ok(match field {
        "name" => Out::leaf(name),
        "message" => Out::leaf(message),
        "tagger" => git_actor(&world, &tagger),
        "target" => Out::One(match store.kind(target) {
            Some(git2::ObjectType::Tag) => Kind::Tag(at, target),
            Some(git2::ObjectType::Tree) => Kind::Tree(at, target),
            Some(git2::ObjectType::Blob) => Kind::Blob(at, target),
            _ => Kind::Commit(at, target),
        }),
        _ => unmodelled("Tag", field),
    })
}
