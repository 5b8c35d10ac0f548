//! What pull requests and their timelines share: labels, comments, commits.

use super::super::clock::stamp;
use super::super::ids::RepoId;
use super::super::pull::{Comment, Pull};
use super::super::repo::Label;
use super::super::view;
use super::super::world::World;
use super::people::actor;
use super::value::{Ctx, Kind, Out, plain};
use git2::Oid;

/// `Label`.
pub fn label_of(world: &World, at: RepoId, label: &Label) -> Kind {
    let path = format!("/{}/labels/{}", world.slug(at), label.name);
    plain(
        "Label",
        [
            ("id", Out::leaf(view::node("LA", label.id))),
            ("name", Out::leaf(label.name.as_str())),
            ("color", Out::leaf(label.color.as_str())),
            ("description", Out::leaf(label.description.clone())),
            ("isDefault", Out::leaf(false)),
            ("createdAt", Out::leaf(stamp(label.created_at))),
            ("updatedAt", Out::leaf(stamp(label.updated_at))),
            ("repository", Out::One(Kind::Repository(at))),
            ("url", Out::leaf(format!("{}{path}", world.html))),
            ("resourcePath", Out::leaf(path)),
        ],
    )
}

/// `IssueComment`.
pub fn comment_of(world: &World, ctx: &Ctx<'_>, at: RepoId, number: u64, one: &Comment) -> Kind {
    let path = format!("/{}/pull/{number}#issuecomment-{}", world.slug(at), one.id);
    plain(
        "IssueComment",
        [
            ("id", Out::leaf(view::node("IC", one.id))),
            ("databaseId", Out::small(one.id)),
            ("fullDatabaseId", Out::leaf(one.id.to_string())),
            ("author", actor(Some(one.user))),
            (
                "authorAssociation",
                Out::leaf(view::pull::association(world, at, one.user)),
            ),
            ("body", Out::leaf(one.body.as_str())),
            ("bodyText", Out::leaf(one.body.as_str())),
            ("createdAt", Out::leaf(stamp(one.created_at))),
            ("publishedAt", Out::leaf(stamp(one.created_at))),
            ("updatedAt", Out::leaf(stamp(one.updated_at))),
            (
                "lastEditedAt",
                Out::leaf((one.updated_at != one.created_at).then(|| stamp(one.updated_at))),
            ),
            (
                "includesCreatedEdit",
                Out::leaf(one.updated_at != one.created_at),
            ),
            ("isMinimized", Out::leaf(false)),
            ("minimizedReason", Out::NULL),
            ("reactionGroups", Out::Many(Vec::new())),
            ("repository", Out::One(Kind::Repository(at))),
            ("pullRequest", Out::One(Kind::Pull(at, number))),
            (
                "viewerDidAuthor",
                Out::leaf(ctx.session.actor() == Some(one.user)),
            ),
            ("url", Out::leaf(format!("{}{path}", world.html))),
            ("resourcePath", Out::leaf(path)),
        ],
    )
}

/// `PullRequestCommit`.
pub fn commit_of(world: &World, at: RepoId, number: u64, oid: Oid) -> Kind {
    let path = format!("/{}/pull/{number}/commits/{oid}", world.slug(at));
    plain(
        "PullRequestCommit",
        [
            (
                "id",
                Out::leaf(view::node("PRC", format!("{number}:{oid}"))),
            ),
            ("commit", Out::One(Kind::Commit(at, oid))),
            ("pullRequest", Out::One(Kind::Pull(at, number))),
            ("url", Out::leaf(format!("{}{path}", world.html))),
            ("resourcePath", Out::leaf(path)),
        ],
    )
}

/// Commits of a pull request, oldest first.
pub fn commits_of(world: &World, at: RepoId, pull: &Pull) -> Vec<Oid> {
    let store = &world.repo(at).store;
    let mut oids = store.between(
        store.merge_base(pull.base_sha, pull.seen_head()),
        pull.seen_head(),
    );
    oids.reverse();
    oids
}
